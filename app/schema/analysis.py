"""Outcomes as analysts read them: rows without agency, officer, exact date or any id that others see.

INVARIANT: no field tells which outcome of another contract a row is; its id is drawn apart from the outcome's own.
"""

from __future__ import annotations

from typing import Any

import strawberry
from sqlalchemy import ColumnElement, Date, Float, FromClause, Integer, cast, extract, func, literal_column

from app.domain.vocabulary import AgencyKind, Finality, MisconductBasis, OutcomeKind, SizeBand
from app.planning.catalogue import Expression
from app.schema.fields import column, computed, global_id
from app.schema.records import has_finding
from app.schema.relay import Node
from app.storage.tables.outcomes import CONTENTS, SERIES
from app.storage.tables.places import AGENCIES


def _find_action(row: FromClause) -> ColumnElement[Any]:
    """The day of the action as reported now; lists sort a record without one by a day that never comes."""
    return func.nullif(row.c.order_date, literal_column("'infinity'::date"), type_=Date())


def _count_days(first: str, last: str) -> Expression:
    """Whole days from one moment of the row to another; none where either is missing."""

    def count(row: FromClause) -> ColumnElement[int]:
        seconds = func.date_part(literal_column("'epoch'"), row.c[last] - row.c[first], type_=Float(53))
        return cast(func.floor(seconds / literal_column("86400")), Integer)

    return count


def _count_days_from_action(last: str) -> Expression:
    """Whole days from the day of the action."""

    def count(row: FromClause) -> ColumnElement[int]:
        day = cast(func.timezone(literal_column("'UTC'"), row.c[last]), Date)
        return cast(day - _find_action(row), Integer)

    return count


@strawberry.type(description="An outcome without anybody in it, for statistics.")
class AnalystRow(Node):
    """A row of analysis: categories and spans of time."""

    id: strawberry.ID = global_id(SERIES.c.analyst_id)
    kind: OutcomeKind | None = column(SERIES.c.kind, "What happened.")
    year: int | None = computed(
        lambda row: cast(extract("year", _find_action(row)), Integer), "The year in which it took effect."
    )
    state_code: str | None = column(SERIES.c.state_code, "The State whose law the reporting agency is under.")
    agency_kind: AgencyKind | None = column(AGENCIES.c.kind, "The kind of agency that reported it.")
    size_band: SizeBand | None = column(AGENCIES.c.size_band, "That agency's size, in bands of sworn officers.")
    has_finding: bool | None = computed(has_finding, "False for the kind that rests on no finding.")
    basis: list[MisconductBasis] | None = column(CONTENTS.c.basis, "Basis of the action (11 CCR 1205).")
    finality: Finality | None = column(SERIES.c.finality, "Whether an appeal is open.")
    days_from_action_to_report: int | None = computed(
        _count_days_from_action("created_at"), "Days from the action to the beginning of the report."
    )
    days_from_report_to_notice: int | None = computed(
        _count_days("created_at", "notice_served_at"), "Days from there until the officer was given notice."
    )
    days_from_notice_to_clearance: int | None = computed(
        _count_days("notice_served_at", "cleared_at"), "Days from the notice until it cleared."
    )
    days_from_action_to_clearance: int | None = computed(
        _count_days_from_action("cleared_at"), "Days from the action until it cleared."
    )
