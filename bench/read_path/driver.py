"""The load: a few connections that each send the next question when the last was answered.

It waits for every answer and reads all of it; an answer that is not 200 ends the measurement.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count


class WrongAnswerError(RuntimeError):
    """A server answered with something other than an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One round: how many answers in how many seconds, and the seconds of each, sorted."""

    answers: int
    seconds: float
    times: Sequence[float]

    def quantile(self, share: float) -> float:
        """The seconds within which that share of the answers came."""
        return self.times[min(len(self.times) - 1, int(share * len(self.times)))]


def encode_request(body: bytes, headers: Sequence[tuple[str, str]] = (), path: str = "/graphql") -> bytes:
    """A POST of JSON as bytes, to be sent as it is."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json", "accept: application/json"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


async def ask_once(port: int, request: bytes) -> bytes:
    """The body of one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await _read_answer(reader)
    finally:
        writer.close()


async def run_closed_loop(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, start: int = 0
) -> Run:
    """Ask for `seconds`, going round the requests from the one at place `start`."""
    places = count(start)
    times: list[float] = []
    began = time.perf_counter()
    ends = began + seconds
    await asyncio.gather(*(_ask_until(port, requests, places, ends, times) for _ in range(connections)))
    took = time.perf_counter() - began
    return Run(answers=len(times), seconds=took, times=sorted(times))


async def _ask_until(
    port: int, requests: Sequence[bytes], places: Iterator[int], ends: float, times: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4 << 20)
    try:
        while (began := time.perf_counter()) < ends:
            writer.write(requests[next(places) % len(requests)])
            await _read_answer(reader)
            times.append(time.perf_counter() - began)
    finally:
        writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    status = head[9:12]
    low = head.lower()
    place = low.find(b"content-length:")
    if place < 0:
        raise WrongAnswerError("an answer does not say how long it is")
    length = int(low[place + 15 : low.index(b"\r\n", place)])
    body = await reader.readexactly(length)
    if status != b"200":
        raise WrongAnswerError(f"a server answered {status.decode()}: {body[:300].decode(errors='replace')}")
    return body
