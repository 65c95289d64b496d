"""Saved heads: they come back as they were written, and nothing else is taken for them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.chain import ChainHead
from app.audit.heads import describe_head, read_heads, write_heads

from .invented_records import make_chain, unhurried

heads = st.builds(
    ChainHead,
    chain_id=st.uuids(),
    position=st.integers(1, 2**63 - 1),
    hash=st.binary(min_size=32, max_size=32),
)


@unhurried
@given(st.lists(heads, max_size=4, unique_by=lambda head: head.chain_id))
def test_heads_come_back_as_they_were_written(given_heads: list[ChainHead]) -> None:
    assert read_heads(write_heads(given_heads)) == tuple(sorted(given_heads, key=lambda head: head.chain_id))


def _file(**changed: Any) -> str:
    entry = describe_head(make_chain(1)[0].row.head)
    return json.dumps({"kind": "probity-audit-heads", "version": 1, "heads": [{**entry, **changed}]})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"kind": "probity-audit-heads", "version": 2, "heads": []}',
        '{"kind": "probity-audit-heads", "version": 1}',
        '{"kind": "probity-audit-heads", "version": 1, "heads": {"a": 1}}',
        '{"kind": "probity-audit-heads", "version": 1, "heads": [3]}',
        _file(position=0),
        _file(position=True),
        _file(position="1"),
        _file(hash="ab"),
        _file(hash=None),
        _file(hash="zz" * 32),
        _file(chain_id="no id"),
        _file(chain_id=7),
    ],
)
def test_anything_else_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="file"):
        read_heads(text)


def test_a_chain_that_is_named_twice_is_refused() -> None:
    head = make_chain(1)[0].row.head
    with pytest.raises(ValueError, match="twice"):
        read_heads(write_heads([head, head]))
