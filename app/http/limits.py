"""What the edge takes from one caller: bytes, seconds and the size of a document, without and with a token.

A limit is checked while the request arrives, before anything is spent on what lies beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.planning.limits import ANONYMOUS, SIGNED_IN, DocumentLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLimits:
    """Limits of one class of caller; `answer_seconds` runs from the whole request to the whole answer."""

    body_bytes: int
    answer_seconds: float
    document: DocumentLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """Limits of the GraphQL endpoint. `signed_in` is for whoever presents a token; whether it is good is told later."""

    anonymous: CallerLimits = CallerLimits(body_bytes=16_384, answer_seconds=2.0, document=ANONYMOUS)
    signed_in: CallerLimits = CallerLimits(body_bytes=65_536, answer_seconds=5.0, document=SIGNED_IN)
    body_seconds: float = 5.0
    url_bytes: int = 8_192
