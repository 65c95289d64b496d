"""The checkout as values: the modules of `app`, parsed, and the files that belong to the project.

It reads and parses only; it never imports what it looks at, so a broken module is still described.
"""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"

_NOT_OURS = frozenset({".git", ".venv", ".local", "node_modules", "dist", "build"})
_CACHE_MARKS = ("__pycache__", "_cache", ".egg-info", ".hypothesis")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceModule:
    """One Python file: `name` is its path from the root with forward slashes."""

    name: str
    lines: int
    tree: ast.Module

    @property
    def package(self) -> str:
        """The dotted name of the package or module directly under `app`, such as `app.storage`."""
        parts = self.name.removesuffix(".py").split("/")
        return "app" if parts[1] == "__init__" else ".".join(parts[:2])


def parse_module(path: Path) -> SourceModule:
    """Parse one file under the root; a file that does not parse raises SyntaxError naming it."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix()
    return SourceModule(name=name, lines=len(text.splitlines()), tree=ast.parse(text, filename=name))


@cache
def list_app_modules() -> tuple[SourceModule, ...]:
    """Every module of `app`, in the order of their names."""
    return tuple(parse_module(path) for path in sorted(APP.rglob("*.py")))


def list_project_files() -> tuple[Path, ...]:
    """Every file that is in the repository or would be added to it.

    Git knows; where it does not answer (an unpacked archive) the tree is walked past what .gitignore names.
    """
    asked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if asked.returncode == 0:
        names = asked.stdout.decode().split("\0")
        return tuple(sorted(ROOT / name for name in names if name and (ROOT / name).is_file()))
    return tuple(sorted(_walk_past_ignored()))


def _walk_past_ignored() -> Iterator[Path]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [n for n in folders if n not in _NOT_OURS and not any(mark in n for mark in _CACHE_MARKS)]
        yield from (Path(folder) / name for name in files)


def list_imported_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each absolute import of a module as (line, dotted name); `from a import b` yields both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
