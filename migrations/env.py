"""Runs the migrations over the connection that `app.storage.migrate` opened.

A migration never runs without the advisory lock and the timeouts that `app.storage.migrate` has set on it.
"""

from __future__ import annotations

from typing import Any

from alembic import context

from app.storage.tables.everything import METADATA

SCHEMAS = {"registry", "release", "matching", "audit", "gate"}


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """Compare our own schemas alone; the version table lives in `gate`, which has no table of the metadata."""
    return type_ != "schema" or name in SCHEMAS - {"gate"}


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    include_schemas=True,
    include_name=include_name,
    version_table="alembic_version",
    version_table_schema="gate",
    compare_type=True,
    compare_server_default=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
