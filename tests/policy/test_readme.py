"""The page that explains the policy quotes it and lists its words; neither may drift from what is served."""

from __future__ import annotations

import re
import shlex

import pytest

from app.domain.vocabulary import RecordState, Relation
from app.policy.bundle import PolicyBundle

from .policy_texts import SERVED, list_csv_lines
from .test_explain import run

README = (SERVED / "README.md").read_text("ascii")


def test_the_line_that_is_explained_is_a_line_of_the_policy(bundle: PolicyBundle) -> None:
    quoted = re.findall(r"^    (p, .+)$", README, flags=re.MULTILINE)
    assert len(quoted) == 1
    assert quoted[0] in list_csv_lines(bundle)


def test_the_relations_are_listed_completely() -> None:
    row = next(line for line in README.splitlines() if line.startswith("| relation |"))
    assert set(re.findall(r"`(\w+)`", row)) == {str(relation) for relation in Relation}


def test_every_state_that_the_page_names_exists() -> None:
    paragraph = README[README.index("The states `draft`") : README.index("`kind` in")]
    named = set(re.findall(r"`(\w+)`", paragraph))
    assert len(named) == 6
    assert named <= {str(state) for state in RecordState}


def test_every_file_of_the_directory_is_explained() -> None:
    for path in SERVED.iterdir():
        assert path.name == "README.md" or f"`{path.name}" in README


def test_the_command_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r"`probity policy explain([^`]+)`", README)
    assert found is not None
    assert run(*shlex.split(found[1])) == 0
    assert "HIR-07 would allow it in another state of the record" in capsys.readouterr().out
