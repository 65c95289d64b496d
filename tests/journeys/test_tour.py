"""The guided tour shows a full answer, a partial one and a refusal, each explained, and the records they left.

It is walked over the real path; the words compared here are those that a visitor reads.
"""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from app.demo.questions import Interviewer
from app.demo.tour import Tour
from tests.journeys.conftest import RunningRegistry


@pytest.fixture
async def told(registry: RunningRegistry) -> str:
    """What the tour prints, in one width."""
    paper = StringIO()
    interviewer = Interviewer(pipeline=registry.pipeline, issuer=registry.issuer)
    await Tour(interviewer, registry.addresses, Console(file=paper, width=260)).walk()
    return paper.getvalue()


def find_row(told: str, begins: str) -> list[str]:
    """The cells of the first table row whose first cell begins so."""
    row = next(line for line in told.splitlines() if line.strip("│ ").startswith(begins))
    return [cell.strip() for cell in row.strip("│").split("│")]


async def test_four_people_are_told_four_things_of_the_same_records(told: str) -> None:
    assert find_row(told, "Walker: dismissed for force")[1:] == ["", "", "", ""]
    assert find_row(told, "lifecycle") == [
        "lifecycle",
        "not in the contract",
        "not in the contract",
        "CLEARED",
        "CLEARED",
    ]
    seen = told[told.index("Ten records in ten states") :]
    assert find_row(seen, "Walker: dismissed for force")[1:] == ["-", "F", "F", "F"]
    assert find_row(seen, "Walker: decertification")[1:] == ["-", "-", "F", "F"]
    assert find_row(seen, "Hughes: overturned")[1:] == ["-", "-", "S", "-"]


async def test_each_answer_is_explained_by_a_rule_or_by_its_absence(told: str) -> None:
    assert "HIR-07 says so" in told
    assert "no rule allows public to read outcome_detail" in told
    assert "no rule allows hiring_investigator to read root_people for hiring" in told


async def test_a_partial_answer_and_a_refusal_are_shown(told: str) -> None:
    assert '"familyName": null' in told
    assert "DOCUMENT_INVALID: the document does not fit this role's contract" in told


async def test_a_role_that_was_taken_back_is_refused_at_the_next_request(told: str) -> None:
    assert '"__typename": "RoleRevoked"' in told
    assert '"after": "FORBIDDEN: ' in told


async def test_the_officer_reads_who_was_told(told: str) -> None:
    receipts = told[told.index("Every answer above left a record") :]
    assert find_row(receipts[receipts.index("│") :], "20")[1] == "officer"
    assert any("hiring_investigator" in line and "WhatIsOnRecord" in line for line in receipts.splitlines())
    assert "every record fits the one before it" in receipts
