"""The root fields for reading; a contract has those that its policy allows.

There is no search for a person: officers are reached by relation alone.
"""

from __future__ import annotations

import strawberry
from sqlalchemy import select

from app.planning.catalogue import Ordering, Root
from app.schema.fields import root_field, root_list
from app.schema.filters import AgencyFilter, AgencyOrder, OfficerFilter, OfficerOrder, OutcomeFilter, OutcomeOrder
from app.schema.own import CandidateCheck, Me, Viewer
from app.schema.places import Agency, Jurisdiction
from app.schema.records import NEWEST_FIRST, Officer, Outcome
from app.schema.relay import Connection, Node
from app.schema.scalars import ORI
from app.storage.tables.places import AGENCY_ORIS


def _by_id(target: str) -> Root:
    return Root(target=target, by="id", id_of=target, compare=lambda row, key: row.c.id == key)


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
        _by_id("Outcome"), "An outcome, if it may be seen.", returns=Outcome | None, arguments={"id": strawberry.ID}
    )
    outcomes: Connection[Outcome] | None = root_list(
        "Outcome",
        NEWEST_FIRST,
        "Outcomes that may be seen, newest first.",
        returns=Connection[Outcome] | None,
        filter_type=OutcomeFilter,
        order_type=OutcomeOrder,
    )
    me: Me | None = root_field(Root(target="Me", namespace=True), "The officer's own page.", returns=Me | None)
