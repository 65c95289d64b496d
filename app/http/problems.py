"""The only translation of a failure to an HTTP answer: status, header fields, body and the line in the log.

INVARIANT: an answer and a log line hold a code, fixed words and a correlation id; never a value, never the document.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response

from app.domain.clock import IdSource
from app.errors import PUBLIC_SENTENCES, ErrorCode, ProbityError
from app.http.negotiation import MediaType
from app.identity.presented import CHALLENGES

STATUS_OF_CODE: Final[Mapping[ErrorCode, int]] = {
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.DOCUMENT_INVALID: 400,
    ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND: 400,
    ErrorCode.LIMIT_EXCEEDED: 400,
    ErrorCode.VARIABLES_INVALID: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.NOT_ACCEPTABLE: 406,
    ErrorCode.REQUEST_TIMEOUT: 408,
    ErrorCode.CONFLICT: 409,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.URI_TOO_LONG: 414,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.DEADLINE_EXCEEDED: 504,
}
# A well-formed request whose document is at fault is 200 in the older media type, where a 4xx could come from anyone
# on the way (GraphQL over HTTP, section 6.4.1).
_REQUEST_ERRORS: Final = frozenset(
    {
        ErrorCode.DOCUMENT_INVALID,
        ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND,
        ErrorCode.LIMIT_EXCEEDED,
        ErrorCode.VARIABLES_INVALID,
    }
)
# After these the rest of the request is not read, so nothing more can come by that connection.
_LEAVES_UNREAD: Final = frozenset({ErrorCode.TOO_LARGE, ErrorCode.REQUEST_TIMEOUT})
_RETRY_SECONDS: Final[Mapping[ErrorCode, int]] = {ErrorCode.RATE_LIMITED: 10, ErrorCode.UNAVAILABLE: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDesk:
    """Turns failures into answers, and tells the log under the same correlation id."""

    draw_id: IdSource
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("probity.http"))

    def answer(
        self, error: Exception, *, media_type: MediaType = MediaType.JSON, allow: tuple[str, ...] = ()
    ) -> Response:
        """The answer to a request that failed with `error`; `allow` are the methods that the address answers."""
        known = error if isinstance(error, ProbityError) else ProbityError(ErrorCode.INTERNAL)
        correlation_id = str(self.draw_id())
        self._tell_log(known.code, correlation_id, error)
        # INTERNAL says only that: what went wrong is for the log.
        sentence = PUBLIC_SENTENCES[known.code] if known.code is ErrorCode.INTERNAL else known.public_sentence
        problem = {"message": sentence, "extensions": {"code": known.code, "correlationId": correlation_id}}
        is_relaxed = media_type is MediaType.JSON and known.code in _REQUEST_ERRORS
        response = Response(
            json.dumps({"errors": [problem]}, ensure_ascii=False),
            status_code=200 if is_relaxed else STATUS_OF_CODE[known.code],
            media_type=f"{media_type}; charset=utf-8",
            headers={"cache-control": "no-store"},
        )
        _add_fields(response, known.code, allow)
        return response

    def _tell_log(self, code: ErrorCode, correlation_id: str, error: Exception) -> None:
        if code is not ErrorCode.INTERNAL:
            self.logger.info("refused: code=%s correlation=%s", code, correlation_id)
            return
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        place = _find_place(error)
        self.logger.error("failed: code=%s correlation=%s exception=%s at=%s", code, correlation_id, kind, place)


def _add_fields(response: Response, code: ErrorCode, allow: tuple[str, ...]) -> None:
    if code is ErrorCode.UNAUTHENTICATED:
        for challenge in CHALLENGES:
            response.headers.append("www-authenticate", challenge)
    if code is ErrorCode.METHOD_NOT_ALLOWED:
        response.headers["allow"] = ", ".join(allow)
    if code in _LEAVES_UNREAD:
        response.headers["connection"] = "close"
    if code in _RETRY_SECONDS:
        response.headers["retry-after"] = str(_RETRY_SECONDS[code])


def _find_place(error: Exception) -> str:
    """Where an exception arose: the innermost module of ours and its line."""
    place = "unknown"
    frame = error.__traceback__
    while frame is not None:
        module = frame.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] == "app":
            place = f"{module}:{frame.tb_lineno}"
        frame = frame.tb_next
    return place
