"""The matrix of tables and database roles, `migrations/grants.sql`, with the part that the policy writes.

INVARIANT: what stands between the two marks comes from the policy that is put in place, never from an older one.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from app.errors import SetupRefused

_BEGIN: Final = "-- begin: written by `probity db grants`\n"
_END: Final = "-- end: written by `probity db grants`\n"
_WIDTH: Final = 120


def read_matrix(root: Path) -> str:
    """The text of the matrix of this checkout."""
    return (root / "migrations" / "grants.sql").read_text("utf-8")


def put_grants(text: str, statements: Iterable[str]) -> str:
    """The text of `grants.sql` with these statements between its two marks; raises `SetupRefused` without them."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise SetupRefused("migrations/grants.sql has lost the marks of its written part; restore it from the history")
    return before + begin + "".join(_wrap(each) for each in statements) + end + after


def _wrap(statement: str) -> str:
    if len(statement) <= _WIDTH:
        return statement + "\n"
    columns, on, target = statement.partition(" ON ")
    lines = textwrap.wrap(columns, _WIDTH, subsequent_indent="        ", break_long_words=False)
    return "\n".join([*lines, f"   {on}{target}"]) + "\n"
