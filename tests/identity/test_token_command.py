"""`probity token` as a user meets it: only the token on standard output, the grant in place, production refused."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.cli.token import register
from app.domain.clock import draw_random_id, read_system_clock
from app.domain.vocabulary import Purpose, Role
from app.errors import ProbityError
from app.identity.claims import VerifiedClaims
from app.identity.dpop import compute_token_hash
from app.identity.issuer import DEMO_KEY_NAME, DEMO_WARNING, DemoIssuer
from app.identity.principal import join_principal
from app.identity.tokens import TokenVerifier
from app.identity.trust import join_trust
from app.main import assemble
from app.registry.world.exchange import load_world
from app.registry.world.writing import encode_line, write_header
from app.settings import Mode, Settings
from app.storage.cluster import Addresses
from app.storage.grants import DEMO_GRANTER, find_held_grant
from app.storage.logins import LOGIN_OF_ROLE
from app.storage.secrets import Secrets
from tests.conftest import Connect
from tests.identity.hostile_issuer import make_holder_key, make_rsa_key, present_proof, sign_proof

Run = Callable[..., Awaitable[int]]
Capture = pytest.CaptureFixture[str]
Owner = asyncpg.Connection
OFFICER = "b9990001-0000-4000-8000-000000000001"
ANALYST = ("--role", "doj_analyst", "--purpose", "statistics")


def parse_and_run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    try:
        arguments = parser.parse_args(["token", *words])
    except SystemExit as ended:
        return int(ended.code or 0)
    code: int = arguments.handler(arguments)
    return code


@pytest.fixture
def run(addresses: Addresses, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command against a database of its own and gives the exit code."""
    monkeypatch.setenv("PROBITY_MODE", "demo")
    monkeypatch.setenv("PROBITY_HOME", str(settings.home))
    monkeypatch.setenv("PROBITY_DATABASE_URL", addresses.require_owner())

    async def run_command(*words: str) -> int:
        # The command has an event loop of its own, so it runs in a thread of its own.
        return await asyncio.to_thread(parse_and_run, *words)

    return run_command


def verify(token: str, settings: Settings, **presented: Any) -> VerifiedClaims:
    """What a server of the same installation makes of the token."""
    issuer = DemoIssuer(
        secret=Secrets(settings.home).get_or_create(DEMO_KEY_NAME),
        mode=Mode.DEMO,
        clock=read_system_clock,
        draw_id=draw_random_id,
    )
    return TokenVerifier(join_trust([issuer.describe_trust()]), clock=read_system_clock).verify(token, **presented)


async def test_only_the_token_goes_to_standard_output(run: Run, settings: Settings, capsys: Capture) -> None:
    assert await run(*ANALYST, "--scope", "explore", "--scope", "explore developer", "--acr", "mfa", "--ttl", "60") == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    claims = verify(said.out.strip(), settings)
    assert (claims.account, claims.role, claims.purpose) == ("demo-doj_analyst", Role.DOJ_ANALYST, Purpose.STATISTICS)
    assert claims.scopes == {"explore", "developer"}
    assert claims.acr == "mfa"
    assert said.err.splitlines() == [DEMO_WARNING]


async def test_the_account_gets_the_grant_that_makes_it_a_principal_and_gets_it_once(
    run: Run, owner: Owner, connect: Connect, settings: Settings, capsys: Capture
) -> None:
    for _ in range(2):
        assert await run(*ANALYST, "--subject", "maria.garcia") == 0
    token = capsys.readouterr().out.splitlines()[-1]
    claims = verify(token, settings)
    held = await find_held_grant(await connect(LOGIN_OF_ROLE[claims.role]), claims, read_system_clock())
    assert join_principal(claims, held).role is Role.DOJ_ANALYST
    rows = await owner.fetch("SELECT account, role, granted_by FROM registry.grants")
    assert [tuple(row) for row in rows] == [("maria.garcia", "doj_analyst", DEMO_GRANTER)]


async def test_a_grant_that_was_revoked_is_not_renewed(
    run: Run, owner: Owner, connect: Connect, settings: Settings, capsys: Capture
) -> None:
    assert await run(*ANALYST) == 0
    await owner.execute(
        "UPDATE registry.grants SET valid = tstzrange(lower(valid), now()), revoked_by = $1, revoked_at = now()",
        "john.smith",
    )
    capsys.readouterr()
    assert await run(*ANALYST) == 0
    said = capsys.readouterr()
    assert "has ended and is not renewed" in said.err
    claims = verify(said.out.strip(), settings)
    with pytest.raises(ProbityError):
        join_principal(
            claims, await find_held_grant(await connect(LOGIN_OF_ROLE[claims.role]), claims, read_system_clock())
        )
    assert await owner.fetchval("SELECT count(*) FROM registry.grants") == 1


async def test_the_public_role_gets_no_grant(run: Run, owner: Owner, settings: Settings, capsys: Capture) -> None:
    assert await run("--role", "public", "--purpose", "public") == 0
    assert verify(capsys.readouterr().out.strip(), settings).role is Role.PUBLIC
    assert await owner.fetchval("SELECT count(*) FROM registry.grants") == 0


@pytest.mark.parametrize("private", [True, False])
async def test_a_token_is_bound_to_the_key_in_the_file(
    run: Run, settings: Settings, capsys: Capture, tmp_path: Path, private: bool
) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(make_holder_key().as_dict(private=private)), "utf-8")
    assert await run(*ANALYST, "--dpop", str(path)) == 0
    token = capsys.readouterr().out.strip()
    with pytest.raises(ProbityError):
        verify(token, settings)
    now = int(read_system_clock().timestamp())
    proof = sign_proof(token, claims={"iat": now, "ath": compute_token_hash(token)})
    assert verify(token, settings, proof=present_proof(proof)).key_thumbprint == make_holder_key().thumbprint()


@pytest.mark.parametrize(
    "words",
    [
        ("--role", "doj_analyst"),
        ("--purpose", "statistics"),
        ("--role", "administrator", "--purpose", "records"),
        ("--role", "doj_analyst", "--purpose", "curiosity"),
        (*ANALYST, "--agency", "Larkspur Police"),
        (*ANALYST, "--state", "Washington"),
        (*ANALYST, "--officer", "1"),
        (*ANALYST, "--subject", ""),
        (*ANALYST, "--subject", "a\nb"),
        (*ANALYST, "--subject", DEMO_GRANTER),
        (*ANALYST, "--scope", "a  b"),
        (*ANALYST, "--acr", ""),
        (*ANALYST, "--ttl", "0"),
        (*ANALYST, "--ttl", "3601"),
        (*ANALYST, "--ttl", "soon"),
        (*ANALYST, "--ttl", "9" * 5000),
        (*ANALYST, "--dpop", "no/such/file"),
        ("--role", "records_officer", "--purpose", "records"),
        ("--role", "hiring_investigator", "--purpose", "hiring", "--state", "WA"),
        ("--role", "post_officer", "--purpose", "certification"),
        ("--role", "officer", "--purpose", "self"),
        ("--role", "officer_rep", "--purpose", "self"),
        ("--role", "public", "--purpose", "public", "--state", "WA"),
    ],
    ids=lambda words: " ".join(words)[:60],
)
def test_wrong_use_is_two_and_makes_nothing(
    words: tuple[str, ...], capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBITY_HOME", str(tmp_path / "home"))
    assert parse_and_run(*words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not a JSON object"),
        ("[]", "is not a JSON object"),
        ("{}", "must be an EC P-256 key"),
        (json.dumps(make_rsa_key().as_dict(private=False)), "must be an EC P-256 key"),
        (json.dumps({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}), "cannot be used"),
    ],
    ids=["empty", "a list", "no key", "an RSA key", "no point of the curve"],
)
def test_a_key_file_that_cannot_be_used_is_wrong_use(
    content: str, said: str, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBITY_HOME", str(tmp_path / "home"))
    (tmp_path / "key.json").write_text(content, "utf-8")
    assert parse_and_run(*ANALYST, "--dpop", str(tmp_path / "key.json")) == 2
    assert said in capsys.readouterr().err


def test_no_token_is_made_in_production(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBITY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROBITY_MODE", "production")
    assert parse_and_run(*ANALYST) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.strip()) == (
        "",
        "tokens are made in demo mode only; in production they come from a trusted issuer",
    )
    assert not (tmp_path / "home").exists()


async def test_no_token_is_made_on_a_database_that_production_has_touched(
    run: Run, owner: Owner, capsys: Capture
) -> None:
    await owner.execute("UPDATE gate.installation SET touched_by_production = true")
    assert await run(*ANALYST) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "used in production" in said.err
    assert await owner.fetchval("SELECT count(*) FROM registry.grants") == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--role", "records_officer", "--purpose", "records", "--agency", "WA0179900"), "no agency has this ORI"),
        (("--role", "officer", "--purpose", "self", "--officer", str(uuid4())), "no officer has this id"),
    ],
    ids=["an agency", "an officer"],
)
async def test_a_place_that_does_not_exist_is_refused(
    run: Run, capsys: Capture, words: tuple[str, ...], said: str
) -> None:
    assert await run(*words) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err


PLACES = {
    Role.HIRING_INVESTIGATOR: ("--agency", "WA9990100"),
    Role.RECORDS_OFFICER: ("--agency", "WA9990100"),
    Role.AGENCY_HEAD: ("--agency", "WA9990100"),
    Role.POST_OFFICER: ("--state", "WA"),
    Role.OFFICER: ("--officer", OFFICER),
    Role.OFFICER_REP: ("--officer", OFFICER),
}
AGENCY_LINE: dict[str, object] = {
    "kind": "agency",
    "id": "a9990001-0000-4000-8000-000000000001",
    "name": "Harborlight Police Department",
    "agency_kind": "LOCAL_POLICE",
    "jurisdiction": "53061",
    "oris": ["WA9990100"],
}
BODY_LINES: tuple[dict[str, object], ...] = (
    {"kind": "credentialing_body", "id": "29990001-0000-4000-8000-000000000002", "name": "Saltmarsh Review Board"},
    {"kind": "credentialing_body", "id": "29990001-0000-4000-8000-000000000001", "name": "Northlight Council"},
)


async def test_a_token_can_be_made_for_every_role(
    run: Run, owner: Owner, connect: Connect, settings: Settings, capsys: Capture
) -> None:
    officer: dict[str, object] = {"kind": "officer", "id": OFFICER, "name": {"family": "Walker", "given": "Daniel"}}
    lines = (write_header(), *map(encode_line, (AGENCY_LINE, *BODY_LINES, officer)))
    await load_world(owner, settings, lines, clock=read_system_clock, ids=draw_random_id)
    for role, purpose in assemble(settings.root).policy.list_pairs():
        assert await run("--role", role.value, "--purpose", purpose.value, *PLACES.get(role, ())) == 0, role
        claims = verify(capsys.readouterr().out.strip(), settings)
        held = await find_held_grant(await connect(LOGIN_OF_ROLE[claims.role]), claims, read_system_clock())
        assert join_principal(claims, held).role is role
    acting_for = await owner.fetchval("SELECT body_id::text FROM registry.grants WHERE role = 'credentialing_body'")
    assert acting_for == BODY_LINES[1]["id"]


async def test_an_account_of_a_body_needs_a_body(run: Run, owner: Owner, capsys: Capture) -> None:
    assert await run("--role", "credentialing_body", "--purpose", "credentialing") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "no credentialing body is known; load a world with one first" in told.err
    assert await owner.fetchval("SELECT count(*) FROM registry.grants") == 0
