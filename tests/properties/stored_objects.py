"""What each object of the contract says, by the stored rows: one value at a time, in plain Python.

Written down by hand from the contract's own words; the catalogue that plans are made of is never looked at.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import floor
from typing import Any
from uuid import UUID

from asyncpg import Range

from app.domain.vocabulary import Entity
from tests.properties.stored_facts import Facts, Row, lies_in

NO_FINDING = "SEPARATION_UNDER_FORCE_INVESTIGATION"
# The table that the objects of a type are rows of.
TABLES: Mapping[str, str] = {
    "Jurisdiction": "registry.jurisdictions",
    "Agency": "registry.agencies",
    "AgencyCompliance": "registry.agencies",
    "RoleGrant": "registry.grants",
    "Mandate": "registry.grants",
    "CredentialingBody": "registry.credentialing_bodies",
    "Credential": "registry.agency_credentials",
    "PolicyTest": "registry.policy_tests",
    "Enrollment": "registry.agency_enrollments",
    "PeriodReport": "registry.period_reports",
    "Attestation": "registry.attestations",
    "GrantEligibility": "registry.grant_eligibilities",
    "Officer": "registry.officers",
    "OfficerName": "registry.officer_names",
    "OfficerIdentifier": "registry.officer_identifiers",
    "Stint": "registry.stints",
    "Certification": "registry.certifications",
    "Outcome": "registry.outcome_series",
    "AnalystRow": "registry.outcome_series",
    "OutcomeVersion": "registry.outcome_versions",
    "Determination": "registry.determinations",
    "Hold": "registry.holds",
    "Matter": "registry.matters",
    "ProcessStep": "registry.process_steps",
    "EvidenceItem": "registry.evidence_items",
    "CandidateCheck": "registry.candidate_checks",
    "Consent": "registry.consents",
    "Disclosure": "audit.records",
    "DisclosureItem": "audit.items",
    "AuditEvent": "audit.records",
    "BreakGlassAccess": "registry.break_glass_accesses",
    "Notice": "registry.notices",
    "MonitorSubscription": "registry.monitor_subscriptions",
    "RelianceTask": "registry.reliance_tasks",
    "Export": "registry.analysis_exports",
}
# As what a type's rows are judged; the others are judged with the row they hang on.
ENTITIES: Mapping[str, Entity] = {
    "Jurisdiction": Entity.JURISDICTION,
    "Agency": Entity.AGENCY,
    "AgencyCompliance": Entity.COMPLIANCE,
    "RoleGrant": Entity.GRANT,
    "Mandate": Entity.GRANT,
    "CredentialingBody": Entity.CREDENTIALING_BODY,
    "Credential": Entity.CREDENTIAL,
    "GrantEligibility": Entity.ELIGIBILITY,
    "Officer": Entity.OFFICER,
    "Stint": Entity.STINT,
    "Certification": Entity.CERTIFICATION,
    "Outcome": Entity.OUTCOME,
    "AnalystRow": Entity.OUTCOME,
    "CandidateCheck": Entity.CHECK,
    "Consent": Entity.CONSENT,
    "Disclosure": Entity.DISCLOSURE,
    "AuditEvent": Entity.AUDIT_EVENT,
    "BreakGlassAccess": Entity.BREAK_GLASS,
    "Notice": Entity.NOTICE,
    "MonitorSubscription": Entity.MONITOR,
    "RelianceTask": Entity.RELIANCE,
    "Export": Entity.EXPORT,
}
_IDENTITIES: Mapping[str, str] = {"AnalystRow": "analyst_id", "OutcomeVersion": "version", "DisclosureItem": "ordinal"}
# Ends of the span of time that a row is valid for, was recorded in, or covers.
_STARTS = {"validFrom": "valid", "recordedFrom": "recorded", "periodFrom": "period"}
_ENDS = {"validTo": "valid", "recordedTo": "recorded", "periodTo": "period"}
_DIGESTS = frozenset({"sha256", "policySha256", "clauseSha256"})
_SAID = frozenset(
    {
        "actionDate", "basis", "forceRelated", "forceTypes", "onDuty", "recommendedFinding", "finalFinding",
        "standardOfProof", "legalBasis", "convictionBasis", "civilBasis", "court", "courtCaseNumber",
    }
)  # fmt: skip
_STANDING = frozenset({"lifecycle", "finality", "dispute", "voidReason"})
# What was not known before another column of the series says it was.
_KNOWN_SINCE = {"clearedAt": "cleared_at", "noticeServedAt": "notice_served_at", "respondBy": "notice_served_at"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stored:
    """One object: a row as a type, the row it is judged by and as what, and the moment as of which it is told."""

    type_name: str
    row: Row
    judge: tuple[Entity, Row]
    moment: datetime | None = None

    @property
    def identity(self) -> Any:
        """What sorts it among its equals: of a node, what its ids and cursors are made of."""
        return self.row[_IDENTITIES.get(self.type_name, "id")]


def encode_id(type_name: str, key: UUID) -> str:
    """A Relay id."""
    return base64.b64encode(f"{type_name}:{key}".encode()).decode()


def make_cursor(key: UUID) -> str:
    """The cursor of a row."""
    return base64.b64encode(key.bytes).decode()


def spell_name(field: str) -> str:
    """The column that a field is named after: `actionDate` is `action_date`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)


def show(value: Any) -> Any:
    """A value as JSON made by the database has it."""
    if isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat()
        return text.replace("+00:00", "").rstrip("0") + "+00:00" if value.microsecond else text
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


@dataclass(frozen=True, slots=True)
class Values:
    """Reads the values of objects from the stored rows; dates and times are left as they are, for comparisons."""

    facts: Facts

    def read(self, item: Stored, name: str) -> Any:
        """The value of a leaf, whoever may see it."""
        special = _SPECIAL.get((item.type_name, name))
        if special is not None:
            return special(self, item)
        if name == "id":
            return encode_id(item.type_name, item.identity)
        if item.type_name == "Outcome":
            return self._read_outcome(item, name)
        if name in _STARTS:
            return _bound(item.row[_STARTS[name]], upper=False)
        if name in _ENDS:
            end = _bound(item.row[_ENDS[name]], upper=True)
            # Of a moment, an end that had not come by then is not told: it could still be set otherwise.
            return end if item.moment is None or (end is not None and end <= item.moment) else None
        value = item.row[spell_name(name)]
        return value.hex() if name in _DIGESTS and value is not None else value

    def _read_outcome(self, item: Stored, name: str) -> Any:
        row, moment = item.row, item.moment
        if name == "version":
            return self.find_version(item)
        if name in _SAID:
            content = self.find_content(item)
            return None if content is None else content[spell_name(name)]
        if name == "reportType":
            version = self.find_version(item)
            return next(each["report_type"] for each in self.list_versions(row) if each["version"] == version)
        if name == "statement":
            return self._find_statement(item)
        if moment is not None and name in _STANDING:
            return self._find_standing(row, moment)[spell_name(name)]
        if moment is not None and name in _KNOWN_SINCE:
            since = row[_KNOWN_SINCE[name]]
            return row[spell_name(name)] if since is not None and since <= moment else None
        return row[spell_name(name)]

    def list_versions(self, series: Row) -> list[Row]:
        """Every version of an outcome."""
        return self.facts.versions_of.get(series["id"], [])

    def find_version(self, item: Stored) -> int | None:
        """The version that speaks now, or that spoke then; none where nothing was on record."""
        if item.moment is None:
            return int(item.row["current_version"])
        spoke = [each["version"] for each in self.list_versions(item.row) if lies_in(each["recorded"], item.moment)]
        return spoke[0] if spoke else None

    def find_content(self, item: Stored) -> Row | None:
        """What that version said; none where it was expunged."""
        version = self.find_version(item)
        said = self.facts.contents_of.get(item.row["id"], [])
        return next((each for each in said if each["version"] == version), None)

    def _find_statement(self, item: Stored) -> str | None:
        spoken = self.facts.statements_of.get(item.row["id"], [])
        if item.moment is None:
            return next((each["body"] for each in spoken if each["recorded"].upper is None), None)
        return next((each["body"] for each in spoken if lies_in(each["recorded"], item.moment)), None)

    def _find_standing(self, series: Row, moment: datetime) -> Row:
        held = self.facts.statuses_of.get(series["id"], [])
        nothing = dict.fromkeys(("lifecycle", "finality", "dispute", "void_reason"))
        return next((each for each in held if lies_in(each["recorded"], moment)), nothing)

    def list_oris(self, agency: UUID | None) -> list[str]:
        """The ORIs of an agency in their order."""
        return sorted(row["ori"] for row in self.facts.rows["registry.agency_oris"] if row["agency_id"] == agency)

    def find_agency(self, item: Stored) -> Row:
        """The agency that a row names."""
        return self.facts.by_id["registry.agencies"][item.row["agency_id"]]

    def find_reported_through(self, item: Stored) -> date | None:
        """The last day that a certified report covers."""
        rows = self.facts.rows["registry.period_reports"]
        certified = [row for row in rows if row["agency_id"] == item.row["id"] and row["certified_at"] is not None]
        ends = [row["period"].upper.toordinal() - 1 for row in certified]
        return date.fromordinal(max(ends)) if ends else None

    def find_version_date(self, item: Stored) -> date | None:
        """The day that a version reported."""
        said = self.facts.contents_of.get(item.row["series_id"], [])
        return next((each["action_date"] for each in said if each["version"] == item.row["version"]), None)

    def count_days_from_action(self, item: Stored, last: str) -> int | None:
        """Whole days from the action to the day of a moment."""
        content, end = self.find_content(item), item.row[last]
        if content is None or end is None:
            return None
        return int((end.astimezone(UTC).date() - content["action_date"]).days)

    def read_content(self, item: Stored, name: str) -> Any:
        """A value of the version that speaks now."""
        content = self.find_content(item)
        return None if content is None else content[name]


def _count_days(item: Stored, first: str, last: str) -> int | None:
    begun, ended = item.row[first], item.row[last]
    return None if begun is None or ended is None else floor((ended - begun).total_seconds() / 86400)


def _find_year(values: Values, item: Stored) -> int | None:
    day = values.read_content(item, "action_date")
    return None if day is None else int(day.year)


def _bound(span: Range[Any] | None, *, upper: bool) -> Any:
    if span is None or span.isempty:
        return None
    return span.upper if upper else span.lower


_SPECIAL: Mapping[tuple[str, str], Callable[[Values, Stored], Any]] = {
    ("Agency", "oris"): lambda values, item: values.list_oris(item.row["id"]),
    ("AgencyCompliance", "agencyOris"): lambda values, item: values.list_oris(item.row["id"]),
    ("AgencyCompliance", "reportedThrough"): lambda values, item: values.find_reported_through(item),
    ("RoleGrant", "agencyOris"): lambda values, item: values.list_oris(item.row["agency_id"]),
    ("GrantEligibility", "proof"): lambda _values, item: json.loads(item.row["proof"]),
    ("Outcome", "hasFinding"): lambda _values, item: item.row["kind"] != NO_FINDING,
    ("OutcomeVersion", "actionDate"): lambda values, item: values.find_version_date(item),
    ("Notice", "isAcknowledged"): lambda _values, item: item.row["acknowledged_at"] is not None,
    ("RelianceTask", "isDone"): lambda _values, item: item.row["done_at"] is not None,
    ("BreakGlassAccess", "awaitsApproval"): lambda _values, item: (
        item.row["approved_by"] is None and item.row["ended_by"] is None
    ),
    ("Export", "path"): lambda _values, item: f"/exports/{item.row['id']}",
    ("AnalystRow", "year"): _find_year,
    ("AnalystRow", "stateCode"): lambda values, item: values.find_agency(item)["state_code"],
    ("AnalystRow", "agencyKind"): lambda values, item: values.find_agency(item)["kind"],
    ("AnalystRow", "sizeBand"): lambda values, item: values.find_agency(item)["size_band"],
    ("AnalystRow", "hasFinding"): lambda _values, item: item.row["kind"] != NO_FINDING,
    ("AnalystRow", "basis"): lambda values, item: values.read_content(item, "basis"),
    ("AnalystRow", "daysFromActionToReport"): lambda values, item: values.count_days_from_action(item, "created_at"),
    ("AnalystRow", "daysFromReportToNotice"): lambda _values, item: _count_days(item, "created_at", "notice_served_at"),
    ("AnalystRow", "daysFromNoticeToClearance"): lambda _values, item: _count_days(
        item, "notice_served_at", "cleared_at"
    ),
    ("AnalystRow", "daysFromActionToClearance"): lambda values, item: values.count_days_from_action(item, "cleared_at"),
}
