"""Limits of documents: each is refused by name, and an attack costs less to refuse than an innocent query to answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from graphql import DocumentNode, build_schema, get_introspection_query, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ErrorCode, ProbityError
from app.planning.documents import find_largest_merge, measure_document
from app.planning.limits import (
    ANONYMOUS,
    SIGNED_IN,
    DocumentLimits,
    check_limits,
    check_variables,
    estimate_cost,
    parse_document,
)
from app.planning.selection import Selected, SelectionReader

SCHEMA = build_schema(
    """
    type Query { a(x: [[Int]], s: String): Query  b: Int  officers(first: Int, last: Int): Officers
                 officer: Officer  nodes(ids: [ID!]!): [Officer]  node(id: ID!): Officer }
    type Officers { edges: [Edge]  nodes: [Officer]  pageInfo: PageInfo }
    type PageInfo { hasNextPage: Boolean }
    type Edge { node: Officer  cursor: String }
    type Officer { name: String  agency: Agency  stints(first: Int, last: Int): Stints  partners: [Officer] }
    type Stints { nodes: [Stint] }
    type Stint { since: String  agency: Agency }
    type Agency { name: String }
    type Mutation { b: Int }
    """
)


def check(text: str, limits: DocumentLimits = SIGNED_IN) -> DocumentNode:
    document = parse_document(text, limits)
    check_limits(document, limits)
    return document


def refuse(text: str, limits: DocumentLimits = SIGNED_IN) -> ProbityError:
    with pytest.raises(ProbityError) as raised:
        check(text, limits)
    return raised.value


def chain_fragments(length: int, each: str) -> str:
    """Fragments F0 to F`length`, each spreading the next as `each` says; the last asks for one field."""
    links = [f"fragment F{one} on Query {{ {each.format(f'...F{two}')} }}" for one, two in pairwise(range(length + 1))]
    return " ".join(["{ a { ...F0 } }", *links, f"fragment F{length} on Query {{ b }}"])


def nest(depth: int, field: str = "a") -> str:
    return f"{field} {{ " * (depth - 1) + "b" + " }" * (depth - 1)


def repeat(piece: str, count: int) -> str:
    """The piece so many times, with its number where it asks for one."""
    return " ".join(piece.format(number) for number in range(count))


def spread_fragments(count: int, each: str = "b") -> str:
    """A document that spreads so many fragments side by side."""
    spread = repeat("...F{}", count)
    return f"{{ a {{ {spread} }} }} " + " ".join(f"fragment F{n} on Query {{ {each} }}" for n in range(count))


def list_numbers(count: int) -> str:
    return f"{{ a(x: [{repeat('1', count)}]) {{ b }} }}"


# What the limit is called in the refusal, a document that just fits, and one that does not any more.
TOO_MUCH = {
    "4000 characters": ("{ b }" + " " * 3_995, "{ b }" + " " * 3_996),
    "20 deep": ("{ " + "...{ " * 19 + "b" + " }" * 20, "{ " + "...{ " * 20 + "b" + " }" * 21),
    "nests fields more than 7 deep": (f"{{ {nest(7)} }}", f"{{ {nest(8)} }}"),
    "10 aliases": (f"{{ a {{ {repeat('k{}: b', 10)} }} }}", f"{{ a {{ {repeat('k{}: b', 11)} }} }}"),
    "100 fields": (f"{{ a {{ {repeat('f{}', 99)} }} }}", f"{{ a {{ {repeat('f{}', 100)} }} }}"),
    "5 root fields": ("{ b b ...F } fragment F on Query { b b b }", "{ b b ...F } fragment F on Query { b b b b }"),
    "0 commands": ("{ b }", "mutation { b }"),
    "10 directives": (f"{{ b {repeat('@skip(if: false)', 10)} }}", f"{{ b {repeat('@skip(if: false)', 11)} }}"),
    "20 variables": (f"query Q({repeat('$v{}: Int', 20)}) {{ b }}", f"query Q({repeat('$v{}: Int', 21)}) {{ b }}"),
    "10 fragments": (spread_fragments(10), spread_fragments(11)),
    "1 operations": ("query A { b }", "query A { b } query B { b }"),
    "list of more than 20 items": (list_numbers(20), list_numbers(21)),
    "text of more than 200 characters": (f'{{ a(s: "{"x" * 200}") {{ b }} }}', f'{{ a(s: "{"x" * 201}") {{ b }} }}'),
    "63 bytes": (f"{{ {'k' * 63}: b }}", f"{{ {'k' * 64}: b }}"),
    "20 times for one response key": (f"{{ a {{ {repeat('b', 20)} }} }}", f"{{ a {{ {repeat('b', 21)} }} }}"),
}
FOR_EVERYONE = {"20 deep", "63 bytes", "20 times for one response key"}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_document_is_taken_up_to_each_limit_and_refused_by_name_beyond_it(name: str) -> None:
    fits, exceeds = TOO_MUCH[name]
    check(fits, ANONYMOUS)
    refused = refuse(exceeds, ANONYMOUS)
    assert refused.code is ErrorCode.LIMIT_EXCEEDED
    assert name in refused.public_sentence


def test_whoever_is_signed_in_may_ask_for_more() -> None:
    for name in sorted(TOO_MUCH.keys() - FOR_EVERYONE):
        check(TOO_MUCH[name][1], SIGNED_IN)


@pytest.mark.parametrize(("limits", "most"), [(ANONYMOUS, 500), (SIGNED_IN, 2_000)])
def test_tokens_are_counted_before_they_are_parsed(limits: DocumentLimits, most: int) -> None:
    room = replace(limits, list_items=most)
    # Outside the list lie 12 tokens; a comment is none.
    check("#comment\n" + list_numbers(most - 12), room)
    assert f"{most} tokens" in refuse(list_numbers(most - 11), room).public_sentence


def test_one_command_a_request_fits_and_two_do_not() -> None:
    check("mutation { b }")
    assert "1 commands" in refuse("mutation { b x: b }").public_sentence


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (chain_fragments(40, "{0} {0}"), "500 fields"),
        (chain_fragments(40, "a {{ {0} }} a {{ {0} }}"), "deep"),
        (chain_fragments(40, "k: a {{ {0} }}"), "deep"),
        (chain_fragments(40, "...{{ {0} }} ...{{ {0} }}"), "500 fields"),
        ("{ " + "a { " * 3_900 + "b" + " }" * 3_900 + " }", "20 deep"),
        ("{ a(x: " + "[" * 7_000 + "]" * 7_000 + ") { b } }", "20 deep"),
        ("query Q($v: " + "[" * 7_000 + "Int" + "]" * 7_000 + ") { b }", "20 deep"),
        ("{ a { " + "b " * 1_990 + "} }", "500 fields"),
        ("{ a { " + "a { b } " * 240 + "} }", "20 times"),
        ('{ a(s: """' + '\\"""' * 3_900, "2000 tokens"),
        ('{ a(s: "' + "\\" * 15_000, "not GraphQL"),
        ("#" + "\n#" * 7_900, "not GraphQL"),
        ("{ " * 7_900, "20 deep"),
    ],
)
def test_an_attack_is_refused_in_under_fifty_milliseconds(text: str, says: str) -> None:
    limits = replace(SIGNED_IN, characters=100_000)
    spent = []
    for _ in range(3):
        began = time.process_time()
        assert says in refuse(text, limits).public_sentence
        spent.append(time.process_time() - began)
    assert min(spent) < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "{ a { " + " ".join(f"k{n}: a {{ {'b ' * 18}}}" for n in range(25)) + " } }",
        "{ a { " + " ".join(f"k{n}: a {{ {nest(3)} {nest(3)} {nest(3)} {nest(3)} }}" for n in range(28)) + " } }",
        "{ a { " + "a { a { b } } " * 20 + " } }",
        spread_fragments(20, "a { b a { b } }"),
        chain_fragments(49, "{0}"),
    ],
)
def test_the_most_repetitive_documents_that_fit_are_validated_soon(text: str) -> None:
    document = check(text)
    began = time.process_time()
    assert validate(SCHEMA, document) == []
    assert time.process_time() - began < 0.25


@pytest.mark.parametrize(
    "text",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ b } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % 40} }}" for n in range(40)),
        "{ ...A } fragment A on Query { b } fragment A on Query { b }",
        "{ ...A }",
        "{ b } fragment A on Query { b }",
        "{ a { } }",
        "fragment A on Query { b }",
        "type Query { b: Int }",
        "{ b } extend type Query { c: Int }",
        '{ a(s: "\\u0000") { b } }',
        'query Q($s: String = "\\u0000") { a(s: $s) { b } }',
    ],
)
def test_a_document_that_has_no_size_is_refused_as_invalid(text: str) -> None:
    assert refuse(text).code is ErrorCode.DOCUMENT_INVALID


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{ b ", "line 1, column 5"),
        ("{\n  b\n  secretvalue(: 1)\n}", "line 3, column 15"),
        ("{ b } }", "line 1, column 7"),
        ("", "line 1, column 1"),
        ('{ a(s: "secretvalue) }', "line 1, column 23"),
        ("query ($x: Int = $secretvalue) { b }", "line 1, column 18"),
    ],
)
def test_a_syntax_error_tells_its_place_and_nothing_of_the_text(text: str, place: str) -> None:
    refused = refuse(text)
    assert refused.code is ErrorCode.DOCUMENT_INVALID
    assert refused.public_sentence == f"the document is not GraphQL at {place}"


@pytest.mark.parametrize("limits", [ANONYMOUS, SIGNED_IN])
def test_the_introspection_of_tools_fits(limits: DocumentLimits) -> None:
    document = check(get_introspection_query(), limits)
    assert validate(SCHEMA, document) == []


def test_introspection_is_bounded_even_through_fragments() -> None:
    spread = "{ ...S } fragment S on Query { __schema { types { ...T } } } "
    deep = "fragment T on __Type { " + nest(17, "ofType").replace("b", "name") + " }"
    assert "introspection nests" in refuse(spread + deep).public_sentence
    wide = "fragment T on __Type { " + " ".join(f"...T{n}" for n in range(30)) + " } "
    wide += " ".join(f"fragment T{n} on __Type {{ {'name ' * 17}}}" for n in range(30))
    assert "introspection asks" in refuse(spread + wide).public_sentence


# Documents whose every fragment has one use or more, by construction, for comparing with the expanded truth.
@st.composite
def draw_documents(draw: st.DrawFn) -> str:
    count = draw(st.integers(0, 4))

    def draw_selections(level: int, nesting: int) -> str:
        choices = ["b", "key: b", "__typename"]
        choices += [f"...F{n}" for n in range(level + 1, count)]
        parts = draw(st.lists(st.sampled_from(choices), min_size=1, max_size=3))
        if nesting < 3 and draw(st.booleans()):
            inner = draw_selections(level, nesting + 1)
            parts.append(draw(st.sampled_from(["a", "k: a", "...", "... on Query"])) + f" {{ {inner} }}")
        return " ".join(parts)

    spreads = " ".join(f"...F{n}" for n in range(count))
    fragments = [f"fragment F{n} on Query {{ {draw_selections(n, 0)} }}" for n in range(count)]
    return " ".join([f"{{ {spreads} a {{ {draw_selections(-1, 0)} }} }}", *fragments])


def expand(selections: Any, fragments: Any, depth: int = 1) -> list[tuple[int, bool]]:
    """Depth and aliasing of every field, with each fragment written out wherever it is spread."""
    found: list[tuple[int, bool]] = []
    for node in selections.selections:
        if node.kind == "field":
            found.append((depth, node.alias is not None))
            found += expand(node.selection_set, fragments, depth + 1) if node.selection_set else []
        elif node.kind == "inline_fragment":
            found += expand(node.selection_set, fragments, depth)
        else:
            found += expand(fragments[node.name.value], fragments, depth)
    return found


@settings(max_examples=150)
@given(draw_documents())
def test_what_is_measured_is_what_expanding_would_find(text: str) -> None:
    document = parse(text)
    operation, *defined = document.definitions
    fragments = {each.name.value: each.selection_set for each in defined}  # type: ignore[attr-defined]
    every = expand(operation.selection_set, fragments)  # type: ignore[attr-defined]
    size = measure_document(document)
    assert size.fields == len(every)
    assert size.depth == max(depth for depth, _ in every)
    assert size.aliases == sum(has_alias for _, has_alias in every)
    assert size.root_fields == sum(depth == 1 for depth, _ in every)


def test_fields_of_one_response_key_are_counted_across_fragments_and_parents() -> None:
    text = "{ a { b } ...F a { ... { b } x: b } } fragment F on Query { a { b b } }"
    assert find_largest_merge(parse(text)) == 4


@pytest.mark.parametrize(
    ("variables", "limits", "says"),
    [
        ({"ids": ["x"] * 21}, ANONYMOUS, "20 items"),
        ({"ids": ["x"] * 101}, SIGNED_IN, "100 items"),
        ({"where": {"name": "x" * 201}}, ANONYMOUS, "200 characters"),
        ({"input": {"texts": ["x" * 10_001]}}, SIGNED_IN, "10000 characters"),
    ],
)
def test_variables_are_bounded_wherever_they_lie(variables: dict[str, Any], limits: DocumentLimits, says: str) -> None:
    with pytest.raises(ProbityError) as raised:
        check_variables(variables, limits)
    assert raised.value.code is ErrorCode.LIMIT_EXCEEDED
    assert says in raised.value.public_sentence


def test_variables_within_bounds_are_taken() -> None:
    others = {"whole": 1, "fraction": 1.5, "flag": True, "nothing": None}
    check_variables({"ids": ["x"] * 20, "where": {"name": "x" * 200, **others}}, ANONYMOUS)


def select(text: str, variables: dict[str, Any] | None = None) -> Sequence[Selected]:
    document = parse(text)
    operation: Any = document.definitions[0]
    return SelectionReader(schema=SCHEMA, fragments={}, variables=variables or {}).read(operation)


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ b __typename }", 0),
        ("{ officer { name } }", 1),
        ("{ officer { name agency { name } } }", 2),
        ("{ officers(first: 10) { nodes { name } } }", 10),
        ("{ officers(last: 10) { edges { cursor node { name } } pageInfo { hasNextPage } } }", 10),
        ("{ officers(first: 10) { nodes { agency { name } } } }", 20),
        ("{ officers(first: 10) { nodes { stints(first: 5) { nodes { since agency { name } } } } } }", 110),
        ("{ x: officers(first: 10) { nodes { name } } y: officers(first: 10) { nodes { name } } }", 20),
        ("query Q($n: Int) { officers(first: $n) { nodes { name } } }", 7),
        ('{ nodes(ids: ["a", "b", "c"]) { name agency { name } } }', 6),
        ('{ node(id: "a") { name } }', 1),
        ("{ officers(first: -5) { nodes { name } } }", 1),
        ("{ officers(first: 100) { nodes { stints(first: 100) { nodes { since } } } } }", 10_100),
    ],
)
def test_the_cost_of_a_query_is_the_number_of_objects_it_can_ask_for(text: str, cost: int) -> None:
    assert estimate_cost(select(text, {"n": 7})) == cost
