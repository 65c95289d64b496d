"""Jurisdictions and agencies in the contract, their credentials, and the roles that are held in them.

Public facts only, but for the grants and for what lies behind a credential.
"""

from __future__ import annotations

from datetime import date, datetime

import strawberry
from sqlalchemy import ColumnElement, Text, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from app.domain.vocabulary import (
    AgencyKind,
    AgencyStatus,
    CredentialBasis,
    CredentialStatus,
    JurisdictionLevel,
    PolicyTestResult,
    Role,
    SizeBand,
)
from app.planning.catalogue import LeafForm, Ordering
from app.schema.duty_filters import CredentialFilter, CredentialOrder, RoleGrantFilter, RoleGrantOrder
from app.schema.fields import column, computed, few, global_id, many, one
from app.schema.filters import AgencyFilter, AgencyOrder
from app.schema.relay import Connection, Node
from app.schema.scalars import ORI
from app.storage.tables.access import GRANTS
from app.storage.tables.credentials import AGENCY_CREDENTIALS, CREDENTIALING_BODIES, POLICY_TESTS
from app.storage.tables.places import AGENCIES, AGENCY_ORIS, JURISDICTIONS

NEWEST_CREDENTIAL_FIRST = Ordering(field="validFrom", descending=True)
NEWEST_GRANT_FIRST = Ordering(field="grantedAt", descending=True)


def list_oris(agency_id: ColumnElement[object]) -> ColumnElement[list[str]]:
    """The ORIs of an agency in their order; empty where it has none."""
    listed = func.array_agg(aggregate_order_by(AGENCY_ORIS.c.ori, AGENCY_ORIS.c.ori), type_=ARRAY(Text()))
    return (
        select(func.coalesce(listed, literal_column("'{}'::text[]"), type_=ARRAY(Text())))
        .where(AGENCY_ORIS.c.agency_id == agency_id)
        .correlate_except(AGENCY_ORIS)
        .scalar_subquery()
    )


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
    oris: list[ORI] = computed(lambda row: list_oris(row.c.id), "NCIC identifiers.")
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
        NEWEST_GRANT_FIRST,
        "Roles that accounts hold or held in the agency.",
        returns=Connection["RoleGrant"] | None,
        filter_type=RoleGrantFilter,
        order_type=RoleGrantOrder,
    )
    credentials: Connection[Credential] | None = many(
        "Credential",
        lambda row, credential: credential.c.agency_id == row.c.id,
        NEWEST_CREDENTIAL_FIRST,
        "How independent bodies credentialed it (EO 13929 sec. 2), newest first.",
        returns=Connection["Credential"] | None,
        filter_type=CredentialFilter,
        order_type=CredentialOrder,
    )


@strawberry.type(description="An independent body that the Attorney General certified to credential agencies.")
class CredentialingBody(Node):
    """A credentialing body of EO 13929 sec. 2(a)."""

    id: strawberry.ID = global_id(CREDENTIALING_BODIES.c.id)
    name: str | None = column(CREDENTIALING_BODIES.c.name, "Name.")
    states: list[str] | None = column(CREDENTIALING_BODIES.c.states, "Postal codes of the States it works in.")


@strawberry.type(description="One test of an agency's policy, as the body that credentials it found it.")
class PolicyTest:
    """A test of EO 13929 sec. 2(b), bound to the clause it was made on."""

    test: str | None = column(POLICY_TESTS.c.test, "Which test.")
    result: PolicyTestResult | None = column(POLICY_TESTS.c.result, "What was found.")
    clause_sha256: str | None = column(
        POLICY_TESTS.c.clause_sha256, "The SHA-256 of the clause, in hexadecimal.", form=LeafForm.HEXADECIMAL
    )


@strawberry.type(description="An agency's credential, or its way to one.")
class Credential(Node):
    """A credential; how it stands is public, what was reviewed is not."""

    id: strawberry.ID = global_id(AGENCY_CREDENTIALS.c.id)
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "Whose it is.")
    body: CredentialingBody | None = one(
        "CredentialingBody", lambda row, body: body.c.id == row.c.body_id, "Who gave it or decides on it."
    )
    status: CredentialStatus | None = column(AGENCY_CREDENTIALS.c.status, "How it stands.")
    basis: CredentialBasis | None = column(AGENCY_CREDENTIALS.c.basis, "What it rests on.")
    valid_from: date | None = column(AGENCY_CREDENTIALS.c.valid, "The first day.", form=LeafForm.RANGE_START)
    valid_to: date | None = column(
        AGENCY_CREDENTIALS.c.valid, "The first day on which it no longer holds, if it ends.", form=LeafForm.RANGE_END
    )
    policy_sha256: str | None = column(
        AGENCY_CREDENTIALS.c.policy_sha256,
        "The SHA-256 of the use-of-force policy that was reviewed, in hexadecimal.",
        form=LeafForm.HEXADECIMAL,
    )
    tests: list[PolicyTest] | None = few(
        "PolicyTest",
        lambda row, test: test.c.credential_id == row.c.id,
        Ordering(field="test"),
        "What was tested.",
    )


@strawberry.type(description="A role that an account holds, from one time to another.")
class RoleGrant(Node):
    """A grant of a role; it ends, it is never deleted."""

    id: strawberry.ID = global_id(GRANTS.c.id)
    account: str | None = column(GRANTS.c.account, "The account that holds it.")
    role: Role | None = column(GRANTS.c.role, "The role.")
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "Where it holds.")
    agency_oris: list[ORI] | None = computed(lambda row: list_oris(row.c.agency_id), "The ORIs of that agency.")
    state_code: str | None = column(GRANTS.c.state_code, "The State for which it holds.")
    body: CredentialingBody | None = one(
        "CredentialingBody", lambda row, body: body.c.id == row.c.body_id, "The credentialing body acted for."
    )
    valid_from: datetime | None = column(GRANTS.c.valid, "From when.", form=LeafForm.RANGE_START)
    valid_to: datetime | None = column(GRANTS.c.valid, "Until when, if it ends.", form=LeafForm.RANGE_END)
    granted_by: str | None = column(GRANTS.c.granted_by, "The account that granted it.")
    granted_at: datetime | None = column(GRANTS.c.granted_at, "When it was granted.")
    revoked_by: str | None = column(GRANTS.c.revoked_by, "The account that ended it.")
    revoked_at: datetime | None = column(GRANTS.c.revoked_at, "When it was ended.")
