"""In which state a record may be said to be, by its life cycle, finality, dispute, holds and kind.

A table of states that is wrong discloses without any rule being wrong, so it is held to the same standard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from app.domain.vocabulary import DisputeState, Finality, HoldInForce, Lifecycle, OutcomeKind, RecordState
from app.policy.folding import fold_products, name_combinations
from app.policy.invariants.form import Breach, Invariant, Record, Scope, View

_SOURCE: Final = "access.md section 1, state of a record; domain.md 5.5"
_COURT: Final = frozenset({OutcomeKind.CONVICTION_ON_DUTY, OutcomeKind.CIVIL_JUDGMENT_FORCE})
_SUI: Final = OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION
_SETTLED: Final = frozenset({Finality.FINAL, Finality.APPEAL_PENDING})
_BY_LIFECYCLE: Final = {
    Lifecycle.DRAFT: RecordState.DRAFT,
    Lifecycle.REJECTED: RecordState.DRAFT,
    Lifecycle.WITHDRAWN: RecordState.DRAFT,
    Lifecycle.SUBMITTED: RecordState.IN_PROCESS,
    Lifecycle.AWAITING_EVIDENCE: RecordState.IN_PROCESS,
    Lifecycle.PROCESS_REVIEW: RecordState.IN_PROCESS,
    Lifecycle.NOTICE: RecordState.NOTICE,
    Lifecycle.VOIDED: RecordState.VOIDED,
    Lifecycle.EXPIRED: RecordState.EXPIRED,
}


def _list_possible(lifecycle: Lifecycle) -> frozenset[RecordState]:
    if lifecycle in _BY_LIFECYCLE:
        return frozenset({_BY_LIFECYCLE[lifecycle]})
    return frozenset(RecordState) - frozenset(_BY_LIFECYCLE.values()) | {RecordState.VOIDED}


def _is_open(record: Record) -> bool:
    """Cleared, and neither overturned nor held."""
    cleared = record.lifecycle is Lifecycle.CLEARED and record.finality is not Finality.OVERTURNED
    return cleared and record.hold is HoldInForce.NONE


def _is_sealed(record: Record) -> bool:
    """A seal order is in force over a record that still exists."""
    return record.hold is HoldInForce.SEAL and record.lifecycle is not Lifecycle.EXPUNGED


def _hold(number: str, sentence: str, right: Callable[[Record, RecordState], bool]) -> Invariant:
    def search(view: View) -> Iterator[Breach]:
        wrong = [(record, state) for record, state in view.recorded if not right(record, state)]
        for state in sorted({state for _, state in wrong}):
            rows = fold_products(tuple(str(word) for word in record) for record, found in wrong if found is state)
            for row in rows:
                yield Breach(sentence=f"records are {state} that are {name_combinations(row)}")

    return Invariant(id=number, sentence=sentence, source=_SOURCE, scope=Scope.RECORDS, search=search)


def _find_changed_by_dispute(view: View) -> Iterator[Breach]:
    states = dict(view.recorded)
    for record, state in view.recorded:
        calm = record._replace(dispute=DisputeState.NONE)
        if state is not states.get(calm, state):
            yield Breach(sentence=f"a dispute changes the state of records that are {' '.join(record)}")


_DISPUTE: Final = Invariant(
    id="RECORD-01",
    sentence="a dispute is shown and changes no state",
    source=_SOURCE,
    scope=Scope.RECORDS,
    search=_find_changed_by_dispute,
)

INVARIANTS: Final[tuple[Invariant, ...]] = (
    _DISPUTE,
    _hold(
        "RECORD-02",
        "what was expunged is expunged, and nothing else is",
        lambda record, state: (record.lifecycle is Lifecycle.EXPUNGED) is (state is RecordState.EXPUNGED),
    ),
    _hold(
        "RECORD-03",
        "a record under a seal order is sealed, and no other is",
        lambda record, state: _is_sealed(record) is (state is RecordState.SEALED),
    ),
    _hold(
        "RECORD-04",
        "a record that never cleared or is closed is in the state that its life cycle says, and a cleared one in none "
        "of those",
        lambda record, state: _is_sealed(record) or state in _list_possible(record.lifecycle),
    ),
    _hold(
        "RECORD-05",
        "what a court or an office overturned is voided",
        lambda record, state: (
            _is_sealed(record)
            or record.lifecycle is not Lifecycle.CLEARED
            or (record.finality is Finality.OVERTURNED) is (state is RecordState.VOIDED)
        ),
    ),
    _hold(
        "RECORD-06",
        "only a cleared record without a hold is told as cleared or as without a finding",
        lambda record, state: state not in {RecordState.CLEARED, RecordState.NO_FINDING} or _is_open(record),
    ),
    _hold(
        "RECORD-07",
        "a separation under investigation is never told as a finding, nor a finding as one",
        lambda record, state: (
            (state is not RecordState.CLEARED or record.kind is not _SUI)
            and (state is not RecordState.NO_FINDING or record.kind is _SUI)
        ),
    ),
    _hold(
        "RECORD-08",
        "a finding of an office is told as cleared only when it is final or under appeal; a court's once it is given",
        lambda record, state: state is not RecordState.CLEARED or record.kind in _COURT or record.finality in _SETTLED,
    ),
    _hold(
        "RECORD-09",
        "a record is suspended exactly if it cleared and is held, or is an office's finding that is not yet settled",
        lambda record, state: (state is RecordState.SUSPENDED) is _is_suspended(record),
    ),
)


def _is_suspended(record: Record) -> bool:
    if record.lifecycle is not Lifecycle.CLEARED or record.finality is Finality.OVERTURNED or _is_sealed(record):
        return False
    unsettled = record.kind not in _COURT | {_SUI} and record.finality not in _SETTLED
    return record.hold is HoldInForce.OTHER or unsettled
