"""Documents answered by graphql-core's own executor over plain Python objects: slow, simple, and none of our compiler.

What it gives for a document must be what a compiled plan gives, keys in the same order.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync, parse

from tests.properties.oracle import Line
from tests.properties.plain_registry import Item, PlainRegistry, Rows

ROOT_LISTS = {
    "agencies": ("agency", "name", False),
    "officers": ("officer", "familyName", False),
    "outcomes": ("outcome", "actionDate", True),
    "candidateChecks": ("candidate_check", "openedAt", True),
}
OWN_LISTS = {
    "outcomes": ("outcome", "actionDate", True),
    "consents": ("consent", "grantedAt", True),
    "notices": ("notice", "createdAt", True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a connection."""

    rows: Sequence[Item]
    total: int
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge of a connection."""

    node: Item


@dataclass(frozen=True, slots=True)
class Whole:
    """The viewer or the officer's own page."""

    type_name: str


class PlainAnswers:
    """Answers documents under one contract, for one asker."""

    def __init__(self, plain: PlainRegistry, sdl: str) -> None:
        self.plain = plain
        self._schema: GraphQLSchema = build_schema(sdl)
        self._by_id = {}
        for line in plain.oracle.world.by_id.values():
            if line["kind"] in {"agency", "officer", "stint", "certification", "outcome", "candidate_check", "consent",
                                "notice", "grant"}:  # fmt: skip
                self._by_id[plain.wrap(line).values["id"]] = line

    def answer(self, text: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The `data` of a document; a fault of the executor fails the test that asked."""
        result = execute_sync(
            self._schema,
            parse(text),
            variable_values=dict(variables or {}),
            field_resolver=self._resolve,
            type_resolver=lambda item, *_: item.type_name,
        )
        if result.errors:
            raise result.errors[0]
        return result.data

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        name = info.field_name
        if source is None:
            return self._start(name, given)
        if isinstance(source, Page):
            return self._show_page(source, name)
        if isinstance(source, Edge):
            return source.node if name == "node" else make_cursor(source.node)
        if isinstance(source, dict):
            return source[name]
        if isinstance(source, Whole):
            return self._show_whole(source, name, given)
        value = self.plain.read(source, name)
        return self._list(value, given) if isinstance(value, Rows) else value

    def _start(self, name: str, given: Mapping[str, Any]) -> Any:
        if name in {"viewer", "me"}:
            return Whole({"viewer": "Viewer", "me": "Me"}[name])
        if name in ROOT_LISTS:
            kind, order, descending = ROOT_LISTS[name]
            return self._list(Rows(items=self.plain.list_visible(kind), order=order, descending=descending), given)
        if name == "nodes":
            return [self.plain.find(self._by_id.get(each)) for each in given["ids"]]
        if name == "agency":
            lines = self.plain.oracle.world.by_kind["agency"]
            return next((self.plain.find(line) for line in lines if given["ori"] in line["oris"]), None)
        found = self.plain.find(self._by_id.get(given["id"]))
        wanted = {"officer": "Officer", "outcome": "Outcome", "candidateCheck": "CandidateCheck"}.get(name)
        return found if found is not None and wanted in {None, found.type_name} else None

    def _show_whole(self, whole: Whole, name: str, given: Mapping[str, Any]) -> Any:
        asker, world = self.plain.oracle.asker, self.plain.oracle.world
        if whole.type_name == "Viewer":
            if name == "agency":
                return self.plain.find(world.by_id.get(asker.agency or ""))
            facts = {
                "account": asker.account or None,
                "role": asker.role,
                "purpose": asker.purpose,
                "stateCode": asker.state,
            }
            return facts[name]
        if name == "record":
            return self.plain.find(world.by_id.get(asker.officer or ""))
        kind, order, descending = OWN_LISTS[name]
        own = [item for item in self.plain.list_visible(kind) if item.line.get("officer") == asker.officer]
        return self._list(Rows(items=own, order=order, descending=descending), given)

    def _list(self, rows: Rows, given: Mapping[str, Any]) -> Page:
        order, descending = rows.order, rows.descending
        if given.get("orderBy"):
            first, *others = given["orderBy"]["field"].lower().split("_")
            order = first + "".join(map(str.capitalize, others))
            descending = given["orderBy"]["direction"] == "DESC"
        elif rows.items and order not in self._schema.type_map[rows.items[0].type_name].fields:  # type: ignore[attr-defined]
            # What the caller can never read does not sort his lists either.
            order, descending = "id", False
        kept = [item for item in rows.items if self._fits(item, given.get("filter") or {}) is True]
        kept.sort(key=functools.partial(self._sort, order), reverse=descending)
        return cut_page(kept, given)

    def _sort(self, field: str, item: Item) -> tuple[bool, Any, str]:
        value = self.plain.read(item, field)
        stand_in: Any = 0 if field == "swornCount" else ""
        return value is None, stand_in if value is None else value, item.line["id"]

    def _fits(self, item: Item, wanted: Line) -> bool | None:
        """Kleene's logic: a comparison with what is hidden or absent is neither true nor false."""
        results: list[bool | None] = []
        for name, member in wanted.items():
            if member is None:
                continue
            if name == "and":
                results.append(all_of([self._fits(item, each) for each in member]))
            elif name == "or":
                results.append(any_of([self._fits(item, each) for each in member]))
            elif name == "not":
                inner = self._fits(item, member)
                results.append(None if inner is None else not inner)
            else:
                results.append(compare(self.plain.read(item, name), member))
        return all_of(results)

    def _show_page(self, page: Page, name: str) -> Any:
        if name == "nodes":
            return page.rows
        if name == "edges":
            return [Edge(each) for each in page.rows]
        if name == "totalCount":
            return page.total
        return {
            "hasNextPage": page.has_next,
            "hasPreviousPage": page.has_previous,
            "startCursor": make_cursor(page.rows[0]) if page.rows else None,
            "endCursor": make_cursor(page.rows[-1]) if page.rows else None,
        }


def make_cursor(item: Item) -> str:
    """The cursor of a row."""
    return base64.b64encode(UUID(item.line["id"]).bytes).decode()


def cut_page(rows: Sequence[Item], given: Mapping[str, Any]) -> Page:
    """The page that a window asks for."""
    backwards = given.get("last") is not None
    size, cursor = (given["last"], given.get("before")) if backwards else (given["first"], given.get("after"))
    marks = [make_cursor(item) for item in rows]
    if cursor is not None and cursor not in marks:
        return Page(rows=[], total=len(rows), has_next=False, has_previous=False)
    if backwards:
        end = len(rows) if cursor is None else marks.index(cursor)
        start = max(0, end - size)
        return Page(rows=rows[start:end], total=len(rows), has_next=cursor is not None, has_previous=start > 0)
    start = 0 if cursor is None else marks.index(cursor) + 1
    page = rows[start : start + size]
    return Page(rows=page, total=len(rows), has_next=start + size < len(rows), has_previous=cursor is not None)


def compare(value: Any, member: Line) -> bool | None:
    """Whether a value fits every operator of a comparison."""
    tests = {
        "eq": lambda wanted: value == wanted,
        "in": lambda wanted: value in wanted,
        "from": lambda wanted: value >= wanted,
        "to": lambda wanted: value <= wanted,
        "startsWith": lambda wanted: value.startswith(wanted),
    }
    given = {name: wanted for name, wanted in member.items() if wanted is not None}
    # Membership of an empty list is false even of what is not known.
    return all_of(
        [False if wanted == [] else None if value is None else tests[name](wanted) for name, wanted in given.items()]
    )


def all_of(results: Sequence[bool | None]) -> bool | None:
    """Conjunction."""
    if False in results:
        return False
    return None if None in results else True


def any_of(results: Sequence[bool | None]) -> bool | None:
    """Disjunction."""
    if True in results:
        return True
    return None if None in results else False
