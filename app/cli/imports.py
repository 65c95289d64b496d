"""`probity import agencies|careers|cases FILE`: other people's files into the registry, and what became of each row.

Nothing that it prints or writes repeats what a file holds; a refused or parked row is told by line, reason and column.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.domain.clock import draw_random_id, read_system_clock
from app.domain.intake import ImportKind
from app.errors import ImportRefused, SetupRefused
from app.main import ensure_up_to_date
from app.registry.intake.mapping_file import find_mapping, read_mapping
from app.registry.intake.report import ReportWriter
from app.registry.intake.run import ImportOrder, ImportResult, ImportTools, run_import
from app.settings import Settings, read_settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.intake.batches import Scope
from app.storage.intake.recording import make_recorder
from app.storage.logins import Login
from app.storage.secrets import Secrets

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_STANDARD: Final = "-"
_AGENCY_SOURCE: Final = "agency-list"
_COMMITMENT_KEY: Final = "commitment-key"
_SUBJECTS: Final = {
    ImportKind.AGENCIES: "a list of agencies: our own plain CSV or the FBI's list, told apart by the header",
    ImportKind.CAREERS: "officers' careers from a State's export",
    ImportKind.CASES: "certification cases from a State's export",
}


class UnusableFile(Exception):
    """A file named on the command line that cannot be opened."""


def register(subparsers: Subparsers) -> None:
    """Add the group `import` to the command line."""
    group = subparsers.add_parser("import", help="import agencies, careers or cases from a file")
    commands = group.add_subparsers(required=True, metavar="KIND")
    for kind, subject in _SUBJECTS.items():
        command = commands.add_parser(
            kind.value, help=f"import {subject}", description=f"Import {subject} (docs/importing.md)."
        )
        _add_arguments(command, kind)


def _add_arguments(command: argparse.ArgumentParser, kind: ImportKind) -> None:
    command.add_argument("file", metavar="FILE", help="the file; - reads standard input")
    if kind is not ImportKind.AGENCIES:
        command.add_argument(
            "--mapping", metavar="M", required=True, help="a mapping file, or the name of one that is shipped"
        )
    command.add_argument("--source", metavar="NAME", help="who says so; the mapping names it otherwise")
    command.add_argument("--dry-run", action="store_true", help="count what would happen and keep nothing")
    command.add_argument(
        "--all-or-nothing", action="store_true", help="keep nothing if any row is refused; otherwise good rows stay"
    )
    command.add_argument("--report", metavar="OUT", type=Path, help="write a line of JSON for each row not taken")
    command.add_argument("--json", action="store_true", help="report the counts as JSON")
    command.set_defaults(handler=run_command, kind=kind)


def run_command(arguments: argparse.Namespace) -> int:
    """Import the file and report the counts; 0 done, 1 refused, 2 a file that cannot be opened."""
    try:
        settings = read_settings(os.environ)
        with ExitStack() as stack:
            path = stack.enter_context(_open_source(arguments.file))
            order = _read_order(arguments, settings, path)
            report = stack.enter_context(_open_report(arguments.report, path))
            addresses = stack.enter_context(open_addresses(settings, progress=_complain))
            show = stack.enter_context(_shown_progress())
            result = asyncio.run(_import(addresses, settings, order, report, show))
    except UnusableFile as fault:
        _complain(str(fault))
        return 2
    except (SetupRefused, ImportRefused) as refusal:
        _complain(str(refusal))
        return 1
    counts = result.counts.to_json()
    print(json.dumps(counts, indent=2) if arguments.json else format_counts(counts))
    return _conclude(order, result)


def _read_order(arguments: argparse.Namespace, settings: Settings, path: Path) -> ImportOrder:
    kind: ImportKind = arguments.kind
    mapping = None
    if kind is not ImportKind.AGENCIES:
        mapping = read_mapping(find_mapping(arguments.mapping, settings.root / "mappings"), kind)
    return ImportOrder(
        kind=kind,
        path=path,
        source=arguments.source or (mapping.source if mapping else _AGENCY_SOURCE),
        mapping=mapping,
        scope=Scope.FILE if arguments.all_or_nothing else Scope.ROWS,
        is_dry_run=arguments.dry_run,
    )


async def _import(
    addresses: Addresses,
    settings: Settings,
    order: ImportOrder,
    report: ReportWriter,
    show_progress: Callable[[int, int], None],
) -> ImportResult:
    await ensure_up_to_date(addresses, settings)
    recorder = make_recorder(
        secret=Secrets(settings.home).get_or_create(_COMMITMENT_KEY).encode(),
        draw_id=draw_random_id,
        state=order.mapping.state if order.mapping else None,
    )
    tools = ImportTools(
        clock=read_system_clock,
        draw_id=draw_random_id,
        record=recorder,
        report=report,
        show_progress=show_progress,
    )
    return await run_import(addresses.by_login[Login.IMPORTER], order, tools)


def _conclude(order: ImportOrder, result: ImportResult) -> int:
    if result.has_mark:
        _complain("the file begins with a UTF-8 mark, which was taken off")
    if order.is_dry_run:
        _complain("a dry run: nothing was kept")
    if order.scope is Scope.FILE and result.counts.refused:
        _complain("rows were refused, so nothing was kept; see --report, mend them and import the file again")
        return 1
    return 0


@contextmanager
def _open_source(name: str) -> Iterator[Path]:
    """The file's path; standard input is put aside first, as a file is read more than once."""
    if name != _STANDARD:
        path = Path(name)
        if not path.is_file() or not os.access(path, os.R_OK):
            raise UnusableFile("the file cannot be read; check its path and its rights")
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="probity-import-") as aside:
        shutil.copyfileobj(sys.stdin.buffer, aside)
        aside.flush()
        yield Path(aside.name)


@contextmanager
def _open_report(path: Path | None, source: Path) -> Iterator[ReportWriter]:
    if path is None:
        yield ReportWriter(None)
        return
    if path.exists() and path.samefile(source):
        raise UnusableFile("the report would overwrite the file; name another")
    try:
        # Appended to, because the report of an interrupted import goes on.
        stream = path.open("a", encoding="utf-8")
    except OSError:
        raise UnusableFile("the report cannot be written there; check the path and its rights") from None
    with stream:
        yield ReportWriter(stream)


@contextmanager
def _shown_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, on a terminal alone."""
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("rows", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def format_counts(counts: dict[str, Any]) -> str:
    """The counts as text: one line each, and under it what rows became or why they did not."""
    lines = []
    for name in ("read", "accepted", "unchanged", "parked", "refused"):
        lines.append(f"{name:<10} {counts[name]:>9,}")
        reasons = counts["reasons"].get(name, {})
        lines.extend(f"  {reason:<30} {number:>9,}" for reason, number in reasons.items())
    return "\n".join(lines)


def _complain(sentence: str) -> None:
    print(sentence, file=sys.stderr)
