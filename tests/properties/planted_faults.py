"""Faults planted in the compiler and in the two copies of a drawn registry, each taken out again at the end.

A fault that no comparison finds says that the comparison tests nothing; here is what is planted, not what is demanded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import and_, exists, func, literal_column, select

from app.domain.vocabulary import Entity, RecordState, Relation
from app.planning import predicates, relations, scopes
from app.planning.catalogue import Catalogue, Joined
from app.planning.context_sets import CONTEXT_SETS
from app.planning.predicates import PredicateCompiler
from app.policy.grant import Predicate
from app.storage.tables import outcomes

Patch = Callable[[pytest.MonkeyPatch], None]


def drop_denials(patched: pytest.MonkeyPatch) -> None:
    """Conditions are compiled without their denials."""
    real = PredicateCompiler.compile

    def compile_without(self: Any, predicate: Predicate, *given: Any, **named: Any) -> Any:
        return real(self, Predicate(allow=predicate.allow), *given, **named)

    patched.setattr(PredicateCompiler, "compile", compile_without)


def let_no_denial_mean_anything(patched: pytest.MonkeyPatch) -> None:
    """Rows about persons are taken to be nobody's own, and nothing refuses a denial that forbids nothing."""
    patched.setattr(
        predicates,
        "has_meaning",
        lambda entity, relation: relation is not Relation.SELF and relations.has_meaning(entity, relation),
    )
    patched.setattr(predicates, "_refuse_idle_denials", lambda *_: None)


def swap_states(one: RecordState, other: RecordState) -> Patch:
    """One state is asked for where the other is meant."""

    def plant(patched: pytest.MonkeyPatch) -> None:
        real, swapped = relations.be_in_states, {one: other, other: one}

        def be_in_states(entity: Entity, states: frozenset[RecordState], *given: Any, **named: Any) -> Any:
            return real(entity, frozenset(swapped.get(each, each) for each in states), *given, **named)

        patched.setattr(predicates, "be_in_states", be_in_states)

    return plant


def relate_to_any_row(patched: pytest.MonkeyPatch) -> None:
    """Whether a row is one's own is asked of another alias of its table: of any row instead of this one."""
    real = relations.relate

    def relate(entity: Entity, relation: Relation, row: Any, **named: Any) -> Any:
        if (entity, relation) != (Entity.OUTCOME, Relation.OWN_AGENCY):
            return real(entity, relation, row, **named)
        other = outcomes.SERIES.alias("other")
        found = and_(real(entity, relation, other, **named), other.c.kind == row.c.kind)
        return exists(select(literal_column("1")).select_from(other).where(found).correlate_except(other))

    patched.setattr(predicates, "relate", relate)


def leave_masks_out(patched: pytest.MonkeyPatch) -> None:
    """Every field shows wherever its row does."""
    patched.setattr(scopes, "covers", lambda *_: True)


def forget_denials_of_fields(patched: pytest.MonkeyPatch) -> None:
    """Whether a field needs a mask is decided by what is allowed alone."""
    patched.setattr(
        scopes,
        "covers",
        lambda predicate, rows, entity: predicates.covers(
            Predicate(allow=predicate.allow), tuple(Predicate(allow=row.allow) for row in rows), entity
        ),
    )


def unite_without_denials(patched: pytest.MonkeyPatch) -> None:
    """A row is taken to be visible wherever one of its fields is allowed."""
    real = predicates.unite
    patched.setattr(predicates, "unite", lambda given: real(Predicate(allow=each.allow) for each in given))


COMPILER_FAULTS: dict[str, Patch] = {
    "denials are dropped": drop_denials,
    "a denial is taken to mean nothing": let_no_denial_mean_anything,
    "cleared and suspended are swapped": swap_states(RecordState.CLEARED, RecordState.SUSPENDED),
    "voided and expired are swapped": swap_states(RecordState.VOIDED, RecordState.EXPUNGED),
    "listed and unlisted are swapped": swap_states(RecordState.LISTED, RecordState.UNLISTED),
    "a relation is asked of another alias": relate_to_any_row,
    "masks are left out": leave_masks_out,
    "masks are decided without denials": forget_denials_of_fields,
    "rows are decided without denials": unite_without_denials,
}


@contextmanager
def plant(fault: Patch) -> Iterator[None]:
    """The compiler with a fault in it."""
    with pytest.MonkeyPatch.context() as patched:
        fault(patched)
        yield


def join_first_version(catalogue: Catalogue) -> Catalogue:
    """The catalogue with the contents of an outcome joined wrongly: the first version's."""
    outcome = catalogue.types["Outcome"]
    table = outcomes.CONTENTS
    wrong = Joined(table=table, link=lambda base, said: and_(said.c.series_id == base.c.id, said.c.version == 1))
    changed = replace(outcome, joined={**outcome.joined, table.name: wrong})
    return replace(catalogue, types={**catalogue.types, "Outcome": changed})


def join_any_officer(catalogue: Catalogue) -> Catalogue:
    """The catalogue with the statement of an outcome joined by its version alone: another's words beside this one's."""
    outcome = catalogue.types["Outcome"]
    table = outcomes.OFFICER_STATEMENTS
    first = select(func.min(table.c.series_id.cast(outcomes.VERSIONS.c.report_type.type))).scalar_subquery()
    wrong = Joined(
        table=table, link=lambda base, said: said.c.series_id.cast(outcomes.VERSIONS.c.report_type.type) == first
    )
    changed = replace(outcome, joined={**outcome.joined, table.name: wrong})
    return replace(catalogue, types={**catalogue.types, "Outcome": changed})


JOIN_FAULTS = {
    "a value of the version before": join_first_version,
    "a value of another outcome": join_any_officer,
}

# Functions of the gate in which a condition is taken away: who asks, which function, what stands there, what comes.
HIRING, HANDLING, MONITORING, JUDGING, AUDITING = range(5)
GATE_FAULTS: tuple[tuple[int, str, str, str], ...] = (
    (HIRING, "full_candidates", "s.expires_at > c.at", "true"),
    (HIRING, "full_candidates", "k.expires_at > c.at", "true"),
    (HIRING, "full_candidates", "(k.closed_at IS NULL OR k.closed_at > c.at)", "true"),
    (HIRING, "full_candidates", "(s.revoked_at IS NULL OR s.revoked_at > c.at)", "true"),
    (HIRING, "full_candidates", "s.granted_at <= c.at AND", "s.granted_at < c.at AND"),
    (HIRING, "full_candidates", "s.purpose = 'hiring'", "true"),
    (HIRING, "full_candidates", "s.officer_id = k.officer_id", "true"),
    (HIRING, "full_candidates", "s.scope IN ('FULL')", "true"),
    (HIRING, "full_candidates", "k.match_result = 'MATCH'", "k.match_result <> 'MATCH'"),
    (HIRING, "limited_candidates", "s.expires_at > c.at", "true"),
    (HIRING, "own_officers", "g.role = 'officer'", "g.role = 'officer' AND g.valid @> c.at"),
    (JUDGING, "assigned_outcomes", "k.valid @> c.at", "true"),
    (JUDGING, "assigned_outcomes", "k.role = c.role", "true"),
    (JUDGING, "assigned_officers", "k.valid @> c.at", "true"),
    (AUDITING, "opened_outcomes", "b.valid @> c.at", "true"),
    (AUDITING, "opened_outcomes", "b.account = c.account AND", ""),
    (AUDITING, "opened_officers", "b.valid @> c.at", "true"),
    (MONITORING, "officers_employed", "t.is_current", "true"),
    (MONITORING, "is_employed", "t.is_current", "true"),
    (HANDLING, "hold_on", "h.valid @> moment", "true"),
    (HANDLING, "officers_serving", "t.agency_id = c.agency_id", "true"),
)


@asynccontextmanager
async def replace_function(connections: list[asyncpg.Connection], name: str, old: str, new: str) -> AsyncIterator[None]:
    """A function of the gate, or a set of the context, with a condition replaced, in each of the databases."""
    function = "gather_sets" if name in CONTEXT_SETS else name
    definitions = [
        await each.fetchval("SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.proname = $1", function)
        for each in connections
    ]
    try:
        for connection, definition in zip(connections, definitions, strict=True):
            asked = find_condition(definition, name)
            assert old in asked, name
            await connection.execute(definition.replace(asked, asked.replace(old, new)))
        yield
    finally:
        for connection, definition in zip(connections, definitions, strict=True):
            await connection.execute(definition)


def find_condition(definition: str, name: str) -> str:
    """What a function asks for one set of the context; all that it asks where it is of one thing alone."""
    if name not in CONTEXT_SETS:
        return definition
    begin = definition.index(f"c.{name} := ")
    return definition[begin : definition.index("END IF", begin)]


@asynccontextmanager
async def change(connection: asyncpg.Connection, there: str, back: str) -> AsyncIterator[None]:
    """The database with one statement done to it, and another that undoes it."""
    await connection.execute(there)
    try:
        yield
    finally:
        await connection.execute(back)


@asynccontextmanager
async def drop_policy(connection: asyncpg.Connection, table: str, name: str) -> AsyncIterator[None]:
    """A table without one of its row policies."""
    schema, _, bare = table.partition(".")
    held = await connection.fetchrow(
        "SELECT cmd, qual, roles[1] AS role FROM pg_policies "
        "WHERE schemaname = $1 AND tablename = $2 AND policyname = $3",
        schema,
        bare,
        name,
    )
    assert held is not None, name
    back = f"CREATE POLICY {name} ON {table} FOR {held['cmd']} TO {held['role']} USING ({held['qual']})"
    async with change(connection, f"DROP POLICY {name} ON {table}", back):
        yield
