"""The demo issuer: it makes a token for whatever account and role it is told, so that a demo needs no provider.

It exists in demo mode only; whoever holds its key can be anyone, and it says so wherever it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey

from app.domain.clock import Clock, IdSource
from app.domain.vocabulary import Purpose, Role
from app.errors import SetupRefused
from app.identity.claims import DETAIL_TYPE
from app.identity.keys import ES256, read_public_key
from app.identity.tokens import LONGEST_LIFETIME
from app.identity.trust import TrustedIssuer
from app.settings import Mode

DEMO_ISSUER: Final = "https://demo.probity.invalid"
DEMO_AUDIENCE: Final = "https://demo.probity.invalid/registry"
DEMO_CLIENT: Final = "probity-demo"
DEMO_WARNING: Final = (
    "this token is from the demo issuer, which lets anyone be anyone; never let it near records of real people"
)
# The name under which the installation keeps the secret that the key is derived from.
DEMO_KEY_NAME: Final = "demo-issuer"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOrder:
    """What a demo token is to say; `lifetime` in seconds, `scopes` in the order given."""

    account: str
    role: Role
    purpose: Purpose
    agency_ori: str | None = None
    state_code: str | None = None
    officer_id: UUID | None = None
    scopes: tuple[str, ...] = ()
    acr: str | None = None
    lifetime: int = LONGEST_LIFETIME
    key_thumbprint: str | None = None


class DemoIssuer:
    """Signs demo tokens with a P-256 key derived (HKDF-SHA-256) from a secret of the installation."""

    __slots__ = ("_clock", "_draw_id", "_key", "_kid")

    def __init__(self, *, secret: str, mode: Mode, clock: Clock, draw_id: IdSource) -> None:
        if mode is not Mode.DEMO:
            raise SetupRefused("the demo issuer exists in demo mode only; get a token from a trusted issuer")
        self._key = ECKey.derive_key(secret, "P-256", kdf_name="HKDF", kdf_options={"info": DEMO_ISSUER.encode()})
        self._kid = f"demo-{self._key.thumbprint()}"
        self._clock = clock
        self._draw_id = draw_id

    def issue_token(self, order: TokenOrder) -> str:
        """A signed access token (RFC 9068 section 2); raises `SetupRefused` for a life that no token may have."""
        if not 1 <= order.lifetime <= LONGEST_LIFETIME:
            raise SetupRefused(f"a token lives from 1 to {LONGEST_LIFETIME} seconds; choose a number between them")
        issued = int(self._clock().timestamp())
        payload: dict[str, Any] = {
            "iss": DEMO_ISSUER,
            "aud": DEMO_AUDIENCE,
            "sub": order.account,
            "client_id": DEMO_CLIENT,
            "jti": str(self._draw_id()),
            "iat": issued,
            "exp": issued + order.lifetime,
            "authorization_details": [_describe_role(order)],
        }
        if order.scopes:
            payload["scope"] = " ".join(order.scopes)
        if order.acr is not None:
            payload["acr"] = order.acr
        if order.key_thumbprint is not None:
            payload["cnf"] = {"jkt": order.key_thumbprint}
        header = {"alg": ES256, "kid": self._kid}
        return jwt.encode(header, payload, self._key, algorithms=[ES256], default_type="at+jwt")

    def describe_keys(self) -> Mapping[str, Any]:
        """The public key set document (RFC 7517 section 5) of the demo issuer."""
        return {"keys": [self._key.as_dict(private=False, kid=self._kid, use="sig", alg=ES256)]}

    def describe_trust(self) -> TrustedIssuer:
        """The demo issuer as the verifier trusts it, with its public key only."""
        keys = {member["kid"]: read_public_key(member) for member in self.describe_keys()["keys"]}
        return TrustedIssuer(issuer=DEMO_ISSUER, audience=DEMO_AUDIENCE, keys=keys)


def _describe_role(order: TokenOrder) -> dict[str, str]:
    scope = {
        "agency": order.agency_ori,
        "state": order.state_code,
        "officer": str(order.officer_id) if order.officer_id else None,
    }
    return {
        "type": DETAIL_TYPE,
        "role": order.role.value,
        "purpose": order.purpose.value,
        **{name: value for name, value in scope.items() if value is not None},
    }
