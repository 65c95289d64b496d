"""Leaks planted on purpose, one for each channel of access.md section 3: the tests of the comparison itself.

A leak that the comparison does not find is a fault of the comparison. What row security would stop is planted with row
security off, so that nothing but the comparison can find it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from graphql import GraphQLSchema
from sqlalchemy import Integer, Text, case, cast, exists, func, literal_column, select, true
from starlette.responses import Response

from app.domain.vocabulary import Role
from app.http.endpoint import GraphQLEndpoint
from app.pipeline import Answer, Pipeline
from app.planning import connections
from app.planning.compiler import Compiler
from app.planning.filters import FilterCompiler
from app.planning.predicates import PredicateCompiler
from app.planning.scopes import Masker
from app.registry.refusal import RefusalCode
from app.registry.role_grants import RevokeRole
from app.storage.logins import LOGIN_OF_ROLE

Patch = pytest.MonkeyPatch
RECORDS, HEAD, HIRING = "records_officer.records", "agency_head.records", "hiring_investigator.hiring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A fault in the application: how to plant it, and as whom it is looked for."""

    channel: str
    asker: str
    plant: Callable[[Patch], None]
    wall: bool = False
    # Whether commands alone can tell it.
    in_commands: bool = False
    # Where the quick profile looks for it, if it does; the long one looks everywhere.
    quick: tuple[str, ...] = ()


def filter_by_raw_values(patch: Patch) -> None:
    """A filter compares what lies behind the mask."""

    def compare(self: FilterCompiler, name: str, member: Any, *, negated: bool) -> Any:
        return self._compare(self.scope.render(self.scope.binding.fields[name]), member)  # type: ignore[arg-type]

    patch.setattr(FilterCompiler, "_compare_field", compare)


def sort_by_raw_values(patch: Patch) -> None:
    """A list is sorted by what lies behind the mask."""
    masked = connections._find_sort_values

    def find(compiler: Any, scope: Any, field: str) -> Any:
        patch_mask = Masker.find_condition
        Masker.find_condition = lambda *_: true()  # type: ignore[method-assign]
        try:
            return masked(compiler, scope, field)
        finally:
            Masker.find_condition = patch_mask  # type: ignore[method-assign]

    patch.setattr(connections, "_find_sort_values", find)


def count_before_the_mask(patch: Patch) -> None:
    """A count takes in rows that may not be seen."""
    count = connections._count_rows

    def count_all(compiler: Any, request: Any) -> Any:
        return count(compiler, _lift_visibility(request))

    patch.setattr(connections, "_count_rows", count_all)


def page_before_the_mask(patch: Patch) -> None:
    """Whether there is a next page is asked of rows that may not be seen as well."""
    describe = connections._list_items

    def list_items(compiler: Any, request: Any, rows: Any, page: Any, window: Any, wanted: Any) -> Any:
        listed = describe(compiler, request, rows, page, window, wanted)
        number = connections._count_rows(compiler, _lift_visibility(request))
        more = (number > literal_column(str(window.size))).label("more")
        others = [each for each in listed.c if each.key != "more"]
        return select(*others, more).select_from(listed).correlate_except(listed).lateral(compiler.name("l"))

    patch.setattr(connections, "_list_items", list_items)


def _lift_visibility(request: Any) -> Any:
    """The same list over every row there is."""
    if request.binding.entity is None:
        return request
    open_row = request.open_row

    def open_all() -> Any:
        row, judge, where = open_row()
        return row, judge, where[1:]

    return connections.ListRequest(
        binding=request.binding, open_row=open_all, default_order=request.default_order, asked=request.asked
    )


def put_values_into_cursors(patch: Patch) -> None:
    """A cursor holds a value of its row, in a form that looks opaque."""
    take = connections._take

    def take_with_value(compiler: Any, rows: Any, marks: Any, most: int, *, backwards: bool) -> Any:
        page = take(compiler, rows, marks, most, backwards=backwards)
        if "lifecycle" not in page.c:
            return page
        told = func.encode(func.convert_to(page.c.lifecycle, "UTF8"), "base64")
        others = [each for each in page.c if each.key != "cursor"]
        cursor = (cast(page.c.cursor, Text) + told).label("cursor")
        return select(*others, cursor).select_from(page).correlate_except(page).lateral(compiler.name("p"))

    patch.setattr(connections, "_take", take_with_value)


def tell_hidden_from_absent(patch: Patch) -> None:
    """`node` gives an empty object for what is hidden, and null for what is absent."""
    find = Compiler._find_node

    def find_node(self: Compiler, binding: Any, key: Any, asked: Any) -> Any:
        found = find(self, binding, key, asked)
        base = binding.base.alias(self.name("t"))
        there = exists(select(literal_column("1")).select_from(base).where(base.c.id == key))
        one = select(literal_column("1").label("one")).lateral(self.name("one"))
        told = func.coalesce(found.c.j, case((there, literal_column("'{}'::json"))))
        own = one.outerjoin(found, true())
        return (
            select(told.label("j"), found.c.d.label("d")).select_from(own).correlate_except(own).lateral(self.name("n"))
        )

    patch.setattr(Compiler, "_find_node", find_node)


def fail_at_what_is_hidden(patch: Patch) -> None:
    """A row that is there and may not be seen makes the statement fail: an error tells that it exists."""
    find = Compiler._find_node

    def find_node(self: Compiler, binding: Any, key: Any, asked: Any) -> Any:
        found = find(self, binding, key, asked)
        base = binding.base.alias(self.name("t"))
        there = exists(select(literal_column("1")).select_from(base).where(base.c.id == key))
        one = select(literal_column("1").label("one")).lateral(self.name("one"))
        own = one.outerjoin(found, true())
        fault = cast(cast(key, Text), Integer)
        told = func.coalesce(found.c.j, case((there, func.to_json(fault))))
        return (
            select(told.label("j"), found.c.d.label("d")).select_from(own).correlate_except(own).lateral(self.name("n"))
        )

    patch.setattr(Compiler, "_find_node", find_node)


def tell_masked_values(patch: Patch) -> None:
    """A masked field shows what lies behind its mask."""
    patch.setattr(Masker, "mask", lambda self, value, condition: value)


def lead_through_a_mask(patch: Patch) -> None:
    """What hangs on a masked field can be reached through it."""

    def compile_branch(self: Compiler, bound: Any, asked: Any, scope: Any, condition: Any) -> Any:
        return branch(self, bound, asked, scope, true())

    def mask(self: Masker, value: Any, condition: Any) -> Any:
        # A branch is JSON of its own; a leaf keeps its mask.
        return value if getattr(value, "key", None) == "j" else masked(self, value, condition)

    branch, masked = Compiler._compile_branch, Masker.mask
    patch.setattr(Compiler, "_compile_branch", compile_branch)
    patch.setattr(Masker, "mask", mask)


def lead_to_hidden_rows(patch: Patch) -> None:
    """A field that leads to one row leads to it also where that row may not be seen."""
    open_row = Compiler._open_row

    def open_any(self: Compiler, binding: Any, parent: Any, *, as_set: bool = False) -> Any:
        row, judge, where = open_row(self, binding, parent, as_set=as_set)
        return row, judge, where if parent is None else ()

    patch.setattr(Compiler, "_open_row", open_any)


def count_in_a_header(patch: Patch) -> None:
    """A header field depends on rows that may not be seen."""
    answer = GraphQLEndpoint._answer

    async def answer_with_size(self: GraphQLEndpoint, *arguments: Any) -> Response:
        response = await answer(self, *arguments)
        response.headers["x-registry-size"] = str(await _count_outcomes(self.pipeline))
        return response

    patch.setattr(GraphQLEndpoint, "_answer", answer_with_size)


def count_in_extensions(patch: Patch) -> None:
    """What an answer is said to have cost depends on rows that may not be seen."""
    read = Pipeline._read

    async def read_with_cost(self: Pipeline, *arguments: Any) -> Answer:
        found = await read(self, *arguments)
        cost = b',"extensions":{"cost":%d}}' % await _count_outcomes(self)
        return Answer(body=found.body[:-1] + cost, is_personal=found.is_personal)

    patch.setattr(Pipeline, "_read", read_with_cost)


async def _count_outcomes(pipeline: Pipeline) -> int:
    login = LOGIN_OF_ROLE[Role.RECORDS_OFFICER]
    async with pipeline.pools.borrow(login) as connection:
        return int(await connection.fetchval("SELECT count(id) FROM registry.outcome_series"))


def refuse_hidden_targets_otherwise(patch: Patch) -> None:
    """A command is refused for one reason where its target is another's, and for another where it is absent."""
    perform = RevokeRole.perform

    async def perform_and_tell(self: RevokeRole, context: Any, session: Any) -> Any:
        agency = await session.connection.fetchval("SELECT agency_id FROM registry.grants WHERE id = $1", self.grant_id)
        if agency is not None and agency != context.agency_id:
            return RefusalCode.NOT_ALLOWED
        return await perform(self, context, session)

    patch.setattr(RevokeRole, "perform", perform_and_tell)


def ignore_denials(patch: Patch) -> None:
    """A line of policy that denies denies nothing."""

    def compile_allowed(self: PredicateCompiler, predicate: Any, entity: Any, row: Any, *, as_set: bool = False) -> Any:
        return self._reach(predicate.allow, entity, row, as_set=as_set)

    patch.setattr(PredicateCompiler, "compile", compile_allowed)


LEAKS: Final = (
    Leak(channel="filter", asker=RECORDS, plant=filter_by_raw_values, quick=("outcomes",)),
    Leak(channel="sort", asker=RECORDS, plant=sort_by_raw_values, wall=True),
    Leak(channel="count", asker=RECORDS, plant=count_before_the_mask, quick=("officers", "outcomes")),
    Leak(channel="page information", asker=RECORDS, plant=page_before_the_mask),
    Leak(channel="cursor", asker=RECORDS, plant=put_values_into_cursors),
    Leak(channel="node", asker=RECORDS, plant=tell_hidden_from_absent, quick=("node", "nodes")),
    Leak(channel="error", asker=RECORDS, plant=fail_at_what_is_hidden),
    Leak(channel="masked field", asker=RECORDS, plant=tell_masked_values, wall=True),
    Leak(channel="relation under a mask", asker=RECORDS, plant=lead_through_a_mask),
    Leak(channel="relation to a hidden row", asker=HIRING, plant=lead_to_hidden_rows),
    Leak(channel="header", asker=RECORDS, plant=count_in_a_header, quick=("agencies",)),
    Leak(channel="extensions", asker=RECORDS, plant=count_in_extensions),
    Leak(channel="command", asker=HEAD, plant=refuse_hidden_targets_otherwise, in_commands=True, quick=("grant",)),
    Leak(channel="denial", asker=RECORDS, plant=ignore_denials, quick=("outcomes", "officers")),
)
# Faces that later work adds: each must bring its leak when it comes. By the argument or field that shows it is there.
FACES_TO_COME: Final[Mapping[str, tuple[str, ...]]] = {
    "asOf": ("asOf", "knownAt"),
    "match": ("match", "matchCandidate", "openCandidateCheck"),
    "aggregate": ("aggregate", "outcomeCounts", "groupBy", "minimumCell"),
}


def list_faces(schema: GraphQLSchema) -> dict[str, bool]:
    """Which of the faces to come a schema has by now."""
    words: set[str] = set()
    for type_ in schema.type_map.values():
        for name, field in getattr(type_, "fields", {}).items():
            # A face is a question: a root field, or an argument of any field.
            words |= {*getattr(field, "args", {}), *([name] if type_.name in {"Query", "Mutation"} else [])}
    return {face: bool(words & set(signs)) for face, signs in FACES_TO_COME.items()}


__all__ = ["FACES_TO_COME", "LEAKS", "Leak", "list_faces"]
