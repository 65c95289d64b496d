"""JSON as two readers must understand it alike: an object, in UTF-8, without repeated names or numbers that are none.

A document that two parsers could read differently is never read at all.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn


def read_json_object(raw: bytes | str) -> dict[str, Any]:
    """The object in `raw`; raises `ValueError` with a fixed text for anything else, however deep or large."""
    try:
        value = json.loads(
            raw if isinstance(raw, str) else raw.decode("utf-8"),
            object_pairs_hook=_read_members,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):
        value = None
    # Raised outside the handler: a parser's own error quotes what it read.
    if not isinstance(value, dict):
        raise ValueError("not one well-formed JSON object with distinct names")
    return value


def _read_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is repeated")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("not a number of JSON")
