"""Fills an empty registry for a measurement, by COPY, with every constraint checked before it is used.

INVARIANT: what is taken off for the load is put back as it was; a load that ends early leaves a registry that is
emptied before it is filled again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from app.domain.clock import draw_random_id, read_system_clock
from app.registry.world.exchange import load_world
from app.settings import Settings
from app.storage.cluster import Addresses
from app.storage.world.owner import connected_owner
from app.storage.world.row_security import force_row_security, lift_row_security
from read_path.filling import copy_people
from read_path.places import invent_places, write_agencies
from read_path.population import COLUMNS, Places
from read_path.rebuild import restore, strip
from read_path.sizes import Sizes

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

MOST_AT_ONCE: Final = 4
_COUNT_WRONG: Final = """
SELECT count(*) FROM registry.outcome_series s
LEFT JOIN registry.agencies a ON a.id = s.agency_id
LEFT JOIN registry.outcome_contents d ON d.series_id = s.id AND d.version = s.current_version
WHERE {conditions}
"""
# What the columns that triggers keep must be, by name.
_KEPT: Final = {
    "order_date": "coalesce(d.action_date, 'infinity')",
    "state_code": "a.state_code",
    "held": "EXISTS (SELECT FROM registry.holds h WHERE h.series_id = s.id)",
}


class WrongSeedError(RuntimeError):
    """A column that triggers keep was filled with something else than they would have written."""


async def seed(addresses: Addresses, settings: Settings, sizes: Sizes, report: Callable[[str], None]) -> Places:
    """Fill the registry as the owner; `report` is told how far it is."""
    started = time.perf_counter()
    address = addresses.require_owner()
    at_once = min(MOST_AT_ONCE, os.cpu_count() or 1)

    def tell(what: str) -> None:
        report(f"{time.perf_counter() - started:6.1f} s  {what}")

    places, agencies = invent_places(sizes)
    async with connected_owner(addresses) as connection:
        lines = write_agencies(agencies)
        await load_world(connection, settings, lines, clock=read_system_clock, ids=draw_random_id)
        tell(f"{sizes.agencies:,} agencies")
        async with connection.transaction():
            forced = await lift_row_security(connection)
            definitions = await strip(connection, list(COLUMNS))
        await copy_people(address, sizes, at_once=at_once, tell=tell)
        await restore(address, definitions, at_once=at_once, tell=tell)
        await _require_kept_columns(connection)
        async with connection.transaction():
            await force_row_security(connection, forced)
    return places


async def _require_kept_columns(connection: Connection) -> None:
    """Compare what triggers would have written with what was; raises `WrongSeedError`."""
    rows = await connection.fetch(
        "SELECT attname::text AS name FROM pg_attribute "
        "WHERE attrelid = 'registry.outcome_series'::regclass AND attnum > 0 AND attname = ANY($1::text[])",
        list(_KEPT),
    )
    conditions = " OR ".join(f"s.{row['name']} IS DISTINCT FROM {_KEPT[row['name']]}" for row in rows)
    if conditions and await connection.fetchval(_COUNT_WRONG.format(conditions=conditions)):
        raise WrongSeedError("a column that triggers keep differs from the rows that it is kept from")


__all__ = ["seed"]
