"""How one kind of line is described: its keys, the columns they fill, and the rows nested in it.

Reading, writing and the printed reference all follow this one description; nothing about a kind is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table

from app.audit.chain import ChainHead, SealedRecord, seal_record, start_chain
from app.audit.records import AuditRecord
from app.registry.world.forms import Form

Row = dict[str, Any]
"""One row of a table, column by column."""


class ChainKeeper:
    """The heads of the audit chains that one reading writes; records are sealed in the order of the lines."""

    __slots__ = ("_heads", "own_chain")

    def __init__(self, own_chain: UUID) -> None:
        self.own_chain = own_chain
        self._heads: dict[UUID, ChainHead] = {}

    def seal(self, chain_id: UUID, record: AuditRecord) -> SealedRecord:
        """Give the record the next place in the chain, which begins with its first record."""
        sealed = seal_record(self._heads.get(chain_id) or start_chain(chain_id), record)
        self._heads[chain_id] = sealed.row.head
        return sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What reading needs beside the line: the load's time, sources of ids and salts, the key for tokens, and chains."""

    now: datetime
    draw_id: Callable[[], UUID]
    draw_salt: Callable[[], bytes]
    token_key: bytes = field(repr=False)
    chains: ChainKeeper


Default = Callable[[Surroundings], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of an object: the column it fills and the form of its value.

    A key without a column is read for the section's `complete` alone. `source` is what the dump selects instead of
    the column itself. Null and absent are the same.
    """

    name: str
    form: Form
    column: str | None
    required: bool = False
    default: Default | None = None
    default_words: str = ""
    note: str = ""
    source: ColumnElement[Any] | None = None
    # Where the value stands in a row: its column, or its own name where it has none.
    place: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", self.name if self.column is None else self.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Two keys that fill one range column: from the first, included, up to the last, excluded.

    Where both may be absent (`optional`), the column is empty then; with an open start it always was.
    """

    first: str
    last: str
    form: Form
    column: str
    open_start: bool = False
    optional: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A nested object whose keys fill columns of the same row."""

    name: str
    members: tuple[Key, ...]
    note: str = ""
    # Every key the nested object may have.
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", frozenset(key.name for key in self.members))


Member = Key | Span | Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A nested list of rows of another table: one nested object where `single`, plain values where `bare`.

    `links` says which column of the child holds which column of the row it is nested in. Where `derive` is given, an
    absent list is derived from the row, and a dump writes the list even where it is empty.
    """

    name: str
    section: Section
    links: Mapping[str, str]
    single: bool = False
    bare: bool = False
    derive: Callable[[Row, Surroundings], list[Row]] | None = None
    note: str = ""


class Misfit(Exception):
    """A line that does not fit: the path of the key and what is wrong with it, never the value."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path

    def under(self, name: str) -> Misfit:
        """The same misfit, one level further out."""
        return Misfit(self.problem, f"{name}.{self.path}" if self.path else name)


Complete = Callable[[Row, Mapping[str, list["ReadRow"]], Surroundings], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A row of one table and the rows nested in it.

    `fixed` columns have one value in every world. `complete` derives what the line left out and refuses what does not
    hang together, by raising `Misfit`. `order` sorts siblings in a dump; `climbs` names the column by which rows of
    the table refer to each other, which a dump writes parents first. `hidden` columns are filled by `complete` alone.
    """

    table: Table
    members: tuple[Member, ...]
    children: tuple[Child, ...] = ()
    fixed: Mapping[str, object] = field(default_factory=dict)
    complete: Complete | None = None
    order: tuple[str, ...] = ("id",)
    climbs: str | None = None
    hidden: tuple[str, ...] = ()
    # Every key an object of this section may have.
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        names = {child.name for child in self.children}
        for member in self.members:
            names.update((member.first, member.last) if isinstance(member, Span) else (member.name,))
        object.__setattr__(self, "known", frozenset(names))

    def single_keys(self) -> Iterator[Key]:
        """The single keys, those in groups included."""
        for member in self.members:
            if isinstance(member, Key):
                yield member
            elif isinstance(member, Group):
                yield from member.members

    def own_columns(self) -> tuple[str, ...]:
        """The columns that the section itself fills, in the table's order; links come from outside."""
        filled = {key.column for key in self.single_keys()} | {m.column for m in self.members if isinstance(m, Span)}
        filled |= set(self.fixed) | set(self.hidden)
        return tuple(column.name for column in self.table.columns if column.name in filled)


@dataclass(slots=True, kw_only=True)
class ReadRow:
    """A row as read, with the rows nested in it, before it is laid out for COPY."""

    section: Section
    row: Row
    children: dict[str, list[ReadRow]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of line: its word, what it describes, and its section."""

    name: str
    summary: str
    section: Section


def now(surroundings: Surroundings) -> datetime:
    """Default: the time of the load."""
    return surroundings.now


def new_id(surroundings: Surroundings) -> str:
    """Default: a fresh random id."""
    return str(surroundings.draw_id())


def constant(value: object) -> Default:
    """Default: always `value`."""
    return lambda surroundings: value


def empty_list(surroundings: Surroundings) -> list[str]:
    """Default: no codes."""
    return []
