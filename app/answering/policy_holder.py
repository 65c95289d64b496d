"""The policy that a process serves: one reference, swapped for a whole new one when the database has moved.

INVARIANT: a policy is served only while the database stands on it; nothing of the old one is used with the new.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from app.answering.served_policy import ServedPolicy
from app.errors import ErrorCode, PolicyRefused, ProbityError

LOGGER: Final = logging.getLogger("probity.policy")
# Where the directory does not hold the policy that is wanted, it is not read again for so long, whoever asks.
REST_SECONDS: Final = 1.0


class PolicyHolder:
    """Holds the served policy, and reads the policy directory again (`load`) when the database stands on another."""

    __slots__ = ("_load", "_loading", "_missed", "_rest_until", "_served", "_wanted")

    def __init__(self, served: ServedPolicy, load: Callable[[], ServedPolicy]) -> None:
        self._served = served
        self._load = load
        self._loading: asyncio.Task[None] | None = None
        self._wanted: bytes | None = None
        self._missed: bytes | None = None
        self._rest_until = 0.0

    @property
    def served(self) -> ServedPolicy:
        """The policy to decide by now; a request takes it once and keeps it to its end."""
        return self._served

    async def follow(self, stands: bytes | None) -> ServedPolicy:
        """The policy with the digest `stands`, served from now on; raises `UNAVAILABLE` where it is not to be had.

        The directory is read once, however many requests wait for it, and on whoever's behalf it began.
        """
        while (served := self._served).digest != stands:
            if stands is None or self._is_resting(stands):
                raise ProbityError(ErrorCode.UNAVAILABLE)
            if self._loading is None:
                self._wanted = stands
                self._loading = asyncio.get_running_loop().create_task(self._read_again(stands))
                self._loading.add_done_callback(self._end_loading)
            was_wanted = self._wanted == stands
            # Shielded: a client that goes away takes nobody else's policy with it.
            await asyncio.shield(self._loading)
            if was_wanted and self._served.digest != stands:
                raise ProbityError(ErrorCode.UNAVAILABLE)
        return served

    def _is_resting(self, stands: bytes | None) -> bool:
        return self._missed == stands and asyncio.get_running_loop().time() < self._rest_until

    def _end_loading(self, _task: asyncio.Task[None]) -> None:
        self._loading = None

    async def _read_again(self, stands: bytes | None) -> None:
        found = await self._read_directory()
        if found is not None and found.digest == stands:
            # INVARIANT: the swap is this one assignment; whoever has taken the old policy ends under the old one.
            self._served = found
            LOGGER.info("another policy is served: %s", found.digest.hex())
            return
        if found is not None:
            LOGGER.error("the policy on disk is not the one the database stands on; run probity policy apply")
        self._missed, self._rest_until = stands, asyncio.get_running_loop().time() + REST_SECONDS

    async def _read_directory(self) -> ServedPolicy | None:
        try:
            return await asyncio.to_thread(self._load)
        except PolicyRefused:
            LOGGER.error("the policy on disk is refused, the old one is kept; probity policy apply --check says why")
        except Exception as error:
            LOGGER.error("the policy on disk could not be read: exception=%s", type(error).__qualname__)
        return None


__all__ = ["PolicyHolder"]
