"""The gate: what was accepted as allowed, and that nobody is shown more unless a decision record names it.

The accepted text is written by the tool alone and sealed; it needs no history, so that any clone can be checked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.errors import PolicyRefused
from app.policy.allowances import digest_allowances, read_allowances, write_allowances
from app.policy.decided import DecisionTable
from app.policy.diff import Change, Direction, compare_tables

ACCEPTED_NAME: Final = "allowances.txt"
_RECORD_NAME: Final = re.compile(r"\d{4}-[a-z0-9-]+\.md")
_NAMED: Final = re.compile(r"^ *Widens: (?P<digest>[0-9a-f]{12})(?: (?P<sentence>\S.*))?$", flags=re.MULTILINE)
_CLAIM: Final = re.compile(r"^ *Widens:.*$", flags=re.MULTILINE)
_SEAL_MARK: Final = "sealed "
_HEAD: Final = (
    "# Everything the disclosure policy allows, as it was accepted. What stands in no line is withheld.\n"
    "# Written by `probity policy diff --accept`, never by hand; docs/policy-tools.md says how to read and renew it.\n"
)
_EMPTY: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """That a decision record names a widening; the sentence is for the reader, and must then be the right one."""

    record: str
    sentence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A comparison with what decision records name.

    `base` is the digest of the older policy's canonical text, by which widenings are named; empty if there are none.
    """

    base: str
    changes: tuple[Change, ...]
    named: Mapping[str, Naming]

    @property
    def wider(self) -> tuple[Change, ...]:
        """The changes by which somebody sees more."""
        return tuple(change for change in self.changes if change.direction is Direction.WIDER)

    @property
    def whole(self) -> str:
        """The digest that names all widenings of this review at once."""
        said = "\n".join((self.base, "all", *(change.sign(self.base) for change in self.wider)))
        return hashlib.sha256(said.encode("ascii")).hexdigest()[:12]

    def find_record(self, change: Change) -> str | None:
        """The decision record that names a widening, by itself or with all others; what it says of it must be true."""
        if change.direction is not Direction.WIDER:
            return None
        if (found := self.named.get(change.sign(self.base))) and found.sentence in (None, change.sentence):
            return found.record
        return whole.record if (whole := self.named.get(self.whole)) else None

    @property
    def unnamed(self) -> tuple[Change, ...]:
        """The widenings that no decision record names."""
        return tuple(change for change in self.wider if self.find_record(change) is None)


def review_tables(old: DecisionTable | None, new: DecisionTable, named: Mapping[str, Naming]) -> Review:
    """Compare; without an older policy everything that is allowed is a widening."""
    if old is None:
        nothing = DecisionTable(units={}, classes={}, cells={}, records=new.records, unit_of={})
        wider = (each for each in compare_tables(nothing, new) if each.direction is Direction.WIDER)
        return Review(base=_EMPTY, changes=tuple(wider), named=named)
    changes = compare_tables(old, new)
    widens = any(change.direction is Direction.WIDER for change in changes)
    # Nothing is signed where nothing is wider, and the text of a whole policy takes its time.
    return Review(base=digest_allowances(old) if widens else "", changes=changes, named=named)


def read_decisions(folder: Path) -> dict[str, Naming]:
    """The widenings that decision records name, by digest; raises `PolicyRefused` for a line that names none."""
    if not folder.is_dir():
        raise PolicyRefused(f"{folder.name}: there is no such folder of decision records; name it with --decisions")
    named: dict[str, Naming] = {}
    for path in sorted(folder.iterdir()):
        if not _RECORD_NAME.fullmatch(path.name):
            continue
        text = path.read_text("utf-8")
        if len(_CLAIM.findall(text)) != len(_NAMED.findall(text)):
            raise PolicyRefused(
                f"{path.name}: a line Widens: needs the twelve digits that `probity policy diff` prints"
            )
        for found in _NAMED.finditer(text):
            named[found["digest"]] = Naming(record=path.name, sentence=found["sentence"])
    return named


def seal_text(table: DecisionTable) -> str:
    """The accepted text of a policy: its allowances, and a seal over them that a change by hand breaks."""
    body = _HEAD + write_allowances(table)
    return f"{body}{_SEAL_MARK}{hashlib.sha256(body.encode('ascii')).hexdigest()}\n"


def open_text(text: str) -> DecisionTable:
    """What an accepted text allows; raises `PolicyRefused` if it was not written by the tool."""
    body, found, seal = text.rpartition(f"\n{_SEAL_MARK}")
    body += "\n"
    if not found or not body.startswith(_HEAD) or seal != hashlib.sha256(body.encode("utf-8")).hexdigest() + "\n":
        raise PolicyRefused(f"{ACCEPTED_NAME} was changed by hand; restore it, and use `probity policy diff --accept`")
    return read_allowances(body.removeprefix(_HEAD))


def read_accepted(folder: Path) -> str | None:
    """The accepted text in the folder of decision records, if there is one."""
    path = folder / ACCEPTED_NAME
    return path.read_text("utf-8") if path.is_file() else None


def list_claims(changes: Iterable[Change], base: str) -> tuple[str, ...]:
    """The lines by which a decision record names these widenings."""
    return tuple(f"Widens: {change.sign(base)} {change.sentence}" for change in changes)
