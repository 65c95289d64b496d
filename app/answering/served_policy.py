"""One policy and all that was made of it: decision point, grants, contracts and planner, swapped as one.

INVARIANT: everything here belongs to one digest; a part of one policy is never used with a part of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import DocumentNode, GraphQLSchema

from app.domain.vocabulary import Action, Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.planning.planner import BoundedCache, Planner
from app.policy.engine import DecisionPoint
from app.policy.grant import Grant, tabulate_grant
from app.schema.contracts import Contract, build_contract, read_definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a role reads by for a purpose: what it may read and count over, and the contract cut by that."""

    grant: Grant
    counting: Grant
    contract: Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPolicy:
    """What a process decides and plans by; `schema` is the whole one, from whose `definitions` contracts are cut."""

    point: DecisionPoint
    schema: GraphQLSchema
    definitions: DocumentNode
    planner: Planner
    grants: Mapping[tuple[Role, Purpose, Action], Grant]
    reaches: BoundedCache = field(default_factory=lambda: BoundedCache(64))

    @property
    def digest(self) -> bytes:
        """The policy's digest; part of every disclosure record and of every plan's key."""
        return self.point.bundle.digest

    def find_grant(self, role: Role, purpose: Purpose, action: Action = Action.READ) -> Grant:
        """What the role may do for the purpose; raises `FORBIDDEN` where the two are not bound to each other."""
        try:
            return self.grants[role, purpose, action]
        except KeyError:
            raise ProbityError(ErrorCode.FORBIDDEN) from None

    def find_contract(self, role: Role, purpose: Purpose) -> Contract:
        """The contract of the role for the purpose."""
        return self.find_reach(role, purpose).contract

    def find_reach(self, role: Role, purpose: Purpose) -> Reach:
        """What the role reads by for the purpose; raises `FORBIDDEN` where the two are not bound to each other."""
        found: Reach = self.reaches.find_or_make((role, purpose), lambda: self._measure_reach(role, purpose))
        return found

    def _measure_reach(self, role: Role, purpose: Purpose) -> Reach:
        return Reach(
            grant=self.find_grant(role, purpose),
            counting=self.find_grant(role, purpose, Action.AGGREGATE),
            contract=self._cut_contract(role, purpose),
        )

    def _cut_contract(self, role: Role, purpose: Purpose) -> Contract:
        grants = [self.find_grant(role, purpose, action) for action in Action]

        def readable(name: str) -> bool:
            return any(grant.readable(name) for grant in grants)

        return build_contract(self.schema, self.definitions, role, purpose, readable, self.point.bundle.class_of)

    def list_pairs(self) -> tuple[tuple[Role, Purpose], ...]:
        """Every role with each purpose it is bound to."""
        return tuple((role, purpose) for role, purpose, action in self.grants if action is Action.READ)

    def list_grants(self) -> tuple[Grant, ...]:
        """Every grant that allows anything."""
        return tuple(grant for grant in self.grants.values() if grant.fields)


def serve_policy(point: DecisionPoint, schema: GraphQLSchema, planner: Planner) -> ServedPolicy:
    """A policy with every grant of it, tabulated once; a request only looks them up."""
    grants = {
        (role, purpose, action): tabulate_grant(point, role, purpose, action)
        for role in Role
        for purpose in sorted(point.bundle.purposes_of(role))
        for action in Action
    }
    definitions = read_definitions(schema)
    return ServedPolicy(point=point, schema=schema, definitions=definitions, planner=planner, grants=grants)
