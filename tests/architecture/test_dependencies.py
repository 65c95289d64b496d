"""Dependencies: each has its reason on record, each is locked by hash, and no lock names an address.

What is installed anywhere (checkout, test, image) comes out of these locks and nothing else.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .source_tree import ROOT

LOCKS = ("requirements-build.lock", "requirements.lock", "requirements-dev.lock")
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?P<marker> ;[^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def read_project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def list_requirements(group: str) -> list[Requirement]:
    """The direct requirements of one of: build, runtime, dev."""
    project = read_project()
    texts: dict[str, list[str]] = {
        "build": project["build-system"]["requires"],
        "runtime": project["project"]["dependencies"],
        "dev": [entry for entry in project["dependency-groups"]["dev"] if isinstance(entry, str)],
    }
    return [Requirement(text) for text in texts[group]]


def read_lock(name: str) -> dict[str, str]:
    """Canonical name -> version of everything that a lock pins."""
    pins = (PINNED.match(line) for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return {canonicalize_name(pin["name"]): pin["version"] for pin in pins if pin}


def list_recorded_dependencies(heading: str) -> set[str]:
    """The first column of the table under one heading of docs/dependencies.md."""
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    part = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {canonicalize_name(name) for name in re.findall(r"^\| `([^`]+)` \|", part, flags=re.MULTILINE)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_a_pin_or_a_hash(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert lines
    assert [line for line in lines if not PINNED.match(line) and not HASH.match(line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_followed_by_a_hash(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    followed = zip(lines, [*lines[1:], ""], strict=True)
    unhashed = [line for line, after in followed if PINNED.match(line) and not HASH.match(after)]
    assert unhashed == []


@pytest.mark.parametrize(
    ("group", "lock"),
    [("build", "requirements-build.lock"), ("runtime", "requirements.lock"), ("dev", "requirements-dev.lock")],
)
def test_a_lock_satisfies_what_the_project_asks_for(group: str, lock: str) -> None:
    pins = read_lock(lock)
    for wanted in list_requirements(group):
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), f"run make lock: {wanted}"


def test_what_is_tested_is_what_is_run() -> None:
    developed = read_lock("requirements-dev.lock").items()
    assert read_lock("requirements.lock").items() <= developed
    assert read_lock("requirements-build.lock").items() <= developed


@pytest.mark.parametrize(("group", "heading"), [("runtime", "What runs"), ("dev", "What checks")])
def test_every_dependency_has_its_reason_on_record(group: str, heading: str) -> None:
    wanted = {canonicalize_name(requirement.name) for requirement in list_requirements(group)}
    assert list_recorded_dependencies(heading) == wanted


def test_the_licence_is_apache_2_everywhere() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.split("\n", 3)[1:3] == [" " * 33 + "Apache License", " " * 27 + "Version 2.0, January 2004"]
    assert "END OF TERMS AND CONDITIONS" in text
    project = read_project()["project"]
    assert project["license"] == "Apache-2.0"
    assert project["license-files"] == ["LICENSE"]
