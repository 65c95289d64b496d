"""Verification: any byte changed, any record or item taken, moved or added is found; a cut end by saved heads."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.chain import (
    ChainHead,
    ChainRow,
    ItemRow,
    SealedRecord,
    digest_items,
    hash_row,
    seal_records,
    start_chain,
)
from app.audit.records import AuditRecord
from app.audit.verification import FaultKind

from .invented_records import draw_id, items, make_chain, make_record, records, unhurried, walk

COLUMNS = [field.name for field in fields(ChainRow)]
ITEM_COLUMNS = ItemRow._fields
# A column that may be empty, filled; any other, emptied.
FILLED: dict[str, Any] = {
    "agency_id": UUID(int=9),
    "state_code": "",
    "check_id": UUID(int=0),
    "series_id": UUID(int=0),
    "version": 0,
}


def to_bytes(value: Any) -> bytes:
    match value:
        case UUID():
            return value.bytes
        case str():
            return value.encode()
        case int():
            return value.to_bytes(8, "big", signed=True)
    assert isinstance(value, bytes)
    return value


def from_bytes(like: Any, changed: bytes) -> Any:
    match like:
        case UUID():
            return UUID(bytes=changed)
        case str():
            return changed.decode()
        case int():
            return int.from_bytes(changed, "big", signed=True)
    return changed


def change_value(value: Any) -> Iterator[Any]:
    """Every value that one flipped bit can make of it, as far as such a column can hold it."""
    original = to_bytes(value)
    for place in range(len(original)):
        for bit in range(8):
            changed = bytearray(original)
            changed[place] ^= 1 << bit
            try:
                yield from_bytes(value, bytes(changed))
            except UnicodeDecodeError:
                continue


def change_row(row: ChainRow) -> Iterator[tuple[str, ChainRow]]:
    for column in COLUMNS:
        value = getattr(row, column)
        changes = [FILLED[column]] if value is None else [*change_value(value), None]
        for changed in changes:
            if column not in ("chain_id", "position") or changed is not None:
                yield column, replace(row, **{column: changed})


def put(chain: list[SealedRecord], place: int, **changed: Any) -> list[SealedRecord]:
    return [*chain[:place], replace(chain[place], **changed), *chain[place + 1 :]]


@unhurried
@given(st.lists(records(), max_size=4), st.uuids())
def test_what_was_sealed_fits(given_records: list[AuditRecord], chain_id: UUID) -> None:
    report = walk(seal_records(start_chain(chain_id), given_records))
    assert report.is_intact
    assert report.records == len(given_records)
    assert report.items == sum(len(record.items) for record in given_records)


def test_the_hash_of_a_record_is_the_documented_one() -> None:
    (sealed,) = make_chain(1, items=0, seed=7)
    row = sealed.row

    def frame(tag: int, body: bytes) -> bytes:
        return bytes([tag]) + len(body).to_bytes(4, "big") + body

    def text(value: str) -> bytes:
        return frame(1, value.encode())

    genesis = hashlib.sha256(
        text("probity-audit-chain-1") + frame(4, bytes(32)) + frame(2, row.chain_id.bytes)
    ).digest()
    no_items = hashlib.sha256(text("probity-audit-items-1") + frame(3, bytes(8))).digest()
    assert row.previous_hash == genesis
    assert row.items_sha256 == no_items
    assert (
        row.hash
        == hashlib.sha256(
            text("probity-audit-record-1")
            + frame(2, row.chain_id.bytes)
            + frame(3, (1).to_bytes(8, "big"))
            + frame(2, row.id.bytes)
            + text("QUERY")
            + frame(3, row.at.to_bytes(8, "big"))
            + text(row.account)
            + text(row.role)
            + text(row.purpose)
            + frame(2, row.agency_id.bytes if row.agency_id else b"")
            + text("TX")
            + frame(2, row.check_id.bytes if row.check_id else b"")
            + text(row.operation)
            + frame(4, row.document_sha256)
            + frame(4, row.policy_sha256)
            + frame(4, row.input_commitment)
            + text("EMPTY")
            + frame(3, bytes(8))
            + frame(4, no_items)
            + frame(4, genesis)
        ).digest()
    )


@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "middle", "last"])
def test_every_flipped_bit_of_every_column_is_found(place: int) -> None:
    chain = make_chain(3)
    seen = dict.fromkeys(COLUMNS, 0)
    for column, changed in change_row(chain[place].row):
        report = walk(put(chain, place, row=changed))
        assert not report.is_intact, column
        seen[column] += 1
    assert min(seen.values()) >= 1
    assert sum(seen.values()) > 2500


@unhurried
@given(st.data(), st.lists(records(), min_size=1, max_size=3), st.uuids())
def test_a_changed_column_of_any_record_is_found(
    data: st.DataObject, given_records: list[AuditRecord], chain_id: UUID
) -> None:
    chain = seal_records(start_chain(chain_id), given_records)
    place = data.draw(st.integers(0, len(chain) - 1))
    column = data.draw(st.sampled_from(COLUMNS))
    value = getattr(chain[place].row, column)
    changes = [FILLED[column]] if value is None else list(change_value(value)) or [None]
    changed = data.draw(st.sampled_from(changes))
    assert not walk(put(chain, place, row=replace(chain[place].row, **{column: changed}))).is_intact


@unhurried
@given(st.data(), st.lists(records(), min_size=2, max_size=3))
def test_two_records_that_differ_have_different_hashes(data: st.DataObject, given_records: list[AuditRecord]) -> None:
    head = start_chain(UUID(int=1))
    first, second = (seal_records(head, [record])[0].row for record in given_records[:2])
    assert (first.hash == second.hash) == (replace(first, hash=b"") == replace(second, hash=b""))


def test_every_flipped_bit_of_every_item_is_found_where_items_are_read() -> None:
    chain = make_chain(2, items=3)
    changes = 0
    for place, item in enumerate(chain[0].items):
        for column in ITEM_COLUMNS:
            value = getattr(item, column)
            for changed in [FILLED[column]] if value is None else change_value(value):
                altered = [*chain[0].items[:place], item._replace(**{column: changed}), *chain[0].items[place + 1 :]]
                report = walk(put(chain, 0, items=tuple(sorted(altered, key=lambda entry: entry.ordinal))))
                assert [(fault.kind, fault.position) for fault in report.faults] == [(FaultKind.ITEMS, 1)]
                changes += 1
    assert changes > 900


@unhurried
@given(st.lists(items, min_size=2, max_size=5, unique=True), st.data())
def test_swapped_items_are_found(given_items: list[Any], data: st.DataObject) -> None:
    record = replace(make_record(0), items=tuple(given_items))
    (sealed,) = seal_records(start_chain(UUID(int=1)), [record])
    order = data.draw(st.permutations(sealed.items).filter(lambda drawn: tuple(drawn) != sealed.items))
    swapped = tuple(item._replace(ordinal=number) for number, item in enumerate(order, start=1))
    assert digest_items(swapped) != sealed.row.items_sha256
    assert [fault.kind for fault in walk([replace(sealed, items=swapped)]).faults] == [FaultKind.ITEMS]


def test_items_exchanged_between_two_records_are_found() -> None:
    chain = make_chain(2)
    exchanged = [replace(chain[0], items=chain[1].items), replace(chain[1], items=chain[0].items)]
    assert [(fault.kind, fault.position) for fault in walk(exchanged).faults] == [(FaultKind.ITEMS, 1)]


@pytest.mark.parametrize("kept", [0, 1, 2], ids=["none", "one", "two"])
def test_missing_items_are_found(kept: int) -> None:
    chain = make_chain(2)
    report = walk(put(chain, 1, items=chain[1].items[:kept]))
    assert [(fault.kind, fault.position) for fault in report.faults] == [(FaultKind.ITEM_COUNT, 2)]


def test_the_records_alone_can_be_verified_without_their_items() -> None:
    chain = make_chain(3)
    assert walk(put(chain, 1, items=()), with_items=False).is_intact
    changed = replace(chain[1].row, items_sha256=digest_items(()))
    report = walk(put(chain, 1, row=changed), with_items=False)
    assert [(fault.kind, fault.position) for fault in report.faults] == [(FaultKind.CONTENT, 2)]


@unhurried
@given(st.integers(0, 4))
def test_a_deleted_record_is_found_at_the_one_after_it(gone: int) -> None:
    chain = make_chain(6)
    report = walk(chain[:gone] + chain[gone + 1 :])
    assert [(fault.kind, fault.position) for fault in report.faults] == [(FaultKind.POSITION, gone + 2)]


@unhurried
@given(st.permutations(range(4)).filter(lambda order: order != [0, 1, 2, 3]))
def test_records_in_another_order_are_found(order: list[int]) -> None:
    chain = make_chain(4)
    moved = [
        replace(chain[source], row=replace(chain[source].row, position=place))
        for place, source in enumerate(order, start=1)
    ]
    first = next(place for place, source in enumerate(order) if place != source)
    report = walk(moved)
    assert [fault.position for fault in report.faults] == [first + 1]


@unhurried
@given(st.integers(0, 3))
def test_an_inserted_record_is_found_even_if_it_is_sealed_properly(place: int) -> None:
    chain = make_chain(4)
    head = chain[place - 1].row.head if place else start_chain(chain[0].row.chain_id)
    (forged,) = seal_records(head, [make_record(99)])
    later = [replace(sealed, row=replace(sealed.row, position=sealed.row.position + 1)) for sealed in chain[place:]]
    report = walk([*chain[:place], forged, *later])
    assert [(fault.kind, fault.position) for fault in report.faults] == [(FaultKind.LINK, place + 2)]


def test_a_record_twice_is_found() -> None:
    chain = make_chain(3)
    report = walk([*chain, chain[1]])
    assert [(fault.kind, fault.position) for fault in report.faults] == [(FaultKind.POSITION, 2)]


def test_a_record_moved_to_another_chain_is_found() -> None:
    first, second = make_chain(1, seed=1), make_chain(1, seed=2)
    moved = replace(first[0], row=replace(first[0].row, chain_id=draw_id(random.Random(3))))
    report = walk([moved, *second])
    assert [(fault.kind, fault.chain_id) for fault in report.faults] == [(FaultKind.LINK, moved.row.chain_id)]
    assert [head.chain_id for head in report.heads] == [second[0].row.chain_id]


def test_each_chain_is_judged_by_itself_and_named_at_its_first_fault() -> None:
    chains = [make_chain(4, seed=seed) for seed in range(3)]
    broken = [put(put(chain, 1, items=()), 3, items=()) for chain in chains[:2]]
    report = walk([*broken[0], *broken[1], *chains[2]])
    assert {(fault.chain_id, fault.position) for fault in report.faults} == {
        (chain[0].row.chain_id, 2) for chain in chains[:2]
    }
    assert report.heads == (chains[2][-1].row.head,)
    assert (report.chains, report.records) == (3, 12)


@unhurried
@given(st.integers(0, 4))
def test_a_chain_cut_at_its_end_is_found_by_saved_heads_and_by_nothing_else(kept: int) -> None:
    chain = make_chain(5)
    assert walk(chain[:kept]).is_intact
    report = walk(chain[:kept], expected=[chain[-1].row.head])
    assert [(fault.kind, fault.position) for fault in report.faults] == [(FaultKind.CUT, kept + 1)]


def test_a_chain_that_grew_since_its_head_was_saved_fits() -> None:
    chain = make_chain(5)
    for sealed in chain:
        assert walk(chain, expected=[sealed.row.head]).is_intact


def test_a_chain_written_anew_is_found_by_saved_heads_and_by_nothing_else() -> None:
    chain = make_chain(5)
    saved = chain[3].row.head
    forged = [make_record(0), make_record(77), *(make_record(number) for number in range(2, 6))]
    anew = seal_records(start_chain(saved.chain_id), forged)
    assert walk(anew).is_intact
    report = walk(anew, expected=[saved])
    assert [(fault.kind, fault.position) for fault in report.faults] == [(FaultKind.REWRITTEN, 4)]


def test_a_row_with_a_number_that_no_record_has_is_a_fault_and_no_crash() -> None:
    chain = make_chain(2)
    report = walk(put(chain, 0, row=replace(chain[0].row, at=2**70)))
    assert [fault.kind for fault in report.faults] == [FaultKind.CONTENT]


def test_an_empty_database_fits_and_has_no_heads() -> None:
    report = walk([])
    assert (report.is_intact, report.chains, report.heads) == (True, 0, ())


def test_the_row_at_hand_hashes_to_its_own_hash_only() -> None:
    row = make_chain(1)[0].row
    assert hash_row(row) == row.hash == hash_row(replace(row, hash=bytes(32)))
    assert row.head == ChainHead(chain_id=row.chain_id, position=1, hash=row.hash)
