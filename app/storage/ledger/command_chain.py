"""Records written inside another transaction: of commands, imports and set-up, kept exactly if that work is kept.

INVARIANT: a position is taken under the chain's lock and freed by a rollback, so these chains have no gaps either.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final
from uuid import UUID

from app.audit.chain import seal_record
from app.audit.records import AuditRecord
from app.storage.ledger.rows import AppendedRecord, describe_appended, insert_records, read_head

if TYPE_CHECKING:
    from app.storage.ledger.rows import Connection

_LOCK_FORM: Final = b"probity-audit-lock-1"
# The lock is a statement of its own: one that also read the head would read it as it was before the wait.
_LOCK: Final = (
    "SELECT pg_advisory_xact_lock($1), set_config('synchronous_commit', 'on', true), "
    "current_setting('transaction_isolation')"
)


async def append_in_transaction(connection: Connection, record: AuditRecord, *, chain_id: UUID) -> AppendedRecord:
    """Append the record to the chain inside the open transaction; durable when that commits.

    Call it last: the chain stays locked until the transaction ends. One chain belongs to one process (or one run of
    a command). Raises `RuntimeError` outside a transaction or in one that is not READ COMMITTED, which could not see
    what was appended while it waited; the database's errors pass through, and the transaction is to be rolled back.
    """
    if not connection.is_in_transaction():
        raise RuntimeError("an audit record of a command belongs into its transaction; open one first")
    locked = await connection.fetchrow(_LOCK, _number_lock(chain_id))
    if locked is None or locked["current_setting"] != "read committed":
        raise RuntimeError("a command's transaction must be read committed; open it so")
    sealed = seal_record(await read_head(connection, chain_id), record)
    await insert_records(connection, [sealed])
    return describe_appended(sealed)


def _number_lock(chain_id: UUID) -> int:
    """The number of a chain's advisory lock: 64 bits, signed."""
    return int.from_bytes(hashlib.sha256(_LOCK_FORM + chain_id.bytes).digest()[:8], signed=True)
