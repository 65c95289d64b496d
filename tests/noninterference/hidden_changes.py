"""Changes of a world, drawn at random: values, states, holds, links, names, whole rows, rights of others.

Nothing here knows who may see what; which of them are hidden from a principal the twin's maker finds out.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any, Final

from app.demo.population.proceedings import write_moment
from app.domain.vocabulary import DisputeState, Finality, HoldKind, Lifecycle, OutcomeKind
from tests.noninterference.base_world import derive_id
from tests.noninterference.past import restate
from tests.noninterference.varied_values import FAMILIES, copy_with_ids
from tests.noninterference.views import name_component

Line = dict[str, Any]


class Channel(StrEnum):
    """What a change is a change of."""

    VALUE = "value"
    STATE = "state of a record"
    PAST = "past of a record"
    HOLD = "hold"
    OFFICER_LINK = "whom it is about"
    AGENCY_LINK = "which agency"
    NAME = "name of an officer"
    CAREER = "career"
    ADDED = "row added"
    REMOVED = "row removed"
    CONSENT = "consent"
    CHECK = "check"
    GRANT = "grant"
    NOTICE = "notice"
    DISCLOSURE = "disclosure"
    DUTY = "duty of an agency"
    OPENING = "opening to an auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Lines to put in the place of those with their ids (or beside them), and ids to take away."""

    channel: Channel
    put: tuple[Line, ...] = ()
    taken: tuple[str, ...] = ()
    components: frozenset[str]

    @property
    def target(self) -> str:
        """The id of the line it is mainly about."""
        return str(self.put[0]["id"]) if self.put else self.taken[0]


# Members of a line that name another line, which must then stay.
NAMING: Final = ("officer", "outcome", "consent", "matter", "from", "to", "stint", "notice")


class Changer:
    """Draws changes of the lines of one world."""

    def __init__(self, random: Random, lines: Sequence[Line], now: datetime, *, keep: frozenset[str]) -> None:
        """`keep` names accounts whose grants and lines stay: those of the principals themselves."""
        self._random = random
        self._now = now
        self._keep = keep
        self.by_kind: dict[str, list[Line]] = defaultdict(list)
        for line in lines:
            self.by_kind[line["kind"]].append(line)
        self._by_id = {line["id"]: line for line in lines if "id" in line}
        self._named: set[str] = set()
        for line in lines:
            for named in (*(line.get(key) for key in NAMING), *(item.get("outcome") for item in line.get("items", ()))):
                if isinstance(named, str):
                    self._named.add(named)

    def draw_many(self, count: int) -> Iterator[Change]:
        """So many changes, of every channel in turn as far as the world has something to change."""
        makers: Sequence[Callable[[], Change | None]] = (
            self._change_agency, self._change_state, self._change_hold, self._move_officer,
            self._move_agency, self._rename, self._change_career, self._add_outcome, self._remove_outcome,
            self._change_consent, self._change_check, self._change_grant, self._change_notice,
            self._change_disclosure, self._change_finality, self._change_duty, self._change_opening,
            self._change_past,
        )  # fmt: skip
        for turn in range(count):
            change = makers[turn % len(makers)]()
            if change is not None:
                yield change

    def _take(self, kind: str) -> Line | None:
        lines = self.by_kind[kind]
        return copy.deepcopy(self._random.choice(lines)) if lines else None

    def _take_outcome(self) -> Line:
        found = self._take("outcome")
        assert found is not None, "the world has no outcome to change"
        return found

    def _about(self, channel: Channel, *put: Line, taken: tuple[str, ...] = ()) -> Change:
        # An outcome's history ends with how it stands.
        put = tuple(restate(line) if line["kind"] == "outcome" else line for line in put)
        before = [self._by_id[line["id"]] for line in put if line["id"] in self._by_id]
        gone = [self._by_id[each] for each in taken]
        components = frozenset(name_component(line) for line in (*put, *before, *gone) if line["kind"] != "matter")
        return Change(channel=channel, put=put, taken=taken, components=components)

    def _change_agency(self) -> Change | None:
        line = self._take("agency")
        if line is None:
            return None
        line |= {"sworn_count": self._random.randrange(5000), "status": "CLOSED", "rural": not line.get("rural", False)}
        return self._about(Channel.VALUE, line)

    def _change_state(self) -> Change | None:
        line = self._take_outcome()
        if line["lifecycle"] == Lifecycle.EXPUNGED:
            return None
        others = [each for each in Lifecycle if each not in {Lifecycle.EXPUNGED, line["lifecycle"]}]
        line["lifecycle"] = self._random.choice(others).value
        line.pop("void_reason", None)
        if line["lifecycle"] == Lifecycle.VOIDED:
            line["void_reason"] = "NOT_REPORTABLE"
        if line["lifecycle"] in {Lifecycle.CLEARED, Lifecycle.VOIDED, Lifecycle.EXPIRED}:
            line.setdefault("cleared_at", write_moment(self._now - timedelta(days=7)))
        return self._about(Channel.STATE, line)

    def _change_finality(self) -> Change:
        line = self._take_outcome()
        line["finality"] = self._random.choice([each.value for each in Finality if each.value != line["finality"]])
        line["dispute"] = self._random.choice([each.value for each in DisputeState])
        if line["lifecycle"] == Lifecycle.VOIDED:
            line["void_reason"] = self._random.choice(("DUPLICATE", "NOT_THE_PERSON", "SUBMITTED_IN_ERROR"))
        if self._random.random() < 0.3:
            kind = self._random.choice([each.value for each in OutcomeKind])
            line["outcome_kind"] = kind
        return self._about(Channel.STATE, line)

    def _change_past(self) -> Change | None:
        """What an outcome said or was before it says and is what it does."""
        line = self._take_outcome()
        earlier, *later = line["versions"]
        if later and "content" in earlier and self._random.random() < 0.5:
            days = timedelta(days=self._random.randrange(1, 900))
            said = date.fromisoformat(earlier["content"]["action_date"]) - days
            earlier["content"] |= {"action_date": said.isoformat(), "basis": ["ABUSE_OF_POWER"]}
            return self._about(Channel.PAST, line)
        first, *others = line.get("statuses", [{}])
        if not others:
            return None
        if first["lifecycle"] != Lifecycle.VOIDED:
            first["lifecycle"] = self._random.choice([Lifecycle.DRAFT, Lifecycle.CLEARED, Lifecycle.SUBMITTED]).value
        first["dispute"] = self._random.choice([each.value for each in DisputeState])
        return self._about(Channel.PAST, line)

    def _change_hold(self) -> Change:
        line = self._take_outcome()
        holds = line.get("holds", [])
        if holds and self._random.random() < 0.5:
            hold = self._random.choice(holds)
            hold["order_number"] = f"INVENTED-X-{self._random.randrange(10**6)}"
            hold["authority"] = "District Court of another invented county"
        else:
            number = self._random.randrange(10**9)
            present = {hold["kind"] for hold in holds}
            line["holds"] = [
                *holds,
                {
                    "id": derive_id("hold", line["id"], str(number)),
                    "kind": self._random.choice([each for each in HoldKind if each not in present]).value,
                    "from": write_moment(self._now - timedelta(days=3)),
                    "authority": "District Court of another invented county",
                    "placed_by": "demo-registrar",
                },
            ]
        return self._about(Channel.HOLD, line)

    def _move_officer(self) -> Change:
        line = self._take_outcome()
        line["officer"] = self._random.choice(self.by_kind["officer"])["id"]
        return self._about(Channel.OFFICER_LINK, line)

    def _move_agency(self) -> Change:
        line = self._take_outcome()
        line["agency"] = self._random.choice(self.by_kind["agency"])["id"]
        return self._about(Channel.AGENCY_LINK, line)

    def _rename(self) -> Change:
        line = self._take("officer")
        assert line is not None
        number = self._random.randrange(10**6)
        name = {"family": f"{self._random.choice(FAMILIES)}", "given": "Morgan", "middle": f"X{number}"}
        line["name"] = name
        line["names"] = [{**line["names"][0], **name}, *line["names"][1:]]
        for each in line.get("identifiers", ()):
            if "value" in each:
                each["value"] = f"9999-{9_000_000 + number}"
        return self._about(Channel.NAME, line)

    def _change_career(self) -> Change | None:
        line = self._take(self._random.choice(("stint", "certification")))
        if line is None or line["id"] in self._named:
            return None
        if self._random.random() < 0.3:
            return self._about(Channel.CAREER, taken=(line["id"],))
        begins = date.fromisoformat(line["from"]) - timedelta(days=self._random.randrange(1, 900))
        line["from"] = begins.isoformat()
        if line["kind"] == "stint":
            line["rank"] = self._random.choice(("LIEUTENANT", "DETECTIVE", "CORPORAL"))
        else:
            line["status"] = self._random.choice(("REVOKED", "LAPSED", "SURRENDERED"))
        return self._about(Channel.CAREER, line)

    def add_outcomes(self) -> Iterator[Change]:
        """One more outcome about each officer, in any standing."""
        for officer in self.by_kind["officer"]:
            yield self._add_outcome(officer["id"])

    def _add_outcome(self, officer: str | None = None) -> Change:
        """A copy of an outcome, in any standing, about any officer, with a matter of its own."""
        line = self._take_outcome()
        number = str(self._random.randrange(10**9))
        matter = copy.deepcopy(self._by_id[line["matter"]])
        whole = copy_with_ids(line, number), copy_with_ids(matter, number)
        added, own_matter = whole
        added["matter"] = own_matter["id"]
        if officer is not None:
            added["officer"] = officer
        elif self._random.random() < 0.5:
            added["officer"] = self._random.choice(self.by_kind["officer"])["id"]
        return self._about(Channel.ADDED, added, own_matter)

    def _remove_outcome(self) -> Change | None:
        line = self._take_outcome()
        if line["id"] in self._named:
            return None
        return self._about(Channel.REMOVED, taken=(line["id"],))

    def _change_consent(self) -> Change | None:
        line = self._take("consent")
        if line is None:
            return None
        way = self._random.randrange(4)
        if way == 0:
            line["scope"] = "LIMITED" if line["scope"] == "FULL" else "FULL"
        elif way == 1:
            line["revoked_at"] = write_moment(self._now - timedelta(hours=5))
        elif way == 2:
            line["uses_left"] = 17
        else:
            line |= {
                "id": derive_id("consent", line["id"], str(self._random.randrange(10**9))),
                "purpose": "monitoring",
            }
        return self._about(Channel.CONSENT, line)

    def _change_check(self) -> Change | None:
        line = self._take("candidate_check")
        if line is None:
            return None
        way = self._random.randrange(3)
        if way == 0:
            line["reason"] = "PROMOTE"
        elif way == 1:
            line["closed_at"] = write_moment(self._now - timedelta(hours=6))
        else:
            line["agency"] = self._random.choice(self.by_kind["agency"])["id"]
            line["id"] = derive_id("check", line["id"], str(self._random.randrange(10**9)))
        return self._about(Channel.CHECK, line)

    def _change_grant(self) -> Change | None:
        line = self._take("grant")
        if line is None or line["account"] in self._keep:
            return None
        way = self._random.random()
        if way < 0.35:
            return self._about(Channel.GRANT, taken=(line["id"],))
        if way < 0.7:
            line["id"] = derive_id("grant", line["id"], str(self._random.randrange(10**9)))
        line["to"] = write_moment(self._now + timedelta(days=self._random.randrange(2, 90)))
        line["account"] = f"someone-{self._random.randrange(10**6)}"
        return self._about(Channel.GRANT, line)

    def _change_notice(self) -> Change | None:
        line = self._take("notice")
        if line is None:
            return None
        if line["id"] not in self._named and self._random.random() < 0.4:
            return self._about(Channel.NOTICE, taken=(line["id"],))
        line["cause"] = "CHANGED"
        return self._about(Channel.NOTICE, line)

    def _change_disclosure(self) -> Change | None:
        line = self._take("disclosure")
        if line is None:
            return None
        officers = {each["officer"] for each in line["items"]}
        others = [each["id"] for each in self.by_kind["officer"] if each["id"] not in officers]
        line["items"] = [*line["items"], {"officer": self._random.choice(others)}]
        line["account"] = f"someone-{self._random.randrange(10**6)}"
        return self._about(Channel.DISCLOSURE, line)

    def _change_duty(self) -> Change | None:
        """Another credential, decision, subscription, report or task of some agency."""
        kind = self._random.choice(
            ("agency_credential", "grant_eligibility", "monitor", "reliance_task", "attestation")
        )
        line = self._take(kind)
        if line is None or line["id"] in self._named:
            return None
        if self._random.random() < 0.3:
            return self._about(Channel.DUTY, taken=(line["id"],))
        changed: Mapping[str, Line] = {
            "agency_credential": {"basis": "HEAD_AFFIRMATION"},
            "grant_eligibility": {"result": "NOT_ELIGIBLE"},
            "monitor": {"renewal_due": (self._now + timedelta(days=9)).date().isoformat()},
            "reliance_task": {"required_action": "DESTROY_COPY"},
            "attestation": {"answer": not line.get("answer")},
        }
        line |= changed[kind]
        return self._about(Channel.DUTY, line)

    def _change_opening(self) -> Change | None:
        line = self._take("break_glass_access")
        if line is None:
            return None
        line["case_number"] = f"OIG-9999-{self._random.randrange(10**4)}"
        if self._random.random() < 0.5 and line["account"] not in self._keep:
            line["account"] = f"someone-{self._random.randrange(10**6)}"
        return self._about(Channel.OPENING, line)
