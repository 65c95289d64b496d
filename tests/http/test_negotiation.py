"""Accept and Content-Type are read by their grammar: qualities, specificity, parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.http.negotiation import MediaType, choose_media_type, is_form, is_json

GRAPHQL, JSON = MediaType.GRAPHQL, MediaType.JSON


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ([], JSON),
        ([""], JSON),
        (["*/*"], JSON),
        (["application/*"], JSON),
        (["application/json"], JSON),
        (["application/graphql-response+json"], GRAPHQL),
        (["APPLICATION/GraphQL-Response+JSON"], GRAPHQL),
        (["application/json, application/graphql-response+json"], GRAPHQL),
        (["application/json", "application/graphql-response+json"], GRAPHQL),
        (["application/graphql-response+json, application/json;q=0.9"], GRAPHQL),
        (["application/graphql-response+json;q=0.8, application/json;q=0.9"], JSON),
        (["application/graphql-response+json;q=0.8, */*"], JSON),
        (["application/graphql-response+json;q=0, */*"], JSON),
        (["application/json;q=0, */*;q=0.1"], GRAPHQL),
        (["application/json;q=0, application/graphql-response+json;q=0"], None),
        (["text/html, application/xhtml+xml, */*;q=0.8"], JSON),
        (["text/html"], None),
        (["text/*, image/png"], None),
        (["*/*;q=0"], None),
        (["application/json; charset=utf-8"], JSON),
        (['application/json; charset="UTF-8"'], JSON),
        (["application/json; charset=latin1"], None),
        (["application/json; charset=latin1, application/graphql-response+json;q=0.1"], GRAPHQL),
        (["application/json;version=2"], None),
        (["application/json;q=0.5;ext=1"], JSON),
        # A piece of a name is not the name.
        (["application/json-patch+json"], None),
        (["text/application/json"], None),
        (["x-application/json"], None),
        # What is malformed counts for nothing.
        (["application/json;q=2"], None),
        (["application/json;q=0.1234"], None),
        (["application/json;q"], None),
        (["application"], None),
        ([",,,"], JSON),
    ],
)
def test_the_media_type_is_the_one_preferred(accept: list[str], chosen: MediaType | None) -> None:
    assert choose_media_type(accept) is chosen


@given(st.lists(st.text(alphabet='application/json*;,q=01. "+-graphqlresponse', max_size=60), max_size=3))
def test_any_accept_field_can_be_read(accept: list[str]) -> None:
    assert choose_media_type(accept) in {GRAPHQL, JSON, None}


@pytest.mark.parametrize(
    ("content_type", "is_taken"),
    [
        (["application/json"], True),
        (["Application/JSON; Charset=UTF-8"], True),
        (['application/json;charset="utf-8"'], True),
        ([], False),
        (["application/json", "application/json"], False),
        (["application/json; charset=utf-16"], False),
        (["application/json; charset=utf-8; charset=utf-16"], False),
        (["application/json; profile=x"], False),
        (["application/jsonp"], False),
        (["text/plain; application/json"], False),
        (["text/plain, application/json"], False),
        (["application/graphql"], False),
    ],
)
def test_a_body_is_taken_as_json_in_utf_8_alone(content_type: list[str], is_taken: bool) -> None:
    assert is_json(content_type) is is_taken


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "Multipart/Form-Data; boundary=x",
        "text/plain;charset=UTF-8",
        " text/plain ",
    ],
)
def test_what_a_form_can_send_is_recognised(content_type: str) -> None:
    assert is_form([content_type])
    assert not is_form([])
    assert not is_form(["application/json"])
