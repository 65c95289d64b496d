"""Every page of every list is the slice of the whole list that it says it is, forwards and backwards."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.errors import ErrorCode, ProbityError
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS
from tests.properties.oracle import World
from tests.properties.plain_registry import Item, PlainRegistry

# (who asks, the list, kind of line, order value, the field it names); every order of the contract, by a role with rows.
LISTS = [
    ("public", "agencies", "agency", "NAME", "name"),
    ("public", "agencies", "agency", "SWORN_COUNT", "swornCount"),
    ("records", "officers", "officer", "FAMILY_NAME", "familyName"),
    ("records", "officers", "officer", "GIVEN_NAME", "givenName"),
    ("head", "outcomes", "outcome", "ACTION_DATE", "actionDate"),
    ("records_cove", "outcomes", "outcome", "KIND", "kind"),
    ("records_cove", "outcomes", "outcome", "CLEARED_AT", "clearedAt"),
    ("post_oregon", "outcomes", "outcome", "ACTION_DATE", "actionDate"),
]
PAGED = (
    "query($first: Int, $after: String, $last: Int, $before: String) {{ {name}(first: "
    "$first, after: $after, last: $last, "
    "before: $before, orderBy: {{field: {order}, direction: {direction}}}{filter}) {{ edges {{ cursor node {{ id }} }} "
    "pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} totalCount }} }}"
)


def list_whole(world: World, shared: RunningRegistry, person: str, kind: str, field: str) -> list[Item]:
    """Every visible row in ascending order of the masked value, hidden and absent ones last, equal ones by their id."""
    plain = PlainRegistry(world.consult(shared.pipeline.policy.point, world.name_asker(ASKERS[person])))

    def place(item: Item) -> tuple[bool, Any, str]:
        value = plain.read(item, field)
        return value is None, value or (0 if field == "swornCount" else ""), item.line["id"]

    return sorted(plain.list_visible(kind), key=place)


def write_paged(name: str, order: str, direction: str, condition: str = "") -> str:
    """The document that pages through a list."""
    return PAGED.format(name=name, order=order, direction=direction, filter=condition)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(("person", "name", "kind", "order", "field"), LISTS)
async def test_pages_of_every_size_make_up_the_whole_list_both_ways(
    person: str, name: str, kind: str, order: str, field: str, direction: str, shared: RunningRegistry, world: World
) -> None:
    whole = [item.values["id"] for item in list_whole(world, shared, person, kind, field)]
    whole = whole if direction == "ASC" else whole[::-1]
    document = write_paged(name, order, direction)
    sizes = range(1, 8) if order in {"NAME", "FAMILY_NAME"} else (1, 4, 7) if len(whole) < 40 else (30, 50)
    for size in sizes:
        for forwards in (True, False):
            await follow_pages(shared, person, document, name, whole, size, forwards=forwards)


async def follow_pages(
    shared: RunningRegistry, person: str, document: str, name: str, whole: list[str], size: int, *, forwards: bool
) -> None:
    """Follow cursors from one end to the other; each page must be the next slice and say truly what lies around it."""
    rest, cursor, cuts = list(whole), None, 0
    while True:
        window: dict[str, Any] = {"first": size, "after": cursor} if forwards else {"last": size, "before": cursor}
        page = (await shared.ask(ASKERS[person], document, **window))[name]
        wanted = rest[:size] if forwards else rest[max(0, len(rest) - size) :]
        rest = rest[len(wanted) :] if forwards else rest[: len(rest) - len(wanted)]
        info, edges = page["pageInfo"], page["edges"]
        assert [edge["node"]["id"] for edge in edges] == wanted
        assert (info["hasNextPage"], info["hasPreviousPage"]) == (
            (bool(rest), cursor is not None) if forwards else (cursor is not None, bool(rest))
        )
        assert (info["startCursor"], info["endCursor"]) == (
            (edges[0]["cursor"], edges[-1]["cursor"]) if edges else (None, None)
        )
        assert page["totalCount"] == len(whole)
        cuts += 1
        if not rest:
            assert cuts == max(1, -(-len(whole) // size))
            return
        cursor = info["endCursor"] if forwards else info["startCursor"]


def test_the_lists_paged_through_are_long_enough(shared: RunningRegistry, world: World) -> None:
    sizes = {
        (person, name, order): len(list_whole(world, shared, person, kind, field))
        for person, name, kind, order, field in LISTS
    }
    print(sizes)
    assert min(sizes.values()) > 12
    assert max(sizes.values()) > 100


async def test_pages_of_a_filtered_list_make_up_the_filtered_list(shared: RunningRegistry, world: World) -> None:
    whole = list_whole(world, shared, "post_oregon", "outcome", "actionDate")
    wanted = [item.values["id"] for item in whole if item.values["dispute"] == "DISPUTED"]
    assert len(wanted) > 8
    document = write_paged("outcomes", "ACTION_DATE", "ASC", ", filter: {dispute: {eq: DISPUTED}}")
    for forwards in (True, False):
        await follow_pages(shared, "post_oregon", document, "outcomes", wanted, 4, forwards=forwards)


async def test_nested_lists_page_by_themselves(shared: RunningRegistry, world: World) -> None:
    plain = PlainRegistry(world.consult(shared.pipeline.policy.point, world.name_asker(ASKERS["post_oregon"])))
    document = (
        "query($id: ID!, $after: String) { officer(id: $id) { outcomes(first: 2, after: $after) { nodes { id } "
        "pageInfo { hasNextPage endCursor } totalCount } } }"
    )
    followed = 0
    for officer in plain.list_visible("officer"):
        items = plain.read(officer, "outcomes").items
        if len(items) < 5:
            continue
        found, cursor, more = [], None, True
        while more:
            asked = await shared.ask(ASKERS["post_oregon"], document, id=officer.values["id"], after=cursor)
            page = asked["officer"]["outcomes"]
            found += [node["id"] for node in page["nodes"]]
            cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert sorted(found) == sorted(item.values["id"] for item in items)
        assert len(set(found)) == page["totalCount"] == len(items)
        followed += 1
        if followed == 3:
            break
    assert followed == 3


EMPTY = {
    "edges": [],
    "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
}


async def test_a_cursor_of_a_row_that_cannot_be_seen_gives_the_same_empty_page_as_one_of_no_row(
    shared: RunningRegistry, world: World
) -> None:
    plain = PlainRegistry(world.consult(shared.pipeline.policy.point, world.name_asker(ASKERS["records"])))
    hidden = next(line for line in world.by_kind["outcome"] if not plain.oracle.sees(line))
    document = write_paged("outcomes", "ACTION_DATE", "DESC")
    for key in (UUID(hidden["id"]), uuid4()):
        cursor = base64.b64encode(key.bytes).decode()
        for window in ({"first": 3, "after": cursor}, {"last": 3, "before": cursor}):
            page = (await shared.ask(ASKERS["records"], document, **window))["outcomes"]
            assert {name: page[name] for name in EMPTY} == EMPTY


async def test_a_cursor_whose_row_was_sealed_since_gives_an_empty_page(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    document = write_paged("outcomes", "ACTION_DATE", "DESC", ", filter: {lifecycle: {eq: CLEARED}}")
    first = (await registry.ask("records", document, first=2))["outcomes"]
    cursor = first["pageInfo"]["endCursor"]
    after = (await registry.ask("records", document, first=2, after=cursor))["outcomes"]
    assert len(after["edges"]) == 2
    await own_truth.execute(
        "INSERT INTO registry.holds (id, series_id, kind, valid, authority, placed_by) "
        "VALUES ($1, $2, 'SEAL_ORDER', tstzrange(now() - interval '1 hour', NULL), 'a court', 'test')",
        uuid4(),
        UUID(bytes=base64.b64decode(cursor)),
    )
    page = (await registry.ask("records", document, first=2, after=cursor))["outcomes"]
    assert {name: page[name] for name in EMPTY} == EMPTY
    assert page["totalCount"] == first["totalCount"] - 1


async def test_a_cursor_of_another_list_finds_no_place(shared: RunningRegistry) -> None:
    agencies = await shared.ask("public", "{ agencies(first: 1) { pageInfo { endCursor } } }")
    cursor = agencies["agencies"]["pageInfo"]["endCursor"]
    document = write_paged("officers", "FAMILY_NAME", "ASC")
    page = (await shared.ask("records", document, first=2, after=cursor))["officers"]
    assert {name: page[name] for name in EMPTY} == EMPTY


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "====",
        "MHjkbbODTBu6UwY9Ut8oPA",
        "MHjkbbODTBu6UwY9Ut8oPA==\n",
        "' OR true --",
        "MHjk",
        "é",
        "A" * 24,
        5,
        "QUdFTkNZ",
    ],
)
async def test_a_cursor_that_no_list_gave_out_is_refused(cursor: Any, shared: RunningRegistry) -> None:
    for window in ({"first": 1, "after": cursor}, {"last": 1, "before": cursor}):
        with pytest.raises(ProbityError) as refused:
            await shared.ask("public", write_paged("agencies", "NAME", "ASC"), **window)
        assert refused.value.code is ErrorCode.VARIABLES_INVALID
        assert "OR true" not in str(refused.value)


async def test_a_cursor_holds_an_opaque_key_and_nothing_readable(shared: RunningRegistry) -> None:
    document = (
        "{ officers(first: 50, orderBy: {field: FAMILY_NAME}) { edges { cursor node { familyName givenName } } } }"
    )
    edges = (await shared.ask("records", document))["officers"]["edges"]
    assert len(edges) > 10
    for edge in edges:
        raw = base64.b64decode(edge["cursor"], validate=True)
        assert len(raw) == 16
        assert all(name.encode() not in raw for name in edge["node"].values())
