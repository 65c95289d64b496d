"""What each role is for: its purposes, the entrances and office records it uses, and the commands it carries out.

These are ceilings: a policy may give less, never more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.decided import Ask
from app.policy.invariants.classes import ANALYST_ROW, COMMANDS, FIGURES, PERSON, PRIVATE, PUBLIC
from app.policy.invariants.form import Breach, Cell, Invariant, Scope, View, forbid_cells, forbid_relations

_SECTION_5: Final = "access.md section 5"
_ROOTS: Final = "graphql-api.md section 3"
_NOWHERE: Final[frozenset[Relation]] = frozenset()
_ANYWHERE: Final = frozenset({Relation.ANYWHERE})
_OWN: Final = frozenset({Relation.OWN_AGENCY})
_SELF: Final = frozenset({Relation.SELF})
_BODY: Final = frozenset({Relation.APPLICANT, Relation.CREDENTIALEE})

PURPOSES: Final[Mapping[Role, frozenset[Purpose]]] = {
    Role.PUBLIC: frozenset({Purpose.PUBLIC}),
    Role.OFFICER: frozenset({Purpose.SELF}),
    Role.OFFICER_REP: frozenset({Purpose.SELF}),
    Role.HIRING_INVESTIGATOR: frozenset({Purpose.HIRING}),
    Role.RECORDS_OFFICER: frozenset({Purpose.RECORDS, Purpose.MONITORING}),
    Role.AGENCY_HEAD: frozenset({Purpose.RECORDS}),
    Role.POST_OFFICER: frozenset({Purpose.CERTIFICATION}),
    Role.DOJ_ANALYST: frozenset({Purpose.STATISTICS}),
    Role.DOJ_GRANTS: frozenset({Purpose.GRANTS}),
    Role.DOJ_ADJUDICATOR: frozenset({Purpose.ADJUDICATION}),
    Role.DOJ_CERTIFIER: frozenset({Purpose.CREDENTIALING}),
    Role.REGISTRAR: frozenset({Purpose.REGISTRY}),
    Role.CREDENTIALING_BODY: frozenset({Purpose.CREDENTIALING}),
    Role.AUDITOR: frozenset({Purpose.OVERSIGHT}),
}

_DUTIES: Final = ("credential_record", "compliance_record", "eligibility_record")
_DUTY_ROOTS: Final = ("root_credentials", "root_compliance", "root_eligibility")
_PEOPLE_ROOTS: Final = dict.fromkeys(("root_officer", "root_people"), _ANYWHERE)
_OWN_RECORDS: Final = {
    "check_own": _OWN,
    "notice_record": _OWN,
    "monitor_record": _OWN,
    "reliance_record": _OWN,
    "credential_record": _OWN,
    "compliance_record": _OWN,
    "eligibility_record": _OWN,
    **dict.fromkeys(
        (
            "root_check",
            "root_inbox",
            "root_officer",
            "root_people",
            "root_credentials",
            "root_compliance",
            "root_eligibility",
        ),
        _ANYWHERE,
    ),
}
_OFFICER: Final = {
    "root_me": _ANYWHERE,
    "me_own": _ANYWHERE,
    "notice_record": _SELF,
    "mandate_record": _SELF,
}
_GRANTS: Final = {"grant_record": _ANYWHERE, "command_grant_role": _ANYWHERE, "command_revoke_role": _ANYWHERE}
_HEAD: Final = dict.fromkeys(_GRANTS, _OWN)
_REVIEW: Final = {
    "root_oversight": _ANYWHERE,
    "audit_event": _ANYWHERE,
    "break_glass_record": _ANYWHERE,
    "command_request_break_glass": _ANYWHERE,
    "command_approve_break_glass": _ANYWHERE,
    "command_end_break_glass": _ANYWHERE,
}
# What each role may use besides public facts and persons, and by which relations.
_OFFICES: Final[Mapping[tuple[Role, Purpose], Mapping[str, frozenset[Relation]]]] = {
    (Role.OFFICER, Purpose.SELF): {
        **_OFFICER,
        "consent_record": _SELF,
        "disclosure_record": _SELF,
        "me_private": _ANYWHERE,
        "command_give_mandate": _SELF | _ANYWHERE,
        "command_end_mandate": _SELF | _ANYWHERE,
    },
    (Role.OFFICER_REP, Purpose.SELF): _OFFICER,
    (Role.HIRING_INVESTIGATOR, Purpose.HIRING): {
        "root_check": _ANYWHERE,
        "root_inbox": _ANYWHERE,
        "root_officer": _ANYWHERE,
        "check_own": _OWN,
        "notice_record": _OWN,
        "reliance_record": _OWN,
    },
    (Role.RECORDS_OFFICER, Purpose.RECORDS): _OWN_RECORDS,
    (Role.AGENCY_HEAD, Purpose.RECORDS): {**_OWN_RECORDS, **_HEAD},
    (Role.RECORDS_OFFICER, Purpose.MONITORING): {
        **_PEOPLE_ROOTS,
        "root_inbox": _ANYWHERE,
        "notice_record": _OWN,
        "monitor_record": _OWN,
        "reliance_record": _OWN,
    },
    (Role.POST_OFFICER, Purpose.CERTIFICATION): _PEOPLE_ROOTS,
    (Role.DOJ_ADJUDICATOR, Purpose.ADJUDICATION): _PEOPLE_ROOTS,
    (Role.REGISTRAR, Purpose.REGISTRY): {**_PEOPLE_ROOTS, **_GRANTS, "root_registry": _ANYWHERE},
    (Role.AUDITOR, Purpose.OVERSIGHT): _REVIEW,
    (Role.DOJ_ANALYST, Purpose.STATISTICS): {
        "root_analysis": _ANYWHERE,
        "export_record": _SELF,
        "command_request_export": _ANYWHERE,
        "command_cancel_export": _SELF,
    },
    (Role.DOJ_GRANTS, Purpose.GRANTS): dict.fromkeys((*_DUTIES, *_DUTY_ROOTS), _ANYWHERE),
    (Role.DOJ_CERTIFIER, Purpose.CREDENTIALING): dict.fromkeys(("credential_record", "root_credentials"), _ANYWHERE),
    (Role.CREDENTIALING_BODY, Purpose.CREDENTIALING): {
        "root_credentials": _ANYWHERE,
        "root_compliance": _ANYWHERE,
        "credential_record": _BODY,
        "compliance_record": _BODY,
    },
}


def _stray(cell: Cell) -> frozenset[Relation]:
    if cell.thing in PERSON | PUBLIC | PRIVATE | FIGURES | {ANALYST_ROW} or cell.ask.role is Role.PUBLIC:
        return frozenset()
    office = _OFFICES.get((cell.ask.role, cell.ask.purpose), {})
    return frozenset(Relation) - office.get(cell.thing, _NOWHERE)


def _act_amiss(cell: Cell) -> bool:
    if cell.thing in FIGURES:
        return cell.ask.action is not Action.AGGREGATE
    action = COMMANDS[cell.thing][0] if cell.thing in COMMANDS else Action.READ
    return cell.ask.action is not action and not (cell.ask.action is Action.MATCH and cell.thing not in COMMANDS)


def _find_unread(view: View) -> Iterator[Breach]:
    """Commands whose result the one who gives them could not read."""
    for cell in view.cells:
        if cell.thing not in COMMANDS:
            continue
        told = Ask(role=cell.ask.role, purpose=cell.ask.purpose, action=Action.READ)
        result = COMMANDS[cell.thing][1]
        verdicts = [
            view.table.verdict_of(told, unit, RecordState.STANDING)
            for unit, thing in view.table.classes.items()
            if thing == result
        ]
        # A command says nothing of rows by a relation where what it makes does not yet exist.
        if not verdicts or not all(verdict.allow for verdict in verdicts):
            yield Breach(cell=cell, relations=cell.verdict.allow)


def _find_echoes(view: View) -> Iterator[Breach]:
    """Fields that one may match and read for the same purpose."""
    for cell in view.cells:
        if cell.ask.action is not Action.MATCH:
            continue
        told = Ask(role=cell.ask.role, purpose=cell.ask.purpose, action=Action.READ)
        if any(view.table.verdict_of(told, cell.unit, state).allow for state in RecordState):
            yield Breach(cell=cell, relations=cell.verdict.allow)


INVARIANTS: Final[tuple[Invariant, ...]] = (
    forbid_cells(
        "OFFICE-01",
        "each role is bound to its purposes, and none but the records officer has two",
        f"{_SECTION_5}; access.md section 1",
        bad=lambda cell: cell.ask.purpose not in PURPOSES[cell.ask.role],
    ),
    forbid_cells(
        "OFFICE-02",
        "the public reads public facts, and nothing of a record",
        f"{_SECTION_5}; {_ROOTS}",
        bad=lambda cell: cell.ask.role is Role.PUBLIC and cell.thing not in PUBLIC,
    ),
    forbid_relations(
        "OFFICE-03",
        "each role uses the entrances, records and commands of its own office, by its own relations to them",
        f"{_ROOTS}; access.md section 1",
        bad=_stray,
    ),
    forbid_relations(
        "OFFICE-04",
        "public facts are the same for all: they rest on no relation",
        _ROOTS,
        bad=lambda cell: frozenset(Relation) - _ANYWHERE if cell.thing in PUBLIC else _NOWHERE,
    ),
    forbid_cells(
        "OFFICE-05",
        "a command is carried out by its own action, figures are counted over and not read, and all else is read or "
        "matched, nothing else",
        "access.md section 1, actions",
        bad=_act_amiss,
    ),
    Invariant(
        id="OFFICE-06",
        sentence="whoever may give a command may read what it answers",
        source="docs/decisions/0004; access.md section 3, mutations",
        scope=Scope.ASKS,
        search=_find_unread,
    ),
    Invariant(
        id="OFFICE-07",
        sentence="what is matched is not read back for the same purpose",
        source=f"{_SECTION_5}; domain.md 5.5, field rules",
        scope=Scope.ASKS,
        search=_find_echoes,
    ),
    forbid_cells(
        "OFFICE-08",
        "no auditor approves the break-glass of an outcome of which he is himself the officer",
        f"{_SECTION_5}; access.md section 1, nobody judges his own record",
        bad=lambda cell: cell.thing == "command_approve_break_glass" and Relation.SELF not in cell.verdict.unless,
    ),
)
