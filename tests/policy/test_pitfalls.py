"""Every way in which a policy file can go wrong unseen: what Casbin makes of it alone, and that ours refuses it.

Where Casbin answers yes, a slip of the pen has turned a denial into a permission; where it raises, it does so only when
somebody asks.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import casbin
import pytest

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.errors import PolicyRefused
from app.policy.bundle import load_bundle
from app.policy.engine import DecisionPoint, DecisionRequest

from .policy_texts import SERVED
from .small_files import DENIAL, FIELDS, ROLES, RULES, STATES, TEXTS, ask_casbin, spoil, write_directory
from .test_engine import ASKED

# What Casbin alone does with a spoilt policy: it allows what is denied, it breaks when asked, or it says nothing of it.
ALLOWS, BREAKS, QUIET = "allows", "breaks", "quiet"
MOVED = b"kind, facts\ng2, Agency.kind, summary\ng2, Outcome.kind, detail"
FAR = b"g2, Outcome.kind, d1\n" + b"".join(b"g2, d%d, d%d\n" % (n, n + 1) for n in range(1, 10)) + b"g2, d10, summary\n"


def test_the_small_policy_is_accepted_and_denies_in_casbin_and_in_ours(tmp_path: Path) -> None:
    assert ask_casbin(tmp_path, TEXTS) is False
    point = DecisionPoint(load_bundle(write_directory(tmp_path, TEXTS)))
    role, relation, field, state, purpose, action = ASKED
    request = DecisionRequest(
        role=Role(role),
        relations=frozenset({Relation(relation)}),
        field=field,
        state=RecordState(state),
        purpose=Purpose(purpose),
        action=Action(action),
    )
    assert point.decide(request).denied_by == ("NO-01",)


@pytest.mark.parametrize(
    ("casbin_alone", "name", "old", "new", "why"),
    [
        (ALLOWS, RULES, DENIAL, b"\xef\xbb\xbf" + DENIAL, "line 1: begins with a byte-order mark"),
        (ALLOWS, RULES, b", deny,", b", Deny,", "line 1: the effect must be exactly allow or deny"),
        (ALLOWS, RULES, b", deny,", b", DENY,", "line 1: the effect must be exactly allow or deny"),
        (ALLOWS, RULES, b", deny,", b", denied,", "line 1: the effect must be exactly allow or deny"),
        (BREAKS, RULES, b", NO-01, none", b"", "line 1: a rule has 10 cells"),
        (BREAKS, RULES, b", NO-01, none", b", NO-01, none, more", "line 1: a rule has 10 cells"),
        (BREAKS, RULES, b"NO-01, none", b"NO-01, none,", "line 1: an empty line or cell"),
        (ALLOWS, RULES, b"p, side", b"p, ", "line 1: an empty line or cell"),
        (ALLOWS, RULES, b"p, side", b"p, sides", "line 1: the role is not in the vocabulary"),
        (ALLOWS, RULES, b"self, summary", b"selves, summary", "line 1: the relation is not in the vocabulary"),
        (ALLOWS, RULES, b"summary", b"sumary", "line 1: the fields are neither a class nor a field"),
        (ALLOWS, RULES, b"summary", b"Outcome.kinds", "line 1: the fields are neither a class nor a field"),
        (ALLOWS, RULES, b"summary", b"Summary", "line 1: the fields are neither a class nor a field"),
        (ALLOWS, RULES, b"open_states", b"open_state", "line 1: the record state is not in the vocabulary"),
        (ALLOWS, RULES, b", self, read", b", selfish, read", "line 1: the purpose is not in the vocabulary"),
        (ALLOWS, RULES, b", read", b", reed", "line 1: the action is not in the vocabulary"),
        (ALLOWS, RULES, b"p, side", b"P, side", "line 1: a rule has 10 cells, the first of them p"),
        (ALLOWS, RULES, DENIAL, b"#" + DENIAL, "line 1: quotes, wildcards, backslashes and comments"),
        (ALLOWS, RULES, b"summary", b'"summary"', "line 1: quotes, wildcards"),
        (ALLOWS, RULES, b"summary", b"'summary'", "line 1: quotes, wildcards"),
        (ALLOWS, RULES, b"summary", b"*", "line 1: quotes, wildcards"),
        (ALLOWS, RULES, b"summary", b"Outcome.?ind", "line 1: quotes, wildcards"),
        (BREAKS, RULES, b"self, summary", b"(self, summary", "line 1: the relation is not in the vocabulary"),
        (BREAKS, RULES, b"self, summary", b"[self, summary]", "line 1: the relation is not in the vocabulary"),
        (ALLOWS, RULES, b"p, side", b"p\tside", "line 1: a character that is not printable ASCII"),
        (ALLOWS, RULES, b"summary", b"sum\tmary", "line 1: a character that is not printable ASCII"),
        (QUIET, RULES, DENIAL, b"\t" + DENIAL, "line 1: a character that is not printable ASCII"),
        (BREAKS, RULES, b"none\np", b"none\rp", "line 1: a character that is not printable ASCII"),
        (ALLOWS, RULES, b"summary", b"sum\rmary", "line 1: a character that is not printable ASCII"),
        (ALLOWS, RULES, b"summary", b"sum\0mary", "line 1: a character that is not printable ASCII"),
        (ALLOWS, RULES, b"summary", "summ\u0430ry".encode(), "line 1: a character that is not printable ASCII"),
        (ALLOWS, RULES, b"p, side", "\u0440, side".encode(), "line 1: a character that is not printable ASCII"),
        (ALLOWS, RULES, b"deny", "d\u0435ny".encode(), "line 1: a character that is not printable ASCII"),
        (ALLOWS, RULES, b"summary", "summ\u200bary".encode(), "line 1: a character that is not printable ASCII"),
        (QUIET, RULES, b" summary", "\u00a0summary".encode(), "line 1: a character that is not printable ASCII"),
        (BREAKS, RULES, b"self, summary", "self\uff0c summary".encode(), "line 1: a character that is not printable"),
        (BREAKS, RULES, DENIAL, DENIAL[:-1], "line 1: a rule has 10 cells"),
        (QUIET, RULES, b"OK-02, none\n", b"OK-02, none", "line 3: the last line has no end"),
        (QUIET, RULES, b"OK-02, none", b"OK-02, " + b"n" * 400, "line 3: the line is longer than 400 characters"),
        (QUIET, RULES, b"OK-02, none", b"OK-02, " + b"n" * 3_000_000, "line 3: the line is longer than 400 characters"),
        (QUIET, RULES, b"OK-01", b"NO-01", "line 2: another rule has this id"),
        (QUIET, RULES, DENIAL, DENIAL + DENIAL, "line 2: the same as line 1"),
        (QUIET, RULES, DENIAL, DENIAL + DENIAL.replace(b"NO-01", b"NO-02"), "line 2: says the same as"),
        (QUIET, RULES, TEXTS[RULES], b"", "the file is empty"),
        (ALLOWS, RULES, b"side, self, summary", b"officer_side, self, summary", "line 1: the role is not in the"),
        (
            ALLOWS,
            FIELDS,
            b"kind, summary",
            MOVED,
            "line 3: the field already has a",
        ),
        (QUIET, FIELDS, b"g2, Outcome.kind", b"G2, Outcome.kind", "line 1: a line of this file has three cells"),
        (QUIET, FIELDS, b"kind, summary", b"kind, summary, detail", "line 1: a line of this file has three cells"),
        (QUIET, FIELDS, b"Outcome.kind, ", b"Outcome.Kind, ", "line 1: the second cell is neither"),
        (ALLOWS, FIELDS, b"g2, Outcome.kind, summary\n", FAR + b"g2, Outcome.kind, detail\n", "line 9: the chain"),
        (QUIET, FIELDS, b"summary, detail\n", b"summary, detail\ng2, detail, summary\n", "line 4: the group would"),
        (QUIET, STATES, b"notice, open_states", b"open_states, open_states", "line 2: the group would contain itself"),
        (QUIET, STATES, b"g3, cleared", b"g3, clear", "line 1: the second cell is neither"),
        (QUIET, STATES, b"g3, cleared", b"g3, expunged", "line 1: nobody reads an expunged record"),
        (
            QUIET,
            ROLES,
            b"officer_rep, side\n",
            b"side, pair\ng, pair, side\n",
            "line 3: the group would",
        ),
        (QUIET, ROLES, b"g, officer,", b"g, Officer,", "line 1: the second cell is neither"),
        (QUIET, ROLES, b"officer, side", b"officer, auditor", "line 1: no rule names the group"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_a_spoilt_file_that_casbin_takes_is_refused_with_its_place(
    tmp_path: Path, casbin_alone: str, name: str, old: bytes, new: bytes, why: str
) -> None:
    texts = spoil(name, old, new)
    try:
        found = ALLOWS if ask_casbin(tmp_path, texts) else QUIET
    except RuntimeError:
        found = BREAKS
    assert found == casbin_alone
    with pytest.raises(PolicyRefused) as refusal:
        load_bundle(write_directory(tmp_path, texts))
    place = " " if why.startswith("line") else ": "
    assert str(refusal.value).startswith(f"policies/{name}{place}{why}")


DECIDING = ("fields.csv", "model.conf", "record_states.csv", "roles.csv", "states.csv", "rules/public.csv")


def list_deciding() -> list[str]:
    return [*DECIDING[:-1], *(f"rules/{path.name}" for path in sorted((SERVED / "rules").iterdir()))]


def refuse(directory: Path) -> str:
    with pytest.raises(PolicyRefused) as refusal:
        load_bundle(directory)
    return str(refusal.value)


def test_a_byte_order_mark_an_empty_file_and_a_cut_line_are_refused_in_each_file(copied: Path) -> None:
    for name in list_deciding():
        path = copied / name
        before = path.read_bytes()
        for content, why in (
            (b"\xef\xbb\xbf" + before, f"policies/{name} line 1: begins with a byte-order mark"),
            (b"\xff\xfe" + before, f"policies/{name} line 1: begins with a byte-order mark"),
            (b"", f"policies/{name}: the file is empty"),
            (before[:-1], "the last line has no end"),
            (b"\n" + before if name != "model.conf" else b" " + before, f"policies/{name} line 1"),
        ):
            path.write_bytes(content)
            assert why in refuse(copied)
        path.write_bytes(before)
    assert load_bundle(copied).digest == load_bundle(SERVED).digest


@pytest.mark.parametrize("name", [*DECIDING, "rules", "cases/public.toml"])
def test_a_link_in_place_of_a_file_or_folder_is_refused(copied: Path, tmp_path: Path, name: str) -> None:
    path = copied / name
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere, target_is_directory=elsewhere.is_dir())
    assert refuse(copied).startswith(f"policies/{name}: not a file")


@pytest.mark.parametrize("name", [*DECIDING, "cases/public.toml"])
def test_a_folder_in_place_of_any_file_is_refused(copied: Path, name: str) -> None:
    (copied / name).unlink()
    (copied / name).mkdir()
    assert refuse(copied).startswith(f"policies/{name}: not a file")


@pytest.mark.parametrize("name", ["rules/public.csv", "roles.csv"])
def test_a_pipe_in_place_of_a_file_is_refused_and_does_not_hang(copied: Path, name: str) -> None:
    (copied / name).unlink()
    os.mkfifo(copied / name)
    assert refuse(copied).startswith(f"policies/{name}: not a file")


@pytest.mark.parametrize(
    "name",
    [
        "Fields.csv",
        "FIELDS.CSV",
        "Model.conf",
        "rules/Public.csv",
        "rules/public.CSV",
        "readme.md",
        "Rules",
        "rules.csv",
    ],
)
def test_a_twin_that_differs_in_case_is_refused(copied: Path, name: str) -> None:
    (copied / name).write_bytes((SERVED / "roles.csv").read_bytes())
    assert refuse(copied) == f"policies/{name}: not a file of the policy; rename it or take it out"


@pytest.mark.parametrize("name", ["roles.csv", "states.csv", "fields.csv"])
@pytest.mark.parametrize("steps", [2, 3, 5])
def test_a_circle_of_any_length_is_refused_in_each_kind_of_group(tmp_path: Path, name: str, steps: int) -> None:
    kind, start = {ROLES: ("g", "side"), STATES: ("g3", "open_states"), FIELDS: ("g2", "detail")}[name]
    circle = [start, *(f"step_{number}" for number in range(1, steps)), start]
    links = "".join(f"{kind}, {low}, {high}\n" for low, high in pairwise(circle)).encode()
    message = refuse(write_directory(tmp_path, {**TEXTS, name: TEXTS[name] + links}))
    number = TEXTS[name].count(b"\n") + steps
    assert message.startswith(f"policies/{name} line {number}: the group would contain itself")


@pytest.mark.parametrize("name", ["roles.csv", "states.csv", "fields.csv"])
@pytest.mark.parametrize(("links", "accepted"), [(8, True), (9, False)])
def test_a_chain_of_any_kind_has_at_most_eight_links(tmp_path: Path, name: str, links: int, accepted: bool) -> None:
    kind, leaf, top, spare = {
        "roles.csv": ("g", "officer", "side", b"g, officer, side\n"),
        "states.csv": ("g3", "cleared", "open_states", b"g3, cleared, open_states\n"),
        "fields.csv": ("g2", "Outcome.kind", "detail", b"g2, Outcome.kind, summary\n"),
    }[name]
    chain = [leaf, *(f"step_{number}" for number in range(1, links)), top]
    added = "".join(f"{kind}, {low}, {high}\n" for low, high in pairwise(chain)).encode()
    texts = {**TEXTS, name: TEXTS[name].replace(spare, b"") + added}
    if name == FIELDS:
        texts[FIELDS] = texts[FIELDS].replace(b"g2, summary, detail\n", b"g2, Agency.kind, summary\n")
    directory = write_directory(tmp_path, texts)
    if accepted:
        point = DecisionPoint(load_bundle(directory))
        assert any(point.rules[1].id == rule.id and point.fields_of(rule) for rule in point.rules)
    else:
        assert "the chain of groups is longer than 8 links" in refuse(directory)


def test_casbin_silently_stops_following_a_chain_of_ten_links(tmp_path: Path) -> None:
    # The denial of the far class is lost, the permission of the near one is not.
    for links, answer in ((8, False), (9, False), (10, True)):
        chain = ["Outcome.kind", *(f"d{number}" for number in range(1, links)), "summary"]
        far = "".join(f"g2, {low}, {high}\n" for low, high in pairwise(chain)) + "g2, Outcome.kind, detail\n"
        texts = {**TEXTS, FIELDS: far.encode() + b"g2, Outcome.basis, detail\n"}
        assert ask_casbin(tmp_path, texts) is answer


def test_an_empty_policy_allows_an_empty_request_in_casbin_and_is_refused_here(tmp_path: Path) -> None:
    plain = casbin.Enforcer(casbin.Enforcer.new_model(str(SERVED / "model.conf")))
    plain.add_function("holds", lambda relations, relation: relations == relation)
    assert plain.enforce("", "", "", "", "", "") is True
    for rules in (b"", b"\n"):
        directory = write_directory(tmp_path / str(len(rules)), {**TEXTS, RULES: rules})
        assert "the file is empty" in refuse(directory) or "an empty line or cell" in refuse(directory)
