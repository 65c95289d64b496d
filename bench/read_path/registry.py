"""The measured registry: filled once, kept with its home folder, and opened for a measurement.

It is filled without waiting for the disk, and measured on a server that waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.main import bring_up_to_date
from app.settings import Settings
from app.storage.cluster import DATABASE, Addresses, open_addresses
from app.storage.embedded import EmbeddedCluster, running_cluster
from app.storage.world.owner import connected_owner
from read_path.people import Cast, begin_known, enrol, is_ours, keep_known, read_known
from read_path.plain_login import ensure_plain_login
from read_path.seed import seed
from read_path.sizes import Sizes

Report = Callable[[str], None]


class UnfitHomeError(RuntimeError):
    """The folder holds a registry that cannot be measured as asked; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A running registry: who asks it what, and the address of the login that nothing binds."""

    cast: Cast
    plain: str
    cluster: EmbeddedCluster
    seconds_to_seed: float

    @property
    def postmaster(self) -> int:
        """The process under which all of the database runs."""
        return int((self.cluster.data_dir / "postmaster.pid").read_text("ascii").split()[0])


@contextlib.contextmanager
def running_registry(settings: Settings, sizes: Sizes, *, fresh: bool, tell: Report) -> Iterator[Measured]:
    """The registry of the home folder, filled where it is not; raises `UnfitHomeError`."""
    if fresh:
        _empty(settings.home)
    known = read_known(settings.home)
    tell(f"a registry of {sizes.officers} officers")
    schema = hash_schema(settings.root)
    if known is None:
        _empty(settings.home)
        begin_known(settings.home)
        with running_cluster(settings.home, durable=False), open_addresses(settings) as addresses:
            known = asyncio.run(_fill(addresses, settings, sizes, schema, tell))
    elif known["sizes"] != asdict(sizes):
        raise UnfitHomeError("the folder holds a registry of other sizes; name another folder, or add --fresh")
    elif known["schema"] != schema:
        tell("the migrations are others than when this registry was filled; --fresh fills it anew")
    with running_cluster(settings.home) as cluster, open_addresses(settings) as addresses:
        # The policy may be another by now, and migrations may have come.
        asyncio.run(bring_up_to_date(addresses, settings))
        plain = asyncio.run(ensure_plain_login(cluster, DATABASE))
        cast = asyncio.run(_enrol(addresses, known))
        yield Measured(cast=cast, plain=plain, cluster=cluster, seconds_to_seed=known["seconds"])


def _empty(home: Path) -> None:
    """Remove a registry that was made here, or was begun; another folder than such a one is refused."""
    if not any(home.iterdir()):
        return
    if not is_ours(home):
        raise UnfitHomeError("the folder holds something else than a measured registry; name another folder")
    if next(home.rglob("postmaster.pid"), None):
        raise UnfitHomeError("the registry of this folder is in use; end what uses it, or name another folder")
    for entry in home.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def hash_schema(root: Path) -> str:
    """A digest of all migrations."""
    digest = hashlib.sha256()
    for path in sorted((root / "migrations" / "versions").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


async def _fill(addresses: Addresses, settings: Settings, sizes: Sizes, schema: str, tell: Report) -> dict[str, Any]:
    started = time.perf_counter()
    await bring_up_to_date(addresses, settings)
    places = await seed(addresses, settings, sizes, tell)
    os.sync()
    return keep_known(
        settings.home,
        {
            "sizes": asdict(sizes),
            "schema": schema,
            "seconds": time.perf_counter() - started,
            "hiring": [agency.ori for agency in places.hiring],
            "measured": [agency.ori for agency in places.measured],
        },
    )


async def _enrol(addresses: Addresses, known: dict[str, Any]) -> Cast:
    async with connected_owner(addresses) as connection:
        return await enrol(connection, known["hiring"], known["measured"], Sizes(**known["sizes"]).members)
