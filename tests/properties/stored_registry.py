"""The registry as one asker sees it, made of stored rows: every link followed and every mask laid on one at a time.

It knows the contract's names and the tables; how answers are really made it does not know.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from tests.properties.stored_facts import Row
from tests.properties.stored_objects import ENTITIES, TABLES, Stored, Values, encode_id
from tests.properties.stored_standing import Standings

READABLE_NUMBERS = frozenset({"POST_LICENSE", "STATE_OFFICER_ID", "BADGE", "EMPLOYEE_NO"})
# Fields that lead to one row of another type: that type, and the column that names the row.
SINGLE: Mapping[tuple[str, str], tuple[str, str]] = {
    ("Agency", "jurisdiction"): ("Jurisdiction", "jurisdiction_id"),
    ("Agency", "parent"): ("Agency", "parent_id"),
    ("AgencyCompliance", "agency"): ("Agency", "id"),
    ("AuditEvent", "agency"): ("Agency", "agency_id"),
    ("BreakGlassAccess", "outcome"): ("Outcome", "series_id"),
    ("CandidateCheck", "agency"): ("Agency", "agency_id"),
    ("CandidateCheck", "officer"): ("Officer", "officer_id"),
    ("Certification", "officer"): ("Officer", "officer_id"),
    ("Consent", "agency"): ("Agency", "agency_id"),
    ("Credential", "agency"): ("Agency", "agency_id"),
    ("Credential", "body"): ("CredentialingBody", "body_id"),
    ("Disclosure", "agency"): ("Agency", "agency_id"),
    ("GrantEligibility", "agency"): ("Agency", "agency_id"),
    ("Jurisdiction", "parent"): ("Jurisdiction", "parent_id"),
    ("MonitorSubscription", "officer"): ("Officer", "officer_id"),
    ("MonitorSubscription", "stint"): ("Stint", "stint_id"),
    ("Notice", "outcome"): ("Outcome", "series_id"),
    ("Outcome", "agency"): ("Agency", "agency_id"),
    ("Outcome", "matter"): ("Matter", "matter_id"),
    ("Outcome", "officer"): ("Officer", "officer_id"),
    ("RelianceTask", "notice"): ("Notice", "notice_id"),
    ("RoleGrant", "agency"): ("Agency", "agency_id"),
    ("RoleGrant", "body"): ("CredentialingBody", "body_id"),
    ("Stint", "agency"): ("Agency", "agency_id"),
    ("Stint", "officer"): ("Officer", "officer_id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """Rows that a field leads to: their type, where their column `theirs` is the row's `own`, and how they are put."""

    target: str
    theirs: str
    own: str = "id"
    order: str
    descending: bool = False
    fits: Callable[[Row], bool] = lambda _row: True
    # Of what was on record at a moment, the rows that had begun by then: the column that says since when.
    begun: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The visible rows of a list before filters and pages, and the field they are put by unless asked otherwise."""

    type_name: str
    items: Sequence[Stored]
    order: str
    descending: bool


def _is_readable(row: Row) -> bool:
    return row["value"] is not None and row["kind"] in READABLE_NUMBERS


MANY: Mapping[tuple[str, str], Hanging] = {
    ("Agency", "credentials"): Hanging(target="Credential", theirs="agency_id", order="validFrom", descending=True),
    ("Agency", "roleGrants"): Hanging(target="RoleGrant", theirs="agency_id", order="grantedAt", descending=True),
    ("AgencyCompliance", "attestations"): Hanging(
        target="Attestation", theirs="agency_id", order="periodFrom", descending=True
    ),
    ("AgencyCompliance", "enrollments"): Hanging(target="Enrollment", theirs="agency_id", order="validFrom"),
    ("AgencyCompliance", "periodReports"): Hanging(
        target="PeriodReport", theirs="agency_id", order="periodFrom", descending=True
    ),
    ("Credential", "tests"): Hanging(target="PolicyTest", theirs="credential_id", order="test"),
    ("Jurisdiction", "agencies"): Hanging(target="Agency", theirs="jurisdiction_id", order="name"),
    ("Matter", "evidence"): Hanging(target="EvidenceItem", theirs="matter_id", order="heldOn"),
    ("Matter", "steps"): Hanging(target="ProcessStep", theirs="matter_id", order="occurredOn"),
    ("Officer", "certifications"): Hanging(
        target="Certification", theirs="officer_id", order="fromDate", descending=True
    ),
    ("Officer", "identifiers"): Hanging(
        target="OfficerIdentifier", theirs="officer_id", order="issuer", fits=_is_readable
    ),
    ("Officer", "names"): Hanging(target="OfficerName", theirs="officer_id", order="fromDate"),
    ("Officer", "outcomes"): Hanging(target="Outcome", theirs="officer_id", order="actionDate", descending=True),
    ("Officer", "stints"): Hanging(target="Stint", theirs="officer_id", order="fromDate", descending=True),
    ("Outcome", "determinations"): Hanging(
        target="Determination", theirs="series_id", order="decidedAt", descending=True, begun="decided_at"
    ),
    ("Outcome", "holds"): Hanging(target="Hold", theirs="series_id", order="validFrom", begun="valid"),
    ("Outcome", "versions"): Hanging(
        target="OutcomeVersion", theirs="series_id", order="version", descending=True, begun="recorded"
    ),
}
# Roots that are lists: the type of their rows, and the field they are put by.
ROOTS: Mapping[str, tuple[str, str, bool]] = {
    "agencies": ("Agency", "name", False),
    "analystRows": ("AnalystRow", "year", True),
    "breakGlassAccesses": ("BreakGlassAccess", "requestedAt", True),
    "candidateChecks": ("CandidateCheck", "openedAt", True),
    "compliance": ("AgencyCompliance", "name", False),
    "credentials": ("Credential", "validFrom", True),
    "disclosures": ("AuditEvent", "at", True),
    "exports": ("Export", "requestedAt", True),
    "jurisdictions": ("Jurisdiction", "code", False),
    "monitors": ("MonitorSubscription", "renewalDue", False),
    "notices": ("Notice", "createdAt", True),
    "officers": ("Officer", "familyName", False),
    "outcomes": ("Outcome", "actionDate", True),
    "relianceTasks": ("RelianceTask", "dueAt", False),
    "roleGrants": ("RoleGrant", "grantedAt", True),
}


@dataclass(frozen=True)
class StoredRegistry:
    """What one asker may see; everything is decided by Casbin, cell by cell."""

    standings: Standings
    _seen: dict[tuple[str, Any], bool] = field(default_factory=dict)
    _groups: dict[tuple[str, str], dict[Any, list[Row]]] = field(default_factory=dict)

    @cached_property
    def values(self) -> Values:
        """What the rows say."""
        return Values(self.standings.facts)

    @cached_property
    def _fields(self) -> dict[str, list[str]]:
        """For each type one field of each class: what shows one of a class shows every one."""
        witness = self.standings.witness
        every = sorted(witness.point.bundle.leaf_fields)
        return {
            name: witness.pick_by_class(each for each in every if each.partition(".")[0] == name) for name in ENTITIES
        }

    def sees(self, type_name: str, row: Row) -> bool:
        """Whether the asker may see a row as an object of a type at all: some field of it."""
        key = (type_name, row["id"])
        if key not in self._seen:
            entity = ENTITIES[type_name]
            self._seen[key] = any(self.standings.reads(entity, row, name) for name in self._fields[type_name])
        return self._seen[key]

    def find(self, type_name: str, row: Row | None, moment: datetime | None = None) -> Stored | None:
        """The object of a row, if it may be seen and was on record."""
        if row is None or not self.sees(type_name, row):
            return None
        item = Stored(type_name=type_name, row=row, judge=(ENTITIES[type_name], row), moment=moment)
        if moment is None:
            return item
        # Whoever may not read since when a version is on record is not told either what was on record when.
        dated = self.standings.reads(ENTITIES[type_name], row, "OutcomeVersion.recordedFrom")
        return item if dated and self.values.find_version(item) is not None else None

    def list_visible(self, type_name: str, rows: Iterable[Row], moment: datetime | None = None) -> list[Stored]:
        """The visible objects of rows."""
        return [item for row in rows if (item := self.find(type_name, row, moment)) is not None]

    def list_root(self, name: str, moment: datetime | None) -> Rows:
        """The rows of a root that is a list."""
        type_name, order, descending = ROOTS[name]
        items = self.list_visible(type_name, self.standings.facts.rows[TABLES[type_name]], moment)
        return Rows(type_name=type_name, items=items, order=order, descending=descending)

    def find_by_id(self, given: str, only: str | None = None, moment: datetime | None = None) -> Stored | None:
        """The visible object of a Relay id; none for any other text."""
        try:
            type_name, _, key = base64.b64decode(given, validate=True).decode("ascii").partition(":")
            if type_name not in ENTITIES or encode_id(type_name, UUID(key)) != given or only not in {None, type_name}:
                return None
        except (binascii.Error, ValueError):
            return None
        column = "analyst_id" if type_name == "AnalystRow" else "id"
        found = self.group(TABLES[type_name], column).get(UUID(key), [None])
        return self.find(type_name, found[0], moment)

    def group(self, table: str, column: str) -> dict[Any, list[Row]]:
        """The rows of a table by one column."""
        if (table, column) not in self._groups:
            self._groups[table, column] = self.standings.facts.group(table, column)
        return self._groups[table, column]

    def reads(self, item: Stored, name: str) -> bool:
        """Whether the asker may read a field of an object."""
        entity, row = item.judge
        return self.standings.reads(entity, row, f"{item.type_name}.{name}")

    def read(self, item: Stored, name: str, moment: datetime | None = None) -> Any:
        """The value of a field: a leaf, an object, `Rows`; none where it is hidden or not there."""
        if not self.reads(item, name):
            return None
        key = (item.type_name, name)
        if key in SINGLE:
            return self._follow(item, *SINGLE[key])
        if key in MANY:
            return self._list_hanging(item, MANY[key], moment)
        return self.values.read(item, name)

    def _follow(self, item: Stored, type_name: str, column: str) -> Stored | None:
        found = self.group(TABLES[type_name], "id").get(item.row[column])
        if not found:
            return None
        if type_name in ENTITIES:
            return self.find(type_name, found[0])
        return Stored(type_name=type_name, row=found[0], judge=item.judge)

    def _list_hanging(self, item: Stored, hanging: Hanging, moment: datetime | None) -> Rows:
        rows = self.group(TABLES[hanging.target], hanging.theirs).get(item.row[hanging.own], [])
        rows = [row for row in rows if hanging.fits(row)]
        if item.moment is not None and hanging.begun is not None:
            rows = [row for row in rows if _begin(row[hanging.begun]) <= item.moment]
        if hanging.target in ENTITIES:
            items = self.list_visible(hanging.target, rows, moment)
        else:
            then = item.moment if hanging.begun is not None else None
            items = [Stored(type_name=hanging.target, row=row, judge=item.judge, moment=then) for row in rows]
        return Rows(type_name=hanging.target, items=items, order=hanging.order, descending=hanging.descending)

    def list_own(self, name: str, moment: datetime | None) -> Rows | Stored | None:
        """What the officer's own page leads to."""
        facts, officer = self.standings.facts, self.standings.asker.officer_id
        if name == "record":
            return self.find("Officer", facts.by_id["registry.officers"].get(officer) if officer else None)
        type_name, order, fits = _OWN[name]
        rows = [row for row in facts.rows[TABLES[type_name]] if fits(row, officer)]
        items = self.list_visible(type_name, rows, moment)
        return Rows(type_name=type_name, items=items, order=order, descending=True)

    def list_disclosed(self, item: Stored) -> Rows:
        """What of the asker's own a disclosure told."""
        officer = self.standings.asker.officer_id
        rows = [row for row in self.standings.facts.disclosed_in[item.row["id"]] if row["officer_id"] == officer]
        items = [Stored(type_name="DisclosureItem", row=row, judge=item.judge) for row in rows]
        return Rows(type_name="DisclosureItem", items=items, order="version", descending=False)

    def find_eligibility(self, ori: str) -> Stored | None:
        """The latest decision on an agency, if it may be seen."""
        agency = self.find_agency_row(ori)
        rows = self.standings.facts.rows["registry.grant_eligibilities"]
        decided = [row for row in rows if agency and row["agency_id"] == agency["id"] and row["decided_at"] is not None]
        decided.sort(key=lambda row: row["id"])
        decided.sort(key=lambda row: (row["as_of"], row["decided_at"]), reverse=True)
        return self.find("GrantEligibility", decided[0] if decided else None)

    def find_agency_row(self, ori: str) -> Row | None:
        """The agency with an ORI."""
        found = self.group("registry.agency_oris", "ori").get(ori)
        return self.standings.facts.by_id["registry.agencies"][found[0]["agency_id"]] if found else None


def _begin(value: Any) -> Any:
    return value if isinstance(value, datetime) else value.lower


_OWN: Mapping[str, tuple[str, str, Callable[[Row, UUID | None], bool]]] = {
    "consents": ("Consent", "grantedAt", lambda row, officer: row["officer_id"] == officer),
    "disclosuresOfMe": ("Disclosure", "at", lambda row, _officer: row["kind"] == "DISCLOSURE"),
    "mandates": (
        "Mandate",
        "validFrom",
        lambda row, officer: row["role"] == "officer_rep" and row["officer_id"] == officer,
    ),
    "notices": ("Notice", "createdAt", lambda row, officer: row["officer_id"] == officer),
    "outcomes": ("Outcome", "actionDate", lambda row, officer: row["officer_id"] == officer),
}
