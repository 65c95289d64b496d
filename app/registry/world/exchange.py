"""Loading and dumping whole worlds: lines on one side, the registry on the other.

A load is all or nothing; a dump sees one state of the registry from its first line to its last.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Iterable

from app.domain.clock import Clock, IdSource
from app.domain.content import SALT_BYTES
from app.registry.world.kinds import KINDS, list_tables
from app.registry.world.reading import WorldReader
from app.registry.world.shapes import ChainKeeper, Surroundings
from app.registry.world.writing import plant_tree, write_header, write_line
from app.settings import Settings
from app.storage.migrate import require_demo
from app.storage.secrets import Secrets
from app.storage.tables.columns import AUDIT, MATCHING, REGISTRY
from app.storage.tables.everything import METADATA
from app.storage.world.loading import load_chunks
from app.storage.world.owner import Connection
from app.storage.world.snapshots import read_moved_clock, snapshot
from app.storage.world.trees import list_filled, stream_nodes

TOKEN_KEY = "identifier-token-key-1"  # noqa: S105 - the name of the secret, not the secret


async def load_world(
    connection: Connection, settings: Settings, lines: Iterable[bytes], *, clock: Clock, ids: IdSource
) -> dict[str, int]:
    """Load a world's lines as the owner into an empty registry; returns the number of lines of each kind.

    Raises `SetupRefused` outside demo mode or where the registry is not empty, `ImportRefused` naming the line that
    does not fit; then nothing was loaded.
    """
    surroundings = Surroundings(
        now=clock(),
        draw_id=ids,
        draw_salt=lambda: secrets.token_bytes(SALT_BYTES),
        token_key=Secrets(settings.home).get_or_create(TOKEN_KEY).encode(),
        chains=ChainKeeper(ids()),
    )
    reader = WorldReader(lines, surroundings)
    await load_chunks(connection, settings, reader.read_chunks(), list_tables(), clock=reader.header.clock)
    return reader.counts


async def dump_world(connection: Connection, settings: Settings, *, clock: Clock) -> AsyncGenerator[bytes]:
    """The registry as lines, read as the owner in one transaction that changes nothing.

    Raises `SetupRefused` outside demo mode: a world holds everything that the registry keeps from everyone.
    """
    await require_demo(connection, settings)
    async with snapshot(connection):
        yield write_header(await read_moved_clock(connection, clock()))
        for kind in KINDS:
            async for node in stream_nodes(connection, plant_tree(kind.section)):
                yield write_line(kind, node)


async def list_left_out(connection: Connection) -> list[str]:
    """The tables with rows that no world can hold, so that a dump without them is told from a whole one."""
    held = {table.fullname for table in list_tables()}
    outside = [
        table
        for table in METADATA.sorted_tables
        if table.schema in (REGISTRY, MATCHING, AUDIT) and table.fullname not in held
    ]
    async with snapshot(connection):
        return await list_filled(connection, outside)
