"""Refusals of commands: data, with a stable code and a fixed sentence.

INVARIANT: hidden, absent and out of reach are one refusal with one sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class RefusalCode(StrEnum):
    """Why a command was not carried out."""

    NOT_FOUND = "NOT_FOUND"
    NOT_ALLOWED = "NOT_ALLOWED"
    STALE = "STALE"
    KEY_REUSED = "KEY_REUSED"
    INVALID = "INVALID"
    WRONG_SCOPE = "WRONG_SCOPE"
    ALREADY_HELD = "ALREADY_HELD"
    NOT_TO_ONESELF = "NOT_TO_ONESELF"
    TOO_LONG = "TOO_LONG"
    TWO_PERSONS = "TWO_PERSONS"
    LAPSED = "LAPSED"
    NOTHING_TO_OPEN = "NOTHING_TO_OPEN"
    TOO_MANY = "TOO_MANY"


SENTENCES: Final[dict[RefusalCode, str]] = {
    RefusalCode.NOT_FOUND: "there is nothing here that you may change; check the id",
    RefusalCode.NOT_ALLOWED: "this role may not do this; ask someone who may",
    RefusalCode.STALE: "it has changed since you read it; read it again",
    RefusalCode.KEY_REUSED: "this idempotency key was used for another command; choose a new one",
    RefusalCode.INVALID: "the input does not fit the command; mend it and send it again",
    RefusalCode.WRONG_SCOPE: "say where the role is to hold as that role needs it, and nothing else; see the input",
    RefusalCode.ALREADY_HELD: "the account holds this role for that time already; nothing is to be done",
    RefusalCode.NOT_TO_ONESELF: "nobody grants or ends a role of his own; ask another",
    RefusalCode.TOO_LONG: "a mandate ends within 24 months; name an earlier end",
    RefusalCode.TWO_PERSONS: "nobody approves his own request; ask another auditor",
    RefusalCode.LAPSED: "the request was not approved in time; ask anew",
    RefusalCode.NOTHING_TO_OPEN: "this request opens nothing; check what it names with the one who asked",
    RefusalCode.TOO_MANY: "one person has at most two exports under way and ten files; wait, or cancel one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefusal:
    """A refusal; its sentence never repeats a value."""

    code: RefusalCode

    @property
    def sentence(self) -> str:
        """What the caller reads."""
        return SENTENCES[self.code]
