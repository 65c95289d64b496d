"""Imports of invented files of Washington's shapes: seconds, rows a second and memory, each round on a fresh database.

Bounds: 20,000 stints and 2,000 cases in under 20 s on two cores, and no more memory for a long file than for a short
one. `--stints 1000000 --rounds 1` measures the latter. The counts are compared with the generator's promises first.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.domain.clock import draw_random_id, read_system_clock
from app.domain.intake import ImportKind
from app.registry.intake.mapping_file import read_mapping
from app.registry.intake.report import ReportWriter
from app.registry.intake.run import ImportOrder, ImportTools, run_import
from app.settings import Mode, Settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.intake.recording import make_recorder
from app.storage.logins import Login

ROOT = Path(__file__).resolve().parents[1]
# The generator lives with the tests, whose expectations it holds.
sys.path.insert(0, str(ROOT / "tests"))
generated: Any = importlib.import_module("imports.generated_files")

PROMISED_STINTS = 20_000
PROMISED_SECONDS = 20.0
PROMISED_GROWTH_MB = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One import; `peak_mb` is the highest resident memory of the process until its end."""

    what: str
    rows: int
    seconds: float
    peak_mb: int


async def measure_import(
    address: str, kind: ImportKind, path: Path, expected: dict[str, Any], what: str
) -> Measurement:
    """Import one file, compare its counts with those promised, and give the figures."""
    mapping = None if kind is ImportKind.AGENCIES else read_mapping(ROOT / "mappings" / f"wa_{kind.value}.toml", kind)
    tools = ImportTools(
        clock=read_system_clock,
        draw_id=draw_random_id,
        record=make_recorder(secret=bytes(32), draw_id=draw_random_id, state="WA"),
        report=ReportWriter(None),
        show_progress=lambda done, total: None,
    )
    order = ImportOrder(kind=kind, path=path, source=f"measured-{kind.value}", mapping=mapping)
    begun = time.perf_counter()
    result = await run_import(address, order, tools)
    seconds = time.perf_counter() - begun
    if result.counts.to_json() != expected:
        raise SystemExit(f"{what}: the counts are not those that the generator promises")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Measurement(what=what, rows=result.counts.read, seconds=seconds, peak_mb=peak_mb)


async def measure_round(
    addresses: Addresses, settings: Settings, folder: Path, stints: int, cases: int
) -> list[Measurement]:
    """Agencies, careers and cases, then careers and cases again."""
    # The composition root needs every part of the project; this file should load without them.
    from app.main import bring_up_to_date

    await bring_up_to_date(addresses, settings)
    address = addresses.by_login[Login.IMPORTER]
    groups = max(1, cases // len(list(generated.list_cases(0, 40))))
    officers = groups * generated.CASE_OFFICERS_PER_GROUP
    files = [
        (ImportKind.AGENCIES, generated.write_agencies(folder / "agencies.csv")),
        (ImportKind.CAREERS, generated.write_careers(folder / "careers.csv", stints=stints, case_officers=officers)),
        (ImportKind.CASES, generated.write_cases(folder / "cases.csv", groups=groups)),
    ]
    figures = []
    for kind, expected in files:
        path = folder / f"{kind.value}.csv"
        figures.append(await measure_import(address, kind, path, expected.to_json(), kind.value))
    for kind, expected in files[1:]:
        path = folder / f"{kind.value}.csv"
        figures.append(await measure_import(address, kind, path, expected.to_second_json(), f"{kind.value} again"))
    return figures


@contextmanager
def make_home() -> Iterator[Path]:
    """A folder that the database's account may pass through, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="probity-import-bench-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def run_round(stints: int, cases: int) -> list[Measurement]:
    """One round on a database of its own, durable as in earnest."""
    with make_home() as folder:
        settings = Settings(mode=Mode.DEMO, home=folder / "home", port=8000)
        with open_addresses(settings) as addresses:
            return asyncio.run(measure_round(addresses, settings, folder, stints, cases))


def summarise(rounds: list[list[Measurement]], stints: int) -> dict[str, Any]:
    """Medians with the smallest and the largest, and whether the bounds hold."""
    both = [sum(figure.seconds for figure in figures[1:3]) for figures in rounds]
    growth = max(figures[-1].peak_mb - figures[0].peak_mb for figures in rounds)
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "durable": True,
        "rounds": [[asdict(figure) for figure in figures] for figures in rounds],
        "careers_and_cases_seconds": {
            "median": round(statistics.median(both), 2),
            "smallest": round(min(both), 2),
            "largest": round(max(both), 2),
        },
        "memory_growth_mb": growth,
        "bounds_hold": growth <= PROMISED_GROWTH_MB
        and (stints > PROMISED_STINTS or statistics.median(both) < PROMISED_SECONDS),
    }


def main() -> int:
    """Print a table and JSON; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stints", type=int, default=PROMISED_STINTS)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    rounds = []
    print(f"{'import':<16} {'rows':>10} {'seconds':>8} {'rows/s':>8} {'peak MB':>8}")
    for _ in range(chosen.rounds):
        figures = run_round(chosen.stints, chosen.cases)
        rounds.append(figures)
        for figure in figures:
            speed = figure.rows / figure.seconds
            row = f"{figure.what:<16} {figure.rows:>10,} {figure.seconds:>8.2f} {speed:>8,.0f} {figure.peak_mb:>8}"
            print(row, flush=True)
    summary = summarise(rounds, chosen.stints)
    print(json.dumps(summary, indent=2))
    return 0 if summary["bounds_hold"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
