"""Lines about people: officers with their names and identifiers, where they served, what certified them.

INVARIANT: the last four digits of an SSN leave this module as a token only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from app.domain.identifier_tokens import TOKEN_KEY_VERSION, tokenise_last_four
from app.domain.vocabulary import (
    BirthDatePrecision,
    CertificationStatus,
    IdentifierKind,
    NameKind,
    OfficerStatus,
    SeparationReason,
)
from app.registry.world.forms import DAY, DIGEST, FLAG, ID, MOMENT, STATE, code, integer, pattern, text
from app.registry.world.shapes import (
    Child,
    Group,
    Key,
    Kind,
    Misfit,
    ReadRow,
    Row,
    Section,
    Surroundings,
    constant,
    new_id,
    now,
)
from app.storage.tables.matching import BIRTH_DATES
from app.storage.tables.people import CERTIFICATIONS, OFFICER_IDENTIFIERS, OFFICER_NAMES, OFFICERS, STINTS

SOURCE: Final = Key(name="source", column="source", form=text(200), default=constant("world"), default_words="`world`")
OWN_ID: Final = Key(name="id", column="id", form=ID, default=new_id, default_words="a fresh one")

_NAME_PARTS = (
    Key(name="family", column="family_name", form=text(100), required=True),
    Key(name="given", column="given_name", form=text(100), required=True),
    Key(name="middle", column="middle_name", form=text(100)),
    Key(name="suffix", column="name_suffix", form=text(20)),
)

NAME: Final = Section(
    table=OFFICER_NAMES,
    members=(
        OWN_ID,
        Key(name="kind", column="kind", form=code(NameKind), required=True),
        *_NAME_PARTS,
        Key(name="from", column="from_date", form=DAY),
        Key(name="to", column="to_date", form=DAY),
        SOURCE,
    ),
)

_IDENTIFIER = Section(
    table=OFFICER_IDENTIFIERS,
    members=(
        OWN_ID,
        Key(name="kind", column="kind", form=code(IdentifierKind), required=True),
        Key(name="issuer", column="issuer", form=text(60), required=True, note="a State's code or an agency's ORI"),
        Key(name="value", column="value", form=text(100), note="the number itself; never with an `SSN_TOKEN`"),
        Key(
            name="last4",
            column=None,
            form=pattern("[0-9]{4}", "four digits"),
            note="with an `SSN_TOKEN`: tokenised at once, neither kept nor written back",
        ),
        Key(name="token", column="value_token", form=DIGEST, note="with an `SSN_TOKEN`: what a dump writes"),
        Key(
            name="token_key_version",
            column="token_key_version",
            form=integer(1),
            note="the key that `token` was made under",
        ),
        Key(name="from", column="from_date", form=DAY),
        Key(name="to", column="to_date", form=DAY),
        Key(name="verified_by", column="verified_by", form=text(200)),
        Key(name="verified_at", column="verified_at", form=MOMENT),
    ),
)

_BIRTH = Section(
    table=BIRTH_DATES,
    members=(
        Key(name="date", column="birth_date", form=DAY, required=True),
        Key(
            name="precision",
            column="precision",
            form=code(BirthDatePrecision),
            default=constant(BirthDatePrecision.DAY.value),
            default_words="`DAY`",
            note="a year alone is given as its first of January",
        ),
    ),
    order=("officer_id",),
)


def _complete_officer(row: Row, children: Mapping[str, list[ReadRow]], surroundings: Surroundings) -> None:
    for identifier in children.get("identifiers", ()):
        _tokenise(identifier.row, UUID(row["id"]), surroundings.token_key)


def _derive_names(row: Row, surroundings: Surroundings) -> list[Row]:
    parts = {key.column: row[key.column] for key in _NAME_PARTS if key.column}
    return [
        {
            "id": str(surroundings.draw_id()),
            "kind": NameKind.LEGAL.value,
            **parts,
            "from_date": None,
            "to_date": None,
            "source": "world",
        }
    ]


def _tokenise(identifier: Row, officer: UUID, key: bytes) -> None:
    digits = identifier.pop("last4")
    if identifier["kind"] != IdentifierKind.SSN_TOKEN:
        if identifier["value"] is None or digits is not None or identifier["value_token"] is not None:
            raise Misfit("needs value, and last4 or token only with SSN_TOKEN", "identifiers")
        return
    if identifier["value"] is not None or (digits is None) == (identifier["value_token"] is None):
        raise Misfit("an SSN_TOKEN needs either last4 or token, and no value", "identifiers")
    if digits is not None:
        identifier["value_token"] = tokenise_last_four(key, officer, digits)
        identifier["token_key_version"] = TOKEN_KEY_VERSION
    elif identifier["token_key_version"] is None:
        raise Misfit("a token needs its token_key_version", "identifiers")


OFFICER_KIND: Final = Kind(
    name="officer",
    summary="An officer: the name used now, every name, identifiers and birth date.",
    section=Section(
        table=OFFICERS,
        members=(
            Key(name="id", column="id", form=ID, required=True),
            Key(name="analyst_id", column="analyst_id", form=ID, default=new_id, default_words="a fresh one"),
            Key(
                name="status",
                column="status",
                form=code(OfficerStatus),
                default=constant(OfficerStatus.ACTIVE.value),
                default_words="`ACTIVE`",
            ),
            Key(name="merged_into", column="merged_into", form=ID, note="with `MERGED`: an officer on an earlier line"),
            Group(name="name", members=_NAME_PARTS),
            Key(name="recorded_at", column="recorded_at", form=MOMENT, default=now, default_words="the load's time"),
        ),
        children=(
            Child(
                name="names",
                section=NAME,
                links={"officer_id": "id"},
                derive=_derive_names,
                note="every name ever used; absent: `name`, as the legal one",
            ),
            Child(name="identifiers", section=_IDENTIFIER, links={"officer_id": "id"}),
            Child(name="birth", section=_BIRTH, links={"officer_id": "id"}, single=True, note="for the matcher alone"),
        ),
        complete=_complete_officer,
        climbs="merged_into",
    ),
)

STINT_KIND: Final = Kind(
    name="stint",
    summary="A span of service of one officer at one agency.",
    section=Section(
        table=STINTS,
        members=(
            Key(name="id", column="id", form=ID, required=True),
            Key(name="officer", column="officer_id", form=ID, required=True),
            Key(name="agency", column="agency_id", form=ID, required=True),
            Key(name="from", column="from_date", form=DAY, note="absent: unknown"),
            Key(name="to", column="to_date", form=DAY, note="absent: unknown, or the stint goes on"),
            Key(name="is_current", column="is_current", form=FLAG, required=True),
            Key(name="appointment_type", column="appointment_type", form=text(60)),
            Key(name="rank", column="rank", form=text(60)),
            Key(name="separation_reason", column="separation_reason", form=code(SeparationReason)),
            Key(name="separation_asserted_by", column="separation_asserted_by", form=ID, note="an agency"),
            SOURCE,
            Key(name="recorded_at", column="recorded_at", form=MOMENT, default=now, default_words="the load's time"),
        ),
    ),
)

CERTIFICATION_KIND: Final = Kind(
    name="certification",
    summary="A certification by a State's authority.",
    section=Section(
        table=CERTIFICATIONS,
        members=(
            Key(name="id", column="id", form=ID, required=True),
            Key(name="officer", column="officer_id", form=ID, required=True),
            Key(name="state", column="state_code", form=STATE, required=True),
            Key(name="type", column="type", form=text(60), required=True),
            Key(name="status", column="status", form=code(CertificationStatus), required=True),
            Key(name="from", column="from_date", form=DAY),
            Key(name="to", column="to_date", form=DAY),
            SOURCE,
        ),
    ),
)
