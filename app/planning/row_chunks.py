"""Rows of an export, a chunk at a time: what a list tells, as typed columns, in the order of its random ids.

INVARIANT: a chunk is judged, masked and filtered as the list itself is; only its form and its length are others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import Select, Uuid, literal_column, select

from app.errors import ErrorCode, ProbityError
from app.planning.compiler import Compiler
from app.planning.filters import FilterCompiler
from app.planning.plan import Plan, render_plan
from app.planning.planner import Planner, Prepared
from app.planning.selection import Given, Selected, SelectionReader, Variables
from app.policy.grant import Grant

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from app.identity.principal import Principal

# The variable that says after which row a chunk begins; no document can have a variable of this name.
_AFTER: Final = "after row"
_KEY: Final = "row key"
START: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkPlan:
    """A statement that gives the next rows: their fields by name, and the key to go on from as the first column."""

    plan: Plan
    names: tuple[str, ...]

    def bind(self, variables: Variables, principal: Principal, now: datetime, after: UUID) -> list[Any]:
        """The values of the statement's parameters; `after` is the key of the row before, or `START`."""
        return self.plan.bind({**variables, _AFTER: after}, principal, now, None)


def plan_chunk(planner: Planner, prepared: Prepared, schema: GraphQLSchema, grant: Grant, *, size: int) -> ChunkPlan:
    """The plan of at most `size` rows of the one list that a prepared document asks for; raises `ProbityError`."""
    reader = SelectionReader(schema=schema, fragments=prepared.document.fragments, variables=prepared.variables)
    [asked] = reader.read(prepared.operation)
    compiler = planner.open_compiler(grant)
    binding = compiler.catalogue.types[compiler.catalogue.roots[asked.name].target]
    [nodes] = asked.of(f"{binding.name}Connection")
    fields = nodes.of(binding.name)
    statement = _compile(compiler, asked, fields, size)
    plan = render_plan(
        compiler, statement, operation="exportRows", document_sha256=prepared.document.sha256, public=False
    )
    return ChunkPlan(plan=plan, names=tuple(each.name for each in fields))


def _compile(compiler: Compiler, asked: Selected, fields: tuple[Selected, ...], size: int) -> Select[Any]:
    root = compiler.catalogue.roots[asked.name]
    binding = compiler.catalogue.types[root.target]
    if binding.key is None:
        raise ProbityError(ErrorCode.INTERNAL)
    compiler.require("Query", asked.name)
    row, judge, where = compiler.open_row(binding, None)
    scope = compiler.open_scope(binding, row, judge)
    given = asked.arguments.get("filter")
    if given is not None and not given.is_null:
        where = (*where, FilterCompiler(scope=scope, opener=compiler).compile(given))
    columns = []
    for each in fields:
        compiler.require(binding.name, each.name)
        condition = compiler.masker.find_condition(binding.name, each.name, judge)
        columns.append(compiler.masker.mask(scope.render(each.name), condition).label(each.name))
    after = compiler.parameters.add(Given(value=START, read=lambda variables: variables[_AFTER]), Uuid())
    key = row.c[binding.key]
    return (
        select(key.label(_KEY), *columns)
        .select_from(scope.source)
        .where(*where, key > after)
        .order_by(key)
        .limit(literal_column(str(size)))
    )
