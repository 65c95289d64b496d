"""Nobody's answers change by a byte with what he may not see: status, headers and body, for every role and purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from random import Random

import httpx
import pytest

from app.domain.vocabulary import Role
from tests.noninterference.comparing import FAILED, FEWEST_IN_HIDDEN, FEWEST_IN_VISIBLE, Comparison, Figures
from tests.noninterference.contract_coverage import classify, list_parts
from tests.noninterference.leak_hunts import shrink_difference
from tests.noninterference.principals import TwinAsker, list_askers
from tests.noninterference.registries import Yard
from tests.noninterference.stage import Stage
from tests.noninterference.twin_worlds import NotATwin, apply_changes, make_visible_twin, require_equal_views
from tests.noninterference.uvicorn_pairs import connect_sockets

QUICK_CASES, PARTS_A_CASE, LONG_CASES = 4, 60, 250
FEWEST_ANSWERED, FEWEST_WITH_ROWS, FEWEST_NEAR = 0.6, 0.25, 0.4
# Operators are many; each of them is used in the long profile.
MOST_UNUSED = {"field": 0.25, "operator": 0.5, "order": 0.25}
MOST_FOR_A_VISIBLE_CHANGE = 150
SHOWN_QUICKLY = ("public.public", "records_officer.records")


@pytest.fixture(scope="module")
def runs() -> Iterator[list[Figures]]:
    """The figures of the quick runs, one a principal."""
    yield []


async def run_twins(
    yard: Yard, stage: Stage, asker: TwinAsker, cases: int, *, extra: bool, elsewhere: frozenset[str] = frozenset()
) -> Figures:
    """Compare the two registries; a difference is told by its smallest question."""
    twin = stage.hide(asker)
    async with yard.open_twins(twin.lines, twin.other, asker) as twins:
        comparison = Comparison(twins, twin, stage.seed, elsewhere=elsewhere)
        comparison.drawer.eager = not extra
        figures = await comparison.run(cases, stop_at_difference=True, extra=extra)
        print(figures.tell())
        if figures.differences:
            pytest.fail((await shrink_difference(twins, figures.differences[0])).tell())
    return figures


async def test_no_answer_to_any_role_depends_on_what_it_may_not_see(
    yard: Yard, stage: Stage, runs: list[Figures]
) -> None:
    for asker in stage.askers:
        elsewhere = frozenset(part for each in runs for part in each.coverage.used)
        # More questions of a contract in which much is new.
        parts = list_parts(stage.policy.find_contract(asker.role, asker.purpose).schema)
        cases = QUICK_CASES + len(parts - elsewhere) // PARTS_A_CASE
        runs.append(await run_twins(yard, stage, asker, cases, extra=False, elsewhere=elsewhere))


def test_the_quick_runs_came_near_what_was_hidden(runs: list[Figures]) -> None:
    asked = sum(each.counted["asked"] for each in runs)
    answered, rows, near = (
        sum(each.counted[name] for each in runs) / asked for name in ("answered", "with rows", "near hidden")
    )
    print(f"asked {asked}; answered {answered:.0%}, with rows {rows:.0%}, near hidden changes {near:.0%}")
    assert answered > FEWEST_ANSWERED
    assert rows > FEWEST_WITH_ROWS
    assert near > FEWEST_NEAR
    for each in runs:
        assert each.counted["with rows"] > 0, each.asker
        assert each.counted[FAILED] == 0, each.asker
        assert each.twin.in_hidden_rows > FEWEST_IN_HIDDEN, each.asker
    assert sum(each.twin.in_visible_rows > FEWEST_IN_VISIBLE for each in runs) > len(runs) // 2


def test_the_quick_runs_used_most_of_every_contract(runs: list[Figures]) -> None:
    """Between them: each alone is asked for the whole of its contract in the long profile."""
    parts = frozenset(part for each in runs for part in each.coverage.parts)
    used = frozenset(part for each in runs for part in each.coverage.used)
    for kind, most in MOST_UNUSED.items():
        wanted = {part for part in parts if classify(part) == kind}
        missing = sorted(wanted - used)
        print(f"{kind}s used: {len(wanted & used)} of {len(wanted)}; not in the quick profile: {', '.join(missing)}")
        assert len(missing) < most * len(wanted)


@pytest.mark.long
async def test_every_part_of_every_contract_is_used_and_tells_nothing_hidden(yard: Yard, stage: Stage) -> None:
    for asker in stage.askers:
        figures = await run_twins(yard, stage, asker, LONG_CASES, extra=True)
        assert figures.list_shortcomings() == [], asker.name


def test_every_pair_of_role_and_purpose_has_a_principal(stage: Stage) -> None:
    pairs = stage.policy.list_pairs()
    askers = list_askers(pairs)
    assert [(each.role, each.purpose) for each in askers] == list(pairs)
    assert [each.name for each in askers if each.order is None] == [f"{Role.PUBLIC}.{Role.PUBLIC}"]


def test_a_twin_that_looks_different_is_no_twin(stage: Stage) -> None:
    asker = stage.find("records_officer.records")
    observer = stage.observe(asker)
    visible = make_visible_twin(observer, stage.lines, Random("visible"))
    assert len(visible.changes) > 5
    before = observer.describe(stage.lines)
    # One visible change at a time: none of them may pass for a hidden one.
    for change in visible.changes[:8]:
        with pytest.raises(NotATwin):
            require_equal_views(before, observer.describe(apply_changes(stage.lines, [change])))


def test_the_same_seed_makes_the_same_twin(stage: Stage) -> None:
    asker = stage.find("post_officer.certification")
    assert stage.hide(asker) == stage.hide_anew(asker)


async def find_blind(yard: Yard, stage: Stage, askers: Sequence[TwinAsker]) -> list[str]:
    """Principals to whom a change that they may see showed in no answer."""
    blind = []
    for asker in askers:
        twin = stage.show(asker)
        async with yard.open_twins(twin.lines, twin.other, asker) as twins:
            figures = await Comparison(twins, twin, stage.seed).run(
                MOST_FOR_A_VISIBLE_CHANGE, stop_at_difference=True, extra=False
            )
        print(f"{asker.name:34} sees one of {len(twin.changes)} changes after {figures.counted['asked']} questions")
        if not figures.differences:
            blind.append(asker.name)
    return blind


async def test_a_change_that_a_role_may_see_shows_in_some_answer(yard: Yard, stage: Stage) -> None:
    assert await find_blind(yard, stage, [stage.find(name) for name in SHOWN_QUICKLY]) == []


@pytest.mark.long
async def test_a_change_that_any_role_may_see_shows_in_some_answer(yard: Yard, stage: Stage) -> None:
    assert await find_blind(yard, stage, stage.askers) == []


async def test_over_sockets_the_whole_answers_are_the_same_too(yard: Yard, stage: Stage) -> None:
    asker = stage.find("records_officer.records")
    twin = stage.hide(asker)
    async with yard.open_twins(twin.lines, twin.other, asker) as opened, connect_sockets(opened) as twins:
        figures = await Comparison(twins, twin, "sockets").run(8, stop_at_difference=True, extra=False)
        assert [each.tell() for each in figures.differences] == []
        assert figures.counted["answered"] > 3
        left, right = await twins.ask(Comparison(twins, twin, "date").drawer.draw_read().send_as())
        assert left == right
        assert b"date" in {name.lower() for name, _ in left.headers}
        assert isinstance(twins.left.client, httpx.AsyncClient)
        assert json.loads(left.body)
