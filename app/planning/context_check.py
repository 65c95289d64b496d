"""Whether a statement is answered at all: its context holds, or, of the public's, its policy is the one that stands.

INVARIANT: it is part of every statement; what was planned under one policy is not answered under another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import FromClause, Text, bindparam, column, exists, func, literal_column, select, table
from sqlalchemy.sql.selectable import LateralFromClause

from app.planning.relations import GATE

CONTEXT_PARAMETER: Final = "principal_context"
_NO_TABLE: Final = table("nothing")
# Which policy the database stands on, for those whose statements carry no context.
_SERVED_POLICY: Final = table("served_policy", column("sha256"), schema="release")


def open_gate(*, guarded: bool, counting: bool) -> FromClause:
    """What everything waits for: one row with what the context says once verified, all unknown where it does not hold.

    `counting` is for a statement whose transaction carries the context already.
    """
    if not guarded:
        return select(literal_column("'public'").label("role")).offset(literal_column("0")).lateral(GATE)
    if counting:
        return func.gate.read_context().table_valued("role", name=GATE)
    signed = bindparam(CONTEXT_PARAMETER, type_=Text(), value=None)
    return func.gate.open_context(signed).table_valued("role", name=GATE)


def check_gate(gate: FromClause, name: Callable[[str], str], *, guarded: bool) -> LateralFromClause:
    """One row behind `gate`, whose `ok` says so."""
    if not guarded:
        # Without a context: the statement is of the policy that the database stands on, or is not answered.
        planned = bindparam(CONTEXT_PARAMETER, type_=Text(), value=None)
        stands = exists(select(literal_column("1")).where(_SERVED_POLICY.c.sha256 == planned))
        return select(stands.label("ok")).lateral(name("h"))
    return select(gate.c.role.is_not(None).label("ok")).correlate_except(_NO_TABLE).lateral(name("h"))
