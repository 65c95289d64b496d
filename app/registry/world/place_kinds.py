"""Lines about places: tribes' jurisdictions and agencies.

The United States, its States, territories and counties are in every registry by code and have no lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, ScalarSelect, select

from app.domain.places import jurisdiction_id
from app.domain.vocabulary import AgencyKind, AgencyStatus, EnrollmentRole, JurisdictionLevel, SizeBand
from app.registry.world.forms import (
    COUNTY,
    DAY,
    FLAG,
    ID,
    JURISDICTION,
    MOMENT,
    ORI,
    STATE,
    TRIBE,
    code,
    integer,
    pattern,
    text,
)
from app.registry.world.shapes import Child, Key, Kind, ReadRow, Row, Section, Span, Surroundings, constant, new_id, now
from app.storage.tables.places import AGENCIES, AGENCY_ENROLLMENTS, AGENCY_ORIS, JURISDICTIONS

_OTHERS = JURISDICTIONS.alias("others")


def _code_of(column: ColumnElement[object]) -> ScalarSelect[str]:
    return select(_OTHERS.c.code).where(_OTHERS.c.id == column).scalar_subquery()


def _derive_id(row: Row, children: Mapping[str, list[ReadRow]], surroundings: Surroundings) -> None:
    row["id"] = jurisdiction_id(row["code"])


JURISDICTION_KIND: Final = Kind(
    name="jurisdiction",
    summary="A tribe's jurisdiction. Its id follows from its code.",
    section=Section(
        table=JURISDICTIONS,
        members=(
            Key(name="code", column="code", form=TRIBE, required=True),
            Key(name="name", column="name", form=text(200), required=True),
            Key(name="tribe_code", column="tribe_code", form=text(20)),
            Key(name="gnis_id", column="gnis_id", form=pattern("[0-9]{1,10}", "a GNIS number of up to ten digits")),
            Key(
                name="parent",
                column="parent_id",
                form=JURISDICTION,
                source=_code_of(JURISDICTIONS.c.parent_id),
                note="where the tribe is part of a larger one",
            ),
        ),
        fixed={"level": JurisdictionLevel.TRIBAL.value},
        hidden=("id",),
        complete=_derive_id,
        order=("code",),
        climbs="parent_id",
    ),
)

_ORI = Section(
    table=AGENCY_ORIS,
    members=(Key(name="ori", column="ori", form=ORI, required=True),),
    order=("ori",),
)

_ENROLLMENT = Section(
    table=AGENCY_ENROLLMENTS,
    members=(
        Key(name="id", column="id", form=ID, default=new_id, default_words="a fresh one"),
        Key(name="role", column="role", form=code(EnrollmentRole), required=True),
        Key(name="certifying_official", column="certifying_official", form=text(200), required=True),
        Span(first="from", last="to", column="valid", form=DAY),
        Key(name="last_attestation", column="last_attestation", form=DAY),
        Key(name="renewal_due", column="renewal_due", form=DAY, required=True),
    ),
)

AGENCY_KIND: Final = Kind(
    name="agency",
    summary="An agency, with or without ORIs.",
    section=Section(
        table=AGENCIES,
        members=(
            Key(name="id", column="id", form=ID, required=True),
            Key(name="name", column="name", form=text(200), required=True),
            Key(name="agency_kind", column="kind", form=code(AgencyKind), required=True),
            Key(
                name="jurisdiction",
                column="jurisdiction_id",
                form=JURISDICTION,
                required=True,
                source=_code_of(AGENCIES.c.jurisdiction_id),
            ),
            Key(name="parent", column="parent_id", form=ID, note="an agency on an earlier line"),
            Key(
                name="status",
                column="status",
                form=code(AgencyStatus),
                default=constant(AgencyStatus.ACTIVE.value),
                default_words="`ACTIVE`",
            ),
            Key(name="state", column="state_code", form=STATE, note="under whose law; none for a tribe or the US"),
            Key(name="location_state", column="location_state", form=STATE, note="where it is"),
            Key(name="county_fips", column="county_fips", form=COUNTY),
            Key(name="sworn_count", column="sworn_count", form=integer(0)),
            Key(name="size_band", column="size_band", form=code(SizeBand)),
            Key(name="rural", column="rural", form=FLAG),
            Key(name="recorded_at", column="recorded_at", form=MOMENT, default=now, default_words="the load's time"),
        ),
        children=(
            Child(name="oris", section=_ORI, links={"agency_id": "id"}, bare=True),
            Child(name="enrollments", section=_ENROLLMENT, links={"agency_id": "id"}),
        ),
        climbs="parent_id",
    ),
)
