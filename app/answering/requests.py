"""What a request asked of a contract, and how a command's answer is told in it.

A refusal is told in fixed words; an object is never told here, only how to read it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.answering.served_policy import ServedPolicy
from app.errors import ErrorCode, ProbityError
from app.planning.parameters import encode_global_id
from app.planning.planner import Prepared
from app.planning.selection import Given, Selected, SelectionReader
from app.registry.refusal import CommandRefusal
from app.schema.commands import REFUSED, CommandBinding
from app.schema.contracts import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """A well-formed request; `may_command` is false where commands are not accepted (GET)."""

    document: str = field(repr=False)
    operation_name: str | None
    variables: Mapping[str, Any] = field(repr=False)
    may_command: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request with what was prepared for it, under which contract and policy, at which time of the registry."""

    request: GraphQLRequest
    prepared: Prepared
    contract: Contract
    policy: ServedPolicy
    now: datetime

    def read_command(self) -> Selected:
        """The one command of a mutation; raises `LIMIT_EXCEEDED` where there are several."""
        selected = SelectionReader(
            schema=self.contract.schema,
            fragments=self.prepared.document.fragments,
            variables=self.prepared.variables,
        ).read(self.prepared.operation)
        if len(selected) != 1 or selected[0].name == "__typename":
            raise ProbityError(ErrorCode.LIMIT_EXCEEDED, "one command a request; send them one by one")
        return selected[0]


def tell_refusal(asked: Selected, refusal: CommandRefusal) -> dict[str, Any]:
    """A refusal in the shape that was asked for."""
    facts = {"__typename": REFUSED, "code": refusal.code.value, "message": refusal.sentence}
    return {each.key: facts[each.name] for each in asked.of(REFUSED)}


def read_back(asked: Selected, binding: CommandBinding, done: UUID) -> Selected:
    """The question that reads what a command did: the object by its id, under the response key `object`."""
    object_id = encode_global_id(binding.target, done)
    given = Given(value=object_id, read=lambda _: object_id)
    return Selected(key="object", name="node", arguments={"id": given}, below=asked.below)
