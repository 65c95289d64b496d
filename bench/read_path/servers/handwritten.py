"""The limit: a bare ASGI application, one pool, the statement written by hand, and nothing around it.

It runs under the same event loop, HTTP parser and pool size as Probity, on a login that row security does not bind.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg

from app.http.server import create_event_loop, run_server
from read_path import statements
from read_path.figures import BY_PATH, Aggregate, tell_rows
from read_path.servers.announcing import announce

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]

Asked = dict[str, Any]
Answer = Callable[["Pool", Asked], Awaitable[bytes]]
POOL: Final = 4
# Statements over whole tables are planned for their values, with room to hash a table.
_COUNTING: Final = "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL work_mem = '64MB'"


async def look_up_json(pool: Pool, asked: Asked) -> bytes:
    """The answer as the database made it."""
    values = (UUID(asked["officer"]), UUID(asked["agency"]), asked["account"])
    async with pool.acquire() as connection:
        data: str = await connection.fetchval(statements.LOOK_UP_JSON, *values)
    return b'{"data":' + data.encode() + b"}"


async def page_json(pool: Pool, asked: Asked) -> bytes:
    """The answer as the database made it."""
    statement = statements.write_page(int(asked["first"]), as_json=True)
    async with pool.acquire() as connection:
        data: str = await connection.fetchval(statement, UUID(asked["agency"]), asked["account"])
    return b'{"data":' + data.encode() + b"}"


async def look_up_rows(pool: Pool, asked: Asked) -> bytes:
    """Rows of four statements, put together here."""
    officer_id = UUID(asked["officer"])
    async with pool.acquire() as connection:
        officer = await connection.fetchrow(
            statements.LOOK_UP_OFFICER, officer_id, UUID(asked["agency"]), asked["account"]
        )
        if officer is None:
            return b'{"data":{"officer":null}}'
        stints = await connection.fetch(statements.LOOK_UP_STINTS, officer_id)
        held = await connection.fetch(statements.LOOK_UP_CERTIFICATIONS, officer_id)
        outcomes = await connection.fetch(statements.LOOK_UP_OUTCOMES, officer_id)
    told = {
        "id": name_globally("Officer", officer["id"]),
        "familyName": officer["family_name"],
        "givenName": officer["given_name"],
        "middleName": officer["middle_name"],
        "stints": {"nodes": [_with_agency(row) for row in stints]},
        "certifications": {"nodes": [dict(row) for row in held]},
        "outcomes": {"nodes": [{**_with_agency(row), "id": name_globally("Outcome", row["id"])} for row in outcomes]},
    }
    return encode({"data": {"officer": told}})


async def page_rows(pool: Pool, asked: Asked) -> bytes:
    """Rows of one statement, put together here."""
    first = int(asked["first"])
    statement = statements.write_page(first, as_json=False)
    async with pool.acquire() as connection:
        rows = await connection.fetch(statement, UUID(asked["agency"]), asked["account"])
    shown = rows[:first]
    info = {
        "hasNextPage": len(rows) > first,
        "endCursor": base64.b64encode(shown[-1]["id"].bytes).decode() if shown else None,
    }
    return encode({"data": {"outcomes": {"pageInfo": info, "nodes": [_tell_outcome(row) for row in shown]}}})


async def count_json(pool: Pool, asked: Asked, aggregate: Aggregate) -> bytes:
    """The answer as the database made it; every row is fetched, else PostgreSQL runs it in one process."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(_COUNTING)
        rows = await connection.fetch(aggregate.json, asked["from"])
    data: str = rows[0][0]
    return b'{"data":' + data.encode() + b"}"


async def count_rows(pool: Pool, asked: Asked, aggregate: Aggregate) -> bytes:
    """Rows of one statement, put together here."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(_COUNTING)
        rows = await connection.fetch(aggregate.rows, asked["from"])
    told = [{name: _tell_figure(value) for name, value in row.items()} for row in rows]
    return encode(tell_rows(aggregate, told))


def _tell_figure(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def _tell_outcome(row: asyncpg.Record) -> Asked:
    detailed, processed = row["detailed"], row["processed"]
    return {
        "id": name_globally("Outcome", row["id"]),
        "kind": row["kind"],
        "actionDate": row["action_date"],
        "finality": row["finality"],
        "dispute": row["dispute"],
        "hasFinding": row["kind"] != statements.NO_FINDING,
        "version": row["current_version"],
        "reportType": row["report_type"],
        "statement": row["statement"],
        **{key: row[name] if detailed else None for name, key in statements.DETAIL_COLUMNS},
        "lifecycle": row["lifecycle"] if processed else None,
        "createdAt": row["created_at"] if processed else None,
        "clearedAt": row["cleared_at"] if processed else None,
        "agency": {"name": row["agency_name"], "kind": row["agency_kind"], "stateCode": row["state_code"]},
        "officer": {
            "id": name_globally("Officer", row["officer_id"]),
            "familyName": row["family_name"],
            "givenName": row["given_name"],
            "middleName": row["middle_name"],
        },
    }


def _with_agency(row: asyncpg.Record) -> Asked:
    told = dict(row)
    told["agency"] = {"name": told.pop("agency_name")}
    return told


def name_globally(kind: str, value: UUID) -> str:
    """A Relay id."""
    return base64.b64encode(f"{kind}:{value}".encode()).decode()


def encode(told: Asked) -> bytes:
    """JSON as the standard library writes it: the project's lock holds no faster one."""
    return json.dumps(told, separators=(",", ":"), default=_encode_moment).encode()


def _encode_moment(value: Any) -> str:
    text: str = value.isoformat()
    return text


def _answer_counts(answer: Callable[[Pool, Asked, Aggregate], Awaitable[bytes]]) -> dict[str, Answer]:
    def bind(aggregate: Aggregate) -> Answer:
        return lambda pool, asked: answer(pool, asked, aggregate)

    return {path: bind(aggregate) for path, aggregate in BY_PATH.items()}


FORMS: Final[Mapping[str, Mapping[str, Answer]]] = {
    "json": {"/look-up": look_up_json, "/page": page_json, **_answer_counts(count_json)},
    "rows": {"/look-up": look_up_rows, "/page": page_rows, **_answer_counts(count_rows)},
}


async def serve(form: str) -> None:
    """Serve on a free port of the loopback address until told to stop."""
    settings = {"plan_cache_mode": "force_generic_plan", "jit": "off", "timezone": "UTC"}
    async with asyncpg.create_pool(
        os.environ["MEASURED_DATABASE"],
        min_size=POOL,
        max_size=POOL,
        max_cacheable_statement_size=0,
        server_settings=settings,
    ) as pool:
        answers = FORMS[form]

        async def app(scope: Any, receive: Any, send: Any) -> None:
            body = (await receive())["body"]
            answer = await answers[scope["path"]](pool, json.loads(body))
            length = str(len(answer)).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", length)]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": answer})

        await run_server(app, host="127.0.0.1", port=0, announce=announce)


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("form", choices=FORMS)
    loop = create_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(serve(parser.parse_args().form))


if __name__ == "__main__":
    main()
