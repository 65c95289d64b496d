"""Asking on behalf of the tour's people: every question takes the whole path, as a request over HTTP would.

Nothing here reads the database; what the tour shows is what the path answered.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.demo.audience import Listener
from app.errors import ErrorCode, ProbityError
from app.identity.issuer import DemoIssuer, TokenOrder
from app.identity.presented import PresentedToken
from app.pipeline import GraphQLRequest, Pipeline

OUTCOME_FIELDS = ("kind", "actionDate", "finality", "dispute", "hasFinding", "basis", "statement", "lifecycle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer's `data`, or the refusal that came instead."""

    data: Any = None
    refusal: ErrorCode | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interviewer:
    """Puts questions through the path with tokens of the demo issuer."""

    pipeline: Pipeline
    issuer: DemoIssuer

    async def ask(self, order: TokenOrder | None, document: str, **variables: Any) -> Reply:
        """Ask one question; a refusal is a reply too."""
        presented = None if order is None else PresentedToken(compact=self.issuer.issue_token(order))
        request = GraphQLRequest(document=document, operation_name=None, variables=variables, may_command=True)
        try:
            answer = await self.pipeline.answer(request, presented)
        except ProbityError as error:
            return Reply(refusal=error.code, sentence=error.public_sentence)
        return Reply(data=json.loads(answer.body)["data"])

    def list_readable(self, listener: Listener, type_name: str, fields: Sequence[str]) -> tuple[str, ...]:
        """Those of a type's fields that the listener's contract has: the others cannot even be asked for."""
        schema = self.pipeline.policy.find_contract(listener.role, listener.purpose).schema
        type_ = schema.type_map.get(type_name)
        return tuple(name for name in fields if name in getattr(type_, "fields", {}))

    async def ask_outcomes(self, listener: Listener, ids: Sequence[str]) -> tuple[dict[str, Any] | None, ...]:
        """What each of these outcomes shows the listener; nothing for those hidden from him."""
        readable = self.list_readable(listener, "Outcome", OUTCOME_FIELDS)
        if not readable:
            return tuple(None for _ in ids)
        asked = " ".join(("id", *readable))
        document = f"query WhatIsOnRecord($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Outcome {{ {asked} }} }} }}"
        reply = await self.ask(listener.order, document, ids=list(ids))
        return tuple(node or None for node in reply.data["nodes"])
