"""The issuers whose tokens are believed, each with its audience and its public keys, from one file.

INVARIANT: an issuer vouches for accounts of its own only; no issuer can name an account of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from app.errors import SetupRefused
from app.identity.claims import LONGEST_NAME, is_account_name
from app.identity.keys import KeyRefused, PublicKey, read_public_key
from app.identity.strict_json import read_json_object

_REQUIRED: Final = frozenset({"issuer", "audience", "jwks"})
_OPTIONAL: Final = frozenset({"account_prefix"})
_MOST_ISSUERS: Final = 100
_MOST_KEYS: Final = 20
_LARGEST_FILE: Final = 1_000_000
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# Names that end so exist nowhere (RFC 6761); the demo issuer has one, and no file may claim it.
_NOWHERE: Final = ".invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """One issuer: its exact name (`iss`), the audience its tokens must carry, and its public keys by `kid`.

    `account_prefix` stands before each `sub` of this issuer, so that accounts of two issuers never meet.
    """

    issuer: str
    audience: str
    keys: Mapping[str, PublicKey] = field(repr=False)
    account_prefix: str = ""


def read_trusted_issuers(path: Path) -> Mapping[str, TrustedIssuer]:
    """Read the file named by PROBITY_ISSUERS_FILE; raises `SetupRefused` naming the file and the place to mend."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except OSError:
        content = None
    if content is None:
        raise SetupRefused(f"{path} cannot be read; check PROBITY_ISSUERS_FILE and the file's mode")
    if len(content) > _LARGEST_FILE:
        raise SetupRefused(f"{path} is larger than a megabyte; list only issuers and their public keys")
    try:
        return parse_trusted_issuers(content)
    except SetupRefused as refused:
        message = str(refused)
    raise SetupRefused(f"{path}: {message}")


def parse_trusted_issuers(content: bytes) -> Mapping[str, TrustedIssuer]:
    """Read `{"issuers": [{"issuer", "audience", "jwks", "account_prefix"?}]}`; raises `SetupRefused`.

    With two issuers or more each needs an `account_prefix`, and none may be the beginning of another.
    """
    try:
        document = read_json_object(content)
    except ValueError:
        document = {}
    entries = document.get("issuers")
    if document.keys() != {"issuers"} or not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_ISSUERS:
        raise SetupRefused('the file must be a JSON object {"issuers": [...]} with 1 to 100 entries and nothing else')
    issuers = [_read_issuer(entry, f"issuer {number}") for number, entry in enumerate(entries, start=1)]
    _refuse_shared_accounts(issuers)
    return join_trust(issuers)


def join_trust(issuers: Iterable[TrustedIssuer]) -> Mapping[str, TrustedIssuer]:
    """The issuers by exact name; raises `SetupRefused` when one name comes twice."""
    by_name: dict[str, TrustedIssuer] = {}
    for number, issuer in enumerate(issuers, start=1):
        if issuer.issuer in by_name:
            raise SetupRefused(f"issuer {number} has the name of an earlier one; put all keys of an issuer together")
        by_name[issuer.issuer] = issuer
    return MappingProxyType(by_name)


def _read_issuer(entry: object, place: str) -> TrustedIssuer:
    if not isinstance(entry, dict) or not entry.keys() >= _REQUIRED or entry.keys() - _REQUIRED - _OPTIONAL:
        raise SetupRefused(f"{place} must have issuer, audience and jwks, may have account_prefix, and nothing else")
    for name in ("issuer", "audience"):
        if not isinstance(entry[name], str) or not is_account_name(entry[name]):
            raise SetupRefused(f"{place}: {name} must be 1 to {LONGEST_NAME} printable characters")
    _refuse_issuer_name(entry["issuer"], place)
    prefix = entry.get("account_prefix", "")
    if not isinstance(prefix, str) or not prefix.isprintable() or len(prefix) > 50 or prefix.startswith(" "):
        raise SetupRefused(f"{place}: account_prefix must be at most 50 printable characters")
    return TrustedIssuer(
        issuer=entry["issuer"],
        audience=entry["audience"],
        keys=_read_keys(entry["jwks"], place),
        account_prefix=prefix,
    )


def _refuse_issuer_name(name: str, place: str) -> None:
    try:
        parts = urlsplit(name)
    except ValueError:
        parts = urlsplit("")
    host = parts.hostname or ""
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK)):
        raise SetupRefused(f"{place}: issuer must be an https address, exactly as it stands in its tokens")
    if host.endswith(_NOWHERE):
        raise SetupRefused(f"{place}: issuer has a name that exists nowhere; name the real one")


def _read_keys(jwks: object, place: str) -> Mapping[str, PublicKey]:
    members = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(members, list) or not 1 <= len(members) <= _MOST_KEYS:
        raise SetupRefused(f'{place}: jwks must be an object with 1 to {_MOST_KEYS} "keys"')
    keys: dict[str, PublicKey] = {}
    for number, member in enumerate(members, start=1):
        kid, key = _read_key(member, f"{place}, key {number}")
        if kid in keys:
            raise SetupRefused(f"{place}, key {number} has the kid of an earlier one; give each key its own")
        keys[kid] = key
    return MappingProxyType(keys)


def _read_key(member: Any, place: str) -> tuple[str, PublicKey]:
    if not isinstance(member, dict):
        raise SetupRefused(f"{place} is not a JSON object; list keys as RFC 7517 has them")
    try:
        key = read_public_key(member)
    except KeyRefused as refused:
        reason = str(refused)
    else:
        kid = member.get("kid")
        if isinstance(kid, str) and is_account_name(kid):
            return kid, key
        reason = "has no kid; give it the one that its tokens name"
    raise SetupRefused(f"{place} {reason}")


def _refuse_shared_accounts(issuers: list[TrustedIssuer]) -> None:
    for number, issuer in enumerate(issuers, start=1):
        others = [other for other in issuers if other is not issuer]
        if any(other.account_prefix.startswith(issuer.account_prefix) for other in others):
            raise SetupRefused(
                f"issuer {number} could name accounts of another; give each issuer an account_prefix of its own, "
                "none the beginning of another"
            )
