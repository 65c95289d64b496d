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

from app.domain.clock import IdSource, draw_random_id
from app.errors import ErrorCode, ProbityError
from app.http.barrier import FaultBarrier, ProtectiveFields
from app.http.endpoint import GraphQLEndpoint
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
) -> Starlette:
    """Build the application around a pipeline that is open for as long as it serves.

    `endpoint_url` is the address of `/graphql` as clients see it (proofs of possession name it); it never comes from a
    request. `graphiql` is the folder of npm packages that may hold GraphiQL.
    """
    limits = limits or EdgeLimits()
    problems = ProblemDesk(draw_id=draw_id)
    endpoint = GraphQLEndpoint(pipeline=pipeline, problems=problems, url=endpoint_url, limits=limits)

    async def answer_unrouted(_request: Request, error: Exception) -> Response:
        is_method = isinstance(error, HTTPException) and error.status_code == 405
        code = ErrorCode.METHOD_NOT_ALLOWED if is_method else ErrorCode.NOT_FOUND
        return problems.answer(ProbityError(code), allow=("GET", "HEAD"))

    app = Starlette(
        routes=[
            Route("/graphql", endpoint),
            *HealthDesk(pipeline=pipeline).list_routes(),
            *list_page_routes(is_demo=pipeline.is_demo, graphiql=graphiql),
        ],
        middleware=[
            Middleware(ProtectiveFields, is_https=endpoint_url.startswith("https://")),
            Middleware(FaultBarrier, problems=problems, url_bytes=limits.url_bytes),
        ],
        exception_handlers={HTTPException: answer_unrouted},
    )
    # A redirect would be built from the Host header, which the sender chooses.
    app.router.redirect_slashes = False
    return app
