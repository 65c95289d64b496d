"""What may lie where: data directories hold no Python, packages have true names, names say something.

A package called `graphql` in the root would shadow graphql-core, and the server would not start.
"""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from .source_tree import ROOT, list_app_modules, list_project_files

DATA_DIRECTORIES = ("graphql", "policies")
SAYS_NOTHING = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"})


@pytest.mark.parametrize("directory", DATA_DIRECTORIES)
def test_a_data_directory_holds_no_python(directory: str) -> None:
    assert (ROOT / directory).is_dir()
    assert [path for path in (ROOT / directory).rglob("*.py*") if path.suffix in {".py", ".pyc", ".pyi"}] == []


def test_graphql_is_graphql_core_even_when_started_from_the_root() -> None:
    program = "import graphql; print(graphql.__file__)"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    core = importlib.metadata.distribution("graphql-core")
    assert Path(found.stdout.strip()) == Path(str(core.locate_file("graphql/__init__.py")))


@pytest.mark.parametrize(("module", "distribution"), [("casbin", "pycasbin"), ("graphql", "graphql-core")])
def test_only_one_distribution_provides(module: str, distribution: str) -> None:
    # The distributions `casbin` and `pycasbin` both install a module casbin; the last one installed would win.
    assert importlib.metadata.packages_distributions()[module] == [distribution]


def test_a_package_file_holds_a_docstring_and_nothing_else() -> None:
    packages = [module for module in list_app_modules() if module.name.endswith("__init__.py")]
    assert packages
    for module in packages:
        assert ast.get_docstring(module.tree), f"{module.name} says nothing about its package"
        assert len(module.tree.body) == 1, f"{module.name} holds code; give it a module of its own"


def test_every_module_says_what_it_is() -> None:
    assert [module.name for module in list_app_modules() if not ast.get_docstring(module.tree)] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    python = [path.relative_to(ROOT) for path in list_project_files() if path.suffix == ".py"]
    assert python
    assert [str(path) for path in python if SAYS_NOTHING & {*path.parts[:-1], path.stem}] == []


def test_only_app_is_packaged() -> None:
    files = importlib.metadata.distribution("probity").read_text("top_level.txt") or ""
    assert files.split() == ["app"]
