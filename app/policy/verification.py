"""Proves the invariants of a policy by looking at every decision, and tells each breach as a sentence.

It is exhaustive: every role, purpose, action, field and state, and by `Verdict.list_excess` every set of relations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from app.domain.vocabulary import Action
from app.policy.bundle import PolicyBundle
from app.policy.decided import Ask, DecisionTable, tabulate_verdicts
from app.policy.folding import join_words, order_states
from app.policy.invariants import fields, lines, offices, order, persons, records
from app.policy.invariants.form import Breach, Invariant, Meaning, Scope, View

INVARIANTS: Final[tuple[Invariant, ...]] = (
    *persons.INVARIANTS,
    *offices.INVARIANTS,
    *order.INVARIANTS,
    *lines.INVARIANTS,
    *records.INVARIANTS,
    *fields.INVARIANTS,
)
_VERBS: Final = {Action.READ: "read", Action.MATCH: "match", Action.AGGREGATE: "count over"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A broken invariant with its counter-examples."""

    invariant: Invariant
    sentences: tuple[str, ...]


def verify_bundle(
    bundle: PolicyBundle, means: Meaning, invariants: Collection[Invariant] = INVARIANTS
) -> tuple[Finding, ...]:
    """Every invariant that the policy breaks; none if it keeps them all."""
    return verify_view(make_view(bundle, tabulate_verdicts(bundle), means), invariants)


def make_view(bundle: PolicyBundle, table: DecisionTable, means: Meaning) -> View:
    """The policy with all its asks to look at."""
    return View(bundle=bundle, table=table, asks=frozenset(table.cells), means=means)


def verify_view(view: View, invariants: Collection[Invariant] = INVARIANTS) -> tuple[Finding, ...]:
    """Every invariant that is broken where the view looks."""
    found = ((invariant, tuple(invariant.search(view))) for invariant in invariants)
    return tuple(
        Finding(invariant=invariant, sentences=tuple(_tell(breaches))) for invariant, breaches in found if breaches
    )


def find_breach(view: View, invariants: Iterable[Invariant], scopes: Collection[Scope]) -> Invariant | None:
    """The first invariant of these scopes that is broken; nothing is put into words."""
    for invariant in invariants:
        if invariant.scope in scopes and next(iter(invariant.search(view)), None) is not None:
            return invariant
    return None


def _tell(breaches: Iterable[Breach]) -> Iterator[str]:
    """Cells that differ in class and state only are one sentence."""
    states: dict[tuple[Ask, str, str], set[str]] = defaultdict(set)
    for breach in breaches:
        if breach.cell is None:
            yield breach.sentence
            continue
        cell = breach.cell
        unless = f" (unless {join_words(sorted(cell.verdict.unless))})" if cell.verdict.unless else ""
        standing = f"{' or '.join(sorted(breach.relations))}{unless}"
        states[cell.ask, standing, cell.unit].add(cell.state)
    units: dict[tuple[Ask, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (ask, standing, unit), where in sorted(states.items()):
        units[ask, standing, order_states(where)].append(unit)
    for (ask, standing, told), names in units.items():
        verb = _VERBS.get(ask.action, str(ask.action))
        yield f"{ask.role} for {ask.purpose} may {verb} {', '.join(names)} in {join_words(told)}, standing {standing}"
