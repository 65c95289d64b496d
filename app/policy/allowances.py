"""The canonical text of everything a policy allows: one line an allowance, sorted, to be read in review.

Equal texts mean equal decisions; the text can be read back into the decisions it was written from.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.errors import PolicyRefused
from app.policy.decided import Ask, Cells, DecisionTable, Verdict, make_table, weigh
from app.policy.folding import fold_products, name_combinations, order_states
from app.policy.reading import PolicyFile
from app.policy.record_states import RecordStateTable, read_record_states

_FIELDS: Final = re.compile(r"fields of (?P<unit>\S+) in (?P<thing>\S+): (?P<names>.+)")
_RECORDS: Final = re.compile(r"records in (?P<state>\S+): (?P<row>.+)")
_ALLOWS: Final = re.compile(
    r"(?P<role>\S+) for (?P<purpose>\S+) may (?P<action>\S+), standing (?P<relation>\S+)"
    r"(?: unless (?P<unless>[^:]+))?: (?P<units>[^;]+); in (?P<states>.+)"
)


def write_allowances(table: DecisionTable) -> str:
    """The text, every line with its end: what the fields are, which records are in which state, who may do what."""
    lines = (*_write_units(table), *_write_records(table.records), *sorted(_write_cells(table)))
    return "".join(f"{line}\n" for line in lines)


def digest_allowances(table: DecisionTable) -> str:
    """The hexadecimal SHA-256 of the text."""
    return hashlib.sha256(write_allowances(table).encode("ascii")).hexdigest()


def _write_units(table: DecisionTable) -> Iterator[str]:
    for unit, names in sorted(table.units.items()):
        yield f"fields of {unit} in {table.classes[unit]}: {' '.join(names)}"


def _write_records(records: RecordStateTable) -> Iterator[str]:
    combinations: dict[RecordState, list[tuple[str, ...]]] = defaultdict(list)
    for row in records.rows:
        axes = (row.lifecycles, row.finalities, row.disputes, row.holds, row.kinds)
        combinations[row.state].extend(tuple(str(word) for word in each) for each in product(*axes))
    for name in order_states(combinations):
        for folded in fold_products(combinations[RecordState(name)]):
            yield f"records in {name}: {name_combinations(folded)}"


def _write_cells(table: DecisionTable) -> Iterator[str]:
    """A line for each ask, relation, set of forbidding relations, and set of units read in the same states."""
    states: dict[tuple[Ask, Relation, frozenset[Relation], str], list[RecordState]] = defaultdict(list)
    for ask, unit, state, verdict in table:
        for relation in verdict.allow:
            states[ask, relation, verdict.unless, unit].append(state)
    units: dict[tuple[Ask, Relation, frozenset[Relation], tuple[str, ...]], list[str]] = defaultdict(list)
    for (ask, relation, unless, unit), where in states.items():
        units[ask, relation, unless, order_states(where)].append(unit)
    for (ask, relation, unless, where_told), names in units.items():
        but = f" unless {' '.join(sorted(unless))}" if unless else ""
        yield (
            f"{ask.role} for {ask.purpose} may {ask.action}, standing {relation}{but}: "
            f"{' '.join(sorted(names))}; in {' '.join(where_told)}"
        )


def read_allowances(text: str) -> DecisionTable:
    """The decisions of a text; raises `PolicyRefused` if it is not exactly what `write_allowances` writes of them."""
    units: dict[str, tuple[str, ...]] = {}
    classes: dict[str, str] = {}
    rows: list[str] = []
    relations: dict[tuple[Ask, str, RecordState], tuple[set[Relation], set[Relation]]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            if found := _FIELDS.fullmatch(line):
                units[found["unit"]] = tuple(found["names"].split(" "))
                classes[found["unit"]] = found["thing"]
            elif found := _RECORDS.fullmatch(line):
                rows.append(",".join((*found["row"].split(", "), found["state"])))
            else:
                _read_cells(line, relations)
        except ValueError:
            raise PolicyRefused(f"the text of allowances line {number}: not an allowance; restore the text") from None
    table = make_table(units, classes, _weigh(relations), _read_records(rows))
    if write_allowances(table) != text:
        raise PolicyRefused("the text of allowances is not as it is written by the tool; restore it")
    return table


def _read_cells(line: str, relations: dict[tuple[Ask, str, RecordState], tuple[set[Relation], set[Relation]]]) -> None:
    found = _ALLOWS.fullmatch(line)
    if found is None:
        raise ValueError("no form of a line")
    ask = Ask(role=Role(found["role"]), purpose=Purpose(found["purpose"]), action=Action(found["action"]))
    unless = {Relation(each) for each in (found["unless"] or "").split()}
    for unit, state in product(found["units"].split(" "), found["states"].split(" ")):
        allow, deny = relations.setdefault((ask, unit, RecordState(state)), (set(), set()))
        allow.add(Relation(found["relation"]))
        deny |= unless


def _weigh(
    relations: Mapping[tuple[Ask, str, RecordState], tuple[set[Relation], set[Relation]]],
) -> dict[Ask, dict[str, Cells]]:
    cells: dict[Ask, dict[str, dict[RecordState, Verdict]]] = {}
    for (ask, unit, state), (allow, deny) in relations.items():
        cells.setdefault(ask, {}).setdefault(unit, {})[state] = weigh(allow, deny)
    return {ask: dict(found) for ask, found in cells.items()}


def _read_records(rows: list[str]) -> RecordStateTable:
    header = "lifecycle,finality,dispute,hold,kind,state"
    content = "".join(f"{row}\n" for row in (header, *rows)).encode("ascii")
    return read_record_states(PolicyFile(folder="the text of allowances", name="records", content=content))
