"""Separations that speak against an officer: by the reason given, or by what was found about the same time.

A reason that says nothing (unspecified, historical) is not held against anyone.
"""

from __future__ import annotations

from typing import Final

from app.domain.vocabulary import OutcomeKind, SeparationReason

ADVERSE_REASONS: Final = frozenset(
    {
        SeparationReason.TERMINATED_FOR_CAUSE,
        SeparationReason.RESIGNED_UNDER_INVESTIGATION,
        SeparationReason.RETIRED_UNDER_INVESTIGATION,
        SeparationReason.RESIGNED_IN_LIEU,
        SeparationReason.RETIRED_IN_LIEU,
    }
)
ADVERSE_KINDS: Final = frozenset(OutcomeKind) - {OutcomeKind.COMMENDATION}
# An outcome belongs to a separation from the agency that reported it if it took effect within so many days of it.
DAYS_ABOUT_SEPARATION: Final = 365
