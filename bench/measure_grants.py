"""Measures grants: looking one up once it is made, making any of them, and deciding a cell by one.

It needs no database. It fails where a look-up takes a microsecond or more, or making any grant five milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from app.domain.vocabulary import Action, RecordState, Relation
from app.main import assemble
from app.policy.engine import DecisionRequest
from app.policy.grant import tabulate_grant

ROOT = Path(__file__).resolve().parents[1]
LOOK_UPS = 20_000
ROUNDS = 15
MOST_LOOK_UP_NANOSECONDS = 1_000.0
MOST_MAKING_MILLISECONDS = 5.0


def time_calls(call: Callable[[], object], number: int) -> float:
    """Nanoseconds of the processor a call, the loop around it included; work of other processes is not counted."""
    repeat = range(number)
    started = time.thread_time_ns()
    for _ in repeat:
        call()
    return (time.thread_time_ns() - started) / number


def measure() -> Mapping[str, float | int]:
    """All figures; a grant is first compared with what Casbin says of some of its cells."""
    policy = assemble(ROOT).policy
    pairs = policy.list_pairs()
    compare_with_casbin(policy)
    look_ups = [
        statistics.median(time_calls(lambda p=pair: policy.find_grant(*p), LOOK_UPS) for _ in range(ROUNDS))
        for pair in pairs
    ]
    makings: dict[tuple[str, ...], float] = {}
    for key in policy.grants:
        rounds = [time_calls(lambda k=key: tabulate_grant(policy.point, *k), 1) / 1e6 for _ in range(ROUNDS)]
        makings[tuple(map(str, key))] = statistics.median(rounds)
    started = time.perf_counter()
    for key in policy.grants:
        tabulate_grant(policy.point, *key)
    whole = time.perf_counter() - started
    return {
        "grants": len(makings),
        "fields": len(policy.point.bundle.leaf_fields),
        "rules": len(policy.point.rules),
        "look_up_median_ns": statistics.median(look_ups),
        "look_up_worst_pair_ns": max(look_ups),
        "making_median_ms": statistics.median(makings.values()),
        "making_worst_ms": max(makings.values()),
        "making_all_ms": whole * 1e3,
    }


def compare_with_casbin(policy: object) -> None:
    """Right before fast: some cells of each reading grant by Casbin; raises `AssertionError` where they differ."""
    for (role, purpose, action), grant in policy.grants.items():  # type: ignore[attr-defined]
        if action is not Action.READ:
            continue
        for name in sorted(grant.fields)[::25]:
            for relation in (Relation.ANYWHERE, Relation.OWN_AGENCY, Relation.OWN_STATE):
                for state in (RecordState.STANDING, RecordState.CLEARED):
                    request = DecisionRequest(
                        role=role,
                        relations=frozenset({relation}),
                        field=name,
                        state=state,
                        purpose=purpose,
                        action=action,
                    )
                    said = policy.point.decide(request).allowed  # type: ignore[attr-defined]
                    if grant.fields[name].holds({relation}, state) is not said:
                        raise AssertionError(f"the grant of {role} does not say of {name} what Casbin says")


def main() -> int:
    """Measure and tell; 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="report as JSON")
    arguments = parser.parse_args()
    figures = measure()
    misses = [
        text
        for missed, text in (
            (figures["look_up_median_ns"] >= MOST_LOOK_UP_NANOSECONDS, "a look-up takes a microsecond or more"),
            (figures["making_worst_ms"] >= MOST_MAKING_MILLISECONDS, "making a grant takes five milliseconds or more"),
        )
        if missed
    ]
    if arguments.json:
        print(json.dumps({**figures, "misses": misses}, indent=2))
    else:
        print(f"{os.cpu_count()} cores, Python {platform.python_version()}")
        print(f"{figures['grants']} grants of {figures['rules']} rules over {figures['fields']} fields")
        print(
            f"look-up       {figures['look_up_median_ns']:8.0f} ns (worst pair {figures['look_up_worst_pair_ns']:.0f})"
        )
        print(f"making one    {figures['making_median_ms']:8.2f} ms (worst {figures['making_worst_ms']:.2f})")
        print(f"making all    {figures['making_all_ms']:8.2f} ms")
        for each in misses:
            print(f"missed: {each}", file=sys.stderr)
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
