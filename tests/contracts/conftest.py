"""Fixtures of the contracts: what the policy and the schema of this checkout serve, without a database.

* `policy` is the served policy; `contracts` holds every contract under the name of its file.
"""

from __future__ import annotations

import pytest

from app.answering.served_policy import ServedPolicy
from app.main import assemble
from app.schema.contracts import Contract
from app.schema.export import name_contracts
from app.settings import Settings


@pytest.fixture(scope="session")
def policy(settings: Settings) -> ServedPolicy:
    """The policy of this checkout, with its contracts."""
    return assemble(settings.root).policy


@pytest.fixture(scope="session")
def contracts(policy: ServedPolicy) -> dict[str, Contract]:
    """Every contract that is served, under the name of its file."""
    found = [policy.find_contract(role, purpose) for role, purpose in policy.list_pairs()]
    return dict(zip(name_contracts(found), found, strict=True))
