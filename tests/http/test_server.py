"""The server on a real socket of this machine: slow and endless heads are cut off, and it ends in order."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from app.errors import SetupRefused
from app.http.application import create_app
from app.http.server import (
    BoundedProtocol,
    OrderlyServer,
    configure_server,
    create_event_loop,
    open_listener,
    run_server,
)

from .small_pipeline import SmallPipeline

HEAD_SECONDS = 0.3


class QuickProtocol(BoundedProtocol):
    """The protocol with less patience, so that a test has not to wait."""

    header_seconds = HEAD_SECONDS
    header_bytes = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    server: OrderlyServer
    port: int

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


@asynccontextmanager
async def running(pipeline: SmallPipeline) -> AsyncIterator[Running]:
    listener = open_listener("127.0.0.1", 0)
    server = OrderlyServer(configure_server(create_app(pipeline), protocol=QuickProtocol))  # type: ignore[arg-type]
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield Running(server=server, port=listener.getsockname()[1])
    finally:
        server.should_exit = True
        await serving
        listener.close()


async def read_to_end(reader: asyncio.StreamReader, seconds: float = 5) -> bytes:
    """All that comes until the server closes the connection; fails if it does not."""
    async with asyncio.timeout(seconds):
        return await reader.read()


async def test_a_whole_request_is_answered_without_a_banner() -> None:
    async with running(SmallPipeline(is_demo=True)) as run:
        reader, writer = await run.connect()
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer = (await read_to_end(reader)).lower()
        writer.close()
    assert answer.startswith(b"http/1.1 200 ") and b'{"status":"alive"}' in answer
    assert b"\r\nserver:" not in answer and b"uvicorn" not in answer


async def drip(writer: asyncio.StreamWriter, piece: bytes, pause: float) -> None:
    """Send a byte at a time for as long as the server takes them."""
    while True:
        for byte in piece:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(pause)


@pytest.mark.parametrize(
    ("first", "last_words"),
    [
        (b"", b""),
        (b"GET /healthz HTTP/1.1\r\nhost: x\r\n", b"HTTP/1.1 408 "),
        (b"\r\n", b"HTTP/1.1 408 "),
        (b"G", b"HTTP/1.1 408 "),
    ],
)
async def test_a_head_that_does_not_end_is_not_waited_for(first: bytes, last_words: bytes) -> None:
    async with running(SmallPipeline()) as run:
        reader, writer = await run.connect()
        writer.write(first)
        began = time.monotonic()
        answer = await read_to_end(reader)
        writer.close()
    assert answer.startswith(last_words)
    assert HEAD_SECONDS * 0.8 < time.monotonic() - began < 4


async def test_a_head_that_comes_byte_by_byte_has_no_more_time_than_another() -> None:
    async with running(SmallPipeline()) as run:
        reader, writer = await run.connect()
        writer.write(b"GET / HTTP/1.1\r\nx: ")
        dripping = asyncio.ensure_future(drip(writer, b"a", HEAD_SECONDS / 10))
        began = time.monotonic()
        assert (await read_to_end(reader)).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 4
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        writer.close()


async def test_the_next_request_of_a_connection_has_no_more_time_than_the_first() -> None:
    async with running(SmallPipeline()) as run:
        reader, writer = await run.connect()
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        async with asyncio.timeout(5):
            await reader.readuntil(b"}")
        writer.write(b"GET /healthz HTTP/1.1\r\n")
        assert (await read_to_end(reader)).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def test_the_rest_of_a_body_after_the_answer_is_not_waited_for() -> None:
    async with running(SmallPipeline()) as run:
        reader, writer = await run.connect()
        writer.write(b"POST /nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")
        dripping = asyncio.ensure_future(drip(writer, b"a", HEAD_SECONDS / 10))
        assert (await read_to_end(reader)).startswith(b"HTTP/1.1 404 ")
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        writer.close()


async def test_a_head_without_end_is_cut_off_by_its_size() -> None:
    async with running(SmallPipeline()) as run:
        reader, writer = await run.connect()
        writer.write(b"GET / HTTP/1.1\r\n" + b"x: " + b"a" * 8_192)
        assert (await read_to_end(reader)).startswith(b"HTTP/1.1 431 ")
        writer.close()


async def test_a_body_may_take_longer_than_a_head() -> None:
    body = b'{"query": "{ county { name } }"}'
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
    async with running(SmallPipeline(is_demo=True)) as run:
        reader, writer = await run.connect()
        writer.write(head + b"content-length: %d\r\n\r\n" % len(body) + body[:5])
        await asyncio.sleep(HEAD_SECONDS * 2)
        writer.write(body[5:])
        assert b'{"data": {"county": null}}' in await read_to_end(reader)
        writer.close()


async def test_two_requests_sent_at_once_are_both_answered() -> None:
    async with running(SmallPipeline()) as run:
        reader, writer = await run.connect()
        one = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
        writer.write(one + one.replace(b"host: x", b"host: x\r\nconnection: close"))
        assert (await read_to_end(reader)).count(b'{"status":"alive"}') == 2
        writer.close()


async def test_work_is_cancelled_when_its_client_closes_the_connection() -> None:
    pipeline = SmallPipeline(is_demo=True, hold=asyncio.Event())
    async with running(pipeline) as run:
        _, writer = await run.connect()
        body = b'{"query": "{ county { name } }"}'
        writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
        async with asyncio.timeout(5):
            await pipeline.is_working.wait()
            writer.close()
            await pipeline.was_cancelled.wait()


async def serve_until_a_signal() -> bytes:
    app = create_app(SmallPipeline())  # type: ignore[arg-type]
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.ensure_future(run_server(app, host="127.0.0.1", port=0, announce=port.set_result))
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", await port)
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer = await read_to_end(reader)
        writer.close()
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
    return answer


def test_the_server_ends_in_order_at_a_signal_and_returns_to_its_caller() -> None:
    with asyncio.Runner(loop_factory=create_event_loop) as runner:
        assert b"alive" in runner.run(serve_until_a_signal())


def test_an_address_that_is_taken_is_refused_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SetupRefused, match="set another host or PORT"):
        open_listener("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused_without_a_fault(garbage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with running(SmallPipeline()) as run:
        reader, writer = await run.connect()
        writer.write(garbage)
        answer = await read_to_end(reader)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert [record for record in caplog.records if record.exc_info] == []
