"""What of a contract was asked in questions that were answered: coordinates of the schema, and forms of documents.

It reads the documents themselves, so that what a drawer believes to have drawn counts for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    is_leaf_type,
    parse,
)
from graphql.language import EnumValueNode, ListValueNode
from graphql.utilities import type_from_ast

from tests.properties.drawn_inputs import strip

COUNTED_ENUMS = ("OrderField", "Direction", "Dimension", "Measure", "Statistic")
# How far ahead it is looked for what was never asked.
STEPS = 3
# Ways in which a document can be written; whoever asks, each must have been answered.
FORMS = frozenset(
    {
        "alias", "several roots", "__typename", "@include", "@skip", "directive by a variable", "variable",
        "variable with a default", "variable left out", "null as an argument", "a whole input as a variable",
        "a part of an input as a variable", "named fragment", "fragment spread twice", "inline fragment",
        "inline fragment without a type", "fragment on an interface", "directive on a fragment", "field repeated",
        "page forwards", "page backwards", "page after a cursor", "page before a cursor", "page of none",
        "next page", "previous page", "the same document with other variables",
    }
)  # fmt: skip


def list_coordinates(schema: GraphQLSchema) -> set[str]:
    """Every field, argument, member of an input and value of a counted enum that a query can name."""
    found: set[str] = set()
    seen: set[str] = set()
    pending: list[Any] = [schema.query_type]
    while pending:
        type_ = pending.pop()
        if type_.name in seen:
            continue
        seen.add(type_.name)
        if isinstance(type_, GraphQLEnumType):
            if type_.name.endswith(COUNTED_ENUMS):
                found.update(f"{type_.name}.{value}" for value in type_.values)
            continue
        if isinstance(type_, GraphQLInterfaceType):
            pending += schema.get_possible_types(type_)
        for name, each in getattr(type_, "fields", {}).items():
            found.add(f"{type_.name}.{name}")
            pending.append(strip(each.type))
            for argument, definition in getattr(each, "args", {}).items():
                found.add(f"{type_.name}.{name}({argument}:)")
                pending.append(strip(definition.type))
    return found


def reach(type_: Any, steps: int) -> set[str]:
    """The names of the types that can be reached from one in so many steps, itself included."""
    names, edge = {type_.name}, [type_]
    for _ in range(steps):
        edge = [
            target
            for each in edge
            for found in getattr(each, "fields", {}).values()
            for target in (strip(found.type), *(strip(one.type) for one in getattr(found, "args", {}).values()))
            if target.name not in names
        ]
        names |= {each.name for each in edge}
    return names


class Coverage:
    """Counts what answered questions asked, for one contract."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.wanted = list_coordinates(schema)
        self.asked: Counter[str] = Counter()
        self.forms: Counter[str] = Counter()
        self._below: dict[str, set[str]] = {}

    def count_missing_below(self, coordinate: str) -> int:
        """How much was never asked of what a field leads to and takes, up to a few steps on."""
        return len(self._find_below(coordinate) - self.asked.keys())

    def _find_below(self, coordinate: str) -> set[str]:
        if coordinate not in self._below:
            type_name, _, name = coordinate.partition(".")
            found = self.schema.type_map[type_name].fields[name]  # type: ignore[attr-defined]
            starts = [strip(each.type) for each in (found, *found.args.values())]
            names = {each for start in starts for each in reach(start, STEPS)}
            self._below[coordinate] = {each for each in self.wanted if each.partition(".")[0] in names}
        return self._below[coordinate]

    @property
    def missing(self) -> list[str]:
        """What was never asked."""
        return sorted(self.wanted - self.asked.keys())

    def note(self, text: str, variables: Mapping[str, Any]) -> None:
        """Count a question that was answered."""
        _Reader(self, parse(text, no_location=True), variables).read()


class _Reader:
    """Reads one document."""

    def __init__(self, coverage: Coverage, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._coverage, self._variables = coverage, variables
        found = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
        self._fragments = {each.name.value: each for each in found}
        self._spread: Counter[str] = Counter()
        (self._operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))

    def read(self) -> None:
        """Count all of it."""
        query = self._coverage.schema.query_type
        roots = [each for each in self._operation.selection_set.selections if isinstance(each, FieldNode)]
        self._form(len(roots) > 1, "several roots")
        self._read_variables()
        self._read_selections(self._operation.selection_set, query)
        self._form(any(number > 1 for number in self._spread.values()), "fragment spread twice")

    def _form(self, holds: bool, name: str) -> None:
        if holds:
            self._coverage.forms[name] += 1

    def _ask(self, coordinate: str) -> None:
        self._coverage.asked[coordinate] += 1

    def _read_variables(self) -> None:
        for each in self._operation.variable_definitions or ():
            name = each.variable.name.value
            self._form(True, "variable")
            self._form(each.default_value is not None, "variable with a default")
            self._form(name not in self._variables and each.default_value is None, "variable left out")
            type_ = type_from_ast(self._coverage.schema, each.type)
            if name in self._variables:
                self._read_value(type_, self._variables[name])

    def _read_value(self, type_: Any, value: Any) -> None:
        """Count the members of a variable's value."""
        bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if value is None:
            return
        if isinstance(bare, GraphQLList):
            for each in value:
                self._read_value(bare.of_type, each)
        elif isinstance(bare, GraphQLInputObjectType):
            self._form(True, "a whole input as a variable")
            for name, member in value.items():
                self._ask(f"{bare.name}.{name}")
                self._read_value(bare.fields[name].type, member)
        elif isinstance(bare, GraphQLEnumType):
            self._ask(f"{bare.name}.{value}")

    def _read_literal(self, type_: Any, value: Any, *, inside: bool) -> None:
        bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(value, VariableNode):
            self._form(inside, "a part of an input as a variable")
        elif isinstance(value, ListValueNode):
            for each in value.values:
                self._read_literal(bare.of_type, each, inside=True)
        elif isinstance(value, ObjectValueNode):
            for member in value.fields:
                self._ask(f"{bare.name}.{member.name.value}")
                self._read_literal(bare.fields[member.name.value].type, member.value, inside=True)
        elif isinstance(value, EnumValueNode):
            self._ask(f"{bare.name}.{value.value}")

    def _read_selections(self, selections: SelectionSetNode, type_: Any) -> None:
        keys: Counter[str] = Counter()
        for each in selections.selections:
            self._read_directives(each)
            if isinstance(each, FieldNode):
                keys[each.alias.value if each.alias else each.name.value] += 1
                self._read_field(each, type_)
            elif isinstance(each, InlineFragmentNode):
                keys.update(_list_keys(each.selection_set))
                self._form(each.type_condition is None, "inline fragment without a type")
                self._form(each.type_condition is not None, "inline fragment")
                self._read_fragment(each, type_)
            elif isinstance(each, FragmentSpreadNode):
                self._form(True, "named fragment")
                self._spread[each.name.value] += 1
                self._read_fragment(self._fragments[each.name.value], type_)
        self._form(any(number > 1 for number in keys.values()), "field repeated")

    def _read_fragment(self, fragment: InlineFragmentNode | FragmentDefinitionNode, type_: Any) -> None:
        if fragment.type_condition is not None:
            type_ = self._coverage.schema.type_map[fragment.type_condition.name.value]
        self._form(isinstance(type_, GraphQLInterfaceType), "fragment on an interface")
        self._read_selections(fragment.selection_set, type_)

    def _read_directives(self, node: Any) -> None:
        for each in node.directives or ():
            self._form(True, f"@{each.name.value}")
            self._form(not isinstance(node, FieldNode), "directive on a fragment")
            self._form(isinstance(each.arguments[0].value, VariableNode), "directive by a variable")

    def _read_field(self, node: FieldNode, type_: Any) -> None:
        name = node.name.value
        self._form(node.alias is not None, "alias")
        self._form(name == "__typename", "__typename")
        if name == "__typename":
            return
        self._ask(f"{type_.name}.{name}")
        definition = type_.fields[name]
        for argument in node.arguments or ():
            if not self._is_null(argument.value):
                self._ask(f"{type_.name}.{name}({argument.name.value}:)")
            self._read_literal(definition.args[argument.name.value].type, argument.value, inside=False)
        self._read_window(node)
        if node.selection_set is not None and not is_leaf_type(strip(definition.type)):
            self._read_selections(node.selection_set, strip(definition.type))

    def _is_null(self, value: Any) -> bool:
        if isinstance(value, VariableNode):
            return self._variables.get(value.name.value) is None
        self._form(isinstance(value, NullValueNode), "null as an argument")
        return isinstance(value, NullValueNode)

    def _read_window(self, node: FieldNode) -> None:
        given = {
            each.name.value: each.value
            for each in node.arguments or ()
            if not isinstance(each.value, NullValueNode)
            if not isinstance(each.value, VariableNode) or self._variables.get(each.value.name.value) is not None
        }
        self._form("first" in given and node.name.value != "statistics", "page forwards")
        self._form("last" in given, "page backwards")
        self._form("after" in given, "page after a cursor")
        self._form("before" in given, "page before a cursor")
        sizes = [getattr(given[name], "value", None) for name in ("first", "last") if name in given]
        self._form("0" in sizes, "page of none")


def _list_keys(selections: SelectionSetNode) -> Iterator[str]:
    for each in selections.selections:
        if isinstance(each, FieldNode):
            yield each.alias.value if each.alias else each.name.value
