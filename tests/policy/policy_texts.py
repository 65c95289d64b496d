"""Policies as texts: the served one, copies of it with one thing changed, and small invented ones.

It changes copies only; the served directory is read and never written.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from app.domain.vocabulary import Effect
from app.policy.bundle import PolicyBundle, build_bundle
from app.policy.groups import Groups
from app.policy.reading import PolicyFile, read_directory
from app.policy.rules import PolicyRule

SERVED = Path(__file__).resolve().parents[2] / "policies"


def copy_policies(folder: Path) -> Path:
    """A copy of the served directory that a test may spoil."""
    return Path(shutil.copytree(SERVED, folder / "policies"))


def edit_file(directory: Path, name: str, old: str, new: str) -> int:
    """Replace the one place where `old` stands; returns the number of its line."""
    path = directory / name
    text = path.read_bytes().decode("latin-1")
    assert text.count(old) == 1, "the place to edit must be the only one"
    path.write_bytes(text.replace(old, new).encode("latin-1"))
    return text[: text.index(old)].count("\n") + 1


def append_line(directory: Path, name: str, line: str) -> int:
    """Add a line at the end of a file; returns its number."""
    path = directory / name
    text = path.read_text("ascii") + line + "\n"
    path.write_text(text, "ascii")
    return text.count("\n")


def build_small_policy(
    rules: Iterable[str],
    *,
    roles: Iterable[str] = (),
    fields: Iterable[str] = ("g2, Outcome.kind, summary", "g2, Outcome.basis, detail", "g2, summary, detail"),
    states: Iterable[str] = (),
) -> PolicyBundle:
    """A policy of these lines; files that a test does not care about keep one harmless line."""
    texts = {
        "roles.csv": tuple(roles) or ("g, officer_rep, bystanders",),
        "fields.csv": (*fields, "g2, Agency.name, facts"),
        "states.csv": tuple(states) or ("g3, standing, lasting",),
        "rules/small.csv": (*rules, "p, bystanders, assigned, facts, lasting, oversight, match, allow, BY-01, none"),
    }
    files = [
        replace(file, content="".join(f"{line}\n" for line in texts[file.name]).encode("ascii"))
        if file.name in texts
        else file
        for file in read_directory(SERVED)
        if not file.name.startswith("rules/")
    ]
    files.append(_make_file("rules/small.csv", texts["rules/small.csv"]))
    return build_bundle(files)


def _make_file(name: str, lines: Iterable[str]) -> PolicyFile:
    return PolicyFile(folder="policies", name=name, content="".join(f"{line}\n" for line in lines).encode("ascii"))


def list_csv_lines(bundle: PolicyBundle) -> list[str]:
    """The policy as one text in Casbin's own format."""
    sections: tuple[tuple[str, Groups], ...] = (
        ("g", bundle.role_groups),
        ("g2", bundle.field_classes),
        ("g3", bundle.state_groups),
    )
    return [
        *(", ".join(("p", *rule.cells)) for rule in bundle.rules),
        *(", ".join((section, *link)) for section, groups in sections for link in groups.links),
    ]


def without_rules(bundle: PolicyBundle, ids: Collection[str]) -> PolicyBundle:
    """The policy less some of its rules; its digest stays, as no file says it."""
    return replace(bundle, rules=tuple(rule for rule in bundle.rules if rule.id not in ids))


def with_denial(bundle: PolicyBundle, like: PolicyRule) -> PolicyBundle:
    """The policy and a denial that speaks of the same as `like`."""
    return replace(bundle, rules=(*bundle.rules, replace(like, effect=Effect.DENY, id="DENY-01", basis="a test")))
