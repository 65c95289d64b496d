"""The figures as people and programs read them, and the page of the documentation that holds them.

INVARIANT: the page is written from a run's own figures; nobody types a figure.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from read_path.rounds import Figures, Rounds
from read_path.variants import LIMITS

LATER: Final = ("statistics live", "release cells", "candidate check")
_HEAD: Final = (
    "variant",
    "answers/s",
    "p50 ms",
    "p99 ms",
    "server CPU ms",
    "database CPU ms",
    "CPU ms",
    "CPU, limit = 1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one run found."""

    machine: Mapping[str, str]
    sizes: Mapping[str, Any]
    results: Sequence[Rounds]
    cold: Mapping[str, float]
    skipped: Mapping[str, str]

    def describe(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "machine": dict(self.machine),
            "sizes": dict(self.sizes),
            "shapes": {
                each.shape: {
                    name: {**asdict(figures), "cpu": figures.cpu, "spread": each.spread[name]}
                    for name, figures in each.figures.items()
                }
                for each in self.results
            },
            "cold_milliseconds": dict(self.cold),
            "not_there_yet": list(LATER),
            "skipped": dict(self.skipped),
        }


def describe_machine() -> dict[str, str]:
    """What the figures were measured on."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _read("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    memory = next((int(line.split()[1]) for line in _read("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": f"{os.cpu_count()} cores, {cpu}",
        "memory": f"{memory / 1024**2:.0f} GiB",
        "load when it ended": f"{os.getloadavg()[1]:.1f} (5 minutes)",
        "Python": platform.python_version(),
        "PostgreSQL": "18, embedded, durable",
    }


def _read(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8").splitlines()
    except OSError:
        return []


def render_report(report: Report) -> str:
    """Tables of plain text, one a shape."""
    parts = [_render_facts(report)]
    for rounds in report.results:
        parts.append(f"### {rounds.shape}\n\n{_render_table(rounds)}")
    parts.append(_render_cold(report))
    return "\n\n".join(parts)


def render_page(report: Report) -> str:
    """The page of the documentation."""
    return f"""# Performance of the read path

This page is written by `python bench/measure_read_path.py --write` from what one run measured; it is not edited.
What is compared, and how, stands in [bench/README.md](../bench/README.md). CPU is that of the server process and of
all PostgreSQL processes, a request. The limit is the cheaper hand-written form of the same run.

{render_report(report)}
"""


def _render_facts(report: Report) -> str:
    lines = [f"| {name} | {value} |" for name, value in report.machine.items()]
    lines += [f"| {name} | {value:,} |" for name, value in report.sizes.items() if isinstance(value, int)]
    return "\n".join(["| | |", "|---|---|", *lines])


def _render_table(rounds: Rounds) -> str:
    limit = min(figures.cpu for name, figures in rounds.figures.items() if name in LIMITS or len(rounds.figures) < 2)
    rows = [_render_row(name, figures, limit) for name, figures in rounds.figures.items()]
    return "\n".join(["| " + " | ".join(_HEAD) + " |", "|---" + "|---:" * (len(_HEAD) - 1) + "|", *rows])


def _render_row(name: str, figures: Figures, limit: float) -> str:
    cells = (
        name,
        f"{figures.rate:,.0f}",
        f"{figures.p50:.2f}",
        f"{figures.p99:.2f}",
        f"{figures.server_cpu:.3f}",
        f"{figures.database_cpu:.3f}",
        f"{figures.cpu:.3f}",
        f"{figures.cpu / limit:.2f}",
    )
    return "| " + " | ".join(cells) + " |"


def _render_cold(report: Report) -> str:
    lines = [f"| {name} | {milliseconds:.1f} |" for name, milliseconds in report.cold.items()]
    table = "\n".join(["| a document sent for the first time | ms to its plan |", "|---|---:|", *lines])
    later = "\n".join(f"* {name}: not there yet" for name in LATER)
    skipped = "\n".join(f"* {name}: {reason}" for name, reason in report.skipped.items())
    return "\n\n".join(part for part in (table, later, skipped) if part)
