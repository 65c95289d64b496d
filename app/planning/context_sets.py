"""What an asking principal has, as small sets that come with his verified context: named by what they hold.

INVARIANT: each is of the context `c` alone; nobody can ask for another's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.vocabulary import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSet:
    """One set: the relation that is told by it, and the query over the context `c` that gathers it."""

    relation: Relation
    query: str


# The officers whom an open, matched check of the asking agency names, under a live consent of that scope.
_CANDIDATES: Final = """
    SELECT coalesce(array_agg(DISTINCT k.officer_id), '{{}}')
    FROM registry.candidate_checks k JOIN registry.consents s ON s.id = k.consent_id
    WHERE k.agency_id = c.agency_id AND k.kind = '{kind}' AND k.match_result = 'MATCH'
        AND k.opened_at <= c.at AND k.expires_at > c.at AND (k.closed_at IS NULL OR k.closed_at > c.at)
        AND s.officer_id = k.officer_id AND s.agency_id = k.agency_id AND s.purpose = 'hiring'
        AND s.scope IN ({scopes})
        AND s.granted_at <= c.at AND s.expires_at > c.at AND (s.revoked_at IS NULL OR s.revoked_at > c.at)"""
# The officers that the account itself is: in an officer's or representative's role the one it acts for, in any other
# role every officer it was ever known as, for a right that ended does not make it another person.
_OWN: Final = """
    SELECT CASE WHEN c.role IN ('officer', 'officer_rep') THEN ARRAY[c.officer_id]
        ELSE (SELECT coalesce(array_agg(DISTINCT g.officer_id), '{}')
            FROM registry.grants g WHERE g.account = c.account AND g.role = 'officer') END"""
_CREDENTIALED: Final = """
    SELECT coalesce(array_agg(DISTINCT k.agency_id), '{{}}') FROM registry.agency_credentials k
    WHERE k.body_id = c.body_id AND k.status IN ({statuses}) AND k.valid @> (c.at AT TIME ZONE 'UTC')::date"""

CONTEXT_SETS: Final[Mapping[str, ContextSet]] = {
    "own_officers": ContextSet(relation=Relation.SELF, query=_OWN),
    "full_candidates": ContextSet(
        relation=Relation.CANDIDATE_FULL, query=_CANDIDATES.format(kind="FULL", scopes="'FULL'")
    ),
    "limited_candidates": ContextSet(
        relation=Relation.CANDIDATE_LIMITED, query=_CANDIDATES.format(kind="LIMITED", scopes="'FULL', 'LIMITED'")
    ),
    "assigned_outcomes": ContextSet(
        relation=Relation.ASSIGNED,
        query="""
    SELECT coalesce(array_agg(k.series_id), '{}') FROM registry.case_assignments k
    WHERE k.account = c.account AND k.role = c.role AND k.valid @> c.at""",
    ),
    "assigned_officers": ContextSet(
        relation=Relation.ASSIGNED,
        query="""
    SELECT coalesce(array_agg(DISTINCT o.officer_id), '{}')
    FROM registry.case_assignments k JOIN registry.outcome_series o ON o.id = k.series_id
    WHERE k.account = c.account AND k.role = c.role AND k.valid @> c.at""",
    ),
    "opened_outcomes": ContextSet(
        relation=Relation.BREAK_GLASS,
        query="""
    SELECT coalesce(array_agg(b.series_id), '{}') FROM registry.break_glass_accesses b
    WHERE b.account = c.account AND b.valid @> c.at""",
    ),
    "opened_officers": ContextSet(
        relation=Relation.BREAK_GLASS,
        query="""
    SELECT coalesce(array_agg(DISTINCT o.officer_id), '{}')
    FROM registry.break_glass_accesses b JOIN registry.outcome_series o ON o.id = b.series_id
    WHERE b.account = c.account AND b.valid @> c.at""",
    ),
    "applicants": ContextSet(
        relation=Relation.APPLICANT, query=_CREDENTIALED.format(statuses="'SOUGHT', 'IN_PROCESS'")
    ),
    "credentialees": ContextSet(
        relation=Relation.CREDENTIALEE, query=_CREDENTIALED.format(statuses="'CERTIFIED', 'RE_REVIEW_DUE'")
    ),
}


def write_gathering(relations: Mapping[str, frozenset[Relation]]) -> str:
    """The function of the gate that adds to a context the sets of its role and purpose; `relations` by `role/purpose`.

    A set that no rule of a role names is not looked for, and stays unknown: nobody stands in that relation.
    """
    steps: list[str] = []
    for name, each in CONTEXT_SETS.items():
        keys = ", ".join(f"'{key}'" for key, named in sorted(relations.items()) if each.relation in named)
        if keys:
            steps.append(f"    IF key IN ({keys}) THEN\n        c.{name} := ({each.query});\n    END IF;")
    body = "\n".join(steps)
    return (
        "CREATE OR REPLACE FUNCTION gate.gather_sets(c gate.context) RETURNS gate.context\n"
        "LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$\n"
        f"DECLARE\n    key text := c.role || '/' || c.purpose;\nBEGIN\n{body}\n    RETURN c;\nEND $$;\n"
        "REVOKE ALL ON FUNCTION gate.gather_sets(gate.context) FROM PUBLIC"
    )
