"""That every field is as sensitive as the inventory says, and that what must not exist does not.

The inventory is kept apart from `policies/fields.csv`; a field is believed to be harmless only if both say so.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from app.policy.groups import is_field
from app.policy.invariants.form import Breach, Invariant, Scope, View

_STRUCTURE: Final = "structure"
# Types without a fact of their own: lists and their pages, tables and the parts of a figure, the answers of commands.
_FORMS: Final = re.compile(
    r"\w+(Connection|Edge|FiguresTable)|Spread|SwornRate|PageInfo|Node|CommandRefused|\w+(ed|Given)"
)
_NEVER: Final = re.compile(
    r"ssn|socialSecurity|birth|dateOfBirth|dob|race|ethnicity|sex|gender|homeAddress|phone|token|complainant|victim"
    r"|password|secret",
    flags=re.IGNORECASE,
)


@cache
def _read_inventory() -> Mapping[str, Mapping[str, str]]:
    """For each type the class of each field; under `` the class of those that are not listed."""
    text = files("app.policy.invariants").joinpath("inventory.toml").read_text("ascii")
    types: dict[str, Mapping[str, str]] = {}
    for name, classes in tomllib.loads(text)["types"].items():
        listed = {field: thing for thing, fields in classes.items() if thing != "rest" for field in fields}
        types[name] = {**listed, **({"": classes["rest"]} if "rest" in classes else {})}
    return types


def find_class(field: str) -> str | None:
    """The class that the inventory gives a field of the contract."""
    kind, _, name = field.partition(".")
    listed = _read_inventory().get(kind)
    if listed is not None:
        return listed.get(name, listed.get(""))
    return _STRUCTURE if _FORMS.fullmatch(kind) else None


def _find_misplaced(view: View) -> Iterator[Breach]:
    for name, thing in view.bundle.field_classes.links:
        if not is_field(name):
            continue
        wanted = find_class(name)
        if wanted is None:
            yield Breach(sentence=f"the inventory says nothing of {name}, which the policy has in {thing}")
        elif wanted != thing:
            yield Breach(sentence=f"{name} is in class {thing} and belongs in {wanted}")


def _find_forbidden(view: View) -> Iterator[Breach]:
    for name, thing in view.bundle.field_classes.links:
        if is_field(name) and _NEVER.search(name.partition(".")[2]):
            yield Breach(sentence=f"{name} exists (in class {thing})")


INVARIANTS: Final[tuple[Invariant, ...]] = (
    Invariant(
        id="FIELD-01",
        sentence="every field is in the class that the inventory of fields gives it",
        source="access.md section 1, every field in one class; domain.md 5.5",
        scope=Scope.FIELDS,
        search=_find_misplaced,
    ),
    Invariant(
        id="FIELD-02",
        sentence="there is no field for a Social Security number, a birth date, a race, a sex, an address, a token, "
        "a complainant or a victim",
        source="domain.md 5.5, field rules",
        scope=Scope.FIELDS,
        search=_find_forbidden,
    ),
)
