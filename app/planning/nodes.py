"""Rows found by their Relay id, whatever their type: `node` and `nodes`.

INVARIANT: an id of a type that the grant does not show finds nothing, as one of a row that is hidden or absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, cast, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause

from app.planning.catalogue import TypeBinding
from app.planning.connections import EMPTY_LIST, ObjectCompiler
from app.planning.parameters import decode_global_id
from app.planning.scopes import join_texts
from app.planning.selection import Selected


def compile_node(compiler: ObjectCompiler, asked: Selected) -> Select[Any]:
    """The one row of the id asked for, or nothing."""
    given = asked.arguments["id"]
    found: list[LateralFromClause] = []
    for binding in _list_visible_types(compiler):
        key = compiler.parameters.add(given, Uuid(), partial(decode_global_id, type_name=binding.name))
        found.append(_find_node(compiler, binding, key, asked))
    return _take_first(compiler, found)


def compile_nodes(compiler: ObjectCompiler, asked: Selected) -> Select[Any]:
    """The rows of the ids asked for, in their order, `null` for each that finds nothing."""
    given = asked.arguments["ids"]
    bindings = _list_visible_types(compiler)
    keys = [compiler.parameters.add(given, ARRAY(Uuid()), partial(_decode_ids, each.name)) for each in bindings]
    names = [f"id{index}" for index in range(len(keys))]
    asked_ids = func.unnest(*keys).table_valued(*names, with_ordinality="place", name=compiler.name("x"))
    ids: FromClause = asked_ids.render_derived()
    found = [
        _find_node(compiler, binding, cast(ids.c[name], Uuid), asked)
        for binding, name in zip(bindings, names, strict=True)
    ]
    first = _take_first(compiler, found).lateral(compiler.name("y"))
    own = ids.join(first, true())
    return (
        select(
            func.coalesce(func.json_agg(aggregate_order_by(first.c.j, ids.c.place)), EMPTY_LIST).label("j"),
            func.string_agg(first.c.d, literal_column("' '")).label("d"),
        )
        .select_from(own)
        .correlate_except(own)
    )


def _decode_ids(type_name: str, values: Sequence[Any]) -> list[Any]:
    return [decode_global_id(value, type_name) for value in values]


def _list_visible_types(compiler: ObjectCompiler) -> list[TypeBinding]:
    return [each for each in compiler.catalogue.node_types() if f"{each.name}.id" in compiler.masker.grant.fields]


def _find_node(
    compiler: ObjectCompiler, binding: TypeBinding, key: ColumnElement[Any], asked: Selected
) -> LateralFromClause:
    row, judge, where = compiler.open_row(binding, None)
    selected = asked.of(binding.name)
    found = row.c[binding.key or "id"] == key
    return compiler.build_object(binding, row, judge, selected, (*where, found)).lateral(compiler.name("n"))


def _take_first(compiler: ObjectCompiler, found: Sequence[LateralFromClause]) -> Select[Any]:
    start = select(literal_column("1").label("one")).lateral(compiler.name("one"))
    own: FromClause = start
    for each in found:
        own = own.outerjoin(each, true())
    return (
        select(
            func.coalesce(*(each.c.j for each in found), literal_column("NULL::json")).label("j"),
            join_texts([each.c.d for each in found]).label("d"),
        )
        .select_from(own)
        .correlate_except(own)
    )
