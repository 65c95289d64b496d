"""Figures by plain Python: every row is looked at in turn, by rules written from the documentation and not the SQL.

It shares nothing with the planner; of the policy it knows three sentences (`may_count`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cmp_to_key
from math import floor
from typing import Any, Final

from tests.analysis.drawn_facts import Agency, Facts, Outcome, Stint

Row = dict[str, Any]
AGENCY_DIMENSIONS: Final = ("stateCode", "agencyKind", "sizeBand", "rural", "swornCountKnown")
COURT: Final = {"CONVICTION_ON_DUTY", "CIVIL_JUDGMENT_FORCE"}
NO_FINDING: Final = "SEPARATION_UNDER_FORCE_INVESTIGATION"
ADVERSE: Final = {
    *("TERMINATED_FOR_CAUSE", "RESIGNED_UNDER_INVESTIGATION", "RETIRED_UNDER_INVESTIGATION"),
    *("RESIGNED_IN_LIEU", "RETIRED_IN_LIEU"),
}
SPREADS: Final = {
    *("daysFromActionToReport", "daysFromReportToNotice", "daysFromNoticeToClearance", "daysFromActionToClearance"),
    *("daysFromMatterToNotice", "daysOfMatter", "daysServed", "daysUntilAppointed"),
}
SHARES: Final = {"p10": 0.1, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p90": 0.9}


def may_count(outcome: Outcome) -> bool:
    """Cleared outcomes, those without a finding, and expired ones; never one that is sealed or kept back."""
    if "SEAL_ORDER" in outcome.holds:
        return False
    if outcome.lifecycle == "EXPIRED":
        return True
    if outcome.lifecycle != "CLEARED" or outcome.holds or outcome.finality == "OVERTURNED":
        return False
    return outcome.kind in COURT | {NO_FINDING} or outcome.finality in {"APPEAL_PENDING", "FINAL"}


def list_rows(facts: Facts, subject: str) -> list[Row]:
    """The rows of a subject with every dimension and measure of each."""
    places = {each.id: each for each in facts.agencies}
    if subject == "outcomes":
        matters: dict[Any, Any] = {each.id: each for each in facts.matters}
        return [
            {**_tell_agency(places[each.agency_id]), **_tell_outcome(each, matters.get(each.matter_id))}
            for each in facts.outcomes
            if may_count(each)
        ]
    if subject == "stints":
        return [{**_tell_agency(places[each.agency_id]), **_tell_stint(each)} for each in facts.stints]
    told = []
    for each in facts.stints:
        found = _tell_separation(facts, places, each)
        if found is not None:
            told.append({**_tell_agency(places[each.agency_id]), **found})
    return told


def _tell_agency(agency: Agency) -> Row:
    return {
        "stateCode": agency.state_code,
        "agencyKind": agency.kind,
        "sizeBand": agency.size_band,
        "rural": agency.rural,
        "swornCountKnown": agency.sworn_count is not None,
    }


def _tell_date(day: date | None, year: str, quarter: str) -> Row:
    return {year: day and day.year, quarter: day and (day.month + 2) // 3}


def _tell_outcome(outcome: Outcome, matter: Any) -> Row:
    def day(moment: datetime | None) -> date | None:
        return moment and moment.date()

    return {
        **_tell_date(outcome.action_date, "year", "quarter"),
        "kind": outcome.kind,
        "hasFinding": outcome.kind != NO_FINDING,
        "basis": outcome.basis,
        "finality": outcome.finality,
        "matterKind": matter and matter.kind,
        "officer": outcome.officer_id,
        "daysFromActionToReport": _count_days(outcome.action_date, day(outcome.created_at)),
        "daysFromReportToNotice": _count_days(outcome.created_at, outcome.notice_served_at),
        "daysFromNoticeToClearance": _count_days(outcome.notice_served_at, outcome.cleared_at),
        "daysFromActionToClearance": _count_days(outcome.action_date, day(outcome.cleared_at)),
        "daysFromMatterToNotice": matter and _count_days(matter.opened_on, matter.notice_served_on),
        "daysOfMatter": matter and _count_days(matter.opened_on, matter.closed_on),
    }


def _count_days(first: Any, last: Any) -> int | None:
    return None if first is None or last is None else floor((last - first).total_seconds() / 86400)


def _tell_stint(stint: Stint) -> Row:
    return {
        **_tell_date(stint.from_date, "year", "quarter"),
        **_tell_date(stint.to_date, "endYear", "endQuarter"),
        "separationReason": stint.separation_reason,
        "isCurrent": stint.is_current,
        "officer": stint.officer_id,
        "daysServed": _count_days(stint.from_date, stint.to_date),
    }


def _tell_separation(facts: Facts, places: Mapping[Any, Agency], stint: Stint) -> Row | None:
    left = stint.to_date
    if left is None:
        return None
    by_reason = stint.separation_reason in ADVERSE
    by_outcome = any(
        may_count(each)
        # A commendation speaks against nobody.
        and each.kind != "COMMENDATION"
        and (each.officer_id, each.agency_id) == (stint.officer_id, stint.agency_id)
        and abs((each.action_date - left).days) <= 365
        for each in facts.outcomes
    )
    if not by_reason and not by_outcome:
        return None
    later = [
        each
        for each in facts.stints
        if each.officer_id == stint.officer_id and each.agency_id != stint.agency_id
        if each.from_date is not None and each.from_date >= left
    ]
    following = min(later, key=lambda each: (each.from_date, each.id), default=None)
    place = places[following.agency_id] if following else None
    return {
        **_tell_date(left, "year", "quarter"),
        "separationReason": stint.separation_reason,
        "ground": "BOTH" if by_reason and by_outcome else "REASON" if by_reason else "OUTCOME",
        "isAppointedAgain": following is not None,
        "nextStateCode": place and place.state_code,
        "nextAgencyKind": place and place.kind,
        "nextSizeBand": place and place.size_band,
        "officer": stint.officer_id,
        "daysUntilAppointed": following and _count_days(left, following.from_date),
    }


def fits(row: Row, wanted: Mapping[str, Any]) -> bool | None:
    """Whether a row fits a filter; none where a value that is compared is not there."""
    parts: list[bool | None] = []
    for name, member in wanted.items():
        if name == "and":
            parts += [fits(row, each) for each in member]
        elif name == "or":
            parts.append(_any([fits(row, each) for each in member]))
        elif name == "not":
            inner = fits(row, member)
            parts.append(None if inner is None else not inner)
        else:
            parts += [_compare(row[name], operator, value) for operator, value in member.items()]
    return _all(parts)


def _all(parts: Sequence[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _any(parts: Sequence[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def _compare(value: Any, operator: str, wanted: Any) -> bool | None:
    if operator == "has":
        return wanted in value
    if value is None:
        return None
    compare: dict[str, Callable[[], bool]] = {
        "eq": lambda: value == wanted,
        "in": lambda: value in wanted,
        "from": lambda: value >= wanted,
        "to": lambda: value <= wanted,
        "startsWith": lambda: value.startswith(wanted),
    }
    return compare[operator]()


def compute(facts: Facts, subject: str, arguments: Mapping[str, Any], shown: Sequence[str]) -> Row:
    """What `statistics` answers: the rows, each dimension and measure under its name, and whether there are more."""
    dimensions = [_spell(each) for each in arguments["groupBy"]]
    wanted = arguments.get("filter") or {}
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    if not dimensions:
        groups[()] = []
    for row in list_rows(facts, subject):
        if fits(row, wanted):
            for key in _list_keys(row, dimensions):
                groups[key].append(row)
    used = {_spell(each["measure"]) for each in (*arguments["having"], *arguments["orderBy"]) if "measure" in each}
    told = []
    for key, rows in groups.items():
        values = dict(zip(dimensions, key, strict=True))
        figures = {name: _measure(facts, rows, name, values, wanted) for name in {*shown, *used}}
        told.append({**values, **figures})
    kept: list[Row] = [each for each in told if all(_keep(each, condition) for condition in arguments["having"])]
    orders = [*arguments["orderBy"], *({"dimension": each} for each in arguments["groupBy"])]
    put: Callable[[Row, Row], int] = lambda one, other: _put(one, other, orders)  # noqa: E731
    ordered = sorted(kept, key=cmp_to_key(put))
    first = arguments["first"]
    names = {*dimensions, *shown}
    return {
        "hasMore": len(ordered) > first,
        "rows": [{name: value for name, value in each.items() if name in names} for each in ordered[:first]],
    }


def _spell(code: str) -> str:
    first, *others = code.lower().split("_")
    return first + "".join(each.capitalize() for each in others)


def _list_keys(row: Row, dimensions: Sequence[str]) -> list[tuple[Any, ...]]:
    keys: list[tuple[Any, ...]] = [()]
    for name in dimensions:
        values = (row[name] or [None]) if name == "basis" else [row[name]]
        keys = [(*key, value) for key in keys for value in values]
    return keys


def _measure(facts: Facts, rows: Sequence[Row], name: str, group: Row, wanted: Mapping[str, Any]) -> Any:
    if name == "count":
        return len(rows)
    if name == "officers":
        return len({each["officer"] for each in rows})
    if name == "appointedAgain":
        return sum(each["isAppointedAgain"] for each in rows)
    if name == "shareAppointedAgain":
        return sum(each["isAppointedAgain"] for each in rows) / len(rows) if rows else None
    if name == "ratePerThousandSworn":
        return _rate(facts, len(rows), group, wanted)
    values = sorted(each[name] for each in rows if each[name] is not None)
    spread: Row = {"known": len(values), "mean": sum(values) / len(values) if values else None}
    return spread | {percent: _interpolate(values, share) for percent, share in SHARES.items()}


def _interpolate(values: Sequence[int], share: float) -> float | None:
    if not values:
        return None
    place = share * (len(values) - 1)
    below = floor(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


def _rate(facts: Facts, number: int, group: Row, wanted: Mapping[str, Any]) -> Row:
    nothing = {"value": None, "sworn": None, "agencies": None, "agenciesCounted": None}
    about = _keep_agencies(wanted)
    if about is None:
        return {**nothing, "reason": "NOT_COMPARABLE"}
    places = [
        each
        for each in facts.agencies
        if all(_tell_agency(each)[name] == value for name, value in group.items() if name in AGENCY_DIMENSIONS)
        if all(fits(_tell_agency(each), part) for part in about)
    ]
    known = [each.sworn_count for each in places if each.sworn_count is not None]
    sworn = sum(known) if known else None
    reason = "SWORN_COUNT_MISSING" if len(known) < len(places) else None if sworn else "NO_SWORN_OFFICERS"
    value = None if reason or not sworn else number * 1000 / sworn
    return {"value": value, "reason": reason, "sworn": sworn, "agencies": len(places), "agenciesCounted": len(known)}


def _keep_agencies(wanted: Mapping[str, Any]) -> list[Row] | None:
    """The parts of a filter that speak of agencies; none where one speaks of records in the same breath."""
    kept: list[Row] = []
    for name, member in wanted.items():
        if name == "and":
            for each in member:
                inner = _keep_agencies(each)
                if inner is None:
                    return None
                kept += inner
            continue
        about = {each in AGENCY_DIMENSIONS for each in _list_named({name: member})}
        if about == {True, False}:
            return None
        kept += [{name: member}] if about == {True} else []
    return kept


def _list_named(wanted: Mapping[str, Any]) -> list[str]:
    named: list[str] = []
    for name, member in wanted.items():
        if name in {"and", "or"}:
            named += [one for each in member for one in _list_named(each)]
        else:
            named += _list_named(member) if name == "not" else [name]
    return named


def take(group: Row, each: Mapping[str, Any]) -> Any:
    """The value by which a group is kept or sorted."""
    if "dimension" in each:
        return group[_spell(each["dimension"])]
    figure = group[_spell(each["measure"])]
    if "statistic" in each:
        return figure[each["statistic"].lower()]
    return figure["value"] if isinstance(figure, dict) else figure


def _keep(group: Row, condition: Mapping[str, Any]) -> bool:
    value = take(group, condition)
    ends = {name: condition[name] for name in ("from", "to") if name in condition}
    return not ends or (value is not None and ends.get("from", value) <= value <= ends.get("to", value))


def _put(one: Row, other: Row, orders: Sequence[Mapping[str, Any]]) -> int:
    for each in orders:
        left, right = take(one, each), take(other, each)
        if left == right:
            continue
        if left is None or right is None:
            return 1 if left is None else -1
        way = -1 if each.get("direction") == "DESC" else 1
        return way if left > right else -way
    return 0
