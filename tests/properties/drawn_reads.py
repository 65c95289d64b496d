"""Questions drawn at random from a contract: every root, argument, filter, order, page, fragment, directive, variable.

Every draw is valid by construction; what was asked least is drawn most, and the same seed draws the same questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, is_leaf_type

from tests.properties.drawn_inputs import InputDrawer, Known, strip, weigh
from tests.properties.question_coverage import Coverage

SEVERAL_ROOTS = 0.3
# How much likelier a field is below which everything lies that was never asked.
NEEDED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a question may become: rows of a page, rows of a page below, objects within objects, leaves."""

    page: int = 7
    below: int = 3
    depth: int = 4
    leaves: int = 5
    roots: int = 3


SMALL = Size(page=4, below=1, depth=3, leaves=3, roots=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A document with its variables; `turned` names the variable that takes the next page's cursor, if one does."""

    text: str
    variables: Mapping[str, Any]
    turned: str | None = None


@dataclass
class ReadDrawer:
    """Draws questions under one contract; `coverage` tells what was asked so far."""

    random: Random
    schema: GraphQLSchema
    known: Known
    coverage: Coverage
    size: Size = field(default_factory=Size)
    focus: frozenset[str] = frozenset()

    def draw(self) -> Question:
        """A document with one query."""
        self._fragments: list[str] = []
        self._keys = 0
        self._inputs = InputDrawer(self.random, self.known, self.coverage.asked, self.focus)
        if self.random.random() < 0.12 and (turned := self._draw_turned()):
            return turned
        query = self.schema.query_type
        assert query is not None
        names = self._prefer(
            "Query", list(query.fields), 1 if self.random.random() > SEVERAL_ROOTS else self.size.roots
        )
        parts = [self._draw_field("Query", name, 0) for name in names]
        return self._finish(self._wrap("Query", parts))

    def _draw_turned(self) -> Question | None:
        """A root list that is asked page by page, each from the cursor that the one before gave."""
        query = self.schema.query_type
        assert query is not None
        lists = [name for name, each in query.fields.items() if "after" in each.args]
        name = self._prefer("Query", lists, 1)[0]
        arguments = query.fields[name].args
        size, cursor = self.random.choice((("first", "after"), ("last", "before")))
        given = [f"{size}: {self.random.randint(1, 4)}", f"{cursor}: $cursor"]
        others = {key: each for key, each in arguments.items() if key in {"filter", "orderBy", "asOf"}}
        target = strip(query.fields[name].type).name.removesuffix("Connection")
        given += self._inputs.draw_arguments(others, self.size.page, target, f"Query.{name}")
        info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount"
        below = self._draw_object(target, 3)
        text = f"{{ {name}({', '.join(given)}) {{ nodes {below} {info} }} }}"
        return self._finish(text, turned="cursor")

    def _finish(self, body: str, turned: str | None = None) -> Question:
        declared = [f"${name}: {type_}" for name, type_ in self._inputs.declared.items()]
        declared += [f"${turned}: String"] if turned else []
        head = f"query Drawn({', '.join(declared)}) " if declared else "query Drawn "
        return Question(
            text=" ".join([head + body, *self._fragments]), variables=dict(self._inputs.values), turned=turned
        )

    def _prefer(self, type_name: str, names: Sequence[str], count: int) -> list[str]:
        """Some of the fields, those asked least the likeliest."""
        left, taken = list(names), []
        for _ in range(min(count, len(left))):
            weights = [
                weight * (1 + self._need(type_name, name))
                for name, weight in zip(left, weigh(self.coverage.asked, self.focus, type_name, left), strict=True)
            ]
            taken.append(left.pop(self.random.choices(range(len(left)), weights)[0]))
        return taken

    def _need(self, type_name: str, name: str) -> float:
        """How much of what was never asked lies below a field."""
        # A focus shall stay where it is.
        if self.focus or name not in self._fields(type_name) or self._is_leaf(type_name, name):
            return 0
        return NEEDED * self.coverage.count_missing_below(f"{type_name}.{name}") / (1 + len(self.coverage.missing))

    def _draw_object(self, type_name: str, depth: int) -> str:
        names = list(self._fields(type_name))
        leaves = [each for each in names if self._is_leaf(type_name, each)]
        branches = [each for each in names if each not in leaves]
        taken = self._prefer(type_name, leaves, self.random.randint(1, self.size.leaves))
        if depth < self.size.depth:
            taken += self._prefer(type_name, branches, self.random.randint(0, 2 if depth < 2 else 1))
        if not leaves and not taken:
            taken = self._prefer(type_name, branches, 1) if depth <= self.size.depth else []
        self.random.shuffle(taken)
        parts = [self._draw_field(type_name, name, depth) for name in taken]
        if not parts or self.random.random() < 0.2:
            parts.append("__typename")
        return self._wrap(type_name, parts)

    def _wrap(self, type_name: str, parts: list[str]) -> str:
        """The parts as a selection set, some of them moved into a fragment, repeated or made to depend."""
        if self.random.random() < 0.3:
            place = self.random.randrange(len(parts))
            kept, moved = parts[:place], " ".join(parts[place:])
            parts = [*kept, self._move(type_name, moved)]
        if self.random.random() < 0.12:
            parts.append(self._repeat(parts))
        return "{ " + " ".join(parts) + " }"

    def _move(self, type_name: str, moved: str) -> str:
        held = self._draw_directive()
        kind = self.random.randrange(5)
        if kind == 0:
            return f"... on {type_name}{held} {{ {moved} }}"
        if kind == 1:
            return f"...{held} {{ {moved} }}" if held else f"... {{ {moved} }}"
        if kind == 2 and self._is_node(type_name) and "id" in self._fields("Node"):
            return f"... on {type_name} {{ {moved} }} ... on Node{held} {{ id __typename }}"
        name = f"F{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {type_name} {{ {moved} }}")
        return f"...{name}{held}" if kind == 3 else f"...{name} ...{name}{held}"

    def _repeat(self, parts: list[str]) -> str:
        """A part once more: what has one key is one field of the answer."""
        again = self.random.choice(parts)
        return again if again.startswith("...") or "@" in again else f"... {{ {again} }}"

    def _draw_directive(self) -> str:
        if self.random.random() > 0.4:
            return ""
        name = self.random.choice(("include", "skip"))
        value = self.random.random() < (0.7 if name == "include" else 0.3)
        return f" @{name}(if: {self._inputs.spell_condition(value)})"

    def _draw_field(self, type_name: str, name: str, depth: int, key: str = "") -> str:
        found = self._fields(type_name)[name]
        target = strip(found.type)
        if not key and self.random.random() < 0.07:
            key = self._draw_key()
        held = self._draw_directive() if self.random.random() < 0.08 else ""
        if is_leaf_type(target):
            return f"{key}{name}{held}"
        size = self.size.page if depth == 0 or type_name == "Me" else self.size.below
        item = target.name.removesuffix("Connection")
        given = self._inputs.draw_arguments(found.args, size, item, f"{type_name}.{name}")
        arguments = f"({', '.join(given)})" if given else ""
        text = f"{key}{name}{arguments}{held} {self._draw_target(target, depth + 1)}"
        if found.args and depth and self.random.random() < 0.05:
            text += f" {self._draw_key()}{name}{arguments} {self._draw_target(target, self.size.depth)}"
        return text

    def _draw_key(self) -> str:
        self._keys += 1
        return f"k{self._keys}: "

    def _draw_target(self, target: Any, depth: int) -> str:
        if isinstance(target, GraphQLInterfaceType):
            return self._draw_any(target, depth)
        if target.name.endswith("Connection"):
            return self._draw_connection(target, depth)
        if target.name.endswith("FiguresTable"):
            return self._draw_table(target)
        return self._draw_object(target.name, depth)

    def _draw_any(self, target: GraphQLInterfaceType, depth: int) -> str:
        """Objects of any type: leaves under keys of their own, for two types may have a field of one name."""
        names = [each.name for each in self.schema.get_possible_types(target)]
        parts = [part for part in ("id", "__typename") if self.random.random() < 0.8]
        for name in self._prefer("Node", names, self.random.randint(1, 4)):
            if self.random.random() < 0.25 and depth < self.size.depth:
                branches = [each for each in self._fields(name) if not self._is_leaf(name, each)]
                drawn = [
                    self._draw_field(name, each, depth, f"{name}_{each}: ") for each in self._prefer(name, branches, 1)
                ]
                parts.append(f"... on {name} {{ {drawn[0] if drawn else self._draw_keyed(name)} }}")
            else:
                parts.append(f"... on {name} {{ {self._draw_keyed(name)} }}")
        return "{ " + " ".join(parts) + " }"

    def _draw_keyed(self, name: str) -> str:
        leaves = [each for each in self._fields(name) if self._is_leaf(name, each)]
        return " ".join(f"{name}_{each}: {each}" for each in self._prefer(name, leaves, 4)) or "__typename"

    def _draw_connection(self, target: GraphQLObjectType, depth: int) -> str:
        item = target.name.removesuffix("Connection")
        parts = []
        if "totalCount" in target.fields and self.random.random() < (0.9 if "totalCount" in self.focus else 0.5):
            parts.append("totalCount")
        if self.random.random() < 0.5:
            names = self._prefer("PageInfo", list(self._fields("PageInfo")), self.random.randint(1, 4))
            parts.append(f"pageInfo {{ {' '.join(names)} }}")
        if self.random.random() < 0.6 or not parts:
            parts.append(f"nodes {self._draw_object(item, depth)}")
        if self.random.random() < 0.35:
            below = f"node {self._draw_object(item, depth)}" if self.random.random() < 0.6 else "__typename"
            parts.append(f"edges {{ cursor {below} }}")
        if self.random.random() < 0.08:
            parts.append("__typename")
        self.random.shuffle(parts)
        return self._wrap(target.name, parts)

    def _draw_table(self, target: GraphQLObjectType) -> str:
        row = target.name.removesuffix("Table")
        grouped = [each for each in self._inputs.grouped if each in self._fields(row)]
        others = self._prefer(row, list(self._fields(row)), self.random.randint(1, 4))
        parts = []
        for name in dict.fromkeys([*grouped, *others]):
            below = strip(self._fields(row)[name].type)
            if is_leaf_type(below):
                parts.append(name)
            else:
                chosen = self._prefer(below.name, list(below.fields), self.random.randint(1, 5))
                parts.append(f"{name} {{ {' '.join(chosen)} }}")
        frame = self._prefer(target.name, ["exact", "hasMore", "marking"], self.random.randint(0, 3))
        return self._wrap(target.name, [*frame, f"rows {self._wrap(row, parts)}"])

    def _fields(self, type_name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = getattr(self.schema.type_map[type_name], "fields", {})
        return found

    def _is_leaf(self, type_name: str, name: str) -> bool:
        return is_leaf_type(strip(self._fields(type_name)[name].type))

    def _is_node(self, type_name: str) -> bool:
        found = self.schema.type_map[type_name]
        return any(each.name == "Node" for each in getattr(found, "interfaces", ()))
