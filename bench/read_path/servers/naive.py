"""What one would write without Probity: Strawberry with SQLAlchemy's ORM, data loaders, and Casbin asked at each field.

It is written with care (batched loads, one session a request, a compiled schema); only its shape is what costs.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import casbin
import strawberry
from sqlalchemy import Row, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from strawberry.dataloader import DataLoader
from strawberry.permission import BasePermission

from app.http.server import create_event_loop, run_server
from app.storage.tables.access import CANDIDATE_CHECKS, CONSENTS, GRANTS
from app.storage.tables.outcomes import CONTENTS, HOLDS, OFFICER_STATEMENTS, SERIES, VERSIONS
from app.storage.tables.people import CERTIFICATIONS, OFFICERS, STINTS
from app.storage.tables.places import AGENCIES
from read_path.servers.probity import announce
from read_path.statements import NO_FINDING

Info = strawberry.Info[dict[str, Any], None]
Thing = TypeVar("Thing")
_COURT = ("CONVICTION_ON_DUTY", "CIVIL_JUDGMENT_FORCE")
_WORK = ("DRAFT", "REJECTED", "WITHDRAWN", "SUBMITTED", "AWAITING_EVIDENCE", "PROCESS_REVIEW", "NOTICE")
_MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && keyMatch(r.obj, p.obj) && r.act == p.act
"""
_GUARDED = ("Officer", "Stint", "Certification", "Outcome", "Agency")


def build_enforcer() -> Any:
    """An enforcer with some fifty lines: types by role, and roles that inherit from one another."""
    model = casbin.Model()
    model.load_model_from_text(_MODEL)
    enforcer = casbin.Enforcer(model)
    for role in ("hiring_investigator", "records_officer", "agency_head", "post_officer", "registrar"):
        for name in _GUARDED:
            enforcer.add_policy(role, f"{name}.*", "read")
            enforcer.add_policy(role, f"{name}.id", "read")
        enforcer.add_role_for_user(role, "staff")
    return enforcer


class MayRead(BasePermission):
    """Asks Casbin whether the caller's role may read the field."""

    message = "not permitted"

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        """Asked for every field of every row."""
        name = f"{type(source).__name__}.{info.field_name}"
        return bool(info.context["enforcer"].enforce(info.context["role"], name, "read"))


def guarded() -> Any:
    """A field that Casbin is asked about."""
    return strawberry.field(permission_classes=[MayRead])


@strawberry.type
class Agency:
    """An agency."""

    name: str = guarded()
    kind: str = guarded()
    state_code: str | None = guarded()


@strawberry.type
class Stint:
    """A stint, its agency loaded in batches."""

    agency_id: strawberry.Private[UUID]
    from_date: date | None = guarded()
    to_date: date | None = guarded()
    is_current: bool = guarded()
    rank: str | None = guarded()

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def agency(self, info: Info) -> Agency | None:
        """Where."""
        found: Agency | None = await info.context["agencies"].load(self.agency_id)
        return found


@strawberry.type
class Certification:
    """A certification."""

    state_code: str = guarded()
    type: str = guarded()
    from_date: date | None = guarded()
    to_date: date | None = guarded()


@strawberry.type
class Outcome:
    """An outcome at its newest version."""

    agency_id: strawberry.Private[UUID]
    officer_id: strawberry.Private[UUID]
    id: strawberry.ID = guarded()
    kind: str = guarded()
    action_date: date | None = guarded()
    finality: str = guarded()
    dispute: str = guarded()
    has_finding: bool = guarded()
    version: int = guarded()
    report_type: str | None = guarded()
    statement: str | None = guarded()
    basis: list[str] | None = guarded()
    force_related: bool | None = guarded()
    force_types: list[str] | None = guarded()
    on_duty: bool | None = guarded()
    recommended_finding: str | None = guarded()
    final_finding: str | None = guarded()
    standard_of_proof: str | None = guarded()
    legal_basis: str | None = guarded()
    conviction_basis: str | None = guarded()
    civil_basis: str | None = guarded()
    court: str | None = guarded()
    court_case_number: str | None = guarded()
    lifecycle: str | None = guarded()
    created_at: datetime | None = guarded()
    cleared_at: datetime | None = guarded()

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def agency(self, info: Info) -> Agency | None:
        """Who reported it."""
        found: Agency | None = await info.context["agencies"].load(self.agency_id)
        return found

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def officer(self, info: Info) -> Officer | None:
        """Whom it is about."""
        found: Officer | None = await info.context["officers"].load(self.officer_id)
        return found


@strawberry.type
class PageInfo:
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Connection(Generic[Thing]):
    """Rows of a page."""

    nodes: list[Thing]
    page_info: PageInfo | None = None


@strawberry.type
class Officer:
    """An officer, with what hangs on him loaded in batches."""

    key: strawberry.Private[UUID]
    id: strawberry.ID = guarded()
    family_name: str = guarded()
    given_name: str = guarded()
    middle_name: str | None = guarded()

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def stints(self, info: Info, first: int) -> Connection[Stint]:
        """Where they served."""
        return Connection(nodes=(await info.context["stints"].load(self.key))[:first])

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def certifications(self, info: Info, first: int) -> Connection[Certification]:
        """What certified them."""
        return Connection(nodes=(await info.context["certifications"].load(self.key))[:first])

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def outcomes(self, info: Info, first: int) -> Connection[Outcome]:
        """Outcomes on record."""
        return Connection(nodes=(await info.context["outcomes"].load(self.key))[:first])


@strawberry.type
class Query:
    """The two roots that are measured."""

    @strawberry.field
    async def officer(self, info: Info, id: strawberry.ID) -> Officer | None:
        """An officer under an open check."""
        key = UUID(base64.b64decode(id).decode().partition(":")[2])
        reader: Reader = info.context["reader"]
        return await reader.find_officer(key) if await reader.may_see(key) else None

    @strawberry.field
    async def outcomes(self, info: Info, first: int, after: str | None = None) -> Connection[Outcome]:
        """Outcomes that the agency reported."""
        reader: Reader = info.context["reader"]
        found = await reader.list_reported(first + 1)
        shown = found[:first]
        last = base64.b64encode(UUID(base64.b64decode(shown[-1].id).decode()[8:]).bytes).decode() if shown else None
        return Connection(nodes=shown, page_info=PageInfo(has_next_page=len(found) > first, end_cursor=last))


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
        rows = await self.fetch(select(OFFICERS).where(OFFICERS.c.id.in_(keys)))
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
        rows = await self.fetch(select(AGENCIES).where(AGENCIES.c.id.in_(keys)))
        found = {row.id: Agency(name=row.name, kind=row.kind, state_code=row.state_code) for row in rows}
        return [found.get(key) for key in keys]

    async def load_stints(self, keys: Sequence[UUID]) -> list[list[Stint]]:
        """Stints by officer, newest first."""
        order = (STINTS.c.from_date.desc().nulls_last(), STINTS.c.id.desc())
        rows = await self.fetch(select(STINTS).where(STINTS.c.officer_id.in_(keys)).order_by(*order))
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
        rows = await self.fetch(select(CERTIFICATIONS).where(CERTIFICATIONS.c.officer_id.in_(keys)).order_by(*order))
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
        return _group(keys, ((row.officer_id, _tell(row, detailed=row.kind != NO_FINDING)) for row in rows))

    async def list_reported(self, most: int) -> list[Outcome]:
        """Outcomes that the caller's agency reported, newest first."""
        own = select(GRANTS.c.officer_id).where(GRANTS.c.account == self.account, GRANTS.c.role == "officer")
        statement = (
            _select_outcomes(_find_hold("SEAL_ORDER").label("sealed"))
            .where(SERIES.c.agency_id == self.agency, SERIES.c.lifecycle != "EXPUNGED", SERIES.c.officer_id.not_in(own))
            .limit(most)
        )
        return [
            _tell(
                row,
                detailed=not row.sealed
                and (row.lifecycle in _WORK or (row.lifecycle == "CLEARED" and row.finality != "OVERTURNED")),
                processed=not row.sealed,
            )
            for row in await self.fetch(statement)
        ]


def _select_outcomes(*more: Any) -> Any:
    newest = and_(CONTENTS.c.series_id == SERIES.c.id, CONTENTS.c.version == SERIES.c.current_version)
    spoken = and_(VERSIONS.c.series_id == SERIES.c.id, VERSIONS.c.version == SERIES.c.current_version)
    said = and_(OFFICER_STATEMENTS.c.series_id == SERIES.c.id, func.upper_inf(OFFICER_STATEMENTS.c.recorded))
    content = [column for column in CONTENTS.c if column.name not in ("series_id", "version")]
    return (
        select(SERIES, *content, VERSIONS.c.report_type, OFFICER_STATEMENTS.c.body.label("statement"), *more)
        .outerjoin(CONTENTS, newest)
        .outerjoin(VERSIONS, spoken)
        .outerjoin(OFFICER_STATEMENTS, said)
        .outerjoin(AGENCIES, AGENCIES.c.id == SERIES.c.agency_id)
        .order_by(CONTENTS.c.action_date.desc().nulls_last(), SERIES.c.id.desc())
    )


def _find_hold(kind: str | None) -> Any:
    held = select(HOLDS.c.id).where(HOLDS.c.series_id == SERIES.c.id, HOLDS.c.valid.op("@>")(func.now()))
    return (held if kind is None else held.where(HOLDS.c.kind == kind)).exists()


def _tell(row: Any, *, detailed: bool, processed: bool = True) -> Outcome:
    detail = {
        name: getattr(row, name) if detailed else None
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
        action_date=row.action_date,
        finality=row.finality,
        dispute=row.dispute,
        has_finding=row.kind != NO_FINDING,
        version=row.current_version,
        report_type=row.report_type,
        statement=row.statement,
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


def build_context(reader: Reader, enforcer: Any, role: str) -> dict[str, Any]:
    """What the resolvers of one request share."""

    def loader(load: Callable[[list[UUID]], Awaitable[Sequence[Any]]]) -> DataLoader[UUID, Any]:
        return DataLoader(load_fn=load)

    return {
        "reader": reader,
        "enforcer": enforcer,
        "role": role,
        "agencies": loader(reader.load_agencies),
        "officers": loader(reader.load_officers),
        "stints": loader(reader.load_stints),
        "certifications": loader(reader.load_certifications),
        "outcomes": loader(reader.load_outcomes),
    }


async def serve() -> None:
    """Serve on a free port of the loopback address until told to stop."""
    address = os.environ["MEASURED_DATABASE"].replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(address, pool_size=4, max_overflow=0, connect_args={"server_settings": {"jit": "off"}})
    sessions = async_sessionmaker(engine)
    schema = strawberry.Schema(Query)
    enforcer = build_enforcer()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked = json.loads((await receive())["body"])
        headers = dict(scope["headers"])
        account, agency, role = headers[b"x-asker"].decode().split(" ")
        async with sessions() as session:
            reader = Reader(session, UUID(agency), account)
            result = await schema.execute(
                asked["query"],
                variable_values=asked["variables"],
                context_value=build_context(reader, enforcer, role),
            )
        told: dict[str, Any] = {"data": result.data}
        if result.errors:
            told["errors"] = [error.formatted for error in result.errors]
        answer = json.dumps(told, separators=(",", ":")).encode()
        length = str(len(answer)).encode()
        fields = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": answer})

    try:
        await run_server(app, host="127.0.0.1", port=0, announce=announce)
    finally:
        await engine.dispose()


def main() -> None:
    """Serve."""
    loop = create_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(serve())


if __name__ == "__main__":
    main()
