"""Filters of a list: conditions on values as the caller may see them, never on what lies behind a mask.

INVARIANT: a field without a predicate in the grant raises; a masked value equals nothing, also under a negation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    and_,
    any_,
    case,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.errors import ErrorCode, ProbityError
from app.planning.catalogue import Catalogue, Computed, Leaf, Many, Moment, One, TypeBinding
from app.planning.parameters import Parameters
from app.planning.scopes import Judge, Masker, Scope, is_true
from app.planning.selection import Given

# Each hop is a look at other rows for every row looked at.
MOST_HOPS: Final = 3


class RowOpener(Protocol):
    """What a filter needs of the compiler, to look at the rows another row leads to."""

    catalogue: Catalogue
    parameters: Parameters

    @property
    def masker(self) -> Masker: ...

    def open_row(
        self, binding: TypeBinding, parent: Judge | None
    ) -> tuple[FromClause, Judge | None, tuple[ColumnElement[bool], ...]]: ...

    def open_scope(
        self, binding: TypeBinding, row: FromClause, judge: Judge | None, moment: Moment | None = None
    ) -> Scope: ...

    def pass_down(self, scope: Scope, field_name: str) -> Judge | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterCompiler:
    """Compiles the filter argument of one list."""

    scope: Scope
    opener: RowOpener
    hops: int = 0

    def compile(self, given: Given, *, negated: bool = False) -> ColumnElement[bool]:
        """The condition of a filter object; `negated` says whether an odd number of `not` stands around it."""
        parts: list[ColumnElement[bool]] = []
        for name, member in given.members().items():
            if member.is_null:
                continue
            if name == "and":
                parts.append(and_(true(), *(self.compile(each, negated=negated) for each in member.items())))
            elif name == "or":
                parts.append(or_(false(), *(self.compile(each, negated=negated) for each in member.items())))
            elif name == "not":
                parts.append(not_(self.compile(member, negated=not negated)))
            else:
                parts.append(self._compare_field(name, member, negated=negated))
        return and_(true(), *parts)

    def _compare_field(self, name: str, member: Given, *, negated: bool) -> ColumnElement[bool]:
        bound = self.scope.find_field(name)
        condition = self.opener.masker.find_condition(self.scope.binding.name, name, self.scope.judge)
        if isinstance(bound, One | Many):
            return _keep_inside(condition, self._look_at_rows(name, bound, member, negated=negated))
        if not isinstance(bound, Leaf | Computed):
            raise ProbityError(ErrorCode.DOCUMENT_INVALID)
        if all(given.is_null for given in member.members().values()):
            # Nothing is compared, so nothing is looked at: else it would part masked values from absent ones.
            return true()
        value = self.scope.render(name)
        if is_true(condition):
            return self._compare(value, member)
        if negated:
            # Under a negation the mask must stay inside, or the negation would speak of hidden values.
            return self._compare(case((condition, value)), member)
        return and_(condition, self._compare(value, member))

    def _look_at_rows(self, name: str, bound: One | Many, member: Given, *, negated: bool) -> ColumnElement[bool]:
        if isinstance(bound, One):
            # A row that is absent or hidden fits neither way: its comparison is unknown, also under a negation.
            row = self._open_related(name, bound, member, negated=negated)
            return row.scalar_subquery() if negated else exists(row.where(row.selected_columns[0]))
        parts: list[ColumnElement[bool]] = []
        for quantifier, inner in member.members().items():
            if inner.is_null:
                continue
            row = self._open_related(name, bound, inner, negated=negated is (quantifier == "some"))
            fits = exists(row.where(row.selected_columns[0]))
            parts.append(not_(fits) if quantifier == "none" else fits)
        return and_(true(), *parts)

    def _open_related(self, name: str, bound: One | Many, given: Given, *, negated: bool) -> Select[Any]:
        """The visible rows that a field leads to, and of each whether it fits."""
        if self.hops == MOST_HOPS:
            raise ProbityError(ErrorCode.LIMIT_EXCEEDED, f"a filter goes from row to row at most {MOST_HOPS} times")
        binding = self.opener.catalogue.types[bound.target]
        row, judge, where = self.opener.open_row(binding, self.opener.pass_down(self.scope, name))
        inner = FilterCompiler(
            scope=self.opener.open_scope(binding, row, judge), opener=self.opener, hops=self.hops + 1
        )
        fits = inner.compile(given, negated=negated)
        source = inner.scope.source
        return (
            select(fits.label("fits"))
            .select_from(source)
            .where(*where, bound.link(self.scope.row, row))
            .correlate_except(source)
        )

    def _compare(self, value: ColumnElement[Any], member: Given) -> ColumnElement[bool]:
        parts: list[ColumnElement[bool]] = []
        for operator, given in member.members().items():
            if given.is_null:
                continue
            parameter = self._add_parameter(value, operator, given)
            match operator:
                case "eq":
                    parts.append(value == parameter)
                case "in":
                    parts.append(value == any_(parameter))
                case "has":
                    parts.append(func.array_position(value, parameter).is_not(None))
                case "from":
                    parts.append(value >= parameter)
                case "to":
                    parts.append(value <= parameter)
                case "startsWith":
                    # Not LIKE, in which a text of the caller would be a pattern.
                    parts.append(func.starts_with(value, parameter))
                case _:
                    raise ProbityError(ErrorCode.DOCUMENT_INVALID)
        return and_(true(), *parts)

    def _add_parameter(self, value: ColumnElement[Any], operator: str, given: Given) -> BindParameter[Any]:
        if operator == "in":
            return self.opener.parameters.add(given, ARRAY(value.type))
        if operator == "has" and isinstance(value.type, ARRAY):
            return self.opener.parameters.add(given, value.type.item_type)
        return self.opener.parameters.add(given, value.type, require_zone if isinstance(value.type, DateTime) else None)


def _keep_inside(condition: ColumnElement[bool], fits: ColumnElement[bool]) -> ColumnElement[bool]:
    """What is unknown where the field itself may not be seen."""
    return fits if is_true(condition) else case((condition, fits))


def require_zone(value: Any) -> Any:
    """The time as it was given; raises `VARIABLES_INVALID` without its zone, or the server's own would be taken."""
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ProbityError(ErrorCode.VARIABLES_INVALID, "a time needs its zone; end it with Z or an offset")
    return value
