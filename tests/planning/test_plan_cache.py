"""A kept plan is only ever used for what it was made for: document, operation, role, purpose and shape of variables."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.domain.vocabulary import Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.planning.plan import Plan
from app.planning.planner import Planner
from app.schema.bindings import build_catalogue
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS

LIST = (
    "query L($f: OutcomeFilter, $o: OutcomeOrder, $d: Direction! = ASC, $x: "
    "OutcomeOrderField! = KIND, $n: Int, $l: Int, "
    "$a: String, $b: String, $s: Boolean! = false, $i: Boolean! = true, $k: [OutcomeKind!]) { "
    "outcomes(first: $n, last: $l, after: $a, before: $b, filter: $f, orderBy: {field: $x, "
    "direction: $d}) { nodes { id kind @skip(if: $s) "
    "finality @include(if: $i) } totalCount } other: outcomes(first: 1, filter: {kind: {in: $k}}, orderBy: $o) "
    "{ totalCount } more: outcomes(first: 2, orderBy: {field: $x, "
    "direction: $d}) { totalCount } }"
)
VARIABLES: list[dict[str, Any]] = [
    {"n": 1},
    {"n": 2},
    {"l": 2},
    {"n": None, "l": 2},
    {"n": 2, "a": None},
    {"n": 2, "a": "AAAAAAAAAAAAAAAAAAAAAA=="},
    {"l": 2, "b": "AAAAAAAAAAAAAAAAAAAAAA=="},
    {"n": 2, "s": True},
    {"n": 2, "i": False},
    {"n": 2, "s": True, "i": False},
    {"n": 2, "d": "DESC"},
    {"n": 2, "x": "CLEARED_AT"},
    {"n": 2, "x": "ACTION_DATE", "d": "DESC"},
    {"n": 2, "o": {"field": "KIND"}},
    {"n": 2, "o": {"field": "KIND", "direction": "DESC"}},
    {"n": 2, "o": {"field": "CLEARED_AT"}},
    {"n": 2, "f": None},
    {"n": 2, "f": {}},
    {"n": 2, "f": {"kind": None}},
    {"n": 2, "f": {"kind": {}}},
    {"n": 2, "f": {"kind": {"eq": "TERMINATION"}}},
    {"n": 2, "f": {"kind": {"in": ["TERMINATION"]}}},
    {"n": 2, "f": {"kind": {"eq": None, "in": ["TERMINATION"]}}},
    {"n": 2, "f": {"not": {"kind": {"eq": "TERMINATION"}}}},
    {"n": 2, "f": {"and": [{"kind": {"eq": "TERMINATION"}}]}},
    {"n": 2, "f": {"or": [{"kind": {"eq": "TERMINATION"}}]}},
    {"n": 2, "f": {"or": [{"kind": {"eq": "TERMINATION"}}, {"finality": {"eq": "FINAL"}}]}},
    {"n": 2, "f": {"or": []}},
    {"n": 2, "f": {"actionDate": {"from": "2024-01-01"}}},
    {"n": 2, "f": {"actionDate": {"to": "2024-01-01"}}},
    {"n": 2, "f": {"actionDate": {"from": "2024-01-01", "to": "2024-01-01"}}},
    {"n": 2, "f": {"hasFinding": {"eq": True}}},
    {"n": 2, "f": {"hasFinding": {"eq": False}}},
    {"n": 2, "k": None},
    {"n": 2, "k": []},
    {"n": 2, "k": ["TERMINATION", "DECERTIFICATION"]},
]


def make_planner(shared: RunningRegistry) -> Planner:
    """A planner that has planned nothing yet."""
    return Planner(build_catalogue(), shared.pipeline.policy.point.bundle.record_states)


def plan(
    planner: Planner, shared: RunningRegistry, document: str, variables: dict[str, Any], role: Role, purpose: Purpose
) -> Plan:
    """The plan of a document for a role and purpose."""
    policy = shared.pipeline.policy
    schema, grant = policy.find_contract(role, purpose).schema, policy.find_grant(role, purpose)
    found = planner.prepare(document, None, variables, schema=schema, grant=grant).plan
    assert found is not None
    return found


def describe(found: Plan) -> tuple[Any, ...]:
    """All of a plan that does not depend on when it was made."""
    slots = tuple((slot.is_context, slot.source is None, slot.constant) for slot in found.slots)
    return found.sql, slots, found.operation, found.document_sha256, found.is_personal


def test_a_kept_plan_is_the_plan_that_would_be_made_now(shared: RunningRegistry) -> None:
    document = LIST
    asked = [(variables, "records") for variables in VARIABLES] + [(variables, "head") for variables in VARIABLES[::5]]
    random.Random(7).shuffle(asked)
    warm = make_planner(shared)
    plans: dict[str, set[int]] = {}
    for turn in range(2):
        for variables, person in asked:
            who = ASKERS[person]
            assert who is not None
            kept = plan(warm, shared, document, variables, who.role, who.purpose)
            plans.setdefault(str((variables, person)), set()).add(id(kept))
            if turn:
                fresh = plan(make_planner(shared), shared, document, variables, who.role, who.purpose)
                assert describe(kept) == describe(fresh), (variables, person)
    assert all(len(each) == 1 for each in plans.values()), "the second round made a plan again"


def test_one_document_under_two_roles_or_purposes_never_shares_a_plan(shared: RunningRegistry) -> None:
    planner = make_planner(shared)
    document = "{ outcomes(first: 2) { nodes { id kind officer { familyName } } } }"
    pairs = [
        (Role.RECORDS_OFFICER, Purpose.RECORDS),
        (Role.RECORDS_OFFICER, Purpose.MONITORING),
        (Role.AGENCY_HEAD, Purpose.RECORDS),
        (Role.POST_OFFICER, Purpose.CERTIFICATION),
    ]
    found = [plan(planner, shared, document, {}, *pair) for pair in pairs for _ in range(2)]
    assert len({id(each) for each in found}) == len(pairs)
    assert len({each.sql for each in found[::2] if each is not found[4]}) == 3


def test_a_document_that_fits_one_contract_is_still_refused_under_another(shared: RunningRegistry) -> None:
    planner = make_planner(shared)
    document = '{ agency(ori: "WA9990100") { roleGrants(first: 1) { totalCount } } }'
    plan(planner, shared, document, {}, Role.AGENCY_HEAD, Purpose.RECORDS)
    for role, purpose in ((Role.RECORDS_OFFICER, Purpose.RECORDS), (Role.PUBLIC, Purpose.PUBLIC)):
        with pytest.raises(ProbityError) as refused:
            plan(planner, shared, document, {}, role, purpose)
        assert refused.value.code is ErrorCode.DOCUMENT_INVALID


def test_texts_ids_and_dates_share_a_plan_and_are_not_in_it(shared: RunningRegistry) -> None:
    planner = make_planner(shared)
    document = (
        "query($f: OfficerFilter, $id: ID!, $a: String, $d: OutcomeFilter) { officers(first: 2, "
        "after: $a, filter: $f) { totalCount } "
        "officer(id: $id) { id } outcomes(first: 1, filter: $d) { totalCount } }"
    )
    given = [
        {
            "f": {"familyName": {"eq": f"Invented{place}"}, "givenName": {"in": [f"Given{place}"] * place}},
            "id": f"invented-{place}",
            "a": f"cursor-{place}",
            "d": {"actionDate": {"from": f"20{10 + place}-01-01"}},
        }
        for place in range(1, 5)
    ]
    plans = {id(plan(planner, shared, document, each, Role.RECORDS_OFFICER, Purpose.RECORDS)): None for each in given}
    assert len(plans) == 1
    kept = plan(planner, shared, document, given[0], Role.RECORDS_OFFICER, Purpose.RECORDS)
    told = kept.sql + repr([slot.constant for slot in kept.slots])
    assert not any(word in told for word in ("Invented", "Given", "invented-", "cursor-", "2011"))


def test_the_cost_of_many_ids_is_counted_though_few_were_planned_before(shared: RunningRegistry) -> None:
    planner = make_planner(shared)
    document = (
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Officer { stints(first: 10) { nodes { rank } } "
        "outcomes(first: 20) { nodes { kind } } } } }"
    )
    for number, fits in ((1, True), (2, True), (100, False), (2, True), (100, False)):
        variables = {"ids": ["x"] * number}
        if fits:
            plan(planner, shared, document, variables, Role.RECORDS_OFFICER, Purpose.RECORDS)
            continue
        with pytest.raises(ProbityError) as refused:
            plan(planner, shared, document, variables, Role.RECORDS_OFFICER, Purpose.RECORDS)
        assert refused.value.code is ErrorCode.LIMIT_EXCEEDED


async def test_one_document_answers_each_caller_with_his_own_rows_whoever_asked_before(shared: RunningRegistry) -> None:
    document = "{ viewer { account agency { name } stateCode } outcomes(first: 50) { nodes { id } totalCount } }"
    people = ["records", "post", "records_cove", "post_oregon", "head"]
    alone = {person: await shared.ask(ASKERS[person], document) for person in people}
    assert len({str(each["outcomes"]) for each in alone.values()}) == 4  # the head sees what the records officer sees
    for person in [*people[::-1], *people, *people[::2]]:
        assert await shared.ask(ASKERS[person], document) == alone[person]
