"""A hostile issuer, a thief and a clumsy provider: every token that is not wholly right is refused.

Each case names the check that must catch it, so that no check is carried by another.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64decode

from app.domain.vocabulary import Purpose, Role
from app.errors import ProbityError
from app.identity.refusal import Refusal
from app.identity.tokens import LONGEST_TOKEN
from tests.identity.hostile_issuer import (
    AUDIENCE,
    ISSUER,
    LEFT_OUT,
    NOW,
    OTHER_ISSUER,
    Desk,
    assert_says_nothing,
    bind_to_holder,
    describe_claims,
    describe_header,
    encode_segment,
    make_ec_key,
    make_rsa_key,
    make_strange_key,
    present_proof,
    sign_proof,
    sign_text,
    sign_token,
    sign_with_secret,
)

Make = Callable[[], str]
AT = int(NOW.timestamp())
DETAIL = {"type": "probity", "role": "records_officer", "purpose": "records"}


def swap_signature(token: str, signature: bytes | str) -> str:
    encoded = signature if isinstance(signature, str) else encode_segment(signature)
    return f"{token.rpartition('.')[0]}.{encoded}"


def swap_payload(token: str, **claims: Any) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{encode_segment(json.dumps(describe_claims(claims)))}.{signature}"


def with_header(**change: Any) -> Make:
    return lambda: sign_token(header=change)


def with_claims(**change: Any) -> Make:
    return lambda: sign_token(claims=change)


def with_details(*details: Any) -> Make:
    return lambda: sign_token(claims={"authorization_details": list(details)})


def with_texts(header: str | bytes | None = None, payload: str | bytes | None = None) -> Make:
    return lambda: sign_text(
        json.dumps(describe_header()) if header is None else header,
        json.dumps(describe_claims()) if payload is None else payload,
    )


def repeat_member(document: dict[str, Any], name: str, value: Any) -> str:
    """The document with one name twice, the second time with another value."""
    return f"{json.dumps(document)[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}"


def sign_with_own_key() -> str:
    """A thief's key in the header, and his signature by it."""
    thief = make_strange_key()
    return sign_token(header={"jwk": thief.as_dict(private=False)}, key=thief)


def make_nested() -> str:
    return "[" * 3000 + "]" * 3000


ALGORITHM_CASES: dict[str, Make] = {
    "none": lambda: swap_signature(sign_token(header={"alg": "none"}), "AA"),
    "none in mixed letters": lambda: swap_signature(sign_token(header={"alg": "nOnE"}), "AA"),
    "the public key in PEM as a secret": lambda: sign_with_secret(make_ec_key().as_pem(private=False)),
    "the RSA public key in PEM as a secret": lambda: sign_with_secret(make_rsa_key().as_pem(private=False)),
    "the public key as JSON as a secret": lambda: sign_with_secret(
        json.dumps(make_ec_key().as_dict(private=False)).encode()
    ),
    "an empty secret": lambda: sign_with_secret(b"", algorithm="HS512"),
    "another curve": lambda: sign_token(header={"alg": "ES384"}),
    "another padding": lambda: sign_token(header={"alg": "PS256", "kid": "rsa-1"}, key=make_rsa_key()),
    "EdDSA": with_header(alg="EdDSA"),
    "no algorithm": with_header(alg=LEFT_OUT),
    "a list of algorithms": with_header(alg=["ES256"]),
    "small letters": with_header(alg="es256"),
    "RS256 for an EC key": with_header(alg="RS256"),
    "ES256 for an RSA key": with_header(kid="rsa-1"),
}

KEY_CASES: dict[str, Make] = {
    "no kid": with_header(kid=LEFT_OUT),
    "an unknown kid": with_header(kid="ec-2"),
    "a number": with_header(kid=1),
    "nothing": with_header(kid=None),
    "an empty kid": with_header(kid=""),
    "a path": with_header(kid="../../dev/null"),
    "a statement": with_header(kid="ec-1' OR '1'='1"),
    "a key of another trusted issuer": lambda: sign_token(header={"kid": "other-1"}, key=make_strange_key()),
    "our key for another trusted issuer": with_claims(iss=OTHER_ISSUER),
}

TYPE_CASES: dict[str, Make] = {
    "no type": with_header(typ=LEFT_OUT),
    "an id token": with_header(typ="JWT"),
    "a logout token": with_header(typ="logout+jwt"),
    "a proof": with_header(typ="dpop+jwt"),
    "a list": with_header(typ=["at+jwt"]),
    "nothing": with_header(typ=None),
}

HEADER_CASES: dict[str, Make] = {
    "crit": with_header(crit=["exp"], exp=AT),
    "an empty crit": with_header(crit=[]),
    "an unencoded payload": with_header(crit=["b64"], b64=False),
    "b64 that says the usual": with_header(b64=True),
    "a key that comes along": sign_with_own_key,
    "an address of keys": with_header(jku="https://keys.example.org/jwks"),
    "an address of a certificate": with_header(x5u="https://keys.example.org/x5c"),
    "a certificate that comes along": with_header(x5c=["MIIB"]),
    "a content type": with_header(cty="JWT"),
    "compression": with_header(zip="DEF"),
    "encryption": with_header(enc="A128GCM"),
    "something unknown": with_header(purpose="records"),
}

MALFORMED_CASES: dict[str, Make] = {
    "nothing": lambda: "",
    "a word": lambda: "token",
    "two parts": lambda: sign_token().rpartition(".")[0],
    "four parts": lambda: sign_token() + ".AA",
    "five parts, as if encrypted": lambda: "AA.AA.AA.AA.AA",
    "no signature": lambda: swap_signature(sign_token(header={"alg": "none"}), ""),
    "JSON serialization": lambda: json.dumps({"payload": "e30", "protected": "e30", "signature": "AA"}),
    "a blank before": lambda: " " + sign_token(),
    "a line end after": lambda: sign_token() + "\n",
    "padding": lambda: sign_token() + "=",
    "a letter that is not of the alphabet": lambda: sign_token().replace("e", "é", 1),
    "a surrogate": lambda: sign_token() + "\ud800",
    "a NUL": lambda: "\0" + sign_token(),
    "the other alphabet": lambda: sign_token() + "+/",
    "bits beyond the last letter": lambda: sign_token().replace(".", "B.", 1),
    "a header that is a list": with_texts(header="[]"),
    "a header that is a word": with_texts(header='"ES256"'),
    "a header that is not JSON": with_texts(header="alg: ES256"),
    "a header with a byte-order mark": with_texts(header=b"\xef\xbb\xbf" + json.dumps(describe_header()).encode()),
    "a header that is not UTF-8": with_texts(header=b'{"alg": "\xff"}'),
    "a header in UTF-16": with_texts(header=json.dumps(describe_header()).encode("utf-16")),
    "an algorithm twice": with_texts(header=repeat_member(describe_header(), "alg", "none")),
    "a kid twice": with_texts(header=repeat_member(describe_header(), "kid", "rsa-1")),
    "a payload that is a list": with_texts(payload="[]"),
    "a payload that is nothing": with_texts(payload="null"),
    "a payload that is not JSON": with_texts(payload="sub"),
    "an issuer twice": with_texts(payload=repeat_member(describe_claims(), "iss", OTHER_ISSUER)),
    "a role twice": with_texts(
        payload=json.dumps(describe_claims()).replace('"role":', '"role": "registrar", "role":')
    ),
    "an end that is no number": with_texts(payload=json.dumps(describe_claims({"exp": float("nan")}))),
    "an end without end": with_texts(payload=json.dumps(describe_claims({"exp": float("inf")}))),
    "a payload nested too deeply": with_texts(payload=make_nested()[:2900] + make_nested()[-2900:]),
    "a number too long to read": with_texts(payload='{"exp": ' + "9" * 5000 + "}"),
}

SIGNATURE_CASES: dict[str, Make] = {
    "a stranger's key": lambda: sign_token(key=make_strange_key()),
    "other claims": lambda: swap_payload(sign_token(), sub="john.smith"),
    "a signature of zeros": lambda: swap_signature(sign_token(), bytes(64)),
    "half a signature": lambda: swap_signature(
        sign_token(), urlsafe_b64decode(sign_token().split(".")[2].encode())[:32]
    ),
    "a signature with an end": lambda: swap_signature(
        sign_token(), urlsafe_b64decode(sign_token().split(".")[2].encode()) + b"\0"
    ),
    "a signature of another token": lambda: swap_signature(
        sign_token(), sign_token(claims={"jti": "another"}).split(".")[2]
    ),
    "a signature whose last bits are loose": lambda: swap_signature(sign_token(), "AB"),
    "a stranger's RSA signature": lambda: swap_signature(
        sign_token(header={"alg": "RS256", "kid": "rsa-1"}, key=make_rsa_key()), b"\1" * 256
    ),
}

ISSUER_CASES: dict[str, Make] = {
    "nobody": with_claims(iss=LEFT_OUT),
    "an unknown issuer": with_claims(iss="https://id.example.com"),
    "a slash more": with_claims(iss=ISSUER + "/"),
    "large letters": with_claims(iss=ISSUER.upper()),
    "a list": with_claims(iss=[ISSUER]),
    "an object": with_claims(iss={"name": ISSUER}),
    "a blank more": with_claims(iss=ISSUER + " "),
    "the demo issuer": with_claims(iss="https://demo.probity.invalid"),
}

AUDIENCE_CASES: dict[str, Make] = {
    "nobody": with_claims(aud=LEFT_OUT),
    "another server": with_claims(aud="https://payroll.example.org"),
    "us among others": with_claims(aud=[AUDIENCE, "https://payroll.example.org"]),
    "us twice": with_claims(aud=[AUDIENCE, AUDIENCE]),
    "an empty list": with_claims(aud=[]),
    "a part of us": with_claims(aud=AUDIENCE[:-1]),
    "more than us": with_claims(aud=AUDIENCE + "/"),
    "an object": with_claims(aud={AUDIENCE: True}),
}

TIME_CASES: dict[str, tuple[Refusal, Make]] = {
    "expired": (Refusal.EXPIRED, with_claims(iat=AT - 630, exp=AT - 30)),
    "not yet valid": (Refusal.NOT_YET_VALID, with_claims(nbf=AT + 31)),
    "issued in the future": (Refusal.NOT_YET_VALID, with_claims(iat=AT + 31, exp=AT + 631)),
    "thirty days": (Refusal.LIFETIME, with_claims(exp=AT + 30 * 86400)),
    "a second too long": (Refusal.LIFETIME, with_claims(exp=AT + 3601)),
    "longer than a calendar": (Refusal.LIFETIME, with_claims(exp=10**30)),
    "over before it began": (Refusal.LIFETIME, with_claims(iat=AT + 20, exp=AT + 20)),
    "no end": (Refusal.CLAIMS, with_claims(exp=LEFT_OUT)),
    "no beginning": (Refusal.CLAIMS, with_claims(iat=LEFT_OUT)),
    "an end in words": (Refusal.CLAIMS, with_claims(exp=str(AT + 600))),
    "an end in parts of a second": (Refusal.CLAIMS, with_claims(exp=AT + 0.5)),
    "an end that is true": (Refusal.CLAIMS, with_claims(exp=True)),
    "an end that is nothing": (Refusal.CLAIMS, with_claims(exp=None)),
    "a beginning before time": (Refusal.LIFETIME, with_claims(iat=-(10**30))),
    "not before nothing": (Refusal.CLAIMS, with_claims(nbf=None)),
    "an end beyond all numbers": (
        Refusal.CLAIMS,
        with_texts(payload=json.dumps(describe_claims()).replace(str(AT + 600), "1e999")),
    ),
}

CLAIM_CASES: dict[str, Make] = {
    "no account": with_claims(sub=LEFT_OUT),
    "an empty account": with_claims(sub=""),
    "an account that is a number": with_claims(sub=7),
    "an account of two lines": with_claims(sub="maria.garcia\njohn.smith"),
    "an account with a NUL": with_claims(sub="maria.garcia\0"),
    "an account with a surrogate": with_claims(sub="\ud800"),
    "an account with a blank at its end": with_claims(sub="maria.garcia "),
    "an account that is too long": with_claims(sub="m" * 201),
    "no id": with_claims(jti=LEFT_OUT),
    "an empty id": with_claims(jti=""),
    "an id that is a number": with_claims(jti=1),
    "no client": with_claims(client_id=LEFT_OUT),
    "a client that is a list": with_claims(client_id=["records-desk"]),
    "scopes in a list": with_claims(scope=["registry"]),
    "scopes with two blanks": with_claims(scope="registry  explore"),
    "an empty scope": with_claims(scope=""),
    "a scope with a quote": with_claims(scope='a"b'),
    "a level that is a number": with_claims(acr=2),
    "a level that is nothing": with_claims(acr=None),
    "methods that are no list": with_claims(amr="pwd"),
}

DETAIL_CASES: dict[str, Make] = {
    "none": with_claims(authorization_details=LEFT_OUT),
    "an object": with_claims(authorization_details=DETAIL),
    "text": with_claims(authorization_details=json.dumps([DETAIL])),
    "an empty list": with_details(),
    "another's only": with_details({**DETAIL, "type": "payment"}),
    "two roles": with_details(DETAIL, {**DETAIL, "role": "agency_head"}),
    "the same twice": with_details(DETAIL, DETAIL),
    "something that is no entry": with_details(DETAIL, "registrar"),
    "no role": with_details({**DETAIL, "role": None}),
    "an unknown role": with_details({**DETAIL, "role": "administrator"}),
    "a role in large letters": with_details({**DETAIL, "role": "REGISTRAR"}),
    "a list of roles": with_details({**DETAIL, "role": ["records_officer"]}),
    "no purpose": with_details({key: DETAIL[key] for key in ("type", "role")}),
    "an unknown purpose": with_details({**DETAIL, "purpose": "curiosity"}),
    "a list of purposes": with_details({**DETAIL, "purpose": ["records", "monitoring"]}),
    "a name that is not known": with_details({**DETAIL, "roles": ["registrar"]}),
    "a type in large letters": with_details({**DETAIL, "type": "PROBITY"}),
    "an agency that is nothing": with_details({**DETAIL, "agency": None}),
    "an agency by name": with_details({**DETAIL, "agency": "Larkspur Police"}),
    "an agency with an end": with_details({**DETAIL, "agency": "WA0179900\n"}),
    "two agencies": with_details({**DETAIL, "agency": ["WA0179900", "WA0179901"]}),
    "a State in small letters": with_details({**DETAIL, "state": "wa"}),
    "a State by name": with_details({**DETAIL, "state": "Washington"}),
    "an officer who is no uuid": with_details({**DETAIL, "officer": "1"}),
    "an officer in braces": with_details({**DETAIL, "officer": "{6b2c1f0e-5f7e-4a53-8f0b-3f1c2d4e5a60}"}),
    "an officer in large letters": with_details({**DETAIL, "officer": "6B2C1F0E-5F7E-4A53-8F0B-3F1C2D4E5A60"}),
}

BINDING_CASES: dict[str, Make] = {
    "a token bound to a key, as a bearer": lambda: sign_token(claims=bind_to_holder()),
    "a token bound to a certificate, without one": with_claims(cnf={"x5t#S256": "A" * 43}),
    "bound to nothing": with_claims(cnf={}),
    "bound in words": with_claims(cnf="jkt"),
    "bound in a way that is not known": with_claims(cnf={"osc": "A" * 43}),
    "bound in a known and an unknown way": with_claims(cnf={"x5t#S256": "A" * 43, "osc": "A" * 43}),
    "bound to a thumbprint that is none": with_claims(cnf={"jkt": "short"}),
    "bound to a number": with_claims(cnf={"jkt": 1}),
}

CASES: list[tuple[str, Refusal, Make]] = [
    *(
        (f"{refusal.value}: {name}", refusal, make)
        for refusal, cases in (
            (Refusal.ALGORITHM, ALGORITHM_CASES),
            (Refusal.KEY, KEY_CASES),
            (Refusal.TYPE, TYPE_CASES),
            (Refusal.HEADER, HEADER_CASES),
            (Refusal.MALFORMED, MALFORMED_CASES),
            (Refusal.SIGNATURE, SIGNATURE_CASES),
            (Refusal.ISSUER, ISSUER_CASES),
            (Refusal.AUDIENCE, AUDIENCE_CASES),
            (Refusal.CLAIMS, CLAIM_CASES),
            (Refusal.DETAILS, DETAIL_CASES),
            (Refusal.BINDING, BINDING_CASES),
        )
        for name, make in cases.items()
    ),
    *((f"time: {name}", refusal, make) for name, (refusal, make) in TIME_CASES.items()),
]


@pytest.mark.parametrize(("refusal", "make"), [pytest.param(r, m, id=name) for name, r, m in CASES])
def test_a_hostile_token_is_refused_for_its_fault(refusal: Refusal, make: Make) -> None:
    desk = Desk()
    token = make()
    for _ in range(2):  # the second time shows that the refusal was not kept as something good
        with desk.refusing(refusal):
            desk.verifier.verify(token)


def test_a_good_token_says_who_asks_in_which_role_and_what_for() -> None:
    claims = Desk().verifier.verify(sign_token(claims={"acr": "urn:example:mfa"}, state="WA"))
    assert (claims.account, claims.issuer, claims.client_id) == ("maria.garcia", ISSUER, "records-desk")
    assert (claims.role, claims.purpose) == (Role.RECORDS_OFFICER, Purpose.RECORDS)
    assert (claims.agency_ori, claims.state_code, claims.officer_id) == ("WA0179900", "WA", None)
    assert claims.scopes == {"registry", "explore"}
    assert (claims.acr, claims.key_thumbprint) == ("urn:example:mfa", None)
    assert claims.expires_at.timestamp() == AT + 600


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(sign_token, id="ES256"),
        pytest.param(lambda: sign_token(header={"alg": "RS256", "kid": "rsa-1"}, key=make_rsa_key()), id="RS256"),
        pytest.param(with_header(typ="application/at+jwt"), id="the long type"),
        pytest.param(with_header(typ="AT+JWT"), id="the type in large letters"),
        pytest.param(with_header(x5t="AA"), id="the digest of a certificate beside the kid"),
        pytest.param(with_claims(aud=[AUDIENCE]), id="us alone in a list"),
        pytest.param(with_claims(scope=LEFT_OUT), id="no scope"),
        pytest.param(with_claims(nbf=AT + 30), id="valid within the leeway"),
        pytest.param(with_claims(iat=AT - 629, exp=AT - 29), id="expired within the leeway"),
        pytest.param(with_claims(exp=AT + 3600), id="an hour"),
        pytest.param(with_details(DETAIL, {"type": "payment", "amount": 5}), id="another's entry beside ours"),
    ],
)
def test_a_genuine_token_is_accepted(make: Make) -> None:
    assert Desk().verifier.verify(make()).role is Role.RECORDS_OFFICER


def test_no_role_or_purpose_outside_our_entry_counts() -> None:
    wide = {"role": "registrar", "roles": ["registrar"], "groups": ["registrar"], "purpose": "registry"}
    claims = Desk().verifier.verify(sign_token(claims=wide))
    assert (claims.role, claims.purpose) == (Role.RECORDS_OFFICER, Purpose.RECORDS)


def test_two_issuers_never_name_the_same_account() -> None:
    desk = Desk()
    theirs = sign_token(header={"kid": "other-1"}, claims={"iss": OTHER_ISSUER}, key=make_strange_key())
    assert desk.verifier.verify(sign_token()).account == "maria.garcia"
    assert desk.verifier.verify(theirs).account == "other:maria.garcia"


def test_a_token_of_the_longest_length_is_read_and_one_longer_is_not() -> None:
    desk = Desk()
    short = len(sign_token(claims={"filler": ""}))
    longest = sign_token(claims={"filler": "x" * ((LONGEST_TOKEN - short) * 3 // 4)})
    assert LONGEST_TOKEN - 4 <= len(longest) <= LONGEST_TOKEN
    assert desk.verifier.verify(longest)
    for token in (sign_token(claims={"filler": "x" * LONGEST_TOKEN}), "A" * (LONGEST_TOKEN + 1), "é" * 10_000_000):
        with desk.refusing(Refusal.OVERSIZED):
            desk.verifier.verify(token)


def test_a_token_bound_to_a_certificate_needs_that_certificate() -> None:
    desk = Desk()
    token = sign_token(claims={"cnf": {"x5t#S256": "A" * 43}})
    assert desk.verifier.verify(token, certificate_thumbprint="A" * 43)
    for certificate in (None, "", "B" * 43):
        with desk.refusing(Refusal.BINDING):
            desk.verifier.verify(token, certificate_thumbprint=certificate)


def test_a_token_also_bound_in_a_way_that_cannot_be_checked_is_refused_with_its_certificate() -> None:
    desk = Desk()
    token = sign_token(claims={"cnf": {"x5t#S256": "A" * 43, "osc": "A" * 43}})
    with desk.refusing(Refusal.BINDING):
        desk.verifier.verify(token, certificate_thumbprint="A" * 43)


def test_a_token_bound_to_a_key_and_a_certificate_needs_both() -> None:
    desk = Desk()
    token = sign_token(claims={"cnf": {**bind_to_holder()["cnf"], "x5t#S256": "A" * 43}})
    with desk.refusing(Refusal.BINDING):
        desk.verifier.verify(token, certificate_thumbprint="A" * 43)
    with desk.refusing(Refusal.BINDING):
        desk.verifier.verify(token, proof=present_proof(sign_proof(token)))
    assert desk.verifier.verify(token, proof=present_proof(sign_proof(token)), certificate_thumbprint="A" * 43)


GENUINE = sign_token()


@st.composite
def tampered(draw: st.DrawFn) -> str:
    """A genuine token with a piece of it replaced, removed, repeated or put in."""
    start = draw(st.integers(0, len(GENUINE)))
    end = draw(st.integers(start, min(len(GENUINE), start + 40)))
    piece = draw(st.text(alphabet="AQgwabcXYZ019-_.=é\0 ", max_size=12) | st.just(GENUINE[start:end] * 2))
    return GENUINE[:start] + piece + GENUINE[end:]


TEXTS = st.text(max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
HEADER_NAMES = st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "x5t", "b64"]) | TEXTS
CLAIM_NAMES = (
    st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "client_id", "scope", "acr", "cnf"])
    | st.sampled_from(["authorization_details", "auth_time", "amr", "kid"])
    | TEXTS
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(token=tampered() | TEXTS)
def test_nothing_but_the_genuine_token_is_accepted_and_no_refusal_repeats_any_of_it(token: str) -> None:
    desk = Desk()
    if token == GENUINE:
        assert desk.verifier.verify(token)
        return
    with pytest.raises(ProbityError) as caught:
        desk.verifier.verify(token)
    assert len(desk.reported) == 1
    assert_says_nothing(caught.value)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    header=st.dictionaries(HEADER_NAMES, VALUES, max_size=2),
    claims=st.dictionaries(CLAIM_NAMES, VALUES, max_size=3),
    entry=st.dictionaries(st.sampled_from(["role", "purpose", "agency", "state", "officer"]), VALUES, max_size=2),
)
def test_whatever_an_issuer_signs_is_verified_or_refused_in_the_same_words(
    header: dict[str, Any], claims: dict[str, Any], entry: dict[str, Any]
) -> None:
    desk = Desk()
    token = sign_token(header=header, claims=claims, **entry)
    try:
        verified = desk.verifier.verify(token)
    except ProbityError as error:
        assert len(desk.reported) == 1
        assert_says_nothing(error)
    else:
        assert verified.issuer == ISSUER
        assert isinstance(verified.role, Role)


def test_a_key_that_was_made_today_is_not_trusted_under_an_old_name() -> None:
    desk = Desk()
    with desk.refusing(Refusal.SIGNATURE):
        desk.verifier.verify(sign_token(key=ECKey.generate_key("P-256")))
