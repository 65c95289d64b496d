"""The pages a person may open: what Probity is and, in demo mode, a place to try queries.

Every byte of a page comes from our own origin, and no page may run anything that is not a file of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_OWN: Final = Path(__file__).parent / "pages"
_BASE: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'self'"
PLAIN_POLICY: Final = f"{_BASE}; img-src 'self'"
QUERY_POLICY: Final = f"{_BASE}; img-src 'self'; script-src 'self'; connect-src 'self'"
# GraphiQL puts styles on its elements as it goes, and carries its fonts in its style sheet; scripts stay files.
GRAPHIQL_POLICY: Final = (
    f"{_BASE} 'unsafe-inline'; img-src 'self' data:; font-src data:; script-src 'self'; connect-src 'self'"
)
_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
# File name under /graphiql/assets -> its place among the installed npm packages.
GRAPHIQL_FILES: Final[Mapping[str, str]] = {
    "react.js": "react/umd/react.production.min.js",
    "react-dom.js": "react-dom/umd/react-dom.production.min.js",
    "graphiql.js": "graphiql/graphiql.min.js",
    "graphiql.css": "graphiql/graphiql.min.css",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One file as it is served; `policy` is its Content-Security-Policy where it is a page."""

    path: str
    body: bytes = field(repr=False)
    media_type: str
    policy: str | None = None

    async def answer(self, _request: Request) -> Response:
        """The file; browsers may keep it, but ask whether it has changed."""
        headers = {"cache-control": "public, no-cache"}
        if self.policy is not None:
            headers["content-security-policy"] = self.policy
        return Response(self.body, media_type=self.media_type, headers=headers)

    def route(self) -> Route:
        """The route to this file, for GET and HEAD."""
        return Route(self.path, self.answer)


def list_page_routes(*, is_demo: bool, graphiql: Path | None) -> list[Route]:
    """The routes of all pages.

    `graphiql` is the folder of npm packages (`node_modules`) that may hold GraphiQL; without it, or where a file is
    missing, a page of our own takes its place. Outside demo mode there is neither.
    """
    pages = [_open_landing(is_demo=is_demo), _open_own("/assets/page.css", "page.css")]
    if is_demo:
        pages += _open_graphiql(graphiql) or [
            _open_own("/graphiql", "query.html", policy=QUERY_POLICY),
            _open_own("/assets/query.js", "query.js"),
        ]
    return [page.route() for page in pages]


def _open_landing(*, is_demo: bool) -> Page:
    text = Template((_OWN / "landing.html").read_text("utf-8"))
    invitation = (_OWN / "invitation.html").read_text("utf-8") if is_demo else ""
    body = text.substitute(invitation=invitation).encode()
    return Page(path="/", body=body, media_type=_MEDIA_TYPES[".html"], policy=PLAIN_POLICY)


def _open_graphiql(packages: Path | None) -> list[Page]:
    """GraphiQL's page and its files, or nothing where it is not installed whole."""
    if packages is None or not all((packages / place).is_file() for place in GRAPHIQL_FILES.values()):
        return []
    return [
        _open_own("/graphiql", "graphiql.html", policy=GRAPHIQL_POLICY),
        _open_own("/graphiql/assets/explorer.js", "explorer.js"),
        *(_open(f"/graphiql/assets/{name}", packages / place) for name, place in GRAPHIQL_FILES.items()),
    ]


def _open_own(path: str, name: str, *, policy: str | None = None) -> Page:
    return _open(path, _OWN / name, policy=policy)


def _open(path: str, file: Path, *, policy: str | None = None) -> Page:
    return Page(path=path, body=file.read_bytes(), media_type=_MEDIA_TYPES[file.suffix], policy=policy)
