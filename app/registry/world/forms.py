"""The forms a value of a world may take: how each is read, written and called in words.

No form ever repeats what it was given: a misfit is told by the form's wording alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.domain.places import jurisdiction_id

LARGEST_INTEGER: Final = 2**31 - 1

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}").fullmatch
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII).fullmatch
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII).fullmatch
_JURISDICTION = re.compile(r"US|[A-Z]{2}|[0-9]{5}|TRIBE-[A-Z0-9-]{1,80}").fullmatch
_HEX = re.compile(r"(?:[0-9a-f]{2})+").fullmatch
# Control characters and what UTF-8 cannot carry; a line break or a tab is text.
_UNFIT_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]").search


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of value. `read` raises `ValueError` or `TypeError` on a misfit; `write` is its inverse.

    `wording` stands in refusals, `printed` in the reference where it differs.
    """

    wording: str
    read: Callable[[Any], object]
    write: Callable[[Any], object]
    printed: str = ""


def _keep(value: Any) -> object:
    return value


def _matched(matches: Callable[[str], object]) -> Callable[[Any], object]:
    def read(value: Any) -> object:
        if not matches(value):
            raise ValueError
        return value

    return read


def _read_day(value: Any) -> date:
    if not _DAY(value):
        raise ValueError
    return date.fromisoformat(value)


def _read_moment(value: Any) -> datetime:
    if not _MOMENT(value):
        raise ValueError
    return datetime.fromisoformat(value).astimezone(UTC)


def write_moment(value: datetime) -> str:
    """ISO 8601 in UTC, with a `Z`; microseconds only where there are any."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def pattern(expression: str, wording: str) -> Form:
    """A string that matches `expression` from end to end."""
    return Form(wording=wording, read=_matched(re.compile(expression, re.ASCII).fullmatch), write=_keep)


def text(longest: int) -> Form:
    """A string of 1 to `longest` characters without control characters, line breaks and tabs excepted."""

    def read(value: Any) -> object:
        if not 1 <= len(value) <= longest or _UNFIT_CHARACTERS(value):
            raise ValueError
        return value

    return Form(wording=f"text of 1 to {longest} characters", read=read, write=_keep)


def code(vocabulary: type[StrEnum]) -> Form:
    """One code of a closed vocabulary."""
    known = {member.value: member.value for member in vocabulary}

    def read(value: Any) -> object:
        if not isinstance(value, str) or value not in known:
            raise ValueError
        return known[value]

    printed = f"one of {', '.join(f'`{word}`' for word in known)}"
    return Form(wording=f"one of {', '.join(known)}", read=read, write=_keep, printed=printed)


def codes(vocabulary: type[StrEnum]) -> Form:
    """A list of distinct codes of a closed vocabulary; their order is kept."""
    one = code(vocabulary)

    def read(value: Any) -> object:
        if not isinstance(value, list) or len(set(value)) != len(value):
            raise ValueError
        return [one.read(item) for item in value]

    return Form(
        wording=f"a list of distinct codes, each {one.wording}",
        read=read,
        write=list,
        printed=f"a list of distinct codes, each {one.printed}",
    )


def integer(least: int, largest: int = LARGEST_INTEGER) -> Form:
    """A whole number within limits, both included."""

    def read(value: Any) -> object:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= largest:
            raise ValueError
        return value

    return Form(wording=f"a whole number from {least} to {largest}", read=read, write=_keep)


def hexadecimal(least: int, largest: int) -> Form:
    """Bytes as lower-case hexadecimal digits, from `least` to `largest` bytes."""

    def read(value: Any) -> object:
        if not _HEX(value) or not 2 * least <= len(value) <= 2 * largest:
            raise ValueError
        return bytes.fromhex(value)

    digits = str(2 * least) if least == largest else f"{2 * least} to {2 * largest}"
    return Form(wording=f"{digits} lower-case hexadecimal digits", read=read, write=bytes.hex)


def _read_states(value: Any) -> object:
    if not isinstance(value, list) or len(set(value)) != len(value):
        raise ValueError
    return [STATE.read(item) for item in value]


def _check_document(value: Any) -> None:
    """Raise for what PostgreSQL would not keep as it is: unfit characters, and numbers that it would write anew."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_document(name)
            _check_document(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_document(inner)
    elif isinstance(value, float) or (isinstance(value, str) and _UNFIT_CHARACTERS(value)):
        raise ValueError


def _read_document(value: Any) -> object:
    if not isinstance(value, dict):
        raise TypeError
    _check_document(value)
    return json.dumps(value, ensure_ascii=False)


def _read_jurisdiction(value: Any) -> UUID:
    if not _JURISDICTION(value):
        raise ValueError
    return jurisdiction_id(value)


ID: Final = Form(wording="a version 4 UUID in lower case", read=_matched(_UUID), write=str)
DAY: Final = Form(wording="a date such as 2026-01-31", read=_read_day, write=date.isoformat)
MOMENT: Final = Form(wording="a time with its zone such as 2026-01-31T17:00:00Z", read=_read_moment, write=write_moment)
FLAG: Final = Form(wording="true or false", read=_read_flag, write=_keep)
DIGEST: Final = hexadecimal(32, 32)
SALT: Final = hexadecimal(16, 64)
STATE: Final = pattern("[A-Z]{2}", "a State's postal code such as WA")
STATES: Final = Form(wording="a list of distinct postal codes of States", read=_read_states, write=list)
DOCUMENT: Final = Form(
    wording="a JSON object without fractions, of texts without control characters",
    read=_read_document,
    write=json.loads,
)
COUNTY: Final = pattern("[0-9]{5}", "a county's FIPS code such as 53033")
ORI: Final = pattern("[A-Z]{2}[A-Z0-9]{7}", "a nine-character ORI such as WA9990100")
CODE_WORD: Final = pattern("[A-Z][A-Z0-9_]{0,59}", "a code word such as CLEARED")
TRIBE: Final = pattern("TRIBE-[A-Z0-9-]{1,80}", "a code such as TRIBE-EXAMPLE-NATION")
# What is written is the code: the dump reads it beside the id.
JURISDICTION: Final = Form(
    wording="a jurisdiction's code: US, WA, 53033 or TRIBE-EXAMPLE-NATION", read=_read_jurisdiction, write=_keep
)
