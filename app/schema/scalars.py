"""Scalars and codes of the contract, with their forms stated where a client can see them.

A code is spelled in the contract as it is in the database: an answer made by PostgreSQL needs no translation.
"""

from __future__ import annotations

import re
from typing import Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from app.domain import vocabulary

ORI = NewType("ORI", str)
_ORI_FORM: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{7}")


def _parse_ori(value: object) -> str:
    if not isinstance(value, str) or not _ORI_FORM.fullmatch(value):
        raise ValueError("an ORI is two capital letters and seven letters or digits")
    return value


SCALARS: Final[dict[object, ScalarDefinition]] = {
    ORI: strawberry.scalar(
        name="ORI",
        description="NCIC originating agency identifier: two capital letters and seven letters or digits.",
        serialize=str,
        parse_value=_parse_ori,
    ),
}


# Roles and purposes are spelled as tokens and the policy spell them.
LOWER_CASE_CODES: Final = tuple(
    strawberry.enum(codes, graphql_name_from="value") for codes in (vocabulary.Role, vocabulary.Purpose)
)

CODES: Final = tuple(
    strawberry.enum(codes)
    for codes in (
        vocabulary.JurisdictionLevel,
        vocabulary.AgencyKind,
        vocabulary.AgencyStatus,
        vocabulary.SizeBand,
        vocabulary.NameKind,
        vocabulary.IdentifierKind,
        vocabulary.SeparationReason,
        vocabulary.CertificationStatus,
        vocabulary.OutcomeKind,
        vocabulary.ReportType,
        vocabulary.Lifecycle,
        vocabulary.Finality,
        vocabulary.DisputeState,
        vocabulary.HoldKind,
        vocabulary.VoidReason,
        vocabulary.MatterKind,
        vocabulary.MatterStatus,
        vocabulary.ProcessElement,
        vocabulary.DocumentKind,
        vocabulary.Finding,
        vocabulary.StandardOfProof,
        vocabulary.MisconductBasis,
        vocabulary.DeterminationResult,
        vocabulary.ConsentScope,
        vocabulary.CheckKind,
        vocabulary.CheckReason,
    )
)
