"""Exact figures over a whole subject: its rows grouped, measured, compared and sorted inside one statement.

INVARIANT: figures are of values as the grant to count lets them be counted, in the states that it names; a dimension or
measure without a predicate in it raises, and no row of a person leaves the statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Protocol

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Select,
    String,
    Subquery,
    and_,
    func,
    literal_column,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause

from app.domain.vocabulary import Entity
from app.errors import ErrorCode, ProbityError
from app.planning.catalogue import Figure, Measure, Subject, TypeBinding
from app.planning.denominators import join_denominators
from app.planning.figures import aggregate_values, find_figure, list_statistics, render_values, tell_figure
from app.planning.filters import FilterCompiler, RowOpener
from app.planning.scopes import Judge, Scope, tell_row
from app.planning.selection import Given, Selected

MOST_GROUPS: Final = 1000
MOST_DIMENSIONS: Final = 5
MOST_MEASURES: Final = 12
MOST_CONDITIONS: Final = 8
MARKING: Final = "exact, not for release"
_EMPTY: Final[ColumnElement[Any]] = literal_column("'[]'::json")
_NO_TABLE: Final = table("nothing")


class Counter(RowOpener, Protocol):
    """What figures need of the compiler, which here compiles under the grant to count."""

    numbers: count[int]

    def name(self, prefix: str) -> str: ...

    def judge_row(self, binding: TypeBinding, row: FromClause) -> tuple[Judge, ColumnElement[bool]]: ...

    def allow(self, field_name: str, entity: Entity, row: FromClause) -> ColumnElement[bool]: ...

    def gather(self, columns: Mapping[str, ColumnElement[Any]]) -> LateralFromClause: ...

    def require(self, type_name: str, field_name: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What was asked: dimensions, the measures shown and those computed, which groups are kept, and their order."""

    dimensions: tuple[str, ...]
    shown: frozenset[str]
    computed: Mapping[str, Measure]
    statistics: Mapping[str, frozenset[str]]
    having: tuple[Mapping[str, Given], ...]
    order: tuple[Mapping[str, Given], ...]
    size: int


def compile_tally(counter: Counter, subject: Subject, asked: Selected) -> Select[Any]:
    """One object under `j`: the groups of a subject and their figures; it discloses nobody, so `d` is none."""
    frame = f"{subject.binding.name}Table"
    fields = asked.of(frame)
    rows = [each for each in fields if each.name == "rows"]
    wanted = _read_wanted(
        asked.arguments, subject.binding, [one for each in rows for one in each.of(subject.binding.name)]
    )
    groups = _select_groups(counter, subject, wanted, asked.arguments.get("filter"))
    listed = _list_rows(counter, subject, wanted, _rank(counter, wanted, groups), rows)
    facts: dict[str, ColumnElement[Any]] = {
        "__typename": literal_column(f"'{frame}'"),
        "hasMore": listed.c.more,
        "exact": literal_column("true"),
        "marking": literal_column(f"'{MARKING}'"),
    }
    columns = {each.key: facts[each.name] if each.name in facts else listed.c[f"rows_{each.key}"] for each in fields}
    answer = counter.gather(columns)
    own = listed.join(answer, true())
    return select(tell_row(answer).label("j"), literal_column("NULL::text").label("d")).select_from(own)


def _read_wanted(arguments: Mapping[str, Given], binding: TypeBinding, selected: Sequence[Selected]) -> _Wanted:
    dimensions = _read_names(arguments.get("groupBy"))
    seen = {each.name for each in selected if isinstance(binding.fields.get(each.name), Measure)}
    given = arguments.get("measures")
    shown = seen if given is None or given.is_null else seen & set(_read_names(given))
    having, order = (_read_objects(arguments.get(name)) for name in ("having", "orderBy"))
    used = {spell_code(each["measure"].value) for each in (*having, *order) if "measure" in each}
    size = arguments["first"].value
    _require(len(dimensions) <= MOST_DIMENSIONS, f"figures are grouped by at most {MOST_DIMENSIONS} dimensions")
    _require(len(shown | used) <= MOST_MEASURES, f"at most {MOST_MEASURES} measures are computed at once")
    _require(len(having) <= MOST_CONDITIONS, f"groups are kept by at most {MOST_CONDITIONS} conditions")
    _require(len(order) <= MOST_CONDITIONS, f"groups are sorted by at most {MOST_CONDITIONS} figures")
    _require(isinstance(size, int) and 0 <= size <= MOST_GROUPS, f"first is a number from 0 to {MOST_GROUPS}")
    computed = {name: _find_measure(binding, name) for name in sorted(shown | used)}
    return _Wanted(
        dimensions=dimensions,
        shown=frozenset(shown),
        computed=computed,
        statistics={name: _list_statistics(name, selected, (*having, *order)) for name in computed},
        having=having,
        order=order,
        size=size,
    )


def _list_statistics(
    name: str, selected: Sequence[Selected], compared: Sequence[Mapping[str, Given]]
) -> frozenset[str]:
    named = [each for each in compared if "measure" in each and spell_code(each["measure"].value) == name]
    return list_statistics(
        [each for each in selected if each.name == name],
        [each["statistic"].value if "statistic" in each else None for each in named],
    )


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ProbityError(ErrorCode.LIMIT_EXCEEDED, sentence)


def _find_measure(binding: TypeBinding, name: str) -> Measure:
    measure = binding.fields[name]
    if not isinstance(measure, Measure):
        raise ProbityError(ErrorCode.DOCUMENT_INVALID)
    return measure


def _read_names(given: Given | None) -> tuple[str, ...]:
    return () if given is None or given.is_null else tuple(dict.fromkeys(spell_code(name) for name in given.value))


def _read_objects(given: Given | None) -> tuple[Mapping[str, Given], ...]:
    if given is None or given.is_null:
        return ()
    return tuple(
        {name: member for name, member in each.members().items() if not member.is_null} for each in given.items()
    )


def spell_code(code: Any) -> str:
    """The field that a code of a dimension or measure names: `STATE_CODE` is `stateCode`."""
    first, *others = str(code).lower().split("_")
    return first + "".join(word.capitalize() for word in others)


def _select_groups(counter: Counter, subject: Subject, wanted: _Wanted, given: Given | None) -> Subquery:
    """The groups: `g_` each dimension, `m_` what each measure is told by."""
    scope, where = _open_subject(counter, subject)
    if given is not None and not given.is_null:
        where = (*where, FilterCompiler(scope=scope, opener=counter).compile(given))
    values = {f"g_{name}": _render_dimension(counter, scope, name) for name in wanted.dimensions}
    for name, measure in wanted.computed.items():
        counter.require(scope.binding.name, name)
        values |= render_values(counter.masker, scope, name, measure, scope.row.c[subject.officer])
    named = [value.label(name) for name, value in values.items()] or [literal_column("1").label("one")]
    facts = select(*named).select_from(scope.source).where(*where).subquery(counter.name("v"))
    keys = [facts.c[f"g_{name}"] for name in wanted.dimensions]
    figures = {
        key: one
        for name, each in wanted.computed.items()
        for key, one in aggregate_values(facts, name, each, wanted.statistics[name]).items()
    }
    # One group of everything, also of nothing, where no dimension is asked for: an aggregate makes it.
    told = [*keys, *(one.label(key) for key, one in figures.items())] or [func.count().label("present")]
    grouped = select(*told).select_from(facts)
    groups = (grouped.group_by(*keys) if keys else grouped).subquery(counter.name("a"))
    rates = [name for name, each in wanted.computed.items() if each.figure is Figure.RATE]
    return join_denominators(counter, scope, groups, wanted.dimensions, given) if rates else groups


def _open_subject(counter: Counter, subject: Subject) -> tuple[Scope, tuple[ColumnElement[bool], ...]]:
    binding = subject.binding
    if binding.base is None:
        raise ProbityError(ErrorCode.INTERNAL)
    row: FromClause = binding.base.alias(counter.name("t"))
    if subject.make_rows is not None:
        row = subject.make_rows(row, counter)
    judge, visible = counter.judge_row(binding, row)
    return counter.open_scope(binding, row, judge), (visible,)


def _render_dimension(counter: Counter, scope: Scope, name: str) -> ColumnElement[Any]:
    """The masked value that rows are grouped by; a row with a list stands in the group of each of its values."""
    counter.require(scope.binding.name, name)
    condition = counter.masker.find_condition(scope.binding.name, name, scope.judge)
    value = counter.masker.mask(scope.render(name), condition)
    if not isinstance(value.type, ARRAY):
        return value
    each = select(func.unnest(value, type_=value.type.item_type).label("one")).correlate_except(_NO_TABLE)
    item = each.lateral(counter.name("u"))
    scope.source = scope.source.outerjoin(item, true())
    return item.c.one


def _rank(counter: Counter, wanted: _Wanted, groups: Subquery) -> Subquery:
    """The groups that are kept, in order, one more than asked for; each with its place `rn`."""
    order: list[ColumnElement[Any]] = []
    for each in wanted.order:
        if ("measure" in each) == ("dimension" in each):
            raise ProbityError(ErrorCode.DOCUMENT_INVALID, "an order names one dimension or one measure")
        value = _find_sorted(wanted, groups, each)
        descending = "direction" in each and each["direction"].value == "DESC"
        order.append((value.desc() if descending else value.asc()).nulls_last())
    # Groups differ in some dimension, so that with all of them the order is the same each time.
    order += [_by_code(groups.c[f"g_{name}"]).asc().nulls_last() for name in wanted.dimensions]
    place = func.row_number().over(order_by=order or [literal_column("1")])
    kept = [_compare(counter, wanted, groups, each) for each in wanted.having]
    ranked = select(*groups.c, place.label("rn")).select_from(groups).where(and_(true(), *kept))
    return ranked.order_by(literal_column("rn")).limit(literal_column(str(wanted.size + 1))).subquery(counter.name("k"))


def _find_sorted(wanted: _Wanted, groups: Subquery, each: Mapping[str, Given]) -> ColumnElement[Any]:
    if "measure" in each:
        return _find_compared(wanted, groups, each)
    name = spell_code(each["dimension"].value)
    if name not in wanted.dimensions:
        raise ProbityError(ErrorCode.DOCUMENT_INVALID, "groups are sorted by dimensions that they are grouped by")
    return _by_code(groups.c[f"g_{name}"])


def _by_code(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Texts by their bytes: the order of codes is the same on every server."""
    return value.collate("C") if isinstance(value.type, String) else value


def _find_compared(wanted: _Wanted, groups: Subquery, each: Mapping[str, Given]) -> ColumnElement[Any]:
    name = spell_code(each["measure"].value)
    statistic = each["statistic"].value if "statistic" in each else None
    return find_figure(groups, name, wanted.computed[name], statistic)


def _compare(counter: Counter, wanted: _Wanted, groups: Subquery, each: Mapping[str, Given]) -> ColumnElement[bool]:
    value = _find_compared(wanted, groups, each)
    parts: list[ColumnElement[bool]] = []
    if "from" in each:
        parts.append(value >= counter.parameters.add(each["from"], Float()))
    if "to" in each:
        parts.append(value <= counter.parameters.add(each["to"], Float()))
    return and_(true(), *parts)


def _list_rows(
    counter: Counter, subject: Subject, wanted: _Wanted, ranked: Subquery, asked: Sequence[Selected]
) -> Subquery:
    """One row: the rows under each response key, and whether there are more groups."""
    inside = ranked.c.rn <= literal_column(str(wanted.size))
    own: FromClause = ranked
    columns: list[ColumnElement[Any]] = []
    for rows in asked:
        fields: dict[str, ColumnElement[Any]] = {}
        for each in rows.of(subject.binding.name):
            fields[each.key], source = _tell_field(counter, subject, wanted, ranked, each)
            own = own if source is None else own.join(source, true())
        answer = counter.gather(fields)
        own = own.join(answer, true())
        gathered = func.json_agg(aggregate_order_by(tell_row(answer), ranked.c.rn)).filter(inside)
        columns.append(func.coalesce(gathered, _EMPTY).label(f"rows_{rows.key}"))
    more = func.coalesce(func.bool_or(~inside), literal_column("false")).label("more")
    return select(*columns, more).select_from(own).subquery(counter.name("l"))


def _tell_field(
    counter: Counter, subject: Subject, wanted: _Wanted, ranked: Subquery, each: Selected
) -> tuple[ColumnElement[Any], LateralFromClause | None]:
    if each.name == "__typename":
        return literal_column(f"'{subject.binding.name}'"), None
    counter.require(subject.binding.name, each.name)
    if each.name in wanted.shown:
        return tell_figure(counter, ranked, each, wanted.computed[each.name])
    if each.name in wanted.dimensions:
        return ranked.c[f"g_{each.name}"], None
    return literal_column("NULL"), None
