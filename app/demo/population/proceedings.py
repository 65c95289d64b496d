"""How a proceeding is told as lines of a world: its matter with evidence and steps, and the outcome it ended in.

INVARIANT: a determination is satisfied only by elements whose evidence is in the matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from app.demo.population.agencies import Line
from app.demo.population.chance import Chance
from app.domain.vocabulary import (
    DisputeState,
    DocumentKind,
    Finality,
    Lifecycle,
    MatterKind,
    OutcomeKind,
    ProcessElement,
    ReportType,
    VoidReason,
)

_ADMINISTRATIVE: Final = (
    ProcessElement.NOTICE_OF_CHARGE,
    ProcessElement.ACCESS_TO_MATERIAL,
    ProcessElement.OPPORTUNITY_TO_RESPOND,
    ProcessElement.REPRESENTATION,
    ProcessElement.NEUTRAL_DECISION_MAKER,
    ProcessElement.WRITTEN_DECISION,
    ProcessElement.NOTICE_OF_APPEAL_RIGHT,
    ProcessElement.FINALITY,
    ProcessElement.REGISTRY_NOTICE,
)
_COURT: Final = (ProcessElement.COURT_RECORD, ProcessElement.REGISTRY_NOTICE)
# Which elements each kind needs: EO 13929 sec. 3(b), last sentence, spelled out kind by kind.
NEEDED: Final[Mapping[OutcomeKind, tuple[ProcessElement, ...]]] = {
    OutcomeKind.EXCESSIVE_FORCE_FINDING: _ADMINISTRATIVE,
    OutcomeKind.TERMINATION: _ADMINISTRATIVE,
    OutcomeKind.DECERTIFICATION: _ADMINISTRATIVE,
    OutcomeKind.CONVICTION_ON_DUTY: _COURT,
    OutcomeKind.CIVIL_JUDGMENT_FORCE: _COURT,
    OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION: (
        ProcessElement.NOTICE_OF_CHARGE,
        ProcessElement.OPPORTUNITY_TO_RESPOND,
        ProcessElement.REPRESENTATION,
        ProcessElement.REGISTRY_NOTICE,
        ProcessElement.NAME_CLEARING,
    ),
}
_PROOF: Final[Mapping[ProcessElement, DocumentKind]] = {
    ProcessElement.NOTICE_OF_CHARGE: DocumentKind.PROOF_OF_SERVICE,
    ProcessElement.ACCESS_TO_MATERIAL: DocumentKind.NOTICE,
    ProcessElement.OPPORTUNITY_TO_RESPOND: DocumentKind.HEARING_RECORD,
    ProcessElement.REPRESENTATION: DocumentKind.NOTICE,
    ProcessElement.NEUTRAL_DECISION_MAKER: DocumentKind.OPENING_ORDER,
    ProcessElement.WRITTEN_DECISION: DocumentKind.DECISION,
    ProcessElement.NOTICE_OF_APPEAL_RIGHT: DocumentKind.DECISION,
    ProcessElement.FINALITY: DocumentKind.ORDER,
    ProcessElement.REGISTRY_NOTICE: DocumentKind.NOTICE,
    ProcessElement.NAME_CLEARING: DocumentKind.HEARING_RECORD,
    ProcessElement.COURT_RECORD: DocumentKind.COURT_JUDGMENT,
}
_MATTERS: Final[Mapping[OutcomeKind, MatterKind]] = {
    OutcomeKind.DECERTIFICATION: MatterKind.CERTIFICATION_PROCEEDING,
    OutcomeKind.CONVICTION_ON_DUTY: MatterKind.CRIMINAL_PROSECUTION,
    OutcomeKind.CIVIL_JUDGMENT_FORCE: MatterKind.CIVIL_SUIT,
}
COURT: Final = "Superior Court of an invented county"
RULE_PACK: Final = "eo-13929-baseline"
_REVIEWED: Final = frozenset({Lifecycle.NOTICE, Lifecycle.CLEARED, Lifecycle.VOIDED, Lifecycle.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a series stood from a moment on."""

    at: datetime
    lifecycle: Lifecycle
    finality: Finality
    dispute: DisputeState = DisputeState.NONE
    void_reason: VoidReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One version: when the registry said so, as which type, and its content as the world format has it.

    Where the content was expunged its commitment is left, in hexadecimal digits.
    """

    at: datetime
    report_type: ReportType
    content: Line | None
    commitment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceeding:
    """One proceeding with its outcome: standings oldest first, reports in order; `missing` elements have no evidence.

    `extras` are further keys of the outcome's line: holds, statements, disputes.
    """

    id: str
    matter_id: str
    officer_id: str
    agency_id: str
    custodian: str
    kind: OutcomeKind
    opened_on: date
    action_date: date
    force_related: bool
    standings: Sequence[Standing]
    reports: Sequence[Report]
    missing: frozenset[ProcessElement] = frozenset()
    extras: Line = field(default_factory=dict)

    @property
    def last(self) -> Standing:
        """How it stands now."""
        return self.standings[-1]

    def reached(self, lifecycle: Lifecycle) -> datetime | None:
        """When it first stood so; None where it never did."""
        return next((standing.at for standing in self.standings if standing.lifecycle is lifecycle), None)


def write_proceeding(chance: Chance, proceeding: Proceeding) -> list[Line]:
    """The lines of the matter and of the outcome."""
    given = [element for element in NEEDED[proceeding.kind] if element not in proceeding.missing]
    if proceeding.reached(Lifecycle.NOTICE) is None:
        given = [element for element in given if element is not ProcessElement.REGISTRY_NOTICE]
    evidence = {element: chance.new_id() for element in given}
    return [_write_matter(chance, proceeding, evidence), _write_outcome(chance, proceeding, evidence)]


def write_moment(at: datetime) -> str:
    """A time as the world format has it."""
    return at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def begin_day(day: date) -> datetime:
    """Nine in the morning, UTC."""
    return datetime.combine(day, time(9), UTC)


def _write_matter(chance: Chance, proceeding: Proceeding, evidence: Mapping[ProcessElement, str]) -> Line:
    in_court = proceeding.kind in (OutcomeKind.CONVICTION_ON_DUTY, OutcomeKind.CIVIL_JUDGMENT_FORCE)
    still_open = proceeding.kind is OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION
    days = _date_steps(proceeding, evidence)
    line: Line = {
        "kind": "matter",
        "id": proceeding.matter_id,
        "matter_kind": _MATTERS.get(proceeding.kind, MatterKind.INTERNAL_INVESTIGATION).value,
        "status": "OPEN" if still_open else "CLOSED",
        "agency": proceeding.agency_id,
        "force_related": proceeding.force_related,
        "opened_on": proceeding.opened_on.isoformat(),
    }
    if in_court:
        line |= {"court": COURT, "case_number": f"INVENTED-{chance.whole(1000, 9999)}"}
    if ProcessElement.NOTICE_OF_CHARGE in days:
        line["notice_served_on"] = days[ProcessElement.NOTICE_OF_CHARGE].isoformat()
    if not still_open:
        line |= {"closed_on": proceeding.action_date.isoformat(), "disposition": "SUSTAINED"}
    line["evidence"] = [
        {
            "id": evidence[element],
            "document_kind": _PROOF[element].value,
            "custodian": proceeding.custodian,
            "sha256": chance.new_digest(),
            "held_on": day.isoformat(),
            "media_type": "application/pdf",
        }
        for element, day in days.items()
    ]
    line["steps"] = [
        {
            "id": chance.new_id(),
            "element": element.value,
            "occurred_on": day.isoformat(),
            "by_office": "office of professional standards",
            "evidence": evidence[element],
        }
        for element, day in days.items()
    ]
    return line


def _date_steps(proceeding: Proceeding, evidence: Mapping[ProcessElement, str]) -> dict[ProcessElement, date]:
    """Steps evenly between opening and action, in the order of the elements; the registry's own notice after them."""
    span = (proceeding.action_date - proceeding.opened_on).days
    days = {}
    for place, element in enumerate(evidence, start=1):
        days[element] = proceeding.opened_on + timedelta(days=span * place // (len(evidence) + 1))
    notice = proceeding.reached(Lifecycle.NOTICE)
    if ProcessElement.REGISTRY_NOTICE in days and notice is not None:
        days[ProcessElement.REGISTRY_NOTICE] = notice.date()
    return days


def _write_outcome(chance: Chance, proceeding: Proceeding, evidence: Mapping[ProcessElement, str]) -> Line:
    notice = proceeding.reached(Lifecycle.NOTICE)
    cleared = proceeding.reached(Lifecycle.CLEARED)
    line: Line = {
        "kind": "outcome",
        "id": proceeding.id,
        "analyst_id": chance.new_id(),
        "officer": proceeding.officer_id,
        "agency": proceeding.agency_id,
        "matter": proceeding.matter_id,
        "outcome_kind": proceeding.kind.value,
        **_write_standing(proceeding.last),
        "created_at": write_moment(proceeding.standings[0].at),
        "versions": [_write_report(proceeding, place) for place in range(len(proceeding.reports))],
        "statuses": _write_statuses(proceeding.standings),
    }
    if notice is not None:
        line |= {
            "notice_served_at": write_moment(notice),
            "respond_by": write_moment(notice + timedelta(days=30)),
        }
    if cleared is not None:
        line["cleared_at"] = write_moment(cleared)
    determination = _write_determination(chance, proceeding, evidence)
    if determination is not None:
        line["determinations"] = [determination]
    return line | proceeding.extras


def _write_standing(standing: Standing) -> Line:
    line: Line = {
        "lifecycle": standing.lifecycle.value,
        "finality": standing.finality.value,
        "dispute": standing.dispute.value,
    }
    return line if standing.void_reason is None else line | {"void_reason": standing.void_reason.value}


def _write_statuses(standings: Sequence[Standing]) -> list[Line]:
    ends = [write_moment(later.at) for later in standings[1:]]
    entries = [{"from": write_moment(standing.at), **_write_standing(standing)} for standing in standings]
    return [entry | {"to": end} for entry, end in zip(entries, ends, strict=False)] + entries[-1:]


def _write_report(proceeding: Proceeding, place: int) -> Line:
    report = proceeding.reports[place]
    line: Line = {
        "version": place + 1,
        "report_type": report.report_type.value,
        "valid_from": proceeding.action_date.isoformat(),
        "recorded_from": write_moment(report.at),
        **({"content": report.content} if report.content is not None else {"commitment": report.commitment}),
    }
    if place:
        line["supersedes"] = place
    if place + 1 < len(proceeding.reports):
        line["recorded_to"] = write_moment(proceeding.reports[place + 1].at)
    if proceeding.reached(Lifecycle.SUBMITTED) is not None:
        line |= {
            "certified_by": f"certifying official, {proceeding.custodian}",
            "certified_at": write_moment(report.at),
        }
    return line


def _write_determination(chance: Chance, proceeding: Proceeding, evidence: Mapping[ProcessElement, str]) -> Line | None:
    """The reviewer's determination, where the proceeding came so far."""
    decided = proceeding.reached(Lifecycle.NOTICE) or proceeding.reached(Lifecycle.AWAITING_EVIDENCE)
    if decided is None:
        return None
    passed = bool(_REVIEWED & {standing.lifecycle for standing in proceeding.standings})
    missing = [element.value for element in NEEDED[proceeding.kind] if element in proceeding.missing]
    if not passed and not missing:
        return None
    return {
        "id": chance.new_id(),
        "version": 1,
        "rule_pack": RULE_PACK,
        "rule_pack_version": 1,
        "result": "NOT_SATISFIED" if missing else "SATISFIED",
        "missing": missing,
        "decided_by": "reviewer of another agency",
        "decided_at": write_moment(decided),
        "elements": [{"element": element.value, "evidence": item} for element, item in sorted(evidence.items())],
    }
