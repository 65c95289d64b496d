"""`probity demo`: the invented registry, the guided tour, and then serving it.

It loads its world only into an empty registry, and runs in demo mode alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from typing import TYPE_CHECKING

from rich.console import Console

from app.cli.serve import run_serving
from app.demo.questions import Interviewer
from app.demo.story import write_story
from app.demo.tour import Tour
from app.domain.clock import draw_random_id, read_system_clock
from app.errors import SetupRefused
from app.identity.issuer import DEMO_KEY_NAME, DemoIssuer
from app.main import ensure_up_to_date, open_pipeline
from app.registry.world.exchange import load_world
from app.settings import Settings, read_settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.migrate import require_demo
from app.storage.secrets import Secrets
from app.storage.tables.people import OFFICERS
from app.storage.world.owner import connected_owner
from app.storage.world.trees import list_filled

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: Subparsers) -> None:
    """Add the command `demo` to the command line."""
    demo = subparsers.add_parser(
        "demo",
        help="the guided tour of an invented registry (demo mode)",
        description="Load an invented registry, walk through it, and serve it until stopped.",
    )
    demo.add_argument("--no-serve", action="store_true", help="end after the tour")
    demo.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    demo.set_defaults(handler=show_demo)


def show_demo(arguments: argparse.Namespace) -> int:
    """Walk the tour and serve; 0 after an orderly end."""
    settings = read_settings(os.environ)
    if not settings.is_demo:
        raise SetupRefused("the tour exists in demo mode only; unset PROBITY_MODE")
    with open_addresses(settings, progress=_tell) as addresses:
        asyncio.run(_prepare(addresses, settings))
        asyncio.run(_walk(addresses, settings))
        if not arguments.no_serve:
            _tell(f"serving on http://{arguments.host}:{settings.port}/ (Ctrl-C ends it)")
            run_serving(settings, addresses, host=arguments.host, port=settings.port)
    return 0


async def _prepare(addresses: Addresses, settings: Settings) -> None:
    """Bring the database up to date and load the story where the registry is empty."""
    await ensure_up_to_date(addresses, settings)
    async with connected_owner(addresses) as connection:
        await require_demo(connection, settings)
        if not await list_filled(connection, [OFFICERS]):
            lines = write_story(read_system_clock())
            await load_world(connection, settings, lines, clock=read_system_clock, ids=draw_random_id)


async def _walk(addresses: Addresses, settings: Settings) -> None:
    issuer = DemoIssuer(
        secret=Secrets(settings.home).get_or_create(DEMO_KEY_NAME),
        mode=settings.mode,
        clock=read_system_clock,
        draw_id=draw_random_id,
    )
    async with open_pipeline(settings, addresses) as pipeline:
        console = Console(width=None if sys.stdout.isatty() else 150)
        await Tour(Interviewer(pipeline=pipeline, issuer=issuer), addresses, console).walk()


def _tell(line: str) -> None:
    sys.stderr.write(f"probity: {line}\n")
