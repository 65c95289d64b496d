"""What an agency or officer is told without asking: notices, tasks that follow from them, and standing subscriptions.

A notice says that something happened to a version; what the outcome says is judged as the outcome itself.
"""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from app.domain.vocabulary import RequiredAction
from app.planning.catalogue import LeafForm
from app.schema.fields import column, computed, global_id, one
from app.schema.records import Officer, Outcome, Stint
from app.schema.relay import Node
from app.storage.tables.access import MONITOR_SUBSCRIPTIONS, NOTICES, RELIANCE_TASKS


@strawberry.type(description="An agency's subscription to news of one of its own officers.")
class MonitorSubscription(Node):
    """A subscription; it rests on employment and ends with it."""

    id: strawberry.ID = global_id(MONITOR_SUBSCRIPTIONS.c.id)
    officer: Officer | None = one(
        "Officer", lambda row, officer: officer.c.id == row.c.officer_id, "Of whom, if there is a record to disclose."
    )
    stint: Stint | None = one("Stint", lambda row, stint: stint.c.id == row.c.stint_id, "The employment it rests on.")
    valid_from: datetime | None = column(MONITOR_SUBSCRIPTIONS.c.valid, "From when.", form=LeafForm.RANGE_START)
    valid_to: datetime | None = column(
        MONITOR_SUBSCRIPTIONS.c.valid, "Until when, if it ends.", form=LeafForm.RANGE_END
    )
    renewal_due: date | None = column(MONITOR_SUBSCRIPTIONS.c.renewal_due, "By when it must be renewed.")


@strawberry.type(description="Something that an officer or an agency must know or may answer.")
class Notice(Node):
    """A notice to one recipient about one version of an outcome."""

    id: strawberry.ID = global_id(NOTICES.c.id)
    cause: str | None = column(NOTICES.c.cause, "Why it was sent.")
    version: int | None = column(NOTICES.c.version, "The version it speaks of.")
    created_at: datetime | None = column(NOTICES.c.created_at, "When.")
    due_at: datetime | None = column(NOTICES.c.due_at, "Until when an answer is possible.")
    acknowledged_at: datetime | None = column(NOTICES.c.acknowledged_at, "When its receipt was acknowledged.")
    is_acknowledged: bool | None = computed(
        lambda row: row.c.acknowledged_at.is_not(None), "Whether its receipt was acknowledged."
    )
    outcome: Outcome | None = one(
        "Outcome", lambda row, series: series.c.id == row.c.series_id, "The outcome, if it may be seen now."
    )


@strawberry.type(description="What an agency owes because an answer that it relied on has changed.")
class RelianceTask(Node):
    """A task; it follows from a notice."""

    id: strawberry.ID = global_id(RELIANCE_TASKS.c.id)
    required_action: RequiredAction | None = column(RELIANCE_TASKS.c.required_action, "What is owed.")
    due_at: datetime | None = column(RELIANCE_TASKS.c.due_at, "Until when.")
    done_at: datetime | None = column(RELIANCE_TASKS.c.done_at, "When it was done.")
    is_done: bool | None = computed(lambda row: row.c.done_at.is_not(None), "Whether it was done.")
    notice: Notice | None = one(
        "Notice", lambda row, notice: notice.c.id == row.c.notice_id, "The notice that it follows from."
    )
