"""What one principal can learn of a world, decided slowly from its lines: the measure of what may not change.

Nothing of the compiler or the database is used. What the plain registry does not know counts as visible.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, cast

from app.policy.engine import Decision, DecisionPoint, DecisionRequest
from app.policy.record_states import RecordStateTable
from tests.noninterference.past import join_alike, list_moments, tell_past
from tests.noninterference.principals import TwinAsker
from tests.noninterference.sight import SHOWN_BY_NOTHING, TYPES, Sight, strip
from tests.properties.oracle import TYPE_OF_KIND, Asker, Oracle, World
from tests.properties.plain_registry import HANGING, Item, PlainRegistry, Rows
from tests.properties.plain_rows import show_outcome

Line = dict[str, Any]
# What a component (an officer with all that is about him, or any other line by itself) shows, by object and field.
View = Mapping[str, Mapping[str, Any]]
RECORDED_FROM: Final = "OutcomeVersion.recordedFrom"


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberingPoint:
    """A decision point that asks Casbin once for each question; worlds differ, decisions do not."""

    inner: DecisionPoint
    decided: dict[DecisionRequest, Decision] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # What may be read of a type, by the type and how the principal stands to a row of it. One point, one principal.
    readable: dict[tuple[Any, ...], tuple[str, ...]] = field(default_factory=dict)
    # What an outcome shows of its past, by its line and the fields that may be read of it.
    pasts: dict[tuple[int, tuple[str, ...]], tuple[Line, list[tuple[str, Any]]]] = field(default_factory=dict)

    @property
    def bundle(self) -> Any:
        """The policy that is asked."""
        return self.inner.bundle

    @property
    def states(self) -> RecordStateTable:
        """The table of record states."""
        return self.inner.bundle.record_states

    def list_fields(self, type_name: str) -> tuple[str, ...]:
        """Every field of a type."""
        if type_name not in self.fields:
            prefix = f"{type_name}."
            self.fields[type_name] = tuple(sorted(each for each in self.bundle.leaf_fields if each.startswith(prefix)))
        return self.fields[type_name]

    def list_readable(self, oracle: Oracle, type_name: str, judge: Line) -> tuple[str, ...]:
        """The fields of a type that the oracle lets be read of a row judged by `judge`."""
        key = (type_name, *oracle.stand(judge))
        if key not in self.readable:
            self.readable[key] = tuple(each for each in self.list_fields(type_name) if oracle.reads(judge, each))
        return self.readable[key]

    def decide(self, request: DecisionRequest) -> Decision:
        """What Casbin says; fields of one class are asked for once, as no line of the policy tells them apart."""
        key = replace(request, field=self._name_class(request.field))
        if key not in self.decided:
            self.decided[key] = self.inner.decide(request)
        return self.decided[key]

    def _name_class(self, name: str) -> str:
        if not self.classes:
            told_apart = {rule.fields for rule in self.bundle.rules}
            links = self.bundle.field_classes.links
            self.classes.update({each: each if each in told_apart else wider for each, wider in links})
        return self.classes[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """A principal, and what is asked for him."""

    point: RememberingPoint
    asker: TwinAsker
    now: datetime
    # Whether his contract lets him ask as of a moment.
    tells_past: bool = False

    def consult(self, lines: Iterable[Line]) -> Oracle:
        """Who this principal is in a world, and what he may see there."""
        world = World(lines, self.now)
        who: Asker = world.name_asker(self.asker.order)
        return world.consult(cast(DecisionPoint, self.point), who)

    def describe(self, lines: Iterable[Line]) -> dict[str, View]:
        """Everything he can learn, by component."""
        oracle = self.consult(lines)
        plain = PlainRegistry(oracle)
        sight = Sight(oracle)
        found: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        for line in oracle.world.by_id.values():
            shown = self.describe_line(plain, line, sight)
            if shown:
                found[name_component(line)][f"{line['kind']}:{line['id']}"] = shown
        return dict(found)

    def describe_line(self, plain: PlainRegistry, line: Line, sight: Sight | None = None) -> Mapping[str, Any]:
        """What he can learn from one line, by field; nothing where he cannot see it."""
        kind = line["kind"]
        shown: dict[str, Any] = {}
        if kind in TYPE_OF_KIND:
            shown = self._describe_row(plain, line)
        elif kind not in TYPES and kind not in SHOWN_BY_NOTHING:
            # A kind that is new here: whatever it is, none of it may change.
            shown = {"whole": _freeze(line)}
        return {**shown, **(sight or Sight(plain.oracle)).describe(line)}

    def _describe_row(self, plain: PlainRegistry, line: Line) -> dict[str, Any]:
        type_name = TYPE_OF_KIND[line["kind"]]
        if not self.point.list_readable(plain.oracle, type_name, line):
            return {}
        try:
            item = plain.wrap(line)
        except KeyError:
            return {"whole": _freeze(line)}
        shown = self._describe_item(plain, item)
        # Moments tell when something was recorded: they are for those who may read just that.
        if line["kind"] == "outcome" and self.tells_past and plain.oracle.reads(line, RECORDED_FROM):
            shown["as of"] = self._describe_past(plain, line)
        return shown

    def _describe_past(self, plain: PlainRegistry, line: Line) -> list[tuple[str, Any]]:
        """What an outcome shows as of each moment of its past, from the moments at which it begins to show it.

        Who may read it is decided by how it stands now; whom and what else it leads to is told as things stand.
        """
        names = tuple(name.partition(".")[2] for name in self.point.list_readable(plain.oracle, "Outcome", line))
        key = (id(line), names)
        if key not in self.point.pasts or self.point.pasts[key][0] is not line:
            told = [(moment, self._tell_as_of(plain, line, moment, names)) for moment in list_moments([line])]
            self.point.pasts[key] = line, join_alike(told)
        return self.point.pasts[key][1]

    def _tell_as_of(
        self, plain: PlainRegistry, line: Line, moment: str, names: Iterable[str]
    ) -> Mapping[str, Any] | None:
        past = tell_past(line, moment)
        if past is None:
            return None
        item = Item(type_name="Outcome", line=past, judge=line, values=show_outcome(past))
        own = [name for name in names if name in item.values or ("Outcome", name) in HANGING]
        return {name: self._tell(plain, plain.read(item, name)) for name in own}

    def _describe_item(self, plain: PlainRegistry, item: Item) -> dict[str, Any]:
        names = self.point.list_fields(item.type_name)
        if item.judge is not None:
            names = self.point.list_readable(plain.oracle, item.type_name, item.judge)
        shown: dict[str, Any] = {}
        for name in names:
            try:
                shown[name] = self._tell(plain, plain.read(item, name.partition(".")[2]))
            except KeyError:
                shown[name] = _freeze(item.line)
        return shown

    def _tell(self, plain: PlainRegistry, value: Any) -> Any:
        if isinstance(value, Rows):
            return sorted(each.line["id"] for each in value.items)
        if isinstance(value, list):
            return [self._tell(plain, each) for each in value]
        if not isinstance(value, Item):
            return value
        if value.type_name in TYPE_OF_KIND.values() or value.judge is None:
            # A row of its own has a view of its own; here only that the link leads to it.
            return str(value.values["id"])
        return self._describe_item(plain, value)


def join_views(views: Mapping[str, View], components: Iterable[str]) -> dict[str, Any]:
    """What several components show together, by object: an object may pass from one to another unseen."""
    return {name: shown for component in sorted(components) for name, shown in views.get(component, {}).items()}


def name_component(line: Line) -> str:
    """What a line is about: an officer where it is about one, else itself."""
    if line["kind"] in {"stint", "certification", "outcome", "candidate_check", "consent"}:
        return str(line.get("officer", line["id"]))
    return str(line["id"])


def _freeze(line: Line) -> str:
    return json.dumps(strip(line), sort_keys=True)
