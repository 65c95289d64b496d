"""The people of the tour: the same question is put for each of them, in the one role and purpose each has.

Their relations to the story's officers are facts of the story, named here only to explain an answer, never to give one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.demo.cast import HARBORLIGHT, TALLOWMERE, TORRES, WALKER, Account
from app.domain.vocabulary import Purpose, Relation, Role
from app.identity.issuer import TokenOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One who asks: how the tour calls them, the token they come with, how they stand to whom."""

    title: str
    told: str
    order: TokenOrder | None
    relations: Mapping[str, frozenset[Relation]] = field(default_factory=dict)
    otherwise: frozenset[Relation] = frozenset()

    @property
    def role(self) -> Role:
        """The one role of the token; the public's without one."""
        return self.order.role if self.order else Role.PUBLIC

    @property
    def purpose(self) -> Purpose:
        """The one purpose of the token."""
        return self.order.purpose if self.order else Purpose.PUBLIC

    def relate(self, officer_id: str) -> frozenset[Relation]:
        """How the listener stands to what is held about an officer of the story."""
        return self.relations.get(officer_id, self.otherwise)


REPORTER: Final = Listener(title="a reporter", told="anyone, without a token", order=None)
INVESTIGATOR: Final = Listener(
    title="a hiring investigator",
    told=f"{TALLOWMERE.name}; Walker consented to a full check, Torres to a limited one",
    order=TokenOrder(
        account=Account.INVESTIGATOR.value,
        role=Role.HIRING_INVESTIGATOR,
        purpose=Purpose.HIRING,
        agency_ori=TALLOWMERE.ori,
    ),
    relations={
        WALKER.id: frozenset({Relation.CANDIDATE_FULL}),
        TORRES.id: frozenset({Relation.CANDIDATE_LIMITED}),
    },
)
RECORDS: Final = Listener(
    title="the records officer",
    told=f"{HARBORLIGHT.name}, which reported",
    order=TokenOrder(
        account=Account.RECORDS.value, role=Role.RECORDS_OFFICER, purpose=Purpose.RECORDS, agency_ori=HARBORLIGHT.ori
    ),
    otherwise=frozenset({Relation.OWN_AGENCY}),
)
OFFICER: Final = Listener(
    title="the officer",
    told="Daniel Walker himself",
    order=TokenOrder(
        account=Account.OFFICER.value, role=Role.OFFICER, purpose=Purpose.SELF, officer_id=UUID(WALKER.id)
    ),
    relations={WALKER.id: frozenset({Relation.SELF})},
)
HEAD: Final = Listener(
    title="the agency's head",
    told=f"{HARBORLIGHT.name}",
    order=TokenOrder(
        account=Account.HEAD.value, role=Role.AGENCY_HEAD, purpose=Purpose.RECORDS, agency_ori=HARBORLIGHT.ori
    ),
    otherwise=frozenset({Relation.OWN_AGENCY}),
)
AUDIENCE: Final = (REPORTER, INVESTIGATOR, RECORDS, OFFICER)
NEWCOMER: Final = TokenOrder(
    account="demo-newcomer", role=Role.RECORDS_OFFICER, purpose=Purpose.RECORDS, agency_ori=HARBORLIGHT.ori
)
