"""Files of exports over HTTP: whole and in ranges, with a token, kept by nobody on the way."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from app.http.application import create_app
from tests.analysis.test_exports import ANOTHER, Desk, desk

__all__ = ["desk"]
ORIGIN = "http://registry.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """An export that is ready, its bytes, and a client of the application."""

    desk: Desk
    client: httpx.AsyncClient
    export: Any
    body: bytes

    async def get(self, **headers: str) -> httpx.Response:
        token = {"authorization": f"Bearer {self.desk.present().compact}"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(self.export["path"], headers=token | named)


@pytest_asyncio.fixture
async def shelf(desk: Desk) -> AsyncIterator[Shelf]:
    app = create_app(desk.analysis.pipeline, endpoint_url=f"{ORIGIN}/graphql", exporter=desk.exporter)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as client:
        export = await desk.make("CSV")
        yield Shelf(desk=desk, client=client, export=export, body=await desk.read(export))


async def test_a_file_comes_whole_with_its_digest_and_marking(shelf: Shelf) -> None:
    response = await shelf.get()
    assert (response.status_code, response.content) == (200, shelf.body)
    digest = hashlib.sha256(shelf.body).digest()
    assert shelf.export["sha256"] == digest.hex()
    assert shelf.export["sizeBytes"] == len(shelf.body)
    expected = {
        "content-type": "text/csv; charset=utf-8; header=present",
        "content-length": str(len(shelf.body)),
        "cache-control": "no-store",
        "accept-ranges": "bytes",
        "etag": f'"{digest.hex()}"',
        "repr-digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
        "probity-marking": "exact, not for release",
        "vary": "authorization, dpop",
        "x-content-type-options": "nosniff",
    }
    assert {name: response.headers[name] for name in expected} == expected
    assert response.headers["content-disposition"].endswith('.csv"')


@pytest.mark.parametrize(
    ("asked", "first", "last"), [("bytes=0-9", 0, 9), ("bytes=10-", 10, None), ("bytes=-7", -7, None)]
)
async def test_a_range_is_that_part_of_the_file(shelf: Shelf, asked: str, first: int, last: int | None) -> None:
    response = await shelf.get(range=asked)
    part = shelf.body[first:] if last is None else shelf.body[first : last + 1]
    start = first if first >= 0 else len(shelf.body) + first
    assert (response.status_code, response.content) == (206, part)
    assert response.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(shelf.body)}"
    assert response.headers["content-length"] == str(len(part))


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=9-3", "bytes=-0"])
async def test_a_range_beyond_the_file_is_refused(shelf: Shelf, asked: str) -> None:
    response = await shelf.get(range=asked)
    assert (response.status_code, response.content) == (416, b"")
    assert response.headers["content-range"] == f"bytes */{len(shelf.body)}"


@pytest.mark.parametrize(
    "headers", [{"range": "bytes=0-1,5-6"}, {"range": "lines=1-2"}, {"range": "bytes=0-9", "if_range": '"other"'}]
)
async def test_what_is_no_single_range_of_this_file_gives_all_of_it(shelf: Shelf, headers: dict[str, str]) -> None:
    response = await shelf.get(**headers)
    assert (response.status_code, response.content) == (200, shelf.body)


async def test_a_file_fetched_in_pieces_is_the_file(shelf: Shelf) -> None:
    tag = (await shelf.get(range="bytes=0-0")).headers["etag"]
    pieces = [
        (await shelf.get(range=f"bytes={place}-{place + 999}", if_range=tag)).content
        for place in range(0, len(shelf.body), 1000)
    ]
    assert b"".join(pieces) == shelf.body


async def test_without_his_token_there_is_nothing(shelf: Shelf) -> None:
    path = shelf.export["path"]
    assert (await shelf.client.get(path)).status_code == 401
    assert (await shelf.client.post(path)).status_code == 405
    await shelf.desk.become(f"{ANOTHER}-by-http")
    other, absent = (
        await shelf.get(),
        await shelf.client.get(
            f"/exports/{uuid4()}", headers={"authorization": f"Bearer {shelf.desk.present().compact}"}
        ),
    )
    assert other.status_code == absent.status_code == 404
    assert other.json()["errors"][0]["message"] == absent.json()["errors"][0]["message"]


async def test_each_range_that_is_given_is_recorded(shelf: Shelf) -> None:
    text = "SELECT count(*) FROM audit.records WHERE operation = 'downloadExport' AND document_sha256 = $1"
    digest = bytes.fromhex(shelf.export["sha256"])
    before = await shelf.desk.owner.fetchval(text, digest)
    await shelf.get(range="bytes=0-9")
    await shelf.get(range="bytes=10-19")
    assert await shelf.desk.owner.fetchval(text, digest) == before + 2
