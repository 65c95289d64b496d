"""One decision in sentences: by which rules, on what law, and what comes nearest where nothing allows it.

It repeats words of the policy only, never anything of a record, and it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.vocabulary import Action, Effect, RecordState, Relation, Role
from app.policy.engine import Decision, DecisionPoint, DecisionRequest, Reason
from app.policy.rules import PolicyRule

# Every other action is a command, whose name the class carries.
_VERBS: Final[Mapping[Action, str]] = {Action.READ: "read", Action.MATCH: "match", Action.AGGREGATE: "count over"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision and the sentences that explain it; the first of them stands alone."""

    decision: Decision
    sentences: tuple[str, ...]


def explain_decision(point: DecisionPoint, request: DecisionRequest) -> Explanation:
    """Decide and explain; the field must be one of the policy's (`KeyError` otherwise)."""
    decision = point.decide(request)
    return Explanation(decision=decision, sentences=tuple(_tell(point, request, decision)))


def _tell(point: DecisionPoint, request: DecisionRequest, decision: Decision) -> Iterator[str]:
    asked = _describe_request(point, request)
    match decision.reason:
        case Reason.ALLOWED:
            yield f"disclosed {request.field}: {request.role} may {asked}"
        case Reason.NO_RULE:
            yield f"withheld {request.field}: no rule allows {request.role} to {asked}"
        case Reason.DENIED_BY_RULE:
            yield f"withheld {request.field}: a rule forbids {request.role} to {asked}"
        case Reason.FAULT:
            yield f"withheld {request.field}: the policy could not be evaluated, and a fault denies"
    rules = {rule.id: rule for rule in point.rules}
    for rule_id in decision.determining:
        yield f"{rule_id} says so: {describe_rule(rules[rule_id])}"
    if decision.reason is Reason.NO_RULE:
        yield from _tell_nearest(point, request)


def _describe_request(point: DecisionPoint, request: DecisionRequest) -> str:
    thing = point.bundle.class_of(request.field)
    standing = " and ".join(sorted(request.relations)) or str(Relation.ANYWHERE)
    return f"{_describe_act(request.action, thing, request.state)} for {request.purpose}, standing {standing}"


def _describe_act(action: Action, thing: str, states: str) -> str:
    record = "" if states == RecordState.STANDING else f" of a record in state {states}"
    return f"{_VERBS.get(action, 'use')} {thing}{record}"


def describe_rule(rule: PolicyRule) -> str:
    """One line of policy as a sentence with its legal basis."""
    may = "may" if rule.effect is Effect.ALLOW else "may never"
    act = _describe_act(rule.action, rule.fields, rule.states)
    return f"{rule.role} standing {rule.relation} {may} {act} for {rule.purpose} ({rule.basis})"


def _tell_nearest(point: DecisionPoint, request: DecisionRequest) -> Iterator[str]:
    """The permissions that all but one word of the request fits."""
    for rule in point.rules:
        if rule.effect is Effect.DENY or rule.action is not request.action:
            continue
        if request.field not in point.fields_of(rule):
            continue
        misses = tuple(_list_misses(point, rule, request))
        if len(misses) == 1:
            yield f"{rule.id} would allow it {misses[0]}: {describe_rule(rule)}"


def _list_misses(point: DecisionPoint, rule: PolicyRule, request: DecisionRequest) -> Iterator[str]:
    roles: tuple[Role, ...] = point.roles_of(rule)
    if request.role not in roles:
        yield "to another role"
    if rule.relation not in request.relations | {Relation.ANYWHERE}:
        yield "to one who stands otherwise to the record"
    if request.state not in point.states_of(rule):
        yield "in another state of the record"
    if rule.purpose is not request.purpose:
        yield "for another purpose"
