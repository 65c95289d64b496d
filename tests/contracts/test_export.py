"""The published contracts are what is served, and nothing is taken from their readers unless it was declared.

The command is run as a person would run it; only the directory it writes to is the test's own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    build_schema,
    parse,
    print_ast,
)

from app.cli.schema import register
from app.domain.vocabulary import Role
from app.errors import SetupRefused
from app.schema.contracts import Contract
from app.schema.export import (
    DECLARATIONS,
    Break,
    compare_contracts,
    find_breaks,
    name_contracts,
    read_declared,
    read_published,
)
from app.settings import Settings

TAKEN = 'type Query {\n  """Gone."""\n  old: Int\n\n  """Kept."""\n  kept: Int\n}\n'
LEFT = 'type Query {\n  """Kept."""\n  kept: Int\n}\n'
TAKING = Break(contract="public", change="Field Query.old was removed.")


@pytest.fixture
def published(settings: Settings) -> Path:
    """Where the contracts of this checkout are published."""
    return settings.root / "graphql" / "schema"


def export(directory: Path, *words: str) -> int:
    """Run the command as `probity schema export --directory DIRECTORY WORDS`."""
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(required=True))
    arguments = parser.parse_args(["schema", "export", "--directory", str(directory), *words])
    return int(arguments.handler(arguments))


def declare(directory: Path, *breaks: Break) -> None:
    """Write the declarations of these breaks."""
    entries = (
        f"[[change]]\ncontract = {json.dumps(each.contract)}\nchange = {json.dumps(each.change)}\nreason = 'decided'\n"
        for each in breaks
    )
    (directory / DECLARATIONS).write_text("".join(entries), "utf-8")


def test_the_published_contracts_are_what_is_served(published: Path, contracts: dict[str, Contract]) -> None:
    served = {name: contract.sdl for name, contract in contracts.items()}
    compared = compare_contracts(read_published(published), served, read_declared(published))
    assert compared.is_current, "run: probity schema export"


def test_nothing_but_contracts_and_declarations_is_published(published: Path, contracts: dict[str, Contract]) -> None:
    named = {f"{name}.graphql" for name in contracts}
    assert {path.name for path in published.iterdir()} - {DECLARATIONS} == named


def test_a_contract_is_named_after_its_role_and_after_its_purpose_only_where_there_are_several(
    contracts: dict[str, Contract],
) -> None:
    for name, contract in contracts.items():
        several = sum(each.role is contract.role for each in contracts.values()) > 1
        assert name == (f"{contract.role}.{contract.purpose}" if several else contract.role.value)
    assert name_contracts([contracts["public"]]) == {"public": contracts["public"].sdl}


def test_a_contract_is_told_in_the_order_of_names(contracts: dict[str, Contract]) -> None:
    for contract in contracts.values():
        for name, type_ in build_schema(contract.sdl).type_map.items():
            if not name.startswith("__"):
                told = list(getattr(type_, "fields", None) or getattr(type_, "values", None) or ())
                assert told == sorted(told), name


def test_what_readers_would_lose_is_found() -> None:
    assert find_breaks({"public": TAKEN}, {"public": LEFT}) == (TAKING,)
    assert find_breaks({"public": LEFT}, {"public": TAKEN}) == ()
    assert find_breaks({"auditor": LEFT}, {"public": LEFT}) == (
        Break(contract="auditor", change="Contract was removed."),
    )


def test_a_declared_break_is_no_longer_undeclared() -> None:
    compared = compare_contracts({"public": TAKEN}, {"public": LEFT}, [TAKING])
    assert compared.changed == ("public",)
    assert compared.undeclared == ()


def test_a_declaration_for_one_contract_does_not_serve_another() -> None:
    elsewhere = Break(contract="officer", change=TAKING.change)
    assert compare_contracts({"public": TAKEN}, {"public": LEFT}, [elsewhere]).undeclared == (TAKING,)


@pytest.mark.parametrize(
    "text",
    [
        "[[change]]\ncontract = 'public'\nchange = 'Field Query.secret was removed.'\n",
        "[[change]]\ncontract = 'public'\nchange = 'Field Query.secret was removed.'\nreason = ''\n",
        "[[change]]\ncontract = 'public'\nchange = 'Field Query.secret was removed.'\nreason = 'x'\nby = 'me'\n",
        "[[change]\ncontract = 'Field Query.secret was removed.'\n",
    ],
    ids=["no reason", "an empty reason", "a member too many", "no TOML"],
)
def test_a_declaration_without_a_reason_or_form_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    (tmp_path / DECLARATIONS).write_text(text, "utf-8")
    with pytest.raises(SetupRefused) as refused:
        read_declared(tmp_path)
    assert "secret" not in str(refused.value)


def test_export_writes_every_contract_once_and_then_finds_nothing_to_do(
    tmp_path: Path, contracts: dict[str, Contract], capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(tmp_path, "--check") == 1
    assert not list(tmp_path.iterdir())
    assert export(tmp_path) == 0
    assert read_published(tmp_path) == {name: contract.sdl for name, contract in contracts.items()}
    assert export(tmp_path, "--check") == 0
    capsys.readouterr()
    assert export(tmp_path, "--check", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"current": True, "new": [], "changed": [], "gone": [], "undeclared": []}


def test_export_takes_nothing_away_until_it_is_declared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(tmp_path) == 0
    served = (tmp_path / "public.graphql").read_text("utf-8")
    before = served.replace("type Query {\n", 'type Query {\n  """Gone."""\n  old: Int\n')
    assert before != served
    (tmp_path / "public.graphql").write_text(before, "utf-8")
    capsys.readouterr()
    assert export(tmp_path) == 1
    said = capsys.readouterr()
    assert "breaks   public: Field Query.old was removed." in said.out
    assert DECLARATIONS in said.err
    assert (tmp_path / "public.graphql").read_text("utf-8") == before
    declare(tmp_path, TAKING)
    assert export(tmp_path) == 0
    assert (tmp_path / "public.graphql").read_text("utf-8") == served


def test_export_removes_the_file_of_a_contract_that_is_no_more_once_that_is_declared(tmp_path: Path) -> None:
    assert export(tmp_path) == 0
    (tmp_path / "nobody.graphql").write_text(LEFT, "utf-8")
    assert export(tmp_path, "--check") == 1
    assert export(tmp_path) == 1
    declare(tmp_path, Break(contract="nobody", change="Contract was removed."))
    assert export(tmp_path) == 0
    assert not (tmp_path / "nobody.graphql").exists()


def test_export_restores_a_description_that_was_edited_by_hand(tmp_path: Path) -> None:
    assert export(tmp_path) == 0
    path = tmp_path / "public.graphql"
    served = path.read_text("utf-8")
    path.write_text(served.replace("What can be asked.", "Edited."), "utf-8")
    assert export(tmp_path, "--check") == 1
    assert export(tmp_path) == 0
    assert path.read_text("utf-8") == served


@pytest.mark.parametrize("content", [b"type Query {", b"type Query { a: Missing }", b"\xff\xfe"])
def test_a_published_file_that_is_no_schema_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "public.graphql").write_bytes(content)
    with pytest.raises(SetupRefused, match="is no schema"):
        export(tmp_path, "--check")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One thing that is taken from a contract: the text without it, and how a comparison must call it."""

    text: str
    change: str


def take_one(contract: Contract, kind: str) -> Loss | None:
    """The contract's text without its first field, argument, code or member; nothing where it has none of the kind."""
    document: Any = parse(contract.sdl, no_location=True)
    for place, node in enumerate(document.definitions):
        for less, change in _take_from(node, kind):
            definitions = (*document.definitions[:place], less, *document.definitions[place + 1 :])
            return Loss(text=print_ast(DocumentNode(definitions=definitions)), change=change)
    return None


def _take_from(node: Any, kind: str) -> Iterator[tuple[Any, str]]:
    name, form = node.name.value, type(node)
    if kind == "code" and form is EnumTypeDefinitionNode and len(node.values) > 1:
        first, *others = node.values
        yield _with(node, values=tuple(others)), f"Enum value {name}.{first.name.value} was removed."
    if kind == "field" and form is ObjectTypeDefinitionNode and len(node.fields) > 1 and not node.interfaces:
        first, *others = node.fields
        yield _with(node, fields=tuple(others)), f"Field {name}.{first.name.value} was removed."
    if kind == "member" and form is InputObjectTypeDefinitionNode and len(node.fields) > 1:
        first, *others = node.fields
        yield _with(node, fields=tuple(others)), f"Field {name}.{first.name.value} was removed."
    if kind == "argument" and form is ObjectTypeDefinitionNode:
        for place, field in enumerate(node.fields):
            if field.arguments:
                first, *others = field.arguments
                less = _with(field, arguments=tuple(others))
                fields = (*node.fields[:place], less, *node.fields[place + 1 :])
                change = f"Argument {name}.{field.name.value}({first.name.value}:) was removed."
                yield _with(node, fields=fields), change
                return


def _with(node: Any, **changes: Any) -> Any:
    return type(node)(**{**{key: getattr(node, key) for key in node.keys if key != "loc"}, **changes})


@pytest.mark.parametrize("kind", ["field", "argument", "code", "member"])
def test_nothing_is_taken_from_any_contract_that_is_served_without_a_declaration(
    contracts: dict[str, Contract], kind: str
) -> None:
    losses = {name: take_one(contracts[name], kind) for name in ("auditor", "public", "records_officer.records")}
    assert None not in losses.values()
    for name, loss in losses.items():
        assert loss is not None
        taking = Break(contract=name, change=loss.change)
        undeclared = compare_contracts({name: contracts[name].sdl}, {name: loss.text}, []).undeclared
        assert taking in undeclared, name
        assert compare_contracts({name: contracts[name].sdl}, {name: loss.text}, undeclared).undeclared == ()
        # What is added takes nothing from anybody.
        assert find_breaks({name: loss.text}, {name: contracts[name].sdl}) == ()


def test_every_role_with_every_purpose_is_published(published: Path) -> None:
    roles = {path.name.split(".")[0] for path in published.glob("*.graphql")}
    assert roles == {role.value for role in Role}


def test_every_declared_break_is_one_of_a_contract_that_is_published(published: Path) -> None:
    named = {path.name.removesuffix(".graphql") for path in published.glob("*.graphql")}
    declared = read_declared(published)
    assert {each.contract for each in declared} <= named
    assert len(set(declared)) == len(declared)
