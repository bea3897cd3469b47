"""Charts and evidence over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.api.evidence import Evidence
from ridethrough.api.history import History
from ridethrough.config import ConfigError
from tests.api.fakes import context, write_status


@contextmanager
def serving(tmp_path: Path, **parts: Any) -> Iterator[TestClient]:
    found = context(tmp_path)
    write_status(found.state_dir)
    with TestClient(create_app(replace(found, **parts))) as client:
        while not client.get("/api/v1/upses").json():
            pass
        yield client


def until(found: Callable[[], Any]) -> Any:
    while not (value := found()):
        pass
    return value


def test_what_the_cards_tell_becomes_a_chart(tmp_path: Path) -> None:
    found = context(tmp_path)
    write_status(found.state_dir)
    history = History(found.state_dir, lambda: found.live.tables["upses"], found.live.now)
    with TestClient(create_app(replace(found, history=history, services=(history,)))) as client:
        chart = until(lambda: (c := client.get("/api/v1/upses/ups1/history?span=hour")).status_code == 200 and c.json())
        while not chart["points"]:
            chart = client.get("/api/v1/upses/ups1/history?span=hour").json()
    assert (chart["ups"], chart["span"], chart["step"]) == ("ups1", "hour", 30.0)
    assert chart["until_at"] - chart["from_at"] == 3600.0
    assert chart["points"][0]["charge"] == {"min": 98.0, "mean": 98.0, "max": 98.0}
    assert chart["points"][0]["load"] is None


def test_unknown_upses_and_spans_are_told(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        assert client.get("/api/v1/upses/ups9/history").status_code == 404
        assert client.get("/api/v1/upses/ups9/evidence").status_code == 404
        assert client.get("/api/v1/upses/ups1/history?span=century").status_code == 422
        assert client.get("/api/v1/upses/ups1/history").status_code == 503
        assert client.get("/api/v1/upses/ups1/evidence").status_code == 503


def test_a_ups_is_asked_once_for_all_who_look(tmp_path: Path) -> None:
    asked = []

    async def show(ups: str) -> dict[str, Any]:
        asked.append(ups)
        return {"id": ups, "evidence": []}

    with serving(tmp_path, evidence=Evidence(show)) as client:
        for _ in range(3):
            assert client.get("/api/v1/upses/ups1/evidence").json() == {"id": "ups1", "evidence": []}
    assert asked == ["ups1"]


def test_a_ups_that_does_not_answer_in_time_is_asked_anew(tmp_path: Path) -> None:
    asked = []

    async def show(ups: str) -> dict[str, Any]:
        asked.append(ups)
        await asyncio.Event().wait()
        return {}

    with serving(tmp_path, evidence=Evidence(show, patience=0.01)) as client:
        answers = [client.get("/api/v1/upses/ups1/evidence") for _ in range(2)]
    assert [(a.status_code, a.json()["detail"]) for a in answers] == [
        (504, "ups1 did not answer in time: try again")
    ] * 2
    assert asked == ["ups1", "ups1"]


def test_a_ups_that_site_toml_no_longer_names_is_told(tmp_path: Path) -> None:
    async def gone(ups: str) -> dict[str, Any]:
        raise KeyError(ups)

    async def wrong(ups: str) -> dict[str, Any]:
        raise ConfigError(["site.toml: is not TOML"])

    for show, status in ((gone, 404), (wrong, 409)):
        with serving(tmp_path, evidence=Evidence(show)) as client:
            assert client.get("/api/v1/upses/ups1/evidence").status_code == status
