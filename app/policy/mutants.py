"""Every small mistake one could make in a policy: a line dropped, narrowed or widened, a group or a state moved.

Mutants are made from whatever the policy says; none of them is ever served or written to a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import Final

from app.domain.relation import STATE_RELATIONS
from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.policy.bundle import PolicyBundle
from app.policy.groups import Groups, is_field
from app.policy.invariants.classes import OUTCOME_STATES
from app.policy.record_states import StateRow
from app.policy.rules import PolicyRule


class Kind(StrEnum):
    """What was done to the policy."""

    DROP_RULE = "rule dropped"
    FLIP_EFFECT = "effect flipped"
    OTHER_RELATION = "relation exchanged"
    OTHER_FIELDS = "class exchanged"
    OTHER_STATES = "states exchanged"
    OTHER_PURPOSE = "purpose exchanged"
    OTHER_ACTION = "action exchanged"
    OTHER_ROLE = "role exchanged"
    ADD_PERMISSION = "permission added"
    DROP_LINK = "group link dropped"
    ADD_LINK = "group link added"
    MOVE_LINK = "group link moved"
    MOVE_FIELD = "field moved to another class"
    OTHER_RECORD_STATE = "row of record states moved"
    SPLIT_RECORD_STATE = "word of a row of record states moved"


class Section(StrEnum):
    """The groups of a bundle."""

    ROLES = "role_groups"
    FIELDS = "field_classes"
    STATES = "state_groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMutant:
    """A rule taken out, put in, or both."""

    kind: Kind
    removed: PolicyRule | None = None
    added: PolicyRule | None = None

    @property
    def sentence(self) -> str:
        """The mistake in the words of the policy."""
        if self.removed is None or self.added is None:
            rule = self.removed or self.added
            return f"{self.kind}: {', '.join(rule.cells[:8]) if rule else ''}"
        pairs = zip(self.removed.cells[:7], self.added.cells[:7], strict=True)
        return f"{self.kind}: {self.removed.id}, {'; '.join(f'{old} -> {new}' for old, new in pairs if old != new)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMutant:
    """A link between a name and a group taken out, put in, or both."""

    kind: Kind
    section: Section
    name: str
    removed: str | None = None
    added: str | None = None

    @property
    def sentence(self) -> str:
        """The mistake in the words of the policy."""
        return f"{self.kind}: {self.name}, {self.removed or 'no group'} -> {self.added or 'no group'}"

    def change(self, groups: Groups) -> Groups:
        """The groups with the mistake in them."""
        links = tuple(link for link in groups.links if link != (self.name, self.removed))
        return Groups(links=links if self.added is None else (*links, (self.name, self.added)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMutant:
    """Some of the records of one row of the table of record states given another state."""

    kind: Kind
    row: StateRow
    taken: StateRow

    @property
    def sentence(self) -> str:
        """The mistake in the words of the policy."""
        axes = ("lifecycles", "finalities", "disputes", "holds", "kinds")
        words = next(
            (getattr(self.taken, axis) for axis in axes if getattr(self.taken, axis) != getattr(self.row, axis)), ()
        )
        return f"{self.kind}: {' '.join(words) or 'all'} of a row, {self.row.state} -> {self.taken.state}"


Mutant = RuleMutant | LinkMutant | RecordMutant

# One State stands for all whose law the policy does not speak of: it treats them alike.
_STATE_LAW: Final = next(iter(STATE_RELATIONS))


def list_mutants(bundle: PolicyBundle) -> Iterator[Mutant]:
    """Every mutant, rules first; many of them decide as the policy does, which the score leaves out."""
    for rule in bundle.rules:
        yield RuleMutant(kind=Kind.DROP_RULE, removed=rule)
        for kind, other in _exchange(bundle, rule):
            if other != rule:
                yield RuleMutant(kind=kind, removed=rule, added=other)
        for other in _add_beside(bundle, rule) if rule.effect is Effect.ALLOW else ():
            if other != rule:
                yield RuleMutant(kind=Kind.ADD_PERMISSION, added=replace(other, id="XX-01"))
    for section in Section:
        yield from _mutate_links(getattr(bundle, section), section)
    yield from _move_fields(bundle.field_classes)
    for row in bundle.record_states.rows:
        yield from _mutate_row(row)


def _exchange(bundle: PolicyBundle, rule: PolicyRule) -> Iterator[tuple[Kind, PolicyRule]]:
    """The rule with one cell exchanged for each other word that may stand there."""
    flipped = Effect.DENY if rule.effect is Effect.ALLOW else Effect.ALLOW
    yield Kind.FLIP_EFFECT, replace(rule, effect=flipped)
    for relation in _list_relations(bundle):
        yield Kind.OTHER_RELATION, replace(rule, relation=relation)
    for fields in sorted(bundle.field_classes.names):
        yield Kind.OTHER_FIELDS, replace(rule, fields=fields)
    for states in _list_names(RecordState, bundle.state_groups):
        yield Kind.OTHER_STATES, replace(rule, states=states)
    for purpose in Purpose:
        yield Kind.OTHER_PURPOSE, replace(rule, purpose=purpose)
    for action in Action:
        yield Kind.OTHER_ACTION, replace(rule, action=action)
    for role in _list_names(Role, bundle.role_groups):
        yield Kind.OTHER_ROLE, replace(rule, role=role)


def _add_beside(bundle: PolicyBundle, rule: PolicyRule) -> Iterator[PolicyRule]:
    """A second permission beside a rule, to another role, by another relation or in another state."""
    yield from (replace(rule, role=str(role)) for role in Role)
    yield from (replace(rule, relation=relation) for relation in _list_relations(bundle))
    yield from (replace(rule, states=str(state)) for state in RecordState)


def _list_relations(bundle: PolicyBundle) -> tuple[Relation, ...]:
    named = {rule.relation for rule in bundle.rules} | {_STATE_LAW}
    return tuple(each for each in Relation if each not in STATE_RELATIONS or each in named)


def _list_names(vocabulary: Iterable[str], groups: Groups) -> tuple[str, ...]:
    return (*(str(word) for word in vocabulary), *sorted(groups.names))


def _mutate_links(groups: Groups, section: Section) -> Iterator[Mutant]:
    leaves: Iterable[str] = {Section.ROLES: Role, Section.STATES: RecordState, Section.FIELDS: ()}[section]
    for name, wider in groups.links:
        if is_field(name):
            continue
        yield LinkMutant(kind=Kind.DROP_LINK, section=section, name=name, removed=wider)
        for other in sorted(groups.names - {name, wider}):
            yield LinkMutant(kind=Kind.MOVE_LINK, section=section, name=name, removed=wider, added=other)
    known = frozenset(groups.links)
    for name, wider in product(_list_names(leaves, groups), sorted(groups.names)):
        if name != wider and (name, wider) not in known:
            yield LinkMutant(kind=Kind.ADD_LINK, section=section, name=name, added=wider)


def _move_fields(classes: Groups) -> Iterator[Mutant]:
    homes = sorted({wider for name, wider in classes.links if is_field(name)})
    for name, wider in classes.links:
        for other in homes if is_field(name) else ():
            if other != wider:
                yield LinkMutant(kind=Kind.MOVE_FIELD, section=Section.FIELDS, name=name, removed=wider, added=other)


def _mutate_row(row: StateRow) -> Iterator[Mutant]:
    for state in sorted(OUTCOME_STATES - {row.state}):
        yield RecordMutant(kind=Kind.OTHER_RECORD_STATE, row=row, taken=replace(row, state=state))
        for axis in ("lifecycles", "finalities", "disputes", "holds", "kinds"):
            words = getattr(row, axis)
            for word in sorted(words) if len(words) > 1 else ():
                # dataclasses.replace does not know that `axis` names a set of words.
                taken = replace(row, state=state, **{axis: frozenset({word})})
                yield RecordMutant(kind=Kind.SPLIT_RECORD_STATE, row=row, taken=taken)
