"""The mutation score: how many mistakes in the policy something catches, other than whoever compares two versions.

A mutant is judged where it decides otherwise than the policy; one that decides nothing otherwise is left out.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final, TypeAlias

from app.domain.vocabulary import Effect, RecordState, Relation, Role
from app.policy.bundle import PolicyBundle
from app.policy.decided import (
    NOTHING,
    Ask,
    Cells,
    DecisionTable,
    Reach,
    Verdict,
    resolve_reach,
    tabulate_rules,
    tabulate_verdicts,
    weigh,
)
from app.policy.groups import Groups, is_field
from app.policy.invariants.form import Meaning, Place, Record, Scope, View
from app.policy.mutant_refusals import refuse_idle_groups, refuse_links, refuse_rule
from app.policy.mutants import LinkMutant, Mutant, RecordMutant, RuleMutant, Section, list_mutants
from app.policy.record_states import RecordStateTable
from app.policy.rules import PolicyRule
from app.policy.verification import INVARIANTS, find_breach

# A demand on a policy besides the invariants; whether it is broken where the view looks.
Check: TypeAlias = Callable[[View], bool]
_RULE_SCOPES: Final = frozenset({Scope.CELLS, Scope.ASKS, Scope.RULES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What became of one mutant; `refused` says why it would not even be loaded."""

    mutant: Mutant
    differs: bool
    refused: str = ""
    invariant: str = ""
    checks: tuple[str, ...] = ()
    shown: bool = False

    @property
    def caught(self) -> bool:
        """Whether the loader, an invariant or a check catches it."""
        return bool(self.refused or self.invariant or self.checks)


@dataclass(slots=True, kw_only=True)
class Tally:
    """The figures over many mutants; those that decide as the policy does count in `alike` only."""

    alike: int = 0
    differing: int = 0
    refused: int = 0
    by_invariants: int = 0
    by_checks: int = 0
    caught: int = 0
    shown: int = 0
    survivors: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        """The share of mutants that are caught, of those that decide otherwise; an empty one proves nothing: 0."""
        return self.caught / self.differing if self.differing else 0.0

    def count(self, verdicts: Verdicts) -> None:
        """Add one mutant."""
        if not verdicts.differs:
            self.alike += 1
            return
        self.differing += 1
        self.refused += bool(verdicts.refused)
        self.by_invariants += bool(verdicts.invariant)
        self.by_checks += bool(verdicts.checks)
        self.caught += verdicts.caught
        self.shown += verdicts.shown
        if not verdicts.caught:
            self.survivors.append(verdicts.mutant.sentence)


def score_mutants(judge: Judge, mutants: Iterable[Mutant]) -> dict[str, Tally]:
    """A tally for each kind of mutant."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for mutant in mutants:
        tallies[mutant.kind].count(judge.judge(mutant))
    return dict(tallies)


def sum_tallies(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    total = Tally()
    for tally in tallies:
        for name in ("alike", "differing", "refused", "by_invariants", "by_checks", "caught", "shown"):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
        total.survivors += tally.survivors
    return total


def sample_mutants(bundle: PolicyBundle, number: int | None, seed: int) -> Iterable[Mutant]:
    """All mutants, or `number` of them drawn by `seed`."""
    mutants = list(list_mutants(bundle))
    if number is None or number >= len(mutants):
        return mutants
    return random.Random(seed).sample(mutants, number)  # noqa: S311 (a sample, not a secret)


class Judge:
    """Judges mutants of one policy, looking only at the cells that a mistake can have changed."""

    __slots__ = ("_bundle", "_by_cell", "_checks", "_means", "_reach", "_said", "_table")

    def __init__(self, bundle: PolicyBundle, means: Meaning, checks: Mapping[str, Check]) -> None:
        self._bundle, self._means, self._checks = bundle, means, checks
        self._table = tabulate_verdicts(bundle)
        self._reach = resolve_reach(bundle, self._table.classes)
        self._said = frozenset(rule.cells[:7] for rule in bundle.rules)
        self._by_cell: dict[Place, list[PolicyRule]] = defaultdict(list)
        for rule in bundle.rules:
            for place in _list_places(self._reach, rule):
                self._by_cell[place].append(rule)

    def judge(self, mutant: Mutant) -> Verdicts:
        """What becomes of one mutant."""
        if isinstance(mutant, RuleMutant):
            return self._judge_rule(mutant)
        if isinstance(mutant, RecordMutant):
            return self._judge_record(mutant)
        return self._judge_field(mutant) if is_field(mutant.name) else self._judge_link(mutant)

    def _judge_rule(self, mutant: RuleMutant) -> Verdicts:
        places = {
            place
            for rule in (mutant.removed, mutant.added)
            if rule is not None
            for place in _list_places(self._reach, rule)
        }
        changed = {
            place: verdict
            for place in places
            if (verdict := self._weigh_anew(place, mutant)) != self._table.verdict_of(*place)
        }
        rules = tuple(rule for rule in self._bundle.rules if rule is not mutant.removed)
        if mutant.added is not None:
            rules = (*rules, mutant.added)
        bundle = replace(self._bundle, rules=rules)
        refused = refuse_rule(mutant, self._said) or refuse_idle_groups(bundle)
        return self._look(mutant, bundle, changed, refused)

    def _weigh_anew(self, place: Place, mutant: RuleMutant) -> Verdict:
        """The verdict of one cell with the mistake in the rules."""
        sides: tuple[set[Relation], set[Relation]] = (set(), set())
        for rule in self._by_cell.get(place, ()):
            if rule is not mutant.removed:
                sides[rule.effect is Effect.DENY].add(rule.relation)
        if mutant.added is not None and _speaks_of(self._reach, mutant.added, place):
            sides[mutant.added.effect is Effect.DENY].add(mutant.added.relation)
        return weigh(*sides)

    def _judge_link(self, mutant: LinkMutant) -> Verdicts:
        groups = mutant.change(getattr(self._bundle, mutant.section))
        if refused := refuse_links(self._bundle, mutant, groups):
            # It cannot be tabulated; as the loader takes none of its kind, it counts as one that differs.
            return Verdicts(mutant=mutant, differs=True, refused=refused, shown=True)
        bundle = replace(self._bundle, **{str(mutant.section): groups})  # type: ignore[arg-type]
        return self._look(mutant, bundle, self._retabulate(bundle, mutant), refuse_idle_groups(bundle))

    def _retabulate(self, bundle: PolicyBundle, mutant: LinkMutant) -> dict[Place, Verdict]:
        """The verdicts that a link changes: of the roles, units or states that lie in the name it binds."""

        def lies_within(leaf: str, groups: Groups) -> bool:
            return mutant.name in groups.widen(leaf)

        of = mutant.section
        roles = [each for each in Role if of is not Section.ROLES or lies_within(each, bundle.role_groups)]
        states = [each for each in RecordState if of is not Section.STATES or lies_within(each, bundle.state_groups)]
        classes = {
            unit: thing
            for unit, thing in self._table.classes.items()
            if of is not Section.FIELDS or lies_within(thing, bundle.field_classes)
        }
        reach = resolve_reach(bundle, classes, among_roles=roles, among_states=states)
        cells = tabulate_rules(bundle.rules, reach)
        block = (set(roles), set(classes), set(states))
        asks = {ask for ask in (*cells, *self._table.cells) if ask.role in block[0]}
        return {
            (ask, unit, state): verdict
            for ask in asks
            for unit in (cells.get(ask, {}).keys() | self._table.cells.get(ask, {}).keys()) & block[1]
            for state in block[2]
            if (verdict := cells.get(ask, {}).get(unit, {}).get(state, NOTHING))
            != self._table.verdict_of(ask, unit, state)
        }

    def _judge_field(self, mutant: LinkMutant) -> Verdicts:
        """A field in another class is decided as that class is; nobody else's decisions change."""
        old, new = self._table.unit_of[mutant.name], str(mutant.added)
        differs = any(units.get(old, {}) != units.get(new, {}) for units in self._table.cells.values())
        alone = replace(self._bundle, field_classes=Groups(links=((mutant.name, new),)))
        view = View(bundle=alone, table=self._table, asks=frozenset(), means=self._means, focus=frozenset())
        found = find_breach(view, INVARIANTS, {Scope.FIELDS}) if differs else None
        return Verdicts(mutant=mutant, differs=differs, invariant=found.id if found else "", shown=differs)

    def _judge_record(self, mutant: RecordMutant) -> Verdicts:
        before, after = mutant.row.state, mutant.taken.state
        differs = any(
            cells.get(before, NOTHING) != cells.get(after, NOTHING)
            for units in self._table.cells.values()
            for cells in units.values()
        )
        taken = mutant.taken
        axes = (taken.lifecycles, taken.finalities, taken.disputes, taken.holds, taken.kinds)
        records = tuple(map(Record._make, product(*axes)))
        table = RecordStateTable(rows=(taken,))
        # Its rows still exclude each other and leave no gap, so the loader has nothing against it.
        bundle = replace(self._bundle, record_states=table)
        view = View(
            bundle=bundle, table=self._table, asks=frozenset(), means=self._means, focus=frozenset(), records=records
        )
        found = find_breach(view, INVARIANTS, {Scope.RECORDS}) if differs else None
        return Verdicts(mutant=mutant, differs=differs, invariant=found.id if found else "", shown=differs)

    def _look(self, mutant: Mutant, bundle: PolicyBundle, changed: Mapping[Place, Verdict], refused: str) -> Verdicts:
        if not changed:
            return Verdicts(mutant=mutant, differs=False, refused=refused)
        pairs = ((verdict, self._table.verdict_of(*place)) for place, verdict in changed.items())
        shown = any(not new.is_within(old) or not old.is_within(new) for new, old in pairs)
        if refused:
            return Verdicts(mutant=mutant, differs=True, refused=refused, shown=shown)
        table = _patch(self._table, changed)
        asks = frozenset(ask for ask, _, _ in changed)
        view = View(bundle=bundle, table=table, asks=asks, means=self._means, focus=frozenset(changed))
        found = find_breach(view, INVARIANTS, _RULE_SCOPES)
        checks = tuple(name for name, is_broken in self._checks.items() if is_broken(view))
        return Verdicts(mutant=mutant, differs=True, invariant=found.id if found else "", checks=checks, shown=shown)


def _list_places(reach: Reach, rule: PolicyRule) -> Iterator[Place]:
    for ask in reach.list_asks(rule):
        for unit in reach.units.get(rule.fields, ()):
            for state in reach.states.get(rule.states, ()):
                yield ask, unit, state


def _speaks_of(reach: Reach, rule: PolicyRule, place: Place) -> bool:
    ask, unit, state = place
    return (
        (ask.purpose, ask.action) == (rule.purpose, rule.action)
        and ask.role in reach.roles.get(rule.role, ())
        and unit in reach.units.get(rule.fields, ())
        and state in reach.states.get(rule.states, ())
    )


def _patch(table: DecisionTable, changed: Mapping[Place, Verdict]) -> DecisionTable:
    """The table with these verdicts in place of its own."""
    cells: dict[Ask, Mapping[str, Cells]] = dict(table.cells)
    for ask in {ask for ask, _, _ in changed}:
        cells[ask] = {unit: dict(found) for unit, found in table.cells.get(ask, {}).items()}
    for (ask, unit, state), verdict in changed.items():
        units: dict[str, dict[RecordState, Verdict]] = cells[ask]  # type: ignore[assignment]
        found = units.setdefault(unit, {})
        if verdict.allow:
            found[state] = verdict
        else:
            found.pop(state, None)
    return replace(table, cells=cells)
