"""Fixtures of imports: a way to run one in this process, and files of known content."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.domain.intake import ImportKind
from app.registry.intake.mapping import SourceMapping
from app.registry.intake.mapping_file import read_mapping
from app.registry.intake.report import ReportWriter
from app.registry.intake.run import ImportOrder, ImportResult, ImportTools, run_import
from app.storage.cluster import Addresses
from app.storage.intake.batches import Connection, FinishedImport
from app.storage.logins import Login

# Reference data that lies beside the checkout where there is any.
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MAPPINGS = Path(__file__).parents[2] / "mappings"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(slots=True)
class Importer:
    """Runs imports against one fresh database and remembers what they reported and recorded."""

    address: str = field(repr=False)
    at: datetime = NOW
    recorded: list[FinishedImport] = field(default_factory=list)
    report: io.StringIO = field(default_factory=io.StringIO)

    async def run(self, kind: ImportKind, path: Path, **changes: Any) -> ImportResult:
        """Import a file under the shipped mapping of its kind, unless told otherwise."""
        mapping = changes.pop("mapping", None) or shipped_mapping(kind)
        source = changes.pop("source", mapping.source if mapping else "generated-list")
        tools = ImportTools(
            clock=lambda: self.at,
            draw_id=uuid4,
            record=changes.pop("record", self.record),
            report=ReportWriter(self.report),
            show_progress=changes.pop("show_progress", lambda done, total: None),
        )
        order = ImportOrder(kind=kind, path=path, source=source, mapping=mapping, **changes)
        return await run_import(self.address, order, tools)

    async def record(self, connection: Connection, finished: FinishedImport) -> None:
        """Remember the import; the connection must be inside the transaction that closes the batch."""
        assert connection.is_in_transaction()
        self.recorded.append(finished)


def shipped_mapping(kind: ImportKind) -> SourceMapping | None:
    """The mapping of Washington's layout of this kind; agencies need none."""
    return None if kind is ImportKind.AGENCIES else read_mapping(MAPPINGS / f"wa_{kind.value}.toml", kind)


@pytest.fixture
def importer(addresses: Addresses) -> Importer:
    """Imports into a fresh database, as the importer's login."""
    return Importer(address=addresses.by_login[Login.IMPORTER])


WriteFile = Callable[[str, str | bytes], Path]


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    """Write a file of given content and give its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
