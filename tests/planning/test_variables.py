"""Variables are coerced as graphql-core coerces them, for every type that a contract lets a variable have."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, get_named_type, is_input_type, parse
from graphql.execution.values import VariableValues, get_variable_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.vocabulary import Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.planning.selection import outline
from app.planning.variables import VariableReader
from tests.journeys.conftest import RunningRegistry

WRAPPERS = ("{}", "{}!", "[{}]", "[{}!]!", "[[{}]]")
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.sampled_from(["2024-02-29", "2024-01-01T00:00:00Z", "WA", "CLEARED", "T2ZmaWNlcjp4"])
)


def draw_value(draw: st.DrawFn, schema: GraphQLSchema, type_name: str, depth: int) -> Any:
    """A value that may fit the type: an object has members of the type's own names, and now and then another."""
    fields = getattr(schema.type_map[type_name], "fields", None)
    values = getattr(schema.type_map[type_name], "values", None)
    if fields is not None and depth and draw(st.integers(0, 9)):
        names = draw(st.lists(st.sampled_from([*fields, *(("nothing",) if draw(st.booleans()) else ())]), max_size=3))
        return {
            name: draw_value(draw, schema, get_named_type(fields[name].type).name, depth - 1)
            if name in fields
            else draw(LEAVES)
            for name in names
        }
    if values is not None and draw(st.integers(0, 4)):
        return draw(st.sampled_from(sorted(values)))
    value = draw(LEAVES)
    return draw(st.sampled_from([value, [value], [value, draw(LEAVES)]]))


@st.composite
def draw_case(draw: st.DrawFn, schema: GraphQLSchema) -> tuple[str, dict[str, Any]]:
    """An operation with up to three variables, and values for some of them."""
    types = sorted(name for name, each in schema.type_map.items() if is_input_type(each))
    declared, given_values = [], {}
    for number in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(types))
        spelled = draw(st.sampled_from(WRAPPERS)).format(name)
        default = " = null" if not spelled.endswith("!") and draw(st.integers(0, 4)) == 0 else ""
        default = " = 7" if name == "Int" and spelled == "Int" and draw(st.booleans()) else default
        declared.append(f"$v{number}: {spelled}{default}")
        if draw(st.integers(0, 4)):
            value = draw_value(draw, schema, name, 3)
            given_values[f"v{number}"] = [value] if spelled.startswith("[") and draw(st.booleans()) else value
    if draw(st.booleans()):
        given_values["undeclared"] = 1
    return f"query ({', '.join(declared)}) {{ __typename }}", given_values


def compare(schema: GraphQLSchema, text: str, given_values: dict[str, Any]) -> bool:
    """Whether the values are taken; fails where graphql-core says otherwise, or coerces to something else."""
    operation = parse(text).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    expected = get_variable_values(schema, operation.variable_definitions or (), given_values, max_errors=1)
    reader = VariableReader(schema, operation)
    try:
        found = reader.coerce(given_values)
    except ProbityError as refused:
        assert refused.code is ErrorCode.VARIABLES_INVALID
        assert not isinstance(expected, VariableValues)
        return False
    assert isinstance(expected, VariableValues)
    assert repr(found) == repr(expected.coerced)
    types = {name: source.signature.type for name, source in expected.sources.items()}
    assert reader.outline(found) == tuple(
        (name, outline(found[name], type_)) for name, type_ in types.items() if name in found
    )
    return True


@pytest.mark.parametrize(
    ("role", "purpose"), [(Role.RECORDS_OFFICER, Purpose.RECORDS), (Role.DOJ_ANALYST, Purpose.STATISTICS)]
)
async def test_each_value_is_coerced_and_refused_as_graphql_core_does(
    role: Role, purpose: Purpose, shared: RunningRegistry
) -> None:
    schema = shared.pipeline.policy.find_contract(role, purpose).schema
    taken: list[bool] = []

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=draw_case(schema))
    def compare_drawn(case: tuple[str, dict[str, Any]]) -> None:
        taken.append(compare(schema, *case))

    compare_drawn()
    assert min(taken.count(True), taken.count(False)) > 20
