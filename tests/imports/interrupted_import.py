"""A process that imports a file of careers and is killed, as by a power cut, once some chunks are kept.

Run as a script: PATH CHUNK_ROWS CHUNKS; the importer's address comes on standard input.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import uuid4

from app.domain.clock import read_system_clock
from app.domain.intake import ImportKind
from app.registry.intake.mapping_file import read_mapping
from app.registry.intake.report import ReportWriter
from app.registry.intake.run import ImportOrder, ImportTools, run_import
from app.storage.intake.batches import Connection, FinishedImport

MAPPING = Path(__file__).resolve().parents[2] / "mappings" / "wa_careers.toml"


async def refuse_to_finish(connection: Connection, finished: FinishedImport) -> None:
    raise AssertionError("the import should have been killed before it ended")


def main() -> None:
    path, chunk_rows, chunks = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    kept = iter(range(1, 1_000_000))

    def show_progress(done: int, total: int) -> None:
        if next(kept) == chunks:
            os.kill(os.getpid(), signal.SIGKILL)

    mapping = read_mapping(MAPPING, ImportKind.CAREERS)
    tools = ImportTools(
        clock=read_system_clock,
        draw_id=uuid4,
        record=refuse_to_finish,
        report=ReportWriter(None),
        show_progress=show_progress,
    )
    order = ImportOrder(
        kind=ImportKind.CAREERS, path=path, source=mapping.source, mapping=mapping, chunk_rows=chunk_rows
    )
    asyncio.run(run_import(sys.stdin.read(), order, tools))


if __name__ == "__main__":
    main()
