"""From what was selected and what was granted to one SQL statement that gives the answer as JSON.

INVARIANT: a field without a predicate in the grant raises; it is never selected, sorted by, filtered on or counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    cast,
    false,
    literal_column,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.sql.selectable import LateralFromClause

from app.domain.vocabulary import Entity
from app.errors import ErrorCode, ProbityError
from app.planning.catalogue import (
    Catalogue,
    Computed,
    FromPrincipal,
    Leaf,
    Many,
    Moment,
    One,
    Root,
    Tally,
    TypeBinding,
)
from app.planning.connections import ListRequest, compile_connection, compile_plain_list
from app.planning.context_check import check_gate, open_gate
from app.planning.filters import require_zone
from app.planning.nodes import compile_node, compile_nodes
from app.planning.parameters import Parameters, decode_global_id
from app.planning.predicates import PredicateCompiler, find_row_predicates
from app.planning.scopes import Judge, Masker, RowNames, Scope, is_true, join_texts, tell_row
from app.planning.selection import Selected
from app.planning.statistics import compile_tally
from app.policy.grant import Grant, Predicate

PUBLIC_ENTITIES: Final = frozenset({Entity.AGENCY, Entity.CREDENTIALING_BODY, Entity.JURISDICTION})
_NO_TABLE: Final = table("nothing")


@dataclass(slots=True, kw_only=True)
class Compiler:
    """Compiles one operation under one grant.

    `guarded` says whether the statement carries the signed context of row security; that of the public's login carries
    the digest of the policy instead. `counting` is what may be counted beside what may be read.
    """

    catalogue: Catalogue
    grant: Grant
    predicates: PredicateCompiler
    guarded: bool = True
    parameters: Parameters = field(default_factory=Parameters)
    numbers: count[int] = field(default_factory=lambda: count(1))
    row_names: RowNames = field(default_factory=RowNames)
    is_personal: bool = False
    largest_page: int = 100
    counting: Grant | None = None
    # Whether the context is set before the statement and not in it: one that counts may then run in parallel.
    is_counting: bool = False

    def __post_init__(self) -> None:
        if not self.guarded:
            # The public's statements are rendered for the schema of public facts.
            self.row_names = RowNames(moves=True)

    @property
    def masker(self) -> Masker:
        """What decides and renders masks under this grant."""
        return Masker(grant=self.grant, predicates=self.predicates)

    def compile(self, selected: Sequence[Selected], root_type: str = "Query") -> Select[Any]:
        """The statement: the body as JSON text, the references of what it discloses, whether the context held."""
        roots = self.catalogue.roots
        self.is_counting = any(each.name in roots and roots[each.name].counting for each in selected)
        gate = open_gate(guarded=self.guarded, counting=self.is_counting)
        own: FromClause = gate
        columns: dict[str, ColumnElement[Any]] = {}
        references: list[ColumnElement[Any]] = []
        for each in selected:
            if each.name == "__typename":
                columns[each.key] = literal_column(f"'{root_type}'")
                continue
            self.require(root_type, each.name)
            piece = self._fence(self._compile_root(each), gate)
            own = own.outerjoin(piece, true())
            columns[each.key] = piece.c.j
            references.append(piece.c.d)
        answer = self.gather(columns)
        held = check_gate(gate, self.name, guarded=self.guarded)
        own = own.join(answer, true()).join(held, true())
        return select(
            cast(tell_row(answer), Text).label("body"),
            join_texts(references).label("disclosed"),
            held.c.ok.label("context_held"),
        ).select_from(own)

    def _fence(self, piece: Select[Any], gate: FromClause) -> LateralFromClause:
        # INVARIANT: each root waits for the gate, or row security would be asked before it knows who asks.
        inner = piece.lateral(self.name("r"))
        if self.is_counting:
            # What waits for another part of the statement cannot run in parallel; the context is there already.
            return inner
        return (
            select(inner.c.j, inner.c.d)
            .select_from(inner)
            .where(gate.c.role.is_not(None))
            .offset(literal_column("0"))
            .correlate_except(inner)
            .lateral(self.name("f"))
        )

    def _compile_root(self, asked: Selected) -> Select[Any]:
        root = self.catalogue.roots[asked.name]
        if root.any_node:
            return compile_node(self, asked)
        if root.many_nodes:
            return compile_nodes(self, asked)
        binding = self.catalogue.types[root.target]
        if root.namespace:
            one = select(literal_column("1").label("one")).lateral(self.name("one"))
            return self.build_object(binding, one, None, asked.of(binding.name), ())
        if root.connection:
            return compile_connection(self, self._list_request(binding, asked, root.default_order, ()))
        return self._compile_single(root, binding, asked)

    def _compile_single(self, root: Root, binding: TypeBinding, asked: Selected) -> Select[Any]:
        row, judge, where = self.open_row(binding, None)
        if root.by is None or root.compare is None:
            raise ProbityError(ErrorCode.INTERNAL)
        moment = self._read_moment(asked)
        given = asked.arguments[root.by]
        if root.id_of:
            name = root.id_of
            key = self.parameters.add(given, Uuid(), partial(decode_global_id, type_name=name))
        else:
            key = self.parameters.add(given, Text())
        where = (*where, *self._bound_past(binding, row, judge, moment), root.compare(row, key))
        return self.build_object(binding, row, judge, asked.of(binding.name), where, moment).limit(literal_column("1"))

    def open_row(
        self,
        binding: TypeBinding,
        parent: Judge | None,
        *,
        as_set: bool = False,
        state: ColumnElement[Any] | None = None,
    ) -> tuple[FromClause, Judge | None, tuple[ColumnElement[bool], ...]]:
        """A fresh alias of a type's rows, who judges them, and the condition under which they may be seen.

        `state` is the state that they are known to be in.
        """
        if binding.base is None:
            raise ProbityError(ErrorCode.INTERNAL)
        row = self.row_names.name(binding.base, self.name("t"))
        if binding.entity is None:
            return row, parent, ()
        entity = binding.entity
        # What the public's own login reaches are public facts, whatever kind of row they are told of.
        self.is_personal |= self.guarded and entity not in PUBLIC_ENTITIES
        judge, visible = self.judge_row(binding, row, as_set=as_set, state=state)
        return row, judge, (visible,)

    def judge_row(
        self,
        binding: TypeBinding,
        row: FromClause,
        *,
        as_set: bool = False,
        state: ColumnElement[Any] | None = None,
    ) -> tuple[Judge, ColumnElement[bool]]:
        """Who judges a row of a type that has states of its own, and the condition under which it may be seen."""
        if binding.entity is None:
            raise ProbityError(ErrorCode.INTERNAL)
        entity, enforced = binding.entity, find_row_predicates(binding, self.grant)
        told_by = self._tell_state(entity, row) if state is None else None
        state = told_by.c.state if told_by is not None else state
        visible = or_(
            false(),
            *(self.predicates.compile(each, entity, row, as_set=as_set, state=state) for each in enforced),
        )
        return Judge(entity=entity, row=row, enforced=enforced, state=state, told_by=told_by), visible

    def _tell_state(self, entity: Entity, row: FromClause) -> LateralFromClause | None:
        # OFFSET 0 is a fence: the state is found once a row, and not again in every condition that asks for it.
        state = None if self.predicates.many else self.predicates.tell_state(entity, row, self.name("h"))
        return None if state is None else state.offset(literal_column("0")).lateral(self.name("v"))

    def allow(self, field_name: str, entity: Entity, row: FromClause) -> ColumnElement[bool]:
        """The condition under which a row may be used for a field (`Type.field`), as the grant has it."""
        predicate = self.grant.fields.get(field_name)
        return false() if predicate is None else self.predicates.compile(predicate, entity, row)

    def _list_request(
        self,
        binding: TypeBinding,
        asked: Selected,
        order: Any,
        extra: Sequence[Any],
        parent: Judge | None = None,
        *,
        as_set: bool = True,
        state: ColumnElement[Any] | None = None,
        moment: Moment | None = None,
    ) -> ListRequest:
        moment = self._read_moment(asked) if moment is None else moment

        def open_row() -> tuple[FromClause, Judge | None, tuple[ColumnElement[bool], ...]]:
            row, judge, where = self.open_row(binding, parent, as_set=as_set, state=state)
            past = self._bound_past(binding, row, judge, moment)
            narrowed = (*past, *(condition(row) for condition in extra))
            return row, judge, (*where, *narrowed)

        return ListRequest(
            binding=binding,
            open_row=open_row,
            default_order=order,
            asked=asked,
            moment=moment,
            from_root=as_set,
        )

    def _read_moment(self, asked: Selected) -> Moment | None:
        """The moment as of which a field is asked; none where it is asked as things stand."""
        given = asked.arguments.get("asOf")
        if given is None or given.is_null:
            return None
        return self.parameters.add(given, TIMESTAMP(timezone=True), require_zone)

    def _bound_past(
        self, binding: TypeBinding, row: FromClause, judge: Judge | None, moment: Moment | None
    ) -> tuple[ColumnElement[bool], ...]:
        """That the row was on record at the moment, where one is asked of, and that this may be told."""
        if moment is None or binding.past is None:
            return ()
        if ".".join(binding.past.told_with) not in self.grant.fields:
            return (false(),)
        return self.masker.find_condition(*binding.past.told_with, judge), binding.past.was_there(row, moment)

    def name(self, prefix: str) -> str:
        """A name that no other alias of this statement has."""
        return f"{prefix}{next(self.numbers)}"

    def open_scope(
        self, binding: TypeBinding, row: FromClause, judge: Judge | None, moment: Moment | None = None
    ) -> Scope:
        """A scope over `row`, from which leaves are rendered."""
        source = row
        if judge is not None and judge.told_by is not None and judge.row is row:
            source = row.join(judge.told_by, true())
        return Scope(
            binding=binding,
            row=row,
            source=source,
            judge=judge,
            numbers=self.numbers,
            moment=moment,
            row_names=self.row_names,
        )

    def require(self, type_name: str, field_name: str) -> None:
        """Raise unless the grant has the field: validation has refused it before, so this is never met."""
        if not field_name.startswith("__") and f"{type_name}.{field_name}" not in self.grant.fields:
            raise ProbityError(ErrorCode.DOCUMENT_INVALID)

    def gather(self, columns: Mapping[str, ColumnElement[Any]]) -> LateralFromClause:
        """The values of one object side by side under their response keys."""
        if not columns:
            return select().lateral(self.name("o"))
        labelled = [value.label(key) for key, value in columns.items()]
        # Everything it names stands in the statement around it: nothing is its own.
        return select(*labelled).correlate_except(_NO_TABLE).lateral(self.name("o"))

    def build_object(
        self,
        binding: TypeBinding,
        row: FromClause,
        judge: Judge | None,
        selected: Sequence[Selected],
        where: Sequence[ColumnElement[bool]],
        moment: Moment | None = None,
    ) -> Select[Any]:
        """One object of each row: its JSON under `j`, the references of what it discloses under `d`."""
        scope = self.open_scope(binding, row, judge, moment)
        if isinstance(row, LateralFromClause):
            # A page's row stands in the statement around this one; here it is only referred to.
            scope.source = select(literal_column("1").label("one")).lateral(self.name("one"))
        columns: dict[str, ColumnElement[Any]] = {}
        reference = binding.refer_to(row, moment)
        references = [] if reference is None else [reference]
        conditions = self._ask_masks_once(scope, selected)
        for each in selected:
            if each.name == "__typename":
                columns[each.key] = literal_column(f"'{binding.name}'")
                continue
            bound = binding.fields[each.name]
            condition = conditions[each.name]
            if isinstance(bound, Leaf | Computed | FromPrincipal):
                columns[each.key] = self.masker.mask(scope.render(each.name), condition)
                continue
            branch = self._compile_branch(bound, each, scope, condition).lateral(self.name("b"))
            scope.source = scope.source.outerjoin(branch, true())
            columns[each.key] = self.masker.mask(branch.c.j, condition)
            references.append(branch.c.d)
        answer = self.gather(columns)
        own = scope.source.join(answer, true())
        return (
            select(tell_row(answer).label("j"), join_texts(references).label("d"))
            .select_from(own)
            .where(*where)
            .correlate_except(own)
        )

    def _ask_masks_once(self, scope: Scope, selected: Sequence[Selected]) -> dict[str, ColumnElement[bool]]:
        """Under what each field may be seen: columns of one row behind the judged one, each condition asked once."""
        names: dict[str, Predicate] = {}
        for each in selected:
            if each.name != "__typename":
                self.require(scope.binding.name, each.name)
                names[each.name] = self.grant.fields[f"{scope.binding.name}.{each.name}"]
        conditions: dict[Predicate, ColumnElement[bool]] = {}
        for name, predicate in names.items():
            if predicate not in conditions:
                conditions[predicate] = self.masker.find_condition(scope.binding.name, name, scope.judge)
        asked = {each: f"m{place}" for place, (each, one) in enumerate(conditions.items()) if not is_true(one)}
        if asked:
            columns = [conditions[predicate].label(name) for predicate, name in asked.items()]
            masks = select(*columns).correlate_except(_NO_TABLE).offset(literal_column("0")).lateral(self.name("m"))
            scope.source = scope.source.join(masks, true())
            conditions |= {predicate: masks.c[name] for predicate, name in asked.items()}
        return {name: conditions[predicate] for name, predicate in names.items()}

    def _compile_branch(self, bound: Any, asked: Selected, scope: Scope, condition: ColumnElement[bool]) -> Select[Any]:
        if isinstance(bound, Tally):
            return compile_tally(self._open_counter(), self.catalogue.subjects[bound.subject], asked)
        binding = self.catalogue.types[bound.target]
        parent = self.pass_down(scope, asked.name)

        def link(row: FromClause) -> ColumnElement[bool]:
            joined: ColumnElement[bool] = bound.link(scope.row, row)
            return joined if is_true(condition) else and_(joined, condition)

        if isinstance(bound, Many):
            # Below a row the link finds few; from the root the relation itself must drive the list.
            from_root = scope.binding.base is None
            state = scope.judge.state if bound.shares_state and scope.judge is not None else None
            request = self._list_request(
                binding,
                asked,
                bound.default_order,
                (link,),
                parent,
                as_set=from_root,
                state=state,
                moment=scope.past[1] if scope.past is not None and asked.name in scope.past[0].below else None,
            )
            return (compile_connection if bound.connection else compile_plain_list)(self, request)
        if not isinstance(bound, One):
            raise ProbityError(ErrorCode.INTERNAL)
        row, judge, where = self.open_row(binding, parent)
        return self.build_object(binding, row, judge, asked.of(binding.name), (*where, link(row))).limit(
            literal_column("1")
        )

    def _open_counter(self) -> Compiler:
        """This compiler under the grant to count; figures are no public fact, so that each question is recorded."""
        if self.counting is None:
            raise ProbityError(ErrorCode.INTERNAL)
        self.is_personal = True
        return replace(self, grant=self.counting, predicates=replace(self.predicates, many=True))

    def pass_down(self, scope: Scope, field_name: str) -> Judge | None:
        """Who judges the rows below a field: the same row, with that field's own predicate enforced."""
        if scope.judge is None:
            return None
        predicate = self.grant.fields[f"{scope.binding.name}.{field_name}"]
        return replace(scope.judge, enforced=(predicate,))
