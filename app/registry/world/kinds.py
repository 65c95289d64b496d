"""Every kind of line a world may hold, in the order in which a dump writes them.

A line may refer to earlier lines only, so this order is one that always loads.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Table

from app.registry.world.access_kinds import (
    ASSIGNMENT_KIND,
    BREAK_GLASS_KIND,
    CHECK_KIND,
    CONSENT_KIND,
    GRANT_KIND,
    MONITOR_KIND,
    NOTICE_KIND,
    RELIANCE_KIND,
)
from app.registry.world.disclosure_kinds import DISCLOSURE_KIND
from app.registry.world.duty_kinds import (
    ATTESTATION_KIND,
    BODY_CERTIFICATION_KIND,
    BODY_KIND,
    CREDENTIAL_KIND,
    ELIGIBILITY_KIND,
    PERIOD_REPORT_KIND,
    STANDARD_SET_KIND,
)
from app.registry.world.outcome_kinds import OUTCOME_KIND, SERIES_LINK_KIND
from app.registry.world.people_kinds import CERTIFICATION_KIND, OFFICER_KIND, STINT_KIND
from app.registry.world.place_kinds import AGENCY_KIND, JURISDICTION_KIND
from app.registry.world.process_kinds import MATTER_KIND
from app.registry.world.shapes import Kind, Section
from app.storage.tables.columns import METADATA

FORMAT: Final = "world"
FORMAT_VERSION: Final = 1

KINDS: Final[tuple[Kind, ...]] = (
    JURISDICTION_KIND,
    AGENCY_KIND,
    BODY_KIND,
    STANDARD_SET_KIND,
    BODY_CERTIFICATION_KIND,
    CREDENTIAL_KIND,
    PERIOD_REPORT_KIND,
    ATTESTATION_KIND,
    ELIGIBILITY_KIND,
    OFFICER_KIND,
    STINT_KIND,
    CERTIFICATION_KIND,
    MATTER_KIND,
    OUTCOME_KIND,
    SERIES_LINK_KIND,
    GRANT_KIND,
    CONSENT_KIND,
    CHECK_KIND,
    ASSIGNMENT_KIND,
    BREAK_GLASS_KIND,
    MONITOR_KIND,
    NOTICE_KIND,
    RELIANCE_KIND,
    DISCLOSURE_KIND,
)
KIND_BY_NAME: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in KINDS})


def walk_sections(section: Section) -> list[Section]:
    """The section and all nested in it, outermost first."""
    return [section, *(inner for child in section.children for inner in walk_sections(child.section))]


def list_columns(kind: Kind) -> dict[str, tuple[str, ...]]:
    """For each table a kind fills (by its full name), the columns given to COPY, links included."""
    columns = {kind.section.table.fullname: kind.section.own_columns()}
    for section in walk_sections(kind.section):
        for child in section.children:
            filled = {*child.section.own_columns(), *child.links}
            columns[child.section.table.fullname] = tuple(
                column.name for column in child.section.table.columns if column.name in filled
            )
    return columns


def list_tables() -> tuple[Table, ...]:
    """Every table that a world fills, those that others refer to first."""
    filled = {name for kind in KINDS for name in list_columns(kind)}
    return tuple(table for table in METADATA.sorted_tables if table.fullname in filled)
