"""What an import turns rows of a file into: careers, cases and agencies, or a reason why not.

A reason names a rule and a column, never what the cell holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from app.domain.content import VersionContent
from app.domain.vocabulary import (
    AgencyKind,
    AgencyStatus,
    BirthDatePrecision,
    DocumentKind,
    Finality,
    Finding,
    IdentifierKind,
    JurisdictionLevel,
    Lifecycle,
    MatterStatus,
    ProcessElement,
    SeparationReason,
    SizeBand,
)


class ImportKind(StrEnum):
    AGENCIES = "agencies"
    CAREERS = "careers"
    CASES = "cases"


class Disposition(StrEnum):
    """What became of a row: taken, there already, kept for a registrar, or turned away with nothing kept."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    PARKED = "parked"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a row was parked or refused; docs/importing.md explains each."""

    # The row is not well formed.
    RAGGED_ROW = "RAGGED_ROW"
    HEADER_REPEATED = "HEADER_REPEATED"
    FORMULA_CELL = "FORMULA_CELL"
    CONTROL_CHARACTER = "CONTROL_CHARACTER"
    CELL_TOO_LONG = "CELL_TOO_LONG"
    CELL_BLANK = "CELL_BLANK"
    DATE_UNREADABLE = "DATE_UNREADABLE"
    NUMBER_UNREADABLE = "NUMBER_UNREADABLE"
    ORI_MALFORMED = "ORI_MALFORMED"
    VALUE_NOT_ALLOWED = "VALUE_NOT_ALLOWED"
    PLACEHOLDER_PERSON = "PLACEHOLDER_PERSON"
    # The row can be read, and somebody has to look at it.
    DATE_IN_FUTURE = "DATE_IN_FUTURE"
    DATE_IMPLAUSIBLE = "DATE_IMPLAUSIBLE"
    DATES_OUT_OF_ORDER = "DATES_OUT_OF_ORDER"
    STATUS_AND_DATES_DISAGREE = "STATUS_AND_DATES_DISAGREE"
    CODE_UNKNOWN = "CODE_UNKNOWN"
    PERSON_WITHOUT_NUMBER = "PERSON_WITHOUT_NUMBER"
    PERSON_WITHOUT_NAME = "PERSON_WITHOUT_NAME"
    PERSON_NAMES_DIFFER = "PERSON_NAMES_DIFFER"
    AGENCY_NOT_NAMED = "AGENCY_NOT_NAMED"
    AGENCY_UNKNOWN = "AGENCY_UNKNOWN"
    AGENCY_AMBIGUOUS = "AGENCY_AMBIGUOUS"
    RECORD_REPEATED_DIFFERENTLY = "RECORD_REPEATED_DIFFERENTLY"
    PLACE_UNKNOWN = "PLACE_UNKNOWN"
    ORI_OF_OTHER_STATE = "ORI_OF_OTHER_STATE"
    ORIS_OF_SEVERAL_AGENCIES = "ORIS_OF_SEVERAL_AGENCIES"
    PARENT_UNKNOWN = "PARENT_UNKNOWN"
    PARENT_AMBIGUOUS = "PARENT_AMBIGUOUS"
    OFFICER_NOT_NAMED = "OFFICER_NOT_NAMED"
    OFFICER_UNKNOWN = "OFFICER_UNKNOWN"
    OFFICER_AMBIGUOUS = "OFFICER_AMBIGUOUS"
    DETERMINATION_MISSING = "DETERMINATION_MISSING"
    ACTION_DATE_MISSING = "ACTION_DATE_MISSING"
    CASE_ALREADY_KNOWN = "CASE_ALREADY_KNOWN"
    REVOCATION_UNKNOWN = "REVOCATION_UNKNOWN"
    REVOCATION_AMBIGUOUS = "REVOCATION_AMBIGUOUS"
    REVOCATION_IN_REVIEW = "REVOCATION_IN_REVIEW"


REFUSED_REASONS = frozenset(
    {
        Reason.RAGGED_ROW,
        Reason.HEADER_REPEATED,
        Reason.FORMULA_CELL,
        Reason.CONTROL_CHARACTER,
        Reason.CELL_TOO_LONG,
        Reason.CELL_BLANK,
        Reason.DATE_UNREADABLE,
        Reason.NUMBER_UNREADABLE,
        Reason.ORI_MALFORMED,
        Reason.VALUE_NOT_ALLOWED,
        Reason.PLACEHOLDER_PERSON,
    }
)

# What a mapping may send to review instead of turning away, or the other way round: questions of judgement.
REVIEWABLE_REASONS = frozenset(
    {
        Reason.PLACEHOLDER_PERSON,
        Reason.DATE_UNREADABLE,
        Reason.NUMBER_UNREADABLE,
        Reason.DATE_IN_FUTURE,
        Reason.DATE_IMPLAUSIBLE,
        Reason.DATES_OUT_OF_ORDER,
        Reason.STATUS_AND_DATES_DISAGREE,
        Reason.CODE_UNKNOWN,
        Reason.PERSON_WITHOUT_NUMBER,
        Reason.PERSON_WITHOUT_NAME,
        Reason.AGENCY_NOT_NAMED,
        Reason.OFFICER_NOT_NAMED,
        Reason.DETERMINATION_MISSING,
        Reason.ACTION_DATE_MISSING,
    }
)


class AcceptedAs(StrEnum):
    """What an accepted row became, beyond the row itself."""

    AGENCY_ADDED = "AGENCY_ADDED"
    AGENCY_UPDATED = "AGENCY_UPDATED"
    STINT_ADDED = "STINT_ADDED"
    STINT_UPDATED = "STINT_UPDATED"
    MATTER_WITHOUT_OUTCOME = "MATTER_WITHOUT_OUTCOME"
    OUTCOME_DRAFT = "OUTCOME_DRAFT"
    OUTCOME_AWAITING_EVIDENCE = "OUTCOME_AWAITING_EVIDENCE"
    REVISION = "REVISION"


class CaseEffect(StrEnum):
    """What a case says about an officer: nothing yet, nothing at all, a revocation, or the end of one."""

    UNDECIDED = "UNDECIDED"
    NO_OUTCOME = "NO_OUTCOME"
    DECERTIFICATION = "DECERTIFICATION"
    REINSTATEMENT = "REINSTATEMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedRow:
    """A row that was parked or refused, by its line (from 1, the header being line 1) and the column at fault."""

    line: int
    disposition: Disposition
    reason: Reason
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowIdentity:
    """Where a row stands and what it is: 32-byte digests of what names its record and of what it says of it."""

    line: int
    record_key: bytes
    content_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerNumber:
    """A number that a State gave an officer; `issuer` is the State's postal code."""

    kind: IdentifierKind
    issuer: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName:
    family: str
    given: str
    middle: str | None = None
    suffix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """A birth date as far as it is known; an unknown month or day is written as the first."""

    day: date
    precision: BirthDatePrecision


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """One agency of a list; `parent` is an ORI or a name, `tribe` names the jurisdiction of a tribal agency."""

    identity: RowIdentity
    name: str
    kind: AgencyKind
    level: JurisdictionLevel
    status: AgencyStatus
    jurisdiction_code: str
    tribe: str | None
    state_code: str | None
    location_state: str | None
    county_fips: str | None
    oris: tuple[str, ...]
    parent: str | None
    sworn_count: int | None
    size_band: SizeBand | None
    rural: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgency:
    """An agency of the registry as ORIs and names lead to it."""

    id: UUID
    name: str
    oris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CareerRow:
    """One stint of one officer at one agency."""

    identity: RowIdentity
    number: OfficerNumber
    name: PersonName
    birth: Birth | None
    agency_id: UUID
    from_date: date | None
    to_date: date | None
    appointment_type: str | None
    rank: str | None
    separation_reason: SeparationReason | None
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStep:
    """A step of fair process that the file dates, and the kind of document its custodian holds on it."""

    element: ProcessElement
    document: DocumentKind
    occurred_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutcome:
    """What a case would report.

    INVARIANT: `lifecycle` is DRAFT or AWAITING_EVIDENCE; an import discloses nothing. A reinstatement takes basis and
    force over from the revocation that it amends.
    """

    lifecycle: Lifecycle
    finality: Finality
    content: VersionContent


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One proceeding of a certifying body; `outcome` is given where the effect names one."""

    identity: RowIdentity
    case_number: str
    agency_id: UUID
    reporter_id: UUID
    number: OfficerNumber | None
    name: PersonName | None
    effect: CaseEffect
    status: MatterStatus
    disposition: Finding | None
    force_related: bool | None
    opened_on: date | None
    closed_on: date | None
    steps: tuple[CaseStep, ...]
    custodian: str
    state_code: str
    outcome: CaseOutcome | None


IntakeRow: TypeAlias = AgencyRow | CareerRow | CaseRow
