"""The hash chain: each record's hash covers the whole record and the hash of the one before it.

INVARIANT: every column of a row but the hash itself is hashed, and its items are hashed through their digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Final, NamedTuple
from uuid import UUID

from app.audit.canonical import Value, encode_item, encode_value, encode_values
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


@dataclass(frozen=True, slots=True)
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


# INVARIANT: all columns but the last, the hash itself, in their order.
_read_hashed: Final = attrgetter(*[each.name for each in fields(ChainRow)][:-1])


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
    items = tuple([ItemRow(ordinal, *item) for ordinal, item in enumerate(record.items, start=1)])
    hashed = (
        head.chain_id,
        head.position + 1,
        record.id,
        record.kind.value,
        count_microseconds(record.at),
        record.account,
        record.role,
        record.purpose,
        record.agency_id,
        record.state_code,
        record.check_id,
        record.operation,
        record.document_sha256,
        record.policy_sha256,
        record.input_commitment,
        record.result,
        len(items),
        digest_items(items),
        head.hash,
    )
    return SealedRecord(row=ChainRow(*hashed, hash=_hash_values(hashed)), items=items)


def seal_records(head: ChainHead, records: Iterable[AuditRecord]) -> list[SealedRecord]:
    """Give each record its place, one after the other."""
    sealed: list[SealedRecord] = []
    for record in records:
        sealed.append(seal_record(head, record))
        head = sealed[-1].row.head
    return sealed


def hash_row(row: ChainRow) -> bytes:
    """The hash that a row ought to have: SHA-256 over every other column, 32 bytes."""
    return _hash_values(_read_hashed(row))


def _hash_values(hashed: Iterable[Value]) -> bytes:
    return hashlib.sha256(encode_values(_RECORD_FORM, hashed)).digest()


def digest_items(items: Sequence[ItemRow]) -> bytes:
    """SHA-256 over the items in their order, with their ordinals, 32 bytes."""
    return hashlib.sha256(encode_values(_ITEMS_FORM, (len(items),)) + b"".join(map(_encode_item, items))).digest()


def _encode_item(item: ItemRow) -> bytes:
    ordinal, officer, series, version = item
    # A row that somebody emptied is a fault to be found, not one to stumble over.
    if ordinal is None or officer is None or (series is None) is not (version is None):
        return b"".join(map(encode_value, item))
    return encode_item(ordinal, officer, series, version)


def count_microseconds(at: datetime) -> int:
    """Microseconds since the beginning of 2000 in UTC, exactly; `at` must be aware."""
    return (at - _EPOCH) // _MICROSECOND


def read_microseconds(count: int) -> datetime:
    """The time of a count, aware and in UTC; raises `OverflowError` beyond year 9999."""
    return _EPOCH + count * _MICROSECOND
