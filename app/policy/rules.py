"""One line of policy: who, standing how to a record in which state, may do what with which fields, and why.

A rule speaks of closed vocabularies only; a word that is none of theirs is refused, never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.policy.groups import Groups, is_field
from app.policy.reading import PolicyLine

RULE_WIDTH: Final = 10
_ID_FORM: Final = re.compile(r"[A-Z]{2,8}-[0-9]{2,3}")
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """A line `p`; `role`, `fields` and `states` may be groups. `basis` is the law it rests on."""

    role: str
    relation: Relation
    fields: str
    states: str
    purpose: Purpose
    action: Action
    effect: Effect
    id: str
    basis: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells after `p`, in the order of the model's policy definition."""
        words = (self.role, self.relation, self.fields, self.states, self.purpose, self.action, self.effect)
        return (*(str(word) for word in words), self.id, self.basis)


def parse_rule(cells: tuple[str, ...]) -> PolicyRule:
    """The rule in the cells after `p`; raises `ValueError` for a word outside its vocabulary."""
    role, relation, fields, states, purpose, action, effect, number, basis = cells
    return PolicyRule(
        role=role,
        relation=Relation(relation),
        fields=fields,
        states=states,
        purpose=Purpose(purpose),
        action=Action(action),
        effect=Effect(effect),
        id=number,
        basis=basis,
    )


def read_rules(lines: Iterable[PolicyLine], *, roles: Groups, fields: Groups, states: Groups) -> tuple[PolicyRule, ...]:
    """Lines `p` of all files; every name they use must be declared and every id unique."""
    rules: dict[str, PolicyRule] = {}
    places: dict[tuple[str, ...], PolicyLine] = {}
    for line in lines:
        _check_words(line, roles=roles, fields=fields, states=states)
        rule = parse_rule(line.cells[1:])
        if rule.id in rules:
            raise line.refuse("another rule has this id; give every rule its own")
        said = line.cells[1:8]
        if said in places:
            twin = places[said]
            raise line.refuse(f"says the same as {twin.file.name} line {twin.number}; take one of them out")
        rules[rule.id] = rule
        places[said] = line
    return tuple(rules.values())


def _check_words(line: PolicyLine, *, roles: Groups, fields: Groups, states: Groups) -> None:
    if line.cells[0] != "p" or len(line.cells) != RULE_WIDTH:
        raise line.refuse(f"a rule has {RULE_WIDTH} cells, the first of them p")
    _, role, relation, field, state, purpose, action, effect, number, _ = line.cells
    checks = (
        (role in roles.names or _be_word(role, Role), "the role is not in the vocabulary, nor a group of roles.csv"),
        (_be_word(relation, Relation), "the relation is not in the vocabulary"),
        (
            field in fields.names or (is_field(field) and field in fields.members),
            "the fields are neither a class nor a field of fields.csv",
        ),
        (state != RecordState.EXPUNGED, "nobody reads an expunged record; no rule may name the state"),
        (
            state in states.names or _be_word(state, RecordState),
            "the record state is not in the vocabulary, nor a group of states.csv",
        ),
        (_be_word(purpose, Purpose), "the purpose is not in the vocabulary"),
        (_be_word(action, Action), "the action is not in the vocabulary"),
        (_be_word(effect, Effect), "the effect must be exactly allow or deny, in lower case"),
        (_ID_FORM.fullmatch(number) is not None, "the id is capital letters, a hyphen and two or three digits"),
    )
    for fits, fault in checks:
        if not fits:
            raise line.refuse(fault)


def _be_word(text: str, vocabulary: type[_Word]) -> bool:
    return text in frozenset(str(word) for word in vocabulary)
