"""What `migrations/grants.sql` says and what the database holds, as one kind of line each, to be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg

GRANTS = Path(__file__).resolve().parents[2] / "migrations" / "grants.sql"
SCHEMAS = ("registry", "release", "matching", "audit", "gate", "counted")
# (login or PUBLIC, privilege, what: "schema x", "table x.y", "table x.y column z", "function x.y(types)")
GrantLine = tuple[str, str, str]

_COMMENT = re.compile(r"--[^\n]*")
_STATEMENT = re.compile(
    r"GRANT (?P<verbs>.+?) ON (?P<kind>SCHEMA|FUNCTION|)\s*(?P<names>.+?) TO (?P<logins>.+)", re.DOTALL
)
_VERB = re.compile(r"([A-Z]+)\s*(?:\(([^)]*)\))?")
_FUNCTION = re.compile(r"([a-z_.]+)\s*\(([^)]*)\)")


def read_granted() -> set[GrantLine]:
    """Every grant that the file makes; a statement that is neither a grant nor a withdrawal fails."""
    found: set[GrantLine] = set()
    for statement in _COMMENT.sub("", GRANTS.read_text("utf-8")).split(";"):
        text = " ".join(statement.split())
        if not text or text.startswith("REVOKE "):
            continue
        match = _STATEMENT.fullmatch(text)
        assert match is not None, text
        for login in match["logins"].split(", "):
            for verb, columns in _VERB.findall(match["verbs"]):
                for thing in _list_things(match["kind"], match["names"], columns):
                    found.add((login, verb, thing))
    return found


def _list_things(kind: str, names: str, columns: str) -> Iterator[str]:
    if kind == "FUNCTION":
        for name, types in _FUNCTION.findall(names):
            yield f"function {name}({', '.join(_spell_type(each) for each in types.split(',') if each.strip())})"
        return
    for name in names.split(", "):
        if kind == "SCHEMA":
            yield f"schema {name}"
        elif columns:
            yield from (f"table {name} column {column.strip()}" for column in columns.split(","))
        else:
            yield f"table {name}"


def _spell_type(name: str) -> str:
    return {"timestamptz": "timestamp with time zone"}.get(name.strip(), name.strip())


# What the catalogue holds; the owner's own rights are left out, and so are functions that only a trigger can call.
HELD = """
WITH things AS (
    SELECT nspacl AS acl, nspowner AS owner, 'n' AS kind, 'schema ' || nspname AS thing
    FROM pg_namespace WHERE nspname = ANY($1)
    UNION ALL
    SELECT c.relacl, c.relowner, 'r', format('table %s.%s', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
    UNION ALL
    SELECT a.attacl, c.relowner, 'c', format('table %s.%s column %s', n.nspname, c.relname, a.attname)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY($1) AND a.attacl IS NOT NULL
    UNION ALL
    SELECT p.proacl, p.proowner, 'f',
        format('function %s.%s(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = ANY($1) AND p.prorettype <> 'trigger'::regtype
)
SELECT CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(held.grantee) END AS login,
    held.privilege_type AS privilege, things.thing
FROM things, aclexplode(coalesce(things.acl, CASE WHEN kind <> 'c' THEN acldefault(
    CASE kind WHEN 'n' THEN 'n'::"char" WHEN 'f' THEN 'f'::"char" ELSE 'r'::"char" END, things.owner) END)) held
WHERE held.grantee <> things.owner
"""


async def read_held(connection: asyncpg.Connection) -> set[GrantLine]:
    """Every grant that the database holds in the registry's schemas, whoever it is to."""
    rows = await connection.fetch(HELD, list(SCHEMAS))
    return {(row["login"], row["privilege"], row["thing"]) for row in rows}
