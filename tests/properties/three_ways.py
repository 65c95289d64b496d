"""Each cell asked three ways: of Casbin, of the compiled statement alone, and of the database alone.

A cell is one asker, one stored row and one field of it, or one column where the database is asked alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.domain.vocabulary import Entity, Purpose, RecordState, Relation, Role
from app.planning.catalogue import Catalogue, Leaf, LeafForm, TypeBinding
from app.planning.plan import Plan
from app.planning.predicates import PredicateCompiler
from app.planning.selection import Selected
from app.policy.grant import Grant
from app.storage.logins import LOGIN_OF_ROLE, Login
from app.storage.tables.everything import METADATA
from tests.properties.drawn_askers import DrawnAsker
from tests.properties.drawn_registry import DrawnRegistry
from tests.properties.stored_facts import Row
from tests.properties.stored_standing import Standings
from tests.properties.whole_tables import (
    Expectation,
    Shown,
    fetch_rows,
    fetch_truth,
    list_hanging_fields,
    list_judged_types,
    plan_rows,
    sort_lists,
    write_down,
)

# What every login may read whole, for it is no fact about a person.
OPEN = frozenset({"registry.agencies", "registry.agency_oris", "registry.credentialing_bodies"})
# Tables whose rows belong to a row of another: that table, its entity, and the columns by which it is found.
HANGING: dict[str, tuple[str, Entity, str, str]] = {
    **{
        f"registry.{name}": ("registry.outcome_series", Entity.OUTCOME, "series_id", "id")
        for name in (
            "outcome_versions",
            "outcome_contents",
            "outcome_statuses",
            "officer_statements",
            "determinations",
            "holds",
        )
    },
    "registry.matters": ("registry.outcome_series", Entity.OUTCOME, "id", "matter_id"),
    "registry.process_steps": ("registry.outcome_series", Entity.OUTCOME, "matter_id", "matter_id"),
    "registry.evidence_items": ("registry.outcome_series", Entity.OUTCOME, "matter_id", "matter_id"),
    "registry.officer_names": ("registry.officers", Entity.OFFICER, "officer_id", "id"),
    "registry.officer_identifiers": ("registry.officers", Entity.OFFICER, "officer_id", "id"),
    "audit.items": ("audit.records", Entity.DISCLOSURE, "record_id", "id"),
    "registry.agency_enrollments": ("registry.agencies", Entity.COMPLIANCE, "agency_id", "id"),
    "registry.period_reports": ("registry.agencies", Entity.COMPLIANCE, "agency_id", "id"),
    "registry.attestations": ("registry.agencies", Entity.COMPLIANCE, "agency_id", "id"),
    "registry.policy_tests": ("registry.agency_credentials", Entity.CREDENTIAL, "credential_id", "id"),
}
# Columns that lead from row to row or say which version speaks; no field need show them.
KEYS = frozenset(
    {
        "id", "analyst_id", "officer_id", "agency_id", "matter_id", "series_id", "record_id", "credential_id",
        "body_id", "jurisdiction_id", "parent_id", "stint_id", "notice_id", "state_code", "version", "current_version",
        "recorded", "ordinal", "role", "status", "kind", "lifecycle", "finality", "dispute",
    }
)  # fmt: skip


# Columns that are shown only through an expression (an analyst reads the days between them, and no day).
COUNTED_FROM: dict[Login, dict[str, set[str]]] = {
    Login.ANALYST: {"registry.outcome_series": {"created_at", "notice_served_at", "cleared_at", "order_date"}},
}
# Columns that conditions are asked of, whoever asks: whether a hold was ever placed, and whose a row is.
ASKED_OF: dict[str, set[str]] = {"registry.outcome_series": {"held"}, "registry.analysis_exports": {"account"}}
# A value that stands on another row as well, to sort by: for those who may be shown it where it belongs.
ALSO_ON = {("registry.outcome_contents", "action_date"): ("registry.outcome_series", "order_date")}


@dataclass(slots=True)
class Findings:
    """What was compared, and every difference found, in words that repeat no value."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    met: set[tuple[Role, Purpose, Entity, Relation, RecordState]] = field(default_factory=set)
    together: set[tuple[Role, frozenset[Relation]]] = field(default_factory=set)

    def report(self, text: str) -> None:
        """Keep one difference."""
        self.differences.append(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guard:
    """By what the rows of a table are let through: types of their own, and values kept for rows of another table."""

    own: list[tuple[Entity, list[str]]]
    kept: list[str]
    entity: Entity
    column: str
    judges: dict[Any, list[Row]]


@dataclass
class ThreeWays:
    """Compares everything for one asker at a time; `planted` is a catalogue with a fault to plan by instead."""

    registry: DrawnRegistry
    planted: Catalogue | None = None
    findings: Findings = field(default_factory=Findings)
    _truths: dict[tuple[str, Any], list[tuple[Row, Shown]]] = field(default_factory=dict)
    _guards: dict[str, _Guard] = field(default_factory=dict)
    _texts: dict[str, dict[str, Row]] = field(default_factory=dict)
    _plans: dict[tuple[Any, str], tuple[Plan, tuple[Selected, ...]] | None] = field(default_factory=dict)

    def begin_anew(
        self, *, planted: Catalogue | None = None, under: DrawnRegistry | None = None, with_plans: bool = False
    ) -> ThreeWays:
        """Another comparison over the same stored values; over the same statements too if `with_plans`."""
        plans = self._plans if with_plans else {}
        return ThreeWays(under or self.registry, planted, _truths=self._truths, _plans=plans)

    async def compare(self, asker: DrawnAsker) -> None:
        """The compiled statements and the database alone, for every type and table."""
        standings = self.registry.stand(asker)
        for binding in list_judged_types(self.registry.catalogue):
            await self.compare_plan(asker, standings, binding)
        await self.compare_wall(asker, standings)

    async def compare_plan(self, asker: DrawnAsker, standings: Standings, binding: TypeBinding) -> None:
        """All rows of a type by the application's statement, row security off, against Casbin cell by cell."""
        expectation = Expectation(self.registry, standings)
        rows = await self._find_truth(binding, asker)
        self._count_cells(asker, standings, binding, [row for row, _ in rows])
        planned = self._plan(asker, binding)
        if planned is None:
            self._require_nothing(asker, expectation, binding, [row for row, _ in rows])
            return
        plan, asked = planned
        shown, counted = await fetch_rows(
            self.registry.bare[asker.login], plan, asker, self.registry, self.registry.sign(asker)
        )
        expected = [
            expectation.mask(binding, row, values, asked) for row, values in rows if expectation.sees(binding, row)
        ]
        told, due = (Counter(map(write_down, map(sort_lists, each))) for each in (shown, expected))
        if told != due or counted != len(expected):
            self.findings.report(
                f"{asker.name}: statement over {binding.name} shows {len(shown)} rows and counts {counted}, "
                f"{len(expected)} are due; {(told - due).total()} are not as Casbin has them"
            )

    def _plan(self, asker: DrawnAsker, binding: TypeBinding) -> tuple[Plan, tuple[Selected, ...]] | None:
        grant = self.registry.policy.find_grant(asker.role, asker.purpose)
        key = (grant.key, binding.name)
        if key not in self._plans:
            catalogue = self.planted or self.registry.catalogue
            self._plans[key] = plan_rows(
                catalogue,
                catalogue.types[binding.name],
                grant,
                PredicateCompiler(states=self.registry.policy.point.bundle.record_states),
                guarded=asker.role is not Role.PUBLIC,
                public=asker.role is Role.PUBLIC,
            )
        return self._plans[key]

    def _require_nothing(
        self, asker: DrawnAsker, expectation: Expectation, binding: TypeBinding, rows: Iterable[Row]
    ) -> None:
        if any(expectation.sees(binding, row) for row in rows):
            self.findings.report(f"{asker.name}: {binding.name} is not in the contract, yet Casbin allows some of it")

    def _count_cells(self, asker: DrawnAsker, standings: Standings, binding: TypeBinding, rows: Iterable[Row]) -> None:
        fields = list(list_hanging_fields(self.registry.catalogue, binding))
        entity = binding.entity
        assert entity is not None
        held = {row["id"]: standings.stand(entity, row) for row in rows}
        for (relations, state), number in Counter(held.values()).items():
            allowed = sum(standings.witness.allows(asker, (relations, state), name) for name in fields)
            self.findings.counts["shown"] += allowed * number
            self.findings.counts["hidden"] += (len(fields) - allowed) * number
            self.findings.met.update((asker.role, asker.purpose, entity, each, state) for each in relations)
            self.findings.together.add((asker.role, relations))

    async def _find_truth(self, binding: TypeBinding, asker: DrawnAsker) -> list[tuple[Row, Shown]]:
        """Every row with its values; some links lead to what is the asker's own, so they are asked for each officer."""
        key = (binding.name, asker.officer_id if binding.entity is Entity.DISCLOSURE else None)
        if key not in self._truths:
            index = Expectation(self.registry, self.registry.stand(asker)).index
            found = await fetch_truth(self.registry, binding, asker)
            self._truths[key] = [(index.find(binding, values), values) for values in found]
        return self._truths[key]

    async def compare_stored_values(self) -> int:
        """Every plain column of every row against the table itself; how many values."""
        compared = 0
        for binding in list_judged_types(self.registry.catalogue):
            assert binding.base is not None
            columns = {
                name: bound.column
                for name, bound in binding.fields.items()
                if isinstance(bound, Leaf) and bound.form is LeafForm.PLAIN
            }
            for row, shown in await self._find_truth(binding, self.registry.askers[0]):
                for name, column in columns.items():
                    compared += 1
                    if shown[name] != self._find_stored(binding.base.fullname, row, column):
                        self.findings.report(f"{binding.name}.{name} is not what is stored")
        return compared

    def _find_stored(self, base: str, row: Row, column: Any) -> Any:
        """A value as the table has it: of the row itself, or of the version that speaks now."""
        table = column.table.fullname
        if table == base:
            return self._find_texts(table, "id").get(str(row["id"]), {})[column.name]
        if table == "registry.agencies":
            return self._find_texts(table, "id")[str(row["agency_id"])][column.name]
        if table == "registry.officer_statements":
            spoken = self.registry.facts.statements_of.get(row["id"], ())
            return next((each[column.name] for each in spoken if each["recorded"].upper is None), None)
        version = str(row["current_version"])
        found = self._find_texts(table, "series_id", "version").get(f"{row['id']} {version}", {})
        return found.get(column.name)

    def _find_texts(self, table: str, *columns: str) -> dict[str, Row]:
        if table not in self._texts:
            found = self.registry.facts.texts[table]
            self._texts[table] = {" ".join(str(row[name]) for name in columns): row for row in found}
        return self._texts[table]

    async def compare_wall(self, asker: DrawnAsker, standings: Standings, only: Iterable[str] = ()) -> None:
        """Every column that the login is granted, of all rows, with nothing asked but by row security."""
        if asker.role is Role.PUBLIC:
            return
        connection = self.registry.walled[asker.login]
        granted = await find_granted(self.registry, asker.login)
        async with connection.transaction(readonly=True):
            await connection.execute("SELECT set_config('probity.context', $1, true)", self.registry.sign(asker))
            for table, columns in sorted(granted.items()):
                if (only and table not in only) or table == "registry.jurisdictions":
                    continue
                found = await connection.fetch(f"SELECT {', '.join(columns)} FROM {table}")
                rows = self.registry.facts.rows[table]
                due = [row for row in rows if self.passes(standings, table, row)]
                self.findings.counts["columns let through"] += len(found) * len(columns)
                self.findings.counts["columns kept back"] += (len(rows) - len(found)) * len(columns)
                if Counter(map(freeze, found)) != Counter(freeze({each: row[each] for each in columns}) for row in due):
                    self.findings.report(
                        f"{asker.name}: row security on {table} lets through {len(found)} rows, {len(due)} are due"
                    )

    def passes(self, standings: Standings, table: str, row: Row) -> bool:
        """Whether policy lets a row of a table through: some value of it, or kept in it, may be read."""
        guard = self._find_guard(table)
        return (
            table in OPEN
            or any(standings.reads(entity, row, name) for entity, fields in guard.own for name in fields)
            or any(
                standings.reads(guard.entity, judge, name)
                for judge in guard.judges.get(row[guard.column] if guard.judges else None, ())
                for name in guard.kept
            )
        )

    def _find_guard(self, table: str) -> _Guard:
        if table not in self._guards:
            judges: dict[Any, list[Row]] = {}
            parent, entity, own, parents = HANGING.get(table, (table, Entity.JURISDICTION, "", ""))
            if own:
                judges = self.registry.facts.group(parent, parents)
            self._guards[table] = _Guard(
                own=list(list_own_fields(self.registry, table)),
                kept=list_kept_fields(self.registry, table),
                entity=entity,
                column=own,
                judges=judges,
            )
        return self._guards[table]


def freeze(row: Any) -> tuple[Any, ...]:
    """A row as something that can be counted."""
    return tuple(tuple(value) if isinstance(value, list) else value for _, value in sorted(row.items()))


def list_own_fields(registry: DrawnRegistry, table: str) -> Iterator[tuple[Entity, list[str]]]:
    """For every type whose rows are the table's: by what they are judged, and one field of each of its classes."""
    for binding in registry.catalogue.types.values():
        if binding.base is not None and binding.base.fullname == table and binding.entity is not None:
            yield binding.entity, registry.witness.pick_by_class(f"{binding.name}.{name}" for name in binding.fields)


def list_kept_fields(registry: DrawnRegistry, table: str) -> list[str]:
    """One field of each class of which a value is kept in the table."""
    return registry.witness.pick_by_class(
        f"{binding.name}.{name}"
        for binding in registry.catalogue.types.values()
        for name, bound in binding.list_leaves()
        if bound.column.table.fullname == table
    )


async def find_granted(registry: DrawnRegistry, login: Login) -> dict[str, list[str]]:
    """The columns of the registry's tables that a login may read, as the database has it."""
    rows = await registry.truth.fetch(
        "SELECT format('%s.%s', table_schema, table_name) AS name, column_name AS column "
        "FROM information_schema.columns "
        "WHERE table_schema IN ('registry', 'audit') AND has_schema_privilege($1, table_schema, 'USAGE') AND "
        "has_column_privilege($1, format('%I.%I', table_schema, table_name), column_name, 'SELECT') ORDER BY 1, 2",
        login.role_name,
    )
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row["name"]].append(row["column"])
    return found


def list_grants_of(registry: DrawnRegistry, login: Login) -> list[Grant]:
    """What the roles of a login may read, in any purpose."""
    return [
        registry.policy.find_grant(role, purpose)
        for role, purpose in registry.policy.list_pairs()
        if LOGIN_OF_ROLE[role] is login
    ]


def expect_columns(registry: DrawnRegistry, login: Login) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """By table the columns a login must read (values of fields it may be shown), and those it may besides: keys."""
    needed: dict[str, set[str]] = defaultdict(set)
    allowed: dict[str, set[str]] = defaultdict(set)
    for grant in list_grants_of(registry, login):
        for binding in registry.catalogue.types.values():
            for name, bound in binding.list_leaves():
                if f"{binding.name}.{name}" in grant.fields:
                    needed[bound.column.table.fullname].add(bound.column.name)
    for table in METADATA.sorted_tables:
        if table.fullname in needed:
            allowed[table.fullname] |= KEYS & {column.name for column in table.columns}
            allowed[table.fullname] |= ASKED_OF.get(table.fullname, set())
    for (kept_in, column), (other, same) in ALSO_ON.items():
        allowed[other] |= {same} if column in needed[kept_in] else set()
    return needed, allowed


async def compare_columns(registry: DrawnRegistry, login: Login) -> list[str]:
    """Columns that a login needs and has not, or has and nothing asks for."""
    granted = await find_granted(registry, login)
    needed, allowed = expect_columns(registry, login)
    for table, columns in COUNTED_FROM.get(login, {}).items():
        allowed[table] |= columns
    found = []
    for table in sorted({*granted, *needed}):
        have = set(granted.get(table, ()))
        if table in OPEN:
            continue
        found += [f"{login} reads {table}.{column}" for column in sorted(have - needed[table] - allowed[table])]
        found += [f"{login} cannot read {table}.{column}" for column in sorted(needed[table] - have)]
    return found
