"""Invented outcomes: a few officers in a hundred have one, in every state it may be in.

No outcome here is about anybody; its delays are those of real proceedings, its facts are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from app.demo.population.agencies import Line
from app.demo.population.calibration import Calibration
from app.demo.population.careers import InventedOfficer, InventedStint
from app.demo.population.chance import Chance, weigh
from app.demo.population.proceedings import NEEDED, Proceeding, Report, Standing, begin_day, write_moment
from app.domain.vocabulary import (
    DisputeState,
    Finality,
    HoldKind,
    Lifecycle,
    OutcomeKind,
    ReportType,
    VoidReason,
)

_AT_SEPARATION: Final = (
    OutcomeKind.TERMINATION,
    OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION,
    OutcomeKind.DECERTIFICATION,
)
_REASON: Final = {
    OutcomeKind.TERMINATION: "TERMINATED_FOR_CAUSE",
    OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION: "RESIGNED_UNDER_INVESTIGATION",
    OutcomeKind.DECERTIFICATION: "TERMINATED_FOR_CAUSE",
}
_COURT_KINDS: Final = (OutcomeKind.CONVICTION_ON_DUTY, OutcomeKind.CIVIL_JUDGMENT_FORCE)
# The way to each state, with the days spent in each before the next.
_WAY: Final = (
    (Lifecycle.DRAFT, 5),
    (Lifecycle.SUBMITTED, 2),
    (Lifecycle.AWAITING_EVIDENCE, 40),
    (Lifecycle.PROCESS_REVIEW, 20),
    (Lifecycle.NOTICE, 31),
    (Lifecycle.CLEARED, 200),
)
_LEAVES_AT: Final = {
    Lifecycle.REJECTED: Lifecycle.PROCESS_REVIEW,
    Lifecycle.WITHDRAWN: Lifecycle.AWAITING_EVIDENCE,
    Lifecycle.VOIDED: Lifecycle.CLEARED,
    Lifecycle.EXPIRED: Lifecycle.CLEARED,
    Lifecycle.EXPUNGED: Lifecycle.CLEARED,
}
_BASES: Final = ("DISHONESTY", "ABUSE_OF_POWER", "FAILURE_TO_COOPERATE", "EGREGIOUS_OR_REPEATED_VIOLATIONS")
_FORCE: Final = ("PERSONAL_WEAPONS", "CONDUCTED_ENERGY", "HANDGUN", "RESTRAINT_PRONE", "CANINE", "CHEMICAL_AGENT")
_VOID_REASONS: Final = (VoidReason.SUBMITTED_IN_ERROR, VoidReason.OVERTURNED, VoidReason.FAIR_PROCESS_NOT_AFFORDED)
_HOLDS: Final = (HoldKind.STAY, HoldKind.SEAL_ORDER, HoldKind.COURT_ORDER)
_SHORTEST_HISTORY: Final = timedelta(days=3)


class OutcomeSource:
    """Draws whether an officer has an outcome, and which."""

    def __init__(self, calibration: Calibration, now: datetime) -> None:
        self._calibration = calibration
        self._now = now
        self._kinds = weigh({OutcomeKind(kind): weight for kind, weight in calibration.outcome_kinds.items()})
        self._lifecycles = weigh({Lifecycle(name): weight for name, weight in calibration.lifecycles.items()})
        settled = sum(
            weight
            for name, weight in calibration.lifecycles.items()
            if name == Lifecycle.CLEARED or _LEAVES_AT.get(Lifecycle(name)) is Lifecycle.CLEARED
        )
        # Further versions are drawn for settled series only; their share makes up for the others.
        share = settled / sum(calibration.lifecycles.values())
        self._revised_share = (calibration.versions_per_series - 1) / share
        self._disputed_share = calibration.dispute_share / share

    def draw(self, chance: Chance, officer: InventedOfficer) -> tuple[InventedOfficer, Proceeding | None]:
        """The officer, the end of his service made to fit, and his proceeding if he has one."""
        if not chance.happens(self._calibration.series_per_officer):
            return officer, None
        kind = chance.pick(self._kinds)
        places = [i for i, stint in enumerate(officer.stints) if kind not in _AT_SEPARATION or stint.end is not None]
        if not places:
            kind, places = OutcomeKind.EXCESSIVE_FORCE_FINDING, list(range(len(officer.stints)))
        place = chance.one_of(places)
        stint = officer.stints[place]
        proceeding = self._draw_proceeding(chance, officer, stint, kind)
        if proceeding is not None and kind in _REASON:
            stints = list(officer.stints)
            stints[place] = replace(stint, reason=_REASON[kind])
            officer = replace(officer, stints=stints)
        return officer, proceeding

    def _draw_proceeding(
        self, chance: Chance, officer: InventedOfficer, stint: InventedStint, kind: OutcomeKind
    ) -> Proceeding | None:
        action = self._draw_action(chance, stint, kind)
        opened = action - timedelta(
            days=chance.by_quartiles(self._calibration.received_to_charges)
            + chance.by_quartiles(self._calibration.charges_to_order)
        )
        standings = self._draw_standings(chance, kind, action)
        if standings is None:
            return None
        disputed = standings[-1].lifecycle is Lifecycle.CLEARED and chance.happens(self._disputed_share)
        extras: Line = {}
        if disputed:
            standings, extras = self._dispute(chance, standings)
        elif standings[-1].lifecycle is Lifecycle.CLEARED and chance.happens(self._calibration.hold_share):
            extras = {"holds": [self._write_hold(chance, standings[-1].at)]}
        forced = kind not in (OutcomeKind.TERMINATION, OutcomeKind.DECERTIFICATION) or chance.happens(0.4)
        lacking = standings[-1].lifecycle is Lifecycle.AWAITING_EVIDENCE
        return Proceeding(
            id=chance.new_id(),
            matter_id=chance.new_id(),
            officer_id=officer.id,
            agency_id=stint.agency.id,
            custodian=stint.agency.name,
            kind=kind,
            opened_on=min(opened, action),
            action_date=action,
            force_related=forced,
            standings=standings,
            reports=self._draw_reports(chance, kind, action, standings, forced=forced),
            missing=frozenset({chance.one_of(NEEDED[kind])}) if lacking else frozenset(),
            extras=extras,
        )

    def _draw_action(self, chance: Chance, stint: InventedStint, kind: OutcomeKind) -> date:
        end = stint.end or self._now.date()
        if kind is OutcomeKind.DECERTIFICATION:
            return end + timedelta(days=chance.by_quartiles(self._calibration.charges_to_hearing))
        return end if kind in _AT_SEPARATION else chance.day(stint.start, end)

    def _draw_standings(self, chance: Chance, kind: OutcomeKind, action: date) -> list[Standing] | None:
        """The way through the states, squeezed where little time has passed; None where hardly any has."""
        target = chance.pick(self._lifecycles)
        way = list(_WAY[: [state for state, _ in _WAY].index(_LEAVES_AT.get(target, target)) + 1])
        if target in _LEAVES_AT:
            way.append((target, 0))
        taken = sum(days for _, days in way[:-1])
        resting = chance.whole(1, 1400 if target in _LEAVES_AT or target is Lifecycle.CLEARED else 25)
        created = max(begin_day(action + timedelta(days=10)), self._now - timedelta(days=taken + resting))
        if self._now - created < _SHORTEST_HISTORY:
            return None
        pace = min(1.0, (self._now - created) / timedelta(days=taken + 1))
        standings, passed = [], 0
        finality = _draw_finality(chance, kind)
        for state, days in way:
            at = created + passed * pace * timedelta(days=1)
            settled = state in (Lifecycle.NOTICE, Lifecycle.CLEARED) or state in _LEAVES_AT
            reason = chance.one_of(_VOID_REASONS) if state is Lifecycle.VOIDED else None
            standings.append(
                Standing(
                    at=at.replace(microsecond=0),
                    lifecycle=state,
                    finality=finality if settled else Finality.NON_FINAL,
                    void_reason=reason,
                )
            )
            passed += days
        return standings

    def _dispute(self, chance: Chance, standings: list[Standing]) -> tuple[list[Standing], Line]:
        cleared = standings[-1]
        at = cleared.at + (self._now - cleared.at) / 2
        extras: Line = {
            "disputes": [
                {
                    "id": chance.new_id(),
                    "ground": "FACTUAL",
                    "opened_at": write_moment(at),
                    "reporter_response_due": write_moment(at + timedelta(days=30)),
                }
            ],
            "statements": [
                {
                    "id": chance.new_id(),
                    "version": 1,
                    "body": "I dispute the account of events in this report.",
                    "screened_by": "registrar",
                    "screened_at": write_moment(at),
                    "from": write_moment(at),
                }
            ],
        }
        return [*standings, replace(cleared, at=at.replace(microsecond=0), dispute=DisputeState.DISPUTED)], extras

    def _write_hold(self, chance: Chance, cleared: datetime) -> Line:
        at = write_moment(cleared + (self._now - cleared) / 3)
        return {
            "id": chance.new_id(),
            "kind": chance.one_of(_HOLDS).value,
            "from": at,
            "authority": "Superior Court of an invented county",
            "order_number": f"INVENTED-{chance.whole(1000, 9999)}",
            "order_sha256": chance.new_digest(),
            "placed_by": "registrar",
            "placed_at": at,
        }

    def _draw_reports(
        self, chance: Chance, kind: OutcomeKind, action: date, standings: Sequence[Standing], *, forced: bool
    ) -> list[Report]:
        content = draw_content(chance, kind, action, forced=forced)
        if standings[-1].lifecycle is Lifecycle.EXPUNGED:
            left = chance.new_digest()
            return [Report(at=standings[0].at, report_type=ReportType.INITIAL, content=None, commitment=left)]
        reports = [Report(at=standings[0].at, report_type=ReportType.INITIAL, content=content)]
        cleared = next((each for each in standings if each.lifecycle is Lifecycle.CLEARED), None)
        if cleared is not None and chance.happens(self._revised_share):
            later = (cleared.at + (self._now - cleared.at) * 0.4).replace(microsecond=0)
            corrected = content | {"legal_basis": "corrected citation of the agency's manual"}
            reports.append(Report(at=later, report_type=ReportType.CORRECTION, content=corrected))
        return reports


def draw_content(chance: Chance, kind: OutcomeKind, action: date, *, forced: bool) -> Line:
    """The content of a report, as the world format has it."""
    basis = ["PHYSICAL_ABUSE_EXCESSIVE_FORCE"] if forced else [chance.one_of(_BASES)]
    content: Line = {
        "salt": chance.new_digest(),
        "action_date": action.isoformat(),
        "basis": basis,
        "force_related": forced,
        "on_duty": True,
    }
    if forced:
        content["force_types"] = [chance.one_of(_FORCE)]
    if kind is OutcomeKind.CONVICTION_ON_DUTY:
        return content | {"conviction_basis": "JURY_VERDICT", "standard_of_proof": "BEYOND_REASONABLE_DOUBT"}
    if kind is OutcomeKind.CIVIL_JUDGMENT_FORCE:
        return content | {"civil_basis": "VERDICT", "standard_of_proof": "PREPONDERANCE"}
    if kind is OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION:
        return content
    return content | {
        "recommended_finding": "SUSTAINED",
        "final_finding": "SUSTAINED",
        "standard_of_proof": "PREPONDERANCE",
    }


def _draw_finality(chance: Chance, kind: OutcomeKind) -> Finality:
    if kind is OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION:
        return Finality.NON_FINAL
    if kind in _COURT_KINDS and chance.happens(0.2):
        return Finality.APPEAL_PENDING
    return Finality.APPEAL_PENDING if chance.happens(0.05) else Finality.FINAL
