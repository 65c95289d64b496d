"""What is left of a question is what told the secret, and it is a question still."""

from __future__ import annotations

import pytest
from graphql import parse

from tests.noninterference.questions import Question
from tests.noninterference.shrinking import shrink

DOCUMENT = """
query Asked($first: Int, $flag: Boolean!, $unused: String) {
  officers(first: $first, filter: {not: {familyName: {eq: "x"}}}) { totalCount nodes { id ...F } }
  outcomes(last: 3) @include(if: $flag) { nodes { ... on Outcome { kind secret: clearedAt } } pageInfo { endCursor } }
}
query Other { viewer { role } }
fragment F on Officer { familyName stints(first: 1) { totalCount } }
"""


def ask(document: str) -> Question:
    """A question as a run would have drawn it."""
    return Question(
        document=document,
        variables={"first": 4, "flag": True, "unused": "u"},
        operation_name="Asked",
        method="POST",
        kind="read",
        parts=frozenset(),
    )


async def test_everything_but_the_secret_is_left_out() -> None:
    async def differs(question: Question) -> bool:
        parse(question.document)
        return "clearedAt" in question.document and "outcomes" in question.document

    smallest = await shrink(ask(DOCUMENT), differs)
    assert "".join(smallest.document.split()) == "queryAsked{outcomes{nodes{...onOutcome{secret:clearedAt}}}}"
    assert smallest.variables == {}
    assert smallest.operation_name == "Asked"


@pytest.mark.parametrize("needed", ["$first", "...F", 'eq: "x"'])
async def test_what_is_needed_stays_with_what_it_needs(needed: str) -> None:
    async def differs(question: Question) -> bool:
        parse(question.document)
        return needed in question.document

    smallest = await shrink(ask(DOCUMENT), differs)
    assert needed in smallest.document
    assert len(smallest.document) < len(DOCUMENT) / 2
    assert ("first" in smallest.variables) == (needed == "$first")


async def test_text_that_is_no_document_stays_as_it_is() -> None:
    async def differs(question: Question) -> bool:
        return True

    broken = ask("{ officers(")
    assert await shrink(broken, differs) == broken
