"""Strict reading of a TOML file: every key is asked for, and what nobody asked for is refused.

A message names the file's own keys, which its author wrote; it never names a value.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from app.errors import ImportRefused

MAX_MAPPING_BYTES: Final = 1_000_000
EnumT = TypeVar("EnumT", bound=StrEnum)


class TomlTable:
    """One table of a mapping file, which remembers what was read of it."""

    __slots__ = ("_children", "_left", "_path", "_values")

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = values
        self._left = set(values)
        self._path = path
        self._children: list[TomlTable] = []

    def has(self, key: str) -> bool:
        """Whether the table has this key."""
        return key in self._values

    def text(self, key: str) -> str:
        """A text that must be there and not be blank."""
        found = self.optional_text(key)
        if found is None:
            raise ImportRefused(f"the mapping lacks {self._name(key)}; add it")
        return found

    def optional_text(self, key: str) -> str | None:
        """A text, or nothing."""
        found: str | None = self._take(key, str)
        if found is not None and not found.strip():
            raise ImportRefused(f"{self._name(key)} is blank; give it a value or take it out")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where it is not there."""
        found = self._take(key, list) or []
        if not all(isinstance(item, str) for item in found):
            raise ImportRefused(f"{self._name(key)} must be a list of texts in quotation marks")
        return tuple(found)

    def code(self, key: str, vocabulary: type[EnumT]) -> EnumT:
        """A member of `vocabulary` that must be there."""
        return self.read_code(self.text(key), key, vocabulary)

    def optional_code(self, key: str, vocabulary: type[EnumT]) -> EnumT | None:
        """A member of `vocabulary`, or nothing."""
        found = self.optional_text(key)
        return None if found is None else self.read_code(found, key, vocabulary)

    def read_code(self, text: str, key: str, vocabulary: type[EnumT]) -> EnumT:
        """`text` as a member of `vocabulary`; the refusal lists the members."""
        try:
            return vocabulary(text)
        except ValueError:
            raise ImportRefused(f"{self._name(key)} must be one of {_list_members(vocabulary)}") from None

    def code_map(self, key: str, vocabulary: type[EnumT]) -> dict[str, EnumT]:
        """A table from the source's words to members of `vocabulary`."""
        child = self.optional_table(key)
        return {} if child is None else {word: child.code(word, vocabulary) for word in child.keys()}  # noqa: SIM118

    def text_map(self, key: str) -> dict[str, str]:
        """A table from texts to texts."""
        child = self.optional_table(key)
        return {} if child is None else {word: child.text(word) for word in child.keys()}  # noqa: SIM118

    def keys(self) -> Iterable[str]:
        """The keys, in the file's order."""
        return list(self._values)

    def table(self, key: str) -> TomlTable:
        """A table that must be there."""
        found = self.optional_table(key)
        if found is None:
            raise ImportRefused(f"the mapping lacks the table [{self._name(key)}]; add it")
        return found

    def optional_table(self, key: str) -> TomlTable | None:
        """A table, or nothing."""
        found = self._take(key, dict)
        return None if found is None else self._add(found, key)

    def tables(self, key: str) -> list[TomlTable]:
        """A list of tables; empty where it is not there."""
        found = self._take(key, list) or []
        if not all(isinstance(item, dict) for item in found):
            raise ImportRefused(f"{self._name(key)} must be a list of tables")
        return [self._add(item, f"{key}.{number}") for number, item in enumerate(found, start=1)]

    def refuse_unread(self) -> None:
        """Raise `ImportRefused` for the first key, here or below, that nothing has asked for."""
        for key in self._values:
            if key in self._left:
                raise ImportRefused(f"the mapping has an unknown key {self._name(key)}; see docs/importing.md")
        for child in self._children:
            child.refuse_unread()

    def refuse(self, key: str, sentence: str) -> ImportRefused:
        """A refusal about `key`."""
        return ImportRefused(f"{self._name(key)} {sentence}")

    def _take(self, key: str, kind: type) -> Any:
        self._left.discard(key)
        found = self._values.get(key)
        if found is not None and type(found) is not kind:
            raise ImportRefused(f"{self._name(key)} is of the wrong type; see docs/importing.md")
        return found

    def _add(self, values: Mapping[str, Any], key: str) -> TomlTable:
        child = TomlTable(values, self._name(key))
        self._children.append(child)
        return child

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key


def read_toml(path: Path) -> tuple[TomlTable, bytes]:
    """The top table of a file and the file's bytes; raises `ImportRefused`."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_MAPPING_BYTES + 1)
    except OSError:
        raise ImportRefused("the mapping file cannot be read; give the path of a .toml file") from None
    if len(raw) > MAX_MAPPING_BYTES:
        raise ImportRefused("the mapping file is too large to be one; give the path of a .toml file")
    try:
        return TomlTable(tomllib.loads(raw.decode("utf-8"))), raw
    except UnicodeDecodeError:
        raise ImportRefused("the mapping file is not UTF-8; save it so") from None
    except tomllib.TOMLDecodeError as fault:
        place = re.search(r"at line \d+, column \d+", str(fault))
        where = f" {place[0]}" if place else ""
        raise ImportRefused(f"the mapping file is not TOML{where}; check its quotation marks and brackets") from None


def _list_members(vocabulary: type[StrEnum]) -> str:
    return ", ".join(member.value for member in vocabulary)
