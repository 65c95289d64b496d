"""Rows of agency lists: our own plain file and the FBI's list of agencies.

An agency is a public fact; no row here may say anything about a person.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, TypeVar

from app.domain.intake import REFUSED_REASONS, AgencyRow, Disposition, Reason, RowIdentity
from app.domain.places import FEDERAL_CODE
from app.domain.vocabulary import AgencyKind, AgencyStatus, JurisdictionLevel, SizeBand
from app.registry.intake.agency_names import ORI_FORM, ORI_PREFIXES
from app.registry.intake.cells import RowTurned, Unknowns, fold_text, read_whole_number
from app.registry.intake.csv_file import SourceRow
from app.registry.intake.digests import digest_parts
from app.registry.intake.layout import Header

CodeT = TypeVar("CodeT", JurisdictionLevel, AgencyKind, AgencyStatus)

PLAIN_NEEDED: Final = ("name", "kind", "level")
PLAIN_OPTIONAL: Final = (*("state", "county_fips", "oris", "parent", "sworn_count", "rural", "tribe", "status"),)
FBI_COLUMNS: Final = ("ori", "agency_name", "agency_type", "state", "county_name", "county_fips")
MAX_AGENCY_NAME: Final = 200
_TERRITORIES: Final = frozenset({"AS", "GU", "MP", "PR", "VI"})
# Levels whose agencies are under no State's law.
_OUTSIDE_STATES: Final = frozenset({JurisdictionLevel.FEDERAL, JurisdictionLevel.TRIBAL})
_YES_NO: Final = {"YES": True, "TRUE": True, "1": True, "NO": False, "FALSE": False, "0": False}
_FBI_KINDS: Final = {
    "CITY": (AgencyKind.LOCAL_POLICE, JurisdictionLevel.LOCAL),
    "COUNTY": (AgencyKind.SHERIFF, JurisdictionLevel.LOCAL),
    "STATE POLICE": (AgencyKind.PRIMARY_STATE, JurisdictionLevel.STATE),
    "OTHER STATE AGENCY": (AgencyKind.SPECIAL_JURISDICTION, JurisdictionLevel.STATE),
    "UNIVERSITY OR COLLEGE": (AgencyKind.CAMPUS, JurisdictionLevel.CAMPUS),
    "OTHER": (AgencyKind.SPECIAL_JURISDICTION, JurisdictionLevel.LOCAL),
    "TRIBAL": (AgencyKind.TRIBAL, JurisdictionLevel.TRIBAL),
}
_BANDS: Final = (
    (10, SizeBand.UP_TO_10),
    (49, SizeBand.FROM_11_TO_49),
    (99, SizeBand.FROM_50_TO_99),
    (499, SizeBand.FROM_100_TO_499),
)
_NOTHING_UNKNOWN: Final = Unknowns()


class AgenciesLayout:
    """Reads the rows of an agency list; which list it is, its header tells."""

    __slots__ = ("_is_fbi_list", "header", "kept_columns", "unknowns")

    def __init__(self, cells: tuple[str, ...]) -> None:
        self._is_fbi_list = {cell.strip() for cell in cells} >= {"ori", "agency_name", "agency_type"}
        needed = FBI_COLUMNS if self._is_fbi_list else PLAIN_NEEDED
        self.header = Header(cells, needed=needed, ignored=() if self._is_fbi_list else PLAIN_OPTIONAL)
        self.kept_columns: Collection[str] = (*needed, *PLAIN_OPTIONAL)
        self.unknowns = _NOTHING_UNKNOWN

    def dispose(self, reason: Reason) -> Disposition:
        """Malformed rows are refused, doubtful ones parked."""
        return Disposition.REFUSED if reason in REFUSED_REASONS else Disposition.PARKED

    def is_deferred(self, row: SourceRow) -> bool:
        """An agency with a parent waits until the others are in."""
        return len(row.cells) == self.header.width and bool(self.header.cell(row.cells, "parent").strip())

    def interpret(self, row: SourceRow) -> AgencyRow:
        """One agency; raises `RowTurned`."""
        return self._read_fbi_row(row) if self._is_fbi_list else self._read_plain_row(row)

    def _text(self, row: SourceRow, column: str) -> str | None:
        return _NOTHING_UNKNOWN.read_text(self.header.cell(row.cells, column), column)

    def _need(self, row: SourceRow, column: str) -> str:
        text = self._text(row, column)
        if text is None:
            raise RowTurned(Reason.CELL_BLANK, column)
        return text

    def _read_fbi_row(self, row: SourceRow) -> AgencyRow:
        name = read_agency_name(self._need(row, "agency_name"), "agency_name")
        found = _FBI_KINDS.get(fold_text(self._need(row, "agency_type")))
        if found is None:
            raise RowTurned(Reason.CODE_UNKNOWN, "agency_type")
        state = read_state(self._need(row, "state"))
        kind, level = narrow_kind(*found, name=name, state=state)
        return make_agency(
            line=row.line,
            name=name,
            kind=kind,
            level=level,
            status=AgencyStatus.ACTIVE,
            state=state,
            county_fips=read_county(self._text(row, "county_fips")),
            oris=(read_ori(self._need(row, "ori"), "ori", state if level not in _OUTSIDE_STATES else None),),
            # The list names no tribe: one known by its agency's name is kept apart in each State.
            tribe=strip_tribal_words(name) if level is JurisdictionLevel.TRIBAL else None,
            tribe_key=f"{state} {strip_tribal_words(name)}",
        )

    def _read_plain_row(self, row: SourceRow) -> AgencyRow:
        name = read_agency_name(self._need(row, "name"), "name")
        level = read_code(self._need(row, "level"), "level", JurisdictionLevel)
        state = read_state(text) if (text := self._text(row, "state")) else None
        if state is None and level not in _OUTSIDE_STATES:
            raise RowTurned(Reason.CELL_BLANK, "state")
        bound_state = None if level in _OUTSIDE_STATES else state
        oris = tuple(
            read_ori(part, "oris", bound_state) for part in (self._text(row, "oris") or "").split(";") if part.strip()
        )
        sworn = self._text(row, "sworn_count")
        return make_agency(
            line=row.line,
            name=name,
            kind=read_code(self._need(row, "kind"), "kind", AgencyKind),
            level=level,
            status=read_code(self._text(row, "status") or AgencyStatus.ACTIVE, "status", AgencyStatus),
            state=state,
            county_fips=read_county(self._text(row, "county_fips")),
            oris=tuple(sorted(set(oris))),
            tribe=self._read_tribe(row, name) if level is JurisdictionLevel.TRIBAL else None,
            parent=self._text(row, "parent"),
            sworn_count=None if sworn is None else read_whole_number(sworn, "sworn_count"),
            rural=read_yes_no(self._text(row, "rural")),
        )

    def _read_tribe(self, row: SourceRow, name: str) -> str:
        tribe = self._text(row, "tribe")
        return strip_tribal_words(name) if tribe is None else read_agency_name(tribe, "tribe")


def make_agency(
    *,
    line: int,
    name: str,
    kind: AgencyKind,
    level: JurisdictionLevel,
    status: AgencyStatus,
    state: str | None,
    county_fips: str | None,
    oris: tuple[str, ...],
    tribe: str | None,
    tribe_key: str | None = None,
    parent: str | None = None,
    sworn_count: int | None = None,
    rural: bool | None = None,
) -> AgencyRow:
    """An agency with its place and its identity: its first ORI, or else its name, kind and place."""
    place = name_jurisdiction(level, state, county_fips, tribe and (tribe_key or tribe))
    names = (oris[0],) if oris else (fold_text(name), kind, place)
    content = (name, kind, level, status, state, county_fips, *oris, tribe, parent, sworn_count, rural)
    return AgencyRow(
        identity=RowIdentity(
            line=line,
            record_key=digest_parts("agency", names),
            content_sha256=digest_parts("agency content", content),
        ),
        name=name,
        kind=kind,
        level=level,
        status=status,
        jurisdiction_code=place,
        tribe=tribe,
        state_code=None if level in _OUTSIDE_STATES else state,
        location_state=state,
        county_fips=county_fips,
        oris=oris,
        parent=parent,
        sworn_count=sworn_count,
        size_band=choose_band(sworn_count),
        rural=rural,
    )


def choose_band(sworn: int | None) -> SizeBand | None:
    """The size band of a number of full-time sworn officers."""
    if sworn is None:
        return None
    return next((band for limit, band in _BANDS if sworn <= limit), SizeBand.FROM_500)


def name_jurisdiction(level: JurisdictionLevel, state: str | None, county_fips: str | None, tribe: str | None) -> str:
    """The code of the jurisdiction that an agency of this level and place belongs to.

    A campus lies in its county, like any local agency; a State's agency belongs to the State wherever its office is.
    """
    if level is JurisdictionLevel.FEDERAL or (state is None and tribe is None):
        return FEDERAL_CODE
    if tribe is not None:
        return f"TRIBE-{re.sub('[^a-z0-9]+', '-', tribe.lower()).strip('-')}"
    if level in (JurisdictionLevel.LOCAL, JurisdictionLevel.CAMPUS) and county_fips is not None:
        return county_fips
    return state or FEDERAL_CODE


def strip_tribal_words(name: str) -> str:
    """A tribe's name out of its agency's: without the words that every such agency bears."""
    words = re.sub(r"(?i)\b(tribal|police|department|public safety|law enforcement)\b", " ", name)
    return " ".join(words.split()) or name


def narrow_kind(
    kind: AgencyKind, level: JurisdictionLevel, *, name: str, state: str
) -> tuple[AgencyKind, JurisdictionLevel]:
    """What the FBI's type leaves open: county police are no sheriffs, and a territory is no State."""
    if kind is AgencyKind.SHERIFF and re.search(r"(?i)\bpolice\b", name):
        kind = AgencyKind.LOCAL_POLICE
    if state in _TERRITORIES and level in (JurisdictionLevel.LOCAL, JurisdictionLevel.STATE):
        return AgencyKind.TERRITORIAL, JurisdictionLevel.TERRITORIAL
    return kind, level


def read_agency_name(text: str, column: str) -> str:
    """A name of at most 200 characters that has a letter in it; raises `RowTurned`."""
    if len(text) > MAX_AGENCY_NAME:
        raise RowTurned(Reason.CELL_TOO_LONG, column)
    if not re.search("[A-Za-z]", text):
        raise RowTurned(Reason.VALUE_NOT_ALLOWED, column)
    return text


def read_code(text: str, column: str, vocabulary: type[CodeT]) -> CodeT:
    """A member of a closed vocabulary; raises `RowTurned`."""
    try:
        return vocabulary(fold_text(text).replace(" ", "_"))
    except ValueError:
        raise RowTurned(Reason.VALUE_NOT_ALLOWED, column) from None


def read_state(text: str) -> str:
    """A postal code; raises `RowTurned`."""
    state = text.upper()
    if not re.fullmatch("[A-Z]{2}", state):
        raise RowTurned(Reason.VALUE_NOT_ALLOWED, "state")
    return state


def read_county(text: str | None) -> str | None:
    """A FIPS code of five digits, with the zero that spreadsheets take off; raises `RowTurned`."""
    if text is None:
        return None
    if not re.fullmatch("[0-9]{4,5}", text):
        raise RowTurned(Reason.VALUE_NOT_ALLOWED, "county_fips")
    return text.zfill(5)


def read_ori(text: str, column: str, state: str | None) -> str:
    """An ORI of nine characters, of `state` where one is given; raises `RowTurned`."""
    ori = text.strip().upper()
    if not ORI_FORM.fullmatch(ori):
        raise RowTurned(Reason.ORI_MALFORMED, column)
    if state is not None and ori[:2] not in (state, ORI_PREFIXES.get(state)):
        raise RowTurned(Reason.ORI_OF_OTHER_STATE, column)
    return ori


def read_yes_no(text: str | None) -> bool | None:
    """Yes or no; raises `RowTurned`."""
    if text is None:
        return None
    found = _YES_NO.get(fold_text(text))
    if found is None:
        raise RowTurned(Reason.VALUE_NOT_ALLOWED, "rural")
    return found
