"""A question made smaller as long as it still differs: what is left is what a difference needs, and nothing else.

Every step is a question that the contract allows; the answers alone decide whether it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from graphql import (
    REMOVE,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NullValueNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    parse_value,
    print_ast,
    validate,
    visit,
)
from graphql.language import (
    ListValueNode,
    Node,
    ObjectValueNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
)

from tests.properties.drawn_reads import Question

MOST_STEPS = 300
LOGIC = ("and", "or", "not")
Path = tuple[str | int, ...]
Edit = Callable[[Any], Any]


async def shrink(question: Question, schema: GraphQLSchema, differs: Callable[[Question], Awaitable[bool]]) -> Question:
    """The smallest question found that still differs."""
    left = MOST_STEPS
    for plainer in (put_variables_in, put_fragments_in):
        candidate = plainer(question, schema)
        if await differs(candidate):
            question = candidate
    found = True
    while found and left > 0:
        found = False
        for candidate in list_smaller(question, schema):
            left -= 1
            if await differs(candidate):
                question, found = candidate, True
                break
            if left <= 0:
                break
    return question


def list_smaller(question: Question, schema: GraphQLSchema) -> Iterator[Question]:
    """The question less one thing each time, the largest things first."""
    document = parse(question.text, no_location=True)
    for path, edit in list_edits(document):
        text = write(replace_at(document, path, edit))
        if text != question.text and not validate(schema, parse(text)):
            yield Question(text=text, variables=question.variables)


def write(document: DocumentNode) -> str:
    """The document in one line; no text of a question spans lines."""
    return " ".join(print_ast(document).split())


def replace_at(node: Any, path: Path, edit: Edit) -> Any:
    """The tree with one node of it edited; the nodes around that one are made anew."""
    if not path:
        return edit(node)
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return tuple(replace_at(each, rest, edit) if place == step else each for place, each in enumerate(node))
    return replace(node, **{step: replace_at(getattr(node, step), rest, edit)})


def list_edits(document: DocumentNode) -> Iterator[tuple[Path, Edit]]:
    """Every single thing that may be left out or made simpler, where it is, in the order of the document."""
    for path, node in walk(document, ()):
        yield from ((path, edit) for edit in _list_edits_of(node))


def _list_edits_of(node: Node) -> Iterator[Edit]:
    if isinstance(node, SelectionSetNode) and len(node.selections) > 1:
        yield from (_drop("selections", place) for place in range(len(node.selections)))
    if isinstance(node, FieldNode | InlineFragmentNode | FragmentSpreadNode):
        yield from (_drop("directives", place) for place in range(len(node.directives or ())))
    if isinstance(node, FieldNode):
        yield from (_drop("arguments", place) for place in range(len(node.arguments or ())))
        if node.alias is not None:
            yield _set("alias", None)
    if isinstance(node, ObjectValueNode):
        yield from (_put(inner) for inner in _list_inner(node))
        yield from (_drop("fields", place) for place in range(len(node.fields)))
    if isinstance(node, ListValueNode):
        yield from (_drop("values", place) for place in range(len(node.values)))
    if isinstance(node, IntValueNode) and int(node.value) > 1:
        yield _set("value", str(int(node.value) // 2))


def walk(node: Any, path: Path) -> Iterator[tuple[Path, Node]]:
    """Every node with the way to it, those around others first."""
    yield path, node
    for key in node.keys:
        value = getattr(node, key, None)
        if isinstance(value, Node):
            yield from walk(value, (*path, key))
        elif isinstance(value, list | tuple):
            for place, each in enumerate(value):
                yield from walk(each, (*path, key, place))


def _list_inner(node: ObjectValueNode) -> Iterator[Node]:
    """What stands in a filter's logic: it may stand for the whole."""
    for each in node.fields:
        if each.name.value in LOGIC:
            yield from each.value.values if isinstance(each.value, ListValueNode) else (each.value,)


def _drop(key: str, place: int) -> Edit:
    def edit(node: Any) -> Any:
        items = getattr(node, key)
        return replace(node, **{key: (*items[:place], *items[place + 1 :])})

    return edit


def _set(key: str, value: Any) -> Edit:
    return lambda node: replace(node, **{key: value})


def _put(other: Node) -> Edit:
    return lambda _: other


def put_variables_in(question: Question, schema: GraphQLSchema) -> Question:
    """The question with every value where its variable was."""
    info = TypeInfo(schema)
    given = question.variables

    class Put(Visitor):
        def enter_variable_definition(self, *_: Any) -> Any:
            return REMOVE

        def enter_variable(self, node: VariableNode, *_: Any) -> Any:
            name = node.name.value
            if name in given:
                return parse_value(spell(given[name], info.get_input_type()))
            return defaults.get(name) or NullValueNode()

    document = parse(question.text, no_location=True)
    defaults = {
        each.variable.name.value: each.default_value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for each in definition.variable_definitions or ()
        if isinstance(each, VariableDefinitionNode)
    }
    put = visit(document, TypeInfoVisitor(info, Put()))
    return Question(text=write(put), variables={})


def put_fragments_in(question: Question, _schema: GraphQLSchema) -> Question:
    """The question with every named fragment where it was spread."""
    document = parse(question.text, no_location=True)
    named = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}

    class Put(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> Any:
            found = named[node.name.value]
            return InlineFragmentNode(
                type_condition=found.type_condition,
                directives=node.directives,
                selection_set=visit(found.selection_set, Put()),
            )

        def enter_fragment_definition(self, *_: Any) -> Any:
            return REMOVE

    return Question(text=write(visit(document, Put())), variables=question.variables)


def spell(value: Any, type_: Any) -> str:
    """A value as a GraphQL literal."""
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if value is None:
        return "null"
    if isinstance(bare, GraphQLList):
        return "[" + ", ".join(spell(each, bare.of_type) for each in value) + "]"
    if isinstance(bare, GraphQLInputObjectType) and isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {spell(each, bare.fields[name].type)}" for name, each in value.items()) + "}"
    return str(value) if isinstance(bare, GraphQLEnumType) else json.dumps(value)
