"""Measures a change of policy while requests are answered: the process's reload, and putting it into the database.

It runs on an embedded server of its own in a temporary folder. It fails where a request is refused or dropped, where an
answer is of neither policy, or where either step takes a second or more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.demo.cast import Account
from app.demo.story import write_story
from app.domain.clock import draw_random_id, read_system_clock
from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import DEMO_KEY_NAME, DemoIssuer, TokenOrder
from app.identity.presented import PresentedToken
from app.main import Assembly, assemble, bring_up_to_date, open_pipeline
from app.pipeline import GraphQLRequest, Pipeline
from app.policy.bundle import load_bundle
from app.policy.engine import DecisionPoint
from app.registry.world.exchange import load_world
from app.settings import Mode, Settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.migrate import apply_policy
from app.storage.secrets import Secrets
from app.storage.world.owner import connected_owner

CALLERS = 4
MOVES = 6
MOST_SECONDS = 1.0
DOCUMENT = "{ outcomes(first: 20) { nodes { id kind actionDate } } }"
POST = TokenOrder(account=Account.POST.value, role=Role.POST_OFFICER, purpose=Purpose.CERTIFICATION, state_code="WA")


@dataclass(slots=True, kw_only=True)
class Waits:
    """Seconds that each request took, and when it began."""

    all: list[tuple[float, float]] = field(default_factory=list)

    def longest_in(self, spans: Sequence[tuple[float, float]]) -> float:
        """The longest wait of a request that was under way in one of the spans."""
        return max(
            (took for began, took in self.all if any(began < end and began + took > start for start, end in spans)),
            default=0.0,
        )


def write_policies(root: Path, folder: Path) -> Sequence[Path]:
    """The served policy and one that differs in a line, each under a root of its own."""
    found = []
    for name in ("served", "narrower"):
        shutil.copytree(root / "policies", folder / name / "policies")
        found.append(folder / name)
    rules = found[1] / "policies" / "rules" / "post_officer.csv"
    lines = rules.read_text("ascii").splitlines(keepends=True)
    rules.write_text("".join(line for line in lines if ", outcome_detail, cleared, " not in line), "ascii")
    if load_bundle(found[0] / "policies").digest == load_bundle(found[1] / "policies").digest:
        raise AssertionError("the two policies are the same; name another line to take out")
    return found


def time_steps(root: Path) -> dict[str, float]:
    """Seconds of each step of a reload, alone."""
    steps: dict[str, Callable[[], object]] = {
        "read and check": lambda: load_bundle(root / "policies"),
        "enforcer, built and verified": lambda: DecisionPoint(load_bundle(root / "policies")),
        "whole reload": lambda: assemble(root),
        "row security, written": lambda: assemble(root).wall,
    }
    found = {}
    for name, step in steps.items():
        took = []
        for _ in range(3):
            started = time.perf_counter()
            step()
            took.append(time.perf_counter() - started)
        found[name] = statistics.median(took)
    return found


async def ask(pipeline: Pipeline, issuer: DemoIssuer) -> bytes:
    """One answer; refusals are raised."""
    request = GraphQLRequest(document=DOCUMENT, operation_name=None, variables={}, may_command=False)
    return (await pipeline.answer(request, PresentedToken(compact=issuer.issue_token(POST)))).body


async def measure_under_load(addresses: Addresses, settings: Settings, folder: Path) -> dict[str, float | int]:
    """Move the policy back and forth while callers ask; the figures of the moves and of the callers."""
    roots = write_policies(settings.root, folder)
    assemblies: list[Assembly] = [assemble(root) for root in roots]
    walls = [assembly.wall for assembly in assemblies]
    own = folder / "root"
    shutil.copytree(roots[0] / "policies", own / "policies")
    issuer = DemoIssuer(
        secret=Secrets(settings.home).get_or_create(DEMO_KEY_NAME),
        mode=settings.mode,
        clock=read_system_clock,
        draw_id=draw_random_id,
    )
    applying: list[tuple[float, float]] = []
    reloading: list[float] = []
    waits = Waits()
    async with open_pipeline(replace(settings, root=own), addresses) as pipeline:
        answers: set[bytes] = set()
        is_over = False

        async def ask_on() -> None:
            while not is_over:
                began = time.perf_counter()
                answers.add(await ask(pipeline, issuer))
                waits.all.append((began, time.perf_counter() - began))

        asking = [asyncio.ensure_future(ask_on()) for _ in range(CALLERS)]
        await asyncio.sleep(0.5)
        for move in range(MOVES):
            place = (move + 1) % 2
            shutil.rmtree(own / "policies")
            shutil.copytree(roots[place] / "policies", own / "policies")
            began = time.perf_counter()
            await apply_policy(addresses, settings, walls[place])
            applying.append((began, time.perf_counter()))
            began = time.perf_counter()
            if not await pipeline.follow_policy():
                raise AssertionError("the process does not serve what was applied")
            reloading.append(time.perf_counter() - began)
            await asyncio.sleep(0.5)
        is_over = True
        await asyncio.gather(*asking)
    if len(answers) != len(roots):
        raise AssertionError("there must be one answer under each policy, and no other")
    took = [end - start for start, end in applying]
    return {
        "moves": MOVES,
        "requests": len(waits.all),
        "dropped": 0,
        "apply_median_s": statistics.median(took),
        "apply_worst_s": max(took),
        "reload_median_s": statistics.median(reloading),
        "reload_worst_s": max(reloading),
        "wait_median_s": statistics.median(took for _, took in waits.all),
        "wait_worst_s": waits.longest_in(applying),
    }


async def prepare(addresses: Addresses, settings: Settings) -> None:
    """The story in a database that is up to date."""
    await bring_up_to_date(addresses, settings)
    async with connected_owner(addresses) as connection:
        await load_world(
            connection, settings, write_story(read_system_clock()), clock=read_system_clock, ids=draw_random_id
        )


def main() -> int:
    """Measure and tell; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="report as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reload-bench-") as place:
        folder = Path(place)
        folder.chmod(0o711)
        settings = Settings(mode=Mode.DEMO, home=folder / "home", port=8000)
        steps = time_steps(settings.root)
        with open_addresses(settings, progress=lambda _: None) as addresses:
            asyncio.run(prepare(addresses, settings))
            figures = asyncio.run(measure_under_load(addresses, settings, folder))
    misses = [name for name in ("apply_median_s", "reload_median_s") if figures[name] >= MOST_SECONDS]
    if arguments.json:
        print(json.dumps({"steps_s": steps, **figures, "misses": misses}, indent=2))
    else:
        print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {CALLERS} callers")
        for name, seconds in steps.items():
            print(f"{name:32} {seconds * 1e3:8.0f} ms")
        for name, figure in figures.items():
            print(f"{name:32} {figure:8.3f}" if isinstance(figure, float) else f"{name:32} {figure:8}")
        for name in misses:
            print(f"missed: {name} is a second or more", file=sys.stderr)
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
