"""Ids as the driver of the database reads them: the same values, read and written several times as fast.

They are `uuid.UUID` in everything: equal, hashed alike, of a type below it.
"""

from __future__ import annotations

from uuid import UUID

from asyncpg.pgproto import pgproto


def read_id(text: str) -> UUID:
    """The id that PostgreSQL wrote as `text`; raises `ValueError` for what is none."""
    read: UUID = pgproto.UUID(text)
    return read
