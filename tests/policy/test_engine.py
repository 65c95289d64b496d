"""The decision point under faults: errors, empty requests, names of groups, logs, and Casbin's own traps."""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import casbin
import pytest

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.errors import PolicyRefused
from app.policy.bundle import PolicyBundle
from app.policy.engine import Decision, DecisionPoint, DecisionRequest, Reason, hold_relation

from .policy_texts import SERVED, build_small_policy, list_csv_lines, with_denial, without_rules

REQUEST = DecisionRequest(
    role=Role.HIRING_INVESTIGATOR,
    relations=frozenset({Relation.CANDIDATE_FULL}),
    field="Outcome.basis",
    state=RecordState.CLEARED,
    purpose=Purpose.HIRING,
    action=Action.READ,
)
FAULT = Decision(reason=Reason.FAULT)
LOGGERS = ("casbin", "casbin.enforcer", "casbin.policy", "casbin.role")


class Keep(logging.Handler):
    """Keeps every record."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def logging_restored() -> Iterator[None]:
    """Casbin's loggers as they were."""
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).disabled) for name in LOGGERS}
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    for name, (before_level, disabled) in before.items():
        logging.getLogger(name).setLevel(before_level)
        logging.getLogger(name).disabled = disabled


def break_matcher(bundle: PolicyBundle, expression: str) -> PolicyBundle:
    """The policy under a model whose matcher ends in `expression`; the loader would refuse it."""
    return replace(bundle, model=bundle.model.replace("g2(r.field, p.fields)", expression))


def test_the_request_of_this_file_is_one_that_is_allowed(point: DecisionPoint) -> None:
    assert point.decide(REQUEST) == Decision(reason=Reason.ALLOWED, determining=("HIR-07",))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"role": ""},
        {"role": "agency_staff"},
        {"role": "demo-investigator"},
        {"relations": frozenset({"candidate_full|self"})},
        {"relations": frozenset({""})},
        {"field": ""},
        {"field": "outcome_detail"},
        {"field": "Outcome.nothing"},
        {"state": ""},
        {"state": "in_force"},
        {"purpose": ""},
        {"action": ""},
        {"relations": None},
        {"role": None},
    ],
    ids=str,
)
def test_a_request_outside_the_vocabularies_is_denied_as_a_fault(point: DecisionPoint, spoilt: dict[str, Any]) -> None:
    assert point.decide(replace(REQUEST, **spoilt)) == FAULT


def test_the_name_of_a_group_of_roles_is_not_a_role(point: DecisionPoint) -> None:
    staff = replace(REQUEST, role=Role.RECORDS_OFFICER, relations=frozenset({Relation.OWN_AGENCY}))
    staff = replace(staff, purpose=Purpose.RECORDS)
    assert point.decide(staff).allowed
    assert point.decide(replace(staff, role=cast(Role, "agency_staff"))) == FAULT


def test_an_expunged_record_is_denied_to_everyone(point: DecisionPoint) -> None:
    for role in Role:
        for purpose in point.bundle.purposes_of(role):
            request = replace(
                REQUEST, role=role, relations=frozenset(Relation), state=RecordState.EXPUNGED, purpose=purpose
            )
            assert point.decide(request) == Decision(reason=Reason.NO_RULE)


def test_a_denial_outweighs_the_permission_and_is_named(point: DecisionPoint) -> None:
    rule = next(rule for rule in point.rules if rule.id == "HIR-07")
    denying = DecisionPoint(with_denial(point.bundle, replace(rule, relation=Relation.EMPLOYEE)))
    assert denying.decide(REQUEST).allowed
    own = denying.decide(replace(REQUEST, relations=REQUEST.relations | {Relation.EMPLOYEE}))
    assert own.reason is Reason.DENIED_BY_RULE
    assert own.denied_by == ("DENY-01",)
    assert not own.allowed


def test_the_order_of_the_lines_changes_nothing(point: DecisionPoint) -> None:
    rule = next(rule for rule in point.rules if rule.id == "HIR-07")
    denying = with_denial(point.bundle, rule)
    for bundle in (denying, replace(denying, rules=tuple(reversed(denying.rules)))):
        assert DecisionPoint(bundle).decide(REQUEST).denied_by == ("DENY-01",)


@pytest.mark.parametrize("expression", ["g2(r.field)", "g5(r.field, p.fields)", "r.field / p.fields", "p.fields"])
def test_an_engine_whose_matcher_fails_is_not_served(bundle: PolicyBundle, expression: str) -> None:
    with pytest.raises(PolicyRefused, match="does not evaluate rule"):
        DecisionPoint(break_matcher(bundle, expression))


@pytest.mark.parametrize(
    "condition",
    [
        "r.purpose == p.purpose",
        "r.action == p.action",
        "holds(r.relations, p.relation)",
        "g(r.role, p.role)",
        "g3(r.state, p.states)",
        "g2(r.field, p.fields)",
    ],
)
def test_an_engine_that_forgets_a_condition_is_not_served(bundle: PolicyBundle, condition: str) -> None:
    forgetful = bundle.model.replace(condition, "1 == 1")
    assert forgetful != bundle.model
    # One that takes every relation for held also takes every denial for fitting, which is noticed first.
    with pytest.raises(PolicyRefused, match=r"allows what no rule allows|does not evaluate rule \S+ as written"):
        DecisionPoint(replace(bundle, model=forgetful))


def test_an_engine_that_ignores_denials_is_not_served(bundle: PolicyBundle) -> None:
    rule = next(rule for rule in bundle.rules if rule.id == "HIR-07")
    deaf = bundle.model.replace(" && !some(where (p.eft == deny))", "")
    assert deaf != bundle.model
    with pytest.raises(PolicyRefused, match="does not evaluate rule HIR-07 as written"):
        DecisionPoint(replace(with_denial(bundle, rule), model=deaf))


def test_a_matcher_that_fails_while_serving_denies(
    point: DecisionPoint, bundle: PolicyBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = DecisionPoint(bundle)
    assert serving.decide(REQUEST).allowed

    def fail(*_: object) -> bool:
        raise RuntimeError("a value that must not be repeated")

    monkeypatch.setattr(serving._enforcer, "enforce", fail)
    assert serving.decide(REQUEST) == FAULT
    assert point.decide(REQUEST).allowed


def test_an_engine_that_is_switched_off_denies_what_its_rules_do_not_allow(bundle: PolicyBundle) -> None:
    off = DecisionPoint(bundle)
    off._enforcer.enable_enforce(False)
    assert off._enforcer.enforce("", "", "", "", "", "") is True
    assert off.decide(replace(REQUEST, state=RecordState.NOTICE)) == FAULT
    assert not off.holds_whole_policy()


def test_an_engine_with_a_line_more_than_the_policy_does_not_pass_for_whole(bundle: PolicyBundle) -> None:
    tampered = DecisionPoint(bundle)
    assert tampered.holds_whole_policy()
    tampered._enforcer.model["g"]["g"].policy.append(["public", "agency_staff"])
    assert not tampered.holds_whole_policy()


def test_a_policy_without_permissions_is_not_served(bundle: PolicyBundle) -> None:
    everything = {rule.id for rule in bundle.rules}
    with pytest.raises(PolicyRefused, match="allows nothing at all"):
        DecisionPoint(without_rules(bundle, everything))


def test_a_rule_that_reaches_nothing_is_not_served(bundle: PolicyBundle) -> None:
    rule = replace(bundle.rules[0], role="nobody_of_note", id="NIL-01")
    with pytest.raises(PolicyRefused, match="rule NIL-01 reaches nothing"):
        DecisionPoint(replace(bundle, rules=(*bundle.rules, rule)))


def test_a_relation_outside_the_vocabulary_raises_in_the_matcher() -> None:
    assert hold_relation("anywhere|self", "self")
    assert not hold_relation("anywhere|self", "employee")
    with pytest.raises(ValueError, match="not a valid Relation"):
        hold_relation("anywhere|selfish", "self")


@pytest.mark.usefixtures("logging_restored")
def test_no_decision_is_logged_even_if_logging_is_configured_afterwards(
    bundle: PolicyBundle, capfd: pytest.CaptureFixture[str]
) -> None:
    serving = DecisionPoint(bundle)
    seen = Keep()
    logging.config.dictConfig(
        {"version": 1, "disable_existing_loggers": False, "root": {"level": "DEBUG"}, "loggers": {"casbin": {}}}
    )
    logging.getLogger().addHandler(seen)
    logging.getLogger("casbin.enforcer").setLevel(logging.DEBUG)
    logging.getLogger("casbin.enforcer").disabled = False
    serving.decide(REQUEST)
    serving.decide(replace(REQUEST, state=RecordState.SEALED))
    assert seen.records == []
    assert "Outcome.basis" not in "".join(capfd.readouterr())


@pytest.mark.usefixtures("logging_restored")
def test_casbin_alone_would_log_the_denied_request(bundle: PolicyBundle, tmp_path: Path) -> None:
    path = tmp_path / "policy.csv"
    path.write_text("\n".join(list_csv_lines(bundle)))
    plain = casbin.Enforcer(str(SERVED / "model.conf"), str(path))
    plain.add_function("holds", hold_relation)
    seen = Keep()
    plain.logger = logging.Logger("seen")
    plain.logger.addHandler(seen)
    plain.enforce("officer", "self", "Outcome.basis", "draft", "self", "read")
    assert [record.levelname for record in seen.records] == ["WARNING"]


SMALL = build_small_policy(
    [
        "p, officer, self, summary, cleared, self, read, deny, NO-01, none",
        "p, officer, self, detail, cleared, self, read, allow, OK-01, none",
    ]
)
ASKED = ("officer", "self", "Outcome.kind", "cleared", "self", "read")


@pytest.mark.parametrize(
    ("spoil", "answer"),
    [
        (lambda text: text, False),
        (lambda text: b"\xef\xbb\xbf" + text, True),
        (lambda text: text.replace(b", deny,", b", Deny,"), True),
        (lambda text: text.replace(b"p, officer, self, summary", b"P, officer, self, summary"), True),
        (lambda text: text.replace(b"p, officer, self, summary", b"#p, officer, self, summary"), True),
        (lambda text: text.replace(b"p, officer, self, summary", b"p, officer, self, sumary"), True),
    ],
    ids=["as written", "byte-order mark", "capital", "another section", "comment", "misspelt"],
)
def test_casbins_own_reader_turns_a_denial_into_a_permission(tmp_path: Path, spoil: Any, answer: bool) -> None:
    # This is why the reader is ours: each of these files is accepted by Casbin without a word.
    path = tmp_path / "policy.csv"
    path.write_bytes(spoil("\n".join(list_csv_lines(SMALL)).encode("ascii")))
    plain = casbin.Enforcer(str(SERVED / "model.conf"), str(path))
    plain.add_function("holds", hold_relation)
    assert plain.enforce(*ASKED) is answer


def test_casbin_alone_allows_an_empty_subject_under_an_empty_policy() -> None:
    model = casbin.Enforcer.new_model(text=SMALL.model)
    plain = casbin.Enforcer(model)
    plain.add_function("holds", lambda relations, relation: relations == relation)
    assert plain.enforce("", "", "", "", "", "") is True
