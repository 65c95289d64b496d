"""Agency lists: our own plain file and the FBI's, with agencies of every level, with ORIs and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.domain.intake import ImportKind, KnownAgency, Reason
from app.registry.intake.agency_names import AgencyDirectory, fold_agency_name
from app.registry.intake.cells import RowTurned
from app.registry.intake.mapping import AgencyColumns

from .conftest import SHARED, Importer

FBI_LIST = SHARED / "ref" / "fbi_agencies_2018.csv"
PLAIN = "name,kind,level,state,county_fips,oris,parent,sworn_count,rural,tribe,status\n"
FBI = "ori,agency_name,agency_type,state,county_name,county_fips\n"


async def bring(importer: Importer, path: Path) -> dict[str, Any]:
    return (await importer.run(ImportKind.AGENCIES, path)).counts.to_json()


async def read_agency(owner: asyncpg.Connection, name: str) -> asyncpg.Record:
    row = await owner.fetchrow(
        "SELECT a.*, j.code, j.level, array(SELECT ori FROM registry.agency_oris o WHERE o.agency_id = a.id"
        " ORDER BY ori) AS oris FROM registry.agencies a JOIN registry.jurisdictions j ON j.id = a.jurisdiction_id"
        " WHERE a.name = $1",
        name,
    )
    assert row is not None
    return row


async def test_agencies_of_every_level_are_taken_with_and_without_oris(
    importer: Importer, owner: asyncpg.Connection, write_file
) -> None:
    rows = (
        "Fictional Harbor Police Department,LOCAL_POLICE,LOCAL,WA,53033,WA9990100; wa9990199,,48,no,,\n"
        "Fictional State Patrol,PRIMARY_STATE,STATE,WA,,,,1200,,,\n"
        "Fictional Federal Marshals,FEDERAL,FEDERAL,,,,,,,,\n"
        "Fictional Federal Park Rangers,FEDERAL,FEDERAL,OR,41051,,,,yes,,\n"
        "Fictional University Police,CAMPUS,CAMPUS,WA,53077,,,9,,,\n"
        "Fictional River Tribal Police,TRIBAL,TRIBAL,WA,,,,,,Fictional River Nation,\n"
        "Fictional Island Police,TERRITORIAL,TERRITORIAL,GU,,GM9990000,,,,,closed\n"
    )
    counts = await bring(importer, write_file("plain.csv", PLAIN + rows))
    assert counts["reasons"] == {"accepted": {"AGENCY_ADDED": 7}, "parked": {}, "refused": {}}
    harbor = await read_agency(owner, "Fictional Harbor Police Department")
    assert (harbor["code"], harbor["state_code"], harbor["size_band"]) == ("53033", "WA", "FROM_11_TO_49")
    assert harbor["oris"] == ["WA9990100", "WA9990199"]
    patrol = await read_agency(owner, "Fictional State Patrol")
    assert (patrol["code"], patrol["level"], patrol["oris"]) == ("WA", "STATE", [])
    marshals = await read_agency(owner, "Fictional Federal Marshals")
    assert (marshals["code"], marshals["state_code"], marshals["location_state"]) == ("US", None, None)
    rangers = await read_agency(owner, "Fictional Federal Park Rangers")
    assert (rangers["code"], rangers["state_code"], rangers["location_state"]) == ("US", None, "OR")
    campus = await read_agency(owner, "Fictional University Police")
    assert (campus["code"], campus["kind"], campus["size_band"]) == ("53077", "CAMPUS", "UP_TO_10")
    tribal = await read_agency(owner, "Fictional River Tribal Police")
    assert (tribal["code"], tribal["level"]) == ("TRIBE-fictional-river-nation", "TRIBAL")
    assert (tribal["state_code"], tribal["location_state"]) == (None, "WA")
    island = await read_agency(owner, "Fictional Island Police")
    assert (island["code"], island["status"], island["oris"]) == ("GU", "CLOSED", ["GM9990000"])


@pytest.mark.parametrize(
    ("row", "outcome", "reason"),
    [
        (",LOCAL_POLICE,LOCAL,WA,53033,,,,,,", "refused", "CELL_BLANK"),
        ("Fictional X,POLICE,LOCAL,WA,53033,,,,,,", "refused", "VALUE_NOT_ALLOWED"),
        ("Fictional X,LOCAL_POLICE,COUNTY,WA,53033,,,,,,", "refused", "VALUE_NOT_ALLOWED"),
        ("Fictional X,LOCAL_POLICE,LOCAL,,53033,,,,,,", "refused", "CELL_BLANK"),
        ("Fictional X,LOCAL_POLICE,LOCAL,WA,53033,WA12,,,,,", "refused", "ORI_MALFORMED"),
        ("Fictional X,LOCAL_POLICE,LOCAL,WA,53033,,,many,,,", "refused", "NUMBER_UNREADABLE"),
        ("Fictional X,LOCAL_POLICE,LOCAL,WA,53033,,,,perhaps,,", "refused", "VALUE_NOT_ALLOWED"),
        ("@Fictional X,LOCAL_POLICE,LOCAL,WA,53033,,,,,,", "refused", "FORMULA_CELL"),
        ("Fictional X,LOCAL_POLICE,LOCAL,WA,53033,OR9990100,,,,,", "parked", "ORI_OF_OTHER_STATE"),
        ("Fictional X,LOCAL_POLICE,LOCAL,WA,41051,,,,,,", "parked", "PLACE_UNKNOWN"),
        ("Fictional X,LOCAL_POLICE,LOCAL,WA,53999,,,,,,", "parked", "PLACE_UNKNOWN"),
        ("Fictional X,PRIMARY_STATE,STATE,ZZ,,,,,,,", "parked", "PLACE_UNKNOWN"),
        ("Fictional X,FEDERAL,FEDERAL,ZZ,,,,,,,", "parked", "PLACE_UNKNOWN"),
        ("Fictional X,LOCAL_POLICE,LOCAL,WA,53033,,Fictional Nobody,,,,", "parked", "PARENT_UNKNOWN"),
        ("Fictional X,LOCAL_POLICE,LOCAL,WA,53033,,Fictional Twin,,,,", "parked", "PARENT_AMBIGUOUS"),
        ("Fictional X,LOCAL_POLICE,LOCAL,WA,53033,WA9990100;WA9990200,,,,,", "parked", "ORIS_OF_SEVERAL_AGENCIES"),
        ("Fictional Bare,LOCAL_POLICE,LOCAL,WA,53033,WA9990300,,,,,", "parked", "AGENCY_AMBIGUOUS"),
    ],
)
async def test_a_row_that_cannot_be_taken_says_why(
    importer: Importer, write_file, row: str, outcome: str, reason: str
) -> None:
    known = (
        "Fictional One,LOCAL_POLICE,LOCAL,WA,53033,WA9990100,,,,,\n"
        "Fictional Two,LOCAL_POLICE,LOCAL,WA,53033,WA9990200,,,,,\n"
        "Fictional Bare,LOCAL_POLICE,LOCAL,WA,53033,,,,,,\n"
        "Fictional Twin,LOCAL_POLICE,LOCAL,WA,53033,,,,,,\n"
        "Fictional Twin,LOCAL_POLICE,LOCAL,WA,53053,,,,,,\n"
    )
    assert (await bring(importer, write_file("known.csv", PLAIN + known)))["accepted"] == 5
    counts = await bring(importer, write_file("row.csv", PLAIN + row + "\n"))
    assert counts["reasons"][outcome] == {reason: 1}
    assert counts["accepted"] == 0


async def test_a_later_list_changes_what_it_gives_and_takes_nothing_away(
    importer: Importer, owner: asyncpg.Connection, write_file
) -> None:
    await bring(
        importer, write_file("a.csv", PLAIN + "Fictional One,LOCAL_POLICE,LOCAL,WA,53033,WA9990100,,48,yes,,\n")
    )
    fbi = FBI + "WA9990100,Fictional First Police Department,City,WA,KING,53033\n"
    counts = (await importer.run(ImportKind.AGENCIES, write_file("b.csv", fbi), source="fbi")).counts.to_json()
    assert counts["reasons"]["accepted"] == {"AGENCY_UPDATED": 1}
    agency = await read_agency(owner, "Fictional First Police Department")
    assert (agency["sworn_count"], agency["rural"], agency["oris"]) == (48, True, ["WA9990100"])
    assert await owner.fetchval("SELECT count(*) FROM registry.agencies") == 1


async def test_a_county_code_that_lost_its_zero_is_mended(
    importer: Importer, owner: asyncpg.Connection, write_file
) -> None:
    await bring(importer, write_file("a.csv", PLAIN + "Fictional Bay Police,LOCAL_POLICE,LOCAL,AL,1003,,,,,,\n"))
    assert (await read_agency(owner, "Fictional Bay Police"))["county_fips"] == "01003"


async def test_the_fbis_types_become_kinds_and_levels(
    importer: Importer, owner: asyncpg.Connection, write_file
) -> None:
    rows = (
        "WA9990000,Fictional County Sheriff's Office,County,WA,KING,53033\n"
        "VA9990000,Fictional County Police Department,County,VA,FAIRFAX,51059\n"
        "WA9991000,Fictional State University,University or College,WA,WHITMAN,53075\n"
        "WAWSP9900,Fictional State Patrol,State Police,WA,,\n"
        "WA9992000,Fictional Gambling Board,Other State Agency,WA,,\n"
        "WA9993000,Fictional Airport,Other,WA,,\n"
        "WA9994000,Fictional River Tribal Police Department,Tribal,WA,,\n"
        "NB9990000,Fictional Plains Police Department,City,NE,LANCASTER,31109\n"
        "GM9990000,Fictional Island,Other,GU,,\n"
        "WA9995000,Fictional Nowhere,Town,WA,,\n"
    )
    counts = await bring(importer, write_file("fbi.csv", FBI + rows))
    assert (counts["accepted"], counts["reasons"]["parked"]) == (9, {"CODE_UNKNOWN": 1})
    found = {
        row["ori"]: (row["kind"], row["code"], row["state_code"], row["location_state"])
        for row in await owner.fetch(
            "SELECT o.ori, a.kind, j.code, a.state_code, a.location_state FROM registry.agencies a"
            " JOIN registry.agency_oris o ON o.agency_id = a.id"
            " JOIN registry.jurisdictions j ON j.id = a.jurisdiction_id"
        )
    }
    assert found == {
        "WA9990000": ("SHERIFF", "53033", "WA", "WA"),
        "VA9990000": ("LOCAL_POLICE", "51059", "VA", "VA"),
        "WA9991000": ("CAMPUS", "53075", "WA", "WA"),
        "WAWSP9900": ("PRIMARY_STATE", "WA", "WA", "WA"),
        "WA9992000": ("SPECIAL_JURISDICTION", "WA", "WA", "WA"),
        "WA9993000": ("SPECIAL_JURISDICTION", "WA", "WA", "WA"),
        "WA9994000": ("TRIBAL", "TRIBE-wa-fictional-river", None, "WA"),
        "NB9990000": ("LOCAL_POLICE", "31109", "NE", "NE"),
        "GM9990000": ("TERRITORIAL", "GU", "GU", "GU"),
    }


@pytest.mark.skipif(not FBI_LIST.is_file(), reason="the FBI's list is not here")
async def test_the_whole_list_of_the_fbi_is_taken(importer: Importer, owner: asyncpg.Connection) -> None:
    counts = await bring(importer, FBI_LIST)
    assert (counts["read"], counts["accepted"], counts["parked"], counts["refused"]) == (18_702, 18_702, 0, 0)
    by_level = dict(
        await owner.fetch(
            "SELECT j.level, count(*) FROM registry.agencies a"
            " JOIN registry.jurisdictions j ON j.id = a.jurisdiction_id GROUP BY j.level"
        )
    )
    assert by_level["TRIBAL"] == 208
    assert await owner.fetchval("SELECT count(*) FROM registry.agency_oris WHERE ori LIKE 'NB%'") == 267
    assert await owner.fetchval("SELECT count(*) FROM registry.agencies WHERE state_code = 'NE'") >= 260
    again = await bring(importer, FBI_LIST)
    assert again["unchanged"] == 18_702


COLUMNS = AgencyColumns(
    name="agency", ori="ori", aliases={"THE BIG CITY FORCE": "WA9990100", "OLD NAME": "Fictional Ridge"}, words={}
)
HARBOR, RIDGE, FIRST_TWIN, SECOND_TWIN = (
    KnownAgency(id=number, name=name, oris=oris)  # type: ignore[arg-type]
    for number, name, oris in (
        (1, "Fictional Harbor Police Department", ("WA9990100", "WA9990199")),
        (2, "Fictional Ridge", ()),
        (3, "Fictional Twin", ("WA9990300",)),
        (4, "FICTIONAL TWIN", ("WA9990400",)),
    )
)


@pytest.mark.parametrize(
    ("ori", "name", "found"),
    [
        ("WA9990199", None, HARBOR),
        ("wa9990300", "Fictional Ridge", FIRST_TWIN),
        ("WA0000000", "fictional  RIDGE.", RIDGE),
        (None, "The Big City Force", HARBOR),
        (None, "Old Name", RIDGE),
        (None, "WA9990400", SECOND_TWIN),
    ],
)
def test_an_agency_is_found_by_ori_by_alias_and_by_one_name(
    ori: str | None, name: str | None, found: KnownAgency
) -> None:
    directory = AgencyDirectory(COLUMNS, [HARBOR, RIDGE, FIRST_TWIN, SECOND_TWIN])
    assert directory.find(ori, name) == found.id


@pytest.mark.parametrize(
    ("ori", "name", "reason"),
    [
        (None, None, Reason.AGENCY_NOT_NAMED),
        ("WA0000000", None, Reason.AGENCY_UNKNOWN),
        (None, "Fictional Twin", Reason.AGENCY_AMBIGUOUS),
        (None, "Fictional Ridges", Reason.AGENCY_UNKNOWN),
    ],
)
def test_an_agency_that_is_not_one_is_not_guessed(ori: str | None, name: str | None, reason: Reason) -> None:
    directory = AgencyDirectory(COLUMNS, [HARBOR, RIDGE, FIRST_TWIN, SECOND_TWIN])
    with pytest.raises(RowTurned) as turned:
        directory.find(ori, name)
    assert turned.value.reason is reason


@pytest.mark.parametrize(
    "name", ["Doña Ana Sheriff's Dept.", "DONA ANA SHERIFFS DEPARTMENT", "Dona-Ana Sheriff’s dept"]
)
def test_names_are_compared_without_accents_apostrophes_and_abbreviations(name: str) -> None:
    assert fold_agency_name(name, {"DEPT": "DEPARTMENT"}) == "DONA ANA SHERIFFS DEPARTMENT"
