"""The HTTP server process: uvicorn with bounds of our own, ended in order.

It tells nobody what it is, and gives no connection for ever to a client that only pretends to send a request.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.errors import SetupRefused

HEADER_SECONDS: Final = 10.0
HEADER_BYTES: Final = 32_768
IDLE_SECONDS: Final = 15
GRACE_SECONDS: Final = 10
MOST_CONNECTIONS: Final = 1_000
GARBAGE_THRESHOLDS: Final = (20_000, 20, 100)
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_CLOSE: Final = b"connection: close\r\ncontent-length: 0\r\n\r\n"
_TIMED_OUT: Final = b"HTTP/1.1 408 Request Timeout\r\n" + _CLOSE
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\n" + _CLOSE


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with an end to the time and the bytes that the head of a request may take.

    uvicorn bounds the time between requests, but not the time within one.
    """

    header_seconds: float = HEADER_SECONDS
    header_bytes: int = HEADER_BYTES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for the first request."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived; a head that grows or lasts without end is cut off."""
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._is_in_head and self._head_bytes > self.header_bytes:
            self._cut_off(_TOO_LARGE)
        elif self.timeout_keep_alive_task is None and not self._is_answering():
            # uvicorn has stopped its own timer at the first byte; what follows may also be the rest of a body that
            # nobody waits for any more.
            self._start_timer()

    def on_headers_complete(self) -> None:
        """The head of a request is whole; from here on the application bounds the time."""
        self._is_in_head = False
        self._head_bytes = 0
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is whole; what comes next is the head of another."""
        self._is_in_head = True
        super().on_message_complete()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start_timer(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.header_seconds, self._end_waiting)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_waiting(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self._cut_off(_TIMED_OUT if self._head_bytes else b"")

    def _cut_off(self, last_words: bytes) -> None:
        self.transport.write(last_words)
        self.transport.close()


class OrderlyServer(uvicorn.Server):
    """uvicorn that returns to its caller after a signal.

    uvicorn raises the signal once more when it has ended, which would end the process before the database connections
    and the embedded server are closed.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order at SIGINT and SIGTERM, at once at a second SIGINT."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)


def create_event_loop() -> asyncio.AbstractEventLoop:
    """An event loop: uvloop's where there is one, else that of the standard library."""
    try:
        import uvloop
    except ImportError:  # not made for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def open_listener(host: str, port: int) -> socket.socket:
    """A socket that listens at that address; raises `SetupRefused` where it cannot be had. Port 0 takes a free one."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError):
        raise SetupRefused("the address to serve at is taken or is not ours; set another host or PORT") from None


async def run_server(app: ASGIApp, *, host: str, port: int, announce: Callable[[int], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then let requests in progress end, at most 10 seconds.

    `announce` is told the port once connections are taken. Raises `SetupRefused` where the address is taken.
    """
    # What a request makes is gone with it; looking for circles in it every few hundred objects only takes time.
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    with contextlib.closing(open_listener(host, port)) as listener:
        if announce is not None:
            announce(listener.getsockname()[1])
        await OrderlyServer(configure_server(app)).serve(sockets=[listener])


def configure_server(app: ASGIApp, *, protocol: type[BoundedProtocol] = BoundedProtocol) -> uvicorn.Config:
    """uvicorn's configuration: no banner, no access log, no trust in forwarded addresses."""
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        loop="none",
        lifespan="off",
        server_header=False,
        access_log=False,
        proxy_headers=False,
        log_config=None,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
