"""Compiled answers to documents drawn at random are those of a slow and simple executor over plain objects."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from app.errors import ErrorCode, ProbityError
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS
from tests.properties.drawn_documents import Drawer
from tests.properties.oracle import World
from tests.properties.plain_answers import PlainAnswers
from tests.properties.plain_registry import PlainRegistry
from tests.properties.plain_rows import encode_id

EACH, LONG_EACH = 9, 400
FEWEST_COMPARED, FEWEST_VALUES = 80, 600


@pytest.fixture(scope="module")
def counted() -> Iterator[Counter[str]]:
    """What was compared, over all askers."""
    yield Counter()


def count_values(value: object) -> int:
    """Leaves of an answer that hold something."""
    if isinstance(value, dict):
        return sum(map(count_values, value.values()))
    if isinstance(value, list):
        return sum(map(count_values, value))
    return value not in (None, False, 0, "")


async def compare_many(person: str, seeds: range, shared: RunningRegistry, world: World, counted: Counter[str]) -> None:
    """Draw, ask both, compare as text."""
    asker = world.name_asker(ASKERS[person])
    policy = shared.pipeline.policy
    contract = policy.find_contract(asker.role, asker.purpose)
    plain = PlainRegistry(world.consult(policy.point, asker))
    simple = PlainAnswers(plain, contract.sdl)
    ids = [encode_id(kind, line["id"]) for kind, lines in list_targets(world) for line in lines]
    for seed in seeds:
        document = Drawer(Random(f"{person} {seed}"), contract.schema, ids, page=6).draw()
        try:
            compiled = await shared.ask(ASKERS[person], document)
        except ProbityError as refused:
            assert refused.code is ErrorCode.LIMIT_EXCEEDED, (document, refused)
            counted["too large"] += 1
            continue
        expected = simple.answer(document)
        assert json.dumps(compiled) == json.dumps(expected), document
        counted["compared"] += 1
        counted["values"] += count_values(compiled)


def list_targets(world: World) -> list[tuple[str, list[dict[str, object]]]]:
    """What ids are drawn from: everyone of the story, and outcomes in every standing."""
    return [
        ("Officer", [line for line in world.by_kind["officer"] if line["id"][1:4] in {"999", "000"}]),
        ("Outcome", world.by_kind["outcome"][:300]),
        ("Stint", world.by_kind["stint"][:40]),
        ("Agency", world.by_kind["agency"][:6]),
        ("CandidateCheck", world.by_kind["candidate_check"]),
        ("Outcome", [{"id": "00000000-0000-4000-8000-000000000000"}]),
    ]


@pytest.mark.parametrize("person", ASKERS)
async def test_a_drawn_document_is_answered_as_by_a_simple_executor(
    person: str, shared: RunningRegistry, world: World, counted: Counter[str]
) -> None:
    await compare_many(person, range(EACH), shared, world, counted)


@pytest.mark.long
@pytest.mark.parametrize("person", ASKERS)
async def test_many_drawn_documents_are_answered_as_by_a_simple_executor(
    person: str, shared: RunningRegistry, world: World
) -> None:
    counted: Counter[str] = Counter()
    await compare_many(person, range(EACH, EACH + LONG_EACH), shared, world, counted)
    print(f"{person}: {dict(counted)}")
    assert counted["compared"] > LONG_EACH // 2


def test_the_drawn_documents_compared_were_many(counted: Counter[str]) -> None:
    print(f"drawn documents: {dict(counted)}")
    assert counted["compared"] > FEWEST_COMPARED
    assert counted["values"] > FEWEST_VALUES
