"""Where the time of a request goes: the server's functions, and the plan of every statement with what it touched.

The figures of a profile are inflated by profiling; they tell shares, never costs. It runs on a measured registry only.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import pstats
import re
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg

from app.storage.cluster import DATABASE
from app.storage.embedded import EmbeddedCluster
from read_path.driver import ask_once, run_closed_loop
from read_path.processes import profile_path
from read_path.rounds import Target

_SECONDS: Final = 2.0
_FUNCTIONS: Final = 40
_WAIT: Final = 10.0
_WARMING: Final = 40
_EXPLAINED: Final = 20
_WIDTH: Final = 180
_LOG_LINE: Final = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ UTC \[\d+\] ")
_PLAN: Final = re.compile(r"duration: ([\d.]+) ms  plan:\n\s*Query Text: ")
# The plan of each statement goes to the server's log; the people of a measured registry are invented.
_SETTINGS: Final = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_parameter_max_length": "0",
}


@contextlib.contextmanager
def explaining(cluster: EmbeddedCluster) -> Iterator[None]:
    """Every connection that is opened meanwhile writes the plans of its statements to the server's log."""
    asyncio.run(_alter(cluster, [f"SET {name} = '{value}'" for name, value in _SETTINGS.items()]))
    try:
        yield
    finally:
        asyncio.run(_alter(cluster, [f"RESET {name}" for name in _SETTINGS]))


async def _alter(cluster: EmbeddedCluster, changes: Sequence[str]) -> None:
    address = cluster.url(user=cluster.superuser, password=cluster.superuser_password, database=DATABASE)
    connection = await asyncpg.connect(address)
    try:
        for change in changes:
            await connection.execute(f"ALTER DATABASE {DATABASE} {change}")
    finally:
        await connection.close()


def profile_server(target: Target, connections: int) -> str:
    """The functions in which most of the server's time went, in microseconds a request."""
    path = profile_path(target.pid)
    path.unlink(missing_ok=True)
    asyncio.run(run_closed_loop(target.port, target.requests, connections=connections, seconds=_SECONDS))
    os.kill(target.pid, signal.SIGUSR1)
    run = asyncio.run(run_closed_loop(target.port, target.requests, connections=connections, seconds=_SECONDS))
    os.kill(target.pid, signal.SIGUSR2)
    _await_file(path)
    stats: Any = pstats.Stats(str(path))
    path.unlink()
    rows = sorted(stats.stats.items(), key=lambda item: item[1][2], reverse=True)
    lines = [f"{run.answers} requests; microseconds a request of its own, with what it calls, calls a request"]
    for (file, line, name), (_, calls, own, whole, _) in rows[:_FUNCTIONS]:
        times = f"{own / run.answers * 1e6:9.1f} {whole / run.answers * 1e6:9.1f} {calls / run.answers:7.1f}"
        lines.append(f"{times}  {_shorten(file)}:{line} {name}")
    return "\n".join(lines)


def _await_file(path: Path) -> None:
    until = time.monotonic() + _WAIT
    while not path.exists():
        if time.monotonic() > until:
            raise TimeoutError("the profiled server wrote no profile")
        time.sleep(0.05)


def _shorten(path: str) -> str:
    return "/".join(Path(path).parts[-3:])


def explain_statements(target: Target, log: Path) -> str:
    """The plans of a request's statements, those that take longest first; needs a server begun while `explaining`."""
    asyncio.run(_ask_often(target, _WARMING))
    place = log.stat().st_size
    asyncio.run(_ask_often(target, _EXPLAINED))
    with log.open("rb") as lines:
        lines.seek(place)
        written = lines.read().decode(errors="replace")
    plans: dict[str, list[tuple[float, str]]] = {}
    for milliseconds, statement, plan in read_plans(written):
        plans.setdefault(statement, []).append((milliseconds, plan))
    parts = []
    for statement, found in sorted(plans.items(), key=lambda item: -sum(each[0] for each in item[1])):
        spent = sum(each[0] for each in found) / _EXPLAINED
        middle = sorted(found)[len(found) // 2]
        told = f"{spent:.3f} ms a request in {len(found) / _EXPLAINED:.1f} runs of: {statement[:_WIDTH]}"
        parts.append(f"{told}\n{middle[1]}")
    return "\n\n".join(parts)


def read_plans(log: str) -> Iterator[tuple[float, str, str]]:
    """Milliseconds, statement and plan of each entry of a log that auto_explain wrote."""
    entries: list[list[str]] = []
    for line in log.splitlines():
        if _LOG_LINE.match(line):
            entries.append([line])
        elif entries:
            entries[-1].append(line)
    for entry in entries:
        text = "\n".join(entry)
        found = _PLAN.search(text)
        if found is None:
            continue
        # The statement ends where the first node of its plan stands, with its costs.
        lines = text[found.end() :].split("\n")
        first = next((i for i, line in enumerate(lines) if "  (cost=" in line), len(lines))
        statement = " ".join(" ".join(lines[:first]).split())
        yield float(found[1]), statement, "\n".join(line.expandtabs(2)[:_WIDTH] for line in lines[first:])


async def _ask_often(target: Target, times: int) -> None:
    for request in itertools.islice(itertools.cycle(target.requests), times):
        await ask_once(target.port, request)
