"""`probity schema export`: writes the contract of each role and purpose to graphql/schema, or checks what lies there.

It needs no database; it never takes from a contract what was not declared to be taken.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.main import assemble
from app.schema.export import (
    DECLARATIONS,
    Comparison,
    compare_contracts,
    name_contracts,
    read_declared,
    read_published,
    write_contracts,
)
from app.settings import read_settings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: Subparsers) -> None:
    """Add the group `schema` to the command line."""
    group = subparsers.add_parser("schema", help="publish the contracts")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    export = commands.add_parser(
        "export",
        help="write the contract of each role and purpose as SDL",
        description="Write the contract of each role and purpose as SDL; refused where it takes away undeclared.",
    )
    export.add_argument("--check", action="store_true", help="write nothing; exit 1 unless the files are current")
    export.add_argument("--directory", type=Path, metavar="DIRECTORY", help="another directory than graphql/schema")
    export.add_argument("--json", action="store_true", help="report as JSON")
    export.set_defaults(handler=export_contracts)


def export_contracts(arguments: argparse.Namespace) -> int:
    """Write or check the contracts; 0 they are current now, 1 they are not, or a break is undeclared."""
    root = read_settings(os.environ).root
    directory = arguments.directory or root / "graphql" / "schema"
    policy = assemble(root).policy
    served = name_contracts(policy.find_contract(role, purpose) for role, purpose in policy.list_pairs())
    compared = compare_contracts(read_published(directory), served, read_declared(directory))
    written = not arguments.check and not compared.undeclared
    if written:
        write_contracts(directory, served)
    print(_format_json(compared, written=written) if arguments.json else "\n".join(_tell(compared, written=written)))
    if compared.undeclared:
        print(f"declare each break in {DECLARATIONS} with its reason, then export again", file=sys.stderr)
    elif not written and not compared.is_current:
        print("the files are not what is served; run probity schema export", file=sys.stderr)
    return 0 if written or compared.is_current else 1


def _tell(compared: Comparison, *, written: bool) -> Iterator[str]:
    for word, names in (("new", compared.missing), ("changed", compared.changed), ("gone", compared.left_over)):
        yield from (f"{word:<8} {name}" for name in names)
    yield from (f"{'breaks':<8} {each.contract}: {each.change}" for each in compared.undeclared)
    yield "written" if written and not compared.is_current else "current" if compared.is_current else "not written"


def _format_json(compared: Comparison, *, written: bool) -> str:
    return json.dumps(
        {
            "current": written or compared.is_current,
            "new": compared.missing,
            "changed": compared.changed,
            "gone": compared.left_over,
            "undeclared": [{"contract": each.contract, "change": each.change} for each in compared.undeclared],
        },
        indent=2,
    )
