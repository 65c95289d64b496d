"""The disclosure matrix as a check of a policy: every cell must be decided as the requirement demands.

What the matrix does not speak of must be withheld; a class that it does not know is a breach wherever it is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from app.domain.vocabulary import RecordState
from app.policy.decided import NOTHING, Ask, Verdict, weigh
from app.policy.grant import Predicate
from app.policy.invariants.form import Place, View
from app.policy.matrix import DisclosureMatrix, tabulate_requirement


class MatrixCheck:
    """Compares decisions with the requirement, cell by cell."""

    __slots__ = ("_required",)

    def __init__(self, matrix: DisclosureMatrix) -> None:
        self._required: dict[Ask, Mapping[str, Mapping[RecordState, Verdict]]] = {
            Ask(role=role, purpose=purpose, action=action): {
                thing: _split(predicate) for thing, predicate in classes.items()
            }
            for (role, purpose, action), classes in tabulate_requirement(matrix).items()
        }

    def is_broken(self, view: View) -> bool:
        """Whether any cell in the view's focus is decided otherwise."""
        return next(self.list_breaches(view), None) is not None

    def list_breaches(self, view: View) -> Iterator[Place]:
        """The cells that are decided otherwise; without a focus, of everything that is decided or required."""
        places = self._list_places(view) if view.focus is None else iter(view.focus)
        for ask, unit, state in places:
            required = self._required.get(ask, {}).get(view.table.classes[unit], {}).get(state, NOTHING)
            if required != view.table.verdict_of(ask, unit, state):
                yield ask, unit, state

    def _list_places(self, view: View) -> Iterator[Place]:
        asks = sorted({*self._required, *view.table.cells})
        yield from product(asks, sorted(view.table.classes), RecordState)


def _split(predicate: Predicate) -> dict[RecordState, Verdict]:
    """A predicate as one verdict for each state."""
    return {
        state: weigh(
            (relation for relation, where in predicate.allow if where is state),
            (relation for relation, where in predicate.deny if where is state),
        )
        for state in {state for _, state in predicate.allow}
    }
