"""Failures: one translation to a status, one correlation id for the caller and the log, no value for either."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from app.errors import PUBLIC_SENTENCES, ErrorCode
from app.http.problems import STATUS_OF_CODE

from .small_pipeline import SmallPipeline, open_client, read_codes

FIRST_ID = "00000000-0000-0000-0000-000000000001"
SECRET = "Maria Garcia, 9999-123456"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "http.md"


def test_every_code_has_a_status_and_a_sentence() -> None:
    assert set(STATUS_OF_CODE) == set(PUBLIC_SENTENCES) == set(ErrorCode)
    assert all(400 <= status < 600 for status in STATUS_OF_CODE.values())


def test_every_sentence_follows_the_house_style() -> None:
    for sentence in PUBLIC_SENTENCES.values():
        assert sentence[0].islower() and not sentence.endswith(".")


def test_the_list_of_codes_is_documented() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\d+)(?: \(200\))? \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert {ErrorCode(code): int(status) for code, status in rows} == dict(STATUS_OF_CODE)


async def test_an_unexpected_fault_is_found_in_the_log_by_its_correlation_id(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = SmallPipeline(is_demo=True, fault=KeyError(SECRET))
    async with open_client(pipeline) as client:
        with caplog.at_level(logging.INFO):
            answered = await client.post("/graphql", json={"query": '{ say(text: "secretvalue") }'})
    assert answered.status_code == 500
    assert read_codes(answered) == [ErrorCode.INTERNAL]
    [error] = answered.json()["errors"]
    assert error["message"] == PUBLIC_SENTENCES[ErrorCode.INTERNAL]
    assert error["extensions"]["correlationId"] == FIRST_ID
    [record] = [each for each in caplog.records if each.name == "probity.http"]
    assert record.levelno == logging.ERROR
    said = record.getMessage()
    assert FIRST_ID in said and "builtins.KeyError" in said and "app.http." in said
    assert record.exc_info is None
    assert "Garcia" not in caplog.text and "secretvalue" not in caplog.text


async def test_a_refusal_is_logged_by_code_alone(caplog: pytest.LogCaptureFixture) -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        with caplog.at_level(logging.INFO):
            await client.post("/graphql", json={"query": "{ secretvalue }"})
    [record] = [each for each in caplog.records if each.name == "probity.http"]
    assert record.getMessage() == f"refused: code=DOCUMENT_INVALID correlation={FIRST_ID}"
    assert "secretvalue" not in caplog.text


async def test_each_failure_has_an_id_of_its_own() -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        ids = [(await client.get("/graphql")).json()["errors"][0]["extensions"]["correlationId"] for _ in range(3)]
    assert len(set(ids)) == 3


async def test_a_fault_outside_the_endpoint_is_answered_alike() -> None:
    pipeline = SmallPipeline(is_demo=True)
    pipeline.public_keys = None  # type: ignore[assignment]
    async with open_client(pipeline) as client:
        answered = await client.get("/.well-known/jwks.json")
    assert answered.status_code == 500
    assert read_codes(answered) == [ErrorCode.INTERNAL]


@pytest.mark.parametrize("path", ["/nothing", "/graphql/", "/graphql/x", "/healthz/", "/%2e%2e/etc", "/assets/"])
async def test_an_address_that_is_nothing_is_not_found(path: str) -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        answered = await client.get(path)
    assert answered.status_code == 404
    assert read_codes(answered) == [ErrorCode.NOT_FOUND]
    assert "location" not in answered.headers


async def test_a_page_takes_no_post() -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        answered = await client.post("/")
    assert answered.status_code == 405
    assert answered.headers["allow"] == "GET, HEAD"
