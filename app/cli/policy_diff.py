"""`probity policy diff`: what two policies decide differently, and the gate that lets nobody widen one unrecorded.

It compares decisions, never lines, and needs neither a database nor a person's data.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.policy_revision import read_policy
from app.errors import SetupRefused
from app.policy.accepted import (
    ACCEPTED_NAME,
    Review,
    list_claims,
    open_text,
    read_accepted,
    read_decisions,
    review_tables,
    seal_text,
)
from app.policy.bundle import load_bundle
from app.policy.decided import tabulate_verdicts
from app.policy.diff import Change
from app.policy.idle_rules import tell_idle_rules
from app.settings import read_settings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_diff(commands: Subparsers) -> None:
    """Add `diff` to the group `policy`."""
    diff = commands.add_parser(
        "diff",
        help="tell what two policies decide differently",
        description="Tell in sentences who may see more and who less under NEW than under OLD. "
        "Each is a policy directory or a git revision of this checkout.",
        epilog="exit code: 0 nothing is wider but what a decision record names, 1 something is, 2 wrong use",
    )
    diff.add_argument("old", nargs="?", metavar="OLD", help="the policy before")
    diff.add_argument("new", nargs="?", metavar="NEW", help="the policy after")
    gate = diff.add_mutually_exclusive_group()
    gate.add_argument(
        "--check", action="store_true", help=f"compare the served policy with what was accepted ({ACCEPTED_NAME})"
    )
    gate.add_argument(
        "--accept", action="store_true", help="write the accepted text anew, if a decision record names each widening"
    )
    diff.add_argument("--decisions", type=Path, metavar="DIRECTORY", help="where decision records name widenings")
    diff.add_argument("--policies", type=Path, metavar="DIRECTORY", help="another policy directory than the served")
    diff.add_argument("--json", action="store_true", help="report as JSON")
    diff.set_defaults(handler=compare_policies)


def compare_policies(arguments: argparse.Namespace) -> int:
    """Compare, check or accept, and give the exit code."""
    gated = arguments.check or arguments.accept
    if gated is (arguments.old is not None) or (not gated and arguments.new is None):
        print("name two policies, OLD and NEW, or give --check or --accept and no policy", file=sys.stderr)
        return 2
    try:
        return _check(arguments) if gated else _compare(arguments)
    except SetupRefused as refusal:
        print(f"probity: {refusal}", file=sys.stderr)
        return 1 if gated else 2


def _compare(arguments: argparse.Namespace) -> int:
    root = read_settings(os.environ).root
    old, new = read_policy(arguments.old, root), read_policy(arguments.new, root)
    named = read_decisions(arguments.decisions) if arguments.decisions else {}
    review = review_tables(tabulate_verdicts(old), tabulate_verdicts(new), named)
    _report(review, tell_idle_rules(old, new), as_json=arguments.json)
    return 1 if review.unnamed else 0


def _check(arguments: argparse.Namespace) -> int:
    root = read_settings(os.environ).root
    folder = arguments.decisions or root / "docs" / "decisions"
    table = tabulate_verdicts(load_bundle(arguments.policies or root / "policies"))
    text = read_accepted(folder)
    review = review_tables(None if text is None else open_text(text), table, read_decisions(folder))
    wanted = seal_text(table)
    if review.unnamed:
        _report(review, (), as_json=arguments.json)
        return 1
    if arguments.accept:
        (folder / ACCEPTED_NAME).write_text(wanted, "ascii")
    _report(review, (), as_json=arguments.json, current=arguments.accept or text == wanted)
    return 0


def _report(review: Review, idle: tuple[Change, ...], *, as_json: bool, current: bool | None = None) -> None:
    changes = (*review.changes, *idle)
    if as_json:
        print(json.dumps(_describe(review, changes, current), indent=2))
        return
    for change in changes:
        record = review.find_record(change)
        print(f"{change.direction}: {change.sentence}" + (f" [named by {record}]" if record else ""))
    if review.unnamed:
        _advise(review)
    elif current is False:
        print(f"{ACCEPTED_NAME} is out of date; renew it with `probity policy diff --accept` and commit it")
    elif current:
        print("the policy allows what was accepted, and nothing else")
    elif not changes:
        print("the two policies decide alike")


def _advise(review: Review) -> None:
    """What to write where, so that a policy officer need not look it up."""
    unnamed = review.unnamed
    print(f"\n{len(unnamed)} of the changes let someone see more, and no decision record names them.", file=sys.stderr)
    print("If that is wanted, write a decision record that says why and holds these lines:\n", file=sys.stderr)
    for line in list_claims(unnamed, review.base):
        print(f"    {line}", file=sys.stderr)
    if len(review.wider) > 1:
        print(f"\nor, for all of them at once:\n\n    Widens: {review.whole} all of the above", file=sys.stderr)


def _describe(review: Review, changes: tuple[Change, ...], current: bool | None) -> dict[str, object]:
    return {
        "wider": len(review.wider),
        "unnamed": len(review.unnamed),
        "current": current,
        "all": review.whole if review.wider else None,
        "changes": [
            {
                "direction": change.direction,
                "sentence": change.sentence,
                "cells": len(change.cells),
                "digest": change.sign(review.base) if change in review.wider else None,
                "record": review.find_record(change) if change in review.wider else None,
            }
            for change in changes
        ],
    }
