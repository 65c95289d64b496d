"""An outcome as it was on record at a moment: its version, its standing and its officer's statement of then.

What may be read is decided by how the outcome stands now; a moment only chooses among what was on record.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Text, and_, cast, exists, func, literal_column, select

from app.planning.catalogue import Leaf, Moment, Past, PastJoined
from app.storage.tables.outcomes import CONTENTS, OFFICER_STATEMENTS, STATUSES, VERSIONS

# Who may not read when a version was recorded may not ask as of a moment either.
TOLD_WITH: Final = ("OutcomeVersion", "recordedFrom")
AS_OF: Final = "asOf"


def _of_series(base: FromClause, held: FromClause, moment: Moment) -> ColumnElement[bool]:
    return and_(held.c.series_id == base.c.id, held.c.recorded.contains(moment))


def _find_version(base: FromClause, moment: Moment) -> ColumnElement[Any]:
    said = VERSIONS.alias()
    found = select(said.c.version).where(_of_series(base, said, moment)).correlate_except(said)
    return found.scalar_subquery()


def _was_there(base: FromClause, moment: Moment) -> ColumnElement[bool]:
    said = VERSIONS.alias()
    return exists(
        select(literal_column("1")).select_from(said).where(_of_series(base, said, moment)).correlate_except(said)
    )


def _name_version(row: FromClause, moment: Moment) -> ColumnElement[Any]:
    parts = (row.c.id, _find_version(row, moment), row.c.officer_id)
    return func.concat_ws("/", literal_column("'s'"), *(cast(part, Text) for part in parts))


def _begin_by(column: str) -> Any:
    return lambda row, moment: func.lower(row.c[column]) <= moment


def _be_set_by(column: str) -> Any:
    return lambda row, moment: row.c[column] <= moment


OUTCOME_PAST: Final = Past(
    joined={
        "outcome_versions": PastJoined(table=VERSIONS, link=_of_series),
        "outcome_contents": PastJoined(
            table=CONTENTS,
            link=lambda base, said, moment: and_(
                said.c.series_id == base.c.id, said.c.version == _find_version(base, moment)
            ),
        ),
        "outcome_statuses": PastJoined(table=STATUSES, link=_of_series),
        "officer_statements": PastJoined(table=OFFICER_STATEMENTS, link=_of_series),
    },
    fields={
        "lifecycle": Leaf(column=STATUSES.c.lifecycle),
        "finality": Leaf(column=STATUSES.c.finality),
        "dispute": Leaf(column=STATUSES.c.dispute),
        "voidReason": Leaf(column=STATUSES.c.void_reason),
        "version": Leaf(column=VERSIONS.c.version),
    },
    known_since={
        "clearedAt": _be_set_by("cleared_at"),
        "noticeServedAt": _be_set_by("notice_served_at"),
        "respondBy": _be_set_by("notice_served_at"),
    },
    below=frozenset({"versions", "holds", "determinations"}),
    was_there=_was_there,
    counts_as=_name_version,
    told_with=TOLD_WITH,
)
VERSION_PAST: Final = Past(
    was_there=_begin_by("recorded"),
    told_with=TOLD_WITH,
    # Until when it spoke was known when another began to.
    known_since={"recordedTo": lambda row, moment: func.upper(row.c.recorded) <= moment},
)
HOLD_PAST: Final = Past(
    was_there=_begin_by("valid"),
    told_with=TOLD_WITH,
    # An end that had not come could still be set otherwise, by a release.
    known_since={"validTo": lambda row, moment: func.upper(row.c.valid) <= moment},
)
DETERMINATION_PAST: Final = Past(was_there=_be_set_by("decided_at"), told_with=TOLD_WITH)
