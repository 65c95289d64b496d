"""Records: what the database would refuse is refused before it can spoil a batch; commitments prove and hide."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.chain import count_microseconds, read_microseconds
from app.audit.commitment import commit_input, commit_variables, derive_salt, proves_input, write_variables
from app.audit.records import MOST_ITEMS, DisclosedItem, RecordKind, record_answer

from .invented_records import MORNING, make_record, times, unhurried

SECRET = b"an invented secret of this test "
OFFICER = UUID("6f2c1c0e-3d2b-4b7e-9b11-0d4b5f0a7c01")


@pytest.mark.parametrize(
    "unfit",
    [
        {"account": "null\0character"},
        {"account": "half a pair \ud800"},
        {"state_code": "\0"},
        {"document_sha256": bytes(31)},
        {"policy_sha256": b""},
        {"input_commitment": bytes(33)},
        {"result": "disclosed"},
        {"result": ""},
        {"result": "DISCLOSED\n"},
        {"at": datetime(2026, 3, 2, 14, 30)},  # noqa: DTZ001 - the fault under test
        {"items": ()},
        {"kind": RecordKind.QUERY},
        {"items": (DisclosedItem(officer_id=OFFICER),) * (MOST_ITEMS + 1)},
    ],
    ids=lambda unfit: ",".join(unfit),
)
def test_a_record_that_cannot_be_stored_cannot_be_made(unfit: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"record|digest|text|query|result|disclosure"):
        replace(make_record(1), **unfit)


@pytest.mark.parametrize(
    "unfit", [{"series_id": OFFICER}, {"version": 1}, {"series_id": OFFICER, "version": 0}], ids=str
)
def test_an_item_names_a_series_with_its_version_or_neither(unfit: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"item|version"):
        DisclosedItem(officer_id=OFFICER, **unfit)


@pytest.mark.parametrize(
    ("items", "kind", "result"),
    [
        ((DisclosedItem(officer_id=OFFICER),), RecordKind.DISCLOSURE, "DISCLOSED"),
        ((), RecordKind.QUERY, "EMPTY"),
    ],
)
def test_an_answer_is_a_disclosure_exactly_if_something_is_in_it(
    items: tuple[DisclosedItem, ...], kind: RecordKind, result: str
) -> None:
    record = record_answer(
        id=OFFICER,
        at=MORNING,
        account="officer.d.nguyen",
        role="officer",
        purpose="self",
        agency_id=None,
        state_code=None,
        check_id=None,
        operation="MyFile",
        document_sha256=bytes(32),
        policy_sha256=bytes(32),
        input_commitment=bytes(32),
        items=items,
    )
    assert (record.kind, record.result, record.items) == (kind, result, items)


@unhurried
@given(times)
def test_times_are_counted_exactly(at: datetime) -> None:
    assert read_microseconds(count_microseconds(at)) == at


def test_a_shown_salt_proves_one_input_and_no_other() -> None:
    variables = {"id": "T2ZmaWNlcjox", "first": 20, "filter": {"kinds": ["TERMINATION"], "since": None}}
    salt = derive_salt(SECRET, OFFICER)
    commitment = commit_variables(SECRET, OFFICER, variables)
    assert proves_input(commitment, salt=salt, submitted=write_variables(variables))
    assert not proves_input(commitment, salt=salt, submitted=write_variables({**variables, "first": 21}))


def test_equal_inputs_of_two_records_do_not_look_equal() -> None:
    other = UUID(int=OFFICER.int ^ 1)
    assert commit_variables(SECRET, OFFICER, {"id": 1}) != commit_variables(SECRET, other, {"id": 1})
    assert commit_variables(SECRET, OFFICER, {"id": 1}) != commit_variables(SECRET + b"x", OFFICER, {"id": 1})


def test_the_order_in_which_variables_came_does_not_matter() -> None:
    assert write_variables({"a": 1, "b": "é"}) == write_variables({"b": "é", "a": 1}) == b'{"a":1,"b":"\\u00e9"}'


def test_a_number_that_json_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_variables({"a": float("nan")})


@unhurried
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_different_inputs_have_different_commitments(first: bytes, second: bytes) -> None:
    salt = derive_salt(SECRET, OFFICER)
    assert (commit_input(salt, first) == commit_input(salt, second)) == (first == second)
