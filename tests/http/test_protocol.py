"""GraphQL over HTTP: what each kind of request is answered with, status by status."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from app.errors import ErrorCode, ProbityError

from .small_pipeline import ENDPOINT_URL, PUBLISHED, PUBLISHED_ID, TOKEN, SmallPipeline, open_client, read_codes

JSON_TYPE = {"content-type": "application/json"}
GRAPHQL = {"accept": "application/graphql-response+json"}
LEGACY = {"accept": "application/json"}
UNKNOWN_ID = "0" * 64


async def post(body: Any, *, headers: dict[str, str], pipeline: SmallPipeline | None = None) -> Any:
    async with open_client(pipeline or SmallPipeline(is_demo=True)) as client:
        content = body if isinstance(body, bytes) else json.dumps(body)
        return await client.post("/graphql", content=content, headers={**JSON_TYPE, **headers})


async def get(params: Any, *, headers: dict[str, str], pipeline: SmallPipeline | None = None) -> Any:
    async with open_client(pipeline or SmallPipeline(is_demo=True)) as client:
        return await client.get("/graphql", params=params, headers=headers)


@pytest.mark.parametrize("media", [GRAPHQL, LEGACY])
async def test_a_query_is_answered_in_the_media_type_asked_for(media: dict[str, str]) -> None:
    answered = await post({"query": "{ __typename }"}, headers=media)
    assert answered.status_code == 200
    assert answered.headers["content-type"] == f"{media['accept']}; charset=utf-8"
    assert answered.json() == {"data": {"__typename": "Query"}}


# What is wrong with the request, the code, its status, and its status in the older media type.
FAULTS: list[tuple[str, Any, ErrorCode, int, int]] = [
    ("document that does not parse", {"query": "{"}, ErrorCode.DOCUMENT_INVALID, 400, 200),
    ("document that does not validate", {"query": "{ nothing }"}, ErrorCode.DOCUMENT_INVALID, 400, 200),
    ("document beyond a limit", {"query": "{ " + "__typename " * 6 + "}"}, ErrorCode.LIMIT_EXCEEDED, 400, 200),
    (
        "variables that do not fit",
        {"query": "query ($t: String!) { say(text: $t) }", "variables": {"t": 1}},
        ErrorCode.VARIABLES_INVALID,
        400,
        200,
    ),
    (
        "variables beyond a limit",
        {"query": "{ county }", "variables": {"x": "y" * 201}},
        ErrorCode.LIMIT_EXCEEDED,
        400,
        200,
    ),
    ("id of no document", {"documentId": UNKNOWN_ID}, ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND, 400, 200),
    ("no document", {}, ErrorCode.BAD_REQUEST, 400, 400),
    ("query that is no text", {"query": 1}, ErrorCode.BAD_REQUEST, 400, 400),
    ("operation name that is no text", {"query": "{ county }", "operationName": {}}, ErrorCode.BAD_REQUEST, 400, 400),
    ("variables that are no object", {"query": "{ county }", "variables": []}, ErrorCode.BAD_REQUEST, 400, 400),
    ("extensions that are no object", {"query": "{ county }", "extensions": "x"}, ErrorCode.BAD_REQUEST, 400, 400),
    ("batch", [{"query": "{ county }"}], ErrorCode.BAD_REQUEST, 400, 400),
    ("null", b"null", ErrorCode.BAD_REQUEST, 400, 400),
    ("number", b"7", ErrorCode.BAD_REQUEST, 400, 400),
    ("no JSON", b"{ __typename }", ErrorCode.BAD_REQUEST, 400, 400),
    ("nothing", b"", ErrorCode.BAD_REQUEST, 400, 400),
    ("too much", b" " * 16_385, ErrorCode.TOO_LARGE, 413, 413),
]


@pytest.mark.parametrize(
    ("body", "code", "status", "legacy"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS]
)
async def test_a_fault_of_the_request_has_its_status(body: Any, code: ErrorCode, status: int, legacy: int) -> None:
    for media, expected in ((GRAPHQL, status), (LEGACY, legacy), ({"accept": "*/*"}, legacy)):
        answered = await post(body, headers=media)
        assert answered.status_code == expected
        assert read_codes(answered) == [code]
        assert answered.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.UNAUTHENTICATED, 401),
        (ErrorCode.FORBIDDEN, 403),
        (ErrorCode.NOT_FOUND, 404),
        (ErrorCode.CONFLICT, 409),
        (ErrorCode.RATE_LIMITED, 429),
        (ErrorCode.INTERNAL, 500),
        (ErrorCode.UNAVAILABLE, 503),
        (ErrorCode.DEADLINE_EXCEEDED, 504),
    ],
)
async def test_a_refusal_of_the_pipeline_has_its_status_in_both_media_types(code: ErrorCode, status: int) -> None:
    for media in (GRAPHQL, LEGACY):
        answered = await post(
            {"query": "{ county }"}, headers=media, pipeline=SmallPipeline(is_demo=True, fault=ProbityError(code))
        )
        assert answered.status_code == status
        assert read_codes(answered) == [code]


async def test_whoever_is_not_known_is_told_how_to_sign_in() -> None:
    answered = await post({"query": "{ county }"}, headers={"authorization": "Basic bWFyaWE6eA=="})
    assert answered.status_code == 401
    assert [each.split(" ")[0] for each in answered.headers.get_list("www-authenticate")] == ["Bearer", "DPoP"]


@pytest.mark.parametrize("code", [ErrorCode.RATE_LIMITED, ErrorCode.UNAVAILABLE])
async def test_whoever_shall_try_again_is_told_when(code: ErrorCode) -> None:
    answered = await post(
        {"query": "{ county }"}, headers={}, pipeline=SmallPipeline(is_demo=True, fault=ProbityError(code))
    )
    assert int(answered.headers["retry-after"]) > 0


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused_with_those_that_are_not(method: str) -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        answered = await client.request(method, "/graphql")
    assert answered.status_code == 405
    assert answered.headers["allow"] == "GET, POST"


async def test_an_answer_that_cannot_be_accepted_is_not_made() -> None:
    pipeline = SmallPipeline(is_demo=True)
    answered = await post({"query": "{ county }"}, headers={"accept": "text/html"}, pipeline=pipeline)
    assert answered.status_code == 406
    assert answered.headers["content-type"] == "application/json; charset=utf-8"
    assert pipeline.asked == []


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql", ""],
)
async def test_a_body_that_another_site_could_post_is_never_read(content_type: str) -> None:
    pipeline = SmallPipeline(is_demo=True)
    headers = {"content-type": content_type, **TOKEN}
    answered = await post({"query": 'mutation { file(text: "x") }'}, headers=headers, pipeline=pipeline)
    assert answered.status_code == 415
    assert pipeline.asked == []


async def test_a_compressed_body_is_refused() -> None:
    answered = await post({"query": "{ county }"}, headers={"content-encoding": "gzip"})
    assert answered.status_code == 415


async def test_no_page_of_another_origin_is_let_in() -> None:
    headers = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    async with open_client(SmallPipeline(is_demo=True)) as client:
        asked = await client.options("/graphql", headers=headers)
        answered = await client.get("/graphql", params={"query": "{ __typename }"}, headers=headers)
    assert not [name for each in (asked, answered) for name in each.headers if name.startswith("access-control-")]
    assert "set-cookie" not in answered.headers


async def test_get_answers_queries() -> None:
    params = {"query": "query A($t: String!) { say(text: $t) } query B { __typename }"}
    asked = {**params, "operationName": "A", "variables": json.dumps({"t": "é"})}
    answered = await get(asked, headers={**GRAPHQL, **TOKEN})
    assert answered.status_code == 200
    assert answered.json() == {"data": {"say": "é"}}


@pytest.mark.parametrize("media", [GRAPHQL, LEGACY])
async def test_get_takes_no_command(media: dict[str, str]) -> None:
    pipeline = SmallPipeline(is_demo=True)
    answered = await get({"query": 'mutation { file(text: "x") }'}, headers={**media, **TOKEN}, pipeline=pipeline)
    assert answered.status_code == 405
    assert answered.headers["allow"] == "POST"
    assert [request.may_command for request, _ in pipeline.asked] == [False]


async def test_post_takes_commands() -> None:
    pipeline = SmallPipeline()
    answered = await post({"query": 'mutation { file(text: "x") }'}, headers=TOKEN, pipeline=pipeline)
    assert answered.json() == {"data": {"file": "x"}}
    assert [request.may_command for request, _ in pipeline.asked] == [True]


async def test_get_from_a_form_is_refused() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await get({"query": "{ __typename }"}, headers=headers)).status_code == 415


@pytest.mark.parametrize(
    "query",
    [
        "",
        "query",
        "query=%FF",
        "query=%00",
        "query={county}&query={county}",
        "query={county}&variables=[]",
        "query={county}&variables={",
        'query={county}&variables={"a":1,"a":2}',
        "query={county}&extensions=NaN",
        "&".join(f"p{n}=1" for n in range(30)),
        "documentId=" + PUBLISHED_ID + "&query={county}",
    ],
)
async def test_an_address_without_one_clear_request_is_refused(query: str) -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        answered = await client.get(f"/graphql?{query}")
    assert answered.status_code == 400
    assert read_codes(answered) == [ErrorCode.BAD_REQUEST]


async def test_an_address_that_is_too_long_is_refused_whatever_it_is_for() -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        for path in ("/graphql", "/", "/nothing"):
            answered = await client.get(path, params={"query": "x" * 8_192})
            assert answered.status_code == 414
            assert read_codes(answered) == [ErrorCode.URI_TOO_LONG]


PERSISTED = {"persistedQuery": {"version": 1, "sha256Hash": PUBLISHED_ID}}


@pytest.mark.parametrize(
    "asked",
    [
        {"documentId": PUBLISHED_ID},
        {"documentId": f"sha256:{PUBLISHED_ID}"},
        {"extensions": PERSISTED},
        {"query": PUBLISHED},
        {"query": PUBLISHED, "extensions": PERSISTED},
        {"query": PUBLISHED, "documentId": None, "extensions": {"persistedQuery": None, "other": [1]}},
    ],
)
async def test_a_published_document_is_answered_to_anyone_by_its_id_or_its_text(asked: dict[str, Any]) -> None:
    pipeline = SmallPipeline(is_demo=False)
    answered = await post(asked, headers={}, pipeline=pipeline)
    assert answered.json() == {"data": {"__typename": "Query"}}
    in_address = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in asked.items() if value
    }
    assert (await get(in_address, headers={}, pipeline=pipeline)).json() == answered.json()
    assert [request.document for request, _ in pipeline.asked] == [PUBLISHED] * 2


@pytest.mark.parametrize(
    "asked",
    [
        {"documentId": UNKNOWN_ID},
        {"documentId": "md5:abc"},
        {"documentId": PUBLISHED_ID.upper()},
        {"documentId": ""},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": UNKNOWN_ID}}},
        {"query": PUBLISHED + " "},
        {"query": "{ __typename }"},
    ],
)
async def test_without_a_token_nothing_else_is_answered(asked: dict[str, Any]) -> None:
    pipeline = SmallPipeline(is_demo=False)
    answered = await post(asked, headers=GRAPHQL, pipeline=pipeline)
    assert answered.status_code == 400
    assert read_codes(answered) == [ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND]
    assert pipeline.asked == []


async def test_a_document_that_is_sent_is_not_published_by_it() -> None:
    text = "query New { __typename }"
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}
    pipeline = SmallPipeline(is_demo=True)
    assert (await post({"query": text, "extensions": persisted}, headers=TOKEN, pipeline=pipeline)).status_code == 200
    again = await post({"extensions": persisted}, headers=TOKEN, pipeline=pipeline)
    assert read_codes(again) == [ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND]


@pytest.mark.parametrize(
    "asked",
    [
        {"query": PUBLISHED, "documentId": PUBLISHED_ID},
        {"query": "{ county }", "extensions": PERSISTED},
        {"documentId": PUBLISHED_ID, "extensions": PERSISTED},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": PUBLISHED_ID}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": PUBLISHED_ID}},
    ],
)
async def test_a_request_that_names_its_document_in_two_ways_is_refused(asked: dict[str, Any]) -> None:
    answered = await post(asked, headers=TOKEN)
    assert answered.status_code == 400
    assert read_codes(answered) == [ErrorCode.BAD_REQUEST]


async def test_a_free_document_is_answered_with_a_token_and_in_demo_mode() -> None:
    text = {"query": "{ county { name } }"}
    assert (await post(text, headers=TOKEN, pipeline=SmallPipeline(is_demo=False))).status_code == 200
    assert (await post(text, headers={}, pipeline=SmallPipeline(is_demo=True))).status_code == 200


async def test_a_larger_request_is_taken_with_a_token() -> None:
    large = {"query": "{ county { name } }", "variables": {"unused": ["x" * 9_000] * 5}}
    assert (await post(large, headers={})).status_code == 413
    assert (await post(large, headers=TOKEN)).status_code == 200
    assert (await post({**large, "extensions": {"x": "y" * 25_000}}, headers=TOKEN)).status_code == 413


async def test_what_is_presented_goes_to_the_pipeline_with_the_address_the_operator_has_set() -> None:
    pipeline = SmallPipeline()
    headers = {
        "authorization": "DPoP aaa.bbb.ccc",
        "dpop": "ddd.eee.fff",
        "host": "evil.example",
        "x-forwarded-host": "evil",
    }
    await post({"query": "{ county { name } }"}, headers=headers, pipeline=pipeline)
    [(_, presented)] = pipeline.asked
    assert presented is not None and presented.proof is not None
    assert (presented.compact, presented.proof.compact) == ("aaa.bbb.ccc", "ddd.eee.fff")
    assert (presented.proof.method, presented.proof.url) == ("POST", ENDPOINT_URL)


async def test_a_request_that_presents_a_token_wrongly_is_never_taken_for_an_anonymous_one() -> None:
    pipeline = SmallPipeline(is_demo=True)
    for headers in ({"authorization": "aaa.bbb.ccc"}, {"dpop": "ddd.eee.fff"}, {"authorization": ""}):
        assert (await post({"query": PUBLISHED}, headers=headers, pipeline=pipeline)).status_code == 401
    assert pipeline.asked == []


@pytest.mark.parametrize(
    ("headers", "is_personal", "kept"),
    [
        ({}, False, "public, no-cache"),
        ({}, True, "no-store"),
        (TOKEN, False, "no-store"),
        (TOKEN, True, "no-store"),
    ],
)
async def test_only_a_public_answer_may_be_kept(headers: dict[str, str], is_personal: bool, kept: str) -> None:
    pipeline = SmallPipeline(is_demo=True, is_personal=is_personal)
    answered = await get({"query": "{ __typename }"}, headers=headers, pipeline=pipeline)
    assert answered.headers["cache-control"] == kept
    assert answered.headers["vary"] == "accept, authorization, dpop"
    assert (await post({"query": "{ __typename }"}, headers=headers, pipeline=pipeline)).headers[
        "cache-control"
    ] == "no-store"
