"""Conditions of the policy as SQL text, written once under a policy and put into every plan that asks for them.

INVARIANT: a text holds no value of any request: who asks is told by the verified context beside the row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, FromClause, literal_column, true
from sqlalchemy.sql import column, table

from app.planning.policy_text import render

# Names that no statement has: what stands for the row and for its state.
_ROW: Final = "the_row_judged"
_STATE: Final = "the_state_told"
Build = Callable[[FromClause, ColumnElement[Any] | None], ColumnElement[bool]]


class ConditionTexts:
    """The texts written so far, for one policy: as many as its predicates, kinds of row and forms of asking."""

    __slots__ = ("_texts",)

    def __init__(self) -> None:
        self._texts: dict[Hashable, str] = {}

    def find(
        self, key: Hashable, row: FromClause, state: ColumnElement[Any] | None, build: Build
    ) -> ColumnElement[bool]:
        """The condition that `build` makes for a row, as text about `row` in `state`."""
        whole = (key, state is None)
        text = self._texts.get(whole)
        if text is None:
            names = (each.name for each in row.c)
            judged = table(_ROW, *(column(name, row.c[name].type) for name in names))
            text = self._texts[whole] = render(build(judged, None if state is None else literal_column(_STATE)))
        if text == "true":
            return true()
        told = "" if state is None else str(state)
        return literal_column(f"({text.replace(_ROW, str(row.name)).replace(_STATE, told)})", Boolean())  # type: ignore[attr-defined]
