"""What a host's options would do in an outage, told while they are being chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.core.observation import HostSeen, PoolSeen, Snapshot, VmSeen
from ridethrough.runtime.seen_file import FILE, Seen

from .fakes import context, write_status

SITE = """
[site]
name = "Lab"
[ups.ups1]
source = "snmp://127.0.0.2"
warning_period = 180
shutdown_delay = 120
action = "client and ups"
[ups.ups2]
source = "snmp://127.0.0.3"
[pool.pool1]
addresses = ["127.0.0.9"]
username = "root"
password = "secret:pool1"
[host.h1]
pool = "pool1"
powered_by = ["ups1"]
"""
GIB = 2**30
SEEN = Snapshot(
    pools={"pool1": PoolSeen("pool1", "h1", answered_at=1.0)},
    hosts={"h1": HostSeen("h1", "pool1", "127.0.0.9")},
    vms={"v1": VmSeen("v1", "web1", "pool1", resident_on="h1", memory=4 * GIB)},
)


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    return tmp_path / "site.toml"


@pytest.fixture
def client(tmp_path: Path, site_file: Path) -> Iterator[TestClient]:
    found = context(tmp_path)
    secret = tmp_path / "secrets" / "pool1"
    secret.write_text("hush-1")
    secret.chmod(0o600)
    site_file.write_text(SITE)
    write_status(found.state_dir)
    (found.state_dir / FILE).write_bytes(msgspec.json.encode(Seen(1.0, SEEN)))
    with TestClient(create_app(found)) as client:
        while not client.get("/api/v1/hosts").json():
            pass
        yield client


def told(client: TestClient, host: str = "h1", **settings: Any) -> Mapping[str, Any]:
    answer = client.post("/api/v1/hosts/foresee", json={"hosts": {host: settings}})
    assert answer.status_code == 200, answer.text
    found: Mapping[str, Any] = answer.json()["hosts"][host]
    return found


def on(after: float) -> dict[str, Any]:
    return {"enabled": True, "after": after}


@pytest.mark.parametrize(
    ("options", "vms", "host", "crash"),
    [
        ({"maintenance": on(60), "shutdown": on(120)}, "migrate", "shuts down", False),
        ({"shutdown": on(120)}, "migrate", "shuts down", False),
        ({"maintenance": on(60)}, "migrate", "keeps running until its UPS stops: crash", True),
        ({}, "crash", "crash", True),
    ],
)
def test_each_row_of_the_action_table(
    client: TestClient, options: dict[str, Any], vms: str, host: str, crash: bool
) -> None:
    row = told(client, powered_by=["ups1"], **options)["row"]
    assert row["vms"].startswith(vms)
    assert (row["host"], row["crash"]) == (host, crash)


def test_steps_stand_beside_the_cards_timers_with_the_sum_told(client: TestClient) -> None:
    found = told(client, powered_by=["ups1"], maintenance=on(60), shutdown=on(120))
    assert found["cards"] == [
        {"ups": "ups1", "warning_period": 180, "shutdown_delay": 120, "action": "client and ups", "off_after": 300}
    ]
    steps = {step["option"]: step for step in found["steps"]}
    assert (steps["maintenance"]["begins"], round(steps["maintenance"]["ends"])) == (
        60,
        106,
    )  # 4 GiB, 100 MB/s
    assert [part["what"] for part in steps["shutdown"]["parts"]] == [
        "to shut the host down",  # maintenance has emptied it by then
        "reserve",
    ]
    assert found["latest"] == {"maintenance": 134, "shutdown": 14}
    (warning,) = found["advice"]
    assert "120 s + 60 s to shut the host down + 60 s reserve = 240 s" in warning["text"]
    assert told(client, powered_by=["ups1"], maintenance=on(10), shutdown=on(14))["advice"] == []


def test_a_card_that_tells_no_timers_makes_no_sum(client: TestClient) -> None:
    found = told(client, powered_by=["ups2"], shutdown=on(120))
    assert found["latest"] == {"maintenance": None, "shutdown": None}
    assert found["cards"][0]["off_after"] is None


def test_a_coordinator_without_timers_is_told_as_protected_until_it_has_some(client: TestClient) -> None:
    assert told(client, powered_by=["ups1"])["protected"]
    off = {"enabled": False, "after": 60}
    assert told(client, powered_by=["ups1"], maintenance=off, shutdown=off)["protected"]
    assert not told(client, powered_by=["ups1"], shutdown=on(120))["protected"]
    assert not told(client, "h2", powered_by=["ups1"])["protected"]


def test_several_hosts_at_once(client: TestClient) -> None:
    body = {"hosts": {"h1": {"powered_by": ["ups1"]}, "h2": {"powered_by": ["ups1", "ups2"], "needs": 2}}}
    hosts = client.post("/api/v1/hosts/foresee", json=body).json()["hosts"]
    assert [card["ups"] for card in hosts["h2"]["cards"]] == ["ups1", "ups2"]
    assert (hosts["h1"]["vms"], hosts["h2"]["vms"]) == (1, 0)


def test_nothing_is_written(client: TestClient, site_file: Path) -> None:
    told(client, powered_by=["ups1"], shutdown=on(120))
    assert site_file.read_text() == SITE


def test_an_unknown_ups_is_refused_by_name(client: TestClient) -> None:
    answer = client.post("/api/v1/hosts/foresee", json={"hosts": {"h1": {"powered_by": ["ups9"]}}})
    assert answer.status_code == 422
    assert 'powered by "ups9", which is no UPS here; known are ups1, ups2' in answer.json()["detail"]


def test_without_a_right_site_file_it_says_so(client: TestClient, site_file: Path) -> None:
    site_file.write_text(SITE.replace("snmp://127.0.0.2", "hush-1"))
    answer = client.post("/api/v1/hosts/foresee", json={"hosts": {"h1": {}}})
    assert answer.status_code == 503
    site_file.unlink()
    assert client.post("/api/v1/hosts/foresee", json={"hosts": {"h1": {}}}).status_code == 503
