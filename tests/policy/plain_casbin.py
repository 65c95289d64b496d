"""Casbin as anyone would use it, over the policy written out as one text: the oracle that grants are compared with.

It shares nothing with the decision point but the library and the policy.
"""

from __future__ import annotations

from collections.abc import Collection

import casbin
from casbin.persist.adapters.string_adapter import StringAdapter

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.bundle import PolicyBundle

from .policy_texts import SERVED, list_csv_lines


class PlainCasbin:
    """One enforcer; `relations` of a request are handed over as they are."""

    def __init__(self, bundle: PolicyBundle) -> None:
        model = casbin.Enforcer.new_model(str(SERVED / "model.conf"))
        self._enforcer = casbin.Enforcer(model, StringAdapter("\n".join(list_csv_lines(bundle))))
        self._enforcer.add_function("holds", lambda relations, relation: relation in relations)

    def enforce(
        self,
        role: Role,
        relations: Collection[Relation],
        field: str,
        state: RecordState,
        purpose: Purpose,
        action: Action,
    ) -> bool:
        """Casbin's own answer."""
        held = tuple(str(each) for each in {*relations, Relation.ANYWHERE})
        return bool(self._enforcer.enforce(str(role), held, field, str(state), str(purpose), str(action)))
