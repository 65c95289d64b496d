"""Values of arguments, drawn by their types: filters, orders, inputs of commands, ids.

What a hidden change touched is named more often than anything else: only there could an answer tell it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from app.schema.contracts import spell_field
from tests.noninterference.contract_coverage import LOGIC, Coverage, bare, is_of_rows
from tests.noninterference.questions import Code, Pool
from tests.properties.plain_rows import encode_id

ILL_FORMED: Final = ("", "x", "T2ZmaWNlcjo=", "Outcome:1", "T3V0Y29tZTo5OTk5", "ÿ", "null", "0" * 40)
DATES: Final = ("1990-01-01", "2023-01-01", "2025-06-30", "2026-01-01")
LEAST_TIME: Final = "2035-01-01T00:00:00Z"
LEAST: Final = {"Int": 1, "Float": 1.5, "DateTime": LEAST_TIME}
YEARS: Final = tuple(range(2019, 2027))
QUARTERS: Final = (1, 2, 3, 4)
# How often a filter may go on to other rows.
MOST_HOPS: Final = 3


class ValueDrawer:
    """Draws values; `parts` is where the parts of the contract that they use are noted."""

    def __init__(self, random: Random, pool: Pool, coverage: Coverage) -> None:
        self._random = random
        self._pool = pool
        self._coverage = coverage
        self.parts: set[str] = set()
        # Whether filters are of one comparison.
        self.simple = False

    def draw_input(self, type_: Any, name: str, target: str) -> Any:
        """A value of an argument or member `name`, of a field that leads to `target`."""
        if isinstance(type_, GraphQLNonNull):
            return self.draw_input(type_.of_type, name, target)
        if isinstance(type_, GraphQLList):
            return [self.draw_input(type_.of_type, name, target) for _ in range(self._random.randint(1, 6))]
        if isinstance(type_, GraphQLInputObjectType):
            if type_.name.endswith("Filter"):
                return self.draw_filter(type_)
            return self._draw_members(type_, target)
        if type_.name == "ID":
            wanted = None if target in {"Node", "Query"} or name in {"id", "ids"} else _name_type(name)
            return self.draw_id(wanted if wanted in self._pool.ids else None)
        return self._draw_scalar(type_, name)

    def _draw_members(self, type_: GraphQLInputObjectType, target: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, member in type_.fields.items():
            if isinstance(member.type, GraphQLNonNull) or self._random.random() < 0.5:
                value = self.draw_input(member.type, name, target)
                found[name] = value
                self.parts.add(f"{type_.name}.{name}")
                if isinstance(value, Code):
                    self.parts.add(f"{bare(member.type).name}.{value}")
        return found

    def draw_filter(self, type_: GraphQLInputObjectType, depth: int = 0, hops: int = 0) -> dict[str, Any]:
        """A filter of rows: comparisons, connectives, and filters of the rows around them."""
        if self.simple or (depth == 0 and self._random.random() < (0.15 if self._coverage.elsewhere else 0.45)):
            return self._draw_simple_filter(type_, hops)
        found: dict[str, Any] = {}
        names = [name for name in type_.fields if name not in LOGIC and (hops < MOST_HOPS or not is_row(type_, name))]
        unused = [name for name in names if self._is_sought(type_, name)]
        touched = [name for name in names if name in self._pool.touched_values]
        related = [name for name in names if is_row(type_, name)]
        if not unused and touched and self._random.random() < 0.6:
            names = related if related and self._random.random() < 0.5 else touched
        for name in self._random.sample(
            unused or names, 1 if self._random.random() < 0.7 else min(2, len(unused or names))
        ):
            found[name] = self._draw_comparison(type_, name, depth, hops)
        logic = sorted(LOGIC & set(type_.fields))
        new = [each for each in logic if f"{type_.name}.{each}" in self._coverage.sought]
        if logic and depth < 2 and (new or self._random.random() < 0.5):
            word = self._random.choice(new or logic)
            self.parts.add(f"{type_.name}.{word}")
            inner = [self.draw_filter(type_, depth + 1, hops) for _ in range(1 if word == "not" else 2)]
            found[word] = inner[0] if word == "not" else inner
            if self._random.random() < 0.3:
                found = {word: found[word]}
        return found

    def _draw_simple_filter(self, type_: GraphQLInputObjectType, hops: int) -> dict[str, Any]:
        """One comparison, most often of other rows: of many conditions at once no row fits, and nothing is told."""
        names = [name for name in type_.fields if name not in LOGIC]
        related = [name for name in names if is_row(type_, name)]
        if hops or self._random.random() < 0.3 or not related:
            related = [name for name in names if not is_row(type_, name)]
        name = self._random.choice(related)
        before, self.simple = self.simple, True
        found = {name: self._draw_comparison(type_, name, 0, hops)}
        self.simple = before
        return found

    def _is_sought(self, type_: GraphQLInputObjectType, name: str) -> bool:
        """Whether something of a member has not been used, be it in what it says of other rows."""
        own = f"{type_.name}.{name}"
        target = bare(type_.fields[name].type).name
        starts = (f"{own}.", f"{target}.") if is_row(type_, name) else (f"{own}.",)
        return any(part == own or part.startswith(starts) for part in self._coverage.sought)

    def _draw_comparison(self, owner: GraphQLInputObjectType, name: str, depth: int, hops: int) -> dict[str, Any]:
        type_: Any = bare(owner.fields[name].type)
        if is_row(owner, name):
            self.parts.add(f"{owner.name}.{name}")
            return self._draw_related(type_, depth, hops)
        operators = list(type_.fields)
        unused = [each for each in operators if f"{owner.name}.{name}.{each}" in self._coverage.sought]
        operator = self._random.choice(unused or operators)
        self.parts.add(f"{owner.name}.{name}.{operator}")
        wanted = bare(type_.fields[operator].type)
        if operator == "in":
            return {"in": [self._draw_scalar(wanted, name) for _ in range(self._random.randint(0, 3))]}
        value = self._draw_scalar(wanted, name)
        if operator == "startsWith" and isinstance(value, str):
            value = value[: self._random.randint(0, max(1, len(value)))]
        return {operator: value}

    def _draw_related(self, type_: GraphQLInputObjectType, depth: int, hops: int) -> dict[str, Any]:
        """What is asked of the rows that a row leads to: of the one, or of how many."""
        if not type_.name.endswith("Quantifier"):
            return self.draw_filter(type_, depth + 1, hops + 1)
        unused = [each for each in type_.fields if f"{type_.name}.{each}" in self._coverage.sought]
        quantifier = self._random.choice(unused or list(type_.fields))
        self.parts.add(f"{type_.name}.{quantifier}")
        return {quantifier: self.draw_filter(bare(type_.fields[quantifier].type), depth + 1, hops + 1)}

    def draw_code(self, type_: GraphQLEnumType) -> Code:
        """A code of an enum, one that nothing has used yet where there is such."""
        unused = [each for each in type_.values if f"{type_.name}.{each}" in self._coverage.sought]
        code = Code(self._random.choice(unused or list(type_.values)))
        self.parts.add(f"{type_.name}.{code}")
        return code

    def draw_moment(self) -> str:
        """A moment about which something was recorded or ceased to be, most often something that is hidden."""
        known = self._pool.touched_moments if self._random.random() < 0.7 else self._pool.moments
        if not known:
            return LEAST_TIME
        moment = datetime.fromisoformat(self._random.choice(known))
        return (moment + timedelta(seconds=self._random.choice((-1, 0, 0, 1, 86400)))).isoformat()

    def _draw_scalar(self, type_: Any, name: str) -> Any:
        if isinstance(type_, GraphQLEnumType):
            touched = [each for each in self._pool.touched_values.get(name, ()) if each in type_.values]
            if type_.name.endswith("OrderField"):
                touched = [each for each in type_.values if spell_field(each) in self._pool.touched_values]
            unused = [each for each in type_.values if f"{type_.name}.{each}" in self._coverage.sought]
            if name == "role" and self._random.random() < 0.7:
                return Code(self._random.choice(("records_officer", "hiring_investigator")))
            options = unused or (touched if touched and self._random.random() < 0.5 else list(type_.values))
            return Code(self._random.choice(options))
        return self._draw_plain(type_, name)

    def _draw_plain(self, type_: Any, name: str) -> Any:
        """A value of no enum."""
        if type_.name == "Boolean":
            return self._random.random() < 0.5
        if name == "asOf" and type_.name == "DateTime":
            return self.draw_moment()
        kinds = {"Int": int, "Float": int}
        if type_.name == "Int" and "ersion" in name:
            return 1
        kept = self._pool.touched_values if self._random.random() < 0.5 else self._pool.values
        wanted = kinds.get(type_.name, str)
        known = [each for each in kept.get(name, ()) if isinstance(each, wanted) and not isinstance(each, bool)]
        if type_.name == "Date":
            return self._random.choice([str(each)[:10] for each in known] or list(DATES))
        if type_.name == "ORI":
            return self._random.choice([*self._pool.values.get("oris", ()), "WA0000000"])
        if type_.name == "Int" and name.lower().endswith(("year", "quarter")):
            return self._random.choice(YEARS if name.lower().endswith("year") else QUARTERS)
        if type_.name in LEAST:
            return LEAST[type_.name]
        return self._random.choice(known or ["", "A", "W", "someone-new", f"key-{self._random.randrange(6)}"])

    def draw_id(self, type_name: str | None) -> str:
        """The id of something visible, hidden or changed, of nothing, or no id at all."""
        draw = self._random.random()
        if draw < 0.06:
            return self._random.choice(ILL_FORMED)
        names = [type_name] if type_name in self._pool.ids else list(self._pool.ids)
        name = self._random.choice([each for each in names if each] or ["Officer"])
        if draw < 0.14:
            return encode_id(name, str(UUID(int=self._random.getrandbits(128), version=4)))
        if draw < 0.6 and self._pool.touched_ids.get(name):
            return self._random.choice(self._pool.touched_ids[name])
        return self._random.choice(self._pool.ids.get(name) or [encode_id(name, "x")])


def is_row(type_: GraphQLInputObjectType, name: str) -> bool:
    """Whether a member of a filter speaks of other rows."""
    return is_of_rows(bare(type_.fields[name].type))


def _name_type(argument: str) -> str:
    """The type whose id an argument wants, by its name: `grantId` wants a grant's."""
    base = argument.removesuffix("Id")
    return {"grant": "RoleGrant", "outcome": "Outcome", "officer": "Officer"}.get(base, base.capitalize())
