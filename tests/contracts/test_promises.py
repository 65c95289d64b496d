"""What every contract promises whatever the policy says: descriptions, names, codes, and what nobody can ask for.

Each promise is checked over every member of every contract, so that a new field is bound from its first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
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
    is_specified_scalar_type,
    validate_schema,
)
from sqlalchemy import CheckConstraint, Column

from app.answering.served_policy import ServedPolicy
from app.domain import vocabulary
from app.domain.vocabulary import Action, Role
from app.planning.catalogue import Leaf
from app.schema.bindings import build_catalogue
from app.schema.contracts import SENSITIVITY, Contract, list_fields, spell_field
from app.schema.filters import (
    AgencyFilter,
    AgencyOrderField,
    CertificationFilter,
    OfficerFilter,
    OfficerOrderField,
    OutcomeFilter,
    OutcomeOrderField,
    StintFilter,
    StintOrderField,
)

CAMEL_CASE = re.compile(r"[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)*")
PASCAL_CASE = re.compile(r"(?:[A-Z][a-z0-9]*)+|ORI|ID")
CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*|[a-z]+(?:_[a-z]+)*")
FORBIDDEN_WORDS = re.compile(r"birth|dob|ssn|social|security_?number|home_?address|analyst", re.IGNORECASE)
LOGIC = {"and", "or", "not"}
PEOPLE = {"Officer", "OfficerName", "OfficerIdentifier", "Stint", "Certification", "Outcome", "Matter"}
# Types whose fields speak of places and of the one who asks alone: from them no list may lead to people.
WITHOUT_PEOPLE = {"Query", "Viewer", "Agency", "Jurisdiction"}
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
                assert known <= set(codes.values), f"{type_name}.{name}"
    assert compared > 30


def test_a_code_of_the_contract_is_the_vocabularys_letter_by_letter(policy: ServedPolicy) -> None:
    compared = 0
    for type_ in list_types(policy.schema):
        codes = getattr(vocabulary, type_.name, None)
        if isinstance(type_, GraphQLEnumType) and codes is not None:
            compared += 1
            assert list(type_.values) == [member.value for member in codes]
            assert [value.value for value in type_.values.values()] == [member.value for member in codes]
    assert compared > 20


@pytest.mark.parametrize("filter_type", [AgencyFilter, CertificationFilter, OfficerFilter, OutcomeFilter, StintFilter])
def test_a_member_of_a_filter_is_a_field_of_its_type(policy: ServedPolicy, filter_type: type) -> None:
    filtered = policy.schema.type_map[filter_type.__name__]
    assert isinstance(filtered, GraphQLInputObjectType)
    target = policy.schema.type_map[filter_type.__name__.removesuffix("Filter")]
    assert isinstance(target, GraphQLObjectType)
    members = filtered.fields.keys() - LOGIC
    assert members
    assert members <= target.fields.keys()


@pytest.mark.parametrize("orders", [AgencyOrderField, OfficerOrderField, OutcomeOrderField, StintOrderField])
def test_a_value_of_an_order_is_a_field_of_its_type(policy: ServedPolicy, orders: type) -> None:
    values = policy.schema.type_map[orders.__name__]
    assert isinstance(values, GraphQLEnumType)
    target = policy.schema.type_map[orders.__name__.removesuffix("OrderField")]
    assert isinstance(target, GraphQLObjectType)
    assert {spell_field(value) for value in values.values} <= target.fields.keys()


def test_every_filter_and_order_of_the_contract_is_one_of_those_checked(policy: ServedPolicy) -> None:
    checked = {"Agency", "Certification", "Officer", "Outcome", "Stint"}
    for type_ in list_types(policy.schema):
        if isinstance(type_, GraphQLInputObjectType) and type_.fields.keys() >= LOGIC:
            assert type_.name.removesuffix("Filter") in checked
        if isinstance(type_, GraphQLEnumType) and type_.name.endswith("OrderField"):
            assert type_.name.removesuffix("OrderField") in checked


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


def test_a_contract_has_no_field_that_its_grants_do_not_allow(
    policy: ServedPolicy, contracts: dict[str, Contract]
) -> None:
    for contract in contracts.values():
        grants = [policy.find_grant(contract.role, contract.purpose, action) for action in Action]
        for name in list_fields(contract.schema):
            assert any(grant.readable(name) for grant in grants), f"{contract.role}: {name}"


def test_nobody_can_ask_for_a_birth_date_an_ssn_or_an_analysts_id(policy: ServedPolicy) -> None:
    assert [name for _, name, _ in list_members(policy.schema) if FORBIDDEN_WORDS.search(name)] == []
    columns = [
        bound.column.name
        for binding in build_catalogue().types.values()
        for bound in binding.fields.values()
        if isinstance(bound, Leaf)
    ]
    assert columns
    assert [name for name in columns if FORBIDDEN_WORDS.search(name) or name == "value_token"] == []


def test_the_public_and_those_who_hire_have_no_list_of_people(contracts: dict[str, Contract]) -> None:
    for contract in contracts.values():
        if contract.role in {Role.PUBLIC, Role.HIRING_INVESTIGATOR}:
            assert find_person_lists(contract.schema) == set()
        elif contract.role is not Role.OFFICER:
            # The same search finds the lists of those who have them, so it would find these.
            assert {("Query", "officers"), ("Query", "outcomes")} <= find_person_lists(contract.schema)


def test_the_public_has_no_type_about_a_person(contracts: dict[str, Contract]) -> None:
    assert PEOPLE & contracts["public"].schema.type_map.keys() == set()


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
            assert marks[0].arguments[0].value.value == policy.point.bundle.class_of(name)  # type: ignore[index, attr-defined]


def test_only_a_command_of_the_head_is_in_any_contract(contracts: dict[str, Contract]) -> None:
    assert {name for name, contract in contracts.items() if contract.schema.mutation_type} == {"agency_head"}


def test_a_list_is_always_asked_for_by_the_page(contracts: dict[str, Contract]) -> None:
    window = {"first", "after", "last", "before"}
    for contract in contracts.values():
        for kind, name, field in list_members(contract.schema):
            if kind == "field" and str(field.type).endswith("Connection"):  # type: ignore[attr-defined]
                assert window <= set(field.args), name  # type: ignore[attr-defined]
