"""Files of exports: `GET /exports/{id}`, whole or a range of bytes, with the token of their owner.

INVARIANT: a file is opened only after the record of its being given is durable; nothing on the way may keep it.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.answering.exporting import Download, Exporter
from app.domain.vocabulary import ExportFormat
from app.errors import ErrorCode, ProbityError
from app.http.problems import ProblemDesk
from app.identity.presented import read_presented_token
from app.pipeline import Pipeline
from app.storage.export_files import MARKING, SUFFIXES

MEDIA_TYPES: Final = {
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
}
_BLOCK: Final = 1 << 18
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportDesk:
    """Gives analysts their files; `origin` is the address of the server as clients see it."""

    pipeline: Pipeline
    exporter: Exporter
    problems: ProblemDesk
    origin: str

    def list_routes(self) -> tuple[Route, ...]:
        """The one route."""
        return (Route("/exports/{id}", self.give, methods=["GET"]),)

    async def give(self, request: Request) -> Response:
        """A file or a range of it; absent, another's, expired and not ready are one answer."""
        try:
            response = await self._give(request)
        except Exception as error:
            response = self.problems.answer(error, allow=("GET",))
        response.headers["vary"] = "authorization, dpop"
        return response

    async def _give(self, request: Request) -> Response:
        if request.method != "GET":
            raise ProbityError(ErrorCode.METHOD_NOT_ALLOWED)
        presented = read_presented_token(
            authorization=request.headers.getlist("authorization"),
            dpop=request.headers.getlist("dpop"),
            method="GET",
            url=f"{self.origin}{request.url.path}",
        )
        if presented is None:
            raise ProbityError(ErrorCode.UNAUTHENTICATED)
        principal = await self.pipeline.identify(presented)
        download = await self.exporter.open_download(_read_id(request.path_params["id"]), principal)
        return _answer(download, request)


def _read_id(text: str) -> UUID:
    try:
        found = UUID(text)
    except ValueError:
        raise ProbityError(ErrorCode.NOT_FOUND) from None
    if str(found) != text:
        raise ProbityError(ErrorCode.NOT_FOUND)
    return found


def _answer(download: Download, request: Request) -> Response:
    size, export = download.size_bytes, download.export
    tag = f'"{download.sha256.hex()}"'
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="probity-{export.id}.{SUFFIXES[export.format]}"',
        "etag": tag,
        "probity-marking": MARKING,
    }
    asked = request.headers.get("range")
    if asked is not None and request.headers.get("if-range", tag) == tag:
        span = _read_range(asked, size)
        if span is None:
            return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
        if span != (0, size - 1):
            first, last = span
            headers |= {"content-range": f"bytes {first}-{last}/{size}", "content-length": str(last - first + 1)}
            return _stream(download, first, last, headers, status=206)
    # RFC 9530: of the whole file, whatever transfers it.
    headers["repr-digest"] = f"sha-256=:{base64.b64encode(download.sha256).decode()}:"
    headers["content-length"] = str(size)
    return _stream(download, 0, size - 1, headers, status=200)


def _read_range(text: str, size: int) -> tuple[int, int] | None:
    """The first and last byte of one range (RFC 9110, 14.1.2); none where it holds no byte of the file.

    Several ranges, or another unit, are asked for in vain: the whole file is given.
    """
    found = _RANGE.fullmatch(text.strip())
    if found is None or found.groups() == ("", ""):
        return 0, size - 1
    first, last = found.groups()
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) > 0 else None
    if int(first) >= size or (last and int(last) < int(first)):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1


def _stream(download: Download, first: int, last: int, headers: dict[str, str], *, status: int) -> Response:
    return StreamingResponse(
        _read_bytes(download, first, last),
        status_code=status,
        headers=headers,
        media_type=MEDIA_TYPES[download.export.format],
    )


async def _read_bytes(download: Download, first: int, last: int) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(download.path.open, "rb") as stream:
        stream.seek(first)
        left = last - first + 1
        while left > 0:
            block = await asyncio.to_thread(stream.read, min(_BLOCK, left))
            if not block:
                return
            left -= len(block)
            yield block
