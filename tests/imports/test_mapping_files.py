"""Mapping files: those shipped are whole, and one that is unclear is refused with the key to mend."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from app.domain.intake import Disposition, ImportKind, Reason
from app.domain.vocabulary import MisconductBasis
from app.errors import ImportRefused
from app.registry.intake.agency_names import AgencyDirectory
from app.registry.intake.careers import CareersLayout
from app.registry.intake.cases import CasesLayout, read_bases
from app.registry.intake.cells import fold_text
from app.registry.intake.mapping_file import find_mapping, read_mapping

from .conftest import MAPPINGS, NOW, SHARED, shipped_mapping
from .generated_files import CAREER_HEADER, CASE_HEADER

VOCABULARY = SHARED / "vocab"
CAREERS = (MAPPINGS / "wa_careers.toml").read_text("utf-8")
CASES = (MAPPINGS / "wa_cases.toml").read_text("utf-8")


def refuse(write_file, text: str, kind: ImportKind = ImportKind.CAREERS) -> str:
    with pytest.raises(ImportRefused) as refusal:
        read_mapping(write_file("mapping.toml", text), kind)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('state = "WA"', 'state = "Washington"', "state must be a postal code"),
        ('format = "1"', 'format = "2"', 'format must be "1"'),
        ('format = "1"', "format = 1", "format is of the wrong type"),
        ('kind = "careers"', 'kind = "cases"', "kind is not careers"),
        ('title = "Washington: index of certified officers"', "", "the mapping lacks title"),
        ('end = "end_date"', 'ende = "end_date"', "the mapping lacks stint.end"),
        ('rank = "rank"', 'rank = "rank"\ngrade = "rank"', "unknown key stint.grade"),
        ('rank = "rank"', 'rank = " "', "stint.rank is blank"),
        ("[agency.aliases]", "[agency.alias]", "unknown key agency.alias"),
        ('"TERMINATED_UNSPECIFIED"', '"FIRED"', "stint.separation.codes.TERMINATED must be one of"),
        ('precision = "YEAR"', 'precision = "CENTURY"', "person.birth.precision must be one of"),
        ('kind = "STATE_OFFICER_ID"', 'kind = "SSN_TOKEN"', "person.number.kind must be STATE_OFFICER_ID"),
        ('"%m/%d/%Y", "%Y-%m-%d"', '"%m/%d/%y"', "dates.formats must give"),
        ('"%m/%d/%Y", "%Y-%m-%d"', "", "dates.formats must name at least one"),
        ('dates = ["1900-01-01", "1901-01-01"]', 'dates = ["1/1/1901"]', "unknown.dates must be dates"),
        ('encoding = "utf-8"', 'encoding = "utf-16"', "file.encoding must be one of utf-8"),
        ('delimiter = "comma"', 'delimiter = ","', "file.delimiter must be one of comma"),
        ('ended = ["SEPARATED"]', 'ended = ["active"]', "stint.status.current names a status that ended names too"),
        ('ended = ["SEPARATED"]', "ended = [1]", "stint.status.ended must be a list of texts"),
        ('name = "agency_name"', "", "agency.name or agency.ori is needed"),
        ("[stint]", "[review]\npark = ['RAGGED_ROW']\n\n[stint]", "review.park may name only these"),
        ("[stint]", "[review]\npark = ['NO_SUCH']\n\n[stint]", "review.park must be one of"),
        ("[stint]", "[stint", "the mapping file is not TOML at line"),
    ],
)
def test_a_mapping_that_is_unclear_is_refused_with_its_key(write_file, old: str, new: str, sentence: str) -> None:
    assert old in CAREERS
    assert sentence in refuse(write_file, CAREERS.replace(old, new, 1))


def test_a_mapping_that_is_no_text_or_no_file_is_refused(write_file, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="not UTF-8"):
        read_mapping(write_file("mapping.toml", b"title = '\xff'"), ImportKind.CAREERS)
    with pytest.raises(ImportRefused, match="cannot be read"):
        read_mapping(tmp_path / "absent.toml", ImportKind.CAREERS)


def test_a_mapping_of_cases_must_say_what_each_determination_does(write_file) -> None:
    broken = CASES.replace('"Decline" = { effect = "NO_OUTCOME",', '"Decline" = {')
    assert "the mapping lacks case.determination.codes.Decline.effect" in refuse(write_file, broken, ImportKind.CASES)


def test_a_mapping_that_names_columns_the_file_lacks_is_refused(write_file) -> None:
    mapping = read_mapping(write_file("m.toml", CAREERS.replace('"rank"', '"grade"')), ImportKind.CAREERS)
    with pytest.raises(ImportRefused, match="lacks these columns: grade"):
        CareersLayout(mapping, tuple(CAREER_HEADER), AgencyDirectory(mapping.agency, []), NOW.date())


def test_a_reporter_who_is_not_in_the_registry_is_refused(write_file) -> None:
    mapping = read_mapping(
        write_file("m.toml", CASES.replace('reporter = "employer"', 'reporter = "WA9999900"')), ImportKind.CASES
    )
    with pytest.raises(ImportRefused, match=r"case\.reporter is not in the registry"):
        CasesLayout(mapping, tuple(CASE_HEADER), AgencyDirectory(mapping.agency, []), NOW.date())


def test_a_mapping_can_be_named_by_path_or_by_the_name_it_is_shipped_under() -> None:
    assert find_mapping("wa_careers", MAPPINGS) == MAPPINGS / "wa_careers.toml"
    assert find_mapping(str(MAPPINGS / "wa_cases.toml"), MAPPINGS) == MAPPINGS / "wa_cases.toml"
    for name in ("../pyproject", "or_careers", ""):
        with pytest.raises(ImportRefused, match="wa_careers, wa_cases"):
            find_mapping(name, MAPPINGS)


def test_a_mapping_decides_what_goes_to_review(write_file) -> None:
    text = CAREERS + "\n[review]\npark = ['PLACEHOLDER_PERSON']\nrefuse = ['DATE_IN_FUTURE']\n"
    mapping = read_mapping(write_file("m.toml", text), ImportKind.CAREERS)
    assert mapping.dispose(Reason.PLACEHOLDER_PERSON) is Disposition.PARKED
    assert mapping.dispose(Reason.DATE_IN_FUTURE) is Disposition.REFUSED
    assert mapping.dispose(Reason.FORMULA_CELL) is Disposition.REFUSED
    assert mapping.dispose(Reason.AGENCY_UNKNOWN) is Disposition.PARKED


@pytest.mark.parametrize(
    ("cell", "bases"),
    [
        ("RCW 43.101.105(3)(e) - Excessive Force", {MisconductBasis.PHYSICAL_ABUSE_EXCESSIVE_FORCE}),
        ("rcw 43.101.105 (3)(e)", {MisconductBasis.PHYSICAL_ABUSE_EXCESSIVE_FORCE}),
        ("RCW 43.101.105(3)(e)(i)", set()),
        ("Former RCW 43.101.105(1)(d) (2011)", set()),
        ("RCW 9A.44.050(1)(B)", {MisconductBasis.SEXUAL_ASSAULT}),
        ("RCW 9A.72.040; RCW 43.101.105(3)(h)", {MisconductBasis.DISHONESTY, MisconductBasis.DEMONSTRATED_BIAS}),
        ("RCW 9A.72.040\nRCW 9A.76.175", {MisconductBasis.DISHONESTY}),
        ("", set()),
    ],
)
def test_a_citation_stands_for_the_basis_that_the_mapping_gives_it(cell: str, bases: set[MisconductBasis]) -> None:
    mapping = shipped_mapping(ImportKind.CASES)
    assert mapping is not None
    assert mapping.case is not None
    assert mapping.case.conduct is not None
    assert set(read_bases(mapping.case.conduct, cell)) == bases


@pytest.mark.skipif(not VOCABULARY.is_dir(), reason="the shared code lists are not here")
def test_the_shipped_mappings_know_every_word_that_washington_has_used() -> None:
    careers, cases = shipped_mapping(ImportKind.CAREERS), shipped_mapping(ImportKind.CASES)
    assert careers is not None
    assert careers.stint is not None
    assert careers.stint.status is not None
    assert careers.stint.separation is not None
    assert cases is not None
    assert cases.case is not None
    for row in read_vocabulary("wa_separation_reasons.csv"):
        word = fold_text(row["separation_reason"])
        is_ended = fold_text(row["status"]) in careers.stint.status.ended
        assert is_ended or fold_text(row["status"]) in careers.stint.status.current
        known = careers.stint.separation.not_separations | (set(careers.stint.separation.codes) if is_ended else set())
        assert word in known
    for row in read_vocabulary("wa_case_determinations.csv"):
        word = fold_text(row["Case Determination"])
        assert not word or word in cases.case.determination.codes


def read_vocabulary(name: str) -> list[dict[str, str]]:
    with (VOCABULARY / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
