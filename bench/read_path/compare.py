"""Whether the variants tell the same: every field of every body, before anything is timed.

A value that is written another way (a moment with its zone) counts as different; only spaces between values do not.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from typing import Any, Final

from read_path.driver import WrongAnswerError, ask_once
from read_path.rounds import Target
from read_path.shapes import Shape

COMPARED: Final = 12
_TOLD: Final = 5


async def list_differences(targets: Sequence[Target], shape: Shape) -> list[str]:
    """Where the answers to the first questions differ from those of the first target; empty where they agree."""
    found: list[str] = []
    if shape.is_count:
        await _read_once(targets)
    for place in range(min(COMPARED, len(shape.questions))):
        try:
            bodies = [await _ask(target, place) for target in targets]
        except WrongAnswerError as fault:
            found.append(f"question {place}: {fault}")
            break
        empty = _find_empty(bodies[0])
        if empty:
            found.append(f"question {place}: {targets[0].name} tells nothing at {empty}")
        for target, body in zip(targets[1:], bodies[1:], strict=True):
            where = find_difference(bodies[0], body)
            if where is not None:
                found.append(f"question {place}: {targets[0].name} and {target.name} differ at {where}")
    return found[:_TOLD]


async def _read_once(targets: Sequence[Target]) -> None:
    """Ask everyone once: the first to read whole tables waits for the disk, longer than a deadline may allow."""
    for target in targets:
        with contextlib.suppress(WrongAnswerError):
            await ask_once(target.port, target.requests[0])


async def _ask(target: Target, place: int) -> Any:
    try:
        return target.reads(json.loads(await ask_once(target.port, target.requests[place])))
    except WrongAnswerError as fault:
        raise WrongAnswerError(f"{target.name}: {fault}") from None


def find_difference(one: Any, other: Any, path: str = "") -> str | None:
    """The path of the first difference, or none; the values themselves are not told."""
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            return f"{path or 'the root'} (its fields)"
        return next((where for key in one if (where := find_difference(one[key], other[key], f"{path}.{key}"))), None)
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path} (its length)"
        pairs = enumerate(zip(one, other, strict=True))
        return next((where for i, (a, b) in pairs if (where := find_difference(a, b, f"{path}[{i}]"))), None)
    return None if type(one) is type(other) and one == other else path or "the root"


def _find_empty(body: Any) -> str | None:
    """Where an answer that should hold rows holds none: a comparison of nothing proves nothing."""
    data = body.get("data") if isinstance(body, dict) else None
    if not data:
        return "data"
    return next((name for name, value in data.items() if not value), None)


__all__ = ["find_difference", "list_differences"]
