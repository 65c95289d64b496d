"""What the README shows is what the path answers.

A block after a `checked:` mark is compared; a mark without a check, or a check without its mark, fails.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import UUID

import pytest

from app.demo.audience import INVESTIGATOR
from app.demo.cast import WALKER
from app.domain.vocabulary import Action, RecordState, Relation
from app.errors import ProbityError
from app.planning.parameters import encode_global_id
from app.policy.engine import DecisionRequest
from app.policy.explain import explain_decision
from tests.journeys.conftest import RunningRegistry

README = Path(__file__).parents[2] / "README.md"
MARK = re.compile(r"<!-- checked: (?P<name>[^>]+) -->\n```\w+\n(?P<block>.*?)\n```", re.DOTALL)


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    """The checked blocks of the README by the words of their mark."""
    return {found["name"]: found["block"] for found in MARK.finditer(README.read_text("utf-8"))}


def test_the_readme_has_exactly_the_blocks_that_are_checked(blocks: dict[str, str]) -> None:
    assert set(blocks) == {
        "question CandidateRecord",
        "answer of CandidateRecord to the investigator",
        "question Browse",
        "refusal of Browse to the investigator",
        "reason of Browse to the investigator",
    }


async def test_the_answer_in_the_readme_is_the_answer(registry: RunningRegistry, blocks: dict[str, str]) -> None:
    told = await registry.ask(
        "investigator", blocks["question CandidateRecord"], id=encode_global_id("Officer", UUID(WALKER.id))
    )
    assert told == json.loads(blocks["answer of CandidateRecord to the investigator"])


async def test_the_refusal_in_the_readme_is_the_refusal(registry: RunningRegistry, blocks: dict[str, str]) -> None:
    with pytest.raises(ProbityError) as refused:
        await registry.ask("investigator", blocks["question Browse"])
    told = f"{refused.value.code}: {refused.value.public_sentence}"
    assert told == blocks["refusal of Browse to the investigator"]


async def test_the_reason_in_the_readme_is_the_policys(registry: RunningRegistry, blocks: dict[str, str]) -> None:
    request = DecisionRequest(
        role=INVESTIGATOR.role,
        relations=frozenset({Relation.ANYWHERE}),
        field="Query.officers",
        state=RecordState.STANDING,
        purpose=INVESTIGATOR.purpose,
        action=Action.READ,
    )
    told = explain_decision(registry.pipeline.policy.point, request)
    assert told.sentences[0] == blocks["reason of Browse to the investigator"]
