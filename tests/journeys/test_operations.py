"""Every published operation is put to every person of the story: some are told, some find nothing, others are refused.

What is expected is written in expected_operations.toml and expected_visibility.toml, apart from the policy.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import DocumentNode, OperationDefinitionNode, parse

from app.demo.cast import CINDER_COVE, Account
from app.domain.vocabulary import Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.identity.issuer import TokenOrder
from tests.journeys.conftest import PEOPLE, RunningRegistry

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "graphql" / "operations"
AUDIENCES = {
    *("shared", "public", "officer", "representative", "hiring", "agency", "post", "head", "registrar", "adjudicator"),
    *("analyst", "grants", "certifier", "body", "auditor"),
}
EMPLOYER = TokenOrder(
    account=Account.RECORDS_COVE.value,
    role=Role.RECORDS_OFFICER,
    purpose=Purpose.MONITORING,
    agency_ori=CINDER_COVE.ori,
)
EVERYONE: dict[str, str | TokenOrder] = {**{name: name for name in PEOPLE}, "employer": EMPLOYER}
# Where a row stands in its list, and how many there are, is not yet something told.
FRAME = {"__typename", "pageInfo", "totalCount"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A published operation: its name under the audience, its text, the variables that lie beside it."""

    name: str
    path: Path
    text: str
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> DocumentNode:
        """The operation, parsed."""
        return parse(self.text)


def read_operations() -> list[Operation]:
    """Every published operation; commands last, as they change what the others find."""
    found = []
    for path in sorted(OPERATIONS.rglob("*.graphql")):
        beside = path.with_suffix(".variables.json")
        found.append(
            Operation(
                name=f"{path.parent.name}/{path.stem}",
                path=path,
                text=path.read_text("utf-8"),
                variables=json.loads(beside.read_text("utf-8")) if beside.exists() else {},
            )
        )
    return sorted(found, key=lambda each: "mutation" in each.text)


ALL = read_operations()
NAMED = {each.name: each for each in ALL}


def read_expected(name: str) -> dict[str, Any]:
    """One of the two files of expectations."""
    return tomllib.loads((Path(__file__).parent / name).read_text("utf-8"))


def tells_something(answer: Any) -> bool:
    """Whether an answer holds any value at all beside its frame."""
    if isinstance(answer, dict):
        return any(tells_something(value) for key, value in answer.items() if key not in FRAME)
    if isinstance(answer, list):
        return any(tells_something(each) for each in answer)
    return answer is not None


async def put(registry: RunningRegistry, operation: Operation, person: str) -> str:
    """What becomes of one operation asked by one person: `told`, `nothing` or the code of the refusal."""
    try:
        answer = await registry.ask(EVERYONE[person], operation.text, **operation.variables)
    except ProbityError as refusal:
        return str(refusal.code)
    return "told" if tells_something(answer) else "nothing"


async def test_every_operation_is_answered_to_those_it_is_for_and_refused_to_all_others(
    registry: RunningRegistry,
) -> None:
    expected = read_expected("expected_operations.toml")
    wrong: list[str] = []
    for operation in ALL:
        listed = expected[operation.name]
        for person in EVERYONE:
            wanted = next((word for word in ("told", "nothing") if person in listed.get(word, [])), None)
            became = await put(registry, operation, person)
            refused = {ErrorCode.DOCUMENT_INVALID.value}
            if person == "public" and operation.name.startswith("head/") and "mutation" in operation.text:
                # Whoever has no token is stopped by the limit on commands, before the contract is looked at.
                refused = {ErrorCode.LIMIT_EXCEEDED.value}
            if became not in ({wanted} if wanted else refused):
                wrong.append(f"{operation.name} by {person}: {became} instead of {wanted or refused}")
    assert wrong == []


def test_the_expectations_speak_of_every_operation_and_of_no_other() -> None:
    expected = read_expected("expected_operations.toml")
    assert set(expected) == set(NAMED)
    for listed in expected.values():
        assert set(listed) <= {"told", "nothing"}
        assert {*listed["told"], *listed.get("nothing", [])} <= set(EVERYONE)
        assert listed["told"], "an operation that tells nobody anything proves nothing"


@pytest.mark.parametrize("person", read_expected("expected_visibility.toml"))
async def test_one_record_shows_each_who_asks_his_part_of_it(registry: RunningRegistry, person: str) -> None:
    expected = read_expected("expected_visibility.toml")[person]
    operation = NAMED["shared/OfficerRecord"]
    officer = (await registry.ask(EVERYONE[person], operation.text, **operation.variables))["officer"]
    outcomes = {each["kind"]: each for each in officer["outcomes"]["nodes"]}
    hidden = {kind: sorted(name for name, value in each.items() if value is None) for kind, each in outcomes.items()}
    assert {"officer": sorted(name for name, value in officer.items() if value is None), **hidden} == expected
    assert officer["outcomes"]["totalCount"] == len(outcomes) == len(expected) - 1


def test_everyone_who_is_told_the_record_has_an_expectation_of_it() -> None:
    told = read_expected("expected_operations.toml")["shared/OfficerRecord"]["told"]
    assert set(read_expected("expected_visibility.toml")) == set(told)


@pytest.mark.parametrize("operation", ALL, ids=lambda each: each.name)
def test_an_operation_is_alone_in_its_file_named_like_it_and_introduced(operation: Operation) -> None:
    (definition,) = operation.document.definitions
    assert isinstance(definition, OperationDefinitionNode)
    assert definition.name is not None
    assert definition.name.value == operation.path.stem
    assert operation.path.parent.name in AUDIENCES
    assert re.match(r"# [A-Z].+\.\n(query|mutation) ", operation.text)


@pytest.mark.parametrize("operation", ALL, ids=lambda each: each.name)
def test_the_variables_beside_an_operation_are_those_it_declares(operation: Operation) -> None:
    (definition,) = operation.document.definitions
    assert isinstance(definition, OperationDefinitionNode)
    declared = {each.variable.name.value for each in definition.variable_definitions or ()}
    assert set(operation.variables) <= declared
    assert operation.path.with_suffix(".variables.json").exists() == bool(declared)


def test_nothing_lies_among_the_operations_but_operations_and_their_variables() -> None:
    own = {each.path for each in ALL} | {each.path.with_suffix(".variables.json") for each in ALL if each.variables}
    assert {path for path in OPERATIONS.rglob("*") if path.is_file()} == own


def test_names_are_used_once_over_all_audiences() -> None:
    stems = [each.path.stem for each in ALL]
    assert sorted(stems) == sorted(set(stems))


async def test_every_operation_can_be_asked_for_by_its_hash(registry: RunningRegistry) -> None:
    for operation in ALL:
        sha256 = hashlib.sha256(operation.path.read_bytes()).hexdigest()
        assert registry.pipeline.find_document(sha256) == operation.text


def test_the_question_in_the_readme_is_the_published_one() -> None:
    shown = re.findall(r"```graphql\n(query (\w+).*?)\n```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    published = {each.path.stem: each.text.partition("\n")[2].strip() for each in ALL}
    compared = [(text, published[name]) for text, name in shown if name in published]
    assert compared
    for text, own in compared:
        assert text == own


def test_the_list_of_operations_names_every_one_under_its_audience() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (`.*`) \|$", (ROOT / "graphql" / "README.md").read_text("utf-8"), re.MULTILINE)
    listed = {f"{audience}/{name}" for audience, names in rows for name in re.findall(r"`(\w+)`", names)}
    assert listed == set(NAMED)


async def test_a_role_that_has_not_begun_can_be_taken_back(registry: RunningRegistry) -> None:
    give, take = NAMED["head/GrantRole"], NAMED["head/RevokeRole"]
    begins = (registry.pipeline.clock() + timedelta(days=2)).isoformat()
    given = await registry.ask("head", give.text, input={**give.variables["input"], "validFrom": begins})
    asked = {**take.variables["input"], "grantId": given["grantRole"]["grant"]["id"]}
    taken = (await registry.ask("head", take.text, input=asked))["revokeRole"]
    assert taken["__typename"] == "RoleRevoked"
    assert taken["grant"]["revokedBy"] == Account.HEAD.value
    # It never held, so it says neither from when nor until when.
    assert taken["grant"]["validTo"] is None
