"""`probity exports list|run|sweep`: exports for analysts, seen and carried on from the console.

It prints ids, states and counts; what was asked for and the rows themselves stay where they are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from app.answering.exporting import Exporter
from app.main import ensure_up_to_date, open_exporter, open_pipeline
from app.settings import Settings, read_settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.exports import StoredExport, list_exports
from app.storage.logins import Login

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

Done = TypeVar("Done")


def register(subparsers: Subparsers) -> None:
    """Add the group `exports` to the command line."""
    group = subparsers.add_parser("exports", help="see, carry on and clear away exports for analysts")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    for name, handler, text in (
        ("list", run_list, "list exports, the newest first"),
        ("run", run_waiting, "carry out what waits, as a serving process does in the background"),
        ("sweep", run_sweep, "let expire what is past its time, and delete the files of what has ended"),
    ):
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]} (docs/analysis.md).")
        command.add_argument("--json", action="store_true", help="report as JSON")
        command.set_defaults(handler=handler)


def run_list(arguments: argparse.Namespace) -> int:
    """Print every export; 0."""

    async def find(exporter: Exporter) -> list[dict[str, Any]]:
        async with exporter.pools.borrow(Login.COMMAND) as connection:
            return [_describe(each) for each in await list_exports(connection)]

    rows = _work(find)
    if arguments.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        print(" ".join(str(value) for value in row.values() if value is not None))
    return 0


def run_waiting(arguments: argparse.Namespace) -> int:
    """Carry out exports until none waits; 0."""

    async def run(exporter: Exporter) -> int:
        done = 0
        while await exporter.run_next():
            done += 1
        return done

    return _report("worked at", _work(run), arguments)


def run_sweep(arguments: argparse.Namespace) -> int:
    """Delete what is past its time; 0."""
    return _report("deleted", _work(lambda exporter: exporter.sweep()), arguments)


def _describe(export: StoredExport) -> dict[str, Any]:
    return {
        "id": str(export.id),
        "state": export.state.value,
        "failure": export.failure and export.failure.value,
        "format": export.format.value,
        "account": export.account,
        "rows": export.rows_done,
        "requestedAt": export.requested_at.isoformat(),
        "expiresAt": export.expires_at and export.expires_at.isoformat(),
        "sha256": export.sha256 and export.sha256.hex(),
    }


def _report(word: str, count: int, arguments: argparse.Namespace) -> int:
    print(json.dumps({word.replace(" ", "_"): count}) if arguments.json else f"{word}: {count}")
    return 0


def _work(do: Callable[[Exporter], Awaitable[Done]]) -> Done:
    settings = read_settings(os.environ)
    with open_addresses(settings) as addresses:
        return asyncio.run(_do(settings, addresses, do))


async def _do(settings: Settings, addresses: Addresses, do: Callable[[Exporter], Awaitable[Done]]) -> Done:
    await ensure_up_to_date(addresses, settings)
    async with open_pipeline(settings, addresses) as pipeline:
        return await do(open_exporter(settings, pipeline))
