"""Whether a statement is answered at all: its context holds, or, of the public's, its policy is the one that stands.

INVARIANT: it is part of every statement; what was planned under one policy is not answered under another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Text, bindparam, column, exists, func, literal_column, select, table
from sqlalchemy.sql.selectable import LateralFromClause

CONTEXT_PARAMETER: Final = "principal_context"
# Which policy the database stands on, for those whose statements carry no context.
_SERVED_POLICY: Final = table("served_policy", column("sha256"), schema="release")


def check_gate(gate: LateralFromClause, name: Callable[[str], str], *, guarded: bool) -> LateralFromClause:
    """One row behind `gate`, whose `ok` says so."""
    if not guarded:
        # Without a context: the statement is of the policy that the database stands on, or is not answered.
        planned = bindparam(CONTEXT_PARAMETER, type_=Text(), value=None)
        stands = exists(select(literal_column("1")).where(_SERVED_POLICY.c.sha256 == planned))
        return select(stands.label("ok")).lateral(name("h"))
    context = func.gate.read_context().table_valued("role", name="c")
    return (
        select(context.c.role.is_not(None).label("ok"))
        .select_from(context)
        .where(gate.c.c.is_not(None))
        .offset(literal_column("0"))
        .correlate_except(context)
        .lateral(name("h"))
    )
