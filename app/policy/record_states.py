"""Which state, in the policy's words, a record is in: a total table over the four axes and the kind.

Every combination has exactly one state; a gap would hide what must be seen, an overlap could show what must not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final, TypeVar

from app.domain.vocabulary import DisputeState, Finality, HoldInForce, Lifecycle, OutcomeKind, RecordState
from app.policy.reading import PolicyFile, PolicyLine, read_lines

_HEADER: Final = ("lifecycle", "finality", "dispute", "hold", "kind", "state")
_ANY: Final = "any"
_COURT: Final = frozenset({OutcomeKind.CONVICTION_ON_DUTY, OutcomeKind.CIVIL_JUDGMENT_FORCE})
_NO_FINDING: Final = frozenset({OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION})
_FINDING: Final = frozenset(OutcomeKind) - _NO_FINDING
_KIND_GROUPS: Final[Mapping[str, frozenset[OutcomeKind]]] = {
    "court": _COURT,
    "no_finding": _NO_FINDING,
    "administrative": _FINDING - _COURT,
    "finding": _FINDING,
}
_NOT_OF_OUTCOMES: Final = frozenset(
    {RecordState.LISTED, RecordState.LISTED_NO_FINDING, RecordState.UNLISTED, RecordState.STANDING}
)
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    """All combinations of its sets are in `state`; a set that names every value says nothing about its axis."""

    lifecycles: frozenset[Lifecycle]
    finalities: frozenset[Finality]
    disputes: frozenset[DisputeState]
    holds: frozenset[HoldInForce]
    kinds: frozenset[OutcomeKind]
    state: RecordState

    def fits(
        self, lifecycle: Lifecycle, finality: Finality, dispute: DisputeState, hold: HoldInForce, kind: OutcomeKind
    ) -> bool:
        """Whether the combination is one of this row's."""
        return (
            lifecycle in self.lifecycles
            and finality in self.finalities
            and dispute in self.disputes
            and hold in self.holds
            and kind in self.kinds
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStateTable:
    """Rows of which exactly one fits any combination."""

    rows: tuple[StateRow, ...]

    def state_of(
        self, lifecycle: Lifecycle, finality: Finality, dispute: DisputeState, hold: HoldInForce, kind: OutcomeKind
    ) -> RecordState:
        """The state of one record; raises `LookupError` for values outside the vocabularies."""
        for row in self.rows:
            if row.fits(lifecycle, finality, dispute, hold, kind):
                return row.state
        raise LookupError("no row of the table of record states fits")


def read_record_states(file: PolicyFile) -> RecordStateTable:
    """Read the table; words in a cell are separated by one space, `any` stands for all of an axis."""
    header, *lines = read_lines(file)
    if header.cells != _HEADER:
        raise header.refuse("the first line must be the column names: " + " ".join(_HEADER))
    rows = tuple(_read_row(line) for line in lines)
    _check_total(file, rows, tuple(line.number for line in lines))
    return RecordStateTable(rows=rows)


def _read_row(line: PolicyLine) -> StateRow:
    if len(line.cells) != len(_HEADER):
        raise line.refuse(f"a row has {len(_HEADER)} cells, as the first line names them")
    lifecycles, finalities, disputes, holds, kinds, state = line.cells
    return StateRow(
        lifecycles=_read_words(line, lifecycles, Lifecycle),
        finalities=_read_words(line, finalities, Finality),
        disputes=_read_words(line, disputes, DisputeState),
        holds=_read_words(line, holds, HoldInForce),
        kinds=_KIND_GROUPS[kinds] if kinds in _KIND_GROUPS else _read_words(line, kinds, OutcomeKind),
        state=_read_state(line, state),
    )


def _read_words(line: PolicyLine, cell: str, vocabulary: type[_Word]) -> frozenset[_Word]:
    if cell == _ANY:
        return frozenset(vocabulary)
    by_text = {str(word): word for word in vocabulary}
    words = cell.split(" ")
    if any(word not in by_text for word in words):
        raise line.refuse(f"a word is not in the vocabulary of {vocabulary.__name__}; {_ANY} stands alone")
    if len(set(words)) < len(words):
        raise line.refuse("a word stands twice in one cell; take one of them out")
    return frozenset(by_text[word] for word in words)


def _read_state(line: PolicyLine, cell: str) -> RecordState:
    allowed = {str(state): state for state in RecordState if state not in _NOT_OF_OUTCOMES}
    if cell not in allowed:
        raise line.refuse("the state is not one that an outcome can be in")
    return allowed[cell]


def _check_total(file: PolicyFile, rows: tuple[StateRow, ...], numbers: Iterable[int]) -> None:
    numbered = tuple(zip(numbers, rows, strict=True))
    for combination in product(Lifecycle, Finality, DisputeState, HoldInForce, OutcomeKind):
        fitting = [number for number, row in numbered if row.fits(*combination)]
        named = " ".join(combination)
        if not fitting:
            raise file.refuse(f"no row fits {named}; give the combination a state")
        if len(fitting) > 1:
            raise file.refuse(f"fits {named}, and so does line {fitting[0]}; make them exclude each other", fitting[1])
