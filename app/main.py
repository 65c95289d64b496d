"""The composition root: the only place where the parts of Probity are put together.

Nothing is decided here; every part is made once, checked, and handed to those that need it.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.answering.exporting import Exporter
from app.answering.policy_holder import PolicyHolder
from app.answering.recording import Recorder
from app.answering.served_policy import ServedPolicy, serve_policy
from app.domain.clock import Clock, draw_random_id, read_system_clock
from app.errors import SetupRefused
from app.identity.issuer import DEMO_KEY_NAME, DemoIssuer
from app.identity.tokens import TokenVerifier
from app.identity.trust import join_trust, read_trusted_issuers
from app.pipeline import Pipeline
from app.planning.planner import Planner
from app.planning.row_security import RowSecurityWriter
from app.policy.bundle import load_bundle, require_schema_fields
from app.policy.engine import DecisionPoint
from app.schema.bindings import build_catalogue
from app.schema.build import build_schema, get_graphql_schema
from app.schema.contracts import list_fields
from app.settings import Settings
from app.storage.cluster import Addresses
from app.storage.context import ContextSigner
from app.storage.export_files import ExportFiles
from app.storage.installation import read_clock_offset, read_policy_digest
from app.storage.ledger.arrivals import Arrivals
from app.storage.ledger.group_commit import LedgerLimits, open_ledger
from app.storage.logins import Login
from app.storage.migrate import read_context_key, read_status, upgrade_database
from app.storage.pools import open_pools
from app.storage.secrets import Secrets
from app.storage.tables.everything import METADATA
from app.storage.wall import SecondWall


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What follows from the policy and the schema alone, without a database."""

    policy: ServedPolicy
    wall_writer: RowSecurityWriter

    @property
    def wall(self) -> SecondWall:
        """Row security as this policy has it."""
        return SecondWall(
            listing=self.wall_writer.write_listing(),
            policies=self.wall_writer.write_policies(METADATA.sorted_tables),
            views=self.wall_writer.write_views(),
            column_grants=self.wall_writer.write_column_grants(),
            policy_sha256=self.policy.digest,
        )


def assemble(root: Path, policies: Path | None = None) -> Assembly:
    """Read and check the policy under `root` (or in `policies`) and cut the schema by it; raises `PolicyRefused`."""
    bundle = load_bundle(policies or root / "policies")
    schema = get_graphql_schema(build_schema())
    require_schema_fields(bundle, list_fields(schema))
    catalogue = build_catalogue()
    policy = serve_policy(DecisionPoint(bundle), schema, Planner(catalogue, bundle.record_states))
    writer = RowSecurityWriter(catalogue=catalogue, grants=policy.list_grants(), states=bundle.record_states)
    return Assembly(policy=policy, wall_writer=writer)


async def bring_up_to_date(addresses: Addresses, settings: Settings) -> None:
    """Upgrade the database, as the owner, to this code and this policy."""
    await upgrade_database(addresses, settings, assemble(settings.root).wall)


async def ensure_up_to_date(addresses: Addresses, settings: Settings) -> None:
    """Upgrade the embedded database where it is behind; refuse where it is the operator's own to upgrade."""
    assembly = assemble(settings.root)
    if addresses.owner is None:
        return
    status = await read_status(addresses, settings)
    if status.is_current and status.policy_sha256 == assembly.policy.digest.hex():
        return
    if settings.owner_url is not None:
        raise SetupRefused("the database is not current; run probity db upgrade first")
    await upgrade_database(addresses, settings, assembly.wall)


def open_exporter(settings: Settings, pipeline: Pipeline) -> Exporter:
    """What carries out exports, by the parts of an open pipeline; it needs no end of its own."""
    return Exporter(
        policies=pipeline.policies,
        pools=pipeline.pools,
        ledger=pipeline.ledger,
        recorder=pipeline.recorder,
        signer=pipeline.signer,
        clock=pipeline.clock,
        system_clock=pipeline.system_clock,
        draw_id=pipeline.draw_id,
        files=ExportFiles(folder=settings.exports or settings.home / "exports"),
    )


def read_documents(root: Path) -> Mapping[str, str]:
    """The trusted documents: every operation under `graphql/operations`, by the SHA-256 of its text."""
    texts = (path.read_text("utf-8") for path in sorted((root / "graphql" / "operations").rglob("*.graphql")))
    return {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}


@asynccontextmanager
async def open_pipeline(
    settings: Settings, addresses: Addresses, *, system_clock: Clock = read_system_clock
) -> AsyncIterator[Pipeline]:
    """The whole path, ready to answer; its pools and ledger are closed at the end."""
    policy = assemble(settings.root).policy
    secrets = Secrets(settings.home)
    issuers = list(read_trusted_issuers(settings.issuers_file).values()) if settings.issuers_file else []
    public_keys: Mapping[str, Any] = {"keys": []}
    if settings.is_demo:
        demo = DemoIssuer(
            secret=secrets.get_or_create(DEMO_KEY_NAME),
            mode=settings.mode,
            clock=system_clock,
            draw_id=draw_random_id,
        )
        issuers.append(demo.describe_trust())
        public_keys = demo.describe_keys()
    if not issuers:
        raise SetupRefused("no token issuer is trusted; name them in a file and set PROBITY_ISSUERS_FILE")
    arrivals = Arrivals()
    async with (
        open_pools(addresses) as pools,
        open_ledger(
            addresses.by_login[Login.LEDGER], ids=draw_random_id, limits=LedgerLimits(), arrivals=arrivals
        ) as ledger,
    ):
        async with pools.borrow(Login.COMMAND) as connection:
            if await read_policy_digest(connection) != policy.digest:
                raise SetupRefused("the database stands on another policy than the one here; run probity db upgrade")
            offset = await read_clock_offset(connection) if settings.is_demo else timedelta()

        def read_registry_clock() -> datetime:
            return system_clock() + offset

        yield Pipeline(
            policies=PolicyHolder(policy, lambda: assemble(settings.root).policy),
            verifier=TokenVerifier(join_trust(issuers), clock=system_clock),
            pools=pools,
            ledger=ledger,
            arrivals=arrivals,
            signer=ContextSigner(read_context_key(settings)),
            recorder=Recorder(draw_id=draw_random_id, key=secrets.get_or_create("commitment-key").encode()),
            clock=read_registry_clock,
            system_clock=system_clock,
            draw_id=draw_random_id,
            command_chain=draw_random_id(),
            documents=read_documents(settings.root),
            public_keys=public_keys,
            is_demo=settings.is_demo,
        )
