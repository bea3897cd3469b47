"""HA out of the way before it stands in it, and as it was afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import custody, evacuation, high_availability
from ridethrough.core import events as e
from ridethrough.core.actions import Action, LowerHa, MoveVm, RestoreHa, SuspendHa
from ridethrough.core.closing import differences
from ridethrough.core.memory import STOOD_STILL, HaMemory
from ridethrough.core.observation import Power, Restart, Snapshot, Source, VmSeen
from ridethrough.core.situation import Situation

from .build import lost, remember, site, situation, snapshot, vm_seen

NOW = 100.0
RECORD = e.PoolRecorded(90.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (), False)
SUSPEND = SuspendHa("pool1", 1, ("sr1",), (("timeout", "60"),), "why")
LOWER = LowerHa("pool1", 1, "why")
BATTERY = Source.BATTERY


def with_ha(seen: Snapshot, **changes: object) -> Snapshot:
    settings: dict[str, object] = {"ha_enabled": True, "ha_failures": 1, "ha_storages": ("sr1",)}
    settings["ha_configuration"] = (("timeout", "60"),)
    pool = replace(seen.pools["pool1"], **{**settings, **changes})  # type: ignore[arg-type]
    return replace(seen, pools={"pool1": pool})


def begun(*hosts: str) -> list[e.Event]:
    outages = [lost(f"ups{host[1:]}", 30.0) for host in hosts]
    return [RECORD, *outages, *(e.EvacuationBegun(95.0, host, "on battery") for host in hosts)]


def outage(*hosts: str, **changes: object) -> Situation:
    the_site = site(2)
    seen = with_ha(snapshot(NOW, the_site, sources={f"ups{h[1:]}": BATTERY for h in hosts}), **changes)
    return situation(NOW, seen, the_site, *begun(*hosts))


def actions(events: list[e.Event]) -> list[Action]:
    return [event.action for event in events if isinstance(event, e.ActionStarted)]


def test_it_is_lowered_for_one_host_and_switched_off_for_all() -> None:
    lowered = actions(high_availability.make_way(outage("h1")))
    assert [(a.pool, a.failures) for a in lowered if isinstance(a, LowerHa)] == [("pool1", 1)]
    off = actions(high_availability.make_way(outage("h1", "h2")))
    assert [(a.failures, a.storages, a.configuration) for a in off if isinstance(a, SuspendHa)] == [
        (1, ("sr1",), (("timeout", "60"),))
    ]


def test_it_is_left_alone_where_it_insists_on_nothing() -> None:
    s = outage("h1", ha_failures=0)
    assert high_availability.make_way(s) == []
    assert not high_availability.stands_in_the_way(s, "pool1")


def test_hosts_are_not_disabled_before_it_is_out_of_the_way() -> None:
    assert actions(evacuation.disable(outage("h1"))) == []
    assert len(actions(evacuation.disable(outage("h1", ha_failures=0)))) == 1


def test_it_is_lowered_for_the_guests_of_a_host_that_was_closed_before_and_they_wait_for_it() -> None:
    """It refuses a move onto a host that could then not be lost."""

    def closed(vms: tuple[VmSeen, ...], **changes: object) -> Situation:
        s = outage("h1", **changes)
        hosts = {**s.seen.hosts, "h1": replace(s.seen.hosts["h1"], enabled=False)}
        return Situation(s.now, replace(s.seen, hosts=hosts, vms={v.id: v for v in vms}), s.memory, s.site)

    web = (vm_seen("web", "h1"),)
    assert [type(a) for a in actions(high_availability.make_way(closed(web)))] == [LowerHa]
    assert actions(evacuation.move(closed(web))) == []
    assert [type(a) for a in actions(evacuation.move(closed(web, ha_failures=0)))] == [MoveVm]
    assert high_availability.make_way(closed(())) == []


def test_it_is_waited_for_only_so_long() -> None:
    s = outage("h1").after([e.ActionStarted(NOW, LOWER)])
    late = replace(s, now=NOW + high_availability.PATIENCE, worked_out={})
    assert high_availability.stands_in_the_way(s, "pool1")
    assert not high_availability.stands_in_the_way(late, "pool1")
    refused = s.after([e.ActionFinished(NOW, s.memory.position, LOWER, "RBAC_PERMISSION_DENIED", refused=True)])
    assert not high_availability.stands_in_the_way(refused, "pool1")
    assert refused.memory.pool("pool1").ha is None, "nothing was changed, so nothing is to be restored"


def test_how_it_was_is_remembered_before_the_call() -> None:
    asked = remember(
        RECORD, e.ActionStarted(NOW, LOWER), e.ActionFinished(NOW, 2, LOWER), e.ActionStarted(NOW, SUSPEND)
    )
    before = HaMemory(lowered=True, suspended=True, failures=1, storages=("sr1",), configuration=(("timeout", "60"),))
    assert asked.pool("pool1").ha == before
    dead = remember(RECORD, e.ActionStarted(NOW, SUSPEND), e.ControllerStarted(NOW + 30.0, "1"))
    assert dead.pool("pool1").ha == replace(before, lowered=False), "whether it was done is unknown"
    still = remember(RECORD, e.ActionStarted(NOW, SUSPEND), e.ActionFinished(NOW, 2, SUSPEND, STOOD_STILL))
    assert still.pool("pool1").ha is None


def test_a_second_step_does_not_forget_what_the_first_has_seen() -> None:
    """Lowered to none, and then the whole pool must go: what is restored is not none."""
    s = outage("h1", "h2", ha_failures=0).after([e.ActionStarted(96.0, LOWER)])
    s = s.after([e.ActionFinished(96.5, s.memory.position, LOWER)])
    assert [a.failures for a in actions(high_availability.make_way(s)) if isinstance(a, SuspendHa)] == [1]


def test_it_is_restored_only_with_every_host() -> None:
    the_site = site(2)
    seen = with_ha(snapshot(NOW, the_site), ha_enabled=False)
    events: tuple[e.Event, ...] = (RECORD, e.ActionStarted(95.0, SUSPEND))
    s = situation(NOW, seen, the_site, *events)
    finished = e.ActionFinished(96.0, s.memory.position, SUSPEND)
    s = situation(NOW, seen, the_site, *events, finished)
    assert [type(a) for a in actions(high_availability.restore(s, "pool1"))] == [RestoreHa]
    silent = replace(seen.hosts["h2"], toolstack_at=None)
    without = situation(NOW, replace(seen, hosts={**seen.hosts, "h2": silent}), the_site, *events, finished)
    assert high_availability.restore(without, "pool1") == []
    assert high_availability.not_restored(without, "pool1") == "h2 is not back"
    assert high_availability.differs(without, "pool1") == ["HA is off (h2 is not back)"]


def test_what_could_not_be_restored_outlives_the_outage() -> None:
    restore = RestoreHa("pool1", True, 1, ("sr1",), (), "why")
    events: list[e.Event] = [RECORD, e.ActionStarted(95.0, SUSPEND)]
    events.append(e.ActionFinished(95.5, 2, SUSPEND))
    for n in range(high_availability.ATTEMPTS):
        events += [e.ActionStarted(96.0, restore), e.ActionFinished(96.5, 4 + 2 * n, restore, "HOST_OFFLINE")]
    events.append(e.PoolRestored(97.0, "pool1", ()))
    the_site = site(2)
    seen = with_ha(snapshot(NOW, the_site), ha_enabled=False)
    s = situation(NOW, seen, the_site, *events)
    assert high_availability.not_restored(s, "pool1") == "HOST_OFFLINE"
    assert not high_availability.is_to_be_restored(s, "pool1")
    later = NOW + high_availability.AGAIN_AFTER
    anew = situation(later, with_ha(snapshot(later, the_site), ha_enabled=False), the_site, *events)
    assert high_availability.is_to_be_restored(anew, "pool1")


@pytest.mark.parametrize(
    ("vm", "is_told"),
    [
        (vm_seen("web", "h1", restart=Restart.ALWAYS), True),
        (vm_seen("web", "h1", restart=Restart.ALWAYS, ha_protected=True), False),
        (vm_seen("web", "h1", restart=Restart.BEST_EFFORT), False),  # a person's choice
        (vm_seen("web", "h1", restart=Restart.ALWAYS, power=Power.HALTED), False),  # it is told that it is off
        (vm_seen("other", "h1", restart=Restart.ALWAYS), False),  # nobody protected it before
    ],
)
def test_a_protection_that_is_lost_is_told_at_the_end(vm: VmSeen, is_told: bool) -> None:
    record = replace(RECORD, protected=("web",), running=(("web", "h1"),))
    seen = with_ha(snapshot(NOW, site(2), (vm,)))
    told = differences(situation(NOW, seen, site(2), record), "pool1")
    assert ("HA does not protect web any more (its stop had begun)" in told) == is_told


def test_what_ha_protects_is_recorded_where_it_is_on() -> None:
    vms = (vm_seen("web", "h1", restart=Restart.ALWAYS, ha_protected=True), vm_seen("db", "h1"))
    the_site, events = site(2), begun("h1")[1:]  # but for the record
    for on, protected in ((True, ("web",)), (False, ())):
        seen = with_ha(snapshot(NOW, the_site, vms, {"ups1": BATTERY}), ha_enabled=on)
        found = custody.take(situation(NOW, seen, the_site, *events))
        assert [x.protected for x in found if isinstance(x, e.PoolRecorded)] == [protected]
