"""Who may give which roles to others, and where a role is held: what commands and the database's checks are made of.

Registrars and auditors come from the operator alone, and nobody gives a role to himself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.vocabulary import Role


class Scope(StrEnum):
    """The kind of place in which a role is held; a role without one is held for the whole registry."""

    AGENCY = "agency"
    STATE = "state"
    OFFICER = "officer"
    BODY = "body"


SCOPE_OF_ROLE: Final[Mapping[Role, Scope]] = MappingProxyType(
    {
        Role.OFFICER: Scope.OFFICER,
        Role.OFFICER_REP: Scope.OFFICER,
        Role.HIRING_INVESTIGATOR: Scope.AGENCY,
        Role.RECORDS_OFFICER: Scope.AGENCY,
        Role.AGENCY_HEAD: Scope.AGENCY,
        Role.POST_OFFICER: Scope.STATE,
        Role.CREDENTIALING_BODY: Scope.BODY,
    }
)

# A head gives within his own agency, an officer for himself; a registrar says where.
DELEGABLE: Final[Mapping[Role, frozenset[Role]]] = MappingProxyType(
    {
        Role.AGENCY_HEAD: frozenset({Role.HIRING_INVESTIGATOR, Role.RECORDS_OFFICER}),
        Role.REGISTRAR: frozenset(
            {
                Role.AGENCY_HEAD,
                Role.POST_OFFICER,
                Role.OFFICER,
                Role.CREDENTIALING_BODY,
                Role.DOJ_ANALYST,
                Role.DOJ_GRANTS,
                Role.DOJ_CERTIFIER,
                Role.DOJ_ADJUDICATOR,
            }
        ),
        Role.OFFICER: frozenset({Role.OFFICER_REP}),
    }
)

# An officer's representative is named anew at least this often.
LONGEST_MANDATE_MONTHS: Final = 24


def find_last_mandate_day(now: datetime) -> datetime:
    """The latest end of a mandate given now: the same day and hour two years on (the 28th for a 29th of February)."""
    years = LONGEST_MANDATE_MONTHS // 12
    try:
        return now.replace(year=now.year + years)
    except ValueError:
        return now.replace(year=now.year + years, day=28)
