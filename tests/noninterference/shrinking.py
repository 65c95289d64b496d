"""A question made small: whatever can be left out of it while the two registries still answer differently.

What comes out is a question like any other, so that a report shows what told the secret and little else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from graphql import (
    REMOVE,
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from tests.noninterference.questions import Question

MOST_TRIES: Final = 250
_REMOVABLE: Final = (
    ArgumentNode, DirectiveNode, FieldNode, FragmentSpreadNode, InlineFragmentNode, ObjectFieldNode,
    OperationDefinitionNode,
)  # fmt: skip

Differs = Callable[[Question], Awaitable[bool]]


async def shrink(question: Question, differs: Differs) -> Question:
    """The smallest question found that is still answered differently; the one given where it is no GraphQL."""
    tries = 0
    try:
        smallest = parse(question.document, no_location=True)
    except GraphQLError:
        return question
    while tries < MOST_TRIES:
        for smaller in list_smaller(smallest):
            tries += 1
            candidate = _fit(question, smaller)
            if candidate is not None and await differs(candidate):
                smallest = smaller
                break
            if tries >= MOST_TRIES:
                break
        else:
            break
    return _fit(question, smallest) or question


def list_smaller(document: DocumentNode) -> Iterator[DocumentNode]:
    """The document with one part left out, for each of its parts, the outermost first."""
    total = _count(document)
    for place in range(total):
        yield visit(document, _Remover(place))


def _count(document: DocumentNode) -> int:
    counter = _Remover(-1)
    visit(document, counter)
    return counter.seen


class _Remover(Visitor):
    """Removes the part at one place, counted in the order of visiting."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place
        self.seen = 0

    def enter(self, node: Any, *_: Any) -> Any:
        if not isinstance(node, _REMOVABLE):
            return None
        self.seen += 1
        return REMOVE if self.seen - 1 == self._place else None


def _fit(question: Question, document: DocumentNode) -> Question | None:
    """The question about a smaller document, without the fragments and variables that nothing names any more."""
    document = _drop_unnamed(document)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if not operations:
        return None
    declared = {each.variable.name.value for each in operations[0].variable_definitions or ()}
    names = {each.name.value for each in operations if each.name}
    chosen = question.operation_name if question.operation_name in names else None
    variables = {name: value for name, value in question.variables.items() if name in declared}
    return replace(question, document=print_ast(document), variables=variables, operation_name=chosen)


def _drop_unnamed(document: DocumentNode) -> DocumentNode:
    while True:
        spread: set[str] = set()
        visit(document, _Collector(FragmentSpreadNode, spread))
        kept = tuple(
            each
            for each in document.definitions
            if not isinstance(each, FragmentDefinitionNode) or each.name.value in spread
        )
        if len(kept) == len(document.definitions):
            break
        document = DocumentNode(definitions=kept)
    used: set[str] = set()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            visit(definition.selection_set, _Collector(VariableNode, used))
    return DocumentNode(definitions=tuple(_drop_variables(each, used) for each in document.definitions))


def _drop_variables(definition: Any, used: set[str]) -> Any:
    if not isinstance(definition, OperationDefinitionNode):
        return definition
    kept = tuple(each for each in definition.variable_definitions or () if each.variable.name.value in used)
    values = {key: getattr(definition, key) for key in definition.keys if key != "loc"}
    return OperationDefinitionNode(**{**values, "variable_definitions": kept})


class _Collector(Visitor):
    """Collects the names of all nodes of one kind."""

    def __init__(self, kind: type[FragmentSpreadNode] | type[VariableNode], found: set[str]) -> None:
        super().__init__()
        self._kind = kind
        self._found = found

    def enter(self, node: Any, *_: Any) -> None:
        if isinstance(node, self._kind):
            self._found.add(node.name.value)


__all__ = ["list_smaller", "shrink"]
