"""The measured questions as PostGraphile is asked them, and its answers as the registry would have written them.

INVARIANT: only names, ids, cursors and the writing of a moment are translated; every value is compared as it came.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OctKey

from app.domain.vocabulary import Role
from read_path.peer import INVESTIGATOR, RECORDS_OFFICER
from read_path.people import Asker
from read_path.shapes import LOOK_UP, PAGE, Question

_NEWEST: Final = "[FROM_DATE_DESC, ROW_ID_DESC]"
_LOOK_UP: Final = f"""
query LookUp($id: UUID!) {{
  officer: officerByRowId(rowId: $id) {{
    id: rowId
    familyName
    givenName
    middleName
    stints(first: 20, orderBy: {_NEWEST}) {{
      nodes {{ fromDate toDate isCurrent rank agency {{ name }} }}
    }}
    certifications(first: 10, orderBy: {_NEWEST}) {{
      nodes {{ stateCode type fromDate toDate }}
    }}
    outcomes(first: 20, orderBy: [ORDER_DATE_DESC, ROW_ID_DESC]) {{
      nodes {{
        id: rowId kind actionDate finality dispute hasFinding version basis finalFinding standardOfProof
        agency {{ name }}
      }}
    }}
  }}
}}
"""
_PAGE: Final = """
query Page($first: Int!) {
  outcomes: allReportedOutcomes(first: $first, orderBy: [ORDER_DATE_DESC, ROW_ID_DESC]) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id: rowId kind actionDate finality dispute hasFinding version reportType statement basis forceRelated forceTypes
      onDuty recommendedFinding finalFinding standardOfProof legalBasis convictionBasis civilBasis court courtCaseNumber
      lifecycle createdAt clearedAt
      agency { name kind stateCode }
      officer { id: rowId familyName givenName middleName }
    }
  }
}
"""
DOCUMENTS: Final[Mapping[str, str]] = {LOOK_UP: _LOOK_UP, PAGE: _PAGE}
_ROLES: Final = {Role.HIRING_INVESTIGATOR: INVESTIGATOR, Role.RECORDS_OFFICER: RECORDS_OFFICER}
_MOMENTS: Final = ("createdAt", "clearedAt")
# Far beyond any measurement; it is the verification of a token that counts.
_EXPIRES: Final = 4_102_444_800


def issue_peer_token(secret: str, asker: Asker) -> str:
    """A token of HS256, the cheapest that its documentation shows."""
    claims = {
        "aud": "postgraphile",
        "exp": _EXPIRES,
        # Who asks it nothing gets a token of no role.
        "role": _ROLES.get(asker.role, "none"),
        "account": asker.account,
        "agency_id": str(asker.agency_id),
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))


def ask_peer(document: str, question: Question) -> dict[str, Any]:
    """The members of a request."""
    variables = question.plain
    asked = {"id": variables["officer"]} if document == LOOK_UP else {"first": variables["first"]}
    return {"query": DOCUMENTS[document], "variables": asked}


def read_peer_answer(body: Any) -> Any:
    """An answer of PostGraphile as the registry writes it."""
    data = body.get("data") or {}
    if "outcomes" in data:
        return {**body, "data": {"outcomes": _read_page(data["outcomes"])}}
    officer = data.get("officer")
    if officer is not None:
        officer = {**officer, "id": _name("Officer", officer["id"]), "outcomes": _read_outcomes(officer["outcomes"])}
    return {**body, "data": {"officer": officer}}


def _read_page(page: Mapping[str, Any]) -> dict[str, Any]:
    # Its cursor is a list of what orders the rows; the last of them is the row's id, which is all of ours.
    last = json.loads(base64.b64decode(page["pageInfo"]["endCursor"]))
    while isinstance(last, list):
        last = last[-1]
    cursor = base64.b64encode(UUID(last).bytes).decode()
    return {**_read_outcomes(page), "pageInfo": {**page["pageInfo"], "endCursor": cursor}}


def _read_outcomes(rows: Mapping[str, Any]) -> dict[str, Any]:
    return {**rows, "nodes": [_read_outcome(node) for node in rows["nodes"]]}


def _read_outcome(node: Mapping[str, Any]) -> dict[str, Any]:
    told = {**node, "id": _name("Outcome", node["id"])}
    for name in _MOMENTS:
        if told.get(name):
            told[name] = datetime.fromisoformat(told[name]).isoformat()
    if "officer" in told:
        told["officer"] = {**told["officer"], "id": _name("Officer", told["officer"]["id"])}
    return told


def _name(kind: str, value: str) -> str:
    return base64.b64encode(f"{kind}:{value}".encode()).decode()


__all__ = ["DOCUMENTS", "ask_peer", "issue_peer_token", "read_peer_answer"]
