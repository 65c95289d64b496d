"""Invents the people of the measured registry as blocks of text for COPY, many at a time.

INVARIANT: the same sizes and seed give the same bytes. Nobody here exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from random import Random
from typing import Final

from app.demo.population.agencies import InventedAgency
from app.demo.population.calibration import Calibration
from app.demo.population.names import NameSource
from app.domain.content import VersionContent, encode_content
from app.domain.vocabulary import AgencyKind
from read_path.sizes import CANDIDATE_ROWS, OUTCOMES_A_MEMBER, Sizes

CHUNK: Final = 10_000
_SALT: Final = 32
_TODAY: Final = date(2026, 1, 1).toordinal()
_ZONE: Final = " 09:00:00+00"
_MOST_WAYS: Final = 7
_RANKS: Final = ("OFFICER", "DETECTIVE", "SERGEANT", "LIEUTENANT", "CHIEF")
_RANK_WEIGHTS: Final = (70, 12, 12, 4, 2)
_REASONS: Final = ("VOLUNTARY_NO_MISCONDUCT", "RETIRED_NO_MISCONDUCT", "TERM_ENDED", "TERMINATED_OTHER")
# Kinds that rest on a finding; the rarer kind without one is drawn for a tenth of the others.
_KINDS: Final = ("EXCESSIVE_FORCE_FINDING", "TERMINATION", "DECERTIFICATION", "CIVIL_JUDGMENT_FORCE")
_NO_FINDING: Final = "SEPARATION_UNDER_FORCE_INVESTIGATION"
_OTHER_STATES: Final = ("PROCESS_REVIEW", "NOTICE", "AWAITING_EVIDENCE", "SUBMITTED", "VOIDED", "EXPIRED")
_CONTENTS: Final = tuple(
    VersionContent(
        action_date=date(2000, 1, 1),
        basis=basis,
        force_related=bool(forces),
        force_types=forces,
        on_duty=True,
        recommended_finding="SUSTAINED",
        final_finding="SUSTAINED",
        standard_of_proof="PREPONDERANCE",
        legal_basis="agency manual, use of force" if forces else "agency manual, conduct",
        civil_basis=civil,
        court=court,
        court_case_number=number,
    )
    for basis, forces in (
        (("PHYSICAL_ABUSE_EXCESSIVE_FORCE",), ("PERSONAL_WEAPONS",)),
        (("PHYSICAL_ABUSE_EXCESSIVE_FORCE", "FAILURE_TO_COOPERATE"), ("HANDGUN", "CANINE")),
        (("DISHONESTY",), ()),
        (("FAILURE_TO_INTERCEDE", "ABUSE_OF_POWER"), ("CONDUCTED_ENERGY",)),
    )
    for civil, court, number in ((None, None, None), ("VERDICT", "invented district court", "INVENTED-1"))
)


@dataclass(slots=True)
class Block:
    """Rows by table, each a line of COPY's text form; the order of `COLUMNS`."""

    rows: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in COLUMNS})


COLUMNS: Final[dict[str, str]] = {
    "registry.officers": "id, analyst_id, status, family_name, given_name, middle_name, recorded_at",
    "registry.officer_names": "id, officer_id, kind, family_name, given_name, middle_name, source",
    "registry.officer_identifiers": "id, officer_id, kind, issuer, value",
    "matching.birth_dates": "officer_id, birth_date, precision",
    "registry.stints": (
        "id, officer_id, agency_id, from_date, to_date, rank, separation_reason, separation_asserted_by, is_current, "
        "source, recorded_at"
    ),
    "registry.certifications": "id, officer_id, state_code, type, status, from_date, to_date, source",
    "registry.outcome_series": (
        "id, analyst_id, officer_id, agency_id, kind, lifecycle, finality, dispute, void_reason, current_version, "
        "created_at, notice_served_at, cleared_at"
    ),
    "registry.outcome_statuses": "series_id, recorded, lifecycle, finality, dispute, void_reason",
    "registry.outcome_versions": (
        "series_id, version, report_type, supersedes, valid, recorded, content_commitment, certified_by, certified_at"
    ),
    "registry.outcome_contents": (
        "series_id, version, commitment_salt, action_date, basis, force_related, force_types, on_duty, "
        "recommended_finding, final_finding, standard_of_proof, legal_basis, civil_basis, court, court_case_number"
    ),
    "registry.holds": "id, series_id, kind, valid, authority, placed_by",
    "registry.consents": "id, officer_id, agency_id, scope, purpose, granted_at, expires_at, uses_left",
    "registry.candidate_checks": (
        "id, agency_id, opened_by, kind, reason, match_result, officer_id, consent_id, opened_at, expires_at"
    ),
}
# Columns of a series that triggers keep in a living registry; those that this one has are written after the others.
DERIVED: Final = ("held", "state_code", "order_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the people serve: `measured` are those whose pages are asked for, `hiring` those that open checks."""

    measured: Sequence[InventedAgency]
    hiring: Sequence[InventedAgency]
    others: Sequence[InventedAgency]
    weights: Sequence[float]


class PeopleSource:
    """Draws the officers of a registry, a chunk at a time; `derived` are the kept columns that it has."""

    def __init__(
        self, sizes: Sizes, places: Places, names: NameSource, calibration: Calibration, derived: Sequence[str] = ()
    ) -> None:
        self._sizes = sizes
        self._places = places
        self._names = names
        self._women = calibration.women_share
        self._sums = _accumulate(places.weights)
        self._derived = derived

    def draw_block(self, first: int) -> Block:
        """The officers of the chunk that begins at that number, with all that hangs on them."""
        return _ChunkWriter(self, first, min(CHUNK, self._sizes.officers - first)).write()

    def list_columns(self, table: str) -> list[str]:
        """The columns of a table's lines."""
        columns = [column.strip() for column in COLUMNS[table].split(",")]
        return [*columns, *self._derived] if table == "registry.outcome_series" else columns


class _ChunkWriter:
    """Writes one chunk; its draws depend on the seed and on its place alone."""

    def __init__(self, source: PeopleSource, first: int, count: int) -> None:
        self._source = source
        self._sizes = source._sizes
        self._random = Random(f"{self._sizes.seed}/{first}")
        self._numbers = range(first, first + count)
        self._block = Block()
        self._stints, self._series, self._second = self._share_out()

    def _share_out(self) -> tuple[dict[int, int], dict[int, int], list[bool]]:
        """How many stints and outcomes each officer has, and which outcomes have a second version: exact in sum."""
        sizes, numbers = self._sizes, self._numbers
        plain = [n for n in numbers if not sizes.is_member(n) and not sizes.is_candidate(n)]
        stints = dict.fromkeys(numbers, 1)
        series = dict.fromkeys(numbers, 0)
        for number in numbers:
            if sizes.is_candidate(number):
                stints[number], series[number] = CANDIDATE_ROWS.stints, CANDIDATE_ROWS.outcomes
            elif sizes.is_member(number):
                series[number] = OUTCOMES_A_MEMBER
        share = len(numbers) / sizes.officers
        self._spread(stints, plain, round(sizes.stints * share) - sum(stints.values()))
        total = round(sizes.outcomes * share)
        self._spread(series, plain, total - sum(series.values()))
        drawn = sum(series.values())
        second = round(sizes.versions * share) - drawn
        chosen = set(self._random.sample(range(drawn), max(0, min(drawn, second))))
        return stints, series, [place in chosen for place in range(drawn)]

    def _spread(self, counts: dict[int, int], plain: Sequence[int], more: int) -> None:
        for number in self._random.choices(plain, k=max(0, more)) if plain else ():
            counts[number] += counts[number] < _MOST_WAYS

    def write(self) -> Block:
        """All rows of the chunk."""
        for number in self._numbers:
            self._write_officer(number)
        return self._block

    def _new_id(self) -> str:
        digits = self._random.getrandbits(122)
        text = f"{digits:031x}"
        return f"{text[:12]}4{text[12:15]}{'89ab'[digits & 3]}{text[16:31]}0"[:32]

    def _write_officer(self, number: int) -> None:
        random, names, rows = self._random, self._source._names, self._block.rows
        officer = self._new_id()
        woman = random.random() < self._source._women
        given, middle = (_draw_given(names, random, woman=woman) for _ in range(2))
        name = f"{_draw_surname(names, random)}\t{given}\t{middle if random.random() < 0.8 else NULL}"
        rows["registry.officers"].append(f"{officer}\t{self._new_id()}\tACTIVE\t{name}\t2024-01-01{_ZONE}")
        rows["registry.officer_names"].append(f"{self._new_id()}\t{officer}\tLEGAL\t{name}\tinvented")
        agencies = self._choose_agencies(number)
        start = _TODAY - 365 * (3 + 5 * len(agencies)) - random.randrange(1500)
        birth = date.fromordinal(start - 8000 - random.randrange(4000))
        rows["matching.birth_dates"].append(f"{officer}\t{birth}\tDAY")
        state = agencies[-1].state
        rows["registry.officer_identifiers"].append(
            f"{self._new_id()}\t{officer}\tPOST_LICENSE\t{state}\t9999-{number:07d}"
        )
        self._write_stints(officer, agencies, start)
        self._write_certifications(officer, number, agencies, start)
        for place in range(self._series[number]):
            self._write_outcome(officer, agencies[-1 - place % len(agencies)], number)
        if self._sizes.is_candidate(number):
            self._write_check(officer, self._sizes.find_hirer(number), live=True)
        elif random.random() < self._sizes.past_check_share:
            self._write_check(officer, None, live=False)

    def _choose_agencies(self, number: int) -> list[InventedAgency]:
        places = self._source._places
        count = self._stints[number]
        drawn = self._random.choices(places.others, cum_weights=self._source._sums, k=count)
        if self._sizes.is_member(number):
            drawn[-1] = places.measured[self._sizes.find_agency(number)]
            return drawn[-1:] if count == 1 else drawn
        return drawn

    def _write_stints(self, officer: str, agencies: Sequence[InventedAgency], start: int) -> None:
        rows = self._block.rows["registry.stints"]
        last = len(agencies) - 1
        current = self._random.random() < 0.6
        ranks = self._random.choices(_RANKS, _RANK_WEIGHTS, k=len(agencies))
        for place, agency in enumerate(agencies):
            begun = date.fromordinal(start + 5 * 365 * place)
            if place == last and current:
                ending = f"{NULL}\t{ranks[place]}\t{NULL}\t{NULL}\tt"
            else:
                end = date.fromordinal(start + 5 * 365 * place + 1400)
                ending = f"{end}\t{ranks[place]}\t{_REASONS[place % 4]}\t{agency.id}\tf"
            rows.append(f"{self._new_id()}\t{officer}\t{agency.id}\t{begun}\t{ending}\tinvented\t2024-01-01{_ZONE}")

    def _write_certifications(self, officer: str, number: int, agencies: Sequence[InventedAgency], start: int) -> None:
        rows = self._block.rows["registry.certifications"]
        count = CANDIDATE_ROWS.certifications if self._sizes.is_candidate(number) else 1
        for place in range(count):
            begun = date.fromordinal(start + 400 * place)
            kind = ("PEACE_OFFICER", "SUPERVISOR")[place]
            rows.append(f"{self._new_id()}\t{officer}\t{agencies[-1].state}\t{kind}\tACTIVE\t{begun}\t{NULL}\tinvented")

    def _write_outcome(self, officer: str, agency: InventedAgency, number: int) -> None:
        random, rows = self._random, self._block.rows
        series = self._new_id()
        kind = _KINDS[random.randrange(4)]
        lifecycle = "CLEARED"
        if not self._sizes.is_candidate(number):
            kind = _NO_FINDING if random.random() < 0.1 else kind
            lifecycle = _OTHER_STATES[random.randrange(6)] if random.random() < 0.2 else lifecycle
        finality = "FINAL" if random.random() < 0.8 else "APPEAL_PENDING"
        void = "OVERTURNED" if lifecycle == "VOIDED" else NULL
        second = self._second.pop()
        action = _TODAY - 200 - random.randrange(4000)
        created, noticed, cleared = self._draw_moments(action)
        if lifecycle != "CLEARED":
            noticed = cleared = NULL
        is_held = lifecycle == "CLEARED" and not self._sizes.is_candidate(number) and random.random() < 0.005
        standing = f"{lifecycle}\t{finality}\tNONE\t{void}"
        kept = {
            "order_date": str(date.fromordinal(action)),
            "state_code": NULL if agency.kind is AgencyKind.TRIBAL else agency.state,
            "held": "t" if is_held else "f",
        }
        more = "".join(f"\t{kept[name]}" for name in self._source._derived)
        rows["registry.outcome_series"].append(
            f"{series}\t{self._new_id()}\t{officer}\t{agency.id}\t{kind}\t{standing}\t{1 + second}"
            f"\t{created}\t{noticed}\t{cleared}{more}"
        )
        rows["registry.outcome_statuses"].append(f'{series}\t["{created}",)\t{standing}')
        self._write_versions(series, action, created, second=second)
        if is_held:
            rows["registry.holds"].append(
                f'{self._new_id()}\t{series}\tSTAY\t["{created}",)\tinvented court\tinvented clerk'
            )

    def _draw_moments(self, action: int) -> list[str]:
        """When a series was made, its officer told, and it was cleared."""
        draw = self._random.random
        made = action + 10 + int(draw() * 40)
        told = made + 5 + int(draw() * draw() * 60)
        return [f"{date.fromordinal(day)}{_ZONE}" for day in (made, told, told + 14 + int(draw() * draw() * 90))]

    def _write_versions(self, series: str, action: int, created: str, *, second: bool) -> None:
        rows = self._block.rows
        form = self._random.randrange(len(_CONTENTS))
        later = f"{date.fromordinal(action + 60)}{_ZONE}"
        spans = [(created, later), (later, "")] if second else [(created, "")]
        for version, (since, until) in enumerate(spans, start=1):
            salt = self._random.randbytes(_SALT)
            encoded, content = _encode(form, action)
            commitment = hashlib.sha256(bytes([_SALT]) + salt + encoded).hexdigest()
            first = f"{series}\t{version}"
            kind = "INITIAL" if version == 1 else "CORRECTION"
            replaced = NULL if version == 1 else "1"
            until = f'"{until}"' if until else ""
            rows["registry.outcome_versions"].append(
                f'{first}\t{kind}\t{replaced}\t[{date.fromordinal(action)},)\t["{since}",{until})\t'
                f"\\\\x{commitment}\tcertifying official\t{since}"
            )
            rows["registry.outcome_contents"].append(f"{first}\t\\\\x{salt.hex()}\t{content}")

    def _write_check(self, officer: str, hirer: int | None, *, live: bool) -> None:
        random, rows, places = self._random, self._block.rows, self._source._places
        agency = places.others[random.randrange(len(places.others))] if hirer is None else places.hiring[hirer]
        consent, check = self._new_id(), self._new_id()
        opened, expires = ("2025-12-01", "2099-01-01") if live else ("2025-01-02", "2025-03-02")
        rows["registry.consents"].append(
            f"{consent}\t{officer}\t{agency.id}\tFULL\thiring\t{opened}{_ZONE}\t{expires}{_ZONE}\t5"
        )
        rows["registry.candidate_checks"].append(
            f"{check}\t{agency.id}\tinvented investigator\tFULL\tHIRE\tMATCH\t{officer}\t{consent}"
            f"\t{opened}{_ZONE}\t{expires}{_ZONE}"
        )


NULL: Final = "\\N"


def _accumulate(weights: Sequence[float]) -> list[float]:
    sums, total = [], 0.0
    for weight in weights:
        total += weight
        sums.append(total)
    return sums


def _draw_surname(names: NameSource, random: Random) -> str:
    if random.random() < names.surnames_covered:
        return random.choices(names.surnames.things, cum_weights=names.surnames.sums)[0]
    return random.choice(names.surname_beginnings) + random.choice(names.surname_endings)


def _draw_given(names: NameSource, random: Random, *, woman: bool) -> str:
    if random.random() < (names.women_covered if woman else names.men_covered):
        given = names.women if woman else names.men
        return random.choices(given.things, cum_weights=given.sums)[0]
    return random.choice(names.rare_women if woman else names.rare_men)


@lru_cache(maxsize=65_536)
def _encode(form: int, action: int) -> tuple[bytes, str]:
    """The canonical bytes of a content, and its columns for COPY."""
    drawn = _CONTENTS[form]
    values = {name: getattr(drawn, name) for name in drawn.__slots__}
    content = VersionContent(**{**values, "action_date": date.fromordinal(action)})
    columns = (
        str(content.action_date),
        "{" + ",".join(content.basis) + "}",
        "t" if content.force_related else "f",
        "{" + ",".join(content.force_types) + "}",
        "t" if content.on_duty else "f",
        content.recommended_finding,
        content.final_finding,
        content.standard_of_proof,
        content.legal_basis,
        content.civil_basis,
        content.court,
        content.court_case_number,
    )
    return encode_content(content), "\t".join(NULL if value is None else value for value in columns)
