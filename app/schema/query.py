"""The root fields for reading; a contract has those that its policy allows.

There is no search for a person: officers are reached by relation alone.
"""

from __future__ import annotations

import strawberry
from sqlalchemy import ColumnElement, FromClause, literal_column, select

from app.planning.catalogue import Ordering, Root
from app.schema.analysis import AnalystRow
from app.schema.duties import AgencyCompliance, GrantEligibility
from app.schema.duty_filters import (
    AgencyComplianceFilter,
    AgencyComplianceOrder,
    CredentialFilter,
    CredentialOrder,
    MonitorSubscriptionFilter,
    MonitorSubscriptionOrder,
    NoticeFilter,
    NoticeOrder,
    RelianceTaskFilter,
    RelianceTaskOrder,
    RoleGrantFilter,
    RoleGrantOrder,
)
from app.schema.exports import Export
from app.schema.fields import root_field, root_list
from app.schema.filters import AgencyFilter, AgencyOrder, OfficerFilter, OfficerOrder, OutcomeFilter, OutcomeOrder
from app.schema.inbox import MonitorSubscription, Notice, RelianceTask
from app.schema.oversight import AuditEvent, BreakGlassAccess
from app.schema.oversight_filters import (
    AnalystRowFilter,
    AnalystRowOrder,
    AuditEventFilter,
    AuditEventOrder,
    BreakGlassAccessFilter,
    BreakGlassAccessOrder,
)
from app.schema.own import CandidateCheck, Me, Viewer
from app.schema.places import (
    NEWEST_CREDENTIAL_FIRST,
    NEWEST_GRANT_FIRST,
    Agency,
    Credential,
    Jurisdiction,
    RoleGrant,
)
from app.schema.records import NEWEST_FIRST, Officer, Outcome
from app.schema.relay import Connection, Node
from app.schema.scalars import ORI
from app.schema.statistics import Statistics
from app.storage.tables.credentials import GRANT_ELIGIBILITIES
from app.storage.tables.places import AGENCY_ORIS


def _by_id(target: str) -> Root:
    return Root(target=target, by="id", id_of=target, compare=lambda row, key: row.c.id == key)


def _be_latest_decided(row: FromClause, ori: ColumnElement[str]) -> ColumnElement[bool]:
    other = GRANT_ELIGIBILITIES.alias("decided")
    latest = (
        select(other.c.id)
        .where(
            other.c.agency_id.in_(select(AGENCY_ORIS.c.agency_id).where(AGENCY_ORIS.c.ori == ori)),
            other.c.decided_at.is_not(None),
        )
        .order_by(other.c.as_of.desc(), other.c.decided_at.desc(), other.c.id)
        .limit(literal_column("1"))
        .correlate_except(other, AGENCY_ORIS)
    )
    return row.c.id == latest.scalar_subquery()


@strawberry.type(description="What can be asked.")
class Query:
    """Root fields; hidden and absent are both `null`."""

    viewer: Viewer | None = root_field(
        Root(target="Viewer", namespace=True), "Who asks, in which role, for what purpose.", returns=Viewer | None
    )
    node: Node | None = root_field(
        Root(target="Node", any_node=True),
        "The object with that Relay id, if it may be seen.",
        returns=Node | None,
        arguments={"id": strawberry.ID},
    )
    nodes: list[Node | None] | None = root_field(
        Root(target="Node", many_nodes=True),
        "The objects with those Relay ids, in that order.",
        returns=list[Node | None] | None,
        arguments={"ids": list[strawberry.ID]},
    )
    agency: Agency | None = root_field(
        Root(
            target="Agency",
            by="ori",
            compare=lambda row, ori: row.c.id.in_(select(AGENCY_ORIS.c.agency_id).where(AGENCY_ORIS.c.ori == ori)),
        ),
        "The agency with that ORI.",
        returns=Agency | None,
        arguments={"ori": ORI},
    )
    agencies: Connection[Agency] | None = root_list(
        "Agency",
        Ordering(field="name"),
        "Agencies, by name.",
        returns=Connection[Agency] | None,
        filter_type=AgencyFilter,
        order_type=AgencyOrder,
    )
    jurisdictions: Connection[Jurisdiction] | None = root_list(
        "Jurisdiction", Ordering(field="code"), "Jurisdictions, by code.", returns=Connection[Jurisdiction] | None
    )
    candidate_check: CandidateCheck | None = root_field(
        _by_id("CandidateCheck"),
        "One of the agency's own candidate checks.",
        returns=CandidateCheck | None,
        arguments={"id": strawberry.ID},
    )
    candidate_checks: Connection[CandidateCheck] | None = root_list(
        "CandidateCheck",
        Ordering(field="openedAt", descending=True),
        "The agency's own candidate checks, newest first.",
        returns=Connection[CandidateCheck] | None,
    )
    officer: Officer | None = root_field(
        _by_id("Officer"),
        "An officer to whom the caller stands in a relation that allows it.",
        returns=Officer | None,
        arguments={"id": strawberry.ID},
    )
    officers: Connection[Officer] | None = root_list(
        "Officer",
        Ordering(field="familyName"),
        "Officers to whom the caller stands in such a relation.",
        returns=Connection[Officer] | None,
        filter_type=OfficerFilter,
        order_type=OfficerOrder,
    )
    outcome: Outcome | None = root_field(
        _by_id("Outcome"),
        "An outcome, if it may be seen.",
        returns=Outcome | None,
        arguments={"id": strawberry.ID},
        past=True,
    )
    outcomes: Connection[Outcome] | None = root_list(
        "Outcome",
        NEWEST_FIRST,
        "Outcomes that may be seen, newest first.",
        returns=Connection[Outcome] | None,
        filter_type=OutcomeFilter,
        order_type=OutcomeOrder,
        past=True,
    )
    me: Me | None = root_field(Root(target="Me", namespace=True), "The officer's own page.", returns=Me | None)
    monitors: Connection[MonitorSubscription] | None = root_list(
        "MonitorSubscription",
        Ordering(field="renewalDue"),
        "The agency's own subscriptions, the next to renew first.",
        returns=Connection[MonitorSubscription] | None,
        filter_type=MonitorSubscriptionFilter,
        order_type=MonitorSubscriptionOrder,
    )
    notices: Connection[Notice] | None = root_list(
        "Notice",
        Ordering(field="createdAt", descending=True),
        "Notices to the agency, newest first.",
        returns=Connection[Notice] | None,
        filter_type=NoticeFilter,
        order_type=NoticeOrder,
    )
    reliance_tasks: Connection[RelianceTask] | None = root_list(
        "RelianceTask",
        Ordering(field="dueAt"),
        "What the agency owes because answers it relied on have changed, the next due first.",
        returns=Connection[RelianceTask] | None,
        filter_type=RelianceTaskFilter,
        order_type=RelianceTaskOrder,
    )
    analyst_rows: Connection[AnalystRow] | None = root_list(
        "AnalystRow",
        Ordering(field="year", descending=True),
        "Outcomes without anybody in them, by year.",
        returns=Connection[AnalystRow] | None,
        filter_type=AnalystRowFilter,
        order_type=AnalystRowOrder,
    )
    export: Export | None = root_field(
        _by_id("Export"),
        "An export of the caller's own.",
        returns=Export | None,
        arguments={"id": strawberry.ID},
    )
    exports: Connection[Export] | None = root_list(
        "Export",
        Ordering(field="requestedAt", descending=True),
        "Exports of the caller's own, newest first.",
        returns=Connection[Export] | None,
    )
    statistics: Statistics | None = root_field(
        Root(target="Statistics", namespace=True, counting=True),
        "Exact figures over all records that may be counted; not for release.",
        returns=Statistics | None,
    )
    disclosures: Connection[AuditEvent] | None = root_list(
        "AuditEvent",
        Ordering(field="at", descending=True),
        "What was asked, told and done, newest first.",
        returns=Connection[AuditEvent] | None,
        filter_type=AuditEventFilter,
        order_type=AuditEventOrder,
    )
    break_glass_accesses: Connection[BreakGlassAccess] | None = root_list(
        "BreakGlassAccess",
        Ordering(field="requestedAt", descending=True),
        "Which outcomes were asked to be opened to auditors, newest first.",
        returns=Connection[BreakGlassAccess] | None,
        filter_type=BreakGlassAccessFilter,
        order_type=BreakGlassAccessOrder,
    )
    credentials: Connection[Credential] | None = root_list(
        "Credential",
        NEWEST_CREDENTIAL_FIRST,
        "Credentials of agencies, newest first.",
        returns=Connection[Credential] | None,
        filter_type=CredentialFilter,
        order_type=CredentialOrder,
    )
    compliance: Connection[AgencyCompliance] | None = root_list(
        "AgencyCompliance",
        Ordering(field="name"),
        "How agencies meet their duties, by name.",
        returns=Connection[AgencyCompliance] | None,
        filter_type=AgencyComplianceFilter,
        order_type=AgencyComplianceOrder,
    )
    grant_eligibility: GrantEligibility | None = root_field(
        Root(target="GrantEligibility", by="ori", compare=_be_latest_decided),
        "The latest decision on the eligibility of the agency with that ORI.",
        returns=GrantEligibility | None,
        arguments={"ori": ORI},
    )
    role_grants: Connection[RoleGrant] | None = root_list(
        "RoleGrant",
        NEWEST_GRANT_FIRST,
        "Every role that accounts hold or held, newest first.",
        returns=Connection[RoleGrant] | None,
        filter_type=RoleGrantFilter,
        order_type=RoleGrantOrder,
    )
