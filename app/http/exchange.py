"""The two halves of an exchange: a body read within bounds, an answer made while its caller is still there.

Nothing is kept of a body that is too large, and no work goes on for a caller who has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from starlette.types import Receive

from app.errors import ErrorCode, ProbityError

Made = TypeVar("Made")


class ClientGone(Exception):
    """The connection was closed before the answer; there is nobody to answer."""


async def read_body(receive: Receive, *, content_length: Sequence[str], most: int, seconds: float) -> bytes:
    """The whole body of at most `most` bytes; raises `TOO_LARGE`, `REQUEST_TIMEOUT` or `ClientGone`."""
    if any(value.isdecimal() and int(value[:20]) > most for value in content_length):
        raise ProbityError(ErrorCode.TOO_LARGE)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientGone
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > most:
                    raise ProbityError(ErrorCode.TOO_LARGE)
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise ProbityError(ErrorCode.REQUEST_TIMEOUT) from None


async def answer_while_connected(work: Coroutine[Any, Any, Made], receive: Receive, *, seconds: float) -> Made:
    """What `work` makes; it is cancelled when the client goes (`ClientGone`) or time is up (`DEADLINE_EXCEEDED`).

    Call it once the whole body has been received.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_wait_for_disconnect(receive))
    try:
        await asyncio.wait((working, watching), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGone if watching.done() else ProbityError(ErrorCode.DEADLINE_EXCEEDED)
    finally:
        working.cancel()
        watching.cancel()
        # INVARIANT: the work has ended before this returns; none is left running behind an answer.
        await asyncio.gather(working, watching, return_exceptions=True)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
