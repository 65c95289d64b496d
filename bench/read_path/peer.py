"""What PostGraphile stands on: roles, row security of its own, and a schema of views, as its documentation advises.

INVARIANT: it is put up beside the registry's own wall for a measurement and taken down after it; it is never served.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from app.storage.cluster import DATABASE
from app.storage.embedded import EmbeddedCluster
from read_path.statements import DETAIL_COLUMNS, DETAILED, DISCLOSED, NO_FINDING, SEALED

INVESTIGATOR: Final = "measured_investigator"
RECORDS_OFFICER: Final = "measured_records_officer"
_LOGIN: Final = "measured_peer"
_ROLES: Final = f"{INVESTIGATOR}, {RECORDS_OFFICER}"
_CHECKED: Final = "ANY ((SELECT peer_rules.checked_officers())::uuid[])"
# A policy names the row by its table.
_DISCLOSED: Final = re.sub(r"\bs\.", "outcome_series.", DISCLOSED)
# Tables with the row policy of each role; what only the views read, and GraphQL never names, is open to both.
_POLICIES: Final = {
    ("registry.officers", INVESTIGATOR): (
        f"id = {_CHECKED} AND EXISTS (SELECT FROM registry.outcome_series s WHERE s.officer_id = officers.id)"
    ),
    ("registry.stints", INVESTIGATOR): f"officer_id = {_CHECKED}",
    ("registry.certifications", INVESTIGATOR): f"officer_id = {_CHECKED}",
    ("registry.outcome_series", INVESTIGATOR): (f"officer_id = {_CHECKED} AND {_DISCLOSED}"),
    ("registry.officers", RECORDS_OFFICER): (
        "EXISTS (SELECT FROM registry.outcome_series s WHERE s.officer_id = officers.id)"
    ),
    ("registry.outcome_series", RECORDS_OFFICER): (
        "agency_id = (SELECT peer_rules.find_agency()) AND lifecycle <> 'EXPUNGED' "
        "AND officer_id <> ALL ((SELECT peer_rules.own_officers())::uuid[])"
    ),
    **{
        (f"registry.{table}", _ROLES): "true"
        for table in ("agencies", "holds", "outcome_contents", "outcome_versions", "officer_statements")
    },
}
_RULES: Final = """
CREATE SCHEMA peer_rules;
CREATE FUNCTION peer_rules.find_agency() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('jwt.claims.agency_id', true), '')::uuid
$$;
CREATE FUNCTION peer_rules.own_officers() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT coalesce(array_agg(g.officer_id), '{}') FROM registry.grants g
    WHERE g.account = current_setting('jwt.claims.account', true) AND g.role = 'officer' AND g.officer_id IS NOT NULL
$$;
CREATE FUNCTION peer_rules.checked_officers() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT coalesce(array_agg(k.officer_id), '{}')
    FROM registry.candidate_checks k JOIN registry.consents c ON c.id = k.consent_id
    WHERE k.agency_id = peer_rules.find_agency() AND k.kind = 'FULL' AND k.match_result = 'MATCH'
        AND k.opened_at <= now() AND k.expires_at > now() AND (k.closed_at IS NULL OR k.closed_at > now())
        AND c.officer_id = k.officer_id AND c.agency_id = k.agency_id AND c.purpose = 'hiring' AND c.scope = 'FULL'
        AND c.granted_at <= now() AND c.expires_at > now() AND (c.revoked_at IS NULL OR c.revoked_at > now())
        AND k.officer_id <> ALL (peer_rules.own_officers())
$$;
"""
_DETAIL: Final = ", ".join(f"CASE WHEN {DETAILED} THEN d.{name} END AS {name}" for name, _ in DETAIL_COLUMNS)
_FOUND: Final = ", ".join(
    f"CASE WHEN s.kind <> '{NO_FINDING}' THEN d.{name} END AS {name}"
    for name in ("basis", "final_finding", "standard_of_proof")
)
_NEWEST: Final = "LEFT JOIN registry.outcome_contents d ON d.series_id = s.id AND d.version = s.current_version"
_OUTCOME: Final = (
    f"s.id, s.officer_id, s.agency_id, s.kind, d.action_date, s.finality, s.dispute, s.kind <> '{NO_FINDING}' "
    "AS has_finding, s.current_version AS version, s.order_date"
)
_VIEWS: Final = {
    "agency": "SELECT id, name, kind, state_code FROM registry.agencies",
    "officer": "SELECT id, family_name, given_name, middle_name FROM registry.officers",
    "stint": "SELECT id, officer_id, agency_id, from_date, to_date, is_current, rank FROM registry.stints",
    "certification": "SELECT id, officer_id, state_code, type, from_date, to_date FROM registry.certifications",
    "disclosed_outcome": f"SELECT {_OUTCOME}, {_FOUND} FROM registry.outcome_series s {_NEWEST}",
    "reported_outcome": f"""
        SELECT {_OUTCOME}, v.report_type, y.body AS statement, {_DETAIL},
            CASE WHEN NOT f.sealed THEN s.lifecycle END AS lifecycle,
            CASE WHEN NOT f.sealed THEN s.created_at END AS created_at,
            CASE WHEN NOT f.sealed THEN s.cleared_at END AS cleared_at
        FROM registry.outcome_series s {_NEWEST}
        LEFT JOIN registry.outcome_versions v ON v.series_id = s.id AND v.version = s.current_version
        LEFT JOIN registry.officer_statements y ON y.series_id = s.id AND upper_inf(y.recorded)
        CROSS JOIN LATERAL (SELECT {SEALED} AS sealed) f""",
}
# The statements are few and repeated: planned once, as the registry's own are.
_SETTINGS: Final = {"jit": "off", "timezone": "UTC", "plan_cache_mode": "force_generic_plan"}
_OF_OFFICER: Final = "@foreignKey (officer_id) references peer.officer (id)|@fieldName officer|@foreignFieldName {many}"
_OF_AGENCY: Final = "@foreignKey (agency_id) references peer.agency (id)|@fieldName agency|@behavior -manyRelation"
_LINKS: Final = {
    "stint": (_OF_OFFICER.format(many="stints"), _OF_AGENCY),
    "certification": (_OF_OFFICER.format(many="certifications"),),
    "disclosed_outcome": (_OF_OFFICER.format(many="outcomes"), _OF_AGENCY),
    "reported_outcome": (_OF_OFFICER.format(many="reported"), _OF_AGENCY),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The address of PostGraphile's login, and the secret its tokens are signed with."""

    address: str = field(repr=False)
    secret: str = field(repr=False)


@contextlib.contextmanager
def standing_peer(cluster: EmbeddedCluster) -> Iterator[Peer]:
    """Roles, policies and views for PostGraphile, as long as this is open."""
    password, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    asyncio.run(_execute(cluster, write_removal() + write_set_up(password)))
    try:
        yield Peer(address=cluster.url(user=_LOGIN, password=password, database=DATABASE), secret=secret)
    finally:
        asyncio.run(_execute(cluster, write_removal()))


async def _execute(cluster: EmbeddedCluster, statements: str) -> None:
    address = cluster.url(user=cluster.superuser, password=cluster.superuser_password, database=DATABASE)
    connection = await asyncpg.connect(address)
    try:
        async with connection.transaction():
            await connection.execute(statements)
    finally:
        await connection.close()


def write_set_up(password: str) -> str:
    """Everything that is put up."""
    lines = [
        f"CREATE ROLE {INVESTIGATOR}; CREATE ROLE {RECORDS_OFFICER};",
        f"CREATE ROLE {_LOGIN} LOGIN NOINHERIT PASSWORD '{password}';",
        f"GRANT {_ROLES} TO {_LOGIN};",
        *(f"ALTER ROLE {_LOGIN} SET {name} = '{value}';" for name, value in _SETTINGS.items()),
        _RULES,
        "CREATE SCHEMA peer;",
        *(f"CREATE VIEW peer.{name} WITH (security_invoker = true) AS {body};" for name, body in _VIEWS.items()),
        *(f"COMMENT ON VIEW peer.{name} IS E'{_tag(name)}';" for name in _VIEWS),
        f"GRANT USAGE ON SCHEMA registry, peer, peer_rules TO {_ROLES};",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA peer TO {_ROLES};",
    ]
    for (table, roles), condition in _POLICIES.items():
        lines.append(f"GRANT SELECT ON {table} TO {roles};")
        lines.append(f'CREATE POLICY "measured_{roles}" ON {table} FOR SELECT TO {roles} USING ({condition});')
    return "\n".join(lines)


def _tag(view: str) -> str:
    return r"\n".join(("@primaryKey id", *_LINKS.get(view, ())))


def write_removal() -> str:
    """Takes away whatever of it stands."""
    lines = ["DROP SCHEMA IF EXISTS peer CASCADE;"]
    lines += [f'DROP POLICY IF EXISTS "measured_{roles}" ON {table};' for table, roles in _POLICIES]
    lines.append("DROP SCHEMA IF EXISTS peer_rules CASCADE;")
    for role in (_LOGIN, INVESTIGATOR, RECORDS_OFFICER):
        lines.append(
            f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN "
            f"EXECUTE 'DROP OWNED BY {role}'; EXECUTE 'DROP ROLE {role}'; END IF; END $$;"
        )
    return "\n".join(lines)


__all__ = ["INVESTIGATOR", "RECORDS_OFFICER", "Peer", "standing_peer"]
