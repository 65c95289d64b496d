"""Reads rows back with the rows nested in them, in one order that never varies, in flat memory.

INVARIANT: every row that fits a tree's condition is read exactly once, or the reading fails.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from sqlalchemy import CTE, ColumnElement, Select, Table, Uuid, any_, bindparam, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from app.errors import SetupRefused
from app.storage.world.owner import Connection

ROWS_AT_ONCE: Final = 2_000
_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Rows nested under a name; `links` says which of their columns hold which of the outer row's."""

    name: str
    tree: Tree
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Which rows to read: columns by label, the values some must have, their order, and what is nested in them.

    `climbs` names the column by which rows of the table refer to each other; those referred to come first.
    """

    table: Table
    columns: Mapping[str, ColumnElement[Any]]
    fixed: Mapping[str, object]
    order: tuple[str, ...]
    climbs: str | None = None
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One row, its values by label (a range as its two ends), and the nodes nested in it."""

    row: Mapping[str, Any]
    children: Mapping[str, Sequence[Node]] = field(default_factory=dict)


async def stream_nodes(connection: Connection, tree: Tree) -> AsyncIterator[Node]:
    """Every node of the tree in order; call it inside a transaction that sees one state throughout."""
    seen = 0
    cursor = await _open_cursor(connection, _select_roots(tree))
    while rows := await cursor.fetch(ROWS_AT_ONCE):
        seen += len(rows)
        for node in await _grow(connection, tree, rows):
            yield node
    text, values = _compile(_narrow(select(func.count()).select_from(tree.table), tree))
    if seen != await connection.fetchval(text, *values):
        raise SetupRefused(f"rows of {tree.table.fullname} refer to each other in a circle; mend them before a dump")


async def _open_cursor(connection: Connection, statement: Select[Any]) -> asyncpg.cursor.Cursor[asyncpg.Record]:
    text, values = _compile(statement)
    return await connection.cursor(text, *values)


async def _grow(connection: Connection, tree: Tree, rows: Sequence[asyncpg.Record]) -> list[Node]:
    """The rows as nodes, with what is nested in them fetched for all at once."""
    values = [{label: _open_range(value) for label, value in row.items()} for row in rows]
    grown: dict[str, dict[tuple[Any, ...], list[Node]]] = {}
    for branch in tree.branches:
        inner, outer = next(iter(branch.links.items()))
        statement = _select(branch.tree).where(
            branch.tree.table.c[inner] == any_(bindparam("outer", type_=ARRAY(Uuid())))
        )
        ordered = statement.order_by(*(branch.tree.table.c[name] for name in branch.tree.order))
        text, arguments = _compile(ordered, outer=list({row[outer] for row in values}))
        found = await connection.fetch(text, *arguments)
        by_link: defaultdict[tuple[Any, ...], list[Node]] = defaultdict(list)
        for node in await _grow(connection, branch.tree, found):
            by_link[tuple(node.row[name] for name in branch.links)].append(node)
        grown[branch.name] = by_link
    return [
        Node(
            row=row,
            children={
                branch.name: grown[branch.name].get(tuple(row[name] for name in branch.links.values()), [])
                for branch in tree.branches
            },
        )
        for row in values
    ]


def _select(tree: Tree) -> Select[Any]:
    return _narrow(select(*(column.label(label) for label, column in tree.columns.items())), tree)


def _narrow(statement: Select[Any], tree: Tree) -> Select[Any]:
    return statement.where(*(tree.table.c[name] == value for name, value in tree.fixed.items()))


def _select_roots(tree: Tree) -> Select[Any]:
    order: list[ColumnElement[Any]] = [tree.table.c[name] for name in tree.order]
    statement = _select(tree)
    if tree.climbs is not None:
        ranks = _rank_rows(tree, tree.climbs)
        statement = statement.join_from(tree.table, ranks, ranks.c.id == tree.table.c.id)
        order.insert(0, ranks.c.depth)
    return statement.order_by(*order)


def _rank_rows(tree: Tree, climbs: str) -> CTE:
    """How many rows of the tree each row has above it."""
    table, above = tree.table, tree.table.alias("above")
    inside = select(above.c.id).where(
        above.c.id == table.c[climbs], *(above.c[name] == value for name, value in tree.fixed.items())
    )
    topmost = _narrow(
        select(table.c.id, literal(0).label("depth")).where(or_(table.c[climbs].is_(None), not_(inside.exists()))),
        tree,
    )
    ranks = topmost.cte("ranks", recursive=True)
    below = table.alias("below")
    return ranks.union_all(
        select(below.c.id, ranks.c.depth + 1).where(
            below.c[climbs] == ranks.c.id, *(below.c[name] == value for name, value in tree.fixed.items())
        )
    )


def _open_range(value: Any) -> Any:
    if not isinstance(value, asyncpg.Range):
        return value
    if value.isempty or value.upper_inc or value.lower_inc != (value.lower is not None):
        raise SetupRefused("a stored range is empty or not half-open; such a registry cannot be dumped")
    return (value.lower, value.upper)


def _compile(statement: Select[Any], **given: object) -> tuple[str, list[Any]]:
    """The text of a statement and its arguments in their order."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    values = {**compiled.params, **given}
    return str(compiled), [values[name] for name in compiled.positiontup or ()]


async def list_filled(connection: Connection, tables: Sequence[Table]) -> list[str]:
    """The names of those tables that hold any row."""
    filled = []
    for table in tables:
        text, values = _compile(select(select(table.c[0]).exists().label("filled")))
        if await connection.fetchval(text, *values):
            filled.append(table.fullname)
    return filled
