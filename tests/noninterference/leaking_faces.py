"""Leaks planted in the faces beyond plain reads: moments of the past, filters over related rows, figures.

Each breaks one promise of its face and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import ColumnElement, FromClause, select, true

from app.domain.vocabulary import Entity, Relation
from app.planning import figures, relations, statistics
from app.planning.catalogue import Computed, Leaf, Many
from app.planning.compiler import Compiler
from app.planning.filters import FilterCompiler
from app.planning.predicates import PredicateCompiler
from app.planning.scopes import Masker
from app.storage.tables.outcomes import STATUSES

Patch = pytest.MonkeyPatch


class _ColumnsOfThen:
    """The columns of a row, those of its standing as they were at a moment."""

    def __init__(self, row: FromClause, moment: ColumnElement[Any]) -> None:
        self._row = row
        self._moment = moment

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        if name not in {"lifecycle", "finality", "dispute"}:
            return self._row.c[name]
        past = STATUSES.alias()
        found = select(past.c[name]).where(past.c.series_id == self._row.c.id, past.c.recorded.contains(self._moment))
        return found.correlate_except(past).scalar_subquery()

    __getattr__ = __getitem__


class _RowOfThen:
    """A row as it stood at a moment."""

    def __init__(self, row: FromClause, moment: ColumnElement[Any]) -> None:
        self.c = _ColumnsOfThen(row, moment)
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def judge_by_the_state_of_then(patch: Patch) -> None:
    """Who may read an outcome is decided by how it stood at the moment that is asked of."""
    read, compile_row, tell = Compiler._read_moment, PredicateCompiler.compile, PredicateCompiler.tell_state
    begin = Compiler.compile
    noted: list[Any] = [None]

    def begin_anew(self: Compiler, *given: Any, **how: Any) -> Any:
        noted[0] = None
        return begin(self, *given, **how)

    def note(self: Compiler, asked: Any) -> Any:
        noted[0] = read(self, asked)
        return noted[0]

    def move(entity: Entity, row: Any) -> Any:
        return row if noted[0] is None or entity is not Entity.OUTCOME else _RowOfThen(row, noted[0])

    def compile_then(self: PredicateCompiler, predicate: Any, entity: Entity, row: Any, **how: Any) -> Any:
        return compile_row(self, predicate, entity, move(entity, row), **how)

    def tell_then(self: PredicateCompiler, entity: Entity, row: Any, hold: str) -> Any:
        return tell(self, entity, move(entity, row), hold)

    patch.setattr(PredicateCompiler, "tell_state", tell_then)
    patch.setattr(Compiler, "compile", begin_anew)
    patch.setattr(Compiler, "_read_moment", note)
    patch.setattr(PredicateCompiler, "compile", compile_then)


def tell_masked_values_of_then(patch: Patch) -> None:
    """What a field held at a moment is told without its mask."""
    build, mask = Compiler.build_object, Masker.mask

    def build_unmasked(
        self: Compiler, binding: Any, row: Any, judge: Any, selected: Any, where: Any, moment: Any = None
    ) -> Any:
        before = Masker.mask
        Masker.mask = mask if moment is None else lambda self, value, condition: value  # type: ignore[method-assign]
        try:
            return build(self, binding, row, judge, selected, where, moment)
        finally:
            Masker.mask = before  # type: ignore[method-assign]

    patch.setattr(Compiler, "build_object", build_unmasked)


class _Careless:
    """What opens rows for a filter, whether they may be seen or not."""

    def __init__(self, opener: Any) -> None:
        self._opener = opener

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opener, name)

    def open_row(self, *arguments: Any, **how: Any) -> Any:
        """The row and its judge, without the condition under which it may be seen."""
        row, judge, _ = self._opener.open_row(*arguments, **how)
        return row, judge, ()


def filter_by_hidden_rows(patch: Patch) -> None:
    """A filter looks at related rows that may not be seen."""
    look = FilterCompiler._look_at_rows

    def look_at_all(self: FilterCompiler, name: str, bound: Any, member: Any, **how: Any) -> Any:
        return look(replace(self, opener=_Careless(self.opener)), name, bound, member, **how)

    patch.setattr(FilterCompiler, "_look_at_rows", look_at_all)


def let_none_count_hidden_rows(patch: Patch) -> None:
    """`none` fails where a row fits that may not be seen; `some` is as it should be."""
    look = FilterCompiler._look_at_rows

    def look_at_rows(self: FilterCompiler, name: str, bound: Any, member: Any, **how: Any) -> Any:
        if isinstance(bound, Many) and "none" in member.members():
            self = replace(self, opener=_Careless(self.opener))
        return look(self, name, bound, member, **how)

    patch.setattr(FilterCompiler, "_look_at_rows", look_at_rows)


def filter_by_raw_values(patch: Patch) -> None:
    """A filter compares what lies behind the mask."""
    _compare_raw(patch, lambda filters: True)


def filter_by_raw_values_of_related_rows(patch: Patch) -> None:
    """A filter compares what lies behind the mask, in the rows around a row alone."""
    _compare_raw(patch, lambda filters: filters.hops > 0)


def _compare_raw(patch: Patch, where: Any) -> None:
    compare = FilterCompiler._compare_field

    def compare_field(self: FilterCompiler, name: str, member: Any, *, negated: bool) -> Any:
        if where(self) and isinstance(self.scope.find_field(name), Leaf | Computed):
            return self._compare(self.scope.render(name), member)
        return compare(self, name, member, negated=negated)

    patch.setattr(FilterCompiler, "_compare_field", compare_field)


def count_hidden_rows(patch: Patch) -> None:
    """Figures are of every row, whether it may be counted or not."""
    open_subject = statistics._open_subject

    def open_all(counter: Any, subject: Any) -> Any:
        scope, _ = open_subject(counter, subject)
        return scope, (true(),)

    patch.setattr(statistics, "_open_subject", open_all)


def count_held_rows(patch: Patch) -> None:
    """Figures are also of outcomes that a court has sealed or that are held back."""
    patch.setattr(relations, "_be_held", lambda *_: true())


def tell_of_others_exports(patch: Patch) -> None:
    """What one analyst asked for is told to every other."""
    others = {**relations._RELATIONS, (Entity.EXPORT, Relation.SELF): lambda row: true()}
    patch.setattr(relations, "_RELATIONS", others)


def group_by_masked_values(patch: Patch) -> None:
    """Rows are grouped by what lies behind the mask."""
    render = statistics._render_dimension

    def render_raw(counter: Any, scope: Any, name: str) -> Any:
        with pytest.MonkeyPatch.context() as unmasked:
            unmasked.setattr(Masker, "find_condition", lambda *_: true())
            return render(counter, scope, name)

    patch.setattr(statistics, "_render_dimension", render_raw)


def measure_masked_values(patch: Patch) -> None:
    """What is measured is measured of values behind the mask."""
    render = figures.render_values

    def render_raw(masker: Any, *arguments: Any) -> Any:
        with pytest.MonkeyPatch.context() as unmasked:
            unmasked.setattr(Masker, "find_condition", lambda *_: true())
            return render(masker, *arguments)

    patch.setattr(statistics, "render_values", render_raw)
