"""Reading is strict: what does not fit is refused by line, key and rule, and no refusal repeats it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import draw_random_id
from app.errors import ImportRefused
from app.registry.world.kinds import KINDS, list_columns
from app.registry.world.reading import LONGEST_LINE, WorldReader
from app.registry.world.shapes import ChainKeeper, Child, Section, Surroundings
from app.storage.tables.everything import METADATA
from app.storage.world.rows import Chunk
from tests.worlds.lines import AGENCY, HEADER, NOW, Line, encode, find_line, full_lines

SURROUNDINGS = {"now": NOW, "draw_id": draw_random_id, "draw_salt": lambda: bytes(32), "token_key": b"key"}


def read(lines: Iterable[bytes], *, rows_in_chunk: int = 1000) -> list[Chunk]:
    surroundings = Surroundings(**SURROUNDINGS, chains=ChainKeeper(draw_random_id()))
    return list(WorldReader(lines, surroundings, rows_in_chunk=rows_in_chunk).read_chunks())


def refuse(lines: Iterable[bytes]) -> str:
    with pytest.raises(ImportRefused) as caught:
        read(lines)
    return str(caught.value)


def change(kind: str, alter: Callable[[Line], object]) -> list[bytes]:
    lines = full_lines()
    alter(find_line(lines, kind))
    return encode(lines)


def test_a_world_with_every_key_of_every_kind_is_read() -> None:
    chunks = read(encode(full_lines()))
    filled = {name for chunk in chunks for name in chunk.tables}
    assert filled == {name for kind in KINDS for name in list_columns(kind)}


def test_the_full_world_gives_every_key_that_the_format_knows() -> None:
    given_keys: set[str] = set()
    for line in full_lines()[1:]:
        given_keys |= set(_list_paths(line, line.pop("kind")))
    assert {path for kind in KINDS for path in _list_known(kind.section, kind.name)} - given_keys == set()


def _list_paths(value: object, path: str) -> Iterable[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{path}.{name}"
            yield from _list_paths(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _list_paths(inner, path)


def _list_known(section: Section, path: str) -> Iterable[str]:
    inner: dict[str, Child] = {child.name: child for child in section.children if not child.bare}
    for name in section.known:
        yield f"{path}.{name}"
        if name in inner:
            yield from _list_known(inner[name].section, f"{path}.{name}")


def test_a_key_with_a_default_fills_a_column_that_must_be_filled() -> None:
    """Otherwise a dump, which leaves nothing out but null, would load back as the default."""
    for kind in KINDS:
        for table, columns in list_columns(kind).items():
            assert set(columns) <= set(METADATA.tables[table].columns.keys())
        for section in _walk(kind.section):
            for key in section.single_keys():
                if key.default is not None and key.column is not None:
                    assert not section.table.c[key.column].nullable, (kind.name, key.name)


def _walk(section: Section) -> Iterable[Section]:
    yield section
    for child in section.children:
        yield from _walk(child.section)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "line 1: is not one JSON object in UTF-8"),
        ([b'{"kind":"agency"}'], "line 1: the first line must be"),
        ([b'{"kind":"world","version":2}'], "line 1: version must be 1"),
        ([b'{"kind":"world","version":true}'], "line 1: version must be 1"),
        ([b'{"kind":"world","version":1,"secret":2}'], "line 1: has an unknown key"),
        ([b'{"kind":"world","version":1,"clock":"noon"}'], "line 1: clock must be a time with its zone"),
        ([b'\xef\xbb\xbf{"kind":"world","version":1}'], "line 1: begins with a byte-order mark"),
    ],
)
def test_a_wrong_first_line_is_refused(lines: list[bytes], said: str) -> None:
    assert refuse(lines).startswith(said)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"\n", "is not one JSON object"),
        (b"[]", "is not one JSON object"),
        (b'"text"', "is not one JSON object"),
        (b'{"kind":"agency"} {}', "is not one JSON object"),
        (b'{"kind":"agency","name":"\xff"}', "is not one JSON object in UTF-8"),
        ('{"kind":"agency"}'.encode("utf-16"), "is not one JSON object in UTF-8"),
        (b'{"kind":"agency","sworn_count":NaN}', "is not one JSON object"),
        (b'{"kind":"agency","kind":"agency"}', "has a key twice"),
        (b'{"kind":"agency","oris":[{"ori":1,"ori":2}]}', "has a key twice"),
        (b"[" * 200_000, "is not one JSON object"),
        (b'{"kind":"spell"}', "kind must be one of"),
        (b'{"kind":["agency"]}', "kind must be one of"),
        (b'{"id":"x"}', "kind must be one of"),
        (b'{"kind":"agency","x":"' + b"y" * LONGEST_LINE + b'"}', f"is longer than {LONGEST_LINE} bytes"),
    ],
)
def test_a_line_that_is_no_object_of_a_known_kind_is_refused(line: bytes, said: str) -> None:
    assert refuse([*encode([HEADER]), line]).startswith(f"line 2: {said}")


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        ("agency", {"colour": "blue"}, "agency has an unknown key"),
        ("credentialing_body", {"states": ["WA", "WA"]}, "credentialing_body.states must be a list of distinct"),
        ("credentialing_body", {"states": ["Washington"]}, "credentialing_body.states must be a list of distinct"),
        ("agency_credential", {"status": "GIVEN"}, "agency_credential.status must be one of"),
        ("agency_credential", {"from": None}, "agency_credential.from is missing"),
        ("grant_eligibility", {"proof": []}, "grant_eligibility.proof must be a JSON object"),
        ("grant_eligibility", {"proof": {"share": [0.5]}}, "grant_eligibility.proof must be a JSON object"),
        ("grant_eligibility", {"proof": {"a": {"b\u0000": 1}}}, "grant_eligibility.proof must be a JSON object"),
        ("break_glass_access", {"from": None}, "break_glass_access.from is missing"),
        ("break_glass_access", {"hours": 25}, "break_glass_access.hours must be a whole number from 1 to 24"),
        ("reliance_task", {"required_action": "IGNORE"}, "reliance_task.required_action must be one of"),
        ("agency", {"id": None}, "agency.id is missing"),
        ("agency", {"id": "A9990001-0000-4000-8000-000000000001"}, "agency.id must be a version 4 UUID"),
        ("agency", {"id": "a9990001-0000-1000-8000-000000000001"}, "agency.id must be a version 4 UUID"),
        ("agency", {"id": 7}, "agency.id must be a version 4 UUID"),
        ("agency", {"agency_kind": "local_police"}, "agency.agency_kind must be one of"),
        ("agency", {"agency_kind": ["LOCAL_POLICE"]}, "agency.agency_kind must be one of"),
        ("agency", {"name": ""}, "agency.name must be text"),
        ("agency", {"name": "x" * 201}, "agency.name must be text"),
        ("agency", {"name": "a\u0000b"}, "agency.name must be text"),
        ("agency", {"name": "a\ud800b"}, "agency.name must be text"),
        ("agency", {"sworn_count": -1}, "agency.sworn_count must be a whole number"),
        ("agency", {"sworn_count": 2**31}, "agency.sworn_count must be a whole number"),
        ("agency", {"sworn_count": True}, "agency.sworn_count must be a whole number"),
        ("agency", {"rural": 1}, "agency.rural must be true or false"),
        ("agency", {"state": "wa"}, "agency.state must be a State's postal code"),
        ("agency", {"state": "WA\n"}, "agency.state must be a State's postal code"),
        ("agency", {"jurisdiction": "Washington"}, "agency.jurisdiction must be a jurisdiction's code"),
        ("agency", {"oris": "WA9990100"}, "agency.oris must be a list"),
        ("agency", {"oris": ["WA1"]}, "agency.oris.ori must be a nine-character ORI"),
        ("agency", {"oris": [["WA9990100"]]}, "agency.oris.ori must be a nine-character ORI"),
        ("officer", {"name": "Mary Smith"}, "officer.name must be an object"),
        ("officer", {"name": {"given": "Mary"}}, "officer.name.family is missing"),
        ("officer", {"birth": {"date": "1980-02-30"}}, "officer.birth.date must be a date"),
        ("officer", {"birth": {"date": "19800101"}}, "officer.birth.date must be a date"),
        ("officer", {"birth": ["1980-01-01"]}, "officer.birth must be an object"),
        ("officer", {"identifiers": [{"kind": "BADGE", "issuer": "X"}]}, "officer.identifiers needs value"),
        (
            "officer",
            {"identifiers": [{"kind": "SSN_TOKEN", "issuer": "US", "value": "123-45-6789"}]},
            "officer.identifiers an SSN_TOKEN needs",
        ),
        (
            "officer",
            {"identifiers": [{"kind": "SSN_TOKEN", "issuer": "US", "last4": "12345"}]},
            "officer.identifiers.last4 must be four digits",
        ),
        (
            "officer",
            {"identifiers": [{"kind": "SSN_TOKEN", "issuer": "US", "token": "ab" * 32}]},
            "officer.identifiers a token needs its token_key_version",
        ),
        ("grant", {"from": "2025-01-01T08:00:00"}, "grant.from must be a time with its zone"),
        ("grant", {"from": "2025-01-01"}, "grant.from must be a time with its zone"),
        ("grant", {"from": "0001-01-01T00:00:00+14:00"}, "grant.from must be a time with its zone"),
        ("grant", {"from": None}, "grant.from is missing"),
        ("grant", {"to": "2025-01-01T08:00:00Z"}, "grant.to must be later than from"),
        ("outcome", {"versions": []}, "outcome.versions must be numbered"),
        ("outcome", {"current_version": 3}, "outcome.current_version must be one of the versions"),
        ("outcome", {"lifecycle": "EXPUNGED"}, "outcome.versions must have content unless"),
        ("outcome", {"finality": "FINAL"}, "outcome.statuses must end open"),
        ("disclosure", {"items": []}, "disclosure a disclosure names what was disclosed"),
        ("disclosure", {"result": "disclosed"}, "disclosure.result must be a code word"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_key(kind: str, changes: Line, said: str) -> None:
    message = refuse(change(kind, lambda line: line.update(changes)))
    number = 1 + [line["kind"] for line in full_lines()].index(kind)
    assert message.startswith(f"line {number}: {said}")


def test_a_commitment_that_does_not_prove_its_content_is_refused() -> None:
    lines = change("outcome", lambda line: line["versions"][0].update(commitment="00" * 32))
    assert "outcome.versions.commitment does not prove the content" in refuse(lines)


def test_a_history_with_a_gap_is_refused() -> None:
    lines = change("outcome", lambda line: line["statuses"][0].update(to="2025-03-01T08:00:00Z"))
    assert "outcome.statuses must follow each other without a gap" in refuse(lines)


def test_a_reference_to_a_later_line_is_refused_with_the_line_that_refers() -> None:
    lines = full_lines()
    agency = lines.index(find_line(lines, "agency"))
    stint = lines.index(find_line(lines, "stint"))
    moved = [*lines[:agency], lines[stint], *lines[agency:stint], *lines[stint + 1 :]]
    assert refuse(encode(moved)) == (
        f"line {agency + 1}: refers to a later line; move it below that line and load again"
    )


def test_the_rows_of_a_line_are_never_divided_between_chunks() -> None:
    chunks = read(encode(full_lines()), rows_in_chunk=1)
    assert len(chunks) == len(full_lines()) - 1
    for chunk in chunks:
        assert len({number for rows in chunk.tables.values() for number in rows.lines}) == 1


def test_the_last_four_digits_become_a_token_that_differs_from_officer_to_officer() -> None:
    def tokens(first: str) -> list[bytes]:
        lines = full_lines()
        identifier: Line = {"kind": "SSN_TOKEN", "issuer": "US", "last4": first}
        for line in lines:
            if line["kind"] == "officer":
                line["identifiers"] = [identifier]
        rows = read(encode(lines))[0].tables["registry.officer_identifiers"]
        return [record[rows.columns.index("value_token")] for record in rows.records]

    assert len({*tokens("1234"), *tokens("1235")}) == 4
    assert tokens("1234") == tokens("1234")
    assert all(len(token) == 32 for token in tokens("1234"))


SECRET = "Xyzzy0Plugh"
VALUES = st.recursive(
    st.sampled_from([SECRET, f"{SECRET}-1", 10**9 + 987_654_321, -987_654_321, 987654.321, True, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just(SECRET) | st.just("id"), inner, max_size=2),
    max_leaves=4,
)


@given(place=st.integers(1, len(full_lines()) - 1), value=VALUES, data=st.data())
def test_no_refusal_repeats_what_a_line_holds(place: int, value: object, data: st.DataObject) -> None:
    lines = full_lines()
    line = lines[place]
    line[data.draw(st.sampled_from([*line, SECRET]))] = value
    try:
        read(encode(lines))
    except ImportRefused as refusal:
        assert SECRET not in str(refusal)
        assert "987" not in str(refusal)
        assert AGENCY not in str(refusal)
        assert str(refusal).startswith("line ")


@given(line=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: json.dumps({"kind": text}).encode()))
def test_any_bytes_are_refused_or_read_and_nothing_else_happens(line: bytes) -> None:
    assert refuse([*encode([HEADER]), line]).startswith("line 2: ")
