"""How fast a world loads: invents a population, loads it into a fresh embedded database, and dumps it again.

Run `python bench/measure_world_load.py [OFFICERS ...]`; it prints one line a size and never touches another database.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from app.demo.population.generate import PopulationPlan, write_population
from app.domain.clock import draw_random_id, read_system_clock
from app.main import bring_up_to_date
from app.registry.world.exchange import dump_world, load_world
from app.settings import Mode, Settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.world.owner import connected_owner

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
OFFICERS_PER_AGENCY = 54


def main(arguments: list[str]) -> int:
    """Measure each size on a home folder of its own, and delete that folder afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("officers", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--dump", action="store_true", help="measure a dump as well")
    chosen = parser.parse_args(arguments)
    print(f"{'officers':>9} {'lines':>9} {'invent s':>9} {'load s':>7} {'lines/s':>8} {'dump s':>7} {'peak MB':>8}")
    for officers in chosen.officers:
        with tempfile.TemporaryDirectory(prefix="world-bench-") as home:
            print(measure(Path(home), officers, with_dump=chosen.dump), flush=True)
    return 0


def measure(home: Path, officers: int, *, with_dump: bool) -> str:
    """One line of the table."""
    world = home / "world.jsonl"
    plan = PopulationPlan(
        seed=1, agencies=min(18_500, max(20, officers // OFFICERS_PER_AGENCY)), officers=officers, now=AS_OF
    )
    started = time.perf_counter()
    with world.open("wb") as stream:
        stream.writelines(write_population(plan))
    invented = time.perf_counter() - started
    settings = Settings(mode=Mode.DEMO, home=home / "probity", port=8000)
    with open_addresses(settings) as addresses:
        lines, loaded, dumped = asyncio.run(load_and_dump(addresses, settings, world, with_dump=with_dump))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    dump = f"{dumped:7.1f}" if with_dump else f"{'-':>7}"
    return f"{officers:9} {lines:9} {invented:9.1f} {loaded:7.1f} {lines / loaded:8.0f} {dump} {peak:8.0f}"


async def load_and_dump(
    addresses: Addresses, settings: Settings, world: Path, *, with_dump: bool
) -> tuple[int, float, float]:
    """The lines loaded, and the seconds the load and the dump took."""
    await bring_up_to_date(addresses, settings)
    async with connected_owner(addresses) as connection:
        started = time.perf_counter()
        with world.open("rb") as lines:
            counts = await load_world(connection, settings, lines, clock=read_system_clock, ids=draw_random_id)
        loaded = time.perf_counter() - started
        started = time.perf_counter()
        if with_dump:
            async with aclosing(dump_world(connection, settings, clock=read_system_clock)) as dump:
                async for _ in dump:
                    pass
        return sum(counts.values()), loaded, time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
