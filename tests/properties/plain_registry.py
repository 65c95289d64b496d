"""A registry of plain Python objects: every row, every link, every mask, one at a time.

It knows the contract's names and the world's lines; how answers are really made it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.places import jurisdiction_id
from tests.properties import plain_rows
from tests.properties.oracle import TYPE_OF_KIND, Line, Oracle
from tests.properties.plain_rows import encode_id

VALUES: dict[str, Callable[[Line], Line]] = {
    "Outcome": plain_rows.show_outcome,
    "Officer": plain_rows.show_officer,
    "Stint": plain_rows.show_stint,
    "Certification": plain_rows.show_certification,
    "Agency": plain_rows.show_agency,
    "CandidateCheck": plain_rows.show_check,
    "Consent": plain_rows.show_consent,
    "Notice": plain_rows.show_notice,
    "RoleGrant": plain_rows.show_grant,
}
# Lists of values that hang on a row, with the type of their items.
HANGING: dict[tuple[str, str], tuple[str, Callable[[Line], list[Line]]]] = {
    ("Outcome", "versions"): ("OutcomeVersion", plain_rows.show_versions),
    ("Outcome", "determinations"): ("Determination", plain_rows.show_determinations),
    ("Outcome", "holds"): ("Hold", plain_rows.show_holds),
    ("Matter", "steps"): ("ProcessStep", plain_rows.show_steps),
    ("Matter", "evidence"): ("EvidenceItem", plain_rows.show_evidence),
    ("Officer", "names"): ("OfficerName", plain_rows.show_names),
    ("Officer", "identifiers"): ("OfficerIdentifier", plain_rows.show_identifiers),
}
# Fields that lead to one row: the key of the line that names it.
SINGLE: dict[tuple[str, str], str] = {
    ("Outcome", "officer"): "officer",
    ("Outcome", "agency"): "agency",
    ("Stint", "officer"): "officer",
    ("Stint", "agency"): "agency",
    ("Certification", "officer"): "officer",
    ("CandidateCheck", "officer"): "officer",
    ("CandidateCheck", "agency"): "agency",
    ("Consent", "agency"): "agency",
    ("RoleGrant", "agency"): "agency",
    ("Agency", "parent"): "parent",
}
# Fields that lead to many rows: the kind of line, the key in which it names this row, the field they are sorted by.
MANY: dict[tuple[str, str], tuple[str, str, str, bool]] = {
    ("Officer", "stints"): ("stint", "officer", "fromDate", True),
    ("Officer", "certifications"): ("certification", "officer", "fromDate", True),
    ("Officer", "outcomes"): ("outcome", "officer", "actionDate", True),
    ("Agency", "roleGrants"): ("grant", "agency", "grantedAt", True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An object of the contract: its own line, and the line by whose relations and state it is judged (none: open)."""

    type_name: str
    line: Line
    judge: Line | None
    values: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The visible rows of a list before filters and pages, and the field they are sorted by unless asked otherwise."""

    items: Sequence[Item]
    order: str
    descending: bool


@dataclass(frozen=True, slots=True)
class PlainRegistry:
    """The registry as one asker sees it."""

    oracle: Oracle
    _items: dict[str, Item] = field(default_factory=dict)

    def find(self, line: Line | None) -> Item | None:
        """The object of a line, if it may be seen."""
        return self.wrap(line) if line is not None and self.oracle.sees(line) else None

    def wrap(self, line: Line) -> Item:
        """The object of a line, whoever may see it."""
        if line["id"] not in self._items:
            type_name = TYPE_OF_KIND[line["kind"]]
            values = VALUES[type_name](line)
            self._items[line["id"]] = Item(type_name=type_name, line=line, judge=line, values=values)
        return self._items[line["id"]]

    def list_visible(self, kind: str) -> list[Item]:
        """The visible objects of a kind of line."""
        return [item for line in self.oracle.world.by_kind[kind] if (item := self.find(line)) is not None]

    def read(self, item: Item, name: str) -> Any:
        """The value of a field: a leaf, an `Item`, a list of them, `Rows`; none where it is hidden or not there."""
        if item.judge is not None and not self.oracle.reads(item.judge, f"{item.type_name}.{name}"):
            return None
        if name in item.values:
            return item.values[name]
        return self.follow(item, name)

    def follow(self, item: Item, name: str) -> Any:
        """What a field leads to, the rows' own visibility considered."""
        key = (item.type_name, name)
        world = self.oracle.world
        if key in HANGING:
            type_name, show = HANGING[key]
            return [self._hang(item, type_name, values) for values in show(item.line)]
        if key in SINGLE:
            return self.find(world.by_id.get(item.line.get(SINGLE[key], "")))
        if key in MANY:
            kind, own, order, descending = MANY[key]
            lines = [line for line in world.by_kind[kind] if line.get(own) == item.line["id"]]
            return Rows(items=self._keep(lines), order=order, descending=descending)
        if key == ("Outcome", "matter"):
            matter = world.by_id[item.line["matter"]]
            return Item(type_name="Matter", line=matter, judge=item.judge, values=plain_rows.show_matter(matter))
        if key == ("Agency", "jurisdiction"):
            return self._locate(item.line["jurisdiction"])
        raise KeyError(key)

    def _hang(self, item: Item, type_name: str, values: Line) -> Item:
        return Item(type_name=type_name, line=item.line, judge=item.judge, values=values)

    def _keep(self, lines: Iterable[Line]) -> list[Item]:
        return [item for line in lines if (item := self.find(line)) is not None]

    def _locate(self, code: str) -> Item:
        values = {"id": encode_id("Jurisdiction", str(jurisdiction_id(code))), "code": code}
        return Item(type_name="Jurisdiction", line={}, judge=None, values=values)
