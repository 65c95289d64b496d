"""The widest question about a row: every field of its type that a contract has, and all that hangs on it.

Rows of other types are asked for by their id alone; their own fields are asked where they themselves are.
"""

from __future__ import annotations

from typing import Any

from tests.properties.oracle import TYPE_OF_KIND

ROWS_BELOW = "{ id }"
# Where the plain objects have no answer: places of the whole country, disclosures that the tests themselves make, and
# what test_three_ways compares cell by cell.
LEFT_OUT = frozenset(
    {
        "Query.jurisdictions", "Query.monitors", "Query.notices", "Query.relianceTasks", "Query.analystRows",
        "Query.disclosures", "Query.breakGlassAccesses", "Query.credentials", "Query.compliance",
        "Query.grantEligibility", "Query.roleGrants", "Me.disclosuresOfMe", "Me.mandates", "Jurisdiction.agencies",
        "Agency.parent", "Agency.credentials", "Viewer.body", "RoleGrant.agencyOris", "RoleGrant.agency",
        "RoleGrant.officer", "RoleGrant.body", "RoleGrant.stateCode", "Notice.acknowledgedAt", "Notice.isAcknowledged",
        "Notice.outcome",
    }
)  # fmt: skip


def list_fields(schema: Any, type_name: str) -> list[str]:
    """The fields of a type in a contract that need no argument and that the plain objects can answer."""
    found = schema.type_map.get(type_name)
    if found is None:
        return []
    return [name for name, field in found.fields.items() if not field.args and f"{type_name}.{name}" not in LEFT_OUT]


def write_selection(schema: Any, type_name: str) -> str:
    """Everything of a type that needs no argument, rows of other entities by their id."""
    parts = []
    for name in list_fields(schema, type_name):
        target = schema.type_map[type_name].fields[name].type
        while hasattr(target, "of_type"):
            target = target.of_type
        if not hasattr(target, "fields"):
            parts.append(name)
        elif target.name in TYPE_OF_KIND.values() or target.name == "Jurisdiction":
            parts.append(f"{name} {ROWS_BELOW}")
        else:
            parts.append(f"{name} {write_selection(schema, target.name)}")
    return "{ " + " ".join(parts) + " }"


def ask_everything(schema: Any, type_name: str) -> str:
    """The document that asks everything of rows of one type by their ids."""
    return f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {type_name} {write_selection(schema, type_name)} }} }}"
