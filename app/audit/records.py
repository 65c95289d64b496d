"""What is written down about a request: who asked, for what purpose, and which versions left the registry.

A record never holds what was asked for or what was answered, only a commitment to the one and the ids of the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from app.audit.commitment import DIGEST_BYTES

# A record of one answer; far above any page, below what one statement can carry.
MOST_ITEMS: Final = 100_000
# Stands where a record has nothing to take a digest of, such as the policy of work done at the console.
NO_DIGEST: Final = bytes(DIGEST_BYTES)

_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_HIGHEST_VERSION: Final = 2**31 - 1


class RecordKind(StrEnum):
    """DISCLOSURE: a person answer with something in it; QUERY: one without; the others are not answers."""

    DISCLOSURE = "DISCLOSURE"
    QUERY = "QUERY"
    COMMAND = "COMMAND"
    IMPORT = "IMPORT"
    SETUP = "SETUP"


class DisclosedItem(tuple[UUID, UUID | None, int | None]):
    """One officer, or one version of one outcome series about him; series and version come together.

    A tuple, because a page discloses a hundred of them and a frozen dataclass takes several times as long to make.
    """

    __slots__ = ()

    def __new__(cls, *, officer_id: UUID, series_id: UUID | None = None, version: int | None = None) -> Self:
        """Raises `ValueError` for half a report, or a version that is none."""
        if (series_id is None) != (version is None):
            raise ValueError("an item names a series with its version, or neither")
        if version is not None and not 1 <= version <= _HIGHEST_VERSION:
            raise ValueError("a version counts from 1")
        return super().__new__(cls, (officer_id, series_id, version))

    @property
    def officer_id(self) -> UUID:
        """Whom it is about."""
        return self[0]

    @property
    def series_id(self) -> UUID | None:
        """The outcome, where one was disclosed."""
        return self[1]

    @property
    def version(self) -> int | None:
        """Its version."""
        return self[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One record before it has its place in a chain.

    `role` and `purpose` are words of the vocabulary at the time of writing (`operator` for work at the console), kept
    as text because a vocabulary may change and history may not. `operation` is the operation's or command's name,
    `document_sha256` the digest of its text or of the file imported, `result` a code such as DISCLOSED or POSSIBLE.
    Raises `ValueError` for whatever the database would refuse, so that no record can spoil a batch.
    """

    id: UUID
    kind: RecordKind
    at: datetime
    account: str
    role: str
    purpose: str
    agency_id: UUID | None = None
    state_code: str | None = None
    check_id: UUID | None = None
    operation: str
    document_sha256: bytes
    policy_sha256: bytes
    input_commitment: bytes
    result: str
    items: tuple[DisclosedItem, ...] = ()

    def __post_init__(self) -> None:
        for text in (self.account, self.role, self.purpose, self.state_code, self.operation, self.result):
            if text is not None and ("\0" in text or not _is_unicode(text)):
                raise ValueError("text of a record must be Unicode without null characters")
        for digest in (self.document_sha256, self.policy_sha256, self.input_commitment):
            if len(digest) != DIGEST_BYTES:
                raise ValueError("a digest has 32 bytes")
        if self.at.utcoffset() is None:
            raise ValueError("a record's time needs its zone")
        if not _CODE.fullmatch(self.result):
            raise ValueError("a result is a code in capital letters")
        if len(self.items) > MOST_ITEMS:
            raise ValueError("a record holds at most 100000 items; disclose fewer at once")
        if self.kind is RecordKind.DISCLOSURE and not self.items:
            raise ValueError("a disclosure names what was disclosed")
        if self.kind is RecordKind.QUERY and self.items:
            raise ValueError("a query disclosed nothing; record a disclosure")


def record_answer(
    *,
    id: UUID,
    at: datetime,
    account: str,
    role: str,
    purpose: str,
    agency_id: UUID | None,
    state_code: str | None,
    check_id: UUID | None,
    operation: str,
    document_sha256: bytes,
    policy_sha256: bytes,
    input_commitment: bytes,
    items: tuple[DisclosedItem, ...],
) -> AuditRecord:
    """The record of a person answer: a disclosure if anything is in it, a query if not."""
    return AuditRecord(
        id=id,
        kind=RecordKind.DISCLOSURE if items else RecordKind.QUERY,
        at=at,
        account=account,
        role=role,
        purpose=purpose,
        agency_id=agency_id,
        state_code=state_code,
        check_id=check_id,
        operation=operation,
        document_sha256=document_sha256,
        policy_sha256=policy_sha256,
        input_commitment=input_commitment,
        result="DISCLOSED" if items else "EMPTY",
        items=items,
    )


def _is_unicode(value: str) -> bool:
    """Whether the text can be written as UTF-8: JSON may carry halves of surrogate pairs."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
