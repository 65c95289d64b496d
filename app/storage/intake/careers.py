"""Careers into the registry: officers by their State's number, their names, and their stints.

INVARIANT: two people are never joined by a name; a number whose names disagree is left to a registrar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from app.domain.intake import CareerRow
from app.storage.intake.batches import Connection
from app.storage.intake.staging import (
    MergeContext,
    RowVerdict,
    accept_rows,
    copy_rows,
    create_staged_rows,
    recall_rows,
    stage_rows,
)

TARGET: Final = "stint"


class CareersMerge:
    """Merges rows of careers."""

    async def prepare(self, connection: Connection) -> None:
        """Make the staging tables."""
        await create_staged_rows(connection)
        await connection.execute(_CREATE)

    def list_tokens(self, row: CareerRow) -> Iterable[object]:
        """Two rows of one stint are merged one after the other."""
        return (row.identity.record_key,)

    async def merge(self, connection: Connection, context: MergeContext, rows: Sequence[CareerRow]) -> list[RowVerdict]:
        """Merge rows whose stints differ."""
        await stage_rows(connection, (row.identity for row in rows))
        await connection.execute("TRUNCATE staged_careers")
        await copy_rows(connection, "staged_careers", _COLUMNS, _list_records(rows))
        await recall_rows(connection, context, TARGET)
        await self._put_officers(connection, context)
        await self._put_stints(connection, context)
        return await accept_rows(connection, context, TARGET)

    async def _put_officers(self, connection: Connection, context: MergeContext) -> None:
        await connection.execute(_KNOWN_OFFICERS)
        await connection.execute(_NEW_OFFICERS, context.at)
        await connection.execute(_PARK_OTHER_NAMES)
        await connection.execute(_PUT_NAMES, context.source)
        await connection.execute(_PUT_BIRTHS)

    async def _put_stints(self, connection: Connection, context: MergeContext) -> None:
        await connection.execute(_KNOWN_ELSEWHERE)
        await connection.execute(_FIND_ENDED, context.source, context.batch_id)
        await connection.execute(_CHOOSE_NEW)
        await connection.execute(_INSERT_STINTS, context.source, context.at)
        await connection.execute(_UPDATE_STINTS)


_COLUMNS: Final = (
    *("line", "number_kind", "issuer", "number", "family_name", "given_name", "middle_name", "name_suffix"),
    *("birth_date", "birth_precision", "agency_id", "from_date", "to_date", "appointment_type", "rank"),
    *("separation_reason", "is_current"),
)


def _list_records(rows: Sequence[CareerRow]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        name, birth = row.name, row.birth
        yield (
            *(row.identity.line, row.number.kind, row.number.issuer, row.number.value),
            *(name.family, name.given, name.middle, name.suffix),
            *((birth.day, birth.precision) if birth else (None, None)),
            *(row.agency_id, row.from_date, row.to_date, row.appointment_type, row.rank),
            *(row.separation_reason, row.is_current),
        )


_CREATE: Final = """
CREATE TEMP TABLE staged_careers (
    line bigint PRIMARY KEY,
    number_kind text NOT NULL, issuer text NOT NULL, number text NOT NULL,
    family_name text NOT NULL, given_name text NOT NULL, middle_name text, name_suffix text,
    birth_date date, birth_precision text,
    agency_id uuid NOT NULL, from_date date, to_date date, appointment_type text, rank text,
    separation_reason text, is_current boolean NOT NULL,
    officer_id uuid
)
"""

_KNOWN_OFFICERS: Final = """
UPDATE staged_careers c SET officer_id = coalesce(o.merged_into, o.id)
FROM registry.officer_identifiers i JOIN registry.officers o ON o.id = i.officer_id
WHERE i.kind = c.number_kind AND i.issuer = c.issuer AND i.value = c.number
"""

# The first row of a number gives the officer's name, whatever the size of a chunk.
_NEW_OFFICERS: Final = """
WITH firsts AS MATERIALIZED (
    SELECT DISTINCT ON (number_kind, issuer, number) number_kind, issuer, number,
        family_name, given_name, middle_name, name_suffix, gen_random_uuid() AS id
    FROM staged_careers WHERE officer_id IS NULL
    ORDER BY number_kind, issuer, number, line
), people AS (
    INSERT INTO registry.officers
        (id, analyst_id, family_name, given_name, middle_name, name_suffix, recorded_at)
    SELECT id, gen_random_uuid(), family_name, given_name, middle_name, name_suffix, $1 FROM firsts
), numbers AS (
    INSERT INTO registry.officer_identifiers (id, officer_id, kind, issuer, value)
    SELECT gen_random_uuid(), id, number_kind, issuer, number FROM firsts
)
UPDATE staged_careers c SET officer_id = f.id
FROM firsts f WHERE (f.number_kind, f.issuer, f.number) = (c.number_kind, c.issuer, c.number)
"""

_PARK_OTHER_NAMES: Final = """
UPDATE staged_rows r SET verdict = 'parked', reason = 'PERSON_NAMES_DIFFER'
FROM staged_careers c JOIN registry.officers o ON o.id = c.officer_id
WHERE r.line = c.line AND r.verdict IS NULL
    AND upper(o.family_name) <> upper(c.family_name) AND upper(o.given_name) <> upper(c.given_name)
"""

_PUT_NAMES: Final = """
INSERT INTO registry.officer_names
    (id, officer_id, kind, family_name, given_name, middle_name, name_suffix, source)
SELECT gen_random_uuid(), n.officer_id,
    CASE WHEN upper(o.family_name) = upper(n.family_name) AND upper(o.given_name) = upper(n.given_name)
        THEN 'LEGAL' ELSE 'ALIAS' END,
    n.family_name, n.given_name, n.middle_name, n.name_suffix, $1
FROM (
    SELECT DISTINCT ON (c.officer_id, upper(c.family_name), upper(c.given_name)) c.*
    FROM staged_careers c JOIN staged_rows r USING (line)
    WHERE r.verdict IS NULL
    ORDER BY c.officer_id, upper(c.family_name), upper(c.given_name), c.line
) n JOIN registry.officers o ON o.id = n.officer_id
WHERE NOT EXISTS (
    SELECT FROM registry.officer_names k
    WHERE k.officer_id = n.officer_id AND upper(k.family_name) = upper(n.family_name)
        AND upper(k.given_name) = upper(n.given_name)
)
"""

# INVARIANT: this login cannot read a birth date back; what is there already stays.
_PUT_BIRTHS: Final = """
INSERT INTO matching.birth_dates (officer_id, birth_date, precision)
SELECT DISTINCT ON (c.officer_id) c.officer_id, c.birth_date, c.birth_precision
FROM staged_careers c JOIN staged_rows r USING (line)
WHERE c.birth_date IS NOT NULL AND r.verdict IS DISTINCT FROM 'parked'
ORDER BY c.officer_id, c.line
ON CONFLICT DO NOTHING
"""

# The same stint from another source is the same stint, or a contradiction.
_KNOWN_ELSEWHERE: Final = """
UPDATE staged_rows r SET
    target_id = s.id,
    verdict = CASE WHEN s.is_current = c.is_current AND s.separation_reason IS NOT DISTINCT FROM c.separation_reason
        THEN 'unchanged' ELSE 'parked' END,
    reason = CASE WHEN s.is_current = c.is_current AND s.separation_reason IS NOT DISTINCT FROM c.separation_reason
        THEN NULL ELSE 'RECORD_REPEATED_DIFFERENTLY' END
FROM staged_careers c JOIN registry.stints s ON s.officer_id = c.officer_id AND s.agency_id = c.agency_id
    AND s.from_date IS NOT DISTINCT FROM c.from_date AND s.to_date IS NOT DISTINCT FROM c.to_date
    AND s.appointment_type IS NOT DISTINCT FROM c.appointment_type
WHERE r.line = c.line AND r.verdict IS NULL AND r.target_id IS NULL
"""

# A stint that went on when the source last spoke, and of which this file tells the end instead.
_FIND_ENDED: Final = """
WITH ended AS (
    SELECT DISTINCT ON (s.id) s.id, r.line
    FROM staged_rows r JOIN staged_careers c USING (line)
    JOIN registry.stints s ON s.officer_id = c.officer_id AND s.agency_id = c.agency_id
        AND s.from_date IS NOT DISTINCT FROM c.from_date
        AND s.appointment_type IS NOT DISTINCT FROM c.appointment_type
    WHERE r.verdict IS NULL AND r.target_id IS NULL AND NOT c.is_current AND s.is_current
        AND EXISTS (
            SELECT FROM registry.source_records k
            WHERE k.target_id = s.id AND k.source = $1 AND k.target = 'stint')
        AND NOT EXISTS (
            SELECT FROM registry.source_records k
            WHERE k.target_id = s.id AND k.source = $1 AND k.target = 'stint' AND k.batch_id = $2)
    ORDER BY s.id, r.line
)
UPDATE staged_rows r SET target_id = e.id FROM ended e WHERE r.line = e.line
"""

_CHOOSE_NEW: Final = """
UPDATE staged_rows SET
    target_id = coalesce(target_id, gen_random_uuid()),
    is_new = target_id IS NULL,
    became = CASE WHEN target_id IS NULL THEN 'STINT_ADDED' ELSE 'STINT_UPDATED' END
WHERE verdict IS NULL
"""

_INSERT_STINTS: Final = """
INSERT INTO registry.stints
    (id, officer_id, agency_id, from_date, to_date, appointment_type, rank, separation_reason, is_current,
     source, recorded_at)
SELECT r.target_id, c.officer_id, c.agency_id, c.from_date, c.to_date, c.appointment_type, c.rank,
    c.separation_reason, c.is_current, $1, $2
FROM staged_rows r JOIN staged_careers c USING (line)
WHERE r.is_new
"""

_UPDATE_STINTS: Final = """
UPDATE registry.stints s SET
    from_date = c.from_date, to_date = c.to_date, rank = c.rank,
    separation_reason = c.separation_reason, is_current = c.is_current
FROM staged_rows r JOIN staged_careers c USING (line)
WHERE s.id = r.target_id AND r.verdict IS NULL AND NOT r.is_new
"""
