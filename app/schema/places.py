"""Jurisdictions and agencies in the contract, and the roles an agency has granted.

Public facts only, but for the grants, which an agency's head alone may read.
"""

from __future__ import annotations

from datetime import datetime

import strawberry
from sqlalchemy import func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.domain.vocabulary import AgencyKind, AgencyStatus, JurisdictionLevel, Role, SizeBand
from app.planning.catalogue import LeafForm, Ordering
from app.schema.fields import column, computed, global_id, many, one
from app.schema.filters import AgencyFilter, AgencyOrder
from app.schema.relay import Connection, Node
from app.schema.scalars import ORI
from app.storage.tables.access import GRANTS
from app.storage.tables.places import AGENCIES, AGENCY_ORIS, JURISDICTIONS


@strawberry.type(description="A jurisdiction: the United States, a State or territory, a county, a tribe.")
class Jurisdiction(Node):
    """A jurisdiction; EO 13929 sec. 3(a) names the levels."""

    id: strawberry.ID = global_id(JURISDICTIONS.c.id)
    code: str = column(JURISDICTIONS.c.code, "Public code: US, a postal code, a county FIPS code, or TRIBE-name.")
    level: JurisdictionLevel = column(JURISDICTIONS.c.level, "Level of government.")
    name: str = column(JURISDICTIONS.c.name, "Name.")
    state_code: str | None = column(JURISDICTIONS.c.state_code, "Postal code of the State; none for a tribe.")
    county_fips: str | None = column(JURISDICTIONS.c.county_fips, "Five-digit county code.")
    parent: Jurisdiction | None = one(
        "Jurisdiction", lambda row, parent: parent.c.id == row.c.parent_id, "The jurisdiction around it."
    )
    agencies: Connection[Agency] | None = many(
        "Agency",
        lambda row, agency: agency.c.jurisdiction_id == row.c.id,
        Ordering(field="name"),
        "Agencies of the jurisdiction itself.",
        returns=Connection["Agency"] | None,
        filter_type=AgencyFilter,
        order_type=AgencyOrder,
    )


@strawberry.type(description="A law-enforcement agency: public facts.")
class Agency(Node):
    """An agency; it may have any number of ORIs, or none."""

    id: strawberry.ID = global_id(AGENCIES.c.id)
    name: str = column(AGENCIES.c.name, "Name.")
    kind: AgencyKind = column(AGENCIES.c.kind, "Kind, by the groups of the BJS census.")
    status: AgencyStatus = column(AGENCIES.c.status, "Whether it still exists.")
    oris: list[ORI] = computed(
        lambda row: (
            select(
                func.coalesce(
                    func.array_agg(aggregate_order_by(AGENCY_ORIS.c.ori, AGENCY_ORIS.c.ori)),
                    literal_column("'{}'::text[]"),
                )
            )
            .where(AGENCY_ORIS.c.agency_id == row.c.id)
            .correlate_except(AGENCY_ORIS)
            .scalar_subquery()
        ),
        "NCIC identifiers.",
    )
    state_code: str | None = column(AGENCIES.c.state_code, "The State whose law it is under; none for tribal, federal.")
    location_state: str | None = column(AGENCIES.c.location_state, "Where it is.")
    county_fips: str | None = column(AGENCIES.c.county_fips, "Five-digit county code.")
    sworn_count: int | None = column(AGENCIES.c.sworn_count, "Full-time sworn officers.")
    size_band: SizeBand | None = column(AGENCIES.c.size_band, "Size, in bands of sworn officers.")
    rural: bool | None = column(AGENCIES.c.rural, "Whether it serves a rural area.")
    jurisdiction: Jurisdiction | None = one(
        "Jurisdiction", lambda row, place: place.c.id == row.c.jurisdiction_id, "Its jurisdiction."
    )
    parent: Agency | None = one("Agency", lambda row, parent: parent.c.id == row.c.parent_id, "The agency above it.")
    role_grants: Connection[RoleGrant] | None = many(
        "RoleGrant",
        lambda row, grant: grant.c.agency_id == row.c.id,
        Ordering(field="grantedAt", descending=True),
        "Roles that accounts hold or held in the agency.",
        returns=Connection["RoleGrant"] | None,
    )


@strawberry.type(description="A role that an account holds, from one time to another.")
class RoleGrant(Node):
    """A grant of a role; it ends, it is never deleted."""

    id: strawberry.ID = global_id(GRANTS.c.id)
    account: str | None = column(GRANTS.c.account, "The account that holds it.")
    role: Role | None = column(GRANTS.c.role, "The role.")
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "Where it holds.")
    valid_from: datetime | None = column(GRANTS.c.valid, "From when.", form=LeafForm.RANGE_START)
    valid_to: datetime | None = column(GRANTS.c.valid, "Until when, if it ends.", form=LeafForm.RANGE_END)
    granted_by: str | None = column(GRANTS.c.granted_by, "The account that granted it.")
    granted_at: datetime | None = column(GRANTS.c.granted_at, "When it was granted.")
    revoked_by: str | None = column(GRANTS.c.revoked_by, "The account that ended it.")
    revoked_at: datetime | None = column(GRANTS.c.revoked_at, "When it was ended.")
