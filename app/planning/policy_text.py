"""The SQL text of row policies and of the gate's written functions: conditions rendered, arms by role and purpose.

INVARIANT: a role and purpose without an arm sees nothing; no text here comes from a request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, FromClause, Select, Table, literal_column
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.visitors import replacement_traverse

from app.planning.relations import GATE

DIALECT: Final = asyncpg.dialect()  # type: ignore[no-untyped-call]
CONTEXT_COLUMNS: Final[Mapping[str, str]] = {
    "principal_agency": "agency_id",
    "principal_state": "state_code",
    "principal_officer": "officer_id",
    "principal_body": "body_id",
    "principal_account": "account",
    "principal_role": "role",
    "principal_purpose": "purpose",
    "registry_now": "at",
}
# How a principal's parameters are told: by the context that a policy reads beside the row, or by one asked for apart.
_OF_GATE: Final = {key: f"{GATE}.{column}" for key, column in CONTEXT_COLUMNS.items()}
OF_READER: Final = {
    key: f"(SELECT c.{column} FROM gate.read_context() c)"  # noqa: S608 - a closed list
    for key, column in CONTEXT_COLUMNS.items()
}
# The state of the row that a policy is of, where its conditions ask for it.
OWN_STATE: Final[ColumnElement[Any]] = literal_column("own.state")


@dataclass(frozen=True, slots=True)
class _OwnColumns:
    table: Table

    def __getattr__(self, name: str) -> ColumnElement[Any]:
        return self[name]

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        column = self.table.c[name]
        return literal_column(f"{self.table.fullname}.{column.name}", column.type)


@dataclass(frozen=True, slots=True)
class _OwnRow:
    c: _OwnColumns


def name_own_row(table: Table) -> FromClause:
    """The row that a policy of `table` is of: columns by their full name, which no sub-select takes for its own."""
    return cast(FromClause, _OwnRow(_OwnColumns(table)))


def render(condition: ColumnElement[Any] | Select[Any], names: Mapping[str, str] = _OF_GATE) -> str:
    """A condition or a query as SQL text, the principal's parameters replaced by columns of the verified context.

    `names` replaces them otherwise: for a function that is given them, or a view.
    """

    def replace(element: Any, **_: Any) -> Any:
        key = str(getattr(element, "key", ""))
        if getattr(element, "__visit_name__", "") != "bindparam" or key not in CONTEXT_COLUMNS:
            return None
        return literal_column(names[key])

    replaced: Any = replacement_traverse(condition, {}, replace)
    return str(replaced.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True, "render_postcompile": True}))


def define_function(signature: str, result: str, expression: str) -> str:
    """A function of the gate written from the policy; nobody may call it but those whom `grants.sql` names."""
    name, _, arguments = signature.partition("(")
    types = ", ".join(argument.split(" ")[1] for argument in arguments.rstrip(")").split(", "))
    return (
        f"CREATE OR REPLACE FUNCTION gate.{signature} RETURNS {result}\n"
        "LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$\n"
        f"SELECT {expression} $$;\n"
        f"REVOKE ALL ON FUNCTION gate.{name}({types}) FROM PUBLIC"
    )


def join_conditions(conditions: Iterable[str]) -> str:
    """That any of them holds."""
    return " OR ".join(f"({condition})" for condition in dict.fromkeys(conditions))


def choose(cases: Mapping[str, str], state: str | None = None) -> str:
    """The condition of the asker's own role and purpose; the context is read once a table, not in each condition.

    `state` is the query of the row's state, of which the conditions speak as `OWN_STATE`.
    """
    key = f"{GATE}.role || '/' || {GATE}.purpose"
    asking = ", ".join(f"'{name}'" for name, condition in sorted(cases.items()) if str(OWN_STATE) in condition)
    told = ""
    if state is not None and asking:
        # For those alone whose conditions ask for it: of an officer it has to be looked up.
        told = f" LEFT JOIN LATERAL ({state} WHERE {key} IN ({asking}) OFFSET 0) AS own ON true"
    return f"EXISTS (SELECT FROM gate.read_context() AS {GATE}{told} WHERE {_write_arms(key, cases)})"


def choose_apart(cases: Mapping[str, str]) -> str:
    """The same for a view that is read in parallel: nothing in it is asked row by row."""
    key = "(SELECT c.role || '/' || c.purpose FROM gate.read_context() c)"
    if len(cases) > 1:
        return _write_arms(key, cases)
    [(name, condition)] = cases.items()
    # With one kind of reader PostgreSQL asks once who reads, and sees the condition for what it is.
    return f"{key} = '{name}' AND ({condition})"


def _write_arms(key: str, cases: Mapping[str, str]) -> str:
    """One arm a condition, whoever shares it: each sub-select in it is made ready for every statement."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, condition in sorted(cases.items()):
        names[condition].append(f"'{name}'")
    arms = "\n".join(f"WHEN {key} IN ({', '.join(each)}) THEN ({condition})" for condition, each in names.items())
    return f"CASE\n{arms}\nELSE false END"


def create_policy(name: str, table: Table, verb: str, role: str, condition: str, *, check: str | None = None) -> str:
    """The statement that creates one row policy."""
    clause = {
        "SELECT": f"USING ({condition})",
        "INSERT": f"WITH CHECK ({check or condition})",
        "UPDATE": f"USING ({condition}) WITH CHECK ({check or condition})",
        "ALL": f"USING ({condition}) WITH CHECK ({check or condition})",
    }[verb]
    return f"CREATE POLICY {name} ON {table.fullname} FOR {verb} TO {role} {clause}"
