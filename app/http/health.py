"""Whether the process runs, whether it can answer, and by which public keys its tokens are checked.

These answers say nothing about a record, a caller or the reason for a fault.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.pipeline import Pipeline

READY_SECONDS: Final = 3.0
# Keys change rarely; whoever keeps them this long still sees a new one before the old is gone.
KEYS_KEPT: Final = "public, max-age=300"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthDesk:
    """Answers the questions of load balancers and token checkers."""

    pipeline: Pipeline

    async def tell_health(self, _request: Request) -> Response:
        """200 as long as the process answers at all."""
        return JSONResponse({"status": "alive"})

    async def tell_readiness(self, _request: Request) -> Response:
        """200 when the database answers and serves the policy of this process, else 503."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                is_ready = await self.pipeline.is_ready()
        except Exception as error:
            # Asked every few seconds: a fault is an answer here, and its kind is for the log.
            logging.getLogger("probity.http").warning("not ready: exception=%s", type(error).__qualname__)
            is_ready = False
        return JSONResponse({"status": "ready" if is_ready else "not ready"}, status_code=200 if is_ready else 503)

    async def tell_keys(self, _request: Request) -> Response:
        """The public keys as a JSON Web Key Set (RFC 7517)."""
        return JSONResponse(
            dict(self.pipeline.public_keys),
            media_type="application/jwk-set+json",
            headers={"cache-control": KEYS_KEPT},
        )

    def list_routes(self) -> list[Route]:
        """The routes of this desk."""
        return [
            Route("/healthz", self.tell_health),
            Route("/readyz", self.tell_readiness),
            Route("/.well-known/jwks.json", self.tell_keys),
        ]
