"""What surrounds every route: protective header fields on each answer, and no fault that gets out.

INVARIANT: no exception reaches the server, which would write it to its log with whatever values it carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import ErrorCode, ProbityError
from app.http.problems import ProblemDesk

# An answer that is no page may load nothing and be framed nowhere.
NO_PAGE: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
FIELDS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": NO_PAGE,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Kept by nobody unless a route says otherwise.
    "cache-control": "no-store",
}
ONE_YEAR: Final = "max-age=31536000"


class ProtectiveFields:
    """Adds the protective header fields that an answer does not set itself."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        fields = {**FIELDS, "strict-transport-security": ONE_YEAR} if is_https else FIELDS
        self._fields = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in fields.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back with the fields."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message["headers"])
                named = {name for name, _ in own}
                message["headers"] = own + [field for field in self._fields if field[0] not in named]
            await send(message)

        await self._app(scope, receive, send_with_fields)


class FaultBarrier:
    """Refuses addresses that are too long, and answers whatever goes wrong further in."""

    def __init__(self, app: ASGIApp, *, problems: ProblemDesk, url_bytes: int) -> None:
        self._app = app
        self._problems = problems
        self._url_bytes = url_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an answer that had begun before a fault is cut off."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def note_and_send(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > self._url_bytes:
                raise ProbityError(ErrorCode.URI_TOO_LONG)
            await self._app(scope, receive, note_and_send)
        except Exception as error:
            response = self._problems.answer(error)
            if not has_begun:
                await response(scope, receive, send)
