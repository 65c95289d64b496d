"""What a caller reads of himself: the viewer, an officer's own page, an agency's own candidate checks.

`Viewer` and `Me` are no rows of their own; what lies below them is judged row by row.
"""

from __future__ import annotations

from datetime import datetime

import strawberry
from sqlalchemy import and_, literal_column

from app.domain.vocabulary import CheckKind, CheckReason, ConsentScope, Purpose, Role
from app.planning.catalogue import LeafForm, Ordering
from app.planning.relations import AGENCY, BODY, OFFICER
from app.schema.duty_filters import NoticeFilter, NoticeOrder
from app.schema.fields import asked_by, column, few, global_id, many, one
from app.schema.filters import OutcomeFilter, OutcomeOrder
from app.schema.inbox import Notice
from app.schema.places import Agency, CredentialingBody
from app.schema.records import NEWEST_FIRST, Officer, Outcome
from app.schema.relay import Connection, Node
from app.storage.tables.access import CANDIDATE_CHECKS, CONSENTS, GRANTS
from app.storage.tables.audit import ITEMS, RECORDS


@strawberry.type(description="Who asks: one account, one role, one purpose.")
class Viewer:
    """The principal as the registry sees it."""

    account: str | None = asked_by("account", "The account.")
    role: Role = asked_by("role", "The one role of this request.")
    purpose: Purpose = asked_by("purpose", "The one purpose of this request.")
    agency: Agency | None = one("Agency", lambda _, agency: agency.c.id == AGENCY, "The agency acted for.")
    state_code: str | None = asked_by("state_code", "The State acted for.")
    body: CredentialingBody | None = one(
        "CredentialingBody", lambda _, body: body.c.id == BODY, "The credentialing body acted for."
    )


@strawberry.type(description="An agency's check of one candidate.")
class CandidateCheck(Node):
    """A check; its officer shows only while it is matched, consented and open, and only if there is a record."""

    id: strawberry.ID = global_id(CANDIDATE_CHECKS.c.id)
    kind: CheckKind | None = column(CANDIDATE_CHECKS.c.kind, "LIMITED tells existence alone; FULL tells the record.")
    reason: CheckReason | None = column(CANDIDATE_CHECKS.c.reason, "What the agency is to decide.")
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "Whose check it is.")
    opened_at: datetime | None = column(CANDIDATE_CHECKS.c.opened_at, "When it was opened.")
    expires_at: datetime | None = column(CANDIDATE_CHECKS.c.expires_at, "When it ends by itself.")
    closed_at: datetime | None = column(CANDIDATE_CHECKS.c.closed_at, "When it was closed.")
    officer: Officer | None = one(
        "Officer",
        lambda row, officer: officer.c.id == row.c.officer_id,
        "The officer, if there is a record to disclose; absent otherwise, whatever the reason.",
    )


@strawberry.type(description="An officer's consent to be looked up.")
class Consent(Node):
    """A consent: an agency, a scope, an end, a number of uses."""

    id: strawberry.ID = global_id(CONSENTS.c.id)
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "To whom.")
    scope: ConsentScope | None = column(CONSENTS.c.scope, "Existence alone, or the record.")
    purpose: Purpose | None = column(CONSENTS.c.purpose, "What for.")
    granted_at: datetime | None = column(CONSENTS.c.granted_at, "When it was given.")
    expires_at: datetime | None = column(CONSENTS.c.expires_at, "When it ends.")
    uses_left: int | None = column(CONSENTS.c.uses_left, "How often it can still be used.")
    revoked_at: datetime | None = column(CONSENTS.c.revoked_at, "When it was taken back.")


@strawberry.type(description="One outcome that was disclosed, at the version then current.")
class DisclosureItem:
    """An item of a disclosure about the officer who reads it."""

    series_id: strawberry.ID | None = column(ITEMS.c.series_id, "The outcome's uuid; none where only the person was.")
    version: int | None = column(ITEMS.c.version, "The version disclosed.")


@strawberry.type(description="That something about an officer was disclosed: when, to whom, for what.")
class Disclosure(Node):
    """A record of the audit chain, as the officer it is about may read it."""

    id: strawberry.ID = global_id(RECORDS.c.id)
    at: datetime | None = column(RECORDS.c.at, "When.")
    role: Role | None = column(RECORDS.c.role, "In which role it was asked.")
    purpose: Purpose | None = column(RECORDS.c.purpose, "For what purpose.")
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "By which agency.")
    state_code: str | None = column(RECORDS.c.state_code, "By which State's authority.")
    operation: str | None = column(RECORDS.c.operation, "The name of the question.")
    items: list[DisclosureItem] | None = few(
        "DisclosureItem",
        lambda row, item: (item.c.record_id == row.c.id) & (item.c.officer_id == OFFICER),
        Ordering(field="version"),
        "What of the officer's was disclosed.",
    )


@strawberry.type(description="That an account represents an officer, from one time to another.")
class Mandate(Node):
    """A mandate; it ends, it is never deleted."""

    id: strawberry.ID = global_id(GRANTS.c.id)
    account: str | None = column(GRANTS.c.account, "The representative's account.")
    valid_from: datetime | None = column(GRANTS.c.valid, "From when.", form=LeafForm.RANGE_START)
    valid_to: datetime | None = column(GRANTS.c.valid, "Until when.", form=LeafForm.RANGE_END)
    revoked_at: datetime | None = column(GRANTS.c.revoked_at, "When the officer ended it.")


@strawberry.type(description="The officer's own page.")
class Me:
    """What the registry holds about the officer who asks, and who was told."""

    record: Officer | None = one("Officer", lambda _, officer: officer.c.id == OFFICER, "The officer's own record.")
    outcomes: Connection[Outcome] | None = many(
        "Outcome",
        lambda _, series: series.c.officer_id == OFFICER,
        NEWEST_FIRST,
        "The officer's own outcomes, also those still in process.",
        returns=Connection[Outcome] | None,
        filter_type=OutcomeFilter,
        order_type=OutcomeOrder,
        past=True,
    )
    consents: Connection[Consent] | None = many(
        "Consent",
        lambda _, consent: consent.c.officer_id == OFFICER,
        Ordering(field="grantedAt", descending=True),
        "Consents the officer has given.",
        returns=Connection[Consent] | None,
    )
    disclosures_of_me: Connection[Disclosure] | None = many(
        "Disclosure",
        lambda _, record: record.c.kind == "DISCLOSURE",
        Ordering(field="at", descending=True),
        "Every disclosure about the officer.",
        returns=Connection[Disclosure] | None,
    )
    notices: Connection[Notice] | None = many(
        "Notice",
        lambda _, notice: notice.c.officer_id == OFFICER,
        Ordering(field="createdAt", descending=True),
        "Notices to the officer.",
        returns=Connection[Notice] | None,
        filter_type=NoticeFilter,
        order_type=NoticeOrder,
    )
    mandates: Connection[Mandate] | None = many(
        "Mandate",
        lambda _, grant: and_(grant.c.role == literal_column("'officer_rep'"), grant.c.officer_id == OFFICER),
        Ordering(field="validFrom", descending=True),
        "Who represents or represented the officer.",
        returns=Connection[Mandate] | None,
    )
