"""Whatever is sent, the answer is a GraphQL error of the caller's, never a fault of ours, and repeats nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ErrorCode, ProbityError
from app.http.strict_json import read_json_object

from .small_pipeline import TOKEN, SmallPipeline, open_client, read_codes

POST_JSON = {"content-type": "application/json"}

DOCUMENTS = ("{ county { name } }", "{ say(text: $t) }", "query ($n: [Int!]) { many(numbers: $n) }")
FIELDS = ("accept", "content-type", "authorization", "dpop")

hostile_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
hostile_members = st.fixed_dictionaries(
    {},
    optional={
        "query": st.text() | st.sampled_from(DOCUMENTS),
        "documentId": st.text() | hostile_json,
        "operationName": hostile_json,
        "variables": hostile_json | st.fixed_dictionaries({"n": hostile_json}),
        "extensions": hostile_json | st.fixed_dictionaries({"persistedQuery": hostile_json}),
    },
)
hostile_bodies = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    hostile_json.map(lambda value: json.dumps(value).encode()),
    hostile_members.map(lambda value: json.dumps(value).encode()),
)


@settings(max_examples=300, deadline=None)
@given(body=hostile_bodies, has_token=st.booleans())
async def test_no_body_is_a_fault_of_ours(body: bytes, has_token: bool) -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        answered = await client.post("/graphql", content=body, headers={**POST_JSON, **(TOKEN if has_token else {})})
    assert answered.status_code < 500
    assert set(answered.json()) <= {"data", "errors"}


@settings(max_examples=150, deadline=None)
@given(query=st.binary(max_size=100), header=st.sampled_from(FIELDS), value=st.binary(max_size=40))
async def test_no_address_and_no_header_field_is_a_fault_of_ours(query: bytes, header: str, value: bytes) -> None:
    printable = bytes(byte for byte in value if byte >= 32 and byte != 127).strip()
    async with open_client(SmallPipeline(is_demo=True)) as client:
        request = client.build_request("GET", "/graphql", headers=[(header.encode(), printable)])
        request.url = request.url.copy_with(query=bytes(byte for byte in query if 32 < byte < 127 and byte != 35))
        answered = await client.send(request)
    assert answered.status_code < 500
    assert set(answered.json()) <= {"data", "errors"}


# Of letters that no sentence of ours holds in a row, so that one found in an answer was taken from the request.
secrets = st.text(alphabet="QXZJKVWÄЖ漢", min_size=6, max_size=30)


def place_secret(secret: str) -> list[Any]:
    """Requests that hold the secret where something goes wrong with it."""
    quoted = json.dumps(secret)
    return [
        {"query": secret},
        {"query": f"{{ {secret} }}"},
        {"query": f"{{ say(text: {quoted}, {secret}: 1) }}"},
        {"query": f"{{ many(numbers: {quoted}) }}"},
        {"query": f"query A {{ county {{ {secret} }} }}", "operationName": secret},
        {"query": "{ county { name } }", "operationName": secret},
        {"query": f"query ($n: {secret}) {{ county {{ name }} }}", "variables": {"n": 1}},
        {"query": "query ($n: [Int!]) { many(numbers: $n) }", "variables": {"n": secret}},
        {"query": "query ($n: [Int!]) { many(numbers: $n) }", "variables": {"n": {secret: secret}}},
        {"query": "{ county { name } }", "variables": secret},
        {"query": "{ county { name } }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": secret}}},
        {"documentId": secret},
        {secret: secret},
        [secret],
        secret,
    ]


@settings(max_examples=60, deadline=None)
@given(secret=secrets)
async def test_a_value_that_was_sent_never_comes_back_in_an_error(secret: str) -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        answers = [await client.post("/graphql", json=asked) for asked in place_secret(secret)]
        answers.append(await client.get("/graphql", params={"query": f"{{ {secret} }}", secret: secret}))
        answers.append(await client.get(f"/{secret}"))
        answers.append(await client.get("/graphql", headers={"accept": f"{secret}/*".encode()}))
        answers.append(await client.post("/graphql", content=secret, headers={"content-type": secret.encode()}))
    for answered in answers:
        assert set(answered.json()) == {"errors"}
        assert secret not in answered.text
        assert secret not in str(answered.headers)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "well-formed"),
        (b"{", "well-formed"),
        (b"{} {}", "well-formed"),
        (b"\xef\xbb\xbf{}", "well-formed"),
        (b'{"a": "\xff"}', "well-formed"),
        ('{"a": 1}'.encode("utf-16"), "well-formed"),
        (b"{'a': 1}", "well-formed"),
        (b'{"a": 01}', "well-formed"),
        (b"[" * 60_000, "well-formed"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "well-formed"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "32 deep"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "32 deep"),
        (b"[]", "batches"),
        (b"null", "one JSON object"),
        (b'"text"', "one JSON object"),
        (b'{"a": 1, "a": 1}', "repeats a name"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "repeats a name"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "infinity"),
        (b'{"a": 1e999}', "double precision"),
        (b'{"a": 0.' + b"1" * 60 + b"}", "double precision"),
        (b'{"a": 123456789012345678901}', "20 digits"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "20 digits"),
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'{"a": ["\\ud800"]}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
    ],
)
def test_json_that_could_be_read_in_two_ways_or_not_be_kept_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(ProbityError) as raised:
        read_json_object(raw)
    assert raised.value.code is ErrorCode.BAD_REQUEST
    assert says in raised.value.public_sentence
    assert raised.value.__cause__ is None and raised.value.__context__ is None


def test_json_at_its_bounds_is_read() -> None:
    value = {"n": -12345678901234567890, "f": 1.5e300, "t": "\U0001f9ff", "é": [None, True]}
    assert read_json_object(json.dumps(value).encode()) == value
    assert read_json_object(json.dumps(value, ensure_ascii=False)) == value
    assert read_json_object(b'{"a":' * 32 + b"1" + b"}" * 32)


async def test_a_refused_body_says_so_over_http() -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        answered = await client.post("/graphql", content=b'{"query": "{ a }", "query": "{ b }"}', headers=POST_JSON)
    assert answered.status_code == 400
    assert read_codes(answered) == [ErrorCode.BAD_REQUEST]
