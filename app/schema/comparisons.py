"""What a filter can ask of one value, and which way a list is sorted.

Every comparison is with the value as the caller may see it; none of them matches a pattern.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry

# Names the codes of the contract: a filter that used one before would make it another type.
import app.schema.scalars  # noqa: F401

Code = TypeVar("Code")


def member(description: str, *, name: str | None = None) -> Any:
    """A member of an input that may be left out."""
    return strawberry.field(name=name, default=strawberry.UNSET, description=description)


@strawberry.enum(description="Which way a list is sorted.")
class Direction(Enum):
    """Which way a list is sorted."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.input(description="Compares a text.")
class TextFilter:
    """Equality, membership and beginning."""

    eq: str | None = member("It is this text, letter by letter.")
    in_: list[str] | None = member("It is one of these texts.", name="in")
    starts_with: str | None = member("It begins with this text.")


@strawberry.input(description="Compares a date; both ends belong to the range.")
class DateFilter:
    """Equality and range."""

    eq: date | None = member("It is this day.")
    from_: date | None = member("It is this day or a later one.", name="from")
    to: date | None = member("It is this day or an earlier one.")


@strawberry.input(description="Compares a time; both ends belong to the range, and each is given with its zone.")
class TimeFilter:
    """Range."""

    from_: datetime | None = member("It is this time or a later one.", name="from")
    to: datetime | None = member("It is this time or an earlier one.")


@strawberry.input(description="Compares a whole number; both ends belong to the range.")
class NumberFilter:
    """Equality, membership and range."""

    eq: int | None = member("It is this number.")
    in_: list[int] | None = member("It is one of these numbers.", name="in")
    from_: int | None = member("It is this number or a greater one.", name="from")
    to: int | None = member("It is this number or a smaller one.")


@strawberry.input(description="Compares a truth value.")
class BooleanFilter:
    """Equality."""

    eq: bool | None = member("It is this value.")


@strawberry.input(description="Compares a code.")
class CodeFilter(Generic[Code]):
    """Equality and membership."""

    eq: Code | None = member("It is this code.")
    in_: list[Code] | None = member("It is one of these codes.", name="in")


@strawberry.input(description="Looks into a list.")
class HasFilter(Generic[Code]):
    """Membership of one value in the row's own list."""

    has: Code | None = member("It is one of the list.")
