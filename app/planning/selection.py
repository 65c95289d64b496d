"""What a document asks for: response keys, fields, arguments and what lies below, fragments and directives resolved.

An argument's value always comes with the way to read it again, so that a cached plan can serve other variables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    is_abstract_type,
    is_leaf_type,
)

from app.errors import ErrorCode, ProbityError

Variables: TypeAlias = Mapping[str, Any]
Reader: TypeAlias = Callable[[Variables], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One argument value: what it is now (the plan's shape may depend on it) and how to read it for a later request."""

    value: Any
    read: Reader

    @property
    def is_null(self) -> bool:
        """Whether the value is an explicit null."""
        return self.value is None

    def members(self) -> Mapping[str, Given]:
        """The members of an input object, by name."""
        if not isinstance(self.value, Mapping):
            raise ProbityError(ErrorCode.VARIABLES_INVALID)
        return {
            name: member if isinstance(member, Given) else _reach(self, name, member)
            for name, member in self.value.items()
        }

    def items(self) -> Sequence[Given]:
        """The items of a list of input objects."""
        if not isinstance(self.value, Sequence) or isinstance(self.value, str):
            raise ProbityError(ErrorCode.VARIABLES_INVALID)
        return [item if isinstance(item, Given) else _reach(self, index, item) for index, item in enumerate(self.value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """One field asked for, under its response key; `below` maps each possible type to what is asked of it."""

    key: str
    name: str
    arguments: Mapping[str, Given] = field(default_factory=dict)
    below: Mapping[str, tuple[Selected, ...]] = field(default_factory=dict)

    def of(self, type_name: str) -> tuple[Selected, ...]:
        """What is asked of a value of that type."""
        return self.below.get(type_name, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionReader:
    """Reads selections of one operation against one contract, for one set of variables."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Variables

    def read(self, operation: OperationDefinitionNode) -> tuple[Selected, ...]:
        """The root fields in the order of the answer."""
        root = self.schema.get_root_type(operation.operation)
        if root is None:
            raise ProbityError(ErrorCode.DOCUMENT_INVALID)
        return self._read_object(root.name, (operation.selection_set,))

    def _read_object(self, type_name: str, sets: Iterable[SelectionSetNode]) -> tuple[Selected, ...]:
        grouped: dict[str, list[FieldNode]] = {}
        for selection_set in sets:
            self._group(type_name, selection_set, grouped, set())
        return tuple(self._read_field(type_name, key, nodes) for key, nodes in grouped.items())

    def _group(
        self, type_name: str, selection_set: SelectionSetNode, grouped: dict[str, list[FieldNode]], seen: set[str]
    ) -> None:
        for node in selection_set.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, type_name):
                    self._group(type_name, node.selection_set, grouped, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, type_name):
                    self._group(type_name, fragment.selection_set, grouped, seen)

    def _applies(self, condition: str, type_name: str) -> bool:
        if condition == type_name:
            return True
        abstract = self.schema.type_map.get(condition)
        return is_abstract_type(abstract) and any(
            each.name == type_name for each in self.schema.get_possible_types(abstract)
        )

    def _is_included(self, node: FieldNode | InlineFragmentNode | FragmentSpreadNode | Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in {"skip", "include"}:
                flag = read_given((directive.arguments or ())[0].value, None, self.variables)
                if flag is None or flag.is_null:
                    raise ProbityError(ErrorCode.VARIABLES_INVALID)
                if bool(flag.value) is (name == "skip"):
                    return False
        return True

    def _read_field(self, type_name: str, key: str, nodes: list[FieldNode]) -> Selected:
        name = nodes[0].name.value
        if name.startswith("__"):
            return Selected(key=key, name=name)
        definition = self.schema.type_map[type_name].fields[name]  # type: ignore[attr-defined]
        arguments = self._read_arguments(definition.args, nodes[0])
        target = definition.type
        while hasattr(target, "of_type"):
            target = target.of_type
        below: dict[str, tuple[Selected, ...]] = {}
        if not is_leaf_type(target):
            possible = self.schema.get_possible_types(target) if is_abstract_type(target) else (target,)
            sets = [node.selection_set for node in nodes if node.selection_set]
            below = {each.name: self._read_object(each.name, sets) for each in possible}
        return Selected(key=key, name=name, arguments=arguments, below=below)

    def _read_arguments(self, definitions: Mapping[str, GraphQLArgument], node: FieldNode) -> dict[str, Given]:
        written = {argument.name.value: argument.value for argument in node.arguments or ()}
        found: dict[str, Given] = {}
        for name, definition in definitions.items():
            given = read_given(written[name], definition.type, self.variables) if name in written else None
            given = _require_value(given or _read_default(definition), definition.type)
            if given is not None:
                found[name] = given
        return found


def read_given(node: ValueNode, type_: GraphQLInputType | None, variables: Variables) -> Given | None:
    """The value that `node` stands for; nothing where it is a variable that was not given."""
    if isinstance(node, VariableNode):
        name = node.name.value
        return Given(value=variables[name], read=lambda given: given[name]) if name in variables else None
    if isinstance(node, NullValueNode):
        return Given(value=None, read=lambda _: None)
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(bare, GraphQLList):
        nodes = node.values if isinstance(node, ListValueNode) else (node,)
        return _gather_list([_require_value(read_given(each, bare.of_type, variables), bare.of_type) for each in nodes])
    if isinstance(bare, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        return _read_object(node, bare, variables)
    return _read_constant(node, bare)


def _read_object(node: ObjectValueNode, type_: GraphQLInputObjectType, variables: Variables) -> Given:
    written = {each.name.value: each.value for each in node.fields}
    members: dict[str, Given] = {}
    for name, definition in type_.fields.items():
        given = read_given(written[name], definition.type, variables) if name in written else None
        given = _require_value(given or _read_default(definition), definition.type)
        if given is not None:
            members[name] = given
    return Given(value=members, read=lambda given: {name: each.read(given) for name, each in members.items()})


def _gather_list(items: Sequence[Given | None]) -> Given:
    present = [item or Given(value=None, read=lambda _: None) for item in items]
    if any(isinstance(item.value, Mapping) for item in present):
        return Given(value=present, read=lambda given: [item.read(given) for item in present])
    return Given(value=[item.value for item in present], read=lambda given: [item.read(given) for item in present])


def _read_constant(node: ValueNode, type_: Any) -> Given:
    if type_ is None:
        value: Any = getattr(node, "value", None)
    elif isinstance(type_, GraphQLEnumType) or is_leaf_type(type_):
        value = type_.parse_literal(node, {})
    else:
        raise ProbityError(ErrorCode.DOCUMENT_INVALID)
    return Given(value=value, read=lambda _: value)


def _read_default(definition: GraphQLArgument | GraphQLInputField) -> Given | None:
    # Contracts are made from text: their defaults are literals.
    literal = definition.default.literal if definition.default else None
    return read_given(literal, definition.type, {}) if isinstance(literal, ValueNode) else None


def _require_value(given: Given | None, type_: GraphQLInputType) -> Given | None:
    """Refuse nothing and null where the contract wants a value: a variable with a default may bring null there."""
    if isinstance(type_, GraphQLNonNull) and (given is None or given.is_null):
        raise ProbityError(ErrorCode.VARIABLES_INVALID)
    return given


def _reach(parent: Given, step: str | int, value: Any) -> Given:
    return Given(value=value, read=lambda given: parent.read(given)[step])


def outline(value: Any, type_: Any) -> Any:
    """What of a variable's value can change a statement: everything but the texts, ids and dates in it.

    Whole numbers, truth values and codes stay (page sizes, directives, orders); other leaves become a mark, and so does
    a list of leaves, of whatever length: but for a list of ids, which becomes its length, and for one of dimensions or
    measures, which a statement is made of.
    """
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if value is None:
        return None
    if isinstance(bare, GraphQLInputObjectType):
        return tuple(sorted((name, outline(member, bare.fields[name].type)) for name, member in value.items()))
    if isinstance(bare, GraphQLList):
        inner = bare.of_type.of_type if isinstance(bare.of_type, GraphQLNonNull) else bare.of_type
        if isinstance(inner, GraphQLInputObjectType):
            return tuple(outline(item, inner) for item in value)
        if isinstance(inner, GraphQLEnumType) and inner.name.endswith(("Dimension", "Measure")):
            return tuple(value)
        # How many objects are asked for is part of what a plan was found cheap enough for.
        return len(value) if getattr(inner, "name", "") == "ID" else "[]"
    if isinstance(bare, GraphQLEnumType) or isinstance(value, bool | int):
        return value
    return "?"
