"""How large the measured registry is, and who of its people the measured questions are about.

Every size has the same shape near what is asked for: the same members of an agency, the same rows of a candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEASURED_AGENCIES: Final = 4
OUTCOMES_A_MEMBER: Final = 4
CANDIDATES_A_HIRER: Final = 25
MOST_MEMBERS: Final = 300
MOST_HIRERS: Final = 40
_EVERY: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRows:
    """The rows nested in a look-up."""

    stints: int
    certifications: int
    outcomes: int


CANDIDATE_ROWS: Final = CandidateRows(stints=5, certifications=2, outcomes=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many of each; `outcomes` are series, of which some have a second version."""

    officers: int
    stints: int
    versions: int
    agencies: int
    seed: int = 1
    past_check_share: float = 0.1

    def __post_init__(self) -> None:
        if self.officers < 1_000 or self.agencies < MEASURED_AGENCIES + 8:
            raise ValueError("a measured registry has at least 1,000 officers and 12 agencies")
        if self.stints < self.officers * 1.2 or self.versions < self.officers * 0.9:
            raise ValueError("there are too few stints or versions for so many officers")

    @property
    def outcomes(self) -> int:
        """How many series: two in three versions begin one."""
        return self.versions * 2 // 3

    @property
    def members(self) -> int:
        """The officers of each agency whose page is measured."""
        return min(MOST_MEMBERS, self.officers // 20)

    @property
    def hirers(self) -> int:
        """How many agencies hire: as many as there are candidates for."""
        left = self.officers - MEASURED_AGENCIES * self.members
        return max(1, min(MOST_HIRERS, left // _EVERY // CANDIDATES_A_HIRER, self.agencies - MEASURED_AGENCIES - 1))

    def is_member(self, number: int) -> bool:
        """Whether the officer of that number serves in a measured agency."""
        return number < MEASURED_AGENCIES * self.members

    def find_agency(self, number: int) -> int:
        """The place of the measured agency in which a member serves."""
        return number // self.members

    def is_candidate(self, number: int) -> bool:
        """Whether the officer has the full career of a candidate."""
        return not self.is_member(number) and number % _EVERY == 0

    def find_hirer(self, number: int) -> int | None:
        """The place of the agency with an open check of this candidate; none for those beyond its fill."""
        place = (number - MEASURED_AGENCIES * self.members) // _EVERY
        return place // CANDIDATES_A_HIRER if place < self.hirers * CANDIDATES_A_HIRER else None


def scale(officers: int, seed: int) -> Sizes:
    """The sizes that go with a number of officers: a million has 2 million stints and 18,000 agencies."""
    return Sizes(
        officers=officers,
        stints=officers * 2,
        versions=officers * 3 // 2,
        agencies=max(20, officers * 18 // 1000),
        seed=seed,
    )
