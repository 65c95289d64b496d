"""The canonical form: what it says can be read back, so nothing else can have said it."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.canonical import Value, encode_item, encode_value, encode_values

from .invented_records import unhurried

values = st.one_of(
    st.none(),
    st.uuids(),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=20),
)


def read_values(encoded: bytes) -> list[Value]:
    """A reader of the documented form, written without the writer's code."""
    found: list[Value] = []
    while encoded:
        tag, length, rest = encoded[0], int.from_bytes(encoded[1:5], "big"), encoded[5:]
        body, encoded = rest[:length], rest[length:]
        assert len(body) == length
        match tag:
            case 0:
                found.append(None)
            case 1:
                found.append(body.decode("utf-8"))
            case 2:
                found.append(UUID(bytes=body))
            case 3:
                found.append(int.from_bytes(body, "big", signed=True))
            case 4:
                found.append(body)
            case _:
                pytest.fail("unknown tag")
    return found


@unhurried
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), st.lists(values, max_size=8))
def test_the_form_and_its_values_can_be_read_back(form: str, given_values: list[Value]) -> None:
    assert read_values(encode_values(form, given_values)) == [form, *given_values]


@unhurried
@given(st.lists(values, max_size=6), st.lists(values, max_size=6))
def test_different_values_have_different_bytes(first: list[Value], second: list[Value]) -> None:
    assert (encode_values("f", first) == encode_values("f", second)) == (first == second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", None), ("a", "")),
        (("", ""), ("",)),
        ((b"a",), ("a",)),
        ((0,), (bytes(8),)),
        ((UUID(int=1),), (UUID(int=1).bytes,)),
    ],
)
def test_lookalikes_are_told_apart(first: tuple[Value, ...], second: tuple[Value, ...]) -> None:
    assert encode_values("f", first) != encode_values("f", second)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_beyond_64_bits_is_refused(number: int) -> None:
    with pytest.raises(OverflowError):
        encode_value(number)


@given(
    ordinal=st.integers(-(2**63), 2**63 - 1),
    officer=st.uuids(),
    report=st.none() | st.tuples(st.uuids(), st.integers(-(2**31), 2**31 - 1)),
)
def test_an_item_in_one_step_has_the_bytes_of_its_values(
    ordinal: int, officer: UUID, report: tuple[UUID, int] | None
) -> None:
    values = (ordinal, officer, *(report or (None, None)))
    assert encode_item(*values) == b"".join(map(encode_value, values))
