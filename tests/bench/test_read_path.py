"""The measurement of the read path in its smallest form.

No time is asserted anywhere: a slow machine fails nothing here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROBITY = "probity"
HAND_WRITTEN = "hand-written (JSON by the database)"
FIGURES = "separations by year and reason"
NAIVE = "Strawberry with ORM and Casbin per field"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run over a registry of a thousand officers printed."""
    command = [
        sys.executable,
        str(ROOT / "bench" / "measure_read_path.py"),
        *("--home", str(tmp_path_factory.mktemp("read-path"))),
        *("--officers", "1000", "--rounds", "1", "--seconds", "0.2", "--connections", "2"),
        *("--variants", "json,probity,naive", "--json"),
        *("--shapes", f"look-up,page of 10,{FIGURES}"),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def test_every_variant_that_runs_tells_the_same_and_is_measured(found: dict[str, Any]) -> None:
    for shape, figures in found["shapes"].items():
        expected = {HAND_WRITTEN, PROBITY} if shape == FIGURES else {HAND_WRITTEN, PROBITY, NAIVE}
        assert set(figures) == expected, shape
        assert all(each["rate"] > 0 for each in figures.values()), shape


def test_what_is_promised_stands_beside_what_was_found(found: dict[str, Any]) -> None:
    promises = {each["what"]: each for each in found["promises"]}
    audited = promises["look-up: CPU to the hand-written statement, everything on"]
    assert audited["found"] > 0
    assert audited["is_met"] is (audited["found"] <= audited["bound"])
    assert not any(each["found"] is None for each in found["promises"])


def test_what_is_not_measured_is_said(found: dict[str, Any]) -> None:
    assert set(found["not_there_yet"]) == {"release cells", "candidate check"}


def test_the_machine_and_the_sizes_are_part_of_the_result(found: dict[str, Any]) -> None:
    assert found["machine"]["processor"]
    assert found["sizes"]["officers"] == 1000
    assert set(found["cold_milliseconds"]) == {"look-up", "page of 10"}
