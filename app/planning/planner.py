"""From a request to a plan, through the contract, the limits and the cache of plans.

INVARIANT: a plan is found only under the same document, operation, grant and outline of variables.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    validate,
)

from app.domain.vocabulary import Role
from app.errors import ErrorCode, ProbityError
from app.planning.catalogue import Catalogue
from app.planning.compiler import Compiler
from app.planning.condition_texts import ConditionTexts
from app.planning.limits import ANONYMOUS, SIGNED_IN, check_limits, estimate_cost, parse_document
from app.planning.plan import Plan, render_plan
from app.planning.predicates import PredicateCompiler
from app.planning.scopes import RowNames
from app.planning.selection import Selected, SelectionReader, Variables
from app.planning.variables import VariableReader
from app.policy.grant import Grant
from app.policy.record_states import RecordStateTable

KEPT_DOCUMENTS: Final = 512
KEPT_PLANS: Final = 2048
ANONYMOUS_PAGE: Final = 50
SIGNED_IN_PAGE: Final = 100
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidDocument:
    """A document that fits one contract: parsed, within limits, validated."""

    node: DocumentNode
    sha256: bytes
    operations: Mapping[str | None, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]

    def choose(self, name: str | None) -> OperationDefinitionNode:
        """The operation of that name, or the only one; raises `BAD_REQUEST` where none can be chosen."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            raise ProbityError(ErrorCode.BAD_REQUEST, "the operation name does not choose one operation; name one")
        return self.operations[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request ready to be answered: its operation, its coerced variables and, for a query, its plan."""

    document: ValidDocument
    operation: OperationDefinitionNode
    variables: Variables
    plan: Plan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """One operation of a document, with all that does not depend on who asks it when."""

    document: ValidDocument
    operation: OperationDefinitionNode
    reader: VariableReader
    is_planned: bool


class BoundedCache:
    """A mapping that forgets what was used longest ago."""

    __slots__ = ("_capacity", "_entries")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[Any, Any] = OrderedDict()

    def find_or_make(self, key: Any, make: Callable[[], Any]) -> Any:
        """The value under `key`, made at most once while it is kept; nothing is kept where making it fails."""
        value = self._entries.get(key, _NOTHING)
        if value is not _NOTHING:
            self._entries.move_to_end(key)
            return value
        value = make()
        self._entries[key] = value
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
        return value

    def find(self, key: Any) -> Any:
        """The value under `key`, or none."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def forget(self, key: Any) -> None:
        """Forget what is kept under `key`, if anything is."""
        self._entries.pop(key, None)

    def keep(self, key: Any, value: Any) -> None:
        """Keep a value under `key`."""
        self.forget(key)
        self.find_or_make(key, lambda: value)

    def __len__(self) -> int:
        return len(self._entries)


class Planner:
    """Plans requests of every role under one policy."""

    __slots__ = (
        "_catalogue",
        "_chosen",
        "_documents",
        "_plans",
        "_predicates",
        "_public_predicates",
        "_row_names",
    )

    def __init__(self, catalogue: Catalogue, states: RecordStateTable) -> None:
        self._catalogue = catalogue
        self._public_predicates = PredicateCompiler(states=states)
        self._row_names = RowNames()
        self._predicates = PredicateCompiler(states=states, written=ConditionTexts())
        self._documents = BoundedCache(KEPT_DOCUMENTS)
        self._chosen = BoundedCache(KEPT_DOCUMENTS)
        self._plans = BoundedCache(KEPT_PLANS)

    def prepare(
        self,
        text: str,
        operation_name: str | None,
        given: Mapping[str, Any],
        *,
        schema: GraphQLSchema,
        grant: Grant,
        counting: Grant | None = None,
    ) -> Prepared:
        """Parse, bound, validate, choose, coerce and plan; raises `ProbityError` for whatever does not fit.

        `counting` is what the same role may count over for the same purpose.
        """
        # The digest cannot be taken of text that is no Unicode; such text is no document either.
        try:
            sha256 = hashlib.sha256(text.encode()).digest()
        except UnicodeEncodeError:
            raise ProbityError(ErrorCode.BAD_REQUEST) from None
        asked = (sha256, operation_name, grant.key)
        chosen: _Chosen = self._chosen.find_or_make(
            asked, lambda: self._choose(text, sha256, operation_name, schema, grant)
        )
        document, operation = chosen.document, chosen.operation
        variables = chosen.reader.coerce(given)
        plan = None
        if chosen.is_planned:
            key = (asked, counting and counting.key, chosen.reader.outline(variables))
            plan = self._plans.find_or_make(
                key, lambda: self._make_plan(document, operation, variables, schema, grant, counting)
            )
        return Prepared(document=document, operation=operation, variables=variables, plan=plan)

    def _choose(
        self, text: str, sha256: bytes, operation_name: str | None, schema: GraphQLSchema, grant: Grant
    ) -> _Chosen:
        document: ValidDocument = self._documents.find_or_make(
            (sha256, grant.key), lambda: _read_document(text, sha256, schema, grant)
        )
        operation = document.choose(operation_name)
        is_query = operation.operation is OperationType.QUERY
        return _Chosen(
            document=document,
            operation=operation,
            reader=VariableReader(schema, operation),
            is_planned=is_query and not _asks_introspection(document, operation),
        )

    def _make_plan(
        self,
        document: ValidDocument,
        operation: OperationDefinitionNode,
        variables: Variables,
        schema: GraphQLSchema,
        grant: Grant,
        counting: Grant | None,
    ) -> Plan:
        selected = SelectionReader(schema=schema, fragments=document.fragments, variables=variables).read(operation)
        limits = ANONYMOUS if grant.role is Role.PUBLIC else SIGNED_IN
        if estimate_cost(selected) > limits.cost:
            raise ProbityError(ErrorCode.LIMIT_EXCEEDED, "the query costs too much; ask for smaller pages")
        return self.plan_selection(
            selected, grant, name=name_operation(operation), document_sha256=document.sha256, counting=counting
        )

    def plan_selection(
        self,
        selected: Sequence[Selected],
        grant: Grant,
        *,
        name: str,
        document_sha256: bytes,
        counting: Grant | None = None,
    ) -> Plan:
        """The plan of a selection; not kept."""
        compiler = self.open_compiler(grant, counting)
        statement = compiler.compile(selected)
        public = grant.role is Role.PUBLIC
        return render_plan(compiler, statement, operation=name, document_sha256=document_sha256, public=public)

    def open_compiler(self, grant: Grant, counting: Grant | None = None) -> Compiler:
        """A compiler of one statement under a grant."""
        public = grant.role is Role.PUBLIC
        return Compiler(
            catalogue=self._catalogue,
            grant=grant,
            predicates=self._public_predicates if public else self._predicates,
            row_names=self._row_names,
            guarded=not public,
            largest_page=ANONYMOUS_PAGE if public else SIGNED_IN_PAGE,
            counting=counting,
        )


def name_operation(operation: OperationDefinitionNode) -> str:
    """The operation's name; a fixed word where it has none."""
    return operation.name.value if operation.name else "anonymous"


def _read_document(text: str, sha256: bytes, schema: GraphQLSchema, grant: Grant) -> ValidDocument:
    limits = ANONYMOUS if grant.role is Role.PUBLIC else SIGNED_IN
    node = parse_document(text, limits)
    check_limits(node, limits)
    faults = validate(schema, node, max_errors=1)
    if faults:
        raise ProbityError(ErrorCode.DOCUMENT_INVALID)
    operations = {
        each.name.value if each.name else None: each
        for each in node.definitions
        if isinstance(each, OperationDefinitionNode)
    }
    fragments = {each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)}
    return ValidDocument(node=node, sha256=sha256, operations=operations, fragments=fragments)


def _list_root_fields(selected: SelectionSetNode, document: ValidDocument, seen: set[str]) -> Iterator[str]:
    """The names of the fields at the root, those in fragments included, directives not looked at."""
    for each in selected.selections:
        if isinstance(each, FieldNode):
            yield each.name.value
        elif isinstance(each, InlineFragmentNode):
            yield from _list_root_fields(each.selection_set, document, seen)
        elif isinstance(each, FragmentSpreadNode) and each.name.value not in seen:
            seen.add(each.name.value)
            yield from _list_root_fields(document.fragments[each.name.value].selection_set, document, seen)


def _asks_introspection(document: ValidDocument, operation: OperationDefinitionNode) -> bool:
    names = set(_list_root_fields(operation.selection_set, document, set())) - {"__typename"}
    asked = names & {"__schema", "__type"}
    if asked and asked != names:
        raise ProbityError(ErrorCode.DOCUMENT_INVALID, "introspection and data are asked for apart; send two requests")
    return bool(asked)
