"""The whole schema, built once; contracts are cut from it.

Nobody is ever served the whole schema.
"""

from __future__ import annotations

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from app.schema import inbox, own, places, records
from app.schema.commands import Mutation
from app.schema.query import Query
from app.schema.scalars import SCALARS


def build_schema() -> strawberry.Schema:
    """The schema of every role together, with suggestions off."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[own.Consent, own.Disclosure, inbox.Notice, places.RoleGrant, records.Certification, records.Stint],
        config=StrawberryConfig(disable_field_suggestions=True, scalar_map=SCALARS),
    )


def get_graphql_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema inside."""
    return schema._schema
