"""`probity policy verify`: proves what must be true of the policy, and measures how many mistakes that would catch.

It needs neither a database nor a person's data; a broken invariant is told by a counter-example.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

from app.domain.vocabulary import Relation
from app.errors import SetupRefused
from app.policy.bundle import PolicyBundle, load_bundle
from app.policy.decided import tabulate_verdicts
from app.policy.invariants.form import Meaning
from app.policy.matrix_check import MatrixCheck
from app.policy.matrix_reading import load_matrix
from app.policy.mutation import Judge, Tally, sample_mutants, score_mutants, sum_tallies
from app.policy.verification import INVARIANTS, Finding, make_view, verify_view
from app.settings import read_settings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

WANTED_SCORE: Final = 0.95
_SURVIVORS_SHOWN: Final = 20


def add_verify(commands: Subparsers) -> None:
    """Add `verify` to the group `policy`."""
    verify = commands.add_parser(
        "verify",
        help="prove the invariants of the policy",
        description="Prove what must be true of the policy whatever its lines say, by looking at every decision.",
        epilog="exit code: 0 all hold, 1 one is broken or too few mutants are caught, 2 wrong use",
    )
    verify.add_argument("--policies", type=Path, metavar="DIRECTORY", help="another policy directory than the served")
    verify.add_argument("--list", action="store_true", help="list the invariants with their sources, and prove nothing")
    verify.add_argument(
        "--mutants",
        action="store_true",
        help=f"measure how many small mistakes would be caught; at least {WANTED_SCORE:.0%} must be",
    )
    verify.add_argument("--sample", type=_read_count, metavar="N", help="with --mutants: N of them, drawn by --seed")
    verify.add_argument("--seed", type=int, default=1, help="for --sample (1)")
    verify.add_argument("--json", action="store_true", help="report as JSON")
    verify.set_defaults(handler=verify_policy)


def verify_policy(arguments: argparse.Namespace) -> int:
    """Prove, list or measure, and give the exit code."""
    if arguments.sample is not None and not arguments.mutants:
        print("--sample goes with --mutants", file=sys.stderr)
        return 2
    if arguments.list:
        _list_invariants(as_json=arguments.json)
        return 0
    directory = arguments.policies or read_settings(os.environ).root / "policies"
    try:
        bundle = load_bundle(directory)
        check = MatrixCheck(load_matrix(directory)) if arguments.mutants else None
    except SetupRefused as refusal:
        print(f"probity: {refusal}", file=sys.stderr)
        return 1
    means, started = find_meaning(), perf_counter()
    if check is not None:
        return _measure(Judge(bundle, means, {"matrix": check.is_broken}), bundle, arguments)
    findings = verify_view(make_view(bundle, tabulate_verdicts(bundle), means))
    _report(findings, perf_counter() - started, as_json=arguments.json)
    return 1 if findings else 0


def find_meaning() -> Meaning:
    """Whether rows behind a field can stand in a relation; rows without an entity are judged with their owners."""
    # Schema and planner take a second to load, and only this command of the group needs them.
    from app.planning.relations import has_meaning
    from app.schema.bindings import build_catalogue

    entities = {name: binding.entity for name, binding in build_catalogue().types.items()}

    def means(field: str, relation: Relation) -> bool:
        entity = entities.get(field.partition(".")[0])
        return entity is None or has_meaning(entity, relation)

    return means


def _read_count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError("a number of mutants is 1 or more")
    return number


def _list_invariants(*, as_json: bool) -> None:
    if as_json:
        rows = [{"id": each.id, "sentence": each.sentence, "source": each.source} for each in INVARIANTS]
        print(json.dumps(rows, indent=2))
        return
    for invariant in INVARIANTS:
        print(f"{invariant.id}: {invariant.sentence} ({invariant.source})")


def _report(findings: tuple[Finding, ...], seconds: float, *, as_json: bool) -> None:
    if as_json:
        broken = [
            {"id": each.invariant.id, "sentence": each.invariant.sentence, "counterexamples": each.sentences}
            for each in findings
        ]
        print(json.dumps({"invariants": len(INVARIANTS), "broken": broken, "seconds": round(seconds, 3)}, indent=2))
        return
    for finding in findings:
        print(f"BROKEN {finding.invariant.id}: {finding.invariant.sentence} ({finding.invariant.source})")
        for sentence in finding.sentences:
            print(f"    but {sentence}")
    held = len(INVARIANTS) - len(findings)
    print(f"{held} of {len(INVARIANTS)} invariants hold of every decision ({seconds:.2f} s)")


def _measure(judge: Judge, bundle: PolicyBundle, arguments: argparse.Namespace) -> int:
    started = perf_counter()
    tallies = score_mutants(judge, sample_mutants(bundle, arguments.sample, arguments.seed))
    total = sum_tallies(tallies.values())
    seconds = perf_counter() - started
    if arguments.json:
        shown = {**{str(kind): _describe(tally) for kind, tally in tallies.items()}, "all": _describe(total)}
        print(json.dumps({"mutants": shown, "survivors": total.survivors, "seconds": round(seconds, 1)}, indent=2))
    else:
        _print_tallies(tallies, total, seconds)
    return 0 if total.score >= WANTED_SCORE else 1


def _describe(tally: Tally) -> dict[str, float]:
    return {
        "alike": tally.alike,
        "differing": tally.differing,
        "refused": tally.refused,
        "by_invariants": tally.by_invariants,
        "by_matrix": tally.by_checks,
        "caught": tally.caught,
        "shown_by_diff": tally.shown,
        "score": round(tally.score, 4),
    }


def _print_tallies(tallies: dict[str, Tally], total: Tally, seconds: float) -> None:
    heads = ("differing", "refused", "invariants", "matrix", "caught", "score", "diff", "alike")
    print(f"{'mistake':36}" + "".join(f"{head:>11}" for head in heads))
    for kind, tally in (*sorted(tallies.items()), ("all", total)):
        counts = (tally.differing, tally.refused, tally.by_invariants, tally.by_checks, tally.caught)
        cells = (*(str(count) for count in counts), f"{tally.score:.1%}", str(tally.shown), str(tally.alike))
        print(f"{kind:36}" + "".join(f"{cell:>11}" for cell in cells))
    for sentence in total.survivors[:_SURVIVORS_SHOWN]:
        print(f"survived: {sentence}")
    if len(total.survivors) > _SURVIVORS_SHOWN:
        print(f"and {len(total.survivors) - _SURVIVORS_SHOWN} more, which --json lists")
    print(f"{total.score:.2%} of {total.differing} mistakes are caught without comparing versions ({seconds:.1f} s)")
