"""The hash chain: each record's hash covers the whole record and the hash of the one before it.

INVARIANT: every column of a row but the hash itself is hashed, and its items are hashed through their digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final, NamedTuple
from uuid import UUID

from app.audit.canonical import encode_values
from app.audit.records import AuditRecord

_CHAIN_FORM: Final = "probity-audit-chain-1"
_RECORD_FORM: Final = "probity-audit-record-1"
_ITEMS_FORM: Final = "probity-audit-items-1"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """Where a chain ends: the position and hash of its last record; position 0 is the beginning before any."""

    chain_id: UUID
    position: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One row of `audit.records`: just what stands there, fit or not.

    `at` counts microseconds since the beginning of 2000 in UTC, as PostgreSQL stores it.
    """

    chain_id: UUID
    position: int
    id: UUID
    kind: str
    at: int
    account: str
    role: str
    purpose: str
    agency_id: UUID | None
    state_code: str | None
    check_id: UUID | None
    operation: str
    document_sha256: bytes
    policy_sha256: bytes
    input_commitment: bytes
    result: str
    item_count: int
    items_sha256: bytes
    previous_hash: bytes
    hash: bytes

    @property
    def head(self) -> ChainHead:
        """The head of the chain that ends here."""
        return ChainHead(chain_id=self.chain_id, position=self.position, hash=self.hash)


class ItemRow(NamedTuple):
    """One row of `audit.items`, without its record's id; ordinals count from 1.

    A tuple, because a page discloses a hundred of them and a frozen dataclass takes several times as long to make.
    """

    ordinal: int
    officer_id: UUID
    series_id: UUID | None
    version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRecord:
    """A record with its place in a chain, as its rows."""

    row: ChainRow
    items: tuple[ItemRow, ...]


def start_chain(chain_id: UUID) -> ChainHead:
    """The head of an empty chain: 32 zero bytes hashed with the chain's id, so that no record fits two chains."""
    genesis = hashlib.sha256(encode_values(_CHAIN_FORM, (bytes(32), chain_id))).digest()
    return ChainHead(chain_id=chain_id, position=0, hash=genesis)


def seal_record(head: ChainHead, record: AuditRecord) -> SealedRecord:
    """Give a record the place after `head`; it counts only once its rows are stored."""
    items = tuple(
        ItemRow(ordinal, item.officer_id, item.series_id, item.version)
        for ordinal, item in enumerate(record.items, start=1)
    )
    row = ChainRow(
        chain_id=head.chain_id,
        position=head.position + 1,
        id=record.id,
        kind=record.kind.value,
        at=count_microseconds(record.at),
        account=record.account,
        role=record.role,
        purpose=record.purpose,
        agency_id=record.agency_id,
        state_code=record.state_code,
        check_id=record.check_id,
        operation=record.operation,
        document_sha256=record.document_sha256,
        policy_sha256=record.policy_sha256,
        input_commitment=record.input_commitment,
        result=record.result,
        item_count=len(items),
        items_sha256=digest_items(items),
        previous_hash=head.hash,
        hash=b"",
    )
    return SealedRecord(row=replace(row, hash=hash_row(row)), items=items)


def seal_records(head: ChainHead, records: Iterable[AuditRecord]) -> list[SealedRecord]:
    """Give each record its place, one after the other."""
    sealed: list[SealedRecord] = []
    for record in records:
        sealed.append(seal_record(head, record))
        head = sealed[-1].row.head
    return sealed


def hash_row(row: ChainRow) -> bytes:
    """The hash that a row ought to have: SHA-256 over every other column, 32 bytes."""
    return hashlib.sha256(
        encode_values(
            _RECORD_FORM,
            (
                row.chain_id,
                row.position,
                row.id,
                row.kind,
                row.at,
                row.account,
                row.role,
                row.purpose,
                row.agency_id,
                row.state_code,
                row.check_id,
                row.operation,
                row.document_sha256,
                row.policy_sha256,
                row.input_commitment,
                row.result,
                row.item_count,
                row.items_sha256,
                row.previous_hash,
            ),
        )
    ).digest()


def digest_items(items: Sequence[ItemRow]) -> bytes:
    """SHA-256 over the items in their order, with their ordinals, 32 bytes."""
    return hashlib.sha256(encode_values(_ITEMS_FORM, (len(items), *chain.from_iterable(items)))).digest()


def count_microseconds(at: datetime) -> int:
    """Microseconds since the beginning of 2000 in UTC, exactly; `at` must be aware."""
    return (at - _EPOCH) // _MICROSECOND


def read_microseconds(count: int) -> datetime:
    """The time of a count, aware and in UTC; raises `OverflowError` beyond year 9999."""
    return _EPOCH + count * _MICROSECOND
