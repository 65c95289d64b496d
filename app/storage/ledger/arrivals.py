"""The answers that are being made now, whose records will reach the ledger in a moment: a commit can wait for them.

It only ever shares a commit among more records; no answer and no record depends on what is counted here.
"""

from __future__ import annotations

import asyncio
from typing import Final

# How long a commit waits for others at most: less than the disk takes for it.
GATHERING_SECONDS: Final = 0.001


class Arrivals:
    """Counts answers on their way: entered when one is begun, left when its record is made or will never be."""

    __slots__ = ("_count", "_none_left")

    def __init__(self) -> None:
        self._count = 0
        self._none_left: asyncio.Future[None] | None = None

    def __enter__(self) -> None:
        """Begin an answer that will leave a record."""
        self._count += 1

    def __exit__(self, *_: object) -> None:
        """End it. Whoever waits goes on when none is left."""
        self._count -= 1
        if not self._count and self._none_left is not None:
            _settle(self._none_left)

    async def wait(self) -> None:
        """Wait until no answer is on its way, or a millisecond; for one task at a time."""
        if not self._count:
            return
        loop = asyncio.get_running_loop()
        none_left = self._none_left = loop.create_future()
        timer = loop.call_later(GATHERING_SECONDS, _settle, none_left)
        try:
            await none_left
        finally:
            timer.cancel()
            self._none_left = None


def _settle(none_left: asyncio.Future[None]) -> None:
    if not none_left.done():
        none_left.set_result(None)


__all__ = ["Arrivals"]
