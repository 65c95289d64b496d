"""Bodies that never end, clients that go, answers that take too long: each ends, and its work with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from app.errors import ErrorCode, ProbityError
from app.http.exchange import ClientGone, answer_while_connected, read_body
from app.http.limits import CallerLimits, EdgeLimits
from app.planning.limits import ANONYMOUS

from .small_pipeline import SmallPipeline, open_client, read_codes

QUICK = EdgeLimits(
    anonymous=CallerLimits(body_bytes=1_000, answer_seconds=0.1, document=ANONYMOUS),
    body_seconds=0.1,
)
POST_JSON = {"content-type": "application/json"}


async def test_a_body_is_refused_as_soon_as_it_is_too_large() -> None:
    sent = 0

    async def send_without_end() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 300
            yield b" " * 300

    async with open_client(SmallPipeline(is_demo=True), QUICK) as client:
        answered = await client.post("/graphql", content=send_without_end(), headers=POST_JSON)
    assert answered.status_code == 413
    assert answered.headers["connection"] == "close"
    assert sent <= 1_500


@pytest.mark.parametrize("length", ["1001", "9" * 5_000])
async def test_a_body_that_says_it_is_too_large_is_not_read(length: str) -> None:
    async def receive() -> Any:
        raise AssertionError("nothing may be read")

    with pytest.raises(Exception, match="too large"):
        await read_body(receive, content_length=[length], most=1_000, seconds=1)


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def send_slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    async with open_client(SmallPipeline(is_demo=True), QUICK) as client:
        answered = await client.post("/graphql", content=send_slowly(), headers=POST_JSON)
    assert answered.status_code == 408
    assert read_codes(answered) == [ErrorCode.REQUEST_TIMEOUT]
    assert answered.headers["connection"] == "close"


async def test_an_answer_that_takes_too_long_is_given_up() -> None:
    pipeline = SmallPipeline(is_demo=True, hold=asyncio.Event())
    async with open_client(pipeline, QUICK) as client:
        answered = await client.post("/graphql", json={"query": "{ county { name } }"})
    assert answered.status_code == 504
    assert read_codes(answered) == [ErrorCode.DEADLINE_EXCEEDED]
    assert pipeline.was_cancelled.is_set()


async def test_without_haste_the_same_answer_comes() -> None:
    hold = asyncio.Event()
    hold.set()
    async with open_client(SmallPipeline(is_demo=True, hold=hold), replace(QUICK, body_seconds=5)) as client:
        assert (await client.post("/graphql", json={"query": "{ county { name } }"})).status_code == 200


async def test_work_for_a_client_that_has_gone_is_cancelled_before_the_exchange_ends() -> None:
    is_working, has_ended = asyncio.Event(), False

    async def work() -> None:
        nonlocal has_ended
        is_working.set()
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0)
            has_ended = True

    async def receive() -> Any:
        await is_working.wait()
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGone):
        await answer_while_connected(work(), receive, seconds=30)
    assert has_ended


async def test_work_ends_when_the_server_gives_up_the_request() -> None:
    is_working, was_cancelled = asyncio.Event(), False

    async def work() -> None:
        nonlocal was_cancelled
        is_working.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            was_cancelled = True
            raise

    async def receive() -> Any:
        await asyncio.sleep(30)

    exchange = asyncio.ensure_future(answer_while_connected(work(), receive, seconds=30))
    await is_working.wait()
    exchange.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exchange
    assert was_cancelled


async def test_a_client_that_goes_in_the_middle_of_its_body_is_not_answered() -> None:
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    with pytest.raises(ClientGone):
        await read_body(receive, content_length=[], most=1_000, seconds=1)


async def test_nobody_is_watched_who_is_answered_at_once() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 1

    async def receive() -> Any:
        raise AssertionError("nobody is watched yet")

    assert await answer_while_connected(work(), receive, seconds=5) == 1
    assert await answer_while_connected(work(), receive, seconds=0.001) == 1


async def test_an_exchange_that_ended_leaves_its_task_as_it_was() -> None:
    """Cancelled by us and done all the same, or ended for a reason of ours: the task is not taken for cancelled."""

    async def take_no_notice() -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(30)
        return "done"

    async def receive() -> Any:
        await asyncio.sleep(30)

    task = asyncio.current_task()
    assert task is not None
    assert await answer_while_connected(take_no_notice(), receive, seconds=0.01) == "done"
    assert task.cancelling() == 0
    with pytest.raises(ProbityError):
        await answer_while_connected(asyncio.sleep(30), receive, seconds=0.01)
    with pytest.raises(ProbityError):
        await read_body(receive, content_length=[], most=1, seconds=0.01)
    assert task.cancelling() == 0
    await asyncio.sleep(0.03)
    assert not [each for each in asyncio.all_tasks() if "_wait_for_disconnect" in repr(each)]
