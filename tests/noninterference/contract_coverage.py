"""What of a contract can be used in a question, and what of it answered questions have used.

A part counts as used only once a question that used it was answered with data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    is_leaf_type,
)

LOGIC = frozenset({"and", "or", "not"})
FIGURE_CODES = ("Dimension", "Measure", "Statistic")
FORMS = (
    "form: alias", "form: named fragment", "form: inline fragment", "form: fragment on an interface",
    "form: @include", "form: @skip", "form: variable", "form: literal", "form: operation name", "form: GET",
    "form: POST", "form: introspection", "form: page from a cursor",
)  # fmt: skip


def bare(type_: Any) -> Any:
    """The named type in lists and non-nulls."""
    while hasattr(type_, "of_type"):
        type_ = type_.of_type
    return type_


def list_parts(schema: GraphQLSchema) -> frozenset[str]:
    """Every field, argument, filter operator, connective, order and form of question of a contract."""
    found: set[str] = set(FORMS)
    pending: list[Any] = [schema.query_type]
    if schema.mutation_type is not None:
        pending.append(schema.mutation_type)
    seen: set[str] = set()
    while pending:
        type_ = pending.pop()
        if type_.name in seen or is_leaf_type(type_):
            continue
        seen.add(type_.name)
        if isinstance(type_, GraphQLUnionType):
            pending += type_.types
            continue
        if isinstance(type_, GraphQLInterfaceType):
            pending += schema.get_possible_types(type_)
        for name, field_ in type_.fields.items():
            found.add(f"{type_.name}.{name}")
            pending.append(bare(field_.type))
            for argument, definition in field_.args.items():
                found.add(f"{type_.name}.{name}({argument})")
                found |= set(_list_input_parts(bare(definition.type), set()))
                found |= set(_list_codes(bare(definition.type)))
    return frozenset(found)


def list_arguments(schema: GraphQLSchema) -> Iterator[Mapping[str, Any]]:
    """The arguments of every field of a contract."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            yield from (field_.args for field_ in type_.fields.values())


def list_inputs(schema: GraphQLSchema) -> Iterator[GraphQLInputObjectType]:
    """The inputs of a contract."""
    return (type_ for type_ in schema.type_map.values() if isinstance(type_, GraphQLInputObjectType))


def _list_codes(type_: Any) -> Iterator[str]:
    """The codes that say what figures are grouped by, measured and compared by."""
    if isinstance(type_, GraphQLEnumType) and type_.name.endswith(FIGURE_CODES):
        yield from (f"{type_.name}.{value}" for value in type_.values)


def _list_input_parts(type_: Any, seen: set[str]) -> Iterator[str]:
    if not isinstance(type_, GraphQLInputObjectType) or type_.name in seen:
        return
    seen.add(type_.name)
    for name, member in type_.fields.items():
        target = bare(member.type)
        if name in LOGIC or not type_.name.endswith("Filter") or is_of_rows(target):
            yield f"{type_.name}.{name}"
        yield from _list_codes(target)
        if isinstance(target, GraphQLEnumType) and type_.name.endswith("Order"):
            yield from (f"{target.name}.{value}" for value in target.values)
        elif is_of_rows(target):
            yield from _list_input_parts(target, seen)
        elif isinstance(target, GraphQLInputObjectType) and type_.name.endswith("Filter"):
            yield from (f"{type_.name}.{name}.{operator}" for operator in target.fields)


def is_of_rows(type_: Any) -> bool:
    """Whether an input compares other rows: a filter of theirs, or how many of them must fit one."""
    if not isinstance(type_, GraphQLInputObjectType):
        return False
    return type_.name.endswith("Quantifier") or bool(LOGIC & set(type_.fields))


def find_distances(schema: GraphQLSchema, unused: Iterable[str]) -> dict[str, int]:
    """By type, over how many fields the nearest unused part is reached."""
    wanted = {part.partition(".")[0] for part in unused}
    wanted |= {name for name, type_ in schema.type_map.items() if _takes_any(type_, wanted)}
    near: dict[str, int] = {}
    for _ in range(6):
        for name, type_ in schema.type_map.items():
            if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__"):
                below = [
                    near[bare(each.type).name] + 1 for each in type_.fields.values() if bare(each.type).name in near
                ]
                near[name] = min([0] if name in wanted else [*below, near.get(name, 99)], default=99)
    return near


def _takes_any(type_: Any, inputs: set[str]) -> bool:
    """Whether a field of the type takes one of these inputs, or an order by one of these enums."""
    if not isinstance(type_, GraphQLObjectType):
        return False
    taken: set[str] = set()
    for each in type_.fields.values():
        for argument in each.args.values():
            _collect_taken(bare(argument.type), taken)
    return bool(inputs & taken)


def _collect_taken(type_: Any, taken: set[str]) -> None:
    """An input with all the inputs and codes that its members are of."""
    if type_.name in taken:
        return
    taken.add(type_.name)
    if isinstance(type_, GraphQLInputObjectType):
        for member in type_.fields.values():
            _collect_taken(bare(member.type), taken)


@dataclass(slots=True)
class Coverage:
    """The parts of one contract and those used so far."""

    parts: frozenset[str]
    used: set[str] = field(default_factory=set)
    # What other contracts' questions have used: not counted here, and not sought either.
    elsewhere: frozenset[str] = frozenset()

    @property
    def sought(self) -> set[str]:
        """What questions should use next."""
        return set(self.parts - self.used - self.elsewhere)

    def use(self, parts: Iterable[str]) -> None:
        """Note the parts of an answered question."""
        self.used |= self.parts & set(parts)

    def list_unused(self) -> list[str]:
        """What no answered question has used yet."""
        return sorted(self.parts - self.used)

    def count(self, which: str) -> tuple[int, int]:
        """(used, all) of fields (`field`), filter operators (`operator`) or orders (`order`)."""
        chosen = {part for part in self.parts if classify(part) == which}
        return len(chosen & self.used), len(chosen)


def classify(part: str) -> str:
    """Which kind of part it is."""
    owner = part.partition(".")[0]
    if part.startswith("form:"):
        return "form"
    if owner.endswith(("Filter", "Quantifier", "Having")):
        return "operator"
    if owner.endswith(FIGURE_CODES):
        return "figure"
    if owner.endswith("OrderField") or owner == "Direction":
        return "order"
    return "argument" if "(" in part or owner.endswith(("Input", "Order")) else "field"
