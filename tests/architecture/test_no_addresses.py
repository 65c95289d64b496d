"""No file names a machine: not a path on someone's disk, not the host of a package registry.

A checkout is built wherever it lies, from whichever index its owner has configured.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .source_tree import ROOT, list_project_files

# Each pattern is written so that it does not match itself.
MACHINE_PATHS = re.compile(
    r"(?<![\w.}-])/(?:hom[e]|User[s])/\w|(?<![\w.}-])/roo[t]/|(?<![\w.}-])/wor[k]/|(?<![\w.}-])/opt/(?:pyp[i]|wheel[s])|\b[A-Z]:\\User[s]"
)
REGISTRY_HOSTS = re.compile(
    r"pypi\.(?:org|python\.org)|files\.pythonhosted\.org|registry\.(?:npmjs|yarnpkg)\.(?:org|com)|deb\.debian\.org"
    r"|proxy\.golang\.org|static\.crates\.io|unpkg\.com|cdn\.jsdelivr\.net|esm\.sh/|cdnjs\.cloudflare\.com"
)


def list_texts() -> list[tuple[str, str]]:
    """Name and text of every project file that is text; a NUL byte marks the others."""
    texts = []
    for path in list_project_files():
        content = path.read_bytes()
        if b"\0" not in content[:4096]:
            texts.append((path.relative_to(ROOT).as_posix(), content.decode("utf-8", errors="replace")))
    return texts


def find_lines(pattern: re.Pattern[str]) -> list[str]:
    """Places, without the text found there, so that a failing run repeats no address."""
    return [
        f"{name}:{number}"
        for name, text in list_texts()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_path_on_someones_machine() -> None:
    assert find_lines(MACHINE_PATHS) == []


def test_no_file_names_a_package_registry_or_a_content_network() -> None:
    assert find_lines(REGISTRY_HOSTS) == []


def test_the_project_is_seen_whole() -> None:
    names = {name for name, _ in list_texts()}
    assert {
        "pyproject.toml",
        "Makefile",
        "requirements.lock",
        ".ci/run",
        Path(__file__).relative_to(ROOT).as_posix(),
    } <= names


@pytest.mark.parametrize("folder", ["hom" + "e/ana", "roo" + "t/x", "wor" + "k/x", "User" + "s/ana", "opt/" + "wheels"])
def test_a_machine_path_is_recognised(folder: str) -> None:
    assert MACHINE_PATHS.search(f"read '/{folder}' first")
    assert not MACHINE_PATHS.search(f"docs/{folder}")


@pytest.mark.parametrize("host", ["pypi/org", "files/pythonhosted/org", "registry/npmjs/org", "unpkg/com"])
def test_a_registry_host_is_recognised(host: str) -> None:
    assert REGISTRY_HOSTS.search(f"--index-url https://{host.replace('/', '.')}/simple")
