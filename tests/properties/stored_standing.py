"""How someone stands to a stored row, and what Casbin allows him of it: decided slowly and simply from the facts.

Nothing of the compiler, the grants, the gate or row security is used here; that is what makes it a witness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from functools import cached_property
from typing import Any
from uuid import UUID

from app.domain.relation import STATE_RELATIONS
from app.domain.vocabulary import (
    Action,
    DisputeState,
    Entity,
    Finality,
    HoldInForce,
    Lifecycle,
    OutcomeKind,
    Purpose,
    RecordState,
    Relation,
    Role,
)
from app.policy.engine import DecisionPoint, DecisionRequest
from tests.properties.drawn_askers import DrawnAsker
from tests.properties.stored_facts import Facts, Row, lies_in

ABOUT_PERSONS = frozenset({Entity.OFFICER, Entity.STINT, Entity.CERTIFICATION, Entity.OUTCOME})
OF_AGENCIES = frozenset(
    {Entity.CHECK, Entity.GRANT, Entity.NOTICE, Entity.MONITOR, Entity.RELIANCE, Entity.CREDENTIAL, Entity.ELIGIBILITY}
)
# In which relations rows can stand at all, besides `anywhere`.
POSSIBLE: dict[Entity, frozenset[Relation]] = {
    **dict.fromkeys(
        ABOUT_PERSONS,
        frozenset(
            {
                Relation.OWN_AGENCY,
                Relation.OWN_STATE,
                Relation.SELF,
                Relation.CANDIDATE_LIMITED,
                Relation.CANDIDATE_FULL,
                Relation.EMPLOYEE,
                Relation.CERTIFICANT,
                Relation.ASSIGNED,
                Relation.BREAK_GLASS,
                *STATE_RELATIONS,
            }
        ),
    ),
    **dict.fromkeys(OF_AGENCIES | {Entity.AGENCY}, frozenset({Relation.OWN_AGENCY})),
    Entity.NOTICE: frozenset({Relation.OWN_AGENCY, Relation.SELF}),
    Entity.GRANT: frozenset({Relation.OWN_AGENCY, Relation.SELF}),
    Entity.CONSENT: frozenset({Relation.SELF}),
    Entity.EXPORT: frozenset({Relation.SELF}),
    Entity.DISCLOSURE: frozenset({Relation.SELF}),
    Entity.COMPLIANCE: frozenset({Relation.OWN_AGENCY, Relation.APPLICANT, Relation.CREDENTIALEE}),
    Entity.CREDENTIAL: frozenset({Relation.OWN_AGENCY, Relation.APPLICANT, Relation.CREDENTIALEE}),
}
LISTING = frozenset({RecordState.CLEARED, RecordState.NO_FINDING})
LISTINGS = frozenset({RecordState.LISTED, RecordState.LISTED_NO_FINDING, RecordState.UNLISTED})

Standing = tuple[frozenset[Relation], RecordState]


def list_possible_states(entity: Entity) -> frozenset[RecordState]:
    """Every state a row of an entity can be in."""
    if entity is Entity.OUTCOME:
        return frozenset(RecordState) - LISTINGS - {RecordState.STANDING}
    return LISTINGS if entity in ABOUT_PERSONS else frozenset({RecordState.STANDING})


def name_officer(entity: Entity, row: Row) -> UUID:
    """Whom a row about a person is about."""
    found: UUID = row["id"] if entity is Entity.OFFICER else row["officer_id"]
    return found


class Witness:
    """Asks Casbin for every role, set of relations, state and class of fields it meets, once each."""

    def __init__(self, facts: Facts, point: DecisionPoint) -> None:
        self.facts = facts
        self.point = point
        self.asked = 0
        self._decisions: dict[tuple[Any, ...], bool] = {}
        self._states: dict[tuple[Entity, Any], RecordState] = {}
        self._classes = {name: point.bundle.class_of(name) for name in point.bundle.leaf_fields}
        # A relation that no rule of the purpose names changes no decision: the model looks for a rule's own relation.
        self._named: dict[Purpose, set[Relation]] = defaultdict(set)
        for rule in point.rules:
            self._named[rule.purpose].add(rule.relation)

    def allows(self, asker: DrawnAsker, standing: Standing, field: str) -> bool:
        """Whether Casbin lets the asker, standing so, read `Type.field`; fields of one class are one to it."""
        relations, state = standing
        held = relations & self._named[asker.purpose]
        key = (asker.role, asker.purpose, held, state, self._classes[field])
        if key not in self._decisions:
            self.asked += 1
            self._decisions[key] = self.point.decide(
                DecisionRequest(
                    role=asker.role,
                    relations=held,
                    field=field,
                    state=state,
                    purpose=asker.purpose,
                    action=Action.READ,
                )
            ).allowed
        return self._decisions[key]

    def pick_by_class(self, fields: Iterable[str]) -> list[str]:
        """Of fields that are one to the policy, one."""
        return sorted({self._classes[name]: name for name in fields}.values())

    def find_state(self, entity: Entity, row: Row) -> RecordState:
        """The state a row is in."""
        key = (entity, row["id"])
        if key not in self._states:
            self._states[key] = self._find_state(entity, row)
        return self._states[key]

    def _find_state(self, entity: Entity, row: Row) -> RecordState:
        if entity is Entity.OUTCOME:
            return self.point.bundle.record_states.state_of(
                Lifecycle(row["lifecycle"]),
                Finality(row["finality"]),
                DisputeState(row["dispute"]),
                self._find_hold(row["id"]),
                OutcomeKind(row["kind"]),
            )
        if entity not in ABOUT_PERSONS:
            return RecordState.STANDING
        states = {self.find_state(Entity.OUTCOME, each) for each in self._list_outcomes(name_officer(entity, row))}
        if RecordState.CLEARED in states:
            return RecordState.LISTED
        return RecordState.LISTED_NO_FINDING if RecordState.NO_FINDING in states else RecordState.UNLISTED

    def _find_hold(self, outcome: UUID) -> HoldInForce:
        kinds = {hold["kind"] for hold in self.facts.holds_on.get(outcome, ()) if lies_in(hold["valid"], self.facts.at)}
        if "SEAL_ORDER" in kinds:
            return HoldInForce.SEAL
        return HoldInForce.OTHER if kinds else HoldInForce.NONE

    def _list_outcomes(self, officer: UUID) -> list[Row]:
        return self.facts.outcomes_of.get(officer, [])

    def list_law(self, entity: Entity, row: Row) -> Iterator[Relation]:
        """The States whose law a record is under: its agency's; of a person, the one whose records alone list him."""
        if entity is Entity.OUTCOME:
            states = {self.facts.state_of_agency(row["agency_id"])}
        else:
            outcomes = self._list_outcomes(name_officer(entity, row))
            listing = [each for each in outcomes if self.find_state(Entity.OUTCOME, each) in LISTING]
            states = {self.facts.state_of_agency(each["agency_id"]) for each in listing}
        if len(states) == 1:
            yield from (relation for relation, code in STATE_RELATIONS.items() if {code} == states)


class Standings:
    """How one asker stands to any row."""

    def __init__(self, witness: Witness, asker: DrawnAsker) -> None:
        self.witness = witness
        self.facts = witness.facts
        self.asker = asker
        self._found: dict[tuple[Entity, Any], Standing] = {}
        self._of_officer: dict[UUID, frozenset[Relation]] = {}

    def stand(self, entity: Entity, row: Row) -> Standing:
        """Every relation the asker stands in to a row, and the state the row is in."""
        key = (entity, row["id"])
        if key not in self._found:
            self._found[key] = frozenset(self._relate(entity, row)), self.witness.find_state(entity, row)
        return self._found[key]

    def reads(self, entity: Entity, row: Row, field: str) -> bool:
        """Whether the asker may read `Type.field` of a row of that entity."""
        return self.witness.allows(self.asker, self.stand(entity, row), field)

    def _relate(self, entity: Entity, row: Row) -> Iterator[Relation]:
        yield Relation.ANYWHERE
        if entity in ABOUT_PERSONS:
            yield from self._relate_person(name_officer(entity, row))
            yield from self._relate_place(entity, row)
            yield from self._relate_case(entity, row)
            yield from self.witness.list_law(entity, row)
        elif entity in OF_AGENCIES:
            if self.asker.agency_id is not None and row["agency_id"] == self.asker.agency_id:
                yield Relation.OWN_AGENCY
        elif entity in {Entity.AGENCY, Entity.COMPLIANCE} and row["id"] == self.asker.agency_id:
            yield Relation.OWN_AGENCY
        yield from self._relate_self(entity, row)
        yield from self._relate_body(entity, row)

    def _relate_person(self, officer: UUID) -> frozenset[Relation]:
        if officer not in self._of_officer:
            self._of_officer[officer] = frozenset(self._find_person(officer))
        return self._of_officer[officer]

    def _find_person(self, officer: UUID) -> Iterator[Relation]:
        asker, facts = self.asker, self.facts
        if officer in self.own_officers:
            yield Relation.SELF
        stints = facts.stints_of.get(officer, ())
        if asker.agency_id and any(each["agency_id"] == asker.agency_id and each["is_current"] for each in stints):
            yield Relation.EMPLOYEE
        if asker.state_code and any(
            each["state_code"] == asker.state_code for each in facts.certifications_of.get(officer, ())
        ):
            yield Relation.CERTIFICANT
        for check in facts.rows["registry.candidate_checks"]:
            if check["officer_id"] == officer and self._holds_check(check):
                yield Relation.CANDIDATE_LIMITED if check["kind"] == "LIMITED" else Relation.CANDIDATE_FULL

    @cached_property
    def own_officers(self) -> set[UUID]:
        """Who the asker is: the officer he acts for, in any other role every officer the account was ever known as."""
        if self.asker.role in {Role.OFFICER, Role.OFFICER_REP}:
            return {self.asker.officer_id} if self.asker.officer_id else set()
        return {
            row["officer_id"]
            for row in self.facts.rows["registry.grants"]
            if row["account"] == self.asker.account and row["role"] == Role.OFFICER
        }

    def _holds_check(self, check: Row) -> bool:
        """An open, matched check of the asker's agency, under a live consent of that scope (access.md, section 1)."""
        at = self.facts.at
        consent = self.facts.by_id["registry.consents"].get(check["consent_id"])
        scopes = {"FULL"} if check["kind"] == "FULL" else {"FULL", "LIMITED"}
        return (
            consent is not None
            and check["agency_id"] == self.asker.agency_id == consent["agency_id"]
            and check["match_result"] == "MATCH"
            and consent["officer_id"] == check["officer_id"]
            and consent["scope"] in scopes
            and consent["purpose"] == "hiring"
            and check["opened_at"] <= at < min(check["expires_at"], check["closed_at"] or check["expires_at"])
            and consent["granted_at"] <= at < min(consent["expires_at"], consent["revoked_at"] or consent["expires_at"])
        )

    def _relate_place(self, entity: Entity, row: Row) -> Iterator[Relation]:
        asker, facts = self.asker, self.facts
        served = [row]
        if entity in {Entity.OFFICER, Entity.CERTIFICATION}:
            officer = name_officer(entity, row)
            served = [*facts.stints_of.get(officer, ()), *facts.outcomes_of.get(officer, ())]
        agencies = {each["agency_id"] for each in served}
        states = {facts.state_of_agency(each) for each in agencies}
        if entity is Entity.CERTIFICATION:
            states = {row["state_code"]}
        if asker.agency_id in agencies:
            yield Relation.OWN_AGENCY
        if asker.state_code is not None and asker.state_code in states:
            yield Relation.OWN_STATE

    def _relate_case(self, entity: Entity, row: Row) -> Iterator[Relation]:
        """Cases given to the asker and outcomes opened to him: themselves, or any of an officer's."""
        outcomes = {row["id"]}
        if entity is not Entity.OUTCOME:
            outcomes = {each["id"] for each in self.facts.outcomes_of.get(name_officer(entity, row), ())}
        if outcomes & self.cases:
            yield Relation.ASSIGNED
        if outcomes & self.openings:
            yield Relation.BREAK_GLASS

    @cached_property
    def cases(self) -> set[UUID]:
        """Outcomes assigned to the asker, in the role he asks in, now."""
        return self._find_open("registry.case_assignments", lambda row: row["role"] == self.asker.role)

    @cached_property
    def openings(self) -> set[UUID]:
        """Outcomes opened to the asker by a second person, now."""
        return self._find_open("registry.break_glass_accesses", lambda row: row["approved_by"] is not None)

    def _find_open(self, table: str, fits: Callable[[Row], bool]) -> set[UUID]:
        return {
            row["series_id"]
            for row in self.facts.rows[table]
            if row["account"] == self.asker.account and fits(row) and lies_in(row["valid"], self.facts.at)
        }

    def _relate_self(self, entity: Entity, row: Row) -> Iterator[Relation]:
        officer = self.asker.officer_id
        if entity in {Entity.CONSENT, Entity.NOTICE}:
            mine = row["officer_id"] in self.own_officers
        elif entity is Entity.GRANT:
            mine = officer is not None and row["role"] == Role.OFFICER_REP and row["officer_id"] == officer
        elif entity is Entity.EXPORT:
            mine = row["account"] == self.asker.account
        elif entity is Entity.DISCLOSURE:
            items = self.facts.disclosed_in.get(row["id"], ())
            mine = officer is not None and any(each["officer_id"] == officer for each in items)
        else:
            mine = False
        if mine:
            yield Relation.SELF

    def _relate_body(self, entity: Entity, row: Row) -> Iterator[Relation]:
        body = self.asker.body_id
        if body is None or entity not in {Entity.CREDENTIAL, Entity.COMPLIANCE}:
            return
        credentials = [row]
        if entity is Entity.COMPLIANCE:
            today = self.facts.at.astimezone(UTC).date()
            credentials = [
                each
                for each in self.facts.rows["registry.agency_credentials"]
                if each["agency_id"] == row["id"] and lies_in(each["valid"], today)
            ]
        statuses = {each["status"] for each in credentials if each["body_id"] == body}
        if statuses & {"SOUGHT", "IN_PROCESS"}:
            yield Relation.APPLICANT
        if statuses & {"CERTIFIED", "RE_REVIEW_DUE"}:
            yield Relation.CREDENTIALEE
