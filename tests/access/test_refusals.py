"""Refusals are a closed list of sentences: none repeats anything that was sent or is stored."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from app.demo.cast import HARBORLIGHT, WALKER, StoryOutcome
from app.domain.vocabulary import Role
from app.errors import PUBLIC_SENTENCES, ErrorCode, ProbityError
from app.identity.issuer import TokenOrder
from app.registry.refusal import SENTENCES, RefusalCode
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from tests.access.people import SHOWN, install, send
from tests.access.stage import Told, connect_superuser, copy_registry, name_database
from tests.journeys.conftest import RunningRegistry
from tests.properties.plain_rows import encode_id

DRAWN = 300
FEWEST_CODES = 7
# Long enough to be told from the words of a sentence.
TELLING = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Askers:
    """A registry with one of each who commands, ids of things that are there, and what is stored."""

    registry: RunningRegistry
    by_command: dict[str, list[TokenOrder]]
    ids: list[str]


@pytest_asyncio.fixture(scope="module")
async def askers(cluster: EmbeddedCluster, settings: Settings, told: Told) -> AsyncIterator[Askers]:
    """The registry of this file."""
    async with copy_registry(cluster, settings, told) as registry:
        truth = await connect_superuser(cluster, name_database(registry))
        head = await install(truth, "asking-head", Role.AGENCY_HEAD, agency=HARBORLIGHT)
        registrar = await install(truth, "asking-registrar", Role.REGISTRAR)
        officer = await install(truth, "asking-officer", Role.OFFICER, officer=WALKER.id)
        auditors = [await install(truth, f"asking-auditor-{place}", Role.AUDITOR) for place in range(2)]
        by_command = {"grantRole": [head, registrar], "giveMandate": [officer], "requestBreakGlass": auditors}
        by_command |= {"revokeRole": [head, registrar], "endMandate": [officer]}
        by_command |= {"approveBreakGlass": auditors, "endBreakGlass": auditors}
        yield Askers(registry=registry, by_command=by_command, ids=await list_ids(truth))
        await truth.close()


async def list_ids(truth: asyncpg.Connection) -> list[str]:
    """Ids of grants, mandates and outcomes that are there, and of one access that waits."""
    grants = await truth.fetch("SELECT id FROM registry.grants LIMIT 12")
    waiting = await truth.fetchval(
        "INSERT INTO registry.break_glass_accesses (id, series_id, account, case_number, reason, hours) "
        "VALUES (gen_random_uuid(), $1, 'asking-auditor-0', 'OIG-9', 'planted', 8) RETURNING id",
        UUID(StoryOutcome.SANDERS_SEALED.value),
    )
    return [
        *(encode_id(kind, str(row["id"])) for row in grants for kind in ("RoleGrant", "Mandate")),
        *(encode_id("Outcome", each.value) for each in StoryOutcome),
        encode_id("BreakGlassAccess", str(waiting)),
        encode_id("Officer", WALKER.id),
    ]


def draw_input(random: Random, command: str, ids: list[str]) -> dict[str, Any]:
    """An input that fits the contract's types, of values that fit the command or do not."""
    texts = [
        "marigold-17",
        "marigold-17",
        "asking-head",
        "asking-officer",
        " Thistledown",
        "Quillfeather" * 30,
        "'; --x",
    ]
    moments = ["2001-02-03T04:05:06Z", "2027-02-03T04:05:06+02:00", "2399-02-03T04:05:06Z", "2027-02-03T04:05:06"]
    number = random.choice([0, 1, 1, 1, 2, 3, 25, -7, 2**31 - 1])

    def choose(values: list[Any]) -> Any:
        return random.choice(values)

    def name(kind: str) -> str:
        """An id of that kind, more often than not, that is there or is not."""
        fitting = [each for each in ids if base64.b64decode(each).startswith(f"{kind}:".encode())]
        return str(choose([*(fitting * len(ids)), *ids, "Thistledown", encode_id(kind, "not-a-uuid")]))

    drawn: dict[str, dict[str, Any]] = {
        "grantRole": {
            "account": choose(texts),
            "role": choose([*sorted(Role), *["records_officer"] * 5, *["doj_analyst"] * 5]),
            "agencyOri": choose([None, None, None, HARBORLIGHT.ori, "ZZ9999999"]),
            "stateCode": choose([None, None, "WA", "Quillfeather"]),
            "officerId": choose([None, None, None, name("Officer")]),
            "validFrom": choose([None, None, *moments]),
            "validTo": choose([None, None, *moments]),
        },
        "revokeRole": {"grantId": name("RoleGrant"), "expectedVersion": number},
        "giveMandate": {"account": choose(texts), "validTo": choose(moments), "validFrom": choose([None, *moments])},
        "endMandate": {"mandateId": name("Mandate"), "expectedVersion": number},
        "requestBreakGlass": {
            "outcomeId": name("Outcome"),
            "caseNumber": choose(texts),
            "reason": choose(texts),
            "hours": number,
        },
        "approveBreakGlass": {"accessId": name("BreakGlassAccess"), "expectedVersion": number},
        "endBreakGlass": {"accessId": name("BreakGlassAccess"), "expectedVersion": number},
    }
    fresh = [f"key-{random.random()}"] * 9
    key = choose(["", "Thistledown-key", "Quillfeather" * 30, *fresh])
    return {**{name: value for name, value in drawn[command].items() if value is not None}, "idempotencyKey": key}


async def test_no_refusal_repeats_a_value_whatever_is_sent(askers: Askers) -> None:
    random = Random("refusals")
    told: Counter[str] = Counter()
    for _ in range(DRAWN):
        command = random.choice(sorted(SHOWN))
        given = draw_input(random, command, askers.ids)
        try:
            answer = await send(askers.registry, random.choice(askers.by_command[command]), command, **given)
        except ProbityError as refused:
            assert refused.code in (ErrorCode.VARIABLES_INVALID, ErrorCode.DOCUMENT_INVALID), given
            said = refused.public_sentence
        else:
            if answer["__typename"] != "CommandRefused":
                continue
            told[answer["code"]] += 1
            said = answer["message"]
            assert said == SENTENCES[RefusalCode(answer["code"])]
        values = [str(value) for value in given.values() if len(str(value)) >= TELLING]
        assert not any(value in said for value in values), given
    print(f"refusals: {dict(told)}")
    assert len(told) >= FEWEST_CODES


def test_each_code_has_one_sentence_of_its_own() -> None:
    assert set(SENTENCES) == set(RefusalCode)
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    assert not set(SENTENCES.values()) & set(PUBLIC_SENTENCES.values())


@pytest.mark.parametrize("code", RefusalCode)
def test_a_sentence_says_what_to_do_and_holds_no_place_for_a_value(code: RefusalCode) -> None:
    sentence = SENTENCES[code]
    assert re.fullmatch(r"[a-z][a-z0-9 ,;']+[a-z]", sentence), sentence
    assert ";" in sentence
    assert json.dumps(sentence).isascii()
