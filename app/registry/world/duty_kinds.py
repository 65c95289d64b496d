"""Lines about agencies' duties: credentialing bodies and credentials, reports, attestations and eligibility for grants.

No line here is about a person, but for the names of those who certified and attested.
"""

from __future__ import annotations

from typing import Final

from app.domain.vocabulary import CredentialBasis, CredentialStatus, EligibilityResult, PolicyTestResult
from app.registry.world.forms import DAY, DIGEST, DOCUMENT, FLAG, ID, MOMENT, STATES, code, integer, text
from app.registry.world.people_kinds import OWN_ID
from app.registry.world.process_kinds import RECORDED_AT
from app.registry.world.shapes import Child, Key, Kind, Section, Span, constant, empty_list, now
from app.storage.tables.credentials import (
    AGENCY_CREDENTIALS,
    BODY_CERTIFICATIONS,
    CREDENTIALING_BODIES,
    GRANT_ELIGIBILITIES,
    POLICY_TESTS,
    STANDARD_SETS,
)
from app.storage.tables.places import ATTESTATIONS, PERIOD_REPORTS

_REQUIRED_ID = Key(name="id", column="id", form=ID, required=True)
_AGENCY = Key(name="agency", column="agency_id", form=ID, required=True)
_BODY = Key(name="body", column="body_id", form=ID, required=True)
_VALID = Span(first="from", last="to", column="valid", form=DAY)
_PERIOD = Span(first="from", last="to", column="period", form=DAY)

BODY_KIND: Final = Kind(
    name="credentialing_body",
    summary="An independent body that credentials agencies.",
    section=Section(
        table=CREDENTIALING_BODIES,
        members=(
            _REQUIRED_ID,
            Key(name="name", column="name", form=text(200), required=True),
            Key(name="states", column="states", form=STATES, default=empty_list, default_words="an empty list"),
        ),
    ),
)

STANDARD_SET_KIND: Final = Kind(
    name="standard_set",
    summary="A set of standards that bodies are certified under.",
    section=Section(
        table=STANDARD_SETS,
        members=(
            _REQUIRED_ID,
            Key(name="name", column="name", form=text(200), required=True),
            Key(name="version", column="version", form=integer(1), required=True),
            _VALID,
            Key(name="document_sha256", column="document_sha256", form=DIGEST, required=True),
        ),
    ),
)

BODY_CERTIFICATION_KIND: Final = Kind(
    name="body_certification",
    summary="That a body may credential agencies, from one day to another.",
    section=Section(
        table=BODY_CERTIFICATIONS,
        members=(
            OWN_ID,
            _BODY,
            Key(name="standard_set", column="standard_set_id", form=ID, required=True),
            _VALID,
            Key(name="certified_by", column="certified_by", form=text(200), required=True, note="an account"),
            Key(name="certified_at", column="certified_at", form=MOMENT, default=now, default_words="the load's time"),
        ),
    ),
)

_TEST = Section(
    table=POLICY_TESTS,
    members=(
        OWN_ID,
        Key(name="test", column="test", form=text(100), required=True),
        Key(name="result", column="result", form=code(PolicyTestResult), required=True),
        Key(name="clause_sha256", column="clause_sha256", form=DIGEST),
    ),
)

CREDENTIAL_KIND: Final = Kind(
    name="agency_credential",
    summary="An agency's credential, or its way to one.",
    section=Section(
        table=AGENCY_CREDENTIALS,
        members=(
            OWN_ID,
            _AGENCY,
            _BODY,
            Key(name="status", column="status", form=code(CredentialStatus), required=True),
            Key(name="basis", column="basis", form=code(CredentialBasis)),
            _VALID,
            Key(name="policy_sha256", column="policy_sha256", form=DIGEST, note="of the policy that was reviewed"),
            RECORDED_AT,
        ),
        children=(Child(name="tests", section=_TEST, links={"credential_id": "id"}),),
    ),
)

ELIGIBILITY_KIND: Final = Kind(
    name="grant_eligibility",
    summary="Whether an agency may receive discretionary grants, and why.",
    section=Section(
        table=GRANT_ELIGIBILITIES,
        members=(
            OWN_ID,
            _AGENCY,
            Key(name="as_of", column="as_of", form=DAY, required=True),
            Key(name="result", column="result", form=code(EligibilityResult), required=True),
            Key(name="proof", column="proof", form=DOCUMENT, default=constant("{}"), default_words="an empty object"),
            Key(name="decided_by", column="decided_by", form=text(200), note="with `decided_at`"),
            Key(name="decided_at", column="decided_at", form=MOMENT),
        ),
    ),
)

PERIOD_REPORT_KIND: Final = Kind(
    name="period_report",
    summary="An agency's report of how many outcomes a period had.",
    section=Section(
        table=PERIOD_REPORTS,
        members=(
            OWN_ID,
            _AGENCY,
            _PERIOD,
            Key(name="report_count", column="report_count", form=integer(0), required=True),
            Key(name="certified_by", column="certified_by", form=text(200), note="with `certified_at`"),
            Key(name="certified_at", column="certified_at", form=MOMENT),
        ),
    ),
)

ATTESTATION_KIND: Final = Kind(
    name="attestation",
    summary="An agency's answer to whether it reported everything it had to.",
    section=Section(
        table=ATTESTATIONS,
        members=(
            OWN_ID,
            _AGENCY,
            _PERIOD,
            Key(name="statement", column="statement", form=text(2000), required=True, note="what was asked"),
            Key(name="history_digest", column="history_digest", form=text(200), required=True),
            Key(name="answer", column="answer", form=FLAG, required=True),
            Key(name="attested_by", column="attested_by", form=text(200), required=True, note="an account"),
            Key(name="attested_at", column="attested_at", form=MOMENT, default=now, default_words="the load's time"),
        ),
    ),
)
