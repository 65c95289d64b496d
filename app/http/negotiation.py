"""Which media type an answer has, by Accept, and whether a request is JSON, by Content-Type.

Header fields are read by their grammar (RFC 9110, section 12.5.1), never searched for a piece of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA: Final = re.compile(rf"({_WORD})/({_WORD})")
_PARAMETER: Final = re.compile(rf'({_WORD})=({_WORD}|"[^"\\]*")')
_QUALITY: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")

# What a page of another origin can send without being asked first (Fetch, CORS-safelisted request-header).
_FORM_TYPES: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})


class MediaType(StrEnum):
    """The media types of answers (GraphQL over HTTP, section 4.1)."""

    GRAPHQL = "application/graphql-response+json"
    JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """One element of Accept; `specificity` is 2 for a whole type, 1 for `application/*`, 0 for `*/*`."""

    media: str
    quality: float
    specificity: int

    def covers(self, media_type: MediaType) -> bool:
        return self.specificity == 0 or media_type == self.media or self.media == "application/*"


def choose_media_type(accept: Sequence[str]) -> MediaType | None:
    """The media type that the values of all Accept fields prefer, or none that they accept.

    Without a preference the answer is `application/json`; named side by side, `application/graphql-response+json` wins.
    """
    elements = [element.strip() for value in accept for element in value.split(",")]
    if not any(elements):
        return MediaType.JSON
    ranges = list(_read_ranges(elements))
    found = []
    for media_type in MediaType:
        fitting = max((each for each in ranges if each.covers(media_type)), key=_rank, default=None)
        if fitting is not None and fitting.quality > 0:
            is_named = fitting.specificity == 2
            preferred = media_type is (MediaType.GRAPHQL if is_named else MediaType.JSON)
            found.append((fitting.quality, fitting.specificity, preferred, media_type))
    return max(found)[-1] if found else None


def is_json(content_type: Sequence[str]) -> bool:
    """Whether the values of all Content-Type fields say JSON in UTF-8, once."""
    if len(content_type) != 1:
        return False
    if content_type[0] == "application/json":
        return True
    name, *parameters = (piece.strip() for piece in content_type[0].lower().split(";"))
    return name == MediaType.JSON and all(each in {"charset=utf-8", 'charset="utf-8"'} for each in parameters)


def is_form(content_type: Sequence[str]) -> bool:
    """Whether any Content-Type field names a type that a form of another site could send."""
    return any(value.split(";")[0].strip().lower() in _FORM_TYPES for value in content_type)


def _rank(each: _Range) -> tuple[int, float]:
    return (each.specificity, each.quality)


def _read_ranges(elements: Sequence[str]) -> Iterator[_Range]:
    """The elements that are well-formed and that an answer of ours could meet."""
    for element in elements:
        name, *parameters = (piece.strip() for piece in element.lower().split(";"))
        media = _MEDIA.fullmatch(name)
        quality = _read_quality(parameters)
        if media is not None and quality is not None:
            yield _Range(media=name, quality=quality, specificity=(media[1] != "*") + (media[2] != "*"))


def _read_quality(parameters: Sequence[str]) -> float | None:
    """The quality that the parameters of a range give; none where they ask for something we do not have."""
    for parameter in parameters:
        read = _PARAMETER.fullmatch(parameter)
        if read is None:
            return None
        value = read[2].strip('"')
        if read[1] == "q":
            # What follows the quality extends the field, not the type.
            return float(value) if _QUALITY.fullmatch(value) else None
        if (read[1], value) != ("charset", "utf-8"):
            return None
    return 1.0
