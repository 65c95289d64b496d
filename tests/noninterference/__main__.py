"""The long run by command: `python -m tests.noninterference --cases N --seed S [--role R]`.

It starts a database server of its own in a temporary folder, and ends with 1 if an answer differed or a run proved too
little.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from app.domain.clock import read_system_clock
from app.main import bring_up_to_date
from app.settings import Mode, Settings
from app.storage.cluster import name_embedded_addresses, prepare_embedded_database
from app.storage.embedded import EmbeddedCluster, running_cluster
from app.storage.secrets import Secrets
from tests.noninterference.comparing import Comparison, Figures, count_all
from tests.noninterference.leak_hunts import open_hunter, shrink_difference
from tests.noninterference.planted_leaks import LEAKS
from tests.noninterference.principals import TwinAsker
from tests.noninterference.registries import Yard, open_yard
from tests.noninterference.stage import Stage, set_stage

TEMPLATE = "probity_twins"
FEWEST_FOR_A_LEAK = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and tell what came of it; 0 where nothing differed and enough was asked."""
    asked = _read_arguments(arguments)
    home = Path(tempfile.mkdtemp(prefix="probity-twins-"))
    home.chmod(0o711)
    settings = Settings(mode=Mode.DEMO, home=home, port=8000)
    try:
        with running_cluster(home, durable=False) as cluster:
            return asyncio.run(_run(cluster, settings, asked))
    finally:
        shutil.rmtree(home)


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.noninterference",
        description="compare two registries that differ only in what a principal may not see",
    )
    parser.add_argument("--cases", type=int, default=250, help="questions for each principal (250)")
    parser.add_argument("--seed", default="1", help="what worlds and questions are drawn from (1)")
    parser.add_argument("--role", help="only principals whose name begins so, such as records_officer")
    parser.add_argument("--leaks", action="store_true", help="hunt for the planted leaks as well")
    return parser.parse_args(arguments)


async def _run(cluster: EmbeddedCluster, settings: Settings, asked: argparse.Namespace) -> int:
    secrets = Secrets(settings.home)
    await prepare_embedded_database(cluster, secrets, database=TEMPLATE)
    await bring_up_to_date(name_embedded_addresses(cluster, secrets, database=TEMPLATE), settings)
    async with open_yard(cluster, settings, TEMPLATE) as yard:
        return await _run_in(yard, asked)


async def _run_in(yard: Yard, asked: argparse.Namespace) -> int:
    stage = set_stage(yard.pipeline.policy, read_system_clock(), asked.seed)
    askers = [each for each in stage.askers if each.name.startswith(asked.role or "")]
    if not askers:
        print("no principal has such a name; they are: " + ", ".join(each.name for each in stage.askers))
        return 2
    runs = [await _compare(yard, stage, asker, asked.cases) for asker in askers]
    missed = await _hunt(yard, stage, max(asked.cases, FEWEST_FOR_A_LEAK)) if asked.leaks else 0
    return _conclude(runs) or int(missed > 0)


async def _compare(yard: Yard, stage: Stage, asker: TwinAsker, cases: int) -> Figures:
    twin = stage.hide(asker)
    started = time.monotonic()

    def tell_progress(number: int) -> None:
        if sys.stderr.isatty() or number % 100 == 0:
            print(f"\r{asker.name}: {number} of {cases}", end="", file=sys.stderr, flush=True)

    async with yard.open_twins(twin.lines, twin.other, asker) as twins:
        figures = await Comparison(twins, twin, stage.seed).run(cases, progress=tell_progress)
        print(f"\r{asker.name}: {figures.counted['asked']} in {time.monotonic() - started:.0f} s", file=sys.stderr)
        for difference in figures.differences[:3]:
            print((await shrink_difference(twins, difference)).tell())
    return figures


async def _hunt(yard: Yard, stage: Stage, cases: int) -> int:
    missed = 0
    async with open_hunter(yard, stage) as hunter:
        for leak in LEAKS:
            found = await hunter.hunt(leak, cases)
            missed += found is None
            print(f"leak by {leak.channel:28} {f'found after {found.asked}' if found else 'NOT FOUND'}")
    return missed


def _conclude(runs: Sequence[Figures]) -> int:
    faults = 0
    for each in runs:
        print(each.tell())
        channels = ", ".join(f"{channel} {count}" for channel, count in sorted(each.twin.by_channel.items()))
        print(f"    hidden changes: {channels}")
        for shortcoming in each.list_shortcomings():
            print(f"    proves too little: {shortcoming}")
            faults += 1
    total = count_all(runs)
    differing = sum(len(each.differences) for each in runs)
    print(
        f"in all: asked {total['asked']}, answered {total['answered']}, with rows {total['with rows']}, near hidden "
        f"changes {total['near hidden']}, differences {differing}"
    )
    return int(faults > 0 or differing > 0)


if __name__ == "__main__":
    sys.exit(main())
