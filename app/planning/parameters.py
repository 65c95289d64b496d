"""The parameters of a plan: what each `$n` of a statement is read from at every request.

A parameter reads a variable, a constant of the document or a fact about the principal; never what another request gave.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import BindParameter, bindparam
from sqlalchemy.types import TypeEngine

from app.errors import ErrorCode, ProbityError
from app.planning.selection import Given, Variables

if TYPE_CHECKING:
    from app.identity.principal import Principal

Convert: TypeAlias = Callable[[Any], Any]
Source: TypeAlias = Callable[[Variables, "Principal", datetime], Any]

PRINCIPAL_SOURCES: Final[Mapping[str, Source]] = {
    "principal_agency": lambda _variables, principal, _now: principal.agency_id,
    "principal_state": lambda _variables, principal, _now: principal.state_code,
    "principal_officer": lambda _variables, principal, _now: principal.officer_id,
    "principal_body": lambda _variables, principal, _now: principal.body_id,
    "principal_account": lambda _variables, principal, _now: principal.account or None,
    "principal_role": lambda _variables, principal, _now: principal.role.value,
    "principal_purpose": lambda _variables, principal, _now: principal.purpose.value,
    "registry_now": lambda _variables, _principal, now: now,
}


@dataclass(slots=True)
class Parameters:
    """The parameters met while one plan is compiled."""

    sources: dict[str, Source] = field(default_factory=lambda: dict(PRINCIPAL_SOURCES))

    def add(self, given: Given, type_: TypeEngine[Any], convert: Convert | None = None) -> BindParameter[Any]:
        """A bound parameter that reads `given` again at every request, through `convert`."""
        name = f"given_{len(self.sources)}"
        read = given.read

        def source(variables: Variables, _principal: Principal, _now: datetime) -> Any:
            value = read(variables)
            return convert(value) if convert else value

        self.sources[name] = source
        return bindparam(name, type_=type_, value=None)


def encode_global_id(type_name: str, object_id: UUID) -> str:
    """The Relay id of an object: base64 of `Type:uuid`."""
    return base64.b64encode(f"{type_name}:{object_id}".encode()).decode()


def decode_global_id(value: Any, type_name: str) -> UUID | None:
    """The uuid in a Relay id of that type; nothing for any other text, so that it finds nothing."""
    try:
        key = UUID(base64.b64decode(str(value), validate=True).decode("ascii").partition(":")[2])
    except (binascii.Error, ValueError):
        return None
    # An object has one id: other spellings of it are ids of nothing.
    return key if encode_global_id(type_name, key) == value else None


def decode_cursor(value: Any) -> UUID:
    """The opaque key in a cursor; raises `VARIABLES_INVALID` for what no list ever gave out."""
    try:
        raw = base64.b64decode(str(value), validate=True)
        return UUID(bytes=raw)
    except (binascii.Error, ValueError):
        raise ProbityError(ErrorCode.VARIABLES_INVALID, "a cursor is not one that a list gave out") from None
