"""What is asked in a measurement: the documents, who asks them, and about whom.

Every variant is asked the same questions in the same order; what differs is only how it answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

LOOK_UP: Final = """
query LookUp($id: ID!) {
  officer(id: $id) {
    id
    familyName
    givenName
    middleName
    stints(first: 20) {
      nodes { fromDate toDate isCurrent rank agency { name } }
    }
    certifications(first: 10) {
      nodes { stateCode type fromDate toDate }
    }
    outcomes(first: 20) {
      nodes {
        id kind actionDate finality dispute hasFinding version basis finalFinding standardOfProof agency { name }
      }
    }
  }
}
"""
PAGE: Final = """
query Page($first: Int!, $after: String) {
  outcomes(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id kind actionDate finality dispute hasFinding version reportType statement basis forceRelated forceTypes onDuty
      recommendedFinding finalFinding standardOfProof legalBasis convictionBasis civilBasis court courtCaseNumber
      lifecycle createdAt clearedAt
      agency { name kind stateCode }
      officer { id familyName givenName middleName }
    }
  }
}
"""
PAGE_FIELDS: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request as every variant gets it: who asks, and the variables; `asker` is the place of a person."""

    asker: int
    variables: dict[str, Any]
    plain: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind of question, and some of its questions; `rows` is how many rows an answer has.

    `path` is where servers written by hand answer it; `is_count` where whole tables are read for figures.
    """

    name: str
    document: str
    rows: int
    questions: Sequence[Question]
    path: str
    is_count: bool = False

    @property
    def document_id(self) -> str:
        """The SHA-256 of the document, under which it is trusted."""
        return hashlib.sha256(self.document.encode()).hexdigest()


def encode_body(members: dict[str, Any]) -> bytes:
    """A JSON body without spaces."""
    return json.dumps(members, separators=(",", ":")).encode()
