"""Cases into the registry: matters, their steps and evidence, and the outcomes that they would report.

INVARIANT: an import makes outcomes in DRAFT or AWAITING_EVIDENCE alone, and touches no outcome that others have seen.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from app.domain.content import SALT_BYTES, compute_commitment
from app.domain.intake import CaseEffect, CaseRow
from app.domain.vocabulary import Lifecycle
from app.storage.intake.batches import Connection
from app.storage.intake.reinstatements import put_revision
from app.storage.intake.staging import (
    MergeContext,
    RowVerdict,
    accept_rows,
    copy_rows,
    create_staged_rows,
    recall_rows,
    stage_rows,
)

TARGET: Final = "matter"
_IMPORTED_LIFECYCLES: Final = frozenset({Lifecycle.DRAFT, Lifecycle.AWAITING_EVIDENCE})


class CasesMerge:
    """Merges rows of cases."""

    async def prepare(self, connection: Connection) -> None:
        """Make the staging tables."""
        await create_staged_rows(connection)
        await connection.execute(_CREATE)
        await connection.execute(_CREATE_STEPS)

    def list_tokens(self, row: CaseRow) -> Iterable[object]:
        """Two rows of one case are merged one after the other."""
        return (row.identity.record_key,)

    async def merge(self, connection: Connection, context: MergeContext, rows: Sequence[CaseRow]) -> list[RowVerdict]:
        """Merge rows of different cases; the reinstatements among them one by one, each seeing those before it."""
        await stage_rows(connection, (row.identity for row in rows))
        await connection.execute("TRUNCATE staged_cases, staged_steps")
        await copy_rows(connection, "staged_cases", _COLUMNS, _list_records(rows))
        await copy_rows(connection, "staged_steps", _STEP_COLUMNS, _list_steps(rows))
        await recall_rows(connection, context, TARGET)
        for statement in (_PARK_KNOWN, _FIND_BY_NUMBER, _FIND_BY_NAME, _PARK_UNIDENTIFIED):
            await connection.execute(statement)
        for row in rows:
            if row.effect is CaseEffect.REINSTATEMENT:
                await put_revision(connection, context, row)
        await self._put_matters(connection, context)
        await self._put_outcomes(connection, context)
        return await accept_rows(connection, context, TARGET)

    async def _put_matters(self, connection: Connection, context: MergeContext) -> None:
        await connection.execute(_CHOOSE_NEW)
        await connection.execute(_INSERT_MATTERS, context.at)
        await connection.execute(_UPDATE_MATTERS)
        await connection.execute(_PUT_STEPS, context.at)

    async def _put_outcomes(self, connection: Connection, context: MergeContext) -> None:
        await connection.execute(_INSERT_SERIES, context.at)
        await connection.execute(_INSERT_VERSIONS, context.at)
        await connection.execute(_INSERT_CONTENTS)


_COLUMNS: Final = (
    *("line", "case_number", "agency_id", "reporter_id", "number_kind", "issuer", "number", "family_name"),
    *("given_name", "effect", "status", "disposition", "force_related", "opened_on", "closed_on", "custodian"),
    *("lifecycle", "finality", "action_date", "basis", "outcome_force_related", "final_finding"),
    *("standard_of_proof", "legal_basis", "salt", "commitment"),
)
_STEP_COLUMNS: Final = ("line", "element", "document", "occurred_on")


def _list_records(rows: Sequence[CaseRow]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        number, name = row.number, row.name
        yield (
            *(row.identity.line, row.case_number, row.agency_id, row.reporter_id),
            *((number.kind, number.issuer, number.value) if number else (None, None, None)),
            *((name.family, name.given) if name else (None, None)),
            *(row.effect, row.status, row.disposition, row.force_related, row.opened_on, row.closed_on),
            row.custodian,
            *_list_outcome(row),
        )


def _list_outcome(row: CaseRow) -> tuple[Any, ...]:
    outcome = row.outcome
    if outcome is None or row.effect is not CaseEffect.DECERTIFICATION:
        return (None,) * 10
    if outcome.lifecycle not in _IMPORTED_LIFECYCLES:
        raise ValueError("an import makes drafts and outcomes that await their evidence, and no others")
    content = outcome.content
    salt = secrets.token_bytes(SALT_BYTES)
    return (
        *(outcome.lifecycle, outcome.finality, content.action_date, list(content.basis), content.force_related),
        *(content.final_finding, content.standard_of_proof, content.legal_basis),
        *(salt, compute_commitment(salt, content)),
    )


def _list_steps(rows: Sequence[CaseRow]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        for step in row.steps:
            yield row.identity.line, step.element, step.document, step.occurred_on


_CREATE: Final = """
CREATE TEMP TABLE staged_cases (
    line bigint PRIMARY KEY,
    case_number text NOT NULL, agency_id uuid NOT NULL, reporter_id uuid NOT NULL,
    number_kind text, issuer text, number text, family_name text, given_name text,
    effect text NOT NULL, status text NOT NULL, disposition text, force_related boolean,
    opened_on date, closed_on date, custodian text NOT NULL,
    lifecycle text, finality text, action_date date, basis text[], outcome_force_related boolean,
    final_finding text, standard_of_proof text, legal_basis text, salt bytea, commitment bytea,
    officer_id uuid, series_id uuid NOT NULL DEFAULT gen_random_uuid()
)
"""

_CREATE_STEPS: Final = """
CREATE TEMP TABLE staged_steps (
    line bigint NOT NULL, element text NOT NULL, document text NOT NULL, occurred_on date NOT NULL
)
"""

# A case that has made an outcome is its reporter's to correct; one that came another way is not this source's.
_PARK_KNOWN: Final = """
UPDATE staged_rows r SET verdict = 'parked', reason = 'CASE_ALREADY_KNOWN'
FROM staged_cases c
WHERE r.line = c.line AND r.verdict IS NULL AND (
    EXISTS (SELECT FROM registry.outcome_series s WHERE s.matter_id = r.target_id)
    OR EXISTS (
        SELECT FROM registry.source_records k WHERE k.target = 'revision' AND k.record_key = r.record_key)
    OR r.target_id IS NULL AND EXISTS (
        SELECT FROM registry.matters m WHERE m.agency_id = c.agency_id AND m.case_number = c.case_number))
"""

_FIND_BY_NUMBER: Final = """
UPDATE staged_cases c SET officer_id = coalesce(o.merged_into, o.id)
FROM registry.officer_identifiers i JOIN registry.officers o ON o.id = i.officer_id
WHERE i.kind = c.number_kind AND i.issuer = c.issuer AND i.value = c.number
"""

# A name leads to an officer only where exactly one of that name has served at the employer.
_FIND_BY_NAME: Final = """
WITH wanted AS MATERIALIZED (
    SELECT c.line, c.agency_id, upper(c.family_name) AS family_name, upper(c.given_name) AS given_name
    FROM staged_cases c JOIN staged_rows r USING (line)
    WHERE r.verdict IS NULL AND c.number IS NULL AND c.effect IN ('DECERTIFICATION', 'REINSTATEMENT')
), namesakes AS (
    SELECT w.line, w.agency_id, n.officer_id FROM wanted w JOIN registry.officer_names n
        ON upper(n.family_name) = w.family_name AND upper(n.given_name) = w.given_name
    UNION
    SELECT w.line, w.agency_id, o.id FROM wanted w JOIN registry.officers o
        ON upper(o.family_name) = w.family_name AND upper(o.given_name) = w.given_name
), served AS (
    SELECT n.line, array_agg(DISTINCT coalesce(o.merged_into, o.id)) AS ids
    FROM namesakes n JOIN registry.officers o ON o.id = n.officer_id
    WHERE EXISTS (SELECT FROM registry.stints s WHERE s.agency_id = n.agency_id AND s.officer_id = n.officer_id)
    GROUP BY n.line
), ambiguous AS (
    UPDATE staged_rows r SET verdict = 'parked', reason = 'OFFICER_AMBIGUOUS'
    FROM served s WHERE r.line = s.line AND cardinality(s.ids) > 1
)
UPDATE staged_cases c SET officer_id = s.ids[1]
FROM served s WHERE c.line = s.line AND cardinality(s.ids) = 1
"""

_PARK_UNIDENTIFIED: Final = """
UPDATE staged_rows r SET verdict = 'parked', reason = 'OFFICER_UNKNOWN'
FROM staged_cases c
WHERE r.line = c.line AND r.verdict IS NULL AND c.officer_id IS NULL
    AND c.effect IN ('DECERTIFICATION', 'REINSTATEMENT')
"""

_CHOOSE_NEW: Final = """
UPDATE staged_rows r SET
    target_id = coalesce(r.target_id, gen_random_uuid()),
    is_new = r.target_id IS NULL,
    became = CASE WHEN c.effect = 'REINSTATEMENT' THEN 'REVISION'
        WHEN c.lifecycle IS NULL THEN 'MATTER_WITHOUT_OUTCOME' ELSE 'OUTCOME_' || c.lifecycle END
FROM staged_cases c WHERE r.line = c.line AND r.verdict IS NULL
"""

_INSERT_MATTERS: Final = """
INSERT INTO registry.matters
    (id, kind, status, agency_id, case_number, force_related, opened_on, closed_on, disposition, recorded_at)
SELECT r.target_id, 'CERTIFICATION_PROCEEDING', c.status, c.agency_id, c.case_number, c.force_related,
    c.opened_on, c.closed_on, c.disposition, $1
FROM staged_rows r JOIN staged_cases c USING (line)
WHERE r.is_new
"""

_UPDATE_MATTERS: Final = """
UPDATE registry.matters m SET
    status = c.status, agency_id = c.agency_id, force_related = c.force_related,
    opened_on = c.opened_on, closed_on = c.closed_on, disposition = c.disposition
FROM staged_rows r JOIN staged_cases c USING (line)
WHERE m.id = r.target_id AND r.verdict IS NULL AND NOT r.is_new
"""

# The custodian holds a document of each date; its digest is unknown until the custodian gives it.
_PUT_STEPS: Final = """
WITH due AS MATERIALIZED (
    SELECT gen_random_uuid() AS evidence_id, r.target_id AS matter_id, s.element, s.document, s.occurred_on, c.custodian
    FROM staged_steps s JOIN staged_cases c USING (line) JOIN staged_rows r USING (line)
    WHERE r.verdict IS NULL AND NOT EXISTS (
        SELECT FROM registry.process_steps p
        WHERE p.matter_id = r.target_id AND p.element = s.element AND p.occurred_on = s.occurred_on)
), held AS (
    INSERT INTO registry.evidence_items (id, matter_id, document_kind, custodian, held_on, recorded_at)
    SELECT evidence_id, matter_id, document, custodian, occurred_on, $1 FROM due
)
INSERT INTO registry.process_steps (id, matter_id, element, occurred_on, by_office, evidence_id, recorded_at)
SELECT gen_random_uuid(), matter_id, element, occurred_on, custodian, evidence_id, $1 FROM due
"""

_INSERT_SERIES: Final = """
INSERT INTO registry.outcome_series
    (id, analyst_id, officer_id, agency_id, matter_id, kind, lifecycle, finality, created_at)
SELECT c.series_id, gen_random_uuid(), c.officer_id, c.reporter_id, r.target_id, 'DECERTIFICATION',
    c.lifecycle, c.finality, $1
FROM staged_rows r JOIN staged_cases c USING (line)
WHERE r.verdict IS NULL AND c.lifecycle IS NOT NULL
"""

_INSERT_VERSIONS: Final = """
INSERT INTO registry.outcome_versions (series_id, version, report_type, valid, recorded, content_commitment)
SELECT c.series_id, 1, 'INITIAL', daterange(c.action_date, NULL), tstzrange($1, NULL), c.commitment
FROM staged_rows r JOIN staged_cases c USING (line)
WHERE r.verdict IS NULL AND c.lifecycle IS NOT NULL
"""

_INSERT_CONTENTS: Final = """
INSERT INTO registry.outcome_contents
    (series_id, version, commitment_salt, action_date, basis, force_related, final_finding,
     standard_of_proof, legal_basis)
SELECT c.series_id, 1, c.salt, c.action_date, c.basis, c.outcome_force_related, c.final_finding,
    c.standard_of_proof, c.legal_basis
FROM staged_rows r JOIN staged_cases c USING (line)
WHERE r.verdict IS NULL AND c.lifecycle IS NOT NULL
"""
