"""The two halves of an exchange: a body read within bounds, an answer made while its caller is still there.

Nothing is kept of a body that is too large, and no work goes on for a caller who has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from starlette.types import Receive

from app.errors import ErrorCode, ProbityError

Made = TypeVar("Made")
# Nobody is watched who is answered sooner: most are, and watching costs as much as all else that is done for an answer
# outside the database.
UNWATCHED_SECONDS: Final = 0.05


class ClientGone(Exception):
    """The connection was closed before the answer; there is nobody to answer."""


async def read_body(receive: Receive, *, content_length: Sequence[str], most: int, seconds: float) -> bytes:
    """The whole body of at most `most` bytes; raises `TOO_LARGE`, `REQUEST_TIMEOUT` or `ClientGone`."""
    if any(value.isdecimal() and int(value[:20]) > most for value in content_length):
        raise ProbityError(ErrorCode.TOO_LARGE)
    ending = _Ending()
    ending.call_after(seconds, _end_late_body, ending)
    try:
        return await _read_chunks(receive, most)
    except asyncio.CancelledError:
        if (reason := ending.take_reason()) is None:
            raise
        raise reason from None
    finally:
        ending.stop()


def _end_late_body(ending: _Ending) -> None:
    ending.end(ProbityError(ErrorCode.REQUEST_TIMEOUT))


async def _read_chunks(receive: Receive, most: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
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


async def answer_while_connected(work: Coroutine[Any, Any, Made], receive: Receive, *, seconds: float) -> Made:
    """What `work` makes; it is cancelled when the client goes (`ClientGone`) or time is up (`DEADLINE_EXCEEDED`).

    Call it once the whole body has been received. The work runs in the caller's own task: it has ended when this
    returns, whichever way. That the client has gone is noticed after 50 milliseconds at the earliest.
    """
    watch = _Watch(receive, seconds)
    try:
        return await work
    except asyncio.CancelledError:
        if (reason := watch.take_reason()) is None:
            raise
        raise reason from None
    finally:
        watch.stop()
        if watch.watching is not None:
            watch.watching.cancel()
            await asyncio.gather(watch.watching, return_exceptions=True)


class _Ending:
    """Cancels the task that made it, for a reason of ours, and tells such an end from the server's own."""

    __slots__ = ("_is_over", "_loop", "_reason", "_task", "_timer")

    def __init__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("an exchange belongs into a task")
        self._loop = task.get_loop()
        self._task = task
        self._timer: asyncio.TimerHandle | None = None
        self._reason: Exception | None = None
        self._is_over = False

    def call_after(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        """Call back after so many seconds; the last one that was asked for counts."""
        self._timer = self._loop.call_later(seconds, call, *arguments)

    def end(self, reason: Exception) -> None:
        """End the task, once, for the first reason there is."""
        if self._reason is None and not self._is_over:
            self._reason = reason
            self._task.cancel()

    def take_reason(self) -> Exception | None:
        """Why the task was cancelled, if we did it; none where the server wants it to end as well."""
        reason, self._reason = self._reason, None
        return reason if reason is not None and self._task.uncancel() == 0 else None

    def stop(self) -> None:
        """End nothing more. Work that took no notice of being cancelled is as good as any other."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        self.take_reason()


class _Watch(_Ending):
    """Looks, once an answer takes a while, whether its caller is still there and whether there is time left."""

    __slots__ = ("_receive", "_seconds", "watching")

    def __init__(self, receive: Receive, seconds: float) -> None:
        super().__init__()
        self._receive = receive
        self._seconds = seconds
        self.watching: asyncio.Task[None] | None = None
        self.call_after(min(seconds, UNWATCHED_SECONDS), self._begin)

    def _begin(self) -> None:
        self.watching = self._loop.create_task(_wait_for_disconnect(self._receive))
        self.watching.add_done_callback(self._note_gone)
        self.call_after(max(self._seconds - UNWATCHED_SECONDS, 0.0), self._end_late)

    def _end_late(self) -> None:
        self.end(ProbityError(ErrorCode.DEADLINE_EXCEEDED))

    def _note_gone(self, watching: asyncio.Task[None]) -> None:
        if not watching.cancelled():
            self.end(ClientGone())


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
