"""The mutation score is honest: what is called refused is refused, what is called alike is alike, and it can be bad.

A sample runs each time; the long profile judges every mutant.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from app.__main__ import main
from app.cli.policy_verify import WANTED_SCORE, find_meaning
from app.domain.vocabulary import Effect
from app.errors import PolicyRefused
from app.policy import mutation
from app.policy.bundle import PolicyBundle, load_bundle
from app.policy.decided import tabulate_verdicts
from app.policy.diff import compare_tables
from app.policy.groups import is_field
from app.policy.invariants.form import View
from app.policy.matrix_check import MatrixCheck
from app.policy.matrix_reading import load_matrix
from app.policy.mutants import Kind, LinkMutant, Mutant, RecordMutant, RuleMutant, Section, list_mutants
from app.policy.mutation import Judge, Tally, score_mutants, sum_tallies
from app.policy.record_states import RecordStateTable

from .policy_texts import SERVED, copy_policies

MEANS = find_meaning()
FILES = {Section.ROLES: ("roles.csv", "g"), Section.FIELDS: ("fields.csv", "g2"), Section.STATES: ("states.csv", "g3")}


@pytest.fixture(scope="module")
def mutants(bundle: PolicyBundle) -> list[Mutant]:
    """Every mutant of the served policy."""
    return list(list_mutants(bundle))


@pytest.fixture(scope="module")
def judge(bundle: PolicyBundle) -> Judge:
    """The judge of them, with the disclosure matrix as a check."""
    return Judge(bundle, MEANS, {"matrix": MatrixCheck(load_matrix(SERVED)).is_broken})


def draw(mutants: Iterable[Mutant], number: int, seed: int = 3) -> list[Mutant]:
    """As many of every kind as `number` allows, so that no kind is left to chance."""
    by_kind: dict[Kind, list[Mutant]] = {}
    for mutant in mutants:
        by_kind.setdefault(mutant.kind, []).append(mutant)
    chance = random.Random(seed)
    return [mutant for found in by_kind.values() for mutant in chance.sample(found, min(number, len(found)))]


def change(bundle: PolicyBundle, mutant: Mutant) -> PolicyBundle:
    """The policy with the mistake in it, made apart from how the judge makes it."""
    if isinstance(mutant, RuleMutant):
        kept = [rule for rule in bundle.rules if rule != mutant.removed]
        return replace(bundle, rules=(*kept, *([mutant.added] if mutant.added else [])))
    if isinstance(mutant, LinkMutant):
        groups = mutant.change(getattr(bundle, mutant.section))
        return replace(bundle, **{str(mutant.section): groups})
    rows = (mutant.taken, *bundle.record_states.rows)
    return replace(bundle, record_states=RecordStateTable(rows=rows))


def write(folder: Path, bundle: PolicyBundle, mutant: RuleMutant | LinkMutant) -> Path:
    """The files of the policy with the mistake in them."""
    policies = copy_policies(folder)
    wrong = change(bundle, mutant)
    if isinstance(mutant, LinkMutant):
        name, section = FILES[mutant.section]
        lines = [f"{section}, {', '.join(link)}" for link in getattr(wrong, mutant.section).links]
        (policies / name).write_text("".join(f"{line}\n" for line in lines), "ascii")
        return policies
    for path in (policies / "rules").iterdir():
        path.unlink()
    lines = [", ".join(("p", *rule.cells)) for rule in wrong.rules]
    (policies / "rules" / "all.csv").write_text("".join(f"{line}\n" for line in lines), "ascii")
    return policies


def test_every_kind_of_mistake_is_made(mutants: list[Mutant]) -> None:
    assert {mutant.kind for mutant in mutants} == set(Kind)
    assert len(mutants) > 20_000
    assert len({mutant.sentence for mutant in draw(mutants, 20)}) > 200


def test_what_the_judge_says_of_a_sample_is_what_comparing_whole_policies_says(
    bundle: PolicyBundle, mutants: list[Mutant], judge: Judge
) -> None:
    table, differing = tabulate_verdicts(bundle), 0
    for mutant in draw(mutants, 3):
        verdicts = judge.judge(mutant)
        if verdicts.refused:
            continue
        changed = tabulate_verdicts(change(bundle, mutant))
        shown = [each for each in compare_tables(table, changed) if each.cells]
        assert bool(shown) is verdicts.differs, mutant.sentence
        assert verdicts.shown is verdicts.differs
        differing += verdicts.differs
    assert differing > 20


def test_what_the_judge_calls_refused_is_refused_by_the_loader_and_nothing_else_is(
    bundle: PolicyBundle, mutants: list[Mutant], judge: Judge, tmp_path: Path
) -> None:
    refused = [
        mutant
        for mutant in mutants[:: max(1, len(mutants) // 1000)]
        if not isinstance(mutant, RecordMutant) and judge.judge(mutant).refused
    ]
    chosen = draw(refused, 2) + draw((each for each in mutants if not isinstance(each, RecordMutant)), 2, seed=5)
    taken = 0
    for number, mutant in enumerate(chosen):
        assert isinstance(mutant, RuleMutant | LinkMutant)
        policies = write(tmp_path / str(number), bundle, mutant)
        if judge.judge(mutant).refused:
            with pytest.raises(PolicyRefused):
                load_bundle(policies)
        else:
            load_bundle(policies)
            taken += 1
    assert taken >= 10
    assert len(refused) >= 10


def test_a_sample_of_every_kind_is_caught(mutants: list[Mutant], judge: Judge) -> None:
    tallies = score_mutants(judge, draw(mutants, 25))
    total = sum_tallies(tallies.values())
    assert tallies.keys() == set(Kind)
    assert total.differing > 200
    assert total.shown == total.differing
    assert total.score >= WANTED_SCORE, total.survivors


@pytest.mark.long
def test_nearly_every_mistake_is_caught(mutants: list[Mutant], judge: Judge) -> None:
    tallies = score_mutants(judge, mutants)
    total = sum_tallies(tallies.values())
    assert total.differing > 20_000
    assert total.shown == total.differing
    assert all(tally.score >= WANTED_SCORE for tally in tallies.values()), total.survivors


def test_without_anything_that_catches_the_score_is_bad(
    bundle: PolicyBundle, mutants: list[Mutant], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mutation, "INVARIANTS", ())
    tallies = score_mutants(Judge(bundle, MEANS, {}), draw(mutants, 10))
    total = sum_tallies(tallies.values())
    assert total.by_invariants == total.by_checks == 0
    assert total.caught == total.refused < total.differing / 2
    assert len(total.survivors) == total.differing - total.caught
    assert main(["policy", "verify", "--mutants", "--sample", "60"]) == 1
    assert "survived: " in capsys.readouterr().out


def test_invariants_and_matrix_catch_what_the_other_does_not_see(mutants: list[Mutant], judge: Judge) -> None:
    verdicts = [judge.judge(mutant) for mutant in draw(mutants, 30)]
    assert any(each.invariant and not each.checks for each in verdicts)
    assert any(each.checks and not each.invariant for each in verdicts)


def test_a_dropped_denial_is_caught_by_invariants_alone(bundle: PolicyBundle) -> None:
    blind = Judge(bundle, MEANS, {})
    denials = [rule for rule in bundle.rules if rule.effect is Effect.DENY and rule.relation == "self"]
    assert denials
    for rule in denials:
        verdicts = blind.judge(RuleMutant(kind=Kind.DROP_RULE, removed=rule))
        assert verdicts.invariant or not verdicts.differs


def test_a_check_sees_only_what_a_mistake_can_have_changed(bundle: PolicyBundle) -> None:
    seen: list[View] = []
    judge = Judge(bundle, MEANS, {"watch": lambda view: seen.append(view) is not None})
    rule = next(rule for rule in bundle.rules if rule.id == "HIR-07")
    judge.judge(RuleMutant(kind=Kind.DROP_RULE, removed=rule))
    (view,) = seen
    assert view.focus is not None
    assert {(ask.role, unit) for ask, unit, _ in view.focus} == {("hiring_investigator", "outcome_detail")} | {
        ("hiring_investigator", unit) for unit in ("outcome_summary", "outcome_existence")
    }


def test_a_tally_of_nothing_is_no_score() -> None:
    assert Tally().score == 0.0


def test_every_field_is_moved_to_every_other_class(bundle: PolicyBundle, mutants: list[Mutant]) -> None:
    moved = [mutant for mutant in mutants if mutant.kind is Kind.MOVE_FIELD]
    homes = {wider for name, wider in bundle.field_classes.links if is_field(name)}
    assert len(moved) == len(bundle.leaf_fields) * (len(homes) - 1)


def test_the_command_reports_the_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "verify", "--mutants", "--sample", "80", "--seed", "4"]) == 0
    assert "mistakes are caught without comparing versions" in capsys.readouterr().out
    assert main(["policy", "verify", "--mutants", "--sample", "80", "--seed", "4", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    whole = report["mutants"]["all"]
    assert whole["differing"] + whole["alike"] == 80
    assert whole["score"] >= WANTED_SCORE
    assert len(report["survivors"]) == whole["differing"] - whole["caught"]
