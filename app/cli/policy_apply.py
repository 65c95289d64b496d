"""`probity policy apply`: the database on another policy, in one transaction, while processes go on answering.

It applies what loads and fits the contract, and nothing else; processes serve it as soon as the database stands on it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import SetupRefused
from app.main import Assembly, assemble
from app.settings import Settings, read_settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.migrate import apply_policy, read_status

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_apply(commands: Subparsers) -> None:
    """Add `apply` to the group `policy`."""
    apply = commands.add_parser(
        "apply",
        help="put the policy into the database; running processes follow",
        description="Check a policy directory and put it into the database as its owner: row security, column grants "
        "and the digest that statements are checked against. Running processes read the directory they serve from "
        "again and answer under it; no restart, and no request is dropped.",
        epilog="exit code: 0 the database stands on it, 1 it is refused or, with --check, not there, 2 wrong use",
    )
    apply.add_argument("--policies", type=Path, metavar="DIRECTORY", help="another policy directory than the served")
    apply.add_argument("--check", action="store_true", help="change nothing; say whether the database stands on it")
    apply.add_argument("--json", action="store_true", help="report as JSON")
    apply.set_defaults(handler=apply_directory)


def apply_directory(arguments: argparse.Namespace) -> int:
    """Apply the directory, or with `--check` compare it with the database's; the exit code."""
    settings = read_settings(os.environ)
    try:
        assembly = assemble(settings.root, arguments.policies)
        with open_addresses(settings, progress=_tell) as addresses:
            before, seconds = asyncio.run(_apply(addresses, settings, assembly, is_dry=arguments.check))
    except SetupRefused as refusal:
        _tell(str(refusal))
        return 1
    digest = assembly.policy.digest.hex()
    stands = arguments.check is False or before == digest
    if arguments.json:
        told = {"policy_sha256": digest, "before_sha256": before, "stands": stands, "seconds": round(seconds, 3)}
        print(json.dumps(told, indent=2))
    else:
        print(f"policy    {digest}")
        print(f"before    {before or 'none'}{' (the same)' if before == digest else ''}")
        print(f"applied   in {seconds:.2f} s" if not arguments.check else f"stands    {'yes' if stands else 'no'}")
    return 0 if stands else 1


async def _apply(
    addresses: Addresses, settings: Settings, assembly: Assembly, *, is_dry: bool
) -> tuple[str | None, float]:
    """The digest that the database stood on before, and how many seconds the change took."""
    before = (await read_status(addresses, settings)).policy_sha256
    started = time.perf_counter()
    if not is_dry:
        await apply_policy(addresses, settings, assembly.wall)
    return before, time.perf_counter() - started


def _tell(line: str) -> None:
    sys.stderr.write(f"probity: {line}\n")
