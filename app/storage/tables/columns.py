"""The shapes that columns of the registry share: keys, codes, times and their constraints.

Every table is built from these, so that one convention holds everywhere.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

REGISTRY = "registry"
RELEASE = "release"
MATCHING = "matching"
AUDIT = "audit"
GATE = "gate"

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> Column[Any]:
    """A random primary key (uuid v4, given by the writer: version 7 would tell the time of creation)."""
    return Column("id", Uuid(), primary_key=True)


def refers(name: str, target: str, *, required: bool = True, indexed: bool = False) -> Column[Any]:
    """A reference to `schema.table.column`; deletion of the target is always refused."""
    return Column(name, Uuid(), ForeignKey(target, ondelete="RESTRICT"), nullable=not required, index=indexed)


def moment(name: str, *, required: bool = True, now: bool = False) -> Column[Any]:
    """A point in time with its zone; `now` gives the transaction's time by default."""
    default = text("now()") if now else None
    return Column(name, TIMESTAMP(timezone=True), nullable=not required, server_default=default)


def code(name: str, vocabulary: type[StrEnum], *, required: bool = True, default: str | None = None) -> Column[Any]:
    """A code of a closed vocabulary, kept as text and checked by `code_check`."""
    return Column(name, Text(), nullable=not required, server_default=default)


def codes(name: str, *, required: bool = True) -> Column[Any]:
    """A list of codes; empty by default."""
    return Column(name, ARRAY(Text()), nullable=not required, server_default=text("'{}'::text[]"))


def code_check(name: str, vocabulary: type[StrEnum]) -> CheckConstraint:
    """The constraint that keeps `name` inside its vocabulary."""
    values = ", ".join(f"'{member.value}'" for member in vocabulary)
    return CheckConstraint(f"{name} IN ({values})", name=f"{name}_known")


def codes_check(name: str, vocabulary: type[StrEnum]) -> CheckConstraint:
    """The constraint that keeps every element of the list `name` inside its vocabulary."""
    values = ", ".join(f"'{member.value}'" for member in vocabulary)
    return CheckConstraint(f"{name} <@ ARRAY[{values}]::text[]", name=f"{name}_known")


def paired(first: str, second: str) -> CheckConstraint:
    """Who and when come together or not at all."""
    return CheckConstraint(f"({first} IS NULL) = ({second} IS NULL)", name=f"{first}_with_{second}")
