"""The size of a GraphQL document: how deep, how wide and how repetitive it is, with its fragments expanded.

Each node is visited once, however often its fragment is spread; nothing is ever expanded to be counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from graphlib import CycleError, TopologicalSorter

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
)

from app.errors import ErrorCode, ProbityError

INTROSPECTION_ROOTS = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a selection set amounts to once its fragments are expanded.

    `introspection_fields` and `introspection_depth` count what lies in and below `__schema` and `__type`; the others
    count the rest. Depths are numbers of fields, the outermost being 1.
    """

    fields: int = 0
    depth: int = 0
    introspection_fields: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    root_fields: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSize:
    """The size of a whole document; `fields`, `aliases` and their like are the sums over its operations."""

    operations: int
    fragments: int
    variables: int
    directives: int
    nesting: int
    longest_key: int
    longest_list: int
    longest_string: int
    depth: int
    fields: int
    introspection_depth: int
    introspection_fields: int
    aliases: int
    root_fields: int
    mutation_root_fields: int


@dataclass(slots=True)
class _Tally:
    """What is counted as written, over all definitions."""

    variables: int = 0
    directives: int = 0
    nesting: int = 0
    longest_key: int = 0
    longest_list: int = 0
    longest_string: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    """A fragment spread: how many fields lie above it, and whether one of them asks for introspection."""

    name: str
    depth: int
    introspects: bool


@dataclass(slots=True)
class _Outline:
    """One definition as written: its own fields, and the fragments it spreads."""

    fields: int = 0
    depth: int = 0
    introspection_fields: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    root_fields: int = 0
    spreads: list[_Spread] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """A selection set still to be visited: the fields and the braces above it."""

    selections: SelectionSetNode
    depth: int
    nesting: int
    introspects: bool


def measure_document(document: DocumentNode) -> DocumentSize:
    """Measure a parsed document; raises `DOCUMENT_INVALID` where its fragments make it unmeasurable.

    That is: a fragment defined twice, never used, not defined, or part of a circle (GraphQL, section 5.5).
    """
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    if len(operations) + len(fragments) < len(document.definitions) or not operations:
        raise ProbityError(ErrorCode.DOCUMENT_INVALID, "the document must hold operations and fragments only")
    tally = _Tally()
    outlines = {each.name.value: _outline_definition(each, tally) for each in fragments}
    if len(outlines) < len(fragments):
        raise ProbityError(ErrorCode.DOCUMENT_INVALID, "the document defines a fragment twice; rename one of them")
    asked = [(each, _outline_definition(each, tally)) for each in operations]
    reached = _expand_fragments(outlines, [outline for _, outline in asked])
    reaches = [(each.operation, _expand(outline, reached)) for each, outline in asked]
    own = [reach for _, reach in reaches]
    commands = [reach.root_fields for kind, reach in reaches if kind is OperationType.MUTATION]
    return DocumentSize(
        operations=len(operations),
        fragments=len(fragments),
        **{each.name: getattr(tally, each.name) for each in fields(_Tally)},
        depth=max(each.depth for each in own),
        fields=sum(each.fields for each in own),
        introspection_depth=max(each.introspection_depth for each in own),
        introspection_fields=sum(each.introspection_fields for each in own),
        aliases=sum(each.aliases for each in own),
        root_fields=max(each.root_fields for each in own),
        mutation_root_fields=max(commands, default=0),
    )


def find_largest_merge(document: DocumentNode) -> int:
    """The largest number of fields that share one response key in one place, in any operation.

    Validation compares them pair by pair, and what lies below each pair again. Call it only on a document whose
    expanded fields are bounded: here they are visited one by one.
    """
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    largest = 0
    pending: list[tuple[SelectionSetNode, ...]] = [
        (each.selection_set,) for each in document.definitions if isinstance(each, OperationDefinitionNode)
    ]
    while pending:
        groups: dict[str, list[FieldNode]] = {}
        for node in _list_fields(pending.pop(), fragments):
            groups.setdefault((node.alias or node.name).value, []).append(node)
        for nodes in groups.values():
            largest = max(largest, len(nodes))
            if below := tuple(node.selection_set for node in nodes if node.selection_set):
                pending.append(below)
    return largest


def _list_fields(
    sets: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    """The fields that are merged in one place, whatever type conditions they lie under."""
    seen: set[str] = set()
    pending = list(sets)
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                pending.append(fragments[node.name.value].selection_set)


def _outline_definition(definition: OperationDefinitionNode | FragmentDefinitionNode, tally: _Tally) -> _Outline:
    outline = _Outline()
    _count_directives(definition.directives, tally)
    for variable in definition.variable_definitions or ():
        tally.variables += 1
        _count_directives(variable.directives, tally)
        _measure_values([variable.default_value] if variable.default_value else [], tally)
    pending = [_Place(definition.selection_set, 0, 1, False)]
    while pending:
        place = pending.pop()
        if not place.selections.selections:
            raise ProbityError(ErrorCode.DOCUMENT_INVALID, "the document holds an empty selection; ask for a field")
        tally.nesting = max(tally.nesting, place.nesting)
        for node in place.selections.selections:
            _count_directives(node.directives, tally)
            if isinstance(node, FieldNode):
                pending.extend(_count_field(node, place, outline, tally))
            elif isinstance(node, InlineFragmentNode):
                pending.append(_Place(node.selection_set, place.depth, place.nesting + 1, place.introspects))
            elif isinstance(node, FragmentSpreadNode):
                spread = _Spread(name=node.name.value, depth=place.depth, introspects=place.introspects)
                outline.spreads.append(spread)
    return outline


def _count_field(node: FieldNode, place: _Place, outline: _Outline, tally: _Tally) -> Iterator[_Place]:
    """Count one field; what lies below it is still to be visited."""
    introspects = place.introspects or node.name.value in INTROSPECTION_ROOTS
    depth = place.depth + 1
    if introspects:
        outline.introspection_fields += 1
        outline.introspection_depth = max(outline.introspection_depth, depth)
    else:
        outline.fields += 1
        outline.depth = max(outline.depth, depth)
    outline.aliases += node.alias is not None
    outline.root_fields += place.depth == 0
    tally.longest_key = max(tally.longest_key, len((node.alias or node.name).value))
    _measure_values([argument.value for argument in node.arguments or ()], tally)
    if node.selection_set:
        yield _Place(node.selection_set, depth, place.nesting + 1, introspects)


def _count_directives(directives: Sequence[DirectiveNode] | None, tally: _Tally) -> None:
    for directive in directives or ():
        tally.directives += 1
        _measure_values([argument.value for argument in directive.arguments or ()], tally)


def _measure_values(values: Iterable[ValueNode], tally: _Tally) -> None:
    pending = list(values)
    while pending:
        node = pending.pop()
        if isinstance(node, ListValueNode):
            tally.longest_list = max(tally.longest_list, len(node.values))
            pending.extend(node.values)
        elif isinstance(node, ObjectValueNode):
            pending.extend(each.value for each in node.fields)
        elif isinstance(node, StringValueNode):
            tally.longest_string = max(tally.longest_string, len(node.value))
            if "\0" in node.value:
                # The database holds no such text; it would take it for a fault of ours.
                raise ProbityError(ErrorCode.DOCUMENT_INVALID, "the document holds a NUL character; remove it")


def _expand_fragments(outlines: Mapping[str, _Outline], asked: Iterable[_Outline]) -> dict[str, Reach]:
    """The reach of each fragment, those it spreads first."""
    spread = {name: {each.name for each in outline.spreads} for name, outline in outlines.items()}
    used = {each.name for outline in asked for each in outline.spreads}.union(*spread.values())
    if used - outlines.keys():
        raise ProbityError(ErrorCode.DOCUMENT_INVALID, "the document spreads a fragment that it does not define")
    if outlines.keys() - used:
        raise ProbityError(ErrorCode.DOCUMENT_INVALID, "the document defines a fragment that nothing uses; remove it")
    try:
        order = list(TopologicalSorter(spread).static_order())
    except CycleError:
        raise ProbityError(ErrorCode.DOCUMENT_INVALID, "the document's fragments go round in a circle") from None
    reached: dict[str, Reach] = {}
    for name in order:
        reached[name] = _expand(outlines[name], reached)
    return reached


def _expand(outline: _Outline, reached: Mapping[str, Reach]) -> Reach:
    sums = {each.name: getattr(outline, each.name) for each in fields(Reach)}
    for spread in outline.spreads:
        below = reached[spread.name]
        inner_depth = max(below.introspection_depth, below.depth if spread.introspects else 0)
        sums["introspection_fields"] += below.introspection_fields + (below.fields if spread.introspects else 0)
        sums["introspection_depth"] = max(sums["introspection_depth"], inner_depth and spread.depth + inner_depth)
        if not spread.introspects:
            sums["fields"] += below.fields
            sums["depth"] = max(sums["depth"], spread.depth + below.depth)
        sums["aliases"] += below.aliases
        sums["root_fields"] += below.root_fields if spread.depth == 0 else 0
    return Reach(**sums)
