"""Files that cannot be read, and cells that may not be: each a clear refusal that repeats nothing of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.intake import ImportKind, Reason
from app.errors import ImportRefused
from app.registry.intake.cells import RowTurned, clean_text
from app.registry.intake.csv_file import MAX_RECORD_BYTES, Dialect, inspect_file, read_records

from .conftest import Importer
from .generated_files import CAREER_HEADER, write_agencies

HEADER = ",".join(CAREER_HEADER).encode()
SECRET = "WALKER-OF-THE-SECRET"
GOOD = (
    f"9999-1,X,{SECRET},LINDA,,,1980,FICTIONAL HARBOR POLICE DEPARTMENT,CERTIFIED PEACE OFFICER,OFFICER,3/1/2012,,"
    "ACTIVE,HIRE,male"
).encode()


async def refuse(importer: Importer, path: Path) -> str:
    with pytest.raises(ImportRefused) as refusal:
        await importer.run(ImportKind.CAREERS, path)
    assert SECRET not in str(refusal.value)
    assert importer.recorded == []
    return str(refusal.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"\n\n\n", "the file is empty"),
        ((HEADER + b"\n" + GOOD).decode().encode("utf-16"), "the file is UTF-16"),
        (HEADER + b"\n" + GOOD.replace(b"LINDA", b"LIND\xc1"), "line 2: the file is not utf-8"),
        (HEADER + b"\n" + GOOD.replace(b"LINDA", b"LIN\0DA"), "line 2: the file holds a zero byte"),
        (HEADER + b'\n"' + GOOD, "line 2: quotation marks or line ends are broken"),
        (HEADER + b"\n" + GOOD.replace(b"LINDA", b'"LIN"DA'), "line 2: quotation marks or line ends are broken"),
        (HEADER + b"\r" + GOOD + b"\r", "line 1: quotation marks or line ends are broken"),
        (HEADER + b"\n" + GOOD.replace(b"LINDA", b"L" * 10_000_000), "line 2: a record is longer than 65536 bytes"),
        (HEADER + b'\n"' + b"L\n" * 5_000_000, "a record is longer than 65536 bytes"),
        (HEADER + b",home_address\n" + GOOD + b",here", "columns 16 are not in the mapping"),
        (HEADER.replace(b"start_date", b"begun"), "the file lacks these columns: start_date"),
        (HEADER.replace(b"rank", b"sex"), "the file lacks these columns: rank"),
        (HEADER + b",rank\n" + GOOD + b",X", "columns 10, 16 have the same heading"),
        (GOOD + b"\n", "the file lacks these columns"),
        (HEADER.replace(b",", b";"), "the file lacks these columns"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "file",
)
async def test_a_file_that_cannot_be_taken_is_refused_whole_and_says_what_to_mend(
    importer: Importer, owner, write_file, content: bytes, sentence: str
) -> None:
    assert sentence in await refuse(importer, write_file("bad.csv", content))
    assert await owner.fetchval("SELECT count(*) FROM registry.import_batches") == 0


async def test_a_fault_far_down_a_file_leaves_nothing_of_it(importer: Importer, owner, write_file) -> None:
    rows = b"\n".join(GOOD.replace(b"9999-1", b"9999-%d" % number) for number in range(500))
    await refuse(importer, write_file("bad.csv", HEADER + b"\n" + rows + b"\n\xff\n"))
    assert await owner.fetchval("SELECT count(*) FROM registry.import_batches") == 0


async def test_a_mark_before_utf_8_is_taken_off_and_line_ends_of_windows_are_no_fault(
    importer: Importer, tmp_path: Path, write_file
) -> None:
    write_agencies(tmp_path / "agencies.csv")
    await importer.run(ImportKind.AGENCIES, tmp_path / "agencies.csv")
    path = write_file("marked.csv", b"\xef\xbb\xbf" + HEADER + b"\r\n" + GOOD + b"\r\n,,,,\r\n\r\n")
    assert inspect_file(path, Dialect()).has_mark
    counts = (await importer.run(ImportKind.CAREERS, path)).counts.to_json()
    assert (counts["read"], counts["accepted"]) == (1, 1)


def test_a_record_over_several_lines_is_told_by_its_first(write_file) -> None:
    path = write_file("lines.csv", 'a,b\n1,"x\ny"\n2,z\n')
    assert [(row.line, row.cells) for row in read_records(path, Dialect())] == [(2, ("1", "x\ny")), (4, ("2", "z"))]


def test_other_encodings_and_delimiters_are_read_as_the_mapping_says(write_file) -> None:
    path = write_file("latin.csv", "name;place\nMuñoz;Núñez\n".encode("windows-1252"))
    dialect = Dialect(encoding="windows-1252", delimiter=";")
    assert [row.cells for row in read_records(path, dialect)] == [("Muñoz", "Núñez")]


def test_a_file_marked_as_utf_8_is_not_read_as_anything_else(write_file) -> None:
    path = write_file("marked.csv", b"\xef\xbb\xbfa,b\n")
    with pytest.raises(ImportRefused, match="marked as UTF-8"):
        inspect_file(path, Dialect(encoding="windows-1252"))


def test_the_largest_record_is_read_and_one_byte_more_is_refused(write_file) -> None:
    fits = b"a" * (MAX_RECORD_BYTES - 1) + b"\n"
    assert inspect_file(write_file("fits.csv", fits), Dialect()).records == 0
    with pytest.raises(ImportRefused):
        inspect_file(write_file("over.csv", b"a" + fits), Dialect())


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", " =", "\n@"])
def test_a_cell_that_a_spreadsheet_would_run_is_refused(start: str) -> None:
    with pytest.raises(RowTurned) as turned:
        clean_text(f"{start}cmd|' /C calc'!A0", "rank")
    assert (turned.value.reason, turned.value.column) == (Reason.FORMULA_CELL, "rank")


@given(st.text(max_size=80))
def test_what_is_left_of_a_cell_is_clean_and_stays_the_same(raw: str) -> None:
    try:
        text = clean_text(raw, "rank")
    except RowTurned as turned:
        assert turned.reason in (Reason.FORMULA_CELL, Reason.CONTROL_CHARACTER)
        return
    assert clean_text(text, "rank") == text
    assert text[:1] not in {"=", "+", "-", "@"}
    assert text == text.strip()
    assert all(character.isprintable() or not character.isascii() for character in text)


async def test_nothing_malformed_waits_for_review(importer: Importer, owner, write_file) -> None:
    nowhere = GOOD.replace(b"HARBOR", b"NOWHERE").replace(b",OFFICER,", b",=1+1,")
    counts = (await importer.run(ImportKind.CAREERS, write_file("bad.csv", HEADER + b"\n" + nowhere))).counts.to_json()
    assert counts["reasons"]["refused"] == {"FORMULA_CELL": 1}
    assert await owner.fetchval("SELECT count(*) FROM registry.review_items") == 0
