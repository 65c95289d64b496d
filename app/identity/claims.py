"""What a verified token says: whose account, in which one role, for which one purpose, within which scope.

Nothing here is read from a request's headers, and only a token that passed every check becomes verified claims.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from app.domain.vocabulary import Purpose, Role
from app.identity.refusal import Refusal, TokenRefused

# The type of our entry in `authorization_details` (RFC 9396 section 2).
DETAIL_TYPE: Final = "probity"
LONGEST_NAME: Final = 200

_SEAL: Final = object()
_DETAIL_NAMES: Final = frozenset({"type", "role", "purpose", "agency", "state", "officer"})
_CONFIRMATIONS: Final = frozenset({"jkt", "x5t#S256"})
_ORI: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{7}")
_STATE: Final = re.compile(r"[A-Z]{2}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SCOPES: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")

Code = TypeVar("Code", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedClaims:
    """The claims of one access token (RFC 9068 section 2.2) that passed every check.

    `account` is the token's `sub` behind the issuer's prefix, so that two issuers never name the same account.
    `key_thumbprint` and `certificate_thumbprint` are what the token is bound to (RFC 9449, RFC 8705).
    """

    account: str
    issuer: str
    token_id: str
    client_id: str
    role: Role
    purpose: Purpose
    agency_ori: str | None
    state_code: str | None
    officer_id: UUID | None
    scopes: frozenset[str]
    acr: str | None
    expires_at: datetime
    key_thumbprint: str | None
    certificate_thumbprint: str | None
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        # INVARIANT: only read_claims makes one; `dataclasses.replace` cannot alter one either.
        if seal is not _SEAL:
            raise TypeError("verified claims are made from a verified token and in no other way")


def read_claims(payload: Mapping[str, Any], *, account_prefix: str) -> VerifiedClaims:
    """The claims in a payload whose signature, issuer, audience and times were checked; raises `TokenRefused`.

    INVARIANT: called by the token verifier alone, after those checks.
    """
    detail = _find_detail(payload)
    confirmation = _read_confirmation(payload)
    return VerifiedClaims(
        account=_read_name(account_prefix + _read_name(payload.get("sub"))),
        issuer=payload["iss"],
        token_id=_read_name(payload.get("jti")),
        client_id=_read_name(payload.get("client_id")),
        role=_read_code(detail, "role", Role),
        purpose=_read_code(detail, "purpose", Purpose),
        agency_ori=_read_form(detail, "agency", _ORI),
        state_code=_read_form(detail, "state", _STATE),
        officer_id=UUID(officer) if (officer := _read_form(detail, "officer", _UUID)) else None,
        scopes=_read_scopes(payload),
        acr=_read_name(payload["acr"]) if "acr" in payload else None,
        expires_at=datetime.fromtimestamp(payload["exp"], UTC),
        key_thumbprint=confirmation.get("jkt"),
        certificate_thumbprint=confirmation.get("x5t#S256"),
        seal=_SEAL,
    )


def is_account_name(text: str) -> bool:
    """Whether this can name an account: 1 to 200 printable characters, no blank at either end."""
    return 1 <= len(text) <= LONGEST_NAME and text.isprintable() and text == text.strip()


def is_scope_list(text: str) -> bool:
    """Whether this is a list of scopes as tokens carry it (RFC 6749 section 3.3)."""
    return _SCOPES.fullmatch(text) is not None


def is_ori(text: str) -> bool:
    """Whether this has the form of an agency's ORI: two letters and seven letters or digits."""
    return _ORI.fullmatch(text) is not None


def is_state_code(text: str) -> bool:
    """Whether this has the form of a State's postal code."""
    return _STATE.fullmatch(text) is not None


def _find_detail(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Our one entry of `authorization_details`; entries of other types belong to others and are left alone."""
    details = payload.get("authorization_details")
    if not isinstance(details, list) or not all(isinstance(detail, dict) for detail in details):
        raise TokenRefused(Refusal.DETAILS)
    ours = [detail for detail in details if detail.get("type") == DETAIL_TYPE]
    # Two entries would be two roles in one request, and a name that we do not know could narrow the entry.
    if len(ours) != 1 or ours[0].keys() - _DETAIL_NAMES:
        raise TokenRefused(Refusal.DETAILS)
    detail: Mapping[str, Any] = ours[0]
    return detail


def _read_code(detail: Mapping[str, Any], name: str, kind: type[Code]) -> Code:
    value = detail.get(name)
    codes = {code.value: code for code in kind}
    if not isinstance(value, str) or value not in codes:
        raise TokenRefused(Refusal.DETAILS)
    return codes[value]


def _read_form(detail: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str | None:
    if name not in detail:
        return None
    value = detail[name]
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise TokenRefused(Refusal.DETAILS)
    return value


def _read_name(value: object) -> str:
    if not isinstance(value, str) or not is_account_name(value):
        raise TokenRefused(Refusal.CLAIMS)
    return value


def _read_scopes(payload: Mapping[str, Any]) -> frozenset[str]:
    if "scope" not in payload:
        return frozenset()
    value = payload["scope"]
    if not isinstance(value, str) or not is_scope_list(value):
        raise TokenRefused(Refusal.CLAIMS)
    return frozenset(value.split(" "))


def _read_confirmation(payload: Mapping[str, Any]) -> Mapping[str, str]:
    """The `cnf` claim (RFC 7800); a way of binding that cannot be checked here is refused, never ignored."""
    if "cnf" not in payload:
        return {}
    value = payload["cnf"]
    if not isinstance(value, dict) or not value or value.keys() - _CONFIRMATIONS:
        raise TokenRefused(Refusal.BINDING)
    if not all(isinstance(print_, str) and _THUMBPRINT.fullmatch(print_) for print_ in value.values()):
        raise TokenRefused(Refusal.BINDING)
    return value
