"""Which agency a row means: an exact ORI, an alias of the mapping, or one name within the State.

A name that fits several agencies fits none: it is left to a registrar.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from app.domain.intake import KnownAgency, Reason
from app.registry.intake.cells import RowTurned, fold_text
from app.registry.intake.mapping import AgencyColumns

ORI_FORM: Final = re.compile("[A-Z]{2}[A-Z0-9]{7}")
# The two States whose letters in an ORI are not their postal code; what the FBI writes.
ORI_PREFIXES: Final[Mapping[str, str]] = {"NE": "NB", "GU": "GM"}
_REMEMBERED_NAMES: Final = 10_000
_NOT_WORD: Final = re.compile("[^A-Z0-9]+")


def fold_agency_name(name: str, words: Mapping[str, str]) -> str:
    """The form in which names are compared: no accents, apostrophes or punctuation, abbreviations spelled out."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    folded = _NOT_WORD.sub(" ", fold_text(plain).replace("'", "")).strip()
    return " ".join(words.get(word, word) for word in folded.split(" "))


class AgencyDirectory:
    """Finds the agencies of one State by what a source calls them."""

    __slots__ = ("_aliases", "_by_name", "_by_ori", "_columns", "_seen", "_words")

    def __init__(self, columns: AgencyColumns, agencies: Iterable[KnownAgency]) -> None:
        self._columns = columns
        # An abbreviation is a word as names are compared, so that "DEP'T" and "DEPT" are one.
        self._words = {fold_agency_name(word, {}): fold_agency_name(full, {}) for word, full in columns.words.items()}
        self._aliases = {fold_agency_name(name, self._words): target for name, target in columns.aliases.items()}
        self._by_ori: dict[str, UUID] = {}
        self._by_name: dict[str, set[UUID]] = defaultdict(set)
        self._seen: dict[str, UUID] = {}
        for agency in agencies:
            self._by_ori.update(dict.fromkeys(agency.oris, agency.id))
            self._by_name[fold_agency_name(agency.name, self._words)].add(agency.id)

    def find(self, ori: str | None, name: str | None) -> UUID:
        """The agency with that ORI, or else of that name; raises `RowTurned` where there is none or no single one."""
        if ori is not None and (found := self._by_ori.get(ori.upper())):
            return found
        if name is None:
            reason = Reason.AGENCY_NOT_NAMED if ori is None else Reason.AGENCY_UNKNOWN
            raise RowTurned(reason, self._columns.name if ori is None else self._columns.ori)
        found = self._seen.get(name)
        if found is None:
            found = self.find_by_name(name)
            if len(self._seen) < _REMEMBERED_NAMES:
                self._seen[name] = found
        return found

    def find_by_name(self, name: str) -> UUID:
        """The one agency that an ORI, an alias or a name leads to; raises `RowTurned`."""
        folded = fold_agency_name(name, self._words)
        target = self._aliases.get(folded)
        if target is not None:
            if found := self._by_ori.get(target.upper()):
                return found
            folded = fold_agency_name(target, self._words)
        if found := self._by_ori.get(name.upper()):
            return found
        several = self._by_name.get(folded, set())
        if len(several) != 1:
            raise RowTurned(Reason.AGENCY_AMBIGUOUS if several else Reason.AGENCY_UNKNOWN, self._columns.name)
        return next(iter(several))
