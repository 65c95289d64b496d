"""A plan: one SQL statement, and where each of its parameters is read from at every request.

INVARIANT: a plan belongs to one document, operation, grant and outline of variables; it holds no value of any request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import asyncpg

from app.planning.compiler import Compiler
from app.planning.context_check import CONTEXT_PARAMETER
from app.planning.parameters import Source
from app.planning.selection import Variables

if TYPE_CHECKING:
    from app.identity.principal import Principal

_DIALECT: Final = asyncpg.dialect()  # type: ignore[no-untyped-call]
# The public login reaches the release schema alone, where views of the same names hold the public facts.
PUBLIC_SCHEMAS: Final[Mapping[str | None, str | None]] = {"registry": "release"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One `$n`: the context's place, a source to read, or a constant of the statement."""

    is_context: bool = False
    source: Source | None = None
    constant: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A compiled operation.

    The statement gives one row: `body` (JSON text of `data`), `disclosed` (references, separated by spaces: `o/officer`
    or `s/series/version/officer`) and `context_held`.
    """

    sql: str
    slots: tuple[Slot, ...]
    operation: str
    document_sha256: bytes
    # Whether it reaches rows about people or of one's own: public facts alone need no record.
    is_personal: bool
    # Whether the context is set before it, in the same transaction, instead of within it.
    is_counting: bool = False

    def bind(self, variables: Variables, principal: Principal, now: datetime, context: str | None) -> list[Any]:
        """The values of `$1`, `$2`, ... for one request."""
        return [
            context
            if slot.is_context
            else slot.source(variables, principal, now)
            if slot.source is not None
            else slot.constant
            for slot in self.slots
        ]


def render_plan(
    compiler: Compiler, statement: Select[Any], *, operation: str, document_sha256: bytes, public: bool
) -> Plan:
    """Render a statement as SQL for asyncpg, with its slots in order."""
    translation: dict[str, Any] = {"schema_translate_map": PUBLIC_SCHEMAS, "render_schema_translate": True}
    compiled = statement.compile(
        dialect=_DIALECT, compile_kwargs={"render_postcompile": True}, **(translation if public else {})
    )
    constants = compiled.construct_params(_check=False)
    slots = tuple(_make_slot(name, compiler, constants) for name in compiled.positiontup or ())
    return Plan(
        sql=compiled.string,
        slots=slots,
        operation=operation,
        document_sha256=document_sha256,
        is_personal=compiler.is_personal,
        is_counting=compiler.is_counting,
    )


def _make_slot(name: str, compiler: Compiler, constants: Mapping[str, Any]) -> Slot:
    if name == CONTEXT_PARAMETER:
        return Slot(is_context=True)
    source = compiler.parameters.sources.get(name)
    return Slot(source=source) if source is not None else Slot(constant=constants[name])
