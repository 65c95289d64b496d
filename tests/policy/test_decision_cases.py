"""The decision cases of policies/cases: what each rule is there for, and what nobody may ever be told.

A rule without a case of its own, or a case that another rule would carry as well, fails here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.policy.engine import Decision, DecisionPoint, DecisionRequest, Reason

from .policy_texts import SERVED, build_small_policy, without_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request and what decides it: a rule alone, or, where none allows it, the sentence that says why not."""

    request: DecisionRequest
    reason: Reason
    decided_by: str


def read_cases(text: str) -> Iterator[Case]:
    """Every case of one file; a key it does not know raises."""
    table = tomllib.loads(text)
    role, purpose = Role(table.pop("role")), Purpose(table.pop("purpose"))
    for key, reason in (("permit", Reason.ALLOWED), ("deny", Reason.DENIED_BY_RULE)):
        for rule, case in table.pop(key, {}).items():
            request = read_request(role, purpose, case.pop("relation").split(" "), case)
            yield Case(request=request, reason=reason, decided_by=rule)
    for case in table.pop("withhold"):
        because, relations = case.pop("because"), case.pop("relations")
        request = read_request(role, purpose, relations, case)
        yield Case(request=request, reason=Reason.NO_RULE, decided_by=because)
    assert not table, "a file of cases has keys that nothing reads"


def read_request(role: Role, purpose: Purpose, relations: list[str], case: dict[str, Any]) -> DecisionRequest:
    request = DecisionRequest(
        role=role,
        relations=frozenset(Relation(each) for each in relations),
        field=case.pop("field"),
        state=RecordState(case.pop("state")),
        purpose=purpose,
        action=Action(case.pop("action", "read")),
    )
    assert not case, "a case has keys that nothing reads"
    return request


CASES = [case for path in sorted((SERVED / "cases").iterdir()) for case in read_cases(path.read_text("ascii"))]
DECIDED = [case for case in CASES if case.reason is not Reason.NO_RULE]
WITHHELD = [case for case in CASES if case.reason is Reason.NO_RULE]


@pytest.mark.parametrize("case", DECIDED, ids=lambda case: f"{case.request.role}-{case.decided_by}")
def test_what_a_rule_is_there_for_is_decided_by_it_alone(point: DecisionPoint, case: Case) -> None:
    assert point.decide(case.request) == Decision(reason=case.reason, determining=(case.decided_by,))


@pytest.mark.parametrize("case", WITHHELD, ids=lambda case: case.decided_by)
def test_what_nobody_may_be_told_is_withheld(point: DecisionPoint, case: Case) -> None:
    assert case.request.field in point.bundle.leaf_fields
    assert point.decide(case.request) == Decision(reason=Reason.NO_RULE)


def test_every_rule_has_a_case(point: DecisionPoint) -> None:
    assert {rule.id for rule in point.rules} - {case.decided_by for case in DECIDED} == set()


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.long)])
def test_without_its_rule_each_case_comes_out_otherwise(point: DecisionPoint, step: int) -> None:
    # That a rule decides its case alone is asked of every rule above; here the rule is really taken away.
    for rule in point.rules[::step]:
        without = DecisionPoint(without_rules(point.bundle, {rule.id}))
        own = [case for case in DECIDED if case.decided_by == rule.id]
        assert own
        assert all(without.decide(case.request).allowed is (rule.effect is Effect.DENY) for case in own)


def test_a_denial_has_its_case_in_a_table_of_its_own() -> None:
    lines = (
        "p, officer, self, detail, cleared, self, read, allow, OK-01, none",
        "p, officer, employee, detail, cleared, self, read, deny, NO-01, none",
    )
    cases = """
        role = "officer"
        purpose = "self"
        withhold = []
        [permit]
        OK-01 = { relation = "self", field = "Outcome.basis", state = "cleared" }
        [deny]
        NO-01 = { relation = "self employee", field = "Outcome.basis", state = "cleared" }
    """
    point = DecisionPoint(build_small_policy(lines))
    found = [point.decide(case.request) for case in read_cases(cases)]
    assert found == [
        Decision(reason=Reason.ALLOWED, determining=("OK-01",)),
        Decision(reason=Reason.DENIED_BY_RULE, determining=("NO-01",)),
    ]


def test_every_role_that_has_rules_has_cases_of_both_kinds(point: DecisionPoint) -> None:
    bound = {role for rule in point.rules for role in point.roles_of(rule)}
    assert {case.request.role for case in DECIDED} == bound
    assert {case.request.role for case in WITHHELD} == bound


def test_every_state_that_a_hiring_agency_is_not_told_of_is_withheld_in_some_case() -> None:
    told = {RecordState.CLEARED, RecordState.LISTED, RecordState.LISTED_NO_FINDING, RecordState.STANDING}
    withheld = {case.request.state for case in WITHHELD if case.request.purpose is Purpose.HIRING}
    assert set(RecordState) - told - withheld == set()
