"""The bytes that audit hashes are taken over: format 1, self-describing and without ambiguity.

INVARIANT: two different lists of values never have the same bytes; a change of form needs a new form name.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final
from uuid import UUID

Value = UUID | str | int | bytes | None

# Each value is a tag byte, the length of its body as four bytes (most significant first) and the body.
_NOTHING: Final = b"\x00"
_TEXT: Final = b"\x01"
_ID: Final = b"\x02"
_WHOLE_NUMBER: Final = b"\x03"
_OCTETS: Final = b"\x04"

_NOTHING_ENCODED: Final = _NOTHING + bytes(4)
_ID_HEAD: Final = _ID + (16).to_bytes(4)
_NUMBER_HEAD: Final = _WHOLE_NUMBER + (8).to_bytes(4)
# Whole numbers and ids as one piece: what a page discloses a hundred of.
_REPORT: Final = Struct(">5sq5s16s5s16s5sq")
_OFFICER: Final = Struct(">5sq5s16s10s")
_TWICE_NOTHING: Final = _NOTHING_ENCODED + _NOTHING_ENCODED


def encode_value(value: Value) -> bytes:
    """Tag, length and body of one value: text as UTF-8, an id as 16 bytes, a whole number as 8 signed ones.

    Raises `ValueError` for text that is no Unicode and `OverflowError` for a number beyond 64 bits.
    """
    if isinstance(value, str):
        return _frame(_TEXT, value.encode())
    if value is None:
        return _NOTHING_ENCODED
    if isinstance(value, UUID):
        return _ID_HEAD + value.bytes
    if isinstance(value, int):
        return _NUMBER_HEAD + value.to_bytes(8, signed=True)
    return _frame(_OCTETS, value)


def encode_values(form: str, values: Iterable[Value]) -> bytes:
    """The name of the form and then each value, one after the other."""
    return encode_value(form) + b"".join(map(encode_value, values))


def encode_item(ordinal: int, officer: UUID, series: UUID | None, version: int | None) -> bytes:
    """The bytes that `encode_value` makes of these four, one after the other, in one step."""
    if series is None or version is None:
        return _OFFICER.pack(_NUMBER_HEAD, ordinal, _ID_HEAD, officer.bytes, _TWICE_NOTHING)
    return _REPORT.pack(_NUMBER_HEAD, ordinal, _ID_HEAD, officer.bytes, _ID_HEAD, series.bytes, _NUMBER_HEAD, version)


def _frame(tag: bytes, body: bytes) -> bytes:
    return tag + len(body).to_bytes(4) + body
