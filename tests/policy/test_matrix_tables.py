"""The tables and the page of the disclosure matrix: of the requirement and of the policy alike, and nothing by hand."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.cli.policy import register
from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.errors import PolicyRefused
from app.policy.engine import DecisionPoint
from app.policy.grant import Predicate
from app.policy.matrix import Tabulation, tabulate_decisions, tabulate_requirement
from app.policy.matrix_page import write_page
from app.policy.matrix_reading import load_matrix
from app.policy.matrix_tables import build_tables, spell_cell, write_tables

from .policy_texts import SERVED, append_line, edit_file, without_rules

MATRIX = load_matrix(SERVED)
REQUIRED = tabulate_requirement(MATRIX)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "disclosure-matrix.md"
FILE = "disclosure_matrix.toml"


def run(*arguments: str) -> int:
    """Run `probity policy matrix`; wrong use ends in `SystemExit`."""
    parser = argparse.ArgumentParser("probity")
    register(parser.add_subparsers(required=True))
    parsed = parser.parse_args(["policy", "matrix", *arguments])
    return int(parsed.handler(parsed))


def find_line(text: str, *cells: str) -> list[str]:
    """The cells of the one line of a table that begins with these."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    found = [row for row in rows if tuple(row[: len(cells)]) == cells]
    assert len(found) == 1
    return found[0][len(cells) :]


def test_the_page_is_written_from_the_matrix() -> None:
    assert PAGE.read_text("ascii") == write_page(MATRIX, build_tables(MATRIX, REQUIRED)), (
        "write it anew: probity policy matrix --requirement --markdown > docs/disclosure-matrix.md"
    )


def test_the_tables_of_the_policy_are_those_of_the_requirement(point: DecisionPoint) -> None:
    of_policy = build_tables(MATRIX, tabulate_decisions(point))
    assert write_tables(MATRIX, of_policy) == write_tables(MATRIX, build_tables(MATRIX, REQUIRED))


def test_every_cell_of_a_row_stands_in_the_table_as_the_requirement_writes_it() -> None:
    tables = build_tables(MATRIX, REQUIRED)
    shown = {(row.role, row.purpose, row.relation): row.cells for row in tables.told}
    compared = 0
    for row in MATRIX.rows:
        for role in row.roles:
            for relation in row.relations:
                for state, cell in row.cells.items():
                    assert shown[role, row.purpose, relation][state] == cell
                    compared += 1
    assert compared > 300


def test_the_tables_without_one_line_of_policy_differ_in_its_cell(point: DecisionPoint) -> None:
    poorer = DecisionPoint(without_rules(point.bundle, {"HIR-07"}))
    told = [build_tables(MATRIX, tabulate_decisions(each), Role.HIRING_INVESTIGATOR).told for each in (point, poorer)]
    rows = [next(row for row in rows if row.relation is Relation.CANDIDATE_FULL) for rows in told]
    assert {state for state in rows[0].cells if rows[0].cells[state] != rows[1].cells[state]} == {RecordState.CLEARED}
    assert (rows[0].cells[RecordState.CLEARED], rows[1].cells[RecordState.CLEARED]) == ("F", "-")


def tabulate_cell(predicates: Mapping[str, Predicate]) -> Tabulation:
    return {(Role.PUBLIC, Purpose.PUBLIC, Action.READ): predicates}


@pytest.mark.parametrize(
    ("classes", "required", "spelt"),
    [
        ((), "", "-"),
        ((), "A", "A"),
        ((), "M", "M"),
        ((), "F", "-"),
        (("outcome_existence",), "", "E"),
        (("outcome_existence", "outcome_summary", "outcome_hold"), "", "Sh"),
        (("outcome_existence", "outcome_summary", "outcome_detail", "outcome_process", "outcome_hold"), "", "Fph"),
        (("outcome_process",), "", "-p"),
        (("outcome_detail",), "", "-+outcome_detail"),
        (("outcome_existence", "outcome_detail"), "S", "E+outcome_detail"),
        (("outcome_existence", "analyst_row"), "", "E+analyst_row"),
        (("outcome_existence", "career"), "", "E+career"),
        (("outcome_existence", "outcome_summary Outcome.kind"), "", "E+outcome_summary Outcome.kind"),
    ],
)
def test_a_cell_is_spelt_by_the_letters_that_mean_the_same_and_loses_no_class(
    classes: tuple[str, ...], required: str, spelt: str
) -> None:
    assert spell_cell(MATRIX, RecordState.CLEARED, frozenset(classes), required) == spelt


def test_what_a_relation_takes_away_has_its_own_table() -> None:
    told = Predicate(
        allow=frozenset({(Relation.ANYWHERE, RecordState.CLEARED)}),
        deny=frozenset({(Relation.SELF, RecordState.CLEARED)}),
    )
    tables = build_tables(MATRIX, tabulate_cell({"outcome_existence": told}))
    text = "\n".join(write_tables(MATRIX, tables))
    assert [row.relation for row in tables.taken] == [Relation.SELF]
    assert find_line(text.partition("takes away")[2], "public", "public", "self")[3] == "E"
    assert (
        find_line(text.partition("takes away")[0].partition("Of an officer")[0], "public", "public", "anywhere")[3]
        == "E"
    )


def test_without_denials_the_last_table_says_so() -> None:
    told = Predicate(allow=frozenset({(Relation.ANYWHERE, RecordState.STANDING)}))
    assert write_tables(MATRIX, build_tables(MATRIX, tabulate_cell({"root_public": told})))[-1] == "Nothing."


def test_the_command_shows_one_role_and_that_the_requirement_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--role", "hiring_investigator") == 0
    printed = capsys.readouterr().out
    of_outcomes = printed.partition("### Of an officer")[0]
    cells = find_line(of_outcomes, "hiring_investigator", "hiring", "candidate_full")
    assert cells == ["-", "-", "-", "F", "S", "-", "-", "-", "-", "-"]
    assert "records_officer" not in printed
    assert printed.endswith("The policy decides what the requirement demands, for every set of relations.\n")


def test_the_command_names_every_cell_in_which_a_changed_policy_differs(
    capsys: pytest.CaptureFixture[str], copied: Path
) -> None:
    edit_file(copied, "rules/hiring_investigator.csv", "outcome_detail, cleared", "outcome_detail, notice")
    assert run("--policies", str(copied), "--role", "hiring_investigator") == 0
    printed = capsys.readouterr().out.splitlines()
    assert (
        "WIDER: hiring_investigator for hiring, standing candidate_full: does, and must not, read outcome_detail"
        " of a record in state notice"
    ) in printed
    assert (
        "NARROWER: hiring_investigator for hiring, standing candidate_full: does not, and must, read outcome_detail"
        " of a record in state cleared"
    ) in printed


def test_the_command_reports_in_json(capsys: pytest.CaptureFixture[str], point: DecisionPoint) -> None:
    assert run("--json", "--role", "agency_head") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["policy"] == point.bundle.digest.hex()
    assert report["differences"] == []
    own = next(row for row in report["told"] if row["standing"] == "own_agency")
    assert own["cells"]["sealed"] == "Sh"
    assert own["classes"]["sealed"] == ["outcome_existence", "outcome_hold", "outcome_summary"]
    assert own["commands"] == ["command_grant_role", "command_revoke_role"]
    assert [row["standing"] for row in report["taken"]] == ["self"]


def test_the_requirement_is_shown_apart_from_the_policy(capsys: pytest.CaptureFixture[str], copied: Path) -> None:
    edit_file(copied, "rules/hiring_investigator.csv", "outcome_detail, cleared", "outcome_detail, notice")
    shown = {}
    for option in ((), ("--requirement",)):
        assert run("--policies", str(copied), "--role", "hiring_investigator", "--json", *option) == 0
        rows = json.loads(capsys.readouterr().out)["told"]
        shown[option] = next(row for row in rows if row["standing"] == "candidate_full")["cells"]["cleared"]
    assert shown == {(): "-", ("--requirement",): "F"}


def test_the_command_writes_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--requirement", "--markdown") == 0
    assert capsys.readouterr().out == PAGE.read_text("ascii")


def test_a_refused_policy_or_matrix_ends_with_one(capsys: pytest.CaptureFixture[str], copied: Path) -> None:
    append_line(copied, "rules/public.csv", "p, public")
    assert run("--policies", str(copied)) == 1
    assert "a rule has 10 cells" in capsys.readouterr().err
    (copied / FILE).unlink()
    assert run("--policies", str(copied)) == 1
    assert capsys.readouterr().err == f"policies/{FILE}: the file is missing; put it back\n"


def test_an_unknown_role_is_wrong_use_and_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("--role", "nonsense")
    assert ended.value.code == 2
    assert "nonsense" not in capsys.readouterr().err


# --- The file of the requirement is read as strictly as the policy

PUBLIC_ROW = 'who = "the public"\nrole = "public"\npurpose = "public"\nrelation = "anywhere"\n'


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            PUBLIC_ROW,
            PUBLIC_ROW.replace('"public"\npurpose', '"publik"\npurpose'),
            "row 1 has a word",
        ),
        (PUBLIC_ROW, PUBLIC_ROW.replace("anywhere", "everywhere"), "row 1 has a word"),
        (PUBLIC_ROW, PUBLIC_ROW.replace('purpose = "public"', 'purpose = "publicity"'), "row 1 has a word"),
        (
            PUBLIC_ROW,
            PUBLIC_ROW.replace("relation =", "relations ="),
            "row 1 lacks a key",
        ),
        (PUBLIC_ROW, PUBLIC_ROW + "listing = 1\n", "row 1 lacks a key"),
        ("A   A   -   A   A   A   -", "A   A   -   A   A   A", "row 1 has a cell too few or too many"),
        ("A   A   -   A   A   A   -", "A   A   -   A   A   A   - -", "row 1 has a cell too few or too many"),
        ("A   A   -   A   A   A   -", "A   A   -   A   A   A   X", "row 1 has a cell that is not one level"),
        ("A   A   -   A   A   A   -", "A   A   -   A   A   A   p", "row 1 has a cell that is not one level"),
        ("A   A   -   A   A   A   -", "A   A   -   A   A   A   pF", "row 1 has a cell that is not one level"),
        ("A   A   -   A   A   A   -", "A   A   -   A   A   A   FS", "row 1 has a cell that is not one level"),
        ('"root_me", "me_own", "me_private"]\n', '"root_me", "outcome_detail"]\n', "row 2 names a class that does not"),
        ('states = ["no_finding", "listed_no_finding"]', 'states = ["no_findings"]', "denial 2 has a word"),
        ('command_end_mandate = "revoke"', 'command_end_mandate = "recall"', "classes has a word"),
        ('"root_analysis", "root_oversight"', '"root_analysis", "root_me"', "a class stands twice"),
        (
            'S = { classes = ["outcome_existence"',
            'S = { classes = ["officer_key"',
            "a letter is more than",
        ),
        (
            'officer = ["listed", "listed_no_finding", "unlisted"]',
            'officer = ["listed", "unlisted"]',
            "the columns must",
        ),
        ("[sets]\n", "[setts]\n", "the file lacks a key"),
        ("[sets]\n", "[sets\n", "not a TOML file"),
        ("[sets]\n", "[sets]\n# \xe9\n", "a character that is not ASCII"),
    ],
)
def test_a_spoilt_matrix_is_refused(copied: Path, old: str, new: str, why: str) -> None:
    edit_file(copied, FILE, old, new)
    with pytest.raises(PolicyRefused) as refusal:
        load_matrix(copied)
    assert str(refusal.value).startswith(f"policies/{FILE}: {why}")


def test_rows_are_replaced_by_no_other_of_the_same_relation() -> None:
    # Two rows of one role, purpose and relation add up; the second takes nothing back.
    row = next(row for row in MATRIX.rows if Relation.CANDIDATE_FULL in row.relations)
    twice = replace(MATRIX, rows=(*MATRIX.rows, replace(row, cells={RecordState.CLEARED: "-"})))
    assert tabulate_requirement(twice) == REQUIRED
    seen: list[Any] = [each.cells.get(RecordState.CLEARED) for each in twice.rows if each.who == row.who]
    assert seen == ["F", "-"]
