"""Who may see what, decided slowly and simply from a world's lines: Casbin is asked for every single field.

Nothing of the compiler, the grants or the database is used here; that is what makes it a witness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from app.domain.relation import STATE_RELATIONS
from app.domain.vocabulary import (
    Action,
    DisputeState,
    Finality,
    HoldInForce,
    Lifecycle,
    OutcomeKind,
    Purpose,
    RecordState,
    Relation,
    Role,
)
from app.identity.issuer import TokenOrder
from app.policy.engine import DecisionPoint, DecisionRequest

Line = dict[str, Any]
_LISTING = {RecordState.CLEARED, RecordState.NO_FINDING}

# The type of the contract that shows each kind of line; all other types are public or hang on one of these.
TYPE_OF_KIND = {
    "officer": "Officer",
    "stint": "Stint",
    "certification": "Certification",
    "outcome": "Outcome",
    "agency": "Agency",
    "candidate_check": "CandidateCheck",
    "consent": "Consent",
    "notice": "Notice",
    "grant": "RoleGrant",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, as a token and its grant have it."""

    account: str
    role: Role
    purpose: Purpose
    agency: str | None = None
    state: str | None = None
    officer: str | None = None


class World:
    """The lines of a world, by kind and by id."""

    def __init__(self, lines: Iterable[Line], now: datetime) -> None:
        self.now = now
        self.by_kind: dict[str, list[Line]] = defaultdict(list)
        self.by_id: dict[str, Line] = {}
        for line in lines:
            self.by_kind[line["kind"]].append(line)
            if "id" in line:
                self.by_id[line["id"]] = line
        self._oracles: dict[tuple[bytes, Asker], Oracle] = {}

    def consult(self, point: DecisionPoint, asker: Asker) -> Oracle:
        """The oracle for one asker under one policy; it remembers what it was asked."""
        key = (point.bundle.digest, asker)
        if key not in self._oracles:
            self._oracles[key] = Oracle(self, point, asker)
        return self._oracles[key]

    def list_some(self, kind: str) -> list[Line]:
        """The lines of a kind: all that were written by hand, and every fourth of those drawn at random."""
        lines = self.by_kind[kind]
        written = [line for line in lines if line["id"][1:4] in {"999", "000"}]
        return written + [line for line in lines if line["id"][1:4] not in {"999", "000"}][::4]

    @cached_property
    def stints_of(self) -> dict[str, list[Line]]:
        """Stints by officer."""
        return self._group("stint")

    @cached_property
    def certifications_of(self) -> dict[str, list[Line]]:
        """Certifications by officer."""
        return self._group("certification")

    @cached_property
    def outcomes_of(self) -> dict[str, list[Line]]:
        """Outcomes by officer."""
        return self._group("outcome")

    def _group(self, kind: str) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = defaultdict(list)
        for line in self.by_kind[kind]:
            found[line["officer"]].append(line)
        return found

    def name_asker(self, order: TokenOrder | None) -> Asker:
        """The asker that a token order makes."""
        if order is None:
            return Asker(account="", role=Role.PUBLIC, purpose=Purpose.PUBLIC)
        agencies = (line["id"] for line in self.by_kind["agency"] if order.agency_ori in line.get("oris", ()))
        return Asker(
            account=order.account,
            role=order.role,
            purpose=order.purpose,
            agency=next(agencies) if order.agency_ori else None,
            state=order.state_code,
            officer=str(order.officer_id) if order.officer_id else None,
        )

    def is_now(self, line: Line, first: str, *lasts: str) -> bool:
        """Whether now lies from `first` up to each of `lasts` that the line gives."""
        began = datetime.fromisoformat(line[first]) <= self.now
        return began and all(self.now < datetime.fromisoformat(line[last]) for last in lasts if line.get(last))

    def find_hold(self, outcome: Line) -> HoldInForce:
        """What the holds on an outcome amount to."""
        kinds = {hold["kind"] for hold in outcome.get("holds", ()) if self.is_now(hold, "from", "to")}
        if "SEAL_ORDER" in kinds:
            return HoldInForce.SEAL
        return HoldInForce.OTHER if kinds else HoldInForce.NONE


class Oracle:
    """Decides for one asker, line by line and field by field."""

    def __init__(self, world: World, point: DecisionPoint, asker: Asker) -> None:
        self.world = world
        self.asker = asker
        self._point = point
        self._decisions: dict[tuple[frozenset[Relation], RecordState, str], bool] = {}
        self._standings: dict[str, tuple[frozenset[Relation], RecordState]] = {}
        self._fields: dict[str, list[str]] = defaultdict(list)
        for name in sorted(point.bundle.leaf_fields):
            self._fields[name.partition(".")[0]].append(name)

    def sees(self, line: Line) -> bool:
        """Whether the asker may see a line at all: some field of it."""
        return any(self.reads(line, name) for name in self._fields[TYPE_OF_KIND[line["kind"]]])

    def reads(self, line: Line, field: str) -> bool:
        """Whether the asker may read `Type.field` of a line, or of what hangs on it."""
        relations, state = self.stand(line)
        return self._decide(relations, state, field)

    def stand(self, line: Line) -> tuple[frozenset[Relation], RecordState]:
        """How the asker stands to a line, and in which state it is."""
        if line["id"] not in self._standings:
            self._standings[line["id"]] = self._relate(line), self._find_state(line)
        return self._standings[line["id"]]

    def _decide(self, relations: frozenset[Relation], state: RecordState, field: str) -> bool:
        key = (relations, state, field)
        if key not in self._decisions:
            request = DecisionRequest(
                role=self.asker.role,
                relations=relations,
                field=field,
                state=state,
                purpose=self.asker.purpose,
                action=Action.READ,
            )
            self._decisions[key] = self._point.decide(request).allowed
        return self._decisions[key]

    def _find_state(self, line: Line) -> RecordState:
        if line["kind"] == "outcome":
            return self._point.bundle.record_states.state_of(
                Lifecycle(line["lifecycle"]),
                Finality(line["finality"]),
                DisputeState(line.get("dispute", "NONE")),
                self.world.find_hold(line),
                OutcomeKind(line["outcome_kind"]),
            )
        if line["kind"] in {"officer", "stint", "certification"}:
            states = {self._find_state(each) for each in self.world.outcomes_of[self._name_officer(line)]}
            if RecordState.CLEARED in states:
                return RecordState.LISTED
            return RecordState.LISTED_NO_FINDING if RecordState.NO_FINDING in states else RecordState.UNLISTED
        return RecordState.STANDING

    def _name_officer(self, line: Line) -> str:
        return str(line["id"] if line["kind"] == "officer" else line.get("officer"))

    def _relate(self, line: Line) -> frozenset[Relation]:
        asker, kind = self.asker, line["kind"]
        found = {Relation.ANYWHERE}
        if kind in {"officer", "stint", "certification", "outcome"}:
            found |= self._relate_officer(self._name_officer(line))
            found |= self._relate_place(line)
        if kind in {"candidate_check", "grant", "notice"} and asker.agency and line.get("agency") == asker.agency:
            found.add(Relation.OWN_AGENCY)
        if kind == "agency" and line["id"] == asker.agency:
            found.add(Relation.OWN_AGENCY)
        if kind in {"consent", "notice"} and line.get("officer") in self.own_officers:
            found.add(Relation.SELF)
        if kind == "grant" and asker.officer and (line["role"], line.get("officer")) == ("officer_rep", asker.officer):
            found.add(Relation.SELF)
        return frozenset(found)

    @cached_property
    def own_officers(self) -> set[str]:
        """Who the asker is: the officer he acts for, in any other role every officer the account was ever known as."""
        if self.asker.role in {Role.OFFICER, Role.OFFICER_REP}:
            return {self.asker.officer} if self.asker.officer else set()
        grants = self.world.by_kind["grant"]
        return {
            line["officer"] for line in grants if (line["account"], line["role"]) == (self.asker.account, "officer")
        }

    def _relate_officer(self, officer: str) -> set[Relation]:
        asker, world = self.asker, self.world
        found = set()
        if officer in self.own_officers:
            found.add(Relation.SELF)
        if any(each["agency"] == asker.agency and each["is_current"] for each in world.stints_of[officer]):
            found.add(Relation.EMPLOYEE)
        if any(each["state"] == asker.state for each in world.certifications_of[officer]):
            found.add(Relation.CERTIFICANT)
        for check in world.by_kind["candidate_check"]:
            if check.get("officer") == officer and self._holds_check(check):
                limited = check["check_kind"] == "LIMITED"
                found.add(Relation.CANDIDATE_LIMITED if limited else Relation.CANDIDATE_FULL)
        return found

    def _holds_check(self, check: Line) -> bool:
        """An open, matched check of the asker's agency, under a live consent of that scope (access.md, section 1)."""
        consent = self.world.by_id.get(check.get("consent", ""))
        scopes = {"FULL"} if check["check_kind"] == "FULL" else {"FULL", "LIMITED"}
        return bool(
            consent is not None
            and check["agency"] == self.asker.agency == consent["agency"]
            and check["match_result"] == "MATCH"
            and consent["officer"] == check["officer"]
            and consent["scope"] in scopes
            and consent.get("purpose", "hiring") == "hiring"
            and self.world.is_now(check, "opened_at", "expires_at", "closed_at")
            and self.world.is_now(consent, "granted_at", "expires_at", "revoked_at")
        )

    def _relate_place(self, line: Line) -> set[Relation]:
        """Own agency and own State: of the line itself, or of an officer through service and reports."""
        asker, kind = self.asker, line["kind"]
        served = [line] if kind in {"stint", "outcome"} else self._list_service(self._name_officer(line))
        agencies = {each["agency"] for each in served}
        states = {self.world.by_id[each].get("state") for each in agencies}
        if kind == "certification":
            states = {line["state"]}
        found = set()
        if asker.agency in agencies:
            found.add(Relation.OWN_AGENCY)
        if asker.state is not None and asker.state in states:
            found.add(Relation.OWN_STATE)
        outcomes = [line] if kind == "outcome" else self.world.outcomes_of[self._name_officer(line)]
        for each in outcomes:
            if any(self._is_assigned(given, each) for given in self.world.by_kind["assignment"]):
                found.add(Relation.ASSIGNED)
            if any(self._is_opened(given, each) for given in self.world.by_kind["break_glass_access"]):
                found.add(Relation.BREAK_GLASS)
        return found | self._find_law(line)

    def _find_law(self, line: Line) -> set[Relation]:
        """The State whose law a record is under: its agency's; of a person, the one whose records alone list him."""
        listing = [line]
        if line["kind"] != "outcome":
            outcomes = self.world.outcomes_of[self._name_officer(line)]
            listing = [each for each in outcomes if self._find_state(each) in _LISTING]
        states = {self.world.by_id[each["agency"]].get("state") for each in listing}
        return {relation for relation, code in STATE_RELATIONS.items() if states == {code}}

    def _list_service(self, officer: str) -> list[Line]:
        return [*self.world.stints_of[officer], *self.world.outcomes_of[officer]]

    def _is_opened(self, access: Line, outcome: Line) -> bool:
        return (
            access["outcome"] == outcome["id"]
            and access["account"] == self.asker.account
            and access.get("approved_by") is not None
            and self.world.is_now(access, "from", "to")
        )

    def _is_assigned(self, assignment: Line, outcome: Line) -> bool:
        return (
            assignment["outcome"] == outcome["id"]
            and assignment["account"] == self.asker.account
            and assignment["role"] == self.asker.role
            and self.world.is_now(assignment, "from", "to")
        )
