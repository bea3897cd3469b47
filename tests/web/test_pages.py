"""Every page is served, under the strict policy, with files that a browser may keep for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.web import pages
from ridethrough.web.assets import Assets
from ridethrough.web.table import PAGES, Page
from tests.api.fakes import context, write_status


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    found = context(tmp_path)
    write_status(found.state_dir)
    with TestClient(create_app(found, pages())) as client:
        yield client


def address(page: Page) -> str:
    return re.sub(r"{[^}]*}", "some", page.path)


def linked(text: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/static/[^"]+)"', text)


@pytest.mark.parametrize("page", [page for page in PAGES if page.path != "/"], ids=lambda page: page.name)
def test_a_slash_too_many_leads_to_the_page_and_to_no_other_host(client: TestClient, page: Page) -> None:
    answer = client.get(f"{address(page)}/?a=b", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, f"{address(page)}?a=b")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_served_with_all_that_it_links(client: TestClient, page: Page) -> None:
    answer = client.get(address(page))
    assert answer.status_code == 200
    assert f"<title>{page.title} · Ridethrough</title>" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    links = linked(answer.text)
    assert f"js/pages/{page.name}.js" in " ".join(links)
    for link in links:
        found = client.get(link)
        assert found.status_code == 200, link
        assert "immutable" in found.headers["cache-control"]


def test_a_file_is_not_sent_twice(client: TestClient) -> None:
    link = next(link for link in linked(client.get("/").text) if link.endswith("shell.js"))
    first = client.get(link)
    again = client.get(link, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["content-encoding"] == "gzip"
    plain = client.get(link, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == first.content


def test_a_page_from_before_an_upgrade_gets_the_file_of_now_and_does_not_keep_it(client: TestClient) -> None:
    answer = client.get("/static/000000000000/js/dom.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["js/none.js", "../__init__.py", "%2e%2e/serve.py", ""])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{Assets().version}/{name}").status_code == 404


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = Assets(tmp_path)
    assert before.url("a.js") == f"/static/{before.version}/a.js"
    (tmp_path / "a.js").write_text("2")
    assert Assets(tmp_path).version != before.version


def test_a_script_is_preloaded_with_all_that_it_imports(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "one.js").write_text('import { a,\n  b } from "../a.js";\n')
    (tmp_path / "a.js").write_text('import { c } from "./b.js";\nimport "./pages/one.js";\nexport * from "./c.js";\n')
    (tmp_path / "b.js").write_text("")
    (tmp_path / "c.js").write_text("")
    assert set(Assets(tmp_path).modules("pages/one.js")) == {"pages/one.js", "a.js", "b.js", "c.js"}


def test_the_icon_and_the_manifest(client: TestClient) -> None:
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"
    (link,) = [link for link in linked(client.get("/").text) if link.endswith("webmanifest")]
    manifest = client.get(link).json()
    assert client.get(manifest["start_url"]).status_code == 200
    assert all(client.get(icon["src"]).status_code == 200 for icon in manifest["icons"])


def test_pages_are_no_part_of_the_api(client: TestClient) -> None:
    assert not [
        path
        for path in client.get("/api/v1/openapi.json").json()["paths"]
        if not path.startswith(("/api/", "/metrics"))
    ]
