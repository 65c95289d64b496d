"""A document that does not fit is refused in one sentence: no name is suggested, and what is hidden looks like nothing.

Every role is asked for everything that others may read, by its right name and by a name that is almost right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, get_named_type

from app.answering.served_policy import ServedPolicy
from app.domain.vocabulary import Purpose, Role
from app.errors import PUBLIC_SENTENCES, ErrorCode, ProbityError
from app.registry.refusal import SENTENCES, RefusalCode
from app.schema.contracts import Contract, list_fields

NAMES = {
    "auditor",
    "credentialing_body",
    "doj_analyst",
    "hiring_investigator",
    "officer_rep",
    "post_officer",
    "public",
    "registrar",
}


def refuse(policy: ServedPolicy, contract: Contract, text: str, **variables: Any) -> ProbityError:
    """The refusal of a document that must be refused."""
    with pytest.raises(ProbityError) as refused:
        policy.planner.prepare(
            text,
            None,
            variables,
            schema=contract.schema,
            grant=policy.find_grant(contract.role, contract.purpose),
        )
    return refused.value


def list_hidden_roots(full: GraphQLSchema, contract: Contract) -> list[str]:
    """The root fields that others have and this contract has not."""
    assert full.query_type is not None
    assert contract.schema.query_type is not None
    return sorted(full.query_type.fields.keys() - contract.schema.query_type.fields.keys())


def list_hidden_below(full: GraphQLSchema, contract: Contract) -> list[tuple[str, str]]:
    """Root lists of the contract with each field of their rows that others have and it has not."""
    assert contract.schema.query_type is not None
    found = []
    for root, described in contract.schema.query_type.fields.items():
        connection = get_named_type(described.type)
        if isinstance(connection, GraphQLObjectType) and connection.name.endswith("Connection"):
            row = get_named_type(connection.fields["nodes"].type)
            own = set(list_fields(contract.schema))
            others = full.type_map[row.name]
            assert isinstance(others, GraphQLObjectType)
            found += [(root, name) for name in others.fields if f"{row.name}.{name}" not in own]
    return found


def misspell(name: str) -> str:
    """A name so close to another that a server which suggests names would suggest it."""
    return name[:-1]


def list_near_names(schema: GraphQLSchema) -> Iterator[str]:
    """Documents each of which almost names something that the contract has."""
    yield "{ viewe { role } }"
    yield "{ viewer { rol } }"
    yield "{ agencies(frst: 1) { totalCount } }"
    yield "{ agencies(first: 1, filter: { nam: { eq: null } }) { totalCount } }"
    yield "{ agencies(first: 1, orderBy: { field: NAM }) { totalCount } }"
    yield "{ node(id: 1) { ... on Agenc { id } } }"
    yield "query q($f: AgencyFilte) { agencies(first: 1, filter: $f) { totalCount } }"
    yield "{ agencies(first: 1) { totalCount @skp(if: true) } }"
    yield "query q($first: Int!) { agencies(first: $frst) { totalCount } }"


@pytest.fixture(params=sorted(NAMES))
def contract(request: pytest.FixtureRequest, contracts: dict[str, Contract]) -> Contract:
    """One contract at a time."""
    return contracts[request.param]


def test_what_others_may_read_is_refused_as_if_it_did_not_exist(policy: ServedPolicy, contract: Contract) -> None:
    hidden = [f"{{ {root} {{ __typename }} }}" for root in list_hidden_roots(policy.schema, contract)]
    hidden += [
        f"{{ {root}(first: 1) {{ nodes {{ {name} }} }} }}" for root, name in list_hidden_below(policy.schema, contract)
    ]
    assert len(hidden) > 5
    told = {(error.code, str(error)) for error in (refuse(policy, contract, text) for text in hidden)}
    absent = refuse(policy, contract, "{ nothingOfThatName { __typename } }")
    assert told == {(absent.code, str(absent))}
    assert told == {(ErrorCode.DOCUMENT_INVALID, PUBLIC_SENTENCES[ErrorCode.DOCUMENT_INVALID])}


def test_a_name_that_is_almost_right_is_never_completed(policy: ServedPolicy, contract: Contract) -> None:
    documents = [*list_near_names(contract.schema)]
    documents += [f"{{ {misspell(root)} {{ __typename }} }}" for root in list_hidden_roots(policy.schema, contract)]
    for text in documents:
        error = refuse(policy, contract, text)
        assert error.code is ErrorCode.DOCUMENT_INVALID, text
        assert error.public_sentence == PUBLIC_SENTENCES[ErrorCode.DOCUMENT_INVALID], text
        assert error.__cause__ is None
        assert "did you mean" not in str(error).lower()


def test_a_variable_that_is_almost_right_is_never_completed(policy: ServedPolicy, contract: Contract) -> None:
    text = "query q($filter: AgencyFilter) { agencies(first: 1, filter: $filter) { totalCount } }"
    for given in (
        {"nam": {"eq": "Harborlight"}},
        {"kind": {"eq": "LOCAL_POLIC"}},
        {"name": {"equals": "Harborlight"}},
        {"name": {"eq": 5}},
    ):
        error = refuse(policy, contract, text, filter=given)
        assert (error.code, error.public_sentence) == (
            ErrorCode.VARIABLES_INVALID,
            PUBLIC_SENTENCES[ErrorCode.VARIABLES_INVALID],
        )
        assert "did you mean" not in str(error).lower()
        assert "Harborlight" not in str(error)


def test_a_code_that_the_contract_leaves_out_is_refused_like_one_that_never_was(
    policy: ServedPolicy, contracts: dict[str, Contract]
) -> None:
    compared = 0
    for contract in contracts.values():
        for name, type_ in contract.schema.type_map.items():
            full = policy.schema.type_map.get(name)
            if name.endswith("OrderField") and isinstance(type_, GraphQLEnumType) and isinstance(full, GraphQLEnumType):
                root = find_sorted_root(contract.schema, name)
                for value in full.values.keys() - type_.values.keys() if root is not None else ():
                    sorted_by = f"{{ {root}(first: 1, orderBy: {{ field: %s }}) {{ totalCount }} }}"
                    hidden, absent = (refuse(policy, contract, sorted_by % each) for each in (value, "NEVER"))
                    assert (hidden.code, str(hidden)) == (absent.code, str(absent))
                    compared += 1
    assert compared > 0


def find_sorted_root(schema: GraphQLSchema, orders: str) -> str | None:
    """The root list that is sorted by these codes, if there is one."""
    assert schema.query_type is not None
    for root, described in schema.query_type.fields.items():
        order = described.args.get("orderBy")
        if order is not None:
            type_ = get_named_type(order.type)
            assert isinstance(type_, GraphQLInputObjectType)
            if get_named_type(type_.fields["field"].type).name == orders:
                return str(root)
    return None


def test_a_purpose_that_is_not_the_roles_is_refused_in_one_sentence_whatever_the_two_are(policy: ServedPolicy) -> None:
    bound = set(policy.list_pairs())
    told = set()
    for role in Role:
        for purpose in Purpose:
            if (role, purpose) not in bound:
                with pytest.raises(ProbityError) as refused:
                    policy.find_grant(role, purpose)
                told.add((refused.value.code, refused.value.public_sentence))
    assert told == {(ErrorCode.FORBIDDEN, PUBLIC_SENTENCES[ErrorCode.FORBIDDEN])}


def test_each_code_has_one_sentence_of_its_own() -> None:
    assert set(PUBLIC_SENTENCES) == set(ErrorCode)
    assert set(SENTENCES) == set(RefusalCode)
    for sentences in (list(PUBLIC_SENTENCES.values()), list(SENTENCES.values())):
        assert len(set(sentences)) == len(sentences)
        for sentence in sentences:
            assert sentence == sentence.strip()
            assert sentence[0].islower()
            assert not sentence.endswith(".")
            assert "%" not in sentence
            assert "{" not in sentence
