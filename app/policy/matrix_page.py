"""The page docs/disclosure-matrix.md: the tables, what their letters mean, and the source of each row.

It is written from the matrix and never by hand; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from app.domain.vocabulary import Purpose, Role
from app.policy.matrix import DisclosureMatrix, MatrixDenial, MatrixRow, RecordKind
from app.policy.matrix_tables import MatrixTables, write_tables

_WIDTH: Final = 120
_INTRODUCTION: Final = (
    "Who is told how much of what, in which state of the record. This page is written by `probity policy matrix"
    " --requirement --markdown` from `policies/disclosure_matrix.toml`, the requirement; `probity policy matrix"
    " --markdown` writes the same tables from the policy, which decides. `make test` demands that they are equal, and"
    " beyond the tables that they agree for every set of relations.",
    "A row says what one relation tells, taken alone with what everyone of the role is told (`anywhere`). One who"
    " stands to a record in several relations is told what any of them tells, less what a relation of the last table"
    " takes away. What no row tells is withheld: the record cannot be told from one that does not exist.",
    "A role is asked for one purpose at a time, the one in the access token; for a purpose without a row it is told"
    " nothing. Operators and administrators of the database have no role and no row.",
    "A dispute and an appeal are flags of a cleared record, part of its summary, and no states: they are shown wherever"
    " the record is read and hide nothing. `no_finding` is a cleared separation under a force investigation.",
)


def write_page(matrix: DisclosureMatrix, tables: MatrixTables) -> str:
    """The whole page, of the requirement or of a policy."""
    lines = ["# The disclosure matrix", ""]
    for paragraph in _INTRODUCTION:
        lines += [*wrap(paragraph, _WIDTH, break_on_hyphens=False), ""]
    lines += [*_list_letters(matrix), "## The tables", "", *write_tables(matrix, tables), ""]
    lines += ["## Where each row comes from", "", *_list_sources(matrix)]
    return "\n".join(lines) + "\n"


def _list_letters(matrix: DisclosureMatrix) -> Iterator[str]:
    yield from ("## The letters", "")
    for kind, what in ((RecordKind.OUTCOME, "an outcome"), (RecordKind.OFFICER, "an officer")):
        yield from (f"Of {what}:", "", "| letter | what is told | classes |", "|---|---|---|")
        for letter in matrix.letters[kind]:
            yield f"| `{letter.symbol}` | {letter.meaning} | {', '.join(sorted(letter.classes)) or '-'} |"
        yield ""
    yield from ("Sets of classes:", "", "| set | classes |", "|---|---|")
    for name, classes in matrix.sets.items():
        yield f"| {name} | {', '.join(sorted(classes))} |"
    yield ""


def _list_sources(matrix: DisclosureMatrix) -> Iterator[str]:
    yield from wrap(
        "`domain.md` names the disclosure rules (5.5: role by state), `access.md` the rules of access, `graphql-api.md`"
        " the roots of the contracts; all are part of the design the registry is built to.",
        _WIDTH,
        break_on_hyphens=False,
    )
    yield from ("", "| row | role, purpose, standing | source | note |", "|---|---|---|---|")
    rows: tuple[MatrixRow | MatrixDenial, ...] = (*matrix.rows, *matrix.denials)
    for row in rows:
        yield f"| {row.who} | {_describe(row)} | {row.source} | {row.note} |"


def _describe(row: MatrixRow | MatrixDenial) -> str:
    purposes = (row.purpose,) if isinstance(row, MatrixRow) else row.purposes
    roles = "whoever acts for an office" if len(row.roles) > len(Role) // 2 else " or ".join(row.roles)
    what_for = "any purpose" if len(purposes) == len(Purpose) else " or ".join(purposes)
    takes_away = ", taken away" if isinstance(row, MatrixDenial) else ""
    return f"{roles}, {what_for}, {' or '.join(row.relations)}{takes_away}"
