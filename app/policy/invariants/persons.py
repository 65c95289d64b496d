"""Who may read anything of a person: by which relation, in which states, and how much.

These are ceilings: a policy may tell less, never more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.domain.relation import STATE_RELATIONS
from app.domain.vocabulary import Purpose, RecordState, Relation, Role
from app.policy.invariants.classes import (
    ANALYST_ROW,
    CAREER,
    CONTENT,
    DETAIL,
    EXISTENCE,
    FIGURES,
    HOLD,
    IDENTIFIER,
    IDENTITY,
    KEY,
    OFFICER,
    OFFICER_SIDE,
    OFFICES,
    OPEN,
    OUTCOME,
    OUTCOME_FIGURES,
    PERSON,
    PRIVATE,
    PROCESS,
    PUBLIC,
    STANDING_OF_CAREER,
    SUMMARY,
    states_of,
)
from app.policy.invariants.form import Cell, Invariant, forbid_cells, forbid_relations

_MATRIX: Final = "domain.md 5.5"
_SECTION_5: Final = "access.md section 5"

# By which relations a role may see anything of a person; a role that is not here sees nothing of anyone.
_WAYS: Final[Mapping[tuple[Role, Purpose], frozenset[Relation]]] = {
    (Role.OFFICER, Purpose.SELF): frozenset({Relation.SELF}),
    (Role.OFFICER_REP, Purpose.SELF): frozenset({Relation.SELF}),
    (Role.HIRING_INVESTIGATOR, Purpose.HIRING): frozenset({Relation.CANDIDATE_LIMITED, Relation.CANDIDATE_FULL}),
    (Role.RECORDS_OFFICER, Purpose.RECORDS): frozenset({Relation.OWN_AGENCY}),
    (Role.AGENCY_HEAD, Purpose.RECORDS): frozenset({Relation.OWN_AGENCY}),
    (Role.RECORDS_OFFICER, Purpose.MONITORING): frozenset({Relation.EMPLOYEE}),
    (Role.POST_OFFICER, Purpose.CERTIFICATION): frozenset({Relation.OWN_STATE, Relation.CERTIFICANT}),
    (Role.DOJ_ADJUDICATOR, Purpose.ADJUDICATION): frozenset({Relation.ASSIGNED}),
    (Role.REGISTRAR, Purpose.REGISTRY): frozenset({Relation.ANYWHERE}),
    (Role.AUDITOR, Purpose.OVERSIGHT): frozenset({Relation.BREAK_GLASS}),
}
# Who may see anything of an outcome that is not cleared, and in which states.
_CLOSED: Final[Mapping[Role, frozenset[RecordState]]] = {
    **dict.fromkeys((Role.OFFICER, Role.OFFICER_REP), frozenset(RecordState) - {RecordState.DRAFT}),
    **dict.fromkeys((Role.RECORDS_OFFICER, Role.AGENCY_HEAD), frozenset(RecordState)),
    Role.POST_OFFICER: frozenset(RecordState) - {RecordState.DRAFT, RecordState.SEALED},
    Role.DOJ_ADJUDICATOR: frozenset(RecordState) - {RecordState.DRAFT},
    Role.REGISTRAR: frozenset(RecordState) - {RecordState.DRAFT, RecordState.SEALED},
    Role.AUDITOR: frozenset(RecordState) - {RecordState.DRAFT, RecordState.SEALED},
}
_SUMMARY_ONLY: Final = frozenset({EXISTENCE, SUMMARY})
_PARTIES: Final = OFFICER_SIDE | {Role.RECORDS_OFFICER, Role.AGENCY_HEAD, Role.DOJ_ADJUDICATOR, Role.AUDITOR}
_IDENTIFIER_READERS: Final = OFFICER_SIDE | {
    Role.RECORDS_OFFICER,
    Role.AGENCY_HEAD,
    Role.POST_OFFICER,
    Role.REGISTRAR,
}
_EMPLOYERS: Final = frozenset({Purpose.HIRING, Purpose.MONITORING})
_PERSONAL: Final = (
    PERSON | PRIVATE | {"check_own", "notice_record", "monitor_record", "reliance_record", "mandate_record"}
)
_OFFICES_WITHOUT_PERSONS: Final = frozenset(
    {Role.DOJ_ANALYST, Role.DOJ_GRANTS, Role.DOJ_CERTIFIER, Role.CREDENTIALING_BODY}
)


def _stray(cell: Cell) -> frozenset[Relation]:
    ways = _WAYS.get((cell.ask.role, cell.ask.purpose), frozenset())
    return frozenset(Relation) - ways if cell.thing in PERSON and ways else frozenset()


def _tells_closed(cell: Cell) -> bool:
    closed = cell.thing in OUTCOME and cell.state not in OPEN
    return closed and cell.state not in _CLOSED.get(cell.ask.role, frozenset())


def _tells_sealed(cell: Cell) -> bool:
    role, thing = cell.ask.role, cell.thing
    if cell.state is not RecordState.SEALED or role is Role.DOJ_ADJUDICATOR:
        return False
    return thing in ({SUMMARY, DETAIL, PROCESS} if role in OFFICER_SIDE else {DETAIL, PROCESS})


def _tells_closed_book(cell: Cell) -> bool:
    closed = cell.state in {RecordState.VOIDED, RecordState.EXPIRED}
    return closed and cell.thing == DETAIL and cell.ask.role not in {Role.DOJ_ADJUDICATOR, Role.AUDITOR}


def _tells_authority(cell: Cell) -> bool:
    if cell.ask.role is not Role.POST_OFFICER or cell.thing not in OUTCOME:
        return False
    return cell.thing not in _SUMMARY_ONLY and not (cell.thing == DETAIL and cell.state is RecordState.CLEARED)


_OWN_EXPORTS: Final = frozenset({"export_record", "command_request_export", "command_cancel_export"})


def _tells_rows_amiss(cell: Cell) -> bool:
    if cell.ask.role is not Role.DOJ_ANALYST:
        return cell.thing in FIGURES | {ANALYST_ROW}
    return (
        cell.thing not in PUBLIC | FIGURES | {ANALYST_ROW, "root_analysis"} | _OWN_EXPORTS
        or (cell.thing == ANALYST_ROW and cell.state not in OPEN)
        or (cell.thing == OUTCOME_FIGURES and cell.state not in OPEN | {RecordState.EXPIRED})
    )


def _tells_limited(cell: Cell) -> frozenset[Relation]:
    told = cell.thing == KEY and cell.state is RecordState.LISTED
    return frozenset() if told or cell.thing not in PERSON else frozenset({Relation.CANDIDATE_LIMITED})


INVARIANTS: Final[tuple[Invariant, ...]] = (
    forbid_cells(
        "PERSON-01",
        "nobody reads anything of a person but the roles that the disclosure rules name, each for its purpose",
        _MATRIX,
        bad=lambda cell: cell.thing in PERSON and (cell.ask.role, cell.ask.purpose) not in _WAYS,
    ),
    forbid_relations(
        "PERSON-02",
        "a role that reads anything of a person does so by its own relations to that person and by no other; "
        "identity is nationwide for the registrar alone",
        f"{_MATRIX}; {_SECTION_5}",
        bad=_stray,
    ),
    forbid_cells(
        "PERSON-03",
        "no office reads or does anything about a person who is the principal himself, whatever else he stands in",
        f"{_SECTION_5}; access.md section 1, nobody handles his own record",
        bad=lambda cell: cell.thing in PERSON and cell.ask.role in OFFICES and Relation.SELF not in cell.verdict.unless,
    ),
    forbid_cells(
        "PERSON-04",
        "of an outcome that is not cleared nobody reads anything but the roles named for that state",
        f"{_SECTION_5}; {_MATRIX}",
        bad=_tells_closed,
    ),
    forbid_cells(
        "PERSON-05",
        "an expunged record is read by nobody",
        f"{_MATRIX}; docs/decisions/0008",
        bad=lambda cell: cell.state is RecordState.EXPUNGED,
    ),
    forbid_cells(
        "PERSON-06",
        "of a sealed outcome the officer reads the fact and the order, the agency the summary and the order, "
        "and an adjudicator by order the content; nobody else reads any",
        _MATRIX,
        bad=_tells_sealed,
    ),
    forbid_cells(
        "PERSON-07",
        "of a voided or expired outcome nobody reads the full report but an adjudicator and an auditor by break-glass",
        _MATRIX,
        bad=_tells_closed_book,
    ),
    forbid_cells(
        "PERSON-08",
        "a separation without a finding is told to those who hire and monitor as a summary at most",
        f"{_MATRIX}, SUI CLEARED",
        bad=lambda cell: (
            cell.ask.purpose in _EMPLOYERS
            and cell.state is RecordState.NO_FINDING
            and cell.thing in PERSON - _SUMMARY_ONLY
        ),
    ),
    forbid_relations(
        "PERSON-09",
        "a limited check tells a key of a listed officer and nothing more",
        f"{_MATRIX}, HIRING LIMITED",
        bad=lambda cell: _tells_limited(cell) if cell.ask.purpose is Purpose.HIRING else frozenset(),
    ),
    forbid_cells(
        "PERSON-10",
        "those who hire and monitor are told nothing of an officer of whom nothing is cleared",
        "access.md section 1, listed",
        bad=lambda cell: (
            cell.ask.purpose in _EMPLOYERS and cell.thing in OFFICER and cell.state is RecordState.UNLISTED
        ),
    ),
    forbid_cells(
        "PERSON-11",
        "how far a record has come, and which order holds it, is told to the officer's side, the reporting agency, "
        "the adjudicator and an auditor by break-glass only",
        _MATRIX,
        bad=lambda cell: (
            cell.thing in {PROCESS, HOLD} and (cell.ask.role not in _PARTIES or cell.ask.purpose is Purpose.MONITORING)
        ),
    ),
    forbid_cells(
        "PERSON-12",
        "an order is told only of a record that one holds: suspended or sealed",
        _MATRIX,
        bad=lambda cell: cell.thing == HOLD and cell.state not in {RecordState.SUSPENDED, RecordState.SEALED},
    ),
    forbid_cells(
        "PERSON-13",
        "a certifying authority reads the full report of a cleared outcome only, and summaries else",
        f"{_MATRIX}, CERTIFYING_AUTHORITY",
        bad=_tells_authority,
    ),
    forbid_cells(
        "PERSON-14",
        "a registrar reads that there are outcomes, and nothing of what they say",
        "access.md section 1, registrar",
        bad=lambda cell: cell.ask.role is Role.REGISTRAR and cell.thing in CONTENT | {HOLD},
    ),
    forbid_cells(
        "PERSON-15",
        "officers' identifiers are read by the officer's side, the agency, the State authority and the registrar only, "
        "never to hire or to monitor",
        f"{_SECTION_5}; {_MATRIX}, field rules",
        bad=lambda cell: (
            cell.thing == IDENTIFIER and (cell.ask.role not in _IDENTIFIER_READERS or cell.ask.purpose in _EMPLOYERS)
        ),
    ),
    forbid_cells(
        "PERSON-16",
        "how a career stands is not told to those who hire or monitor, nor to a registrar or an auditor",
        "docs/decisions/0011",
        bad=lambda cell: (
            cell.thing == STANDING_OF_CAREER
            and (cell.ask.purpose in _EMPLOYERS or cell.ask.role in {Role.REGISTRAR, Role.AUDITOR})
        ),
    ),
    forbid_cells(
        "PERSON-17",
        "an auditor reads of a person by break-glass the identity and the opened outcome, never the career",
        _MATRIX,
        bad=lambda cell: cell.ask.role is Role.AUDITOR and cell.thing in PERSON - OUTCOME - IDENTITY,
    ),
    forbid_cells(
        "PERSON-18",
        "an employer who monitors does not read the career, which the employer knows or may not know",
        _MATRIX,
        bad=lambda cell: cell.ask.purpose is Purpose.MONITORING and cell.thing in CAREER,
    ),
    forbid_cells(
        "PERSON-19",
        "an analyst reads pseudonymous rows of cleared outcomes, counts over these and the expired and over careers, "
        "and has nothing else of a person; nobody else reads or counts them",
        f"{_SECTION_5}; {_MATRIX}, DOJ_ANALYST",
        bad=_tells_rows_amiss,
    ),
    forbid_cells(
        "PERSON-20",
        "analysts, grant officers, certifiers and credentialing bodies read nothing of a person",
        f"{_MATRIX}; domain.md 5.9",
        bad=lambda cell: cell.ask.role in _OFFICES_WITHOUT_PERSONS and cell.thing in _PERSONAL,
    ),
    forbid_cells(
        "PERSON-21",
        "an officer's consents and the disclosures of an officer are read by that officer alone, by no representative",
        "5 USC 552a(c)(3); domain.md 5.5",
        bad=lambda cell: (
            cell.thing in PRIVATE
            and (
                cell.ask.role is not Role.OFFICER
                or (cell.thing != "me_private" and cell.verdict.allow != {Relation.SELF})
            )
        ),
    ),
    forbid_relations(
        "PERSON-22",
        "State law takes away and never gives: no permission rests on the State of a record",
        "access.md section 1, overlays",
        bad=lambda cell: frozenset(STATE_RELATIONS),
    ),
    forbid_cells(
        "PERSON-23",
        "a class is told only in states that its records can be in",
        "docs/policy-tools.md",
        bad=lambda cell: cell.state not in states_of(cell.thing) and cell.state is not RecordState.EXPUNGED,
    ),
)
