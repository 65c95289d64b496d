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

from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.http.endpoint import GraphQLEndpoint
from app.pipeline import Answer, Pipeline
from app.planning import connections, nodes
from app.planning.compiler import Compiler
from app.planning.predicates import PredicateCompiler
from app.planning.scopes import Masker
from app.policy.grant import Predicate
from app.policy.rules import PolicyRule
from app.registry.refusal import RefusalCode
from app.registry.role_grants import RevokeRole
from app.storage.logins import LOGIN_OF_ROLE
from tests.noninterference import leaking_faces
from tests.noninterference.contract_coverage import list_arguments, list_inputs

Patch = pytest.MonkeyPatch
RECORDS, HEAD, HIRING = "records_officer.records", "agency_head.records", "hiring_investigator.hiring"
MONITOR, ANALYST = "records_officer.monitoring", "doj_analyst.statistics"


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
    # Where every profile looks for it: at the root fields of its face.
    near: tuple[str, ...] = ()
    # The face that it is a leak of, where it is one of FACES.
    face: str = ""
    # What the policy denies beside what it does: where nothing is masked otherwise.
    denials: tuple[PolicyRule, ...] = ()


# Of outcomes that rest on no finding, an analyst may neither count nor read for what they were and when.
NOT_COUNTED: Final = tuple(
    PolicyRule(
        role=str(Role.DOJ_ANALYST),
        relation=Relation.ANYWHERE,
        fields=f"{type_name}.{name}",
        states=str(RecordState.NO_FINDING),
        purpose=Purpose.STATISTICS,
        action=action,
        effect=Effect.DENY,
        id=f"PLANTED-{type_name}-{name}",
        basis="planted",
    )
    for type_name, action in (("OutcomeFigures", Action.AGGREGATE), ("AnalystRow", Action.READ))
    for name in ("basis", "year", "quarter", "daysFromActionToReport", "daysFromActionToClearance")
    if (type_name, name) != ("AnalystRow", "quarter")
)


# Of cleared outcomes, a records officer may not read where and on what they were decided.
NOT_READ: Final = tuple(
    PolicyRule(
        role=str(Role.RECORDS_OFFICER),
        relation=Relation.ANYWHERE,
        fields=f"Outcome.{name}",
        states=str(RecordState.CLEARED),
        purpose=Purpose.RECORDS,
        action=Action.READ,
        effect=Effect.DENY,
        id=f"PLANTED-{name}",
        basis="planted",
    )
    for name in ("basis", "court", "courtCaseNumber", "finalFinding", "legalBasis", "noticeServedAt", "respondBy")
)


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
    _tell_what_is_there(patch, lambda key: literal_column("'{}'::json"))


def fail_at_what_is_hidden(patch: Patch) -> None:
    """A row that is there and may not be seen makes the statement fail: an error tells that it exists."""
    _tell_what_is_there(patch, lambda key: func.to_json(cast(cast(key, Text), Integer)))


def _tell_what_is_there(patch: Patch, tell: Callable[[Any], Any]) -> None:
    find = nodes._find_node

    def find_node(compiler: Any, binding: Any, key: Any, asked: Any) -> Any:
        found = find(compiler, binding, key, asked)
        base = binding.base.alias(compiler.name("t"))
        there = exists(select(literal_column("1")).select_from(base).where(base.c.id == key))
        one = select(literal_column("1").label("one")).lateral(compiler.name("one"))
        told = func.coalesce(found.c.j, case((there, tell(key))))
        own = one.outerjoin(found, true())
        columns = told.label("j"), found.c.d.label("d")
        return select(*columns).select_from(own).correlate_except(own).lateral(compiler.name("n"))

    patch.setattr(nodes, "_find_node", find_node)


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
    open_row = Compiler.open_row

    def open_any(self: Compiler, binding: Any, parent: Any, **how: Any) -> Any:
        row, judge, where = open_row(self, binding, parent, **how)
        return row, judge, where if parent is None else ()

    patch.setattr(Compiler, "open_row", open_any)


def count_in_a_header(patch: Patch) -> None:
    """A header field depends on rows that may not be seen."""
    call = GraphQLEndpoint.__call__

    async def call_with_size(self: GraphQLEndpoint, scope: Any, receive: Any, send: Any) -> None:
        size = str(await _count_outcomes(self.pipeline)).encode()

        async def send_with_size(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-registry-size", size)]}
            await send(message)

        await call(self, scope, receive, send_with_size)

    patch.setattr(GraphQLEndpoint, "__call__", call_with_size)


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

    compile_whole = PredicateCompiler.compile

    def compile_allowed(self: PredicateCompiler, predicate: Any, *given: Any, **how: Any) -> Any:
        return compile_whole(self, Predicate(allow=predicate.allow), *given, **how)

    patch.setattr(PredicateCompiler, "compile", compile_allowed)


LEAKS: Final = (
    Leak(channel="filter", asker=RECORDS, plant=leaking_faces.filter_by_raw_values, quick=("outcomes",)),
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
    Leak(
        channel="permission of then",
        face="asOf",
        asker=MONITOR,
        plant=leaking_faces.judge_by_the_state_of_then,
        near=("outcomes",),
    ),
    Leak(
        channel="masked field of then",
        face="asOf",
        asker=RECORDS,
        plant=leaking_faces.tell_masked_values_of_then,
        near=("outcomes",),
        quick=("outcomes",),
        denials=NOT_READ,
    ),
    Leak(
        channel="filter over hidden rows",
        face="related rows",
        asker=RECORDS,
        plant=leaking_faces.filter_by_hidden_rows,
        near=("officers",),
    ),
    Leak(
        channel="none over hidden rows",
        face="related rows",
        asker=RECORDS,
        plant=leaking_faces.let_none_count_hidden_rows,
        quick=("officers",),
    ),
    Leak(
        channel="filter over masked values of related rows",
        face="related rows",
        asker=RECORDS,
        plant=leaking_faces.filter_by_raw_values_of_related_rows,
        near=("officers", "outcomes"),
    ),
    Leak(
        channel="hidden rows counted",
        face="statistics",
        asker=ANALYST,
        plant=leaking_faces.count_hidden_rows,
        quick=("statistics",),
    ),
    Leak(
        channel="held rows counted",
        face="statistics",
        asker=ANALYST,
        plant=leaking_faces.count_held_rows,
        near=("statistics",),
    ),
    Leak(
        channel="grouped by a masked value",
        face="statistics",
        asker=ANALYST,
        plant=leaking_faces.group_by_masked_values,
        near=("statistics",),
        denials=NOT_COUNTED,
    ),
    Leak(
        channel="measure of a masked value",
        face="statistics",
        asker=ANALYST,
        plant=leaking_faces.measure_masked_values,
        near=("statistics",),
        denials=NOT_COUNTED,
    ),
    Leak(
        channel="exports of others",
        face="export",
        asker=ANALYST,
        plant=leaking_faces.tell_of_others_exports,
        quick=("exports",),
    ),
)
# Faces beyond plain reads, each with the fields, arguments or members that show it is there: none without a leak.
FACES: Final[Mapping[str, tuple[str, ...]]] = {
    "asOf": ("asOf", "knownAt"),
    "related rows": ("some", "none", "every"),
    "statistics": ("statistics", "groupBy"),
    "match": ("match", "matchCandidate", "openCandidateCheck"),
    "aggregate": ("aggregate", "outcomeCounts", "minimumCell"),
    "export": ("export", "exports", "requestExport", "startExport"),
}


def list_faces(schema: GraphQLSchema) -> dict[str, bool]:
    """Which of the faces a schema has."""
    # A face is a question: a root field, an argument of any field, or a member of an input.
    words = {name for each in list_arguments(schema) for name in each}
    words |= {name for each in list_inputs(schema) for name in each.fields}
    for type_ in (schema.query_type, schema.mutation_type):
        words |= set(type_.fields) if type_ is not None else set()
    return {face: bool(words & set(signs)) for face, signs in FACES.items()}


__all__ = ["FACES", "LEAKS", "Leak", "list_faces"]
