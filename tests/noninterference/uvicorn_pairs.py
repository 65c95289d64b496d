"""The two registries behind real sockets: uvicorn as the application configures it, HTTP/1.1 on loopback.

The Date header is of the test's own clock; everything else of a response is as it came.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from email.utils import format_datetime

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.application import create_app
from app.http.server import OrderlyServer, configure_server, open_listener
from tests.noninterference.registries import SharedClock, Side, TwinRegistries


class DatedByClock:
    """An application whose answers are dated by the clock that both registries read."""

    def __init__(self, app: ASGIApp, clock: SharedClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and date its answer."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._clock.read(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await self._app(scope, receive, send_dated)


@asynccontextmanager
async def connect_sockets(twins: TwinRegistries) -> AsyncIterator[TwinRegistries]:
    """The same registries, each asked through a socket of its own."""
    async with AsyncExitStack() as stack:
        sides = [await stack.enter_async_context(_serve(side, twins.clock)) for side in (twins.left, twins.right)]
        yield replace(twins, left=sides[0], right=sides[1])


@asynccontextmanager
async def _serve(side: Side, clock: SharedClock) -> AsyncIterator[Side]:
    app = DatedByClock(create_app(side.pipeline, draw_id=side.ids.draw), clock)
    configuration = configure_server(app)
    configuration.date_header = False
    server = OrderlyServer(configuration)
    with contextlib.closing(open_listener("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            # uvicorn tells that it has started by nothing else.
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            # Hosts differ by their port alone, which is no part of an answer.
            async with httpx.AsyncClient(base_url=address) as client:
                yield replace(side, client=client)
        finally:
            server.should_exit = True
            await serving
