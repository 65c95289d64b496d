"""Saved heads: where every chain ended when somebody looked, as a file to be kept elsewhere.

It holds ids, positions and hashes and nothing about anyone; what is read back is checked before it is believed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from app.audit.chain import ChainHead
from app.audit.commitment import DIGEST_BYTES

_KIND: Final = "probity-audit-heads"
_VERSION: Final = 1


def write_heads(heads: Iterable[ChainHead]) -> str:
    """The heads as JSON text, by chain id."""
    body = {
        "kind": _KIND,
        "version": _VERSION,
        "heads": [describe_head(head) for head in sorted(heads, key=lambda head: head.chain_id)],
    }
    return json.dumps(body, indent=2) + "\n"


def read_heads(text: str) -> tuple[ChainHead, ...]:
    """The heads of a saved file; raises `ValueError` for anything else than such a file."""
    try:
        body = json.loads(text)
    except ValueError:
        raise ValueError("the file of saved heads is not JSON; name one made by --save-heads") from None
    if not isinstance(body, dict) or body.get("kind") != _KIND or body.get("version") != _VERSION:
        raise ValueError("the file is not one of saved heads; name one made by --save-heads")
    try:
        heads = tuple(_read_head(entry) for entry in body["heads"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ValueError("the file of saved heads is damaged; put its latest copy back") from None
    if len({head.chain_id for head in heads}) != len(heads):
        raise ValueError("the file of saved heads names a chain twice; put its latest copy back")
    return heads


def describe_head(head: ChainHead) -> dict[str, str | int]:
    """One head in JSON's terms."""
    return {"chain_id": str(head.chain_id), "position": head.position, "hash": head.hash.hex()}


def _read_head(entry: Any) -> ChainHead:
    position, digest = entry["position"], bytes.fromhex(entry["hash"])
    if type(position) is not int or position < 1 or len(digest) != DIGEST_BYTES:
        raise ValueError("a head has a position from 1 and a hash of 32 bytes")
    return ChainHead(chain_id=UUID(entry["chain_id"]), position=position, hash=digest)
