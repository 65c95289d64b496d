"""The parameters of a GraphQL request, from a JSON body or from the query of an address.

What is not well-formed is refused here; nothing is guessed, and no parameter is taken from two places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from app.errors import ErrorCode, ProbityError
from app.http.strict_json import check_members, read_json_object

MOST_PARAMETERS: Final = 20
# A document's id is the SHA-256 of its text, with or without the name of the hash before it.
_DOCUMENT_ID: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLParameters:
    """A well-formed request (GraphQL over HTTP, section 5); `document_id` is a SHA-256 in hexadecimal.

    With both `query` and `document_id`, the one must be the hash of the other.
    """

    query: str | None = field(repr=False)
    document_id: str | None
    operation_name: str | None
    variables: Mapping[str, Any] = field(repr=False)


def read_body_parameters(body: bytes) -> GraphQLParameters:
    """Read a JSON body; raises `BAD_REQUEST`."""
    return _read_members(read_json_object(body))


def read_address_parameters(query_string: bytes) -> GraphQLParameters:
    """Read the query of an address (GET), where `variables` and `extensions` are JSON; raises `BAD_REQUEST`."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query_string),
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        pairs = None
    if pairs is None:
        raise ProbityError(ErrorCode.BAD_REQUEST, "the address has no well-formed query in UTF-8")
    members: dict[str, Any] = dict(pairs)
    if len(members) != len(pairs):
        raise ProbityError(ErrorCode.BAD_REQUEST, "the address repeats a parameter")
    check_members(members)
    for name in ("variables", "extensions"):
        if name in members:
            members[name] = read_json_object(members[name])
    return _read_members(members)


def _read_members(members: Mapping[str, Any]) -> GraphQLParameters:
    query = _read(members, "query", str)
    document_id = _read_document_id(_read(members, "documentId", str))
    persisted = _read_persisted(_read(members, "extensions", dict))
    if document_id is not None and (query is not None or persisted is not None):
        raise ProbityError(ErrorCode.BAD_REQUEST, "send a document or the id of one, not both")
    document_id = document_id or persisted
    if query is None and document_id is None:
        raise ProbityError(ErrorCode.BAD_REQUEST, "the request has no document; send query or documentId")
    return GraphQLParameters(
        query=query,
        document_id=document_id,
        operation_name=_read(members, "operationName", str),
        variables=_read(members, "variables", dict) or {},
    )


def _read(members: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    """A member that is absent, null or of its kind."""
    value = members.get(name)
    if value is not None and not isinstance(value, kind):
        raise ProbityError(ErrorCode.BAD_REQUEST, f"{name} must be {'a string' if kind is str else 'a JSON object'}")
    return value


def _read_document_id(value: str | None) -> str | None:
    if value is None:
        return None
    read = _DOCUMENT_ID.fullmatch(value)
    if read is None:
        # Of some other form, so certainly of no document of ours.
        raise ProbityError(ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND)
    return read[1]


def _read_persisted(extensions: Mapping[str, Any] | None) -> str | None:
    """The hash sent in the form of automatic persisted queries, version 1; other extensions are left alone."""
    if extensions is None or extensions.get("persistedQuery") is None:
        return None
    persisted = extensions["persistedQuery"]
    if isinstance(persisted, dict) and persisted.get("version") == 1 and isinstance(persisted.get("sha256Hash"), str):
        return _read_document_id(persisted["sha256Hash"])
    raise ProbityError(ErrorCode.BAD_REQUEST, "persistedQuery must have version 1 and a sha256Hash")
