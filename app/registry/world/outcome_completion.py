"""What an outcome's line must hold together, and what is derived where it says nothing.

INVARIANT: a version's commitment proves its content; an expunged series has no content, every other has it all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise

from app.domain.content import VersionContent, compute_commitment
from app.domain.vocabulary import Lifecycle
from app.registry.world.shapes import Misfit, ReadRow, Row, Surroundings

AXES = ("lifecycle", "finality", "dispute", "void_reason")
_CONTENT_COLUMNS = tuple(field.name for field in fields(VersionContent))


def commit_to_content(row: Row, children: Mapping[str, list[ReadRow]], surroundings: Surroundings) -> None:
    """Give the version the commitment to its content, or check the one it has."""
    contents = children.get("content")
    if not contents:
        if row["content_commitment"] is None:
            raise Misfit("must be given where there is no content", "commitment")
        return
    content = contents[0].row
    commitment = compute_commitment(content["commitment_salt"], read_content(content))
    if row["content_commitment"] is None:
        row["content_commitment"] = commitment
    elif row["content_commitment"] != commitment:
        raise Misfit("does not prove the content under its salt; leave it out to have it computed", "commitment")


def read_content(row: Mapping[str, object]) -> VersionContent:
    """The content a row of `registry.outcome_contents` holds."""
    values = {name: row[name] for name in _CONTENT_COLUMNS}
    values["basis"] = tuple(row["basis"])  # type: ignore[arg-type]
    values["force_types"] = tuple(row["force_types"])  # type: ignore[arg-type]
    return VersionContent(**values)  # type: ignore[arg-type]


def complete_outcome(row: Row, children: Mapping[str, list[ReadRow]], surroundings: Surroundings) -> None:
    """Check numbers, contents and standing of a whole series, and fill in its current version."""
    versions = children.get("versions", [])
    numbers = [version.row["version"] for version in versions]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise Misfit("must be numbered 1, 2, 3 and so on", "versions")
    if row["current_version"] is None:
        row["current_version"] = numbers[-1]
    if row["current_version"] > numbers[-1]:
        raise Misfit("must be one of the versions", "current_version")
    expunged = row["lifecycle"] == Lifecycle.EXPUNGED
    if any(bool(version.children.get("content")) == expunged for version in versions):
        raise Misfit("must have content unless the series is EXPUNGED", "versions")
    if statuses := children.get("statuses"):
        _require_standing([status.row for status in statuses], row)


def _require_standing(statuses: list[Row], series: Row) -> None:
    """The history has no gap, and its last entry, still open, is how the series stands."""
    if any(earlier["recorded"][1] != later["recorded"][0] for earlier, later in pairwise(statuses)):
        raise Misfit("must follow each other without a gap, oldest first", "statuses")
    last = statuses[-1]
    if last["recorded"][1] is not None or any(last[axis] != series[axis] for axis in AXES):
        raise Misfit("must end open, with the series' own standing", "statuses")


def derive_statuses(row: Row, surroundings: Surroundings) -> list[Row]:
    """One entry: the series has stood as it stands since it was created."""
    return [{"recorded": (row["created_at"], None), **{axis: row[axis] for axis in AXES}}]
