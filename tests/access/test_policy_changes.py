"""A rule taken out of the policy is gone from the contract, the plans and the second wall alike."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.domain.vocabulary import Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.main import Assembly, assemble, open_pipeline
from app.planning.selection import Selected
from app.settings import Settings
from app.storage.logins import Login
from app.storage.migrate import upgrade_database
from tests.access.second_wall import sign_context
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS
from tests.properties.everything import ask_everything
from tests.properties.oracle import Oracle, World
from tests.properties.plain_registry import PlainRegistry
from tests.properties.plain_rows import encode_id
from tests.properties.test_cells import expect

IDENTIFIERS = ("POST-05", "POST-09")


def take_out(settings: Settings, folder: Path, rules: Sequence[str]) -> Path:
    """A root whose policy lacks these rules."""
    root = folder / "root"
    shutil.copytree(settings.root / "policies", root / "policies")
    gone = 0
    for file in (root / "policies" / "rules").glob("*.csv"):
        lines = file.read_text("ascii").splitlines(keepends=True)
        kept = [line for line in lines if not any(f" {rule}, " in line for rule in rules)]
        gone += len(lines) - len(kept)
        file.write_text("".join(kept), "ascii")
    assert gone == len(rules)
    return root


@pytest.fixture
def without_identifiers(settings: Settings, tmp_path: Path) -> Assembly:
    """What follows from a policy in which a State's authority reads no identifier."""
    return assemble(take_out(settings, tmp_path, IDENTIFIERS))


POST = (Role.POST_OFFICER, Purpose.CERTIFICATION)


def test_a_field_without_a_rule_leaves_the_contract_and_the_plans(
    shared: RunningRegistry, without_identifiers: Assembly
) -> None:
    document = "{ officers(first: 1) { nodes { identifiers { value } } } }"
    before, after = shared.pipeline.policy, without_identifiers.policy
    assert "OfficerIdentifier" in before.find_contract(*POST).sdl
    assert "OfficerIdentifier" not in after.find_contract(*POST).sdl
    assert "identifiers: " not in after.find_contract(*POST).sdl
    assert "Officer.identifiers" not in after.find_grant(*POST).fields
    with pytest.raises(ProbityError) as refused:
        after.planner.prepare(
            document, None, {}, schema=after.find_contract(*POST).schema, grant=after.find_grant(*POST)
        )
    assert refused.value.code is ErrorCode.DOCUMENT_INVALID


def test_a_selection_that_no_contract_checked_is_still_refused_by_the_compiler(without_identifiers: Assembly) -> None:
    """Even were validation to let it pass: the compiler has no predicate for the field and raises."""
    policy = without_identifiers.policy
    given = Selected(key="value", name="value")
    numbers = Selected(key="identifiers", name="identifiers", below={"OfficerIdentifier": (given,)})
    viewer = Selected(key="viewer", name="viewer", below={"Viewer": (Selected(key="role", name="role"),)})
    node = Selected(
        key="me", name="me", below={"Me": (Selected(key="record", name="record", below={"Officer": (numbers,)}),)}
    )
    for grant in (policy.find_grant(*POST), policy.find_grant(Role.PUBLIC, Purpose.PUBLIC)):
        planned = policy.planner.plan_selection((viewer,), grant, name="q", document_sha256=b"")
        assert "officer_identifiers" not in planned.sql
        with pytest.raises(ProbityError) as refused:
            policy.planner.plan_selection((node,), grant, name="q", document_sha256=b"")
        assert refused.value.code is ErrorCode.DOCUMENT_INVALID


def test_a_field_without_a_rule_leaves_row_security_and_column_grants(
    settings: Settings, without_identifiers: Assembly
) -> None:
    def find(assembly: Assembly) -> tuple[list[str], list[str]]:
        policies = [each for each in assembly.wall.policies if "officer_identifiers" in each and "probity_post" in each]
        columns = [each for each in assembly.wall_writer.write_column_grants() if "officer_identifiers" in each]
        return policies, [each for each in columns if "probity_post" in each]

    before, after = assemble(settings.root), without_identifiers
    assert all(find(before))
    assert find(after) == ([], [])
    assert before.policy.digest != after.policy.digest
    # Other roles keep what they had.
    assert any("officer_identifiers" in each and "probity_agency" in each for each in after.wall.policies)


async def test_a_wall_written_from_the_narrower_policy_binds_a_process_that_still_serves_the_wider(
    registry: RunningRegistry, settings: Settings, without_identifiers: Assembly
) -> None:
    order = ASKERS["post"]
    assert order is not None
    document = "{ officers(first: 20) { nodes { familyName identifiers { value } } } }"
    before = (await registry.ask("post", document))["officers"]["nodes"]
    assert any(node["identifiers"] for node in before)
    assert await registry.pipeline.is_ready()
    wider = await sign_context(registry, order)
    await upgrade_database(registry.addresses, settings, without_identifiers.wall)
    assert not await registry.pipeline.is_ready()
    # The directory that this process reads does not hold the narrower one: it answers nobody, rather than by the wider.
    for person in ("post", "records"):
        with pytest.raises(ProbityError) as refused:
            await registry.ask(person, document)
        assert refused.value.code is ErrorCode.UNAVAILABLE
    connection = await asyncpg.connect(registry.addresses.by_login[Login.POST])
    try:
        for context, officers in (
            (wider, False),
            (await sign_context(registry, order, policy=without_identifiers.policy.digest), True),
        ):
            await connection.execute("SELECT set_config('probity.context', $1, false)", context)
            assert await connection.fetchval("SELECT to_regclass('registry.officer_identifiers') IS NOT NULL")
            assert bool(await connection.fetchval("SELECT count(id) FROM registry.officers")) is officers
        # The wall takes the columns back as well.
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval("SELECT count(id) FROM registry.officer_identifiers")
    finally:
        await connection.close()


# Rules whose going leaves the contract as it is, and takes rows or cells from some records alone; who notices.
NARROWED: list[Any] = [
    (("POST-14",), "post"),
    (("REC-19", "REC-20"), "records"),
    (("MON-06",), "monitor_cove"),
    *(
        pytest.param(rules, person, marks=pytest.mark.long)
        for rules, person in (
            (("POST-15", "POST-21"), "post_oregon"),
            (("REC-21",), "records_cove"),
            (("HIR-08",), "investigator"),
            (("SELF-17", "SELF-10"), "officer"),
        )
    ),
]


@pytest.mark.parametrize(("rules", "person"), NARROWED)
async def test_the_answers_under_a_narrower_policy_are_what_casbin_says_of_it(
    rules: tuple[str, ...],
    person: str,
    registry: RunningRegistry,
    world: World,
    settings: Settings,
    tmp_path: Path,
) -> None:
    root = take_out(settings, tmp_path, rules)
    assembly = assemble(root)
    asker = world.name_asker(ASKERS[person])
    wider = world.consult(registry.pipeline.policy.point, asker)
    plain = PlainRegistry(world.consult(assembly.policy.point, asker))
    schema = assembly.policy.find_contract(asker.role, asker.purpose).schema
    await upgrade_database(registry.addresses, settings, assembly.wall)
    async with open_pipeline(replace(settings, root=root), registry.addresses) as pipeline:
        narrower = replace(registry, pipeline=pipeline)
        document = ask_everything(schema, "Outcome")
        lines = world.by_kind["outcome"]
        fewer = 0
        for start in range(0, len(lines), 60):
            page = lines[start : start + 60]
            ids = [encode_id("Outcome", line["id"]) for line in page]
            shown = (await narrower.ask(ASKERS[person], document, ids=ids))["nodes"]
            expected = [None if (item := plain.find(line)) is None else expect(plain, schema, item) for line in page]
            assert json.dumps(shown) == json.dumps(expected)
            fewer += sum(count_lost(wider, plain.oracle, line) for line in page)
        assert fewer > 0


def count_lost(wider: Oracle, narrower: Oracle, line: dict[str, Any]) -> int:
    """Fields of a line that the wider policy allowed and the narrower one does not; none may be won."""
    lost = 0
    for name in ("id", "kind", "basis", "lifecycle", "statement"):
        before, after = wider.reads(line, f"Outcome.{name}"), narrower.reads(line, f"Outcome.{name}")
        assert before or not after
        lost += before and not after
    return lost
