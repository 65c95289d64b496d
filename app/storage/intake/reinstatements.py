"""Reinstatements: a new version of the one revocation of an officer in a State that an import has drafted.

INVARIANT: a revocation that a reviewer or a reader may have seen is never amended here; that is its reporter's act.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from app.domain.content import SALT_BYTES, compute_commitment
from app.domain.intake import CaseRow, Reason
from app.domain.vocabulary import Lifecycle

if TYPE_CHECKING:
    import asyncpg

    from app.storage.intake.batches import Connection
    from app.storage.intake.staging import MergeContext

TARGET: Final = "revision"
_AMENDABLE: Final = frozenset({Lifecycle.DRAFT.value, Lifecycle.AWAITING_EVIDENCE.value})


async def put_revision(connection: Connection, context: MergeContext, row: CaseRow) -> None:
    """Add a REVISION to the revocation that a staged reinstatement ends, or park the row."""
    staged = await connection.fetchrow(_STAGED, row.identity.line)
    if staged is None or row.outcome is None:
        return
    found = await connection.fetch(_REVOCATIONS, staged["officer_id"], row.state_code, row.outcome.content.action_date)
    if len(found) != 1:
        reason = Reason.REVOCATION_AMBIGUOUS if found else Reason.REVOCATION_UNKNOWN
        await connection.execute(_PARK, row.identity.line, reason)
        return
    if found[0]["lifecycle"] not in _AMENDABLE or not found[0]["is_imported"]:
        await connection.execute(_PARK, row.identity.line, Reason.REVOCATION_IN_REVIEW)
        return
    await _insert_version(connection, context, row, found[0])
    await connection.execute(
        _REMEMBER,
        *(context.source, TARGET, row.identity.record_key, row.identity.content_sha256),
        *(found[0]["id"], context.batch_id),
    )


async def _insert_version(
    connection: Connection, context: MergeContext, row: CaseRow, revocation: asyncpg.Record
) -> None:
    if row.outcome is None:
        raise ValueError("a reinstatement has an outcome")
    content = replace(
        row.outcome.content,
        basis=tuple(revocation["basis"]),
        force_related=revocation["force_related"],
        final_finding=None,
    )
    salt = secrets.token_bytes(SALT_BYTES)
    begins = max(context.at, _next_moment(revocation["recorded_from"]))
    version: int = revocation["current_version"]
    key: tuple[Any, ...] = (revocation["id"], version)
    await connection.execute(_CLOSE_VERSION, *key, begins)
    await connection.execute(_INSERT_VERSION, *key, content.action_date, begins, compute_commitment(salt, content))
    await connection.execute(
        _INSERT_CONTENT,
        *key,
        salt,
        *(content.action_date, list(content.basis), content.force_related),
        *(content.standard_of_proof, content.legal_basis),
    )
    await connection.execute(_MOVE_ON, *key)


def _next_moment(moment: datetime) -> datetime:
    """Two versions of one import keep their order: the later one counts from a microsecond on."""
    return moment + timedelta(microseconds=1)


_STAGED: Final = """
SELECT c.officer_id FROM staged_cases c JOIN staged_rows r USING (line)
WHERE c.line = $1 AND r.verdict IS NULL AND c.officer_id IS NOT NULL
"""

_REVOCATIONS: Final = """
SELECT s.id, s.lifecycle, s.current_version, lower(v.recorded) AS recorded_from, t.basis, t.force_related,
    EXISTS (
        SELECT FROM registry.source_records k WHERE k.target = 'matter' AND k.target_id = s.matter_id
    ) AS is_imported
FROM registry.outcome_series s
    JOIN registry.agencies a ON a.id = s.agency_id
    JOIN registry.outcome_versions v ON v.series_id = s.id AND v.version = s.current_version
    JOIN registry.outcome_contents t ON t.series_id = v.series_id AND t.version = v.version
WHERE s.officer_id = $1 AND s.kind = 'DECERTIFICATION' AND a.location_state = $2 AND t.action_date <= $3
    AND v.report_type <> 'REVISION'
    AND s.lifecycle NOT IN ('REJECTED', 'WITHDRAWN', 'VOIDED', 'EXPUNGED', 'EXPIRED')
"""

_PARK: Final = "UPDATE staged_rows SET verdict = 'parked', reason = $2 WHERE line = $1"

_REMEMBER: Final = """
INSERT INTO registry.source_records (source, target, record_key, content_sha256, target_id, batch_id)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_CLOSE_VERSION: Final = """
UPDATE registry.outcome_versions SET recorded = tstzrange(lower(recorded), $3) WHERE series_id = $1 AND version = $2
"""

_INSERT_VERSION: Final = """
INSERT INTO registry.outcome_versions
    (series_id, version, report_type, supersedes, valid, recorded, content_commitment)
VALUES ($1, $2::integer + 1, 'REVISION', $2, daterange($3, NULL), tstzrange($4, NULL), $5)
"""

_INSERT_CONTENT: Final = """
INSERT INTO registry.outcome_contents
    (series_id, version, commitment_salt, action_date, basis, force_related, standard_of_proof, legal_basis)
VALUES ($1, $2::integer + 1, $3, $4, $5, $6, $7, $8)
"""

_MOVE_ON: Final = "UPDATE registry.outcome_series SET current_version = $2::integer + 1 WHERE id = $1"
