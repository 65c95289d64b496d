"""Arguments of questions for figures: dimensions, measures, conditions and orders that go together.

The contract tells which measures are spreads, which alone are compared by a statistic.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from graphql import GraphQLArgument, GraphQLObjectType, GraphQLSchema

from tests.noninterference.contract_coverage import bare
from tests.noninterference.drawn_values import ValueDrawer
from tests.noninterference.questions import Code

MOST_DIMENSIONS: Final = 3
MOST_CONDITIONS: Final = 2


class FigureDrawer:
    """Draws the arguments of a field that gives figures."""

    def __init__(self, random: Random, schema: GraphQLSchema, values: ValueDrawer) -> None:
        self._random = random
        self._schema = schema
        self._values = values

    def draw(self, definitions: Mapping[str, GraphQLArgument], table: str) -> dict[str, Any]:
        """Some of the arguments of a field that leads to a `table` of groups."""
        dimensions = self._draw_codes(definitions["groupBy"], self._random.randint(0, MOST_DIMENSIONS))
        given: dict[str, Any] = {"first": self._random.choice((0, 1, 5, 60, 1000, 1000))}
        if dimensions or self._random.random() < 0.5:
            given["groupBy"] = dimensions
        if self._random.random() < 0.6:
            given["filter"] = self._values.draw_filter(bare(definitions["filter"].type))
        if self._random.random() < 0.3:
            given["measures"] = self._draw_codes(definitions["measures"], self._random.randint(1, 4))
        if self._random.random() < 0.5:
            having = bare(definitions["having"].type)
            given["having"] = [self._draw_condition(having, table) for _ in range(self._draw_count())]
        if self._random.random() < 0.6:
            order = bare(definitions["orderBy"].type)
            given["orderBy"] = [self._draw_order(order, table, dimensions) for _ in range(self._draw_count())]
        return given

    def _draw_count(self) -> int:
        return self._random.randint(1, MOST_CONDITIONS)

    def _draw_codes(self, argument: GraphQLArgument, number: int) -> list[Code]:
        codes = [self._values.draw_code(bare(argument.type)) for _ in range(number)]
        return list(dict.fromkeys(codes))

    def _draw_condition(self, type_: Any, table: str) -> dict[str, Any]:
        found: dict[str, Any] = self._draw_measure(type_, table)
        for end in self._random.sample(("from", "to"), self._random.randint(1, 2)):
            found[end] = self._random.choice((0, 1, 2, 5, 30, 200.5, 1000))
        self._note(type_, found)
        return found

    def _draw_order(self, type_: Any, table: str, dimensions: list[Code]) -> dict[str, Any]:
        by_dimension = bool(dimensions) and self._random.random() < 0.4
        found = {"dimension": self._random.choice(dimensions)} if by_dimension else self._draw_measure(type_, table)
        if self._random.random() < 0.6:
            found["direction"] = self._values.draw_code(bare(type_.fields["direction"].type))
        self._note(type_, found)
        return found

    def _draw_measure(self, type_: Any, table: str) -> dict[str, Any]:
        measure = self._values.draw_code(bare(type_.fields["measure"].type))
        if not self._is_spread(table, measure):
            return {"measure": measure}
        return {"measure": measure, "statistic": self._values.draw_code(bare(type_.fields["statistic"].type))}

    def _is_spread(self, table: str, measure: str) -> bool:
        groups = self._schema.type_map[table].fields["rows"].type  # type: ignore[attr-defined]
        first, *others = measure.lower().split("_")
        told = bare(bare(groups).fields[first + "".join(each.capitalize() for each in others)].type)
        return isinstance(told, GraphQLObjectType) and "p50" in told.fields

    def _note(self, type_: Any, found: Mapping[str, Any]) -> None:
        self._values.parts |= {f"{type_.name}.{name}" for name in found}
