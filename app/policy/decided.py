"""What a policy decides, for every role, purpose, action, field and record state at once, without asking Casbin.

It says the same as Casbin would of any set of relations; a test compares the two, and nothing is served from here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.policy.bundle import PolicyBundle
from app.policy.groups import is_field
from app.policy.record_states import RecordStateTable
from app.policy.rules import PolicyRule

_EVERYONE: Final = frozenset({Relation.ANYWHERE})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Ask:
    """Who asks, what for and to do what; a request names all three."""

    role: Role
    purpose: Purpose
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Allowed to who stands in a relation of `allow` and in none of `unless`.

    INVARIANT: made by `weigh`, so that two verdicts are equal exactly if they decide alike of every set of relations.
    """

    allow: frozenset[Relation]
    unless: frozenset[Relation]

    def holds(self, relations: Set[Relation]) -> bool:
        """Whether one who stands in exactly these relations, and `anywhere`, is allowed."""
        held = relations | _EVERYONE
        return not self.allow.isdisjoint(held) and self.unless.isdisjoint(held)

    def list_excess(self, other: Verdict) -> Iterator[tuple[Relation, Relation | None]]:
        """What it allows and `other` does not: a relation, or a relation although one also stands in a second.

        No larger sets are needed. Let this allow a set H that `other` does not: some relation a of H is allowed here
        and none of H denied. Either `other` allows nothing in H, so the set {a} tells them apart; or it denies some d
        of H, so {a, d} does. Permissions only grow with a set and denials only with it, so subsets of H stay allowed.
        """
        for relation in sorted(self.allow):
            if not other.holds({relation}):
                yield relation, None
                continue
            for second in sorted(other.unless - self.unless):
                yield relation, second

    def is_within(self, other: Verdict) -> bool:
        """Whether `other` allows whatever this does."""
        return next(self.list_excess(other), None) is None


NOTHING: Final = Verdict(allow=frozenset(), unless=frozenset())
Cells: TypeAlias = Mapping[RecordState, Verdict]


def weigh(allow: Iterable[Relation], deny: Iterable[Relation]) -> Verdict:
    """The verdict of these permissions and denials, less what changes nothing."""
    denied = frozenset(deny)
    kept = frozenset(allow) - denied
    if not kept or Relation.ANYWHERE in denied:
        return NOTHING
    return Verdict(allow=_EVERYONE if Relation.ANYWHERE in kept else kept, unless=denied)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTable:
    """All verdicts of a policy that allow anything.

    `units` are the fields that are decided alike: by class, or a field by itself where a rule names it. `classes` is
    the class of each unit.
    """

    units: Mapping[str, tuple[str, ...]]
    classes: Mapping[str, str]
    cells: Mapping[Ask, Mapping[str, Cells]]
    records: RecordStateTable
    unit_of: Mapping[str, str] = field(hash=False)

    def cells_of(self, ask: Ask, name: str) -> Cells:
        """The verdicts over a field, by state; empty for a field that the policy does not have."""
        return self.cells.get(ask, {}).get(self.unit_of.get(name, ""), {})

    def verdict_of(self, ask: Ask, unit: str, state: RecordState) -> Verdict:
        """The verdict over a unit in a state."""
        return self.cells.get(ask, {}).get(unit, {}).get(state, NOTHING)

    def __iter__(self) -> Iterator[tuple[Ask, str, RecordState, Verdict]]:
        for ask in sorted(self.cells):
            for unit, cells in sorted(self.cells[ask].items()):
                for state in RecordState:
                    if state in cells:
                        yield ask, unit, state, cells[state]


def make_table(
    units: Mapping[str, tuple[str, ...]],
    classes: Mapping[str, str],
    cells: Mapping[Ask, Mapping[str, Cells]],
    records: RecordStateTable,
) -> DecisionTable:
    """The table of these parts; verdicts that allow nothing must not be among them."""
    unit_of = {name: unit for unit, names in units.items() for name in names}
    return DecisionTable(units=units, classes=classes, cells=cells, records=records, unit_of=unit_of)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom and what the lines of a policy speak of, groups resolved."""

    roles: Mapping[str, tuple[Role, ...]]
    units: Mapping[str, tuple[str, ...]]
    states: Mapping[str, tuple[RecordState, ...]]

    def list_asks(self, rule: PolicyRule) -> tuple[Ask, ...]:
        """Every ask that a rule fits."""
        roles = self.roles.get(rule.role, ())
        return tuple(Ask(role=role, purpose=rule.purpose, action=rule.action) for role in roles)


def resolve_reach(
    bundle: PolicyBundle,
    units: Mapping[str, str],
    *,
    among_roles: Iterable[Role] = tuple(Role),
    among_states: Iterable[RecordState] = tuple(RecordState),
) -> Reach:
    """What every name of the policy stands for, among these roles, units (with the class of each) and states."""
    roles: dict[str, list[Role]] = defaultdict(list)
    states: dict[str, list[RecordState]] = defaultdict(list)
    members: dict[str, list[str]] = defaultdict(list)
    for role in among_roles:
        for name in bundle.role_groups.widen(role):
            roles[name].append(role)
    for state in among_states:
        for name in bundle.state_groups.widen(state):
            states[name].append(state)
    for unit, sensitivity in units.items():
        for name in bundle.field_classes.widen(sensitivity) | {unit}:
            members[name].append(unit)
    return Reach(
        {name: tuple(found) for name, found in roles.items()},
        {name: tuple(found) for name, found in members.items()},
        {name: tuple(found) for name, found in states.items()},
    )


def list_units(bundle: PolicyBundle) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The units of a policy with their fields, and the class of each."""
    alone = frozenset(rule.fields for rule in bundle.rules if is_field(rule.fields))
    fields: dict[str, list[str]] = defaultdict(list)
    classes: dict[str, str] = {}
    for name, sensitivity in bundle.field_classes.links:
        if is_field(name):
            unit = name if name in alone else sensitivity
            fields[unit].append(name)
            classes[unit] = sensitivity
    return {unit: tuple(sorted(names)) for unit, names in sorted(fields.items())}, classes


def tabulate_verdicts(bundle: PolicyBundle) -> DecisionTable:
    """Every verdict of the policy."""
    units, classes = list_units(bundle)
    cells = tabulate_rules(bundle.rules, resolve_reach(bundle, classes))
    return make_table(units, classes, cells, bundle.record_states)


def tabulate_rules(
    rules: Iterable[PolicyRule], reach: Reach, asks: Set[Ask] | None = None
) -> dict[Ask, dict[str, Cells]]:
    """The verdicts of these rules, of all asks or of some."""
    said: dict[Ask, dict[tuple[str, RecordState], tuple[set[Relation], set[Relation]]]] = defaultdict(dict)
    for rule in rules:
        side = 0 if rule.effect is Effect.ALLOW else 1
        for ask in reach.list_asks(rule):
            if asks is not None and ask not in asks:
                continue
            found = said[ask]
            for unit in reach.units.get(rule.fields, ()):
                for state in reach.states.get(rule.states, ()):
                    cell = (unit, state)
                    if cell not in found:
                        found[cell] = (set(), set())
                    found[cell][side].add(rule.relation)
    return {ask: cells for ask, found in said.items() if (cells := _weigh_cells(found))}


def _weigh_cells(
    found: Mapping[tuple[str, RecordState], tuple[set[Relation], set[Relation]]],
) -> dict[str, Cells]:
    cells: dict[str, dict[RecordState, Verdict]] = {}
    for (unit, state), (allow, deny) in found.items():
        verdict = weigh(allow, deny)
        if verdict is not NOTHING:
            cells.setdefault(unit, {})[state] = verdict
    return dict(cells)
