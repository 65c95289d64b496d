"""A pipeline over a schema of three fields, in memory: documents are parsed, bounded, validated and executed for real.

Tests set what it does next (`fault`, `hold`) and read what it was asked (`asked`).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from graphql import OperationDefinitionNode, OperationType, build_schema, execute_sync, get_operation_ast, validate
from graphql.execution.values import get_variable_values

from app.errors import ErrorCode, ProbityError
from app.http.application import create_app
from app.http.limits import EdgeLimits
from app.identity.presented import PresentedToken
from app.pipeline import Answer, GraphQLRequest
from app.planning.limits import ANONYMOUS, SIGNED_IN, check_limits, parse_document

SCHEMA = build_schema(
    "type Query { say(text: String!): String  many(numbers: [Int!]): Int  county: County }"
    " type County { name: String county: County }"
    " type Mutation { file(text: String!): String }"
)
PUBLISHED = "query Published { __typename }"
PUBLISHED_ID = hashlib.sha256(PUBLISHED.encode()).hexdigest()
ENDPOINT_URL = "https://registry.example.org/graphql"
TOKEN = {"authorization": "Bearer aaa.bbb.ccc"}


@dataclass(kw_only=True)
class SmallPipeline:
    """What `app.http` sees of the pipeline."""

    is_demo: bool = False
    public_keys: Mapping[str, Any] = field(default_factory=lambda: {"keys": []})
    ready: bool | Exception = True
    fault: Exception | None = None
    is_personal: bool = True
    # Set it to make answers wait.
    hold: asyncio.Event | None = None
    is_working: asyncio.Event = field(default_factory=asyncio.Event)
    was_cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[tuple[GraphQLRequest, PresentedToken | None]] = field(default_factory=list)

    async def answer(self, request: GraphQLRequest, presented: PresentedToken | None) -> Answer:
        self.asked.append((request, presented))
        self.is_working.set()
        if self.hold is not None:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.was_cancelled.set()
                raise
        if self.fault is not None:
            raise self.fault
        limits = ANONYMOUS if presented is None else SIGNED_IN
        return Answer(body=answer_document(request, limits), is_personal=self.is_personal)

    async def is_ready(self) -> bool:
        if isinstance(self.ready, Exception):
            raise self.ready
        return self.ready

    def find_document(self, document_id: str) -> str | None:
        return {PUBLISHED_ID: PUBLISHED}.get(document_id)


def answer_document(request: GraphQLRequest, limits: Any) -> bytes:
    document = parse_document(request.document, limits)
    check_limits(document, limits)
    if validate(SCHEMA, document, max_errors=1):
        raise ProbityError(ErrorCode.DOCUMENT_INVALID)
    operation = get_operation_ast(document, request.operation_name)
    if not isinstance(operation, OperationDefinitionNode):
        raise ProbityError(ErrorCode.BAD_REQUEST, "the operation name does not choose one operation; name one")
    if operation.operation is OperationType.MUTATION and not request.may_command:
        raise ProbityError(ErrorCode.METHOD_NOT_ALLOWED)
    variables = get_variable_values(SCHEMA, operation.variable_definitions or (), dict(request.variables))
    if isinstance(variables, list):
        raise ProbityError(ErrorCode.VARIABLES_INVALID)
    root = {"say": lambda _info, text: text, "file": lambda _info, text: text}
    result = execute_sync(SCHEMA, document, root, None, dict(request.variables), request.operation_name)
    return json.dumps({"data": result.data}).encode()


def open_client(
    pipeline: SmallPipeline, limits: EdgeLimits | None = None, *, endpoint_url: str = ENDPOINT_URL, **options: Any
) -> httpx.AsyncClient:
    """A client of the whole application; correlation ids are 1, 2, 3 and so on. No fault of the app is let through."""
    numbers = count(1)
    app = create_app(
        pipeline,  # type: ignore[arg-type]
        endpoint_url=endpoint_url,
        draw_id=lambda: UUID(int=next(numbers)),
        limits=limits,
        **options,
    )
    # Faults reach this client as exceptions where they would reach the server.
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url="https://registry.example.org")


def read_codes(response: httpx.Response) -> Sequence[str]:
    """The codes of an answer's errors; fails where it is no GraphQL answer of that kind."""
    answer = response.json()
    assert set(answer) == {"errors"}
    for error in answer["errors"]:
        assert set(error) == {"message", "extensions"}
        assert set(error["extensions"]) == {"code", "correlationId"}
    return [error["extensions"]["code"] for error in answer["errors"]]
