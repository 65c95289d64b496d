"""`probity audit verify`: walks every audit chain and names the first record that does not fit.

It reads with the ledger's own rights, changes nothing in the database, and prints ids and hashes only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.audit.chain import ChainHead
from app.audit.heads import describe_head, read_heads, write_heads
from app.audit.verification import ChainReport, Fault
from app.errors import SetupRefused
from app.settings import read_settings
from app.storage.cluster import open_addresses
from app.storage.ledger.chain_reader import verify_chains
from app.storage.logins import Login

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: Subparsers) -> None:
    """Add the group `audit` to the command line."""
    group = subparsers.add_parser("audit", help="verify the audit chains")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    verify = commands.add_parser(
        "verify",
        help="walk every chain; name the first record that does not fit",
        description="Walk every audit chain; exit 0 if all fit, 1 if one does not or the database cannot be read.",
    )
    verify.add_argument("--json", action="store_true", help="report as JSON")
    verify.add_argument("--chain-only", action="store_true", help="leave the items of the records unread")
    verify.add_argument(
        "--expect-heads", type=Path, metavar="FILE", help="also compare with heads saved earlier: shows a cut end"
    )
    verify.add_argument(
        "--save-heads", type=Path, metavar="FILE", help="if all fits, save where each chain ends; keep it elsewhere"
    )
    verify.set_defaults(handler=verify_audit)


def verify_audit(arguments: argparse.Namespace) -> int:
    """Verify, report and give the exit code: 0 all fits, 1 something does not, 2 a file cannot be used."""
    try:
        expected = _read_expected(arguments.expect_heads)
    except (OSError, ValueError) as error:
        return _complain(_word_file_fault(error, "read"), code=2)
    try:
        with open_addresses(read_settings(os.environ)) as addresses:
            report = asyncio.run(
                verify_chains(addresses.by_login[Login.LEDGER], expected=expected, with_items=not arguments.chain_only)
            )
    except SetupRefused as refusal:
        return _complain(str(refusal), code=1)
    if arguments.save_heads is not None and report.is_intact:
        try:
            _save_heads(arguments.save_heads, report)
        except OSError as error:
            return _complain(_word_file_fault(error, "written"), code=2)
    print(_format_json(report) if arguments.json else _format_text(report))
    return 0 if report.is_intact else 1


def _read_expected(path: Path | None) -> tuple[ChainHead, ...]:
    return () if path is None else read_heads(path.read_text("utf-8"))


def _save_heads(path: Path, report: ChainReport) -> None:
    """Replace the file at once, so that a crash never leaves half of one."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(write_heads(report.heads), "utf-8")
    draft.replace(path)


def _word_file_fault(error: OSError | ValueError, verb: str) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "the file of saved heads is not text; name one made by --save-heads"
    if isinstance(error, ValueError):
        return str(error)
    return f"the file of heads cannot be {verb}; check its path and its rights"


def _complain(sentence: str, *, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


def _format_text(report: ChainReport) -> str:
    lines = [f"{_word_place(fault)}: {fault.sentence}" for fault in report.faults]
    read = f"{report.chains} chains, {report.records} records, {report.items} items"
    lines.append(f"all fits: {read}" if report.is_intact else f"{len(report.faults)} faults: {read}")
    return "\n".join(lines)


def _word_place(fault: Fault) -> str:
    return "beside the chains" if fault.chain_id is None else f"chain {fault.chain_id}, record {fault.position}"


def _format_json(report: ChainReport) -> str:
    body = {
        "intact": report.is_intact,
        "chains": report.chains,
        "records": report.records,
        "items": report.items,
        "faults": [
            {
                "kind": fault.kind.value,
                "chain_id": None if fault.chain_id is None else str(fault.chain_id),
                "position": fault.position,
                "sentence": fault.sentence,
            }
            for fault in report.faults
        ],
        "heads": [describe_head(head) for head in report.heads],
    }
    return json.dumps(body, indent=2)
