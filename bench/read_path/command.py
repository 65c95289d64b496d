"""The command line of the measurement: seed, compare, measure, report.

A body is compared before anything is timed, and nothing is timed after two bodies differed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from app.settings import Mode, Settings
from read_path.cold import measure_cold
from read_path.compare import list_differences
from read_path.driver import WrongAnswerError
from read_path.options import SMALL, read_options, read_sizes
from read_path.peer import standing_peer
from read_path.peer_questions import issue_peer_token
from read_path.people import Cast, issue_tokens
from read_path.processes import Served
from read_path.profile import explain_statements, explaining, profile_server
from read_path.registry import Measured, UnfitHomeError, running_registry
from read_path.report import Report, describe_machine, render_page, render_report
from read_path.rounds import Rounds, Target, measure_shape
from read_path.shapes import Shape
from read_path.sizes import Sizes, scale
from read_path.variants import Speech, Variant, choose_variants, encode_questions, equip_variants, serving

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


class DifferentAnswersError(RuntimeError):
    """Two variants answered the same question differently."""


def main(arguments: Sequence[str]) -> int:
    """Measure; 0 measured, 1 bodies that differ, 2 options that cannot be used."""
    chosen = read_options(arguments)
    try:
        sizes = read_sizes(chosen)
        variants, skipped = equip_variants(choose_variants(chosen.variants, chosen.beside), _tell)
        with _open_home(chosen.home) as home:
            return _carry_out(chosen, sizes, home, variants, skipped)
    except (ValueError, UnfitHomeError) as fault:
        print(fault, file=sys.stderr)
        return 2


@contextlib.contextmanager
def _open_home(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="read-path-") as folder:
        yield Path(folder)


def _carry_out(
    chosen: argparse.Namespace, sizes: Sizes, home: Path, variants: Sequence[Variant], skipped: Mapping[str, str]
) -> int:
    if chosen.seed_only:
        with running_registry(_describe(home), sizes, fresh=chosen.fresh, tell=_tell):
            return 0
    settings = _describe(home)
    with running_registry(settings, sizes, fresh=chosen.fresh, tell=_tell) as registry:
        run = _Run(chosen=chosen, settings=settings, registry=registry, variants=variants)
        if chosen.profile:
            print(run.profile())
            return 0
        results = run.measure(run.shapes)
        cold = asyncio.run(measure_cold(settings, run.shapes))
    small = _measure_small(chosen, sizes, home, variants) if chosen.scale else []
    if run.faults and not results:
        return 1
    report = Report(
        machine=describe_machine(),
        sizes=asdict(sizes),
        seconds_to_seed=registry.seconds_to_seed,
        results=results,
        small=small,
        cold=cold,
        skipped={**skipped, **run.faults},
        is_partial=chosen.variants is not None,
    )
    print(json.dumps(report.describe(), indent=2) if chosen.json else render_report(report))
    if run.faults:
        return 1
    if chosen.write:
        DOCUMENT.write_text(render_page(report), "utf-8")
    return 0


def _measure_small(
    chosen: argparse.Namespace, sizes: Sizes, home: Path, variants: Sequence[Variant]
) -> Sequence[Rounds]:
    """Look-ups and pages of a registry of 10,000 officers, in a folder within the other's."""
    settings = _describe(home / "small")
    settings.home.mkdir(exist_ok=True)
    compared = [each for each in variants if each.speech in (Speech.PLAIN, Speech.REGISTRY)]
    with running_registry(settings, scale(SMALL, sizes.seed), fresh=chosen.fresh, tell=_tell) as registry:
        run = _Run(chosen=chosen, settings=settings, registry=registry, variants=compared)
        return run.measure([shape for shape in run.shapes if not shape.is_count])


def _describe(home: Path) -> Settings:
    return Settings(mode=Mode.DEMO, home=home, port=8000)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The variants over one registry; `faults` are the shapes that could not be measured, each with the reason."""

    chosen: argparse.Namespace
    settings: Settings
    registry: Measured
    variants: Sequence[Variant]
    peer_tokens: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def cast(self) -> Cast:
        return self.registry.cast

    @property
    def shapes(self) -> list[Shape]:
        """The shapes to ask for; raises `ValueError` for a name that is none."""
        names = self.chosen.shapes
        unknown = set(names or ()) - {shape.name for shape in self.cast.shapes}
        if unknown:
            raise ValueError("there is no such shape here; there are: " + ", ".join(s.name for s in self.cast.shapes))
        return [shape for shape in self.cast.shapes if names is None or shape.name in names]

    def measure(self, shapes: Sequence[Shape]) -> list[Rounds]:
        """The figures of every shape whose answers agree."""
        found = []
        with self._serving() as served:
            for shape in shapes:
                try:
                    found.append(self._measure_shape(served, shape))
                except (DifferentAnswersError, WrongAnswerError) as fault:
                    self.faults[shape.name] = str(fault)
                    _tell(f"{shape.name}: {fault}")
        return found

    def profile(self) -> str:
        """Where the time of a request goes, by shape and variant: functions of the server, plans of statements."""
        parts: dict[str, str] = {}
        with self._serving() as served:
            for shape, target in self._list_pairs(served):
                if target.is_probity:
                    parts[f"{shape}: {target.name}"] = profile_server(target, self.chosen.connections)
        with explaining(self.registry.cluster), self._serving() as served:
            for shape, target in self._list_pairs(served):
                name = f"{shape}: {target.name}"
                parts[name] = f"{parts.get(name, '')}\n\n{explain_statements(target, self.registry.cluster.log)}"
        return "\n\n".join(f"## {name}\n\n{told.strip()}" for name, told in parts.items())

    def _list_pairs(self, served: Mapping[str, Served]) -> list[tuple[str, Target]]:
        return [(shape.name, target) for shape in self.shapes for target in self._list_targets(served, shape)]

    @contextlib.contextmanager
    def _serving(self) -> Iterator[dict[str, Served]]:
        with contextlib.ExitStack() as stack:
            more = {"MEASURED_DATABASE": self.registry.plain}
            if any(each.speech is Speech.PEER for each in self.variants):
                peer = stack.enter_context(standing_peer(self.registry.cluster))
                more |= {"PEER_DATABASE": peer.address, "PEER_SECRET": peer.secret}
                self.peer_tokens[:] = [issue_peer_token(peer.secret, asker) for asker in self.cast.askers]
            yield stack.enter_context(serving(self.variants, self.settings, more))

    def _list_targets(self, served: Mapping[str, Served], shape: Shape) -> list[Target]:
        tokens = issue_tokens(self.settings, self.cast.askers)
        return [
            Target(
                name=each.name,
                pid=served[each.name].pid,
                port=served[each.name].port,
                requests=encode_questions(each, shape, self.cast, tokens, self.peer_tokens),
                is_probity=each.is_probity,
                reads=each.reads,
            )
            for each in self.variants
            if each.answers(shape)
        ]

    def _compare(self, targets: Sequence[Target], shape: Shape) -> None:
        found = asyncio.run(list_differences(targets, shape))
        if found:
            raise DifferentAnswersError("; ".join(found))
        _tell(f"{shape.name}: {len(targets)} variants tell the same")

    def _measure_shape(self, served: Mapping[str, Served], shape: Shape) -> Rounds:
        targets = self._list_targets(served, shape)
        self._compare(targets, shape)
        return asyncio.run(
            measure_shape(
                shape,
                targets,
                self.registry.postmaster,
                rounds=self.chosen.rounds,
                seconds=self.chosen.seconds,
                connections=self.chosen.connections,
                tell=_tell,
            )
        )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


__all__ = ["main"]
