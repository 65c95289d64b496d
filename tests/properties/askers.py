"""Everyone who asks in these tests: the story's people, and the same accounts in their other purposes and places."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.demo.cast import CINDER_COVE, HARBORLIGHT, Account
from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import TokenOrder
from tests.journeys.conftest import PEOPLE


def _order_records(account: Account, ori: str, purpose: Purpose) -> TokenOrder:
    return TokenOrder(account=account.value, role=Role.RECORDS_OFFICER, purpose=purpose, agency_ori=ori)


ASKERS: dict[str, TokenOrder | None] = {
    **PEOPLE,
    "records_cove": _order_records(Account.RECORDS_COVE, CINDER_COVE.ori, Purpose.RECORDS),
    "monitor": _order_records(Account.RECORDS, HARBORLIGHT.ori, Purpose.MONITORING),
    "monitor_cove": _order_records(Account.RECORDS_COVE, CINDER_COVE.ori, Purpose.MONITORING),
}

# In the quick profile one of a pair asks: the others stand to records as one of these does.
_LONG = frozenset({"head", "post_oregon", "records_cove", "monitor"})
EACH_ASKER = [pytest.param(person, marks=pytest.mark.long) if person in _LONG else person for person in ASKERS]


def order_officer(officer_id: str, account: str) -> TokenOrder:
    """A token order of an officer about himself."""
    return TokenOrder(account=account, role=Role.OFFICER, purpose=Purpose.SELF, officer_id=UUID(officer_id))
