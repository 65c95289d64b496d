"""Rows in scope while a statement is built, and by whose relations and states they are judged.

A leaf that is not covered by the row's own visibility is masked here, in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Table,
    Text,
    case,
    cast,
    column,
    extract,
    func,
    literal_column,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import DATERANGE, TIMESTAMP
from sqlalchemy.sql.selectable import LateralFromClause

from app.domain.vocabulary import Entity
from app.planning.catalogue import Binding, Computed, FromPrincipal, Leaf, LeafForm, Moment, Past, TypeBinding
from app.planning.predicates import PredicateCompiler, covers
from app.planning.relations import ACCOUNT, AGENCY, OFFICER, PURPOSE, ROLE, STATE
from app.policy.grant import Grant, Predicate

_PRINCIPAL: Mapping[str, ColumnElement[Any]] = {
    "account": ACCOUNT,
    "role": ROLE,
    "agency_id": AGENCY,
    "state_code": STATE,
    "officer_id": OFFICER,
    "purpose": PURPOSE,
}


class RowNames:
    """Gives rows fresh names. With `moves` they keep what rendering for another schema needs.

    A table is named many times in a statement, and each time all of its columns are made anew: without what only their
    definition needs that costs a third.
    """

    __slots__ = ("_light", "_moves")

    def __init__(self, *, moves: bool = False) -> None:
        self._light: dict[FromClause, FromClause] = {}
        self._moves = moves

    def name(self, rows: FromClause, name: str) -> FromClause:
        """An alias of that name."""
        if self._moves or not isinstance(rows, Table):
            return rows.alias(name)
        if rows not in self._light:
            columns = (column(each.name, each.type) for each in rows.c)
            self._light[rows] = table(rows.name, *columns, schema=rows.schema)
        return self._light[rows].alias(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The row that decides: its entity, and the predicates already enforced where it is seen."""

    entity: Entity
    row: FromClause
    enforced: tuple[Predicate, ...]
    # The row's state, and the sub-select behind the row that tells it; none where the state has to be asked for.
    state: ColumnElement[Any] | None = None
    told_by: LateralFromClause | None = None


@dataclass(slots=True, kw_only=True)
class Scope:
    """One row of one type while its columns are collected; `source` grows by the tables its leaves need.

    With a `moment` the row is told as it was on record then.
    """

    binding: TypeBinding
    row: FromClause
    source: FromClause
    judge: Judge | None
    numbers: count[int]
    moment: Moment | None = None
    row_names: RowNames = field(default_factory=RowNames)
    tables: dict[str, FromClause] = field(default_factory=dict)

    @property
    def past(self) -> tuple[Past, Moment] | None:
        """How the row's past is told, and as of when; none where it is told as it stands."""
        if self.moment is None or self.binding.past is None:
            return None
        return self.binding.past, self.moment

    def find_field(self, name: str) -> Binding:
        """Where the field lies, or lay then."""
        if self.past is not None and name in self.past[0].fields:
            return self.past[0].fields[name]
        return self.binding.fields[name]

    def find_table(self, name: str) -> FromClause:
        """The base row, or the table of that name joined to it (once, and only when asked for)."""
        base = self.binding.base
        if base is not None and base.name == name:
            return self.row
        if name not in self.tables:
            if self.past is not None and name in self.past[0].joined:
                past, moment = self.past
                held = past.joined[name]
                alias = self.row_names.name(held.table, f"j{next(self.numbers)}")
                link = held.link(self.row, alias, moment)
            else:
                joined = self.binding.joined[name]
                alias = self.row_names.name(joined.table, f"j{next(self.numbers)}")
                link = joined.link(self.row, alias)
            self.tables[name] = alias
            self.source = self.source.outerjoin(alias, link)
        return self.tables[name]

    def render(self, name: str) -> ColumnElement[Any]:
        """The SQL of the leaf called `name`, unmasked; raises `KeyError` for what is no leaf."""
        leaf = self.find_field(name)
        if isinstance(leaf, FromPrincipal):
            return cast(_PRINCIPAL[leaf.attribute], Text)
        if isinstance(leaf, Computed):
            return leaf.expression(self.row)
        if not isinstance(leaf, Leaf):
            raise KeyError(name)
        column: ColumnElement[Any] = self.find_table(leaf.column.table.name).c[leaf.column.name]
        if self.past is not None and name in self.past[0].known_since:
            past, moment = self.past
            column = case((past.known_since[name](self.row, moment), column))
        return render_form(column, leaf.form, self.binding.name)


def render_form(column: ColumnElement[Any], form: LeafForm, type_name: str) -> ColumnElement[Any]:
    """A column in the form in which JSON shall show it."""
    if form is LeafForm.GLOBAL_ID:
        text = func.convert_to(literal_column(f"'{type_name}:'") + cast(column, Text), literal_column("'UTF8'"))
        return func.encode(text, literal_column("'base64'"))
    if form is LeafForm.HEXADECIMAL:
        return func.encode(column, literal_column("'hex'"))
    if form is LeafForm.RANGE_START:
        return func.lower(column, type_=_find_bound_type(column))
    if form is LeafForm.RANGE_END:
        return func.upper(column, type_=_find_bound_type(column))
    if form in {LeafForm.YEAR, LeafForm.QUARTER}:
        return cast(extract(form.value, column), Integer)
    if form is LeafForm.PRESENT:
        return column.is_not(None)
    return column


def _find_bound_type(column: ColumnElement[Any]) -> Date | TIMESTAMP:
    """The type of a range's ends, without which a list could not be sorted by them."""
    return Date() if isinstance(column.type, DATERANGE) else TIMESTAMP(timezone=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Masker:
    """Decides for each field whether it needs a mask, and renders it."""

    grant: Grant
    predicates: PredicateCompiler

    def find_condition(self, type_name: str, field_name: str, judge: Judge | None) -> ColumnElement[bool]:
        """`true` where the field may be seen whenever the row may; else the condition under which it may."""
        predicate = self.grant.fields[f"{type_name}.{field_name}"]
        if judge is None or covers(predicate, judge.enforced, judge.entity):
            return true()
        return self.predicates.compile(predicate, judge.entity, judge.row, state=judge.state)

    def mask(self, value: ColumnElement[Any], condition: ColumnElement[bool]) -> ColumnElement[Any]:
        """`value` where the condition holds, NULL elsewhere."""
        return value if is_true(condition) else case((condition, value))


def tell_row(row: LateralFromClause) -> ColumnElement[Any]:
    """One row as a JSON object; a column of any name may stand in it, the row's own name included."""
    return func.row_to_json(literal_column(f"{row.name}.*"))


def is_true(condition: ColumnElement[bool]) -> bool:
    """Whether a condition is the constant `true`."""
    return condition.compare(true())


def join_texts(texts: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    """The texts that are there, with a space between."""
    return func.concat_ws(literal_column("' '"), *texts) if texts else literal_column("NULL::text")
