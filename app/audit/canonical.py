"""The bytes that audit hashes are taken over: format 1, self-describing and without ambiguity.

INVARIANT: two different lists of values never have the same bytes; a change of form needs a new form name.
"""

from __future__ import annotations

from collections.abc import Iterable
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


def encode_value(value: Value) -> bytes:
    """Tag, length and body of one value: text as UTF-8, an id as 16 bytes, a whole number as 8 signed ones.

    Raises `ValueError` for text that is no Unicode and `OverflowError` for a number beyond 64 bits.
    """
    if value is None:
        return _NOTHING_ENCODED
    if isinstance(value, UUID):
        return _ID_HEAD + value.bytes
    if isinstance(value, str):
        return _frame(_TEXT, value.encode())
    if isinstance(value, int):
        return _frame(_WHOLE_NUMBER, value.to_bytes(8, signed=True))
    return _frame(_OCTETS, value)


def encode_values(form: str, values: Iterable[Value]) -> bytes:
    """The name of the form and then each value, one after the other."""
    return encode_value(form) + b"".join(map(encode_value, values))


def _frame(tag: bytes, body: bytes) -> bytes:
    return tag + len(body).to_bytes(4) + body
