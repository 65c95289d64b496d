"""The schema of the naive server: types with a permission class at every field, and the roots that are measured.

It is what the libraries' own documentation shows; only its shape is what costs.
"""

from __future__ import annotations

import base64
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import strawberry
from strawberry.permission import BasePermission

if TYPE_CHECKING:
    from read_path.servers.naive_rows import Reader

Info = strawberry.Info[dict[str, Any], None]
Thing = TypeVar("Thing")


class MayRead(BasePermission):
    """Asks Casbin whether the caller's role may read the field."""

    message = "not permitted"

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        """Asked for every field of every row."""
        name = f"{type(source).__name__}.{info.field_name}"
        return bool(info.context["enforcer"].enforce(info.context["role"], name, "read"))


def guarded() -> Any:
    """A field that Casbin is asked about."""
    return strawberry.field(permission_classes=[MayRead])


@strawberry.type
class Agency:
    """An agency."""

    name: str = guarded()
    kind: str = guarded()
    state_code: str | None = guarded()


@strawberry.type
class Stint:
    """A stint, its agency loaded in batches."""

    agency_id: strawberry.Private[UUID]
    from_date: date | None = guarded()
    to_date: date | None = guarded()
    is_current: bool = guarded()
    rank: str | None = guarded()

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def agency(self, info: Info) -> Agency | None:
        """Where."""
        found: Agency | None = await info.context["agencies"].load(self.agency_id)
        return found


@strawberry.type
class Certification:
    """A certification."""

    state_code: str = guarded()
    type: str = guarded()
    from_date: date | None = guarded()
    to_date: date | None = guarded()


@strawberry.type
class Outcome:
    """An outcome at its newest version."""

    agency_id: strawberry.Private[UUID]
    officer_id: strawberry.Private[UUID]
    id: strawberry.ID = guarded()
    kind: str = guarded()
    action_date: date | None = guarded()
    finality: str = guarded()
    dispute: str = guarded()
    has_finding: bool = guarded()
    version: int = guarded()
    report_type: str | None = guarded()
    statement: str | None = guarded()
    basis: list[str] | None = guarded()
    force_related: bool | None = guarded()
    force_types: list[str] | None = guarded()
    on_duty: bool | None = guarded()
    recommended_finding: str | None = guarded()
    final_finding: str | None = guarded()
    standard_of_proof: str | None = guarded()
    legal_basis: str | None = guarded()
    conviction_basis: str | None = guarded()
    civil_basis: str | None = guarded()
    court: str | None = guarded()
    court_case_number: str | None = guarded()
    lifecycle: str | None = guarded()
    created_at: datetime | None = guarded()
    cleared_at: datetime | None = guarded()

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def agency(self, info: Info) -> Agency | None:
        """Who reported it."""
        found: Agency | None = await info.context["agencies"].load(self.agency_id)
        return found

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def officer(self, info: Info) -> Officer | None:
        """Whom it is about."""
        found: Officer | None = await info.context["officers"].load(self.officer_id)
        return found


@strawberry.type
class PageInfo:
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Connection(Generic[Thing]):
    """Rows of a page."""

    nodes: list[Thing]
    page_info: PageInfo | None = None


@strawberry.type
class Officer:
    """An officer, with what hangs on him loaded in batches."""

    key: strawberry.Private[UUID]
    id: strawberry.ID = guarded()
    family_name: str = guarded()
    given_name: str = guarded()
    middle_name: str | None = guarded()

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def stints(self, info: Info, first: int) -> Connection[Stint]:
        """Where they served."""
        return Connection(nodes=(await info.context["stints"].load(self.key))[:first])

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def certifications(self, info: Info, first: int) -> Connection[Certification]:
        """What certified them."""
        return Connection(nodes=(await info.context["certifications"].load(self.key))[:first])

    @strawberry.field(permission_classes=[MayRead])  # type: ignore[untyped-decorator]
    async def outcomes(self, info: Info, first: int) -> Connection[Outcome]:
        """Outcomes on record."""
        return Connection(nodes=(await info.context["outcomes"].load(self.key))[:first])


@strawberry.type
class Query:
    """The two roots that are measured."""

    @strawberry.field
    async def officer(self, info: Info, id: strawberry.ID) -> Officer | None:
        """An officer under an open check."""
        key = UUID(base64.b64decode(id).decode().partition(":")[2])
        reader: Reader = info.context["reader"]
        return await reader.find_officer(key) if await reader.may_see(key) else None

    @strawberry.field
    async def outcomes(self, info: Info, first: int, after: str | None = None) -> Connection[Outcome]:
        """Outcomes that the agency reported."""
        reader: Reader = info.context["reader"]
        found = await reader.list_reported(first + 1)
        shown = found[:first]
        last = base64.b64encode(UUID(base64.b64decode(shown[-1].id).decode()[8:]).bytes).decode() if shown else None
        return Connection(nodes=shown, page_info=PageInfo(has_next_page=len(found) > first, end_cursor=last))
