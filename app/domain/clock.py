"""Where time and random ids come from: parameters of whoever needs them.

No module may call the system's clock or id source for itself; the composition root hands them down.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

Clock = Callable[[], datetime]
IdSource = Callable[[], UUID]


def read_system_clock() -> datetime:
    """The system's time, aware and in UTC."""
    return datetime.now(UTC)


def draw_random_id() -> UUID:
    """A random id (version 4: it tells neither a time nor a number of records)."""
    return uuid4()
