"""A question as it goes over HTTP, and the pool of ids, values and cursors that questions are drawn from.

A pool holds what either of the two registries holds: a question may name what is on one side alone.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from tests.noninterference.registries import Sent

GRAPHQL_JSON: Final = "application/graphql-response+json"


class Code(str):
    """A value of an enum: a bare name in a document, a text in variables."""

    __slots__ = ()


@dataclass(slots=True, kw_only=True)
class Pool:
    """What questions name: ids, values and accounts of both worlds, and cursors that answers gave."""

    ids: Mapping[str, Sequence[str]]
    touched_ids: Mapping[str, Sequence[str]]
    values: Mapping[str, Sequence[Any]]
    touched_values: Mapping[str, Sequence[Any]]
    # When anything was recorded or ceased to be of outcomes, and of those that a hidden change touched.
    moments: Sequence[str]
    touched_moments: Sequence[str]
    type_of_key: Mapping[str, str]
    cursors: dict[str, list[str]] = field(default_factory=dict)

    def learn(self, answer: Any) -> None:
        """Keep the cursors of an answer, by the type of their rows."""
        if isinstance(answer, dict):
            for value in answer.values():
                self.learn(value)
        elif isinstance(answer, list):
            for value in answer:
                self.learn(value)
        elif isinstance(answer, str) and len(answer) == 24 and answer.endswith("=="):
            try:
                key = str(UUID(bytes=base64.b64decode(answer, validate=True)))
            except ValueError:
                return
            kept = self.cursors.setdefault(self.type_of_key.get(key, "?"), [])
            if answer not in kept:
                kept.append(answer)
                del kept[:-40]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request: a document with what goes beside it, and the parts of the contract it uses."""

    document: str
    variables: Mapping[str, Any]
    operation_name: str | None
    method: str
    kind: str
    parts: frozenset[str]
    accept: str | None = None

    def send_as(self) -> Sent:
        """The request as it goes over HTTP."""
        members: dict[str, Any] = {"query": self.document}
        if self.variables:
            members["variables"] = self.variables
        if self.operation_name is not None:
            members["operationName"] = self.operation_name
        headers = (("accept", self.accept),) if self.accept else ()
        if self.method == "GET":
            query = tuple((key, each if isinstance(each, str) else json.dumps(each)) for key, each in members.items())
            return Sent(method="GET", query=query, headers=headers)
        return Sent(
            method="POST",
            body=json.dumps(members).encode(),
            headers=(*headers, ("content-type", "application/json")),
        )


def write_literal(value: Any) -> str:
    """A value as GraphQL writes it."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {write_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write_literal, value)) + "]"
    return json.dumps(value)
