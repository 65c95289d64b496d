"""Views that figures are counted over: each row once, with all that it is grouped and measured by.

INVARIANT: the analyst's login alone reaches them, and their condition is written from the policy with the rest of the
second wall; they are no tables of the registry and hold nothing of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

from app.storage.tables.outcomes import CONTENTS, SERIES
from app.storage.tables.people import STINTS
from app.storage.tables.places import AGENCIES
from app.storage.tables.process import MATTERS

COUNTED: Final = "counted"
_VIEWS: Final = MetaData()
# Under this key a column says which public fact of the agency it is.
OF_AGENCY: Final = "of_agency"


def _of_agency(name: str, type_: Any, fact: str | None = None) -> Column[Any]:
    return Column(name, type_, info={OF_AGENCY: fact or name})


def _agency_facts() -> tuple[Column[Any], ...]:
    return (
        _of_agency("state_code", Text()),
        _of_agency("agency_kind", Text(), "kind"),
        _of_agency("size_band", Text()),
        _of_agency("rural", Boolean()),
        _of_agency("sworn_count", Integer()),
    )


COUNTED_OUTCOMES: Final = Table(
    "outcomes",
    _VIEWS,
    Column("id", Uuid()),
    Column("officer_id", Uuid()),
    Column("agency_id", Uuid()),
    Column("kind", Text()),
    Column("lifecycle", Text()),
    Column("finality", Text()),
    Column("dispute", Text()),
    # Whether there is a hold on it, or ever was: of the others none is asked about.
    Column("held", Boolean()),
    Column("created_at", TIMESTAMP(timezone=True)),
    Column("notice_served_at", TIMESTAMP(timezone=True)),
    Column("cleared_at", TIMESTAMP(timezone=True)),
    Column("action_date", Date()),
    Column("basis", ARRAY(Text())),
    Column("matter_kind", Text()),
    Column("opened_on", Date()),
    Column("notice_served_on", Date()),
    Column("closed_on", Date()),
    *_agency_facts(),
    schema=COUNTED,
)
COUNTED_STINTS: Final = Table(
    "stints",
    _VIEWS,
    Column("id", Uuid()),
    Column("officer_id", Uuid()),
    Column("agency_id", Uuid()),
    Column("from_date", Date()),
    Column("to_date", Date()),
    Column("separation_reason", Text()),
    Column("is_current", Boolean()),
    *_agency_facts(),
    schema=COUNTED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedView:
    """A view, the table whose rows are judged, and what is selected for each of these."""

    view: Table
    judged: Table
    select_rows: Callable[[FromClause], Select[Any]]


def _select_outcomes(series: FromClause) -> Select[Any]:
    # Each is joined by its key alone, so that PostgreSQL leaves out what a question does not ask for.
    content, agency, matter = CONTENTS.alias("k"), AGENCIES.alias("a"), MATTERS.alias("m")
    source = (
        series.outerjoin(
            content, and_(content.c.series_id == series.c.id, content.c.version == series.c.current_version)
        )
        .outerjoin(agency, agency.c.id == series.c.agency_id)
        .outerjoin(matter, matter.c.id == series.c.matter_id)
    )
    found = {
        # That of the content which speaks now; for lists, a record whose content is gone has a day that never comes.
        "action_date": func.nullif(series.c.order_date, literal_column("'infinity'::date")),
        "state_code": series.c.state_code,
        "basis": content.c.basis,
        "matter_kind": matter.c.kind,
        "opened_on": matter.c.opened_on,
        "notice_served_on": matter.c.notice_served_on,
        "closed_on": matter.c.closed_on,
    }
    return _select_view(COUNTED_OUTCOMES, series, agency, found).select_from(source)


def _select_stints(stint: FromClause) -> Select[Any]:
    agency = AGENCIES.alias("a")
    source = stint.outerjoin(agency, agency.c.id == stint.c.agency_id)
    return _select_view(COUNTED_STINTS, stint, agency, {}).select_from(source)


def _select_view(view: Table, row: FromClause, agency: FromClause, found: dict[str, Any]) -> Select[Any]:
    columns = [
        found[each.name]
        if each.name in found
        else agency.c[each.info[OF_AGENCY]]
        if OF_AGENCY in each.info
        else row.c[each.name]
        for each in view.c
    ]
    return select(*(column.label(each.name) for column, each in zip(columns, view.c, strict=True)))


COUNTED_VIEWS: Final = (
    CountedView(view=COUNTED_OUTCOMES, judged=SERIES, select_rows=_select_outcomes),
    CountedView(view=COUNTED_STINTS, judged=STINTS, select_rows=_select_stints),
)
