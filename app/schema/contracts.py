"""One contract a role and purpose: the whole schema less everything that policy could never allow there.

A contract is built by leaving out, never by adding: what policy does not name is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    parse,
    print_ast,
    print_schema,
)

from app.domain.vocabulary import Purpose, Role
from app.schema.past import AS_OF, TOLD_WITH

SENSITIVITY: Final = "sensitivity"
_SENSITIVITY_DEFINITION: Final = '''
"""The sensitivity class of a field: what policy speaks of when it lets somebody read it."""
directive @sensitivity("""The class, as `policies/fields.csv` names it.""" class: String!) on FIELD_DEFINITION
'''
_BUILT_IN: Final = frozenset({"ID", "String", "Int", "Float", "Boolean"})
# What combines comparisons compares nothing itself.
_LOGIC: Final = frozenset({"and", "or", "not"})
_FRAMES: Final = ("Connection", "Edge", "Table")
# Codes that name fields of a type, by how the enum is called behind the type's name.
_FIELD_CODES: Final = ("OrderField", "Dimension", "Measure")
Readable = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What one role may ask for one purpose: the schema to validate against, and its text."""

    role: Role
    purpose: Purpose
    schema: GraphQLSchema
    sdl: str


def read_definitions(full: GraphQLSchema) -> DocumentNode:
    """The whole schema as a document: what every contract is cut from, read once for all of them."""
    return parse(print_schema(full), no_location=True)


def build_contract(
    full: GraphQLSchema,
    definitions: DocumentNode,
    role: Role,
    purpose: Purpose,
    readable: Readable,
    class_of: Callable[[str], str],
) -> Contract:
    """The contract of `role` for `purpose`, cut from the `definitions` of the `full` schema.

    `readable` says of `Type.field` whether any rule allows it; `class_of` gives its sensitivity class, which every
    contract but the public one shows.
    """
    document = _leave_out(definitions, readable)
    schema = build_ast_schema(document)
    _restore_scalars(schema, full)
    shown = document if role is Role.PUBLIC else _show_classes(document, class_of)
    return Contract(role=role, purpose=purpose, schema=schema, sdl=print_sorted(shown))


def list_fields(schema: GraphQLSchema) -> tuple[str, ...]:
    """Every `Type.field` of the object and interface types of a schema, sorted."""
    found = [
        f"{name}.{field}"
        for name, type_ in schema.type_map.items()
        if not name.startswith("__") and hasattr(type_, "fields") and not hasattr(type_, "out_type")
        for field in type_.fields
    ]
    return tuple(sorted(found))


def print_sorted(document: DocumentNode) -> str:
    """A document's text: definitions by kind and name, and what each holds by name."""
    ordered = sorted(document.definitions, key=lambda each: (type(each).__name__, each.name.value))  # type: ignore[attr-defined]
    return "\n\n".join(print_ast(_sort_members(each)) for each in ordered) + "\n"


def _sort_members(node: Any) -> Any:
    members = {
        part: tuple(sorted((_sort_members(each) for each in getattr(node, part)), key=lambda each: each.name.value))
        for part in ("fields", "arguments", "values", "types", "interfaces")
        if getattr(node, part, None)
    }
    return _replace(node, **members) if members else node


def _leave_out(document: DocumentNode, readable: Readable) -> DocumentNode:
    kept: dict[str, Any] = {}
    for node in document.definitions:
        trimmed = _trim(node, readable)
        if trimmed is not None:
            kept[node.name.value] = trimmed  # type: ignore[attr-defined]
    return DocumentNode(definitions=tuple(_find_reached(kept)))


def _trim(node: Any, readable: Readable) -> Any:
    name = node.name.value
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        kept = tuple(each for each in node.fields or () if readable(f"{name}.{each.name.value}"))
        return _replace(node, fields=kept if readable(".".join(TOLD_WITH)) else tuple(map(_drop_moment, kept)))
    if isinstance(node, InputObjectTypeDefinitionNode) and name.endswith("Filter"):
        target = name.removesuffix("Filter")
        if not any(each.name.value == "and" for each in node.fields or ()):
            return node
        fields = tuple(
            each for each in node.fields or () if each.name.value in _LOGIC or readable(f"{target}.{each.name.value}")
        )
        return _replace(node, fields=fields)
    if isinstance(node, EnumTypeDefinitionNode) and name.endswith(_FIELD_CODES):
        target = next(name.removesuffix(suffix) for suffix in _FIELD_CODES if name.endswith(suffix))
        return _replace(
            node,
            values=tuple(each for each in node.values or () if readable(f"{target}.{spell_field(each.name.value)}")),
        )
    return node


def _drop_moment(node: Any) -> Any:
    """A field without the argument that asks as of a moment."""
    return _replace(node, arguments=tuple(each for each in node.arguments or () if each.name.value != AS_OF))


def spell_field(order: str) -> str:
    """The field that an order value names: `ACTION_DATE` is `actionDate`."""
    first, *others = order.lower().split("_")
    return first + "".join(word.capitalize() for word in others)


def _find_reached(kept: Mapping[str, Any]) -> list[Any]:
    """The definitions that can be reached from the roots, with nothing left that leads to what is gone."""
    alive = {name for name, node in kept.items() if not _is_empty(node)}
    # A page of rows that have no field left would tell how many there are, and no order is one by no field.
    alive -= {name for name in alive for frame in _FRAMES if name.removesuffix(frame) in kept.keys() - alive}
    alive -= {name for name in alive if f"{name}Field" in kept.keys() - alive}
    alive = _drop_idle_inputs(kept, alive)
    reached: dict[str, Any] = {}
    waiting: list[str] = [name for name in ("Query", "Mutation") if name in alive]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        node = _drop_dead(kept[name], alive)
        reached[name] = node
        waiting += [target for target in _list_targets(node) if target in alive]
        if isinstance(node, InterfaceTypeDefinitionNode):
            waiting += [
                other
                for other in sorted(alive)
                if isinstance(kept[other], ObjectTypeDefinitionNode)
                and any(each.name.value == name for each in kept[other].interfaces or ())
            ]
    return [reached[name] for name in sorted(reached)]


def _drop_idle_inputs(kept: Mapping[str, Any], alive: set[str]) -> set[str]:
    """Without the inputs that compare nothing in the end: all their members lead to what is gone, or in a circle."""
    inputs = {name for name in alive if isinstance(kept[name], InputObjectTypeDefinitionNode)}
    grounded = (alive - inputs) | _BUILT_IN

    def leads_to_ground(name: str) -> bool:
        return any(
            _bare_name(each.type) in grounded for each in kept[name].fields or () if each.name.value not in _LOGIC
        )

    while found := {name for name in inputs - grounded if leads_to_ground(name)}:
        grounded |= found
    return grounded & alive


def _is_empty(node: Any) -> bool:
    if isinstance(node, EnumTypeDefinitionNode):
        return not node.values
    return hasattr(node, "fields") and not node.fields


def _drop_dead(node: Any, alive: set[str]) -> Any:
    def lives(target: Any) -> bool:
        name = _bare_name(target)
        return name in alive or name in _BUILT_IN

    if isinstance(node, UnionTypeDefinitionNode):
        return _replace(node, types=tuple(each for each in node.types or () if lives(each)))
    if isinstance(node, InputObjectTypeDefinitionNode):
        return _replace(node, fields=tuple(each for each in node.fields or () if lives(each.type)))
    if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return node
    fields = [
        _replace(each, arguments=tuple(argument for argument in each.arguments or () if lives(argument.type)))
        for each in node.fields or ()
        if lives(each.type)
    ]
    return _replace(node, fields=tuple(fields), interfaces=tuple(each for each in node.interfaces or () if lives(each)))


def _list_targets(node: Any) -> list[str]:
    if isinstance(node, UnionTypeDefinitionNode):
        return [each.name.value for each in node.types or ()]
    if isinstance(node, ScalarTypeDefinitionNode | EnumTypeDefinitionNode):
        return []
    found = [_bare_name(each.type) for each in node.fields or ()]
    for each in node.fields or ():
        found += [_bare_name(argument.type) for argument in getattr(each, "arguments", None) or ()]
    return found + [each.name.value for each in getattr(node, "interfaces", None) or ()]


def _bare_name(node: Any) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type
    return node.name.value


def _replace(node: Any, **changes: Any) -> Any:
    values = {key: getattr(node, key) for key in node.keys if key != "loc"}
    return type(node)(**{**values, **changes})


def _restore_scalars(schema: GraphQLSchema, full: GraphQLSchema) -> None:
    """Give the scalars of a schema made from text the behaviour of the schema they come from."""
    for name, type_ in schema.type_map.items():
        original = full.type_map.get(name)
        if type(type_).__name__ == "GraphQLScalarType" and original is not None:
            schema.type_map[name].__dict__.update(
                {
                    key: value
                    for key, value in original.__dict__.items()
                    if key not in {"ast_node", "extension_ast_nodes"}
                }
            )


def _show_classes(document: DocumentNode, class_of: Callable[[str], str]) -> DocumentNode:
    directive = parse(_SENSITIVITY_DEFINITION, no_location=True).definitions[0]
    marks: dict[str, ConstDirectiveNode] = {}

    def mark(type_name: str, field: FieldDefinitionNode) -> FieldDefinitionNode:
        sensitivity = class_of(f"{type_name}.{field.name.value}")
        if sensitivity not in marks:
            marks[sensitivity] = _make_mark(sensitivity)
        return _replace(field, directives=(marks[sensitivity],))  # type: ignore[no-any-return]

    definitions = [
        _replace(node, fields=tuple(mark(node.name.value, each) for each in node.fields or ()))
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
        else node
        for node in document.definitions
    ]
    return DocumentNode(definitions=(directive, *definitions))


def _make_mark(sensitivity: str) -> ConstDirectiveNode:
    marked: Any = parse(f'{{ x @{SENSITIVITY}(class: "{sensitivity}") }}', no_location=True)
    directive: ConstDirectiveNode = marked.definitions[0].selection_set.selections[0].directives[0]
    return directive
