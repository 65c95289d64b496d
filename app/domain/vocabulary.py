"""The closed vocabularies of the registry: kinds, states, roles, purposes and codes.

Nothing here may be stored or compared under another spelling; databases and contracts repeat these values.
"""

from __future__ import annotations

from enum import StrEnum

from app.domain.relation import Relation as Relation


class JurisdictionLevel(StrEnum):
    """Levels of EO 13929 sec. 3(a), and CAMPUS, which DOJ's standards cover."""

    FEDERAL = "FEDERAL"
    STATE = "STATE"
    LOCAL = "LOCAL"
    TRIBAL = "TRIBAL"
    TERRITORIAL = "TERRITORIAL"
    CAMPUS = "CAMPUS"


class AgencyKind(StrEnum):
    """Groups of the BJS census of agencies, and those it leaves out."""

    LOCAL_POLICE = "LOCAL_POLICE"
    SHERIFF = "SHERIFF"
    PRIMARY_STATE = "PRIMARY_STATE"
    SPECIAL_JURISDICTION = "SPECIAL_JURISDICTION"
    TRIBAL = "TRIBAL"
    CONSTABLE_MARSHAL = "CONSTABLE_MARSHAL"
    FEDERAL = "FEDERAL"
    CAMPUS = "CAMPUS"
    TERRITORIAL = "TERRITORIAL"
    CORRECTIONS = "CORRECTIONS"


class AgencyStatus(StrEnum):
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"


class SizeBand(StrEnum):
    """Full-time sworn officers, in bands; exact head counts are a separate public fact."""

    UP_TO_10 = "UP_TO_10"
    FROM_11_TO_49 = "FROM_11_TO_49"
    FROM_50_TO_99 = "FROM_50_TO_99"
    FROM_100_TO_499 = "FROM_100_TO_499"
    FROM_500 = "FROM_500"


class OfficerStatus(StrEnum):
    ACTIVE = "ACTIVE"
    MERGED = "MERGED"


class NameKind(StrEnum):
    LEGAL = "LEGAL"
    ALIAS = "ALIAS"
    FORMER = "FORMER"


class IdentifierKind(StrEnum):
    """POST_LICENSE is NIEM's EnforcementOfficialPOSTLicenseIdentification; an SSN_TOKEN is never read back."""

    POST_LICENSE = "POST_LICENSE"
    STATE_OFFICER_ID = "STATE_OFFICER_ID"
    BADGE = "BADGE"
    SSN_TOKEN = "SSN_TOKEN"  # noqa: S105
    EMPLOYEE_NO = "EMPLOYEE_NO"


class ReadableIdentifierKind(StrEnum):
    """The kinds whose numbers can be read back at all."""

    POST_LICENSE = IdentifierKind.POST_LICENSE.value
    STATE_OFFICER_ID = IdentifierKind.STATE_OFFICER_ID.value
    BADGE = IdentifierKind.BADGE.value
    EMPLOYEE_NO = IdentifierKind.EMPLOYEE_NO.value


class BirthDatePrecision(StrEnum):
    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


class SeparationReason(StrEnum):
    """Why a stint ended; crosswalks map each State's words onto these."""

    VOLUNTARY_NO_MISCONDUCT = "VOLUNTARY_NO_MISCONDUCT"
    RETIRED_NO_MISCONDUCT = "RETIRED_NO_MISCONDUCT"
    RESIGNED_UNDER_INVESTIGATION = "RESIGNED_UNDER_INVESTIGATION"
    RETIRED_UNDER_INVESTIGATION = "RETIRED_UNDER_INVESTIGATION"
    RESIGNED_IN_LIEU = "RESIGNED_IN_LIEU"
    RETIRED_IN_LIEU = "RETIRED_IN_LIEU"
    TERMINATED_FOR_CAUSE = "TERMINATED_FOR_CAUSE"
    TERMINATED_UNSPECIFIED = "TERMINATED_UNSPECIFIED"
    TERMINATED_OTHER = "TERMINATED_OTHER"
    MEDICAL = "MEDICAL"
    DECEASED = "DECEASED"
    TERM_ENDED = "TERM_ENDED"
    TRANSFER = "TRANSFER"
    LEGACY_UNSPECIFIED = "LEGACY_UNSPECIFIED"


class CertificationStatus(StrEnum):
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    LAPSED = "LAPSED"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    SURRENDERED = "SURRENDERED"
    DENIED = "DENIED"


class OutcomeKind(StrEnum):
    """EO 13929 sec. 3(a) and 3(b); the last three only under an Authority, off by default."""

    EXCESSIVE_FORCE_FINDING = "EXCESSIVE_FORCE_FINDING"
    TERMINATION = "TERMINATION"
    DECERTIFICATION = "DECERTIFICATION"
    CONVICTION_ON_DUTY = "CONVICTION_ON_DUTY"
    CIVIL_JUDGMENT_FORCE = "CIVIL_JUDGMENT_FORCE"
    SEPARATION_UNDER_FORCE_INVESTIGATION = "SEPARATION_UNDER_FORCE_INVESTIGATION"
    AUTHORITY_SUSPENDED = "AUTHORITY_SUSPENDED"
    SERIOUS_MISCONDUCT_SUSTAINED = "SERIOUS_MISCONDUCT_SUSTAINED"
    COMMENDATION = "COMMENDATION"


class ReportType(StrEnum):
    """NPDB's report types: one series is an initial report and all that amends it."""

    INITIAL = "INITIAL"
    CORRECTION = "CORRECTION"
    REVISION = "REVISION"
    VOID = "VOID"
    NOTICE_OF_APPEAL = "NOTICE_OF_APPEAL"


class Lifecycle(StrEnum):
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    AWAITING_EVIDENCE = "AWAITING_EVIDENCE"
    PROCESS_REVIEW = "PROCESS_REVIEW"
    NOTICE = "NOTICE"
    CLEARED = "CLEARED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    VOIDED = "VOIDED"
    EXPUNGED = "EXPUNGED"
    EXPIRED = "EXPIRED"


class Finality(StrEnum):
    NON_FINAL = "NON_FINAL"
    APPEAL_WINDOW = "APPEAL_WINDOW"
    APPEAL_PENDING = "APPEAL_PENDING"
    FINAL = "FINAL"
    OVERTURNED = "OVERTURNED"


class DisputeState(StrEnum):
    NONE = "NONE"
    DISPUTED = "DISPUTED"
    ELEVATED = "ELEVATED"
    DECIDED = "DECIDED"


class HoldKind(StrEnum):
    STAY = "STAY"
    SEAL_ORDER = "SEAL_ORDER"
    COURT_ORDER = "COURT_ORDER"
    ACTIVE_CRIMINAL_CASE = "ACTIVE_CRIMINAL_CASE"
    SUNSET = "SUNSET"


class HoldInForce(StrEnum):
    """What the holds on a series amount to now; a seal outweighs every other hold."""

    NONE = "none"
    OTHER = "other"
    SEAL = "seal"


class VoidReason(StrEnum):
    SUBMITTED_IN_ERROR = "SUBMITTED_IN_ERROR"
    NOT_REPORTABLE = "NOT_REPORTABLE"
    OVERTURNED = "OVERTURNED"
    FAIR_PROCESS_NOT_AFFORDED = "FAIR_PROCESS_NOT_AFFORDED"
    NOT_THE_PERSON = "NOT_THE_PERSON"
    DUPLICATE = "DUPLICATE"
    SEALED_OR_EXPUNGED = "SEALED_OR_EXPUNGED"
    INVESTIGATION_CLOSED_NO_FINDING = "INVESTIGATION_CLOSED_NO_FINDING"
    SUPERSEDED_BY_FINDING = "SUPERSEDED_BY_FINDING"


class MatterKind(StrEnum):
    INTERNAL_INVESTIGATION = "INTERNAL_INVESTIGATION"
    CERTIFICATION_PROCEEDING = "CERTIFICATION_PROCEEDING"
    CRIMINAL_PROSECUTION = "CRIMINAL_PROSECUTION"
    CIVIL_SUIT = "CIVIL_SUIT"


class MatterStatus(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class ProcessElement(StrEnum):
    """Elements of fair process; the letters of the rule packs stand beside them."""

    NOTICE_OF_CHARGE = "NOTICE_OF_CHARGE"  # A
    ACCESS_TO_MATERIAL = "ACCESS_TO_MATERIAL"  # B
    OPPORTUNITY_TO_RESPOND = "OPPORTUNITY_TO_RESPOND"  # C
    REPRESENTATION = "REPRESENTATION"  # D
    NEUTRAL_DECISION_MAKER = "NEUTRAL_DECISION_MAKER"  # E
    WRITTEN_DECISION = "WRITTEN_DECISION"  # F
    NOTICE_OF_APPEAL_RIGHT = "NOTICE_OF_APPEAL_RIGHT"  # G
    FINALITY = "FINALITY"  # H
    REGISTRY_NOTICE = "REGISTRY_NOTICE"  # I
    NAME_CLEARING = "NAME_CLEARING"  # J
    COURT_RECORD = "COURT_RECORD"  # K


class DocumentKind(StrEnum):
    """What a custodian holds; compelled statements, medical and juvenile records have no kind on purpose."""

    NOTICE = "NOTICE"
    PROOF_OF_SERVICE = "PROOF_OF_SERVICE"
    HEARING_RECORD = "HEARING_RECORD"
    WAIVER = "WAIVER"
    DECISION = "DECISION"
    ORDER = "ORDER"
    APPEAL_NOTICE = "APPEAL_NOTICE"
    COURT_JUDGMENT = "COURT_JUDGMENT"
    CLOSING_MEMO = "CLOSING_MEMO"
    OPENING_ORDER = "OPENING_ORDER"
    STATUTE_CERTIFICATION = "STATUTE_CERTIFICATION"
    SURRENDER = "SURRENDER"


class Finding(StrEnum):
    SUSTAINED = "SUSTAINED"
    NOT_SUSTAINED = "NOT_SUSTAINED"
    UNFOUNDED = "UNFOUNDED"
    EXONERATED = "EXONERATED"
    WITHDRAWN = "WITHDRAWN"
    ADMIN_CLOSED = "ADMIN_CLOSED"


class StandardOfProof(StrEnum):
    PREPONDERANCE = "PREPONDERANCE"
    CLEAR_AND_CONVINCING = "CLEAR_AND_CONVINCING"
    BEYOND_REASONABLE_DOUBT = "BEYOND_REASONABLE_DOUBT"
    PLEA = "PLEA"
    OTHER = "OTHER"


class MisconductBasis(StrEnum):
    """11 CCR 1205; only force and failure to intercede bear on EO sec. 3(a)."""

    DISHONESTY = "DISHONESTY"
    ABUSE_OF_POWER = "ABUSE_OF_POWER"
    PHYSICAL_ABUSE_EXCESSIVE_FORCE = "PHYSICAL_ABUSE_EXCESSIVE_FORCE"
    SEXUAL_ASSAULT = "SEXUAL_ASSAULT"
    DEMONSTRATED_BIAS = "DEMONSTRATED_BIAS"
    EGREGIOUS_OR_REPEATED_VIOLATIONS = "EGREGIOUS_OR_REPEATED_VIOLATIONS"
    LAW_ENFORCEMENT_GANG = "LAW_ENFORCEMENT_GANG"
    FAILURE_TO_COOPERATE = "FAILURE_TO_COOPERATE"
    FAILURE_TO_INTERCEDE = "FAILURE_TO_INTERCEDE"


class ForceType(StrEnum):
    """NIEM's ucr:ForceCategoryCode, and seven that it lacks."""

    ASPHYXIATION = "ASPHYXIATION"
    BLUNT_OBJECT = "BLUNT_OBJECT"
    PERSONAL_WEAPONS = "PERSONAL_WEAPONS"
    FIREARM = "FIREARM"
    HANDGUN = "HANDGUN"
    RIFLE = "RIFLE"
    SHOTGUN = "SHOTGUN"
    KNIFE_CUTTING_INSTRUMENT = "KNIFE_CUTTING_INSTRUMENT"
    MOTOR_VEHICLE_VESSEL = "MOTOR_VEHICLE_VESSEL"
    EXPLOSIVES = "EXPLOSIVES"
    FIRE_INCENDIARY_DEVICE = "FIRE_INCENDIARY_DEVICE"
    OTHER = "OTHER"
    NONE = "NONE"
    UNKNOWN = "UNKNOWN"
    CHOKEHOLD_OR_NECK_RESTRAINT = "CHOKEHOLD_OR_NECK_RESTRAINT"
    CONDUCTED_ENERGY = "CONDUCTED_ENERGY"
    CHEMICAL_AGENT = "CHEMICAL_AGENT"
    CANINE = "CANINE"
    IMPACT_PROJECTILE = "IMPACT_PROJECTILE"
    PURSUIT_INTERVENTION = "PURSUIT_INTERVENTION"
    RESTRAINT_PRONE = "RESTRAINT_PRONE"


class ConvictionBasis(StrEnum):
    """What counts as a conviction: a deferred adjudication does not."""

    JURY_VERDICT = "JURY_VERDICT"
    BENCH_VERDICT = "BENCH_VERDICT"
    GUILTY_PLEA = "GUILTY_PLEA"
    NOLO_ACCEPTED = "NOLO_ACCEPTED"


class CivilBasis(StrEnum):
    """What counts as a civil judgment: a settlement without finding or admission does not."""

    VERDICT = "VERDICT"
    BENCH_JUDGMENT = "BENCH_JUDGMENT"
    SUMMARY_JUDGMENT = "SUMMARY_JUDGMENT"
    DEFAULT = "DEFAULT"
    CONSENT_WITH_ADMISSION = "CONSENT_WITH_ADMISSION"


class EnrollmentRole(StrEnum):
    """What an enrolled agency may do; renewed every two years."""

    SUBMITTER = "SUBMITTER"
    QUERIER = "QUERIER"
    MONITOR = "MONITOR"


class DeterminationResult(StrEnum):
    SATISFIED = "SATISFIED"
    NOT_SATISFIED = "NOT_SATISFIED"


class ConsentScope(StrEnum):
    LIMITED = "LIMITED"
    FULL = "FULL"


class CheckKind(StrEnum):
    LIMITED = "LIMITED"
    FULL = "FULL"


class CheckReason(StrEnum):
    HIRE = "HIRE"
    ASSIGN = "ASSIGN"
    PROMOTE = "PROMOTE"


class MatchResult(StrEnum):
    MATCH = "MATCH"
    POSSIBLE = "POSSIBLE"
    INSUFFICIENT = "INSUFFICIENT"
    NO_RECORD = "NO_RECORD"
    MANUAL_REVIEW = "MANUAL_REVIEW"
    CONFLICT = "CONFLICT"


class DisputeGround(StrEnum):
    FACTUAL = "FACTUAL"
    NOT_REPORTABLE = "NOT_REPORTABLE"
    INELIGIBLE_REPORTER = "INELIGIBLE_REPORTER"
    NOT_ME = "NOT_ME"
    NO_FAIR_PROCESS = "NO_FAIR_PROCESS"
    OVERTURNED = "OVERTURNED"
    SEALED = "SEALED"
    DUPLICATE = "DUPLICATE"
    EXPIRED = "EXPIRED"


class DisputeOutcome(StrEnum):
    UPHELD = "UPHELD"
    CORRECT_ORDERED = "CORRECT_ORDERED"
    VOID_ORDERED = "VOID_ORDERED"
    RETURNED_TO_PENDING = "RETURNED_TO_PENDING"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    WITHDRAWN = "WITHDRAWN"


class CredentialStatus(StrEnum):
    NONE = "NONE"
    SOUGHT = "SOUGHT"
    IN_PROCESS = "IN_PROCESS"
    CERTIFIED = "CERTIFIED"
    RE_REVIEW_DUE = "RE_REVIEW_DUE"
    EXPIRED = "EXPIRED"
    DENIED = "DENIED"
    REVOKED = "REVOKED"
    EXEMPT_TRIBAL = "EXEMPT_TRIBAL"


class CredentialBasis(StrEnum):
    """What an agency's credential rests on (EO 13929 sec. 2(b) and 2(c))."""

    BODY_REVIEW = "BODY_REVIEW"
    PRIOR_36_MONTH_DETERMINATION = "PRIOR_36_MONTH_DETERMINATION"
    HEAD_AFFIRMATION = "HEAD_AFFIRMATION"


class PolicyTestResult(StrEnum):
    """What a credentialing body found of one test of an agency's policy."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_REVIEWED = "NOT_REVIEWED"


class EligibilityResult(StrEnum):
    """Whether an agency may receive discretionary grants (EO 13929 sec. 2(b) and 3(d))."""

    ELIGIBLE = "ELIGIBLE"
    PROVISIONAL = "PROVISIONAL"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    EXEMPT = "EXEMPT"


class RequiredAction(StrEnum):
    """What an agency owes after an answer it relied on has changed."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    RE_DECIDE = "RE_DECIDE"
    DESTROY_COPY = "DESTROY_COPY"


class Role(StrEnum):
    """One role is active per request, from the verified token; never the union of a person's roles."""

    PUBLIC = "public"
    OFFICER = "officer"
    OFFICER_REP = "officer_rep"
    HIRING_INVESTIGATOR = "hiring_investigator"
    RECORDS_OFFICER = "records_officer"
    AGENCY_HEAD = "agency_head"
    POST_OFFICER = "post_officer"
    DOJ_ANALYST = "doj_analyst"
    DOJ_GRANTS = "doj_grants"
    DOJ_ADJUDICATOR = "doj_adjudicator"
    DOJ_CERTIFIER = "doj_certifier"
    REGISTRAR = "registrar"
    CREDENTIALING_BODY = "credentialing_body"
    AUDITOR = "auditor"


class Purpose(StrEnum):
    PUBLIC = "public"
    HIRING = "hiring"
    MONITORING = "monitoring"
    RECORDS = "records"
    CERTIFICATION = "certification"
    STATISTICS = "statistics"
    GRANTS = "grants"
    ADJUDICATION = "adjudication"
    CREDENTIALING = "credentialing"
    REGISTRY = "registry"
    SELF = "self"
    OVERSIGHT = "oversight"


class Action(StrEnum):
    READ = "read"
    MATCH = "match"
    AGGREGATE = "aggregate"
    GRANT = "grant"
    REVOKE = "revoke"
    REQUEST = "request"
    APPROVE = "approve"


class Effect(StrEnum):
    """What a line of policy does; a denial outweighs every permission."""

    ALLOW = "allow"
    DENY = "deny"


class RecordState(StrEnum):
    """The state group of a record that policy speaks of; derived, never stored.

    The first ten are of outcome series (no line of policy may name the tenth), LISTED to UNLISTED of officers and
    what hangs on them, STANDING of everything without a life cycle of its own.
    """

    DRAFT = "draft"
    IN_PROCESS = "in_process"
    NOTICE = "notice"
    CLEARED = "cleared"
    NO_FINDING = "no_finding"
    SUSPENDED = "suspended"
    VOIDED = "voided"
    SEALED = "sealed"
    EXPIRED = "expired"
    EXPUNGED = "expunged"
    LISTED = "listed"
    LISTED_NO_FINDING = "listed_no_finding"
    UNLISTED = "unlisted"
    STANDING = "standing"


class Entity(StrEnum):
    """The kinds of row that policy has relations and states for."""

    JURISDICTION = "jurisdiction"
    AGENCY = "agency"
    CREDENTIALING_BODY = "credentialing_body"
    OFFICER = "officer"
    STINT = "stint"
    CERTIFICATION = "certification"
    OUTCOME = "outcome"
    CHECK = "check"
    CONSENT = "consent"
    DISCLOSURE = "disclosure"
    NOTICE = "notice"
    GRANT = "grant"
    CREDENTIAL = "credential"
    COMPLIANCE = "compliance"
    ELIGIBILITY = "eligibility"
    MONITOR = "monitor"
    RELIANCE = "reliance"
    AUDIT_EVENT = "audit_event"
    BREAK_GLASS = "break_glass"
    EXPORT = "export"


class ExportFormat(StrEnum):
    """What an export is written as."""

    PARQUET = "PARQUET"
    CSV = "CSV"


class ExportState(StrEnum):
    """How far an export has come; what is cancelled, failed or expired has no file."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class ExportFailure(StrEnum):
    """Why an export failed: the right of who asked ended, or the question is no longer allowed; or what hinders it."""

    RIGHT_ENDED = "RIGHT_ENDED"
    QUESTION_REFUSED = "QUESTION_REFUSED"
    TOO_LARGE = "TOO_LARGE"
    KEPT_FAILING = "KEPT_FAILING"
