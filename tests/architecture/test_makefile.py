"""The Makefile and .ci/run: the targets that others rely on, and what they do on a bare machine.

Nothing is installed here: recipes are printed, or run with programs that only note that they were called.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .source_tree import ROOT

TARGETS = {"setup", "demo", "tour", "test", "test-long", "check", "fix", "bench", "interop"}
LOCKS = ("requirements-build.lock", "requirements.lock", "requirements-dev.lock")


def make(folder: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run make in a folder, without what an outer make has put into the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        [shutil.which("make") or "make", *arguments],
        cwd=folder,
        env={**environment, "PATH": path if path is not None else os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile and what its stamps depend on, as if everything were already installed."""
    for name in ("Makefile", "pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, tmp_path / name)
        os.utime(tmp_path / name, (1_000, 1_000))
    stamps = tmp_path / ".venv" / ".stamps"
    stamps.mkdir(parents=True)
    for moment, name in enumerate(("runtime", "dev"), start=2_000):
        (stamps / name).touch()
        os.utime(stamps / name, (moment, moment))
    return tmp_path


def test_make_alone_lists_every_target() -> None:
    shown = make(ROOT)
    assert shown.returncode == 0, shown.stderr
    listed = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", shown.stdout, flags=re.MULTILINE))
    assert listed.keys() >= TARGETS


def test_every_listed_target_can_be_planned(checkout: Path) -> None:
    for target in sorted(TARGETS):
        planned = make(checkout, "--dry-run", target)
        assert planned.returncode == 0, planned.stderr


def test_a_second_run_installs_nothing(checkout: Path) -> None:
    assert "pip" not in make(checkout, "--dry-run", "setup").stdout
    planned = make(checkout, "--dry-run", "test").stdout
    assert "pytest" in planned
    assert "install" not in planned


@pytest.mark.parametrize("target", ["test", "test-long"])
def test_tests_run_in_several_processes_unless_the_arguments_say_otherwise(checkout: Path, target: str) -> None:
    (planned,) = make(checkout, "--dry-run", target, "ARGS=-n 0 -k word").stdout.splitlines()
    assert " -n auto --maxprocesses 4 --dist loadscope " in planned
    assert planned.endswith(" -n 0 -k word")


@pytest.mark.parametrize("changed", [*LOCKS, "pyproject.toml"])
def test_a_changed_lock_is_installed_again(checkout: Path, changed: str) -> None:
    os.utime(checkout / changed, (3_000, 3_000))
    assert "--require-hashes" in make(checkout, "--dry-run", "test").stdout


def test_a_changed_development_lock_leaves_the_runtime_alone(checkout: Path) -> None:
    os.utime(checkout / "requirements-dev.lock", (3_000, 3_000))
    assert "install" not in make(checkout, "--dry-run", "setup").stdout


def test_setup_installs_from_the_locks_by_hash_and_asks_no_index_for_the_project(checkout: Path) -> None:
    os.utime(checkout / "requirements.lock", (3_000, 3_000))
    installs = [line for line in make(checkout, "--dry-run", "setup").stdout.splitlines() if " install " in line]
    packages = [line for line in installs if "pip" in line.split(" install ")[0]]
    assert len(packages) == 2
    assert packages[0].endswith("install --require-hashes -r requirements-build.lock -r requirements.lock")
    assert packages[1].endswith("install --no-deps --no-build-isolation --no-index --editable .")


def test_without_a_fit_python_setup_says_what_to_do(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    refused = make(checkout, "setup", path=str(checkout / "nothing-here"))
    assert refused.returncode != 0
    assert "python 3.11 or later" in refused.stderr
    assert "PYTHON=" in refused.stderr
    assert not (checkout / ".venv").exists()


def test_without_npm_interop_says_what_it_skips(checkout: Path) -> None:
    (checkout / "tests" / "interop" / "some_client").mkdir(parents=True)
    (checkout / "tests" / "interop" / "some_client" / "package-lock.json").write_text("{}", encoding="utf-8")
    programs = checkout / "bin"
    programs.mkdir()
    for program in ("sh", "dirname"):
        (programs / program).symlink_to(shutil.which(program) or program)
    ran = make(checkout, "interop", path=str(programs))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "skipped tests/interop/some_client: npm is not installed\n"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout with .ci/run and a Makefile whose targets note their names, or fail when told to."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    recipe = "test check:\n\t@echo ran $@\n\t@[ ! -e fail-$@ ]\n"
    (tmp_path / "Makefile").write_text(recipe, encoding="utf-8")
    (tmp_path / "README.md").write_text("```sh\n$ make test    # quick\nmake demo\n```\n", encoding="utf-8")
    return tmp_path


def run_ci(checkout: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["bash", str(checkout / ".ci" / "run")], cwd="/", env=environment, capture_output=True, text=True, check=False
    )


def test_ci_runs_the_test_command_of_the_readme_and_then_the_checks(bare: Path) -> None:
    ran = run_ci(bare)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["+ make test", "ran test", "+ make check", "ran check"]


@pytest.mark.parametrize("failing", ["test", "check"])
def test_ci_fails_if_either_fails(bare: Path, failing: str) -> None:
    (bare / f"fail-{failing}").touch()
    ran = run_ci(bare)
    assert ran.returncode == 1
    assert f"failed: make {failing}" in ran.stderr


@pytest.mark.parametrize(
    "text",
    [
        "make test",
        "```\nmake tour\n```\n",
        "```\nmake test-long\n```\n",
        "```\nmake test\nmake test ARGS=-x\n```\n",
    ],
)
def test_ci_refuses_a_readme_that_does_not_name_one_test_command(bare: Path, text: str) -> None:
    (bare / "README.md").write_text(text, encoding="utf-8")
    ran = run_ci(bare)
    assert ran.returncode == 1
    assert "must name one test command" in ran.stderr
    assert "ran" not in ran.stdout
