"""Which rows hang on which, which are open to all, and what commands and work may do to rows: data of the second wall.

INVARIANT: a login that does work of its own sees only the tables named here; what a command writes it signs itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table

from app.domain.delegation import LONGEST_MANDATE_MONTHS, SCOPE_OF_ROLE, Scope
from app.domain.vocabulary import Entity
from app.planning.relations import GATE
from app.storage.logins import Login
from app.storage.tables import access, audit, credentials, outcomes, people, places, process


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The table whose row judges the rows of another, and the columns that lead there."""

    table: Table
    entity: Entity
    own: str
    parents: str


def _hang_on_series(own: str, parents: str = "id") -> Parent:
    return Parent(table=outcomes.SERIES, entity=Entity.OUTCOME, own=own, parents=parents)


def _hang_on_officer() -> Parent:
    return Parent(table=people.OFFICERS, entity=Entity.OFFICER, own="officer_id", parents="id")


def _hang_on_duties() -> Parent:
    return Parent(table=places.AGENCIES, entity=Entity.COMPLIANCE, own="agency_id", parents="id")


PARENTS: Final[Mapping[Table, Parent]] = {
    outcomes.VERSIONS: _hang_on_series("series_id"),
    outcomes.STATUSES: _hang_on_series("series_id"),
    outcomes.CONTENTS: _hang_on_series("series_id"),
    outcomes.OFFICER_STATEMENTS: _hang_on_series("series_id"),
    outcomes.DETERMINATIONS: _hang_on_series("series_id"),
    outcomes.HOLDS: _hang_on_series("series_id"),
    process.MATTERS: _hang_on_series("id", "matter_id"),
    process.PROCESS_STEPS: _hang_on_series("matter_id", "matter_id"),
    process.EVIDENCE_ITEMS: _hang_on_series("matter_id", "matter_id"),
    people.OFFICER_NAMES: _hang_on_officer(),
    people.OFFICER_IDENTIFIERS: _hang_on_officer(),
    audit.ITEMS: Parent(table=audit.RECORDS, entity=Entity.DISCLOSURE, own="record_id", parents="id"),
    places.AGENCY_ENROLLMENTS: _hang_on_duties(),
    places.PERIOD_REPORTS: _hang_on_duties(),
    places.ATTESTATIONS: _hang_on_duties(),
    credentials.POLICY_TESTS: Parent(
        table=credentials.AGENCY_CREDENTIALS, entity=Entity.CREDENTIAL, own="credential_id", parents="id"
    ),
}
# Tables of public facts: no row of them is about a person.
OPEN_TABLES: Final = frozenset(
    {"registry.jurisdictions", "registry.agencies", "registry.agency_oris", "registry.credentialing_bodies"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRows:
    """What a command's login may do to which rows; `check` narrows further what it may write (SQL over the new row)."""

    table: Table
    entity: Entity
    verbs: tuple[str, ...]
    check: str = "true"


# INVARIANT: columns of the row are named with their table; beside it stands the context, which has some of the same.
_GIVEN: Final = access.GRANTS.fullname
_OPENED: Final = access.BREAK_GLASS_ACCESSES.fullname
_ACCOUNT: Final = f"{GATE}.account"
_GIVES: Final = f"{_GIVEN}.granted_by = {_ACCOUNT} AND {_GIVEN}.account <> {_ACCOUNT} AND {_GIVEN}.revoked_by IS NULL"
_ENDS: Final = f"{_GIVEN}.revoked_by = {_ACCOUNT} AND {_GIVEN}.account <> {_ACCOUNT}"
_LONGEST_MANDATE: Final = f"{GATE}.at + interval '{LONGEST_MANDATE_MONTHS} months'"
_COLUMN_OF_SCOPE: Final[Mapping[Scope, str]] = {
    Scope.AGENCY: "agency_id",
    Scope.STATE: "state_code",
    Scope.OFFICER: "officer_id",
    Scope.BODY: "body_id",
}


def _hold_where_it_belongs() -> str:
    """The condition that a grant names the place that its role needs, and no other."""
    roles = {scope: _quote(role for role, held in SCOPE_OF_ROLE.items() if held is scope) for scope in _COLUMN_OF_SCOPE}
    return " AND ".join(
        f"({_GIVEN}.{column} IS NOT NULL) = ({_GIVEN}.role IN ({roles[scope]}))"
        for scope, column in _COLUMN_OF_SCOPE.items()
    )


def _quote(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


def _on_grants(verb: str, check: str) -> CommandRows:
    return CommandRows(table=access.GRANTS, entity=Entity.GRANT, verbs=("SELECT", verb), check=check)


def _on_break_glass(verb: str, check: str) -> CommandRows:
    return CommandRows(
        table=access.BREAK_GLASS_ACCESSES, entity=Entity.BREAK_GLASS, verbs=("SELECT", verb), check=check
    )


# By the field of the contract that is the command. The checks bind its login, whatever the command believes: it signs
# with the account of the context and for nobody else.
COMMAND_ROWS: Final[Mapping[str, CommandRows]] = {
    "Mutation.grantRole": _on_grants("INSERT", f"{_GIVES} AND {_hold_where_it_belongs()}"),
    "Mutation.revokeRole": _on_grants("UPDATE", _ENDS),
    "Mutation.giveMandate": _on_grants(
        "INSERT", f"{_GIVES} AND {_hold_where_it_belongs()} AND upper({_GIVEN}.valid) <= {_LONGEST_MANDATE}"
    ),
    "Mutation.endMandate": _on_grants("UPDATE", _ENDS),
    "Mutation.requestBreakGlass": _on_break_glass(
        "INSERT", f"{_OPENED}.account = {_ACCOUNT} AND {_OPENED}.approved_by IS NULL AND {_OPENED}.ended_by IS NULL"
    ),
    "Mutation.approveBreakGlass": _on_break_glass(
        "UPDATE", f"{_OPENED}.approved_by = {_ACCOUNT} AND {_OPENED}.ended_by IS NULL"
    ),
    "Mutation.endBreakGlass": _on_break_glass(
        "UPDATE", f"{_OPENED}.ended_by = {_ACCOUNT} AND {_ACCOUNT} IN ({_OPENED}.account, {_OPENED}.approved_by)"
    ),
}


# Logins that do work of their own, and the schema's tables that they may see whole; column grants narrow them.
WORK_ROWS: Final[Mapping[Login, tuple[str, ...]]] = {
    Login.LEDGER: ("audit.records", "audit.items"),
    Login.COMMAND: ("audit.records", "audit.items", "registry.command_keys", "registry.analysis_exports"),
    Login.IMPORTER: (
        "registry.officers",
        "registry.officer_names",
        "registry.officer_identifiers",
        "registry.stints",
        "registry.certifications",
        "registry.matters",
        "registry.process_steps",
        "registry.evidence_items",
        "registry.outcome_series",
        "registry.outcome_versions",
        "registry.outcome_contents",
        "registry.import_batches",
        "registry.source_records",
        "registry.review_items",
        "audit.records",
        "audit.items",
    ),
}
# INVARIANT: no import makes a record that anyone but its reporter could be told of.
WORK_CHECKS: Final[Mapping[tuple[Login, Table], str]] = {
    (Login.IMPORTER, outcomes.SERIES): "lifecycle IN ('DRAFT', 'AWAITING_EVIDENCE')",
}
# The functions of the gate that row policies and plans ask, with the types of their arguments.
GATE_FUNCTIONS: Final[Mapping[str, str]] = {
    "disclosures_of_me": "",
    "hold_on": "uuid, timestamptz",
    "is_certified": "uuid, text",
    "is_disclosed_in": "uuid, uuid",
    "is_employed": "uuid, uuid",
    "listed_in_state_alone": "uuid, text, timestamptz",
    "officer_listing": "uuid, timestamptz",
    "officers_certified": "",
    "officers_employed": "",
    "officers_serving": "",
    "officers_serving_in_state": "",
    "serves_agency": "uuid, uuid",
    "serves_in_state": "uuid, text",
}
