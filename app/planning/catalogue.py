"""What the contract's types are in the database: rows, columns, and how one row leads to others.

The schema builds it, the compiler reads it; a field that is not bound here can never be part of a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Column, ColumnElement, FromClause, Table

from app.domain.vocabulary import Entity


class LeafForm(StrEnum):
    """How a column becomes JSON; the forms other than plain exist because PostgreSQL's own would differ."""

    PLAIN = "plain"
    GLOBAL_ID = "global_id"
    HEXADECIMAL = "hexadecimal"
    RANGE_START = "range_start"
    RANGE_END = "range_end"
    YEAR = "year"
    QUARTER = "quarter"
    PRESENT = "present"


Link: TypeAlias = Callable[[FromClause, FromClause], ColumnElement[bool]]
Expression: TypeAlias = Callable[[FromClause], ColumnElement[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A scalar of the row, or of a table joined one to one with it."""

    column: Column[Any]
    form: LeafForm = LeafForm.PLAIN
    # A column of the base table in the same order, never absent, by which an index can give a list in order.
    ordered_by: Column[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """A scalar made from the row by an expression over its base table alone."""

    expression: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """At most one row of another type: `null` where there is none or it may not be seen."""

    target: str
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """One way to sort a list: fields of the target type, the last one a tie-break that never repeats."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """Rows of another type, as a Relay connection or as a plain list of few."""

    target: str
    link: Link
    connection: bool
    default_order: Ordering
    # Whether each of them is in the state of the row they hang on, as what is of one officer is.
    shares_state: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FromPrincipal:
    """A fact about who asks, which no row holds."""

    attribute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """An object that is no row of its own: its fields start from the root again."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Whole days from one column to another; of two times the days that have passed, else the days between dates."""

    first: Column[Any]
    last: Column[Any]


class Figure(StrEnum):
    """What is computed over a group of rows."""

    COUNT = "count"
    OFFICERS = "officers"
    RATE = "rate"
    SPREAD = "spread"
    FOLLOWED = "followed"
    SHARE = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure of a group; `value` is what a spread is of, or what a row has that counts as followed."""

    figure: Figure
    value: Span | Computed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Figures over all rows of a subject that may be counted; `subject` names it in the catalogue."""

    subject: str


Binding: TypeAlias = Leaf | Computed | One | Many | FromPrincipal | Namespace | Measure | Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A table that holds more of the same row; `link(base, joined)` finds it."""

    table: Table
    link: Link


Moment: TypeAlias = ColumnElement[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastJoined:
    """A table that held more of the same row at a moment; `link(base, joined, moment)` finds it."""

    table: Table
    link: Callable[[FromClause, FromClause, Moment], ColumnElement[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How a row is told as it was on record at a moment; whether it may be told is decided by how it stands now.

    `joined` stands in for the tables of the same names, `fields` for columns that then lay in history; `known_since`
    says of each fact that came later under which condition it was known then; `below` names the fields whose rows are
    told as of the same moment. `told_with` is the field (type and name) that tells when it was recorded: who may not
    read it could find it out by moments.
    """

    was_there: Callable[[FromClause, Moment], ColumnElement[bool]]
    told_with: tuple[str, str]
    joined: Mapping[str, PastJoined] = field(default_factory=dict)
    fields: Mapping[str, Leaf] = field(default_factory=dict)
    known_since: Mapping[str, Callable[[FromClause, Moment], ColumnElement[bool]]] = field(default_factory=dict)
    below: frozenset[str] = frozenset()
    counts_as: Callable[[FromClause, Moment], ColumnElement[Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeBinding:
    """One type of the contract.

    `entity` says by which relations and states its rows are judged; a type without one belongs to the row it hangs on
    and is judged with it. `counts_as` is what a disclosure of the row is recorded as. `identity` sorts rows that are
    equal in all else; a node's is the one column that its Relay ids and cursors are made of. `links` are columns that
    relations, links and expressions need beside those that are shown.
    """

    name: str
    base: Table | None
    entity: Entity | None
    fields: Mapping[str, Binding]
    links: frozenset[str] = frozenset()
    joined: Mapping[str, Joined] = field(default_factory=dict)
    identity: tuple[str, ...] = ("id",)
    counts_as: Expression | None = None
    is_node: bool = False
    past: Past | None = None

    def refer_to(self, row: FromClause, moment: Moment | None = None) -> ColumnElement[Any] | None:
        """The reference of `row` in the record of a disclosure; of what was told of a moment, the version of then."""
        if moment is not None and self.past is not None and self.past.counts_as is not None:
            return self.past.counts_as(row, moment)
        return None if self.counts_as is None else self.counts_as(row)

    @property
    def key(self) -> str | None:
        """The column of its rows' Relay ids and cursors; none for rows that are never asked for one by one."""
        return self.identity[0] if self.is_node else None

    def list_leaves(self) -> tuple[tuple[str, Leaf], ...]:
        """The fields that are columns, each with where it lies and, where that was elsewhere, where it lay.

        A figure of days is made of two columns and stands twice.
        """
        every = (*self.fields.items(), *(self.past.fields.items() if self.past else ()))
        leaves = [(name, bound) for name, bound in every if isinstance(bound, Leaf)]
        spans = [
            (name, Leaf(column=end))
            for name, bound in every
            if isinstance(bound, Measure) and isinstance(bound.value, Span)
            for end in (bound.value.first, bound.value.last)
        ]
        return (*leaves, *spans)

    def list_carried(self, allowed: Collection[str]) -> frozenset[str]:
        """The columns of its rows that a reader of the fields `allowed` (each `Type.field`) needs, and no other."""
        if self.base is None:
            return frozenset()
        shown = {
            bound.column.name
            for name, bound in self.fields.items()
            if isinstance(bound, Leaf) and bound.column.table is self.base and f"{self.name}.{name}" in allowed
        }
        return self.links | frozenset(self.identity) | shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """How a root field finds its rows.

    `by` names the argument that picks one row and how it is compared; a root without it is a list.
    """

    target: str
    connection: bool = False
    default_order: Ordering | None = None
    by: str | None = None
    compare: Callable[[FromClause, ColumnElement[Any]], ColumnElement[bool]] | None = None
    id_of: str | None = None
    namespace: bool = False
    any_node: bool = False
    many_nodes: bool = False
    # Whether its figures are counted over whole tables: by a plan that may run in parallel.
    counting: bool = False


MakeRows: TypeAlias = Callable[[FromClause, "RowMaker"], FromClause]


class RowMaker(Protocol):
    """What the rows of a subject may need beside the base: rows of other types, each under its own condition."""

    def name(self, prefix: str) -> str: ...

    def allow(self, field_name: str, entity: Entity, row: FromClause) -> ColumnElement[bool]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is counted: rows of a table under the fields of a type of figures.

    `make_rows` gives, of an alias of the base, the rows that are counted, where they are not all of it; they carry the
    base's columns under the same names. `officer` is the column of the officer whom a row is about.
    """

    binding: TypeBinding
    officer: str = "officer_id"
    make_rows: MakeRows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All types and root fields that a plan can be made of, and the subjects that figures are counted over."""

    types: Mapping[str, TypeBinding]
    roots: Mapping[str, Root]
    subjects: Mapping[str, Subject] = field(default_factory=dict)

    def list_bindings(self) -> tuple[TypeBinding, ...]:
        """Every type whose rows a plan can reach."""
        return (*self.types.values(), *(each.binding for each in self.subjects.values()))

    def node_types(self) -> tuple[TypeBinding, ...]:
        """The types that `node(id)` can find, in a fixed order."""
        return tuple(binding for _, binding in sorted(self.types.items()) if binding.is_node)
