"""Lines about outcomes, in any state and version, with everything said about them.

A line states what a registry holds; it proves nothing, and no state is derived from evidence here.
"""

from __future__ import annotations

from typing import Final

from app.domain.vocabulary import (
    CivilBasis,
    ConvictionBasis,
    DeterminationResult,
    DisputeGround,
    DisputeOutcome,
    DisputeState,
    Finality,
    Finding,
    ForceType,
    HoldKind,
    Lifecycle,
    MisconductBasis,
    OutcomeKind,
    ProcessElement,
    ReportType,
    StandardOfProof,
    VoidReason,
)
from app.registry.world.forms import CODE_WORD, DAY, DIGEST, FLAG, ID, MOMENT, SALT, code, codes, integer, text
from app.registry.world.outcome_completion import commit_to_content, complete_outcome, derive_statuses
from app.registry.world.people_kinds import OWN_ID
from app.registry.world.shapes import Child, Key, Kind, Section, Span, Surroundings, constant, empty_list, now
from app.storage.tables.outcomes import (
    CONTENTS,
    DETERMINATION_ELEMENTS,
    DETERMINATIONS,
    DISPUTES,
    HOLDS,
    OFFICER_STATEMENTS,
    SERIES,
    SERIES_LINKS,
    STATUSES,
    VERSIONS,
)

_VERSION_NUMBER = Key(name="version", column="version", form=integer(1), required=True)


def _draw_salt(surroundings: Surroundings) -> bytes:
    return surroundings.draw_salt()


_CONTENT = Section(
    table=CONTENTS,
    members=(
        Key(name="salt", column="commitment_salt", form=SALT, default=_draw_salt, default_words="32 random bytes"),
        Key(name="action_date", column="action_date", form=DAY, required=True),
        Key(name="basis", column="basis", form=codes(MisconductBasis), default=empty_list, default_words="none"),
        Key(name="force_related", column="force_related", form=FLAG, required=True),
        Key(name="force_types", column="force_types", form=codes(ForceType), default=empty_list, default_words="none"),
        Key(name="on_duty", column="on_duty", form=FLAG),
        Key(name="recommended_finding", column="recommended_finding", form=code(Finding)),
        Key(name="final_finding", column="final_finding", form=code(Finding)),
        Key(name="standard_of_proof", column="standard_of_proof", form=code(StandardOfProof)),
        Key(name="legal_basis", column="legal_basis", form=text(500)),
        Key(name="conviction_basis", column="conviction_basis", form=code(ConvictionBasis)),
        Key(name="civil_basis", column="civil_basis", form=code(CivilBasis)),
        Key(name="court", column="court", form=text(200)),
        Key(name="court_case_number", column="court_case_number", form=text(100)),
    ),
    order=("series_id", "version"),
)

_VERSION = Section(
    table=VERSIONS,
    members=(
        _VERSION_NUMBER,
        Key(name="report_type", column="report_type", form=code(ReportType), required=True),
        Key(name="supersedes", column="supersedes", form=integer(1), note="an earlier version; none for the first"),
        Span(first="valid_from", last="valid_to", column="valid", form=DAY, open_start=True, note="in the world"),
        Span(first="recorded_from", last="recorded_to", column="recorded", form=MOMENT, note="in the registry"),
        Key(name="certified_by", column="certified_by", form=text(200)),
        Key(name="certified_at", column="certified_at", form=MOMENT),
        Key(
            name="commitment",
            column="content_commitment",
            form=DIGEST,
            note="checked where there is content; required where it was expunged",
        ),
    ),
    children=(
        Child(
            name="content",
            section=_CONTENT,
            links={"series_id": "series_id", "version": "version"},
            single=True,
            note="absent for an expunged series alone",
        ),
    ),
    complete=commit_to_content,
    order=("version",),
)

_AXES = (
    Key(name="lifecycle", column="lifecycle", form=code(Lifecycle), required=True),
    Key(name="finality", column="finality", form=code(Finality), required=True),
    Key(
        name="dispute",
        column="dispute",
        form=code(DisputeState),
        default=constant(DisputeState.NONE.value),
        default_words="`NONE`",
    ),
    Key(name="void_reason", column="void_reason", form=code(VoidReason), note="required with `VOIDED`"),
)

_STATUS = Section(
    table=STATUSES,
    members=(Span(first="from", last="to", column="recorded", form=MOMENT), *_AXES),
    order=("recorded",),
)

_HOLD = Section(
    table=HOLDS,
    members=(
        OWN_ID,
        Key(name="kind", column="kind", form=code(HoldKind), required=True),
        Span(first="from", last="to", column="valid", form=MOMENT),
        Key(name="authority", column="authority", form=text(200), required=True),
        Key(name="order_number", column="order_number", form=text(100)),
        Key(name="order_sha256", column="order_sha256", form=DIGEST),
        Key(name="placed_by", column="placed_by", form=text(200), required=True),
        Key(name="placed_at", column="placed_at", form=MOMENT, default=now, default_words="the load's time"),
        Key(name="released_by", column="released_by", form=text(200)),
        Key(name="released_at", column="released_at", form=MOMENT),
    ),
)

_ELEMENT = Section(
    table=DETERMINATION_ELEMENTS,
    members=(
        Key(name="element", column="element", form=code(ProcessElement), required=True),
        Key(name="evidence", column="evidence_id", form=ID, required=True),
    ),
    order=("element",),
)

_DETERMINATION = Section(
    table=DETERMINATIONS,
    members=(
        OWN_ID,
        _VERSION_NUMBER,
        Key(name="rule_pack", column="rule_pack", form=text(100), required=True),
        Key(name="rule_pack_version", column="rule_pack_version", form=integer(1), required=True),
        Key(name="result", column="result", form=code(DeterminationResult), required=True),
        Key(name="missing", column="missing", form=codes(ProcessElement), default=empty_list, default_words="none"),
        Key(name="decided_by", column="decided_by", form=text(200), required=True),
        Key(name="decided_at", column="decided_at", form=MOMENT, required=True),
    ),
    children=(Child(name="elements", section=_ELEMENT, links={"determination_id": "id"}),),
)

_STATEMENT = Section(
    table=OFFICER_STATEMENTS,
    members=(
        OWN_ID,
        _VERSION_NUMBER,
        Key(name="body", column="body", form=text(4000), required=True),
        Key(name="screened_by", column="screened_by", form=text(200)),
        Key(name="screened_at", column="screened_at", form=MOMENT),
        Span(first="from", last="to", column="recorded", form=MOMENT),
    ),
    order=("version",),
)

_DISPUTE = Section(
    table=DISPUTES,
    members=(
        OWN_ID,
        Key(name="ground", column="ground", form=code(DisputeGround), required=True),
        Key(name="opened_at", column="opened_at", form=MOMENT, required=True),
        Key(name="reporter_response_due", column="reporter_response_due", form=MOMENT),
        Key(name="reporter_answered_at", column="reporter_answered_at", form=MOMENT),
        Key(name="elevated_at", column="elevated_at", form=MOMENT),
        Key(name="decided_by", column="decided_by", form=text(200)),
        Key(name="decided_at", column="decided_at", form=MOMENT),
        Key(name="outcome", column="outcome", form=code(DisputeOutcome)),
    ),
)

_OF_SERIES = {"series_id": "id"}

OUTCOME_KIND: Final = Kind(
    name="outcome",
    summary="A series of reports about one outcome: its standing now, its versions and its history.",
    section=Section(
        table=SERIES,
        members=(
            Key(name="id", column="id", form=ID, required=True),
            Key(
                name="analyst_id",
                column="analyst_id",
                form=ID,
                default=lambda surroundings: str(surroundings.draw_id()),
                default_words="a fresh one",
            ),
            Key(name="officer", column="officer_id", form=ID, required=True),
            Key(name="agency", column="agency_id", form=ID, required=True, note="the agency that reports"),
            Key(name="matter", column="matter_id", form=ID),
            Key(name="outcome_kind", column="kind", form=code(OutcomeKind), required=True),
            *_AXES,
            Key(
                name="current_version",
                column="current_version",
                form=integer(1),
                default=constant(None),
                default_words="the last",
            ),
            Key(name="created_at", column="created_at", form=MOMENT, required=True),
            Key(name="notice_served_at", column="notice_served_at", form=MOMENT),
            Key(name="respond_by", column="respond_by", form=MOMENT),
            Key(name="cleared_at", column="cleared_at", form=MOMENT, note="required with `CLEARED`"),
        ),
        children=(
            Child(name="versions", section=_VERSION, links=_OF_SERIES, note="at least one"),
            Child(
                name="statuses",
                section=_STATUS,
                links=_OF_SERIES,
                derive=derive_statuses,
                note="every standing since creation, oldest first; absent: as it stands now, since `created_at`",
            ),
            Child(name="holds", section=_HOLD, links=_OF_SERIES, note="suspended and sealed follow from these"),
            Child(name="determinations", section=_DETERMINATION, links=_OF_SERIES),
            Child(name="statements", section=_STATEMENT, links=_OF_SERIES),
            Child(name="disputes", section=_DISPUTE, links=_OF_SERIES),
        ),
        complete=complete_outcome,
    ),
)

SERIES_LINK_KIND: Final = Kind(
    name="series_link",
    summary="Why one series followed from another.",
    section=Section(
        table=SERIES_LINKS,
        members=(
            Key(name="from", column="from_series_id", form=ID, required=True),
            Key(name="to", column="to_series_id", form=ID, required=True),
            Key(name="cause", column="cause", form=CODE_WORD, required=True),
            Key(name="linked_at", column="linked_at", form=MOMENT, default=now, default_words="the load's time"),
        ),
        order=("from_series_id", "to_series_id"),
    ),
)
