"""Explanations: a sentence that stands alone, the rules that decided, and what comes nearest to a permission."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.cli.policy import register
from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.engine import DecisionPoint, DecisionRequest
from app.policy.explain import explain_decision

from .policy_texts import append_line, with_denial

REQUEST = DecisionRequest(
    role=Role.HIRING_INVESTIGATOR,
    relations=frozenset({Relation.CANDIDATE_FULL}),
    field="Outcome.basis",
    state=RecordState.CLEARED,
    purpose=Purpose.HIRING,
    action=Action.READ,
)
ARGUMENTS = (
    *("--role", "hiring_investigator", "--purpose", "hiring", "--field", "Outcome.basis"),
    *("--relation", "candidate_full"),
)


def run(*arguments: str) -> int:
    """Run `probity policy explain`; wrong use ends in `SystemExit`."""
    parser = argparse.ArgumentParser("probity")
    register(parser.add_subparsers(required=True))
    parsed = parser.parse_args(["policy", "explain", *arguments])
    return int(parsed.handler(parsed))


def test_what_is_disclosed_is_explained_by_its_rule_and_the_law(point: DecisionPoint) -> None:
    assert explain_decision(point, REQUEST).sentences == (
        "disclosed Outcome.basis: hiring_investigator may read outcome_detail of a record in state cleared for hiring,"
        " standing candidate_full",
        "HIR-07 says so: hiring_investigator standing candidate_full may read outcome_detail of a record in state"
        " cleared for hiring (EO 13929 sec 3(b))",
    )


def test_what_no_rule_allows_is_explained_by_what_comes_nearest(point: DecisionPoint) -> None:
    explanation = explain_decision(point, replace(REQUEST, state=RecordState.IN_PROCESS))
    assert not explanation.decision.allowed
    assert explanation.sentences == (
        "withheld Outcome.basis: no rule allows hiring_investigator to read outcome_detail of a record in state"
        " in_process for hiring, standing candidate_full",
        "HIR-07 would allow it in another state of the record: hiring_investigator standing candidate_full may read"
        " outcome_detail of a record in state cleared for hiring (EO 13929 sec 3(b))",
    )


@pytest.mark.parametrize(
    ("changed", "nearest"),
    [
        ({"relations": frozenset()}, "HIR-07 would allow it to one who stands otherwise to the record"),
        ({"purpose": Purpose.RECORDS}, "HIR-07 would allow it for another purpose"),
        ({"role": Role.POST_OFFICER}, "HIR-07 would allow it to another role"),
    ],
    ids=["relation", "purpose", "role"],
)
def test_the_one_word_that_is_in_the_way_is_named(point: DecisionPoint, changed: dict[str, Any], nearest: str) -> None:
    sentences = explain_decision(point, replace(REQUEST, **changed)).sentences
    assert any(sentence.startswith(nearest) for sentence in sentences[1:])


def test_where_two_words_are_in_the_way_no_rule_is_called_near(point: DecisionPoint) -> None:
    far = replace(REQUEST, purpose=Purpose.OVERSIGHT, state=RecordState.EXPUNGED)
    assert len(explain_decision(point, far).sentences) == 1


def test_a_denial_is_explained_by_the_rule_that_forbids(point: DecisionPoint) -> None:
    rule = next(rule for rule in point.rules if rule.id == "HIR-07")
    denying = DecisionPoint(with_denial(point.bundle, rule))
    assert explain_decision(denying, REQUEST).sentences == (
        "withheld Outcome.basis: a rule forbids hiring_investigator to read outcome_detail of a record in state cleared"
        " for hiring, standing candidate_full",
        "DENY-01 says so: hiring_investigator standing candidate_full may never read outcome_detail of a record in"
        " state cleared for hiring (a test)",
    )


def test_a_fault_is_explained_as_a_refusal(point: DecisionPoint) -> None:
    broken = replace(REQUEST, role=cast(Role, "agency_staff"))
    assert explain_decision(point, broken).sentences == (
        "withheld Outcome.basis: the policy could not be evaluated, and a fault denies",
    )


def test_a_command_is_used_and_not_read(point: DecisionPoint) -> None:
    request = replace(
        REQUEST,
        role=Role.AGENCY_HEAD,
        relations=frozenset({Relation.OWN_AGENCY}),
        field="Mutation.grantRole",
        state=RecordState.STANDING,
        purpose=Purpose.RECORDS,
        action=Action.GRANT,
    )
    assert explain_decision(point, request).sentences[0] == (
        "disclosed Mutation.grantRole: agency_head may use command_grant_role for records, standing own_agency"
    )


def test_the_command_line_explains_in_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*ARGUMENTS, "--state", "sealed") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("withheld Outcome.basis: no rule allows hiring_investigator to read outcome_detail")


def test_the_command_line_explains_in_json(capsys: pytest.CaptureFixture[str], point: DecisionPoint) -> None:
    assert run(*ARGUMENTS, "--state", "cleared", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["allowed"] is True
    assert report["reason"] == "allowed"
    assert report["rules"] == ["HIR-07"]
    assert report["policy"] == point.bundle.digest.hex()
    assert len(report["sentences"]) == 2


def test_a_refused_policy_ends_with_one_and_names_the_line(capsys: pytest.CaptureFixture[str], copied: Path) -> None:
    number = append_line(copied, "rules/public.csv", "p, public, anywhere, outcome_detail")
    assert run(*ARGUMENTS, "--policies", str(copied)) == 1
    assert capsys.readouterr().err == (
        f"policies/rules/public.csv line {number}: a rule has 10 cells, the first of them p\n"
    )


def test_an_unknown_field_is_wrong_use_and_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*ARGUMENTS, "--field", "Outcome.nonsense") == 2
    assert "nonsense" not in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--role", "--purpose", "--relation", "--state", "--action"])
def test_an_unknown_word_is_wrong_use_and_is_not_repeated(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*ARGUMENTS, option, "nonsense")
    assert ended.value.code == 2
    assert "nonsense" not in capsys.readouterr().err
