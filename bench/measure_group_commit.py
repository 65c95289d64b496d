"""Measures what durable audit records cost: commits shared by waiting requests against one commit for each record.

It runs on an embedded server of its own, durable as in use, in a temporary folder that it deletes; it fails if what it
wrote does not verify, or if sharing commits does not pay.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg

from app.audit.chain import seal_record, start_chain
from app.audit.records import AuditRecord, DisclosedItem, RecordKind
from app.domain.clock import draw_random_id
from app.main import bring_up_to_date
from app.settings import Mode, Settings
from app.storage.cluster import open_addresses
from app.storage.ledger.chain_reader import verify_chains
from app.storage.ledger.group_commit import LedgerLimits, open_ledger
from app.storage.ledger.rows import insert_records
from app.storage.logins import Login

Append = Callable[[AuditRecord], Awaitable[object]]
SHARED = "group commit, one chain"
SINGLE = "one commit a record, one chain"
CALLERS = (1, 16, 64, 256)
CONNECTIONS = 8
# The items of a usual answer, and what sharing commits must give for them at least, to one commit a record on the same
# chain, where callers wait together. Records of many items are bound by their rows instead.
USUAL_ITEMS = 5
LEAST_GAIN = 1.5
AFTERNOON = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One run: records a second, and the middle and slow waits of a caller in milliseconds."""

    per_second: float
    median_wait: float
    p99_wait: float


def make_record(draws: random.Random, items: int) -> AuditRecord:
    """A disclosure of `items` versions, of the size of a usual answer."""

    def draw_id() -> UUID:
        return UUID(int=draws.getrandbits(128), version=4)

    return AuditRecord(
        id=draw_id(),
        kind=RecordKind.DISCLOSURE,
        at=AFTERNOON,
        account="investigator.r.castillo",
        role="hiring_investigator",
        purpose="hiring",
        agency_id=draw_id(),
        operation="CandidateFile",
        document_sha256=bytes(32),
        policy_sha256=bytes(32),
        input_commitment=draws.randbytes(32),
        result="DISCLOSED",
        items=tuple(DisclosedItem(officer_id=draw_id(), series_id=draw_id(), version=1) for _ in range(items)),
    )


async def time_appends(append: Append, make: Callable[[], AuditRecord], *, callers: int, seconds: float) -> Timing:
    """Let `callers` append one record after the other for `seconds`."""
    waits: list[float] = []
    begin = time.perf_counter()

    async def call() -> None:
        while time.perf_counter() - begin < seconds:
            record = make()
            asked = time.perf_counter()
            await append(record)
            waits.append((time.perf_counter() - asked) * 1000)

    await asyncio.gather(*(call() for _ in range(callers)))
    elapsed = time.perf_counter() - begin
    waits.sort()
    return Timing(
        per_second=len(waits) / elapsed,
        median_wait=statistics.median(waits),
        p99_wait=waits[int(len(waits) * 0.99)],
    )


async def insert_singly(pool: asyncpg.Pool, record: AuditRecord) -> None:
    """One insert and commit for one record, each a chain by itself: what no ordering at all would allow."""
    async with pool.acquire() as connection:
        await insert_records(connection, [seal_record(start_chain(draw_random_id()), record)])


@asynccontextmanager
async def open_ways(address: str) -> AsyncIterator[Mapping[str, Append]]:
    """The ways of writing records that are compared; the first two write one chain."""
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(asyncpg.create_pool(address, min_size=CONNECTIONS, max_size=CONNECTIONS))
        shared, single = [
            await stack.enter_async_context(open_ledger(address, ids=draw_random_id, limits=limits))
            for limits in (LedgerLimits(), LedgerLimits(batch_records=1))
        ]
        yield {
            SHARED: shared.append,
            SINGLE: single.append,
            f"one insert a record, no chain, {CONNECTIONS} logins": lambda record: insert_singly(pool, record),
        }


async def measure(address: str, *, seconds: float, items: int, rounds: int) -> bool:
    """Print the medians of interleaved rounds; false if sharing commits does not pay."""
    draws = random.Random(2026)
    pays = True
    print(f"{items} items a record; medians (least to most) of {rounds} rounds of {seconds:g} s")
    print(f"{'callers':>7}  {'way':<42}{'records/s':>22}{'wait ms':>9}{'p99 ms':>8}")
    async with open_ways(address) as ways:
        for callers in CALLERS:
            timings: dict[str, list[Timing]] = {name: [] for name in ways}
            for _ in range(rounds):
                for name, append in ways.items():
                    timings[name].append(
                        await time_appends(append, lambda: make_record(draws, items), callers=callers, seconds=seconds)
                    )
            for name, runs in timings.items():
                print(f"{callers:>7}  {name:<42}{format_runs(runs)}")
            gain = find_rate(timings[SHARED]) / find_rate(timings[SINGLE])
            pays = pays and (callers == 1 or items > USUAL_ITEMS or gain >= LEAST_GAIN)
    return pays


def find_rate(runs: Sequence[Timing]) -> float:
    return statistics.median(run.per_second for run in runs)


def format_runs(runs: Sequence[Timing]) -> str:
    rates = [run.per_second for run in runs]
    spread = f"{statistics.median(rates):.0f} ({min(rates):.0f}-{max(rates):.0f})"
    waits = statistics.median(run.median_wait for run in runs)
    slow = statistics.median(run.p99_wait for run in runs)
    return f"{spread:>22}{waits:>9.2f}{slow:>8.2f}"


async def time_verification(address: str) -> bool:
    """Print how fast the chains are verified; false if they do not fit."""
    begin = time.perf_counter()
    report = await verify_chains(address)
    elapsed = time.perf_counter() - begin
    print(
        f"verified {report.records} records with {report.items} items in {elapsed:.1f} s, "
        f"{report.records / elapsed:.0f} records/s"
    )
    return report.is_intact


def main() -> int:
    """Start a server, migrate it, measure, and leave nothing behind; 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description="Measure group commit.")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way")
    parser.add_argument("--items", type=int, default=USUAL_ITEMS, help="items of a record")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL embedded and durable")
    with tempfile.TemporaryDirectory(prefix="probity-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        settings = Settings(mode=Mode.DEMO, home=home, port=8000)
        with open_addresses(settings) as addresses:
            asyncio.run(bring_up_to_date(addresses, settings))
            address = addresses.by_login[Login.LEDGER]
            pays = asyncio.run(
                measure(address, seconds=arguments.seconds, items=arguments.items, rounds=arguments.rounds)
            )
            fits = asyncio.run(time_verification(address))
    if not pays:
        print(f"group commit gave less than {LEAST_GAIN} times the records of one commit a record")
    if not fits:
        print("what was written does not verify")
    return 0 if pays and fits else 1


if __name__ == "__main__":
    sys.exit(main())
