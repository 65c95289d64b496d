"""Waiting for a server that recovers, which takes as long as it takes.

There is never a limit: a recovery that is given up starts over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

_SHORTEST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
_REPORT_EVERY = 2.0


@dataclass(slots=True, kw_only=True)
class Waiting:
    """Ever longer pauses (seconds) between two questions, and a line of progress now and then."""

    report: Callable[[str], None]
    log: str
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    since: float = field(init=False)
    length: float = field(default=_SHORTEST_PAUSE, init=False)
    reports: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.since = self.clock()

    def pause(self) -> None:
        self.sleep(self.length)
        self.length = min(self.length * 1.3, _LONGEST_PAUSE)
        waited = self.clock() - self.since
        if waited >= _REPORT_EVERY * (self.reports + 1):
            self.reports += 1
            self.report(f"the database server is recovering, {waited:.0f} s so far (its log: {self.log})")
