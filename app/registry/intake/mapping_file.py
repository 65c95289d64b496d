"""Reading a mapping file: one TOML document a layout, every key of it known.

A mapping that is unclear is refused before a row is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final

from app.domain.intake import REVIEWABLE_REASONS, CaseEffect, ImportKind, Reason
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
from app.errors import ImportRefused
from app.registry.intake.cells import Unknowns, fold_text
from app.registry.intake.csv_file import ENCODINGS, Dialect
from app.registry.intake.mapping import (
    AgencyColumns,
    BirthColumn,
    CaseColumns,
    ConductColumn,
    Determination,
    DeterminationColumn,
    NumberColumn,
    PersonColumns,
    SeparationColumn,
    SourceMapping,
    StatusColumn,
    StepColumn,
    StintColumns,
)
from app.registry.intake.toml_tables import TomlTable, read_toml

FORMAT: Final = "1"
EMPLOYER: Final = "employer"
_DATE_CODES: Final = frozenset("mdYbBHMSIpf")
_DELIMITERS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_IDENTIFIERS: Final = (IdentifierKind.STATE_OFFICER_ID, IdentifierKind.POST_LICENSE)


def read_mapping(path: Path, kind: ImportKind) -> SourceMapping:
    """Read the mapping of a `careers` or `cases` layout; raises `ImportRefused` naming the key to mend."""
    top, raw = read_toml(path)
    if top.text("format") != FORMAT:
        raise top.refuse("format", f'must be "{FORMAT}": this version reads no other')
    if top.code("kind", ImportKind) is not kind:
        raise top.refuse("kind", f"is not {kind.value}; give the mapping that belongs to this command")
    unknowns = _read_unknowns(top.optional_table("unknown"))
    state = _read_state(top)
    reviewed, turned_away = _read_review(top.optional_table("review"))
    mapping = SourceMapping(
        kind=kind,
        title=top.text("title"),
        state=state,
        source=top.text("source"),
        dialect=_read_dialect(file := top.optional_table("file")),
        ignored=frozenset(file.texts("ignore")) if file else frozenset(),
        unknowns=unknowns,
        date_formats=_read_date_formats(top.table("dates")),
        agency=_read_agency(top.table("agency")),
        person=_read_person(top.table("person"), state),
        stint=_read_stint(top.table("stint")) if kind is ImportKind.CAREERS else None,
        case=_read_case(top.table("case")) if kind is ImportKind.CASES else None,
        reviewed=reviewed,
        turned_away=turned_away,
        sha256=hashlib.sha256(raw).digest(),
    )
    top.refuse_unread()
    return mapping


def fold_all(texts: Iterable[str]) -> frozenset[str]:
    """The texts in the form in which codes are compared."""
    return frozenset(map(fold_text, texts))


def _read_state(top: TomlTable) -> str:
    state = top.text("state")
    if not re.fullmatch("[A-Z]{2}", state):
        raise top.refuse("state", "must be a postal code of two capital letters")
    return state


def _read_dialect(table: TomlTable | None) -> Dialect:
    if table is None:
        return Dialect()
    encoding = table.optional_text("encoding") or "utf-8"
    if encoding not in ENCODINGS:
        raise table.refuse("encoding", f"must be one of {', '.join(ENCODINGS)}")
    delimiter = table.optional_text("delimiter") or "comma"
    if delimiter not in _DELIMITERS:
        raise table.refuse("delimiter", f"must be one of {', '.join(_DELIMITERS)}")
    return Dialect(encoding=encoding, delimiter=_DELIMITERS[delimiter])


def _read_unknowns(table: TomlTable | None) -> Unknowns:
    if table is None:
        return Unknowns()
    try:
        dates = frozenset(date.fromisoformat(text) for text in table.texts("dates"))
    except ValueError:
        raise table.refuse("dates", "must be dates of the form 1901-01-01") from None
    return Unknowns(texts=fold_all(table.texts("texts")), dates=dates)


def _read_date_formats(table: TomlTable) -> tuple[str, ...]:
    formats = table.texts("formats")
    if not formats:
        raise table.refuse("formats", 'must name at least one format such as "%m/%d/%Y"')
    for pattern in formats:
        codes = re.findall("%(.)", pattern)
        if not set(codes) <= _DATE_CODES or not {"d", "Y"} <= set(codes) or not {"m", "b", "B"} & set(codes):
            raise table.refuse("formats", "must give day, month and a year of four digits, as in %m/%d/%Y")
    return formats


def _read_review(table: TomlTable | None) -> tuple[frozenset[Reason], frozenset[Reason]]:
    if table is None:
        return frozenset(), frozenset()
    lists = {}
    for key in ("park", "refuse"):
        lists[key] = frozenset(table.read_code(text, key, Reason) for text in table.texts(key))
        if not lists[key] <= REVIEWABLE_REASONS:
            allowed = ", ".join(sorted(REVIEWABLE_REASONS))
            raise table.refuse(key, f"may name only these: {allowed}")
    if lists["park"] & lists["refuse"]:
        raise table.refuse("park", "names a reason that refuse names too; choose one")
    return lists["park"], lists["refuse"]


def _read_agency(table: TomlTable) -> AgencyColumns:
    columns = AgencyColumns(
        name=table.optional_text("name"),
        ori=table.optional_text("ori"),
        aliases={fold_text(name): target for name, target in table.text_map("aliases").items()},
        words={fold_text(word): fold_text(meaning) for word, meaning in table.text_map("words").items()},
    )
    if columns.name is None and columns.ori is None:
        raise table.refuse("name", "or agency.ori is needed: which column names the agency?")
    return columns


def _read_person(table: TomlTable, state: str) -> PersonColumns:
    number = table.optional_table("number")
    birth = table.optional_table("birth")
    return PersonColumns(
        number=_read_number(number, state) if number else None,
        family_name=table.text("family_name"),
        given_name=table.text("given_name"),
        middle_name=table.optional_text("middle_name"),
        suffix=table.optional_text("suffix"),
        placeholders=fold_all(table.texts("placeholders")),
        birth=_read_birth(birth) if birth else None,
    )


def _read_number(table: TomlTable, state: str) -> NumberColumn:
    kind = table.code("kind", IdentifierKind)
    if kind not in _IDENTIFIERS:
        raise table.refuse("kind", "must be STATE_OFFICER_ID or POST_LICENSE: only these are unique in a State")
    return NumberColumn(column=table.text("column"), kind=kind, issuer=table.optional_text("issuer") or state)


def _read_birth(table: TomlTable) -> BirthColumn:
    precision = table.code("precision", BirthDatePrecision)
    if precision is BirthDatePrecision.MONTH:
        raise table.refuse("precision", "must be YEAR or DAY")
    return BirthColumn(column=table.text("column"), precision=precision)


def _read_stint(table: TomlTable) -> StintColumns:
    status = table.optional_table("status")
    separation = table.optional_table("separation")
    return StintColumns(
        start=table.text("start"),
        end=table.text("end"),
        appointment_type=table.optional_text("appointment_type"),
        rank=table.optional_text("rank"),
        status=_read_status(status) if status else None,
        separation=_read_separation(separation) if separation else None,
    )


def _read_status(table: TomlTable) -> StatusColumn:
    status = StatusColumn(
        column=table.text("column"), current=fold_all(table.texts("current")), ended=fold_all(table.texts("ended"))
    )
    if status.current & status.ended:
        raise table.refuse("current", "names a status that ended names too; choose one")
    return status


def _read_separation(table: TomlTable) -> SeparationColumn:
    codes = table.code_map("codes", SeparationReason)
    return SeparationColumn(
        column=table.text("column"),
        codes={fold_text(word): reason for word, reason in codes.items()},
        not_separations=fold_all(table.texts("not_separations")),
    )


def _read_case(table: TomlTable) -> CaseColumns:
    status = table.table("status")
    conduct = table.optional_table("conduct")
    reporter = table.text("reporter")
    return CaseColumns(
        number=table.text("number"),
        opened=_read_column_list(table, "opened"),
        closed=table.text("closed"),
        custodian=table.text("custodian"),
        reporter=None if reporter == EMPLOYER else reporter,
        status=status.text("column"),
        closed_statuses=fold_all(status.texts("closed")),
        determination=_read_determinations(table.table("determination")),
        conduct=_read_conduct(conduct) if conduct else None,
        steps=tuple(_read_step(step) for step in table.tables("steps")),
        action_date=_read_column_list(table, "action_date"),
        standard_of_proof=table.optional_code("standard_of_proof", StandardOfProof),
    )


def _read_column_list(table: TomlTable, key: str) -> tuple[str, ...]:
    columns = table.texts(key)
    if not columns:
        raise table.refuse(key, "must name at least one column, the one to prefer first")
    return columns


def _read_determinations(table: TomlTable) -> DeterminationColumn:
    codes = table.table("codes")
    return DeterminationColumn(
        column=table.text("column"),
        codes={fold_text(word): _read_determination(codes.table(word)) for word in codes.keys()},  # noqa: SIM118
    )


def _read_determination(table: TomlTable) -> Determination:
    return Determination(
        effect=table.code("effect", CaseEffect),
        disposition=table.optional_code("disposition", Finding),
        final_finding=table.optional_code("final_finding", Finding),
        legal_basis=table.optional_text("legal_basis"),
    )


def _read_conduct(table: TomlTable) -> ConductColumn:
    codes = table.code_map("codes", MisconductBasis)
    folded = {fold_citation(citation): basis for citation, basis in codes.items()}
    return ConductColumn(
        column=table.text("column"),
        separator=table.optional_text("separator"),
        exact={citation: basis for citation, basis in folded.items() if not citation.endswith("*")},
        prefixes=tuple((citation[:-1], basis) for citation, basis in folded.items() if citation.endswith("*")),
    )


def fold_citation(text: str) -> str:
    """A citation as it is compared: capitals, no spaces, nothing after the dash that begins its label."""
    citation, _, _ = fold_text(text).partition(" - ")
    return citation.replace(" ", "")


def _read_step(table: TomlTable) -> StepColumn:
    return StepColumn(
        column=table.text("column"),
        element=table.code("element", ProcessElement),
        document=table.code("document", DocumentKind),
    )


def find_mapping(name: str, shipped: Path) -> Path:
    """The file that a command line names: a path, or the name of a mapping that is shipped (`wa_careers`)."""
    path = Path(name)
    if path.is_file():
        return path
    if re.fullmatch("[a-z0-9_]+", name) and (shipped / f"{name}.toml").is_file():
        return shipped / f"{name}.toml"
    names = ", ".join(sorted(file.stem for file in shipped.glob("*.toml")))
    raise ImportRefused(f"there is no such mapping file; give a path, or one of those shipped: {names}")
