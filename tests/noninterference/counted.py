"""What of each line an analyst's figures may depend on: the witness of `statistics`, by the action `aggregate`.

Written from docs/analysis.md: which outcomes and stints are counted, by what they are grouped, what is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

from app.domain.adverse import ADVERSE_KINDS, ADVERSE_REASONS, DAYS_ABOUT_SEPARATION
from app.domain.vocabulary import Action
from app.policy.engine import DecisionRequest
from tests.properties.oracle import Oracle

Line = dict[str, Any]

SUBJECTS: Final = {"outcome": ("OutcomeFigures",), "stint": ("StintFigures", "WanderingFigures")}
NO_FINDING: Final = "SEPARATION_UNDER_FORCE_INVESTIGATION"


class Figures:
    """What one principal's figures tell of the lines of one world."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._decided: dict[tuple[Any, ...], frozenset[str]] = {}

    def describe(self, line: Line) -> dict[str, Any]:
        """What a line adds to figures, by the type of figures; nothing where it is not counted."""
        shown: dict[str, Any] = {}
        for type_name in SUBJECTS.get(line["kind"], ()):
            names = self.list_counted(line, type_name)
            facts = self._find_facts(line, type_name) if names else None
            if facts is not None:
                shown[type_name] = {name: facts[name] for name in sorted(names)}
        return shown

    def list_counted(self, line: Line, type_name: str) -> frozenset[str]:
        """The fields of a type of figures in which a line is counted."""
        relations, state = self._oracle.stand(line)
        key = (type_name, relations, state)
        if key not in self._decided:
            point, asker = self._oracle._point, self._oracle.asker
            self._decided[key] = frozenset(
                name.partition(".")[2]
                for name in point.bundle.leaf_fields
                if name.startswith(f"{type_name}.")
                and point.decide(
                    DecisionRequest(
                        role=asker.role,
                        relations=relations,
                        field=name,
                        state=state,
                        purpose=asker.purpose,
                        action=Action.AGGREGATE,
                    )
                ).allowed
            )
        return self._decided[key]

    def _find_facts(self, line: Line, type_name: str) -> Line | None:
        common = {"count": True, "officers": line["officer"], "ratePerThousandSworn": True}
        if type_name == "OutcomeFigures":
            return common | self.tell_outcome(line)
        common |= self._tell_agency(line["agency"])
        if type_name == "StintFigures":
            return common | _tell_stint(line)
        separation = self._tell_separation(line)
        return None if separation is None else common | separation

    def _tell_agency(self, agency: str) -> Line:
        place = self._oracle.world.by_id[agency]
        return {
            "stateCode": place.get("state"),
            "agencyKind": place["agency_kind"],
            "sizeBand": place.get("size_band"),
            "rural": place.get("rural"),
            "swornCountKnown": place.get("sworn_count") is not None,
        }

    def tell_outcome(self, line: Line) -> Line:
        """What an analyst may be told of an outcome: by what it is grouped, what is measured of it."""
        content = line["versions"][-1].get("content") or {}
        action = _read_day(content.get("action_date"))
        begun, served, cleared = (
            _read_moment(line.get(name)) for name in ("created_at", "notice_served_at", "cleared_at")
        )
        matter = self._oracle.world.by_id.get(line.get("matter", ""), {})
        opened, noticed, closed = (
            _read_day(matter.get(name)) for name in ("opened_on", "notice_served_on", "closed_on")
        )
        return {
            **self._tell_agency(line["agency"]),
            "year": action and action.year,
            "quarter": action and _quarter(action),
            "kind": line["outcome_kind"],
            "hasFinding": line["outcome_kind"] != NO_FINDING,
            "basis": sorted(content.get("basis", ())),
            "finality": line["finality"],
            "matterKind": matter.get("matter_kind"),
            "daysFromActionToReport": _count_days(action, begun and begun.date()),
            "daysFromReportToNotice": _count_days(begun, served),
            "daysFromNoticeToClearance": _count_days(served, cleared),
            "daysFromActionToClearance": _count_days(action, cleared and cleared.date()),
            "daysFromMatterToNotice": _count_days(opened, noticed),
            "daysOfMatter": _count_days(opened, closed),
        }

    def _tell_separation(self, line: Line) -> Line | None:
        """An adverse separation and the first later appointment elsewhere; none where the stint did not end in one."""
        left = _read_day(line.get("to"))
        if left is None:
            return None
        by_reason = line.get("separation_reason") in ADVERSE_REASONS
        by_outcome = any(True for _ in self._list_outcomes_about(line, left))
        if not by_reason and not by_outcome:
            return None
        following = self._find_following(line, left)
        place = self._tell_agency(following["agency"]) if following else {}
        return {
            "year": left.year,
            "quarter": _quarter(left),
            "separationReason": line.get("separation_reason"),
            "ground": "BOTH" if by_reason and by_outcome else "REASON" if by_reason else "OUTCOME",
            "isAppointedAgain": following is not None,
            "appointedAgain": following is not None,
            "shareAppointedAgain": following is not None,
            "nextStateCode": place.get("stateCode"),
            "nextAgencyKind": place.get("agencyKind"),
            "nextSizeBand": place.get("sizeBand"),
            "daysUntilAppointed": following and _count_days(left, _read_day(following["from"])),
        }

    def _list_outcomes_about(self, line: Line, left: date) -> Iterator[Line]:
        for outcome in self._oracle.world.outcomes_of[line["officer"]]:
            day = _read_day((outcome["versions"][-1].get("content") or {}).get("action_date"))
            if (
                outcome["agency"] == line["agency"]
                and outcome["outcome_kind"] in ADVERSE_KINDS
                and day is not None
                and abs((day - left).days) <= DAYS_ABOUT_SEPARATION
                and "count" in self.list_counted(outcome, "OutcomeFigures")
            ):
                yield outcome

    def _find_following(self, line: Line, left: date) -> Line | None:
        later = [
            each
            for each in self._oracle.world.stints_of[line["officer"]]
            if each["agency"] != line["agency"]
            and (day := _read_day(each.get("from"))) is not None
            and day >= left
            and "appointedAgain" in self.list_counted(each, "WanderingFigures")
        ]
        return min(later, key=lambda each: (each["from"], each["id"]), default=None)


def _tell_stint(line: Line) -> Line:
    first, last = _read_day(line.get("from")), _read_day(line.get("to"))
    return {
        "year": first and first.year,
        "quarter": first and _quarter(first),
        "endYear": last and last.year,
        "endQuarter": last and _quarter(last),
        "separationReason": line.get("separation_reason"),
        "isCurrent": line["is_current"],
        "daysServed": _count_days(first, last),
    }


def _read_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _read_moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _quarter(day: date) -> int:
    return (day.month + 2) // 3


def _count_days(first: Any, last: Any) -> int | None:
    return None if first is None or last is None else (last - first).days
