"""The table of record states: total, without overlaps, and true to the order in which its axes count."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from app.domain.vocabulary import DisputeState, Finality, HoldInForce, Lifecycle, OutcomeKind, RecordState
from app.errors import PolicyRefused
from app.policy.bundle import PolicyBundle, load_bundle

from .policy_texts import append_line, edit_file

TABLE = "record_states.csv"
ALL = tuple(product(Lifecycle, Finality, DisputeState, HoldInForce, OutcomeKind))
COURT = {OutcomeKind.CONVICTION_ON_DUTY, OutcomeKind.CIVIL_JUDGMENT_FORCE}
UNCLEARED = {
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


def derive_state(lifecycle: Lifecycle, finality: Finality, hold: HoldInForce, kind: OutcomeKind) -> RecordState:
    """The same question answered step by step, the strongest reason first."""
    if lifecycle is Lifecycle.EXPUNGED:
        return RecordState.EXPUNGED
    if hold is HoldInForce.SEAL:
        return RecordState.SEALED
    if lifecycle is not Lifecycle.CLEARED:
        return UNCLEARED[lifecycle]
    if finality is Finality.OVERTURNED:
        return RecordState.VOIDED
    if hold is HoldInForce.OTHER:
        return RecordState.SUSPENDED
    if kind is OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION:
        return RecordState.NO_FINDING
    if kind in COURT or finality in {Finality.FINAL, Finality.APPEAL_PENDING}:
        return RecordState.CLEARED
    return RecordState.SUSPENDED


def refuse(directory: Path) -> str:
    with pytest.raises(PolicyRefused) as refusal:
        load_bundle(directory)
    return str(refusal.value)


def test_the_table_says_what_the_axes_say_step_by_step(bundle: PolicyBundle) -> None:
    assert len(ALL) == 11 * 5 * 4 * 3 * 9
    for lifecycle, finality, dispute, hold, kind in ALL:
        found = bundle.record_states.state_of(lifecycle, finality, dispute, hold, kind)
        assert found is derive_state(lifecycle, finality, hold, kind)


def test_a_dispute_never_changes_the_state(bundle: PolicyBundle) -> None:
    # It is a flag shown wherever the record is read; hiding a disputed record would punish the honest reporter.
    assert all(row.disputes == frozenset(DisputeState) for row in bundle.record_states.rows)


def test_every_state_of_outcomes_is_reached(bundle: PolicyBundle) -> None:
    reached = {bundle.record_states.state_of(*each) for each in ALL}
    assert reached == set(RecordState) - {
        RecordState.LISTED,
        RecordState.LISTED_NO_FINDING,
        RecordState.UNLISTED,
        RecordState.STANDING,
    }


def test_a_gap_is_refused_with_the_combination_named(copied: Path) -> None:
    edit_file(copied, TABLE, "NOTICE,any,any,none other,any,notice", "NOTICE,any,any,none,any,notice")
    assert refuse(copied) == (
        "policies/record_states.csv: no row fits NOTICE NON_FINAL NONE other EXCESSIVE_FORCE_FINDING;"
        " give the combination a state"
    )


def test_an_overlap_is_refused_with_the_combination_and_both_lines_named(copied: Path) -> None:
    number = append_line(copied, TABLE, "VOIDED,OVERTURNED,NONE,none,COMMENDATION,expunged")
    assert refuse(copied) == (
        f"policies/record_states.csv line {number}: fits VOIDED OVERTURNED NONE none COMMENDATION, and so does line 11;"
        " make them exclude each other"
    )


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("NOTICE,any,any,none other,any,notice", "NOTICE,any,any,none other,any,listed", "one that an outcome can be"),
        ("NOTICE,any,any,none other,any,notice", "NOTICE,any,any,none other,any,noticed", "one that an outcome can be"),
        ("NOTICE,any,any,none other,any,notice", "NOTICE,any,any,none any,any,notice", "any stands alone"),
        ("NOTICE,any,any,none other,any,notice", "NOTICE,any,any,none  other,any,notice", "not in the vocabulary"),
        ("NOTICE,any,any,none other,any,notice", "NOTICE NOTICE,any,any,none other,any,notice", "stands twice"),
        ("NOTICE,any,any,none other,any,notice", "NOTICE,any,any,none other,civil,notice", "not in the vocabulary"),
        ("NOTICE,any,any,none other,any,notice", "NOTICE,any,any,none other,notice", "a row has 6 cells"),
        ("lifecycle,finality", "finality,lifecycle", "the first line must be the column names"),
    ],
)
def test_a_spoilt_row_is_refused(copied: Path, old: str, new: str, why: str) -> None:
    number = edit_file(copied, TABLE, old, new)
    message = refuse(copied)
    assert message.startswith(f"policies/{TABLE} line {number}: ")
    assert why in message


def test_a_value_outside_the_vocabularies_has_no_state(bundle: PolicyBundle) -> None:
    with pytest.raises(LookupError):
        bundle.record_states.state_of(
            "CLEARED?",  # type: ignore[arg-type]
            Finality.FINAL,
            DisputeState.NONE,
            HoldInForce.NONE,
            OutcomeKind.TERMINATION,
        )
