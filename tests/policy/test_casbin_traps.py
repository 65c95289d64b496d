"""Casbin's own traps: each is shown to bite Casbin alone, and the decision point to stand in none of them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, cast

import casbin
import pytest

import app
from app.domain.vocabulary import RecordState, Relation, Role
from app.policy.bundle import PolicyBundle
from app.policy.engine import DecisionPoint, DecisionRequest

from .small_files import read_with_casbin
from .test_engine import ASKED, REQUEST, Keep

FACTS = ("officer", "anywhere", "Agency.name", "cleared", "self", "read")


def test_an_account_named_like_a_role_gets_the_role_in_casbin_and_nothing_here(
    tmp_path: Path, point: DecisionPoint
) -> None:
    # Where accounts are Casbin's subjects, one that registers as `officer` needs no grant.
    assert read_with_casbin(tmp_path).enforce(*FACTS) is True
    # Here no account takes part in a decision: a request has a role, which is a word of a closed list.
    assert [each.name for each in fields(DecisionRequest)] == [
        "role", "relations", "field", "state", "purpose", "action",
    ]  # fmt: skip
    assert {type(role) for role in Role} == {Role}
    assert all(rule.role in {*Role, *point.bundle.role_groups.names} for rule in point.rules)
    assert not point.bundle.role_groups.members - {*Role, *point.bundle.role_groups.names}


def test_the_fast_enforcer_drops_inherited_roles_and_is_not_used(tmp_path: Path, point: DecisionPoint) -> None:
    assert read_with_casbin(tmp_path, kind=casbin.FastEnforcer, cache_key_order=[0]).enforce(*FACTS) is False
    assert read_with_casbin(tmp_path).enforce(*FACTS) is True
    assert type(point._enforcer) is casbin.Enforcer


def test_an_enforcer_that_is_switched_off_allows_everything_in_casbin(tmp_path: Path) -> None:
    plain = read_with_casbin(tmp_path)
    plain.enable_enforce(False)
    assert plain.enforce(*ASKED) is True
    assert plain.enforce("nobody", "", "", "", "", "") is True


def test_casbins_list_of_permissions_ignores_denials(tmp_path: Path) -> None:
    # This is why grants are tabulated by us and proved cell by cell.
    listed = read_with_casbin(tmp_path).get_implicit_permissions_for_user("officer")
    assert [line[6] for line in listed] == ["deny", "allow", "allow"]


def test_one_module_alone_speaks_casbin() -> None:
    root = Path(app.__file__).parent
    speaking = re.compile(r"^\s*(?:import|from) casbin\b", flags=re.MULTILINE)
    importing = [path for path in root.rglob("*.py") if speaking.search(path.read_text("utf-8"))]
    assert [path.relative_to(root).as_posix() for path in importing] == ["policy/engine.py"]


def test_one_distribution_alone_provides_the_module_casbin() -> None:
    assert set(packages_distributions()["casbin"]) == {"pycasbin"}


def test_a_second_distribution_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "casbin-1.43.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: casbin\nVersion: 1.43.0\n")
    (about / "top_level.txt").write_text("casbin\n")
    (about / "RECORD").write_text("casbin/__init__.py,,\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert set(packages_distributions()["casbin"]) == {"casbin", "pycasbin"}


@pytest.fixture
def loud_logging() -> Iterator[Keep]:
    """Every logger at its loudest and kept; afterwards as it was."""
    root, kept = logging.getLogger(), Keep()
    names = ("casbin", "casbin.enforcer", "casbin.policy", "casbin.role")
    loggers = [root, *(logging.getLogger(name) for name in names)]
    before = [(logger, logger.level, logger.disabled) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.disabled = False
    root.addHandler(kept)
    yield kept
    root.removeHandler(kept)
    for logger, level, disabled in before:
        logger.setLevel(level)
        logger.disabled = disabled


def test_neither_loading_nor_deciding_leaves_a_word_in_any_log_at_any_level(
    loud_logging: Keep, bundle: PolicyBundle, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("elsewhere").debug("heard")
    serving = DecisionPoint(bundle)
    for state in RecordState:
        for relation in (Relation.CANDIDATE_FULL, Relation.SELF):
            serving.decide(replace(REQUEST, relations=frozenset({relation}), state=state))
    serving.decide(replace(REQUEST, role=cast(Role, ""), field="", relations=cast(Any, "")))
    said = [record.getMessage() for record in loud_logging.records if record.name != "elsewhere"]
    assert [record.name for record in loud_logging.records if record.name == "elsewhere"] == ["elsewhere"]
    assert said == []
    assert "".join(capfd.readouterr()) == ""
