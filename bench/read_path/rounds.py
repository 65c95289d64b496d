"""Interleaved rounds of one shape over all variants, and the medians of what they used.

INVARIANT: every variant is measured once a round, in turn, so that what the machine does besides falls on all alike.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from read_path.driver import run_closed_loop
from read_path.processes import read_cpu_seconds
from read_path.shapes import Shape

WARMING_SECONDS: Final = 1.5
COUNTED_AT_ONCE: Final = 2
_STRIDE: Final = 997


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A running variant and its requests; `reads` makes an answer of it one as the registry writes them."""

    name: str
    pid: int
    port: int
    requests: Sequence[bytes]
    is_probity: bool = False
    reads: Callable[[Any], Any] = lambda body: body


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one variant did: answers a second, milliseconds at the median and the 99th of a hundred, CPU an answer."""

    rate: float
    p50: float
    p99: float
    server_cpu: float
    database_cpu: float

    @property
    def cpu(self) -> float:
        """Milliseconds of CPU an answer, server and database."""
        return self.server_cpu + self.database_cpu


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """The medians of a shape, by variant, with the smallest and largest CPU of the rounds."""

    shape: str
    is_count: bool
    figures: dict[str, Figures]
    spread: dict[str, tuple[float, float]]


async def measure_shape(
    shape: Shape,
    targets: Sequence[Target],
    postmaster: int,
    *,
    rounds: int,
    seconds: float,
    connections: int,
    tell: Callable[[str], None],
) -> Rounds:
    """Warm every variant, then measure them in turn; of figures, each of which may use every core, two at a time."""
    connections = min(connections, COUNTED_AT_ONCE) if shape.is_count else connections
    warming = min(WARMING_SECONDS, 2 * seconds)
    for target in targets:
        await run_closed_loop(target.port, target.requests, connections=connections, seconds=warming)
    taken: dict[str, list[Figures]] = {target.name: [] for target in targets}
    for turn in range(rounds):
        for target in targets:
            taken[target.name].append(
                await _measure(target, postmaster, connections=connections, seconds=seconds, start=turn * _STRIDE)
            )
        tell(f"{shape.name}: round {turn + 1} of {rounds}")
    return Rounds(
        shape=shape.name,
        is_count=shape.is_count,
        figures={name: _find_medians(each) for name, each in taken.items()},
        spread={name: (min(f.cpu for f in each), max(f.cpu for f in each)) for name, each in taken.items()},
    )


async def _measure(target: Target, postmaster: int, *, connections: int, seconds: float, start: int) -> Figures:
    server, database = read_cpu_seconds(target.pid), read_cpu_seconds(postmaster)
    run = await run_closed_loop(target.port, target.requests, connections=connections, seconds=seconds, start=start)
    return Figures(
        rate=run.answers / run.seconds,
        p50=run.quantile(0.5) * 1e3,
        p99=run.quantile(0.99) * 1e3,
        server_cpu=(read_cpu_seconds(target.pid) - server) / run.answers * 1e3,
        database_cpu=(read_cpu_seconds(postmaster) - database) / run.answers * 1e3,
    )


def _find_medians(taken: Sequence[Figures]) -> Figures:
    def median(read: Callable[[Figures], float]) -> float:
        return statistics.median(map(read, taken))

    return Figures(
        rate=median(lambda each: each.rate),
        p50=median(lambda each: each.p50),
        p99=median(lambda each: each.p99),
        server_cpu=median(lambda each: each.server_cpu),
        database_cpu=median(lambda each: each.database_cpu),
    )
