"""Walking chains: does every record follow from the one before it, and does it hold what was sealed.

A walk changes nothing, trusts no column, and names the first record of each chain that does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.audit.chain import ChainHead, ChainRow, ItemRow, digest_items, hash_row, start_chain


class FaultKind(StrEnum):
    """What can be wrong with a chain."""

    POSITION = "POSITION"
    LINK = "LINK"
    CONTENT = "CONTENT"
    ITEM_COUNT = "ITEM_COUNT"
    ITEMS = "ITEMS"
    STRAY_ITEM = "STRAY_ITEM"
    CUT = "CUT"
    REWRITTEN = "REWRITTEN"


FAULT_SENTENCES: Final[Mapping[FaultKind, str]] = {
    FaultKind.POSITION: "its position does not follow the record before it: one is missing, moved or added",
    FaultKind.LINK: "it does not carry the hash of the record before it",
    FaultKind.CONTENT: "its content is not what was sealed",
    FaultKind.ITEM_COUNT: "the number of its items is not what was sealed",
    FaultKind.ITEMS: "its items are not what was sealed",
    FaultKind.STRAY_ITEM: "an item belongs to no record",
    FaultKind.CUT: "the chain ends before it, but the saved heads know it",
    FaultKind.REWRITTEN: "its hash is not the one in the saved heads",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first thing that is wrong in a chain, and where; an item of no record has no place."""

    kind: FaultKind
    chain_id: UUID | None
    position: int | None

    @property
    def sentence(self) -> str:
        """What is wrong, in words."""
        return FAULT_SENTENCES[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """What a walk found: how much it read, where each fitting chain ends, and the first fault of each other one."""

    chains: int
    records: int
    items: int
    heads: tuple[ChainHead, ...]
    faults: tuple[Fault, ...]

    @property
    def is_intact(self) -> bool:
        """Whether nothing was found that does not fit."""
        return not self.faults


def check_row(before: ChainHead, row: ChainRow, items: Sequence[ItemRow] | None) -> FaultKind | None:
    """What is wrong with a row that should follow `before`; `items` is None where they were not read.

    Times are not compared: records of one chain are made by many requests at once, each stamped when it began, and
    the demonstration's clock can be moved; the order of a chain is that of its positions.
    """
    if row.position != before.position + 1:
        return FaultKind.POSITION
    if row.previous_hash != before.hash:
        return FaultKind.LINK
    if not _holds(row):
        return FaultKind.CONTENT
    if items is None:
        return None
    if len(items) != row.item_count:
        return FaultKind.ITEM_COUNT
    return None if digest_items(items) == row.items_sha256 else FaultKind.ITEMS


def _holds(row: ChainRow) -> bool:
    try:
        return hash_row(row) == row.hash
    except (ValueError, OverflowError):
        return False


class ChainWalk:
    """Takes the rows of all chains, each chain's together and by position, and keeps what does not fit.

    `expected` are heads written down earlier: they show a chain cut at its end or written anew, which a chain alone
    cannot.
    """

    __slots__ = ("_at", "_awaited", "_chains", "_faults", "_heads", "_items", "_placeless", "_records")

    def __init__(self, expected: Iterable[ChainHead] = ()) -> None:
        self._awaited = {head.chain_id: head for head in expected}
        self._at: ChainHead | None = None
        self._faults: dict[UUID, Fault] = {}
        self._placeless: list[Fault] = []
        self._heads: list[ChainHead] = []
        self._chains = self._records = self._items = 0

    def visit(self, row: ChainRow, items: Sequence[ItemRow] | None) -> None:
        """Take the next row with its items (None: not read); a chain is judged up to its first fault."""
        self._records += 1
        self._items += len(items or ())
        if self._at is None or self._at.chain_id != row.chain_id:
            self._leave_chain()
            self._at = start_chain(row.chain_id)
            self._chains += 1
        if row.chain_id not in self._faults:
            self._judge(self._at, row, items)
        self._at = row.head

    def blame(self, fault: Fault) -> None:
        """Take a fault that was found beside the chains."""
        self._placeless.append(fault)

    def finish(self) -> ChainReport:
        """The result, after the last row."""
        self._leave_chain()
        unseen = (head for head in self._awaited.values() if head.position > 0)
        gone = [Fault(kind=FaultKind.CUT, chain_id=head.chain_id, position=1) for head in unseen]
        return ChainReport(
            chains=self._chains,
            records=self._records,
            items=self._items,
            heads=tuple(self._heads),
            faults=(*self._faults.values(), *gone, *self._placeless),
        )

    def _judge(self, before: ChainHead, row: ChainRow, items: Sequence[ItemRow] | None) -> None:
        kind = check_row(before, row, items)
        awaited = self._awaited.get(row.chain_id)
        if kind is None and awaited is not None and awaited.position == row.position and awaited.hash != row.hash:
            kind = FaultKind.REWRITTEN
        if kind is not None:
            self._faults[row.chain_id] = Fault(kind=kind, chain_id=row.chain_id, position=row.position)

    def _leave_chain(self) -> None:
        if self._at is None:
            return
        head, self._at = self._at, None
        awaited = self._awaited.pop(head.chain_id, None)
        if head.chain_id in self._faults:
            return
        if awaited is not None and awaited.position > head.position:
            self._faults[head.chain_id] = Fault(kind=FaultKind.CUT, chain_id=head.chain_id, position=head.position + 1)
        else:
            self._heads.append(head)
