"""Reads the disclosure matrix from its file, as strictly as the policy itself is read.

A word, class or letter it does not know, or a state without a cell, is refused; nothing is taken to mean nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.errors import PolicyRefused
from app.policy.matrix import DisclosureMatrix, Letter, MatrixDenial, MatrixRow, RecordKind
from app.policy.reading import MATRIX_FILE

_PARTS: Final = frozenset({"classes", "letters", "sets", "roles", "columns", "row", "denial"})
_ROW_KEYS: Final = frozenset(
    {"who", "role", "purpose", "relation", "outcome", "officer", "standing", "command", "source", "note"}
)
_DENIAL_KEYS: Final = frozenset({"who", "role", "purpose", "relation", "states", "classes", "source", "note"})
_LISTED: Final = (RecordKind.OUTCOME, RecordKind.OFFICER)
_Word = TypeVar("_Word", bound=StrEnum)


def load_matrix(directory: Path) -> DisclosureMatrix:
    """Read the matrix of a policy directory; raises `PolicyRefused` naming the row at fault."""
    path = directory / MATRIX_FILE
    try:
        return read_matrix(tomllib.loads(path.read_text("ascii")))
    except FileNotFoundError:
        raise _refuse("the file is missing; put it back") from None
    except UnicodeDecodeError:
        raise _refuse("a character that is not ASCII; take it out") from None
    except tomllib.TOMLDecodeError:
        raise _refuse("not a TOML file; compare it with its last version") from None


def read_matrix(table: Mapping[str, Any]) -> DisclosureMatrix:
    """The matrix in the parsed file; raises `PolicyRefused` naming the row at fault, by its number from 1."""
    _require_keys(table, _PARTS, "the file")
    commands = {name: _read_word(action, Action, "classes") for name, action in table["classes"]["command"].items()}
    counted = {name: _read_word(action, Action, "classes") for name, action in table["classes"]["counted"].items()}
    classes = {kind: tuple(table["classes"][kind]) for kind in RecordKind}
    _refuse_twins([*(name for names in classes.values() for name in names), *commands])
    columns = {kind: _read_words(table["columns"][kind], RecordState, "columns") for kind in _LISTED}
    named = [state for states in columns.values() for state in states]
    if sorted([*named, RecordState.STANDING]) != sorted(RecordState):
        raise _refuse("the columns must be every record state but standing, each once")
    reader = _Reader(
        classes=classes,
        commands=commands,
        counted=counted,
        columns=columns,
        letters={kind: _read_letters(table["letters"][kind], classes[kind]) for kind in _LISTED},
        sets=table["sets"],
        roles={name: _read_words(roles, Role, "roles") for name, roles in table["roles"].items()},
    )
    return reader.build(table["row"], table["denial"])


class _Reader:
    """The vocabulary of one file, in whose words its rows are read."""

    def __init__(
        self,
        *,
        classes: Mapping[RecordKind, tuple[str, ...]],
        commands: Mapping[str, Action],
        counted: Mapping[str, Action],
        columns: Mapping[RecordKind, tuple[RecordState, ...]],
        letters: Mapping[RecordKind, tuple[Letter, ...]],
        sets: Mapping[str, list[str]],
        roles: Mapping[str, tuple[Role, ...]],
    ) -> None:
        self._classes, self._commands, self._columns, self._letters = classes, commands, columns, letters
        self._roles, self._counted = roles, counted
        self._known = frozenset(name for names in classes.values() for name in names) | commands.keys()
        self._sets = {name: self._read_classes(listed, self._known, "sets") for name, listed in sets.items()}

    def build(self, rows: Iterable[Mapping[str, Any]], denials: Iterable[Mapping[str, Any]]) -> DisclosureMatrix:
        return DisclosureMatrix(
            classes=MappingProxyType(dict(self._classes)),
            commands=MappingProxyType(dict(self._commands)),
            counted=MappingProxyType(dict(self._counted)),
            letters=MappingProxyType(dict(self._letters)),
            columns=MappingProxyType(dict(self._columns)),
            sets=MappingProxyType(self._sets),
            rows=tuple(self._read_row(row, f"row {number}") for number, row in enumerate(rows, start=1)),
            denials=tuple(self._read_denial(row, f"denial {number}") for number, row in enumerate(denials, start=1)),
        )

    def _read_row(self, row: Mapping[str, Any], place: str) -> MatrixRow:
        _require_keys(row, _ROW_KEYS, place, optional=_ROW_KEYS - {"who", "role", "purpose", "relation", "source"})
        cells = {state: cell for kind in _LISTED for state, cell in self._read_cells(kind, row.get(kind), place)}
        return MatrixRow(
            who=row["who"],
            roles=self._read_roles(row["role"], place),
            purpose=_read_word(row["purpose"], Purpose, place),
            relations=_read_words(_list(row["relation"]), Relation, place),
            cells=MappingProxyType(cells),
            standing=self._read_classes(row.get("standing", []), self._classes[RecordKind.STANDING], place),
            commands=self._read_classes(row.get("command", []), self._commands, place),
            source=row["source"],
            note=row.get("note", ""),
        )

    def _read_denial(self, row: Mapping[str, Any], place: str) -> MatrixDenial:
        _require_keys(row, _DENIAL_KEYS, place, optional=frozenset({"purpose", "states", "note"}))
        states = _read_words(row.get("states", list(RecordState)), RecordState, place)
        return MatrixDenial(
            who=row["who"],
            roles=self._read_roles(row["role"], place),
            purposes=_read_words(_list(row.get("purpose", list(Purpose))), Purpose, place),
            relations=_read_words(_list(row["relation"]), Relation, place),
            states=states,
            classes=self._read_classes(row["classes"], self._known, place),
            source=row["source"],
            note=row.get("note", ""),
        )

    def _read_roles(self, given: str | list[str], place: str) -> tuple[Role, ...]:
        if isinstance(given, str) and given in self._roles:
            return self._roles[given]
        return _read_words(_list(given), Role, place)

    def _read_classes(self, names: Iterable[str], known: Collection[str], place: str) -> frozenset[str]:
        found: set[str] = set()
        for name in names:
            found |= self._sets[name] if place != "sets" and name in self._sets else {name}
        if not found <= set(known):
            raise _refuse(f"{place} names a class that does not belong there; [classes] lists them")
        return frozenset(found)

    def _read_cells(self, kind: RecordKind, line: str | None, place: str) -> list[tuple[RecordState, str]]:
        if line is None:
            return []
        cells = line.split()
        levels = {letter.symbol for letter in self._letters[kind] if letter.is_level}
        marks = {letter.symbol for letter in self._letters[kind]} - levels
        if len(cells) != len(self._columns[kind]):
            raise _refuse(f"{place} has a cell too few or too many of an {kind}; there is one for each column")
        if any(cell[0] not in levels or not set(cell[1:]) <= marks for cell in cells):
            raise _refuse(f"{place} has a cell that is not one level and letters that add to it; [letters] lists them")
        return list(zip(self._columns[kind], cells, strict=True))


def _read_letters(table: Mapping[str, Mapping[str, Any]], classes: Collection[str]) -> tuple[Letter, ...]:
    letters = tuple(
        Letter(symbol=symbol, classes=frozenset(entry["classes"]), meaning=entry["meaning"])
        for symbol, entry in table.items()
    )
    if any(len(letter.symbol) != 1 or not letter.classes <= set(classes) for letter in letters):
        raise _refuse("a letter is more than one character or names a class of another kind of record")
    return letters


def _read_words(words: Iterable[str], vocabulary: type[_Word], place: str) -> tuple[_Word, ...]:
    return tuple(_read_word(word, vocabulary, place) for word in words)


def _read_word(word: str, vocabulary: type[_Word], place: str) -> _Word:
    try:
        return vocabulary(word)
    except ValueError:
        raise _refuse(f"{place} has a word that is not in the vocabulary of {vocabulary.__name__}") from None


def _list(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


def _require_keys(
    table: Mapping[str, Any], keys: frozenset[str], place: str, *, optional: frozenset[str] = frozenset()
) -> None:
    if not keys - optional <= table.keys() <= keys:
        raise _refuse(f"{place} lacks a key or has one that nothing reads")


def _refuse_twins(names: Collection[str]) -> None:
    if len(set(names)) < len(names):
        raise _refuse("a class stands twice; it belongs to one kind of record")


def _refuse(why: str) -> PolicyRefused:
    return PolicyRefused(f"policies/{MATRIX_FILE}: {why}")
