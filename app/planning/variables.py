"""The variables of one operation, read once from its document: how each is coerced, and what of it makes a plan.

INVARIANT: what is coerced here is what graphql-core coerces (GraphQL, section 6.1.2), value for value; only the types
are looked up ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLInputType,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    VariableDefinitionNode,
    is_leaf_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, get_variable_values, input_is_nested_too_deeply
from graphql.utilities import coerce_input_value

from app.errors import ErrorCode, ProbityError
from app.planning.selection import Variables, outline

Outline: TypeAlias = tuple[Any, ...]

_ABSENT: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variable:
    """One variable: `absent` is its value where none is given, `Undefined` where one has to be."""

    name: str
    type: GraphQLInputType
    # Its scalar or enum, where it is no list and no object.
    leaf: GraphQLLeafType | None
    may_be_null: bool
    absent: Any

    def coerce(self, value: Any) -> Any:
        """The value as it is meant, or `Undefined` for one that is no value of the type."""
        if value is None:
            return None if self.may_be_null else Undefined
        if self.leaf is None:
            if input_is_nested_too_deeply(value, self.type):
                return Undefined
            return coerce_input_value(value, self.type)
        try:
            return self.leaf.coerce_input_value(value)
        except Exception:
            # A scalar refuses by whatever it likes to raise; graphql-core reads it the same way.
            return Undefined

    def outline(self, value: Any) -> Any:
        """What of the value can change a statement."""
        if self.leaf is None or value is None:
            return outline(value, self.type)
        return value if isinstance(self.leaf, GraphQLEnumType) or isinstance(value, bool | int) else "?"


class VariableReader:
    """Coerces the variables of one operation under one contract."""

    __slots__ = ("_variables",)

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._variables = tuple(_read_variable(schema, each) for each in operation.variable_definitions or ())

    def coerce(self, given: Mapping[str, Any]) -> Variables:
        """The variables by name; raises `VARIABLES_INVALID`. What was not declared is left out."""
        coerced: dict[str, Any] = {}
        for variable in self._variables:
            value = given.get(variable.name, _ABSENT)
            read = variable.absent if value is _ABSENT else variable.coerce(value)
            if read is Undefined:
                raise ProbityError(ErrorCode.VARIABLES_INVALID)
            if read is not _ABSENT:
                coerced[variable.name] = read
        return coerced

    def outline(self, coerced: Variables) -> Outline:
        """What of all of them can change a statement: the plan belongs to it."""
        return tuple(
            [
                (variable.name, variable.outline(coerced[variable.name]))
                for variable in self._variables
                if variable.name in coerced
            ]
        )


def _read_variable(schema: GraphQLSchema, definition: VariableDefinitionNode) -> _Variable:
    signature = get_variable_signature(schema, definition)
    if not isinstance(signature, GraphQLVariableSignature):
        raise ProbityError(ErrorCode.DOCUMENT_INVALID)
    bare = signature.type.of_type if isinstance(signature.type, GraphQLNonNull) else signature.type
    left_out = get_variable_values(schema, (definition,), {}, max_errors=1, hide_suggestions=True)
    return _Variable(
        name=signature.name,
        type=signature.type,
        leaf=bare if is_leaf_type(bare) else None,
        may_be_null=not isinstance(signature.type, GraphQLNonNull),
        absent=left_out.coerced.get(signature.name, _ABSENT) if isinstance(left_out, VariableValues) else Undefined,
    )


__all__ = ["Outline", "VariableReader"]
