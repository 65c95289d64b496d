"""The figures that shape the invented population, read from `calibration.json` with their sources.

Aggregates only: nothing here came from a record of a person, and nothing here may name one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """Why stints end: how often, after how many days of service, and after which gap another began (quartiles)."""

    reason: str
    spells: int
    tenure: tuple[int, int, int]
    gap: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Every figure by its name; shares are between 0 and 1, spans are days unless their name says years."""

    median_sworn: float
    sworn_spread: float
    agency_kinds: Mapping[str, float]
    enrolled_share: float
    stints_per_officer: Mapping[int, float]
    active_share: float
    certified_share: float
    same_state_share: float
    first_hire_age_years: tuple[int, int]
    women_share: float
    women_surname_change: float
    separations: tuple[Separation, ...]
    series_per_officer: float
    versions_per_series: float
    dispute_share: float
    received_to_charges: tuple[int, int, int]
    charges_to_order: tuple[int, int, int]
    charges_to_hearing: tuple[int, int, int]
    default_share: float
    outcome_kinds: Mapping[str, float]
    lifecycles: Mapping[str, float]
    hold_share: float


def read_calibration(path: Path = HERE / "calibration.json") -> Calibration:
    """Read the figures; raises `KeyError` where one is missing."""
    everything = json.loads(path.read_text("utf-8"))
    agencies, careers, outcomes = (
        {name: figure["value"] for name, figure in everything[group].items()}
        for group in ("agencies", "careers", "outcomes")
    )
    mean_sworn = agencies["sworn_total"] / agencies["agency_total"]
    return Calibration(
        median_sworn=agencies["median_sworn"],
        # The mean of a lognormal is its median times exp(spread^2 / 2).
        sworn_spread=math.sqrt(2 * math.log(mean_sworn / agencies["median_sworn"])),
        agency_kinds=agencies["kind_weights"],
        enrolled_share=agencies["enrolled_share"],
        stints_per_officer=_thin_stints(careers["agencies_per_person"], careers["mean_stints"]),
        separations=tuple(map(_read_separation, careers["separations"])),
        first_hire_age_years=(careers["first_hire_age_years"][0], careers["first_hire_age_years"][1]),
        received_to_charges=_read_quartiles(outcomes["received_to_charges_days"]),
        charges_to_order=_read_quartiles(outcomes["charges_to_order_days"]),
        charges_to_hearing=_read_quartiles(outcomes["charges_to_hearing_days"]),
        outcome_kinds=outcomes["kind_weights"],
        lifecycles=outcomes["lifecycle_weights"],
        **{name: careers[name] for name in _CAREER_SHARES},
        **{name: outcomes[name] for name in _OUTCOME_SHARES},
    )


_CAREER_SHARES: Final = ("active_share", "certified_share", "same_state_share", "women_share", "women_surname_change")
_OUTCOME_SHARES: Final = (
    "series_per_officer",
    "versions_per_series",
    "dispute_share",
    "default_share",
    "hold_share",
)


def _thin_stints(persons: Mapping[str, int], mean: float) -> dict[int, float]:
    """The counts of persons by number of stints, with as many single stints added as give the mean."""
    counts = {int(stints): float(count) for stints, count in persons.items()}
    total = sum(counts.values())
    held = sum(stints * count for stints, count in counts.items())
    counts[1] += (held - mean * total) / (mean - 1)
    return counts


def _read_separation(figures: Mapping[str, Any]) -> Separation:
    return Separation(
        reason=figures["reason"],
        spells=figures["spells"],
        tenure=_read_quartiles(figures["tenure"]),
        gap=_read_quartiles(figures["gap"]) if figures["gap"] else None,
    )


def _read_quartiles(days: list[int]) -> tuple[int, int, int]:
    first, middle, last = days
    return first, middle, last


def read_words(name: str) -> tuple[str, ...]:
    """A list of syllables that names are coined from; raises `KeyError` for an unknown one."""
    lists: dict[str, str] = json.loads((HERE / "coined_words.json").read_text("utf-8"))
    return tuple(lists[name].split())
