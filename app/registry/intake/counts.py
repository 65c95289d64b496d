"""What became of the rows of a file, by disposition and by reason.

Every row that was read is counted once: read = accepted + unchanged + parked + refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.domain.intake import AcceptedAs, Disposition, Reason

_REASONED: Final = (Disposition.ACCEPTED, Disposition.PARKED, Disposition.REFUSED)


@dataclass(slots=True, kw_only=True)
class ImportCounts:
    """Counts that grow as an import goes on."""

    by_disposition: Counter[Disposition] = field(default_factory=Counter)
    reasons: dict[Disposition, Counter[str]] = field(
        default_factory=lambda: {disposition: Counter() for disposition in _REASONED}
    )

    @property
    def read(self) -> int:
        """How many rows were read."""
        return self.by_disposition.total()

    @property
    def refused(self) -> int:
        """How many rows were turned away."""
        return self.by_disposition[Disposition.REFUSED]

    def add(self, disposition: Disposition, reason: Reason | AcceptedAs | None = None) -> None:
        """Count one row."""
        self.by_disposition[disposition] += 1
        if reason is not None:
            self.reasons[disposition][reason.value] += 1

    def to_json(self) -> dict[str, Any]:
        """The five counts, and for accepted, parked and refused rows what or why, by code."""
        return {
            "read": self.read,
            "accepted": self.by_disposition[Disposition.ACCEPTED],
            "parked": self.by_disposition[Disposition.PARKED],
            "refused": self.refused,
            "unchanged": self.by_disposition[Disposition.UNCHANGED],
            "reasons": {
                disposition.value: dict(sorted(self.reasons[disposition].items())) for disposition in _REASONED
            },
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> ImportCounts:
        """The counts of an interrupted import; zero for one that never began."""
        counts = cls()
        for disposition in Disposition:
            counts.by_disposition[disposition] = saved.get(disposition.value, 0)
        for disposition in _REASONED:
            counts.reasons[disposition].update(saved.get("reasons", {}).get(disposition.value, {}))
        return counts
