"""Rows of cases: one proceeding of a certifying body, and what it would report.

INVARIANT: a case becomes a draft or an outcome that awaits its evidence, never one that anybody is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from app.domain.content import VersionContent, encode_content
from app.domain.intake import (
    CaseEffect,
    CaseOutcome,
    CaseRow,
    CaseStep,
    Disposition,
    Reason,
    RowIdentity,
)
from app.domain.vocabulary import Finality, Lifecycle, MatterStatus, MisconductBasis, ProcessElement
from app.errors import ImportRefused
from app.registry.intake.agency_names import AgencyDirectory
from app.registry.intake.careers import PersonReader
from app.registry.intake.cells import DateReader, RowTurned, clean_text, fold_text
from app.registry.intake.csv_file import SourceRow
from app.registry.intake.digests import Part, digest_parts
from app.registry.intake.layout import Header
from app.registry.intake.mapping import CaseColumns, ConductColumn, Determination, SourceMapping
from app.registry.intake.mapping_file import fold_citation

FORCE_BASES: Final = frozenset({MisconductBasis.PHYSICAL_ABUSE_EXCESSIVE_FORCE, MisconductBasis.FAILURE_TO_INTERCEDE})
# Notice given and a decision written: the two ends of a process whose rest its custodian can still prove.
_ENDS_OF_PROCESS: Final = (ProcessElement.NOTICE_OF_CHARGE, ProcessElement.WRITTEN_DECISION)
_UNDECIDED: Final = Determination(effect=CaseEffect.UNDECIDED, disposition=None, final_finding=None, legal_basis=None)
_OUTCOMES: Final = frozenset({CaseEffect.DECERTIFICATION, CaseEffect.REINSTATEMENT})
MAX_CONDUCT: Final = 2000


def read_bases(column: ConductColumn, raw: str) -> tuple[MisconductBasis, ...]:
    """The bases that the citations of a cell stand for, each once; a citation without one stands for none."""
    found: set[MisconductBasis] = set()
    for line in raw.splitlines():
        for part in line.split(column.separator) if column.separator else (line,):
            citation = fold_citation(part)
            if basis := column.exact.get(citation):
                found.add(basis)
            else:
                found.update(basis for prefix, basis in column.prefixes if citation.startswith(prefix))
    return tuple(sorted(found))


def list_facts(case: CaseRow) -> Iterator[Part]:
    """What a case says, in an order of its own: a change in any of it is news."""
    yield from (case.agency_id, case.reporter_id, case.status, case.effect, case.disposition, case.force_related)
    yield from (case.opened_on, case.closed_on, case.custodian)
    number, name = case.number, case.name
    yield from (number.kind, number.issuer, number.value) if number else (None, None, None)
    yield from (name.family, name.given, name.middle, name.suffix) if name else (None, None, None, None)
    yield encode_content(case.outcome.content).decode() if case.outcome else None
    for step in case.steps:
        yield from (step.element, step.document, step.occurred_on)


class CasesLayout:
    """Reads the rows of a cases file under one mapping."""

    __slots__ = (
        "_case",
        "_dates",
        "_directory",
        "_mapping",
        "_people",
        "_reporter",
        "header",
        "kept_columns",
        "unknowns",
    )

    def __init__(self, mapping: SourceMapping, cells: tuple[str, ...], directory: AgencyDirectory, today: date) -> None:
        if mapping.case is None:
            raise ValueError("a mapping of cases has a case")
        self.header = Header(cells, needed=mapping.columns(), ignored=mapping.ignored)
        self.kept_columns: Collection[str] = mapping.kept_columns()
        self.unknowns = mapping.unknowns
        self._mapping = mapping
        self._case: CaseColumns = mapping.case
        self._directory = directory
        self._reporter = _find_reporter(mapping.case, directory)
        self._people = PersonReader(mapping, self.header, today)
        self._dates = DateReader(formats=mapping.date_formats, unknowns=mapping.unknowns, today=today)

    def dispose(self, reason: Reason) -> Disposition:
        """As the mapping says."""
        return self._mapping.dispose(reason)

    def is_deferred(self, row: SourceRow) -> bool:
        """A reinstatement waits for the revocation that it amends, wherever in the file that stands."""
        if len(row.cells) != self.header.width:
            return False
        column = self._case.determination
        found = column.codes.get(fold_text(self.header.cell(row.cells, column.column)))
        return found is not None and found.effect is CaseEffect.REINSTATEMENT

    def interpret(self, row: SourceRow) -> CaseRow:
        """One case; raises `RowTurned`."""
        cells = row.cells
        case_number = self._people.text(cells, self._case.number)
        if case_number is None:
            raise RowTurned(Reason.CELL_BLANK, self._case.number)
        opened, closed = self._read_period(cells)
        status = self._read_status(cells, closed)
        determination = self._read_determination(cells, status)
        steps = self._read_steps(cells)
        bases = self._read_bases(cells)
        name = self._people.read_name(cells)
        number = self._people.read_number(cells)
        if determination.effect in _OUTCOMES and name is None and number is None:
            raise RowTurned(Reason.OFFICER_NOT_NAMED, self._mapping.person.family_name)
        agency_id = self._directory.find(
            self._people.text(cells, self._mapping.agency.ori), self._people.text(cells, self._mapping.agency.name, 200)
        )
        outcome = self._read_outcome(cells, determination, steps, bases, status)
        row_key = digest_parts("case", (self._mapping.state, case_number.upper()))
        case = CaseRow(
            identity=RowIdentity(line=row.line, record_key=row_key, content_sha256=b""),
            case_number=case_number,
            agency_id=agency_id,
            reporter_id=self._reporter or agency_id,
            number=number,
            name=name,
            effect=determination.effect,
            status=status,
            disposition=determination.disposition,
            force_related=self._read_force(cells, bases),
            opened_on=opened,
            closed_on=closed,
            steps=steps,
            custodian=self._case.custodian,
            state_code=self._mapping.state,
            outcome=outcome,
        )
        content_sha256 = digest_parts("case content", list_facts(case))
        return replace(case, identity=replace(case.identity, content_sha256=content_sha256))

    def _read_force(self, cells: tuple[str, ...], bases: tuple[MisconductBasis, ...]) -> bool | None:
        """Whether the conduct bears on force, where the file says what the conduct was."""
        conduct = self._case.conduct
        if conduct is None or self._people.text(cells, conduct.column, MAX_CONDUCT) is None:
            return None
        return bool(FORCE_BASES & set(bases))

    def _read_date(self, cells: tuple[str, ...], column: str) -> date | None:
        return self._dates.read(self.header.cell(cells, column), column)

    def _read_first_date(self, cells: tuple[str, ...], columns: tuple[str, ...]) -> date | None:
        return next((day for column in columns if (day := self._read_date(cells, column))), None)

    def _read_period(self, cells: tuple[str, ...]) -> tuple[date | None, date | None]:
        opened = self._read_first_date(cells, self._case.opened)
        closed = self._read_date(cells, self._case.closed)
        if opened is not None and closed is not None and closed < opened:
            raise RowTurned(Reason.DATES_OUT_OF_ORDER, self._case.closed)
        return opened, closed

    def _read_status(self, cells: tuple[str, ...], closed: date | None) -> MatterStatus:
        word = self._people.text(cells, self._case.status)
        if word is None:
            return MatterStatus.OPEN if closed is None else MatterStatus.CLOSED
        is_closed = fold_text(word) in self._case.closed_statuses
        if closed is not None and not is_closed:
            raise RowTurned(Reason.STATUS_AND_DATES_DISAGREE, self._case.closed)
        return MatterStatus.CLOSED if is_closed else MatterStatus.OPEN

    def _read_determination(self, cells: tuple[str, ...], status: MatterStatus) -> Determination:
        column = self._case.determination.column
        word = self._people.text(cells, column)
        if word is None:
            if status is MatterStatus.CLOSED:
                raise RowTurned(Reason.DETERMINATION_MISSING, column)
            return _UNDECIDED
        found = self._case.determination.codes.get(fold_text(word))
        if found is None:
            raise RowTurned(Reason.CODE_UNKNOWN, column)
        return found

    def _read_steps(self, cells: tuple[str, ...]) -> tuple[CaseStep, ...]:
        steps = []
        for column in self._case.steps:
            day = self._read_date(cells, column.column)
            if day is not None:
                steps.append(CaseStep(element=column.element, document=column.document, occurred_on=day))
        days = {step.element: step.occurred_on for step in steps}
        notice, decision = (days.get(element) for element in _ENDS_OF_PROCESS)
        if notice is not None and decision is not None and decision < notice:
            raise RowTurned(Reason.DATES_OUT_OF_ORDER, self._step_column(ProcessElement.WRITTEN_DECISION))
        return tuple(steps)

    def _step_column(self, element: ProcessElement) -> str | None:
        return next((step.column for step in self._case.steps if step.element is element), None)

    def _read_bases(self, cells: tuple[str, ...]) -> tuple[MisconductBasis, ...]:
        conduct = self._case.conduct
        if conduct is None:
            return ()
        raw = self.header.cell(cells, conduct.column)
        clean_text(raw, conduct.column, limit=MAX_CONDUCT)
        return read_bases(conduct, raw)

    def _read_outcome(
        self,
        cells: tuple[str, ...],
        determination: Determination,
        steps: tuple[CaseStep, ...],
        bases: tuple[MisconductBasis, ...],
        status: MatterStatus,
    ) -> CaseOutcome | None:
        if determination.effect not in _OUTCOMES:
            return None
        action_date = self._read_first_date(cells, self._case.action_date)
        if action_date is None:
            raise RowTurned(Reason.ACTION_DATE_MISSING, self._case.action_date[0])
        proven = {step.element for step in steps}
        is_decided = status is MatterStatus.CLOSED and ProcessElement.WRITTEN_DECISION in proven
        conduct = self._case.conduct
        return CaseOutcome(
            lifecycle=Lifecycle.AWAITING_EVIDENCE if proven.issuperset(_ENDS_OF_PROCESS) else Lifecycle.DRAFT,
            # A final order starts the time for an appeal; that it ran out is for its custodian to show.
            finality=Finality.APPEAL_WINDOW if is_decided else Finality.NON_FINAL,
            content=VersionContent(
                action_date=action_date,
                force_related=bool(FORCE_BASES & set(bases)),
                basis=tuple(basis.value for basis in bases),
                final_finding=determination.final_finding,
                standard_of_proof=self._case.standard_of_proof,
                legal_basis=determination.legal_basis
                or (self._people.text(cells, conduct.column, MAX_CONDUCT) if conduct else None),
            ),
        )


def _find_reporter(case: CaseColumns, directory: AgencyDirectory) -> UUID | None:
    """The agency that reports every case of the file, or nothing where each employer does."""
    if case.reporter is None:
        return None
    try:
        return directory.find_by_name(case.reporter)
    except RowTurned:
        raise ImportRefused(
            "the agency of case.reporter is not in the registry, or not alone under that name; "
            "import it first, or name its ORI"
        ) from None
