"""The published contracts: one file of SDL for each role and purpose, and what a new one takes from its readers.

INVARIANT: a file says exactly what is served; one that takes something away is written only after that was declared.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphql import GraphQLError, GraphQLSchema, build_schema, find_breaking_changes

from app.errors import SetupRefused
from app.schema.contracts import Contract

DECLARATIONS: Final = "breaking.toml"
_SUFFIX: Final = ".graphql"
_REMOVED: Final = "Contract was removed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A change after which a query that was valid may be no longer; `change` is graphql-core's sentence for it."""

    contract: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the published files stand to what is served: contracts by name, and the breaks that nobody declared."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    left_over: tuple[str, ...]
    undeclared: tuple[Break, ...]

    @property
    def is_current(self) -> bool:
        """Whether the files say exactly what is served."""
        return not (self.missing or self.changed or self.left_over)


def name_contracts(contracts: Iterable[Contract]) -> dict[str, str]:
    """The text of each contract under its name: the role's, with the purpose behind it where the role has several."""
    told = list(contracts)
    purposes = Counter(each.role for each in told)
    return {each.role.value if purposes[each.role] == 1 else f"{each.role}.{each.purpose}": each.sdl for each in told}


def read_published(directory: Path) -> dict[str, str]:
    """The text of each published contract under its name."""
    # Bytes that are no text are not what is served either: the comparison tells, not a failure to read.
    return {
        path.name.removesuffix(_SUFFIX): path.read_text("utf-8", errors="replace")
        for path in sorted(directory.glob("*" + _SUFFIX))
    }


def compare_contracts(published: Mapping[str, str], served: Mapping[str, str], declared: Iterable[Break]) -> Comparison:
    """Compare what is published with what is served."""
    known = frozenset(declared)
    return Comparison(
        missing=tuple(sorted(served.keys() - published.keys())),
        changed=tuple(name for name in sorted(served.keys() & published.keys()) if served[name] != published[name]),
        left_over=tuple(sorted(published.keys() - served.keys())),
        undeclared=tuple(each for each in find_breaks(published, served) if each not in known),
    )


def find_breaks(published: Mapping[str, str], served: Mapping[str, str]) -> tuple[Break, ...]:
    """What readers of the published contracts would lose; raises `SetupRefused` for a file that is no schema."""
    found: list[Break] = []
    for name, text in sorted(published.items()):
        if name not in served:
            found.append(Break(contract=name, change=_REMOVED))
        elif served[name] != text:
            changes = find_breaking_changes(_build(text), build_schema(served[name]))
            found += [
                Break(contract=name, change=sentence) for sentence in sorted(each.description for each in changes)
            ]
    return tuple(found)


def read_declared(directory: Path) -> tuple[Break, ...]:
    """The breaks that were decided upon, each with its reason; raises `SetupRefused` for a line that tells none.

    The file is a list of tables `[[change]]` with the texts `contract`, `change` and `reason`.
    """
    path = directory / DECLARATIONS
    if not path.exists():
        return ()
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("change", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SetupRefused(f"{DECLARATIONS} is not TOML; mend it") from None
    for place, entry in enumerate(entries, start=1):
        texts = [entry.get(name) for name in ("contract", "change", "reason")]
        if set(entry) != {"contract", "change", "reason"} or not all(isinstance(each, str) and each for each in texts):
            raise SetupRefused(f"entry {place} of {DECLARATIONS} needs a contract, a change and a reason; add them")
    return tuple(Break(contract=entry["contract"], change=entry["change"]) for entry in entries)


def write_contracts(directory: Path, served: Mapping[str, str]) -> None:
    """Make the files say exactly what is served; a file of a contract that is no more is removed."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in read_published(directory).keys() - served.keys():
        (directory / (name + _SUFFIX)).unlink()
    for name, text in served.items():
        (directory / (name + _SUFFIX)).write_text(text, "utf-8")


def _build(text: str) -> GraphQLSchema:
    try:
        return build_schema(text)
    except (GraphQLError, TypeError):
        raise SetupRefused("a published contract is no schema; restore it from the history, then export") from None
