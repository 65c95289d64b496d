"""The page that explains the policy quotes it and lists its words; neither may drift from what is served."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from app.__main__ import build_parser
from app.domain.vocabulary import Action, RecordState, Relation
from app.policy.bundle import PolicyBundle
from app.policy.reading import LONGEST_LINE
from app.policy.rules import PolicyRule

from .matrix_cells import STATE_LAWS
from .policy_texts import SERVED, list_csv_lines
from .test_explain import run

README = (SERVED / "README.md").read_text("ascii")
ROOT = SERVED.parent


def find_rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first column has this heading."""
    found = re.search(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", README, flags=re.MULTILINE)
    assert found is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]


def test_the_lines_that_are_explained_are_lines_of_the_policy(bundle: PolicyBundle) -> None:
    quoted = re.findall(r"^    (p, .+)$", README, flags=re.MULTILINE)
    assert len(quoted) == 3
    assert set(quoted) <= set(list_csv_lines(bundle))


def test_the_words_of_the_first_line_are_those_it_is_explained_by(bundle: PolicyBundle) -> None:
    rule = next(rule for rule in bundle.rules if rule.id == "HIR-07")
    explained = README.partition("## One line in words")[2].partition("| cell |")[0]
    assert explained.count("candidate_full") == 2
    assert rule == PolicyRule(
        role="hiring_investigator",
        relation=Relation.CANDIDATE_FULL,
        fields="outcome_detail",
        states="cleared",
        purpose=rule.purpose,
        action=Action.READ,
        effect=rule.effect,
        id="HIR-07",
        basis="EO 13929 sec 3(b)",
    )
    for said in ("hiring investigator", "read the detail", "is cleared", "purpose of hiring", "13929, section 3(b)"):
        assert said in " ".join(explained.split())


def test_the_relations_are_listed_completely() -> None:
    listed = {row[0].strip("`") for row in find_rows("relation")}
    assert listed == {str(relation) for relation in Relation if relation not in STATE_LAWS} | {"in_state_xx"}


def test_the_relations_of_states_stand_in_denials_alone(bundle: PolicyBundle) -> None:
    assert {rule.effect for rule in bundle.rules if rule.relation in STATE_LAWS} == {"deny"}


def test_the_cells_of_a_rule_are_listed_in_their_order() -> None:
    assert [row[0] for row in find_rows("cell")] == [
        "`p`", "role", "relation", "fields", "states", "purpose", "action", "effect", "id", "basis",
    ]  # fmt: skip
    actions = next(row[1] for row in find_rows("cell") if row[0] == "action")
    assert set(re.findall(r"`(\w+)`", actions)) == {str(action) for action in Action}


def test_every_state_that_the_page_names_exists() -> None:
    paragraph = README[README.index("The states `draft`") : README.index("`kind` in")]
    named = set(re.findall(r"`(\w+)`", paragraph))
    assert len(named) == 6
    assert named <= {str(state) for state in RecordState}


def test_every_file_of_the_directory_is_explained() -> None:
    for path in SERVED.iterdir():
        assert path.name == "README.md" or f"`{path.name}" in README


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`([\w/*.-]+\.(?:csv|toml|md|conf))`", README)) - {"rules/overlay_xx.csv"}
    assert len(named) > 8
    for name in named:
        assert list(SERVED.glob(name)) or list(ROOT.glob(name)), name


def test_what_the_page_says_of_fields_is_so(bundle: PolicyBundle) -> None:
    assert "outcome_summary" in README
    assert "outcome_detail" in bundle.field_classes.widen("outcome_summary")
    assert "outcome_detail" in bundle.field_classes.widen("outcome_existence")


def test_the_longest_line_is_the_one_the_page_names() -> None:
    assert f"a line of more than {LONGEST_LINE}\n  characters" in README


def list_commands() -> list[str]:
    return sorted(set(re.findall(r"`probity (policy [^`]+)`", README)))


@pytest.mark.parametrize("command", [command for command in list_commands() if len(command.split(" ")) > 2])
def test_every_command_of_the_page_that_says_what_to_do_is_understood(command: str) -> None:
    words = shlex.split(command)
    assert callable(build_parser(words).parse_args(words).handler)


def test_every_command_of_the_page_exists() -> None:
    group = find_commands(build_parser(["policy"]))["policy"]
    assert {command.split(" ")[1] for command in list_commands()} <= set(find_commands(group))


def find_commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    groups = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return dict(groups[0].choices)


def test_the_make_targets_of_the_page_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("ascii")
    targets = set(re.findall(r"`make (\w+)`", README))
    assert targets == {"check", "test"}
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)


def test_the_question_of_the_page_has_the_answer_it_promises(capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r"`probity policy explain (--[^`]+)`", README)
    assert found is not None
    assert run(*shlex.split(found[1])) == 0
    assert "HIR-07 would allow it in another state of the record" in capsys.readouterr().out


def test_the_overlay_of_the_page_only_takes_away(bundle: PolicyBundle) -> None:
    overlays = sorted(path.name for path in (SERVED / "rules").glob("overlay_*.csv"))
    assert overlays == ["overlay_nh.csv"]
    lines = Path(SERVED / "rules" / "overlay_nh.csv").read_text("ascii").splitlines()
    rules = [rule for rule in bundle.rules if ", ".join(("p", *rule.cells)) in lines]
    assert len(rules) == len(lines)
    assert {(rule.effect, rule.relation, rule.id[:3]) for rule in rules} == {("deny", "in_state_nh", "NH-")}
