"""What every contract promises whatever the policy says: descriptions, names, codes, and what nobody can ask for.

Each promise is checked over every member of every contract, so that a new field is bound from its first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphql import (
    DirectiveNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_specified_scalar_type,
    validate_schema,
)
from sqlalchemy import CheckConstraint, Column

from app.answering.served_policy import ServedPolicy
from app.domain import vocabulary
from app.domain.vocabulary import Action, IdentifierKind, ReadableIdentifierKind, Role
from app.planning.catalogue import Computed, Leaf, Many, One
from app.schema.bindings import build_catalogue
from app.schema.contracts import SENSITIVITY, Contract, list_fields, spell_field

CAMEL_CASE = re.compile(r"[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)*")
PASCAL_CASE = re.compile(r"(?:[A-Z][a-z0-9]*)+|ORI|ID")
CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*|[a-z]+(?:_[a-z]+)*")
FORBIDDEN_WORDS = re.compile(r"birth|dob|ssn|social|security_?number|home_?address|token", re.IGNORECASE)
# The one field that shows the second random id of an outcome, and nothing else may.
ANALYSTS_ID = "AnalystRow.id"
LOGIC = {"and", "or", "not"}
# A list is ordered by a field, figures by what they are grouped or measured by.
ORDERED_BY = {"field", "dimension", "measure", "statistic", "direction"}
PEOPLE = {"Officer", "OfficerName", "OfficerIdentifier", "Stint", "Certification", "Outcome", "Matter"}
# Types whose fields speak of places and of the one who asks alone: from them no list may lead to people.
WITHOUT_PEOPLE = {"Query", "Viewer", "Agency", "Jurisdiction", "AgencyCompliance", "Credential", "CredentialingBody"}
# Whoever handles records has the two lists of people; everybody else has none.
WITH_PEOPLE = {Role.RECORDS_OFFICER, Role.AGENCY_HEAD, Role.POST_OFFICER, Role.DOJ_ADJUDICATOR, Role.REGISTRAR}
WITHOUT_ANY_PERSON = {
    Role.PUBLIC,
    Role.DOJ_ANALYST,
    Role.DOJ_GRANTS,
    Role.DOJ_CERTIFIER,
    Role.CREDENTIALING_BODY,
}
COMMANDS = {
    "agency_head": {"grantRole", "revokeRole"},
    "registrar": {"grantRole", "revokeRole"},
    "officer": {"giveMandate", "endMandate"},
    "auditor": {"requestBreakGlass", "approveBreakGlass", "endBreakGlass"},
    "doj_analyst": {"requestExport", "cancelExport"},
}
UNTOLD_CODES = {IdentifierKind.SSN_TOKEN}
PersonList = tuple[str, str]


def list_types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    """The types of a contract that are its own."""
    return [
        type_
        for name, type_ in schema.type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(type_)
    ]


def list_members(schema: GraphQLSchema) -> Iterator[tuple[str, str, object]]:
    """Every type, field, argument, input member and directive: its kind, its full name, itself."""
    for type_ in list_types(schema):
        yield "type", type_.name, type_
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                yield "field", f"{type_.name}.{name}", field
                for argument, described in field.args.items():
                    yield "argument", f"{type_.name}.{name}.{argument}", described
        elif isinstance(type_, GraphQLInputObjectType):
            for name, member in type_.fields.items():
                yield "member", f"{type_.name}.{name}", member


def find_person_lists(schema: GraphQLSchema) -> set[PersonList]:
    """The fields that give a list of people, or of what hangs on them, to one who names none of them."""
    found: set[PersonList] = set()
    for name in WITHOUT_PEOPLE & schema.type_map.keys():
        for field, described in schema.type_map[name].fields.items():  # type: ignore[attr-defined]
            target = get_named_type(described.type).name.removesuffix("Connection")
            is_list = "Connection" in str(described.type) or "[" in str(described.type)
            if is_list and target in PEOPLE:
                found.add((name, field))
    return found


def find_columns() -> dict[str, str]:
    """The column that each field shows, by `Type.field`."""
    return {
        f"{binding.name}.{name}": bound.column.name
        for binding in build_catalogue().types.values()
        for name, bound in binding.fields.items()
        if isinstance(bound, Leaf)
    }


def list_known_codes(column: Column[object]) -> set[str] | None:
    """The codes that the table's own constraint admits for a column; nothing where none speaks of it."""
    name = f"ck_{column.table.name}_{column.name}_known"
    for constraint in column.table.constraints:
        if isinstance(constraint, CheckConstraint) and constraint.name == name:
            return set(re.findall(r"'([^']*)'", str(constraint.sqltext)))
    return None


def test_every_contract_is_a_valid_schema_and_its_text_is_the_same_schema(contracts: dict[str, Contract]) -> None:
    for contract in contracts.values():
        told = build_schema(contract.sdl)
        assert validate_schema(contract.schema) == []
        assert validate_schema(told) == []
        assert [name for _, name, _ in sorted(list_members(told), key=lambda each: each[:2])] == [
            name for _, name, _ in sorted(list_members(contract.schema), key=lambda each: each[:2])
        ]


def test_everything_in_a_contract_is_described(contracts: dict[str, Contract]) -> None:
    silent = {
        f"{kind} {name}"
        for contract in contracts.values()
        for kind, name, described in list_members(contract.schema)
        if not (getattr(described, "description", None) or "").strip()
    }
    assert silent == set()


def test_names_are_written_in_one_way(contracts: dict[str, Contract]) -> None:
    for contract in contracts.values():
        for kind, name, described in list_members(contract.schema):
            form = PASCAL_CASE if kind == "type" else CAMEL_CASE
            assert form.fullmatch(name.rpartition(".")[2]), name
            if isinstance(described, GraphQLEnumType):
                assert [value for value in described.values if not CODE.fullmatch(value)] == []


def test_codes_are_spelled_in_the_contract_as_in_the_database(policy: ServedPolicy) -> None:
    compared = 0
    for type_name, binding in build_catalogue().types.items():
        type_ = policy.schema.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        for name, bound in binding.fields.items():
            codes = get_named_type(type_.fields[name].type)
            if not isinstance(codes, GraphQLEnumType) or not isinstance(bound, Leaf):
                continue
            known = list_known_codes(bound.column)
            if known is not None:
                compared += 1
                assert known - UNTOLD_CODES <= set(codes.values), f"{type_name}.{name}"
    assert compared > 30


def test_a_code_of_the_contract_is_the_vocabularys_letter_by_letter(policy: ServedPolicy) -> None:
    compared = 0
    for type_ in list_types(policy.schema):
        codes = getattr(vocabulary, type_.name, None)
        if isinstance(type_, GraphQLEnumType) and codes is not None:
            compared += 1
            known = [member.value for member in codes if member not in UNTOLD_CODES]
            assert list(type_.values) == known
            assert [value.value for value in type_.values.values()] == known
    assert compared > 20


def test_no_contract_has_a_word_for_what_nobody_may_read(policy: ServedPolicy, contracts: dict[str, Contract]) -> None:
    for untold in UNTOLD_CODES:
        assert untold.value not in {
            value for type_ in list_types(policy.schema) if isinstance(type_, GraphQLEnumType) for value in type_.values
        }
        assert not [name for name, contract in contracts.items() if untold.value in contract.sdl]
    assert {*ReadableIdentifierKind} == {*IdentifierKind} - UNTOLD_CODES


def test_a_member_of_a_filter_is_a_field_of_its_type(policy: ServedPolicy) -> None:
    filters = [
        type_
        for type_ in list_types(policy.schema)
        if isinstance(type_, GraphQLInputObjectType) and type_.fields.keys() >= LOGIC
    ]
    assert len(filters) > 10
    for filtered in filters:
        target = policy.schema.type_map[filtered.name.removesuffix("Filter")]
        assert isinstance(target, GraphQLObjectType)
        members = filtered.fields.keys() - LOGIC
        assert members, filtered.name
        assert members <= target.fields.keys(), filtered.name


def test_a_value_of_an_order_is_a_field_of_its_type(policy: ServedPolicy) -> None:
    orders = [
        type_
        for type_ in list_types(policy.schema)
        if isinstance(type_, GraphQLEnumType) and type_.name.endswith("OrderField")
    ]
    assert len(orders) > 10
    for values in orders:
        target = policy.schema.type_map[values.name.removesuffix("OrderField")]
        assert isinstance(target, GraphQLObjectType)
        assert {spell_field(value) for value in values.values} <= target.fields.keys(), values.name


def test_a_list_is_sorted_by_single_values_and_filtered_by_them_or_by_what_may_be_filtered_itself(
    policy: ServedPolicy,
) -> None:
    catalogue = build_catalogue()
    bindings = {each.name: each for each in catalogue.types.values()}
    bindings |= {name: subject.binding for name, subject in catalogue.subjects.items()}
    for type_ in list_types(policy.schema):
        if isinstance(type_, GraphQLInputObjectType) and type_.fields.keys() >= LOGIC:
            names = type_.fields.keys() - LOGIC
            target = type_.name.removesuffix("Filter")
        elif isinstance(type_, GraphQLEnumType) and type_.name.endswith("OrderField"):
            names = {spell_field(value) for value in type_.values}
            target = type_.name.removesuffix("OrderField")
        else:
            continue
        for name in names:
            bound = bindings[target].fields[name]
            if isinstance(type_, GraphQLInputObjectType) and isinstance(bound, One | Many):
                form = "Filter" if isinstance(bound, One) else "Quantifier"
                assert get_named_type(type_.fields[name].type).name == f"{bound.target}{form}"
            else:
                assert isinstance(bound, Leaf | Computed), f"{target}.{name}"


def test_a_contract_filters_and_sorts_by_nothing_that_it_does_not_show(contracts: dict[str, Contract]) -> None:
    for contract in contracts.values():
        shown = set(list_fields(contract.schema))
        for type_ in list_types(contract.schema):
            if isinstance(type_, GraphQLInputObjectType) and type_.fields.keys() >= LOGIC:
                target = type_.name.removesuffix("Filter")
                assert {f"{target}.{name}" for name in type_.fields.keys() - LOGIC} <= shown
            if isinstance(type_, GraphQLEnumType) and type_.name.endswith("OrderField"):
                target = type_.name.removesuffix("OrderField")
                assert {f"{target}.{spell_field(name)}" for name in type_.values} <= shown


def test_a_contract_has_no_list_filter_or_order_with_nothing_in_it(contracts: dict[str, Contract]) -> None:
    for contract in contracts.values():
        for type_ in list_types(contract.schema):
            members = getattr(type_, "fields", {}).keys()
            if isinstance(type_, GraphQLInputObjectType) and type_.name.endswith("Order"):
                assert "direction" in members, f"{contract.role}: {type_.name}"
                assert members - {"direction"}, f"{contract.role}: {type_.name}"
                assert members <= ORDERED_BY, f"{contract.role}: {type_.name}"
            if isinstance(type_, GraphQLInputObjectType) and members & LOGIC:
                assert members - LOGIC, f"{contract.role}: {type_.name}"
            if isinstance(type_, GraphQLObjectType) and type_.name.endswith("Connection"):
                assert members == {"edges", "nodes", "pageInfo", "totalCount"}, f"{contract.role}: {type_.name}"


def test_a_contract_has_no_field_that_its_grants_do_not_allow(
    policy: ServedPolicy, contracts: dict[str, Contract]
) -> None:
    for contract in contracts.values():
        grants = [policy.find_grant(contract.role, contract.purpose, action) for action in Action]
        for name in list_fields(contract.schema):
            assert any(grant.readable(name) for grant in grants), f"{contract.role}: {name}"


def test_nobody_can_ask_for_a_birth_date_or_an_ssn(policy: ServedPolicy) -> None:
    assert [name for _, name, _ in list_members(policy.schema) if FORBIDDEN_WORDS.search(name)] == []
    columns = find_columns()
    assert columns
    assert [name for name, column in columns.items() if FORBIDDEN_WORDS.search(column)] == []


def test_the_second_id_of_an_outcome_is_shown_by_rows_of_analysis_alone_and_the_first_is_not() -> None:
    columns = find_columns()
    assert [name for name, column in columns.items() if "analyst" in column] == [ANALYSTS_ID]
    rows = build_catalogue().types["AnalystRow"]
    assert rows.key == "analyst_id"
    shown = {bound.column for bound in rows.fields.values() if isinstance(bound, Leaf)}
    assert not {column.name for column in shown} & {"id", "officer_id", "agency_id", "matter_id", "series_id"}


def test_a_row_of_analysis_leads_to_no_other_row(policy: ServedPolicy) -> None:
    type_ = policy.schema.type_map["AnalystRow"]
    assert isinstance(type_, GraphQLObjectType)
    for name, field in type_.fields.items():
        assert is_leaf_type(get_named_type(field.type)), name
        assert get_named_type(field.type).name not in {"Date", "DateTime"}, name


def test_nobody_but_those_who_handle_records_has_a_list_of_people(contracts: dict[str, Contract]) -> None:
    for contract in contracts.values():
        if contract.role in WITH_PEOPLE:
            # The same search finds the lists of those who have them, so it would find the others'.
            assert {("Query", "officers"), ("Query", "outcomes")} <= find_person_lists(contract.schema)
        else:
            assert find_person_lists(contract.schema) == set(), contract.role


def test_who_works_with_agencies_and_numbers_has_no_type_about_a_person(contracts: dict[str, Contract]) -> None:
    found = {contract.role for contract in contracts.values() if not PEOPLE & contract.schema.type_map.keys()}
    assert found == WITHOUT_ANY_PERSON


def test_every_field_tells_its_class_in_every_contract_but_the_publics(
    policy: ServedPolicy, contracts: dict[str, Contract]
) -> None:
    for contract in contracts.values():
        for kind, name, field in list_members(build_schema(contract.sdl)):
            if kind != "field":
                continue
            marks: list[DirectiveNode] = list(field.ast_node.directives or ())  # type: ignore[attr-defined]
            if contract.role is Role.PUBLIC:
                assert marks == []
                continue
            assert [mark.name.value for mark in marks] == [SENSITIVITY]
            mark: Any = marks[0]
            assert mark.arguments[0].value.value == policy.point.bundle.class_of(name)


def test_a_contract_has_the_commands_of_its_role_and_no_other(contracts: dict[str, Contract]) -> None:
    found = {
        name: set(contract.schema.mutation_type.fields)
        for name, contract in contracts.items()
        if contract.schema.mutation_type
    }
    assert found == COMMANDS


def test_a_list_is_always_asked_for_by_the_page(contracts: dict[str, Contract]) -> None:
    window = {"first", "after", "last", "before"}
    for contract in contracts.values():
        for kind, name, field in list_members(contract.schema):
            if kind == "field" and str(field.type).endswith("Connection"):  # type: ignore[attr-defined]
                assert window <= set(field.args), name  # type: ignore[attr-defined]
