"""The import contracts of .importlinter: they hold, and each one catches the breach it names.

A contract that cannot fail protects nothing, so every one is broken here on purpose, in a copy.
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .source_tree import ROOT, list_app_modules, list_imported_names

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
VERDICT = re.compile(r"^(\S.*) (KEPT|BROKEN)(?: \(\d+ ignored imports?\))?$", flags=re.MULTILINE)

# The contract's name, the file that breaks it and the line planted there.
BREACHES = (
    ("a request only moves down", "app/errors.py", "import app.http"),
    ("deciding and planning do no I/O", "app/planning/__init__.py", "import httpx"),
    ("only storage talks to the database", "app/cli/__init__.py", "import asyncpg"),
    ("only the engine speaks casbin", "app/policy/__init__.py", "import casbin"),
    ("only the schema speaks strawberry", "app/http/__init__.py", "import strawberry"),
    ("tokens are opened in one place", "app/demo/__init__.py", "import joserfc.jwt"),
    ("only the edge speaks HTTP", "app/registry/__init__.py", "from starlette.responses import Response"),
    ("releases are built from counts, never from records", "app/release/__init__.py", "import app.storage.tables"),
)


def lint(tree: Path) -> tuple[int, dict[str, str], str]:
    """Run the linter in a tree: its exit code, contract name -> KEPT or BROKEN, and all it printed."""
    ran = subprocess.run(
        [sys.executable, "-c", LINT, "--no-logo", "--no-cache"], cwd=tree, capture_output=True, text=True, check=False
    )
    return ran.returncode, dict(VERDICT.findall(ran.stdout)), ran.stdout + ran.stderr


def copy_sources(destination: Path) -> Path:
    """A copy of what the linter reads."""
    shutil.copytree(ROOT / "app", destination / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", destination)
    return destination


def list_contract_names() -> set[str]:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    return {contracts[part]["name"] for part in contracts.sections() if part.startswith("importlinter:contract:")}


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The verdicts on a copy in which every contract has been broken once."""
    tree = copy_sources(tmp_path_factory.mktemp("breached"))
    for _, name, line in BREACHES:
        with (tree / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    code, verdicts, printed = lint(tree)
    assert code == 1, printed
    return verdicts


def test_every_contract_holds(tmp_path: Path) -> None:
    code, verdicts, printed = lint(copy_sources(tmp_path))
    assert code == 0, printed
    assert set(verdicts) == list_contract_names()


def test_every_contract_has_a_planted_breach() -> None:
    assert {contract for contract, _, _ in BREACHES} == list_contract_names()


@pytest.mark.parametrize("contract", [contract for contract, _, _ in BREACHES])
def test_a_planted_breach_is_caught(breached: dict[str, str], contract: str) -> None:
    assert breached[contract] == "BROKEN"


def test_a_package_without_a_place_in_the_order_is_caught(tmp_path: Path) -> None:
    tree = copy_sources(tmp_path)
    (tree / "app" / "annex").mkdir()
    (tree / "app" / "annex" / "__init__.py").write_text('"""A room nobody gave a place."""\n', encoding="utf-8")
    code, _, printed = lint(tree)
    assert code == 1
    assert "annex" in printed


def test_only_storage_imports_an_engine() -> None:
    # To the linter an outside package is one piece, so the parts of SQLAlchemy are told apart here.
    engines = ("sqlalchemy.ext.asyncio", "sqlalchemy.engine", "sqlalchemy.create_engine", "sqlalchemy.orm")
    strangers = [
        f"{module.name}:{line} imports {name}"
        for module in list_app_modules()
        if module.package != "app.storage"
        for line, name in list_imported_names(module.tree)
        if name.startswith(engines)
    ]
    assert strangers == []
