"""The image, read as text: it never runs as root, and it holds what the locks and the repository hold.

No container engine is needed; what is checked are the instructions and the files they name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import PurePosixPath

import pytest

from .source_tree import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction of a Dockerfile with its continuation lines joined."""

    word: str
    rest: str


def parse_dockerfile(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile in order; comment lines are dropped, also between continuations."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    split = (line.strip().partition(" ") for line in joined.splitlines())
    return [Instruction(word=word.upper(), rest=rest.strip()) for word, _, rest in split]


@pytest.fixture(scope="module")
def instructions() -> list[Instruction]:
    return parse_dockerfile((ROOT / "Dockerfile").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def final_stage(instructions: list[Instruction]) -> list[Instruction]:
    """The instructions after the last FROM: what runs."""
    starts = [number for number, instruction in enumerate(instructions) if instruction.word == "FROM"]
    return instructions[starts[-1] :]


def find_all(instructions: list[Instruction], word: str) -> list[str]:
    return [instruction.rest for instruction in instructions if instruction.word == word]


def list_copied(instructions: list[Instruction]) -> list[str]:
    """What is copied out of the repository, without what one stage takes from another."""
    copies = [rest.split() for rest in find_all(instructions, "COPY") if not rest.startswith("--from=")]
    return [source.rstrip("/") for parts in copies for source in parts[:-1]]


def test_every_stage_starts_from_an_exact_version(instructions: list[Instruction]) -> None:
    images = [rest.split()[0] for rest in find_all(instructions, "FROM")]
    assert len(images) >= 2
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.(1[1-9])\.\d+-slim-[a-z]+", images[0])


def test_it_does_not_run_as_root(final_stage: list[Instruction]) -> None:
    users = find_all(final_stage, "USER")
    assert users
    # A number, since a name cannot be told apart from root by whoever starts the container.
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", users[-1])
    words = [instruction.word for instruction in final_stage]
    assert "RUN" not in words[words.index("USER") :]


def test_everything_installed_is_in_a_lock(instructions: list[Instruction]) -> None:
    installs = [
        step.strip()
        for rest in find_all(instructions, "RUN")
        for step in rest.split("&&")
        if re.search(r"\b(pip|apt-get|apk|curl|wget)\b", step) and "uninstall" not in step
    ]
    assert len(installs) == 2
    assert installs[0].endswith("install --require-hashes -r requirements-build.lock -r requirements.lock")
    assert installs[1].endswith("install --no-deps --no-build-isolation --no-index --editable .")


def test_the_data_directories_are_copied_to_where_app_is(final_stage: list[Instruction]) -> None:
    home = PurePosixPath("/srv/probity")
    copies = dict(rest.split() for rest in find_all(final_stage, "COPY") if not rest.startswith("--from="))
    for directory in ("graphql", "policies", "migrations"):
        assert PurePosixPath(copies[f"{directory}/"]) == home / directory
    assert find_all(final_stage, "WORKDIR") == [str(home)]


def test_whatever_is_copied_exists_and_reaches_the_build(instructions: list[Instruction]) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_through = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = set(list_copied(instructions))
    assert copied == let_through
    assert [name for name in sorted(copied) if not (ROOT / name).exists()] == []


def test_it_starts_the_server_in_production_and_asks_it_for_its_health(final_stage: list[Instruction]) -> None:
    assert [json.loads(rest) for rest in find_all(final_stage, "ENTRYPOINT")] == [["probity"]]
    (arguments,) = [json.loads(rest) for rest in find_all(final_stage, "CMD")]
    assert arguments == ["serve", "--host", str(IPv4Address(0))]  # all interfaces: of the container, not the machine
    assert find_all(final_stage, "EXPOSE") == ["8000"]
    assert "PROBITY_MODE=production" in " ".join(find_all(final_stage, "ENV")).split()
    (check,) = find_all(final_stage, "HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    assert "/healthz" in command[2]
    compile(command[2], "HEALTHCHECK", "exec")


def test_only_its_volume_is_written(final_stage: list[Instruction]) -> None:
    environment = " ".join(find_all(final_stage, "ENV")).split()
    assert "PYTHONDONTWRITEBYTECODE=1" in environment
    assert [json.loads(rest) for rest in find_all(final_stage, "VOLUME")] == [["/var/lib/probity"]]
    assert "PROBITY_HOME=/var/lib/probity" in environment
