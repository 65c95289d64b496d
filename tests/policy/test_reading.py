"""What the reader refuses: everything that Casbin's own would skip, trim, ignore or take for something else."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from app.errors import PolicyRefused
from app.policy.bundle import load_bundle, require_schema_fields

from .policy_texts import SERVED, append_line, edit_file

HIRING = "rules/hiring_investigator.csv"
HIR_07 = (
    "p, hiring_investigator, candidate_full, outcome_detail, cleared, hiring, read, allow, HIR-07, EO 13929 sec 3(b)"
)


def refuse(directory: Path) -> str:
    """The message with which the directory is refused."""
    with pytest.raises(PolicyRefused) as refusal:
        load_bundle(directory)
    return str(refusal.value)


def test_the_served_policy_is_accepted_and_keeps_its_digest_in_a_copy(copied: Path) -> None:
    assert load_bundle(copied).digest == load_bundle(SERVED).digest
    assert len(load_bundle(copied).digest) == 32


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("candidate_full, outcome_detail", "candidate_ful, outcome_detail", "the relation is not in the vocabulary"),
        ("p, hiring_investigator, candidate_full, outcome_detail", "p, hiring, candidate_full, outcome_detail", "role"),
        ("outcome_detail, cleared", "outcome_detial, cleared", "neither a class nor a field"),
        ("outcome_detail, cleared", "Outcome.bases, cleared", "neither a class nor a field"),
        ("outcome_detail, cleared", "outcome_detail, clear", "the record state is not in the vocabulary"),
        ("outcome_detail, cleared", "outcome_detail, expunged", "nobody reads an expunged record"),
        ("cleared, hiring, read", "cleared, employing, read", "the purpose is not in the vocabulary"),
        ("cleared, hiring, read", "cleared, hiring, see", "the action is not in the vocabulary"),
        ("allow, HIR-07", "Deny, HIR-07", "exactly allow or deny"),
        ("allow, HIR-07", "ALLOW, HIR-07", "exactly allow or deny"),
        ("allow, HIR-07", "permit, HIR-07", "exactly allow or deny"),
        ("HIR-07", "hir-7", "the id is capital letters"),
        ("HIR-07", "HIR-08", "another rule has this id"),
        (", HIR-07, EO 13929 sec 3(b)", ", HIR-07", "a rule has 10 cells"),
        ("HIR-07, EO 13929 sec 3(b)", "HIR-07, EO 13929, sec 3(b)", "a rule has 10 cells"),
        (HIR_07, HIR_07.replace("p, ", "p2, "), "a rule has 10 cells, the first of them p"),
        (HIR_07, "g, hiring_investigator, agency_staff", "a rule has 10 cells, the first of them p"),
        (HIR_07, "", "an empty line or cell"),
        (HIR_07, "# " + HIR_07, "comments have no meaning"),
        ("HIR-07, EO 13929 sec 3(b)", "HIR-07, ", "an empty line or cell"),
        ("outcome_detail, cleared", '"outcome_detail", cleared', "quotes"),
        ("outcome_detail, cleared", "*, cleared", "wildcards"),
        ("outcome_detail, cleared", "Outcome.?, cleared", "wildcards"),
        ("outcome_detail, cleared", "outcome_detail,\tcleared", "not printable ASCII"),
        ("outcome_detail, cleared", "outcome_detail, cl\xe9ared", "not printable ASCII"),
        ("outcome_detail, cleared", "outcome_detail, cle\0ared", "not printable ASCII"),
        ("outcome_detail, cleared", "outcome_detail,  cleared", "a space where none belongs"),
        ("outcome_detail, cleared", "outcome_detail , cleared", "a space where none belongs"),
        (HIR_07, " " + HIR_07, "a space where none belongs"),
    ],
)
def test_a_spoilt_rule_is_refused_with_its_file_and_line(copied: Path, old: str, new: str, why: str) -> None:
    context = HIR_07.replace(old, new)
    assert context != HIR_07
    number = edit_file(copied, HIRING, HIR_07, context)
    found = re.fullmatch(rf"policies/{re.escape(HIRING)} line (\d+): (.+)", refuse(copied))
    assert found is not None
    assert why in found[2]
    # A twin is reported where the second of the two stands.
    assert int(found[1]) == (number + 1 if new == "HIR-08" else number)


def test_a_refusal_never_repeats_the_cell_at_fault(copied: Path) -> None:
    edit_file(copied, HIRING, "candidate_full, outcome_detail", "misspelt_relation, outcome_detail")
    assert "misspelt_relation" not in refuse(copied)


@pytest.mark.parametrize("name", ["roles.csv", "fields.csv", "states.csv", "record_states.csv", "model.conf", HIRING])
@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_is_refused(copied: Path, name: str, mark: bytes) -> None:
    path = copied / name
    path.write_bytes(mark + path.read_bytes())
    assert refuse(copied).startswith(f"policies/{name} line 1: begins with a byte-order mark")


@pytest.mark.parametrize("name", ["roles.csv", "fields.csv", "states.csv", "record_states.csv", "model.conf", HIRING])
def test_an_empty_file_is_refused(copied: Path, name: str) -> None:
    (copied / name).write_bytes(b"")
    assert refuse(copied) == f"policies/{name}: the file is empty; put its lines back"


@pytest.mark.parametrize("name", ["fields.csv", HIRING])
def test_a_file_that_was_cut_short_is_refused(copied: Path, name: str) -> None:
    path = copied / name
    path.write_bytes(path.read_bytes()[:-1])
    assert "the last line has no end" in refuse(copied)


def test_line_ends_of_windows_are_read_and_a_lone_return_is_refused(copied: Path) -> None:
    path = copied / HIRING
    lines = path.read_bytes()
    path.write_bytes(lines.replace(b"\n", b"\r\n"))
    assert load_bundle(copied).rules == load_bundle(SERVED).rules
    path.write_bytes(lines.replace(b"\n", b"\r", 1))
    assert "not printable ASCII" in refuse(copied)


def test_spaces_after_commas_change_nothing(copied: Path) -> None:
    path = copied / HIRING
    path.write_bytes(path.read_bytes().replace(b", ", b","))
    assert load_bundle(copied).rules == load_bundle(SERVED).rules


def test_the_same_line_twice_is_refused(copied: Path) -> None:
    number = append_line(copied, HIRING, HIR_07)
    assert refuse(copied).startswith(f"policies/{HIRING} line {number}: the same as line")


def test_the_same_rule_under_two_ids_is_refused(copied: Path) -> None:
    append_line(copied, HIRING, HIR_07.replace("HIR-07", "HIR-77"))
    assert f"says the same as {HIRING} line 7" in refuse(copied)


def test_a_misspelt_directory_is_refused(tmp_path: Path) -> None:
    assert "there is no such policy directory" in refuse(tmp_path / "polices")


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    assert "is missing; put it back" in refuse(tmp_path)


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policies"
    path.write_text("p")
    assert "there is no such policy directory" in refuse(path)


@pytest.mark.parametrize("name", ["fields.csv", "model.conf", "record_states.csv", "roles.csv", "states.csv"])
def test_a_missing_file_is_refused(copied: Path, name: str) -> None:
    (copied / name).unlink()
    assert refuse(copied).startswith(f"policies/{name}: the file or folder is missing")


@pytest.mark.parametrize(
    "name", ["role.csv", "fields.csv~", "rules/officer.csv.bak", "rules/Officer.csv", "rules/officer.txt", ".extra"]
)
def test_a_file_that_is_not_of_the_policy_is_refused(copied: Path, name: str) -> None:
    (copied / name).write_text("p\n")
    assert refuse(copied) == f"policies/{name}: not a file of the policy; rename it or take it out"


def test_a_folder_in_place_of_a_file_is_refused(copied: Path) -> None:
    (copied / "fields.csv").unlink()
    (copied / "fields.csv").mkdir()
    assert "policies/fields.csv: not a file" in refuse(copied)


def test_a_policy_without_rules_is_refused(copied: Path) -> None:
    for path in (copied / "rules").iterdir():
        path.unlink()
    assert "there are no files of rules" in refuse(copied)


@pytest.mark.parametrize(
    ("name", "line", "why"),
    [
        ("fields.csv", "g2, officer_identity, officer_key", "the group would contain itself"),
        ("fields.csv", "g2, outcome_detail, outcome_detail", "the group would contain itself"),
        ("states.csv", "g3, in_force, in_force", "the group would contain itself"),
        ("roles.csv", "g, agency_staff, agency_staff", "the group would contain itself"),
        ("fields.csv", "g2, Outcome.basis, public_facts", "the field already has a class"),
        ("fields.csv", "g2, nobody_declared, outcome_detail", "neither in the vocabulary nor a group"),
        ("fields.csv", "g2, Outcome.Basis, outcome_detail", "neither in the vocabulary nor a group"),
        ("fields.csv", "g2, Outcome.extra, Outcome.basis", "not the name of a group"),
        ("fields.csv", "g2, Outcome.extra, Detail", "not the name of a group"),
        ("fields.csv", "g3, Outcome.extra, outcome_detail", "three cells, the first of them g2"),
        ("fields.csv", "g2, Outcome.extra", "three cells"),
        ("fields.csv", "g2, Outcome.extra, outcome_detail, more", "three cells"),
        ("states.csv", "g3, cleard, in_force", "neither in the vocabulary nor a group"),
        ("states.csv", "g3, cleared, voided", "not the name of a group"),
        ("states.csv", "g3, expunged, closed", "nobody reads an expunged record"),
        ("states.csv", "g3, sealed, clsoed", "no rule names the group or a wider one"),
        ("roles.csv", "g, clerk, agency_staff", "neither in the vocabulary nor a group"),
        ("roles.csv", "g, post_officer, agency_saff", "no rule names the group or a wider one"),
        ("fields.csv", "g2, certification, carreer_record", "no rule names the class or a wider one"),
    ],
)
def test_a_spoilt_group_is_refused_with_its_file_and_line(copied: Path, name: str, line: str, why: str) -> None:
    number = append_line(copied, name, line)
    message = refuse(copied)
    assert message.startswith(f"policies/{name} line {number}: ")
    assert why in message


def test_a_misspelt_part_of_a_class_is_refused(copied: Path) -> None:
    number = edit_file(copied, "fields.csv", "g2, career, career_record", "g2, carrer, career_record")
    assert refuse(copied).startswith(f"policies/fields.csv line {number}: the second cell is neither")


@pytest.mark.parametrize(("links", "accepted"), [(8, True), (9, False)])
def test_a_chain_of_groups_has_at_most_eight_links(copied: Path, links: int, accepted: bool) -> None:
    edit_file(copied, "fields.csv", "g2, Query.me, root_me\n", "")
    chain = ["Query.me", *(f"deep_{step}" for step in range(1, links)), "root_me"]
    for name, wider in pairwise(chain):
        append_line(copied, "fields.csv", f"g2, {name}, {wider}")
    if accepted:
        assert load_bundle(copied).class_of("Query.me") == "deep_1"
    else:
        assert "longer than 8 links" in refuse(copied)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("&& !some(where (p.eft == deny))", ""),
        ("&& g2(r.field, p.fields)", ""),
        ("holds(r.relations, p.relation)", "true"),
        ("r = role, relations", "r = relations, role"),
        ("g3 = _, _", "g3 = _, _, _"),
        ("[matchers]", "[matchers]\n# nothing"),
        ("[role_definition]\n", "[role_definition]\ng4 = _, _\n"),
    ],
)
def test_another_model_is_refused(copied: Path, old: str, new: str) -> None:
    edit_file(copied, "model.conf", old, new)
    assert "policies/model.conf" in refuse(copied)


def test_a_model_cut_after_a_line_is_refused(copied: Path) -> None:
    path = copied / "model.conf"
    path.write_text(path.read_text().partition("[matchers]")[0])
    assert refuse(copied) == "policies/model.conf: lines are missing or too many; restore the model"


def test_every_byte_of_a_deciding_file_is_in_the_digest_and_no_other_file_is(copied: Path) -> None:
    before = load_bundle(copied).digest
    (copied / "README.md").write_text("another text\n")
    (copied / "cases" / "public.toml").write_text("")
    (copied / "disclosure_matrix.toml").write_text("")
    assert load_bundle(copied).digest == before
    edit_file(copied, HIRING, "HIR-07, EO 13929 sec 3(b)", "HIR-07, EO 13929 sec 3(c)")
    assert load_bundle(copied).digest != before


def test_a_line_moved_to_another_file_changes_the_digest(copied: Path) -> None:
    before = load_bundle(copied).digest
    (copied / "rules" / "public.csv").rename(copied / "rules" / "everyone.csv")
    assert load_bundle(copied).digest != before


def test_fields_without_a_class_and_classes_without_a_field_are_named() -> None:
    bundle = load_bundle(SERVED)
    require_schema_fields(bundle, bundle.leaf_fields)
    with pytest.raises(PolicyRefused, match=r"give a class to: Outcome\.added; the contract does not have: Agency\.id"):
        require_schema_fields(bundle, (bundle.leaf_fields - {"Agency.id"}) | {"Outcome.added"})


def test_a_field_whose_line_is_gone_is_in_no_class(copied: Path) -> None:
    edit_file(copied, "fields.csv", "g2, Outcome.basis, outcome_detail\n", "")
    bundle = load_bundle(copied)
    assert "Outcome.basis" not in bundle.leaf_fields
    with pytest.raises(KeyError):
        bundle.class_of("Outcome.basis")
