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

    has_next_page: bool = strawberry.field(description="Whether rows that may be seen follow.")
    has_previous_page: bool = strawberry.field(description="Whether rows that may be seen come before.")
    start_cursor: str | None = strawberry.field(description="The first row's cursor; none on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last row's cursor; none on an empty page.")


@strawberry.type(description="One row of a list and its cursor.")
class Edge(Generic[Item]):
    """An edge; its cursor is an opaque key."""

    cursor: str = strawberry.field(description="Where the row stands; to be sent back as `after` or `before`.")
    node: Item = strawberry.field(description="The row itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Item]):
    """A connection; `totalCount` counts what may be seen."""

    nodes: list[Item] = strawberry.field(description="The rows of the page.")
    edges: list[Edge[Item]] = strawberry.field(description="The rows of the page, each with its cursor.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")
    total_count: int = strawberry.field(description="How many rows of the whole list may be seen.")
