"""The whole policy as one value with a digest: what was decided can be traced to the exact bytes that decided it.

A bundle is made only from files that passed every check; nothing in it ever changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.domain.vocabulary import Effect, Purpose, Role
from app.errors import PolicyRefused
from app.policy.groups import Groups, is_field, read_field_classes, read_role_groups, read_state_groups
from app.policy.model import read_model
from app.policy.reading import (
    FIELDS_FILE,
    MODEL_FILE,
    RECORD_STATES_FILE,
    ROLES_FILE,
    RULES_FOLDER,
    STATES_FILE,
    PolicyFile,
    PolicyLine,
    read_directory,
    read_lines,
)
from app.policy.record_states import RecordStateTable, read_record_states
from app.policy.rules import PolicyRule, read_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBundle:
    """The policy: `digest` is the SHA-256 (32 bytes) over names and bytes of every deciding file."""

    digest: bytes
    model: str
    rules: tuple[PolicyRule, ...]
    role_groups: Groups
    field_classes: Groups
    state_groups: Groups
    record_states: RecordStateTable

    @property
    def leaf_fields(self) -> frozenset[str]:
        """Every field of the contract, as `Type.field`; classes are not among them."""
        return frozenset(name for name in self.field_classes.members if is_field(name))

    def class_of(self, field: str) -> str:
        """The one sensitivity class that lists `field`; raises `KeyError` for a field without one."""
        for name, wider in self.field_classes.links:
            if name == field and is_field(name):
                return wider
        raise KeyError(field)

    def purposes_of(self, role: Role) -> frozenset[Purpose]:
        """The purposes for which some rule allows this role something; a denial binds nobody to a purpose."""
        held = self.role_groups.widen(role)
        return frozenset(rule.purpose for rule in self.rules if rule.role in held and rule.effect is Effect.ALLOW)


def load_bundle(directory: Path) -> PolicyBundle:
    """Read and check a policy directory; raises `PolicyRefused` naming the first file and line at fault."""
    return build_bundle(read_directory(directory))


def build_bundle(files: Collection[PolicyFile]) -> PolicyBundle:
    """The bundle of these files, which must be all of a policy's."""
    by_name = {file.name: file for file in files}
    model = read_model(by_name[MODEL_FILE])
    role_lines, field_lines, state_lines = (
        read_lines(by_name[name]) for name in (ROLES_FILE, FIELDS_FILE, STATES_FILE)
    )
    roles, fields, states = (
        read_role_groups(role_lines),
        read_field_classes(field_lines),
        read_state_groups(state_lines),
    )
    rule_files = [file for name, file in sorted(by_name.items()) if name.startswith(f"{RULES_FOLDER}/")]
    rule_lines = [line for file in rule_files for line in read_lines(file)]
    rules = read_rules(rule_lines, roles=roles, fields=fields, states=states)
    _refuse_idle_groups(role_lines, roles, frozenset(rule.role for rule in rules))
    _refuse_idle_groups(state_lines, states, frozenset(rule.states for rule in rules))
    _refuse_idle_classes(field_lines, fields, frozenset(rule.fields for rule in rules))
    return PolicyBundle(
        digest=digest_files(files),
        model=model,
        rules=rules,
        role_groups=roles,
        field_classes=fields,
        state_groups=states,
        record_states=read_record_states(by_name[RECORD_STATES_FILE]),
    )


def digest_files(files: Iterable[PolicyFile]) -> bytes:
    """SHA-256 over the files in the order of names; lengths come first, so that no two sets of files read alike."""
    digest = hashlib.sha256(b"probity policy 1\n")
    for file in sorted(files, key=lambda each: each.name):
        name = file.name.encode("ascii")
        digest.update(len(name).to_bytes(8) + name + len(file.content).to_bytes(8) + file.content)
    return digest.digest()


def require_schema_fields(bundle: PolicyBundle, fields: Collection[str]) -> None:
    """Refuse a policy whose fields are not exactly the contract's, given as `Type.field`."""
    missing = sorted(set(fields) - bundle.leaf_fields)
    surplus = sorted(bundle.leaf_fields - set(fields))
    faults = [
        f"{why}: {', '.join(names)}"
        for why, names in (("give a class to", missing), ("the contract does not have", surplus))
        if names
    ]
    if faults:
        raise PolicyRefused(f"{FIELDS_FILE}: " + "; ".join(faults))


def _refuse_idle_groups(lines: Iterable[PolicyLine], groups: Groups, named: frozenset[str]) -> None:
    """A group that no rule reaches is most often a misspelt one, and a denial of the right one would be lost."""
    for line in lines:
        if not groups.widen(line.cells[2]) & named:
            raise line.refuse("no rule names the group or a wider one; mend its spelling or take it out")


def _refuse_idle_classes(lines: Iterable[PolicyLine], classes: Groups, named: frozenset[str]) -> None:
    """The same for classes of classes; a class with fields may stay without a rule: nobody reads them."""
    with_fields = frozenset(wider for name, wider in classes.links if is_field(name))
    for line in lines:
        wider = line.cells[2]
        if wider not in with_fields and not classes.widen(wider) & named:
            raise line.refuse("no rule names the class or a wider one; mend its spelling or take it out")
