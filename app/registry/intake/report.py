"""The report of an import: one line of JSON for each row that was parked or refused.

It names line, reason and column, and never repeats what a cell holds.
"""

from __future__ import annotations

import json
from typing import TextIO

from app.domain.intake import TurnedRow


class ReportWriter:
    """Writes turned rows to an open text file, in the order in which they were met."""

    __slots__ = ("_stream",)

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def begin(self, *, is_resumed: bool) -> None:
        """Keep what an interrupted import has written, else start afresh; a resumed one may repeat some lines."""
        if self._stream is not None and not is_resumed:
            self._stream.seek(0)
            self._stream.truncate()

    def write(self, row: TurnedRow) -> None:
        """Write one line; nothing where no report is wanted."""
        if self._stream is None:
            return
        line = {"line": row.line, "outcome": row.disposition.value, "reason": row.reason.value, "column": row.column}
        self._stream.write(json.dumps(line) + "\n")

    def flush(self) -> None:
        """Put on disk what has been written, before the rows it tells of are committed."""
        if self._stream is not None:
            self._stream.flush()
