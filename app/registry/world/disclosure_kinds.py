"""Lines about what was disclosed, asked in vain and commanded: each becomes a record of an audit chain.

INVARIANT: positions and hashes are computed here, in the order of the lines; no line can give them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from app.audit.chain import SealedRecord, read_microseconds
from app.audit.commitment import digest_document
from app.audit.records import NO_DIGEST, AuditRecord, DisclosedItem, RecordKind
from app.registry.world.access_kinds import ACCOUNT
from app.registry.world.forms import CODE_WORD, DIGEST, ID, MOMENT, STATE, code, integer, pattern, text
from app.registry.world.people_kinds import OWN_ID
from app.registry.world.shapes import Child, Key, Kind, Misfit, ReadRow, Row, Section, Surroundings, constant
from app.storage.tables.audit import ITEMS, RECORDS

_TEXTS = ("account", "role", "purpose", "state_code", "operation", "result")
_DIGESTS = ("document_sha256", "policy_sha256", "input_commitment")
_WORD = pattern("[a-z][a-z_]{0,39}", "a word such as records_officer")

_ITEM = Section(
    table=ITEMS,
    members=(
        Key(name="officer", column="officer_id", form=ID, required=True),
        Key(name="outcome", column="series_id", form=ID),
        Key(name="version", column="version", form=integer(1), note="with `outcome`"),
    ),
    hidden=("ordinal",),
    order=("ordinal",),
)


def _seal(row: Row, children: Mapping[str, list[ReadRow]], surroundings: Surroundings) -> None:
    items = [item.row for item in children.get("items", ())]
    if row["document_sha256"] is None:
        row["document_sha256"] = digest_document(row["operation"])
    if row["result"] is None:
        row["result"] = "DISCLOSED" if items else "EMPTY"
    try:
        record = _make_record(row, tuple(map(_make_item, items)))
    except ValueError as error:
        # The messages of records are fixed sentences; none repeats a value.
        raise Misfit(str(error)) from None
    _lay_out(row, surroundings.chains.seal(UUID(row["chain_id"]), record))
    for ordinal, item in enumerate(items, start=1):
        item["ordinal"] = ordinal


def _make_record(row: Row, items: tuple[DisclosedItem, ...]) -> AuditRecord:
    values: dict[str, Any] = {name: row[name] for name in ("at", *_TEXTS, *_DIGESTS)}
    for name in ("agency_id", "check_id"):
        values[name] = UUID(row[name]) if row[name] else None
    return AuditRecord(id=UUID(row["id"]), kind=RecordKind(row["kind"]), items=items, **values)


def _make_item(row: Row) -> DisclosedItem:
    series = row["series_id"]
    return DisclosedItem(
        officer_id=UUID(row["officer_id"]), series_id=UUID(series) if series else None, version=row["version"]
    )


def _lay_out(row: Row, sealed: SealedRecord) -> None:
    row["at"] = read_microseconds(sealed.row.at)
    for name in ("position", "item_count", "items_sha256", "previous_hash", "hash"):
        row[name] = getattr(sealed.row, name)


DISCLOSURE_KIND: Final = Kind(
    name="disclosure",
    summary="A record of the audit chain: a disclosure, or a query that found nothing, or a command.",
    section=Section(
        table=RECORDS,
        members=(
            OWN_ID,
            Key(
                name="chain",
                column="chain_id",
                form=ID,
                default=lambda surroundings: str(surroundings.chains.own_chain),
                default_words="one fresh chain for the whole file",
            ),
            Key(
                name="record_kind",
                column="kind",
                form=code(RecordKind),
                default=constant(RecordKind.DISCLOSURE.value),
                default_words="`DISCLOSURE`",
            ),
            Key(name="at", column="at", form=MOMENT, required=True),
            ACCOUNT,
            Key(name="role", column="role", form=_WORD, required=True),
            Key(name="purpose", column="purpose", form=_WORD, required=True),
            Key(name="agency", column="agency_id", form=ID),
            Key(name="state", column="state_code", form=STATE),
            Key(name="check", column="check_id", form=ID),
            Key(name="operation", column="operation", form=text(200), required=True),
            Key(
                name="result",
                column="result",
                form=CODE_WORD,
                default=constant(None),
                default_words="`DISCLOSED` with items, `EMPTY` without",
            ),
            Key(
                name="document_sha256",
                column="document_sha256",
                form=DIGEST,
                default=constant(None),
                default_words="that of the operation's name",
            ),
            Key(
                name="policy_sha256",
                column="policy_sha256",
                form=DIGEST,
                default=constant(NO_DIGEST),
                default_words="zeros: none",
            ),
            Key(
                name="input_commitment",
                column="input_commitment",
                form=DIGEST,
                default=constant(NO_DIGEST),
                default_words="zeros: none",
            ),
        ),
        children=(
            Child(name="items", section=_ITEM, links={"record_id": "id"}, note="what was disclosed, in its order"),
        ),
        hidden=("position", "item_count", "items_sha256", "previous_hash", "hash"),
        complete=_seal,
        order=("chain_id", "position"),
    ),
)
