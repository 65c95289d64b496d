"""A registry of drawn rows in two copies: one behind row security, one without it, with connections to both.

INVARIANT: both copies hold the same rows; whatever differs between their answers is the work of row security.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

import asyncpg

from app.answering.served_policy import ServedPolicy
from app.main import assemble
from app.planning.catalogue import Catalogue
from app.schema.bindings import build_catalogue
from app.settings import Settings
from app.storage.cluster import Addresses, name_embedded_addresses
from app.storage.context import ContextSigner
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import LOGIN_OF_ROLE, OWNER_ROLE, Login
from app.storage.migrate import read_context_key
from app.storage.secrets import Secrets
from tests.access.stage import connect_superuser
from tests.properties.drawn_askers import DrawnAsker, list_askers
from tests.properties.drawn_outcomes import draw_outcomes
from tests.properties.drawn_people import People, Tables, draw_people
from tests.properties.drawn_rights import draw_rights
from tests.properties.stored_facts import Facts, read_facts
from tests.properties.stored_standing import Standings, Witness

Connections = Mapping[Login, asyncpg.Connection]
READERS = tuple(sorted(set(LOGIN_OF_ROLE.values())))


@dataclass(frozen=True, kw_only=True)
class DrawnRegistry:
    """Everything the comparisons need; `truth` and `bare_truth` are bound by nothing, one on each copy."""

    at: datetime
    policy: ServedPolicy
    catalogue: Catalogue
    signer: ContextSigner
    askers: tuple[DrawnAsker, ...]
    witness: Witness
    truth: asyncpg.Connection
    bare_truth: asyncpg.Connection
    walled: Connections
    bare: Connections
    # Of the copy behind row security, and of the one without it.
    addresses: Addresses
    bare_addresses: Addresses

    @property
    def facts(self) -> Facts:
        """What both copies hold."""
        return self.witness.facts

    def stand(self, asker: DrawnAsker) -> Standings:
        """How an asker stands to the rows."""
        return Standings(self.witness, asker)

    def sign(self, asker: DrawnAsker) -> str:
        """The asker's context."""
        return asker.sign(self.signer, self.at, self.policy.digest)


async def draw_tables(
    seed: int, more: int, policy: ServedPolicy, owner: asyncpg.Connection, at: datetime
) -> list[DrawnAsker]:
    """Fill an empty, migrated database; everyone who may ask there."""
    states = await owner.fetch("SELECT code, id FROM registry.jurisdictions WHERE level <> 'LOCAL'")
    people = People(Random(seed), at)
    draw_people(people, {row["code"]: row["id"] for row in states})
    holders = draw_rights(people, draw_outcomes(people, policy.point.bundle.record_states, more=more))
    await write_tables(owner, people.tables)
    return list(list_askers(holders, policy.point.bundle))


# What triggers keep on the rows themselves, set anew from what was written behind their back.
SET_BY_TRIGGERS = "UPDATE registry.outcome_series SET held = held"


async def write_tables(superuser: asyncpg.Connection, tables: Tables) -> None:
    """Write rows behind every trigger's back: what no command would allow must be there to be hidden."""
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        for table, rows in tables.items():
            schema, _, name = table.partition(".")
            columns = list(rows[0])
            records = [tuple(row[column] for column in columns) for row in rows]
            await superuser.copy_records_to_table(name, schema_name=schema, columns=columns, records=records)
        await superuser.execute("SET LOCAL session_replication_role = origin")
        await superuser.execute(SET_BY_TRIGGERS)


@asynccontextmanager
async def open_drawn(
    cluster: EmbeddedCluster, settings: Settings, template: str, *, seed: int, more: int = 0
) -> AsyncIterator[DrawnRegistry]:
    """Draw a registry, copy it, take row security off the copy, connect to both; both are dropped at the end."""
    at = datetime.now(UTC).replace(microsecond=500_000)
    assembly = assemble(settings.root)
    walled, bare = f"drawn_{uuid4().hex}", f"drawn_bare_{uuid4().hex}"
    async with AsyncExitStack() as stack:
        admin = await connect_superuser(cluster)
        stack.push_async_callback(admin.close)
        await _copy(stack, admin, template, walled)
        writer = await connect_superuser(cluster, walled)
        askers = await draw_tables(seed, more, assembly.policy, writer, at)
        await writer.close()
        await _copy(stack, admin, walled, bare)
        truth, other = [await connect_superuser(cluster, name) for name in (walled, bare)]
        for connection in (truth, other):
            stack.push_async_callback(connection.close)
            await connection.execute("ANALYZE")
        await drop_row_security(other)
        yield DrawnRegistry(
            at=at,
            policy=assembly.policy,
            catalogue=build_catalogue(),
            signer=ContextSigner(read_context_key(settings)),
            askers=tuple(askers),
            witness=Witness(await read_facts(truth, at), assembly.policy.point),
            truth=truth,
            bare_truth=other,
            walled=await _connect(stack, cluster, settings, walled, READERS),
            bare=await _connect(stack, cluster, settings, bare, READERS),
            addresses=name_embedded_addresses(cluster, Secrets(settings.home), database=walled),
            bare_addresses=name_embedded_addresses(cluster, Secrets(settings.home), database=bare),
        )


async def _copy(stack: AsyncExitStack, admin: asyncpg.Connection, source: str, name: str) -> None:
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" OWNER {OWNER_ROLE}')
    stack.push_async_callback(admin.execute, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _connect(
    stack: AsyncExitStack, cluster: EmbeddedCluster, settings: Settings, database: str, logins: Iterable[Login]
) -> Connections:
    addresses = name_embedded_addresses(cluster, Secrets(settings.home), database=database)
    found = {}
    for login in logins:
        found[login] = await asyncpg.connect(addresses.by_login[login], server_settings={"jit": "off"})
        stack.push_async_callback(found[login].close)
    return found


async def drop_row_security(truth: asyncpg.Connection) -> int:
    """Take row security off every table that has it; how many tables."""
    tables = await truth.fetch("SELECT DISTINCT format('%I.%I', schemaname, tablename) AS name FROM pg_policies")
    for row in tables:
        await truth.execute(f"ALTER TABLE {row['name']} DISABLE ROW LEVEL SECURITY")
    return len(tables)
