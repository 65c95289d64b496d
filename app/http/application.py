"""The whole edge as one ASGI application: its routes, and what surrounds them.

It decides nothing about records: every GraphQL request goes to the pipeline, and comes back as the pipeline made it.
"""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.answering.exporting import Exporter
from app.domain.clock import IdSource, draw_random_id
from app.errors import ErrorCode, ProbityError
from app.http.barrier import FaultBarrier, ProtectiveFields
from app.http.endpoint import GraphQLEndpoint
from app.http.exports import ExportDesk
from app.http.health import HealthDesk
from app.http.limits import EdgeLimits
from app.http.pages import list_page_routes
from app.http.problems import ProblemDesk
from app.pipeline import Pipeline


def create_app(
    pipeline: Pipeline,
    *,
    endpoint_url: str = "http://127.0.0.1:8000/graphql",
    draw_id: IdSource = draw_random_id,
    graphiql: Path | None = None,
    limits: EdgeLimits | None = None,
    exporter: Exporter | None = None,
) -> ASGIApp:
    """Build the application around a pipeline that is open for as long as it serves.

    `endpoint_url` is the address of `/graphql` as clients see it (proofs of possession name it); it never comes from a
    request. `graphiql` is the folder of npm packages that may hold GraphiQL. Without
    an `exporter` no files of exports are given.
    """
    limits = limits or EdgeLimits()
    problems = ProblemDesk(draw_id=draw_id)
    endpoint = GraphQLEndpoint(pipeline=pipeline, problems=problems, url=endpoint_url, limits=limits)

    exports: tuple[Route, ...] = ()
    if exporter is not None:
        origin = endpoint_url.removesuffix("/graphql")
        exports = ExportDesk(pipeline=pipeline, exporter=exporter, problems=problems, origin=origin).list_routes()

    async def answer_unrouted(_request: Request, error: Exception) -> Response:
        is_method = isinstance(error, HTTPException) and error.status_code == 405
        code = ErrorCode.METHOD_NOT_ALLOWED if is_method else ErrorCode.NOT_FOUND
        return problems.answer(ProbityError(code), allow=("GET", "HEAD"))

    def surround(app: ASGIApp) -> ASGIApp:
        barrier = FaultBarrier(app, problems=problems, url_bytes=limits.url_bytes)
        return ProtectiveFields(barrier, is_https=endpoint_url.startswith("https://"))

    rest = Starlette(
        routes=[
            *HealthDesk(pipeline=pipeline).list_routes(),
            *list_page_routes(is_demo=pipeline.is_demo, graphiql=graphiql),
            *exports,
        ],
        middleware=[Middleware(surround)],
        exception_handlers={HTTPException: answer_unrouted},
    )
    # A redirect would be built from the Host header, which the sender chooses.
    rest.router.redirect_slashes = False
    return _Front(endpoint=surround(endpoint), rest=rest)


class _Front:
    """Shows a request for `/graphql` to its endpoint at once; finding a route costs more than all else out here."""

    def __init__(self, *, endpoint: ASGIApp, rest: ASGIApp) -> None:
        self._endpoint = endpoint
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        is_graphql = scope["type"] == "http" and scope["path"] == "/graphql"
        await (self._endpoint if is_graphql else self._rest)(scope, receive, send)
