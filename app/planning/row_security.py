"""The second wall: row policies, column grants and a few functions, written out from the same policy as the plans.

INVARIANT: a row is let through only where some field of it may be read in the role and purpose of the signed context;
a table without a line here lets nothing through.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Table, and_, exists, false, literal_column, or_, select

from app.domain.delegation import DELEGABLE
from app.domain.vocabulary import Action, Entity, RecordState, Relation, Role
from app.errors import PolicyRefused
from app.planning.catalogue import Catalogue, TypeBinding
from app.planning.context_sets import write_gathering
from app.planning.policy_text import (
    DIALECT,
    OF_READER,
    OWN_STATE,
    choose,
    choose_apart,
    create_policy,
    define_function,
    join_conditions,
    name_own_row,
    render,
)
from app.planning.predicates import PredicateCompiler, covers, find_row_predicates, unite
from app.planning.relations import OUTCOME_STATES, STATEFUL, be_in_states
from app.planning.row_rights import COMMAND_ROWS, GATE_FUNCTIONS, OPEN_TABLES, PARENTS, WORK_CHECKS, WORK_ROWS, Parent
from app.policy.grant import Grant, Predicate
from app.policy.record_states import RecordStateTable
from app.storage.logins import LOGIN_OF_ROLE, Login
from app.storage.tables import access, outcomes
from app.storage.tables.counted import COUNTED_VIEWS

_ASKED: Final = re.compile(r"\bgate\.(\w+)\(")
# What lets a statement name a column: to count rows, they must be looked at.
_SEEING: Final = frozenset({Action.READ, Action.AGGREGATE})


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
            return render(found, {"registry_now": "moment"})

        elsewhere = series.c.state_code.is_distinct_from(literal_column("state"))
        listed = be_in(RecordState.CLEARED, RecordState.NO_FINDING)
        return ";\n".join(
            (
                write_gathering(self._list_relations()),
                define_function(
                    "officer_listing(target uuid, moment timestamptz)",
                    "text",
                    f"CASE WHEN {has(be_in(RecordState.CLEARED))} THEN '{RecordState.LISTED}'\n"
                    f"WHEN {has(be_in(RecordState.NO_FINDING))} THEN '{RecordState.LISTED_NO_FINDING}' "
                    f"ELSE '{RecordState.UNLISTED}' END",
                ),
                define_function(
                    "listed_in_state_alone(target uuid, state text, moment timestamptz)",
                    "boolean",
                    f"{has(listed)} AND NOT {has(and_(listed, elsewhere))}",
                ),
                define_function(
                    "may_be_opened(target uuid, moment timestamptz)", "boolean", has(self._find_openable(series))
                ),
            )
        )

    def _list_relations(self) -> dict[str, frozenset[Relation]]:
        """By role and purpose the relations that any rule names, to allow or to deny."""
        named: dict[str, set[Relation]] = defaultdict(set)
        for grant in self.grants:
            for predicate in grant.fields.values():
                named[f"{grant.role}/{grant.purpose}"] |= {relation for relation, _ in predicate.allow | predicate.deny}
        return {key: frozenset(relations) for key, relations in named.items()}

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
                create_policy("owner", table, "ALL", "CURRENT_USER", "true"),
            ]
            statements += [
                create_policy(
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
                    condition = render(self._compile(unite([grant.fields[name]]), rows.entity, table))
                    check = " AND ".join(("true", rows.check, *_limit_delegation(table, grant.role)))
                    for verb in rows.verbs:
                        done[verb][key].append((condition, f"({condition}) AND {check}"))
        policies = [
            create_policy(f"select_{login}", table, "SELECT", login.role_name, self._choose(table, login, cases))
            for login, by_key in sorted(seen.items())
            if (cases := {key: join_conditions(conditions) for key, conditions in by_key.items() if conditions})
        ]
        return policies + [
            create_policy(
                f"{verb.lower()}_{Login.COMMAND}",
                table,
                verb,
                Login.COMMAND.role_name,
                choose({key: join_conditions(condition for condition, _ in pairs) for key, pairs in by_key.items()}),
                check=choose({key: join_conditions(check for _, check in pairs) for key, pairs in by_key.items()}),
            )
            for verb, by_key in sorted(done.items())
        ]

    def _choose(self, table: Table, login: Login, cases: Mapping[str, str]) -> str:
        leaning = set(cases.values())
        if leaning == {self._lean_on_parent(table)} and cases.keys() >= self._list_readers(PARENTS[table].table, login):
            # Whoever of this login sees the row it hangs on sees this one too: that row's own policy says it all.
            return leaning.pop()
        return choose(cases, self._tell_own_state(table))

    def _list_readers(self, table: Table, login: Login) -> set[str]:
        """The roles and purposes of a login to which any row of `table` may show."""
        return {
            f"{grant.role}/{grant.purpose}"
            for grant in self.grants
            if grant.action is Action.READ and LOGIN_OF_ROLE[grant.role] is login
            if self._list_conditions(table, grant)
        }

    def _lean_on_parent(self, table: Table) -> str | None:
        return join_conditions([render(_be_there(table, PARENTS[table]))]) if table in PARENTS else None

    def _tell_own_state(self, table: Table) -> str | None:
        """The query of the state of a row of `table`; none where its rows have none of their own."""
        compiler, row = PredicateCompiler(states=self.states), name_own_row(table)
        for entity in self._list_entities(table):
            told = compiler.tell_state(entity, row, "held")
            if told is not None:
                return render(told)
        return None

    def _list_entities(self, table: Table) -> list[Entity]:
        """What rows of `table` are judged as; raises where that would be by two kinds of state."""
        found = {each.entity for each in self.catalogue.types.values() if each.base is table and each.entity}
        stateful = found & STATEFUL
        if len(stateful) > 1:
            raise PolicyRefused("rows of one table are judged by two kinds of state; give them one entity")
        return sorted(stateful)

    def _list_conditions(self, table: Table, grant: Grant) -> list[str]:
        """Where a row of `table` shows anything that `grant` allows, as a row of its own or of the row it hangs on."""
        own = name_own_row(table)
        found = [
            self._compile(predicates, binding.entity, own, OWN_STATE if binding.entity in STATEFUL else None)
            for binding in self.catalogue.types.values()
            if binding.base is table and binding.entity is not None
            if (predicates := find_row_predicates(binding, grant))
        ]
        parent = PARENTS.get(table)
        predicates = unite(self._list_predicates(table, grant)) if parent is not None else ()
        if parent is not None and predicates:
            wherever = self._shows_wherever(parent, predicates, grant)
            judged = partial(self._compile, predicates, parent.entity)
            found.append(_be_there(table, parent, None if wherever else judged))
        return [render(condition) for condition in found]

    def _shows_wherever(self, parent: Parent, predicates: Iterable[Predicate], grant: Grant) -> bool:
        """Whether the row it hangs on lets nothing through that these predicates would not: its own policy is enough.

        What looks for that row is itself under row security, so that the policy of its table holds in any case.
        """
        rows = [
            predicate
            for binding in self.catalogue.types.values()
            if binding.base is parent.table and binding.entity is not None
            for predicate in find_row_predicates(binding, grant)
        ]
        return any(covers(each, tuple(rows), parent.entity) for each in predicates)

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
        self,
        predicates: Iterable[Predicate],
        entity: Entity,
        row: FromClause,
        state: ColumnElement[Any] | None = None,
        *,
        many: bool = False,
    ) -> ColumnElement[bool]:
        compiler = PredicateCompiler(states=self.states, many=many)
        return or_(false(), *(compiler.compile(each, entity, row, state=state) for each in predicates))

    def write_views(self) -> tuple[str, ...]:
        """The statements that make the views which figures are counted over, each with the rows that may be counted."""
        statements: list[str] = []
        for each in COUNTED_VIEWS:
            row = each.judged.alias("r")
            cases = {
                f"{grant.role}/{grant.purpose}": join_conditions(conditions)
                for grant in self.grants
                if grant.action is Action.AGGREGATE and (conditions := self._list_counted(each.view, row, grant))
            }
            # A barrier: no function of a caller sees a row before the condition has let it through.
            rows = each.select_rows(row).where(literal_column(f"({choose_apart(cases)})" if cases else "false"))
            statements += [
                f"DROP VIEW IF EXISTS {each.view.fullname}",
                f"CREATE VIEW {each.view.fullname} WITH (security_barrier) AS {render(rows, OF_READER)}",
            ]
        return tuple(statements)

    def _list_counted(self, view: Table, row: FromClause, grant: Grant) -> list[str]:
        return [
            render(self._compile(predicates, subject.binding.entity, row, many=True), OF_READER)
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
            str(compiler.compile(predicate, entity, row, as_set=as_set).compile(dialect=DIALECT))
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
            if bound.ordered_by is not None:
                found[binding.base].add(bound.ordered_by.name)
            found[table] |= _list_links(table)
    return found


def _list_links(table: Table) -> set[str]:
    return {column.name for column in table.c if column.name in {"series_id", "version", "recorded"}}


def _be_there(
    table: Table, parent: Parent, judge: Callable[[FromClause], ColumnElement[bool]] | None = None
) -> ColumnElement[bool]:
    """That the row which a row of `table` hangs on is there, and as `judge` wants it."""
    row = parent.table.alias("parent")
    joined = row.c[parent.parents] == name_own_row(table).c[parent.own]
    return exists(
        select(literal_column("1"))
        .select_from(row)
        .where(joined if judge is None else and_(joined, judge(row)))
        .correlate_except(row)
    )


def _limit_delegation(table: Table, role: Role) -> tuple[str, ...]:
    """INVARIANT: whatever the command says, a role is written only by those who may give it."""
    if table is not access.GRANTS:
        return ()
    given = ", ".join(f"'{name}'" for name in sorted(DELEGABLE.get(role, ())))
    return (f"{table.fullname}.role IN ({given})",) if given else ("false",)
