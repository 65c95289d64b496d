"""The second wall: row policies, column grants and a few functions, written out from the same policy as the plans.

INVARIANT: a row is let through only where some field of it may be read in the role and purpose of the signed context;
a table without a line here lets nothing through.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, exists, false, literal_column, or_, select
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.visitors import replacement_traverse

from app.domain.delegation import DELEGABLE
from app.domain.vocabulary import Action, Entity, RecordState, Relation, Role
from app.planning.catalogue import Catalogue, TypeBinding
from app.planning.predicates import PredicateCompiler, find_row_predicates, unite
from app.planning.relations import OUTCOME_STATES, be_in_states
from app.planning.row_rights import COMMAND_ROWS, GATE_FUNCTIONS, OPEN_TABLES, PARENTS, WORK_CHECKS, WORK_ROWS
from app.policy.grant import Grant, Predicate
from app.policy.record_states import RecordStateTable
from app.storage.logins import LOGIN_OF_ROLE, Login
from app.storage.tables import access, outcomes, places
from app.storage.tables.counted import COUNTED_VIEWS

_DIALECT: Final = asyncpg.dialect()  # type: ignore[no-untyped-call]
_ASKED: Final = re.compile(r"\bgate\.(\w+)\(")
# What lets a statement name a column: to count rows, they must be looked at.
_SEEING: Final = frozenset({Action.READ, Action.AGGREGATE})
_CONTEXT: Final[Mapping[str, str]] = {
    "principal_agency": "agency_id",
    "principal_state": "state_code",
    "principal_officer": "officer_id",
    "principal_body": "body_id",
    "principal_account": "account",
    "principal_role": "role",
    "principal_purpose": "purpose",
    "registry_now": "at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSecurityWriter:
    """Writes the second wall for a set of grants (every role, purpose and action that policy knows)."""

    catalogue: Catalogue
    grants: tuple[Grant, ...]
    states: RecordStateTable

    def write_listing(self) -> str:
        """The functions that say whether an officer has anything that could be disclosed, and of which State it is."""
        series = outcomes.SERIES.alias("s")
        mine = series.c.officer_id == literal_column("target")

        def be_in(*states: RecordState) -> ColumnElement[bool]:
            return and_(mine, be_in_states(Entity.OUTCOME, frozenset(states), series, self.states))

        def has(condition: ColumnElement[bool]) -> str:
            found = exists(select(literal_column("1")).select_from(series).where(condition))
            return _render(found, {"registry_now": "moment"})

        place = places.AGENCIES.alias("a")
        elsewhere = exists(
            select(literal_column("1"))
            .select_from(place)
            .where(and_(place.c.id == series.c.agency_id, place.c.state_code.is_distinct_from(literal_column("state"))))
            .correlate(series)
        )
        listed = be_in(RecordState.CLEARED, RecordState.NO_FINDING)
        return ";\n".join(
            (
                _define(
                    "officer_listing(target uuid, moment timestamptz)",
                    "text",
                    f"CASE WHEN {has(be_in(RecordState.CLEARED))} THEN '{RecordState.LISTED}'\n"
                    f"WHEN {has(be_in(RecordState.NO_FINDING))} THEN '{RecordState.LISTED_NO_FINDING}' "
                    f"ELSE '{RecordState.UNLISTED}' END",
                ),
                _define(
                    "listed_in_state_alone(target uuid, state text, moment timestamptz)",
                    "boolean",
                    f"{has(listed)} AND NOT {has(and_(listed, elsewhere))}",
                ),
                _define("may_be_opened(target uuid, moment timestamptz)", "boolean", has(self._find_openable(series))),
            )
        )

    def _find_openable(self, series: FromClause) -> ColumnElement[bool]:
        """Whether an outcome is in a state in which a break-glass shows anything of it."""
        states = frozenset(
            state
            for grant in self.grants
            for predicate in grant.fields.values()
            for relation, state in predicate.allow
            if relation is Relation.BREAK_GLASS and state in OUTCOME_STATES
        )
        openable = be_in_states(Entity.OUTCOME, states, series, self.states) if states else false()
        return and_(series.c.id == literal_column("target"), openable)

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
        seen: dict[Login, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        done: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
        for grant in self.grants:
            key = f"{grant.role}/{grant.purpose}"
            if grant.action is Action.READ:
                seen[LOGIN_OF_ROLE[grant.role]][key] += self._list_conditions(table, grant)
            for name, rows in COMMAND_ROWS.items():
                if rows.table is table and name in grant.fields:
                    condition = _render(self._compile(unite([grant.fields[name]]), rows.entity, table), None)
                    check = " AND ".join(("true", rows.check, *_limit_delegation(table, grant.role)))
                    for verb in rows.verbs:
                        done[verb][key].append((condition, f"({condition}) AND {check}"))
        policies = [
            _create_policy(f"select_{login}", table, "SELECT", login.role_name, _choose(cases))
            for login, by_key in sorted(seen.items())
            if (cases := {key: _join(conditions) for key, conditions in by_key.items() if conditions})
        ]
        return policies + [
            _create_policy(
                f"{verb.lower()}_{Login.COMMAND}",
                table,
                verb,
                Login.COMMAND.role_name,
                _choose({key: _join(condition for condition, _ in pairs) for key, pairs in by_key.items()}),
                check=_choose({key: _join(check for _, check in pairs) for key, pairs in by_key.items()}),
            )
            for verb, by_key in sorted(done.items())
        ]

    def _list_conditions(self, table: Table, grant: Grant) -> list[str]:
        """Where a row of `table` shows anything that `grant` allows, as a row of its own or of the row it hangs on."""
        found = [
            self._compile(predicates, binding.entity, table)
            for binding in self.catalogue.types.values()
            if binding.base is table and binding.entity is not None
            if (predicates := find_row_predicates(binding, grant))
        ]
        parent = PARENTS.get(table)
        predicates = unite(self._list_predicates(table, grant)) if parent is not None else ()
        if parent is not None and predicates:
            row = parent.table.alias("parent")
            judged = self._compile(predicates, parent.entity, row)
            # The judged row is the policy's own: named, never taken into the sub-select's tables.
            link = row.c[parent.parents] == literal_column(f"{table.fullname}.{parent.own}")
            found.append(
                exists(select(literal_column("1")).select_from(row).where(and_(link, judged)).correlate_except(row))
            )
        return [_render(condition, None) for condition in found]

    def _list_predicates(self, table: Table, grant: Grant) -> list[Predicate]:
        found: list[Predicate] = []
        for binding in self.catalogue.types.values():
            for name, bound in binding.list_leaves():
                if bound.column.table is table:
                    predicate = grant.fields.get(f"{binding.name}.{name}")
                    if predicate is not None:
                        found.append(predicate)
        return found

    def _compile(
        self, predicates: Iterable[Predicate], entity: Entity, row: FromClause, *, many: bool = False
    ) -> ColumnElement[bool]:
        compiler = PredicateCompiler(states=self.states, many=many)
        return or_(false(), *(compiler.compile(each, entity, row) for each in predicates))

    def write_views(self) -> tuple[str, ...]:
        """The statements that make the views which figures are counted over, each with the rows that may be counted."""
        statements: list[str] = []
        for each in COUNTED_VIEWS:
            row = each.judged.alias("r")
            cases = {
                f"{grant.role}/{grant.purpose}": _join(conditions)
                for grant in self.grants
                if grant.action is Action.AGGREGATE and (conditions := self._list_counted(each.view, row, grant))
            }
            # A barrier: no function of a caller sees a row before the condition has let it through.
            rows = each.select_rows(row).where(literal_column(f"({_choose(cases)})" if cases else "false"))
            statements += [
                f"DROP VIEW IF EXISTS {each.view.fullname}",
                f"CREATE VIEW {each.view.fullname} WITH (security_barrier) AS {_render(rows, None)}",
            ]
        return tuple(statements)

    def _list_counted(self, view: Table, row: FromClause, grant: Grant) -> list[str]:
        return [
            _render(self._compile(predicates, subject.binding.entity, row, many=True), None)
            for subject in self.catalogue.subjects.values()
            if subject.binding.base is view and subject.binding.entity is not None
            if (predicates := find_row_predicates(subject.binding, grant))
        ]

    def write_column_grants(self) -> tuple[str, ...]:
        """For each login the columns that some plan of its roles reads and the functions it asks, and no other."""
        columns: dict[tuple[Login, Table], set[str]] = defaultdict(set)
        judged: dict[tuple[Predicate, Entity, Table], set[Login]] = defaultdict(set)
        for grant in self.grants:
            if grant.action not in _SEEING or grant.role is Role.PUBLIC:
                continue
            login = LOGIN_OF_ROLE[grant.role]
            for binding in self.catalogue.list_bindings():
                for table, names in _list_columns(binding, grant).items():
                    columns[login, table] |= names
                if grant.action is not Action.READ:
                    continue
                for judgment in _list_judgments(binding, grant):
                    judged[judgment].add(login)
        functions = {(login, name) for each, logins in judged.items() for name in self._ask(*each) for login in logins}
        return (
            *(
                f"GRANT EXECUTE ON FUNCTION gate.{name}({GATE_FUNCTIONS[name]}) TO {login.role_name};"
                for login, name in sorted(functions)
            ),
            *(
                f"GRANT SELECT ({', '.join(sorted(names))}) ON {table.fullname} TO {login.role_name};"
                for (login, table), names in sorted(columns.items(), key=lambda item: (item[0][0], item[0][1].fullname))
            ),
        )

    def _ask(self, predicate: Predicate, entity: Entity, table: Table) -> set[str]:
        """The functions of the gate that judging rows by a predicate asks, row by row or as a set."""
        compiler, row = PredicateCompiler(states=self.states), table.alias("t")
        texts = (
            str(compiler.compile(predicate, entity, row, as_set=as_set).compile(dialect=_DIALECT))
            for as_set in (False, True)
        )
        return {name for text in texts for name in _ASKED.findall(text)}


def _list_judgments(binding: TypeBinding, grant: Grant) -> set[tuple[Predicate, Entity, Table]]:
    """By what predicates a type's rows are judged and its fields masked, over rows of which entity and table."""
    parent = PARENTS.get(binding.base) if binding.base is not None else None
    entity = binding.entity or (parent.entity if parent else None)
    table = parent.table if parent and binding.entity is None else binding.base
    if entity is None or table is None:
        return set()
    masks = {grant.fields[name] for each in binding.fields if (name := f"{binding.name}.{each}") in grant.fields}
    return {(predicate, entity, table) for predicate in (*find_row_predicates(binding, grant), *masks)}


def _list_columns(binding: TypeBinding, grant: Grant) -> dict[Table, set[str]]:
    """The columns of one type that a grant reaches: those of readable fields, and those that lead from row to row."""
    found: dict[Table, set[str]] = defaultdict(set)
    if binding.base is None or not any(f"{binding.name}.{name}" in grant.fields for name in binding.fields):
        return found
    found[binding.base] |= binding.list_carried(grant.fields)
    for name, bound in binding.list_leaves():
        if f"{binding.name}.{name}" in grant.fields:
            table: Any = bound.column.table
            found[table].add(bound.column.name)
            found[table] |= _list_links(table)
    return found


def _list_links(table: Table) -> set[str]:
    return {column.name for column in table.c if column.name in {"series_id", "version", "recorded"}}


def _render(condition: ColumnElement[Any] | Select[Any], names: Mapping[str, str] | None) -> str:
    """A condition or a query as SQL text, the principal's parameters replaced by the signed context (or by `names`)."""

    def replace(element: Any, **_: Any) -> Any:
        key = str(getattr(element, "key", ""))
        if getattr(element, "__visit_name__", "") != "bindparam" or key not in _CONTEXT:
            return None
        if names is not None:
            return literal_column(names[key])
        return literal_column(f"(SELECT c.{_CONTEXT[key]} FROM gate.read_context() c)")  # noqa: S608 - a closed list

    replaced: Any = replacement_traverse(condition, {}, replace)
    return str(replaced.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True, "render_postcompile": True}))


def _define(signature: str, result: str, expression: str) -> str:
    """A function of the gate written from the policy; nobody may call it but those whom `grants.sql` names."""
    name, _, arguments = signature.partition("(")
    types = ", ".join(argument.split(" ")[1] for argument in arguments.rstrip(")").split(", "))
    return (
        f"CREATE OR REPLACE FUNCTION gate.{signature} RETURNS {result}\n"
        "LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$\n"
        f"SELECT {expression} $$;\n"
        f"REVOKE ALL ON FUNCTION gate.{name}({types}) FROM PUBLIC"
    )


def _limit_delegation(table: Table, role: Role) -> tuple[str, ...]:
    """INVARIANT: whatever the command says, a role is written only by those who may give it."""
    if table is not access.GRANTS:
        return ()
    given = ", ".join(f"'{name}'" for name in sorted(DELEGABLE.get(role, ())))
    return (f"role IN ({given})",) if given else ("false",)


def _join(conditions: Iterable[str]) -> str:
    return " OR ".join(f"({condition})" for condition in dict.fromkeys(conditions))


def _choose(cases: Mapping[str, str]) -> str:
    key = "(SELECT c.role || '/' || c.purpose FROM gate.read_context() c)"
    arms = "\n".join(f"WHEN '{name}' THEN ({condition})" for name, condition in sorted(cases.items()))
    return f"CASE {key}\n{arms}\nELSE false END"


def _create_policy(name: str, table: Table, verb: str, role: str, condition: str, *, check: str | None = None) -> str:
    clause = {
        "SELECT": f"USING ({condition})",
        "INSERT": f"WITH CHECK ({check or condition})",
        "UPDATE": f"USING ({condition}) WITH CHECK ({check or condition})",
        "ALL": f"USING ({condition}) WITH CHECK ({check or condition})",
    }[verb]
    return f"CREATE POLICY {name} ON {table.fullname} FOR {verb} TO {role} {clause}"
