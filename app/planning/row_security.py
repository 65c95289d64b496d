"""The second wall: row policies, column grants and one function, written out from the same policy as the plans.

INVARIANT: a row is let through only where some field of it may be read in the role and purpose of the signed context;
a table without a line here lets nothing through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Table, and_, exists, false, literal_column, or_, select
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.visitors import replacement_traverse

from app.domain.vocabulary import Action, Entity, RecordState
from app.planning.catalogue import Catalogue, Leaf, TypeBinding
from app.planning.predicates import PredicateCompiler, find_row_predicates, unite
from app.planning.relations import be_in_states
from app.policy.grant import Grant, Predicate
from app.policy.record_states import RecordStateTable
from app.storage.logins import LOGIN_OF_ROLE, Login
from app.storage.tables import access, audit, outcomes, people, process

_DIALECT: Final = asyncpg.dialect()  # type: ignore[no-untyped-call]
_CONTEXT: Final[Mapping[str, str]] = {
    "principal_agency": "agency_id",
    "principal_state": "state_code",
    "principal_officer": "officer_id",
    "principal_account": "account",
    "principal_role": "role",
    "principal_purpose": "purpose",
    "registry_now": "at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parent:
    """The table whose row judges the rows of another, and the columns that lead there."""

    table: Table
    entity: Entity
    own: str
    parents: str


def _hang_on_series(own: str, parents: str = "id") -> _Parent:
    return _Parent(table=outcomes.SERIES, entity=Entity.OUTCOME, own=own, parents=parents)


def _hang_on_officer() -> _Parent:
    return _Parent(table=people.OFFICERS, entity=Entity.OFFICER, own="officer_id", parents="id")


PARENTS: Final[Mapping[Table, _Parent]] = {
    outcomes.VERSIONS: _hang_on_series("series_id"),
    outcomes.CONTENTS: _hang_on_series("series_id"),
    outcomes.OFFICER_STATEMENTS: _hang_on_series("series_id"),
    outcomes.DETERMINATIONS: _hang_on_series("series_id"),
    outcomes.HOLDS: _hang_on_series("series_id"),
    process.MATTERS: _hang_on_series("id", "matter_id"),
    process.PROCESS_STEPS: _hang_on_series("matter_id", "matter_id"),
    process.EVIDENCE_ITEMS: _hang_on_series("matter_id", "matter_id"),
    people.OFFICER_NAMES: _hang_on_officer(),
    people.OFFICER_IDENTIFIERS: _hang_on_officer(),
    audit.ITEMS: _Parent(table=audit.RECORDS, entity=Entity.DISCLOSURE, own="record_id", parents="id"),
}
# Tables of public facts: no row of them is about a person.
OPEN_TABLES: Final = frozenset({"registry.jurisdictions", "registry.agencies", "registry.agency_oris"})
# What a command's login may do to which rows, by the field of the contract that is the command.
COMMAND_ROWS: Final[Mapping[str, tuple[Table, Entity, tuple[str, ...]]]] = {
    "Mutation.grantRole": (access.GRANTS, Entity.GRANT, ("SELECT", "INSERT")),
    "Mutation.revokeRole": (access.GRANTS, Entity.GRANT, ("SELECT", "UPDATE")),
}


# Logins that do work of their own, and the schema's tables that they may see whole; column grants narrow them.
WORK_ROWS: Final[Mapping[Login, tuple[str, ...]]] = {
    Login.LEDGER: ("audit.records", "audit.items"),
    Login.COMMAND: ("audit.records", "audit.items", "registry.command_keys"),
    Login.IMPORTER: (
        "registry.officers",
        "registry.officer_names",
        "registry.officer_identifiers",
        "registry.stints",
        "registry.certifications",
        "registry.matters",
        "registry.process_steps",
        "registry.evidence_items",
        "registry.outcome_series",
        "registry.outcome_versions",
        "registry.outcome_contents",
        "registry.import_batches",
        "registry.source_records",
        "registry.review_items",
        "audit.records",
        "audit.items",
    ),
}
# INVARIANT: no import makes a record that anyone but its reporter could be told of.
WORK_CHECKS: Final[Mapping[tuple[Login, Table], str]] = {
    (Login.IMPORTER, outcomes.SERIES): "lifecycle IN ('DRAFT', 'AWAITING_EVIDENCE')",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSecurityWriter:
    """Writes the second wall for a set of grants (every role, purpose and action that policy knows)."""

    catalogue: Catalogue
    grants: tuple[Grant, ...]
    states: RecordStateTable

    def write_listing(self) -> str:
        """The function that says whether an officer has anything that could be disclosed."""
        series = outcomes.SERIES.alias("s")

        def has(state: RecordState) -> ColumnElement[bool]:
            in_state = be_in_states(Entity.OUTCOME, frozenset({state}), series, self.states)
            mine = series.c.officer_id == literal_column("target")
            return exists(select(literal_column("1")).select_from(series).where(mine, in_state))

        cleared, no_finding = (
            _render(has(state), {"registry_now": "moment"}) for state in (RecordState.CLEARED, RecordState.NO_FINDING)
        )
        return (
            "CREATE OR REPLACE FUNCTION gate.officer_listing(target uuid, moment timestamptz) RETURNS text\n"
            "LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$\n"
            f"SELECT CASE WHEN {cleared} THEN '{RecordState.LISTED}'\n"
            f"WHEN {no_finding} THEN '{RecordState.LISTED_NO_FINDING}' ELSE '{RecordState.UNLISTED}' END $$"
        )

    def write_policies(self, tables: Iterable[Table]) -> tuple[str, ...]:
        """The statements that put row security on every table that is not open."""
        statements: list[str] = []
        for table in tables:
            if table.fullname in OPEN_TABLES or table.schema not in {"registry", "audit"}:
                continue
            statements += [
                f"ALTER TABLE {table.fullname} ENABLE ROW LEVEL SECURITY",
                f"ALTER TABLE {table.fullname} FORCE ROW LEVEL SECURITY",
                _create_policy("owner", table, "ALL", "CURRENT_USER", "true"),
            ]
            statements += [
                _create_policy(
                    f"work_{login}",
                    table,
                    "ALL",
                    login.role_name,
                    "true",
                    check=WORK_CHECKS.get((login, table), "true"),
                )
                for login, names in WORK_ROWS.items()
                if table.fullname in names
            ]
            statements += self._write_table(table)
        return tuple(statements)

    def _write_table(self, table: Table) -> list[str]:
        by_login: dict[tuple[Login, str], dict[str, str]] = defaultdict(dict)
        for grant in self.grants:
            key = f"{grant.role}/{grant.purpose}"
            if grant.action is Action.READ:
                condition = self._find_condition(table, grant)
                if condition is not None:
                    by_login[LOGIN_OF_ROLE[grant.role], "SELECT"][key] = _render(condition, None)
            for name, (target, entity, verbs) in COMMAND_ROWS.items():
                if target is table and name in grant.fields:
                    compiled = self._compile(unite([grant.fields[name]]), entity, table)
                    for verb in verbs:
                        by_login[Login.COMMAND, verb][key] = _render(compiled, None)
        return [
            _create_policy(f"{verb.lower()}_{login}", table, verb, login.role_name, _choose(cases))
            for (login, verb), cases in sorted(by_login.items())
        ]

    def _find_condition(self, table: Table, grant: Grant) -> ColumnElement[bool] | None:
        """Where a row of `table` shows anything that `grant` allows; nothing where it never does."""
        for binding in self.catalogue.types.values():
            if binding.base is table and binding.entity is not None:
                predicates = find_row_predicates(binding, grant)
                return self._compile(predicates, binding.entity, table) if predicates else None
        parent = PARENTS.get(table)
        if parent is None:
            return None
        predicates = unite(self._list_predicates(table, grant))
        if not predicates:
            return None
        row = parent.table.alias("parent")
        judged = self._compile(predicates, parent.entity, row)
        # The judged row is the policy's own: named, never taken into the sub-select's tables.
        link = row.c[parent.parents] == literal_column(f"{table.fullname}.{parent.own}")
        return exists(select(literal_column("1")).select_from(row).where(and_(link, judged)).correlate_except(row))

    def _list_predicates(self, table: Table, grant: Grant) -> list[Predicate]:
        found: list[Predicate] = []
        for binding in self.catalogue.types.values():
            for name, bound in binding.fields.items():
                if isinstance(bound, Leaf) and bound.column.table is table:
                    predicate = grant.fields.get(f"{binding.name}.{name}")
                    if predicate is not None:
                        found.append(predicate)
        return found

    def _compile(self, predicates: Iterable[Predicate], entity: Entity, row: FromClause) -> ColumnElement[bool]:
        compiler = PredicateCompiler(states=self.states)
        return or_(false(), *(compiler.compile(each, entity, row) for each in predicates))

    def write_column_grants(self) -> tuple[str, ...]:
        """For each login the columns that some plan of its roles reads, and no other."""
        columns: dict[tuple[Login, Table], set[str]] = defaultdict(set)
        for grant in self.grants:
            if grant.action is not Action.READ or grant.role.value == "public":
                continue
            login = LOGIN_OF_ROLE[grant.role]
            for binding in self.catalogue.types.values():
                for table, names in _list_columns(binding, grant).items():
                    columns[login, table] |= names
        return tuple(
            f"GRANT SELECT ({', '.join(sorted(names))}) ON {table.fullname} TO {login.role_name};"
            for (login, table), names in sorted(columns.items(), key=lambda item: (item[0][0], item[0][1].fullname))
        )


def _list_columns(binding: TypeBinding, grant: Grant) -> dict[Table, set[str]]:
    """The columns of one type that a grant reaches: those of readable fields, and those that lead from row to row."""
    found: dict[Table, set[str]] = defaultdict(set)
    readable = {name: bound for name, bound in binding.fields.items() if f"{binding.name}.{name}" in grant.fields}
    if binding.base is None or not readable:
        return found
    found[binding.base] |= binding.carried
    for bound in readable.values():
        if isinstance(bound, Leaf):
            table: Any = bound.column.table
            found[table].add(bound.column.name)
            found[table] |= _list_links(table)
    return found


def _list_links(table: Table) -> set[str]:
    return {column.name for column in table.c if column.name in {"series_id", "version", "recorded"}}


def _render(condition: ColumnElement[Any], names: Mapping[str, str] | None) -> str:
    """A condition as SQL text, the principal's parameters replaced by the signed context (or by `names`)."""

    def replace(element: Any, **_: Any) -> Any:
        key = str(getattr(element, "key", ""))
        if getattr(element, "__visit_name__", "") != "bindparam" or key not in _CONTEXT:
            return None
        if names is not None:
            return literal_column(names[key])
        return literal_column(f"(SELECT c.{_CONTEXT[key]} FROM gate.read_context() c)")  # noqa: S608 - a closed list

    replaced = replacement_traverse(condition, {}, replace)
    return str(replaced.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True, "render_postcompile": True}))


def _choose(cases: Mapping[str, str]) -> str:
    key = "(SELECT c.role || '/' || c.purpose FROM gate.read_context() c)"
    arms = "\n".join(f"WHEN '{name}' THEN ({condition})" for name, condition in sorted(cases.items()))
    return f"CASE {key}\n{arms}\nELSE false END"


def _create_policy(name: str, table: Table, verb: str, role: str, condition: str, *, check: str | None = None) -> str:
    clause = {
        "SELECT": f"USING ({condition})",
        "INSERT": f"WITH CHECK ({condition})",
        "UPDATE": f"USING ({condition}) WITH CHECK ({condition})",
        "ALL": f"USING ({condition}) WITH CHECK ({check or condition})",
    }[verb]
    return f"CREATE POLICY {name} ON {table.fullname} FOR {verb} TO {role} {clause}"
