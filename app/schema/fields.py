"""How a field of the contract declares, once, where its value comes from.

No field declared here has a resolver that runs: reads are compiled, and a resolver that is reached is a fault.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

import strawberry
from sqlalchemy import Column

from app.planning.catalogue import (
    Binding,
    Computed,
    Expression,
    FromPrincipal,
    Leaf,
    LeafForm,
    Link,
    Many,
    Namespace,
    One,
    Ordering,
    Root,
    Tally,
)

BINDING: Final = "binding"
ROOT: Final = "root"
ARGUMENTS: Final = {
    "first": "How many rows, from 0 to 100, from the start of the list or from `after` on.",
    "after": "The cursor of the row after which the page begins.",
    "last": "How many rows, from 0 to 100, from the end of the list or back from `before`.",
    "before": "The cursor of the row before which the page ends.",
    "filter": "Which rows; a row without the value compared is left out.",
    "order_by": "What the rows are sorted by, in place of the list's own order.",
    "as_of": "A time, with its zone: what was on record then, of what may be read now. Left out: as it stands.",
    "id": "A Relay id, as an answer of the registry gave it.",
    "ids": "Relay ids, as answers of the registry gave them.",
    "ori": "One of the agency's ORIs.",
    "input": "What is to be done.",
}


def bind(binding: Binding, description: str) -> Any:
    """A field with a binding."""
    return strawberry.field(description=description, metadata={BINDING: binding})


def column(
    source: Column[Any], description: str, *, form: LeafForm = LeafForm.PLAIN, ordered_by: Column[Any] | None = None
) -> Any:
    """A field that is a column of the type's table, or of a table joined one to one."""
    return bind(Leaf(column=source, form=form, ordered_by=ordered_by), description)


def global_id(source: Column[Any]) -> Any:
    """The Relay id of the row."""
    return column(source, "Relay id: base64 of `Type:uuid`.", form=LeafForm.GLOBAL_ID)


def computed(expression: Expression, description: str) -> Any:
    """A field made by an expression over the row."""
    return bind(Computed(expression=expression), description)


def asked_by(attribute: str, description: str) -> Any:
    """A field that is a fact about the principal."""
    return bind(FromPrincipal(attribute=attribute), description)


def one(target: str, link: Link, description: str) -> Any:
    """A field that leads to at most one row of another type."""
    return bind(One(target=target, link=link), description)


def few(target: str, link: Link, order: Ordering, description: str) -> Any:
    """A field that leads to a plain list of few rows."""
    return bind(Many(target=target, link=link, connection=False, default_order=order), description)


def many(
    target: str,
    link: Link,
    order: Ordering,
    description: str,
    *,
    returns: Any,
    filter_type: Any = None,
    order_type: Any = None,
    past: bool = False,
    shares_state: bool = False,
) -> Any:
    """A field that leads to rows of another type as a Relay connection; `past` where it can be asked as of a time."""
    binding = Many(target=target, link=link, connection=True, default_order=order, shares_state=shares_state)
    return strawberry.field(
        resolver=_declare_window(returns, filter_type, order_type, past=past),
        description=description,
        metadata={BINDING: binding},
    )


def root_list(
    target: str,
    order: Ordering,
    description: str,
    *,
    returns: Any,
    filter_type: Any = None,
    order_type: Any = None,
    past: bool = False,
    shares_state: bool = False,
) -> Any:
    """A root field that is a connection over all visible rows of a type; `past` as for `many`."""
    root = Root(target=target, connection=True, default_order=order)
    resolver = _declare_window(returns, filter_type, order_type, past=past)
    return strawberry.field(resolver=resolver, description=description, metadata={ROOT: root})


def root_field(
    root: Root, description: str, *, returns: Any, arguments: dict[str, Any] | None = None, past: bool = False
) -> Any:
    """A root field that finds one thing; `past` where it can be asked as of a time."""
    asked = dict(arguments or {}) | ({"as_of": datetime | None} if past else {})
    resolver = _declare(asked, {"as_of": strawberry.UNSET} if past else {}, returns)
    return strawberry.field(resolver=resolver, description=description, metadata={ROOT: root})


def namespace(target: str) -> Namespace:
    """An object whose fields start from the root again."""
    return Namespace(target=target)


def _declare_window(returns: Any, filter_type: Any, order_type: Any, *, past: bool) -> Callable[..., Any]:
    arguments: dict[str, Any] = {"first": int | None, "after": str | None, "last": int | None, "before": str | None}
    if filter_type is not None:
        arguments["filter"] = filter_type | None
    if order_type is not None:
        arguments["order_by"] = order_type | None
    if past:
        arguments["as_of"] = datetime | None
    return _declare(arguments, dict.fromkeys(arguments, strawberry.UNSET), returns)


def tally(subject: str, description: str, *, returns: Any, arguments: dict[str, Any], described: dict[str, str]) -> Any:
    """Figures over all rows of a subject; only `first` must be given."""
    optional = dict.fromkeys((name for name in arguments if name != "first"), strawberry.UNSET)
    resolver = _declare(arguments, optional, returns, described)
    return strawberry.field(resolver=resolver, description=description, metadata={BINDING: Tally(subject=subject)})


def _declare(
    arguments: dict[str, Any], defaults: dict[str, Any], returns: Any, texts: dict[str, str] = ARGUMENTS
) -> Callable[..., Any]:
    """A function that has the signature of a field and no behaviour: its call is a fault, never a read."""
    described = {
        name: Annotated[type_, strawberry.argument(description=texts[name])] for name, type_ in arguments.items()
    }

    def unreachable(**_given: Any) -> Any:
        raise RuntimeError("a read reached a resolver; reads are compiled")

    unreachable.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=type_,
                default=defaults.get(name, inspect.Parameter.empty),
            )
            for name, type_ in described.items()
        ],
        return_annotation=returns,
    )
    unreachable.__annotations__ = {**described, "return": returns}
    return unreachable


def command_field(input_type: Any, description: str, *, returns: Any) -> Any:
    """A mutation: one input object, a union of what was done and a refusal."""
    return strawberry.field(resolver=_declare({"input": input_type}, {}, returns), description=description)
