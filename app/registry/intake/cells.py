"""What a cell may hold: clean text, a date that happened, a year of birth.

A cell at fault raises `RowTurned` with a reason and the column's name, never with the cell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from app.domain.intake import Reason

MAX_TEXT: Final = 300
# What a spreadsheet may take for a formula (OWASP, CSV injection), the full-width forms included.
_FORMULA_STARTS: Final = frozenset("=+-@\t\r＝＋－＠")
_SPACE: Final = re.compile(r"\s+")
# Controls, and marks that turn the direction of writing; white space has been squeezed before.
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# No register on a computer reaches back further; what lies before was mistyped.
EARLIEST_SERVICE: Final = date(1920, 1, 1)
EARLIEST_BIRTH: Final = date(1880, 1, 1)
YOUNGEST_OFFICER: Final = 16
_CACHED_DATES: Final = 100_000


class RowTurned(Exception):
    """A row cannot be taken, for `reason`, because of `column`."""

    def __init__(self, reason: Reason, column: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.column = column


def fold_text(text: str) -> str:
    """The form in which codes are compared: one case, single spaces."""
    return _SPACE.sub(" ", text).strip().upper()


def clean_text(raw: str, column: str, *, limit: int = MAX_TEXT) -> str:
    """The cell in NFC with single spaces; raises `RowTurned` for a formula, a control character or sheer length."""
    text = _SPACE.sub(" ", raw).strip()
    if raw[:1] in _FORMULA_STARTS or text[:1] in _FORMULA_STARTS:
        raise RowTurned(Reason.FORMULA_CELL, column)
    if not (text.isascii() and text.isprintable()):
        if _CONTROLS.search(text):
            raise RowTurned(Reason.CONTROL_CHARACTER, column)
        text = unicodedata.normalize("NFC", text)
    if len(text) > limit:
        raise RowTurned(Reason.CELL_TOO_LONG, column)
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknowns:
    """What a source writes when it does not know; a blank cell always means so."""

    texts: frozenset[str] = frozenset()
    dates: frozenset[date] = frozenset()
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "longest", max(map(len, self.texts), default=0))

    def read_text(self, raw: str, column: str, *, limit: int = MAX_TEXT) -> str | None:
        """The cell's clean text, or nothing where the source does not know; raises `RowTurned`."""
        if not raw or (len(raw.strip()) <= self.longest and fold_text(raw) in self.texts):
            return None
        return clean_text(raw, column, limit=limit) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateReader:
    """Reads dates in the formats of one source, up to `today`."""

    formats: tuple[str, ...]
    unknowns: Unknowns
    today: date
    earliest: date = EARLIEST_SERVICE
    _seen: dict[str, date] = field(default_factory=dict, init=False, repr=False)

    def read(self, raw: str, column: str) -> date | None:
        """The date, or nothing where it is not known; raises `RowTurned`."""
        known = self._seen.get(raw)
        if known is not None:
            return known
        text = self.unknowns.read_text(raw, column)
        if text is None:
            return None
        found = self._parse(text, column)
        if found in self.unknowns.dates:
            return None
        if found > self.today:
            raise RowTurned(Reason.DATE_IN_FUTURE, column)
        if found < self.earliest:
            raise RowTurned(Reason.DATE_IMPLAUSIBLE, column)
        if len(self._seen) < _CACHED_DATES:
            self._seen[raw] = found
        return found

    def _parse(self, text: str, column: str) -> date:
        for pattern in self.formats:
            try:
                return datetime.strptime(text, pattern).date()  # noqa: DTZ007  (a calendar date has no zone)
            except ValueError:
                continue
        raise RowTurned(Reason.DATE_UNREADABLE, column)


def read_whole_number(text: str, column: str) -> int:
    """A number of up to seven digits without sign or separator; raises `RowTurned`."""
    if not re.fullmatch("[0-9]{1,7}", text):
        raise RowTurned(Reason.NUMBER_UNREADABLE, column)
    return int(text)


def read_birth_year(text: str, column: str, *, today: date) -> int:
    """A year in which somebody who has served can have been born; raises `RowTurned`."""
    year = read_whole_number(text, column)
    if not EARLIEST_BIRTH.year <= year <= today.year - YOUNGEST_OFFICER:
        raise RowTurned(Reason.DATE_IMPLAUSIBLE, column)
    return year


def pick_code(codes: Mapping[str, str], text: str, column: str) -> str:
    """What a crosswalk makes of a code, compared folded; raises `RowTurned` for one it does not list."""
    found = codes.get(fold_text(text))
    if found is None:
        raise RowTurned(Reason.CODE_UNKNOWN, column)
    return found
