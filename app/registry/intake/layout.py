"""What every layout does: bind a header to columns, read cells by name, and turn a row into a value.

A layout never looks at a column that its mapping does not name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final, Protocol, TypeVar

from app.domain.intake import Disposition, IntakeRow, Reason, TurnedRow
from app.errors import ImportRefused
from app.registry.intake.cells import RowTurned, Unknowns
from app.registry.intake.csv_file import SourceRow

RowT = TypeVar("RowT", bound=IntakeRow)
RowT_co = TypeVar("RowT_co", bound=IntakeRow, covariant=True)
MAX_KEPT_TEXT: Final = 2000
_NAMED_COLUMNS: Final = 10


class Header:
    """Where each column stands; made once a file."""

    __slots__ = ("_cells", "_places", "width")

    def __init__(self, cells: tuple[str, ...], *, needed: Collection[str], ignored: Collection[str]) -> None:
        """Raises `ImportRefused` where a column is missing, double or unknown; an unknown one is told by number."""
        names = [cell.strip() for cell in cells]
        self._cells = tuple(names)
        self.width = len(names)
        missing = sorted(set(needed) - set(names))
        if missing:
            raise ImportRefused(f"the file lacks these columns: {', '.join(missing)}; check the export or the mapping")
        if len(set(names)) < len(names):
            counted = Counter(names)
            twice = [number for number, name in enumerate(names, start=1) if counted[name] > 1]
            raise ImportRefused(f"columns {_list_numbers(twice)} have the same heading; give each its own")
        unknown = [n for n, name in enumerate(names, start=1) if name not in needed and name not in ignored]
        if unknown:
            raise ImportRefused(
                f"columns {_list_numbers(unknown)} are not in the mapping; map them, or list them under file.ignore"
            )
        self._places = {name: place for place, name in enumerate(names)}

    def has(self, name: str) -> bool:
        """Whether the file has this column."""
        return name in self._places

    def cell(self, cells: tuple[str, ...], name: str | None) -> str:
        """The cell of the column `name`; blank where the file has no such column."""
        place = None if name is None else self._places.get(name)
        return "" if place is None else cells[place]

    def check_shape(self, row: SourceRow) -> None:
        """Raise `RowTurned` where a row has more or fewer cells than the header, or is the header again."""
        if len(row.cells) != self.width:
            raise RowTurned(Reason.RAGGED_ROW)
        if row.cells[0].strip() == self._cells[0] and tuple(cell.strip() for cell in row.cells) == self._cells:
            raise RowTurned(Reason.HEADER_REPEATED)

    def pick_cells(self, row: SourceRow, names: Collection[str]) -> dict[str, str]:
        """The row's cells under these columns, for a registrar's eyes."""
        return {name: row.cells[place] for name, place in self._places.items() if name in names}


def _list_numbers(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_NAMED_COLUMNS]))
    return shown if len(numbers) <= _NAMED_COLUMNS else f"{shown} and {len(numbers) - _NAMED_COLUMNS} more"


class Layout(Protocol[RowT_co]):
    """Reads the rows of one file into values."""

    @property
    def header(self) -> Header:
        """The bound header."""

    @property
    def kept_columns(self) -> Collection[str]:
        """The columns a registrar may see of a parked row."""

    @property
    def unknowns(self) -> Unknowns:
        """What means that the source does not know."""

    def interpret(self, row: SourceRow) -> RowT_co:
        """The row's value; raises `RowTurned`."""

    def dispose(self, reason: Reason) -> Disposition:
        """Whether a fault parks or refuses a row."""

    def is_deferred(self, row: SourceRow) -> bool:
        """Whether a row waits until all others are in, because it leans on one of them; told by its cells alone."""


def read_row(layout: Layout[RowT], row: SourceRow) -> RowT | TurnedRow:
    """The row as a value, or why not; what is malformed is refused before anything else is looked at."""
    try:
        layout.header.check_shape(row)
        return layout.interpret(row)
    except RowTurned as fault:
        if layout.dispose(fault.reason) is Disposition.PARKED:
            fault = _find_malformed(layout, row) or fault
        return TurnedRow(
            line=row.line, disposition=layout.dispose(fault.reason), reason=fault.reason, column=fault.column
        )


def _find_malformed(layout: Layout[IntakeRow], row: SourceRow) -> RowTurned | None:
    """What is wrong with the cells of a row that would be parked: nothing malformed may wait for review."""
    for name, raw in layout.header.pick_cells(row, layout.kept_columns).items():
        try:
            layout.unknowns.read_text(raw, name, limit=MAX_KEPT_TEXT)
        except RowTurned as fault:
            return fault
    return None
