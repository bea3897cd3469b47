"""What was given up when an outage was closed is still started when its host is back, unless somebody has done so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.custody import take
from ridethrough.core.memory import StorageMemory
from ridethrough.core.model import Storage
from ridethrough.core.observation import Power, StorageSeen
from ridethrough.core.owed import started
from ridethrough.core.recovery import to_start
from ridethrough.core.situation import Situation

from .build import GIB, site, situation, snapshot, vm_seen

NOW = 5000.0
RECORDED = e.PoolRecorded(60.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (("web", "h2"),), False)
GIVEN_UP = e.PoolRestored(2000.0, "pool1", ("h2 has not come back",), (("web", "h2"),))


def later(web: Power = Power.HALTED, *events: e.Event, on: str | None = None, **h2: object) -> Situation:
    """The outage is closed, and web was owed then; h2 has answered again for two minutes, unless told otherwise."""
    the_site = site(2)
    seen = snapshot(NOW, the_site, (vm_seen("web", "h2", power=web, resident_on=on),))
    back = replace(seen.hosts["h2"], **{"answers_since": NOW - 120.0, **h2})  # type: ignore[arg-type]
    seen = replace(seen, hosts={**seen.hosts, "h2": back})
    return situation(NOW, seen, the_site, RECORDED, GIVEN_UP, *events)


def records(s: Situation) -> list[e.PoolRecorded]:
    return [event for event in take(s) if isinstance(event, e.PoolRecorded)]


def test_it_is_ours_to_start_when_its_host_is_back() -> None:
    (record,) = records(later())
    assert (record.running, record.owed) == ((("web", "h2"),), ("web",))
    after = later().after([record])
    assert [vm.name for vm in to_start(after, "pool1")] == ["web"]
    assert after.memory.pool("pool1").owed == ()


@pytest.mark.parametrize(
    "h2",
    [
        {"answers_since": NOW - 30.0},  # XenServer or a person may start it first
        {"answers_since": None, "toolstack_at": 100.0},
        {"live": False},
        {"enabled": False},
        {"memory_free": GIB},
        {"storage": frozenset()},
    ],
)
def test_not_before(h2: dict[str, object]) -> None:
    assert records(later(**h2)) == []  # type: ignore[arg-type]


def test_not_in_a_pool_that_a_person_has_shut_down() -> None:
    s = later()
    pool = replace(s.memory.pool("pool1"), off_by_person=True)
    assert records(replace(s, memory=replace(s.memory, pools={"pool1": pool}), worked_out={})) == []


@pytest.mark.parametrize(("down_at", "serves"), [(None, NOW), (9.0, NOW), (None, 100.0)])
def test_not_before_its_disks_serve(down_at: float | None, serves: float) -> None:
    s = later()
    nas = Storage("nas1", ("ups1",), repositories=("nfs",))
    seen = replace(s.seen, storages={"nas1": StorageSeen("nas1", serves, serves, serves)})
    seen = replace(seen, pools={"pool1": replace(seen.pools["pool1"], storage_names={"nfs": "nfs"})})
    kept = replace(s.memory, storages={"nas1": StorageMemory(down_at=down_at)})
    s = replace(s, seen=seen, memory=kept, site=replace(s.site, storages={"nas1": nas}), worked_out={})
    assert bool(records(s)) is (down_at is None and serves == NOW)


def test_what_somebody_has_started_is_not_ours_any_more() -> None:
    """It may be shut down again, and then stays off."""
    s = later(Power.RUNNING, on="h1")
    (event,) = started(s)
    assert event == e.VmRunsAgain(NOW, "web", "web", "h1")
    assert records(later(Power.HALTED, event)) == []
    assert "web" not in later(Power.HALTED, event).memory.vms


def test_what_a_pool_believes_of_a_host_that_is_gone_or_has_just_started_is_no_start() -> None:
    assert started(later(Power.RUNNING, on="h2", answers_since=None, toolstack_at=100.0)) == []
    assert started(later(Power.RUNNING, on="h2", answers_since=NOW - 10.0)) == []
    assert started(later(Power.RUNNING, on="h2")) != []  # its network alone was gone
