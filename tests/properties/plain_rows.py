"""What each line of a world holds under the names of the contract: values, and what hangs on them.

Written down by hand from the format of worlds; the catalogue that plans are made of is not looked at.
"""

from __future__ import annotations

import base64
from typing import Any

Line = dict[str, Any]


def encode_id(type_name: str, key: str) -> str:
    """A Relay id."""
    return base64.b64encode(f"{type_name}:{key}".encode()).decode()


def show_moment(moment: str | None) -> str | None:
    """A time as JSON made by the database has it."""
    return None if moment is None else moment.replace("Z", "+00:00")


def show_outcome(line: Line) -> Line:
    """An outcome's own values at its newest version."""
    newest = line["versions"][-1]
    content = newest.get("content") or {}
    spoken = [each["body"] for each in line.get("statements", ()) if "to" not in each]
    return {
        "id": encode_id("Outcome", line["id"]),
        "kind": line["outcome_kind"],
        "actionDate": content.get("action_date"),
        "finality": line["finality"],
        "dispute": line["dispute"],
        "hasFinding": line["outcome_kind"] != "SEPARATION_UNDER_FORCE_INVESTIGATION",
        "version": newest["version"],
        "reportType": newest["report_type"],
        "statement": spoken[0] if spoken else None,
        "basis": content.get("basis", []) if content else None,
        "forceRelated": content.get("force_related"),
        "forceTypes": content.get("force_types", []) if content else None,
        "onDuty": content.get("on_duty"),
        "recommendedFinding": content.get("recommended_finding"),
        "finalFinding": content.get("final_finding"),
        "standardOfProof": content.get("standard_of_proof"),
        "legalBasis": content.get("legal_basis"),
        "convictionBasis": content.get("conviction_basis"),
        "civilBasis": content.get("civil_basis"),
        "court": content.get("court"),
        "courtCaseNumber": content.get("court_case_number"),
        "lifecycle": line["lifecycle"],
        "voidReason": line.get("void_reason"),
        "createdAt": show_moment(line["created_at"]),
        "noticeServedAt": show_moment(line.get("notice_served_at")),
        "respondBy": show_moment(line.get("respond_by")),
        "clearedAt": show_moment(line.get("cleared_at")),
    }


def show_versions(line: Line) -> list[Line]:
    """Versions, newest first."""
    return [
        {
            "version": each["version"],
            "reportType": each["report_type"],
            "supersedes": each.get("supersedes"),
            "recordedFrom": show_moment(each["recorded_from"]),
            "recordedTo": show_moment(each.get("recorded_to")),
            "actionDate": (each.get("content") or {}).get("action_date"),
        }
        for each in sorted(line["versions"], key=lambda each: -each["version"])
    ]


def show_determinations(line: Line) -> list[Line]:
    """Determinations, newest first."""
    ordered = sorted(line.get("determinations", ()), key=lambda each: (each["decided_at"], each["id"]), reverse=True)
    return [
        {
            "result": each["result"],
            "rulePack": each["rule_pack"],
            "rulePackVersion": each["rule_pack_version"],
            "missing": each["missing"],
            "decidedAt": show_moment(each["decided_at"]),
        }
        for each in ordered
    ]


def show_holds(line: Line) -> list[Line]:
    """Holds, oldest first."""
    return [
        {
            "kind": each["kind"],
            "orderNumber": each.get("order_number"),
            "authority": each["authority"],
            "validFrom": show_moment(each["from"]),
            "validTo": show_moment(each.get("to")),
        }
        for each in sorted(line.get("holds", ()), key=lambda each: (each["from"], each["id"]))
    ]


def show_matter(line: Line) -> Line:
    """A matter's own values."""
    return {
        "kind": line["matter_kind"],
        "status": line["status"],
        "court": line.get("court"),
        "caseNumber": line.get("case_number"),
        "forceRelated": line.get("force_related"),
        "openedOn": line.get("opened_on"),
        "noticeServedOn": line.get("notice_served_on"),
        "closedOn": line.get("closed_on"),
        "disposition": line.get("disposition"),
    }


def show_steps(line: Line) -> list[Line]:
    """The steps of a matter, oldest first, those without a date last."""
    ordered = sorted(line["steps"], key=lambda each: ("occurred_on" not in each, each.get("occurred_on"), each["id"]))
    return [
        {
            "element": each["element"],
            "occurredOn": each.get("occurred_on"),
            "byOffice": each.get("by_office"),
            "waived": each.get("waived", False),
        }
        for each in ordered
    ]


def show_evidence(line: Line) -> list[Line]:
    """The evidence of a matter, oldest first."""
    ordered = sorted(line["evidence"], key=lambda each: ("held_on" not in each, each.get("held_on"), each["id"]))
    return [
        {
            "documentKind": each["document_kind"],
            "sha256": each.get("sha256"),
            "custodian": each["custodian"],
            "heldOn": each.get("held_on"),
            "mediaType": each.get("media_type"),
            "redacted": each.get("redacted", False),
        }
        for each in ordered
    ]


def show_name(name: Line) -> Line:
    """The parts of a name."""
    return {
        "familyName": name["family"],
        "givenName": name["given"],
        "middleName": name.get("middle"),
        "nameSuffix": name.get("suffix"),
    }


def show_officer(line: Line) -> Line:
    """An officer's own values."""
    return {"id": encode_id("Officer", line["id"]), **show_name(line["name"])}


def show_names(line: Line) -> list[Line]:
    """Every name, by the date it was taken on, those without one last."""
    ordered = sorted(line["names"], key=lambda each: ("from" not in each, each.get("from"), each["id"]))
    return [
        {"kind": each["kind"], **show_name(each), "fromDate": each.get("from"), "toDate": each.get("to")}
        for each in ordered
    ]


def show_identifiers(line: Line) -> list[Line]:
    """Numbers that may be read back, by who gave them: tokens are not among them."""
    readable = [each for each in line["identifiers"] if "value" in each]
    return [
        {"kind": each["kind"], "issuer": each["issuer"], "value": each["value"]}
        for each in sorted(readable, key=lambda each: (each["issuer"], each["id"]))
    ]


def show_stint(line: Line) -> Line:
    """A stint's own values."""
    return {
        "id": encode_id("Stint", line["id"]),
        "fromDate": line.get("from"),
        "toDate": line.get("to"),
        "isCurrent": line["is_current"],
        "appointmentType": line.get("appointment_type"),
        "rank": line.get("rank"),
        "separationReason": line.get("separation_reason"),
    }


def show_certification(line: Line) -> Line:
    """A certification's own values."""
    return {
        "id": encode_id("Certification", line["id"]),
        "stateCode": line["state"],
        "type": line["type"],
        "status": line["status"],
        "fromDate": line.get("from"),
        "toDate": line.get("to"),
    }


def show_agency(line: Line) -> Line:
    """An agency's own values."""
    return {
        "id": encode_id("Agency", line["id"]),
        "name": line["name"],
        "kind": line["agency_kind"],
        "status": line.get("status", "ACTIVE"),
        "oris": sorted(line.get("oris", ())),
        "stateCode": line.get("state"),
        "locationState": line.get("location_state"),
        "countyFips": line.get("county_fips"),
        "swornCount": line.get("sworn_count"),
        "sizeBand": line.get("size_band"),
        "rural": line.get("rural"),
    }


def show_check(line: Line) -> Line:
    """A candidate check's own values."""
    return {
        "id": encode_id("CandidateCheck", line["id"]),
        "kind": line["check_kind"],
        "reason": line.get("reason", "HIRE"),
        "openedAt": show_moment(line["opened_at"]),
        "expiresAt": show_moment(line["expires_at"]),
        "closedAt": show_moment(line.get("closed_at")),
    }


def show_consent(line: Line) -> Line:
    """A consent's own values."""
    return {
        "id": encode_id("Consent", line["id"]),
        "scope": line["scope"],
        "purpose": line.get("purpose", "hiring"),
        "grantedAt": show_moment(line["granted_at"]),
        "expiresAt": show_moment(line["expires_at"]),
        "usesLeft": line.get("uses_left", 1),
        "revokedAt": show_moment(line.get("revoked_at")),
    }


def show_notice(line: Line) -> Line:
    """A notice's own values."""
    return {
        "id": encode_id("Notice", line["id"]),
        "cause": line["cause"],
        "version": line["version"],
        "createdAt": show_moment(line["created_at"]),
        "dueAt": show_moment(line.get("due_at")),
    }


def show_grant(line: Line) -> Line:
    """A grant's own values."""
    return {
        "id": encode_id("RoleGrant", line["id"]),
        "account": line["account"],
        "role": line["role"],
        "validFrom": show_moment(line["from"]),
        "validTo": show_moment(line.get("to")),
        "grantedBy": line["granted_by"],
        "grantedAt": show_moment(line["granted_at"]),
        "revokedBy": line.get("revoked_by"),
        "revokedAt": show_moment(line.get("revoked_at")),
    }
