"""A path whose policy directory is the test's own, and a database that can be moved from one policy to another.

The directory and the database move apart on purpose: a process must be right in between.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.main import Assembly, assemble
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from app.storage.migrate import apply_policy
from app.storage.wall import SecondWall
from tests.access.stage import Told, copy_registry
from tests.journeys.conftest import RunningRegistry

Change = Callable[[Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingPolicy:
    """A running path, the root whose `policies` it reads, and the policies it can be moved between."""

    running: RunningRegistry
    root: Path
    settings: Settings
    folder: Path
    walls: dict[bytes, SecondWall] = field(default_factory=dict)

    def write(self, name: str, change: Change | None = None) -> Assembly:
        """A policy of that name beside the served one: the served one of this checkout, changed."""
        root = self.folder / name
        shutil.copytree(self.settings.root / "policies", root / "policies")
        if change is not None:
            change(root / "policies")
        return assemble(root)

    def put_on_disk(self, name: str) -> None:
        """Put the policy of that name where the process reads its own; never half of one."""
        place = self.root / "policies"
        aside = self.folder / "aside"
        shutil.copytree(self.folder / name / "policies", aside)
        shutil.rmtree(place)
        aside.rename(place)

    async def put_into_database(self, assembly: Assembly) -> None:
        """What `probity policy apply` does."""
        digest = assembly.policy.digest
        # Written once: it takes longer than putting it in place.
        wall = self.walls.setdefault(digest, self.walls.get(digest) or assembly.wall)
        await apply_policy(self.running.addresses, self.settings, wall)

    async def move(self, name: str, assembly: Assembly) -> None:
        """Both, in the order of an operator: the directory, then the database."""
        self.put_on_disk(name)
        await self.put_into_database(assembly)


@asynccontextmanager
async def open_moving(
    cluster: EmbeddedCluster, settings: Settings, told: Told, folder: Path
) -> AsyncIterator[MovingPolicy]:
    """A path over a copy of the story, with a policy directory of its own."""
    root = folder / "root"
    shutil.copytree(settings.root / "policies", root / "policies")
    async with copy_registry(cluster, replace(settings, root=root), told) as running:
        yield MovingPolicy(running=running, root=root, settings=settings, folder=folder)


def without_rules(*ids: str) -> Change:
    """A change that takes the rules with these ids out."""

    def change(policies: Path) -> None:
        gone = 0
        for file in (policies / "rules").glob("*.csv"):
            lines = file.read_text("ascii").splitlines(keepends=True)
            kept = [line for line in lines if not any(f" {rule}, " in line for rule in ids)]
            gone += len(lines) - len(kept)
            file.write_text("".join(kept), "ascii")
        assert gone == len(ids)

    return change


def reclassify(field: str, to: str) -> Change:
    """A change that puts a field into another class."""

    def change(policies: Path) -> None:
        file = policies / "fields.csv"
        lines = file.read_text("ascii").splitlines()
        place = next(number for number, line in enumerate(lines) if line.startswith(f"g2, {field}, "))
        lines[place] = f"g2, {field}, {to}"
        file.write_text("\n".join(lines) + "\n", "ascii")

    return change
