"""Scalars and codes of the contract, with their forms stated where a client can see them.

A code is spelled in the contract as it is in the database: an answer made by PostgreSQL needs no translation.
"""

from __future__ import annotations

import re
from typing import Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from app.audit.records import RecordKind
from app.domain import vocabulary

ORI = NewType("ORI", str)
_ORI_FORM: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{7}")


def _parse_ori(value: object) -> str:
    if not isinstance(value, str) or not _ORI_FORM.fullmatch(value):
        raise ValueError("an ORI is two capital letters and seven letters or digits")
    return value


JSONDocument = NewType("JSONDocument", object)


def _refuse_document(value: object) -> object:
    raise ValueError("a document is told, never taken")


SCALARS: Final[dict[object, ScalarDefinition]] = {
    ORI: strawberry.scalar(
        name="ORI",
        description="NCIC originating agency identifier: two capital letters and seven letters or digits.",
        serialize=str,
        parse_value=_parse_ori,
    ),
    JSONDocument: strawberry.scalar(
        name="JSON",
        description="A JSON value of any form (ECMA-404); only ever told, never taken.",
        serialize=lambda value: value,
        parse_value=_refuse_document,
    ),
}


# Roles and purposes are spelled as tokens and the policy spell them.
LOWER_CASE_CODES: Final = tuple(
    strawberry.enum(codes, description=description, graphql_name_from="value")
    for codes, description in (
        (vocabulary.Role, "In which role is asked; one for each request."),
        (vocabulary.Purpose, "What is asked for; one for each request."),
    )
)

CODES: Final = tuple(
    strawberry.enum(codes, description=description)
    for codes, description in (
        (vocabulary.ExportFormat, "What an export is written as."),
        (vocabulary.ExportState, "How far an export has come; what is cancelled, failed or expired has no file."),
        (vocabulary.ExportFailure, "Why an export failed."),
        (vocabulary.JurisdictionLevel, "A level of government (EO 13929 sec. 3(a)), or a campus."),
        (vocabulary.AgencyKind, "A kind of agency: the groups of the BJS census, and those it leaves out."),
        (vocabulary.AgencyStatus, "Whether an agency still exists."),
        (vocabulary.SizeBand, "Full-time sworn officers, in bands."),
        (vocabulary.NameKind, "What an officer's name is to him."),
        (vocabulary.SeparationReason, "Why a stint ended; each State's own words are mapped onto these."),
        (vocabulary.CertificationStatus, "How a certification stands."),
        (vocabulary.OutcomeKind, "What an outcome is (EO 13929 sec. 3(a) and 3(b)); the last three need an authority."),
        (vocabulary.ReportType, "What a report does to the one before it."),
        (vocabulary.Lifecycle, "Where an outcome stands in the registry."),
        (vocabulary.Finality, "Whether an outcome can still be appealed."),
        (vocabulary.DisputeState, "How far the officer's dispute of an outcome has come."),
        (vocabulary.HoldKind, "What keeps an outcome from being disclosed."),
        (vocabulary.VoidReason, "Why an outcome was voided."),
        (vocabulary.MatterKind, "What an outcome arose in."),
        (vocabulary.MatterStatus, "Whether a matter is open."),
        (vocabulary.ProcessElement, "An element of fair process."),
        (vocabulary.DocumentKind, "What a document held by its custodian is."),
        (vocabulary.Finding, "What was found, or recommended to be."),
        (vocabulary.StandardOfProof, "The standard by which it was found."),
        (vocabulary.MisconductBasis, "The basis of an action against an officer (11 CCR 1205)."),
        (vocabulary.DeterminationResult, "Whether fair process was found satisfied."),
        (vocabulary.ConsentScope, "What an officer consents to: that existence be told, or the record."),
        (vocabulary.CheckKind, "What a candidate check may tell: existence, or the record."),
        (vocabulary.CheckReason, "What an agency is to decide."),
        (vocabulary.CredentialStatus, "How an agency's credential stands."),
        (vocabulary.CredentialBasis, "What an agency's credential rests on (EO 13929 sec. 2(b) and 2(c))."),
        (vocabulary.PolicyTestResult, "What a credentialing body found of one test of an agency's policy."),
        (vocabulary.EligibilityResult, "Whether an agency may receive discretionary grants."),
        (vocabulary.EnrollmentRole, "What an enrolled agency may do."),
        (vocabulary.RequiredAction, "What an agency owes after an answer it relied on has changed."),
        (RecordKind, "What a record of the audit chain is a record of."),
    )
)
# A kind whose numbers nobody may read back is no kind to the contract.
IDENTIFIER_KIND: Final = strawberry.enum(
    vocabulary.ReadableIdentifierKind,
    name="IdentifierKind",
    description="What kind of number identifies an officer.",
)
