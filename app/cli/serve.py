"""`probity serve`: the API and its pages over a database that is up to date.

It needs no owner's rights; a policy or a database that does not fit refuses the start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from app.answering.exporting import exporting
from app.http.application import create_app
from app.http.server import create_event_loop, run_server
from app.main import assemble, ensure_up_to_date, open_exporter, open_pipeline
from app.pipeline import Pipeline
from app.settings import Settings, read_settings
from app.storage.cluster import Addresses, open_addresses

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

# A policy that was applied is served after so long, or at the first request or SIGHUP before that.
LOOK_SECONDS: Final = 2.0


def register(subparsers: Subparsers) -> None:
    """Add the command `serve` to the command line."""
    serve = subparsers.add_parser(
        "serve", help="serve the API and its pages", description="Serve the GraphQL API and its pages until stopped."
    )
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, help="the port to listen on ($PORT, 8000)")
    serve.set_defaults(handler=serve_until_stopped)


def serve_until_stopped(arguments: argparse.Namespace) -> int:
    """Serve until a signal ends it; 0 after an orderly end."""
    settings = read_settings(os.environ)
    assemble(settings.root)
    with open_addresses(settings, progress=_tell) as addresses:
        run_serving(settings, addresses, host=arguments.host, port=arguments.port or settings.port)
    return 0


def run_serving(settings: Settings, addresses: Addresses, *, host: str, port: int) -> None:
    """Serve in an event loop of its own until a signal ends it."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("probity").setLevel(logging.INFO)
    with asyncio.Runner(loop_factory=create_event_loop) as runner:
        runner.run(serve(settings, addresses, host=host, port=port))


async def serve(settings: Settings, addresses: Addresses, *, host: str, port: int) -> None:
    """Bring an embedded database up to date, open the path and serve it."""
    await ensure_up_to_date(addresses, settings)
    async with open_pipeline(settings, addresses) as pipeline, following_policy(pipeline, seconds=LOOK_SECONDS):
        exporter = open_exporter(settings, pipeline)
        origin = settings.origin or f"http://{host}:{port}"
        graphiql = settings.root / "web" / "graphiql" / "node_modules"
        app = create_app(pipeline, endpoint_url=f"{origin}/graphql", graphiql=graphiql, exporter=exporter)
        async with exporting(exporter):
            await run_server(app, host=host, port=port)


@contextlib.asynccontextmanager
async def following_policy(pipeline: Pipeline, *, seconds: float) -> AsyncIterator[None]:
    """Look every so many seconds, and at SIGHUP, whether the database stands on another policy, and serve that."""
    wake = asyncio.Event()
    loop = asyncio.get_running_loop()
    looking = loop.create_task(_follow(pipeline, wake, seconds))
    # Not to be had outside the main thread, nor on Windows; the look every few seconds does without.
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
        loop.add_signal_handler(signal.SIGHUP, wake.set)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
            loop.remove_signal_handler(signal.SIGHUP)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _follow(pipeline: Pipeline, wake: asyncio.Event, seconds: float) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), seconds)
        wake.clear()
        try:
            await pipeline.follow_policy()
        except Exception as error:
            # INVARIANT: the looking goes on; a request that meets another policy finds it out for itself.
            logging.getLogger("probity.policy").error("could not look: exception=%s", type(error).__qualname__)


def _tell(line: str) -> None:
    sys.stderr.write(f"probity: {line}\n")
