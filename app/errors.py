"""The closed list of ways in which Probity fails, each with a stable code and one fixed public sentence.

A message never repeats a stored or a submitted value: what failed is named by code, place and correlation id.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable codes of `errors[].extensions.code`; the public sentence is fixed per code."""

    BAD_REQUEST = "BAD_REQUEST"
    DOCUMENT_INVALID = "DOCUMENT_INVALID"
    PERSISTED_DOCUMENT_NOT_FOUND = "PERSISTED_DOCUMENT_NOT_FOUND"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    VARIABLES_INVALID = "VARIABLES_INVALID"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    TOO_LARGE = "TOO_LARGE"
    URI_TOO_LONG = "URI_TOO_LONG"
    RATE_LIMITED = "RATE_LIMITED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


PUBLIC_SENTENCES: dict[ErrorCode, str] = {
    ErrorCode.BAD_REQUEST: "the request is not a well-formed GraphQL request",
    ErrorCode.DOCUMENT_INVALID: "the document does not fit this role's contract",
    ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND: "there is no published document of that id; send the id of one that is",
    ErrorCode.LIMIT_EXCEEDED: "the document exceeds a limit; ask for less at once",
    ErrorCode.VARIABLES_INVALID: "the variables do not fit the document",
    ErrorCode.UNAUTHENTICATED: "a valid access token is required",
    ErrorCode.FORBIDDEN: "this role, purpose or grant does not allow the request",
    ErrorCode.NOT_FOUND: "there is nothing here that you may see",
    ErrorCode.CONFLICT: "the target has changed since it was read; read it again",
    ErrorCode.METHOD_NOT_ALLOWED: "this address does not answer that method; see the Allow header",
    ErrorCode.NOT_ACCEPTABLE: "answers are JSON; accept application/graphql-response+json or application/json",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "requests are JSON in UTF-8; send content-type application/json",
    ErrorCode.REQUEST_TIMEOUT: "the request took too long to arrive; send it again",
    ErrorCode.TOO_LARGE: "the request is too large",
    ErrorCode.URI_TOO_LONG: "the address is too long; send the request by POST",
    ErrorCode.RATE_LIMITED: "too many requests; wait and try again",
    ErrorCode.DEADLINE_EXCEEDED: "the request took too long and was cancelled",
    ErrorCode.UNAVAILABLE: "the registry cannot answer now; try again",
    ErrorCode.INTERNAL: "an unexpected fault; quote the correlation id",
}


class ProbityError(Exception):
    """A failure with a public code.

    `detail` is a fixed sentence written by us (a limit's name, a document's position): never a value.
    """

    def __init__(self, code: ErrorCode, detail: str | None = None) -> None:
        super().__init__(detail or PUBLIC_SENTENCES[code])
        self.code = code
        self.detail = detail

    @property
    def public_sentence(self) -> str:
        """What the caller reads: the code's sentence, or the fixed detail that narrows it."""
        return self.detail or PUBLIC_SENTENCES[self.code]


class SetupRefused(Exception):
    """A configuration or environment refusal; its message says what to do next."""


class PolicyRefused(SetupRefused):
    """A policy directory that may not be served; the message names file and line."""


class ImportRefused(Exception):
    """A whole file that cannot be imported; the message says what to mend, never its content."""
