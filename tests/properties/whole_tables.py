"""All rows of a type in one statement of the application's own compiler, and what each of them is expected to show.

Expected values are the stored ones, masked field by field as Casbin decides; the compiler's masks are not asked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import true

from app.domain.vocabulary import Action, Entity, Purpose, RecordState, Relation, Role
from app.planning.catalogue import Catalogue, Leaf, Many, Namespace, One, Ordering, Root, TypeBinding
from app.planning.compiler import Compiler
from app.planning.plan import Plan, render_plan
from app.planning.predicates import PredicateCompiler
from app.planning.selection import Given, Selected
from app.policy.grant import Grant, Predicate
from tests.properties.drawn_askers import DrawnAsker
from tests.properties.drawn_registry import DrawnRegistry
from tests.properties.stored_facts import Row
from tests.properties.stored_standing import Standings

ROOT = "everyRow"
MOST = 100_000
ALWAYS = Predicate(allow=frozenset((Relation.ANYWHERE, state) for state in RecordState))
Shown = dict[str, Any]


def list_judged_types(catalogue: Catalogue) -> list[TypeBinding]:
    """The types whose rows are judged by themselves; jurisdictions, three thousand public facts, are left out."""
    return [
        each
        for _, each in sorted(catalogue.types.items())
        if each.base is not None and each.entity not in {None, Entity.JURISDICTION}
    ]


def _give(value: Any) -> Given:
    return Given(value=value, read=lambda _: value)


def select_row(catalogue: Catalogue, binding: TypeBinding, fields: Mapping[str, Any]) -> tuple[Selected, ...]:
    """Every field of a type that is in `fields`, with what hangs on it; rows judged by themselves by their id alone."""
    found = []
    for name, bound in binding.fields.items():
        if f"{binding.name}.{name}" not in fields or isinstance(bound, Namespace):
            continue
        if not isinstance(bound, One | Many):
            found.append(Selected(key=name, name=name))
            continue
        target = catalogue.types[bound.target]
        below = select_row(catalogue, target, fields) if target.entity is None else _select_id(target, fields)
        if below and isinstance(bound, Many) and bound.connection:
            found.append(_select_nodes(name, name, target.name, below))
        elif below:
            found.append(Selected(key=name, name=name, below={target.name: below}))
    return tuple(found)


def _select_id(target: TypeBinding, fields: Mapping[str, Any]) -> tuple[Selected, ...]:
    return (Selected(key="id", name="id"),) if f"{target.name}.id" in fields else ()


def _select_nodes(key: str, name: str, target: str, below: tuple[Selected, ...], *more: Selected) -> Selected:
    nodes = Selected(key="nodes", name="nodes", below={target: below})
    return Selected(key=key, name=name, arguments={"first": _give(MOST)}, below={f"{target}Connection": (nodes, *more)})


def plan_rows(
    catalogue: Catalogue,
    binding: TypeBinding,
    grant: Grant,
    predicates: PredicateCompiler,
    *,
    guarded: bool = True,
    public: bool = False,
) -> tuple[Plan, tuple[Selected, ...]] | None:
    """The plan of all rows of a type with every field that the grant has; none where it has no field of it."""
    below = select_row(catalogue, binding, grant.fields)
    if not below:
        return None
    root = Root(target=binding.name, connection=True, default_order=Ordering(field="id"))
    wrappers = [f"{binding.name}Connection.nodes", f"{binding.name}Connection.totalCount", f"Query.{ROOT}"]
    compiler = Compiler(
        catalogue=replace(catalogue, roots={ROOT: root}),
        grant=replace(grant, fields={**grant.fields, **dict.fromkeys(wrappers, ALWAYS)}),
        predicates=predicates,
        guarded=guarded,
        largest_page=MOST,
    )
    asked = _select_nodes(ROOT, ROOT, binding.name, below, Selected(key="totalCount", name="totalCount"))
    statement = compiler.compile((asked,))
    return render_plan(compiler, statement, operation=ROOT, document_sha256=b"", public=public), below


async def fetch_rows(
    connection: asyncpg.Connection, plan: Plan, asker: DrawnAsker, registry: DrawnRegistry, context: str
) -> tuple[list[Shown], int]:
    """The rows that a plan shows, and the number of them that it counts."""
    values = plan.bind({}, asker, registry.at, context)  # type: ignore[arg-type]
    found = await connection.fetchrow(plan.sql, *values)
    assert found is not None
    assert found["context_held"], asker.name
    told = json.loads(found["body"])[ROOT]
    return told["nodes"], told["totalCount"]


async def fetch_truth(registry: DrawnRegistry, binding: TypeBinding, asker: DrawnAsker) -> list[Shown]:
    """Every row of a type with every value, whoever may see it."""
    fields = {f"{name}.{each}": ALWAYS for name, found in registry.catalogue.types.items() for each in found.fields}
    wrappers = dict.fromkeys((f"{name}Connection.nodes" for name in registry.catalogue.types), ALWAYS)
    grant = Grant(
        role=Role.PUBLIC,
        purpose=Purpose.PUBLIC,
        action=Action.READ,
        policy_digest=b"",
        fields={**fields, **wrappers},
    )
    predicates = PredicateCompiler(states=registry.policy.point.bundle.record_states)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PredicateCompiler, "compile", lambda *_args, **_kwargs: true())
        planned = plan_rows(registry.catalogue, binding, grant, predicates, guarded=False)
    assert planned is not None
    return (await fetch_rows(registry.truth, planned[0], asker, registry, registry.policy.digest.hex()))[0]


def sort_lists(value: Any) -> Any:
    """The value with every list of rows in one order: what is masked may not sort, so order is compared elsewhere."""
    if isinstance(value, dict):
        return {name: sort_lists(each) for name, each in value.items()}
    if isinstance(value, list):
        return sorted((sort_lists(each) for each in value), key=write_down)
    return value


def write_down(value: Any) -> str:
    """A value as one text."""
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True)
class Expectation:
    """What the rows of the types must show to one asker, by Casbin and the stored facts."""

    registry: DrawnRegistry
    standings: Standings
    _one_of_each: dict[str, list[str]] = field(default_factory=dict)

    def sees(self, binding: TypeBinding, row: Row) -> bool:
        """Whether a row shows anything at all as a row of that type."""
        if binding.name not in self._one_of_each:
            fields = (f"{binding.name}.{name}" for name in binding.fields)
            self._one_of_each[binding.name] = self.standings.witness.pick_by_class(fields)
        return any(self._reads(binding, row, name) for name in self._one_of_each[binding.name])

    def mask(self, binding: TypeBinding, row: Row, values: Shown, asked: Sequence[Selected]) -> Shown:
        """The values of a row, those that may not be read taken out; only what was asked for."""
        return self._mask_below(binding, binding, row, values, asked)

    def _reads(self, judged_as: TypeBinding, row: Row, field: str) -> bool:
        assert judged_as.entity is not None
        return self.standings.reads(judged_as.entity, row, field)

    def _mask_below(
        self, judged_as: TypeBinding, binding: TypeBinding, row: Row, values: Shown, asked: Sequence[Selected]
    ) -> Shown:
        shown: Shown = {}
        for each in asked:
            value = values[each.name]
            if not self._reads(judged_as, row, f"{binding.name}.{each.name}"):
                shown[each.name] = None
            elif each.below:
                shown[each.name] = self._follow(judged_as, binding.fields[each.name], row, value, each)
            else:
                shown[each.name] = value
        return shown

    def _follow(self, judged_as: TypeBinding, bound: Any, row: Row, value: Any, asked: Selected) -> Any:
        target = self.registry.catalogue.types[bound.target]
        if isinstance(bound, Many) and bound.connection:
            below = asked.below[f"{target.name}Connection"][0]
            return {"nodes": self._keep(judged_as, target, row, value["nodes"], below.below[target.name])}
        below_asked = asked.below[target.name]
        if isinstance(bound, Many):
            return self._keep(judged_as, target, row, value, below_asked)
        kept = self._keep(judged_as, target, row, [] if value is None else [value], below_asked)
        return kept[0] if kept else None

    def _keep(
        self, judged_as: TypeBinding, target: TypeBinding, row: Row, values: list[Shown], asked: Sequence[Selected]
    ) -> list[Shown]:
        if target.entity is None:
            return [self._mask_below(judged_as, target, row, each, asked) for each in values]
        found = [(self.index.find(target, each), each) for each in values]
        return [self.mask(target, own, each, asked) for own, each in found if self.sees(target, own)]

    @cached_property
    def index(self) -> RowIndex:
        """Rows by the id that the contract shows of them."""
        return RowIndex(self.registry)


@dataclass(frozen=True)
class RowIndex:
    """Finds the stored row of what an answer shows, by its Relay id."""

    registry: DrawnRegistry

    def find(self, binding: TypeBinding, shown: Shown) -> Row:
        """The row that an object with its id is of; a jurisdiction, of which no facts are kept, is a row of its own."""
        key = UUID(base64.b64decode(shown["id"]).decode().partition(":")[2])
        if binding.entity is Entity.JURISDICTION:
            return {"id": key}
        return self._by_key(binding)[key]

    def _by_key(self, binding: TypeBinding) -> Mapping[UUID, Row]:
        leaf = binding.fields["id"]
        assert isinstance(leaf, Leaf)
        assert binding.base is not None
        name = leaf.column.name
        if name == "id":
            return self.registry.facts.by_id[binding.base.fullname]
        return {row[name]: row for row in self.registry.facts.rows[binding.base.fullname]}


def list_hanging_fields(catalogue: Catalogue, binding: TypeBinding) -> Iterator[str]:
    """Every field that is judged by a row of the type: its own and those of what hangs on it."""
    for name, bound in binding.fields.items():
        yield f"{binding.name}.{name}"
        if isinstance(bound, One | Many) and catalogue.types[bound.target].entity is None:
            yield from list_hanging_fields(catalogue, catalogue.types[bound.target])
