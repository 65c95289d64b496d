"""The same questions asked of compiled plans and of the simple executor, compared as text.

INVARIANT: what is compared is the whole `data`, keys in the order of the document; a difference is never excused.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from random import Random
from typing import Any
from uuid import UUID

from app.domain.vocabulary import Action, Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.schema.contracts import Contract
from app.storage.pools import ContextLapsed, Pools
from tests.properties.drawn_askers import DrawnAsker
from tests.properties.drawn_inputs import NOWHERE, Known
from tests.properties.drawn_reads import SMALL, Question, ReadDrawer, Size
from tests.properties.drawn_registry import DrawnRegistry
from tests.properties.question_coverage import Coverage
from tests.properties.shrinking import shrink
from tests.properties.stored_answers import StoredAnswers
from tests.properties.stored_objects import ENTITIES, TABLES, Stored, Values, show

Pair = tuple[Role, Purpose]
MOST_TURNS = 4
# How often a question is asked again with other values in its variables: a plan may only serve those it was made for.
VARIED = 0.4
_HISTORY = ("registry.outcome_versions", "registry.outcome_statuses", "registry.officer_statements")
_ID = re.compile(r"[A-Za-z]+:[0-9a-f-]{36}")
_OTHER_SUBJECTS = {"OutcomeFigures": "Outcome", "StintFigures": "Stint", "WanderingFigures": "Stint"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A question that was answered in two ways."""

    asker: DrawnAsker
    question: Question
    told: str
    due: str

    def describe(self) -> str:
        """All that is needed to ask again."""
        variables = json.dumps(dict(self.question.variables), sort_keys=True)
        return "\n".join(
            [
                f"asker:     {self.asker.name} ({self.asker.role})",
                f"document:  {self.question.text}",
                f"variables: {variables}",
                *(f"  differs  {line}" for line in list_differences(json.loads(self.told), json.loads(self.due))),
            ]
        )


@dataclass
class Seen:
    """What earlier answers gave to one asker: ids and cursors by type."""

    ids: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    cursors: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Differential:
    """Asks both, for every contract of a drawn registry; counts what was asked, by contract."""

    registry: DrawnRegistry
    pools: Pools
    counts: Counter[str] = field(default_factory=Counter)
    coverages: dict[Pair, Coverage] = field(default_factory=dict)
    valued: Counter[str] = field(default_factory=Counter)
    focus: frozenset[str] = frozenset()
    _simple: dict[DrawnAsker, StoredAnswers] = field(default_factory=dict)
    _seen: dict[DrawnAsker, Seen] = field(default_factory=lambda: defaultdict(Seen))

    def list_contracts(self) -> list[Pair]:
        """Every role and purpose that anyone of the registry asks in and may ask anything."""
        pairs = dict.fromkeys((asker.role, asker.purpose) for asker in self.registry.askers)
        return [pair for pair in pairs if self.registry.policy.find_grant(*pair).fields]

    def list_askers(self, pair: Pair) -> list[DrawnAsker]:
        """Who asks under a contract."""
        return [each for each in self.registry.askers if (each.role, each.purpose) == pair]

    def find_coverage(self, pair: Pair) -> Coverage:
        """What was asked under a contract."""
        if pair not in self.coverages:
            self.coverages[pair] = Coverage(self.find_contract(pair).schema)
        return self.coverages[pair]

    def find_contract(self, pair: Pair) -> Contract:
        """The contract of a role and purpose."""
        return self.registry.policy.find_contract(*pair)

    async def compare_drawn(self, pair: Pair, seed: str) -> list[Difference]:
        """Draw one question for someone of a contract, ask it, and turn its pages; what differs."""
        random = Random(seed)
        asker = random.choice(self.list_askers(pair))
        coverage = self.find_coverage(pair)
        public = asker.role is Role.PUBLIC
        size = SMALL if public else Size()
        drawer = ReadDrawer(random, coverage.schema, self._know(asker), coverage, size, self.focus)
        question = drawer.draw()
        found = await self.compare(asker, question)
        differences = [found] if isinstance(found, Difference) else []
        if question.turned and isinstance(found, Mapping):
            differences += await self._turn_pages(asker, question, found)
        varied = vary(question, random)
        if varied is not None and random.random() < VARIED:
            coverage.forms["the same document with other variables"] += 1
            found = await self.compare(asker, varied)
            differences += [found] if isinstance(found, Difference) else []
        return differences

    async def _turn_pages(self, asker: DrawnAsker, question: Question, answer: Mapping[str, Any]) -> list[Difference]:
        """Ask for page after page, each from the cursor that the one before gave."""
        forwards = "after: $cursor" in question.text
        for _ in range(MOST_TURNS):
            cursor = find_next(answer, forwards=forwards)
            if cursor is None:
                break
            variables = {**question.variables, question.turned or "": cursor}
            self.find_coverage((asker.role, asker.purpose)).forms["next page" if forwards else "previous page"] += 1
            found = await self.compare(asker, Question(text=question.text, variables=variables))
            if isinstance(found, Difference):
                return [found]
            if found is None:
                break
            answer = found
        return []

    async def compare(self, asker: DrawnAsker, question: Question) -> Difference | Mapping[str, Any] | None:
        """Ask both: what differs, or the answer of both; none where the question was refused as too large."""
        try:
            told = canonise(await self.ask(asker, question))
        except ProbityError as refused:
            if refused.code is ErrorCode.LIMIT_EXCEEDED:
                self.counts["refused as too large"] += 1
                return None
            told = json.dumps(f"refused: {refused.code}")
        except ContextLapsed as fault:
            told = json.dumps(f"refused by the database: {fault.__cause__}")
        due = canonise(json.dumps(self.find_simple(asker).answer(question.text, question.variables)))
        self.counts["compared"] += 1
        if told != due:
            return Difference(asker=asker, question=question, told=told, due=due)
        answer: Mapping[str, Any] = json.loads(due)
        pair = (asker.role, asker.purpose)
        self.find_coverage(pair).note(question.text, question.variables)
        self._remember(asker, answer)
        return answer

    async def shrink(self, found: Difference) -> Difference:
        """The same difference in the smallest question that still shows one."""
        kept = found

        async def differs(question: Question) -> bool:
            nonlocal kept
            again = await self.compare(found.asker, question)
            if isinstance(again, Difference):
                kept = again
            return isinstance(again, Difference)

        schema = self.find_contract((found.asker.role, found.asker.purpose)).schema
        await shrink(found.question, schema, differs)
        return kept

    async def ask(self, asker: DrawnAsker, question: Question) -> str:
        """The body that the compiled plan gives, row security on."""
        policy, pair = self.registry.policy, (asker.role, asker.purpose)
        prepared = policy.planner.prepare(
            question.text,
            None,
            question.variables,
            schema=self.find_contract(pair).schema,
            grant=policy.find_grant(*pair),
            counting=policy.find_grant(*pair, Action.AGGREGATE),
        )
        plan = prepared.plan
        assert plan is not None
        context = self.registry.sign(asker)
        values = plan.bind(prepared.variables, asker, self.registry.at, context)  # type: ignore[arg-type]
        async with self.pools.open_read(asker.login) as session:
            if plan.is_counting:
                found = await session.run_count(plan.sql, values, context)
            else:
                found = await session.run_plan(plan.sql, values)
        assert found.context_held, asker.name
        return found.body

    def find_simple(self, asker: DrawnAsker) -> StoredAnswers:
        """The simple executor for someone."""
        if asker not in self._simple:
            contract = self.find_contract((asker.role, asker.purpose))
            self._simple[asker] = StoredAnswers(self.registry.stand(asker), contract.sdl, self.valued)
        return self._simple[asker]

    def _remember(self, asker: DrawnAsker, answer: Any) -> None:
        seen = self._seen[asker]
        for text in list_texts(answer):
            try:
                raw = b64decode(text, validate=True)
            except ValueError:
                continue
            if len(raw) == 16:
                for name in self._types_of.get(UUID(bytes=raw), ()):
                    seen.cursors[name].append(text)
            elif _ID.fullmatch(raw.decode("latin-1")):
                name, _, key = raw.decode().partition(":")
                seen.ids[name].append(UUID(key))

    def _know(self, asker: DrawnAsker) -> Known:
        seen = self._seen[asker]
        return Known(
            ids=self._ids,
            seen=seen.ids,
            cursors=seen.cursors,
            values=self._find_value,
            moments=self._moments,
            oris=self._oris,
        )

    @cached_property
    def _ids(self) -> dict[str, list[UUID]]:
        facts = self.registry.facts
        found: dict[str, list[UUID]] = {}
        for name in ENTITIES:
            column = "analyst_id" if name == "AnalystRow" else "id"
            rows = facts.rows[TABLES[name]]
            found[name] = [row[column] for row in (rows[:40] if name == "Jurisdiction" else rows)] or [NOWHERE]
        return found

    @cached_property
    def _types_of(self) -> dict[UUID, list[str]]:
        found: dict[UUID, list[str]] = defaultdict(list)
        for name, ids in self._ids.items():
            for each in ids:
                found[each].append(name)
        return found

    @cached_property
    def _oris(self) -> list[str]:
        return [*(row["ori"] for row in self.registry.facts.rows["registry.agency_oris"]), "WA0000000"]

    @cached_property
    def _moments(self) -> list[str]:
        """Moments at which something changed, just before and after, and long ago; with one zone and another."""
        at = self.registry.at
        spans = [row["recorded"] for name in _HISTORY for row in self.registry.facts.rows[name]]
        begun = sorted({each.lower for each in spans})
        ended = sorted({each.upper for each in spans if each.upper is not None})
        # When much was on record already, and seldom when little was.
        some = [*begun[:: max(1, len(begun) // 10)], *ended[:: max(1, len(ended) // 30)]]
        found = [each + timedelta(microseconds=step) for each in some for step in (-1, 0, 1)]
        found += [at, at - timedelta(days=5000), at + timedelta(days=30), at - timedelta(days=30)]
        return [each.isoformat() for each in found] + [at.isoformat().replace("+00:00", "Z")]

    def _find_value(self, owner: str, name: str, random: Random) -> Any:
        """A stored value of a field, as a question would name it."""
        type_name = _OTHER_SUBJECTS.get(owner, owner)
        if type_name != owner:
            return None
        rows = self.registry.facts.rows[TABLES[type_name]]
        row = random.choice(rows)
        item = Stored(type_name=type_name, row=row, judge=(ENTITIES[type_name], row))
        return show(Values(self.registry.facts).read(item, name))


def find_next(answer: Mapping[str, Any], *, forwards: bool) -> str | None:
    """The cursor from which the page after (or before) the one told begins; none where there is none."""
    (told,) = answer.values()
    if told is None:
        return None
    more, end = ("hasNextPage", "endCursor") if forwards else ("hasPreviousPage", "startCursor")
    found: str | None = told["pageInfo"][end] if told["pageInfo"][more] else None
    return found


def vary(question: Question, random: Random) -> Question | None:
    """The same document with other values in its variables, such as make another statement; none where it has none."""
    varied = {name: other for name, each in question.variables.items() if (other := _vary(each, random)) is not None}
    if not varied:
        return None
    return Question(text=question.text, variables={**question.variables, **varied})


def _vary(value: Any, random: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return random.choice([each for each in range(5) if each != value])
    if isinstance(value, dict) and "direction" in value:
        return {**value, "direction": "DESC" if value["direction"] == "ASC" else "ASC"}
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [*value, value[0]]
    return None


def list_texts(value: Any) -> Sequence[str]:
    """Every text in an answer."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in list_texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in list_texts(each)]
    return [value] if isinstance(value, str) else []


def canonise(text: str) -> str:
    """A body without spaces; keys stay in their order, a key told twice is refused, figures are told to nine digits."""
    told = json.loads(text, object_pairs_hook=_require_keys, parse_float=_round)
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def _require_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    assert len(found) == len(pairs), "a key is told twice"
    return found


def _round(text: str) -> float | int:
    value = float(f"{float(text):.9g}")
    return int(value) if value.is_integer() else value


def list_differences(told: Any, due: Any, path: str = "") -> list[str]:
    """Where two answers differ, first the told value, then the one that was due."""
    if isinstance(told, dict) and isinstance(due, dict) and list(told) == list(due):
        return [line for name in told for line in list_differences(told[name], due[name], f"{path}.{name}")]
    if isinstance(told, list) and isinstance(due, list) and len(told) == len(due):
        pairs = enumerate(zip(told, due, strict=True))
        return [line for place, (one, two) in pairs for line in list_differences(one, two, f"{path}[{place}]")]
    return [] if told == due else [f"{path}: told {json.dumps(told)[:300]} | due {json.dumps(due)[:300]}"]
