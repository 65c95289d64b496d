"""Who asks the measured questions, with tokens of the demo issuer, and which questions there are in a seeded registry.

The accounts are given their roles in the measured database only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.clock import draw_random_id, read_system_clock
from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import DEMO_KEY_NAME, DemoIssuer, TokenOrder
from app.settings import Settings
from app.storage.grants import ensure_demo_grant
from app.storage.secrets import Secrets
from read_path.figures import list_count_shapes
from read_path.shapes import LOOK_UP, PAGE, Question, Shape
from read_path.sizes import OUTCOMES_A_MEMBER

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

_KNOWN: Final = "measured.json"
PAGES: Final = (10, 100, 1_000)
_FIND_AGENCY: Final = "SELECT agency_id FROM registry.agency_oris WHERE ori = $1"
_FIND_CANDIDATES: Final = """
SELECT k.officer_id FROM registry.candidate_checks k
WHERE k.agency_id = $1 AND k.expires_at > now() ORDER BY k.officer_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A person with a role, at an agency where the role has one."""

    account: str
    role: Role
    purpose: Purpose
    agency_ori: str | None = None
    agency_id: UUID | None = None

    def order_token(self) -> TokenOrder:
        """What his token is to say."""
        return TokenOrder(account=self.account, role=self.role, purpose=self.purpose, agency_ori=self.agency_ori)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """All who ask, and what they ask."""

    askers: Sequence[Asker]
    shapes: Sequence[Shape]


async def enrol(connection: Connection, hiring: Sequence[str], measured: Sequence[str], members: int) -> Cast:
    """Give the askers their roles, as the owner, and list their questions: pages as long as an agency can fill."""
    askers: list[Asker] = []
    look_ups: list[Question] = []
    pages: dict[int, list[Question]] = {size: [] for size in PAGES}
    for ori in hiring:
        asker = await _enrol(connection, Role.HIRING_INVESTIGATOR, Purpose.HIRING, ori)
        askers.append(asker)
        for row in await connection.fetch(_FIND_CANDIDATES, asker.agency_id):
            officer = row["officer_id"]
            look_ups.append(
                Question(
                    asker=len(askers) - 1,
                    variables={"id": name_officer(officer)},
                    plain={"officer": str(officer), "agency": str(asker.agency_id)},
                )
            )
    for ori in measured:
        asker = await _enrol(connection, Role.RECORDS_OFFICER, Purpose.RECORDS, ori)
        askers.append(asker)
        for size, questions in pages.items():
            questions.append(
                Question(
                    asker=len(askers) - 1,
                    variables={"first": size},
                    plain={"first": size, "agency": str(asker.agency_id)},
                )
            )
    shapes = [Shape(name="look-up", document=LOOK_UP, rows=16, questions=_mix(look_ups), path="/look-up")]
    shapes += [
        Shape(name=f"page of {size}", document=PAGE, rows=size, questions=questions, path="/page")
        for size, questions in pages.items()
        if size < members * OUTCOMES_A_MEMBER
    ]
    askers.append(await _enrol(connection, Role.DOJ_ANALYST, Purpose.STATISTICS, None))
    shapes += list_count_shapes(len(askers) - 1)
    return Cast(askers=askers, shapes=shapes)


def _mix(questions: list[Question]) -> list[Question]:
    """The questions so that neighbours are of different askers; always in the same order."""
    return sorted(questions, key=lambda each: each.plain["officer"])


async def _enrol(connection: Connection, role: Role, purpose: Purpose, ori: str | None) -> Asker:
    account = f"measured-{role.value}-{ori or 'national'}"
    await ensure_demo_grant(connection, account=account, role=role, agency_ori=ori, state_code=None, officer_id=None)
    agency: UUID | None = await connection.fetchval(_FIND_AGENCY, ori) if ori else None
    return Asker(account=account, role=role, purpose=purpose, agency_ori=ori, agency_id=agency)


def name_officer(officer: UUID) -> str:
    """The Relay id of an officer."""
    return base64.b64encode(f"Officer:{officer}".encode()).decode()


def issue_tokens(settings: Settings, askers: Sequence[Asker]) -> list[str]:
    """A token for each, good for an hour."""
    issuer = DemoIssuer(
        secret=Secrets(settings.home).get_or_create(DEMO_KEY_NAME),
        mode=settings.mode,
        clock=read_system_clock,
        draw_id=draw_random_id,
    )
    return [issuer.issue_token(asker.order_token()) for asker in askers]


def keep_known(home: Path, known: dict[str, Any]) -> dict[str, Any]:
    """Write down what a home folder was filled with."""
    (home / _KNOWN).write_text(json.dumps(known), "utf-8")
    return known


def begin_known(home: Path) -> None:
    """Mark a home folder as one that is being filled."""
    (home / _KNOWN).write_text("", "utf-8")


def is_ours(home: Path) -> bool:
    """Whether a measured registry was begun in the folder, filled or not."""
    return (home / _KNOWN).exists()


def read_known(home: Path) -> dict[str, Any] | None:
    """What a home folder was filled with; none where it was not, or not to the end."""
    if not is_ours(home):
        return None
    text = (home / _KNOWN).read_text("utf-8")
    known: dict[str, Any] | None = json.loads(text) if text else None
    return known
