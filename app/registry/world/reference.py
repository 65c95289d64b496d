"""The reference of the world format, printed from the same description that reads and writes it.

The part of docs/world-format.md between its two markers is this text; `python -m app.registry.world.reference FILE`
writes it there anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.registry.world.forms import Form
from app.registry.world.kinds import KINDS
from app.registry.world.shapes import Child, Group, Key, Kind, Section, Span

BEGIN: Final = "<!-- kinds: printed from the code, do not edit below -->"
END: Final = "<!-- end of kinds -->"


def render_reference() -> str:
    """Markdown: for every kind its tables of keys, nested ones after the outer one."""
    return "\n".join(line for kind in KINDS for line in _render_kind(kind))


def replace_reference(document: str) -> str:
    """The document with the text between its markers made anew; raises `ValueError` where a marker is missing."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("the document has not both markers")
    return f"{head}{BEGIN}\n\n{render_reference()}\n{END}{tail}"


def _render_kind(kind: Kind) -> Iterator[str]:
    yield from (f"### `{kind.name}`", "", kind.summary, "")
    yield from _render_section(kind.section, kind.name)


def _render_section(section: Section, path: str) -> Iterator[str]:
    yield from ("| key | value | absent | remark |", "|---|---|---|---|")
    for member in section.members:
        if isinstance(member, Key):
            yield _render_key(member)
        elif isinstance(member, Span):
            yield from _render_span(member)
        else:
            yield _render_group(member, path)
    for child in section.children:
        yield _render_child(child, path)
    yield ""
    for member in section.members:
        if isinstance(member, Group):
            yield from (f"`{path}.{member.name}`:", "", "| key | value | absent | remark |", "|---|---|---|---|")
            yield from map(_render_key, member.members)
            yield ""
    for child in section.children:
        if not child.bare:
            yield from (f"`{path}.{child.name}`:", "")
            yield from _render_section(child.section, f"{path}.{child.name}")


def _render_key(key: Key) -> str:
    absent = "refused" if key.required else key.default_words or "none"
    return _render_row(key.name, _word(key.form), absent, key.note)


def _render_span(span: Span) -> Iterator[str]:
    absent = "none" if span.optional else "always was" if span.open_start else "refused"
    yield _render_row(span.first, span.form.wording, absent, span.note)
    yield _render_row(span.last, f"{span.form.wording}; excluded, later than `{span.first}`", "goes on", "")


def _render_group(group: Group, path: str) -> str:
    return _render_row(group.name, f"an object, `{path}.{group.name}` below", "refused", group.note)


def _render_child(child: Child, path: str) -> str:
    if child.bare:
        form = next(child.section.single_keys()).form
        return _render_row(child.name, f"a list, each {_word(form)}", "none", child.note)
    value = f"an object, `{path}.{child.name}` below" if child.single else f"a list of `{path}.{child.name}` below"
    return _render_row(child.name, value, "derived" if child.derive is not None else "none", child.note)


def _word(form: Form) -> str:
    return form.printed or form.wording


def _render_row(name: str, value: str, absent: str, note: str) -> str:
    return f"| `{name}` | {value} | {absent} | {note} |"


def main(arguments: list[str]) -> int:
    """Write the reference into the document named."""
    document = Path(arguments[0])
    document.write_text(replace_reference(document.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
