"""The principal: who asks, in one role held by one live grant, for one purpose.

It is made of verified claims and a grant that agrees with them in everything; it is never put together by hand.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import Final
from uuid import UUID

from app.domain.vocabulary import Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.identity.claims import VerifiedClaims

_SEAL: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. `account` is empty for a caller without a token: no account and no grant ever has an empty name."""

    account: str
    role: Role
    purpose: Purpose
    agency_id: UUID | None
    state_code: str | None
    officer_id: UUID | None
    body_id: UUID | None
    grant_id: UUID | None
    scopes: frozenset[str]
    acr: str | None
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        # INVARIANT: only join_principal and resume_principal make one, beside PUBLIC_PRINCIPAL; `replace` alters none.
        if seal is not _SEAL:
            raise TypeError("a principal is made by join_principal or resume_principal and in no other way")

    @property
    def is_anonymous(self) -> bool:
        """Whether the caller sent no token at all."""
        return not self.account


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldGrant:
    """A live row of `registry.grants`, read for this request.

    `agency_ori` is the ORI the row was looked up by, as one of its agency's; both or neither of agency and ORI are set.
    `body_id` is the credentialing body the account acts for: an account acts for one, and no token names it.
    """

    id: UUID
    account: str
    role: Role
    agency_id: UUID | None
    agency_ori: str | None
    state_code: str | None
    officer_id: UUID | None
    body_id: UUID | None


PUBLIC_PRINCIPAL: Final = Principal(
    account="",
    role=Role.PUBLIC,
    purpose=Purpose.PUBLIC,
    agency_id=None,
    state_code=None,
    officer_id=None,
    body_id=None,
    grant_id=None,
    scopes=frozenset(),
    acr=None,
    seal=_SEAL,
)


def join_principal(claims: VerifiedClaims, held: HeldGrant | None) -> Principal:
    """The principal of verified claims and the live grant found for them; raises `ProbityError` (FORBIDDEN).

    The public role needs no grant and has no scope; for any other, a missing grant or any difference refuses.
    """
    if claims.role is Role.PUBLIC:
        agrees = held is None and not (claims.agency_ori or claims.state_code or claims.officer_id)
    else:
        agrees = held is not None and _is_same_right(claims, held)
    if not agrees:
        raise ProbityError(ErrorCode.FORBIDDEN)
    return Principal(
        account=claims.account,
        role=claims.role,
        purpose=claims.purpose,
        agency_id=held.agency_id if held else None,
        state_code=held.state_code if held else None,
        officer_id=held.officer_id if held else None,
        body_id=held.body_id if held else None,
        grant_id=held.id if held else None,
        scopes=claims.scopes,
        acr=claims.acr,
        seal=_SEAL,
    )


def resume_principal(held: HeldGrant, purpose: Purpose) -> Principal:
    """The principal on whose behalf work goes on that he asked for himself, as long as the grant found for it lives.

    Only for roles that hold nowhere in particular; raises `ProbityError` (FORBIDDEN) for any other.
    """
    if (held.agency_id, held.state_code, held.officer_id, held.body_id) != (None, None, None, None):
        raise ProbityError(ErrorCode.FORBIDDEN)
    return Principal(
        account=held.account,
        role=held.role,
        purpose=purpose,
        agency_id=None,
        state_code=None,
        officer_id=None,
        body_id=None,
        grant_id=held.id,
        scopes=frozenset(),
        acr=None,
        seal=_SEAL,
    )


def _is_same_right(claims: VerifiedClaims, held: HeldGrant) -> bool:
    claimed = (claims.account, claims.role, claims.agency_ori, claims.state_code, claims.officer_id)
    granted = (held.account, held.role, held.agency_ori, held.state_code, held.officer_id)
    return claimed == granted and (held.agency_id is None) == (held.agency_ori is None)
