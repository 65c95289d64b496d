"""What a database consists of, as sets of lines: tables with their constraints, and everything else.

Rows are left out, and so is what belongs to an extension or to PostgreSQL itself.
"""

from __future__ import annotations

from typing import Final

import asyncpg

from app.storage.cluster import Addresses

_OURS: Final = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname NOT LIKE 'pg_%'"
_NO_EXTENSION: Final = "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = {} AND d.deptype = 'e')"
# The table of Alembic itself is the one thing that a database keeps without a revision.
_NO_VERSION: Final = "NOT (n.nspname = 'gate' AND c.relname IN ('alembic_version', 'alembic_version_pkc'))"

TABLES: Final = (
    f"SELECT format('relation %s.%s %s', n.nspname, c.relname, c.relkind) FROM pg_class c "
    f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND c.relkind IN ('r', 'i', 'S') AND {_NO_VERSION}",
    "SELECT format('column %s.%s.%s %s null=%s default=%s generated=%s', n.nspname, c.relname, a.attname, "
    "format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(f.adbin, f.adrelid), a.attgenerated) "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    f"LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum WHERE {_OURS} AND c.relkind = 'r' "
    f"AND a.attnum > 0 AND NOT a.attisdropped AND {_NO_VERSION}",
    "SELECT format('constraint %s.%s.%s %s', n.nspname, c.relname, o.conname, pg_get_constraintdef(o.oid)) "
    "FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    f"WHERE {_OURS} AND {_NO_VERSION}",
    "SELECT format('index %s', pg_get_indexdef(i.indexrelid)) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND {_NO_VERSION}",
)
_OTHERS: Final = (
    f"SELECT format('schema %s', n.nspname) FROM pg_namespace n WHERE {_OURS}",
    "SELECT format('extension %s', extname) FROM pg_extension",
    "SELECT format('view %s.%s %s', n.nspname, c.relname, pg_get_viewdef(c.oid)) FROM pg_class c "
    f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND c.relkind IN ('v', 'm')",
    "SELECT format('function %s.%s %s', n.nspname, p.proname, pg_get_functiondef(p.oid)) FROM pg_proc p "
    f"JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_OURS} AND p.prokind = 'f' "
    f"AND {_NO_EXTENSION.format('p.oid')}",
    "SELECT format('type %s.%s', n.nspname, t.typname) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
    f"WHERE {_OURS} AND t.typtype IN ('c', 'e', 'd') AND t.typname NOT LIKE '%alembic%' "
    f"AND {_NO_EXTENSION.format('t.oid')}",
    "SELECT format('trigger %s', pg_get_triggerdef(t.oid)) FROM pg_trigger t WHERE NOT t.tgisinternal",
    "SELECT format('policy %s.%s %s %s %s %s %s', schemaname, tablename, policyname, cmd, roles, qual, with_check) "
    "FROM pg_policies",
    "SELECT format('security %s.%s %s %s', n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity) "
    f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND c.relkind = 'r' "
    f"AND (c.relrowsecurity OR c.relforcerowsecurity)",
    "SELECT format('rights on %s.%s %s', n.nspname, c.relname, "
    "(SELECT array_agg(x::text ORDER BY x::text) FROM unnest(c.relacl) x)) "
    f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND c.relkind IN ('r', 'v') "
    f"AND {_NO_VERSION}",
    "SELECT format('rights on %s.%s.%s %s', n.nspname, c.relname, a.attname, "
    "(SELECT array_agg(x::text ORDER BY x::text) FROM unnest(a.attacl) x)) FROM pg_attribute a "
    f"JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} "
    "AND a.attacl IS NOT NULL",
    "SELECT format('rights on function %s.%s %s', n.nspname, p.oid::regprocedure, "
    "(SELECT array_agg(x::text ORDER BY x::text) FROM unnest(p.proacl) x)) FROM pg_proc p "
    f"JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_OURS} AND {_NO_EXTENSION.format('p.oid')}",
)


async def take_snapshot(addresses: Addresses, *, tables_only: bool = False) -> set[str]:
    """Everything the database consists of; or its tables, columns, constraints and indexes alone."""
    connection = await asyncpg.connect(addresses.require_owner())
    try:
        found: set[str] = set()
        for statement in TABLES if tables_only else (*TABLES, *_OTHERS):
            found |= {row[0] for row in await connection.fetch(statement)}
        return found
    finally:
        await connection.close()


async def count_rows(addresses: Addresses) -> dict[str, int]:
    """How many rows each table holds."""
    connection = await asyncpg.connect(addresses.require_owner())
    try:
        names = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
            "WHERE schemaname IN ('registry', 'release', 'matching', 'audit', 'gate')"
        )
        return {row["name"]: await connection.fetchval(f"SELECT count(*) FROM {row['name']}") for row in names}
    finally:
        await connection.close()
