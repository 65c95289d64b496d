"""Public keys that may check signatures: P-256 for ES256, and RSA of 2048 to 4096 bits for RS256.

A private or symmetric key is never taken for a public one, and each key serves exactly one algorithm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import base64_to_int

PublicKey: TypeAlias = ECKey | RSAKey

ES256: Final = "ES256"
RS256: Final = "RS256"
# INVARIANT: algorithms are fixed here, never read from a token. ES256 is what the demo issuer and every DPoP client
# can do; RS256 is the one that RFC 9068 section 2.1 obliges every provider to offer. More would only be more to attack.
ALGORITHMS: Final = (ES256, RS256)

_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_PUBLIC_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {"EC": ("kty", "crv", "x", "y"), "RSA": ("kty", "n", "e")}
_ALGORITHM_OF: Final[Mapping[str, str]] = {"EC": ES256, "RSA": RS256}
_DESCRIPTIVE_MEMBERS: Final = frozenset({"kid", "use", "alg", "key_ops", "x5c", "x5t", "x5t#S256", "x5u"})
_RSA_BITS: Final = range(2048, 4097)
_USUAL_EXPONENT: Final = "AQAB"


class KeyRefused(Exception):
    """A key that may not be trusted; the message is a fixed predicate, to be put behind the key's place."""


def read_public_key(member: Mapping[str, Any]) -> PublicKey:
    """The public key of one JWK (RFC 7517), bound to the only algorithm it may serve; raises `KeyRefused`."""
    kind = member.get("kty")
    if kind == "oct" or "k" in member:
        raise KeyRefused("is symmetric, so whoever can check a token could make one; list public keys only")
    if _PRIVATE_MEMBERS & member.keys():
        raise KeyRefused("is a private key; take it out of use and list its public part only")
    if not isinstance(kind, str) or kind not in _PUBLIC_MEMBERS:
        raise KeyRefused("is of a kind that is not used here; list EC P-256 or RSA keys")
    if member.keys() - _DESCRIPTIVE_MEMBERS - set(_PUBLIC_MEMBERS[kind]):
        raise KeyRefused("has a member that no public key has; remove it")
    _refuse_other_use(member, _ALGORITHM_OF[kind])
    return _import_key(member, kind)


def compute_jwk_thumbprint(member: Mapping[str, Any]) -> str:
    """The SHA-256 thumbprint (RFC 7638) of a P-256 key, given as a public or private JWK; raises `KeyRefused`."""
    if member.get("kty") != "EC":
        raise KeyRefused("must be an EC P-256 key, since proofs are signed with ES256; make another")
    key = read_public_key({name: member.get(name) for name in _PUBLIC_MEMBERS["EC"]})
    return key.thumbprint()


def _refuse_other_use(member: Mapping[str, Any], algorithm: str) -> None:
    operations = member.get("key_ops", ["verify"])
    if member.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise KeyRefused("is not for checking signatures; remove it")
    if member.get("alg", algorithm) != algorithm:
        raise KeyRefused("is for an algorithm that is not used here; list keys for ES256 or RS256")


def _import_key(member: Mapping[str, Any], kind: str) -> PublicKey:
    parts = {name: member[name] for name in _PUBLIC_MEMBERS[kind] if isinstance(member.get(name), str)}
    described = {**parts, "use": "sig", "alg": _ALGORITHM_OF[kind]}
    key: PublicKey | None = None
    try:
        if kind == "EC" and parts.get("crv") == "P-256":
            key = ECKey.import_key(described)
        # The size is judged before the key is built: a huge modulus is slow to build and to use.
        elif kind == "RSA" and parts.get("e") == _USUAL_EXPONENT and _count_bits(parts.get("n", "")) in _RSA_BITS:
            key = RSAKey.import_key(described)
    except (JoseError, ValueError):
        key = None
    if key is None:
        raise KeyRefused("cannot be used; list EC P-256 keys, or RSA keys of 2048 to 4096 bits with exponent 65537")
    return key


def _count_bits(modulus: str) -> int:
    return base64_to_int(modulus).bit_length() if len(modulus) <= 4 * (_RSA_BITS[-1] // 8) else 0
