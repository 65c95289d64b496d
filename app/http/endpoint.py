"""The GraphQL endpoint: one HTTP request to one request of the pipeline, and its answer back (GraphQL over HTTP).

INVARIANT: commands come by POST with a JSON body alone, which no page of another origin can send.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import ErrorCode, ProbityError
from app.http.exchange import ClientGone, answer_while_connected, read_body
from app.http.limits import CallerLimits, EdgeLimits
from app.http.negotiation import MediaType, choose_media_type, is_form, is_json
from app.http.parameters import GraphQLParameters, read_address_parameters, read_body_parameters
from app.http.problems import ProblemDesk
from app.identity.presented import PresentedToken, read_presented_token
from app.pipeline import Answer, GraphQLRequest, Pipeline
from app.planning.limits import check_variables

METHODS: Final = ("GET", "POST")
# What a refused GET is told: commands, and documents that turn out to be commands, are taken by POST.
COMMAND_METHODS: Final = ("POST",)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLEndpoint:
    """`/graphql` as an ASGI application. `url` is its address as the operator has set it; proofs are made for it."""

    pipeline: Pipeline
    problems: ProblemDesk
    url: str
    limits: EdgeLimits = field(default_factory=EdgeLimits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that has gone is not answered."""
        headers = Headers(scope=scope)
        media_type = choose_media_type(headers.getlist("accept"))
        try:
            response = await self._answer(scope["method"], scope["query_string"], headers, receive, media_type)
        except ClientGone:
            return
        except Exception as error:
            allow = COMMAND_METHODS if scope["method"] == "GET" else METHODS
            response = self.problems.answer(error, media_type=media_type or MediaType.JSON, allow=allow)
        response.headers["vary"] = "accept, authorization, dpop"
        await response(scope, receive, send)

    async def _answer(
        self, method: str, query_string: bytes, headers: Headers, receive: Receive, media_type: MediaType | None
    ) -> Response:
        if method not in METHODS:
            raise ProbityError(ErrorCode.METHOD_NOT_ALLOWED)
        if media_type is None:
            raise ProbityError(ErrorCode.NOT_ACCEPTABLE)
        presented = read_presented_token(
            authorization=headers.getlist("authorization"), dpop=headers.getlist("dpop"), method=method, url=self.url
        )
        limits = self.limits.anonymous if presented is None else self.limits.signed_in
        if method == "GET":
            parameters = _read_address(query_string, headers)
        else:
            parameters = await self._read_body(headers, receive, limits)
        check_variables(parameters.variables, limits.document)
        request = GraphQLRequest(
            document=self._choose_document(parameters, presented),
            operation_name=parameters.operation_name,
            variables=parameters.variables,
            may_command=method == "POST",
        )
        work = self.pipeline.answer(request, presented)
        answer = await answer_while_connected(work, receive, seconds=limits.answer_seconds)
        return _write(answer, media_type, is_shared=method == "GET" and presented is None)

    async def _read_body(self, headers: Headers, receive: Receive, limits: CallerLimits) -> GraphQLParameters:
        encodings = headers.getlist("content-encoding")
        if not is_json(headers.getlist("content-type")) or any(each.lower() != "identity" for each in encodings):
            raise ProbityError(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
        body = await read_body(
            receive,
            content_length=headers.getlist("content-length"),
            most=limits.body_bytes,
            seconds=self.limits.body_seconds,
        )
        return read_body_parameters(body)

    def _choose_document(self, parameters: GraphQLParameters, presented: PresentedToken | None) -> str:
        """The text to answer: sent, or published under the id that was sent. Nothing that is sent is ever published."""
        text = parameters.query
        if text is None:
            text = self.pipeline.find_document(parameters.document_id or "")
            if text is None:
                raise ProbityError(ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND)
            return text
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        if parameters.document_id not in {None, sha256}:
            raise ProbityError(ErrorCode.BAD_REQUEST, "the hash is not that of the document; send one of them")
        if presented is None and not self.pipeline.is_demo and self.pipeline.find_document(sha256) is None:
            raise ProbityError(
                ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND,
                "without a token only published documents are answered; send one of them, or a token",
            )
        return text


def _read_address(query_string: bytes, headers: Headers) -> GraphQLParameters:
    if is_form(headers.getlist("content-type")):
        raise ProbityError(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
    return read_address_parameters(query_string)


def _write(answer: Answer, media_type: MediaType, *, is_shared: bool) -> Response:
    """The answer as it came; `is_shared` where whoever asks gets the same."""
    may_keep = is_shared and not answer.is_personal
    return Response(
        answer.body,
        media_type=f"{media_type}; charset=utf-8",
        headers={"cache-control": "public, no-cache" if may_keep else "no-store"},
    )
