"""Filters of a list: conditions on values as the caller may see them, never on what lies behind a mask.

INVARIANT: a field without a predicate in the grant raises; a masked value equals nothing, also under a negation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, DateTime, and_, any_, case, false, func, not_, or_, true
from sqlalchemy.dialects.postgresql import ARRAY

from app.errors import ErrorCode, ProbityError
from app.planning.catalogue import Computed, Leaf
from app.planning.parameters import Parameters
from app.planning.scopes import Masker, Scope, is_true
from app.planning.selection import Given


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterCompiler:
    """Compiles the filter argument of one list."""

    scope: Scope
    masker: Masker
    parameters: Parameters

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
        binding = self.scope.binding.fields[name]
        if not isinstance(binding, Leaf | Computed):
            raise ProbityError(ErrorCode.DOCUMENT_INVALID)
        condition = self.masker.find_condition(self.scope.binding.name, name, self.scope.judge)
        value = self.scope.render(binding)
        if is_true(condition):
            return self._compare(value, member)
        if negated:
            # Under a negation the mask must stay inside, or the negation would speak of hidden values.
            return self._compare(case((condition, value)), member)
        return and_(condition, self._compare(value, member))

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
            return self.parameters.add(given, ARRAY(value.type))
        if operator == "has" and isinstance(value.type, ARRAY):
            return self.parameters.add(given, value.type.item_type)
        return self.parameters.add(given, value.type, _require_zone if isinstance(value.type, DateTime) else None)


def _require_zone(value: Any) -> Any:
    """The time as it was given; raises `VARIABLES_INVALID` without its zone, or the server's own would be taken."""
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ProbityError(ErrorCode.VARIABLES_INVALID, "a time needs its zone; end it with Z or an offset")
    return value
