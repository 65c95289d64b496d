"""The audit record of an answer or a command, made from what was planned and who asked.

A record holds ids, names of questions and commitments; never a value that was asked for or told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.audit.commitment import commit_variables
from app.audit.records import AuditRecord, DisclosedItem, RecordKind, record_answer
from app.domain.clock import IdSource
from app.identity.principal import Principal
from app.planning.plan import Plan
from app.storage.ids import read_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Makes records; `key` is the secret under which a request's variables are committed to."""

    draw_id: IdSource
    key: bytes = field(repr=False)

    def record_read(
        self,
        plan: Plan,
        principal: Principal,
        policy_sha256: bytes,
        now: datetime,
        variables: Mapping[str, Any],
        disclosed: str,
    ) -> AuditRecord:
        """The record of an answer: a disclosure of what the plan's references name, or a query that found nothing."""
        record_id = self.draw_id()
        return record_answer(
            id=record_id,
            at=now,
            account=principal.account,
            role=principal.role.value,
            purpose=principal.purpose.value,
            agency_id=principal.agency_id,
            state_code=principal.state_code,
            check_id=None,
            operation=plan.operation,
            document_sha256=plan.document_sha256,
            policy_sha256=policy_sha256,
            input_commitment=commit_variables(self.key, record_id, variables),
            items=read_references(disclosed),
        )

    def record_command(
        self,
        command: str,
        document_sha256: bytes,
        principal: Principal,
        policy_sha256: bytes,
        now: datetime,
        variables: Mapping[str, Any],
        *,
        result: str,
    ) -> AuditRecord:
        """The record of a command that was carried out or refused."""
        record_id = self.draw_id()
        return AuditRecord(
            id=record_id,
            kind=RecordKind.COMMAND,
            at=now,
            account=principal.account,
            role=principal.role.value,
            purpose=principal.purpose.value,
            agency_id=principal.agency_id,
            state_code=principal.state_code,
            operation=command,
            document_sha256=document_sha256,
            policy_sha256=policy_sha256,
            input_commitment=commit_variables(self.key, record_id, variables),
            result=result,
        )

    def record_file(
        self,
        operation: str,
        principal: Principal,
        *,
        policy_sha256: bytes,
        now: datetime,
        variables: Mapping[str, Any],
        file_sha256: bytes,
        rows: int,
    ) -> AuditRecord:
        """The record of a file of rows that name nobody: the digest of the file, and how many rows it has."""
        record_id = self.draw_id()
        return AuditRecord(
            id=record_id,
            kind=RecordKind.QUERY,
            at=now,
            account=principal.account,
            role=principal.role.value,
            purpose=principal.purpose.value,
            operation=operation,
            document_sha256=file_sha256,
            policy_sha256=policy_sha256,
            input_commitment=commit_variables(self.key, record_id, variables),
            result=f"ROWS_{rows}",
        )


def read_references(disclosed: str) -> tuple[DisclosedItem, ...]:
    """The items of a disclosure, each once, from a plan's references (`o/officer`, `s/series/version/officer`)."""
    return tuple([_read_reference(*each.split("/")) for each in dict.fromkeys(disclosed.split())])


def _read_reference(_kind: str, first: str, version: str | None = None, officer: str | None = None) -> DisclosedItem:
    if version is None or officer is None:
        return DisclosedItem(officer_id=read_id(first))
    return DisclosedItem(officer_id=read_id(officer), series_id=read_id(first), version=int(version))
