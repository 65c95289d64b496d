"""Seeded chance: every draw of the invented population comes from here, so that one seed gives one world.

Never use it for anything secret: whoever knows the seed knows every draw.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_WORKING_LIFE: Final = 15_000


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T]):
    """Things to draw from by weight; made once, drawn from often."""

    things: Sequence[T]
    sums: Sequence[float]


def weigh(weights: Mapping[T, float]) -> Weighted[T]:
    """Things with their weights, ready to draw from; raises `ValueError` where nothing has any weight."""
    sums = tuple(accumulate(weights.values()))
    if not sums or sums[-1] <= 0:
        raise ValueError("nothing to draw from has any weight")
    return Weighted(tuple(weights), sums)


class Chance:
    """A sequence of draws that its seed determines."""

    __slots__ = ("_random",)

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - shapes invented data, guards nothing

    def happens(self, share: float) -> bool:
        """True in that share of draws."""
        return self._random.random() < share

    def whole(self, least: int, largest: int) -> int:
        """A whole number, both limits included."""
        return least + int(self._random.random() * (largest - least + 1))

    def pick(self, weighted: Weighted[T]) -> T:
        """One thing by its weight."""
        sums = weighted.sums
        return weighted.things[bisect(sums, self._random.random() * sums[-1], 0, len(sums) - 1)]

    def one_of(self, things: Sequence[T]) -> T:
        """One thing, each as likely."""
        return things[int(self._random.random() * len(things))]

    def lognormal(self, median: float, spread: float) -> float:
        """A draw whose logarithm is normal: `median`, and `spread` as the deviation of the logarithm."""
        return median * float(2.718281828459045 ** (spread * self._random.gauss(0.0, 1.0)))

    def by_quartiles(self, quartiles: Sequence[int]) -> int:
        """A number of days with these three quartiles, even between them; the longest is double the last quartile.

        No span is made longer than a working life by that.
        """
        points = (0, *quartiles, min(2 * quartiles[2], max(quartiles[2], _WORKING_LIFE)))
        place = self._random.random() * 4
        below = int(place)
        return int(points[below] + (place - below) * (points[below + 1] - points[below]))

    def day(self, first: date, last: date) -> date:
        """A day, both ends included."""
        return first + timedelta(days=self.whole(0, (last - first).days))

    def new_id(self) -> str:
        """A version 4 UUID."""
        digits = f"{self._random.getrandbits(122):031x}"
        variant = "89ab"[int(digits[15], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-{variant}{digits[16:19]}-{digits[19:]}"

    def new_digest(self) -> str:
        """64 hexadecimal digits, in place of a digest of a document that nobody wrote."""
        return f"{self._random.getrandbits(256):064x}"
