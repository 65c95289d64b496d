"""Documents drawn at random from a contract: nested selections, keys, fragments, directives, filters, orders and pages.

Every draw is valid by construction and small enough for the limits; the same seed draws the same document.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLSchema, is_leaf_type

# Where the plain objects have no answer: places of the whole country, disclosures that the tests themselves make, and
# what test_three_ways compares cell by cell.
LEFT_OUT = frozenset(
    {
        "Query.jurisdictions", "Query.monitors", "Query.notices", "Query.relianceTasks", "Query.analystRows",
        "Query.disclosures", "Query.breakGlassAccesses", "Query.credentials", "Query.compliance",
        "Query.grantEligibility", "Query.roleGrants", "Me.disclosuresOfMe", "Me.mandates", "Jurisdiction.agencies",
        "Agency.parent", "Agency.credentials", "Viewer.body", "RoleGrant.agencyOris", "RoleGrant.agency",
        "RoleGrant.officer", "RoleGrant.body", "RoleGrant.stateCode", "Notice.acknowledgedAt", "Notice.isAcknowledged",
        "Notice.outcome",
    }
)  # fmt: skip
JURISDICTION_FIELDS = ("id", "code")
TEXTS = ("", "A", "W", "Walker", "Jordan", "WA", "Harborlight Police Department", "%", "9")
DATES = ("2023-01-01", "2024-06-01", "2025-03-05", "2025-08-20", "2026-01-01")


class Drawer:
    """Draws one document."""

    def __init__(self, random: Random, schema: GraphQLSchema, ids: Sequence[str], *, page: int) -> None:
        self._random = random
        self._schema = schema
        self._ids = ids
        self._page = page
        self._fragments: list[str] = []
        self._keys = 0

    def draw(self) -> str:
        """A document with one query."""
        names = [name for name in self._schema.query_type.fields if f"Query.{name}" not in LEFT_OUT]  # type: ignore[union-attr]
        roots = " ".join(self._draw_field("Query", name, 0) for name in self._random.sample(names, 2))
        return "query Drawn { " + roots + " } " + " ".join(self._fragments)

    def _draw_object(self, type_name: str, depth: int) -> str:
        fields = self._schema.type_map[type_name].fields  # type: ignore[attr-defined]
        names = JURISDICTION_FIELDS if type_name == "Jurisdiction" else tuple(fields)
        names = tuple(each for each in names if f"{type_name}.{each}" not in LEFT_OUT)
        leaves = [each for each in names if self._is_leaf(type_name, each)]
        branches = [each for each in names if each not in leaves]
        taken = self._random.sample(leaves, min(len(leaves), self._random.randint(1, 5)))
        if depth < 4 and branches:
            taken += self._random.sample(branches, min(len(branches), 2 if depth < 2 else 1))
        if not taken:
            taken = ["__typename"]
        self._random.shuffle(taken)
        parts = [self._draw_field(type_name, name, depth) for name in taken]
        if self._random.random() < 0.3:
            parts.append("__typename")
        return self._wrap(type_name, parts)

    def _wrap(self, type_name: str, parts: list[str]) -> str:
        """The parts as a selection set, some of them moved into a fragment, repeated or made to depend."""
        if self._random.random() < 0.3 and len(parts) > 1:
            moved = " ".join(parts[1:])
            kind = self._random.randrange(3)
            if kind == 0:
                parts = [parts[0], f"... on {type_name} {{ {moved} }}"]
            elif kind == 1:
                name = f"F{len(self._fragments)}"
                self._fragments.append(f"fragment {name} on {type_name} {{ {moved} }}")
                parts = [parts[0], f"...{name}"]
            else:
                parts = [*parts, f"... @include(if: {self._random.choice(['true', 'false'])}) {{ {parts[0]} }}"]
        return "{ " + " ".join(parts) + " }"

    def _draw_field(self, type_name: str, name: str, depth: int) -> str:
        field = self._schema.type_map[type_name].fields[name]  # type: ignore[attr-defined]
        target = self._bare(field.type)
        key = ""
        if self._random.random() < 0.06:
            self._keys += 1
            key = f"k{self._keys}: "
        if is_leaf_type(target):
            return key + name
        arguments = self._draw_arguments(field.args, depth)
        return f"{key}{name}{arguments} {self._draw_target(target.name, depth + 1)}"

    def _draw_target(self, name: str, depth: int) -> str:
        if name == "Node":
            kinds = self._random.sample(["Officer", "Outcome", "Stint", "Agency", "CandidateCheck"], 2)
            known = [each for each in kinds if each in self._schema.type_map]
            below = " ".join(f"... on {each} {{ n{each}: __typename {self._draw_leaves(each)} }}" for each in known)
            return f"{{ id __typename {below} }}"
        if not name.endswith("Connection"):
            return self._draw_object(name, depth)
        item = name.removesuffix("Connection")
        parts = ["totalCount", "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"]
        parts = self._random.sample(parts, self._random.randrange(3))
        parts.append(
            f"nodes {self._draw_object(item, depth)}"
            if self._random.random() < 0.6
            else f"edges {{ cursor node {self._draw_object(item, depth)} }}"
        )
        self._random.shuffle(parts)
        return "{ " + " ".join(parts) + " }"

    def _draw_leaves(self, type_name: str) -> str:
        # Under a key of the type's own: two types may have a field of one name with different types.
        fields = self._schema.type_map[type_name].fields  # type: ignore[attr-defined]
        leaves = [each for each in fields if self._is_leaf(type_name, each)]
        return " ".join(f"{type_name}_{each}: {each}" for each in self._random.sample(leaves, min(3, len(leaves))))

    def _draw_arguments(self, definitions: dict[str, Any], depth: int) -> str:
        given: list[str] = []
        if "first" in definitions:
            size = self._random.randint(0, self._page if depth == 0 else 2)
            given.append(f"{self._random.choice(['first', 'last'])}: {size}")
        if "ids" in definitions:
            given.append("ids: [" + ", ".join(f'"{each}"' for each in self._random.sample(self._ids, 6)) + "]")
        if "id" in definitions:
            given.append(f'id: "{self._random.choice(self._ids)}"')
        if "ori" in definitions:
            given.append(f'ori: "{self._random.choice(["WA9990100", "OR9990100", "WA0000000"])}"')
        if "filter" in definitions and self._random.random() < 0.6:
            given.append(f"filter: {self._draw_filter(self._bare(definitions['filter'].type), 0)}")
        if "orderBy" in definitions and self._random.random() < 0.6:
            fields = self._bare(definitions["orderBy"].type).fields["field"].type
            direction = self._random.choice(["", ", direction: ASC", ", direction: DESC"])
            given.append(f"orderBy: {{field: {self._random.choice(list(self._bare(fields).values))}{direction}}}")
        return f"({', '.join(given)})" if given else ""

    def _draw_filter(self, type_: GraphQLInputObjectType, depth: int) -> str:
        owner = type_.name.removesuffix("Filter")
        names = [
            name for name in type_.fields if name not in {"and", "or", "not"} and f"{owner}.{name}" not in LEFT_OUT
        ]
        name = self._random.choice(names)
        parts = [f"{name}: {self._draw_comparison(self._bare(type_.fields[name].type))}"]
        if depth < 2 and self._random.random() < 0.6:
            logic = self._random.choice(["and", "or", "not"])
            inner = [self._draw_filter(type_, depth + 1) for _ in range(1 if logic == "not" else 2)]
            parts.append(f"{logic}: {inner[0] if logic == 'not' else '[' + ', '.join(inner) + ']'}")
        return "{" + ", ".join(parts) + "}"

    def _draw_comparison(self, type_: GraphQLInputObjectType) -> str:
        operator = self._random.choice(list(type_.fields))
        wanted = self._bare(type_.fields[operator].type)
        if operator == "in":
            return f"{{in: [{', '.join(self._draw_value(wanted) for _ in range(self._random.randrange(3)))}]}}"
        return f"{{{operator}: {self._draw_value(wanted)}}}"

    def _draw_value(self, type_: Any) -> str:
        if isinstance(type_, GraphQLEnumType):
            return str(self._random.choice(list(type_.values)))
        if type_.name == "Boolean":
            return self._random.choice(["true", "false"])
        if type_.name == "DateTime":
            return f'"{self._random.choice(DATES)}T00:00:00Z"'
        return f'"{self._random.choice(DATES if type_.name == "Date" else TEXTS)}"'

    def _is_leaf(self, type_name: str, name: str) -> bool:
        return is_leaf_type(self._bare(self._schema.type_map[type_name].fields[name].type))  # type: ignore[attr-defined]

    def _bare(self, type_: Any) -> Any:
        while hasattr(type_, "of_type"):
            type_ = type_.of_type
        return type_
