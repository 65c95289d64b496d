"""The variants: what each is, how its server is started, and how its requests are written.

A variant that this machine cannot run is left out with a reason, never replaced by a figure.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from app.settings import Settings
from read_path.driver import encode_request
from read_path.peer_install import CannotInstallError, install_peer
from read_path.peer_questions import ask_peer, read_peer_answer
from read_path.people import Cast
from read_path.processes import BENCH, Served, name_python_server, running_servers
from read_path.shapes import Shape, encode_body

PROBITY: Final = "probity"
UNAUDITED: Final = "probity without audit"
LIMITS: Final = ("hand-written (JSON by the database)", "hand-written (rows in Python)")
NAIVE: Final = "Strawberry with ORM and Casbin per field"
POSTGRAPHILE: Final = "PostGraphile 5"


class Speech(StrEnum):
    """How a variant is asked: by hand-written paths, as the registry is, in its words by a header, or in its own."""

    PLAIN = "plain"
    REGISTRY = "registry"
    HEADER = "header"
    PEER = "peer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A server by name and by the short `key` that the command line knows; `checkout` is whose product it runs."""

    key: str
    name: str
    command: tuple[str, ...]
    speech: Speech = Speech.PLAIN
    most_rows: int = 1_000
    checkout: Path | None = None

    def answers(self, shape: Shape) -> bool:
        """Whether the shape is asked of it: a variant too slow for a large one would only cost time."""
        return shape.rows <= self.most_rows and not (shape.is_count and self.speech in (Speech.HEADER, Speech.PEER))

    @property
    def is_probity(self) -> bool:
        """Whether it is the product."""
        return self.speech is Speech.REGISTRY

    @property
    def reads(self) -> Callable[[Any], Any]:
        """Makes an answer of it one as the registry writes them."""
        return read_peer_answer if self.speech is Speech.PEER else _leave


def list_variants(beside: Path | None) -> list[Variant]:
    """Every variant, the limits first."""
    probity = _python("probity")
    unaudited = _python("probity", "--without-audit")
    known = [
        Variant(key="json", name=LIMITS[0], command=_python("handwritten", "json")),
        Variant(key="rows", name=LIMITS[1], command=_python("handwritten", "rows")),
        Variant(key="probity", name=PROBITY, command=probity, speech=Speech.REGISTRY),
        Variant(key="unaudited", name=UNAUDITED, command=unaudited, speech=Speech.REGISTRY),
        Variant(key="naive", name=NAIVE, command=_python("naive"), speech=Speech.HEADER, most_rows=100),
        Variant(key="postgraphile", name=POSTGRAPHILE, command=(), speech=Speech.PEER),
    ]
    if beside is not None:
        place = beside.resolve()
        known += [
            Variant(
                key=f"{each.key}-beside",
                name=f"{each.name} ({place.name})",
                command=each.command,
                speech=Speech.REGISTRY,
                checkout=place,
            )
            for each in known
            if each.is_probity
        ]
    return known


def choose_variants(names: Sequence[str] | None, beside: Path | None = None) -> list[Variant]:
    """The variants to run; raises `ValueError` for a name that is none."""
    known = list_variants(beside)
    if names is None:
        return known
    unknown = set(names) - {each.key for each in known} - {each.name for each in known}
    if unknown:
        raise ValueError("there is a variant of an unknown name; name some of: " + ", ".join(v.key for v in known))
    wanted = [*names, *(f"{name}-beside" for name in names)]
    return [each for each in known if each.key in wanted or each.name in wanted]


def equip_variants(variants: Sequence[Variant], tell: Callable[[str], None]) -> tuple[list[Variant], dict[str, str]]:
    """The variants with what they need installed, and those left out with the reason."""
    equipped: list[Variant] = []
    skipped: dict[str, str] = {}
    for each in variants:
        if each.speech is not Speech.PEER:
            equipped.append(each)
            continue
        try:
            equipped.append(replace(each, command=tuple(install_peer(tell))))
        except CannotInstallError as reason:
            skipped[each.name] = f"skipped: {reason}"
            tell(f"{each.name}: {skipped[each.name]}")
    return equipped, skipped


def _leave(body: Any) -> Any:
    return body


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return tuple(name_python_server(module, *arguments))


@contextlib.contextmanager
def serving(variants: Sequence[Variant], settings: Settings, more: Mapping[str, str]) -> Iterator[dict[str, Served]]:
    """A server for each variant, by name; `more` is added to what every server is told."""
    environment = {
        "PROBITY_HOME": str(settings.home),
        "PROBITY_MODE": settings.mode.value,
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
        **more,
    }
    commands = {
        each.name: (each.command, {**environment, "PYTHONPATH": f"{each.checkout or settings.root}:{BENCH}"})
        for each in variants
    }
    with running_servers(commands) as served:
        yield served


def encode_questions(
    variant: Variant, shape: Shape, cast: Cast, tokens: Sequence[str], peer_tokens: Sequence[str]
) -> list[bytes]:
    """The questions of a shape as this variant reads them."""
    requests = []
    for question in shape.questions:
        asker = cast.askers[question.asker]
        if variant.speech is Speech.PLAIN:
            body = encode_body({**question.plain, "account": asker.account})
            requests.append(encode_request(body, path=shape.path))
            continue
        header = ("authorization", f"Bearer {tokens[question.asker]}")
        members: dict[str, object] = {"variables": question.variables, "documentId": shape.document_id}
        if variant.speech is Speech.PEER:
            header = ("authorization", f"Bearer {peer_tokens[question.asker]}")
            members = ask_peer(shape.document, question)
        elif variant.speech is Speech.HEADER:
            header = ("x-asker", f"{asker.account} {asker.agency_id} {asker.role.value}")
            members = {"variables": question.variables, "query": shape.document}
        requests.append(encode_request(encode_body(members), [header]))
    return requests
