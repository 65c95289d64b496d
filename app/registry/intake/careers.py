"""Rows of careers: one stint of one officer at one agency, as a State's export tells of it.

A separation reason is what the State wrote, never what it might mean; no row makes an outcome.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

from app.domain.intake import (
    Birth,
    CareerRow,
    Disposition,
    OfficerNumber,
    PersonName,
    Reason,
    RowIdentity,
)
from app.domain.vocabulary import BirthDatePrecision, SeparationReason
from app.registry.intake.agency_names import AgencyDirectory
from app.registry.intake.cells import EARLIEST_BIRTH, DateReader, RowTurned, fold_text, read_birth_year
from app.registry.intake.csv_file import SourceRow
from app.registry.intake.digests import digest_parts
from app.registry.intake.layout import Header
from app.registry.intake.mapping import PersonColumns, SourceMapping, StintColumns

MAX_NAME: Final = 100
MAX_SUFFIX: Final = 20


class PersonReader:
    """Reads who a row is about; shared by careers and cases."""

    __slots__ = ("_births", "_header", "_mapping", "_person", "_today")

    def __init__(self, mapping: SourceMapping, header: Header, today: date) -> None:
        self._mapping = mapping
        self._person: PersonColumns = mapping.person
        self._header = header
        self._today = today
        self._births = DateReader(
            formats=mapping.date_formats, unknowns=mapping.unknowns, today=today, earliest=EARLIEST_BIRTH
        )

    def text(self, cells: tuple[str, ...], column: str | None, limit: int = MAX_NAME) -> str | None:
        """A cell's clean text, or nothing; raises `RowTurned`."""
        if column is None:
            return None
        return self._mapping.unknowns.read_text(self._header.cell(cells, column), column, limit=limit)

    def read_number(self, cells: tuple[str, ...]) -> OfficerNumber | None:
        """The number a State gave the officer."""
        source = self._person.number
        value = None if source is None else self.text(cells, source.column)
        if source is None or value is None:
            return None
        return OfficerNumber(kind=source.kind, issuer=source.issuer, value=value.upper())

    def read_name(self, cells: tuple[str, ...]) -> PersonName | None:
        """The officer's name, or nothing where none is given; raises `RowTurned` for half a name or a placeholder."""
        person = self._person
        family = self.text(cells, person.family_name)
        given = self.text(cells, person.given_name)
        middle = self.text(cells, person.middle_name)
        entry = fold_text(" ".join(part for part in (given, middle, family) if part))
        if entry in person.placeholders:
            raise RowTurned(Reason.PLACEHOLDER_PERSON, person.family_name)
        if family is None and given is None:
            return None
        if family is None or given is None:
            raise RowTurned(Reason.PERSON_WITHOUT_NAME, person.given_name if family else person.family_name)
        return PersonName(family=family, given=given, middle=middle, suffix=self.text(cells, person.suffix, MAX_SUFFIX))

    def read_birth(self, cells: tuple[str, ...]) -> Birth | None:
        """The birth date as far as the file knows it."""
        birth = self._person.birth
        if birth is None:
            return None
        raw = self._header.cell(cells, birth.column)
        if birth.precision is BirthDatePrecision.DAY:
            day = self._births.read(raw, birth.column)
            return None if day is None else Birth(day=day, precision=birth.precision)
        text = self.text(cells, birth.column)
        if text is None:
            return None
        year = read_birth_year(text, birth.column, today=self._today)
        if date(year, 1, 1) in self._mapping.unknowns.dates:
            return None
        return Birth(day=date(year, 1, 1), precision=birth.precision)


class CareersLayout:
    """Reads the rows of a careers file under one mapping."""

    __slots__ = ("_dates", "_directory", "_mapping", "_people", "_stint", "header", "kept_columns", "unknowns")

    def __init__(self, mapping: SourceMapping, cells: tuple[str, ...], directory: AgencyDirectory, today: date) -> None:
        if mapping.stint is None:
            raise ValueError("a mapping of careers has a stint")
        self.header = Header(cells, needed=mapping.columns(), ignored=mapping.ignored)
        self.kept_columns: Collection[str] = mapping.kept_columns()
        self.unknowns = mapping.unknowns
        self._mapping = mapping
        self._stint: StintColumns = mapping.stint
        self._directory = directory
        self._people = PersonReader(mapping, self.header, today)
        self._dates = DateReader(formats=mapping.date_formats, unknowns=mapping.unknowns, today=today)

    def dispose(self, reason: Reason) -> Disposition:
        """As the mapping says."""
        return self._mapping.dispose(reason)

    def is_deferred(self, row: SourceRow) -> bool:
        """No stint leans on another row."""
        return False

    def interpret(self, row: SourceRow) -> CareerRow:
        """One stint; raises `RowTurned`."""
        cells = row.cells
        name = self._people.read_name(cells)
        number = self._people.read_number(cells)
        if name is None:
            raise RowTurned(Reason.PERSON_WITHOUT_NAME, self._mapping.person.family_name)
        if number is None:
            raise RowTurned(Reason.PERSON_WITHOUT_NUMBER, _number_column(self._mapping))
        birth = self._people.read_birth(cells)
        start, end = self._read_dates(cells)
        appointment = self._people.text(cells, self._stint.appointment_type)
        rank = self._people.text(cells, self._stint.rank)
        is_current, reason = self._read_standing(cells, end)
        agency_id = self._directory.find(
            self._people.text(cells, self._mapping.agency.ori), self._people.text(cells, self._mapping.agency.name, 200)
        )
        identity = RowIdentity(
            line=row.line,
            record_key=digest_parts(
                "stint", (number.kind, number.issuer, number.value, agency_id, start, end, appointment)
            ),
            content_sha256=digest_parts(
                "stint content", (name.family, name.given, name.middle, name.suffix, rank, reason, is_current)
            ),
        )
        return CareerRow(
            identity=identity,
            number=number,
            name=name,
            birth=birth,
            agency_id=agency_id,
            from_date=start,
            to_date=end,
            appointment_type=appointment,
            rank=rank,
            separation_reason=reason,
            is_current=is_current,
        )

    def _read_dates(self, cells: tuple[str, ...]) -> tuple[date | None, date | None]:
        start = self._dates.read(self.header.cell(cells, self._stint.start), self._stint.start)
        end = self._dates.read(self.header.cell(cells, self._stint.end), self._stint.end)
        if start is not None and end is not None and end < start:
            raise RowTurned(Reason.DATES_OUT_OF_ORDER, self._stint.end)
        return start, end

    def _read_standing(self, cells: tuple[str, ...], end: date | None) -> tuple[bool, SeparationReason | None]:
        """Whether the source says that the stint goes on, and why it ended."""
        ended = self._read_ended(cells)
        if ended is False and end is not None:
            raise RowTurned(Reason.STATUS_AND_DATES_DISAGREE, self._stint.end)
        if ended is None and end is not None:
            ended = True
        return ended is False, self._read_reason(cells, ended)

    def _read_ended(self, cells: tuple[str, ...]) -> bool | None:
        status = self._stint.status
        word = None if status is None else self._people.text(cells, status.column)
        if status is None or word is None:
            return None
        folded = fold_text(word)
        if folded in status.ended:
            return True
        if folded in status.current:
            return False
        raise RowTurned(Reason.CODE_UNKNOWN, status.column)

    def _read_reason(self, cells: tuple[str, ...], ended: bool | None) -> SeparationReason | None:
        separation = self._stint.separation
        word = None if separation is None else self._people.text(cells, separation.column)
        if separation is None or word is None:
            return None
        folded = fold_text(word)
        # A word such as ELECTED says how a stint began as well as how one ended: the status decides.
        if folded in separation.not_separations and (ended is not True or folded not in separation.codes):
            return None
        if folded not in separation.codes:
            raise RowTurned(Reason.CODE_UNKNOWN, separation.column)
        if ended is False:
            raise RowTurned(Reason.STATUS_AND_DATES_DISAGREE, separation.column)
        return separation.codes[folded]


def _number_column(mapping: SourceMapping) -> str | None:
    return None if mapping.person.number is None else mapping.person.number.column
