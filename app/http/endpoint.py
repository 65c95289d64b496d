"""The GraphQL endpoint: one HTTP request to one request of the pipeline, and its answer back (GraphQL over HTTP).

INVARIANT: commands come by POST with a JSON body alone, which no page of another origin can send.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.types import Receive, Scope, Send

from app.errors import ErrorCode, ProbityError
from app.http.exchange import ClientGone, answer_while_connected, read_body
from app.http.heads import RequestHead, read_head
from app.http.limits import CallerLimits, EdgeLimits
from app.http.negotiation import MediaType, choose_media_type, is_form, is_json
from app.http.parameters import GraphQLParameters, read_address_parameters, read_body_parameters
from app.http.problems import ProblemDesk
from app.identity.presented import PresentedToken, read_presented_token
from app.pipeline import Answer, GraphQLRequest, Pipeline
from app.planning.limits import check_variables
from app.planning.planner import BoundedCache

METHODS: Final = ("GET", "POST")
# What a refused GET is told: commands, and documents that turn out to be commands, are taken by POST.
COMMAND_METHODS: Final = ("POST",)
VARY: Final = "accept, authorization, dpop"
# The fields of an answer by its media type, and whether whoever asks gets the same.
FIELDS: Final[Mapping[tuple[MediaType, bool], Sequence[tuple[bytes, bytes]]]] = {
    (media_type, is_shared): (
        (b"content-type", f"{media_type}; charset=utf-8".encode("ascii")),
        (b"cache-control", b"public, no-cache" if is_shared else b"no-store"),
        (b"vary", VARY.encode("ascii")),
    )
    for media_type in MediaType
    for is_shared in (False, True)
}
# Clients say the same in Accept each time; how many values are kept, and how long one may be.
KEPT_ACCEPTS: Final = 64
LONGEST_KEPT_ACCEPT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLEndpoint:
    """`/graphql` as an ASGI application. `url` is its address as the operator has set it; proofs are made for it."""

    pipeline: Pipeline
    problems: ProblemDesk
    url: str
    limits: EdgeLimits = field(default_factory=EdgeLimits)
    chosen: BoundedCache = field(default_factory=lambda: BoundedCache(KEPT_ACCEPTS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that has gone is not answered."""
        method = scope["method"]
        head = read_head(scope["headers"])
        media_type = self._choose_media_type(head)
        try:
            answer = await self._answer(method, scope["query_string"], head, receive, media_type)
        except ClientGone:
            return
        except Exception as error:
            allow = COMMAND_METHODS if method == "GET" else METHODS
            response = self.problems.answer(error, media_type=media_type or MediaType.JSON, allow=allow)
            response.headers["vary"] = VARY
            await response(scope, receive, send)
            return
        is_shared = method == "GET" and not answer.is_personal and not head.authorization
        fields = FIELDS[media_type or MediaType.JSON, is_shared]
        length = (b"content-length", b"%d" % len(answer.body))
        await send({"type": "http.response.start", "status": 200, "headers": [length, *fields]})
        await send({"type": "http.response.body", "body": answer.body})

    def _choose_media_type(self, head: RequestHead) -> MediaType | None:
        accept = tuple(head.accept)
        if sum(map(len, accept)) > LONGEST_KEPT_ACCEPT:
            return choose_media_type(accept)
        chosen: MediaType | None = self.chosen.find_or_make(accept, lambda: choose_media_type(accept))
        return chosen

    async def _answer(
        self, method: str, query_string: bytes, head: RequestHead, receive: Receive, media_type: MediaType | None
    ) -> Answer:
        if method not in METHODS:
            raise ProbityError(ErrorCode.METHOD_NOT_ALLOWED)
        if media_type is None:
            raise ProbityError(ErrorCode.NOT_ACCEPTABLE)
        presented = read_presented_token(authorization=head.authorization, dpop=head.dpop, method=method, url=self.url)
        limits = self.limits.anonymous if presented is None else self.limits.signed_in
        if method == "GET":
            parameters = _read_address(query_string, head)
        else:
            parameters = await self._read_body(head, receive, limits)
        check_variables(parameters.variables, limits.document)
        request = GraphQLRequest(
            document=self._choose_document(parameters, presented),
            operation_name=parameters.operation_name,
            variables=parameters.variables,
            may_command=method == "POST",
        )
        work = self.pipeline.answer(request, presented)
        return await answer_while_connected(work, receive, seconds=limits.answer_seconds)

    async def _read_body(self, head: RequestHead, receive: Receive, limits: CallerLimits) -> GraphQLParameters:
        if not is_json(head.content_type) or any(each.lower() != "identity" for each in head.content_encoding):
            raise ProbityError(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
        body = await read_body(
            receive,
            content_length=head.content_length,
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


def _read_address(query_string: bytes, head: RequestHead) -> GraphQLParameters:
    if is_form(head.content_type):
        raise ProbityError(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
    return read_address_parameters(query_string)
