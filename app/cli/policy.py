"""The group `probity policy`, and `explain`: one decision in sentences, with rule ids and their legal basis.

It needs no database and no person's data: a field, a relation and a state are asked about, never a record.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.cli.policy_apply import add_apply
from app.cli.policy_diff import add_diff
from app.cli.policy_matrix import add_matrix
from app.cli.policy_verify import add_verify
from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.errors import SetupRefused
from app.policy.bundle import load_bundle
from app.policy.engine import DecisionPoint, DecisionRequest
from app.policy.explain import Explanation, explain_decision
from app.settings import read_settings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_Word = TypeVar("_Word", bound=StrEnum)


def register(subparsers: Subparsers) -> None:
    """Add the group `policy` to the command line."""
    group = subparsers.add_parser("policy", help="ask the disclosure policy")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    explain = commands.add_parser(
        "explain",
        help="explain one decision in sentences",
        description="Explain whether a role may use a field, by which rules, and what comes nearest if it may not.",
    )
    explain.add_argument("--role", required=True, type=_read_word(Role), help="who asks")
    explain.add_argument("--purpose", required=True, type=_read_word(Purpose), help="what for")
    explain.add_argument("--field", required=True, help="a field of the contract, as Type.field")
    explain.add_argument(
        "--state", type=_read_word(RecordState), default=RecordState.STANDING, help="state of the record (standing)"
    )
    explain.add_argument(
        "--relation",
        action="append",
        default=[],
        type=_read_word(Relation),
        help="how the one who asks stands to the record; may be given several times (anywhere)",
    )
    explain.add_argument("--action", type=_read_word(Action), default=Action.READ, help="what to do with it (read)")
    explain.add_argument("--policies", type=Path, metavar="DIRECTORY", help="another policy directory than the served")
    explain.add_argument("--json", action="store_true", help="report as JSON")
    explain.set_defaults(handler=explain_policy)
    add_apply(commands)
    add_matrix(commands)
    add_diff(commands)
    add_verify(commands)


def explain_policy(arguments: argparse.Namespace) -> int:
    """Explain and give the exit code: 0 explained, either way; 1 the policy is refused; 2 there is no such field."""
    try:
        directory = arguments.policies or read_settings(os.environ).root / "policies"
        point = DecisionPoint(load_bundle(directory))
    except SetupRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    if arguments.field not in point.bundle.leaf_fields:
        print("the policy has no such field; policies/fields.csv lists them as Type.field", file=sys.stderr)
        return 2
    explanation = explain_decision(
        point,
        DecisionRequest(
            role=arguments.role,
            relations=frozenset(arguments.relation),
            field=arguments.field,
            state=arguments.state,
            purpose=arguments.purpose,
            action=arguments.action,
        ),
    )
    print(_format_json(point, explanation) if arguments.json else "\n".join(explanation.sentences))
    return 0


def _read_word(vocabulary: type[_Word]) -> Callable[[str], _Word]:
    def read(text: str) -> _Word:
        try:
            return vocabulary(text)
        except ValueError:
            raise argparse.ArgumentTypeError("choose one of " + ", ".join(vocabulary)) from None

    return read


def _format_json(point: DecisionPoint, explanation: Explanation) -> str:
    decision = explanation.decision
    return json.dumps(
        {
            "allowed": decision.allowed,
            "reason": decision.reason,
            "rules": decision.determining,
            "sentences": explanation.sentences,
            "policy": point.bundle.digest.hex(),
        },
        indent=2,
    )
