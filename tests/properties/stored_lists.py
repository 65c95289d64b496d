"""Filters, orders and pages over visible objects, row by row in plain Python.

Every comparison is with the value as the asker may see it; what is hidden is as unknown as what is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.properties.stored_objects import Stored, make_cursor
from tests.properties.stored_registry import MANY, SINGLE, Rows, StoredRegistry

Line = Mapping[str, Any]
Truth = bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a connection."""

    type_name: str
    rows: Sequence[Stored]
    total: int
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lister:
    """Cuts pages for one asker; `shown` names the fields of his contract (`Type.field`)."""

    registry: StoredRegistry
    shown: Collection[str]

    def list_all(self, rows: Rows) -> list[Stored]:
        """A plain list of few."""
        return self._put(rows, rows.order, descending=rows.descending)

    def cut(self, rows: Rows, given: Line) -> Page:
        """The page that the arguments of a connection ask for."""
        wanted = given.get("filter") or {}
        kept = [item for item in rows.items if self._fits(item, wanted) is True]
        order, descending = rows.order, rows.descending
        if given.get("orderBy"):
            order, descending = read_order(given["orderBy"])
        rows = Rows(type_name=rows.type_name, items=kept, order=order, descending=descending)
        return cut_page(rows.type_name, self._put(rows, order, descending=descending), given)

    def _put(self, rows: Rows, order: str, *, descending: bool) -> list[Stored]:
        """The rows in order: by the value where the asker has the field, what is hidden or absent last, then by id."""
        if f"{rows.type_name}.{order}" not in self.shown:
            return sorted(rows.items, key=lambda item: item.identity)
        values = [(self.registry.read(item, order), item) for item in rows.items]
        known = [(value, item.identity, item) for value, item in values if value is not None]
        unknown = [(item.identity, item) for value, item in values if value is None]
        known.sort(key=lambda each: each[:2], reverse=descending)
        unknown.sort(key=lambda each: each[0], reverse=descending)
        told, untold = [each[-1] for each in known], [each[-1] for each in unknown]
        return untold + told if descending else told + untold

    def _fits(self, item: Stored, wanted: Line) -> Truth:
        """Kleene's logic: a comparison with what is hidden or absent is neither true nor false."""
        results: list[Truth] = []
        for name, member in wanted.items():
            if member is None:
                continue
            if name == "and":
                results.append(all_of([self._fits(item, each) for each in member]))
            elif name == "or":
                results.append(any_of([self._fits(item, each) for each in member]))
            elif name == "not":
                results.append(negate(self._fits(item, member)))
            else:
                results.append(self._fits_field(item, name, member))
        return all_of(results)

    def _fits_field(self, item: Stored, name: str, member: Line) -> Truth:
        key = (item.type_name, name)
        if key not in SINGLE and key not in MANY:
            return compare(self.registry.read(item, name), member)
        if not self.registry.reads(item, name):
            return None
        found = self.registry.read(item, name)
        if key in SINGLE:
            return None if found is None else self._fits(found, member)
        results: list[Truth] = []
        for quantifier, inner in member.items():
            if inner is not None:
                some = any(self._fits(each, inner) is True for each in found.items)
                results.append(some if quantifier == "some" else not some)
        return all_of(results)


def read_order(given: Line) -> tuple[str, bool]:
    """The field that an order names, and whether it goes down."""
    first, *others = given["field"].lower().split("_")
    return first + "".join(map(str.capitalize, others)), given.get("direction") == "DESC"


def cut_page(type_name: str, rows: Sequence[Stored], given: Line) -> Page:
    """The page that a window asks for; beyond a row that is not among them there is nothing."""
    backwards = given.get("last") is not None
    size, cursor = (given["last"], given.get("before")) if backwards else (given["first"], given.get("after"))
    marks = [make_cursor(item.identity) for item in rows]
    if cursor is not None and cursor not in marks:
        return Page(type_name=type_name, rows=[], total=len(rows), has_next=False, has_previous=False)
    if backwards:
        end = len(rows) if cursor is None else marks.index(cursor)
        start = max(0, end - size)
        more, behind = cursor is not None, start > 0
    else:
        start = 0 if cursor is None else marks.index(cursor) + 1
        end = min(len(rows), start + size)
        more, behind = end < len(rows), cursor is not None
    return Page(type_name=type_name, rows=rows[start:end], total=len(rows), has_next=more, has_previous=behind)


def compare(value: Any, member: Line) -> Truth:
    """Whether a value fits every operator of a comparison."""
    return all_of([_test(value, operator, wanted) for operator, wanted in member.items() if wanted is not None])


def _test(value: Any, operator: str, wanted: Any) -> Truth:
    if operator == "has":
        # A list that is not there has nothing in it.
        return value is not None and wanted in value
    if wanted == []:
        return False
    if value is None:
        return None
    match operator:
        case "eq":
            return bool(value == _read(wanted, value))
        case "in":
            return value in wanted
        case "from":
            return bool(value >= _read(wanted, value))
        case "to":
            return bool(value <= _read(wanted, value))
        case "startsWith":
            return bool(value.startswith(wanted))
    raise KeyError(operator)


def _read(wanted: Any, value: Any) -> Any:
    """What is compared with, as the value's own type."""
    if isinstance(value, datetime):
        return datetime.fromisoformat(wanted)
    return date.fromisoformat(wanted) if isinstance(value, date) else wanted


def negate(result: Truth) -> Truth:
    """Negation: of what is unknown unknown."""
    return None if result is None else not result


def all_of(results: Sequence[Truth]) -> Truth:
    """Conjunction."""
    if False in results:
        return False
    return None if None in results else True


def any_of(results: Sequence[Truth]) -> Truth:
    """Disjunction."""
    if True in results:
        return True
    return None if None in results else False
