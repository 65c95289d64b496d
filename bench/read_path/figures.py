"""Questions that count over whole tables, as an analyst asks them and as one would write the aggregates by hand.

INVARIANT: both forms count the same records: in force or expired, not held; whatever else they are written like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from read_path.shapes import Question, Shape
from read_path.statements import COURT, NO_FINDING

SINCE: Final = (2014, 2016, 2018, 2020)
_HELD: Final = "s.held AND EXISTS (SELECT FROM registry.holds h WHERE h.series_id = s.id AND h.valid @> now())"
_SEALED: Final = f"{_HELD[:-1]} AND h.kind = 'SEAL_ORDER')"
# The records that an analyst may count.
_COUNTED: Final = f"""(
    s.lifecycle = 'CLEARED' AND s.finality <> 'OVERTURNED'
    AND (s.finality IN ('APPEAL_PENDING', 'FINAL') OR s.kind = '{NO_FINDING}' OR s.kind IN {COURT}) AND NOT ({_HELD})
    OR s.lifecycle = 'EXPIRED' AND NOT ({_SEALED}))"""
# Date and State stand on the record: nothing is joined for them.
_SERIES: Final = "registry.outcome_series s"
_SINCE: Final = "s.order_date >= make_date($1, 1, 1)"
_MOST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A question of figures: what the registry is asked, and the statement that gives the same rows by hand."""

    name: str
    path: str
    subject: str
    arguments: str
    fields: str
    statement: str

    @property
    def document(self) -> str:
        """The document with its one variable, the first year that counts."""
        asked = f"{self.subject}({self.arguments} first: {_MOST})"
        return f"query Figures($from: Int) {{ statistics {{ {asked} {{ hasMore rows {{ {self.fields} }} }} }} }}"

    @property
    def rows(self) -> str:
        """The statement of the rows, one more than are told."""
        return f"{self.statement} LIMIT {_MOST + 1}"

    @property
    def json(self) -> str:
        """The statement of the whole answer."""
        told = f"FILTER (WHERE n.place <= {_MOST})"
        table = (
            f'SELECT coalesce(bool_or(n.place > {_MOST}), false) AS "hasMore", '
            f"coalesce(json_agg(n.row ORDER BY n.place) {told}, '[]') AS rows "
            f"FROM (SELECT row_number() OVER () AS place, row_to_json(r) AS row FROM ({self.rows}) r) n"
        )
        figures = f'SELECT (SELECT row_to_json(t) FROM ({table}) t) AS "{self.subject}"'
        return f"SELECT row_to_json(q)::text FROM (SELECT (SELECT row_to_json(f) FROM ({figures}) f) AS statistics) q"


def _tell_spread(name: str) -> str:
    return (
        f"(SELECT row_to_json(x) FROM (SELECT {name}_known AS known, {name}_mean AS mean, {name}_at[1] AS p10, "
        f"{name}_at[2] AS p50, {name}_at[3] AS p90) x)"
    )


def _measure_spread(name: str) -> str:
    return (
        f"count({name}) AS {name}_known, avg({name}::float8) AS {name}_mean, "
        f"percentile_cont('{{0.1,0.5,0.9}}'::float8[]) WITHIN GROUP (ORDER BY {name}::float8) AS {name}_at"
    )


_SPREAD: Final = "{ known mean p10 p50 p90 }"
AGGREGATES: Final = (
    Aggregate(
        name="figures by State and year",
        path="/figures/states",
        subject="outcomes",
        arguments="groupBy: [STATE_CODE, YEAR] filter: { year: { from: $from } } "
        "orderBy: [{ dimension: STATE_CODE }, { dimension: YEAR }]",
        fields="stateCode year count officers",
        statement=f"""
            SELECT s.state_code AS "stateCode", date_part('year', s.order_date)::int AS year, count(*) AS count,
                count(DISTINCT s.officer_id) AS officers
            FROM {_SERIES} WHERE {_SINCE} AND {_COUNTED}
            GROUP BY s.state_code, 2 ORDER BY s.state_code COLLATE "C" NULLS LAST, 2 NULLS LAST""",
    ),
    Aggregate(
        name="spreads of days by kind",
        path="/figures/spreads",
        subject="outcomes",
        arguments="groupBy: [KIND] filter: { year: { from: $from } } orderBy: [{ dimension: KIND }]",
        fields=f"kind count daysFromActionToReport {_SPREAD} daysFromReportToNotice {_SPREAD} "
        f"daysFromNoticeToClearance {_SPREAD}",
        statement=f"""
            SELECT g.kind, g.count, {_tell_spread("reported")} AS "daysFromActionToReport",
                {_tell_spread("noticed")} AS "daysFromReportToNotice",
                {_tell_spread("cleared")} AS "daysFromNoticeToClearance"
            FROM (
                SELECT kind, count(*) AS count, {_measure_spread("reported")}, {_measure_spread("noticed")},
                    {_measure_spread("cleared")}
                FROM (
                    SELECT s.kind, (s.created_at AT TIME ZONE 'UTC')::date - s.order_date AS reported,
                        floor(date_part('epoch', s.notice_served_at - s.created_at) / 86400)::int AS noticed,
                        floor(date_part('epoch', s.cleared_at - s.notice_served_at) / 86400)::int AS cleared
                    FROM {_SERIES} WHERE {_SINCE} AND {_COUNTED}) v
                GROUP BY kind) g
            ORDER BY g.kind COLLATE "C" NULLS LAST""",
    ),
    Aggregate(
        name="rates by kind and size of agency",
        path="/figures/rates",
        subject="outcomes",
        arguments="groupBy: [AGENCY_KIND, SIZE_BAND] filter: { year: { from: $from } } "
        "orderBy: [{ dimension: AGENCY_KIND }, { dimension: SIZE_BAND }]",
        fields="agencyKind sizeBand count officers ratePerThousandSworn { value sworn agencies }",
        statement=f"""
            SELECT g.kind AS "agencyKind", g.size_band AS "sizeBand", g.count, g.officers, (SELECT row_to_json(x) FROM (
                SELECT CASE WHEN p.known = p.agencies THEN g.count * 1000::float8 / nullif(p.sworn, 0) END AS value,
                    p.sworn, p.agencies) x) AS "ratePerThousandSworn"
            FROM (
                SELECT a.kind, a.size_band, count(*) AS count, count(DISTINCT s.officer_id) AS officers
                FROM {_SERIES} LEFT JOIN registry.agencies a ON a.id = s.agency_id
                WHERE {_SINCE} AND {_COUNTED} GROUP BY a.kind, a.size_band) g
            LEFT JOIN (
                SELECT kind, size_band, sum(sworn_count) AS sworn, count(*) AS agencies, count(sworn_count) AS known
                FROM registry.agencies GROUP BY kind, size_band) p
                ON p.kind IS NOT DISTINCT FROM g.kind AND p.size_band IS NOT DISTINCT FROM g.size_band
            ORDER BY g.kind COLLATE "C" NULLS LAST, g.size_band COLLATE "C" NULLS LAST""",
    ),
    Aggregate(
        name="separations by year and reason",
        path="/figures/separations",
        subject="stints",
        arguments="groupBy: [END_YEAR, SEPARATION_REASON] filter: { endYear: { from: $from } } "
        "orderBy: [{ dimension: END_YEAR }, { dimension: SEPARATION_REASON }]",
        fields="endYear separationReason count officers daysServed { p50 }",
        statement="""
            SELECT date_part('year', t.to_date)::int AS "endYear", t.separation_reason AS "separationReason",
                count(*) AS count, count(DISTINCT t.officer_id) AS officers,
                (SELECT row_to_json(x) FROM (SELECT percentile_cont(0.5)
                    WITHIN GROUP (ORDER BY (t.to_date - t.from_date)::float8) AS p50) x) AS "daysServed"
            FROM registry.stints t WHERE t.to_date >= make_date($1, 1, 1)
            GROUP BY 1, t.separation_reason ORDER BY 1 NULLS LAST, t.separation_reason COLLATE "C" NULLS LAST""",
    ),
)
BY_PATH: Final[Mapping[str, Aggregate]] = {each.path: each for each in AGGREGATES}


def list_count_shapes(asker: int) -> Sequence[Shape]:
    """The shapes that count, asked by the analyst at that place."""
    return [
        Shape(
            name=each.name,
            document=each.document,
            rows=1,
            questions=[Question(asker=asker, variables={"from": year}, plain={"from": year}) for year in SINCE],
            path=each.path,
            is_count=True,
        )
        for each in AGGREGATES
    ]


def tell_rows(aggregate: Aggregate, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer made of rows."""
    table = {"hasMore": len(rows) > _MOST, "rows": [dict(row) for row in rows[:_MOST]]}
    return {"data": {"statistics": {aggregate.subject: table}}}


__all__ = ["AGGREGATES", "BY_PATH", "Aggregate", "list_count_shapes", "tell_rows"]
