"""What a world held of an outcome at each moment of its past: the witness of questions that are asked as of a moment.

Written from what `asOf` promises: a moment chooses what was on record, how the record stands now says who may read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from app.demo.population.proceedings import write_moment

Line = dict[str, Any]

AXES: Final = ("lifecycle", "finality", "dispute", "void_reason")
# Facts of the series that became known at a moment, and the member that says when.
KNOWN_SINCE: Final = {
    "cleared_at": "cleared_at",
    "notice_served_at": "notice_served_at",
    "respond_by": "notice_served_at",
}


def list_moments(lines: Iterable[Line]) -> list[str]:
    """Every moment at which something about outcomes was recorded or ceased to be, in their order."""
    return sorted({moment for line in lines for moment in _list_own(line)}, key=datetime.fromisoformat)


def _list_own(line: Line) -> Iterator[str]:
    spans: list[tuple[Line, str, str]] = [
        *((each, "recorded_from", "recorded_to") for each in line["versions"]),
        *((each, "from", "to") for each in line.get("statuses", ())),
        *((each, "from", "to") for each in line.get("statements", ())),
        *((each, "from", "from") for each in line.get("holds", ())),
        *((each, "decided_at", "decided_at") for each in line.get("determinations", ())),
        *((line, each, each) for each in ("created_at", "cleared_at", "notice_served_at")),
    ]
    for held, *ends in spans:
        yield from (held[end] for end in ends if held.get(end) is not None)


def tell_past(line: Line, moment: str) -> Line | None:
    """The outcome as it was on record at a moment, whoever may read it; none before there was any version of it."""
    at = datetime.fromisoformat(moment)
    newest = next((each for each in line["versions"] if _held(each, "recorded_from", "recorded_to", at)), None)
    if newest is None:
        return None
    told = {key: value for key, value in line.items() if key not in AXES}
    if "statuses" in line:
        standing: Line = next((each for each in line["statuses"] if _held(each, "from", "to", at)), {})
        told |= {axis: standing.get(axis) for axis in AXES}
    else:
        told |= {axis: line.get(axis) if at >= datetime.fromisoformat(line["created_at"]) else None for axis in AXES}
    told["versions"] = [each for each in line["versions"] if each["version"] <= newest["version"]]
    spoken = [each for each in line.get("statements", ()) if _held(each, "from", "to", at)]
    told["statements"] = [{key: value for key, value in each.items() if key != "to"} for each in spoken]
    told["holds"] = [each for each in line.get("holds", ()) if _begun(each, "from", at)]
    told["determinations"] = [each for each in line.get("determinations", ()) if _begun(each, "decided_at", at)]
    for fact, since in KNOWN_SINCE.items():
        if not _begun(line, since, at):
            told[fact] = None
    return told


def _begun(held: Line, first: str, at: datetime) -> bool:
    return held.get(first) is not None and datetime.fromisoformat(held[first]) <= at


def _held(held: Line, first: str, last: str, at: datetime) -> bool:
    return _begun(held, first, at) and not _begun(held, last, at)


def restate(line: Line) -> Line:
    """The outcome with its own standing as the last entry of its history."""
    if "statuses" not in line:
        return line
    *earlier, last = line["statuses"]
    axes = {axis: line[axis] for axis in AXES if line.get(axis) is not None}
    return line | {"statuses": [*earlier, {key: value for key, value in last.items() if key not in AXES} | axes]}


def join_alike(told: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What was shown from each moment on, without moments at which nothing changed that shows."""
    joined: list[tuple[str, Any]] = []
    for moment, shown in told:
        if not joined or joined[-1][1] != shown:
            joined.append((moment, shown))
    return joined


def give_history(line: Line, way: int) -> Line:
    """An outcome that stood and said otherwise before: `way` chooses what, and every fourth stays without a past."""
    if way % 4 == 0 or "statuses" in line or line["lifecycle"] == "EXPUNGED":
        return line
    begun = datetime.fromisoformat(line["created_at"])
    turns = [write_moment(begun + timedelta(days=days)) for days in (40, 80)]
    cleared, draft, notice = (
        {"lifecycle": lifecycle, "finality": finality, "dispute": "NONE"}
        for lifecycle, finality in (("CLEARED", "FINAL"), ("DRAFT", "NON_FINAL"), ("NOTICE", "NON_FINAL"))
    )
    earlier = ([cleared], [draft, cleared], [draft, notice])[way % 4 - 1]
    moments = [line["created_at"], *turns[: len(earlier)]]
    entries = [
        {**standing, "from": first, "to": last}
        for standing, first, last in zip(earlier, moments, moments[1:], strict=False)
    ]
    told = restate(line | {"statuses": [*entries, {"from": moments[-1]}]})
    return _say_otherwise_first(told, turns[0]) if way % 3 == 0 and len(line["versions"]) == 1 else told


def _say_otherwise_first(line: Line, corrected_at: str) -> Line:
    """The outcome with a version before its only one, that said other things."""
    [version] = line["versions"]
    said: Line = {
        **version["content"],
        "action_date": "2019-08-07",
        "force_related": not version["content"].get("force_related"),
        "court": "another court",
    }
    second = {**version, "version": 2, "report_type": "CORRECTION", "supersedes": 1, "recorded_from": corrected_at}
    return line | {"versions": [{**version, "recorded_to": corrected_at, "content": said}, second]}
