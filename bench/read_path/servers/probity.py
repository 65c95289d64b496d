"""Probity as it serves, everything on; or with a ledger that keeps nothing, to see what the record costs.

Recorder and ledger are replaced here, in the measurement: the product has no switch for it.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import dataclasses
import os
import signal
from typing import Any, Final, cast

from app.answering.recording import Recorder
from app.http.application import create_app
from app.http.server import create_event_loop, run_server
from app.main import open_pipeline
from app.planning import planner
from app.planning.limits import SIGNED_IN
from app.settings import read_settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.ledger.group_commit import Ledger
from read_path.figures import AGGREGATES
from read_path.processes import profile_path
from read_path.servers.announcing import announce
from read_path.shapes import LOOK_UP, PAGE
from read_path.trusted import name_documents

# The page of 1,000 is beyond what the registry gives: these two bounds alone are lifted, in the measured process.
LARGEST_PAGE: Final = 1_000
_DOCUMENTS: Final = (LOOK_UP, PAGE, *(each.document for each in AGGREGATES))


class KeepsNothing:
    """Makes no record, and keeps what it is given nowhere."""

    def record_read(self, *_: Any) -> None:
        """Make none."""

    async def append(self, _: None) -> None:
        """Keep none."""


def lift_page_bounds() -> None:
    """Let a signed-in caller ask for a page of 1,000."""
    vars(planner)["SIGNED_IN_PAGE"] = LARGEST_PAGE
    vars(planner)["SIGNED_IN"] = dataclasses.replace(SIGNED_IN, cost=LARGEST_PAGE * 100)


async def serve(addresses: Addresses, *, audited: bool) -> None:
    """Serve on a free port of the loopback address until told to stop."""
    async with open_pipeline(read_settings(os.environ), addresses) as pipeline:
        pipeline = dataclasses.replace(pipeline, documents={**pipeline.documents, **name_documents(_DOCUMENTS)})
        if not audited:
            nothing = KeepsNothing()
            pipeline = dataclasses.replace(pipeline, ledger=cast(Ledger, nothing), recorder=cast(Recorder, nothing))
        profile_on_signal()
        await run_server(create_app(pipeline), host="127.0.0.1", port=0, announce=announce)


def profile_on_signal() -> None:
    """Begin a profile of this process at SIGUSR1, and write it at SIGUSR2."""
    loop, profile = asyncio.get_running_loop(), cProfile.Profile()

    def write() -> None:
        profile.disable()
        path = profile_path(os.getpid())
        unfinished = path.with_suffix(".unfinished")
        profile.dump_stats(unfinished)
        unfinished.rename(path)
        profile.clear()

    loop.add_signal_handler(signal.SIGUSR1, profile.enable)
    loop.add_signal_handler(signal.SIGUSR2, write)


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-audit", action="store_true")
    chosen = parser.parse_args()
    lift_page_bounds()
    with open_addresses(read_settings(os.environ)) as addresses:
        loop: Any = create_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve(addresses, audited=not chosen.without_audit))


if __name__ == "__main__":
    main()
