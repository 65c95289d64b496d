"""What goes with what: who reads the more telling also reads the less telling, and nobody more than his principal.

A breach is most often a line that was dropped or narrowed where its neighbours were not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Final

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.decided import Ask, Verdict
from app.policy.invariants.classes import (
    DETAIL,
    EXISTENCE,
    HOLD,
    IDENTIFIER,
    KEY,
    OFFICER,
    OUTCOME_STATES,
    PERSON,
    PROCESS,
    PUBLIC,
    STANDING_OF_CAREER,
    SUMMARY,
)
from app.policy.invariants.form import Breach, Cell, Invariant, Scope, Search, View
from app.policy.invariants.offices import PURPOSES

_MATRIX: Final = "domain.md 5.5"
# Whoever reads the first also reads the second, of the same record.
_IMPLIED: Final = (
    (DETAIL, SUMMARY),
    (SUMMARY, EXISTENCE),
    (PROCESS, EXISTENCE),
    (HOLD, EXISTENCE),
    ("officer_identity", KEY),
    (IDENTIFIER, "officer_identity"),
    (STANDING_OF_CAREER, "career"),
    (STANDING_OF_CAREER, "certification"),
    ("career", "certification"),
    ("certification", "career"),
    ("officer_outcomes", KEY),
    ("career", KEY),
)
# What is told of a record in the first state is told in the second: clearing a record never hides it.
_LATER: Final = (
    (RecordState.DRAFT, RecordState.IN_PROCESS),
    (RecordState.IN_PROCESS, RecordState.NOTICE),
    (RecordState.NOTICE, RecordState.IN_PROCESS),
    (RecordState.NOTICE, RecordState.CLEARED),
    (RecordState.NO_FINDING, RecordState.CLEARED),
    (RecordState.SUSPENDED, RecordState.CLEARED),
    (RecordState.VOIDED, RecordState.CLEARED),
    (RecordState.VOIDED, RecordState.EXPIRED),
    (RecordState.EXPIRED, RecordState.VOIDED),
    (RecordState.SEALED, RecordState.CLEARED),
    (RecordState.UNLISTED, RecordState.LISTED_NO_FINDING),
    (RecordState.LISTED_NO_FINDING, RecordState.LISTED),
)
_OFFICER_READ: Final = Ask(role=Role.OFFICER, purpose=Purpose.SELF, action=Action.READ)
_HIRING_READ: Final = Ask(role=Role.HIRING_INVESTIGATOR, purpose=Purpose.HIRING, action=Action.READ)


def _excess(cell: Cell, other: Verdict) -> frozenset[Relation]:
    return frozenset(relation for relation, _ in cell.verdict.list_excess(other))


def _find_unaccompanied(view: View) -> Iterator[Breach]:
    for cell, (first, second) in product(view.cells, _IMPLIED):
        if cell.thing == first and cell.ask.action is Action.READ:
            for unit in (unit for unit, thing in view.table.classes.items() if thing == second):
                if missing := _excess(cell, view.table.verdict_of(cell.ask, unit, cell.state)):
                    yield Breach(cell=cell, relations=missing)


def _find_hidden_later(view: View) -> Iterator[Breach]:
    for cell, (first, second) in product(view.cells, _LATER):
        if cell.state is not first or cell.thing not in PERSON - {HOLD}:
            continue
        if missing := _excess(cell, view.table.verdict_of(cell.ask, cell.unit, second)):
            yield Breach(cell=cell, relations=missing)


def _find_beyond_officer(view: View) -> Iterator[Breach]:
    """A representative stands for the officer and never sees more."""
    for cell in view.cells:
        if cell.ask.role is Role.OFFICER_REP:
            principal = replace(cell.ask, role=Role.OFFICER)
            if more := _excess(cell, view.table.verdict_of(principal, cell.unit, cell.state)):
                yield Breach(cell=cell, relations=more)


def _find_beyond_full(view: View) -> Iterator[Breach]:
    """A full check tells whatever a limited one does."""
    for cell in view.cells:
        if cell.ask == _HIRING_READ and cell.thing in PERSON:
            limited = cell.verdict.allow & {Relation.CANDIDATE_LIMITED}
            if limited and Relation.CANDIDATE_FULL not in cell.verdict.allow:
                yield Breach(cell=cell, relations=limited)


def _find_unequal_heads(view: View) -> Iterator[Breach]:
    """Head and records officer of an agency read the same of persons."""
    pair = (Role.AGENCY_HEAD, Role.RECORDS_OFFICER)
    for cell in view.cells:
        if cell.ask.role in pair and cell.ask.purpose is Purpose.RECORDS and cell.thing in PERSON:
            other = replace(cell.ask, role=pair[1 - pair.index(cell.ask.role)])
            if more := _excess(cell, view.table.verdict_of(other, cell.unit, cell.state)):
                yield Breach(cell=cell, relations=more)


def _find_split_authority(view: View) -> Iterator[Breach]:
    """A State's records and those it certifies are told to its authority alike."""
    both = frozenset({Relation.OWN_STATE, Relation.CERTIFICANT})
    for cell in view.cells:
        if cell.ask.role is Role.POST_OFFICER and cell.thing in PERSON and not both <= cell.verdict.allow:
            yield Breach(cell=cell, relations=cell.verdict.allow)


def _find_rights_denied(view: View) -> Iterator[Breach]:
    """What the officer must be able to read of himself."""
    units = view.table.classes
    for unit, thing in units.items():
        for state in _list_owed(thing):
            verdict = view.table.verdict_of(_OFFICER_READ, unit, state)
            if not verdict.holds({Relation.SELF}):
                said = f"an officer does not read {unit} of records in {state}, standing self"
                yield Breach(sentence=said)


def _list_owed(thing: str) -> tuple[RecordState, ...]:
    owed_states = OUTCOME_STATES - {RecordState.DRAFT, RecordState.EXPUNGED}
    if thing in OFFICER:
        return (RecordState.LISTED, RecordState.LISTED_NO_FINDING, RecordState.UNLISTED)
    if thing == EXISTENCE:
        return tuple(sorted(owed_states))
    if thing in {DETAIL, PROCESS}:
        closed = {RecordState.SEALED, RecordState.VOIDED, RecordState.EXPIRED}
        return tuple(sorted(owed_states - (closed if thing == DETAIL else {RecordState.SEALED})))
    if thing == SUMMARY:
        return tuple(sorted(owed_states - {RecordState.SEALED}))
    if thing == HOLD:
        return (RecordState.SUSPENDED, RecordState.SEALED)
    owed = {"consent_record", "disclosure_record", "me_private", "notice_record", "root_me", "me_own"}
    return (RecordState.STANDING,) if thing in owed else ()


def _find_excluded(view: View) -> Iterator[Breach]:
    """Roles that are not told public facts for one of their purposes, as everyone is."""
    public = [unit for unit, thing in view.table.classes.items() if thing in PUBLIC]
    for role, purposes in PURPOSES.items():
        for purpose in sorted(purposes):
            ask = Ask(role=role, purpose=purpose, action=Action.READ)
            missing = [
                unit for unit in public if not view.table.verdict_of(ask, unit, RecordState.STANDING).holds(frozenset())
            ]
            if missing or not public:
                said = f"{role} for {purpose} does not read {' '.join(missing) or 'any public fact'}"
                yield Breach(sentence=said)


def _order(number: str, sentence: str, source: str, search: Search) -> Invariant:
    return Invariant(id=number, sentence=sentence, source=source, scope=Scope.ASKS, search=search)


INVARIANTS: Final[tuple[Invariant, ...]] = (
    _order(
        "ORDER-01",
        "who reads the more telling class of a record reads the less telling: detail, summary, existence; identifier, "
        "name, key; how a career stands, the career",
        _MATRIX,
        _find_unaccompanied,
    ),
    _order(
        "ORDER-02",
        "what is told of a record before it is cleared, or after it left that state, is told while it is cleared",
        _MATRIX,
        _find_hidden_later,
    ),
    _order("ORDER-03", "a representative reads nothing that the officer does not", _MATRIX, _find_beyond_officer),
    _order("ORDER-04", "a full check tells whatever a limited one does", _MATRIX, _find_beyond_full),
    _order(
        "ORDER-05",
        "the head and the records officer of an agency read the same of persons",
        _MATRIX,
        _find_unequal_heads,
    ),
    _order(
        "ORDER-06",
        "a State authority reads the same of its State's records and of those it certifies",
        _MATRIX,
        _find_split_authority,
    ),
    _order(
        "ORDER-07",
        "the officer reads his own record, its orders, consents, notices and disclosures in every state that is not a "
        "draft, and of a sealed one at least that there is one and which order seals it",
        f"{_MATRIX}; 5 USC 552a(d)(1)",
        _find_rights_denied,
    ),
    _order(
        "ORDER-08", "every role reads public facts for each of its purposes", "graphql-api.md section 3", _find_excluded
    ),
)
