"""The rows of the naive server: mapped classes, and loads in batches that share one session of a request.

Which rows and fields may be told is decided here as one would without a compiler: in the statements and after them.
"""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import strawberry
from sqlalchemy import Row, Table, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import registry

from app.storage.tables.access import CANDIDATE_CHECKS, CONSENTS, GRANTS
from app.storage.tables.outcomes import CONTENTS, HOLDS, OFFICER_STATEMENTS, SERIES, VERSIONS
from app.storage.tables.people import CERTIFICATIONS, OFFICERS, STINTS
from app.storage.tables.places import AGENCIES
from read_path.servers.naive_schema import Agency, Certification, Officer, Outcome, Stint
from read_path.statements import NO_FINDING

Thing = TypeVar("Thing")
_COURT = ("CONVICTION_ON_DUTY", "CIVIL_JUDGMENT_FORCE")
_WORK = ("DRAFT", "REJECTED", "WITHDRAWN", "SUBMITTED", "AWAITING_EVIDENCE", "PROCESS_REVIEW", "NOTICE")


class OfficerRow:
    """An officer as stored."""


class AgencyRow:
    """An agency as stored."""


class StintRow:
    """A stint as stored."""


class CertificationRow:
    """A certification as stored."""


class SeriesRow:
    """An outcome's series as stored."""


class ContentRow:
    """The content of a version as stored."""


class VersionRow:
    """A version as stored."""


class StatementRow:
    """An officer's statement as stored."""


_MAPPED: Final[Mapping[Any, Table]] = {
    OfficerRow: OFFICERS,
    AgencyRow: AGENCIES,
    StintRow: STINTS,
    CertificationRow: CERTIFICATIONS,
    SeriesRow: SERIES,
    ContentRow: CONTENTS,
    VersionRow: VERSIONS,
    StatementRow: OFFICER_STATEMENTS,
}


def map_rows() -> None:
    """Map the classes to the registry's tables, once."""
    mappers = registry()
    for each, table in _MAPPED.items():
        mappers.map_imperatively(each, table)


@dataclass(slots=True)
class Reader:
    """Loads rows for one request; `agency` and `account` are the caller's."""

    session: AsyncSession
    agency: UUID
    account: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fetch(self, statement: Any) -> Sequence[Row[Any]]:
        """Rows; a session runs one statement at a time."""
        async with self.lock:
            return (await self.session.execute(statement)).all()

    async def fetch_objects(self, row: Any, condition: Any, *order: Any) -> Sequence[Any]:
        """Mapped objects of one kind."""
        async with self.lock:
            return (await self.session.scalars(select(row).where(condition).order_by(*order))).all()

    async def may_see(self, officer: UUID) -> bool:
        """Whether an open check under a live consent names the officer, and there is anything to disclose."""
        now, check, consent = datetime.now(UTC), CANDIDATE_CHECKS.c, CONSENTS.c
        checks = (
            select(check.id)
            .join(CONSENTS, consent.id == check.consent_id)
            .where(
                check.agency_id == self.agency,
                check.officer_id == officer,
                check.kind == "FULL",
                check.match_result == "MATCH",
                check.expires_at > now,
                check.closed_at.is_(None),
                consent.expires_at > now,
                consent.revoked_at.is_(None),
                consent.scope == "FULL",
            )
        )
        own = select(GRANTS.c.id).where(
            GRANTS.c.account == self.account, GRANTS.c.role == "officer", GRANTS.c.officer_id == officer
        )
        if not await self.fetch(checks) or await self.fetch(own):
            return False
        return bool((await self.load_outcomes([officer]))[0])

    async def find_officer(self, officer: UUID) -> Officer | None:
        """One officer."""
        return (await self.load_officers([officer]))[0]

    async def load_officers(self, keys: Sequence[UUID]) -> list[Officer | None]:
        """Officers by id."""
        rows = await self.fetch_objects(OfficerRow, OFFICERS.c.id.in_(keys))
        found = {
            row.id: Officer(
                key=row.id,
                id=name_globally("Officer", row.id),
                family_name=row.family_name,
                given_name=row.given_name,
                middle_name=row.middle_name,
            )
            for row in rows
        }
        return [found.get(key) for key in keys]

    async def load_agencies(self, keys: Sequence[UUID]) -> list[Agency | None]:
        """Agencies by id."""
        rows = await self.fetch_objects(AgencyRow, AGENCIES.c.id.in_(keys))
        found = {row.id: Agency(name=row.name, kind=row.kind, state_code=row.state_code) for row in rows}
        return [found.get(key) for key in keys]

    async def load_stints(self, keys: Sequence[UUID]) -> list[list[Stint]]:
        """Stints by officer, newest first."""
        order = (STINTS.c.from_date.desc().nulls_last(), STINTS.c.id.desc())
        rows = await self.fetch_objects(StintRow, STINTS.c.officer_id.in_(keys), *order)
        return _group(
            keys,
            (
                (
                    row.officer_id,
                    Stint(
                        agency_id=row.agency_id,
                        from_date=row.from_date,
                        to_date=row.to_date,
                        is_current=row.is_current,
                        rank=row.rank,
                    ),
                )
                for row in rows
            ),
        )

    async def load_certifications(self, keys: Sequence[UUID]) -> list[list[Certification]]:
        """Certifications by officer, newest first."""
        order = (CERTIFICATIONS.c.from_date.desc().nulls_last(), CERTIFICATIONS.c.id.desc())
        rows = await self.fetch_objects(CertificationRow, CERTIFICATIONS.c.officer_id.in_(keys), *order)
        return _group(
            keys,
            (
                (
                    row.officer_id,
                    Certification(
                        state_code=row.state_code, type=row.type, from_date=row.from_date, to_date=row.to_date
                    ),
                )
                for row in rows
            ),
        )

    async def load_outcomes(self, keys: Sequence[UUID]) -> list[list[Outcome]]:
        """Outcomes that may be disclosed to whoever hires, by officer."""
        kind, finality = SERIES.c.kind, SERIES.c.finality
        in_force = case(
            (kind == NO_FINDING, and_(finality != "OVERTURNED", AGENCIES.c.state_code.is_distinct_from("NH"))),
            (finality.in_(("APPEAL_PENDING", "FINAL")), True),
            else_=and_(finality != "OVERTURNED", kind.in_(_COURT)),
        )
        statement = _select_outcomes().where(
            SERIES.c.officer_id.in_(keys), SERIES.c.lifecycle == "CLEARED", in_force, ~_find_hold(None)
        )
        rows = await self.fetch(statement)
        return _group(keys, ((row[0].officer_id, _tell(row, detailed=row[0].kind != NO_FINDING)) for row in rows))

    async def list_reported(self, most: int) -> list[Outcome]:
        """Outcomes that the caller's agency reported, newest first."""
        own = select(GRANTS.c.officer_id).where(GRANTS.c.account == self.account, GRANTS.c.role == "officer")
        statement = (
            _select_outcomes(_find_hold("SEAL_ORDER").label("sealed"))
            .where(SERIES.c.agency_id == self.agency, SERIES.c.lifecycle != "EXPUNGED", SERIES.c.officer_id.not_in(own))
            .limit(most)
        )
        found: Sequence[Any] = await self.fetch(statement)
        return [_tell(row, detailed=not sealed and _is_told(row[0]), processed=not sealed) for *row, sealed in found]


def _select_outcomes(*more: Any) -> Any:
    newest = and_(CONTENTS.c.series_id == SERIES.c.id, CONTENTS.c.version == SERIES.c.current_version)
    spoken = and_(VERSIONS.c.series_id == SERIES.c.id, VERSIONS.c.version == SERIES.c.current_version)
    said = and_(OFFICER_STATEMENTS.c.series_id == SERIES.c.id, func.upper_inf(OFFICER_STATEMENTS.c.recorded))
    return (
        select(SeriesRow, ContentRow, VersionRow, StatementRow, *more)
        .outerjoin(ContentRow, newest)
        .outerjoin(VersionRow, spoken)
        .outerjoin(StatementRow, said)
        .outerjoin(AGENCIES, AGENCIES.c.id == SERIES.c.agency_id)
        .order_by(SERIES.c.order_date.desc(), SERIES.c.id.desc())
    )


def _find_hold(kind: str | None) -> Any:
    held = select(HOLDS.c.id).where(HOLDS.c.series_id == SERIES.c.id, HOLDS.c.valid.op("@>")(func.now()))
    return and_(SERIES.c.held, (held if kind is None else held.where(HOLDS.c.kind == kind)).exists())


def _is_told(series: Any) -> bool:
    """Whether the agency that reported it sees the detail."""
    return series.lifecycle in _WORK or (series.lifecycle == "CLEARED" and series.finality != "OVERTURNED")


def _tell(rows: Sequence[Any], *, detailed: bool, processed: bool = True) -> Outcome:
    row, content, version, said = rows
    detail = {
        name: getattr(content, name) if detailed and content else None
        for name in (
            *("basis", "force_related", "force_types", "on_duty", "recommended_finding", "final_finding"),
            *("standard_of_proof", "legal_basis", "conviction_basis", "civil_basis", "court", "court_case_number"),
        )
    }
    return Outcome(
        agency_id=row.agency_id,
        officer_id=row.officer_id,
        id=name_globally("Outcome", row.id),
        kind=row.kind,
        action_date=content.action_date if content else None,
        finality=row.finality,
        dispute=row.dispute,
        has_finding=row.kind != NO_FINDING,
        version=row.current_version,
        report_type=version.report_type if version else None,
        statement=said.body if said else None,
        lifecycle=row.lifecycle if processed else None,
        created_at=row.created_at if processed else None,
        cleared_at=row.cleared_at if processed else None,
        **detail,
    )


def _group(keys: Sequence[UUID], pairs: Iterable[tuple[UUID, Thing]]) -> list[list[Thing]]:
    found: dict[UUID, list[Thing]] = defaultdict(list)
    for key, thing in pairs:
        found[key].append(thing)
    return [found[key] for key in keys]


def name_globally(kind: str, key: UUID) -> strawberry.ID:
    """A Relay id."""
    return strawberry.ID(base64.b64encode(f"{kind}:{key}".encode()).decode())
