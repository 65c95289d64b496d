"""The figures as people and programs read them, and the page of the documentation that holds them.

INVARIANT: the page is written from a run's own figures; nobody types a figure.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from read_path.options import SMALL
from read_path.promises import Promise, find_limit, list_promises
from read_path.rounds import Figures, Rounds

ROOT: Final = Path(__file__).resolve().parents[2]
LATER: Final[Mapping[str, str]] = {
    "release cells": "the registry has no root for them yet",
    "candidate check": "the registry has no root for it yet",
}
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
    """Everything one run found; `small` are the same questions of a registry of 10,000 officers, where asked.

    It is partial where variants were named.
    """

    machine: Mapping[str, str]
    sizes: Mapping[str, Any]
    seconds_to_seed: float
    results: Sequence[Rounds]
    small: Sequence[Rounds]
    cold: Mapping[str, float]
    skipped: Mapping[str, str]
    is_partial: bool = False

    @property
    def promises(self) -> list[Promise]:
        """What was promised of these figures; of a partial run, those that it took."""
        listed = list_promises(self.results, self.small, self.cold, (SMALL, self.sizes["officers"]))
        return [each for each in listed if each.found is not None or not self.is_partial]

    def describe(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "machine": dict(self.machine),
            "sizes": dict(self.sizes),
            "seconds_to_seed": round(self.seconds_to_seed, 1),
            "shapes": _describe_rounds(self.results),
            "small": _describe_rounds(self.small),
            "cold_milliseconds": dict(self.cold),
            "promises": [{**asdict(each), "is_met": each.is_met} for each in self.promises],
            "not_there_yet": dict(LATER),
            "skipped": dict(self.skipped),
        }


def _describe_rounds(found: Sequence[Rounds]) -> dict[str, Any]:
    return {
        each.shape: {
            name: {**asdict(figures), "cpu": figures.cpu, "spread": each.spread[name]}
            for name, figures in each.figures.items()
        }
        for each in found
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
        **_describe_commit(),
    }


def _describe_commit() -> dict[str, str]:
    """The commit that is measured, where the checkout has one; a plus says that files differ from it."""
    git = shutil.which("git")
    if git is None:
        return {}

    def ask(*arguments: str) -> str:
        run = subprocess.run([git, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
        return run.stdout.strip() if run.returncode == 0 else ""

    commit = ask("rev-parse", "--short", "HEAD")
    return {"commit": commit + ("+" if ask("status", "--porcelain") else "")} if commit else {}


def _read(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8").splitlines()
    except OSError:
        return []


def render_report(report: Report) -> str:
    """Tables of plain text: what was promised, one a shape, sizes, what is missing."""
    parts = [_render_facts(report), f"## Promised\n\n{_render_promises(report.promises)}", "## Found"]
    parts += [f"### {rounds.shape}\n\n{_render_table(rounds)}" for rounds in report.results]
    if report.small:
        parts.append(f"## By size\n\n{_render_sizes(report)}")
    parts.append(_render_cold(report))
    return "\n\n".join(parts)


def render_page(report: Report) -> str:
    """The page of the documentation."""
    return f"""# Performance of the read path

This page is written by `make bench ARGS=--write` from what one run measured; it is not edited.
What is compared, and how, stands in [bench/README.md](../bench/README.md). CPU is that of the server process and of
all PostgreSQL processes, a request; figures are medians of interleaved rounds. The limit is the cheaper hand-written
form of the same run. A page of 1,000 is beyond what the registry gives: two bounds are lifted for it in the measured
process (bench/README.md).

{render_report(report)}
"""


def _render_facts(report: Report) -> str:
    lines = [f"| {name} | {value} |" for name, value in report.machine.items()]
    lines += [f"| {name} | {value:,} |" for name, value in report.sizes.items() if isinstance(value, int)]
    lines.append(f"| seconds to seed | {report.seconds_to_seed:,.0f} |")
    return "\n".join(["| | |", "|---|---|", *lines])


def _render_promises(promises: Sequence[Promise]) -> str:
    said = {True: "met", False: "**not met**", None: "not measured"}
    lines = []
    for each in promises:
        bound = f"{'at least' if each.is_floor else 'at most'} {each.bound:.2f} {each.unit}"
        found = "" if each.found is None else f"{each.found:.2f}"
        lines.append(f"| {each.what} | {bound} | {found} | {said[each.is_met]} |")
    return "\n".join(["| figure | promised | found | |", "|---|---:|---:|---|", *lines])


def _render_table(rounds: Rounds) -> str:
    limit = find_limit(rounds.figures)
    rows = [_render_row(name, figures, limit) for name, figures in rounds.figures.items()]
    return "\n".join(["| " + " | ".join(_HEAD) + " |", "|---" + "|---:" * (len(_HEAD) - 1) + "|", *rows])


def _render_row(name: str, figures: Figures, limit: float | None) -> str:
    cells = (
        name,
        f"{figures.rate:,.0f}" if figures.rate >= 10 else f"{figures.rate:.2f}",
        f"{figures.p50:.2f}",
        f"{figures.p99:.2f}",
        f"{figures.server_cpu:.3f}",
        f"{figures.database_cpu:.3f}",
        f"{figures.cpu:.3f}",
        f"{figures.cpu / limit:.2f}" if limit else "",
    )
    return "| " + " | ".join(cells) + " |"


def _render_sizes(report: Report) -> str:
    of_small = {rounds.shape: rounds for rounds in report.small}
    officers = report.sizes["officers"]
    lines = [
        f"| {rounds.shape} | {name} | {less.cpu:.3f} | {figures.cpu:.3f} | {figures.cpu / less.cpu:.2f} |"
        for rounds in report.results
        for name, figures in rounds.figures.items()
        if rounds.shape in of_small and (less := of_small[rounds.shape].figures.get(name))
    ]
    head = f"| shape | variant | CPU ms, {SMALL:,} officers | CPU ms, {officers:,} officers | times |"
    return "\n".join([head, "|---|---|---:|---:|---:|", *lines])


def _render_cold(report: Report) -> str:
    lines = [f"| {name} | {milliseconds:.1f} |" for name, milliseconds in report.cold.items()]
    table = "\n".join(["| a document sent for the first time | ms to its plan |", "|---|---:|", *lines])
    missing = "\n".join(f"* {name}: {reason}" for name, reason in {**LATER, **report.skipped}.items())
    return f"{table}\n\n## Not measured\n\n{missing}"
