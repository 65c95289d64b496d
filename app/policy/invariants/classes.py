"""The classes of fields, by what they are about; written from the disclosure rules, not from the policy.

INVARIANT: a class is named here in one set that says what it is about; what no set names is told to nobody.
"""

from __future__ import annotations

from typing import Final

from app.domain.vocabulary import Action, RecordState, Role

PUBLIC: Final = frozenset(
    {"structure", "agency_public", "jurisdiction_public", "viewer_own", "root_public", "credential_public"}
)
EXISTENCE: Final = "outcome_existence"
SUMMARY: Final = "outcome_summary"
DETAIL: Final = "outcome_detail"
PROCESS: Final = "outcome_process"
HOLD: Final = "outcome_hold"
OUTCOME: Final = frozenset({EXISTENCE, SUMMARY, DETAIL, PROCESS, HOLD})
CONTENT: Final = frozenset({SUMMARY, DETAIL, PROCESS})
KEY: Final = "officer_key"
IDENTITY: Final = frozenset({KEY, "officer_identity"})
IDENTIFIER: Final = "officer_identifier"
STANDING_OF_CAREER: Final = "career_standing"
CAREER: Final = frozenset({"career", "certification"})
OFFICER: Final = IDENTITY | CAREER | {IDENTIFIER, STANDING_OF_CAREER, "officer_outcomes"}
PERSON: Final = OFFICER | OUTCOME
# Facts of an officer's own dealings with the registry.
PRIVATE: Final = frozenset({"consent_record", "disclosure_record", "me_private"})
ANALYST_ROW: Final = "analyst_row"
# What is counted over and never read.
OUTCOME_FIGURES: Final = "outcome_figures"
CAREER_FIGURES: Final = "career_figures"
FIGURES: Final = frozenset({OUTCOME_FIGURES, CAREER_FIGURES})
COMMANDS: Final = {
    "command_grant_role": (Action.GRANT, "grant_record"),
    "command_revoke_role": (Action.REVOKE, "grant_record"),
    "command_give_mandate": (Action.GRANT, "mandate_record"),
    "command_end_mandate": (Action.REVOKE, "mandate_record"),
    "command_request_break_glass": (Action.REQUEST, "break_glass_record"),
    "command_approve_break_glass": (Action.APPROVE, "break_glass_record"),
    "command_end_break_glass": (Action.REVOKE, "break_glass_record"),
    "command_request_export": (Action.REQUEST, "export_record"),
    "command_cancel_export": (Action.REVOKE, "export_record"),
}
LISTINGS: Final = frozenset({RecordState.LISTED, RecordState.LISTED_NO_FINDING, RecordState.UNLISTED})
OUTCOME_STATES: Final = frozenset(RecordState) - LISTINGS - {RecordState.STANDING}
OPEN: Final = frozenset({RecordState.CLEARED, RecordState.NO_FINDING})

OFFICER_SIDE: Final = frozenset({Role.OFFICER, Role.OFFICER_REP})
OFFICES: Final = frozenset(Role) - OFFICER_SIDE - {Role.PUBLIC}


def states_of(thing: str) -> frozenset[RecordState]:
    """The states that a record behind a class can be in."""
    if thing in OUTCOME or thing in {ANALYST_ROW, OUTCOME_FIGURES}:
        return OUTCOME_STATES
    return LISTINGS if thing in OFFICER or thing == CAREER_FIGURES else frozenset({RecordState.STANDING})
