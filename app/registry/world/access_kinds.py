"""Lines about who may act and be told: grants, consents, checks, assignments, break-glass, monitors and notices.

A line gives a right only inside the times it states; none of them outlives its row.
"""

from __future__ import annotations

from typing import Final

from app.domain.vocabulary import CheckKind, CheckReason, ConsentScope, MatchResult, Purpose, RequiredAction, Role
from app.registry.world.forms import CODE_WORD, DAY, ID, MOMENT, STATE, code, integer, text
from app.registry.world.people_kinds import OWN_ID
from app.registry.world.shapes import Key, Kind, Section, Span, constant, now
from app.storage.tables.access import (
    BREAK_GLASS_ACCESSES,
    CANDIDATE_CHECKS,
    CASE_ASSIGNMENTS,
    CONSENTS,
    GRANTS,
    MONITOR_SUBSCRIPTIONS,
    NOTICES,
    RELIANCE_TASKS,
)

ACCOUNT: Final = Key(name="account", column="account", form=text(200), required=True, note="the token's `sub`")
_REQUIRED_ID = Key(name="id", column="id", form=ID, required=True)
_AGENCY = Key(name="agency", column="agency_id", form=ID)
_OFFICER = Key(name="officer", column="officer_id", form=ID)
_REQUIRED_AGENCY = Key(name="agency", column="agency_id", form=ID, required=True)
_REQUIRED_OFFICER = Key(name="officer", column="officer_id", form=ID, required=True)
_VALID = Span(first="from", last="to", column="valid", form=MOMENT)
_ENDED = (
    Key(name="ended_by", column="ended_by", form=text(200), note="with `ended_at`"),
    Key(name="ended_at", column="ended_at", form=MOMENT),
)

GRANT_KIND: Final = Kind(
    name="grant",
    summary="A role that an account holds for a time, at an agency, in a State or as an officer.",
    section=Section(
        table=GRANTS,
        members=(
            OWN_ID,
            ACCOUNT,
            Key(name="role", column="role", form=code(Role), required=True),
            _AGENCY,
            Key(name="state", column="state_code", form=STATE),
            _OFFICER,
            Key(name="body", column="body_id", form=ID, note="with `credentialing_body`, and only then"),
            _VALID,
            Key(name="granted_by", column="granted_by", form=text(200), required=True, note="another account"),
            Key(name="granted_at", column="granted_at", form=MOMENT, default=now, default_words="the load's time"),
            Key(name="revoked_by", column="revoked_by", form=text(200)),
            Key(name="revoked_at", column="revoked_at", form=MOMENT),
            Key(name="case_number", column="case_number", form=text(100)),
        ),
    ),
)

CONSENT_KIND: Final = Kind(
    name="consent",
    summary="An officer's consent that an agency may check him.",
    section=Section(
        table=CONSENTS,
        members=(
            _REQUIRED_ID,
            _REQUIRED_OFFICER,
            _REQUIRED_AGENCY,
            Key(name="scope", column="scope", form=code(ConsentScope), required=True),
            Key(
                name="purpose",
                column="purpose",
                form=code(Purpose),
                default=constant(Purpose.HIRING.value),
                default_words="`hiring`",
                note="`hiring` or `monitoring`",
            ),
            Key(name="granted_at", column="granted_at", form=MOMENT, required=True),
            Key(name="expires_at", column="expires_at", form=MOMENT, required=True),
            Key(name="uses_left", column="uses_left", form=integer(0), default=constant(1), default_words="1"),
            Key(name="revoked_at", column="revoked_at", form=MOMENT),
        ),
    ),
)

CHECK_KIND: Final = Kind(
    name="candidate_check",
    summary="A check that an agency opened on a candidate, and what the matcher said.",
    section=Section(
        table=CANDIDATE_CHECKS,
        members=(
            _REQUIRED_ID,
            _REQUIRED_AGENCY,
            Key(name="opened_by", column="opened_by", form=text(200), required=True, note="an account"),
            Key(name="check_kind", column="kind", form=code(CheckKind), required=True),
            Key(
                name="reason",
                column="reason",
                form=code(CheckReason),
                default=constant(CheckReason.HIRE.value),
                default_words="`HIRE`",
            ),
            Key(name="match_result", column="match_result", form=code(MatchResult), required=True),
            Key(name="officer", column="officer_id", form=ID, note="with `MATCH`, and only then"),
            Key(name="consent", column="consent_id", form=ID),
            Key(name="opened_at", column="opened_at", form=MOMENT, required=True),
            Key(name="expires_at", column="expires_at", form=MOMENT, required=True),
            Key(name="closed_at", column="closed_at", form=MOMENT),
        ),
    ),
)

ASSIGNMENT_KIND: Final = Kind(
    name="assignment",
    summary="A case assigned to someone who judges it.",
    section=Section(
        table=CASE_ASSIGNMENTS,
        members=(
            OWN_ID,
            Key(name="outcome", column="series_id", form=ID, required=True),
            ACCOUNT,
            Key(name="role", column="role", form=code(Role), required=True, note="`post_officer` or `doj_adjudicator`"),
            _VALID,
            Key(name="assigned_by", column="assigned_by", form=text(200), required=True, note="another account"),
            *_ENDED,
        ),
    ),
)

MONITOR_KIND: Final = Kind(
    name="monitor",
    summary="An agency's subscription to news of one of its own officers.",
    section=Section(
        table=MONITOR_SUBSCRIPTIONS,
        members=(
            OWN_ID,
            _REQUIRED_AGENCY,
            _REQUIRED_OFFICER,
            Key(name="stint", column="stint_id", form=ID, note="the employment it rests on"),
            _VALID,
            Key(name="renewal_due", column="renewal_due", form=DAY, required=True),
            *_ENDED,
        ),
    ),
)

NOTICE_KIND: Final = Kind(
    name="notice",
    summary="A notice to one recipient: an agency, an officer or a State.",
    section=Section(
        table=NOTICES,
        members=(
            OWN_ID,
            _AGENCY,
            _OFFICER,
            Key(name="state", column="state_code", form=STATE),
            Key(name="outcome", column="series_id", form=ID, required=True),
            Key(name="version", column="version", form=integer(1), required=True),
            Key(name="cause", column="cause", form=CODE_WORD, required=True),
            Key(name="event", column="event_id", form=ID, note="what caused it, where that can happen again"),
            Key(name="channel", column="channel", form=CODE_WORD, required=True),
            Key(name="created_at", column="created_at", form=MOMENT, default=now, default_words="the load's time"),
            Key(name="sent_at", column="sent_at", form=MOMENT),
            Key(name="acknowledged_at", column="acknowledged_at", form=MOMENT),
            Key(name="due_at", column="due_at", form=MOMENT),
        ),
    ),
)

RELIANCE_KIND: Final = Kind(
    name="reliance_task",
    summary="What an agency owes because an answer that it relied on has changed.",
    section=Section(
        table=RELIANCE_TASKS,
        members=(
            OWN_ID,
            Key(name="notice", column="notice_id", form=ID, required=True),
            Key(name="agency", column="agency_id", form=ID, note="who relies"),
            Key(name="chain", column="chain_id", form=text(200), required=True, note="where the answer is recorded"),
            Key(name="position", column="chain_position", form=integer(1), required=True),
            Key(name="required_action", column="required_action", form=code(RequiredAction), required=True),
            Key(name="due_at", column="due_at", form=MOMENT, required=True),
            Key(name="done_by", column="done_by", form=text(200), note="with `done_at`"),
            Key(name="done_at", column="done_at", form=MOMENT),
        ),
    ),
)

BREAK_GLASS_KIND: Final = Kind(
    name="break_glass_access",
    summary="One outcome opened to an auditor by another, for hours; loading it tells nobody.",
    section=Section(
        table=BREAK_GLASS_ACCESSES,
        members=(
            OWN_ID,
            Key(name="outcome", column="series_id", form=ID, required=True),
            ACCOUNT,
            Key(name="case_number", column="case_number", form=text(100), required=True),
            Key(name="reason", column="reason", form=text(1000), required=True),
            Key(name="hours", column="hours", form=integer(1, 24), required=True),
            Key(name="requested_at", column="requested_at", form=MOMENT, default=now, default_words="the load's time"),
            Key(name="approved_by", column="approved_by", form=text(200), note="another account, with `approved_at`"),
            Key(name="approved_at", column="approved_at", form=MOMENT),
            Span(
                first="from", last="to", column="valid", form=MOMENT, optional=True, note="once approved, and only then"
            ),
            *_ENDED,
        ),
    ),
)
