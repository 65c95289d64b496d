"""Rates per 1,000 sworn officers: what stands under the line, and when it is not known.

INVARIANT: a rate is told only where every agency of its group has a sworn count and the group is one of agencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import count
from typing import Any, Final, Protocol

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
)

from app.planning.catalogue import Figure, Leaf, Measure, TypeBinding
from app.planning.filters import FilterCompiler, RowOpener
from app.planning.scopes import Scope, is_true
from app.planning.selection import Given
from app.storage.tables.counted import OF_AGENCY
from app.storage.tables.places import AGENCIES

_LOGIC: Final = frozenset({"and", "or", "not"})


class UnknownRate(StrEnum):
    """Why there is no rate."""

    SWORN_COUNT_MISSING = "SWORN_COUNT_MISSING"
    NO_SWORN_OFFICERS = "NO_SWORN_OFFICERS"
    NOT_COMPARABLE = "NOT_COMPARABLE"


class AgencyCounter(RowOpener, Protocol):
    """What is needed of the compiler to count the agencies of a group."""

    numbers: count[int]

    def name(self, prefix: str) -> str: ...


def join_denominators(
    counter: AgencyCounter, scope: Scope, groups: Subquery, dimensions: Sequence[str], given: Given | None
) -> Subquery:
    """The groups with the parts of each rate: `r_` its name and `value`, `reason`, `sworn`, `agencies`, `counted`.

    The agencies of a group are those that fit what the filter says of agencies and have the group's values in the
    dimensions that are facts of an agency; whether anything was reported of them does not matter.
    """
    binding = scope.binding
    shared = [name for name in dimensions if is_of_agency(binding, name)]
    parts = _split(given, binding)
    comparable = parts is not None and all(
        is_true(counter.masker.find_condition(binding.name, name, scope.judge)) for name in shared
    )
    sworn = _count_sworn(counter, binding, shared, parts or ())
    alike = [groups.c[f"g_{name}"].is_not_distinct_from(sworn.c[f"g_{name}"]) for name in shared]
    columns: list[ColumnElement[Any]] = list(groups.c)
    for name, bound in binding.fields.items():
        if isinstance(bound, Measure) and bound.figure is Figure.RATE and f"m_{name}" in groups.c:
            columns += _tell_parts(groups, sworn, name, comparable=comparable)
    own = groups.outerjoin(sworn, and_(true(), *alike))
    return select(*columns).select_from(own).subquery(counter.name("b"))


def is_of_agency(binding: TypeBinding, name: str) -> bool:
    """Whether a dimension is a fact of the agency alone."""
    bound = binding.fields.get(name)
    return isinstance(bound, Leaf) and OF_AGENCY in bound.column.info


def _split(given: Given | None, binding: TypeBinding) -> tuple[Given, ...] | None:
    """What a filter says of agencies alone; none where it cannot be told from what it says of records."""
    if given is None or given.is_null:
        return ()
    found: list[Given] = []
    for name, member in given.members().items():
        if member.is_null:
            continue
        if name == "and":
            inner = [_split(each, binding) for each in member.items()]
            if None in inner:
                return None
            found += [one for each in inner if each is not None for one in each]
            continue
        kinds = {is_of_agency(binding, each) for each in _list_named({name: member})}
        if len(kinds) > 1:
            return None
        if kinds == {True}:
            found.append(Given(value={name: member}, read=given.read))
    return tuple(found)


def _list_named(members: Mapping[str, Given]) -> Iterable[str]:
    """The fields that a filter compares."""
    for name, member in members.items():
        if name not in _LOGIC:
            yield name
        elif not member.is_null:
            for each in (member,) if name == "not" else member.items():
                yield from _list_named(each.members())


def _count_sworn(
    counter: AgencyCounter, binding: TypeBinding, shared: Sequence[str], parts: Sequence[Given]
) -> Subquery:
    agency = AGENCIES.alias(counter.name("t"))
    facts = {
        name: replace(bound, column=AGENCIES.c[bound.column.info[OF_AGENCY]])
        for name, bound in binding.fields.items()
        if isinstance(bound, Leaf) and OF_AGENCY in bound.column.info
    }
    # Public facts, under the names they have here: nobody judges them.
    place = replace(binding, base=AGENCIES, fields=facts, joined={}, past=None)
    scope = counter.open_scope(place, agency, None)
    where = [FilterCompiler(scope=scope, opener=counter).compile(each) for each in parts]
    values = [scope.render(name).label(f"g_{name}") for name in shared]
    rows = select(*values, agency.c.sworn_count).select_from(agency).where(*where).subquery(counter.name("v"))
    keys = [rows.c[f"g_{name}"] for name in shared]
    counted = select(
        *keys,
        func.sum(rows.c.sworn_count).label("sworn"),
        func.count().label("agencies"),
        func.count(rows.c.sworn_count).label("counted"),
    ).select_from(rows)
    return (counted.group_by(*keys) if keys else counted).subquery(counter.name("s"))


def _tell_parts(groups: FromClause, sworn: FromClause, name: str, *, comparable: bool) -> list[ColumnElement[Any]]:
    if not comparable:
        unknown: ColumnElement[Any] = literal_column("NULL::integer")
        told = {"value": unknown, "reason": literal_column(f"'{UnknownRate.NOT_COMPARABLE}'")}
        told |= dict.fromkeys(("sworn", "agencies", "agenciesCounted"), unknown)
        return [each.label(f"r_{name}_{part}") for part, each in told.items()]
    total, agencies, counted = sworn.c.sworn, func.coalesce(sworn.c.agencies, 0), func.coalesce(sworn.c.counted, 0)
    reasons: list[tuple[ColumnElement[bool], Any]] = [
        (counted < agencies, literal_column(f"'{UnknownRate.SWORN_COUNT_MISSING}'")),
        (func.coalesce(total, 0) == 0, literal_column(f"'{UnknownRate.NO_SWORN_OFFICERS}'")),
    ]
    reason: ColumnElement[Any] = case(*reasons)
    value: ColumnElement[Any] = case(
        (reason.is_(None), cast(groups.c[f"m_{name}"], Float(53)) * literal_column("1000") / total)
    )
    told = {"value": value, "reason": reason, "sworn": total, "agencies": agencies, "agenciesCounted": counted}
    return [each.label(f"r_{name}_{part}") for part, each in told.items()]
