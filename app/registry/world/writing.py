"""Writes rows of a registry back as the lines of a world that loads to the same registry.

INVARIANT: equal registries give equal bytes; what must not be read back is written as its token only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from app.registry.world.forms import write_moment
from app.registry.world.kinds import FORMAT, FORMAT_VERSION
from app.registry.world.shapes import Group, Key, Kind, Section, Span
from app.storage.world.trees import Branch, Node, Tree


def write_header(clock: datetime | None = None) -> bytes:
    """The first line of a world, with the registry's own time where it has one."""
    return encode_line(
        {"kind": FORMAT, "version": FORMAT_VERSION, **({"clock": write_moment(clock)} if clock is not None else {})}
    )


def write_line(kind: Kind, node: Node) -> bytes:
    """One line, keys in the order of the format, whatever is absent left out."""
    return encode_line({"kind": kind.name, **_write_section(kind.section, node)})


def encode_line(value: Mapping[str, object]) -> bytes:
    """One JSON object in UTF-8 without spaces, with its line feed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def name_kind(line: bytes) -> str:
    """The kind of a line that was written here, whose first key it is."""
    return line.split(b'"', 4)[3].decode()


def plant_tree(section: Section) -> Tree:
    """What to read from the database to write a section's rows."""
    links = {outer for child in section.children for outer in child.links.values()}
    return _plant(section, frozenset(links))


def _plant(section: Section, linked: frozenset[str]) -> Tree:
    columns: dict[str, ColumnElement[Any]] = {name: section.table.c[name] for name in sorted(linked)}
    for key in section.single_keys():
        if key.column is not None:
            columns[key.column] = section.table.c[key.column] if key.source is None else key.source
    columns |= {member.column: section.table.c[member.column] for member in section.members if isinstance(member, Span)}
    return Tree(
        table=section.table,
        columns=columns,
        fixed=section.fixed,
        order=section.order,
        climbs=section.climbs,
        branches=tuple(
            Branch(
                name=child.name,
                links=child.links,
                tree=_plant(
                    child.section,
                    frozenset(child.links)
                    | {outer for inner in child.section.children for outer in inner.links.values()},
                ),
            )
            for child in section.children
        ),
    )


def _write_section(section: Section, node: Node) -> dict[str, object]:
    written: dict[str, object] = {}
    for member in section.members:
        if isinstance(member, Key):
            _write_key(member, node.row, written)
        elif isinstance(member, Span):
            _write_span(member, node.row, written)
        else:
            written[member.name] = _write_group(member, node.row)
    for child in section.children:
        inner = [_write_section(child.section, each) for each in node.children[child.name]]
        if child.single and inner:
            written[child.name] = inner[0]
        elif child.bare and inner:
            written[child.name] = [value for each in inner for value in each.values()]
        elif not child.single and (inner or child.derive is not None):
            written[child.name] = inner
    return written


def _write_key(key: Key, row: Mapping[str, Any], written: dict[str, object]) -> None:
    value = row[key.column] if key.column is not None else None
    if value is not None and value != []:
        written[key.name] = key.form.write(value)


def _write_span(span: Span, row: Mapping[str, Any], written: dict[str, object]) -> None:
    for name, end in zip((span.first, span.last), row[span.column] or (None, None), strict=True):
        if end is not None:
            written[name] = span.form.write(end)


def _write_group(group: Group, row: Mapping[str, Any]) -> dict[str, object]:
    written: dict[str, object] = {}
    for key in group.members:
        _write_key(key, row, written)
    return written
