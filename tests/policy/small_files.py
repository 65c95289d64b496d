"""A small policy as files, to be spoilt: it denies what is asked, and says what Casbin alone makes of it.

Nothing of the served policy is in it but the model and the table of record states.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import casbin

from .policy_texts import SERVED
from .test_engine import ASKED

DENIAL = b"p, side, self, summary, open_states, self, read, deny, NO-01, none\n"
TEXTS = {
    "fields.csv": b"g2, Outcome.kind, summary\ng2, Outcome.basis, detail\ng2, summary, detail\n"
    b"g2, Agency.name, facts\n",
    "states.csv": b"g3, cleared, open_states\ng3, notice, open_states\n",
    "roles.csv": b"g, officer, side\ng, officer_rep, side\n",
    "rules/small.csv": DENIAL
    + b"p, side, self, detail, open_states, self, read, allow, OK-01, none\n"
    + b"p, side, anywhere, facts, cleared, self, read, allow, OK-02, none\n",
}
FIELDS, STATES, ROLES, RULES = TEXTS


def spoil(name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert TEXTS[name].count(old) >= 1
    return {**TEXTS, name: TEXTS[name].replace(old, new, 1)}


def write_directory(folder: Path, texts: dict[str, bytes]) -> Path:
    """The texts as a policy directory, with the model and the table of states of the served one."""
    (folder / "policies" / "rules").mkdir(parents=True)
    for name in ("model.conf", "record_states.csv"):
        (folder / "policies" / name).write_bytes((SERVED / name).read_bytes())
    for name, text in texts.items():
        (folder / "policies" / name).write_bytes(text)
    return folder / "policies"


def read_with_casbin(
    folder: Path, texts: dict[str, bytes] = TEXTS, kind: type[casbin.Enforcer] = casbin.Enforcer, **options: Any
) -> Any:
    """Casbin that has read the texts, one after another, with its own adapter."""
    path = folder / "policy.csv"
    path.write_bytes(b"".join(texts.values()))
    plain = kind(str(SERVED / "model.conf"), str(path), **options)
    plain.add_function("holds", lambda relations, relation: relation in relations.split("|"))
    plain.logger = logging.Logger("nowhere", level=logging.CRITICAL + 1)
    return plain


def ask_casbin(folder: Path, texts: dict[str, bytes]) -> bool:
    """Whether Casbin alone allows what the small policy denies."""
    return bool(read_with_casbin(folder, texts).enforce(*ASKED))
