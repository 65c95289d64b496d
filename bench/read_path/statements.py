"""The statements that a careful engineer would write by hand for the measured questions, in two forms.

They answer the same bytes as the registry does for these askers, with the rules written into them; nothing else guards.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

# Kinds whose outcome is disclosed before it is final, and the kind that rests on no finding.
COURT: Final = "('CONVICTION_ON_DUTY', 'CIVIL_JUDGMENT_FORCE')"
_NO_FINDING: Final = "'SEPARATION_UNDER_FORCE_INVESTIGATION'"
_UNHELD: Final = "NOT (s.held AND EXISTS (SELECT FROM registry.holds h WHERE h.series_id = s.id AND h.valid @> now()))"
# An outcome that may be told to whoever hires: in force, with nothing that keeps it back.
DISCLOSED: Final = f"""
    s.lifecycle = 'CLEARED' AND CASE
        WHEN s.kind = {_NO_FINDING} THEN s.finality <> 'OVERTURNED' AND s.state_code IS DISTINCT FROM 'NH'
        WHEN s.finality IN ('APPEAL_PENDING', 'FINAL') THEN true
        ELSE s.finality <> 'OVERTURNED' AND s.kind IN {COURT} END
    AND {_UNHELD}"""
_CHECKED: Final = """
    EXISTS (
        SELECT FROM registry.candidate_checks k JOIN registry.consents c ON c.id = k.consent_id
        WHERE k.agency_id = $2 AND k.officer_id = o.id AND k.kind = 'FULL' AND k.match_result = 'MATCH'
            AND k.opened_at <= now() AND k.expires_at > now() AND (k.closed_at IS NULL OR k.closed_at > now())
            AND c.officer_id = k.officer_id AND c.agency_id = k.agency_id AND c.purpose = 'hiring' AND c.scope = 'FULL'
            AND c.granted_at <= now() AND c.expires_at > now() AND (c.revoked_at IS NULL OR c.revoked_at > now()))
    AND NOT EXISTS (
        SELECT FROM registry.grants g WHERE g.account = $3 AND g.role = 'officer' AND g.officer_id = o.id)"""


def name_globally(kind: str, value: str) -> str:
    """The Relay id of a row, made by the database."""
    return f"encode(convert_to('{kind}:' || {value}, 'UTF8'), 'base64')"


_STINTS: Final = """
    SELECT t.from_date AS "fromDate", t.to_date AS "toDate", t.is_current AS "isCurrent", t.rank,
        a.name AS agency_name
    FROM registry.stints t LEFT JOIN registry.agencies a ON a.id = t.agency_id
    WHERE t.officer_id = o.id ORDER BY t.from_date DESC NULLS LAST, t.id DESC LIMIT 20"""
_CERTIFICATIONS: Final = """
    SELECT h.state_code AS "stateCode", h.type, h.from_date AS "fromDate", h.to_date AS "toDate"
    FROM registry.certifications h
    WHERE h.officer_id = o.id ORDER BY h.from_date DESC NULLS LAST, h.id DESC LIMIT 10"""
_OUTCOMES: Final = f"""
    SELECT s.id, s.kind, d.action_date AS "actionDate", s.finality, s.dispute, s.kind <> {_NO_FINDING} AS "hasFinding",
        s.current_version AS version, CASE WHEN s.kind <> {_NO_FINDING} THEN d.basis END AS basis,
        CASE WHEN s.kind <> {_NO_FINDING} THEN d.final_finding END AS "finalFinding",
        CASE WHEN s.kind <> {_NO_FINDING} THEN d.standard_of_proof END AS "standardOfProof", a.name AS agency_name
    FROM registry.outcome_series s
    LEFT JOIN registry.outcome_contents d ON d.series_id = s.id AND d.version = s.current_version
    LEFT JOIN registry.agencies a ON a.id = s.agency_id
    WHERE s.officer_id = o.id AND {DISCLOSED}
    ORDER BY s.order_date DESC, s.id DESC LIMIT 20"""
_SEEN: Final = f"""
    FROM registry.officers o
    WHERE o.id = $1 AND {_CHECKED}
        AND EXISTS (SELECT FROM registry.outcome_series s WHERE s.officer_id = o.id AND {DISCLOSED})"""


def _gather(rows: str, columns: str) -> str:
    """A connection with `nodes` of the rows, each with its agency as an object of its own."""
    return (
        "(SELECT row_to_json(c) FROM (SELECT coalesce(json_agg(n), '[]') AS nodes FROM ("
        f"SELECT {columns} FROM ({rows}) r OFFSET 0) n) c)"
    )


_AGENCY: Final = "(SELECT row_to_json(g) FROM (SELECT r.agency_name AS name) g) AS agency"
LOOK_UP_JSON: Final = f"""
SELECT row_to_json(q)::text AS data FROM (SELECT (SELECT row_to_json(w) FROM (
    SELECT {name_globally("Officer", "o.id")} AS id, o.family_name AS "familyName", o.given_name AS "givenName",
        o.middle_name AS "middleName",
        {_gather(_STINTS, f'r."fromDate", r."toDate", r."isCurrent", r.rank, {_AGENCY}')} AS stints,
        {_gather(_CERTIFICATIONS, "r.*")} AS certifications,
        {
    _gather(
        _OUTCOMES,
        f'''{name_globally("Outcome", "r.id")} AS id, r.kind, r."actionDate", r.finality, r.dispute,
            r."hasFinding", r.version, r.basis, r."finalFinding", r."standardOfProof", {_AGENCY}''',
    )
} AS outcomes
    {_SEEN}) w) AS officer) q
"""
# The second form: four statements' worth of rows in one round, put together in Python.
LOOK_UP_OFFICER: Final = f"SELECT o.id, o.family_name, o.given_name, o.middle_name {_SEEN}"
LOOK_UP_STINTS: Final = _STINTS.replace("o.id", "$1")
LOOK_UP_CERTIFICATIONS: Final = _CERTIFICATIONS.replace("o.id", "$1")
LOOK_UP_OUTCOMES: Final = _OUTCOMES.replace("o.id", "$1")

# A records officer's own agency sees the detail of what is in work or in force; of what was closed or sealed only what
# happened, and of rejected, withdrawn and expunged reports what the rules on drafts say.
SEALED: Final = (
    "(s.held AND EXISTS ("
    "SELECT FROM registry.holds h WHERE h.series_id = s.id AND h.kind = 'SEAL_ORDER' AND h.valid @> now()))"
)
DETAILED: Final = """(s.lifecycle IN ('DRAFT', 'REJECTED', 'WITHDRAWN', 'SUBMITTED', 'AWAITING_EVIDENCE',
        'PROCESS_REVIEW', 'NOTICE') OR s.lifecycle = 'CLEARED' AND s.finality <> 'OVERTURNED') AND NOT f.sealed"""
# The rows of the page are found first, so that nothing is joined to rows that are not told.
_PAGE_ROWS: Final = f"""
    SELECT s.id, s.kind, d.action_date, s.finality, s.dispute, s.current_version, v.report_type, y.body AS statement,
        {DETAILED} AS detailed, NOT f.sealed AS processed, d.basis, d.force_related, d.force_types, d.on_duty,
        d.recommended_finding, d.final_finding, d.standard_of_proof, d.legal_basis, d.conviction_basis, d.civil_basis,
        d.court, d.court_case_number, s.lifecycle, s.created_at, s.cleared_at, a.name AS agency_name,
        a.kind AS agency_kind, a.state_code, s.officer_id, o.family_name, o.given_name, o.middle_name
    FROM (
        SELECT s.* FROM registry.outcome_series s
        WHERE s.agency_id = $1 AND s.lifecycle <> 'EXPUNGED' AND NOT EXISTS (
            SELECT FROM registry.grants g WHERE g.account = $2 AND g.role = 'officer' AND g.officer_id = s.officer_id)
        ORDER BY s.order_date DESC, s.id DESC LIMIT @most) s
    LEFT JOIN registry.outcome_contents d ON d.series_id = s.id AND d.version = s.current_version
    LEFT JOIN registry.outcome_versions v ON v.series_id = s.id AND v.version = s.current_version
    LEFT JOIN registry.officer_statements y ON y.series_id = s.id AND upper_inf(y.recorded)
    LEFT JOIN registry.agencies a ON a.id = s.agency_id
    LEFT JOIN registry.officers o ON o.id = s.officer_id
    CROSS JOIN LATERAL (SELECT {SEALED} AS sealed) f
    ORDER BY s.order_date DESC, s.id DESC"""
_DETAIL_COLUMNS: Final = (
    ("basis", "basis"),
    ("force_related", "forceRelated"),
    ("force_types", "forceTypes"),
    ("on_duty", "onDuty"),
    ("recommended_finding", "recommendedFinding"),
    ("final_finding", "finalFinding"),
    ("standard_of_proof", "standardOfProof"),
    ("legal_basis", "legalBasis"),
    ("conviction_basis", "convictionBasis"),
    ("civil_basis", "civilBasis"),
    ("court", "court"),
    ("court_case_number", "courtCaseNumber"),
)
_DETAIL: Final = ", ".join(f'CASE WHEN r.detailed THEN r.{name} END AS "{key}"' for name, key in _DETAIL_COLUMNS)
_PAGE_JSON: Final = f"""
SELECT row_to_json(q)::text AS data FROM (SELECT (SELECT row_to_json(w) FROM (
    SELECT row_to_json(p) AS "pageInfo", x.nodes FROM (
        SELECT count(*) >= @most AS more,
            coalesce(json_agg(n.node ORDER BY n.place) FILTER (WHERE n.place < @most), '[]') AS nodes,
            (array_agg(n.id ORDER BY n.place DESC) FILTER (WHERE n.place < @most))[1] AS last
        FROM (
            SELECT row_number() OVER () AS place, r.id, row_to_json(u) AS node
            FROM ({_PAGE_ROWS}) r, LATERAL (SELECT
                {name_globally("Outcome", "r.id")} AS id, r.kind, r.action_date AS "actionDate", r.finality, r.dispute,
                r.kind <> {_NO_FINDING} AS "hasFinding", r.current_version AS version, r.report_type AS "reportType",
                r.statement, {_DETAIL}, CASE WHEN r.processed THEN r.lifecycle END AS lifecycle,
                CASE WHEN r.processed THEN r.created_at END AS "createdAt",
                CASE WHEN r.processed THEN r.cleared_at END AS "clearedAt",
                (SELECT row_to_json(g) FROM (SELECT r.agency_name AS name, r.agency_kind AS kind,
                    r.state_code AS "stateCode") g) AS agency,
                (SELECT row_to_json(g) FROM (SELECT {name_globally("Officer", "r.officer_id")} AS id,
                    r.family_name AS "familyName", r.given_name AS "givenName", r.middle_name AS "middleName") g
                ) AS officer OFFSET 0) u) n) x,
        LATERAL (SELECT x.more AS "hasNextPage", encode(uuid_send(x.last), 'base64') AS "endCursor") p
    ) w) AS outcomes) q
"""
DETAIL_COLUMNS: Final = _DETAIL_COLUMNS


@lru_cache(maxsize=8)
def write_page(first: int, *, as_json: bool) -> str:
    """The statement of a page: one row more than are told says whether there are others.

    The number is written into it: as a parameter it would keep PostgreSQL from planning for so few rows.
    """
    return (_PAGE_JSON if as_json else _PAGE_ROWS).replace("@most", str(first + 1))


NO_FINDING: Final = _NO_FINDING.strip("'")
