"""Values of lines varied one by one, and copies of lines under ids of their own.

What is varied here moves no relation; whether it moves a state, or shows, the twin's maker finds out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from app.demo.population.proceedings import write_moment
from app.domain.vocabulary import DisputeState, Finality, Lifecycle
from tests.noninterference.base_world import derive_id

Line = dict[str, Any]

# Keys of a content with values that differ from any that a world has, and yet fit.
CONTENT_KEYS: Final = (
    "action_date", "basis", "force_related", "force_types", "on_duty", "recommended_finding", "final_finding",
    "standard_of_proof", "legal_basis", "conviction_basis", "civil_basis", "court", "court_case_number",
)  # fmt: skip
# Those that a list can be filtered or sorted by.
COMPARED_KEYS: Final = ("action_date", "force_related")
FINDINGS: Final = ("SUSTAINED", "NOT_SUSTAINED", "UNFOUNDED", "EXONERATED")
# Lifecycles that need nothing beside them.
WITHOUT_REASONS: Final = (Lifecycle.DRAFT, Lifecycle.SUBMITTED, Lifecycle.NOTICE, Lifecycle.CLEARED)
FAMILIES: Final = ("Sullivan", "Ramirez", "Foster", "Gibson", "Mcdonald", "Cruz", "Marshall")


class Varier:
    """Varies values of lines; `officers` are the ids of those whom a disclosure may be about."""

    def __init__(self, random: Random, now: datetime, officers: Sequence[str]) -> None:
        self._random = random
        self._now = now
        self._officers = officers

    def draw_values(self, line: Line) -> Iterator[Line]:
        """The line with one value changed, for several of its values: none of them moves a relation or a state."""
        kind = line["kind"]
        if kind == "outcome":
            yield from self._vary_outcome(line)
        number = self._random.randrange(10**6)
        if kind == "officer":
            name = {"family": self._random.choice(FAMILIES), "given": "Morgan", "middle": f"X{number}"}
            yield line | {"name": name, "names": [{**line["names"][0], **name}, *line["names"][1:]]}
            yield line | {"birth": {"date": "1971-03-04"}}
        if kind in {"officer", "outcome"}:
            yield line | {"analyst_id": derive_id("analyst", line["id"], str(number))}
        if kind == "candidate_check":
            yield line | {"opened_by": f"someone-{number}"}
        if kind == "agency":
            kept = line.get("enrollments", [])
            official = {"certifying_official": f"official {number}"}
            yield line | {"enrollments": [each | official for each in kept]}
        yield from self._vary_unshown(line)
        if kind == "certification":
            yield line | {"type": f"CHANGED_{number}"}
        if kind == "stint":
            yield line | {"rank": f"CHANGED_{number}"}

    def _vary_unshown(self, line: Line) -> Iterator[Line]:
        """What no contract shows of some kinds of line."""
        official = f"official {self._random.randrange(10**6)}"
        kind = line["kind"]
        if kind == "notice" and "sent_at" in line:
            yield line | {"sent_at": line["created_at"]}
        if kind == "grant_eligibility" and "decided_by" in line:
            yield line | {"decided_by": official}
        if kind == "period_report" and "certified_by" in line:
            yield line | {"certified_by": official}
        if kind == "attestation":
            yield line | {"attested_by": official, "statement": f"changed by {official}"}
        if kind == "disclosure" and line.get("items"):
            others = [{"officer": self._random.choice(self._officers)} for _ in line["items"]]
            if len({each["officer"] for each in others}) == len(others):
                yield line | {"items": others}

    def _vary_outcome(self, line: Line) -> Iterator[Line]:
        *earlier, newest = line["versions"]
        for place, version in enumerate(line["versions"]):
            if "content" in version:
                content = version["content"]
                for key in (*COMPARED_KEYS, *self._random.sample(CONTENT_KEYS, 3)):
                    varied = version | {"content": content | {key: self._vary(key, content.get(key))}}
                    yield line | {"versions": [*line["versions"][:place], varied, *line["versions"][place + 1 :]]}
        yield from self._vary_history(line)
        number = self._random.randrange(10**6)
        if "certified_by" in newest:
            yield line | {"versions": [*earlier, newest | {"certified_by": f"official {number}"}]}
        if line.get("holds"):
            changed = [each | {"order_number": f"INVENTED-X-{number}"} for each in line["holds"]]
            yield line | {"holds": changed}
        if line.get("determinations"):
            yield line | {
                "determinations": [each | {"rule_pack": f"changed-{number}"} for each in line["determinations"]]
            }
        if line["lifecycle"] != Lifecycle.EXPUNGED:
            yield line | {"void_reason": self._random.choice(("NOT_THE_PERSON", "SUBMITTED_IN_ERROR"))}
            served = datetime.fromisoformat(line["created_at"]) + timedelta(days=number % 20, seconds=number % 999)
            due = served + timedelta(days=30)
            yield line | {"notice_served_at": write_moment(served), "respond_by": write_moment(due)}
            yield line | {"cleared_at": write_moment(self._now - timedelta(days=number % 40, seconds=number % 999))}
            others = [each.value for each in Lifecycle if each not in {Lifecycle.EXPUNGED, line["lifecycle"]}]
            # All that any lifecycle needs goes with it.
            needs = {"void_reason": "NOT_REPORTABLE", "cleared_at": write_moment(self._now - timedelta(days=5))}
            yield line | needs | {"lifecycle": self._random.choice(others)}
            yield line | {"finality": self._random.choice([each.value for each in Finality])}
            yield line | {"dispute": self._random.choice([each.value for each in DisputeState])}

    def _vary_history(self, line: Line) -> Iterator[Line]:
        """The outcome with another standing, or another moment, in its past."""
        first, *others = line.get("statuses", [{}])
        if not others:
            return
        for axis, codes in (("finality", Finality), ("dispute", DisputeState), ("lifecycle", WITHOUT_REASONS)):
            yield line | {"statuses": [{**first, axis: self._random.choice([str(each) for each in codes])}, *others]}
        moved = write_moment(datetime.fromisoformat(first["to"]) - timedelta(days=self._random.randrange(1, 30)))
        if datetime.fromisoformat(moved) > datetime.fromisoformat(first["from"]):
            second, *rest = others
            yield line | {"statuses": [{**first, "to": moved}, {**second, "from": moved}, *rest]}

    def _vary(self, key: str, value: Any) -> Any:
        if isinstance(value, bool) or key in {"force_related", "on_duty"}:
            return not value
        if key == "action_date":
            return (date.fromisoformat(value) + timedelta(days=self._random.choice((-700, -31, 1, 45)))).isoformat()
        choices: Mapping[str, tuple[Any, ...]] = {
            "basis": (["ABUSE_OF_POWER"], ["SEXUAL_ASSAULT", "DISHONESTY"], []),
            "force_types": (["FIREARM"], ["HANDGUN", "OTHER"], []),
            "recommended_finding": FINDINGS,
            "final_finding": FINDINGS,
            "standard_of_proof": ("PLEA", "PREPONDERANCE", "OTHER"),
            "conviction_basis": ("JURY_VERDICT", "GUILTY_PLEA"),
            "civil_basis": ("VERDICT", "DEFAULT"),
        }
        others = [each for each in choices.get(key, ()) if each != value]
        return self._random.choice(others) if others else f"changed {self._random.randrange(10**6)}"

    def vary_matter(self, line: Line) -> Line:
        """A matter with its values changed."""
        number = self._random.randrange(10**6)
        return line | {
            "case_number": f"CHANGED-{number}",
            "disposition": self._random.choice(FINDINGS),
            "steps": [each | {"by_office": f"office X{number}"} for each in line["steps"]],
            "evidence": [each | {"custodian": f"custodian X{number}"} for each in line["evidence"]],
        }


def copy_with_ids(line: Line, number: str) -> Line:
    """A copy in which every own id is another: of the line, of its parts and of what they point to among themselves."""
    renamed = {each: derive_id("copy", number, each) for each in _list_ids(line)}
    found: Line = _rename(line, renamed)
    if "analyst_id" in found:
        found["analyst_id"] = derive_id("analyst", found["id"])
    for version in found.get("versions", ()):
        if "content" in version:
            version["content"]["salt"] = hashlib.sha256(f"{found['id']}/{version['version']}".encode()).hexdigest()
    return found


def _list_ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _list_ids(each)


def _rename(value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _rename(each, renamed) for key, each in value.items()}
    if isinstance(value, list):
        return [_rename(each, renamed) for each in value]
    return renamed.get(value, value) if isinstance(value, str) else value
