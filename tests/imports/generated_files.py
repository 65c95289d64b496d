"""Files of the shapes that Washington publishes, about invented people at fictional agencies, with what to expect.

Nobody here exists: names are of Census frequency, person numbers begin 9999-, no ORI here was ever given.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any


def split_list(*lines: str) -> tuple[str, ...]:
    """The parts of a list written with commas over several lines."""
    return tuple(part for line in lines for part in line.split(","))


FAMILY = split_list(
    "SMITH,JOHNSON,WILLIAMS,JONES,BROWN,DAVIS,MILLER,WILSON,MOORE,TAYLOR,ANDERSON,THOMAS,JACKSON,WHITE,HARRIS",
    "MARTIN,THOMPSON,GARCIA,MARTINEZ,ROBINSON,CLARK,RODRIGUEZ,LEWIS,LEE,WALKER,HALL,ALLEN,YOUNG,HERNANDEZ,KING",
)
GIVEN = split_list(
    "JAMES,JOHN,ROBERT,MICHAEL,WILLIAM,DAVID,RICHARD,CHARLES,JOSEPH,DANIEL,MARY,PATRICIA,LINDA,BARBARA,ELIZABETH",
    "JENNIFER,MARIA,SUSAN,MARGARET,DOROTHY,LISA,NANCY,KAREN,BETTY,HELEN,SANDRA,DONNA,CAROL,RUTH,SHARON",
)
PLACES = split_list("HARBOR,RIDGE,MEADOW,LANTERN,COPPER,WILLOW,FALCON,GRANITE,JUNIPER,MARSH")
COUNTIES = split_list("53033,53053,53061,53063,53011,53077,53067,53073,53005,53035")

CAREER_HEADER = split_list(
    "person_nbr,full_name,last_name,first_name,middle_name,suffix,birth_year,agency_name,type,rank",
    "start_date,end_date,status,separation_reason,sex",
)
CASE_HEADER = split_list(
    "Case Number,Legacy Case Number,Officer Last Name,Officer First Name,Certification Type,Employer,Agency Type",
    "Status,Reason for Opening Case,Case Determination,Conduct Investigated,Date Received,Investigation",
    "Statement of Charges,Hearing,Final Order,Date Closed,Documents Link",
)
AGENCY_HEADER = split_list("name,kind,level,state,county_fips,oris,parent,sworn_count,rural,tribe,status")

SEPARATIONS = (
    ("SEPARATED", "RESIGNATION"),
    ("SEPARATED", "RETIRED"),
    ("SEPARATED", "TERMINATED"),
    ("ACTIVE", "HIRE"),
    ("ACTIVE", "PROMOTION"),
    ("SEPARATED", "LAID-OFF"),
    ("SEPARATED", "RESIGNATION IN LIEU OF TERMINATION"),
    ("ACTIVE", "ELECTED"),
)
CASE_OFFICERS_PER_GROUP = 4
FORCE = "RCW 43.101.105(3)(e) - Excessive Force"


@dataclass(slots=True)
class Expected:
    """The counts that an import of a generated file must report."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(
        default_factory=lambda: {"accepted": Counter(), "parked": Counter(), "refused": Counter()}
    )

    def add(self, outcome: str, reason: str | None = None) -> None:
        self.counts[outcome] += 1
        if reason is not None:
            self.reasons[outcome][reason] += 1

    def to_json(self) -> dict[str, Any]:
        """The form of `--json`."""
        names = ("accepted", "parked", "refused", "unchanged")
        return {
            "read": sum(self.counts.values()),
            **{name: self.counts[name] for name in names},
            "reasons": {outcome: dict(sorted(found.items())) for outcome, found in self.reasons.items()},
        }

    def to_second_json(self) -> dict[str, Any]:
        """What the same file reports when it comes again: what was taken is unchanged, the rest is as it was."""
        again = self.to_json()
        again["unchanged"] += again["accepted"]
        again["accepted"] = 0
        again["reasons"]["accepted"] = {}
        return again


def name_agency(index: int) -> str:
    """The name of a fictional agency."""
    kind = "POLICE DEPARTMENT" if index % 2 == 0 else "COUNTY SHERIFF'S OFFICE"
    number = index // len(PLACES)
    return f"FICTIONAL {PLACES[index % len(PLACES)]}{f' {number}' if number else ''} {kind}"


def write_rows(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Write a file of comma-separated values, streaming."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)


def agency_row(name: str, kind: str, county: str, ori: str, *, parent: str = "", sworn: str = "") -> list[str]:
    """One row of our own plain list."""
    return [name, kind, "LOCAL", "WA", county, ori, parent, sworn, "no", "", ""]


def write_agencies(path: Path, *, count: int = 40) -> Expected:
    """Local agencies of Washington, a task force of one of them, and twins that share a name in two counties."""
    expected = Expected()

    def list_rows() -> Iterator[list[str]]:
        yield agency_row("FICTIONAL REGIONAL TASK FORCE", "SPECIAL_JURISDICTION", "53033", "", parent=name_agency(0))
        for index in range(count):
            kind = "LOCAL_POLICE" if index % 2 == 0 else "SHERIFF"
            county, ori = COUNTIES[index % 10], f"WA99{index:03d}00"
            yield agency_row(name_agency(index), kind, county, ori, sworn=str(5 + index))
        for county in ("53033", "53053"):
            yield agency_row("FICTIONAL TWIN POLICE DEPARTMENT", "LOCAL_POLICE", county, f"WA98{county[2:]}00")

    rows = list(list_rows())
    for _ in rows:
        expected.add("accepted", "AGENCY_ADDED")
    write_rows(path, AGENCY_HEADER, rows)
    return expected


@dataclass(frozen=True, slots=True)
class Person:
    number: str
    family: str
    given: str
    birth_year: str


def invent_person(index: int) -> Person:
    """One of the many, whose names collide as names do."""
    birth_year = "" if index % 17 == 0 else str(1950 + index % 50)
    return Person(f"9999-{index:07d}", FAMILY[index % 30], GIVEN[(index // 30) % 30], birth_year)


def invent_case_officer(index: int) -> Person:
    """One whose name nobody else bears."""
    first, second = FAMILY[index % 30], FAMILY[(index // 30 + index % 30 + 1) % 30]
    return Person(f"9999-C{index:06d}", f"{first}-{second}", GIVEN[(index // 870) % 30], str(1950 + index % 50))


def write_day(day: date) -> str:
    """A date as Washington writes it: no leading zeros."""
    return f"{day.month}/{day.day}/{day.year}"


def career_row(person: Person, agency: str, start: str, end: str, status: str, reason: str, **other: str) -> list[str]:
    """One row of the index."""
    kind, rank = other.get("type", "CERTIFIED PEACE OFFICER"), other.get("rank", "OFFICER")
    full = f"{person.given} {person.family}"
    return [
        *(person.number, full, person.family, person.given, "", "", person.birth_year, agency, kind, rank),
        *(start, end, status, reason, "male"),
    ]


def good_career(index: int, person: Person, agencies: int) -> list[str]:
    """A row that is taken: some with unknown dates, some that go on."""
    status, reason = SEPARATIONS[index % len(SEPARATIONS)]
    start = date(1990, 1, 1) + timedelta(days=index % 9000)
    end = "" if status == "ACTIVE" else write_day(start + timedelta(days=30 + index % 3000))
    begins = "1/1/1901" if index % 23 == 0 else write_day(start)
    return career_row(person, name_agency(index % agencies), begins, end, status, reason)


def list_career_flaws(index: int) -> Iterator[tuple[list[str], str, str | None]]:
    """One row of every kind that is not taken as a stint of its own, with what becomes of it and why."""
    person = Person(f"9999-F{index:06d}", "ALLEN", "RUTH", "1970")
    agency, start = name_agency(0), "3/1/2012"

    def row(**other: str) -> list[str]:
        given = {"agency": agency, "start": start, "end": "", "status": "ACTIVE", "reason": "HIRE", **other}
        return career_row(person, **given)

    good = row()
    yield good, "accepted", "STINT_ADDED"
    yield good, "unchanged", None
    yield row(rank="SERGEANT"), "parked", "RECORD_REPEATED_DIFFERENTLY"
    yield row(agency=name_agency(1), start="4/1/2015"), "accepted", "STINT_ADDED"
    yield row(agency="FICTIONAL REGIONAL TASK FORCE", start="5/1/2015"), "accepted", "STINT_ADDED"
    yield row(start="6/1/2016"), "accepted", "STINT_ADDED"
    yield row(start="1/1/2190"), "parked", "DATE_IN_FUTURE"
    yield row(agency="FICTIONAL AGENCY THAT IS NOWHERE"), "parked", "AGENCY_UNKNOWN"
    yield row(agency="FICTIONAL TWIN POLICE DEPARTMENT"), "parked", "AGENCY_AMBIGUOUS"
    yield row(agency=""), "parked", "AGENCY_NOT_NAMED"
    yield row(reason="WENT FISHING", status="SEPARATED"), "parked", "CODE_UNKNOWN"
    yield row(end="2/1/2012", status="SEPARATED", reason="RETIRED"), "parked", "DATES_OUT_OF_ORDER"
    yield row(end="2/1/2014"), "parked", "STATUS_AND_DATES_DISAGREE"
    yield ["", *good[1:]], "parked", "PERSON_WITHOUT_NUMBER"
    yield [*good[:2], "", *good[3:]], "parked", "PERSON_WITHOUT_NAME"
    other = row(start="7/1/2016")
    yield [*other[:2], "KING", "JOSEPH", *other[4:]], "parked", "PERSON_NAMES_DIFFER"
    yield [*good[:6], "2018", *good[7:]], "parked", "DATE_IMPLAUSIBLE"
    yield [*good[:2], "PLACEHOLDER", "DATA", "ENTRY", *good[5:]], "refused", "PLACEHOLDER_PERSON"
    yield row(rank="=HYPERLINK(1)"), "refused", "FORMULA_CELL"
    yield row(rank="LIEUTENANT\u202e"), "refused", "CONTROL_CHARACTER"
    yield row(rank="R" * 400), "refused", "CELL_TOO_LONG"
    yield row(start="the spring"), "refused", "DATE_UNREADABLE"
    yield good[:-1], "refused", "RAGGED_ROW"
    yield list(CAREER_HEADER), "refused", "HEADER_REPEATED"


def write_careers(path: Path, *, stints: int, case_officers: int = 0, flaws: int = 1, agencies: int = 40) -> Expected:
    """An index with `stints` good rows, one more for each case officer, and every flaw `flaws` times."""
    expected = Expected()

    def list_rows() -> Iterator[list[str]]:
        for index in range(case_officers):
            expected.add("accepted", "STINT_ADDED")
            officer = invent_case_officer(index)
            yield career_row(officer, name_agency(index % agencies), "2/1/2005", "3/1/2018", "SEPARATED", "SEPARATION")
        for index in range(stints):
            expected.add("accepted", "STINT_ADDED")
            yield good_career(index, invent_person(index * 3 // 4), agencies)
        for index in range(flaws):
            for row, outcome, reason in list_career_flaws(index):
                expected.add(outcome, reason)
                yield row

    write_rows(path, CAREER_HEADER, list_rows())
    return expected


def case_row(number: str, officer: Person | None, agency: str, determination: str, **other: str) -> list[str]:
    """One row of the cases."""
    names = (officer.family.title(), officer.given.title()) if officer else ("", "")
    status, conduct = other.get("status", "Closed"), other.get("conduct", FORCE)
    days = [other.get(name, "") for name in ("received", "investigation", "charges", "hearing", "order", "closed")]
    return [
        *(number, "", *names, "Peace Officer", agency.title(), "Law Enforcement Agency", status),
        *("Complaint", determination, conduct, *days, ""),
    ]


def list_cases(index: int, agencies: int) -> Iterator[tuple[list[str], str, str | None]]:
    """Cases of every kind about four officers, with what becomes of each and why."""
    base = index * CASE_OFFICERS_PER_GROUP
    defaulted, heard, surrendered, never_revoked = (invent_case_officer(base + part) for part in range(4))
    at = [name_agency((base + part) % agencies) for part in range(4)]
    numbers = (f"2099-{index:05d}{part:02d}" for part in range(100))
    days = {"received": "7/12/2018", "charges": "2/4/2019", "order": "10/1/2019", "closed": "10/2/2019"}
    received = {"received": "7/12/2018", "closed": "10/2/2019"}
    again = {"received": "1/5/2021", "order": "6/1/2021", "closed": "6/1/2021"}

    def row(officer: Person | None, agency: str, determination: str, **other: str) -> list[str]:
        return case_row(next(numbers), officer, agency, determination, **other)

    awaiting = ("accepted", "OUTCOME_AWAITING_EVIDENCE")
    # The reinstatement stands before the revocation that it amends.
    yield row(defaulted, at[0], "Eligibility Reinstated", **again), "accepted", "REVISION"
    revoked = row(defaulted, at[0], "Revocation - Default", **days)
    yield revoked, *awaiting
    yield revoked, "unchanged", None
    yield [*revoked[:10], "RCW 9A.76.175", *revoked[11:]], "parked", "RECORD_REPEATED_DIFFERENTLY"
    with_hearing = {**days, "hearing": "8/20/2019", "conduct": "RCW 43.101.105(2)(d) - False or Misleading Statements"}
    yield row(heard, at[1], "Revocation - Hearing", **with_hearing), *awaiting
    without_notice = {**received, "order": "10/1/2019"}
    surrender = row(surrendered, at[2], "Revocation - Surrendered Certification", **without_notice)
    yield surrender, "accepted", "OUTCOME_DRAFT"
    yield from list_matters(row, heard, never_revoked, at)

    parked = [
        (row(heard, at[1], "", **received), "DETERMINATION_MISSING"),
        (row(never_revoked, at[3], "Eligibility Reinstated", **again), "REVOCATION_UNKNOWN"),
        (row(Person("", "Nobody", "Known", ""), at[0], "Revocation - Default", **days), "OFFICER_UNKNOWN"),
        (row(None, at[0], "Revocation - Default", **days), "OFFICER_NOT_NAMED"),
        (row(heard, "Fictional Nowhere", "Decline", **received), "AGENCY_UNKNOWN"),
        (row(heard, at[1], "Sent To The Moon", **received), "CODE_UNKNOWN"),
        (row(heard, at[1], "Decline", received="7/12/2190"), "DATE_IN_FUTURE"),
        (row(heard, at[1], "Revocation - Hearing", **{**days, "order": "1/1/2019"}), "DATES_OUT_OF_ORDER"),
        (row(heard, at[1], "Revocation - Hearing", received="7/12/2018"), "ACTION_DATE_MISSING"),
    ]
    for cells, reason in parked:
        yield cells, "parked", reason
    yield case_row("", heard, at[1], "Decline", **received), "refused", "CELL_BLANK"


def list_matters(
    row: Callable[..., list[str]], heard: Person, charged: Person, at: list[str]
) -> Iterator[tuple[list[str], str, str | None]]:
    """Cases that make no outcome: closed without a revocation, or still open."""
    closed = {"received": "7/12/2018", "closed": "10/2/2019"}
    dismissed = {**closed, "charges": "2/4/2019", "order": "10/1/2019"}
    for cells in (
        row(heard, at[1], "Administrative Closure - Duplicate Case", **closed),
        row(None, at[0], "Decline", **closed),
        row(heard, at[1], "Charge(s) Dismissed", **dismissed),
        row(None, at[3], "", status="Investigation", conduct="", received="3/3/2021"),
        row(charged, at[3], "", status="Statement of Charges", received="3/3/2021", charges="5/5/2022"),
    ):
        yield cells, "accepted", "MATTER_WITHOUT_OUTCOME"


def write_cases(path: Path, *, groups: int, agencies: int = 40) -> Expected:
    """Groups of cases, each about four case officers of its own."""
    expected = Expected()

    def list_rows() -> Iterator[list[str]]:
        for index in range(groups):
            for row, outcome, reason in list_cases(index, agencies):
                expected.add(outcome, reason)
                yield row

    write_rows(path, CASE_HEADER, list_rows())
    return expected
