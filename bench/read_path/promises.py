"""What was promised of the read path, beside what a run found.

A figure that a run did not take is said to be missing; it is never taken to be met.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from read_path.rounds import Figures, Rounds
from read_path.variants import LIMITS, POSTGRAPHILE, PROBITY, UNAUDITED

COLD_MILLISECONDS: Final = 10.0
FULL: Final = 1_000_000
_AUDITED: Final = {UNAUDITED: "without audit", PROBITY: "everything on"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A figure with its bound: at most that much, or at least where `is_floor`; `found` is none where not taken."""

    what: str
    bound: float
    found: float | None
    is_floor: bool = False
    unit: str = "times"

    @property
    def is_met(self) -> bool | None:
        """Whether the figure keeps to its bound; none where it was not taken."""
        if self.found is None:
            return None
        return self.found >= self.bound if self.is_floor else self.found <= self.bound


def find_limit(figures: Mapping[str, Figures]) -> float | None:
    """The CPU of the cheaper hand-written form; none where neither was measured."""
    return min((each.cpu for name, each in figures.items() if name in LIMITS), default=None)


def list_promises(
    results: Sequence[Rounds], small: Sequence[Rounds], cold: Mapping[str, float], sizes: tuple[int, int]
) -> list[Promise]:
    """Every promise of the measured shapes; `sizes` are the officers of the smaller and of the larger registry."""
    # Figures over whole tables are promised at full size: of a few rows, planning costs more than counting.
    counted = [rounds for rounds in results if not rounds.is_count or sizes[1] >= FULL]
    found = [promise for rounds in counted for promise in _list_of_shape(rounds)]
    found += [
        Promise(what=f"{name}: a document sent for the first time", bound=COLD_MILLISECONDS, found=taken, unit="ms")
        for name, taken in cold.items()
    ]
    return [*found, *_list_of_scale(results, small, sizes)]


def _list_of_shape(rounds: Rounds) -> Iterator[Promise]:
    limit, figures = find_limit(rounds.figures), rounds.figures
    for name, bound in _bound_to_limit(rounds):
        cpu = figures[name].cpu / limit if limit and name in figures else None
        yield Promise(
            what=f"{rounds.shape}: CPU to the hand-written statement, {_AUDITED[name]}", bound=bound, found=cpu
        )
    if rounds.is_count:
        return
    peer = figures.get(POSTGRAPHILE)
    for name, least in ((UNAUDITED, 4.0), (PROBITY, 3.0)):
        own = figures.get(name)
        rate = own.rate / peer.rate if own and peer else None
        what = f"{rounds.shape}: answers/s to PostGraphile's, {_AUDITED[name]}"
        yield Promise(what=what, bound=least, found=rate, is_floor=True)
    cpu = figures[UNAUDITED].cpu / peer.cpu if UNAUDITED in figures and peer else None
    what = f"{rounds.shape}: CPU to PostGraphile's, {_AUDITED[UNAUDITED]}"
    yield Promise(what=what, bound=0.35, found=cpu)


def _bound_to_limit(rounds: Rounds) -> tuple[tuple[str, float], ...]:
    if rounds.is_count:
        return ((PROBITY, 1.1),)
    if rounds.shape == "look-up":
        return ((UNAUDITED, 1.25), (PROBITY, 1.5))
    return ((UNAUDITED, 1.3), (PROBITY, 1.3)) if rounds.shape == "page of 100" else ()


def _list_of_scale(results: Sequence[Rounds], small: Sequence[Rounds], sizes: tuple[int, int]) -> Iterator[Promise]:
    of_small = {rounds.shape: rounds for rounds in small}
    # A tree of keys grows by the logarithm of its rows, and a read by no more than its trees.
    growth = math.log(sizes[1]) / math.log(sizes[0]) if sizes[0] > 1 else 1.0
    for rounds in results:
        if rounds.shape in of_small and not rounds.is_count and PROBITY in rounds.figures:
            ratio = rounds.figures[PROBITY].cpu / of_small[rounds.shape].figures[PROBITY].cpu
            what = f"{rounds.shape}: CPU of {sizes[1]:,} officers to that of {sizes[0]:,}"
            yield Promise(what=what, bound=growth, found=ratio)
