"""Questions drawn from a role's own contract: everything GraphQL and the contract let one ask, right and wrong.

The same seed draws the same questions; parts of the contract that no answer has used yet are drawn first.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any, Final
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLUnionType,
    is_leaf_type,
)

from tests.noninterference.contract_coverage import Coverage, bare, find_distances
from tests.noninterference.drawn_figures import FigureDrawer
from tests.noninterference.drawn_values import ValueDrawer
from tests.noninterference.questions import GRAPHQL_JSON, Pool, Question, write_literal
from tests.properties.plain_rows import encode_id

ABSENT: Final = encode_id("Outcome", "00000000-0000-4000-8000-000000000000")


class Drawer:
    """Draws the questions of one contract; `whole` is the schema that it was cut from."""

    def __init__(
        self,
        random: Random,
        schema: GraphQLSchema,
        whole: GraphQLSchema,
        pool: Pool,
        coverage: Coverage,
        *,
        small: bool,
    ) -> None:
        self._random = random
        self._schema = schema
        self._whole = whole
        self._pool = pool
        self._coverage = coverage
        self._values = ValueDrawer(random, pool, coverage)
        self._figures = FigureDrawer(random, schema, self._values)
        self._small = small
        self._near: dict[str, int] = {}
        # Whether parts that nothing has used are all that is sought.
        self.eager = False
        # Root fields to begin at, where a question is to be about something certain.
        self.roots: tuple[str, ...] = ()
        self._begin()

    def _begin(self) -> None:
        self._fragments: list[str] = []
        self._declared: dict[str, str] = {}
        self._variables: dict[str, Any] = {}
        self._parts: set[str] = set()
        self._values.parts = self._parts
        self._keys = 0
        self._directives = 0
        self._cost = 1

    @property
    def has_commands(self) -> bool:
        """Whether the contract has commands."""
        return self._schema.mutation_type is not None

    def draw(self) -> Question:
        """A question of any kind."""
        draw = self._random.random()
        if draw < 0.1:
            return self.draw_invalid()
        if draw < 0.13:
            return self.draw_introspection()
        if draw < 0.25 and self._schema.mutation_type is not None:
            return self.draw_command()
        return self.draw_read()

    def draw_read(self) -> Question:
        """A question that the contract allows."""
        self._begin()
        self._near = find_distances(self._schema, self._coverage.sought)
        query = self._schema.query_type
        assert query is not None
        names = [each for each in self.roots if each in query.fields] or list(query.fields)
        way = 1.0 if self.roots or self.eager else self._random.random()
        if way < 0.15:
            names = ["node", "nodes"]
        elif way < 0.5:
            # In a list that is filtered and sorted, every hidden change of its rows is near.
            names = [each for each in names if {"filter", "orderBy"} & set(query.fields[each].args)] or names
        names = self._rank("Query", names)[: 1 if self._small else self._random.choice((1, 1, 2))]
        roots = " ".join(self._draw_field("Query", name, 0) for name in names)
        return self._finish("query", roots, "read")

    def draw_command(self) -> Question:
        """A command at a target that is there, hidden or absent; under a key that is new or used before."""
        self._begin()
        assert self._schema.mutation_type is not None
        names = list(self._schema.mutation_type.fields)
        unused = [each for each in names if f"Mutation.{each}" in self._coverage.sought]
        text = self._draw_field("Mutation", self._random.choice(unused or names), 3)
        return self._finish("mutation", text, "command")

    def draw_introspection(self) -> Question:
        """A question about the contract itself, and about types that it does not have."""
        self._begin()
        self._parts.add("form: introspection")
        name = self._random.choice(sorted(self._whole.type_map))
        below = "{ name kind fields { name args { name } type { name } } enumValues { name } inputFields { name } }"
        text = self._random.choice(
            (f'__type(name: "{name}") {below}', "__schema { types { name } queryType { name } }")
        )
        return self._finish("query", text, "introspection")

    def draw_invalid(self) -> Question:
        """A question that is wrong in one way: what is said of it must not depend on what is stored."""
        question = self.draw_read()
        ways = ("field", "syntax", "type", "operation", "cursor", "size", "variable", "argument", "command", "target")
        way = self._random.choice(ways)
        document, variables, name, method = question.document, dict(question.variables), None, question.method
        if way == "field":
            hidden = sorted(set(_list_field_names(self._whole)) - set(_list_field_names(self._schema))) or ["nothing"]
            document = document.replace("{", "{ " + self._random.choice(hidden) + " ", 2)
        elif way == "syntax":
            place = self._random.randrange(len(document))
            document = document[:place] + self._random.choice(("", "}", '"', "$")) + document[place + 1 :]
        elif way == "type":
            document = "{ nodes(ids: 7) { id } node(id: true) { id } }"
        elif way == "operation":
            name = "Absent"
        elif way in {"cursor", "size", "argument"}:
            given = {"cursor": 'first: 1, after: "bad"', "size": "first: 5000", "argument": "first: 1, asOf: 1"}[way]
            document = f"{{ {self._random.choice(self._list_connections())}({given}) {{ totalCount }} }}"
        elif way == "variable":
            document, variables = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [None]}
        elif way == "target":
            document, variables = (
                "query($id: ID!) { node(id: $id) { id secretOf } }",
                {"id": self._values.draw_id(None)},
            )
        elif way == "command":
            document, method = 'mutation { revokeRole(input: {grantId: "x"}) { __typename } }', "GET"
        return Question(
            document=document,
            variables=variables,
            operation_name=name,
            method=method,
            kind="invalid",
            parts=frozenset(),
            accept=question.accept,
        )

    def _list_connections(self) -> list[str]:
        assert self._schema.query_type is not None
        return [name for name, each in self._schema.query_type.fields.items() if "first" in each.args] or ["node"]

    def _finish(self, operation: str, roots: str, kind: str) -> Question:
        named = self._random.random() < 0.4 or bool(self._declared)
        declared = ", ".join(f"${name}: {type_}" for name, type_ in self._declared.items())
        head = f"{operation} Asked{f'({declared})' if declared else ''} " if named or kind == "command" else ""
        document = f"{head}{{ {roots} }} " + " ".join(self._fragments)
        if named and (self._random.random() < 0.5 or "form: operation name" in self._coverage.sought):
            document += "" if self._small else " query Other { __typename }"
            self._parts.add("form: operation name")
        chosen = "Asked" if "form: operation name" in self._parts else None
        method = "GET" if kind != "command" and len(document) < 1500 and self._random.random() < 0.3 else "POST"
        self._parts.add(f"form: {method}")
        return Question(
            document=document,
            variables=self._variables,
            operation_name=chosen,
            method=method,
            kind=kind,
            parts=frozenset(self._parts),
            accept=self._random.choice((None, "application/json", GRAPHQL_JSON)),
        )

    def _rank(self, type_name: str, names: list[str]) -> list[str]:
        """Names in an order of chance, those near to something unused first."""
        fields = self._schema.type_map[type_name].fields  # type: ignore[attr-defined]

        def distance(name: str) -> float:
            if f"{type_name}.{name}" in self._coverage.sought:
                return self._random.random()
            target = self._near.get(bare(fields[name].type).name, 99)
            unused = any(self._is_new(f"{type_name}.{name}", each) for each in fields[name].args.values())
            chance = self._random.random() * (1.5 if self.eager else 6)
            return chance + (0 if unused else min(target, 6) * 1.5)

        if not self.eager and self._random.random() < 0.4:
            return self._random.sample(names, len(names))
        return sorted(names, key=distance)

    def _is_new(self, field_name: str, argument: GraphQLArgument) -> bool:
        """Whether something of an argument of a field has not been used."""
        starts = (f"{field_name}(", f"{bare(argument.type).name}.", f"{bare(argument.type).name}Field.")
        return any(part.startswith(starts) for part in self._coverage.sought)

    def _draw_object(self, type_name: str, depth: int, prefix: str = "") -> str:
        fields = self._schema.type_map[type_name].fields  # type: ignore[attr-defined]
        leaves = self._rank(type_name, [each for each in fields if is_leaf_type(bare(fields[each].type))])
        branches = self._rank(type_name, [each for each in fields if not is_leaf_type(bare(fields[each].type))])
        taken = leaves[: 12 if self.eager else self._random.randint(1, 4 if self._small else 14)]
        deepest = 3 if self._small else 4
        if depth < deepest and self._cost < (60 if self._small else 120):
            taken += branches[: self._random.choice((1, 1, 2)) if depth < 2 else 1]
        self._random.shuffle(taken)
        parts = [self._draw_field(type_name, name, depth, prefix=prefix) for name in taken] or ["__typename"]
        if self._random.random() < 0.2:
            parts.append(f"{prefix}__typename: __typename" if prefix else "__typename")
        return "{ " + " ".join(self._wrap(type_name, parts)) + " }"

    def _wrap(self, type_name: str, parts: list[str]) -> list[str]:
        """The parts, some of them in a fragment of one kind or another, some under a directive."""
        way = self._random.randrange(9)
        type_ = self._schema.type_map[type_name]
        if way == 0 and len(parts) > 1:
            self._parts.add("form: inline fragment")
            return [parts[0], f"... on {type_name} {{ {' '.join(parts[1:])} }}"]
        if way == 1 and len(parts) > 1:
            self._parts.add("form: named fragment")
            name = f"F{len(self._fragments)}"
            self._fragments.append(f"fragment {name} on {type_name} {{ {' '.join(parts[1:])} }}")
            return [parts[0], f"...{name}"]
        if way == 2 and any(each.name == "Node" for each in getattr(type_, "interfaces", ())):
            self._parts.add("form: fragment on an interface")
            return [*parts, "... on Node { nodeId: id }"]
        if way in {3, 4} and self._directives < 6:
            self._directives += 1
            word = "@include" if way == 3 else "@skip"
            self._parts.add(f"form: {word}")
            flag = self._declare("Boolean!", self._random.random() < 0.5) if self._random.random() < 0.5 else "true"
            return [*parts, f"... {word}(if: {flag}) {{ again{self._directives}: __typename }}"]
        return parts

    def _draw_field(self, type_name: str, name: str, depth: int, prefix: str = "") -> str:
        field_ = self._schema.type_map[type_name].fields[name]  # type: ignore[attr-defined]
        self._parts.add(f"{type_name}.{name}")
        key = f"{prefix}{name}: " if prefix else ""
        if not prefix and self._random.random() < 0.08:
            self._keys += 1
            self._parts.add("form: alias")
            key = f"k{self._keys}: "
        target = bare(field_.type)
        arguments = self._draw_arguments(type_name, name, field_.args, target.name, depth)
        if is_leaf_type(target):
            return f"{key}{name}{arguments}"
        return f"{key}{name}{arguments} {self._draw_target(target, depth + 1)}"

    def _draw_target(self, target: Any, depth: int) -> str:
        if isinstance(target, GraphQLInterfaceType | GraphQLUnionType):
            possible = sorted(each.name for each in self._schema.get_possible_types(target))
            kinds = self._random.sample(possible, min(len(possible), 1 if self._small else 2))
            if isinstance(target, GraphQLUnionType):
                kinds = possible
            inner = 2 if isinstance(target, GraphQLUnionType) else 3
            below = " ".join(f"... on {each} {self._draw_object(each, inner, prefix=f'{each}_')}" for each in kinds)
            self._parts.add("form: inline fragment")
            own = ""
            if isinstance(target, GraphQLInterfaceType):
                own = "id "
                self._parts.add(f"{target.name}.id")
            return f"{{ __typename {own}{below} }}"
        if not target.name.endswith("Connection"):
            return self._draw_object(target.name, depth)
        return self._draw_connection(target.name, depth)

    def _draw_connection(self, name: str, depth: int) -> str:
        item = name.removesuffix("Connection")
        self._parts |= {f"{name}.{each}" for each in ("totalCount", "pageInfo")}
        info = " ".join(self._random.sample(("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"), 3))
        self._parts |= {f"PageInfo.{each}" for each in info.split()}
        parts = ["totalCount", f"pageInfo {{ {info} }}"]
        if self._random.random() < 0.55:
            self._parts.add(f"{name}.nodes")
            parts.append(f"nodes {self._draw_object(item, depth)}")
        else:
            self._parts |= {f"{name}.edges", f"{item}Edge.cursor", f"{item}Edge.node"}
            parts.append(f"edges {{ cursor node {self._draw_object(item, depth)} }}")
        self._random.shuffle(parts)
        return "{ " + " ".join(parts) + " }"

    def _draw_arguments(
        self, type_name: str, name: str, definitions: Mapping[str, GraphQLArgument], target: str, depth: int
    ) -> str:
        given: dict[str, Any] = {}
        if "groupBy" in definitions:
            given = self._figures.draw(definitions, target)
            definitions = {name: each for name, each in definitions.items() if name in given}
        if "first" in definitions and "last" in definitions:
            given |= self._draw_window(target.removesuffix("Connection"), depth)
        for each, definition in definitions.items():
            if each in {"first", "last", "after", "before", *given}:
                continue
            needed = isinstance(definition.type, GraphQLNonNull)
            if needed or self._random.random() < (0.85 if self._is_new(f"{type_name}.{name}", definition) else 0.5):
                given[each] = self._values.draw_input(definition.type, each, target)
        self._parts |= {f"{type_name}.{name}({each})" for each in given}
        written = ", ".join(f"{each}: {self._write(value, definitions[each].type)}" for each, value in given.items())
        return f"({written})" if written else ""

    def _draw_window(self, target: str, depth: int) -> dict[str, Any]:
        largest = (6 if self._small else 12) if depth == 0 else 3
        size = self._random.choice((0, 1, 2, largest, largest))
        if depth == 0 and self._random.random() < 0.3:
            size = 45
        self._cost *= max(1, min(size, 12))
        backwards = self._random.random() < 0.4
        window: dict[str, Any] = {"last" if backwards else "first": size}
        known = self._pool.cursors.get(target, [])
        draw = self._random.random()
        if known and draw < 0.35:
            self._parts.add("form: page from a cursor")
            window["before" if backwards else "after"] = self._random.choice(known)
        elif draw < 0.45:
            # The cursor that a row would have which perhaps only one side holds, or may be seen on neither.
            hidden = self._random.choice(self._pool.touched_ids.get(target) or self._pool.ids.get(target) or [ABSENT])
            key = UUID(base64.b64decode(hidden).decode().rpartition(":")[2])
            window["before" if backwards else "after"] = base64.b64encode(key.bytes).decode()
        return window

    def _write(self, value: Any, type_: Any) -> str:
        """A value as a literal, or as a variable."""
        if self._random.random() < 0.35 and len(self._declared) < 12 and not self._random.random() < 0.1:
            return self._declare(str(type_), value)
        self._parts.add("form: literal")
        return write_literal(value)

    def _declare(self, type_: str, value: Any) -> str:
        self._parts.add("form: variable")
        name = f"v{len(self._declared)}"
        self._declared[name] = type_
        self._variables[name] = value
        return f"${name}"


def _list_field_names(schema: GraphQLSchema) -> Iterable[str]:
    for type_ in schema.type_map.values():
        if not type_.name.startswith("__") and hasattr(type_, "fields"):
            yield from type_.fields
