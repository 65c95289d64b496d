"""The comparison of bodies finds whatever differs: without it a figure would mean nothing."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from read_path.compare import find_difference
from read_path.peer_install import CannotInstallError, install_peer
from read_path.peer_questions import read_peer_answer
from read_path.profile import read_plans
from read_path.promises import Promise
from read_path.sizes import scale


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": 0}]}, ".a[1].b"),
        ({"a": 1}, {"a": True}, ".a"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "the root (its fields)"),
        ({"a": [1]}, {"a": [1, 2]}, ".a (its length)"),
    ],
)
def test_the_first_place_where_bodies_differ_is_named(one: Any, other: Any, where: str | None) -> None:
    assert find_difference(one, other) == where


def test_candidates_and_members_have_the_same_rows_at_every_size() -> None:
    small, large = scale(10_000, 1), scale(1_000_000, 1)
    assert small.members == large.members
    assert large.outcomes == 1_000_000
    assert large.agencies == 18_000


def test_no_officer_is_both_a_candidate_and_a_member() -> None:
    sizes = scale(2_000, 1)
    assert not any(sizes.is_member(number) and sizes.is_candidate(number) for number in range(sizes.officers))


def test_a_figure_that_was_not_taken_is_neither_met_nor_missed() -> None:
    assert Promise(what="answers/s", bound=4.0, found=None, is_floor=True).is_met is None
    assert Promise(what="answers/s", bound=4.0, found=3.9, is_floor=True).is_met is False
    assert Promise(what="CPU", bound=0.35, found=0.35).is_met is True


def test_without_npm_the_peer_is_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotInstallError, match="npm is not installed"):
        install_peer(lambda _: None)


def test_only_names_ids_cursors_and_the_writing_of_moments_are_translated() -> None:
    row = "6a0f9f0e-6c0c-4a54-9d6f-0f5f6f8f7a11"
    node = {"id": row, "kind": "TERMINATION", "createdAt": "2024-01-01T09:00:00.000000+00:00", "onDuty": None}
    cursor = base64.b64encode(json.dumps(["natural", ["2024-01-01", row]]).encode()).decode()
    page = {"pageInfo": {"hasNextPage": True, "endCursor": cursor}, "nodes": [node]}
    assert read_peer_answer({"data": {"outcomes": page}}) == {
        "data": {
            "outcomes": {
                "pageInfo": {"hasNextPage": True, "endCursor": base64.b64encode(UUID(row).bytes).decode()},
                "nodes": [
                    {
                        "id": base64.b64encode(f"Outcome:{row}".encode()).decode(),
                        "kind": "TERMINATION",
                        "createdAt": "2024-01-01T09:00:00+00:00",
                        "onDuty": None,
                    }
                ],
            }
        }
    }


def test_the_plan_of_each_statement_is_read_from_the_servers_log() -> None:
    log = (
        "2026-01-01 00:00:00.000 UTC [7] LOG:  duration: 1.250 ms  plan:\n\tQuery Text: SELECT a\n\tFROM b\n"
        "\tSeq Scan on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n\t  Filter: (a = 1)\n"
        "2026-01-01 00:00:00.001 UTC [7] LOG:  checkpoint starting: time\n"
    )
    ((milliseconds, statement, plan),) = read_plans(log)
    assert (milliseconds, statement) == (1.25, "SELECT a FROM b")
    assert [line.strip() for line in plan.splitlines()][1] == "Filter: (a = 1)"
