"""The twin of a world for one principal: it differs wherever he may not look, and nowhere that he may.

INVARIANT: a twin is only ever given out after the whole view of both worlds was found equal, field by field.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.noninterference.base_world import sort_lines
from tests.noninterference.hidden_changes import Change, Changer, Channel
from tests.noninterference.past import restate
from tests.noninterference.sight import Sight, list_node_ids
from tests.noninterference.varied_values import Varier
from tests.noninterference.views import Observer, View, join_views, name_component
from tests.properties.plain_registry import PlainRegistry

Line = dict[str, Any]


DRAWN, VARIED_SEEN, VARIED_UNSEEN = 170, 150, 150
_WITH_VALUES = frozenset(
    {
        "outcome", "officer", "candidate_check", "agency", "certification", "stint", "notice", "disclosure",
        "agency_credential", "grant_eligibility", "period_report", "attestation", "reliance_task",
    }
)  # fmt: skip


class NotATwin(AssertionError):
    """The two worlds do not look the same to the principal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """Two worlds, the changes between them, and what only one of them holds."""

    lines: Sequence[Line]
    other: Sequence[Line]
    changes: Sequence[Change]
    in_visible_rows: int
    in_hidden_rows: int
    by_channel: Mapping[Channel, int]
    # Values by the name of the contract's field, and keys by type, that a change touched: what a leak could tell.
    touched_values: Mapping[str, frozenset[Any]]
    touched_ids: Mapping[str, frozenset[str]]
    one_sided_ids: frozenset[str]

    def list_touched(self, kind: str) -> list[Line]:
        """The lines of a kind, of either world, that are not the same in the other."""
        sides = [{line["id"]: line for line in side if line["kind"] == kind} for side in (self.lines, self.other)]
        return [line for one, other in (sides, sides[::-1]) for key, line in one.items() if other.get(key) != line]


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A world while changes are made to it, one a component."""

    lines: dict[str, Line]
    rest: list[Line]
    changed: set[str] = field(default_factory=set)

    def list_lines(self) -> list[Line]:
        return sort_lines([*self.lines.values(), *self.rest])


def make_hidden_twin(observer: Observer, lines: Sequence[Line], random: Random) -> Twin:
    """A twin that differs in much that is hidden: rows, states, links and rights first, then values one by one."""
    before = observer.describe(lines)
    drawn = _keep_apart(_begin_changes(observer, lines, random).draw_many(DRAWN))
    after = observer.describe(apply_changes(lines, drawn))
    taken = [change for change in drawn if not _touches(change, before, after)]
    current, taken, _ = _settle(observer, lines, taken, before)
    added = list(_begin_changes(observer, current, random).add_outcomes())
    after = observer.describe(apply_changes(current, added))
    taken += [change for change in added if not _touches(change, before, after)]
    current, taken, _ = _settle(observer, lines, taken, before)
    # Each looks the same by itself; what it does to rows beside it is seen here.
    current, values, after = _settle(observer, current, list(_hide_values(observer, current, random)), before)
    require_equal_views(before, after)
    return _describe_twin(observer, lines, current, [*taken, *values])


def make_visible_twin(observer: Observer, lines: Sequence[Line], random: Random) -> Twin:
    """A twin that differs in something the principal sees: the contrary, by which the comparison itself is tested."""
    before = observer.describe(lines)
    drawn = _keep_apart(_begin_changes(observer, lines, random).draw_many(DRAWN))
    after = observer.describe(apply_changes(lines, drawn))
    taken = [change for change in drawn if _touches(change, before, after)]
    return _describe_twin(observer, lines, apply_changes(lines, taken), taken)


def _begin_changes(observer: Observer, lines: Sequence[Line], random: Random) -> Changer:
    return Changer(random, lines, observer.now, keep=frozenset(_list_own_accounts(lines)))


def _touches(change: Change, before: Mapping[str, View], after: Mapping[str, View]) -> bool:
    return join_views(before, change.components) != join_views(after, change.components)


def _settle(
    observer: Observer, lines: Sequence[Line], taken: list[Change], before: Mapping[str, View]
) -> tuple[list[Line], list[Change], dict[str, View]]:
    """Take back what shows after all: changes were judged beside others that have been taken back since."""
    for _ in range(5):
        current = apply_changes(lines, taken)
        after = observer.describe(current)
        left = [change for change in taken if not _touches(change, before, after)]
        if len(left) == len(taken):
            return current, taken, after
        taken = left
    raise NotATwin("changes keep uncovering each other")


def _hide_values(observer: Observer, lines: Sequence[Line], random: Random) -> Iterable[Change]:
    """Values of rows changed one by one as long as the row looks the same: visible rows first, then hidden ones."""
    plain = PlainRegistry(observer.consult(lines))
    sight = Sight(plain.oracle)
    varier = Varier(random, observer.now, [line["id"] for line in lines if line["kind"] == "officer"])
    shown = {line["id"]: observer.describe_line(plain, line, sight) for line in lines if "id" in line}
    rows = [line for line in lines if line["kind"] in _WITH_VALUES]
    random.shuffle(rows)
    seen = [line for line in rows if shown[line["id"]]][:VARIED_SEEN]
    unseen = [line for line in rows if not shown[line["id"]]][:VARIED_UNSEEN]
    for line in (*seen, *unseen):
        current = line
        for varied in varier.draw_values(line):
            # Each differs from the line in one member; those that do not show are put together.
            changed = {key: value for key, value in varied.items() if line.get(key) != value}
            joined = _join(current, line, changed)
            if changed and _looks_alike(observer, sight, line, joined, shown[line["id"]]):
                current = joined
        if current != line:
            yield Change(channel=Channel.VALUE, put=(current,), components=frozenset({name_component(line)}))
    yield from _hide_matters(plain, varier, lines, random)


def _looks_alike(observer: Observer, sight: Sight, line: Line, changed: Line, shown: Mapping[str, Any]) -> bool:
    """Whether a changed row is in the state that it was in, so that it moves nothing else, and looks the same."""
    oracle = sight.oracle
    if line["kind"] == "outcome" and oracle._find_state(changed) is not oracle.stand(line)[1]:
        return False
    return observer.describe_line(PlainRegistry(oracle), changed, sight) == shown


def _join(current: Line, line: Line, changed: Line) -> Line:
    """The line as changed so far with one more change; two changes of one content stand side by side."""
    joined = {**current, **changed}
    if "versions" in changed and current["versions"] != line["versions"]:
        versions = zip(current["versions"], line["versions"], changed["versions"], strict=True)
        joined["versions"] = [_join_version(*each) for each in versions]
    return restate(joined) if joined["kind"] == "outcome" else joined


def _join_version(current: Line, line: Line, changed: Line) -> Line:
    joined = {**current, **{key: each for key, each in changed.items() if line.get(key) != each}}
    if "content" in joined:
        own = {key: each for key, each in changed["content"].items() if line["content"].get(key) != each}
        joined["content"] = {**current["content"], **own}
    return joined


def _hide_matters(plain: PlainRegistry, varier: Varier, lines: Sequence[Line], random: Random) -> Iterable[Change]:
    """The matters behind outcomes of which the matter may not be read."""
    for line in lines:
        if line["kind"] == "outcome" and not plain.oracle.reads(line, "Outcome.matter") and random.random() < 0.4:
            matter = varier.vary_matter(plain.oracle.world.by_id[line["matter"]])
            yield Change(channel=Channel.VALUE, put=(matter,), components=frozenset({name_component(line)}))


def require_equal_views(one: Mapping[str, View], other: Mapping[str, View]) -> None:
    """Raise `NotATwin` unless both are the same, object by object and field by field."""
    objects = [join_views(views, views) for views in (one, other)]
    differing = [name for name in {*objects[0], *objects[1]} if objects[0].get(name) != objects[1].get(name)]
    if differing:
        raise NotATwin(f"{len(differing)} objects look different: {sorted(differing)[:5]}")


def apply_changes(lines: Sequence[Line], changes: Iterable[Change]) -> list[Line]:
    """The lines after the changes."""
    draft = _Draft(
        lines={line["id"]: line for line in lines if "id" in line}, rest=[line for line in lines if "id" not in line]
    )
    for change in changes:
        for line_id in change.taken:
            draft.lines.pop(line_id, None)
        for line in change.put:
            draft.lines[line["id"]] = line
    return draft.list_lines()


def _keep_apart(changes: Iterable[Change]) -> list[Change]:
    """At most one change a component and line, so that each can be judged by itself."""
    used: set[str] = set()
    found = []
    for change in changes:
        marks = _list_marks(change)
        if not marks & used:
            used |= marks
            found.append(change)
    return found


def _list_marks(change: Change) -> set[str]:
    return {*change.components, *change.taken, *(line["id"] for line in change.put)}


def _list_own_accounts(lines: Iterable[Line]) -> Iterable[str]:
    return (line["account"] for line in lines if line["kind"] == "grant" and line["account"].startswith("asks-as-"))


def _describe_twin(observer: Observer, lines: Sequence[Line], other: Sequence[Line], taken: Sequence[Change]) -> Twin:
    sides = [{line["id"]: line for line in side if "id" in line} for side in (lines, other)]
    plain = PlainRegistry(observer.consult(lines))
    sight = Sight(plain.oracle)
    values: dict[str, set[Any]] = defaultdict(set)
    ids: dict[str, set[str]] = defaultdict(set)
    differing = [each for each in {*sides[0], *sides[1]} if sides[0].get(each) != sides[1].get(each)]
    in_visible = 0
    for line_id in sorted(differing):
        pair = [side.get(line_id) for side in sides]
        for line in pair:
            for type_name, key in list_node_ids(line) if line else ():
                ids[type_name].add(key)
        _collect_values(pair, values)
        both = pair[0] is not None and pair[1] is not None
        in_visible += both and bool(observer.describe_line(plain, pair[0] or {}, sight))
    return Twin(
        lines=lines,
        other=other,
        changes=taken,
        in_visible_rows=in_visible,
        in_hidden_rows=len(differing) - in_visible,
        by_channel=Counter(change.channel for change in taken),
        touched_values={name: frozenset(found) for name, found in values.items()},
        touched_ids={name: frozenset(found) for name, found in ids.items()},
        one_sided_ids=frozenset(_list_keys(sides[0]) ^ _list_keys(sides[1])),
    )


def _list_keys(side: Mapping[str, Line]) -> set[str]:
    return {key for line in side.values() for _, key in list_node_ids(line)}


# Keys of a world's line that the contract calls otherwise.
_CONTRACT_NAMES = {
    "outcome_kind": "kind", "check_kind": "kind", "family": "familyName", "given": "givenName", "from": "fromDate",
    "to": "toDate", "state": "stateCode", "agency_kind": "kind",
}  # fmt: skip


def _collect_values(pair: Sequence[Line | None], values: dict[str, set[Any]]) -> None:
    """Scalars that one of the two lines holds and the other does not hold in the same place."""
    flat = [dict(_flatten(line)) if line else {} for line in pair]
    for one, other in (flat, flat[::-1]):
        for path, value in one.items():
            if other.get(path) != value:
                values[_spell(path)].add(value)


def _flatten(value: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flatten(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _flatten(each, f"{path}[{place}]")
    elif isinstance(value, str | int | bool):
        yield path, value


def flatten_named(line: Line) -> Iterable[tuple[str, Any]]:
    """The scalars of a line under the names that the contract has for them."""
    return ((_spell(path), value) for path, value in _flatten(line))


def _spell(path: str) -> str:
    name = path.rpartition(".")[2].partition("[")[0]
    first, *others = _CONTRACT_NAMES.get(name, name).split("_")
    return first + "".join(each.capitalize() for each in others)
