"""The strict reader of the policy directory: files to numbered lines of cells.

It never guesses: whatever Casbin's own reader would skip, trim or ignore is refused here with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.errors import PolicyRefused

MODEL_FILE: Final = "model.conf"
ROLES_FILE: Final = "roles.csv"
FIELDS_FILE: Final = "fields.csv"
STATES_FILE: Final = "states.csv"
RECORD_STATES_FILE: Final = "record_states.csv"
RULES_FOLDER: Final = "rules"
# The requirement that the policy is tested against: it decides nothing, and the digest does not change with it.
MATRIX_FILE: Final = "disclosure_matrix.toml"
# Characters; what is longer cannot be taken in at a glance.
LONGEST_LINE: Final = 400

_DECIDING: Final = (FIELDS_FILE, MODEL_FILE, RECORD_STATES_FILE, ROLES_FILE, STATES_FILE)
_EXPLAINING: Final = ("README.md", MATRIX_FILE)
_RULE_FILE: Final = re.compile(r"[a-z][a-z0-9_]*\.csv")
_CASE_FOLDER: Final = "cases"
_CASE_FILE: Final = re.compile(r"[a-z][a-z0-9_]*\.toml")
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_FORBIDDEN: Final = frozenset("\"'`*?\\#")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """One file that takes part in decisions; `name` is relative to the policy directory called `folder`."""

    folder: str
    name: str
    content: bytes

    def refuse(self, why: str, number: int | None = None) -> PolicyRefused:
        """The refusal of this file, or of its line `number` (from 1)."""
        place = "" if number is None else f" line {number}"
        return PolicyRefused(f"{self.folder}/{self.name}{place}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLine:
    """The cells of one line, none of them empty, without the spaces after commas."""

    file: PolicyFile
    number: int
    cells: tuple[str, ...]

    def refuse(self, why: str) -> PolicyRefused:
        """The refusal of this line."""
        return self.file.refuse(why, self.number)


def read_directory(directory: Path) -> tuple[PolicyFile, ...]:
    """Every deciding file of a policy directory, in the order of names; files it does not know are refused."""
    if not directory.is_dir():
        raise PolicyRefused(f"{directory.name}: there is no such policy directory; name the one with {MODEL_FILE}")
    names = sorted(entry.name for entry in directory.iterdir())
    for name in names:
        if name not in (*_DECIDING, *_EXPLAINING, RULES_FOLDER, _CASE_FOLDER):
            raise _refuse_name(directory, name)
    for name in (*_DECIDING, RULES_FOLDER):
        if name not in names:
            raise PolicyRefused(f"{directory.name}/{name}: the file or folder is missing; put it back")
    _check_folder(directory, _CASE_FOLDER, _CASE_FILE)
    rules = _check_folder(directory, RULES_FOLDER, _RULE_FILE)
    if not rules:
        raise PolicyRefused(f"{directory.name}/{RULES_FOLDER}: there are no files of rules; put them back")
    return tuple(_read_file(directory, name) for name in sorted((*_DECIDING, *rules)))


def _check_folder(directory: Path, folder: str, form: re.Pattern[str]) -> tuple[str, ...]:
    if (directory / folder).is_symlink():
        raise _refuse_name(directory, folder)
    found = sorted((directory / folder).iterdir()) if (directory / folder).is_dir() else []
    for entry in found:
        if not form.fullmatch(entry.name) or not _be_own_file(entry):
            raise _refuse_name(directory, f"{folder}/{entry.name}")
    return tuple(f"{folder}/{entry.name}" for entry in found)


def _be_own_file(path: Path) -> bool:
    """Whether it is a file and no link: what was reviewed in this directory must not change elsewhere."""
    return path.is_file() and not path.is_symlink()


def _refuse_name(directory: Path, name: str) -> PolicyRefused:
    return PolicyRefused(f"{directory.name}/{name}: not a file of the policy; rename it or take it out")


def _read_file(directory: Path, name: str) -> PolicyFile:
    path = directory / name
    if not _be_own_file(path):
        raise PolicyRefused(f"{directory.name}/{name}: not a file; put the file there")
    return PolicyFile(folder=directory.name, name=name, content=path.read_bytes())


def read_lines(file: PolicyFile) -> tuple[PolicyLine, ...]:
    """The lines of a CSV file of the policy; comments and blank lines are refused like any other surprise."""
    lines = tuple(
        PolicyLine(file=file, number=number, cells=_split_cells(file, number, text))
        for number, text in read_texts(file)
    )
    seen: dict[tuple[str, ...], int] = {}
    for line in lines:
        if line.cells in seen:
            raise line.refuse(f"the same as line {seen[line.cells]}; take one of them out")
        seen[line.cells] = line.number
    return lines


def read_texts(file: PolicyFile) -> Iterator[tuple[int, str]]:
    """Numbered lines of a file of printable ASCII whose every line ends in LF or CRLF."""
    if file.content.startswith(_BYTE_ORDER_MARKS):
        raise file.refuse("begins with a byte-order mark; save it as plain ASCII", 1)
    if not file.content:
        raise file.refuse("the file is empty; put its lines back")
    *lines, rest = file.content.split(b"\n")
    if rest:
        raise file.refuse("the last line has no end; the file may be cut short", len(lines) + 1)
    for number, raw in enumerate(lines, start=1):
        line = raw.removesuffix(b"\r")
        if len(line) > LONGEST_LINE:
            raise file.refuse(f"the line is longer than {LONGEST_LINE} characters; say it more shortly", number)
        if any(not 0x20 <= byte <= 0x7E for byte in line):
            raise file.refuse("a character that is not printable ASCII; tabs count as such", number)
        yield number, line.decode("ascii")


def _split_cells(file: PolicyFile, number: int, text: str) -> tuple[str, ...]:
    if _FORBIDDEN & set(text):
        raise file.refuse("quotes, wildcards, backslashes and comments have no meaning here; take them out", number)
    first, *others = text.split(",")
    cells = (first, *(cell.removeprefix(" ") for cell in others))
    if any(not cell for cell in cells):
        raise file.refuse("an empty line or cell; fill it or take it out", number)
    if any(cell != cell.strip() for cell in cells):
        raise file.refuse("a space where none belongs; one may follow a comma, and no other", number)
    return cells
