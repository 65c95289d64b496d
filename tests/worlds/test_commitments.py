"""A commitment proves exactly one content, and a token exactly one officer's digits."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.content import VersionContent, compute_commitment, encode_content, proves_content
from app.domain.identifier_tokens import tokenise_last_four

SALT = bytes(range(32))
WORDS = st.text(max_size=6)
CODES = st.lists(WORDS, max_size=2).map(tuple)
CONTENTS = st.builds(
    VersionContent,
    action_date=st.dates(),
    force_related=st.booleans(),
    basis=CODES,
    force_types=CODES,
    on_duty=st.none() | st.booleans(),
    recommended_finding=st.none() | WORDS,
    final_finding=st.none() | WORDS,
    standard_of_proof=st.none() | WORDS,
    legal_basis=st.none() | WORDS,
    conviction_basis=st.none() | WORDS,
    civil_basis=st.none() | WORDS,
    court=st.none() | WORDS,
    court_case_number=st.none() | WORDS,
)
OFFICER = UUID("b9990001-0000-4000-8000-000000000001")


def test_the_canonical_form_is_pinned() -> None:
    """It may never change: commitments made under it must prove the same content in thirty years."""
    content = VersionContent(
        action_date=date(2024, 5, 6), force_related=True, basis=("DISHONESTY",), on_duty=None, court="Grès"
    )
    assert (
        encode_content(content)
        == (
            '{"action_date":"2024-05-06","basis":["DISHONESTY"],"civil_basis":null,"conviction_basis":null,'
            '"court":"Grès","court_case_number":null,"final_finding":null,"force_related":true,"force_types":[],'
            '"form":"probity-content-1","legal_basis":null,"on_duty":null,"recommended_finding":null,'
            '"standard_of_proof":null}'
        ).encode()
    )
    assert compute_commitment(SALT, content) == hashlib.sha256(b"\x20" + SALT + encode_content(content)).digest()


@given(one=CONTENTS, other=CONTENTS)
def test_different_contents_have_different_bytes(one: VersionContent, other: VersionContent) -> None:
    assume(one != other)
    assert encode_content(one) != encode_content(other)


@given(content=CONTENTS, salt=st.binary(min_size=16, max_size=64), data=st.data())
def test_a_commitment_proves_its_own_content_and_salt_alone(
    content: VersionContent, salt: bytes, data: st.DataObject
) -> None:
    commitment = compute_commitment(salt, content)
    assert proves_content(commitment, salt, content)
    assert not proves_content(commitment, salt, replace(content, force_related=not content.force_related))
    other = data.draw(st.binary(min_size=16, max_size=64).filter(lambda drawn: drawn != salt))
    assert not proves_content(commitment, other, content)


@pytest.mark.parametrize("length", [0, 15, 256])
def test_a_salt_of_the_wrong_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="16 to 255"):
        compute_commitment(bytes(length), VersionContent(action_date=date(2024, 1, 1), force_related=False))


def test_a_token_depends_on_key_officer_and_digits() -> None:
    token = tokenise_last_four(b"key", OFFICER, "0123")
    assert len(token) == 32
    assert token == tokenise_last_four(b"key", OFFICER, "0123")
    assert token != tokenise_last_four(b"other", OFFICER, "0123")
    assert token != tokenise_last_four(b"key", UUID(int=OFFICER.int + 1), "0123")
    assert token != tokenise_last_four(b"key", OFFICER, "0124")


@pytest.mark.parametrize("digits", ["", "123", "12345", "12 4", "١٢٣٤", "1234\n"])
def test_other_than_four_digits_makes_no_token(digits: str) -> None:
    with pytest.raises(ValueError, match="four digits"):
        tokenise_last_four(b"key", OFFICER, digits)
