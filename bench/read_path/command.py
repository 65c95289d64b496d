"""The command line of the measurement: seed, compare, measure, report.

A body is compared before anything is timed, and nothing is timed after two bodies differed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.main import bring_up_to_date
from app.settings import Mode, Settings
from app.storage.cluster import DATABASE, Addresses, open_addresses
from app.storage.embedded import EmbeddedCluster, running_cluster
from app.storage.world.owner import connected_owner
from read_path.cold import measure_cold
from read_path.compare import list_differences
from read_path.people import Cast, enrol, issue_tokens, keep_sizes, read_known
from read_path.plain_login import ensure_plain_login
from read_path.report import Report, describe_machine, render_page, render_report
from read_path.rounds import Rounds, Target, measure_shape
from read_path.seed import seed
from read_path.sizes import Sizes, scale
from read_path.variants import choose_variants, encode_questions, start_variants

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def main(arguments: Sequence[str]) -> int:
    """Measure; 0 measured, 1 bodies that differ, 2 options that cannot be used."""
    chosen = _read_options(arguments)
    try:
        sizes = _read_sizes(chosen)
    except ValueError as fault:
        print(fault, file=sys.stderr)
        return 2
    with _open_home(chosen.home) as home:
        return _measure(chosen, sizes, home)


def _read_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--officers", type=int, default=1_000_000, help="how many officers (1,000,000)")
    parser.add_argument("--stints", type=int, help="how many stints (twice the officers)")
    parser.add_argument("--versions", type=int, help="how many outcome versions (three for two officers)")
    parser.add_argument("--agencies", type=int, help="how many agencies (18 for a thousand officers)")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes another registry (1)")
    parser.add_argument("--home", type=Path, help="keep the registry in this folder, and use it again")
    parser.add_argument("--seed-only", action="store_true", help="stop when the registry is filled")
    parser.add_argument("--variants", type=lambda text: text.split(","), help="measure these alone, by name")
    parser.add_argument("--shapes", type=lambda text: text.split(","), help="measure these alone, by name")
    parser.add_argument("--rounds", type=int, default=7, help="how many rounds (7); medians are told")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a round of one variant is (4)")
    parser.add_argument("--connections", type=int, default=4, help="how many ask at once (4)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    return parser.parse_args(arguments)


def _read_sizes(chosen: argparse.Namespace) -> Sizes:
    usual = scale(chosen.officers, chosen.seed)
    return Sizes(
        officers=usual.officers,
        stints=chosen.stints or usual.stints,
        versions=chosen.versions or usual.versions,
        agencies=chosen.agencies or usual.agencies,
        seed=chosen.seed,
    )


@contextlib.contextmanager
def _open_home(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="read-path-") as folder:
        yield Path(folder)


def _measure(chosen: argparse.Namespace, sizes: Sizes, home: Path) -> int:
    settings = Settings(mode=Mode.DEMO, home=home, port=8000)
    _tell(f"a registry of {sizes.officers} officers")
    known = read_known(home)
    if known is None:
        # Filled without waiting for the disk; measured on a server that waits for it.
        with running_cluster(home, durable=False), open_addresses(settings) as addresses:
            known = asyncio.run(_fill(addresses, settings, sizes))
    elif known["sizes"] != _tell_sizes(sizes):
        _tell("the folder holds a registry of other sizes; name another folder")
        return 2
    if chosen.seed_only:
        return 0
    with running_cluster(home) as cluster, open_addresses(settings) as addresses:
        plain = asyncio.run(ensure_plain_login(cluster, DATABASE))
        cast = asyncio.run(_enrol(addresses, known))
        return _run_variants(chosen, sizes, settings, cluster, cast, plain)


async def _fill(addresses: Addresses, settings: Settings, sizes: Sizes) -> dict[str, Any]:
    await bring_up_to_date(addresses, settings)
    async with connected_owner(addresses) as connection:
        places = await seed(connection, settings, sizes, _tell)
    os.sync()
    return keep_sizes(
        settings.home,
        _tell_sizes(sizes),
        [agency.ori for agency in places.hiring],
        [agency.ori for agency in places.measured],
    )


def _tell_sizes(sizes: Sizes) -> dict[str, Any]:
    return asdict(sizes)


async def _enrol(addresses: Addresses, known: dict[str, Any]) -> Cast:
    async with connected_owner(addresses) as connection:
        return await enrol(connection, known["hiring"], known["measured"], Sizes(**known["sizes"]).members)


def _run_variants(
    chosen: argparse.Namespace, sizes: Sizes, settings: Settings, cluster: EmbeddedCluster, cast: Cast, plain: str
) -> int:
    tokens = issue_tokens(settings, cast.askers)
    postmaster = int((cluster.data_dir / "postmaster.pid").read_text("ascii").split()[0])
    shapes = [shape for shape in cast.shapes if chosen.shapes is None or shape.name in chosen.shapes]
    variants, skipped = choose_variants(chosen.variants)
    results: list[Rounds] = []
    with contextlib.ExitStack() as stack:
        served = start_variants(stack, variants, settings, plain)
        for shape in shapes:
            targets = [
                Target(
                    name=each.name,
                    pid=served[each.name].pid,
                    port=served[each.name].port,
                    requests=encode_questions(each, shape, cast, tokens),
                )
                for each in variants
                if each.answers(shape)
            ]
            found = asyncio.run(list_differences(targets, shape))
            if found:
                _tell("\n".join(found))
                return 1
            _tell(f"{shape.name}: {len(targets)} variants tell the same; measuring")
            results.append(
                asyncio.run(
                    measure_shape(
                        shape.name,
                        targets,
                        postmaster,
                        rounds=chosen.rounds,
                        seconds=chosen.seconds,
                        connections=chosen.connections,
                        tell=_tell,
                    )
                )
            )
    cold = asyncio.run(measure_cold(settings, shapes))
    report = Report(machine=describe_machine(), sizes=_tell_sizes(sizes), results=results, cold=cold, skipped=skipped)
    print(json.dumps(report.describe(), indent=2) if chosen.json else render_report(report))
    if chosen.write:
        DOCUMENT.write_text(render_page(report), "utf-8")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


__all__ = ["main"]
