"""Lists of rows: Relay connections forwards and backwards, and plain lists of few.

INVARIANT: sorting, cursors, counts and page information are taken from masked values of visible rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    case,
    exists,
    func,
    literal_column,
    select,
    true,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause

from app.errors import ErrorCode, ProbityError
from app.planning.catalogue import Computed, Leaf, LeafForm, Moment, Ordering, TypeBinding
from app.planning.filters import FilterCompiler, RowOpener
from app.planning.parameters import decode_cursor
from app.planning.predicates import PredicateCompiler
from app.planning.reaching import reach_rows
from app.planning.scopes import Judge, Scope, is_true, join_texts, tell_row
from app.planning.selection import Given, Selected

PLAIN_LIST_MOST: Final = 1000
EMPTY_LIST: Final[ColumnElement[Any]] = literal_column("'[]'::json")


class ObjectCompiler(RowOpener, Protocol):
    """What a list needs of the compiler: names, parameters, masks, and objects of one row."""

    largest_page: int
    predicates: PredicateCompiler

    def name(self, prefix: str) -> str: ...

    def build_object(
        self,
        binding: TypeBinding,
        row: FromClause,
        judge: Judge | None,
        selected: Sequence[Selected],
        where: Sequence[ColumnElement[bool]],
        moment: Moment | None = None,
    ) -> Select[Any]: ...

    def gather(self, columns: Mapping[str, ColumnElement[Any]]) -> LateralFromClause: ...

    def require(self, type_name: str, field_name: str) -> None: ...


Conditions = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """A list to compile: whose rows (`find` over a fresh alias), how they are judged, and what was asked of it.

    With a `moment` its rows are told as they were on record then. A list `from_root` hangs on no other row.
    """

    binding: TypeBinding
    open_row: Callable[[], tuple[FromClause, Judge | None, Conditions]]
    default_order: Ordering
    asked: Selected
    moment: Moment | None = None
    from_root: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The part of a connection asked for: how many, from which side, beyond which cursor."""

    size: int
    backwards: bool
    cursor: Given | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The rows of a list over one alias, with the values they are sorted by (the id last, so none repeats)."""

    scope: Scope
    judge: Judge | None
    where: Conditions
    sort: tuple[ColumnElement[Any], ...]
    descending: bool


def compile_plain_list(compiler: ObjectCompiler, request: ListRequest) -> Select[Any]:
    """A JSON array of objects under `j`, and the references of what it discloses under `d`."""
    rows = _open_rows(compiler, request)
    page = _take(compiler, rows, (), PLAIN_LIST_MOST, backwards=False)
    name = request.binding.name
    node = _build_node(compiler, request, rows, page, request.asked.of(name), ())
    own = page.join(node, true())
    return (
        select(
            func.coalesce(func.json_agg(aggregate_order_by(node.c.j, page.c.rn)), EMPTY_LIST).label("j"),
            func.string_agg(node.c.d, literal_column("' '")).label("d"),
        )
        .select_from(own)
        .correlate_except(own)
    )


def compile_connection(compiler: ObjectCompiler, request: ListRequest) -> Select[Any]:
    """A connection object under `j`, and the references of what it discloses under `d`."""
    name = f"{request.binding.name}Connection"
    wanted = request.asked.of(name)
    for each in wanted:
        compiler.require(name, each.name)
    window = read_window(request.asked.arguments, compiler.largest_page)
    rows = _open_rows(compiler, request)
    mark = None if window.cursor is None else _find_mark(compiler, request, window.cursor)
    page = _take(compiler, rows, () if mark is None else (mark,), window.size + 1, backwards=window.backwards)
    listed = _list_items(compiler, request, rows, page, window, wanted)
    own: FromClause = listed
    columns: dict[str, ColumnElement[Any]] = {}
    for place, each in enumerate(wanted):
        if each.name == "__typename":
            columns[each.key] = literal_column(f"'{name}'")
        elif each.name == "totalCount":
            columns[each.key] = _count_rows(compiler, request)
        elif each.name == "pageInfo":
            info = _describe_page(compiler, listed, window, mark, each)
            own = own.join(info, true())
            columns[each.key] = tell_row(info)
        else:
            columns[each.key] = listed.c[f"list{place}"]
    answer = compiler.gather(columns)
    own = own.join(answer, true())
    return select(tell_row(answer).label("j"), listed.c.d.label("d")).select_from(own).correlate_except(own)


def read_window(arguments: Mapping[str, Given], largest: int) -> _Window:
    """The window that a connection's arguments ask for; raises `LIMIT_EXCEEDED` for none, two or too large a one."""
    sizes = {name: _read_size(arguments.get(name)) for name in ("first", "last")}
    given = {name: size for name, size in sizes.items() if size is not None}
    if len(given) != 1 or not 0 <= next(iter(given.values())) <= largest:
        raise ProbityError(ErrorCode.LIMIT_EXCEEDED, f"a list takes either first or last, from 0 to {largest}")
    backwards = "last" in given
    cursor, other = (arguments.get(name) for name in (("before", "after") if backwards else ("after", "before")))
    if other is not None and not other.is_null:
        raise ProbityError(ErrorCode.LIMIT_EXCEEDED, "after goes with first, and before with last")
    placed = None if cursor is None or cursor.is_null else cursor
    return _Window(size=next(iter(given.values())), backwards=backwards, cursor=placed)


def _read_size(given: Given | None) -> int | None:
    return None if given is None or given.is_null else int(given.value)


def _open_rows(compiler: ObjectCompiler, request: ListRequest) -> _Rows:
    row, judge, where = request.open_row()
    scope = compiler.open_scope(request.binding, row, judge, request.moment)
    given = request.asked.arguments.get("filter")
    if given is not None and not given.is_null:
        where = (*where, FilterCompiler(scope=scope, opener=compiler).compile(given))
    order = _read_order(request.asked.arguments.get("orderBy"), _choose_default(compiler, request))
    identity = tuple(row.c[column] for column in request.binding.identity)
    sort = (*_find_sort_values(compiler, scope, order.field), *identity)
    return _Rows(scope=scope, judge=judge, where=where, sort=sort, descending=order.descending)


def _choose_default(compiler: ObjectCompiler, request: ListRequest) -> Ordering:
    """The list's own order; that of its ids alone, which are random, where the field sorted by is not the caller's."""
    named = f"{request.binding.name}.{request.default_order.field}"
    return request.default_order if named in compiler.masker.grant.fields else Ordering(field="id")


def _read_order(given: Given | None, default: Ordering) -> Ordering:
    if given is None or given.is_null:
        return default
    members = given.members()
    first, *others = str(members["field"].value).lower().split("_")
    direction = members.get("direction")
    return Ordering(
        field=first + "".join(word.capitalize() for word in others),
        descending=direction is not None and direction.value == "DESC",
    )


def _find_sort_values(compiler: ObjectCompiler, scope: Scope, field: str) -> tuple[ColumnElement[Any], ...]:
    if field == "id":
        return ()
    leaf = scope.find_field(field)
    if not isinstance(leaf, Leaf | Computed):
        raise ProbityError(ErrorCode.DOCUMENT_INVALID)
    condition = compiler.masker.find_condition(scope.binding.name, field, scope.judge)
    if is_true(condition) and scope.past is None and isinstance(leaf, Leaf) and leaf.ordered_by is not None:
        return (scope.row.c[leaf.ordered_by.name],)
    value = scope.render(field)
    on_base = isinstance(leaf, Leaf) and leaf.column.table is scope.binding.base and not leaf.column.nullable
    # The end of a range is absent where the range is open, whatever its column.
    on_base = on_base and isinstance(leaf, Leaf) and leaf.form is LeafForm.PLAIN
    if is_true(condition) and on_base and scope.past is None:
        return (value,)
    masked = compiler.masker.mask(value, condition)
    # Row comparison knows no NULL: a flag and a stand-in of the same type sort it last.
    return masked.is_(None), func.coalesce(masked, _find_stand_in(value))


def _find_stand_in(value: ColumnElement[Any]) -> ColumnElement[Any]:
    for kind, text in ((Date, "'epoch'::date"), (DateTime, "'epoch'::timestamptz"), (Integer, "0")):
        if isinstance(value.type, kind):
            return literal_column(text)
    return literal_column("''")


def _find_mark(compiler: ObjectCompiler, request: ListRequest, cursor: Given) -> LateralFromClause:
    """The sort values of the cursor's own row, looked up again under the mask; none where it can no longer be seen."""
    rows = _open_rows(compiler, request)
    key = compiler.parameters.add(cursor, Uuid(), decode_cursor)
    row = rows.scope.row
    columns = [value.label(f"s{index}") for index, value in enumerate(rows.sort)]
    return (
        select(*columns)
        .select_from(rows.scope.source)
        .where(*rows.where, row.c[request.binding.key or "id"] == key)
        .correlate_except(rows.scope.source)
        .lateral(compiler.name("k"))
    )


def _take(
    compiler: ObjectCompiler, rows: _Rows, marks: tuple[LateralFromClause, ...], most: int, *, backwards: bool
) -> LateralFromClause:
    """At most `most` rows in order, each with its place `rn` and its cursor `cursor`."""
    row, descending = rows.scope.row, rows.descending is not backwards
    order = [value.desc() if descending else value.asc() for value in rows.sort]
    source = rows.scope.source
    where = list(rows.where)
    for mark in marks:
        source = source.join(mark, true())
        left, right = tuple_(*rows.sort), tuple_(*mark.c)
        where.append(left < right if descending else left > right)
    key: ColumnElement[Any] = literal_column("NULL::text")
    if rows.scope.binding.key is not None:
        key = func.encode(func.uuid_send(row.c[rows.scope.binding.key]), literal_column("'base64'"))
    carried = [row.c[name] for name in sorted(rows.scope.binding.list_carried(compiler.masker.grant.fields))]
    judge = rows.judge
    if judge is not None and judge.told_by is not None and judge.row is row:
        carried.append(judge.told_by.c.state.label("record_state"))
    return (
        select(*carried, func.row_number().over(order_by=order).label("rn"), key.label("cursor"))
        .select_from(source)
        .where(*where)
        .order_by(*order)
        .limit(literal_column(str(most)))
        .correlate_except(source)
        .lateral(compiler.name("p"))
    )


def _build_node(
    compiler: ObjectCompiler,
    request: ListRequest,
    rows: _Rows,
    page: LateralFromClause,
    selected: Sequence[Selected],
    where: Conditions,
) -> LateralFromClause:
    judge = rows.judge
    if judge is not None and judge.row is rows.scope.row:
        # A page carries the state of its rows along, so that nothing is asked of a row twice.
        state = judge.state if judge.told_by is None else page.c.record_state
        judge = Judge(entity=judge.entity, row=page, enforced=judge.enforced, state=state)
    built = compiler.build_object(request.binding, page, judge, selected, where, request.moment)
    return built.lateral(compiler.name("n"))


def _list_items(
    compiler: ObjectCompiler,
    request: ListRequest,
    rows: _Rows,
    page: LateralFromClause,
    window: _Window,
    wanted: Sequence[Selected],
) -> LateralFromClause:
    """One row: the lists asked for, whether there is more, the cursors at both ends, and the references."""
    inside = page.c.rn <= literal_column(str(window.size))
    place = page.c.rn.desc() if window.backwards else page.c.rn.asc()
    own: FromClause = page
    columns: list[ColumnElement[Any]] = []
    references: list[ColumnElement[Any]] = []
    for number, each in enumerate(wanted):
        if each.name not in {"nodes", "edges"}:
            continue
        item, found, sources = _build_item(compiler, request, rows, page, inside, each)
        for source in sources:
            own = own.outerjoin(source, true())
        references += found
        gathered = func.json_agg(aggregate_order_by(item, place)).filter(inside)
        columns.append(func.coalesce(gathered, EMPTY_LIST).label(f"list{number}"))
    ends = {"start": place, "end": page.c.rn.asc() if window.backwards else page.c.rn.desc()}
    told = [_take_first(named, ends[end], inside) for named, end in _list_told_ends(request, page, wanted)]
    columns += [
        func.coalesce(func.bool_or(~inside), literal_column("false")).label("more"),
        *(_take_first(page.c.cursor, order, inside).label(end) for end, order in ends.items()),
        join_texts([func.string_agg(join_texts(references), literal_column("' '")), *told]).label("d"),
    ]
    return select(*columns).select_from(own).correlate_except(own).lateral(compiler.name("l"))


def _take_first(value: ColumnElement[Any], order: Any, inside: ColumnElement[bool]) -> ColumnElement[Any]:
    gathered = func.array_agg(aggregate_order_by(value, order)).filter(inside)
    return type_coerce(gathered, ARRAY(Text))[1]


def _list_told_ends(
    request: ListRequest, page: LateralFromClause, wanted: Sequence[Selected]
) -> list[tuple[ColumnElement[Any], str]]:
    """The references of the rows whose cursors page information tells: a cursor names its row as an id does."""
    reference = request.binding.refer_to(page, request.moment)
    asked = {each.name for info in wanted if info.name == "pageInfo" for each in info.of("PageInfo")}
    return [(reference, end) for end in ("start", "end") if reference is not None and f"{end}Cursor" in asked]


def _build_item(
    compiler: ObjectCompiler,
    request: ListRequest,
    rows: _Rows,
    page: LateralFromClause,
    inside: ColumnElement[bool],
    asked: Selected,
) -> tuple[ColumnElement[Any], list[ColumnElement[Any]], list[LateralFromClause]]:
    name = request.binding.name
    if asked.name == "nodes":
        node = _build_node(compiler, request, rows, page, asked.of(name), (inside,))
        return node.c.j, [node.c.d], [node]
    columns: dict[str, ColumnElement[Any]] = {}
    references: list[ColumnElement[Any]] = []
    sources: list[LateralFromClause] = []
    for each in asked.of(f"{name}Edge"):
        compiler.require(f"{name}Edge", each.name)
        if each.name == "__typename":
            columns[each.key] = literal_column(f"'{name}Edge'")
        elif each.name == "cursor":
            columns[each.key] = page.c.cursor
            reference = request.binding.refer_to(page, request.moment)
            references += [] if reference is None else [case((inside, reference))]
        else:
            node = _build_node(compiler, request, rows, page, each.of(name), (inside,))
            sources.append(node)
            references.append(node.c.d)
            columns[each.key] = node.c.j
    edge = compiler.gather(columns)
    return tell_row(edge), references, [*sources, edge]


def _describe_page(
    compiler: ObjectCompiler,
    listed: LateralFromClause,
    window: _Window,
    mark: LateralFromClause | None,
    asked: Selected,
) -> LateralFromClause:
    behind = literal_column("false") if mark is None else exists(select(literal_column("1")).select_from(mark))
    facts: dict[str, ColumnElement[Any]] = {
        "__typename": literal_column("'PageInfo'"),
        "hasNextPage": behind if window.backwards else listed.c.more,
        "hasPreviousPage": listed.c.more if window.backwards else behind,
        "startCursor": listed.c.start,
        "endCursor": listed.c.end,
    }
    for each in asked.of("PageInfo"):
        compiler.require("PageInfo", each.name)
    return compiler.gather({each.key: facts[each.name] for each in asked.of("PageInfo")})


def _count_rows(compiler: ObjectCompiler, request: ListRequest) -> ColumnElement[Any]:
    rows = _open_rows(compiler, request)
    where = rows.where
    if request.from_root and rows.judge is not None:
        where = (*where, *reach_rows(compiler, request.binding, rows.scope.row, rows.judge))
    return (
        select(func.count())
        .select_from(rows.scope.source)
        .where(*where)
        .correlate_except(rows.scope.source)
        .scalar_subquery()
    )
