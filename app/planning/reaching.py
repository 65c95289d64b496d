"""Rows that may be seen by several relations, found by each relation itself.

INVARIANT: it only leaves out rows that stand in no relation; whether one may be seen is decided as everywhere.
"""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, Select, select, union

from app.planning.catalogue import TypeBinding
from app.planning.predicates import PredicateCompiler
from app.planning.scopes import Judge, is_true


class Reacher(Protocol):
    """What reaching rows needs of the compiler."""

    predicates: PredicateCompiler

    def name(self, prefix: str) -> str: ...


def reach_rows(
    compiler: Reacher, binding: TypeBinding, row: FromClause, judge: Judge
) -> tuple[ColumnElement[bool], ...]:
    """That `row` is in one of the relations by which it may be seen, each of which PostgreSQL can find by an index.

    Of several relations at once it would look through the whole table. Empty where one relation is all there is.
    """
    if judge.row is not row or binding.base is None:
        return ()
    key = binding.identity[-1]
    branches: list[Select[Any]] = []
    for relation in compiler.predicates.list_relations(judge.enforced, judge.entity):
        found = binding.base.alias(compiler.name("w"))
        condition = compiler.predicates.drive(relation, judge.entity, found)
        if is_true(condition):
            return ()
        branches.append(select(found.c[key]).where(condition).correlate_except(found))
    return (row.c[key].in_(union(*branches)),) if len(branches) > 1 else ()
