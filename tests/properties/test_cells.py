"""Every cell of every answer against Casbin, asked field by field: a row shows exactly what policy allows of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from app.errors import ErrorCode, ProbityError
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS, EACH_ASKER
from tests.properties.everything import ask_everything, list_fields
from tests.properties.oracle import TYPE_OF_KIND, Line, World
from tests.properties.plain_registry import HANGING, Item, PlainRegistry, Rows

KINDS = ("outcome", "officer", "stint", "certification", "candidate_check", "consent", "notice", "grant", "agency")
FEWEST = {"shown": 4_500, "hidden": 40_000, "masked in a visible row": 1_500}


@pytest.fixture(scope="module")
def counted() -> Iterator[Counter[str]]:
    """The cells compared, over all askers."""
    yield Counter()


def expect(plain: PlainRegistry, schema: Any, item: Item) -> Line:
    """What the oracle says an object shows."""
    shown: Line = {}
    for name in list_fields(schema, item.type_name):
        value = plain.read(item, name)
        if isinstance(value, Item):
            entity = value.type_name in TYPE_OF_KIND.values() or value.type_name == "Jurisdiction"
            value = {"id": value.values["id"]} if entity else expect(plain, schema, value)
        elif isinstance(value, list):
            value = [expect(plain, schema, each) if isinstance(each, Item) else each for each in value]
        shown[name] = value
    return shown


def count_cells(plain: PlainRegistry, item: Item, fields: Sequence[str], counted: Counter[str]) -> None:
    """Count the cells that hold something, by whether they may be seen."""
    for name in fields:
        key = (item.type_name, name)
        held = item.values[name] if name in item.values else (key in HANGING and HANGING[key][1](item.line))
        if held not in (None, [], False):
            if plain.oracle.reads(item.line, f"{item.type_name}.{name}"):
                counted["shown"] += 1
            else:
                counted["masked in a visible row" if plain.oracle.sees(item.line) else "hidden"] += 1


@pytest.mark.parametrize("person", EACH_ASKER)
async def test_a_row_shows_exactly_the_fields_that_casbin_allows(
    person: str, shared: RunningRegistry, world: World, counted: Counter[str]
) -> None:
    policy = shared.pipeline.policy
    asker = world.name_asker(ASKERS[person])
    plain = PlainRegistry(world.consult(policy.point, asker))
    schema = policy.find_contract(asker.role, asker.purpose).schema
    for kind in KINDS:
        type_name = TYPE_OF_KIND[kind]
        lines = world.list_some(kind)
        await require_contract(shared, plain, schema, person, type_name, lines)
        prefix = f"{type_name}."
        every_field = [name.removeprefix(prefix) for name in policy.point.bundle.leaf_fields if name.startswith(prefix)]
        for line in lines:
            count_cells(plain, plain.wrap(line), every_field, counted)
        if type_name not in schema.type_map:
            continue
        document = ask_everything(schema, type_name)
        size = 20 if person == "public" else 60
        for start in range(0, len(lines), size):
            page = lines[start : start + size]
            ids = [plain.wrap(line).values["id"] for line in page]
            answer = (await shared.ask(ASKERS[person], document, ids=ids))["nodes"]
            for line, shown in zip(page, answer, strict=True):
                item = plain.find(line)
                assert shown == (None if item is None else expect(plain, schema, item)), (person, line["id"])


async def require_contract(
    shared: RunningRegistry, plain: PlainRegistry, schema: Any, person: str, type_name: str, lines: Sequence[Line]
) -> None:
    """A field is missing from the contract exactly if no rule allows it; no row of the world proves otherwise."""
    contract = {f"{type_name}.{name}" for name in getattr(schema.type_map.get(type_name), "fields", {})}
    for name in sorted(shared.pipeline.policy.point.bundle.leaf_fields):
        if name.startswith(f"{type_name}.") and name not in contract:
            assert not any(plain.oracle.reads(line, name) for line in lines), (person, name)
    if type_name not in schema.type_map:
        with pytest.raises(ProbityError) as refused:
            await shared.ask(ASKERS[person], f'{{ node(id: "x") {{ ... on {type_name} {{ id }} }} }}')
        assert refused.value.code is ErrorCode.DOCUMENT_INVALID


def test_the_cells_compared_were_many_and_hidden_ones_among_them(counted: Counter[str]) -> None:
    print(f"cells that hold something: {dict(counted)}")
    assert all(counted[name] > fewest for name, fewest in FEWEST.items())


def test_lists_of_rows_are_not_forgotten(world: World, shared: RunningRegistry) -> None:
    plain = PlainRegistry(world.consult(shared.pipeline.policy.point, world.name_asker(ASKERS["records"])))
    officers = plain.list_visible("officer")
    rows = [plain.read(item, "outcomes") for item in officers]
    assert all(isinstance(each, Rows) for each in rows)
    assert sum(len(each.items) for each in rows) > 50
