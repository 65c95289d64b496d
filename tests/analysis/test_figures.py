"""Figures are those of plain Python over the same rows, whatever is asked."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.analysis.conftest import Analysis
from tests.analysis.drawn_questions import Question, draw_questions
from tests.analysis.plain_figures import compute


def near(one: Any, other: Any) -> bool:
    """Whether two figures are one: numbers to nine digits, all else exactly."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(near(one[name], other[name]) for name in one)
    if isinstance(one, float | int) and isinstance(other, float | int) and not isinstance(one, bool):
        return one == pytest.approx(other, rel=1e-9, abs=1e-9)
    return bool(one == other)


async def compare(analysis: Analysis, question: Question) -> int:
    """The number of groups told, which are those expected."""
    told = (await analysis.ask(question.document, **question.variables))["statistics"][question.subject]
    expected = compute(analysis.facts, question.subject, question.arguments, question.shown)
    assert (told["exact"], told["marking"]) == (True, "exact, not for release")
    assert told["hasMore"] is expected["hasMore"]
    assert len(told["rows"]) == len(expected["rows"])
    for one, other in zip(told["rows"], expected["rows"], strict=True):
        assert near(one, other), (one, other)
    return len(told["rows"])


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(question=draw_questions())
async def test_figures_are_those_of_plain_python(analysis: Analysis, question: Question) -> None:
    await compare(analysis, question)


@pytest.mark.long
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(question=draw_questions())
async def test_figures_are_those_of_plain_python_at_length(analysis: Analysis, question: Question) -> None:
    await compare(analysis, question)


def test_the_questions_drawn_are_of_groups_that_are_there(analysis: Analysis) -> None:
    found: Counter[str] = Counter()

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(question=draw_questions())
    def count(question: Question) -> None:
        told = compute(analysis.facts, question.subject, question.arguments, question.shown)
        found["asked"] += 1
        found["with groups"] += bool(told["rows"])
        found[question.subject] += len(told["rows"])

    count()
    print(f"\n{dict(found)}")
    assert found["with groups"] > found["asked"] // 3
    assert all(found[subject] > 100 for subject in ("outcomes", "stints", "wandering"))
