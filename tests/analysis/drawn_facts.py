"""A small registry drawn at random and kept twice: as plain rows in memory, and in the database.

INVARIANT: what is expected is taken from the rows in memory alone; the database is only written here, never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from app.domain.vocabulary import AgencyKind, Finality, HoldKind, MatterKind, OutcomeKind, SeparationReason, SizeBand

ANALYST = "drawn-analyst"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATES = ("WA", "OR", "NH", None)
KINDS = tuple(OutcomeKind)[:6]
BASES = ("DISHONESTY", "ABUSE_OF_POWER", "PHYSICAL_ABUSE_EXCESSIVE_FORCE", "FAILURE_TO_INTERCEDE")
LIFECYCLES = ("CLEARED",) * 6 + ("EXPIRED",) * 2 + ("DRAFT", "NOTICE", "VOIDED", "PROCESS_REVIEW")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """A row of `registry.agencies`."""

    id: UUID
    state_code: str | None
    kind: str
    size_band: str | None
    rural: bool | None
    sworn_count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stint:
    """A row of `registry.stints`."""

    id: UUID
    officer_id: UUID
    agency_id: UUID
    from_date: date | None
    to_date: date | None
    separation_reason: str | None
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A row of `registry.matters`."""

    id: UUID
    kind: str
    agency_id: UUID
    opened_on: date | None
    notice_served_on: date | None
    closed_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A series with the content of the version that speaks, and the kinds of hold in force on it."""

    id: UUID
    officer_id: UUID
    agency_id: UUID
    matter_id: UUID | None
    kind: str
    lifecycle: str
    finality: str
    created_at: datetime
    notice_served_at: datetime | None
    cleared_at: datetime | None
    action_date: date
    basis: tuple[str, ...]
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All rows of one drawn registry."""

    agencies: Sequence[Agency]
    officers: Sequence[UUID]
    stints: Sequence[Stint]
    matters: Sequence[Matter]
    outcomes: Sequence[Outcome]


def draw_facts(seed: int, *, agencies: int = 16, officers: int = 60, stints: int = 170, outcomes: int = 220) -> Facts:
    """A registry in which every dimension has several values, some of them unknown, and every state occurs."""
    random = Random(seed)
    places = [_draw_agency(random) for _ in range(agencies)]
    people = [_draw_id(random) for _ in range(officers)]
    matters = [_draw_matter(random, places) for _ in range(outcomes // 2)]
    careers = [_draw_stint(random, people, places) for _ in range(stints)]
    return Facts(
        agencies=places,
        officers=people,
        stints=careers,
        matters=matters,
        outcomes=[_draw_outcome(random, people, places, matters, careers) for _ in range(outcomes)],
    )


def _draw_id(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def _draw_day(random: Random) -> date:
    return date(2016, 1, 1) + timedelta(days=random.randrange(3600))


def _draw_agency(random: Random) -> Agency:
    return Agency(
        id=_draw_id(random),
        state_code=random.choice(STATES),
        kind=random.choice(tuple(AgencyKind)[:3]),
        size_band=random.choice((*tuple(SizeBand)[:2], None)),
        rural=random.choice((True, False, None)),
        # Some have none, of some it is not known.
        sworn_count=random.choice((0, 4, 17, 250, 250, 31, None)),
    )


def _draw_matter(random: Random, places: Sequence[Agency]) -> Matter:
    opened = _draw_day(random)
    days = random.randrange(400)
    return Matter(
        id=_draw_id(random),
        kind=random.choice(tuple(MatterKind)),
        agency_id=random.choice(places).id,
        opened_on=random.choice((opened, opened, None)),
        notice_served_on=random.choice((opened + timedelta(days=days // 3), None)),
        closed_on=random.choice((opened + timedelta(days=days), None)),
    )


def _draw_stint(random: Random, people: Sequence[UUID], places: Sequence[Agency]) -> Stint:
    begun = _draw_day(random)
    ended = begun + timedelta(days=random.randrange(1200))
    is_current = random.random() < 0.15
    return Stint(
        id=_draw_id(random),
        officer_id=random.choice(people),
        agency_id=random.choice(places).id,
        from_date=random.choice((begun, begun, begun, None)),
        to_date=None if is_current else random.choice((ended, ended, ended, None)),
        separation_reason=None if is_current else random.choice((*SeparationReason, None)),
        is_current=is_current,
    )


def _draw_outcome(
    random: Random,
    people: Sequence[UUID],
    places: Sequence[Agency],
    matters: Sequence[Matter],
    careers: Sequence[Stint],
) -> Outcome:
    action = _draw_day(random)
    officer, agency = random.choice(people), random.choice(places).id
    if random.random() < 0.5:
        stint = random.choice(careers)
        officer, agency = stint.officer_id, stint.agency_id
        if stint.to_date is not None:
            action = stint.to_date + timedelta(days=random.choice((-366, -365, -200, 0, 200, 365, 366)))
    created = datetime(action.year, action.month, action.day, tzinfo=UTC) + timedelta(hours=random.randrange(2000))
    served = created + timedelta(minutes=random.randrange(200_000))
    lifecycle = random.choice(LIFECYCLES)
    cleared = served + timedelta(minutes=random.randrange(200_000))
    return Outcome(
        id=_draw_id(random),
        officer_id=officer,
        agency_id=agency,
        matter_id=random.choice((random.choice(matters).id, None)),
        kind=random.choice(KINDS),
        lifecycle=lifecycle,
        finality=random.choice(tuple(Finality)),
        created_at=created,
        notice_served_at=None if lifecycle == "NOTICE" else random.choice((served, None)),
        cleared_at=cleared if lifecycle == "CLEARED" else None,
        action_date=action,
        basis=tuple(random.sample(BASES, random.randrange(4))),
        holds=(random.choice(tuple(HoldKind)),) if random.random() < 0.15 else (),
    )


async def store_facts(owner: asyncpg.Connection, facts: Facts) -> None:
    """Write the rows, and the right of one analyst to ask of them."""
    place = UUID(int=1)
    await owner.execute(
        "INSERT INTO registry.jurisdictions (id, code, level, name) VALUES ($1, 'TRIBE-drawn', 'TRIBAL', 'drawn')",
        place,
    )
    await _insert(
        owner, "agencies", [{**_tell(each), "jurisdiction_id": place, "name": "drawn"} for each in facts.agencies]
    )
    await _insert(
        owner,
        "officers",
        [
            {"id": each, "analyst_id": UUID(int=each.int ^ 1), "family_name": "D", "given_name": "D"}
            for each in facts.officers
        ],
    )
    await _insert(owner, "stints", [{**_tell(each), "source": "drawn"} for each in facts.stints])
    await _insert(
        owner,
        "matters",
        [{**_tell(each), "status": "OPEN" if each.closed_on is None else "CLOSED"} for each in facts.matters],
    )
    for each in facts.outcomes:
        await _store_outcome(owner, each)
    await owner.execute(
        "INSERT INTO registry.grants (id, account, role, valid, granted_by) "
        "VALUES ($1, $2, 'doj_analyst', '[2020-01-01,)', 'drawn-operator')",
        UUID(int=2),
        ANALYST,
    )
    await owner.execute("ANALYZE")


async def _store_outcome(owner: asyncpg.Connection, each: Outcome) -> None:
    told = _tell(each)
    content = {"series_id": each.id, "action_date": told.pop("action_date"), "basis": list(told.pop("basis"))}
    holds = told.pop("holds")
    voided = {"void_reason": "DUPLICATE"} if each.lifecycle == "VOIDED" else {}
    # An earlier version says otherwise: it must not be counted.
    await _insert(
        owner, "outcome_series", [{**told, **voided, "analyst_id": UUID(int=each.id.int ^ 1), "current_version": 2}]
    )
    for version, until in ((1, each.created_at + timedelta(days=1)), (2, None)):
        since = each.created_at if version == 1 else each.created_at + timedelta(days=1)
        await _insert(
            owner,
            "outcome_versions",
            [
                {
                    "series_id": each.id,
                    "version": version,
                    "report_type": "INITIAL" if version == 1 else "CORRECTION",
                    "supersedes": None if version == 1 else 1,
                    "valid": asyncpg.Range(each.action_date),
                    "recorded": asyncpg.Range(since, until),
                    "content_commitment": bytes(32),
                }
            ],
        )
        earlier = {"action_date": date(1990, 1, 1), "basis": ["SEXUAL_ASSAULT"]} if version == 1 else {}
        await _insert(
            owner,
            "outcome_contents",
            [{**content, **earlier, "version": version, "commitment_salt": bytes(32), "force_related": True}],
        )
    for kind in holds:
        await _insert(
            owner,
            "holds",
            [
                {
                    "id": UUID(int=each.id.int ^ 2),
                    "series_id": each.id,
                    "kind": kind,
                    "valid": asyncpg.Range(each.created_at),
                    "authority": "drawn court",
                    "placed_by": "drawn clerk",
                }
            ],
        )


def _tell(row: Any) -> dict[str, Any]:
    return {each.name: getattr(row, each.name) for each in fields(row)}


async def _insert(owner: asyncpg.Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    names = list(rows[0])
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    await owner.executemany(
        f"INSERT INTO registry.{table} ({', '.join(names)}) VALUES ({places})",
        [[row[name] for name in names] for row in rows],
    )
