"""Figures over the stored rows: handed as they are to the plain Python that tests of analysis count by.

It is asked for every measure; those that a question does not name are then told as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.analysis import drawn_facts, plain_figures
from tests.analysis.drawn_questions import MEASURES, MEMBERS, spell
from tests.properties.stored_facts import Facts, Row, lies_in

MARKING = "exact, not for release"


def tell_figures(counted: drawn_facts.Facts, subject: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The table of a subject; what is neither grouped by nor computed is none."""
    asked = {name: given.get(name) or [] for name in ("groupBy", "having", "orderBy")}
    dimensions = list(dict.fromkeys(asked["groupBy"]))
    named = given.get("measures")
    shown = MEASURES[subject] if named is None else [spell(each) for each in named]
    arguments = {**asked, "groupBy": dimensions, "first": given["first"], "filter": drop_nulls(given.get("filter"))}
    told = plain_figures.compute(counted, subject, arguments, shown)
    nothing = dict.fromkeys((*MEMBERS[subject], *MEASURES[subject]))
    return {
        "exact": True,
        "marking": MARKING,
        "hasMore": told["hasMore"],
        "rows": [{**nothing, **row} for row in told["rows"]],
    }


def drop_nulls(value: Any) -> Any:
    """A filter without the members that are null: they ask for nothing."""
    if isinstance(value, Mapping):
        return {name: drop_nulls(each) for name, each in value.items() if each is not None}
    return [drop_nulls(each) for each in value] if isinstance(value, list) else value if value is not None else {}


def translate(facts: Facts) -> drawn_facts.Facts:
    """The rows in the words of the tests of analysis."""
    rows = facts.rows
    return drawn_facts.Facts(
        agencies=[_pick(drawn_facts.Agency, row) for row in rows["registry.agencies"]],
        officers=[row["id"] for row in rows["registry.officers"]],
        stints=[_pick(drawn_facts.Stint, row) for row in rows["registry.stints"]],
        matters=[_pick(drawn_facts.Matter, row) for row in rows["registry.matters"]],
        outcomes=[_translate_outcome(facts, row) for row in rows["registry.outcome_series"]],
    )


def _pick(kind: Any, row: Row) -> Any:
    return kind(**{name: row[name] for name in kind.__dataclass_fields__})


def _translate_outcome(facts: Facts, row: Row) -> drawn_facts.Outcome:
    said = next(
        (each for each in facts.contents_of.get(row["id"], ()) if each["version"] == row["current_version"]), None
    )
    holds = [each["kind"] for each in facts.holds_on.get(row["id"], ()) if lies_in(each["valid"], facts.at)]
    told: Row = {
        **row,
        "action_date": said and said["action_date"],
        "basis": tuple(said["basis"]) if said else (),
        "holds": tuple(holds),
    }
    found: drawn_facts.Outcome = _pick(drawn_facts.Outcome, told)
    return found
