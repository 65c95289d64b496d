"""`probity world load FILE` and `probity world dump FILE`: a whole registry of invented people as lines of JSON.

Both are refused outside demo mode; a load is all or nothing, and no message repeats what a line holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app.domain.clock import draw_random_id, read_system_clock
from app.errors import ImportRefused, SetupRefused
from app.main import ensure_up_to_date
from app.registry.world.exchange import dump_world, list_left_out, load_world
from app.registry.world.reading import LONGEST_LINE
from app.registry.world.writing import name_kind
from app.settings import Settings, read_settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.world.owner import connected_owner

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_STANDARD: Final = "-"
_LINES_BETWEEN_UPDATES: Final = 5_000


class UnusableFile(Exception):
    """A file named on the command line that cannot be opened."""


def register(subparsers: Subparsers) -> None:
    """Add the group `world` to the command line."""
    group = subparsers.add_parser("world", help="load or dump a whole registry of invented people (demo mode)")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    load = commands.add_parser(
        "load",
        help="load a world into an empty registry",
        description="Load a world (docs/world-format.md) into an empty registry in demo mode: all of it or nothing.",
    )
    load.add_argument("file", metavar="FILE", help="the world's lines; - reads standard input")
    load.set_defaults(handler=run_load)
    dump = commands.add_parser(
        "dump",
        help="write the registry as a world",
        description="Write the registry as a world that loads to an equal registry; in demo mode only.",
    )
    dump.add_argument("file", metavar="FILE", help="where to write; - writes to standard output")
    dump.set_defaults(handler=run_dump)
    for command in (load, dump):
        command.add_argument("--json", action="store_true", help="report counts as JSON")


def run_load(arguments: argparse.Namespace) -> int:
    """Load the file and report the lines of each kind; 0 loaded, 1 refused, 2 the file cannot be read."""
    with ExitStack() as stack:
        try:
            settings = _require_demo_mode()
            stream = stack.enter_context(_open_input(arguments.file))
            addresses = stack.enter_context(open_addresses(settings))
            lines = stack.enter_context(_shown_progress(stream))
            counts = asyncio.run(_load(addresses, settings, lines))
        except UnusableFile as fault:
            return _complain(str(fault), code=2)
        except (SetupRefused, ImportRefused) as refusal:
            return _complain(str(refusal), code=1)
    print(_format_counts(counts, as_json=arguments.json))
    return 0


def run_dump(arguments: argparse.Namespace) -> int:
    """Write the world and report the lines of each kind; 0 written, 1 refused, 2 the file cannot be written."""
    try:
        settings = _require_demo_mode()
        with open_addresses(settings) as addresses, _open_output(arguments.file) as stream:
            counts, left_out = asyncio.run(_dump(addresses, settings, stream.write))
    except UnusableFile as fault:
        return _complain(str(fault), code=2)
    except SetupRefused as refusal:
        return _complain(str(refusal), code=1)
    report = sys.stderr if arguments.file == _STANDARD else sys.stdout
    print(_format_counts(counts, as_json=arguments.json, left_out=left_out), file=report)
    return 0


async def _load(addresses: Addresses, settings: Settings, lines: Iterator[bytes]) -> dict[str, int]:
    await ensure_up_to_date(addresses, settings)
    async with connected_owner(addresses) as connection:
        return await load_world(connection, settings, lines, clock=read_system_clock, ids=draw_random_id)


async def _dump(
    addresses: Addresses, settings: Settings, write: Callable[[bytes], object]
) -> tuple[dict[str, int], list[str]]:
    counts: Counter[str] = Counter()
    await ensure_up_to_date(addresses, settings)
    async with connected_owner(addresses) as connection:
        async with aclosing(dump_world(connection, settings, clock=read_system_clock)) as lines:
            async for line in lines:
                write(line)
                counts[name_kind(line)] += 1
        return dict(counts), await list_left_out(connection)


def _require_demo_mode() -> Settings:
    settings = read_settings(os.environ)
    if not settings.is_demo:
        raise SetupRefused("worlds exist in demo mode only; set PROBITY_MODE=demo on a database of its own")
    return settings


@contextmanager
def _open_input(name: str) -> Iterator[IO[bytes]]:
    if name == _STANDARD:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError:
        raise UnusableFile("the world's file cannot be read; check its path and its rights") from None
    with stream:
        yield stream


@contextmanager
def _open_output(name: str) -> Iterator[IO[bytes]]:
    """A new file that only its owner can read, put in place once it is whole."""
    if name == _STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(name)
    draft = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise UnusableFile("the world cannot be written there; check the path and its rights") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _shown_progress(stream: IO[bytes]) -> Iterator[Iterator[bytes]]:
    """The stream's lines, none read beyond the longest one allowed; a bar on a terminal shows how far they are."""
    console = Console(stderr=True)
    total = os.fstat(stream.fileno()).st_size if stream.seekable() else None
    columns = (TextColumn("loading"), BarColumn(), TextColumn("{task.fields[lines]} lines"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("loading", total=total, lines=0)

        def read_lines() -> Iterator[bytes]:
            done = size = 0
            while line := stream.readline(LONGEST_LINE + 1):
                yield line
                done, size = done + 1, size + len(line)
                if done % _LINES_BETWEEN_UPDATES == 0:
                    progress.update(task, completed=size, lines=done)

        yield read_lines()


def _format_counts(counts: dict[str, int], *, as_json: bool, left_out: list[str] | None = None) -> str:
    kinds = {name: count for name, count in counts.items() if name != "world"}
    if as_json:
        body: dict[str, object] = {"lines": sum(kinds.values()), "kinds": kinds}
        return json.dumps(body if left_out is None else body | {"left_out": left_out}, indent=2)
    lines = [f"{count:>9}  {name}" for name, count in kinds.items() if count]
    lines.append(f"{sum(kinds.values()):>9}  lines in all")
    if left_out:
        lines.append(f"no world can hold what is in {', '.join(left_out)}: the dump is without it")
    return "\n".join(lines)


def _complain(sentence: str, *, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code
