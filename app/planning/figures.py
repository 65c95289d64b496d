"""What each measure is made of: a masked value of each row, an aggregate of each group, a figure that is told.

INVARIANT: a value is masked before it is aggregated; what may not be counted is in no count, sum or percentile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from sqlalchemy import (
    ColumnElement,
    Date,
    Float,
    FromClause,
    Integer,
    Text,
    cast,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import LateralFromClause

from app.errors import ErrorCode, ProbityError
from app.planning.catalogue import Computed, Figure, Measure, Span
from app.planning.scopes import Masker, Scope, tell_row
from app.planning.selection import Selected

_PERCENTILES: Final = {"P10": 0.1, "P25": 0.25, "P50": 0.5, "P75": 0.75, "P90": 0.9}
_SHARES: Final[ColumnElement[Any]] = literal_column(f"'{{{','.join(map(str, _PERCENTILES.values()))}}}'::float8[]")
_STATISTICS: Final = {"KNOWN": "known", "MEAN": "mean", **{name: name.lower() for name in _PERCENTILES}}


class Gatherer(Protocol):
    """What puts the parts of a figure into one object."""

    def gather(self, columns: Mapping[str, ColumnElement[Any]]) -> LateralFromClause: ...


def render_values(
    masker: Masker, scope: Scope, name: str, measure: Measure, officer: ColumnElement[Any]
) -> dict[str, ColumnElement[Any]]:
    """What of each row the measure is made of: `v_` its value and `w_` that the row counts at all."""
    condition = masker.find_condition(scope.binding.name, name, scope.judge)
    counts = masker.mask(literal_column("1", Integer()), condition)
    if measure.figure is Figure.OFFICERS:
        return {f"v_{name}": masker.mask(officer, condition)}
    if measure.value is None:
        return {f"w_{name}": counts}
    value = {f"v_{name}": masker.mask(_render_value(scope, measure.value), condition)}
    return value if measure.figure is Figure.SPREAD else {**value, f"w_{name}": counts}


def _render_value(scope: Scope, value: Span | Computed) -> ColumnElement[Any]:
    if isinstance(value, Computed):
        return value.expression(scope.row)
    first, last = (scope.find_table(each.table.name).c[each.name] for each in (value.first, value.last))
    if isinstance(first.type, Date) or isinstance(last.type, Date):
        return cast(_find_day(last) - _find_day(first), Integer)
    # Not `extract`, whose numbers are decimal: over a million rows they take a fifth of all the time.
    seconds = func.date_part(literal_column("'epoch'"), last - first, type_=Float(53))
    return cast(func.floor(seconds / literal_column("86400")), Integer)


def _find_day(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return value if isinstance(value.type, Date) else cast(func.timezone(literal_column("'UTC'"), value), Date)


def aggregate_values(
    facts: FromClause, name: str, measure: Measure, statistics: frozenset[str]
) -> dict[str, ColumnElement[Any]]:
    """The aggregates of a group that the measure is told by; of a spread those that `statistics` names."""
    if measure.figure is Figure.OFFICERS:
        return {f"m_{name}": func.count(facts.c[f"v_{name}"].distinct())}
    if measure.figure is Figure.SPREAD:
        return _aggregate_spread(facts.c[f"v_{name}"], name, statistics)
    counted = func.count(facts.c[f"w_{name}"])
    if measure.figure in {Figure.COUNT, Figure.RATE}:
        return {f"m_{name}": counted}
    value = facts.c[f"v_{name}"]
    if measure.figure is Figure.FOLLOWED:
        return {f"m_{name}": func.count(value)}
    return {f"m_{name}": cast(func.count(value), Float(53)) / func.nullif(counted, literal_column("0"))}


def _aggregate_spread(
    value: ColumnElement[Any], name: str, statistics: frozenset[str]
) -> dict[str, ColumnElement[Any]]:
    days = cast(value, Float(53))
    found: dict[str, ColumnElement[Any]] = {}
    if "known" in statistics:
        found[f"m_{name}_known"] = func.count(value)
    if "mean" in statistics:
        found[f"m_{name}_mean"] = func.avg(days)
    if statistics - {"known", "mean"}:
        # All of them at once: the values of a group are sorted once.
        found[f"m_{name}_at"] = func.percentile_cont(_SHARES).within_group(days)
    return found


def list_statistics(asked: Iterable[Selected], compared: Iterable[str | None]) -> frozenset[str]:
    """What is asked of a spread: the fields that are told of it, and what groups are compared and sorted by."""
    told = {field.name for each in asked for field in each.of("Spread")} - {"__typename"}
    return frozenset(told | {_STATISTICS[name] for name in compared if name is not None})


def find_figure(groups: FromClause, name: str, measure: Measure, statistic: str | None) -> ColumnElement[Any]:
    """The figure that groups are compared or sorted by; a spread needs a statistic, and nothing else takes one."""
    if (measure.figure is Figure.SPREAD) != (statistic is not None):
        raise ProbityError(ErrorCode.DOCUMENT_INVALID, "days are compared by a statistic, and other measures by none")
    if statistic is not None:
        return _take_statistic(groups, name, _STATISTICS[statistic])
    return groups.c[f"r_{name}_value"] if measure.figure is Figure.RATE else groups.c[f"m_{name}"]


def _take_statistic(groups: FromClause, name: str, statistic: str) -> ColumnElement[Any]:
    if statistic in {"known", "mean"}:
        return groups.c[f"m_{name}_{statistic}"]
    place = list(_PERCENTILES).index(statistic.upper()) + 1
    return type_coerce(groups.c[f"m_{name}_at"], ARRAY(Float(53)))[literal_column(str(place))]


def tell_figure(
    gatherer: Gatherer, groups: FromClause, asked: Selected, measure: Measure
) -> tuple[ColumnElement[Any], LateralFromClause | None]:
    """A figure as JSON, and what must be joined for it."""
    if measure.figure not in {Figure.SPREAD, Figure.RATE}:
        return groups.c[f"m_{asked.name}"], None
    kind = "Spread" if measure.figure is Figure.SPREAD else "SwornRate"
    parts: dict[str, ColumnElement[Any]] = {}
    for each in asked.of(kind):
        if each.name == "__typename":
            parts[each.key] = cast(literal_column(f"'{kind}'"), Text)
        elif measure.figure is Figure.SPREAD:
            parts[each.key] = _take_statistic(groups, asked.name, each.name)
        else:
            parts[each.key] = groups.c[f"r_{asked.name}_{each.name}"]
    answer = gatherer.gather(parts)
    return tell_row(answer), answer
