"""The head of a request: the fields that are acted on, with all of their values, and no others.

A field that is sent twice is kept twice; what to make of that is for whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final


@dataclass(slots=True, kw_only=True)
class RequestHead:
    """The values of each field, in the order in which they came."""

    accept: list[str] = field(default_factory=list)
    authorization: list[str] = field(default_factory=list, repr=False)
    content_encoding: list[str] = field(default_factory=list)
    content_length: list[str] = field(default_factory=list)
    content_type: list[str] = field(default_factory=list)
    dpop: list[str] = field(default_factory=list, repr=False)


_READ: Final = {
    b"accept": "accept",
    b"authorization": "authorization",
    b"content-encoding": "content_encoding",
    b"content-length": "content_length",
    b"content-type": "content_type",
    b"dpop": "dpop",
}


def read_head(headers: Iterable[tuple[bytes, bytes]]) -> RequestHead:
    """Read the header fields of an ASGI scope, whose names are in small letters (ASGI, HTTP connection scope)."""
    head = RequestHead()
    for name, value in headers:
        read = _READ.get(name)
        if read is not None:
            getattr(head, read).append(value.decode("latin-1"))
    return head
