"""A pooled connection that is checked each time it comes back: only one that carries nothing goes out again.

INVARIANT: the check is the connection's own reset, which the pool runs whenever a connection is returned; a connection
that fails it is closed, and there is no way back into the pool around it. What runs plans alone stays out of the pool
for a second at most (`app.storage.lanes`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import asyncpg

if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection

LOGGER: Final = logging.getLogger("probity.pools")
CHECK_SECONDS: Final = 5.0
# What a session could have changed of itself, and would hand on to the next request.
_SETTINGS: Final = (
    "session_authorization",
    "role",
    "search_path",
    "row_security",
    "statement_timeout",
    "lock_timeout",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "plan_cache_mode",
    "timezone",
    "application_name",
)
_READ_SETTINGS: Final = "concat_ws(' | ', " + ", ".join(f"current_setting('{name}')" for name in _SETTINGS) + ")"
_OPENED: Final = f"SELECT {_READ_SETTINGS}"
# One look, no table: about ten microseconds more than an empty statement.
_CHECK: Final = f"""
SELECT {_READ_SETTINGS} AS settings,
    concat(current_setting('probity.context', true), current_setting('probity.verified', true)) <> '' AS context,
    pg_my_temp_schema() <> 0 AS temporary,
    EXISTS (SELECT FROM pg_catalog.pg_listening_channels()) AS listening,
    EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable) AS cursor,
    EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql) AS prepared,
    EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locked
"""  # noqa: S608 - a closed list of settings
# Settings beyond those above go back to what they were when the connection was opened.
_RESET: Final = "RESET ALL"


class Dirt(StrEnum):
    """What a connection was found to carry when it came back; the words are the columns of the check."""

    TRANSACTION = "transaction"
    SETTINGS = "settings"
    CONTEXT = "context"
    TEMPORARY = "temporary"
    LISTENING = "listening"
    CURSOR = "cursor"
    PREPARED = "prepared"
    LOCKED = "locked"


class UncleanConnectionError(asyncpg.InterfaceError):
    """A connection came back with something of its last user; the pool closes it."""


class CleanConnection(_Connection):
    """A connection that knows how it was opened, and is closed unless it comes back so."""

    __slots__ = ("_closed_for", "_opened_with")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._opened_with: str | None = None
        self._closed_for: Counter[Dirt] | None = None

    async def note_opened(self, closed_for: Counter[Dirt]) -> None:
        """Remember how the connection was opened; `closed_for` counts what connections of this pool are closed for."""
        self._opened_with = await self.fetchval(_OPENED)
        self._closed_for = closed_for

    async def reset(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's own signature
        """Check that nothing of the last user is left; raises `UncleanConnectionError`, and the pool closes it."""
        async with asyncio.timeout(timeout or CHECK_SECONDS):
            # Looked at first, and not rolled back: whoever leaves a transaction open may leave anything.
            found = [Dirt.TRANSACTION] if self.is_in_transaction() else await self._find_dirt()
            if found:
                if self._closed_for is not None:
                    self._closed_for.update(found)
                LOGGER.error("a connection is closed, for it came back with: %s", ", ".join(found))
                raise UncleanConnectionError("the connection came back unclean")
            await self._reset()
            await self.execute(_RESET)

    async def _find_dirt(self) -> list[Dirt]:
        row = await self.fetchrow(_CHECK)
        if row is None or row["settings"] != self._opened_with:
            return [Dirt.SETTINGS]
        return [each for each in Dirt if each not in {Dirt.TRANSACTION, Dirt.SETTINGS} and row[each.value]]


def require_idle(connection: Any) -> None:
    """Refuse to hand out a connection that is within a transaction or closed; raises `UncleanConnectionError`."""
    if connection.is_closed() or connection.is_in_transaction():
        raise UncleanConnectionError("the connection is not as it was returned")


__all__ = ["CleanConnection", "Dirt", "UncleanConnectionError", "require_idle"]
