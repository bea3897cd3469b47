"""The plugs of a simulated site, through the socket that a demo holds out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.cli.compose import plugs_at
from ridethrough.cli.plugs import Plugs
from ridethrough.cli.wire import WireSite
from ridethrough.sim.site_file import load_site

from .fakes import context

Ask = Callable[[dict[str, str]], Awaitable[dict[str, Any]]]


@pytest.fixture
async def site(root: Path, tmp_path: Path) -> AsyncIterator[WireSite]:
    wire = WireSite(load_site(root / "scenarios" / "sites" / "two_hosts.toml"), tmp_path, 1.0)
    await wire.start()
    plugs = Plugs(wire, tmp_path / "plugs")
    await plugs.start()
    yield wire
    await plugs.stop()
    await wire.stop()


@pytest.fixture
def ask(site: WireSite, tmp_path: Path) -> Ask:
    return plugs_at(tmp_path / "plugs")


async def test_a_feeder_is_pulled_and_plugged_in(site: WireSite, ask: Ask) -> None:
    assert (await ask({}))["feeders"] == [{"id": "a", "on": True}, {"id": "b", "on": True}]
    pulled = await ask({"do": "fail", "subject": "a"})
    assert (pulled["feeders"][0], pulled["trouble"]) == ({"id": "a", "on": False}, "")
    assert not site.world.feeders["a"]
    await ask({"do": "restore", "subject": "a"})
    assert site.world.feeders["a"]


async def test_every_word_can_be_done_to_its_first_subject_or_says_why_not(ask: Ask) -> None:
    told = await ask({})
    assert len(told["words"]) > 25
    for word in told["words"]:
        for subject in word["subjects"][:1]:
            answer = await ask({"do": word["do"], "subject": subject})
            assert answer["feeders"]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"do": "fail", "subject": "z"}, 'fail: there is no feeder "z"; known are a, b'),
        ({"do": "shut down pool", "subject": "pool1"}, 'nothing is called "shut down pool" here'),
    ],
)
async def test_what_is_unknown_is_told(ask: Ask, asked: dict[str, str], why: str) -> None:
    assert (await ask(asked))["trouble"] == why


def test_a_real_site_has_no_plugs(tmp_path: Path) -> None:
    client = TestClient(create_app(context(tmp_path)))
    assert client.get("/api/v1/demo").status_code == 404
    assert client.post("/api/v1/demo", json={"do": "fail", "subject": "a"}).status_code == 404


def test_a_demo_that_has_ended_is_told(tmp_path: Path) -> None:
    client = TestClient(create_app(replace(context(tmp_path), plugs=plugs_at(tmp_path / "gone"))))
    assert client.get("/api/v1/demo").status_code == 503
