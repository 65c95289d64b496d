"""JSON of a request body or a GET parameter, read so that no two readers could take it for different things.

Whatever is wrong with it, the caller reads one fixed sentence and never a piece of what was sent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from app.errors import ErrorCode, ProbityError

DEEPEST: Final = 32
MOST_DIGITS: Final = 20
# A JSON number that is no integer is a double; longer ones only pretend to say more.
LONGEST_FRACTION: Final = 40
_LOOKED_AT: Final = (str, dict, list)


class _Unreadable(ValueError):
    """What stopped the reading; its text is a fixed sentence."""


def read_json_object(raw: bytes | str) -> dict[str, Any]:
    """The object in `raw`; raises `BAD_REQUEST` for anything else.

    Refused are also: bytes that are not UTF-8, a byte order mark, repeated names, NaN and infinities, integers of more
    than 20 digits, more than 32 levels, and text that no database can hold (NUL, lone surrogates).
    """
    try:
        return _read(raw)
    except _Unreadable as unreadable:
        sentence = str(unreadable)
    except (ValueError, RecursionError):
        sentence = "the request is not well-formed JSON in UTF-8"
    # Raised outside the handlers: a parser's own error quotes what it read.
    raise ProbityError(ErrorCode.BAD_REQUEST, sentence)


def check_members(members: Mapping[str, Any]) -> None:
    """Refuse values that lie too deep or hold text that no database can; raises `BAD_REQUEST`."""
    try:
        _check(members)
    except _Unreadable as unreadable:
        sentence = str(unreadable)
    else:
        return
    raise ProbityError(ErrorCode.BAD_REQUEST, sentence)


def _read(raw: bytes | str) -> dict[str, Any]:
    value = _DECODER.decode(_read_text(raw))
    if isinstance(value, list):
        raise _Unreadable("a request is one JSON object; batches are not taken, send the requests one by one")
    if not isinstance(value, dict):
        raise _Unreadable("a request is one JSON object")
    _check(value)
    return value


def _read_text(raw: bytes | str) -> str:
    text = raw if isinstance(raw, str) else raw.decode("utf-8")
    if text.startswith("\ufeff"):
        raise ValueError("a byte order mark")
    return text


def _check(value: Any) -> None:
    """Look at all that lies in a value as JSON gives it: dicts, lists, text and what needs no look."""
    pending: list[tuple[Any, int]] = [(value, 1)]
    while pending:
        each, depth = pending.pop()
        if isinstance(each, str):
            _check_text(each)
        elif depth > DEEPEST:
            raise _Unreadable(f"the request nests JSON more than {DEEPEST} deep")
        elif isinstance(each, dict):
            for name in each:
                _check_text(name)
            pending.extend((inner, depth + 1) for inner in each.values() if isinstance(inner, _LOOKED_AT))
        elif isinstance(each, list):
            pending.extend((inner, depth + 1) for inner in each if isinstance(inner, _LOOKED_AT))


def _check_text(text: str) -> None:
    if "\0" in text:
        raise _Unreadable("the request holds a NUL character; remove it")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _Unreadable("the request holds half a surrogate pair; send whole characters") from None


def _read_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Unreadable("the request repeats a name within one JSON object")
    return members


def _read_integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > MOST_DIGITS:
        raise _Unreadable(f"the request holds an integer of more than {MOST_DIGITS} digits")
    return int(digits)


def _read_fraction(digits: str) -> float:
    number = float(digits) if len(digits) <= LONGEST_FRACTION else math.inf
    if math.isinf(number):
        raise _Unreadable("the request holds a number beyond double precision")
    return number


def _refuse_constant(_name: str) -> NoReturn:
    raise _Unreadable("the request holds NaN or an infinity, which JSON does not have")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_read_members,
    parse_constant=_refuse_constant,
    parse_float=_read_fraction,
    parse_int=_read_integer,
)
