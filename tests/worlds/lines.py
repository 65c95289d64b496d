"""Small worlds for tests: one full line of every kind, and ways to load them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from app.registry.world.exchange import dump_world, load_world
from app.settings import Settings

Line = dict[str, Any]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FULL_WORLD = Path(__file__).with_name("full_world.jsonl")
# The public list of real agencies, where the folder of reference data lies beside the checkout.
REAL_AGENCIES = Path(__file__).resolve().parents[3] / "shared" / "data" / "ref" / "fbi_agencies_2018.csv"
HEADER: Line = {"kind": "world", "version": 1}


def make_id(group: int, place: int) -> str:
    """A version 4 UUID that tells tests what it is."""
    return f"{group:08x}-0000-4000-8000-{place:012d}"


AGENCY, PARENT, OFFICER, OTHER = make_id(1, 1), make_id(1, 2), make_id(2, 1), make_id(2, 2)
STINT, MATTER, SERIES, LATER = make_id(3, 1), make_id(4, 1), make_id(5, 1), make_id(5, 2)


def full_lines() -> list[Line]:
    """A world in which every key of every kind is given at least once."""
    return [json.loads(line) for line in FULL_WORLD.read_text("utf-8").splitlines()]


def find_line(lines: list[Line], kind: str) -> Line:
    """The first line of a kind, to change."""
    return next(line for line in lines if line["kind"] == kind)


def encode(lines: Iterable[Line]) -> list[bytes]:
    """Lines as a file would have them."""
    return [json.dumps(line).encode() + b"\n" for line in lines]


async def load(connection: asyncpg.Connection, settings: Settings, lines: Iterable[bytes]) -> dict[str, int]:
    """Load with a clock that stands still and ids that count."""
    counter = iter(range(1, 1_000_000))
    return await load_world(
        connection,
        settings,
        lines,
        clock=lambda: NOW,
        ids=lambda: UUID(make_id(0xFFFF, next(counter))),
    )


async def dump(connection: asyncpg.Connection, settings: Settings) -> bytes:
    """The whole dump as bytes."""
    async with aclosing(dump_world(connection, settings, clock=lambda: NOW)) as lines:
        return b"".join([line async for line in lines])
