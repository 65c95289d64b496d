"""Agencies into the registry: by ORI where they have one, else by name, kind and place.

INVARIANT: an ORI belongs to one agency; a row that would join two agencies is left to a registrar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from app.domain.intake import AgencyRow, KnownAgency
from app.domain.places import FEDERAL_CODE, jurisdiction_id
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

TARGET: Final = "agency"


async def read_state_agencies(connection: Connection, state: str) -> list[KnownAgency]:
    """The agencies located in a State, tribal and federal ones included."""
    rows = await connection.fetch(
        "SELECT a.id, a.name, array(SELECT o.ori FROM registry.agency_oris o WHERE o.agency_id = a.id) AS oris"
        " FROM registry.agencies a WHERE a.location_state = $1",
        state,
    )
    return [KnownAgency(id=row["id"], name=row["name"], oris=tuple(row["oris"])) for row in rows]


class AgenciesMerge:
    """Merges rows of agency lists."""

    async def prepare(self, connection: Connection) -> None:
        """Make the staging tables."""
        await create_staged_rows(connection)
        await connection.execute(_CREATE)

    def list_tokens(self, row: AgencyRow) -> Iterable[object]:
        """Rows that share an ORI or a name in one place are merged one after the other."""
        return (*row.oris, (row.name.upper(), row.kind, row.jurisdiction_code), row.identity.record_key)

    async def merge(self, connection: Connection, context: MergeContext, rows: Sequence[AgencyRow]) -> list[RowVerdict]:
        """Merge rows that share neither ORI nor name."""
        await stage_rows(connection, (row.identity for row in rows))
        await connection.execute("TRUNCATE staged_agencies")
        await copy_rows(connection, "staged_agencies", _COLUMNS, _list_records(rows))
        await recall_rows(connection, context, TARGET)
        await connection.execute(_PUT_TRIBES, jurisdiction_id(FEDERAL_CODE))
        for statement in (_PARK_PLACES, _FIND_BY_ORI):
            await connection.execute(statement)
        await connection.execute(_PARK_SHARED_ORIS, context.source, context.batch_id)
        for statement in (_FIND_BY_NAME, _FIND_PARENTS, _CHOOSE_NEW):
            await connection.execute(statement)
        await connection.execute(_INSERT_AGENCIES, context.at)
        for statement in (_UPDATE_AGENCIES, _PUT_ORIS):
            await connection.execute(statement)
        return await accept_rows(connection, context, TARGET)


_COLUMNS: Final = (
    *("line", "jurisdiction_id", "jurisdiction_code", "tribe", "name", "kind", "status", "state_code"),
    *("location_state", "county_fips", "oris", "parent", "sworn_count", "size_band", "rural"),
)


def _list_records(rows: Sequence[AgencyRow]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            *(row.identity.line, jurisdiction_id(row.jurisdiction_code), row.jurisdiction_code, row.tribe),
            *(row.name, row.kind, row.status, row.state_code, row.location_state, row.county_fips),
            *(list(row.oris), row.parent, row.sworn_count, row.size_band, row.rural),
        )


_CREATE: Final = """
CREATE TEMP TABLE staged_agencies (
    line bigint PRIMARY KEY,
    jurisdiction_id uuid NOT NULL, jurisdiction_code text NOT NULL, tribe text,
    name text NOT NULL, kind text NOT NULL, status text NOT NULL,
    state_code text, location_state text, county_fips text, oris text[] NOT NULL, parent text,
    sworn_count integer, size_band text, rural boolean,
    parent_id uuid,
    name_key text GENERATED ALWAYS AS (upper(regexp_replace(name, '[^A-Za-z0-9]+', ' ', 'g'))) STORED,
    parent_key text GENERATED ALWAYS AS (upper(regexp_replace(parent, '[^A-Za-z0-9]+', ' ', 'g'))) STORED
)
"""

_PUT_TRIBES: Final = """
INSERT INTO registry.jurisdictions (id, code, level, name, tribe_code, parent_id)
SELECT DISTINCT ON (jurisdiction_id) jurisdiction_id, jurisdiction_code, 'TRIBAL', tribe,
    substr(jurisdiction_code, 7), $1::uuid
FROM staged_agencies WHERE tribe IS NOT NULL ORDER BY jurisdiction_id, line
ON CONFLICT DO NOTHING
"""

_PARK_PLACES: Final = """
UPDATE staged_rows r SET verdict = 'parked', reason = 'PLACE_UNKNOWN',
    column_name = CASE WHEN a.jurisdiction_code = a.county_fips THEN 'county_fips' ELSE 'state' END
FROM staged_agencies a LEFT JOIN registry.jurisdictions j ON j.id = a.jurisdiction_id
    LEFT JOIN registry.jurisdictions c ON c.code = a.county_fips
    LEFT JOIN registry.jurisdictions l ON l.code = a.location_state
WHERE r.line = a.line AND r.verdict IS NULL AND (
    j.id IS NULL
    OR a.location_state IS NOT NULL AND l.id IS NULL
    OR a.county_fips IS NOT NULL AND (c.id IS NULL OR c.state_code IS DISTINCT FROM a.location_state))
"""

_FIND_BY_ORI: Final = """
WITH owners AS (
    SELECT a.line, array_agg(DISTINCT o.agency_id) AS ids
    FROM staged_agencies a JOIN registry.agency_oris o ON o.ori = ANY (a.oris)
    GROUP BY a.line
)
UPDATE staged_rows r SET
    target_id = coalesce(r.target_id, w.ids[1]),
    verdict = CASE WHEN w.ids <> ARRAY[coalesce(r.target_id, w.ids[1])] THEN 'parked' END,
    reason = CASE WHEN w.ids <> ARRAY[coalesce(r.target_id, w.ids[1])] THEN 'ORIS_OF_SEVERAL_AGENCIES' END,
    column_name = CASE WHEN w.ids <> ARRAY[coalesce(r.target_id, w.ids[1])] THEN 'oris' END
FROM owners w WHERE r.line = w.line AND r.verdict IS NULL
"""

# Two rows of one file that claim one ORI are two agencies that cannot both have it.
_PARK_SHARED_ORIS: Final = """
UPDATE staged_rows r SET verdict = 'parked', reason = 'ORIS_OF_SEVERAL_AGENCIES', column_name = 'oris'
WHERE r.verdict IS NULL AND r.target_id IS NOT NULL AND EXISTS (
    SELECT FROM registry.source_records k
    WHERE k.target_id = r.target_id AND k.source = $1 AND k.target = 'agency' AND k.batch_id = $2
        AND k.record_key <> r.record_key)
"""

# Without an ORI a name leads to one agency; with one, a namesake that has none may be the same, and somebody must look.
_FIND_BY_NAME: Final = """
WITH namesakes AS (
    SELECT a.line, array_agg(g.id) AS ids
    FROM staged_agencies a JOIN staged_rows r USING (line)
    JOIN registry.agencies g ON g.name_key = a.name_key AND g.kind = a.kind AND g.jurisdiction_id = a.jurisdiction_id
    WHERE r.verdict IS NULL AND r.target_id IS NULL AND (
        cardinality(a.oris) = 0 OR NOT EXISTS (SELECT FROM registry.agency_oris o WHERE o.agency_id = g.id))
    GROUP BY a.line
)
UPDATE staged_rows r SET
    target_id = CASE WHEN cardinality(a.oris) = 0 AND cardinality(n.ids) = 1 THEN n.ids[1] END,
    verdict = CASE WHEN cardinality(a.oris) > 0 OR cardinality(n.ids) > 1 THEN 'parked' END,
    reason = CASE WHEN cardinality(a.oris) > 0 OR cardinality(n.ids) > 1 THEN 'AGENCY_AMBIGUOUS' END,
    column_name = CASE WHEN cardinality(a.oris) > 0 OR cardinality(n.ids) > 1 THEN 'name' END
FROM namesakes n JOIN staged_agencies a USING (line) WHERE r.line = n.line
"""

_FIND_PARENTS: Final = """
WITH named AS (
    SELECT a.line, o.agency_id AS id FROM staged_agencies a JOIN registry.agency_oris o ON o.ori = upper(a.parent)
    UNION
    SELECT a.line, g.id FROM staged_agencies a JOIN registry.agencies g ON g.name_key = a.parent_key
        AND g.location_state IS NOT DISTINCT FROM a.location_state
), parents AS (
    SELECT line, array_agg(id) AS ids FROM named GROUP BY line
), found AS (
    UPDATE staged_agencies a SET parent_id = p.ids[1]
    FROM parents p WHERE a.line = p.line AND cardinality(p.ids) = 1
)
UPDATE staged_rows r SET verdict = 'parked', column_name = 'parent',
    reason = CASE WHEN cardinality(p.ids) > 1 THEN 'PARENT_AMBIGUOUS' ELSE 'PARENT_UNKNOWN' END
FROM staged_agencies a LEFT JOIN parents p USING (line)
WHERE r.line = a.line AND r.verdict IS NULL AND a.parent IS NOT NULL
    AND ((cardinality(p.ids) = 1) IS NOT TRUE OR p.ids[1] = r.target_id)
"""

_CHOOSE_NEW: Final = """
UPDATE staged_rows SET
    target_id = coalesce(target_id, gen_random_uuid()),
    is_new = target_id IS NULL,
    became = CASE WHEN target_id IS NULL THEN 'AGENCY_ADDED' ELSE 'AGENCY_UPDATED' END
WHERE verdict IS NULL
"""

_INSERT_AGENCIES: Final = """
INSERT INTO registry.agencies
    (id, jurisdiction_id, parent_id, name, kind, status, state_code, location_state, county_fips,
     sworn_count, size_band, rural, recorded_at)
SELECT r.target_id, a.jurisdiction_id, a.parent_id, a.name, a.kind, a.status, a.state_code, a.location_state,
    a.county_fips, a.sworn_count, a.size_band, a.rural, $1
FROM staged_rows r JOIN staged_agencies a USING (line)
WHERE r.is_new
"""

# What a list leaves blank it does not take away.
_UPDATE_AGENCIES: Final = """
UPDATE registry.agencies g SET
    jurisdiction_id = a.jurisdiction_id, parent_id = coalesce(a.parent_id, g.parent_id), name = a.name, kind = a.kind,
    status = a.status, state_code = a.state_code, location_state = a.location_state,
    county_fips = coalesce(a.county_fips, g.county_fips), sworn_count = coalesce(a.sworn_count, g.sworn_count),
    size_band = coalesce(a.size_band, g.size_band), rural = coalesce(a.rural, g.rural)
FROM staged_rows r JOIN staged_agencies a USING (line)
WHERE g.id = r.target_id AND r.verdict IS NULL AND NOT r.is_new
"""

_PUT_ORIS: Final = """
INSERT INTO registry.agency_oris (ori, agency_id)
SELECT unnest(a.oris), r.target_id FROM staged_rows r JOIN staged_agencies a USING (line)
WHERE r.verdict IS NULL
ON CONFLICT DO NOTHING
"""
