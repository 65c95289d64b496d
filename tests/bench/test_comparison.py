"""The comparison of bodies finds whatever differs: without it a figure would mean nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from read_path.compare import find_difference
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
