"""The invented population has the shape of a real one and names nobody."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import date
from statistics import mean, median

import pytest

from app.demo.population.agencies import invent_agencies, read_counties
from app.demo.population.calibration import HERE, read_calibration
from app.demo.population.chance import Chance, weigh
from app.demo.population.generate import PopulationPlan, generate_lines, write_population
from app.demo.population.names import read_names
from app.domain.places import jurisdiction_id
from tests.worlds.lines import NOW, REAL_AGENCIES, Line

PLAN = PopulationPlan(seed=3, agencies=600, officers=6000, now=NOW)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return list(generate_lines(PLAN))


def _of(lines: list[Line], kind: str) -> list[Line]:
    return [line for line in lines if line["kind"] == kind]


def test_one_plan_gives_one_world_and_another_seed_another() -> None:
    def world(seed: int) -> bytes:
        return b"".join(write_population(PopulationPlan(seed=seed, agencies=20, officers=200, now=NOW)))

    assert world(1) == world(1)
    assert world(1) != world(2)


def test_half_of_all_agencies_have_ten_officers_or_fewer() -> None:
    agencies = invent_agencies(Chance(1), read_calibration(), 18_500).agencies
    sizes = [agency.sworn for agency in agencies]
    assert 0.48 < sum(size <= 10 for size in sizes) / len(sizes) < 0.54
    assert 30 < mean(sizes) < 52
    assert max(sizes) > 2000
    assert len({agency.ori for agency in agencies}) == len(agencies)
    assert len({(agency.name, agency.state) for agency in agencies}) == len(agencies)


def test_careers_have_the_calibrated_number_of_stints_and_share_in_service(lines: list[Line]) -> None:
    stints = _of(lines, "stint")
    assert 1.24 < len(stints) / PLAN.officers < 1.36
    assert 0.27 < sum(stint["is_current"] for stint in stints) / PLAN.officers < 0.33
    assert 0.36 < len(_of(lines, "certification")) / PLAN.officers < 0.44


def test_reasons_for_leaving_are_as_frequent_as_in_the_source(lines: list[Line]) -> None:
    reasons = Counter(stint["separation_reason"] for stint in _of(lines, "stint") if "separation_reason" in stint)
    spells = {separation.reason: separation.spells for separation in read_calibration().separations}
    for reason, count in spells.items():
        expected = count / sum(spells.values())
        assert abs(reasons[reason] / reasons.total() - expected) < 0.025, reason


def test_tenure_has_the_quartiles_of_the_source(lines: list[Line]) -> None:
    (source,) = [each for each in read_calibration().separations if each.reason == "VOLUNTARY_NO_MISCONDUCT"]
    days = [
        (date.fromisoformat(stint["to"]) - date.fromisoformat(stint["from"])).days
        for stint in _of(lines, "stint")
        if stint.get("separation_reason") == source.reason
    ]
    assert abs(median(days) - source.tenure[1]) < 0.15 * source.tenure[1]


def test_stints_of_an_officer_follow_each_other_and_begin_as_a_grown_up(lines: list[Line]) -> None:
    born = {line["id"]: date.fromisoformat(line["birth"]["date"]) for line in _of(lines, "officer")}
    last: dict[str, str] = {}
    for stint in _of(lines, "stint"):
        assert stint["from"] > last.get(stint["officer"], "")
        assert (date.fromisoformat(stint["from"]) - born[stint["officer"]]).days > 20 * 365
        last[stint["officer"]] = stint.get("to", "9999-12-31")


def test_names_collide_about_as_often_as_in_real_files() -> None:
    """Washington: 681 of 14,893 persons share first and last name with another; Chicago 4,717 of 32,398."""
    names, chance, women = read_names(), Chance(5), read_calibration().women_share
    for persons, low, high in ((14_893, 0.03, 0.09), (32_398, 0.07, 0.18)):
        drawn = [names.draw(chance, woman=chance.happens(women)) for _ in range(persons)]
        counts = Counter((name.given, name.family) for name in drawn)
        assert low < sum(count for count in counts.values() if count > 1) / persons < high


def test_frequent_names_have_their_census_frequency() -> None:
    names, chance = read_names(), Chance(6)
    counts = Counter(names.draw_surname(chance) for _ in range(100_000))
    assert abs(counts["Smith"] / 100_000 - 0.01006) < 0.0015


def test_certification_numbers_are_of_the_form_that_nobody_issues(lines: list[Line]) -> None:
    numbers = [line["identifiers"][0]["value"] for line in _of(lines, "officer")]
    assert all(re.fullmatch(r"9999-\d{7}", number) for number in numbers)
    assert len(set(numbers)) == PLAN.officers


def test_every_state_of_an_outcome_is_met_and_the_share_is_the_calibrated_one(lines: list[Line]) -> None:
    outcomes = _of(lines, "outcome")
    assert 0.02 < len(outcomes) / PLAN.officers < 0.035
    assert len({outcome["lifecycle"] for outcome in outcomes}) >= 9
    assert {outcome["outcome_kind"] for outcome in outcomes} == set(read_calibration().outcome_kinds)
    versions = mean(len(outcome["versions"]) for outcome in outcomes)
    assert 1.2 < versions < 1.45
    assert any(outcome.get("holds") for outcome in outcomes)
    assert any(outcome.get("disputes") for outcome in outcomes)


def test_a_dismissal_ends_a_stint_for_cause(lines: list[Line]) -> None:
    ends = {(stint["officer"], stint["agency"], stint.get("to")): stint for stint in _of(lines, "stint")}
    dismissals = [line for line in _of(lines, "outcome") if line["outcome_kind"] == "TERMINATION"]
    assert dismissals
    for outcome in dismissals:
        stint = ends[outcome["officer"], outcome["agency"], outcome["versions"][0]["valid_from"]]
        assert stint["separation_reason"] == "TERMINATED_FOR_CAUSE"


def test_nothing_cleared_lacks_an_element_of_fair_process(lines: list[Line]) -> None:
    cleared = [line for line in _of(lines, "outcome") if "cleared_at" in line]
    assert len(cleared) > 50
    for outcome in cleared:
        (determination,) = outcome["determinations"]
        assert determination["result"] == "SATISFIED"
        assert determination["missing"] == []


def test_every_county_is_a_real_one_that_the_registry_knows() -> None:
    with (HERE.parents[2] / "migrations" / "jurisdictions.csv").open(encoding="utf-8") as rows:
        known = {jurisdiction_id(row["code"]) for row in csv.DictReader(rows)}
    counties = read_counties()
    assert len({county.state for county in counties}) == 51
    assert all(jurisdiction_id(county.fips) in known for county in counties)


def test_every_figure_names_its_source() -> None:
    figures = json.loads((HERE / "calibration.json").read_text("utf-8"))
    named = [figure for group in figures.values() if isinstance(group, dict) for figure in group.values()]
    assert len(named) > 20
    assert all(len(figure["source"]) > 20 for figure in named)


@pytest.mark.skipif(not REAL_AGENCIES.exists(), reason="the reference list of real agencies is not on this machine")
def test_no_invented_agency_is_a_real_one() -> None:
    with REAL_AGENCIES.open(encoding="utf-8") as rows:
        real = list(csv.DictReader(rows))
    oris = {row["ori"] for row in real}
    names = {re.sub("[^a-z]", "", row["agency_name"].lower()) for row in real}
    for agency in invent_agencies(Chance(1), read_calibration(), 100_000).agencies:
        assert agency.ori not in oris
        assert re.sub("[^a-z]", "", agency.name.lower()) not in names


def test_more_agencies_than_names_are_refused() -> None:
    with pytest.raises(ValueError, match="names enough"):
        invent_agencies(Chance(1), read_calibration(), 10_000, states=("WA",))


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="of the States"):
        read_counties(("WA", "XX"))


def test_nothing_to_draw_from_is_refused() -> None:
    with pytest.raises(ValueError, match="any weight"):
        weigh({"a": 0.0})
