"""A mapping: what the columns, dates, codes and names of one source mean, as frozen values.

A mapping says nothing about any person; whatever it does not say, an import must not guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.domain.intake import REFUSED_REASONS, CaseEffect, Disposition, ImportKind, Reason
from app.domain.vocabulary import (
    BirthDatePrecision,
    DocumentKind,
    Finding,
    IdentifierKind,
    MisconductBasis,
    ProcessElement,
    SeparationReason,
    StandardOfProof,
)
from app.registry.intake.cells import Unknowns
from app.registry.intake.csv_file import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyColumns:
    """How a row names an agency: by ORI where there is such a column, else by name within `state`.

    `aliases` leads from a name (folded) to an ORI or to another name; `words` spells abbreviations out.
    """

    name: str | None
    ori: str | None
    aliases: Mapping[str, str]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumn:
    """The column of a number that `issuer` gave each officer."""

    column: str
    kind: IdentifierKind
    issuer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthColumn:
    column: str
    precision: BirthDatePrecision


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonColumns:
    """How a row names an officer; `placeholders` (folded) are entries that name nobody."""

    number: NumberColumn | None
    family_name: str
    given_name: str
    middle_name: str | None
    suffix: str | None
    placeholders: frozenset[str]
    birth: BirthColumn | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusColumn:
    """Which statuses (folded) mean that a stint goes on, and which that it ended."""

    column: str
    current: frozenset[str]
    ended: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparationColumn:
    """The crosswalk of separation reasons; `not_separations` are entries that are none (hired, promoted)."""

    column: str
    codes: Mapping[str, SeparationReason]
    not_separations: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StintColumns:
    start: str
    end: str
    appointment_type: str | None
    rank: str | None
    status: StatusColumn | None
    separation: SeparationColumn | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """What one determination of a certifying body means; `legal_basis` takes the place of the conduct's."""

    effect: CaseEffect
    disposition: Finding | None
    final_finding: Finding | None
    legal_basis: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeterminationColumn:
    column: str
    codes: Mapping[str, Determination]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductColumn:
    """What was investigated: which basis a citation (folded) or the beginning of one stands for.

    A cell may hold several citations, each on a line of its own or between separators.
    """

    column: str
    separator: str | None
    exact: Mapping[str, MisconductBasis]
    prefixes: tuple[tuple[str, MisconductBasis], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepColumn:
    """A date column that proves a step of fair process."""

    column: str
    element: ProcessElement
    document: DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseColumns:
    """How a row tells of a case; `reporter` is an ORI or a name, or nothing where the employer reports."""

    number: str
    opened: tuple[str, ...]
    closed: str
    custodian: str
    reporter: str | None
    status: str
    closed_statuses: frozenset[str]
    determination: DeterminationColumn
    conduct: ConductColumn | None
    steps: tuple[StepColumn, ...]
    action_date: tuple[str, ...]
    standard_of_proof: StandardOfProof | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMapping:
    """One mapping file: `stint` is given for careers, `case` for cases."""

    kind: ImportKind
    title: str
    state: str
    source: str
    dialect: Dialect
    ignored: frozenset[str]
    unknowns: Unknowns
    date_formats: tuple[str, ...]
    agency: AgencyColumns
    person: PersonColumns
    stint: StintColumns | None
    case: CaseColumns | None
    reviewed: frozenset[Reason]
    turned_away: frozenset[Reason]
    sha256: bytes = field(repr=False)

    def dispose(self, reason: Reason) -> Disposition:
        """Whether a row with this fault is parked or refused under this mapping."""
        if reason in self.turned_away or (reason in REFUSED_REASONS and reason not in self.reviewed):
            return Disposition.REFUSED
        return Disposition.PARKED

    def columns(self) -> frozenset[str]:
        """Every column that the mapping reads; each must be in the file."""
        return frozenset(column for column in self._columns() if column is not None)

    def kept_columns(self) -> frozenset[str]:
        """The columns a registrar may see of a parked row: all that is read but the birth date."""
        birth = self.person.birth
        return self.columns() - ({birth.column} if birth else set())

    def _columns(self) -> Iterator[str | None]:
        yield from (self.agency.name, self.agency.ori)
        person = self.person
        yield from (person.family_name, person.given_name, person.middle_name, person.suffix)
        yield person.number.column if person.number else None
        yield person.birth.column if person.birth else None
        if self.stint is not None:
            yield from _list_stint_columns(self.stint)
        if self.case is not None:
            yield from _list_case_columns(self.case)


def _list_stint_columns(stint: StintColumns) -> Iterator[str | None]:
    yield from (stint.start, stint.end, stint.appointment_type, stint.rank)
    yield stint.status.column if stint.status else None
    yield stint.separation.column if stint.separation else None


def _list_case_columns(case: CaseColumns) -> Iterator[str | None]:
    yield from (case.number, case.closed, case.status, case.determination.column)
    yield from case.opened
    yield from case.action_date
    yield case.conduct.column if case.conduct else None
    yield from (step.column for step in case.steps)
