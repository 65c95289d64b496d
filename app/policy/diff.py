"""What two policies decide differently, in sentences: who may now see more, who less, and what changed to no effect.

It compares decisions, never lines: every ask, relation, field and record state, denials included.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final, TypeAlias

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.decided import NOTHING, Ask, DecisionTable, Verdict
from app.policy.folding import AXES, Product, fold_products, join_words, name_combinations, name_fields, order_states
from app.policy.record_states import RecordStateTable

_VERBS: Final[Mapping[Action, str]] = {Action.READ: "read", Action.MATCH: "match", Action.AGGREGATE: "count over"}


_STANDING: Final = (str(RecordState.STANDING),)


class Direction(StrEnum):
    """Whether somebody sees more, less, or nobody either; a note is none of them."""

    WIDER = "WIDER"
    NARROWER = "NARROWER"
    NOTE = "NOTE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One sentence of the comparison; `cells` are what it speaks of, unfolded, one text each."""

    direction: Direction
    sentence: str
    cells: tuple[str, ...] = ()

    def sign(self, base: str) -> str:
        """The short digest by which a decision record names this change to the policy whose text has digest `base`."""
        said = "\n".join((base, self.sentence, *self.cells))
        return hashlib.sha256(said.encode("ascii")).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gain:
    """One cell that one table allows and the other does not.

    `although`: the relation that used to forbid it; `unless`: those that still do; `moved`: out of which state the
    records came, where it is they that changed.
    """

    ask: Ask
    relation: Relation
    although: Relation | None
    unless: frozenset[Relation]
    field: str
    state: RecordState
    moved: RecordState | None = None

    @property
    def text(self) -> str:
        """The cell as one text."""
        ask = self.ask
        words = (ask.role, ask.purpose, ask.action, self.relation, self.although or "-", self.field, self.state)
        return " ".join((*words, self.moved or "-", *sorted(self.unless)))


_Moves: TypeAlias = Mapping[tuple[RecordState, RecordState], tuple[Product, ...]]


def compare_tables(old: DecisionTable, new: DecisionTable) -> tuple[Change, ...]:
    """Everything in which the two differ: wider first, then narrower, then notes."""
    moves = _list_moves(old.records, new.records)
    back = {(after, before): products for (before, after), products in moves.items()}
    newcomers, rest = _split_newcomers(old, new, tuple(_list_gains(old, new, moves)))
    return (
        *_tell_gains(Direction.WIDER, rest, (new, old), moves),
        *newcomers,
        *_tell_gains(Direction.NARROWER, tuple(_list_gains(new, old, back)), (old, new), back),
        *_tell_fields(old, new),
        *_tell_moves(moves),
    )


def _list_gains(old: DecisionTable, new: DecisionTable, moves: _Moves) -> Iterator[_Gain]:
    """Every cell that `new` allows and `old` does not; `moves` are the changed states of records, before to after."""
    pairs = [(state, state) for state in RecordState] + sorted(moves)
    known: dict[tuple[int, int], tuple[tuple[Relation, Relation | None, Verdict, RecordState, RecordState], ...]] = {}
    names = sorted(new.unit_of)
    for ask in sorted(new.cells):
        for name in names:
            after, before = new.cells_of(ask, name), old.cells_of(ask, name)
            if not after:
                continue
            key = (id(after), id(before) if before else 0)
            if key not in known:
                known[key] = tuple(_list_excess(before, after, pairs))
            for relation, although, verdict, source, state in known[key]:
                yield _Gain(
                    ask=ask,
                    relation=relation,
                    although=although,
                    unless=verdict.unless,
                    field=name,
                    state=state,
                    moved=None if source is state else source,
                )


def _list_excess(
    before: Mapping[RecordState, Verdict],
    after: Mapping[RecordState, Verdict],
    pairs: Iterable[tuple[RecordState, RecordState]],
) -> Iterator[tuple[Relation, Relation | None, Verdict, RecordState, RecordState]]:
    for source, state in pairs:
        verdict = after.get(state, NOTHING)
        for relation, although in verdict.list_excess(before.get(source, NOTHING)):
            yield relation, although, verdict, source, state


def _list_moves(old: RecordStateTable, new: RecordStateTable) -> _Moves:
    """The combinations of an outcome's axes whose state changed, by the states before and after."""
    if old == new:
        return {}
    moved: dict[tuple[RecordState, RecordState], list[tuple[str, ...]]] = defaultdict(list)
    for combination in product(*AXES):
        before, after = (table.state_of(*combination) for table in (old, new))  # type: ignore[arg-type]
        if before is not after:
            moved[before, after].append(tuple(str(word) for word in combination))
    return {states: fold_products(combinations) for states, combinations in sorted(moved.items())}


def _split_newcomers(
    old: DecisionTable, new: DecisionTable, gains: tuple[_Gain, ...]
) -> tuple[tuple[Change, ...], tuple[_Gain, ...]]:
    """Fields that are new and let nobody see more than the old fields of their class did: one sentence a class."""
    joined: dict[str, list[str]] = defaultdict(list)
    for name in sorted(new.unit_of.keys() - old.unit_of.keys()):
        twin = _find_twin(name, old, new)
        if twin is not None and all(
            verdict.is_within(old.cells_of(ask, twin).get(state, NOTHING))
            for ask in new.cells
            for state, verdict in new.cells_of(ask, name).items()
        ):
            joined[new.classes[new.unit_of[name]]].append(name)
    cells: dict[str, list[str]] = defaultdict(list)
    of_class = {name: thing for thing, names in joined.items() for name in names}
    for gain in gains:
        if gain.field in of_class and gain.moved is None:
            cells[of_class[gain.field]].append(gain.text)
    changes = tuple(
        Change(
            direction=Direction.WIDER,
            sentence=f"{join_words(names)} new in class {thing}: whoever may read the class may now read "
            f"{'them' if len(names) > 1 else 'it'} ({_count(len(names), 'field')})",
            cells=tuple(sorted(cells[thing])),
        )
        for thing, names in sorted(joined.items())
        if cells[thing]
    )
    return changes, tuple(gain for gain in gains if gain.field not in of_class or gain.moved is not None)


def _find_twin(name: str, old: DecisionTable, new: DecisionTable) -> str | None:
    """A field that was and is in the class in which `name` is new."""
    thing = new.classes[new.unit_of[name]]
    of_class = (other for unit, names in new.units.items() if new.classes[unit] == thing for other in names)
    return next((each for each in of_class if each in old.unit_of and old.classes[old.unit_of[each]] == thing), None)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Manner:
    """What the cells of one sentence share, but for fields, states and roles."""

    purpose: Purpose
    action: Action
    standing: str
    move: str


def _tell_gains(
    direction: Direction, gains: tuple[_Gain, ...], tables: tuple[DecisionTable, DecisionTable], moves: _Moves
) -> Iterator[Change]:
    """The cells in sentences: states, then fields, then roles that share all the rest are said together."""
    cells: dict[tuple[_Manner, Role, str], list[_Gain]] = defaultdict(list)
    for gain in gains:
        manner = _Manner(
            purpose=gain.ask.purpose,
            action=gain.ask.action,
            standing=_describe_standing(gain),
            move=_describe_move(gain, moves, direction),
        )
        cells[manner, gain.ask.role, gain.field].append(gain)
    fields: dict[tuple[_Manner, Role, tuple[str, ...]], list[str]] = defaultdict(list)
    for manner, role, name in sorted(cells):
        where = order_states(gain.state for gain in cells[manner, role, name])
        fields[manner, role, where].append(name)
    roles: dict[tuple[_Manner, tuple[str, ...], tuple[str, ...]], list[Role]] = defaultdict(list)
    for (manner, role, where), found in fields.items():
        roles[manner, where, tuple(found)].append(role)
    for (manner, where, names), who in sorted(roles.items()):
        told = (gain.text for role in who for name in names for gain in cells[manner, role, name])
        record = "" if where == _STANDING else f" in {join_words(where)}"
        yield Change(
            direction=direction,
            sentence=f"{join_words(who)} for {manner.purpose}, {manner.standing}: "
            f"{_MODALS[direction]} {_VERBS.get(manner.action, str(manner.action))} {name_fields(names, tables)} "
            f"({_count(len(names), 'field')}){record}{manner.move}",
            cells=tuple(sorted(told)),
        )


_MODALS: Final[Mapping[Direction, str]] = {Direction.WIDER: "may now", Direction.NARROWER: "may no longer"}


def _describe_standing(gain: _Gain) -> str:
    although = f" although also {gain.although}" if gain.although else ""
    unless = f" (unless {join_words(sorted(gain.unless))})" if gain.unless else ""
    return f"standing {gain.relation}{although}{unless}"


def _describe_move(gain: _Gain, moves: _Moves, direction: Direction) -> str:
    if gain.moved is None:
        return ""
    rows = "; ".join(name_combinations(each) for each in moves[gain.moved, gain.state])
    before, after = (gain.moved, gain.state) if direction is Direction.WIDER else (gain.state, gain.moved)
    return f", of records that were {before} and are {after} now: {rows}"


def _tell_fields(old: DecisionTable, new: DecisionTable) -> Iterator[Change]:
    """Fields and classes that one of the policies does not have, and fields that changed their class."""
    for these, others, word in ((new, old, "new"), (old, new, "gone")):
        for thing in sorted(set(these.classes.values()) - set(others.classes.values())):
            yield _note(f"class {thing} is {word}")
        names = sorted(these.unit_of.keys() - others.unit_of.keys())
        if names:
            yield _note(f"{_count(len(names), 'field')} {word}: {', '.join(names)}")
    for name in sorted(old.unit_of.keys() & new.unit_of.keys()):
        before, after = old.classes[old.unit_of[name]], new.classes[new.unit_of[name]]
        if before != after:
            yield _note(f"{name} moved from class {before} to {after}")


def _tell_moves(moves: _Moves) -> Iterator[Change]:
    for (before, after), products in moves.items():
        rows = "; ".join(name_combinations(each) for each in products)
        yield _note(f"records that were {before} are {after} now: {rows}")


def _note(sentence: str) -> Change:
    return Change(direction=Direction.NOTE, sentence=sentence)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
