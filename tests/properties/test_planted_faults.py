"""The three-way comparison finds what is planted: in the compiler, in the gate's functions, in row security, in grants.

Where nothing is planted it finds nothing, of the same askers and the same tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest

from app.domain.vocabulary import Purpose, Role
from app.errors import PolicyRefused
from app.planning import predicates, relations
from app.storage.logins import Login
from tests.properties.drawn_askers import DrawnAsker
from tests.properties.drawn_registry import DrawnRegistry
from tests.properties.planted_faults import (
    COMPILER_FAULTS,
    GATE_FAULTS,
    JOIN_FAULTS,
    change,
    drop_policy,
    plant,
    replace_function,
)
from tests.properties.three_ways import ThreeWays, compare_columns

STATEMENTS = ("Officer", "Outcome")
TABLES = ("registry.officers", "registry.outcome_series", "registry.holds")
# Between them they stand in every relation about persons and meet every denial.
ROLES = (
    (Role.HIRING_INVESTIGATOR, Purpose.HIRING),
    (Role.RECORDS_OFFICER, Purpose.RECORDS),
    (Role.RECORDS_OFFICER, Purpose.MONITORING),
    (Role.DOJ_ADJUDICATOR, Purpose.ADJUDICATION),
    (Role.AUDITOR, Purpose.OVERSIGHT),
)


def list_asking(drawn: DrawnRegistry) -> list[DrawnAsker]:
    """One asker of each of the roles."""
    return [next(each for each in drawn.askers if (each.role, each.purpose) == wanted) for wanted in ROLES]


@pytest.fixture(scope="module")
def sound(drawn: DrawnRegistry) -> ThreeWays:
    """A comparison whose stored values and statements others use again: what is planted is not in them."""
    return ThreeWays(drawn)


async def find_in_statements(ways: ThreeWays, askers: Sequence[DrawnAsker], types: Sequence[str]) -> list[str]:
    """What the comparison with the compiled statements finds, up to its first find."""
    for asker, name in product(askers, types):
        if not ways.findings.differences:
            await ways.compare_plan(asker, ways.registry.stand(asker), ways.registry.catalogue.types[name])
    return ways.findings.differences


async def find_in_wall(ways: ThreeWays, askers: Sequence[DrawnAsker], tables: Sequence[str]) -> list[str]:
    """What the comparison with the database alone finds, up to its first find."""
    for asker in askers:
        if not ways.findings.differences:
            await ways.compare_wall(asker, ways.registry.stand(asker), tables)
    return ways.findings.differences


async def test_without_a_fault_nothing_is_found(drawn: DrawnRegistry, sound: ThreeWays) -> None:
    askers = list_asking(drawn)
    assert await find_in_statements(sound, askers, STATEMENTS) == []
    assert await find_in_wall(sound, askers, TABLES) == []
    assert sound.findings.counts["hidden"] > 10_000


# The served policy denies whole persons: a mask decided without denials is found in test_drawn_denials.
@pytest.mark.parametrize("fault", sorted(set(COMPILER_FAULTS) - {"masks are decided without denials"}))
async def test_a_fault_of_the_compiler_is_found(fault: str, drawn: DrawnRegistry, sound: ThreeWays) -> None:
    with plant(COMPILER_FAULTS[fault]):
        found = await find_in_statements(sound.begin_anew(), list_asking(drawn)[:3], STATEMENTS)
    assert found, fault


@pytest.mark.parametrize("fault", JOIN_FAULTS)
async def test_a_value_joined_wrongly_is_found(fault: str, drawn: DrawnRegistry, sound: ThreeWays) -> None:
    ways = sound.begin_anew(planted=JOIN_FAULTS[fault](drawn.catalogue))
    assert await find_in_statements(ways, list_asking(drawn)[1:2], ["Outcome"]), fault


async def test_a_denial_without_a_meaning_is_refused_before_anything_is_compiled(drawn: DrawnRegistry) -> None:
    """The first to find it is the compiler itself; the comparison finds it where that check is gone."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            predicates,
            "has_meaning",
            lambda entity, relation: relation != "self" and relations.has_meaning(entity, relation),
        )
        with pytest.raises(PolicyRefused):
            await find_in_statements(ThreeWays(drawn), list_asking(drawn)[:1], ["Outcome"])


@pytest.mark.parametrize(("who", "name", "old", "new"), GATE_FAULTS)
async def test_a_function_of_the_gate_that_asks_too_little_is_found(
    who: int, name: str, old: str, new: str, drawn: DrawnRegistry, sound: ThreeWays
) -> None:
    """Both the statements and row security ask it; at least one of them lets through what it must not."""
    askers, ways = [list_asking(drawn)[who]], sound.begin_anew(with_plans=True)
    async with replace_function([drawn.truth, drawn.bare_truth], name, old, new):
        found = await find_in_statements(ways, askers, STATEMENTS) or await find_in_wall(ways, askers, TABLES)
    assert found, (name, old)


@pytest.mark.parametrize("table", ["registry.holds", "registry.officers", "registry.outcome_contents"])
async def test_a_table_without_row_security_is_found(table: str, drawn: DrawnRegistry) -> None:
    there, back = (f"ALTER TABLE {table} {verb} ROW LEVEL SECURITY" for verb in ("DISABLE", "ENABLE"))
    async with change(drawn.truth, there, back):
        found = await find_in_wall(ThreeWays(drawn), list_asking(drawn)[:2], [table])
    assert found, table


@pytest.mark.parametrize("table", ["registry.stints", "registry.determinations", "registry.candidate_checks"])
async def test_a_missing_row_policy_is_found(table: str, drawn: DrawnRegistry) -> None:
    async with drop_policy(drawn.truth, table, f"select_{Login.AGENCY}"):
        found = await find_in_wall(ThreeWays(drawn), list_asking(drawn)[:2], [table])
    assert found, table


async def test_a_row_policy_that_is_one_role_too_wide_is_found(drawn: DrawnRegistry) -> None:
    """Row security that lets through what any role of the login might read, whoever asks in which role and purpose."""
    there = (
        "CREATE POLICY planted ON registry.candidate_checks FOR SELECT TO probity_agency "
        "USING (agency_id IN (SELECT c.agency_id FROM gate.read_context() c))"
    )
    async with change(drawn.truth, there, "DROP POLICY planted ON registry.candidate_checks"):
        found = await find_in_wall(ThreeWays(drawn), list_asking(drawn)[2:3], ["registry.candidate_checks"])
    assert found


@pytest.mark.parametrize(
    ("login", "column", "table"),
    [
        (Login.AGENCY, "value_token", "registry.officer_identifiers"),
        (Login.POST, "commitment_salt", "registry.outcome_contents"),
        (Login.CREDENTIALS, "family_name", "registry.officers"),
        (Login.ANALYST, "court", "registry.outcome_contents"),
    ],
)
async def test_a_column_granted_too_many_is_found(login: Login, column: str, table: str, drawn: DrawnRegistry) -> None:
    right = f"SELECT ({column}) ON {table}"
    async with change(drawn.truth, f"GRANT {right} TO {login.role_name}", f"REVOKE {right} FROM {login.role_name}"):
        assert await compare_columns(drawn, login) == [f"{login} reads {table}.{column}"]


async def test_a_column_granted_too_few_is_found(drawn: DrawnRegistry) -> None:
    right = "SELECT (action_date) ON registry.outcome_contents"
    async with change(drawn.truth, f"REVOKE {right} FROM probity_post", f"GRANT {right} TO probity_post"):
        assert await compare_columns(drawn, Login.POST) == ["post cannot read registry.outcome_contents.action_date"]


async def test_a_value_that_is_not_the_stored_one_is_found(drawn: DrawnRegistry) -> None:
    ways = ThreeWays(drawn)
    async with change(
        drawn.truth,
        "UPDATE registry.agencies SET sworn_count = sworn_count + 1",
        "UPDATE registry.agencies SET sworn_count = sworn_count - 1",
    ):
        await ways.compare_stored_values()
    assert ways.findings.differences
