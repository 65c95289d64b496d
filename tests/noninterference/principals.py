"""Who asks in the twin registries: one principal for every role and purpose that the policy binds to each other.

A pair of the policy without a principal here is never passed over: it gets one without a place of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.demo.cast import HARBORLIGHT, TALLOWMERE
from app.demo.population.proceedings import write_moment
from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import TokenOrder
from tests.access.every_standing import make_id

Line = dict[str, Any]

# An officer with outcomes in every state, and consents, notices and disclosures of his own.
PERSON: Final = make_id("b", 2)
# Where each role acts; a role that is not named acts for the whole country.
PLACES: Final[Mapping[Role, Line]] = {
    Role.HIRING_INVESTIGATOR: {"agency_ori": TALLOWMERE.ori},
    Role.RECORDS_OFFICER: {"agency_ori": HARBORLIGHT.ori},
    Role.AGENCY_HEAD: {"agency_ori": HARBORLIGHT.ori},
    Role.POST_OFFICER: {"state_code": "WA"},
    Role.OFFICER: {"officer_id": UUID(PERSON)},
    Role.OFFICER_REP: {"officer_id": UUID(PERSON)},
}
AGENCY_OF_ORI: Final = {each.ori: each.id for each in (HARBORLIGHT, TALLOWMERE)}
# Officers of the registry that accounts of staff once were: nobody handles his own record.
OFFICER_ONCE: Final[Mapping[Role, str]] = {
    Role.RECORDS_OFFICER: make_id("b", 4),
    Role.AGENCY_HEAD: make_id("b", 8),
    Role.HIRING_INVESTIGATOR: make_id("b", 1),
    Role.POST_OFFICER: make_id("b", 5),
    Role.DOJ_ADJUDICATOR: make_id("b", 9),
    Role.REGISTRAR: make_id("b", 10),
    Role.AUDITOR: make_id("b", 12),
}
# The credentialing body that its account acts for; no token names it.
BODY: Final = "29990001-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinAsker:
    """One principal; `order` is the token it asks with, none without one."""

    role: Role
    purpose: Purpose
    order: TokenOrder | None

    @property
    def name(self) -> str:
        """As the command line names it."""
        return f"{self.role.value}.{self.purpose.value}"

    @property
    def account(self) -> str:
        """The account of its token, empty without one."""
        return self.order.account if self.order else ""


def list_askers(pairs: Iterable[tuple[Role, Purpose]]) -> tuple[TwinAsker, ...]:
    """One principal for each pair of role and purpose."""
    return tuple(TwinAsker(role=role, purpose=purpose, order=_order(role, purpose)) for role, purpose in pairs)


def name_account(role: Role) -> str:
    """The account that asks in a role."""
    return f"asks-as-{role.value}"


def _order(role: Role, purpose: Purpose) -> TokenOrder | None:
    if role is Role.PUBLIC:
        return None
    return TokenOrder(account=name_account(role), role=role, purpose=purpose, **PLACES.get(role, {}))


def tell_rights(roles: Iterable[Role], now: datetime) -> Iterator[Line]:
    """The lines of the grants that the principals hold, and of those that made some of them officers once."""
    for place, role in enumerate(sorted(set(roles) - {Role.PUBLIC})):
        scope = PLACES.get(role, {})
        yield _tell_grant(f"{300 + place}", role, name_account(role), now) | {
            **({"agency": AGENCY_OF_ORI[scope["agency_ori"]]} if "agency_ori" in scope else {}),
            **({"state": scope["state_code"]} if "state_code" in scope else {}),
            **({"officer": str(scope["officer_id"])} if "officer_id" in scope else {}),
            **({"body": BODY} if role is Role.CREDENTIALING_BODY else {}),
        }
        if role in OFFICER_ONCE:
            past = now - timedelta(days=30)
            yield _tell_grant(f"{400 + place}", Role.OFFICER, name_account(role), now) | {
                "officer": OFFICER_ONCE[role],
                "to": write_moment(past),
                "revoked_by": "demo-registrar",
                "revoked_at": write_moment(past),
            }


def _tell_grant(place: str, role: Role, account: str, now: datetime) -> Line:
    return {
        "kind": "grant",
        "id": make_id("9", int(place)),
        "account": account,
        "role": role.value,
        "from": write_moment(now - timedelta(days=200)),
        "to": write_moment(now + timedelta(days=200)),
        "granted_by": "demo-registrar",
        "granted_at": write_moment(now - timedelta(days=200)),
    }
