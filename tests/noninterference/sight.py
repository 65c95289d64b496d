"""How a principal stands to the lines that the plain registry does not know, and what such a line shows him.

What is not listed here as kept from every contract counts as shown: a change too many is refused, never one too few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any, Final

from app.domain.vocabulary import Action, RecordState, Relation
from app.policy.engine import DecisionRequest
from tests.noninterference.counted import Figures
from tests.properties.oracle import TYPE_OF_KIND, Oracle

Line = dict[str, Any]

# Types that show themselves by an id of their own, by the kind of line that they are made of.
TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    **{kind: (name,) for kind, name in TYPE_OF_KIND.items()},
    "outcome": ("Outcome", "AnalystRow"),
    "agency": ("Agency", "AgencyCompliance"),
    "grant": ("RoleGrant", "Mandate"),
    "disclosure": ("Disclosure", "AuditEvent"),
    "credentialing_body": ("CredentialingBody",),
    "agency_credential": ("Credential",),
    "grant_eligibility": ("GrantEligibility",),
    "monitor": ("MonitorSubscription",),
    "reliance_task": ("RelianceTask",),
    "break_glass_access": ("BreakGlassAccess",),
    "period_report": ("AgencyCompliance",),
    "attestation": ("AgencyCompliance",),
}
# Kinds that no contract shows: they matter by the relations that they make.
SHOWN_BY_NOTHING: Final = frozenset(
    {"assignment", "series_link", "standard_set", "body_certification", "jurisdiction", "matter"}
)
# Members of a line that no field of any contract shows.
KEPT_FROM_ALL: Final[Mapping[str, frozenset[str]]] = {
    "agency": frozenset({"enrollments", "recorded_at"}),
    "notice": frozenset({"channel", "sent_at"}),
    "agency_credential": frozenset({"recorded_at"}),
    "grant_eligibility": frozenset({"decided_by"}),
    "period_report": frozenset({"certified_by"}),
    "attestation": frozenset({"statement", "history_digest", "attested_by"}),
    "reliance_task": frozenset({"chain", "position", "done_by"}),
    "grant": frozenset({"case_number"}),
}
_OF_AN_AGENCY: Final = frozenset({"period_report", "attestation"})
_OFFICIAL: Final = "certifying_official"


class Sight:
    """What one principal sees of the types beside the plain registry's, in one world."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        grants = oracle.world.by_kind["grant"]
        bodies = (each.get("body") for each in grants if each["account"] == oracle.asker.account and "body" in each)
        self._body = next(bodies, None)
        self._seen: dict[tuple[str, frozenset[Relation]], bool] = {}
        self._fields: dict[str, tuple[str, ...]] = {}
        self._figures = Figures(oracle)

    def describe(self, line: Line) -> dict[str, Any]:
        """What the line shows as anything but the plain registry's own type, by type."""
        shown: dict[str, Any] = {}
        for type_name in TYPES.get(line["kind"], ()):
            if type_name != TYPE_OF_KIND.get(line["kind"]) and self.sees(line, type_name):
                shown[type_name] = self._show(line, type_name)
        return {**shown, **self._figures.describe(line)}

    def sees(self, line: Line, type_name: str) -> bool:
        """Whether some field of the type may be read of the line."""
        if line["kind"] == "outcome":
            return any(self.oracle.reads(line, name) for name in self._list_fields(type_name))
        relations = frozenset({Relation.ANYWHERE, *self._relate(line, type_name)})
        key = (type_name, relations)
        if key not in self._seen:
            self._seen[key] = any(self._decide(relations, name) for name in self._list_fields(type_name))
        return self._seen[key]

    def _list_fields(self, type_name: str) -> tuple[str, ...]:
        if type_name not in self._fields:
            every = self.oracle._point.bundle.leaf_fields
            self._fields[type_name] = tuple(each for each in every if each.startswith(f"{type_name}."))
        return self._fields[type_name]

    def _decide(self, relations: frozenset[Relation], name: str) -> bool:
        asker = self.oracle.asker
        request = DecisionRequest(
            role=asker.role,
            relations=relations,
            field=name,
            state=RecordState.STANDING,
            purpose=asker.purpose,
            action=Action.READ,
        )
        return self.oracle._point.decide(request).allowed

    def _relate(self, line: Line, type_name: str) -> Iterator[Relation]:
        asker = self.oracle.asker
        agency = line["id"] if line["kind"] == "agency" else line.get("agency")
        if type_name in {"Disclosure", "Mandate"}:
            if self._is_own(line):
                yield Relation.SELF
            return
        if type_name == "BreakGlassAccess" and line["account"] == asker.account:
            yield Relation.SELF
        if agency is not None and agency == asker.agency:
            yield Relation.OWN_AGENCY
        yield from self._relate_body(line, agency)

    def _is_own(self, line: Line) -> bool:
        officer = self.oracle.asker.officer
        if officer is None:
            return False
        if line["kind"] == "disclosure":
            return any(item["officer"] == officer for item in line.get("items", ()))
        return (line["role"], line.get("officer")) == ("officer_rep", officer)

    def _relate_body(self, line: Line, agency: str | None) -> Iterator[Relation]:
        """By a credential itself whenever it is, by an agency's duties where a credential of it runs today."""
        if self._body is None:
            return
        held = [line]
        if line["kind"] != "agency_credential":
            today = self.oracle.world.now.astimezone(UTC).date().isoformat()
            credentials = self.oracle.world.by_kind["agency_credential"]
            held = [each for each in credentials if each["agency"] == agency and _runs(each, today)]
        statuses = {each["status"] for each in held if each.get("body") == self._body and "status" in each}
        if statuses & {"SOUGHT", "IN_PROCESS"}:
            yield Relation.APPLICANT
        if statuses & {"CERTIFIED", "RE_REVIEW_DUE"}:
            yield Relation.CREDENTIALEE

    def _show(self, line: Line, type_name: str) -> Any:
        if type_name == "AnalystRow":
            return self._show_analyst_row(line)
        if type_name == "Disclosure":
            own = [each for each in line["items"] if each["officer"] == self.oracle.asker.officer]
            return {**line, "items": own, "account": None}
        if type_name == "AuditEvent":
            return {**line, "items": len(line.get("items", ()))}
        shown = strip(line)
        if type_name == "AgencyCompliance" and "enrollments" in line:
            shown["enrollments"] = [
                {key: value for key, value in each.items() if key not in {"id", _OFFICIAL}}
                for each in line["enrollments"]
            ]
        return shown

    def _show_analyst_row(self, line: Line) -> Line:
        facts = {"id": line["analyst_id"], **self._figures.tell_outcome(line)}
        names = (name.partition(".")[2] for name in self._list_fields("AnalystRow") if self.oracle.reads(line, name))
        return {name: facts[name] for name in names}


def list_node_ids(line: Line) -> Iterator[tuple[str, str]]:
    """The types and keys of the Relay ids that a line has."""
    if line["kind"] in _OF_AN_AGENCY:
        return
    for type_name in TYPES.get(line["kind"], ()):
        yield type_name, line["analyst_id"] if type_name == "AnalystRow" else line["id"]


def strip(line: Line) -> Line:
    """The line without what no contract shows of it."""
    kept = KEPT_FROM_ALL.get(line["kind"], frozenset())
    return {key: value for key, value in line.items() if key not in kept}


def _runs(credential: Line, today: str) -> bool:
    return bool(credential["from"] <= today and today < credential.get("to", "9999-12-31"))
