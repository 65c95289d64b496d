"""A run: questions drawn, sent to both registries, compared byte for byte, and what came of it counted.

INVARIANT: a run that came near nothing hidden, or got no rows, or left parts of the contract unused, is no pass.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import GraphQLSchema

from tests.noninterference.contract_coverage import Coverage, bare, list_parts
from tests.noninterference.drawing import Drawer
from tests.noninterference.past import list_moments
from tests.noninterference.questions import Pool, Question
from tests.noninterference.registries import EXPORTS, Exchange, TwinRegistries
from tests.noninterference.sight import list_node_ids
from tests.noninterference.twin_worlds import Twin, flatten_named
from tests.properties.plain_rows import encode_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A question that the two registries answered differently."""

    question: Question
    left: Exchange
    right: Exchange

    def tell(self) -> str:
        """What was asked and both answers."""
        shown = [f"{each.status} {dict(each.headers)!r}\n  {each.body.decode()}" for each in (self.left, self.right)]
        asked = (
            f"{self.question.method} {self.question.document}\n  variables {json.dumps(dict(self.question.variables))}"
        )
        return f"{asked}\nleft  {shown[0]}\nright {shown[1]}"


@dataclass(slots=True, kw_only=True)
class Figures:
    """What a run did."""

    asker: str
    twin: Twin
    coverage: Coverage
    counted: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def tell(self) -> str:
        """One line for a table."""
        counted = self.counted
        used = [f"{kind}s {'/'.join(map(str, self.coverage.count(kind)))}" for kind in ("field", "operator", "order")]
        return (
            f"{self.asker:34} asked {counted['asked']:5}  answered {counted['answered']:5}  with rows "
            f"{counted['with rows']:5}  refused {counted['refused']:4}  commands {counted['commands']:3}  near "
            f"{counted['near hidden']:5}  hidden changes {self.twin.in_visible_rows:3} in visible rows "
            f"{self.twin.in_hidden_rows:4} in hidden  {'  '.join(used)}  differences {len(self.differences)}"
        )

    def list_shortcomings(self) -> list[str]:
        """Why the run proves too little, if it does."""
        counted = self.counted
        faults = []
        if counted["with rows"] < 0.25 * counted["asked"]:
            faults.append("too few answers had rows")
        if counted["answered"] < 0.6 * counted["asked"]:
            faults.append("too many questions were refused")
        if counted["near hidden"] < 0.25 * counted["asked"]:
            faults.append("too few questions came near a hidden change")
        if counted[FAILED]:
            faults.append("questions made the application fail, on both sides alike")
        if self.twin.in_visible_rows < FEWEST_IN_VISIBLE:
            faults.append("too few hidden changes lie in visible rows")
        if self.twin.in_hidden_rows < FEWEST_IN_HIDDEN:
            faults.append("too few hidden changes lie in hidden rows")
        if unused := self.list_unused():
            faults.append(f"no answered question used: {', '.join(unused)}")
        return faults

    def list_unused(self) -> list[str]:
        """Readable fields, filter operators, orders, arguments and forms that no answered question used."""
        return self.coverage.list_unused()


FAILED = "refused as INTERNAL"
FEWEST_IN_VISIBLE, FEWEST_IN_HIDDEN = 20, 150
MOST_EXTRA = 120
FEWEST_WITH_ROWS, MOST_FOR_ROWS = 1, 20
SAMPLED = 40


def fill_pool(twin: Twin) -> Pool:
    """Ids and values of both worlds."""
    ids: dict[str, list[str]] = defaultdict(list)
    values: dict[str, set[Any]] = {}
    type_of_key: dict[str, str] = {}
    sampled: Counter[str] = Counter()
    for line in (*twin.lines, *twin.other):
        for name, key in list_node_ids(line):
            # A cursor tells a key and no type: the first type is the one that lists are of.
            type_of_key.setdefault(key, name)
            ids[name].append(encode_id(name, key))
        sampled[line["kind"]] += 1
        if sampled[line["kind"]] > SAMPLED:
            continue
        for name, value in flatten_named(line):
            values.setdefault(name, set()).add(value)
    others = [encode_id("Export", str(key)) for key in EXPORTS]
    ids["Export"] += others
    touched = {name: sorted(encode_id(name, key) for key in found) for name, found in twin.touched_ids.items()}
    # What stands on one side alone is named most: it is what an answer could tell apart.
    for name, found in twin.touched_ids.items():
        touched[name] += sorted(encode_id(name, key) for key in found & twin.one_sided_ids) * 4
    touched["Export"] = others
    return Pool(
        ids=dict(ids),
        touched_ids=touched,
        values={name: sorted(found, key=repr) for name, found in values.items()},
        touched_values={name: sorted(found, key=repr) for name, found in twin.touched_values.items()},
        moments=list_moments(each for each in (*twin.lines, *twin.other) if each["kind"] == "outcome"),
        touched_moments=list_moments(twin.list_touched("outcome")),
        type_of_key=type_of_key,
    )


class Comparison:
    """Asks both registries as one principal, question after question."""

    def __init__(
        self, twins: TwinRegistries, twin: Twin, seed: str, *, elsewhere: frozenset[str] = frozenset()
    ) -> None:
        asker = twins.asker
        contract = twins.policy.find_contract(asker.role, asker.purpose)
        whole: GraphQLSchema = twins.policy.schema
        self.twins = twins
        self.figures = Figures(
            asker=asker.name, twin=twin, coverage=Coverage(list_parts(contract.schema), elsewhere=elsewhere)
        )
        self._pool = fill_pool(twin)
        self._marks = _mark_hidden(twin)
        self._of_commands = _list_command_types(contract.schema)
        self.drawer = Drawer(
            Random(f"{seed} {asker.name}"),
            contract.schema,
            whole,
            self._pool,
            self.figures.coverage,
            small=asker.order is None,
        )

    async def run(
        self,
        cases: int,
        *,
        stop_at_difference: bool = False,
        extra: bool = True,
        commands_alone: bool = False,
        roots: tuple[str, ...] = (),
        progress: Callable[[int], None] | None = None,
    ) -> Figures:
        """Ask so many questions; with `extra` more, until every part of the contract has been used or too many more.

        `roots` are the root fields to begin at, if not all.
        """
        self.drawer.roots = roots
        for number in range(cases):
            await self.compare(self.drawer.draw_command() if commands_alone else self.drawer.draw())
            if progress:
                progress(number + 1)
            if stop_at_difference and self.figures.differences:
                return self.figures
        self.drawer.eager = False
        for _ in range(MOST_FOR_ROWS):
            if self.figures.differences or self.figures.counted["with rows"] >= FEWEST_WITH_ROWS:
                break
            await self.compare(self.drawer.draw_read())
        self.drawer.eager = True
        for _ in range(MOST_EXTRA if extra else 0):
            unused = self.figures.coverage.list_unused()
            if not unused:
                break
            await self.compare(self._draw_for(unused))
        return self.figures

    def _draw_for(self, unused: Sequence[str]) -> Question:
        """A question that may use something of what is unused."""
        if "form: introspection" in unused:
            return self.drawer.draw_introspection()
        owners = {each.partition(".")[0] for each in unused}
        if owners & self._of_commands and self.drawer.has_commands:
            return self.drawer.draw_command()
        return self.drawer.draw_read()

    async def compare(self, question: Question) -> bool:
        """Ask one question of both; whether the answers were the same."""
        left, right = await self.twins.ask(question.send_as())
        self._count(question, left)
        if left == right:
            return True
        self.figures.differences.append(Difference(question=question, left=left, right=right))
        return False

    def _count(self, question: Question, answer: Exchange) -> None:
        counted = self.figures.counted
        counted["asked"] += 1
        counted[question.kind] += 1
        told = json.loads(answer.body)
        asked = question.document + json.dumps(dict(question.variables))
        counted["near hidden"] += any(mark in asked for mark in self._marks) or _names_lists(question)
        if answer.status != 200 or "errors" in told:
            counted["refused"] += 1
            counted[f"refused as {told['errors'][0]['extensions']['code']}"] += 1
            return
        counted["answered"] += 1
        counted["commands"] += question.kind == "command"
        counted["with rows"] += _has_rows(told["data"])
        self.figures.coverage.use(question.parts)
        self._pool.learn(told["data"])


def _list_command_types(schema: GraphQLSchema) -> frozenset[str]:
    """The types that only commands use: what they take, and what they answer with."""
    commands = schema.mutation_type.fields.values() if schema.mutation_type else ()
    taken = {bare(each.type).name for command in commands for each in command.args.values()}
    answered = {each.name for command in commands for each in getattr(bare(command.type), "types", ())}
    return frozenset({"Mutation", *taken, *answered})


def _mark_hidden(twin: Twin) -> frozenset[str]:
    """Texts in a question that name what only one of the worlds holds."""
    marks = {encode_id(name, each) for name, found in twin.touched_ids.items() for each in found}
    texts = (each for found in twin.touched_values.values() for each in found)
    return frozenset(marks | {f'"{each}"' for each in texts if isinstance(each, str) and len(each) > 1})


def _names_lists(question: Question) -> bool:
    """Whether a question filters or sorts a list, in which hidden changes of every row are compared."""
    return any("(filter)" in part or "(orderBy)" in part for part in question.parts)


def _has_rows(data: Any) -> bool:
    """Whether some list of objects is not empty, or some single object tells anything."""
    if isinstance(data, dict):
        return any(_has_rows(value) or (key not in _NO_ROWS and _is_told(value)) for key, value in data.items())
    if isinstance(data, list):
        return any(isinstance(each, dict) for each in data)
    return False


_NO_ROWS = frozenset({"__typename", "totalCount", "hasNextPage", "hasPreviousPage"})


def _is_told(value: Any) -> bool:
    return value is not None and not isinstance(value, dict | list)


def count_all(figures: Iterable[Figures]) -> Counter[str]:
    """The sums over several runs."""
    total: Counter[str] = Counter()
    for each in figures:
        total.update(each.counted)
        total["in visible rows"] += each.twin.in_visible_rows
        total["in hidden rows"] += each.twin.in_hidden_rows
    return total
