"""Lines about matters: investigations, proceedings, prosecutions and suits, with evidence and the steps taken.

Evidence is a digest and a custodian; no line has a key for a document's text.
"""

from __future__ import annotations

from typing import Final

from app.domain.vocabulary import DocumentKind, Finding, MatterKind, MatterStatus, ProcessElement
from app.registry.world.forms import DAY, DIGEST, FLAG, ID, MOMENT, code, text
from app.registry.world.people_kinds import OWN_ID
from app.registry.world.shapes import Child, Key, Kind, Section, constant, now
from app.storage.tables.process import EVIDENCE_ITEMS, MATTERS, PROCESS_STEPS

RECORDED_AT: Final = Key(
    name="recorded_at", column="recorded_at", form=MOMENT, default=now, default_words="the load's time"
)

_EVIDENCE = Section(
    table=EVIDENCE_ITEMS,
    members=(
        OWN_ID,
        Key(name="document_kind", column="document_kind", form=code(DocumentKind), required=True),
        Key(name="custodian", column="custodian", form=text(200), required=True),
        Key(name="sha256", column="sha256", form=DIGEST, note="absent until the custodian gives it"),
        Key(name="held_on", column="held_on", form=DAY),
        Key(name="media_type", column="media_type", form=text(100)),
        Key(name="redacted", column="redacted", form=FLAG, default=constant(False), default_words="false"),
        RECORDED_AT,
    ),
)

_STEP = Section(
    table=PROCESS_STEPS,
    members=(
        OWN_ID,
        Key(name="element", column="element", form=code(ProcessElement), required=True),
        Key(name="occurred_on", column="occurred_on", form=DAY),
        Key(name="by_office", column="by_office", form=text(200), note="an office, never a person's name"),
        Key(name="waived", column="waived", form=FLAG, default=constant(False), default_words="false"),
        Key(name="evidence", column="evidence_id", form=ID, note="an item of this matter's `evidence`"),
        Key(name="certified_by", column="certified_by", form=text(200)),
        RECORDED_AT,
    ),
)

MATTER_KIND: Final = Kind(
    name="matter",
    summary="A matter in which an outcome arose, or none did.",
    section=Section(
        table=MATTERS,
        members=(
            Key(name="id", column="id", form=ID, required=True),
            Key(name="matter_kind", column="kind", form=code(MatterKind), required=True),
            Key(name="status", column="status", form=code(MatterStatus), required=True),
            Key(name="agency", column="agency_id", form=ID, note="agency or `court` must be given"),
            Key(name="court", column="court", form=text(200)),
            Key(name="case_number", column="case_number", form=text(100)),
            Key(name="force_related", column="force_related", form=FLAG),
            Key(name="opened_on", column="opened_on", form=DAY),
            Key(name="notice_served_on", column="notice_served_on", form=DAY),
            Key(name="closed_on", column="closed_on", form=DAY),
            Key(name="disposition", column="disposition", form=code(Finding)),
            RECORDED_AT,
        ),
        children=(
            Child(name="evidence", section=_EVIDENCE, links={"matter_id": "id"}),
            Child(name="steps", section=_STEP, links={"matter_id": "id"}),
        ),
    ),
)
