"""What two policies decide differently, and the gate that lets nobody widen the policy unrecorded.

Known-wider policies are planted, one for each way to widen; a comparison that misses one of them is worth nothing.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import pytest

from app.__main__ import main
from app.cli.policy_revision import read_policy
from app.domain.vocabulary import Action, Purpose, Relation, Role
from app.errors import PolicyRefused
from app.policy.accepted import ACCEPTED_NAME, list_claims, open_text, read_decisions, review_tables, seal_text
from app.policy.allowances import read_allowances, write_allowances
from app.policy.bundle import PolicyBundle, load_bundle
from app.policy.decided import Ask, DecisionTable, Verdict, tabulate_verdicts, weigh
from app.policy.diff import Change, Direction, compare_tables
from app.policy.engine import DecisionPoint
from app.policy.folding import fold_products
from app.policy.grant import tabulate_grant
from app.policy.idle_rules import tell_idle_rules

from .policy_texts import SERVED, append_line, copy_policies, edit_file

ROOT = SERVED.parent
RELATIONS = (Relation.ANYWHERE, Relation.SELF, Relation.EMPLOYEE, Relation.ASSIGNED, Relation.IN_STATE_NH)
SETS = [frozenset(held) for size in range(6) for held in combinations(RELATIONS, size)]


def draw_verdicts() -> list[Verdict]:
    """Every verdict over three relations and everyone, more than random ones would find."""
    few = [frozenset(held) for size in range(5) for held in combinations(RELATIONS[:4], size)]
    return sorted({weigh(allow, deny) for allow, deny in product(few, few)}, key=repr)


def test_two_relations_at_most_tell_any_two_verdicts_apart() -> None:
    verdicts = draw_verdicts()
    seen = 0
    for one, other in product(verdicts, verdicts):
        wider = any(one.holds(held) and not other.holds(held) for held in SETS)
        witnesses = list(one.list_excess(other))
        assert bool(witnesses) is wider
        for relation, second in witnesses:
            held = {relation} if second is None else {relation, second}
            assert one.holds(held)
            assert not other.holds(held)
        seen += wider
    assert seen > len(verdicts)


def test_verdicts_are_equal_exactly_if_they_decide_alike() -> None:
    decided: dict[tuple[bool, ...], set[Verdict]] = {}
    for verdict in draw_verdicts():
        decided.setdefault(tuple(verdict.holds(held) for held in SETS), set()).add(verdict)
    # Of three relations: 19 ways to allow some and deny others, 8 to deny some to everyone else, and nothing.
    assert len(decided) == 28
    assert all(len(alike) == 1 for alike in decided.values())


def test_the_table_says_what_casbin_holds(bundle: PolicyBundle, point: DecisionPoint) -> None:
    table, compared = tabulate_verdicts(bundle), 0
    for role, purpose, action in product(Role, Purpose, Action):
        granted = tabulate_grant(point, role, purpose, action).fields
        ask = Ask(role=role, purpose=purpose, action=action)
        units = table.cells.get(ask, {})
        assert {name for unit in units for name in table.units[unit]} == granted.keys()
        for name, predicate in granted.items():
            cells = table.cells_of(ask, name)
            assert cells.keys() == {state for _, state in predicate.allow}
            for state, found in cells.items():
                sides = [{held for held, at in side if at is state} for side in (predicate.allow, predicate.deny)]
                assert found == weigh(*sides)
                compared += 1
    assert compared > 1000


def test_folding_loses_and_adds_nothing() -> None:
    draw = random.Random(7)
    for _ in range(200):
        every = list(product("abc", "de", "fgh"))
        chosen = set(draw.sample(every, draw.randint(1, len(every))))
        unfolded = [each for folded in fold_products(chosen) for each in product(*folded)]
        assert len(unfolded) == len(set(unfolded))
        assert set(unfolded) == chosen


def compare(old: PolicyBundle, new: PolicyBundle) -> tuple[Change, ...]:
    return compare_tables(tabulate_verdicts(old), tabulate_verdicts(new))


def list_of(direction: Direction, changes: Sequence[Change]) -> list[str]:
    return [change.sentence for change in changes if change.direction is direction]


Edit = Callable[[Path], object]


def in_file(name: str, old: str, new: str) -> Edit:
    return lambda directory: edit_file(directory, name, old, new)


def with_line(name: str, line: str) -> Edit:
    return lambda directory: append_line(directory, name, line)


def without_line(name: str, start: str) -> Edit:
    def edit(directory: Path) -> None:
        path = directory / name
        lines = path.read_text("ascii").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(start)]
        assert len(kept) == len(lines) - 1
        path.write_text("".join(kept), "ascii")

    return edit


HIRING = "rules/hiring_investigator.csv"
FULL = "p, hiring_investigator, candidate_full, outcome_detail, cleared, hiring, read, allow"
WIDENINGS: dict[str, tuple[Edit, str]] = {
    "a relation widened to anywhere": (
        in_file(HIRING, FULL, FULL.replace("candidate_full", "anywhere")),
        "hiring_investigator for hiring, standing anywhere (unless self): may now read",
    ),
    "a class widened": (
        in_file(HIRING, "candidate_full, outcome_summary, no_finding", "candidate_full, outcome_detail, no_finding"),
        "may now read outcome_detail (",
    ),
    "a state widened to a group": (
        in_file(HIRING, FULL, FULL.replace("cleared", "in_force")),
        "in no_finding",
    ),
    "another state added": (
        with_line(
            HIRING, "p, hiring_investigator, candidate_full, outcome_process, sealed, hiring, read, allow, HIR-90, x"
        ),
        "standing candidate_full (unless self): may now read outcome_process (6 fields) in sealed",
    ),
    "another purpose": (
        with_line("rules/public.csv", "p, public, anywhere, root_people, standing, hiring, read, allow, PUB-90, x"),
        "public for hiring, standing anywhere: may now read root_people",
    ),
    "another role": (
        with_line("rules/public.csv", "p, auditor, anywhere, root_people, standing, oversight, read, allow, AUD-90, x"),
        "auditor for oversight, standing anywhere: may now read root_people",
    ),
    "another action": (
        with_line(
            "rules/public.csv", "p, public, anywhere, officer_identifier, listed, public, match, allow, PUB-90, x"
        ),
        "public for public, standing anywhere: may now match officer_identifier",
    ),
    "a denial dropped": (
        without_line("rules/handlers.csv", "p, handlers, self, person_record, any_person_state, certification"),
        "post_officer for certification, standing certificant although also self: may now read",
    ),
    "a denial turned into a permission": (
        in_file(
            "rules/handlers.csv", "any_person_state, oversight, read, deny", "any_person_state, oversight, read, allow"
        ),
        "standing self: may now read",
    ),
    "a role put into a group": (
        with_line("roles.csv", "g, public, officer_side"),
        "public for self, standing self: may now read",
    ),
    "a state put into a group": (
        with_line("states.csv", "g3, sealed, closed"),
        "in sealed",
    ),
    "a class put into a wider one": (
        with_line("fields.csv", "g2, outcome_hold, outcome_existence"),
        "hiring_investigator for hiring, standing candidate_full (unless self): may now read outcome_hold",
    ),
    "a field moved to a class that more may read": (
        in_file("fields.csv", "g2, Outcome.basis, outcome_detail", "g2, Outcome.basis, agency_public"),
        "standing anywhere: may now read Outcome.basis (of agency_public) (1 field)",
    ),
    "a field new in a class": (
        with_line("fields.csv", "g2, Outcome.scandal, outcome_summary"),
        "Outcome.scandal new in class outcome_summary: whoever may read the class may now read it (1 field)",
    ),
    "records told as cleared that were suspended": (
        in_file(
            "record_states.csv",
            "CLEARED,NON_FINAL APPEAL_WINDOW,any,none,administrative,suspended",
            "CLEARED,NON_FINAL APPEAL_WINDOW,any,none,administrative,cleared",
        ),
        "of records that were suspended and are cleared now: CLEARED, NON_FINAL APPEAL_WINDOW, any, none, ",
    ),
}


@pytest.mark.parametrize("way", WIDENINGS)
def test_every_way_to_widen_is_told_one_way_and_narrows_the_other(way: str, copied: Path, bundle: PolicyBundle) -> None:
    edit, said = WIDENINGS[way]
    edit(copied)
    other = load_bundle(copied)
    changes = compare(bundle, other)
    assert any(said in sentence for sentence in list_of(Direction.WIDER, changes)), changes
    assert list_of(Direction.NARROWER, compare(other, bundle))
    assert write_allowances(tabulate_verdicts(other)) != write_allowances(tabulate_verdicts(bundle))


def test_a_narrower_policy_is_told_as_narrower_only(copied: Path, bundle: PolicyBundle) -> None:
    without_line(HIRING, FULL)(copied)
    changes = compare(bundle, load_bundle(copied))
    assert list_of(Direction.WIDER, changes) == []
    assert any("may no longer read outcome_detail" in each for each in list_of(Direction.NARROWER, changes))


def test_fields_and_classes_of_one_policy_only_are_said(copied: Path, bundle: PolicyBundle) -> None:
    append_line(copied, "fields.csv", "g2, Secret.door, doors")
    changes = compare(bundle, load_bundle(copied))
    assert list_of(Direction.NOTE, changes) == ["class doors is new", "1 field new: Secret.door"]
    assert list_of(Direction.WIDER, changes) == []


def test_a_policy_compared_with_itself_says_nothing(bundle: PolicyBundle) -> None:
    assert compare(bundle, bundle) == ()
    assert tell_idle_rules(bundle, bundle) == ()


def test_a_rule_that_changes_to_no_effect_is_said_to(copied: Path, bundle: PolicyBundle) -> None:
    edit_file(copied, HIRING, "HIR-07, EO 13929 sec 3(b)", "HIR-07, 1 USC 1")
    append_line(copied, HIRING, FULL.replace("outcome_detail", "outcome_summary") + ", HIR-90, x")
    edit_file(copied, HIRING, "candidate_limited, officer_key, listed,", "candidate_limited, officer_identity, listed,")
    notes = [note.sentence for note in tell_idle_rules(bundle, load_bundle(copied))]
    assert notes == ["rule HIR-07 is changed, and no decision with it", "rule HIR-90 is new, and no decision with it"]


def test_a_digest_is_of_the_sentence_its_cells_and_the_older_policy(copied: Path, bundle: PolicyBundle) -> None:
    WIDENINGS["a field new in a class"][0](copied)
    change = next(each for each in compare(bundle, load_bundle(copied)) if each.direction is Direction.WIDER)
    assert change.cells
    others = [change.sign("b"), replace(change, cells=()).sign("a"), replace(change, sentence="x").sign("a")]
    assert change.sign("a") not in others
    assert len(change.sign("a")) == 12


# --- The canonical text


def test_the_text_can_be_read_back_into_the_same_decisions(bundle: PolicyBundle) -> None:
    table = tabulate_verdicts(bundle)
    text = write_allowances(table)
    again = read_allowances(text)
    assert compare_tables(table, again) == compare_tables(again, table) == ()
    assert dict(again.cells) == {ask: dict(units) for ask, units in table.cells.items()}
    assert text.isascii()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("public for public may read, standing anywhere:", "public for hiring may read, standing anywhere:"),
        (" unless self: officer_key;", ": officer_key;"),
        ("sealed ", "sealed 0"),
        ("# Everything", "# Nearly everything"),
    ],
)
def test_an_accepted_text_that_was_changed_by_hand_is_refused(old: str, new: str, accepted: str) -> None:
    assert old in accepted
    place = accepted.rindex(old)
    with pytest.raises(PolicyRefused, match="changed by hand"):
        open_text(accepted[:place] + new + accepted[place + len(old) :])


@pytest.mark.parametrize(
    "text", ["", "public may do everything\n", "public for public may read, standing nowhere: x; in y\n"]
)
def test_a_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(PolicyRefused):
        read_allowances(text)


# --- The gate


@pytest.fixture(scope="module")
def accepted(bundle: PolicyBundle) -> str:
    """The text of the served policy, sealed as an accepted one."""
    return seal_text(tabulate_verdicts(bundle))


@pytest.fixture
def decisions(tmp_path: Path, accepted: str) -> Path:
    """Decision records with the served policy as the accepted one."""
    folder = tmp_path / "decisions"
    folder.mkdir()
    (folder / ACCEPTED_NAME).write_text(accepted, "ascii")
    (folder / "0001-how-it-began.md").write_text("# How it began\n", "ascii")
    return folder


def gate(word: str, policies: Path, decisions: Path) -> int:
    return main(["policy", "diff", word, "--policies", str(policies), "--decisions", str(decisions)])


def claim(table: DecisionTable, decisions: Path) -> list[str]:
    accepted = open_text((decisions / ACCEPTED_NAME).read_text("ascii"))
    review = review_tables(accepted, table, read_decisions(decisions))
    return list(list_claims(review.unnamed, review.base))


def record(decisions: Path, *lines: str) -> None:
    (decisions / "0002-why.md").write_text("# Why\n\n" + "".join(f"    {line}\n" for line in lines), "ascii")


def test_the_gate_passes_the_policy_that_was_accepted_and_asks_no_git(
    copied: Path, decisions: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert gate("--check", copied, decisions) == 0
    assert capsys.readouterr().out == "the policy allows what was accepted, and nothing else\n"


@pytest.mark.parametrize("way", list(WIDENINGS)[::3])
def test_the_gate_stops_a_widening_that_no_record_names(
    way: str, copied: Path, decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    WIDENINGS[way][0](copied)
    assert gate("--check", copied, decisions) == 1
    told = capsys.readouterr()
    assert WIDENINGS[way][1] in told.out
    assert "Widens: " in told.err


def test_a_widening_that_no_record_names_is_not_accepted(copied: Path, decisions: Path) -> None:
    WIDENINGS["another role"][0](copied)
    before = (decisions / ACCEPTED_NAME).read_bytes()
    assert gate("--accept", copied, decisions) == 1
    assert (decisions / ACCEPTED_NAME).read_bytes() == before


def test_a_record_that_names_each_widening_lets_it_be_accepted(
    copied: Path, decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    WIDENINGS["a state widened to a group"][0](copied)
    lines = claim(tabulate_verdicts(load_bundle(copied)), decisions)
    record(decisions, *lines)
    assert gate("--check", copied, decisions) == 0
    told = capsys.readouterr().out
    assert "[named by 0002-why.md]" in told
    assert "out of date" in told
    assert gate("--accept", copied, decisions) == 0
    capsys.readouterr()
    assert gate("--check", copied, decisions) == 0
    assert "and nothing else" in capsys.readouterr().out


def test_one_digest_may_name_all_widenings_at_once(copied: Path, decisions: Path) -> None:
    for way in ("another purpose", "another role"):
        WIDENINGS[way][0](copied)
    table = tabulate_verdicts(load_bundle(copied))
    review = review_tables(open_text((decisions / ACCEPTED_NAME).read_text("ascii")), table, {})
    assert len(review.wider) == 2
    record(decisions, f"Widens: {review.whole} all of the above")
    assert gate("--accept", copied, decisions) == 0


def test_a_record_names_one_widening_and_no_other(copied: Path, decisions: Path) -> None:
    WIDENINGS["another purpose"][0](copied)
    record(decisions, *claim(tabulate_verdicts(load_bundle(copied)), decisions))
    assert gate("--check", copied, decisions) == 0
    WIDENINGS["another state added"][0](copied)
    assert gate("--check", copied, decisions) == 1


def test_a_record_whose_sentence_is_not_that_of_the_widening_names_nothing(copied: Path, decisions: Path) -> None:
    WIDENINGS["another purpose"][0](copied)
    (line,) = claim(tabulate_verdicts(load_bundle(copied)), decisions)
    record(decisions, " ".join(line.split()[:2]))
    assert gate("--check", copied, decisions) == 0
    record(decisions, " ".join(line.split()[:2]) + " nothing to speak of")
    assert gate("--check", copied, decisions) == 1


def test_a_line_without_a_digest_is_refused(copied: Path, decisions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(decisions, "Widens: whatever is needed")
    assert gate("--check", copied, decisions) == 1
    assert "twelve digits" in capsys.readouterr().err


def test_an_old_record_does_not_allow_what_was_taken_back(copied: Path, decisions: Path, tmp_path: Path) -> None:
    WIDENINGS["another purpose"][0](copied)
    record(decisions, *claim(tabulate_verdicts(load_bundle(copied)), decisions))
    assert gate("--accept", copied, decisions) == 0
    narrower = copy_policies(tmp_path / "later")
    without_line(HIRING, FULL)(narrower)
    assert gate("--accept", narrower, decisions) == 0
    WIDENINGS["another purpose"][0](narrower)
    assert gate("--check", narrower, decisions) == 1


def test_a_narrower_policy_passes_and_the_text_is_said_to_be_out_of_date(
    copied: Path, decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without_line(HIRING, FULL)(copied)
    assert gate("--check", copied, decisions) == 0
    assert f"{ACCEPTED_NAME} is out of date" in capsys.readouterr().out
    assert gate("--accept", copied, decisions) == 0
    assert gate("--check", SERVED, decisions) == 1


def test_without_an_accepted_text_everything_is_a_widening(
    decisions: Path, capsys: pytest.CaptureFixture[str], bundle: PolicyBundle
) -> None:
    (decisions / ACCEPTED_NAME).unlink()
    assert gate("--check", SERVED, decisions) == 1
    assert gate("--accept", SERVED, decisions) == 1
    capsys.readouterr()
    record(decisions, f"Widens: {review_tables(None, tabulate_verdicts(bundle), {}).whole} the beginning")
    assert gate("--accept", SERVED, decisions) == 0
    assert gate("--check", SERVED, decisions) == 0


def test_a_text_changed_by_hand_stops_the_gate(copied: Path, decisions: Path) -> None:
    path = decisions / ACCEPTED_NAME
    text = path.read_text("ascii")
    path.write_text(text.replace("public for public may read", "public for public may match"), "ascii")
    assert gate("--check", copied, decisions) == 1
    assert gate("--accept", copied, decisions) == 1


def test_the_accepted_text_of_this_checkout_is_that_of_its_policy(bundle: PolicyBundle) -> None:
    text = (ROOT / "docs" / "decisions" / ACCEPTED_NAME).read_text("ascii")
    assert text == seal_text(tabulate_verdicts(bundle)), "renew it: probity policy diff --accept"


def test_make_check_holds_the_gate() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = makefile[makefile.index("\ncheck:") :].split("\n\n", 1)[0]
    assert "-m app policy diff --check" in recipe
    assert "-m app policy verify" in recipe


# --- The command


def run(*words: str) -> int:
    return main(["policy", "diff", *words])


def test_two_directories_that_decide_alike_end_in_success(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(SERVED), str(copied)) == 0
    assert capsys.readouterr().out == "the two policies decide alike\n"


def test_a_widening_ends_in_failure_and_a_narrowing_in_success(copied: Path) -> None:
    WIDENINGS["another role"][0](copied)
    assert run(str(SERVED), str(copied)) == 1
    assert run(str(copied), str(SERVED)) == 0


def test_a_widening_that_a_record_names_ends_in_success(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    WIDENINGS["another role"][0](copied)
    run(str(SERVED), str(copied), "--json")
    (change,) = [each for each in json.loads(capsys.readouterr().out)["changes"] if each["digest"]]
    (tmp_path / "0007-named.md").write_text(f"Widens: {change['digest']} {change['sentence']}\n", "ascii")
    assert run(str(SERVED), str(copied), "--decisions", str(tmp_path)) == 0
    run(str(SERVED), str(copied), "--decisions", str(tmp_path), "--json")
    report = json.loads(capsys.readouterr().out.partition("\n{")[2].join(("{", "")))
    assert report["unnamed"] == 0


@pytest.mark.parametrize("words", [(), ("policies",), ("--check", "a", "b"), ("--accept", "a")])
def test_wrong_use_ends_in_two(words: tuple[str, ...]) -> None:
    assert run(*words) == 2


@pytest.mark.parametrize("name", ["no-such-revision", "--help-me", "HEAD~100000", "HEAD:policies"])
def test_what_is_neither_directory_nor_revision_is_refused(name: str) -> None:
    with pytest.raises(PolicyRefused, match="neither a policy directory nor a revision"):
        read_policy(name, ROOT)


def test_a_missing_policy_ends_in_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("no-such-revision", str(SERVED)) == 2
    assert "shallow clone" in capsys.readouterr().err


def git(place: Path, *words: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(place), *identity, *words], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with two commits, of which the second is wider, and a third policy in the working tree."""
    place = tmp_path / "checkout"
    policies = copy_policies(place)
    git(tmp_path, "init", "-q", "checkout")
    git(place, "add", ".")
    git(place, "commit", "-qm", "first")
    WIDENINGS["another role"][0](policies)
    git(place, "commit", "-qam", "second")
    WIDENINGS["another purpose"][0](policies)
    return place


def test_revisions_are_read_from_git_and_the_working_tree_is_left_alone(checkout: Path, bundle: PolicyBundle) -> None:
    before = {path: path.read_bytes() for path in (checkout / "policies").rglob("*") if path.is_file()}
    first, second = read_policy("HEAD~1", checkout), read_policy("HEAD", checkout)
    assert compare(bundle, first) == ()
    assert [each.direction for each in compare(first, second)] == [Direction.WIDER]
    working = read_policy(str(checkout / "policies"), checkout)
    assert [each.direction for each in compare(second, working)] == [Direction.WIDER]
    assert before == {path: path.read_bytes() for path in (checkout / "policies").rglob("*") if path.is_file()}


def test_a_revision_that_a_shallow_clone_lacks_is_refused(checkout: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{checkout}", "shallow")
    assert read_policy("HEAD", tmp_path / "shallow").rules
    with pytest.raises(PolicyRefused, match="shallow clone"):
        read_policy("HEAD~1", tmp_path / "shallow")


def test_without_git_a_directory_is_still_read(monkeypatch: pytest.MonkeyPatch, copied: Path) -> None:
    monkeypatch.setenv("PATH", "")
    assert read_policy(str(copied), ROOT).rules
    with pytest.raises(PolicyRefused, match="git is not installed"):
        read_policy("HEAD", ROOT)


def test_a_revision_without_a_policy_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "bare")
    place = tmp_path / "bare"
    (place / "README.md").write_text("nothing", "ascii")
    git(place, "add", ".")
    git(place, "commit", "-qm", "first")
    with pytest.raises(PolicyRefused, match="no directory policies"):
        read_policy("HEAD", place)
