"""The audit record of an import: which file, under which mapping, with what counts.

It names no row and no person; the source and the counts are committed to, not written down.
"""

from __future__ import annotations

from typing import Final

from app.audit.commitment import commit_variables
from app.audit.records import NO_DIGEST, AuditRecord, RecordKind
from app.domain.clock import IdSource
from app.domain.vocabulary import Purpose
from app.storage.intake.batches import Connection, FinishedImport, RecordImport
from app.storage.ledger.command_chain import append_in_transaction

OPERATOR: Final = "operator"


def make_recorder(*, secret: bytes, draw_id: IdSource, state: str | None) -> RecordImport:
    """A recorder for one run of the command, with a chain of its own; `secret` salts what is committed to."""
    chain_id = draw_id()

    async def record(connection: Connection, finished: FinishedImport) -> None:
        record_id = draw_id()
        said = {
            "source": finished.key.source,
            "mapping_sha256": finished.key.mapping_sha256.hex(),
            "batch": str(finished.batch_id),
            "scope": finished.scope.value,
            "counts": dict(finished.counts),
        }
        entry = AuditRecord(
            id=record_id,
            kind=RecordKind.IMPORT,
            at=finished.at,
            account=OPERATOR,
            role=OPERATOR,
            purpose=Purpose.REGISTRY.value,
            state_code=state,
            operation=f"import {finished.key.kind.value}",
            document_sha256=finished.key.file_sha256,
            policy_sha256=NO_DIGEST,
            input_commitment=commit_variables(secret, record_id, said),
            result="IMPORTED",
        )
        await append_in_transaction(connection, entry, chain_id=chain_id)

    return record
