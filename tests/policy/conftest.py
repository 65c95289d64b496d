"""The served policy, read once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.policy.bundle import PolicyBundle, load_bundle
from app.policy.engine import DecisionPoint

from .policy_texts import SERVED, copy_policies


@pytest.fixture(scope="session")
def bundle() -> PolicyBundle:
    """The served policy."""
    return load_bundle(SERVED)


@pytest.fixture(scope="session")
def point(bundle: PolicyBundle) -> DecisionPoint:
    """The decision point over the served policy."""
    return DecisionPoint(bundle)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the policy directory, to be spoiled."""
    return copy_policies(tmp_path)
