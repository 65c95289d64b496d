"""The cast of the demonstration: agencies, officers and accounts with ids that documentation may cite.

INVARIANT: nobody here exists; ORIs and certification numbers are of forms that nobody issues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.domain.vocabulary import AgencyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CastAgency:
    """An agency of the story, in a real county."""

    id: str
    name: str
    kind: AgencyKind
    ori: str
    state: str
    county_fips: str
    sworn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CastOfficer:
    """An officer of the story; `part` says why he is in it."""

    id: str
    family: str
    given: str
    middle: str
    number: int
    state: str
    birth_date: date
    part: str

    @property
    def certification_number(self) -> str:
        """As the State's authority would write it."""
        return f"9999-{self.number:07d}"


HARBORLIGHT: Final = CastAgency(
    id="a9990001-0000-4000-8000-000000000001",
    name="Harborlight Police Department",
    kind=AgencyKind.LOCAL_POLICE,
    ori="WA9990100",
    state="WA",
    county_fips="53061",
    sworn=84,
)
CINDER_COVE: Final = CastAgency(
    id="a9990001-0000-4000-8000-000000000002",
    name="Cinder Cove Police Department",
    kind=AgencyKind.LOCAL_POLICE,
    ori="OR9990100",
    state="OR",
    county_fips="41041",
    sworn=9,
)
TALLOWMERE: Final = CastAgency(
    id="a9990001-0000-4000-8000-000000000003",
    name="Tallowmere County Sheriff's Office",
    kind=AgencyKind.SHERIFF,
    ori="WA9990200",
    state="WA",
    county_fips="53063",
    sworn=231,
)
GULLWING: Final = CastAgency(
    id="a9990001-0000-4000-8000-000000000004",
    name="Gullwing Bay Port Police",
    kind=AgencyKind.SPECIAL_JURISDICTION,
    ori="WA9990300",
    state="WA",
    county_fips="53009",
    sworn=14,
)
QUILLMOOR: Final = CastAgency(
    id="a9990001-0000-4000-8000-000000000005",
    name="Quillmoor Police Department",
    kind=AgencyKind.LOCAL_POLICE,
    ori="NH9990100",
    state="NH",
    county_fips="33009",
    sworn=12,
)
AGENCIES: Final = (HARBORLIGHT, CINDER_COVE, TALLOWMERE, GULLWING, QUILLMOOR)


def _officer(
    place: int, given: str, middle: str, family: str, born: date, part: str, *, state: str = "WA"
) -> CastOfficer:
    return CastOfficer(
        id=f"b9990001-0000-4000-8000-{place:012d}",
        family=family,
        given=given,
        middle=middle,
        number=place,
        state=state,
        birth_date=born,
        part=part,
    )


WALKER: Final = _officer(1, "Daniel", "Ray", "Walker", date(1984, 5, 17), "dismissed for force, hired in another State")
MITCHELL: Final = _officer(2, "Sarah", "Lynn", "Mitchell", date(1990, 2, 3), "her case is still in process")
HUGHES: Final = _officer(3, "Robert", "James", "Hughes", date(1979, 11, 22), "his record was overturned and voided")
PETERSON: Final = _officer(4, "James", "Allen", "Peterson", date(1988, 8, 9), "left under investigation, no finding")
BENNETT: Final = _officer(5, "Laura", "Ann", "Bennett", date(1992, 4, 28), "has been told and may still answer")
SANDERS: Final = _officer(6, "Kevin", "Lee", "Sanders", date(1981, 1, 14), "his record is sealed by a court")
REED: Final = _officer(7, "Thomas", "Paul", "Reed", date(1986, 9, 30), "his record is stayed, so suspended")
TORRES: Final = _officer(8, "Maria", "Elena", "Torres", date(1987, 12, 5), "her record was corrected")
COLEMAN: Final = _officer(9, "Steven", "Wayne", "Coleman", date(1983, 6, 11), "disputes his record, with a statement")
PRICE: Final = _officer(10, "Angela", "Marie", "Price", date(1991, 3, 19), "has no record at all")
FOSTER: Final = _officer(
    11, "Gregory", "Alan", "Foster", date(1985, 7, 2), "investigates for Tallowmere and has a record himself"
)
DIXON: Final = _officer(
    12,
    "Rachel",
    "Anne",
    "Dixon",
    date(1993, 10, 16),
    "left under investigation where State law withholds it",
    state="NH",
)
OFFICERS: Final = (
    WALKER,
    MITCHELL,
    HUGHES,
    PETERSON,
    BENNETT,
    SANDERS,
    REED,
    TORRES,
    COLEMAN,
    PRICE,
    FOSTER,
    DIXON,
)


class StoryOutcome(StrEnum):
    """The outcomes of the story by what is told of them; the value is the series' id."""

    WALKER_TERMINATED = "c9990001-0000-4000-8000-000000000001"
    WALKER_DECERTIFICATION_IN_REVIEW = "c9990001-0000-4000-8000-000000000002"
    MITCHELL_IN_REVIEW = "c9990001-0000-4000-8000-000000000003"
    HUGHES_VOIDED = "c9990001-0000-4000-8000-000000000004"
    PETERSON_NO_FINDING = "c9990001-0000-4000-8000-000000000005"
    BENNETT_NOTICE = "c9990001-0000-4000-8000-000000000006"
    SANDERS_SEALED = "c9990001-0000-4000-8000-000000000007"
    REED_SUSPENDED = "c9990001-0000-4000-8000-000000000008"
    TORRES_CORRECTED = "c9990001-0000-4000-8000-000000000009"
    COLEMAN_DISPUTED = "c9990001-0000-4000-8000-000000000010"
    FOSTER_TERMINATED = "c9990001-0000-4000-8000-000000000011"
    DIXON_NO_FINDING = "c9990001-0000-4000-8000-000000000012"

    @property
    def matter_id(self) -> str:
        """The id of the matter it arose in."""
        return "d" + self.value[1:]


class StoryCheck(StrEnum):
    """The candidate checks of the story, all of them Tallowmere's; the value is the check's id."""

    WALKER_FULL = "e9990001-0000-4000-8000-000000000001"
    TORRES_LIMITED = "e9990001-0000-4000-8000-000000000002"
    PETERSON_LIMITED = "e9990001-0000-4000-8000-000000000003"
    PRICE_FULL = "e9990001-0000-4000-8000-000000000004"
    REED_CLOSED = "e9990001-0000-4000-8000-000000000005"
    FOSTER_FULL = "e9990001-0000-4000-8000-000000000006"
    DIXON_FULL = "e9990001-0000-4000-8000-000000000007"

    @property
    def consent_id(self) -> str:
        """The id of the consent it rests on."""
        return "f" + self.value[1:]


class StoryBody(StrEnum):
    """The credentialing bodies of the story; the value is the body's id."""

    NORTHLIGHT = "29990001-0000-4000-8000-000000000001"
    SALTMARSH = "29990001-0000-4000-8000-000000000002"

    @property
    def full_name(self) -> str:
        """The body's name."""
        return {"NORTHLIGHT": "Northlight Accreditation Council", "SALTMARSH": "Saltmarsh Review Board"}[self.name]


class Account(StrEnum):
    """Who may sign in; the value is the token's `sub`."""

    INVESTIGATOR = "demo-investigator"
    RECORDS = "demo-records"
    RECORDS_COVE = "demo-records-cove"
    HEAD = "demo-head"
    POST = "demo-post"
    POST_OREGON = "demo-post-oregon"
    OFFICER = "demo-officer"
    REPRESENTATIVE = "demo-representative"
    INVESTIGATOR_WITH_RECORD = "demo-investigator-with-record"
    ANALYST = "demo-analyst"
    GRANTS = "demo-grants"
    ADJUDICATOR = "demo-adjudicator"
    CERTIFIER = "demo-certifier"
    BODY = "demo-body"
    AUDITOR = "demo-auditor"
    SECOND_AUDITOR = "demo-second-auditor"
    REGISTRAR = "demo-registrar"


ACCOUNT_DUTIES: Final[Mapping[Account, str]] = {
    Account.INVESTIGATOR: "background investigator of the Tallowmere County Sheriff's Office",
    Account.RECORDS: "records officer of the Harborlight Police Department",
    Account.RECORDS_COVE: "records officer of the Cinder Cove Police Department",
    Account.HEAD: "chief of the Harborlight Police Department",
    Account.POST: "officer of Washington's certification authority",
    Account.POST_OREGON: "officer of Oregon's certification authority",
    Account.OFFICER: "Daniel Walker himself",
    Account.REPRESENTATIVE: "Daniel Walker's attorney, by his mandate",
    Account.INVESTIGATOR_WITH_RECORD: "Gregory Foster, who investigates for Tallowmere and is checked by it himself",
    Account.ANALYST: "statistician of the Department of Justice",
    Account.GRANTS: "grants officer of the Department of Justice",
    Account.ADJUDICATOR: "adjudicator of the Department of Justice, to whom Coleman's dispute is assigned",
    Account.CERTIFIER: "officer of the Department of Justice who certifies credentialing bodies",
    Account.BODY: f"reviewer of the {StoryBody.NORTHLIGHT.full_name}",
    Account.AUDITOR: "auditor, to whom Mitchell's case is opened for a day",
    Account.SECOND_AUDITOR: "auditor who agreed to that",
    Account.REGISTRAR: "the registry's registrar",
}
