"""What is hidden, what is not there and what was never an id are one answer, to the byte, and never an error."""

from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import pytest

from app.demo.cast import HARBORLIGHT, MITCHELL, SANDERS, WALKER, StoryCheck, StoryOutcome
from app.identity.presented import PresentedToken
from app.pipeline import GraphQLRequest
from tests.access.every_standing import make_id
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS
from tests.properties.plain_rows import encode_id

ABSENT = encode_id("Outcome", "00000000-0000-4000-8000-000000000000")
SANDERS_OUTCOME = StoryOutcome.SANDERS_SEALED.value
# Who asks, and ids that exist but are not to be seen by him.
HIDDEN: dict[str, list[str]] = {
    "public": [encode_id("Officer", WALKER.id), encode_id("Outcome", StoryOutcome.WALKER_TERMINATED.value)],
    "investigator": [
        encode_id("Officer", MITCHELL.id),
        encode_id("Outcome", StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW.value),
        encode_id("Outcome", SANDERS_OUTCOME),
        encode_id("CandidateCheck", make_id("a", 11)),
    ],
    "records": [encode_id("Officer", SANDERS.id), encode_id("Outcome", SANDERS_OUTCOME)],
    "post": [encode_id("Outcome", SANDERS_OUTCOME), encode_id("CandidateCheck", StoryCheck.WALKER_FULL.value)],
    "officer": [encode_id("Officer", MITCHELL.id), encode_id("Outcome", StoryOutcome.MITCHELL_IN_REVIEW.value)],
    "monitor": [encode_id("Officer", WALKER.id), encode_id("Outcome", StoryOutcome.HUGHES_VOIDED.value)],
}


def spoil(found: str) -> list[str]:
    """Texts near an id that finds something, none of which is an id of it."""
    kind, _, key = base64.b64decode(found).decode().partition(":")
    return [
        encode_id(kind, key.upper()) if key.upper() != key else encode_id(kind, key.replace("-", "", 1) + "-"),
        encode_id(kind.lower(), key),
        encode_id(kind, key.replace("-", "")),
        encode_id(kind, f"{{{key}}}"),
        encode_id(kind, f" {key}"),
        encode_id("Officer" if kind != "Officer" else "Stint", key),
        encode_id("", key),
        found.rstrip("="),
        f"{found}\n",
        found + "=",
        found.swapcase(),
        key,
        f"{kind}:{key}",
        "",
        "x",
        "é" * 10,
        "' OR true --",
        base64.b64encode(b"\xff" * 40).decode(),
        "A" * 10_000,
    ]


async def fetch(shared: RunningRegistry, person: str, document: str, **variables: Any) -> bytes:
    """The bytes of an answer."""
    token = shared.issue(ASKERS[person])  # type: ignore[arg-type]
    presented = None if token is None else PresentedToken(compact=token)
    request = GraphQLRequest(document=document, operation_name=None, variables=variables, may_command=False)
    return (await shared.pipeline.answer(request, presented)).body


@pytest.mark.parametrize("person", HIDDEN)
async def test_hidden_absent_and_malformed_ids_give_the_same_bytes(person: str, shared: RunningRegistry) -> None:
    one = "query($id: ID!) { node(id: $id) { __typename id } }"
    many = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    agency = encode_id("Agency", HARBORLIGHT.id)
    assert agency.encode() in await fetch(shared, person, one, id=agency)
    nothing = await fetch(shared, person, one, id=ABSENT)
    assert nothing == b'{"data":{"node":null}}'
    nothings = await fetch(shared, person, many, ids=[ABSENT, ABSENT])
    for given in (*HIDDEN[person], *spoil(agency), *spoil(HIDDEN[person][0])):
        assert await fetch(shared, person, one, id=given) == nothing
        assert await fetch(shared, person, many, ids=[given, ABSENT]) == nothings


@pytest.mark.parametrize(
    ("person", "field", "type_name"),
    [
        ("investigator", "officer", "Officer"),
        ("investigator", "candidateCheck", "CandidateCheck"),
        ("records", "officer", "Officer"),
        ("records", "outcome", "Outcome"),
        ("post", "outcome", "Outcome"),
    ],
)
async def test_fields_that_find_one_row_by_id_keep_the_same_silence(
    person: str, field: str, type_name: str, shared: RunningRegistry
) -> None:
    document = f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}"
    nothing = f'{{"data":{{"{field}":null}}}}'.encode()
    hidden = [each for each in HIDDEN[person] if base64.b64decode(each).decode().startswith(f"{type_name}:")]
    assert hidden
    wrong_type = encode_id("Agency", HARBORLIGHT.id)
    for given in (*hidden, *spoil(hidden[0]), encode_id(type_name, str(uuid4())), wrong_type):
        assert await fetch(shared, person, document, id=given) == nothing


async def test_nodes_keep_the_order_and_number_of_the_ids_asked_for(shared: RunningRegistry) -> None:
    walker, agency = encode_id("Officer", WALKER.id), encode_id("Agency", HARBORLIGHT.id)
    asked = [walker, HIDDEN["investigator"][0], agency, "x", walker]
    answer = await shared.ask("investigator", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=asked)
    assert [node and node["id"] for node in answer["nodes"]] == [walker, None, agency, None, walker]
