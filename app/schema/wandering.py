"""Adverse separations as rows: what makes each of them one, and the first later appointment at another agency.

INVARIANT: an outcome makes a separation adverse only where it may itself be counted; a stint that follows likewise.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

import strawberry
from sqlalchemy import ColumnElement, FromClause, Text, and_, bindparam, case, false, literal_column, or_, select, true

from app.domain.adverse import ADVERSE_KINDS, ADVERSE_REASONS, DAYS_ABOUT_SEPARATION
from app.domain.vocabulary import Entity
from app.planning.catalogue import RowMaker
from app.storage.tables.counted import COUNTED_OUTCOMES, COUNTED_STINTS

_NEXT: Final = ("agency_id", "from_date", "state_code", "agency_kind", "size_band")


@strawberry.enum(description="What makes a separation adverse.")
class AdverseGround(StrEnum):
    """The reason that was given, an outcome about the same time, or both."""

    REASON = "REASON"
    OUTCOME = "OUTCOME"
    BOTH = "BOTH"


def make_wandering_rows(stint: FromClause, maker: RowMaker) -> FromClause:
    """The adverse separations among stints, with what followed each under `next_` names."""
    by_reason = stint.c.separation_reason.in_(_spell(ADVERSE_REASONS))
    following = _find_following(stint, maker)
    source: FromClause = stint
    found = _find_separations_with_outcome(maker)
    by_outcome: ColumnElement[bool] = false()
    if found is not None:
        source = source.outerjoin(found, found.c.id == stint.c.id)
        by_outcome = found.c.id.is_not(None)
    source = source.outerjoin(following, true())
    ground = case(
        (and_(by_reason, by_outcome), literal_column("'BOTH'", Text())),
        (by_reason, literal_column("'REASON'", Text())),
        else_=literal_column("'OUTCOME'", Text()),
    )
    columns: list[ColumnElement[Any]] = [*stint.c, ground.label("ground")]
    columns += [following.c[name].label(f"next_{name}") for name in _NEXT]
    ended = stint.c.to_date.is_not(None)
    return select(*columns).select_from(source).where(ended, or_(by_reason, by_outcome)).subquery(maker.name("w"))


def _find_following(stint: FromClause, maker: RowMaker) -> Any:
    later = COUNTED_STINTS.alias(maker.name("t"))
    return (
        select(*(later.c[name] for name in _NEXT))
        .where(
            later.c.officer_id == stint.c.officer_id,
            later.c.agency_id != stint.c.agency_id,
            later.c.from_date >= stint.c.to_date,
            maker.allow("WanderingFigures.appointedAgain", Entity.STINT, later),
        )
        .order_by(later.c.from_date, later.c.id)
        .limit(literal_column("1"))
        .correlate_except(later)
        .lateral(maker.name("n"))
    )


def _find_separations_with_outcome(maker: RowMaker) -> Any:
    """The stints that ended about the time of an adverse outcome reported by the same agency, each once."""
    ended, outcome = (each.alias(maker.name("t")) for each in (COUNTED_STINTS, COUNTED_OUTCOMES))
    allowed = maker.allow("OutcomeFigures.count", Entity.OUTCOME, outcome)
    if allowed.compare(false()):
        return None
    days: ColumnElement[int] = literal_column(str(DAYS_ABOUT_SEPARATION))
    own = ended.join(
        outcome, and_(outcome.c.officer_id == ended.c.officer_id, outcome.c.agency_id == ended.c.agency_id)
    )
    # Found once, and apart: as a part of the joins around it, each process that counts would find all of it again.
    found = (
        select(ended.c.id)
        .distinct()
        .select_from(own)
        .where(
            allowed,
            outcome.c.kind.in_(_spell(ADVERSE_KINDS)),
            outcome.c.action_date >= ended.c.to_date - days,
            outcome.c.action_date <= ended.c.to_date + days,
        )
        .cte(maker.name("o"))
    )
    return found.prefix_with("MATERIALIZED", dialect="postgresql")


def _spell(codes: Iterable[str]) -> list[Any]:
    return [bindparam(None, str(code), type_=Text(), literal_execute=True) for code in sorted(codes)]
