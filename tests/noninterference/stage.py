"""A principal's stage: the base world, his observer and his twins.

Everything follows from a seed and a moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any

from app.answering.served_policy import ServedPolicy, serve_policy
from app.policy.engine import DecisionPoint
from app.policy.rules import PolicyRule
from tests.noninterference.base_world import tell_base_world
from tests.noninterference.contract_coverage import list_arguments
from tests.noninterference.principals import TwinAsker, list_askers
from tests.noninterference.twin_worlds import Twin, make_hidden_twin, make_visible_twin
from tests.noninterference.views import Observer, RememberingPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What all principals of one policy share."""

    policy: ServedPolicy
    now: datetime
    seed: str
    lines: list[dict[str, Any]]
    askers: tuple[TwinAsker, ...]
    # What Casbin was asked once for every world and principal, and the twins made so far.
    point: RememberingPoint
    made: dict[str, Twin] = field(default_factory=dict)

    def observe(self, asker: TwinAsker) -> Observer:
        """The observer of a principal."""
        contract = self.policy.find_contract(asker.role, asker.purpose).schema
        return Observer(
            point=replace(self.point, readable={}, pasts={}),
            asker=asker,
            now=self.now,
            tells_past=any("asOf" in each for each in list_arguments(contract)),
        )

    def deny(self, denials: tuple[PolicyRule, ...]) -> Stage:
        """The same stage under the policy with more denials; its digest stays, for no file says them."""
        if not denials:
            return self
        bundle = self.policy.point.bundle
        point = DecisionPoint(replace(bundle, rules=(*bundle.rules, *denials)))
        policy = serve_policy(point, self.policy.schema, self.policy.planner)
        return replace(self, policy=policy, point=RememberingPoint(inner=point), made={})

    def find(self, name: str) -> TwinAsker:
        """The principal of that name."""
        return next(each for each in self.askers if each.name == name)

    def hide(self, asker: TwinAsker) -> Twin:
        """A twin that he cannot tell from the base world."""
        if asker.name not in self.made:
            self.made[asker.name] = self.hide_anew(asker)
        return self.made[asker.name]

    def hide_anew(self, asker: TwinAsker) -> Twin:
        """The same, made once more."""
        return make_hidden_twin(self.observe(asker), self.lines, Random(f"{self.seed} hidden {asker.name}"))

    def show(self, asker: TwinAsker) -> Twin:
        """A twin that he can tell from it."""
        return make_visible_twin(self.observe(asker), self.lines, Random(f"{self.seed} visible {asker.name}"))


def set_stage(policy: ServedPolicy, now: datetime, seed: str) -> Stage:
    """The stage of a policy at a moment."""
    askers = list_askers(policy.list_pairs())
    lines = tell_base_world(now, {each.role for each in askers})
    point = RememberingPoint(inner=policy.point)
    return Stage(policy=policy, now=now, seed=seed, lines=lines, askers=askers, point=point)
