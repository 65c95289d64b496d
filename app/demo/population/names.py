"""Names of invented people: frequent ones as often as in the Census, rare ones composed.

No name belongs to anybody here; two people share one about as often as in reality, which is often.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Final

from app.demo.population.calibration import HERE, read_words
from app.demo.population.chance import Chance, Weighted, weigh

_RARE_GIVEN_NAMES: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FullName:
    """The parts of a name as the world format has them."""

    family: str
    given: str
    middle: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSource:
    """Names to draw from."""

    women: Weighted[str]
    men: Weighted[str]
    rare_women: tuple[str, ...]
    rare_men: tuple[str, ...]
    surnames: Weighted[str]
    surname_beginnings: tuple[str, ...]
    surname_endings: tuple[str, ...]
    women_covered: float
    men_covered: float
    surnames_covered: float

    def draw(self, chance: Chance, *, woman: bool) -> FullName:
        """A full name; four in five have a middle name."""
        return FullName(
            family=self.draw_surname(chance),
            given=self._draw_given(chance, woman=woman),
            middle=self._draw_given(chance, woman=woman) if chance.happens(0.8) else None,
        )

    def draw_surname(self, chance: Chance) -> str:
        """A surname: a frequent one by its frequency, else a composed one."""
        if chance.happens(self.surnames_covered):
            return chance.pick(self.surnames)
        return chance.one_of(self.surname_beginnings) + chance.one_of(self.surname_endings)

    def _draw_given(self, chance: Chance, *, woman: bool) -> str:
        if chance.happens(self.women_covered if woman else self.men_covered):
            return chance.pick(self.women if woman else self.men)
        return chance.one_of(self.rare_women if woman else self.rare_men)


def read_names() -> NameSource:
    """Read the lists of names beside this module."""
    given: dict[str, dict[str, float]] = {"F": {}, "M": {}}
    with (HERE / "given_names.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            given[row["sex"]][row["name"]] = float(row["percent"])
    with (HERE / "surnames.csv").open(encoding="utf-8", newline="") as lines:
        surnames = {row["name"]: float(row["percent"]) for row in csv.DictReader(lines)}
    return NameSource(
        women=weigh(given["F"]),
        men=weigh(given["M"]),
        rare_women=tuple(given["F"])[-_RARE_GIVEN_NAMES:],
        rare_men=tuple(given["M"])[-_RARE_GIVEN_NAMES:],
        surnames=weigh(surnames),
        surname_beginnings=read_words("surname_beginnings"),
        surname_endings=read_words("surname_endings"),
        women_covered=sum(given["F"].values()) / 100,
        men_covered=sum(given["M"].values()) / 100,
        surnames_covered=sum(surnames.values()) / 100,
    )
