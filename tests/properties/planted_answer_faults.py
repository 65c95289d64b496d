"""Faults planted in how questions become answers, each taken out again at the end.

A fault that no drawn question finds says that the questions test nothing; what is demanded of them is said elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from graphql import FragmentSpreadNode, SelectionSetNode
from sqlalchemy import false, func, literal_column, not_, select, true, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.domain.vocabulary import Role
from app.planning import connections, filters, nodes, selection
from app.planning.catalogue import Catalogue, One, PastJoined
from app.planning.compiler import Compiler
from app.planning.filters import FilterCompiler
from app.planning.selection import Given, SelectionReader
from app.planning.variables import VariableReader

Patch = Callable[[pytest.MonkeyPatch], None]
Change = Callable[[Catalogue], Catalogue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is planted, and who is asked about what to find it: names that his questions shall be full of."""

    role: Role = Role.AGENCY_HEAD
    focus: frozenset[str] = frozenset()
    patch: Patch | None = None
    change: Change | None = None


def replace_everywhere(patched: pytest.MonkeyPatch, name: str, value: Any) -> None:
    """Put something in the place of what planning knows under a name, wherever it was imported to."""
    holders = [each for key, each in sys.modules.items() if key.startswith("app.planning.") and hasattr(each, name)]
    assert holders, name
    for each in holders:
        patched.setattr(each, name, value)


def lose_the_row_beyond(patched: pytest.MonkeyPatch) -> None:
    """The row beyond a page is not looked for, so that there is never a next page."""
    real = connections._take

    def take(*given: Any, **named: Any) -> Any:
        fewer: list[Any] = [each - 1 if isinstance(each, int) else each for each in given]
        return real(*fewer, **named)

    patched.setattr(connections, "_take", take)


class _Inclusive:
    """A row of values that compares as `at most` where `below` was meant."""

    def __init__(self, *values: Any) -> None:
        self.row = tuple_(*values)

    def __lt__(self, other: Any) -> Any:
        return self.row <= other.row

    def __gt__(self, other: Any) -> Any:
        return self.row >= other.row


def tell_the_cursors_own_row(patched: pytest.MonkeyPatch) -> None:
    """A page begins with the row of its cursor instead of the one beyond."""
    patched.setattr(connections, "tuple_", _Inclusive)


def turn_backwards_pages(patched: pytest.MonkeyPatch) -> None:
    """A page from the end is taken from the start."""
    real = connections.read_window

    def read_window(*given: Any, **named: Any) -> Any:
        return replace(real(*given, **named), backwards=False)

    patched.setattr(connections, "read_window", read_window)


def let_nothing_equal_anything(patched: pytest.MonkeyPatch) -> None:
    """A comparison with what is not there holds."""
    real = FilterCompiler._compare
    patched.setattr(
        FilterCompiler, "_compare", lambda self, *given, **named: func.coalesce(real(self, *given, **named), true())
    )


def negate_the_unknown(patched: pytest.MonkeyPatch) -> None:
    """What is unknown becomes true under a negation."""
    patched.setattr(filters, "not_", lambda condition: not_(func.coalesce(condition, false())))


def leave_equals_unordered(patched: pytest.MonkeyPatch) -> None:
    """Rows that are equal in what they are sorted by are not told apart."""
    real = connections._open_rows

    def open_rows(*given: Any, **named: Any) -> Any:
        rows = real(*given, **named)
        return replace(rows, sort=rows.sort[:-1] or rows.sort)

    patched.setattr(connections, "_open_rows", open_rows)


def forget_named_fragments(patched: pytest.MonkeyPatch) -> None:
    """What stands in a named fragment is not asked."""
    real = SelectionReader._group

    def group(self: Any, type_name: str, selections: SelectionSetNode, *given: Any) -> None:
        kept = tuple(each for each in selections.selections if not isinstance(each, FragmentSpreadNode))
        real(self, type_name, SelectionSetNode(selections=kept), *given)

    patched.setattr(SelectionReader, "_group", group)


def forget_interfaces(patched: pytest.MonkeyPatch) -> None:
    """A fragment on an interface applies to no object."""
    patched.setattr(SelectionReader, "_applies", lambda _self, condition, type_name: condition == type_name)


def ignore_directives(patched: pytest.MonkeyPatch) -> None:
    """Everything is included."""
    patched.setattr(SelectionReader, "_is_included", lambda *_: True)


def keep_plans_for_other_variables(patched: pytest.MonkeyPatch) -> None:
    """A plan serves every value of its variables, also those that a statement is made of."""
    patched.setattr(VariableReader, "outline", lambda *_: ())


def ignore_defaults(patched: pytest.MonkeyPatch) -> None:
    """An argument or member that is left out has no default."""
    patched.setattr(selection, "_read_default", lambda *_: None)


def look_behind_the_mask(patched: pytest.MonkeyPatch) -> None:
    """A filter over other rows is asked although the field that leads there is hidden."""
    patched.setattr(filters, "_keep_inside", lambda _condition, fits: fits)


class _Blind:
    """The compiler, but every row that a filter leads to is taken to be visible."""

    def __init__(self, opener: Any) -> None:
        self._opener = opener

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opener, name)

    def open_row(self, *given: Any, **named: Any) -> Any:
        row, judge, _ = self._opener.open_row(*given, **named)
        return row, judge, ()


def look_at_hidden_rows(patched: pytest.MonkeyPatch) -> None:
    """A filter over other rows looks at those that may not be seen, too."""
    real = FilterCompiler._open_related

    def open_related(self: Any, *given: Any, **named: Any) -> Any:
        return real(replace(self, opener=_Blind(self.opener)), *given, **named)

    patched.setattr(FilterCompiler, "_open_related", open_related)


def count_hidden_rows(patched: pytest.MonkeyPatch) -> None:
    """A count is of all rows that there are."""
    real = connections._count_rows

    def count_rows(given: Any, request: Any, **named: Any) -> Any:
        def open_row() -> Any:
            row, judge, where = request.open_row()
            seen = judge is not None and judge.row is row
            return row, judge, where[1:] if seen else where

        return real(given, replace(request, open_row=open_row), **named)

    patched.setattr(connections, "_count_rows", count_rows)


def turn_nodes_around(patched: pytest.MonkeyPatch) -> None:
    """Objects that were asked for by their ids come in another order."""
    patched.setattr(
        nodes, "aggregate_order_by", lambda value, *order: aggregate_order_by(value, *(each.desc() for each in order))
    )


def tell_each_node_once(patched: pytest.MonkeyPatch) -> None:
    """An id that is asked for twice is answered once."""
    real = nodes.compile_nodes

    def once(values: Any) -> list[Any]:
        return list(dict.fromkeys(values))

    def compile_nodes(within: Any, asked: Any, *given: Any, **named: Any) -> Any:
        ids: Given = asked.arguments["ids"]
        read = ids.read
        kept = Given(value=once(ids.value), read=lambda variables: once(read(variables)))
        return real(within, replace(asked, arguments={**asked.arguments, "ids": kept}), *given, **named)

    replace_everywhere(patched, "compile_nodes", compile_nodes)


def tell_of_hidden_objects(patched: pytest.MonkeyPatch) -> None:
    """Where one object is hidden an object of nothing stands in its place."""
    real = Compiler._compile_branch

    def compile_branch(self: Any, bound: Any, *given: Any, **named: Any) -> Any:
        piece = real(self, bound, *given, **named)
        if not isinstance(bound, One):
            return piece
        inner = piece.lateral(self.name("w"))
        start = select(literal_column("1").label("one")).lateral(self.name("one"))
        told = func.coalesce(inner.c.j, literal_column("'{}'::json")).label("j")
        return select(told, inner.c.d).select_from(start.outerjoin(inner, true())).correlate_except(start, inner)

    patched.setattr(Compiler, "_compile_branch", compile_branch)


def say_what_is_said_now(catalogue: Catalogue) -> Catalogue:
    """Of a moment what the newest version says is told."""

    def link(base: Any, said: Any, _moment: Any) -> Any:
        return (said.c.series_id == base.c.id) & (said.c.version == base.c.current_version)

    return _change_past(catalogue, "outcome_contents", link)


def stand_as_now(catalogue: Catalogue) -> Catalogue:
    """How an outcome stood is taken from any time of its history."""

    def link(base: Any, held: Any, _moment: Any) -> Any:
        return (held.c.series_id == base.c.id) & func.upper_inf(held.c.recorded)

    return _change_past(catalogue, "outcome_statuses", link)


def know_what_was_not_there(catalogue: Catalogue) -> Catalogue:
    """An outcome that was not yet on record at the moment is told all the same."""
    binding = catalogue.types["Outcome"]
    assert binding.past is not None
    past = replace(binding.past, was_there=lambda *_: true())
    return replace(catalogue, types={**catalogue.types, "Outcome": replace(binding, past=past)})


def know_what_came_later(catalogue: Catalogue) -> Catalogue:
    """Of a moment it is told when things happened that came later."""
    binding = catalogue.types["Outcome"]
    assert binding.past is not None
    past = replace(binding.past, known_since={}, below={})
    return replace(catalogue, types={**catalogue.types, "Outcome": replace(binding, past=past)})


def _change_past(catalogue: Catalogue, table: str, link: Any) -> Catalogue:
    binding = catalogue.types["Outcome"]
    assert binding.past is not None
    held = binding.past.joined[table]
    past = replace(binding.past, joined={**binding.past.joined, table: PastJoined(table=held.table, link=link)})
    return replace(catalogue, types={**catalogue.types, "Outcome": replace(binding, past=past)})


_LISTS = frozenset({"officers", "outcomes", "stints", "agencies", "notices"})
_PAST = frozenset({"asOf", "outcomes", "outcome"})
FAULTS: Mapping[str, Fault] = {
    "there is never a next page": Fault(patch=lose_the_row_beyond, focus=_LISTS | {"hasNextPage"}),
    "a page begins with the row of its cursor": Fault(patch=tell_the_cursors_own_row, focus=_LISTS),
    "pages from the end come from the start": Fault(patch=turn_backwards_pages, focus=_LISTS),
    "a comparison with nothing holds": Fault(
        patch=let_nothing_equal_anything, focus=_LISTS | {"filter", "toDate", "separationReason", "countyFips"}
    ),
    "a negation makes the unknown true": Fault(
        patch=negate_the_unknown, focus=frozenset({"agencies", "filter", "not", "countyFips", "sizeBand", "totalCount"})
    ),
    "equal rows have no order": Fault(patch=leave_equals_unordered, focus=_LISTS | {"orderBy", "KIND", "FAMILY_NAME"}),
    "named fragments are dropped": Fault(patch=forget_named_fragments),
    "fragments on an interface are dropped": Fault(patch=forget_interfaces, focus=_LISTS | {"id"}),
    "directives are ignored": Fault(patch=ignore_directives),
    "a plan serves other variables": Fault(patch=keep_plans_for_other_variables),
    "defaults are forgotten": Fault(patch=ignore_defaults, focus=_LISTS | {"orderBy"}),
    "a filter over rows ignores the mask": Fault(
        patch=look_behind_the_mask,
        role=Role.OFFICER,
        focus=frozenset({"me", "outcomes", "filter", "OutcomeFilter.agency", "AgencyFilter.kind", "totalCount"}),
    ),
    "a filter over rows looks at hidden ones": Fault(
        patch=look_at_hidden_rows, focus=frozenset({"officers", "filter", "outcomes", "none", "some"})
    ),
    "a count is of hidden rows too": Fault(patch=count_hidden_rows, focus=_LISTS | {"totalCount"}),
    "nodes come in another order": Fault(patch=turn_nodes_around, focus=frozenset({"nodes"})),
    "a node asked for twice is told once": Fault(patch=tell_each_node_once, focus=frozenset({"nodes"})),
    "a hidden object is an object of nothing": Fault(
        patch=tell_of_hidden_objects, focus=frozenset({"candidateChecks"})
    ),
    "a moment shows what is said now": Fault(change=say_what_is_said_now, focus=_PAST | {"actionDate", "legalBasis"}),
    "a moment shows how it stands now": Fault(change=stand_as_now, focus=_PAST | {"lifecycle", "dispute", "finality"}),
    "a moment shows what was not yet there": Fault(change=know_what_was_not_there, focus=_PAST | {"totalCount"}),
    "a moment shows what came later": Fault(
        change=know_what_came_later, focus=_PAST | {"clearedAt", "versions", "holds", "noticeServedAt"}
    ),
}


@contextmanager
def plant(fault: Fault, catalogue: Catalogue) -> Iterator[Catalogue]:
    """The catalogue to plan by while a fault is planted."""
    with pytest.MonkeyPatch.context() as patched:
        if fault.patch is not None:
            fault.patch(patched)
        yield catalogue if fault.change is None else fault.change(catalogue)
