"""Arguments drawn at random: pages, cursors, ids, filters, orders, moments, as literals or in variables.

Values are mostly those of stored rows, so that comparisons hold for some and fail for others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from tests.analysis.plain_figures import SPREADS
from tests.properties.stored_objects import encode_id, make_cursor

MOST_HOPS = 3
NOWHERE = UUID("00000000-0000-4000-8000-000000000000")
NO_IDS = ("", "x", "T2ZmaWNlcjo=", "T2ZmaWNlcjp4eXo=", "Officer:00000000-0000-4000-8000-000000000000")
TEXTS = ("", "A", "W", "D", "WA", "%", "_", "drawn", "Drawn Police Department 1", "O'Brien \\ \u00e9")
STATES = ("WA", "OR", "NH", "W", "")
LOGIC = frozenset({"and", "or", "not"})


def strip(type_: Any) -> Any:
    """A type without its lists and marks."""
    while hasattr(type_, "of_type"):
        type_ = type_.of_type
    return type_


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What may be asked of: ids of rows by type, cursors by type, values by type and field, moments, ORIs."""

    ids: Mapping[str, Sequence[UUID]]
    seen: Mapping[str, Sequence[UUID]]
    cursors: Mapping[str, Sequence[str]]
    values: Callable[[str, str, Random], Any]
    moments: Sequence[str]
    oris: Sequence[str]


@dataclass
class InputDrawer:
    """Draws the inputs of one document; what is put in variables is declared here."""

    random: Random
    known: Known
    asked: Counter[str]
    # Names (`first` or `Type.first`) of fields, arguments, members and values that are to be drawn far more often.
    focus: frozenset[str] = frozenset()
    declared: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    grouped: Sequence[str] = ()
    _at: str = ""

    def draw_arguments(self, definitions: Mapping[str, Any], size: int, target: str, at: str) -> list[str]:
        """The arguments, as written, of the field `at` (`Type.field`) that leads to objects of type `target`."""
        self._at = at
        given: dict[str, Any] = {}
        if "groupBy" in definitions:
            given = self._draw_tally(definitions)
        elif "first" in definitions:
            given = self._draw_window(target, size)
        for name, definition in definitions.items():
            if name in {"first", "after", "last", "before"} or "groupBy" in definitions:
                continue
            drawn = self._draw_argument(name, definition, target)
            if drawn is not None:
                given[name] = drawn
            elif self.random.random() < 0.06 and not isinstance(definition.type, GraphQLNonNull):
                given[name] = None
        return [f"{name}: {self._write(value, definitions[name].type, 0.3)}" for name, value in given.items()]

    def spell_condition(self, value: bool) -> str:
        """What a directive depends on: a literal, a variable, or a variable's default."""
        kind = self.random.random()
        if kind < 0.3:
            return "true" if value else "false"
        if kind < 0.8:
            return self._declare("Boolean!", value)
        name = self._declare(f"Boolean! = {json.dumps(value)}", value)
        del self.values[name[1:]]
        return name

    def _draw_argument(self, name: str, definition: Any, target: str) -> Any:
        if name == "ids":
            return self._draw_ids()
        if name == "id":
            return self._draw_id(target if target in self.known.ids and self.random.random() < 0.9 else None)
        if name == "ori":
            return self.random.choice(self.known.oris)
        if name == "asOf":
            return self.random.choice(self.known.moments) if self._wants(name, 0.4) else None
        if not self._wants(name, 0.55):
            return None
        type_ = strip(definition.type)
        return self.draw_filter(type_, 0, 0) if name == "filter" else self._draw_order(type_)

    def _wants(self, name: str, chance: float) -> bool:
        """Whether an argument is to be given: nearly always while it never was."""
        is_due = name in self.focus or not (self.focus or self.asked[f"{self._at}({name}:)"])
        return self.random.random() < (0.9 if is_due else chance)

    def _draw_window(self, target: str, size: int) -> dict[str, Any]:
        backwards = self._wants("last", 0.4)
        given: dict[str, Any] = {"last" if backwards else "first": self.random.randint(0, size)}
        cursors = self.known.cursors.get(target, ())
        if self._wants("before" if backwards else "after", 0.35):
            key = self.random.choice(self.known.ids.get(target) or [NOWHERE])
            cursor = self.random.choice(cursors) if cursors and self.random.random() < 0.8 else make_cursor(key)
            if self.random.random() < 0.05:
                cursor = make_cursor(NOWHERE)
            given["before" if backwards else "after"] = cursor
        elif self.random.random() < 0.1:
            given[self.random.choice(("after", "before", "first" if backwards else "last"))] = None
        return given

    def _draw_id(self, kind: str | None) -> str:
        if self.random.random() < 0.06:
            return self.random.choice(NO_IDS)
        kinds = [kind] if kind else list(self.known.ids)
        name = self.random.choice(kinds)
        pool = self.known.seen.get(name) if self.random.random() < 0.6 else None
        key = self.random.choice(pool or self.known.ids[name] or [NOWHERE])
        if self.random.random() < 0.06:
            key = NOWHERE
        if self.random.random() < 0.06:
            name = self.random.choice(list(self.known.ids))
        return encode_id(name, key)

    def _draw_ids(self) -> list[str]:
        found = [self._draw_id(None) for _ in range(self.random.randint(0, 6))]
        if found and self.random.random() < 0.4:
            found.insert(self.random.randrange(len(found)), self.random.choice(found))
        return found

    def _draw_order(self, type_: GraphQLInputObjectType) -> Any:
        fields = strip(type_.fields["field"].type)
        given = {"field": self._prefer(fields.name, list(fields.values))}
        if self.random.random() < 0.75:
            given["direction"] = self._prefer("Direction", ["ASC", "DESC"])
        return given

    def draw_filter(self, type_: GraphQLInputObjectType, depth: int, hops: int) -> dict[str, Any]:
        """A filter object: members of the row, members of rows around it, and logic over them."""
        members = [
            name
            for name, each in type_.fields.items()
            if name not in LOGIC and (hops < MOST_HOPS or not _is_related(strip(each.type)))
        ]
        given: dict[str, Any] = {}
        due = {name: self._count_due(strip(type_.fields[name].type)) for name in members}
        for _ in range(self.random.choice((1, 1, 1, 2))):
            name = self._prefer(type_.name, members, due)
            given[name] = self._draw_member(type_, name, depth, hops)
        is_due = self.focus & LOGIC or not (self.focus or all(self.asked[f"{type_.name}.{each}"] for each in LOGIC))
        if depth < 3 and self.random.random() < (0.9 if is_due else 0.45):
            logic = self._prefer(type_.name, ["and", "or", "not"])
            if logic == "not":
                given[logic] = self.draw_filter(type_, depth + 1, hops)
            else:
                given[logic] = [
                    self.draw_filter(type_, depth + 1, hops) for _ in range(self.random.choice((0, 1, 2, 2)))
                ]
            if self.random.random() < 0.6:
                given = {logic: given[logic]}
        if self.random.random() < 0.03:
            given[self.random.choice(members)] = None
        return given

    def _draw_member(self, owner: GraphQLInputObjectType, name: str, depth: int, hops: int) -> Any:
        type_ = strip(owner.fields[name].type)
        if type_.name.endswith("Quantifier"):
            quantifiers = (
                ["some", "none"] if self.random.random() < 0.15 else [self._prefer(type_.name, ["some", "none"])]
            )
            inner = strip(type_.fields["some"].type)
            return {each: self.draw_filter(inner, depth + 1, hops + 1) for each in quantifiers}
        if "and" in type_.fields:
            return self.draw_filter(type_, depth + 1, hops + 1)
        operators = list(type_.fields)
        count = 2 if len(operators) > 1 and self.random.random() < 0.15 else 1
        given: dict[str, Any] = {}
        for _ in range(count):
            operator = self._prefer(type_.name, operators)
            given[operator] = self._draw_compared(owner.name.removesuffix("Filter"), name, type_.fields[operator].type)
        return given if self.random.random() > 0.02 else {}

    def _draw_compared(self, owner: str, name: str, type_: Any) -> Any:
        bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(bare, GraphQLList):
            return [self._draw_value(owner, name, strip(bare)) for _ in range(self.random.choice((0, 1, 2, 3)))]
        return self._draw_value(owner, name, strip(bare))

    def _draw_value(self, owner: str, name: str, type_: Any) -> Any:
        stored = self.known.values(owner, name, self.random)
        if isinstance(stored, list):
            stored = self.random.choice(stored) if stored else None
        if stored is not None and self.random.random() < 0.75:
            if isinstance(stored, str) and type_.name == "String" and self.random.random() < 0.3:
                return stored[: self.random.randint(1, 4)]
            return stored
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(list(type_.values))
        match type_.name:
            case "Boolean":
                return self.random.random() < 0.5
            case "Int":
                return self.random.choice((0, 1, 2, 4, 2018, 2023, 2024, 2025, 2026))
            case "DateTime":
                return self.random.choice(self.known.moments)
            case "Date":
                return self.random.choice(self.known.moments)[:10]
            case "ORI":
                return self.random.choice(self.known.oris)
        return self.random.choice(STATES if "tate" in name else TEXTS)

    def _draw_tally(self, definitions: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of figures: what groups are made of, what is measured, kept and sorted by."""
        dimensions, measures = (strip(definitions[name].type) for name in ("groupBy", "measures"))
        count = self.random.choice((0, 1, 1, 2, 3))
        groups = list(dict.fromkeys(self._prefer(dimensions.name, list(dimensions.values)) for _ in range(count)))
        self.grouped = [_spell(each) for each in groups]
        given: dict[str, Any] = {"first": self.random.choice((0, 3, 40, 1000))}
        if groups or self.random.random() < 0.5:
            given["groupBy"] = groups
        named = [self._prefer(measures.name, list(measures.values)) for _ in range(self.random.randint(1, 4))]
        if self.random.random() < 0.5:
            given["measures"] = list(dict.fromkeys(named))
        if self.random.random() < 0.55:
            given["filter"] = self.draw_filter(strip(definitions["filter"].type), 1, MOST_HOPS)
        if self.random.random() < 0.3:
            given["having"] = [self._draw_having(self._prefer(measures.name, list(measures.values)))]
        if self.random.random() < 0.5:
            given["orderBy"] = [self._draw_tally_order(groups, measures) for _ in range(self.random.choice((1, 1, 2)))]
        return given

    def _draw_having(self, measure: str) -> dict[str, Any]:
        ends = {name: self.random.choice((0, 1, 2, 5, 40, 200.5)) for name in self.random.sample(["from", "to"], 1)}
        return {**self._name_figure(measure), **ends}

    def _draw_tally_order(self, groups: Sequence[str], measures: GraphQLEnumType) -> dict[str, Any]:
        if groups and self.random.random() < 0.5:
            named: dict[str, Any] = {"dimension": self.random.choice(groups)}
        else:
            named = self._name_figure(self._prefer(measures.name, list(measures.values)))
        return {
            **named,
            **({"direction": self._prefer("Direction", ["ASC", "DESC"])} if self.random.random() < 0.6 else {}),
        }

    def _name_figure(self, measure: str) -> dict[str, Any]:
        statistics = ["KNOWN", "MEAN", "P10", "P25", "P50", "P75", "P90"]
        told = {"statistic": self._prefer("Statistic", statistics)} if _spell(measure) in SPREADS else {}
        return {"measure": measure, **told}

    def _count_due(self, type_: Any) -> int:
        """How much of a member's own type was never asked."""
        return 0 if self.focus else sum(not self.asked[f"{type_.name}.{each}"] for each in type_.fields)

    def _prefer(self, owner: str, names: Sequence[str], due: Mapping[str, int] | None = None) -> str:
        weights = weigh(self.asked, self.focus, owner, names)
        found = zip(names, weights, strict=True)
        return self.random.choices(list(names), [each * (1 + (due or {}).get(name, 0)) for name, each in found])[0]

    def _write(self, value: Any, type_: Any, chance: float) -> str:
        """A value as GraphQL: as it is, or as a variable of its type."""
        if self.random.random() < chance:
            if value is None and self.random.random() < 0.5:
                name = self._declare(str(type_), value)
                del self.values[name[1:]]
                return name
            return self._declare(str(type_), value)
        bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if value is None:
            return "null"
        if isinstance(bare, GraphQLList):
            return "[" + ", ".join(self._write(each, bare.of_type, 0.05) for each in value) + "]"
        if isinstance(bare, GraphQLInputObjectType):
            parts = [f"{name}: {self._write(each, bare.fields[name].type, 0.08)}" for name, each in value.items()]
            return "{" + ", ".join(parts) + "}"
        return str(value) if isinstance(bare, GraphQLEnumType) else json.dumps(value)

    def _declare(self, type_: str, value: Any) -> str:
        name = f"v{len(self.declared) + 1}"
        self.declared[name] = type_
        self.values[name] = value
        return f"${name}"


def weigh(asked: Counter[str], focus: frozenset[str], owner: str, names: Sequence[str]) -> list[float]:
    """How likely each name is to be drawn: what was asked least, and what is in focus, the likeliest."""
    named = [(name, f"{owner}.{name}") for name in names]
    return [30 if focus & {name, whole} else 1 / (1 + asked[whole]) for name, whole in named]


def _is_related(type_: Any) -> bool:
    return type_.name.endswith("Quantifier") or "and" in type_.fields


def _spell(code: str) -> str:
    first, *others = code.lower().split("_")
    return first + "".join(each.capitalize() for each in others)
