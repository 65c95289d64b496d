"""Documents answered by graphql-core's own executor over stored rows: slow, simple, and none of our compiler.

What it gives for a document must be what a compiled plan gives, keys in the same order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync, parse

from tests.analysis.drawn_facts import Facts
from tests.properties.stored_figures import tell_figures, translate
from tests.properties.stored_lists import Lister, Page
from tests.properties.stored_objects import Stored, make_cursor, show
from tests.properties.stored_registry import ROOTS, Rows, StoredRegistry
from tests.properties.stored_standing import Standings

_BY_ID = {
    "officer": "Officer",
    "outcome": "Outcome",
    "candidateCheck": "CandidateCheck",
    "export": "Export",
    "node": None,
}


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge of a connection."""

    node: Stored


@dataclass(frozen=True, slots=True)
class Whole:
    """The viewer, the officer's own page, or what figures are asked of: no row of its own."""

    type_name: str


class StoredAnswers:
    """Answers documents under one contract, for one asker."""

    def __init__(self, standings: Standings, sdl: str, valued: Counter[str]) -> None:
        self.registry = StoredRegistry(standings)
        # Fields that were told with a value, by coordinate.
        self._valued = valued
        self._schema: GraphQLSchema = build_schema(sdl)
        shown = {
            f"{name}.{each}" for name, found in self._schema.type_map.items() for each in getattr(found, "fields", ())
        }
        self._lister = Lister(registry=self.registry, shown=shown)

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

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        found = self._find(source, info.field_name, given)
        if found not in (None, [], ""):
            self._valued[f"{info.parent_type.name}.{info.field_name}"] += 1
        if isinstance(found, Rows):
            return self._lister.cut(found, given) if {"first", "last"} & given.keys() else self._lister.list_all(found)
        return show(found)

    def _find(self, source: Any, name: str, given: Mapping[str, Any]) -> Any:
        moment = read_moment(given)
        if source is None:
            return self._start(name, given, moment)
        if isinstance(source, Page):
            return _show_page(source, name)
        if isinstance(source, Edge):
            return source.node if name == "node" else make_cursor(source.node.identity)
        if isinstance(source, Mapping):
            return source[name]
        if isinstance(source, Whole):
            return self._show_whole(source, name, given, moment)
        if (source.type_name, name) == ("Disclosure", "items"):
            return self.registry.list_disclosed(source) if self.registry.reads(source, name) else None
        return self.registry.read(source, name, moment)

    def _start(self, name: str, given: Mapping[str, Any], moment: datetime | None) -> Any:
        if name in {"viewer", "me", "statistics"}:
            return Whole(name.capitalize())
        if name in ROOTS:
            return self.registry.list_root(name, moment)
        if name == "nodes":
            return [self.registry.find_by_id(each) for each in given["ids"]]
        if name == "agency":
            return self.registry.find("Agency", self.registry.find_agency_row(given["ori"]))
        if name == "grantEligibility":
            return self.registry.find_eligibility(given["ori"])
        return self.registry.find_by_id(given["id"], _BY_ID[name], moment)

    def _show_whole(self, whole: Whole, name: str, given: Mapping[str, Any], moment: datetime | None) -> Any:
        if whole.type_name == "Statistics":
            return tell_figures(self._counted, name, given)
        return self._show_viewer(name) if whole.type_name == "Viewer" else self.registry.list_own(name, moment)

    @cached_property
    def _counted(self) -> Facts:
        return translate(self.registry.standings.facts)

    def _show_viewer(self, name: str) -> Any:
        asker, facts = self.registry.standings.asker, self.registry.standings.facts
        if name == "agency":
            rows = facts.by_id["registry.agencies"]
            return self.registry.find("Agency", rows.get(asker.agency_id) if asker.agency_id else None)
        if name == "body":
            rows = facts.by_id["registry.credentialing_bodies"]
            return self.registry.find("CredentialingBody", rows.get(asker.body_id) if asker.body_id else None)
        known = {
            "account": asker.account or None,
            "role": str(asker.role),
            "purpose": str(asker.purpose),
            "stateCode": asker.state_code,
        }
        return known[name]


def read_moment(given: Mapping[str, Any]) -> datetime | None:
    """The moment as of which something is asked."""
    told = given.get("asOf")
    return None if told is None else datetime.fromisoformat(told)


def _show_page(page: Page, name: str) -> Any:
    if name == "nodes":
        return page.rows
    if name == "edges":
        return [Edge(each) for each in page.rows]
    if name == "totalCount":
        return page.total
    return {
        "hasNextPage": page.has_next,
        "hasPreviousPage": page.has_previous,
        "startCursor": make_cursor(page.rows[0].identity) if page.rows else None,
        "endCursor": make_cursor(page.rows[-1].identity) if page.rows else None,
    }
