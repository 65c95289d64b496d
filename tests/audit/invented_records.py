"""Invented audit records, and chains made of them.

Every account and digest here is made up; the ids are drawn at random.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from app.audit.chain import ChainHead, SealedRecord, seal_records, start_chain
from app.audit.records import AuditRecord, DisclosedItem, RecordKind
from app.audit.verification import ChainReport, ChainWalk

# A busy machine is no fault of what is tested.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

MORNING = datetime(2026, 3, 2, 14, 30, 0, 123_456, tzinfo=UTC)


def draw_id(draws: random.Random) -> UUID:
    return UUID(int=draws.getrandbits(128), version=4)


def make_record(number: int, *, items: int = 1, seed: int = 0) -> AuditRecord:
    """The `number`th invented record; a number and a seed always give the same one."""
    draws = random.Random(f"{seed}/{number}")
    return AuditRecord(
        id=draw_id(draws),
        kind=RecordKind.DISCLOSURE if items else RecordKind.QUERY,
        at=MORNING + timedelta(seconds=number),
        account="investigator.r.castillo",
        role="hiring_investigator",
        purpose="hiring",
        agency_id=draw_id(draws),
        state_code="TX",
        check_id=draw_id(draws),
        operation="CandidateFile",
        document_sha256=hashlib.sha256(b"document").digest(),
        policy_sha256=hashlib.sha256(b"policy").digest(),
        input_commitment=draws.randbytes(32),
        result="DISCLOSED" if items else "EMPTY",
        items=tuple(make_item(draws, position) for position in range(items)),
    )


def make_item(draws: random.Random, number: int) -> DisclosedItem:
    """An item; every third names an officer alone."""
    if number % 3 == 2:
        return DisclosedItem(officer_id=draw_id(draws))
    return DisclosedItem(officer_id=draw_id(draws), series_id=draw_id(draws), version=number + 1)


def make_chain(length: int, *, items: int = 3, seed: int = 0) -> list[SealedRecord]:
    chain_id = draw_id(random.Random(f"chain {seed}"))
    return seal_records(start_chain(chain_id), [make_record(n, items=items, seed=seed) for n in range(length)])


def walk(chain: Iterable[SealedRecord], *, expected: Iterable[ChainHead] = (), with_items: bool = True) -> ChainReport:
    """Verify rows in the order in which the database would give them."""
    visitor = ChainWalk(expected)
    for sealed in sorted(chain, key=lambda sealed: (sealed.row.chain_id, sealed.row.position)):
        visitor.visit(sealed.row, sealed.items if with_items else None)
    return visitor.finish()


# Whatever a text column of PostgreSQL can hold.
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)
digests = st.binary(min_size=32, max_size=32)
items = st.builds(DisclosedItem, officer_id=st.uuids()) | st.builds(
    DisclosedItem, officer_id=st.uuids(), series_id=st.uuids(), version=st.integers(1, 2**31 - 1)
)


zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31), timezones=zones)  # noqa: DTZ001 - zones are drawn


@st.composite
def records(draw: st.DrawFn) -> AuditRecord:
    """Any record that may be written."""
    kind = draw(st.sampled_from(RecordKind))
    fewest, most = {RecordKind.DISCLOSURE: (1, 4), RecordKind.QUERY: (0, 0)}.get(kind, (0, 4))
    return AuditRecord(
        id=draw(st.uuids()),
        kind=kind,
        at=draw(times),
        account=draw(texts),
        role=draw(texts),
        purpose=draw(texts),
        agency_id=draw(st.none() | st.uuids()),
        state_code=draw(st.none() | texts),
        check_id=draw(st.none() | st.uuids()),
        operation=draw(texts),
        document_sha256=draw(digests),
        policy_sha256=draw(digests),
        input_commitment=draw(digests),
        result=draw(st.from_regex(r"[A-Z][A-Z0-9_]{0,12}", fullmatch=True)),
        items=tuple(draw(st.lists(items, min_size=fewest, max_size=most))),
    )
