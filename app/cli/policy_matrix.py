"""`probity policy matrix`: who is told how much of what, as tables of the policy or of the requirement.

It needs no database, and says beneath the tables whether the policy decides what the requirement demands.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.domain.vocabulary import Role
from app.errors import SetupRefused
from app.policy.bundle import load_bundle
from app.policy.engine import DecisionPoint
from app.policy.matrix import DisclosureMatrix, Tabulation, tabulate_decisions, tabulate_requirement
from app.policy.matrix_differences import Difference, find_differences
from app.policy.matrix_page import write_page
from app.policy.matrix_reading import load_matrix
from app.policy.matrix_tables import TableRow, build_tables, write_tables
from app.settings import read_settings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_matrix(commands: Subparsers) -> None:
    """Add `matrix` to the group `policy`."""
    matrix = commands.add_parser(
        "matrix",
        help="show who is told how much of what",
        description="Show what the policy tells each role by relation and state, and whether the requirement agrees.",
    )
    matrix.add_argument("--role", type=_read_role, help="one role only")
    matrix.add_argument("--requirement", action="store_true", help="what policies/disclosure_matrix.toml demands")
    matrix.add_argument("--policies", type=Path, metavar="DIRECTORY", help="another policy directory than the served")
    forms = matrix.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="report as JSON, with the classes of every cell")
    forms.add_argument("--markdown", action="store_true", help="the whole page, as docs/disclosure-matrix.md")
    matrix.set_defaults(handler=show_matrix)


def show_matrix(arguments: argparse.Namespace) -> int:
    """Show the tables and give the exit code: 0 shown, whether or not both agree; 1 the policy is refused."""
    try:
        directory = arguments.policies or read_settings(os.environ).root / "policies"
        matrix = load_matrix(directory)
        point = DecisionPoint(load_bundle(directory))
    except SetupRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    required, decided = tabulate_requirement(matrix), tabulate_decisions(point)
    shown = required if arguments.requirement else decided
    if arguments.markdown:
        sys.stdout.write(write_page(matrix, build_tables(matrix, shown, arguments.role)))
        return 0
    differences = [
        each for each in find_differences(required, decided) if arguments.role is None or each.role is arguments.role
    ]
    if arguments.json:
        print(json.dumps(_describe(matrix, shown, arguments.role, differences, point), indent=2))
    else:
        print("\n".join(write_tables(matrix, build_tables(matrix, shown, arguments.role))))
        print("\n" + "\n".join(_tell_differences(differences)))
    return 0


def _tell_differences(differences: list[Difference]) -> list[str]:
    if not differences:
        return ["The policy decides what the requirement demands, for every set of relations."]
    return [
        f"The policy and the requirement differ in {len(differences)} cells:",
        *(difference.sentence for difference in differences),
    ]


def _describe(
    matrix: DisclosureMatrix, shown: Tabulation, role: Role | None, differences: list[Difference], point: DecisionPoint
) -> dict[str, Any]:
    tables = build_tables(matrix, shown, role)
    return {
        "policy": point.bundle.digest.hex(),
        "told": [_describe_row(row) for row in tables.told],
        "taken": [_describe_row(row) for row in tables.taken],
        "differences": [difference.sentence for difference in differences],
    }


def _describe_row(row: TableRow) -> dict[str, Any]:
    return {
        "role": row.role,
        "purpose": row.purpose,
        "standing": row.relation,
        "cells": dict(row.cells),
        "classes": {state: sorted(classes) for state, classes in row.told.items() if classes},
        "commands": sorted(row.commands),
    }


def _read_role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise argparse.ArgumentTypeError("choose one of " + ", ".join(Role)) from None
