"""The decision point: one Casbin enforcer over one checked policy, asked only when grants are made or explained.

It is the only module that speaks Casbin, and whatever goes wrong inside it, the answer is no.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock
from typing import Any, Final, TypeVar

import casbin
from casbin.persist import Adapter

from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.errors import PolicyRefused
from app.policy.bundle import PolicyBundle
from app.policy.rules import PolicyRule, parse_rule

_LOGGERS: Final = ("casbin", "casbin.enforcer", "casbin.policy", "casbin.role")
_SEPARATOR: Final = "|"
_Name = TypeVar("_Name", bound=str)


class Reason(StrEnum):
    """Why a decision came out as it did; only the first lets anything be seen."""

    ALLOWED = "allowed"
    NO_RULE = "no_rule"
    DENIED_BY_RULE = "denied_by_rule"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRequest:
    """May `role` do `action` with `field` for `purpose`, of a record in `state` to which it stands in all `relations`?

    `Relation.ANYWHERE` holds of every record and need not be named.
    """

    role: Role
    relations: frozenset[Relation]
    field: str
    state: RecordState
    purpose: Purpose
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`determining` holds the ids of the rules that decided: every permission that fits, or every denial."""

    reason: Reason
    determining: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the field may be disclosed."""
        return self.reason is Reason.ALLOWED

    @property
    def denied_by(self) -> tuple[str, ...]:
        """The ids of the rules that forbid it; empty where merely no rule allows it."""
        return self.determining if self.reason is Reason.DENIED_BY_RULE else ()


class DecisionPoint:
    """Casbin over one bundle, and what Casbin itself holds of it: its lines and the members of its groups."""

    __slots__ = ("_bundle", "_enforcer", "_fields", "_leaves", "_lock", "_roles", "_rules", "_states")

    def __init__(self, bundle: PolicyBundle) -> None:
        """Build and verify; raises `PolicyRefused` if Casbin does not hold or evaluate exactly this policy."""
        self._bundle = bundle
        # Casbin keeps what it evaluates in the enforcer: two threads in it at once disturb each other.
        self._lock = Lock()
        self._enforcer = _build_enforcer(bundle)
        # INVARIANT: read back from Casbin, not from the bundle: a grant says what Casbin would enforce.
        self._rules = tuple(parse_rule(tuple(cells)) for cells in self._enforcer.model["p"]["p"].policy)
        links = {section: self._enforcer.get_named_role_manager(section).has_link for section in ("g", "g2", "g3")}
        self._roles = {name: _members(name, tuple(Role), links["g"]) for name in {r.role for r in self._rules}}
        self._leaves = bundle.leaf_fields
        leaves = tuple(sorted(self._leaves))
        self._fields = {name: _members(name, leaves, links["g2"]) for name in {r.fields for r in self._rules}}
        states = tuple(RecordState)
        self._states = {name: _members(name, states, links["g3"]) for name in {r.states for r in self._rules}}
        _verify(self)

    @property
    def bundle(self) -> PolicyBundle:
        """The policy that is decided by."""
        return self._bundle

    @property
    def rules(self) -> tuple[PolicyRule, ...]:
        """The rules as Casbin holds them."""
        return self._rules

    def fields_of(self, rule: PolicyRule) -> tuple[str, ...]:
        """The fields a rule speaks of, as `Type.field`, in the order of names."""
        return self._fields[rule.fields]

    def states_of(self, rule: PolicyRule) -> tuple[RecordState, ...]:
        """The record states a rule speaks of."""
        return self._states[rule.states]

    def roles_of(self, rule: PolicyRule) -> tuple[Role, ...]:
        """The roles a rule binds."""
        return self._roles[rule.role]

    def decide(self, request: DecisionRequest) -> Decision:
        """Ask Casbin; a fault, an unknown word or a disagreement with its own lines is a refusal."""
        try:
            return self._decide(request)
        except Exception:
            # INVARIANT: an evaluation that fails denies. The cause may quote a request, so it goes nowhere.
            return Decision(reason=Reason.FAULT)

    def holds_whole_policy(self) -> bool:
        """Whether Casbin holds as many lines and links as the bundle, and enforces at all."""
        bundle, model = self._bundle, self._enforcer.model
        expected = {"g": bundle.role_groups, "g2": bundle.field_classes, "g3": bundle.state_groups}
        return (
            self._enforcer.enabled
            and self._rules == bundle.rules
            and all(len(model["g"][section].policy) == len(groups.links) for section, groups in expected.items())
        )

    def _decide(self, request: DecisionRequest) -> Decision:
        role, state = Role(request.role), RecordState(request.state)
        purpose, action = Purpose(request.purpose), Action(request.action)
        relations = {Relation(each) for each in request.relations} | {Relation.ANYWHERE}
        if request.field not in self._leaves:
            raise ValueError("the field is not in the policy")
        words = (role, _SEPARATOR.join(sorted(relations)), request.field, state, purpose, action)
        with self._lock:
            allowed = self._enforcer.enforce(*(str(word) for word in words))
        fitting = [
            rule
            for rule in self._rules
            if rule.purpose is purpose
            and rule.action is action
            and rule.relation in relations
            and role in self._roles[rule.role]
            and state in self._states[rule.states]
            and request.field in self._fields[rule.fields]
        ]
        decision = _weigh(fitting)
        if allowed is not decision.allowed:
            raise ValueError("the engine disagrees with its own lines")
        return decision


def _weigh(fitting: list[PolicyRule]) -> Decision:
    denials = tuple(rule.id for rule in fitting if rule.effect is Effect.DENY)
    if denials:
        return Decision(reason=Reason.DENIED_BY_RULE, determining=denials)
    if not fitting:
        return Decision(reason=Reason.NO_RULE)
    return Decision(reason=Reason.ALLOWED, determining=tuple(rule.id for rule in fitting))


class _BundleAdapter(Adapter):  # type: ignore[misc]  # Casbin has no types
    """Hands Casbin the checked lines; Casbin's own file adapter would skip or trim what it does not expect."""

    def __init__(self, bundle: PolicyBundle) -> None:
        self._bundle = bundle

    def load_policy(self, model: Any) -> None:
        """Fill Casbin's model; it reads nothing else."""
        bundle = self._bundle
        model["p"]["p"].policy = [list(rule.cells) for rule in bundle.rules]
        for section, groups in (("g", bundle.role_groups), ("g2", bundle.field_classes), ("g3", bundle.state_groups)):
            model["g"][section].policy = [list(link) for link in groups.links]


def _build_enforcer(bundle: PolicyBundle) -> Any:
    _silence_casbin()
    model = casbin.Enforcer.new_model(text=bundle.model)
    enforcer = casbin.Enforcer(model, _BundleAdapter(bundle))
    enforcer.enable_auto_save(False)
    enforcer.add_function("holds", hold_relation)
    # Casbin logs every denial with its request as a warning. A logger outside the tree cannot be switched on by
    # somebody else's logging configuration.
    enforcer.logger = logging.Logger("policy", level=logging.CRITICAL + 1)
    return enforcer


def _silence_casbin() -> None:
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)


def hold_relation(relations: str, relation: str) -> bool:
    """The model's `holds`: whether a rule's relation is among those of the request, which `|` separates."""
    return Relation(relation) in {Relation(each) for each in relations.split(_SEPARATOR)}


def _members(group: str, names: tuple[_Name, ...], has_link: Callable[[str, str], bool]) -> tuple[_Name, ...]:
    return tuple(name for name in names if has_link(str(name), group))


def _verify(point: DecisionPoint) -> None:
    """Ask Casbin one cell of every rule, and the neighbours of one; each answer must be what the rules say."""
    if not point.holds_whole_policy():
        raise PolicyRefused("the policy engine does not hold the whole policy; do not serve it")
    allowed = False
    for rule in point.rules:
        decision = point.decide(_sample(point, rule))
        if not _is_as_written(rule, decision):
            raise PolicyRefused(f"the policy engine does not evaluate rule {rule.id} as written; do not serve it")
        allowed |= decision.allowed
    if not allowed:
        raise PolicyRefused("the policy allows nothing at all; put its rules back")
    if any(point.decide(request).reason is Reason.FAULT for request in _list_near_misses(point)):
        raise PolicyRefused("the policy engine allows what no rule allows; do not serve it")


def _list_near_misses(point: DecisionPoint) -> Iterator[DecisionRequest]:
    """A request that a rule about some records fits, with one word changed at a time, for each of the six words."""
    rule = next((each for each in point.rules if each.relation is not Relation.ANYWHERE), point.rules[0])
    request = _sample(point, rule)
    yield replace(request, state=RecordState.EXPUNGED)
    yield replace(request, relations=frozenset())
    yield replace(request, purpose=next(each for each in Purpose if each is not rule.purpose))
    yield replace(request, action=next(each for each in Action if each is not rule.action))
    yield from (replace(request, role=role) for role in Role if role not in point.roles_of(rule))
    for field in sorted(point.bundle.leaf_fields.difference(point.fields_of(rule)))[:1]:
        yield replace(request, field=field)


def _is_as_written(rule: PolicyRule, decision: Decision) -> bool:
    """Whether a decision that `rule` fits came out as it must: its own effect, or a denial by another."""
    if rule.effect is Effect.DENY:
        return rule.id in decision.denied_by
    return decision.reason is Reason.DENIED_BY_RULE or (decision.allowed and rule.id in decision.determining)


def _sample(point: DecisionPoint, rule: PolicyRule) -> DecisionRequest:
    roles, fields, states = point.roles_of(rule), point.fields_of(rule), point.states_of(rule)
    if not (roles and fields and states):
        raise PolicyRefused(f"rule {rule.id} reaches nothing; mend the groups it names or take it out")
    return DecisionRequest(
        role=roles[0],
        relations=frozenset({rule.relation}),
        field=fields[0],
        state=states[0],
        purpose=rule.purpose,
        action=rule.action,
    )
