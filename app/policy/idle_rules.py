"""Rules that changed although no decision they speak of did: wording, law, or a line that another one outdoes.

Such a change may be wanted, but whoever reviews it should know that it has no effect.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.vocabulary import RecordState
from app.policy.bundle import PolicyBundle
from app.policy.decided import NOTHING, Ask, DecisionTable, list_units, resolve_reach, tabulate_verdicts
from app.policy.diff import Change, Direction
from app.policy.rules import PolicyRule


def tell_idle_rules(old: PolicyBundle, new: PolicyBundle) -> tuple[Change, ...]:
    """A note for each rule that is new, gone or changed to no effect."""
    before, after = tabulate_verdicts(old), tabulate_verdicts(new)
    was, now = ({rule.id: rule for rule in bundle.rules} for bundle in (old, new))
    notes = []
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) == now.get(name):
            continue
        spoken = {cell for bundle, rules in ((old, was), (new, now)) for cell in _list_cells(bundle, rules.get(name))}
        if not any(_differ(before, after, *cell) for cell in spoken):
            verb = "new" if name not in was else "gone" if name not in now else "changed"
            notes.append(Change(direction=Direction.NOTE, sentence=f"rule {name} is {verb}, and no decision with it"))
    return tuple(notes)


def _list_cells(bundle: PolicyBundle, rule: PolicyRule | None) -> Iterator[tuple[Ask, str, RecordState]]:
    if rule is None:
        return
    units, classes = list_units(bundle)
    reach = resolve_reach(bundle, classes)
    for ask in reach.list_asks(rule):
        for unit in reach.units.get(rule.fields, ()):
            for name in units[unit]:
                yield from ((ask, name, state) for state in reach.states.get(rule.states, ()))


def _differ(before: DecisionTable, after: DecisionTable, ask: Ask, name: str, state: RecordState) -> bool:
    old, new = (table.cells_of(ask, name).get(state, NOTHING) for table in (before, after))
    return old != new
