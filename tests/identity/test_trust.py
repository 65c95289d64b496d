"""The file of trusted issuers: what may be trusted is trusted exactly, all else is refused with what to mend."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from app.errors import SetupRefused
from app.identity.issuer import DEMO_ISSUER
from app.identity.tokens import TokenVerifier
from app.identity.trust import join_trust, parse_trusted_issuers, read_trusted_issuers
from tests.identity.hostile_issuer import (
    AUDIENCE,
    ISSUER,
    OTHER_ISSUER,
    MovableClock,
    make_ec_key,
    make_rsa_key,
    sign_token,
)

Member = dict[str, Any]


def describe(key: ECKey | RSAKey, kid: str | None = "ec-1", **change: Any) -> Member:
    members = {name: value for name, value in key.as_dict(private=False).items() if name != "kid"}
    return {**members, **({"kid": kid} if kid else {}), **change}


def entry(*keys: Member, **change: Any) -> Member:
    members = list(keys) or [describe(make_ec_key())]
    return {"issuer": ISSUER, "audience": AUDIENCE, "jwks": {"keys": members}, **change}


def write(*entries: Any) -> bytes:
    return json.dumps({"issuers": list(entries)}).encode()


def without(name: str) -> Member:
    return {key: value for key, value in entry().items() if key != name}


def test_a_trusted_issuer_signs_tokens_that_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "issuers.json"
    published = describe(make_rsa_key(), "rsa-1", use="sig", alg="RS256", key_ops=["verify"], x5t="AA", x5c=["MIIB"])
    path.write_bytes(write(entry(describe(make_ec_key()), published)))
    verifier = TokenVerifier(read_trusted_issuers(path), clock=MovableClock())
    assert verifier.verify(sign_token()).issuer == ISSUER
    assert verifier.verify(sign_token(header={"alg": "RS256", "kid": "rsa-1"}, key=make_rsa_key())).issuer == ISSUER


def test_only_the_public_part_of_a_key_is_kept_and_it_serves_one_algorithm() -> None:
    issuer = parse_trusted_issuers(write(entry(describe(make_ec_key()), describe(make_rsa_key(), "rsa-1"))))[ISSUER]
    assert {kid: (key.alg, key.is_private) for kid, key in issuer.keys.items()} == {
        "ec-1": ("ES256", False),
        "rsa-1": ("RS256", False),
    }


def test_issuers_with_prefixes_of_their_own_are_trusted_together() -> None:
    trusted = parse_trusted_issuers(
        write(entry(account_prefix="wa:"), entry(issuer=OTHER_ISSUER, account_prefix="or:"))
    )
    assert {name: issuer.account_prefix for name, issuer in trusted.items()} == {ISSUER: "wa:", OTHER_ISSUER: "or:"}


# 1024 bits.
SMALL_RSA_MODULUS = "w" + "B" * 169 + "E"

FAULTS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("JSON object", lambda: b""),
    "no JSON": ("JSON object", lambda: b"issuers:"),
    "a byte-order mark": ("JSON object", lambda: b"\xef\xbb\xbf" + write(entry())),
    "a list": ("JSON object", lambda: json.dumps([entry()]).encode()),
    "another name": ("JSON object", lambda: json.dumps({"issuers": [entry()], "mode": "lax"}).encode()),
    "a name twice": ("JSON object", lambda: write(entry()).replace(b'"issuer":', b'"issuer": "x", "issuer":')),
    "no issuers": ("1 to 100 entries", lambda: write()),
    "too many issuers": ("1 to 100 entries", lambda: write(*[entry()] * 101)),
    "an entry that is none": ("issuer 1 must have", lambda: write(ISSUER)),
    "no issuer": ("issuer 1 must have", lambda: write(without("issuer"))),
    "no audience": ("issuer 1 must have", lambda: write(without("audience"))),
    "no keys": ("issuer 1 must have", lambda: write(without("jwks"))),
    "an unknown name in an entry": ("issuer 1 must have", lambda: write(entry(leeway=3600))),
    "an issuer that is a number": ("issuer 1: issuer", lambda: write(entry(issuer=1))),
    "an empty audience": ("issuer 1: audience", lambda: write(entry(audience=""))),
    "an audience that is a list": ("issuer 1: audience", lambda: write(entry(audience=[AUDIENCE]))),
    "an issuer without encryption": ("https address", lambda: write(entry(issuer="http://id.example.org"))),
    "an issuer that is no address": ("https address", lambda: write(entry(issuer="id.example.org"))),
    "an issuer in broken brackets": ("https address", lambda: write(entry(issuer="https://[id.example.org"))),
    "the demo issuer": ("exists nowhere", lambda: write(entry(issuer=DEMO_ISSUER))),
    "a prefix that is a number": ("account_prefix", lambda: write(entry(account_prefix=1))),
    "a prefix of two lines": ("account_prefix", lambda: write(entry(account_prefix="a\n"))),
    "a key set that is a list": ("1 to 20", lambda: write(entry(jwks=[describe(make_ec_key())]))),
    "an empty key set": ("1 to 20", lambda: write(entry(jwks={"keys": []}))),
    "too many keys": ("1 to 20", lambda: write(entry(*[describe(make_ec_key())] * 21))),
    "a key that is text": ("key 1 is not a JSON object", lambda: write(entry(jwks={"keys": ["ec-1"]}))),
    "a private EC key": ("key 1 is a private key", lambda: write(entry(make_ec_key().as_dict(private=True)))),
    "a private RSA key": ("key 1 is a private key", lambda: write(entry(make_rsa_key().as_dict(private=True)))),
    "a symmetric key": ("key 1 is symmetric", lambda: write(entry(OctKey.generate_key(256).as_dict(private=True)))),
    "a symmetric key that says it is public": (
        "key 1 is symmetric",
        lambda: write(entry(describe(make_ec_key(), k="c2VjcmV0"))),
    ),
    "an Ed25519 key": (
        "kind that is not used",
        lambda: write(entry(OKPKey.generate_key("Ed25519").as_dict(private=False))),
    ),
    "no kind": ("kind that is not used", lambda: write(entry({"kid": "ec-1"}))),
    "another curve": ("cannot be used", lambda: write(entry(describe(ECKey.generate_key("P-384"))))),
    "a point off the curve": ("cannot be used", lambda: write(entry(describe(make_ec_key(), x="A" * 43)))),
    "a coordinate that is a number": ("cannot be used", lambda: write(entry(describe(make_ec_key(), x=1)))),
    "a small RSA key": ("cannot be used", lambda: write(entry(describe(make_rsa_key(), n=SMALL_RSA_MODULUS)))),
    "a huge RSA key": ("cannot be used", lambda: write(entry(describe(make_rsa_key(), n="A" + "_" * 3000)))),
    "an RSA exponent of three": ("cannot be used", lambda: write(entry(describe(make_rsa_key(), e="Aw")))),
    "a key to encrypt": ("not for checking", lambda: write(entry(describe(make_ec_key(), use="enc")))),
    "a key to sign only": ("not for checking", lambda: write(entry(describe(make_ec_key(), key_ops=["sign"])))),
    "operations that are no list": ("not for checking", lambda: write(entry(describe(make_ec_key(), key_ops=1)))),
    "an algorithm that is not used": ("not used here", lambda: write(entry(describe(make_rsa_key(), alg="PS256")))),
    "an algorithm of the other kind": ("not used here", lambda: write(entry(describe(make_ec_key(), alg="RS256")))),
    "an unknown name in a key": ("no public key has", lambda: write(entry(describe(make_ec_key(), secret="x")))),
    "no kid": ("key 1 has no kid", lambda: write(entry(describe(make_ec_key(), None)))),
    "an empty kid": ("key 1 has no kid", lambda: write(entry(describe(make_ec_key(), "")))),
    "a kid twice": ("key 2 has the kid", lambda: write(entry(describe(make_ec_key()), describe(make_rsa_key())))),
    "an issuer twice": (
        "name of an earlier one",
        lambda: write(entry(account_prefix="a:"), entry(account_prefix="b:")),
    ),
    "two issuers without prefixes": ("of another", lambda: write(entry(), entry(issuer=OTHER_ISSUER))),
    "two issuers, one without a prefix": (
        "issuer 2 could name",
        lambda: write(entry(account_prefix="a:"), entry(issuer=OTHER_ISSUER)),
    ),
    "a prefix that begins another": (
        "issuer 1 could name",
        lambda: write(entry(account_prefix="wa"), entry(issuer=OTHER_ISSUER, account_prefix="wash:")),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_that_may_not_be_trusted_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    said, make = FAULTS[name]
    path = tmp_path / "issuers.json"
    path.write_bytes(make())
    with pytest.raises(SetupRefused) as caught:
        read_trusted_issuers(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    # What the file holds is never repeated: neither names nor any piece of a key.
    for value in (ISSUER, OTHER_ISSUER, AUDIENCE, *KeySet([make_ec_key()]).as_dict(private=True)["keys"][0].values()):
        assert len(str(value)) < 6 or str(value) not in str(caught.value)


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupRefused, match="cannot be read; check PROBITY_ISSUERS_FILE"):
        read_trusted_issuers(tmp_path / "absent.json")
    with pytest.raises(SetupRefused, match="cannot be read"):
        read_trusted_issuers(tmp_path)
    (tmp_path / "large.json").write_bytes(b" " * 1_000_001)
    with pytest.raises(SetupRefused, match="larger than a megabyte"):
        read_trusted_issuers(tmp_path / "large.json")


def test_a_provider_on_this_machine_needs_no_encryption() -> None:
    assert "http://localhost:3000" in parse_trusted_issuers(write(entry(issuer="http://localhost:3000")))


def test_two_sources_of_trust_may_not_name_the_same_issuer() -> None:
    trusted = parse_trusted_issuers(write(entry()))
    with pytest.raises(SetupRefused, match="issuer 2 has the name"):
        join_trust([*trusted.values(), *trusted.values()])


def test_nobody_is_trusted_later_than_at_the_start() -> None:
    trusted = parse_trusted_issuers(write(entry()))
    with pytest.raises(TypeError):
        trusted["https://id.example.com"] = trusted[ISSUER]  # type: ignore[index]
    with pytest.raises(TypeError):
        trusted[ISSUER].keys["new"] = trusted[ISSUER].keys["ec-1"]  # type: ignore[index]
