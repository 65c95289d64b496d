"""The variants: what each is, how its server is started, and how its requests are written.

A variant that this machine cannot run is left out with a reason, never replaced by a figure.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.settings import Settings
from read_path.driver import encode_request
from read_path.people import Cast
from read_path.processes import BENCH, Served, name_python_server, running_server
from read_path.shapes import PAGE, Shape, encode_body

PROBITY: Final = ("probity", "probity without audit")
LIMITS: Final = ("hand-written (JSON by the database)", "hand-written (rows in Python)")
NAIVE: Final = "Strawberry with ORM and Casbin per field"
POSTGRAPHILE: Final = "PostGraphile 5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A server by name; `path_by_shape` where it has a path a shape instead of GraphQL."""

    name: str
    command: tuple[str, ...]
    is_graphql: bool
    needs_token: bool
    most_rows: int = 1_000

    def answers(self, shape: Shape) -> bool:
        """Whether the shape is asked of it: a variant too slow for a large one would only cost time."""
        return shape.rows <= self.most_rows


def choose_variants(names: Sequence[str] | None) -> tuple[list[Variant], dict[str, str]]:
    """The variants to run, the limits first, and those left out with the reason."""
    known = [
        Variant(name=LIMITS[0], command=_python("handwritten", "json"), is_graphql=False, needs_token=False),
        Variant(name=LIMITS[1], command=_python("handwritten", "rows"), is_graphql=False, needs_token=False),
        Variant(name=PROBITY[0], command=_python("probity"), is_graphql=True, needs_token=True),
        Variant(name=PROBITY[1], command=_python("probity", "--without-audit"), is_graphql=True, needs_token=True),
        Variant(name=NAIVE, command=_python("naive"), is_graphql=True, needs_token=False, most_rows=100),
    ]
    skipped = {POSTGRAPHILE: "not there yet: its server over the measured roles is not written"}
    chosen = [each for each in known if names is None or each.name in names]
    if len(chosen) < 2:
        raise SystemExit("name at least two of: " + ", ".join(each.name for each in known))
    return chosen, skipped


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return tuple(name_python_server(module, *arguments))


def start_variants(
    stack: contextlib.ExitStack, variants: Sequence[Variant], settings: Settings, plain: str
) -> dict[str, Served]:
    """Start every server; all are stopped with the stack."""
    environment = {
        "PROBITY_HOME": str(settings.home),
        "PROBITY_MODE": settings.mode.value,
        "MEASURED_DATABASE": plain,
        "PYTHONPATH": f"{settings.root}:{BENCH}",
    }
    return {each.name: stack.enter_context(running_server(each.command, environment)) for each in variants}


def encode_questions(variant: Variant, shape: Shape, cast: Cast, tokens: Sequence[str]) -> list[bytes]:
    """The questions of a shape as this variant reads them."""
    requests = []
    for question in shape.questions:
        asker = cast.askers[question.asker]
        if not variant.is_graphql:
            body = encode_body({**question.plain, "account": asker.account})
            requests.append(encode_request(body, path="/page" if shape.document == PAGE else "/look-up"))
            continue
        members: dict[str, object] = {"variables": question.variables}
        members |= {"documentId": shape.document_id} if variant.needs_token else {"query": shape.document}
        headers = [("authorization", f"Bearer {tokens[question.asker]}")]
        if not variant.needs_token:
            facts = (asker.account, str(asker.agency_id), asker.role.value)
            headers = [("x-asker", " ".join(facts))]
        requests.append(encode_request(encode_body(members), headers))
    return requests
