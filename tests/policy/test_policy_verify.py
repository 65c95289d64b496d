"""The invariants hold of the served policy, and each of them is broken by a policy that was made to break it.

An invariant that no policy can break proves nothing; an empty policy must not be the safest of all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from app.__main__ import main
from app.cli.policy_verify import find_meaning
from app.domain.vocabulary import (
    DisputeState,
    Effect,
    Finality,
    HoldInForce,
    Lifecycle,
    OutcomeKind,
    RecordState,
    Relation,
)
from app.policy.bundle import PolicyBundle
from app.policy.decided import tabulate_verdicts
from app.policy.groups import Groups
from app.policy.invariants.classes import PERSON
from app.policy.invariants.fields import find_class
from app.policy.matrix_check import MatrixCheck
from app.policy.matrix_reading import load_matrix
from app.policy.record_states import RecordStateTable, StateRow
from app.policy.rules import PolicyRule, parse_rule
from app.policy.verification import INVARIANTS, Finding, make_view, verify_bundle

from .policy_texts import SERVED, append_line, edit_file

ROOT = SERVED.parent
MEANS = find_meaning()
Break = Callable[[PolicyBundle], PolicyBundle]


def plus(*lines: str) -> Break:
    """The policy with these rules as well, each without id and basis."""
    rules = tuple(parse_rule((*line.split(", "), f"XX-{place:02}", "a test")) for place, line in enumerate(lines))
    return lambda bundle: replace(bundle, rules=(*bundle.rules, *rules))


def less(unwanted: Callable[[PolicyRule], bool], *lines: str) -> Break:
    """The policy without some of its rules, and with these."""

    def change(bundle: PolicyBundle) -> PolicyBundle:
        kept = tuple(rule for rule in bundle.rules if not unwanted(rule))
        assert len(kept) < len(bundle.rules)
        return plus(*lines)(replace(bundle, rules=kept))

    return change


def told(state: RecordState, *words: str) -> Break:
    """The policy with records of these lifecycle, finality, dispute, hold and kind (`-` for all) in `state`."""
    vocabularies = (Lifecycle, Finality, DisputeState, HoldInForce, OutcomeKind)
    sets = [
        frozenset(axis) if word == "-" else frozenset({axis(word)})
        for axis, word in zip(vocabularies, words, strict=True)
    ]
    lifecycles, finalities, disputes, holds, kinds = sets
    row = StateRow(
        lifecycles=lifecycles, finalities=finalities, disputes=disputes, holds=holds, kinds=kinds, state=state
    )
    return lambda bundle: replace(bundle, record_states=RecordStateTable(rows=(row, *bundle.record_states.rows)))


def linked(name: str, wider: str) -> Break:
    """The policy with a field in this class."""

    def change(bundle: PolicyBundle) -> PolicyBundle:
        rest = tuple(link for link in bundle.field_classes.links if link[0] != name)
        return replace(bundle, field_classes=Groups(links=(*rest, (name, wider))))

    return change


SUI, FORCE = "SEPARATION_UNDER_FORCE_INVESTIGATION", "EXCESSIVE_FORCE_FINDING"
# For each invariant a policy made to break it.
BREAKS: dict[str, Break] = {
    "PERSON-01": plus("doj_grants, assigned, outcome_existence, cleared, grants, read, allow"),
    "PERSON-02": plus("doj_adjudicator, own_agency, outcome_existence, cleared, adjudication, read, allow"),
    "PERSON-03": less(lambda rule: rule.effect is Effect.DENY and rule.purpose == "adjudication"),
    "PERSON-04": plus("hiring_investigator, candidate_full, outcome_existence, under_process, hiring, read, allow"),
    "PERSON-05": plus("officer, self, outcome_existence, expunged, self, read, allow"),
    "PERSON-06": plus("officer, self, outcome_summary, sealed, self, read, allow"),
    "PERSON-07": plus("officer, self, outcome_detail, closed, self, read, allow"),
    "PERSON-08": plus("hiring_investigator, candidate_full, outcome_detail, no_finding, hiring, read, allow"),
    "PERSON-09": plus("hiring_investigator, candidate_limited, officer_identity, listed, hiring, read, allow"),
    "PERSON-10": plus("hiring_investigator, candidate_full, officer_key, unlisted, hiring, read, allow"),
    "PERSON-11": plus("hiring_investigator, candidate_full, outcome_process, cleared, hiring, read, allow"),
    "PERSON-12": plus("officer, self, outcome_hold, notice, self, read, allow"),
    "PERSON-13": plus(
        "post_officer, own_state, outcome_detail, notice, certification, read, allow",
        "post_officer, certificant, outcome_detail, notice, certification, read, allow",
        "post_officer, own_state, outcome_detail, in_process, certification, read, allow",
        "post_officer, certificant, outcome_detail, in_process, certification, read, allow",
    ),
    "PERSON-14": plus("registrar, anywhere, outcome_summary, cleared, registry, read, allow"),
    "PERSON-15": plus("doj_adjudicator, assigned, officer_identifier, any_listing, adjudication, read, allow"),
    "PERSON-16": plus("hiring_investigator, candidate_full, career_standing, listed, hiring, read, allow"),
    "PERSON-17": plus("auditor, break_glass, officer_outcomes, any_listing, oversight, read, allow"),
    "PERSON-18": plus("records_officer, employee, career_record, listed, monitoring, read, allow"),
    "PERSON-19": plus("doj_analyst, anywhere, analyst_row, suspended, statistics, read, allow"),
    "PERSON-20": plus("doj_grants, own_agency, check_own, standing, grants, read, allow"),
    "PERSON-21": less(
        lambda rule: rule.fields == "consent_record", "officer, anywhere, consent_record, standing, self, read, allow"
    ),
    "PERSON-22": plus("hiring_investigator, in_state_nh, outcome_existence, cleared, hiring, read, allow"),
    "PERSON-23": plus("officer, self, outcome_existence, listed, self, read, allow"),
    "OFFICE-01": plus("post_officer, anywhere, public_facts, standing, hiring, read, allow"),
    "OFFICE-02": plus("public, anywhere, root_people, standing, public, read, allow"),
    "OFFICE-03": plus("hiring_investigator, anywhere, root_people, standing, hiring, read, allow"),
    "OFFICE-04": less(
        lambda rule: rule.role == "public", "public, own_agency, agency_public, standing, public, read, allow"
    ),
    "OFFICE-05": plus("public, anywhere, agency_public, standing, public, aggregate, allow"),
    "OFFICE-06": less(lambda rule: rule.role == "agency_head" and rule.fields == "grant_record"),
    "OFFICE-07": plus(
        "registrar, anywhere, officer_identifier, listed, registry, match, allow",
        "registrar, self, officer_identifier, listed, registry, match, deny",
    ),
    "OFFICE-08": less(lambda rule: rule.fields == "command_approve_break_glass" and rule.effect is Effect.DENY),
    "ORDER-01": plus("agency_staff, own_agency, officer_key, any_listing, records, read, deny"),
    "ORDER-02": plus("agency_staff, own_agency, outcome_process, cleared, records, read, deny"),
    "ORDER-03": plus("officer_rep, self, root_me, listed, self, read, allow"),
    "ORDER-04": less(lambda rule: rule.relation == "candidate_full" and rule.fields in PERSON | {"career_record"}),
    "ORDER-05": plus("records_officer, own_agency, officer_outcomes, any_listing, records, read, deny"),
    "ORDER-06": less(lambda rule: rule.relation == "certificant"),
    "ORDER-07": less(lambda rule: rule.fields == "consent_record"),
    "ORDER-08": less(lambda rule: rule.role == "public"),
    "LINE-01": plus("public, anywhere, root_people, standing, public, read, deny"),
    "LINE-02": plus("officer, break_glass, consent_record, standing, self, read, deny"),
    "LINE-03": plus("post_officer, own_agency, agency_public, standing, certification, read, allow"),
    "LINE-04": plus("post_officer, in_state_nh, agency_public, standing, certification, read, allow"),
    "RECORD-01": told(RecordState.SUSPENDED, "CLEARED", "FINAL", "DISPUTED", "none", FORCE),
    "RECORD-02": told(RecordState.VOIDED, "EXPUNGED", "-", "-", "-", "-"),
    "RECORD-03": told(RecordState.SUSPENDED, "CLEARED", "FINAL", "-", "seal", FORCE),
    "RECORD-04": told(RecordState.DRAFT, "SUBMITTED", "-", "-", "none", "-"),
    "RECORD-05": told(RecordState.CLEARED, "CLEARED", "OVERTURNED", "-", "none", FORCE),
    "RECORD-06": told(RecordState.CLEARED, "CLEARED", "FINAL", "-", "other", FORCE),
    "RECORD-07": told(RecordState.CLEARED, "CLEARED", "FINAL", "-", "none", SUI),
    "RECORD-08": told(RecordState.CLEARED, "CLEARED", "NON_FINAL", "-", "none", FORCE),
    "RECORD-09": told(RecordState.SUSPENDED, "CLEARED", "FINAL", "-", "none", FORCE),
    "FIELD-01": linked("Outcome.basis", "agency_public"),
    "FIELD-02": linked("Officer.ssnLastFour", "officer_identifier"),
}


def find_broken(bundle: PolicyBundle) -> dict[str, Finding]:
    return {finding.invariant.id: finding for finding in verify_bundle(bundle, MEANS)}


def test_every_invariant_holds_of_the_served_policy(bundle: PolicyBundle) -> None:
    assert {name: finding.sentences for name, finding in find_broken(bundle).items()} == {}


def test_every_invariant_has_a_policy_that_breaks_it() -> None:
    assert BREAKS.keys() == {invariant.id for invariant in INVARIANTS}
    assert len(BREAKS) == len(INVARIANTS)


@pytest.fixture(scope="module")
def broken(bundle: PolicyBundle) -> dict[str, dict[str, Finding]]:
    """For each policy that was made to break an invariant, everything it breaks."""
    return {name: find_broken(change(bundle)) for name, change in BREAKS.items()}


@pytest.mark.parametrize("name", BREAKS)
def test_a_policy_made_to_break_an_invariant_does(name: str, broken: dict[str, dict[str, Finding]]) -> None:
    found = broken[name]
    assert name in found, f"{sorted(found)} are broken, and not this one"
    assert all(sentence and sentence.isascii() for sentence in found[name].sentences)


def test_most_invariants_are_the_only_ones_to_see_their_breach(broken: dict[str, dict[str, Finding]]) -> None:
    # The others say the same from two sides, as "nothing of a person" and "its own office only" do of a grant officer.
    alone = [name for name, found in broken.items() if found.keys() == {name}]
    assert len(alone) >= 2 * len(BREAKS) / 3, sorted(set(BREAKS) - set(alone))


def test_an_empty_policy_is_not_the_safest_of_all(bundle: PolicyBundle) -> None:
    assert {"ORDER-07", "ORDER-08"} <= find_broken(replace(bundle, rules=())).keys()


def test_a_breach_is_told_by_a_counter_example(bundle: PolicyBundle) -> None:
    found = find_broken(BREAKS["PERSON-02"](bundle))["PERSON-02"]
    assert found.sentences == (
        "doj_adjudicator for adjudication may read outcome_existence in cleared, standing own_agency (unless self)",
    )


def test_a_state_overlay_only_narrows(bundle: PolicyBundle) -> None:
    overlay = tuple(rule for rule in bundle.rules if rule.relation.startswith("in_state_"))
    assert overlay
    with_law = tabulate_verdicts(bundle)
    without = tabulate_verdicts(replace(bundle, rules=tuple(rule for rule in bundle.rules if rule not in overlay)))
    assert all(verdict.is_within(without.verdict_of(*place)) for *place, verdict in with_law)
    assert not all(verdict.is_within(with_law.verdict_of(*place)) for *place, verdict in without)


def test_every_combination_of_a_record_falls_in_exactly_one_state(bundle: PolicyBundle) -> None:
    for combination in product(Lifecycle, Finality, DisputeState, HoldInForce, OutcomeKind):
        assert sum(row.fits(*combination) for row in bundle.record_states.rows) == 1


@pytest.mark.parametrize(
    ("field", "thing"),
    [
        ("Outcome.id", "outcome_existence"),
        ("Outcome.anythingNew", "outcome_detail"),
        ("Officer.anythingNew", None),
        ("Secret.door", None),
        ("SecretConnection.edges", "structure"),
    ],
)
def test_a_field_that_the_inventory_does_not_know_is_as_sensitive_as_the_rest_of_its_type(
    field: str, thing: str | None
) -> None:
    assert find_class(field) == thing


def test_the_served_policy_is_what_the_matrix_demands_and_another_is_not(bundle: PolicyBundle) -> None:
    check = MatrixCheck(load_matrix(SERVED))
    assert not check.is_broken(make_view(bundle, tabulate_verdicts(bundle), MEANS))
    for name in ("PERSON-02", "ORDER-07", "PERSON-03"):
        wrong = BREAKS[name](bundle)
        assert check.is_broken(make_view(wrong, tabulate_verdicts(wrong), MEANS))


def test_relations_have_the_meaning_that_the_planner_gives_them() -> None:
    assert MEANS("Outcome.basis", Relation.IN_STATE_NH)
    assert not MEANS("Consent.id", Relation.EMPLOYEE)


# --- The command


def run(*words: str) -> int:
    return main(["policy", "verify", *words])


def test_the_command_ends_in_success_for_the_served_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert f"{len(INVARIANTS)} of {len(INVARIANTS)} invariants hold" in capsys.readouterr().out


def test_the_command_ends_in_failure_and_says_why(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append_line(
        copied, "rules/public.csv", "p, public, anywhere, root_people, standing, public, read, allow, PUB-90, x"
    )
    assert run("--policies", str(copied)) == 1
    told = capsys.readouterr().out
    assert "BROKEN OFFICE-02: the public reads public facts" in told
    assert "but public for public may read root_people in standing, standing anywhere" in told
    assert run("--policies", str(copied), "--json") == 1
    (finding,) = json.loads(capsys.readouterr().out)["broken"]
    assert finding["id"] == "OFFICE-02"
    assert finding["counterexamples"] == ["public for public may read root_people in standing, standing anywhere"]


def test_the_command_refuses_a_policy_that_the_loader_refuses(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit_file(copied, "rules/public.csv", "p, public,", "P, public,")
    assert run("--policies", str(copied)) == 1
    assert "a rule has" in capsys.readouterr().err


def test_a_sample_without_mutants_is_wrong_use() -> None:
    assert run("--sample", "3") == 2


def test_the_invariants_are_listed_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(INVARIANTS)
    run("--list", "--json")
    listed = json.loads(capsys.readouterr().out)
    assert all(each["source"] for each in listed)
    assert len({each["id"] for each in listed}) == len(INVARIANTS)


def list_documented(page: Path) -> Iterable[str]:
    return (line for line in page.read_text("utf-8").splitlines() if line.startswith("| "))


def test_the_page_of_the_tools_lists_every_invariant_as_it_is() -> None:
    rows = set(list_documented(ROOT / "docs" / "policy-tools.md"))
    wanted = {f"| {each.id} | {each.sentence} | {each.source} |" for each in INVARIANTS}
    assert wanted <= rows, "\n".join(sorted(wanted - rows))
    numbered = [row for row in rows if row.split()[1][-3:-2] == "-" and row.split()[1][-2:].isdigit()]
    assert len(numbered) == len(wanted)
