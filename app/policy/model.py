"""The one Casbin model that this version can tabulate: default deny, denials override, the order of lines is nothing.

Another model would be enforced by Casbin and mistranslated into grants, so it is refused at start.
"""

from __future__ import annotations

from typing import Final

from app.policy.reading import PolicyFile, read_texts

_MODEL: Final = (
    "[request_definition]",
    "r = role, relations, field, state, purpose, action",
    "[policy_definition]",
    "p = role, relation, fields, states, purpose, action, eft, id, basis",
    "[role_definition]",
    "g = _, _",
    "g2 = _, _",
    "g3 = _, _",
    "[policy_effect]",
    "e = some(where (p.eft == allow)) && !some(where (p.eft == deny))",
    "[matchers]",
    "m = r.purpose == p.purpose && r.action == p.action && holds(r.relations, p.relation)"
    " && g(r.role, p.role) && g3(r.state, p.states) && g2(r.field, p.fields)",
)


def read_model(file: PolicyFile) -> str:
    """The text of the model; raises `PolicyRefused` at the first line that says something else."""
    said = [(number, text) for number, text in read_texts(file) if text]
    for (number, text), expected in zip(said, _MODEL, strict=False):
        if text != expected:
            raise file.refuse("not the model this version can tabulate; restore the line", number)
    if len(said) != len(_MODEL):
        raise file.refuse("lines are missing or too many; restore the model")
    return "\n".join(_MODEL) + "\n"
