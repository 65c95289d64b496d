"""Pages and health: every byte from our own origin, nothing for another page to frame, nothing to try in production."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.errors import ErrorCode
from app.http.pages import GRAPHIQL_FILES

from .small_pipeline import SmallPipeline, open_client, read_codes

PAGES = Path(__file__).resolve().parents[2] / "app" / "http" / "pages"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder of npm packages in which GraphiQL is installed, as far as the page knows."""
    for name, place in GRAPHIQL_FILES.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f"/* {name} */")
    return tmp_path


def read_directives(policy: str) -> dict[str, str]:
    return dict(directive.strip().partition(" ")[::2] for directive in policy.split(";"))


def list_references(html: str) -> list[str]:
    return re.findall(r'(?:src|href|action)="([^"]*)"', html)


async def test_every_answer_carries_the_protective_fields() -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        for path in ("/", "/graphiql", "/healthz", "/readyz", "/.well-known/jwks.json", "/graphql", "/nothing"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert headers["strict-transport-security"].startswith("max-age=")
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "server" not in headers and "x-powered-by" not in headers
            assert headers["cache-control"]


async def test_https_is_not_promised_where_it_is_not_spoken() -> None:
    async with open_client(SmallPipeline(), endpoint_url="http://127.0.0.1:8000/graphql") as client:
        headers = (await client.get("/healthz")).headers
    assert "x-content-type-options" in headers
    assert "strict-transport-security" not in headers


async def test_the_landing_page_says_what_probity_is_and_every_link_on_it_leads_somewhere() -> None:
    async with open_client(SmallPipeline(is_demo=True)) as client:
        page = await client.get("/")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "open registry of law-enforcement officer outcomes" in page.text
        assert "/graphiql" in list_references(page.text)
        for link in list_references(page.text):
            assert (await client.get(link)).status_code == 200
        assert (await client.head("/")).status_code == 200


async def test_in_production_nothing_invites_to_try_queries() -> None:
    async with open_client(SmallPipeline(is_demo=False)) as client:
        page = await client.get("/")
        assert "graphiql" not in page.text and "invented" not in page.text
        for link in list_references(page.text):
            assert (await client.get(link)).status_code == 200


async def test_in_production_there_is_no_query_page_even_where_graphiql_is_installed(packages: Path) -> None:
    async with open_client(SmallPipeline(is_demo=False), graphiql=packages) as client:
        for path in ("/graphiql", "/assets/query.js", "/graphiql/assets/explorer.js", "/graphiql/assets/graphiql.js"):
            answered = await client.get(path)
            assert answered.status_code == 404
            assert read_codes(answered) == [ErrorCode.NOT_FOUND]


async def test_graphiql_is_served_from_our_own_origin_where_it_is_installed(packages: Path) -> None:
    async with open_client(SmallPipeline(is_demo=True), graphiql=packages) as client:
        page = await client.get("/graphiql")
        assert "GraphiQL" in page.text
        references = list_references(page.text)
        assert {f"/graphiql/assets/{name}" for name in GRAPHIQL_FILES} < set(references)
        for reference in references:
            assert (await client.get(reference)).status_code == 200
        assert (await client.get("/graphiql/assets/graphiql.js")).text == "/* graphiql.js */"
        assert (await client.get("/graphiql/assets/package.json")).status_code == 404


@pytest.mark.parametrize("is_partly_there", [False, True])
async def test_a_plain_page_takes_its_place_where_it_is_not(packages: Path, is_partly_there: bool) -> None:
    (packages / GRAPHIQL_FILES["react.js"]).unlink()
    async with open_client(SmallPipeline(is_demo=True), graphiql=packages if is_partly_there else None) as client:
        page = await client.get("/graphiql")
        assert page.status_code == 200
        assert "npm ci" in page.text and "web/graphiql" in page.text
        for reference in list_references(page.text):
            assert (await client.get(reference)).status_code == 200


async def test_a_page_may_run_files_of_its_own_and_nothing_else(packages: Path) -> None:
    for graphiql in (packages, None):
        async with open_client(SmallPipeline(is_demo=True), graphiql=graphiql) as client:
            for path in ("/", "/graphiql"):
                policy = read_directives((await client.get(path)).headers["content-security-policy"])
                assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
                assert policy["form-action"] == "'none'"
                assert policy.get("script-src", "'none'") in {"'none'", "'self'"}
                assert policy.get("connect-src", "'none'") in {"'none'", "'self'"}


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda path: path.name)
def test_a_page_holds_no_script_style_or_address_that_its_policy_forbids(page: Path) -> None:
    html = page.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert all(reference.startswith("/") and not reference.startswith("//") for reference in list_references(html))


@pytest.mark.parametrize("script", sorted(PAGES.glob("*.js")), ids=lambda path: path.name)
def test_a_script_of_ours_stores_nothing_and_speaks_to_our_own_origin_alone(script: Path) -> None:
    text = script.read_text("utf-8")
    for forbidden in ("localStorage", "sessionStorage", "cookie", "innerHTML", "eval(", "http://", "https://"):
        assert forbidden not in text
    assert re.findall(r"fetch\((\S+),", text) == ['"/graphql"']


async def test_health_says_that_the_process_answers_and_readiness_that_it_can() -> None:
    pipeline = SmallPipeline()
    async with open_client(pipeline) as client:
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        assert (await client.get("/readyz")).status_code == 200
        pipeline.ready = False
        unready = await client.get("/readyz")
        assert (unready.status_code, unready.json()) == (503, {"status": "not ready"})
        pipeline.ready = OSError("the database at 10.0.0.1 has gone")
        assert (await client.get("/readyz")).json() == {"status": "not ready"}
        assert (await client.get("/healthz")).status_code == 200


async def test_the_public_keys_are_published_as_a_key_set() -> None:
    keys = {"keys": [{"kty": "EC", "kid": "demo"}]}
    async with open_client(SmallPipeline(public_keys=keys)) as client:
        answered = await client.get("/.well-known/jwks.json")
    assert answered.json() == keys
    assert answered.headers["content-type"] == "application/jwk-set+json"
