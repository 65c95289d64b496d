"""How large a document and its variables may be, for anonymous and for signed-in callers.

Everything here is checked before validation and planning see the document; a refusal names the limit and no value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import DocumentNode, GraphQLSyntaxError, parse

from app.errors import ErrorCode, ProbityError
from app.planning.documents import DocumentSize, find_largest_merge, measure_document
from app.planning.selection import Given, Selected

# The tokens of GraphQL (section 2.1.6); what fits none of them is left to the parser to refuse. Possessive, so that no
# text makes the search go back.
_TOKEN: Final = re.compile(
    r'(?P<skip>\#[^\n\r]*+)|(?P<open>[{\[(])|(?P<close>[}\])])|"""(?:\\"""|[^"]|"(?!""))*+"""'
    r'|"(?:[^"\\\n\r]|\\.)*+"|\.\.\.|[_A-Za-z][_0-9A-Za-z]*+|-?[0-9][0-9.eE+-]*+|[!$&:=@|]'
)
# Wrappers of a connection: they hold what was asked for and are none of it.
_WRAPPERS: Final = frozenset({"edges", "node", "nodes", "pageInfo", "rows"})
# Parts of one figure, computed with it.
_FIGURES: Final = frozenset({"Spread", "SwornRate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """The largest document that is looked at, and the largest cost that is planned.

    `nesting` counts brackets of all kinds as written; `fields`, `aliases` and depths count fragments as often as they
    are spread. `introspection_*` take the place of `fields` and `depth` below `__schema` and `__type`. `merged_fields`
    bounds how many fields may share one response key in one place.
    """

    characters: int
    tokens: int
    depth: int
    aliases: int
    fields: int
    root_fields: int
    mutation_root_fields: int
    directives: int
    variables: int
    fragments: int
    operations: int
    list_items: int
    string_characters: int
    cost: int
    nesting: int = 20
    key_bytes: int = 63
    merged_fields: int = 20
    introspection_depth: int = 16
    introspection_fields: int = 500


ANONYMOUS: Final = DocumentLimits(
    characters=4_000,
    tokens=500,
    depth=7,
    aliases=10,
    fields=100,
    root_fields=5,
    mutation_root_fields=0,
    directives=10,
    variables=20,
    fragments=10,
    operations=1,
    list_items=20,
    string_characters=200,
    cost=500,
)
SIGNED_IN: Final = DocumentLimits(
    characters=16_000,
    tokens=2_000,
    depth=12,
    aliases=30,
    fields=500,
    root_fields=10,
    mutation_root_fields=1,
    directives=20,
    variables=50,
    fragments=50,
    operations=10,
    list_items=100,
    string_characters=10_000,
    cost=2_000,
)


def parse_document(text: str, limits: DocumentLimits) -> DocumentNode:
    """Parse a document; raises `LIMIT_EXCEEDED`, or `DOCUMENT_INVALID` with the position and nothing of the text."""
    if len(text) > limits.characters:
        raise _exceed("the document has more than {} characters", limits.characters)
    _check_tokens(text, limits)
    try:
        return parse(text, no_location=True, max_lexical_tokens=limits.tokens)
    except GraphQLSyntaxError as error:
        place = error.locations[0] if error.locations else None
    where = f" at line {place.line}, column {place.column}" if place else ""
    raise ProbityError(ErrorCode.DOCUMENT_INVALID, f"the document is not GraphQL{where}")


def check_limits(document: DocumentNode, limits: DocumentLimits) -> None:
    """Refuse a parsed document that is too large in any way (`LIMIT_EXCEEDED`) or has no size (`DOCUMENT_INVALID`)."""
    size = measure_document(document)
    for measured, most, sentence in _compare(size, limits):
        if measured > most:
            raise _exceed(sentence, most)
    # INVARIANT: only once the expanded fields are known to be few; here they are visited one by one.
    if find_largest_merge(document) > limits.merged_fields:
        raise _exceed("the document asks more than {} times for one response key in one place", limits.merged_fields)


def check_variables(variables: Mapping[str, Any], limits: DocumentLimits) -> None:
    """Refuse variables that hold too long a list or text; raises `LIMIT_EXCEEDED`."""
    pending: list[Any] = list(variables.values())
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if len(value) > limits.string_characters:
                raise _exceed("the variables hold a text of more than {} characters", limits.string_characters)
        # Of JSON, or as a test gives them: what is a container is one of these.
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list | tuple):
            if len(value) > limits.list_items:
                raise _exceed("the variables hold a list of more than {} items", limits.list_items)
            pending.extend(value)


def estimate_cost(selected: Sequence[Selected]) -> int:
    """How many objects the selection can ask for at most, as far as its page sizes say.

    An object costs 1 and each of its lists its page size (`first`, `last`, the number of `ids`), times what lies below;
    leaves, figures and the wrappers of a connection cost nothing. A list without a page size counts as one object.
    """
    return sum(_estimate_field(each) for each in selected)


def _estimate_field(asked: Selected) -> int:
    if asked.below.keys() <= _FIGURES:
        return 0
    below = max(estimate_cost(each) for each in asked.below.values())
    if asked.name in _WRAPPERS and not asked.arguments:
        return below
    return _read_page_size(asked.arguments) * (1 + below)


def _read_page_size(arguments: Mapping[str, Given]) -> int:
    sizes = [arguments[name].value for name in ("first", "last") if name in arguments]
    if "ids" in arguments and isinstance(arguments["ids"].value, Sequence):
        sizes.append(len(arguments["ids"].value))
    return max((size for size in sizes if isinstance(size, int) and size > 0), default=1)


def _check_tokens(text: str, limits: DocumentLimits) -> None:
    tokens = nesting = 0
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "skip":
            continue
        tokens += 1
        nesting += (token.lastgroup == "open") - (token.lastgroup == "close")
        if tokens > limits.tokens:
            raise _exceed("the document has more than {} tokens", limits.tokens)
        if nesting > limits.nesting:
            raise _exceed("the document nests brackets more than {} deep", limits.nesting)


def _compare(size: DocumentSize, limits: DocumentLimits) -> Iterable[tuple[int, int, str]]:
    return (
        (size.operations, limits.operations, "the document has more than {} operations"),
        (size.fragments, limits.fragments, "the document has more than {} fragments"),
        (size.variables, limits.variables, "the document has more than {} variables"),
        (size.directives, limits.directives, "the document has more than {} directives"),
        (size.nesting, limits.nesting, "the document nests brackets more than {} deep"),
        (size.longest_key, limits.key_bytes, "the document has a response key of more than {} bytes"),
        (size.longest_list, limits.list_items, "the document holds a list of more than {} items"),
        (size.longest_string, limits.string_characters, "the document holds a text of more than {} characters"),
        (size.depth, limits.depth, "the document nests fields more than {} deep"),
        (size.introspection_depth, limits.introspection_depth, "introspection nests fields more than {} deep"),
        (size.root_fields, limits.root_fields, "the document has more than {} root fields"),
        (size.mutation_root_fields, limits.mutation_root_fields, "the document has more than {} commands"),
        (size.aliases, limits.aliases, "the document has more than {} aliases"),
        (size.fields, limits.fields, "the document asks for more than {} fields"),
        (size.introspection_fields, limits.introspection_fields, "introspection asks for more than {} fields"),
    )


def _exceed(sentence: str, most: int) -> ProbityError:
    return ProbityError(ErrorCode.LIMIT_EXCEEDED, sentence.format(most) + "; ask for less at once")
