"""One policy and all that was made of it: decision point, grants, contracts and planner, swapped as one.

INVARIANT: everything here belongs to one digest; a part of one policy is never used with a part of another.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import GraphQLSchema

from app.domain.vocabulary import Action, Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.planning.planner import BoundedCache, Planner
from app.policy.engine import DecisionPoint
from app.policy.grant import Grant, GrantCache
from app.schema.contracts import Contract, build_contract


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPolicy:
    """What a process decides and plans by; `schema` is the whole one, from which contracts are cut."""

    point: DecisionPoint
    schema: GraphQLSchema
    planner: Planner
    grants: GrantCache = field(default_factory=GrantCache)
    contracts: BoundedCache = field(default_factory=lambda: BoundedCache(64))

    @property
    def digest(self) -> bytes:
        """The policy's digest; part of every disclosure record and of every plan's key."""
        return self.point.bundle.digest

    def find_grant(self, role: Role, purpose: Purpose, action: Action = Action.READ) -> Grant:
        """What the role may do for the purpose; raises `FORBIDDEN` where the two are not bound to each other."""
        if purpose not in self.point.bundle.purposes_of(role):
            raise ProbityError(ErrorCode.FORBIDDEN)
        return self.grants.find_grant(self.point, role, purpose, action)

    def find_contract(self, role: Role, purpose: Purpose) -> Contract:
        """The contract of the role for the purpose."""
        found: Contract = self.contracts.find_or_make((role, purpose), lambda: self._cut_contract(role, purpose))
        return found

    def _cut_contract(self, role: Role, purpose: Purpose) -> Contract:
        grants = [self.find_grant(role, purpose, action) for action in Action]

        def readable(name: str) -> bool:
            return any(grant.readable(name) for grant in grants)

        return build_contract(self.schema, role, purpose, readable, self.point.bundle.class_of)

    def list_pairs(self) -> tuple[tuple[Role, Purpose], ...]:
        """Every role with each purpose it is bound to."""
        return tuple((role, purpose) for role in Role for purpose in sorted(self.point.bundle.purposes_of(role)))

    def list_grants(self) -> tuple[Grant, ...]:
        """Every grant that allows anything."""
        found = (self.find_grant(role, purpose, action) for role, purpose in self.list_pairs() for action in Action)
        return tuple(grant for grant in found if grant.fields)
