"""Which rows of a chunk may be merged at once: rows that share a record wait for one another.

The outcome of a file never depends on where a chunk ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

RowT = TypeVar("RowT")


def split_waves(rows: Sequence[RowT], list_tokens: Callable[[RowT], Iterable[object]]) -> list[list[RowT]]:
    """The rows in waves, each in the file's order: a row stands in a later wave than every earlier one it meets."""
    waves: list[list[RowT]] = []
    last_wave: dict[object, int] = {}
    for row in rows:
        tokens = tuple(list_tokens(row))
        wave = max((last_wave[token] + 1 for token in tokens if token in last_wave), default=0)
        last_wave.update(dict.fromkeys(tokens, wave))
        if wave == len(waves):
            waves.append([])
        waves[wave].append(row)
    return waves
