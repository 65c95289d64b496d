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
    ALREADY_HELD = "ALREADY_HELD"
    NOT_TO_ONESELF = "NOT_TO_ONESELF"


SENTENCES: Final[dict[RefusalCode, str]] = {
    RefusalCode.NOT_FOUND: "there is nothing here that you may change; check the id",
    RefusalCode.NOT_ALLOWED: "this role may not do this; ask someone who may",
    RefusalCode.STALE: "it has changed since you read it; read it again",
    RefusalCode.KEY_REUSED: "this idempotency key was used for another command; choose a new one",
    RefusalCode.INVALID: "the input does not fit the command; mend it and send it again",
    RefusalCode.ALREADY_HELD: "the account holds this role for that time already; nothing is to be done",
    RefusalCode.NOT_TO_ONESELF: "nobody grants or ends a role of his own; ask another",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefusal:
    """A refusal; its sentence never repeats a value."""

    code: RefusalCode

    @property
    def sentence(self) -> str:
        """What the caller reads."""
        return SENTENCES[self.code]
