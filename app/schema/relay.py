"""Relay's node, connection, edge and page information.

Every list that can grow is a connection; none gives more than a hundred rows.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import strawberry

Item = TypeVar("Item")


@strawberry.interface(description="An object with a Relay id.")
class Node:
    """What `node(id)` can find; hidden and absent are both `null`."""

    id: strawberry.ID = strawberry.field(description="Relay id: base64 of `Type:uuid`.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Page information, from the rows that may be seen alone."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="One row of a list and its cursor.")
class Edge(Generic[Item]):
    """An edge; its cursor is an opaque key."""

    cursor: str
    node: Item


@strawberry.type(description="A page of a list.")
class Connection(Generic[Item]):
    """A connection; `totalCount` counts what may be seen."""

    nodes: list[Item]
    edges: list[Edge[Item]]
    page_info: PageInfo
    total_count: int
