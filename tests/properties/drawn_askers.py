"""Everyone who asks in a drawn registry: each account in each purpose of its role, and the public.

The same account asks in every purpose that policy lets it name, also those in which nothing is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.domain.vocabulary import Purpose, Role
from app.policy.bundle import PolicyBundle
from app.storage.context import ContextClaims, ContextSigner
from app.storage.logins import LOGIN_OF_ROLE, Login
from tests.properties.drawn_rights import Holder

CONTEXT_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAsker:
    """Who asks, as a plan and a context need to know it."""

    account: str
    role: Role
    purpose: Purpose
    agency_id: UUID | None = None
    state_code: str | None = None
    officer_id: UUID | None = None
    body_id: UUID | None = None
    grant_id: UUID | None = None

    @property
    def login(self) -> Login:
        """The login that reads for him."""
        return LOGIN_OF_ROLE[self.role]

    @property
    def name(self) -> str:
        """What differences name him by."""
        return f"{self.account or 'public'} for {self.purpose}"

    def sign(self, signer: ContextSigner, at: datetime, policy: bytes) -> str:
        """His context as of `at`, under the policy of that digest; for the public the digest alone."""
        if self.role is Role.PUBLIC:
            return policy.hex()
        return signer.sign(
            ContextClaims(
                login=self.login,
                at=at,
                expires=int((datetime.now(UTC) + timedelta(seconds=CONTEXT_SECONDS)).timestamp()),
                account=self.account,
                role=self.role.value,
                purpose=self.purpose.value,
                agency_id=self.agency_id,
                state_code=self.state_code,
                officer_id=self.officer_id,
                grant_id=self.grant_id,
                body_id=self.body_id,
                policy=policy,
            )
        )


def list_askers(holders: Iterable[Holder], bundle: PolicyBundle) -> Iterator[DrawnAsker]:
    """The public, and every account in every purpose."""
    yield DrawnAsker(account="", role=Role.PUBLIC, purpose=Purpose.PUBLIC)
    for holder in holders:
        for purpose in sorted(bundle.purposes_of(holder.role)):
            yield DrawnAsker(
                account=holder.account,
                role=holder.role,
                purpose=purpose,
                agency_id=holder.agency_id,
                state_code=holder.state_code,
                officer_id=holder.officer_id,
                body_id=holder.body_id,
                grant_id=holder.grant_id,
            )
