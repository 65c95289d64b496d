"""How long a document takes that nobody sent before: parse, validate, cost, compile.

Each is timed as a document of its own, so that no cache of documents or plans helps it; the contract has been cut.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Final

from app.domain.vocabulary import Purpose, Role
from app.main import assemble
from app.planning.planner import SIGNED_IN_PAGE
from app.settings import Settings
from read_path.shapes import LOOK_UP, Shape

TIMES: Final = 9


async def measure_cold(settings: Settings, shapes: Sequence[Shape]) -> dict[str, float]:
    """Milliseconds of CPU (median) from text to plan, by shape that the registry answers.

    PostgreSQL's own planning comes on top when a connection meets the statement first.
    """
    found: dict[str, float] = {}
    policy = assemble(settings.root).policy
    for shape in (each for each in shapes if each.rows <= SIGNED_IN_PAGE and not each.is_count):
        is_look_up = shape.document == LOOK_UP
        role = Role.HIRING_INVESTIGATOR if is_look_up else Role.RECORDS_OFFICER
        purpose = Purpose.HIRING if is_look_up else Purpose.RECORDS
        grant, contract = policy.find_grant(role, purpose), policy.find_contract(role, purpose)
        taken = []
        for number in range(TIMES):
            # A comment makes it a document of its own.
            text = f"# {number}\n{shape.document}"
            started = time.process_time()
            policy.planner.prepare(text, None, shape.questions[0].variables, schema=contract.schema, grant=grant)
            taken.append((time.process_time() - started) * 1e3)
        found[shape.name] = statistics.median(taken)
    return found
