"""What the loader would have against a policy with a mistake in it, without writing the files that it reads.

A test writes them for a sample of mistakes: the loader must refuse what is called refused here, and nothing else.
"""

from __future__ import annotations

from app.domain.vocabulary import RecordState
from app.policy.bundle import PolicyBundle
from app.policy.groups import MAX_DEPTH, Groups, is_field
from app.policy.mutants import LinkMutant, RuleMutant, Section


def refuse_rule(mutant: RuleMutant, said: frozenset[tuple[str, ...]]) -> str:
    """Why the loader would refuse the line itself, or nothing; `said` is what the other lines say."""
    added = mutant.added
    if added is None:
        return ""
    if added.states == RecordState.EXPUNGED:
        return "a rule that names expunged records"
    return "the same line twice" if added.cells[:7] in said else ""


def refuse_idle_groups(bundle: PolicyBundle) -> str:
    """Why the loader would refuse it: a group that no rule reaches (a class with fields may stay without a rule)."""
    roles, states, fields = ({getattr(rule, name) for rule in bundle.rules} for name in ("role", "states", "fields"))
    with_fields = {wider for name, wider in bundle.field_classes.links if is_field(name)}
    reached = (
        all(bundle.role_groups.widen(name) & roles for name in bundle.role_groups.names)
        and all(bundle.state_groups.widen(name) & states for name in bundle.state_groups.names)
        and all(bundle.field_classes.widen(name) & fields for name in bundle.field_classes.names - with_fields)
    )
    return "" if reached else "a group that no rule reaches"


def refuse_links(bundle: PolicyBundle, mutant: LinkMutant, groups: Groups) -> str:
    """Why the loader would refuse the groups themselves."""
    if RecordState.EXPUNGED in (mutant.name, mutant.added):
        return "a group that holds expunged records"
    before: Groups = getattr(bundle, mutant.section)
    cell = {Section.ROLES: "role", Section.FIELDS: "fields", Section.STATES: "states"}[mutant.section]
    used = {getattr(rule, cell) for rule in bundle.rules} | {name for name, _ in groups.links}
    if (before.names - groups.names) & used:
        return "a name that is no longer a group"
    if mutant.added is not None and mutant.name in groups.widen(mutant.added):
        return "a group within itself"
    return "a chain too long" if _measure(groups) > MAX_DEPTH else ""


def _measure(groups: Groups) -> int:
    """Links in the longest chain of groups without circles."""
    wider = {name: {group for each, group in groups.links if each == name} for name in groups.names}

    def climb(name: str) -> int:
        return max((1 + climb(group) for group in wider.get(name, ())), default=0)

    return 1 + max((climb(name) for name in groups.names), default=0)
