"""What one would write without Probity: Strawberry with SQLAlchemy's ORM, data loaders, and Casbin asked at each field.

It is written with care (batched loads, one session a request, a compiled schema); only its shape is what costs.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import casbin
import strawberry
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from strawberry.dataloader import DataLoader

from app.http.server import create_event_loop, run_server
from read_path.servers.announcing import announce
from read_path.servers.naive_rows import Reader, map_rows
from read_path.servers.naive_schema import Query

_MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && keyMatch(r.obj, p.obj) && r.act == p.act
"""
_GUARDED = ("Officer", "Stint", "Certification", "Outcome", "Agency")


def build_enforcer() -> Any:
    """An enforcer with some fifty lines: types by role, and roles that inherit from one another."""
    model = casbin.Model()
    model.load_model_from_text(_MODEL)
    enforcer = casbin.Enforcer(model)
    for role in ("hiring_investigator", "records_officer", "agency_head", "post_officer", "registrar"):
        for name in _GUARDED:
            enforcer.add_policy(role, f"{name}.*", "read")
            enforcer.add_policy(role, f"{name}.id", "read")
        enforcer.add_role_for_user(role, "staff")
    return enforcer


def build_context(reader: Reader, enforcer: Any, role: str) -> dict[str, Any]:
    """What the resolvers of one request share."""

    def loader(load: Callable[[list[UUID]], Awaitable[Sequence[Any]]]) -> DataLoader[UUID, Any]:
        return DataLoader(load_fn=load)

    return {
        "reader": reader,
        "enforcer": enforcer,
        "role": role,
        "agencies": loader(reader.load_agencies),
        "officers": loader(reader.load_officers),
        "stints": loader(reader.load_stints),
        "certifications": loader(reader.load_certifications),
        "outcomes": loader(reader.load_outcomes),
    }


async def serve() -> None:
    """Serve on a free port of the loopback address until told to stop."""
    address = os.environ["MEASURED_DATABASE"].replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(address, pool_size=4, max_overflow=0, connect_args={"server_settings": {"jit": "off"}})
    sessions = async_sessionmaker(engine)
    map_rows()
    schema = strawberry.Schema(Query)
    enforcer = build_enforcer()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked = json.loads((await receive())["body"])
        headers = dict(scope["headers"])
        account, agency, role = headers[b"x-asker"].decode().split(" ")
        async with sessions() as session:
            reader = Reader(session, UUID(agency), account)
            result = await schema.execute(
                asked["query"],
                variable_values=asked["variables"],
                context_value=build_context(reader, enforcer, role),
            )
        told: dict[str, Any] = {"data": result.data}
        if result.errors:
            told["errors"] = [error.formatted for error in result.errors]
        answer = json.dumps(told, separators=(",", ":")).encode()
        length = str(len(answer)).encode()
        fields = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": answer})

    try:
        await run_server(app, host="127.0.0.1", port=0, announce=announce)
    finally:
        await engine.dispose()


def main() -> None:
    """Serve."""
    loop = create_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(serve())


if __name__ == "__main__":
    main()
