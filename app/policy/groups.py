"""Names and the wider groups they belong to: roles, fields and record states (Casbin's g, g2 and g3).

The links are acyclic and short; beyond ten of them Casbin would silently stop following.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from app.domain.vocabulary import RecordState, Role
from app.policy.reading import PolicyLine

MAX_DEPTH: Final = 8
FIELD_FORM: Final = re.compile(r"[A-Z][A-Za-z0-9]*\.[a-z][A-Za-z0-9]*")
_GROUP_FORM: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Links from a name to a wider one; what a wider name is allowed, all its members are."""

    links: tuple[tuple[str, str], ...]

    @property
    def names(self) -> frozenset[str]:
        """The groups: every name that has members."""
        return frozenset(wider for _, wider in self.links)

    @property
    def members(self) -> frozenset[str]:
        """Every name that belongs to a group, groups within groups included."""
        return frozenset(name for name, _ in self.links)

    def widen(self, name: str) -> frozenset[str]:
        """The name itself and every group it belongs to, however indirectly."""
        return _walk(name, _follow(self.links))


def is_field(name: str) -> bool:
    """Whether the name has the form of a field of the contract: `Type.field`."""
    return FIELD_FORM.fullmatch(name) is not None


def read_role_groups(lines: Iterable[PolicyLine]) -> Groups:
    """Lines `g, role, wider role or group`."""
    return _read_links(tuple(lines), "g", _be_among(frozenset(Role)), may_be_wider=_be_group)


def read_field_classes(lines: Iterable[PolicyLine]) -> Groups:
    """Lines `g2, Type.field, class` and `g2, class, wider class`; a field belongs to exactly one class."""
    lines = tuple(lines)
    groups = _read_links(lines, "g2", is_field, may_be_wider=_be_group)
    seen: set[str] = set()
    for line in lines:
        name = line.cells[1]
        if is_field(name) and name in seen:
            raise line.refuse("the field already has a class; a field belongs to exactly one")
        seen.add(name)
    return groups


def read_state_groups(lines: Iterable[PolicyLine]) -> Groups:
    """Lines `g3, record state, group` and `g3, group, wider group`; no group holds expunged records."""
    lines = tuple(lines)
    for line in lines:
        if RecordState.EXPUNGED in line.cells:
            raise line.refuse("nobody reads an expunged record; take the state out of the policy")
    states = frozenset(RecordState)
    return _read_links(lines, "g3", _be_among(states), may_be_wider=lambda name: _be_group(name) and name not in states)


def _be_among(vocabulary: Collection[str]) -> Callable[[str], bool]:
    return lambda name: name in vocabulary


def _be_group(name: str) -> bool:
    return _GROUP_FORM.fullmatch(name) is not None


def _read_links(
    lines: tuple[PolicyLine, ...],
    kind: str,
    is_leaf: Callable[[str], bool],
    *,
    may_be_wider: Callable[[str], bool],
) -> Groups:
    declared = frozenset(line.cells[-1] for line in lines)
    wider: dict[str, set[str]] = {}
    narrower: dict[str, set[str]] = {}
    for line in lines:
        if line.cells[0] != kind or len(line.cells) != 3:
            raise line.refuse(f"a line of this file has three cells, the first of them {kind}")
        _, name, group = line.cells
        if not may_be_wider(group):
            raise line.refuse("the third cell is not the name of a group; use lower case words joined by _")
        if not is_leaf(name) and name not in declared:
            raise line.refuse("the second cell is neither in the vocabulary nor a group with members")
        if name in _walk(group, wider):
            raise line.refuse("the group would contain itself; take one link of the circle out")
        wider.setdefault(name, set()).add(group)
        narrower.setdefault(group, set()).add(name)
        if _count_steps(name, narrower) + 1 + _count_steps(group, wider) > MAX_DEPTH:
            raise line.refuse(f"the chain of groups is longer than {MAX_DEPTH} links; make it shorter")
    return Groups(links=tuple((line.cells[1], line.cells[2]) for line in lines))


def _follow(links: Iterable[tuple[str, str]]) -> Mapping[str, set[str]]:
    followed: dict[str, set[str]] = {}
    for name, group in links:
        followed.setdefault(name, set()).add(group)
    return followed


def _walk(start: str, links: Mapping[str, set[str]]) -> frozenset[str]:
    reached = {start}
    pending = [start]
    while pending:
        found = links.get(pending.pop(), set()) - reached
        reached |= found
        pending.extend(found)
    return frozenset(reached)


def _count_steps(start: str, links: Mapping[str, set[str]]) -> int:
    """Links in the longest chain from `start`; whole layers at once, so that many crossing chains cost nothing."""
    steps = 0
    layer = links.get(start, set())
    while layer:
        steps += 1
        layer = {wider for name in layer for wider in links.get(name, set())}
    return steps
