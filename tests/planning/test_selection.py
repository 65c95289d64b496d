"""A compiled answer is, key for key, what graphql-core's own executor gives over plain objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.errors import ErrorCode, ProbityError
from tests.journeys.conftest import RunningRegistry
from tests.planning.documents import QUESTIONS
from tests.properties.askers import ASKERS
from tests.properties.oracle import World
from tests.properties.plain_answers import PlainAnswers
from tests.properties.plain_registry import PlainRegistry

ALL = [(topic, place) for topic, questions in QUESTIONS.items() for place in range(len(questions))]


@pytest.fixture(scope="module")
def executors(shared: RunningRegistry, world: World) -> dict[str, PlainAnswers]:
    """A simple executor for everyone who asks."""
    found = {}
    for person, order in ASKERS.items():
        asker = world.name_asker(order)
        plain = PlainRegistry(world.consult(shared.pipeline.policy.point, asker))
        found[person] = PlainAnswers(plain, shared.pipeline.policy.find_contract(asker.role, asker.purpose).sdl)
    return found


@pytest.mark.parametrize(("topic", "place"), ALL)
async def test_a_compiled_answer_is_that_of_a_simple_executor(
    topic: str, place: int, shared: RunningRegistry, executors: dict[str, PlainAnswers]
) -> None:
    person, document, variables = QUESTIONS[topic][place]
    compiled = await shared.ask(ASKERS[person], document, **variables)
    simple = executors[person].answer(document, variables)
    # As text, so that the order of keys counts.
    assert json.dumps(compiled) == json.dumps(simple)


REFUSED: list[tuple[str, dict[str, Any], ErrorCode]] = [
    ("query($b: Boolean = true) { viewer { role @skip(if: $b) } }", {"b": None}, ErrorCode.VARIABLES_INVALID),
    ('query($i: ID = "x") { node(id: $i) { id } }', {"i": None}, ErrorCode.VARIABLES_INVALID),
    ('query($i: [ID!] = ["x"]) { nodes(ids: $i) { id } }', {"i": None}, ErrorCode.VARIABLES_INVALID),
    ('query($i: ID = "x") { nodes(ids: [$i]) { id } }', {"i": None}, ErrorCode.VARIABLES_INVALID),
    (
        "query($f: AgencyOrderField = NAME) { agencies(first: 1, orderBy: {field: $f}) { totalCount } }",
        {"f": None},
        ErrorCode.VARIABLES_INVALID,
    ),
    (
        "query($d: Direction) { agencies(first: 1, orderBy: {field: NAME, direction: $d}) { totalCount } }",
        {"d": None},
        ErrorCode.VARIABLES_INVALID,
    ),
    ("query($n: Int) { agencies(first: $n) { totalCount } }", {"n": "1"}, ErrorCode.VARIABLES_INVALID),
    ("query($n: Int) { agencies(first: $n) { totalCount } }", {}, ErrorCode.LIMIT_EXCEEDED),
    ("query($n: Int) { agencies(first: $n) { totalCount } }", {"n": 2**31}, ErrorCode.VARIABLES_INVALID),
    ("query($n: Int) { agencies(first: $n) { totalCount } }", {"n": -1}, ErrorCode.LIMIT_EXCEEDED),
    ("{ agencies(first: 1, last: 1) { totalCount } }", {}, ErrorCode.LIMIT_EXCEEDED),
    ("{ agencies(first: 101) { totalCount } }", {}, ErrorCode.LIMIT_EXCEEDED),
    ('{ agencies(first: 1, before: "x") { totalCount } }', {}, ErrorCode.LIMIT_EXCEEDED),
    ('{ agency(ori: "x") { name } }', {}, ErrorCode.DOCUMENT_INVALID),
    ("{ officers(first: 1) { totalCount } }", {}, ErrorCode.DOCUMENT_INVALID),
    ("{ nothing }", {}, ErrorCode.DOCUMENT_INVALID),
    ("subscription { nothing }", {}, ErrorCode.DOCUMENT_INVALID),
    (
        "{ ...F viewer { role } } fragment F on Query { __schema { queryType { name } } }",
        {},
        ErrorCode.DOCUMENT_INVALID,
    ),
]


@pytest.mark.parametrize(("document", "variables", "code"), REFUSED)
async def test_what_does_not_fit_is_refused_and_never_a_fault(
    document: str, variables: dict[str, Any], code: ErrorCode, shared: RunningRegistry
) -> None:
    with pytest.raises(ProbityError) as refused:
        await shared.ask("public", document, **variables)
    assert refused.value.code is code


async def test_introspection_may_stand_in_a_fragment(shared: RunningRegistry) -> None:
    document = "{ ...F } fragment F on Query { __schema { queryType { name } } }"
    assert await shared.ask("public", document) == {"__schema": {"queryType": {"name": "Query"}}}


@pytest.mark.parametrize("place", range(1, 25))
async def test_a_response_key_may_be_any_name(place: int, shared: RunningRegistry) -> None:
    """The statement's own names are of one letter and a number; a caller's key may be the same."""
    keys = [f"{letter}{place}" for letter in "fhlnopr"]
    asked = " ".join(f"{key}: totalCount" for key in keys)
    lists = " ".join(f"{key}: agencies(first: 1) {{ {asked} pageInfo {{ {key}: hasNextPage }} }}" for key in keys[:1])
    answer = await shared.ask("public", f"{{ {lists} viewer {{ {keys[3]}: role }} }}")
    assert answer["viewer"] == {keys[3]: "public"}
    assert list(answer[keys[0]]) == [*keys, "pageInfo"]
