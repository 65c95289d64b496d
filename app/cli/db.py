"""`probity db upgrade`, `probity db status` and `probity db grants`: the database as this code and this policy need it.

An upgrade may be repeated at any time; nothing here reads a record of the registry.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from app.main import assemble, bring_up_to_date
from app.settings import Settings, read_settings
from app.storage.cluster import open_addresses
from app.storage.grants_matrix import put_grants
from app.storage.migrate import read_status

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: Subparsers) -> None:
    """Add the group `db` to the command line."""
    group = subparsers.add_parser("db", help="bring the database up to date, or ask how it stands")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    upgrade = commands.add_parser("upgrade", help="run the migrations and put roles, grants and row security in place")
    upgrade.set_defaults(handler=upgrade_database)
    status = commands.add_parser("status", help="say whether an upgrade is due; exit 1 where one is")
    status.add_argument("--json", action="store_true", help="report as JSON")
    status.set_defaults(handler=show_status)
    grants = commands.add_parser("grants", help="write the column grants of migrations/grants.sql from the policy")
    grants.add_argument("--check", action="store_true", help="write nothing; exit 1 unless the file is current")
    grants.set_defaults(handler=write_grants)


def upgrade_database(arguments: argparse.Namespace) -> int:
    """Upgrade the database to this code and this policy; 0 when it stands."""
    settings = read_settings(os.environ)
    with open_addresses(settings, progress=_tell) as addresses:
        _tell("upgrading the database")
        asyncio.run(bring_up_to_date(addresses, settings))
        status = asyncio.run(read_status(addresses, settings))
    print(f"the database is at revision {status.revision}")
    return 0


def show_status(arguments: argparse.Namespace) -> int:
    """Say how the database stands; 0 it is current, 1 an upgrade is due."""
    settings = read_settings(os.environ)
    served = assemble(settings.root).policy.digest.hex()
    with open_addresses(settings, progress=_tell) as addresses:
        status = asyncio.run(read_status(addresses, settings))
    is_served = status.policy_sha256 == served
    if arguments.json:
        told = {**asdict(status), "served_policy_sha256": served, "is_current": status.is_current and is_served}
        print(json.dumps(told, indent=2))
    else:
        print(f"revision  {status.revision or 'none'} (needed: {status.head})")
        print(f"policy    {status.policy_sha256 or 'none'}{'' if is_served else f' (served: {served})'}")
    if status.is_current and is_served:
        return 0
    _tell("the database is not current; run probity db upgrade")
    return 1


def write_grants(arguments: argparse.Namespace) -> int:
    """Write or check the written part of the grants; 0 it is current now, 1 it is not."""
    settings = read_settings(os.environ)
    path = settings.root / "migrations" / "grants.sql"
    current = path.read_text("utf-8")
    wanted = put_grants(current, find_column_grants(settings))
    if arguments.check and current != wanted:
        _tell("migrations/grants.sql is not what the policy needs; run probity db grants")
        return 1
    if current != wanted:
        path.write_text(wanted, "utf-8")
    print("current" if current == wanted else "written")
    return 0


def find_column_grants(settings: Settings) -> tuple[str, ...]:
    """The column grants that the plans of every role need, one statement each."""
    return assemble(settings.root).wall_writer.write_column_grants()


def _tell(line: str) -> None:
    sys.stderr.write(f"probity: {line}\n")
