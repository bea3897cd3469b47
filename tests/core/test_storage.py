"""Storage: after everything that uses it, before its UPS stops, and served before anything starts (behaviour.md §6)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ridethrough.core import events as e
from ridethrough.core.actions import ForceStopVm, ReleasePool, StopStorage, StopVm
from ridethrough.core.decide import decide
from ridethrough.core.ends import left, serves_for, stays_for
from ridethrough.core.model import Storage, Ups, Way
from ridethrough.core.observation import PoolSeen, Power, Snapshot, Source, StorageSeen
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.core.storage import NOT_SERVING, Word, disks_served, is_serving, news, word
from ridethrough.core.storage_use import guests_on, hosts_on, repositories_of, storages_of
from ridethrough.core.topology import islands

from .build import ARMED, CARD, gone, known, lost, remember, site, situation, snapshot, vm_seen

NOW = 1000.0
BATTERY = Source.BATTERY
NAS = Storage("nas1", ("ups9",), repositories=("nfs",), way=Way.NETWORK_UPS, after=300.0, stop_time=120.0)


def with_nas(nas: Storage = NAS, hosts: int = 2) -> Site:
    base = site(hosts)
    return replace(base, upses={**base.upses, "ups9": Ups("ups9", CARD)}, storages={nas.id: nas})


def quiet(seen: Snapshot, *hosts: str) -> Snapshot:
    """Nothing is heard of these hosts any more."""
    silent = {h: replace(seen.hosts[h], toolstack_at=NOW - 10.0, network_at=NOW - 10.0) for h in hosts}
    return replace(seen, hosts={**seen.hosts, **silent})


def seen_of(the_site: Site, *on_battery: str, now: float = NOW, serves: float | None = NOW) -> Snapshot:
    """A guest on each host; the NAS serves, as far as was seen at `serves`."""
    vms = tuple(vm_seen(f"vm{n}", f"h{n}") for n in range(1, len(the_site.hosts) + 1))
    seen = snapshot(now, the_site, vms, dict.fromkeys(on_battery, BATTERY))
    return replace(seen, storages={"nas1": StorageSeen("nas1", serves, 0.0 if serves is not None else None, serves)})


def recorded(seen: Snapshot) -> e.PoolRecorded:
    running = tuple((v.id, v.resident_on or "") for v in seen.vms.values())
    return e.PoolRecorded(1.0, "pool1", "h1", tuple((h, 1.0) for h in seen.hosts), (), running, False)


def started(s: Situation) -> list[object]:
    events = decide(s.now, s.seen, s.memory, s.site).events
    return [event.action for event in events if isinstance(event, e.ActionStarted)]


# --- who uses it


@pytest.mark.parametrize(
    ("nas", "pool", "found"),
    [
        pytest.param({"repositories": ("nfs",)}, {}, {"nfs"}, id="named by uuid"),
        pytest.param({"repositories": ("NFS store",)}, {"storage_names": {"nfs": "NFS store"}}, {"nfs"}, id="by name"),
        pytest.param(
            {"repositories": (), "address": "192.0.2.20"},
            {"storage_addresses": {"nfs": frozenset({"192.0.2.20"}), "iscsi": frozenset({"192.0.2.21"})}},
            {"nfs"},
            id="by the address that XenServer tells",
        ),
        pytest.param({"repositories": ("other",)}, {"storage_names": {"nfs": "NFS store"}}, set(), id="not at all"),
    ],
)
def test_which_repositories_lie_on_it(nas: dict[str, object], pool: dict[str, object], found: set[str]) -> None:
    the_site = with_nas(replace(NAS, **nas))  # type: ignore[arg-type]
    seen = seen_of(the_site)
    names = {"storage_names": {"nfs": ""}, **pool}
    seen = replace(seen, pools={"pool1": replace(seen.pools["pool1"], **names)})  # type: ignore[arg-type]
    s = situation(NOW, seen, the_site)
    assert repositories_of(s, "nas1") == found
    assert [h.id for h in hosts_on(s, "nas1")] == (["h1", "h2"] if found else [])
    assert [v.id for v in guests_on(s, "nas1")] == (["vm1", "vm2"] if found else [])


def test_without_a_known_repository_every_vm_of_its_hosts_counts() -> None:
    the_site = with_nas(replace(NAS, repositories=(), used_by=("h1",)))
    s = situation(NOW, seen_of(the_site), the_site)
    assert [v.id for v in guests_on(s, "nas1")] == ["vm1"]
    assert storages_of(s, s.seen.vms["vm1"], "h1") == ["nas1"]
    assert storages_of(s, s.seen.vms["vm2"], "h2") == []


# --- how long it can be counted on


def named(seen: Snapshot) -> Snapshot:
    """The pool tells the repository's name, which is its uuid here."""
    pool: PoolSeen = replace(seen.pools["pool1"], storage_names={"nfs": "nfs"})
    return replace(seen, pools={"pool1": pool})


def test_its_hosts_must_be_proven_down_before_it_stops_and_it_before_its_cut() -> None:
    the_site = with_nas()
    seen = named(seen_of(the_site, "ups1", "ups9"))
    s = situation(NOW, seen, the_site, lost("ups1", NOW - 10.0), lost("ups9", NOW - 10.0, off_at=NOW + 600.0))
    assert serves_for(s, "nas1") == 600.0 - 120.0 - 30.0 - 10.0
    assert left(s, s.seen.hosts["h1"]) == serves_for(s, "nas1")
    assert serves_for(situation(NOW, named(seen_of(the_site, "ups1")), the_site, lost("ups1", NOW)), "nas1") is None


def test_one_that_goes_down_by_itself_counts_for_its_own_minutes() -> None:
    the_site = with_nas(replace(NAS, way=Way.BY_ITSELF))
    seen = named(seen_of(the_site, "ups9"))
    s = situation(NOW, seen, the_site, lost("ups9", NOW - 100.0, runtime=9000.0))
    assert serves_for(s, "nas1") == 200.0
    assert not [a for a in started(s) if isinstance(a, StopStorage)]


@given(
    clock=st.integers(0, 3000),
    off_in=st.one_of(st.none(), st.integers(1, 3000)),
    h1_down=st.booleans(),
    h2_down=st.booleans(),
    vms=st.booleans(),
    after=st.integers(0, 1500),
)
@example(clock=1000, off_in=None, h1_down=True, h2_down=True, vms=False, after=1)  # since second 0.0
def test_it_is_told_to_go_down_only_after_its_minutes_and_its_hosts_or_at_the_reserve(
    clock: int, off_in: int | None, h1_down: bool, h2_down: bool, vms: bool, after: int
) -> None:
    the_site = with_nas(replace(NAS, after=after))
    seen = named(seen_of(the_site, "ups1", "ups2", "ups9"))
    seen = seen if vms else replace(seen, vms={})
    off_at = NOW + off_in if off_in is not None else None
    since = NOW - clock
    told = [lost(u, since, off_at if u == "ups9" else None, runtime=9e9) for u in ("ups1", "ups2", "ups9")]
    seen = replace(seen, upses={u: replace(x, reading=None, previous=None) for u, x in seen.upses.items()})
    off = [h for h, is_down in (("h1", h1_down), ("h2", h2_down)) if is_down]
    downs = [event for h in off for event in gone(h, NOW - 1.0)]
    s = situation(NOW, quiet(seen, *off), the_site, recorded(seen), *told, *downs)
    orders = [a for a in started(s) if isinstance(a, StopStorage)]
    needed = off_in is not None and off_in - 160.0 <= 60.0 + (40.0 if guests_on(s, "nas1") else 0.0)
    if orders and not (off_in is not None and off_in <= 130.0):
        assert h1_down
        assert h2_down
        assert clock >= after or needed
    if h1_down and h2_down and clock >= after:
        assert orders


def test_one_that_nothing_is_known_to_use_goes_with_the_last_host_or_at_its_reserve() -> None:
    """Its repository may lie there under a name that nobody here can look up."""
    the_site = with_nas(replace(NAS, repositories=(), after=0.0))
    seen = quiet(seen_of(the_site, "ups1", "ups2", "ups9"), "h1", "h2")

    def orders(off_in: float, *events: e.Event) -> list[object]:
        on_battery = [lost("ups1", NOW - 60.0), lost("ups2", NOW - 60.0), lost("ups9", NOW - 60.0, NOW + off_in)]
        s = situation(NOW, seen, the_site, recorded(seen), *on_battery, *events)
        assert guests_on(s, "nas1") == []
        return [a for a in started(s) if isinstance(a, StopStorage)]

    first, last = gone("h1", NOW - 1.0), gone("h2", NOW - 1.0)
    assert orders(900.0) == []
    assert orders(900.0, *first) == []
    assert orders(900.0, *first, *last) != []
    assert orders(130.0) != []


# --- a NAS alone on battery


def test_vms_on_hosts_with_power_are_stopped_when_its_time_runs_out_and_not_before() -> None:
    the_site = with_nas()
    seen = named(seen_of(the_site, "ups9"))
    early = situation(NOW, seen, the_site, recorded(seen), lost("ups9", NOW - 400.0, off_at=NOW + 900.0))
    assert not [a for a in started(early) if isinstance(a, StopVm)]
    late = situation(NOW, seen, the_site, recorded(seen), lost("ups9", NOW - 400.0, off_at=NOW + 250.0))
    assert [a.name for a in started(late) if isinstance(a, StopVm)] == ["vm1", "vm2"]
    assert not [a for a in started(late) if isinstance(a, StopStorage)]


def test_a_vm_with_no_disk_on_it_runs_on() -> None:
    the_site = with_nas()
    seen = named(seen_of(the_site, "ups9"))
    seen = replace(seen, vms={**seen.vms, "vm2": replace(seen.vms["vm2"], storage=frozenset({"local"}))})
    s = situation(NOW, seen, the_site, recorded(seen), lost("ups9", NOW - 400.0, off_at=NOW + 250.0))
    assert [a.name for a in started(s) if isinstance(a, StopVm)] == ["vm1"]


def test_in_dry_run_it_is_told_and_never_done() -> None:
    the_site = with_nas()
    seen = named(seen_of(the_site, "ups9"))
    memory = remember(*known(the_site), lost("ups9", NOW - 400.0, off_at=NOW + 250.0))
    events = decide(NOW, seen, memory, the_site).events
    told = {type(event.action) for event in events if isinstance(event, e.ActionTold)}
    assert {StopVm, StopStorage} <= told
    assert not [event for event in events if isinstance(event, e.ActionStarted | e.StorageStopBegun)]


def test_another_controller_in_charge_of_a_pool_on_it_is_not_fought() -> None:
    the_site = with_nas()
    seen = named(seen_of(the_site, "ups9"))
    seen = replace(seen, vms={}, pools={"pool1": replace(seen.pools["pool1"], claim="somebody else")})
    s = situation(NOW, seen, the_site, lost("ups9", NOW - 400.0, off_at=NOW + 120.0))
    assert not [a for a in started(s) if isinstance(a, StopStorage)]


# --- what it is told, and whether it serves


def test_what_a_nas_is_told() -> None:
    the_site = with_nas()

    def told(seen: Snapshot, *events: e.Event) -> Word | None:
        return word(situation(NOW, seen, the_site, *events), "nas1")

    on_battery = seen_of(the_site, "ups9")
    order = e.ActionStarted(NOW - 1.0, StopStorage("nas1", "why"))
    begun = e.StorageStopBegun(NOW - 2.0, "nas1", "why")
    assert told(seen_of(the_site)) is Word.ONLINE
    assert told(on_battery, lost("ups9", NOW - 5.0)) is Word.ON_BATTERY
    assert told(on_battery, lost("ups9", NOW - 5.0), begun) is Word.ON_BATTERY
    assert told(on_battery, lost("ups9", NOW - 5.0), begun, order) is Word.SHUT_DOWN
    settling = (lost("ups9", NOW - 50.0), e.UtilitySeen(NOW - 1.0, "ups9", NOW - 1.0, 10.0))
    assert told(seen_of(the_site), *settling) is Word.ON_BATTERY
    assert told(seen_of(the_site), *settling, e.UtilityBack(NOW, "ups9", 50.0)) is Word.ONLINE
    unseen = replace(seen_of(the_site), upses={})
    assert word(Situation(NOW, unseen, remember(*ARMED), the_site), "nas1") is None


def test_it_serves_when_it_answers_has_power_and_is_not_on_its_way_down() -> None:
    the_site = with_nas()

    def serves(seen: Snapshot, *events: e.Event) -> bool:
        s = situation(NOW, named(seen), the_site, *events)
        assert disks_served(s, s.seen.vms["vm1"], "h1") is is_serving(s, "nas1")
        return is_serving(s, "nas1")

    assert serves(seen_of(the_site))
    assert not serves(seen_of(the_site, serves=NOW - 60.0))
    assert not serves(seen_of(the_site, serves=None))
    assert not serves(seen_of(the_site, "ups9"), lost("ups9", NOW - 5.0))
    assert not serves(seen_of(the_site), e.StorageDown(NOW - 60.0, "nas1", "silent"))
    assert serves(seen_of(the_site), e.StorageDown(NOW - 60.0, "nas1", "silent"), e.StorageBack(NOW, "nas1"))


# --- what random outages and deaths of the controller have found


@pytest.mark.parametrize("powered", [True, False])
def test_one_that_was_down_and_serves_again_is_up_whatever_its_supply(powered: bool) -> None:
    """Power failed again before it had settled: else it would neither be told to go down, nor spared by a cut."""
    the_site = with_nas()
    seen = seen_of(the_site, *(() if powered else ("ups9",)))
    up = {"nas1": StorageSeen("nas1", NOW, NOW - 20.0, NOW)}
    begun, down = e.StorageStopBegun(NOW - 300.0, "nas1", "why"), e.StorageDown(NOW - 60.0, "nas1", "silent")
    lately = () if powered else (lost("ups9", NOW - 400.0),)
    s = situation(NOW, named(replace(seen, storages=up)), the_site, *lately, begun, down)
    assert news(s) == [e.StorageBack(NOW, "nas1")]
    silent = replace(s, seen=replace(s.seen, storages={"nas1": StorageSeen("nas1", None, None, None)}), worked_out={})
    assert news(silent) == []


@pytest.mark.parametrize(("ago", "back"), [(60.0, True), (10.0, False)])
def test_one_that_was_thought_to_be_cut_and_has_served_all_the_time_is_back(ago: float, back: bool) -> None:
    """Its card fell silent on battery, and its clock went on past the cut, although power had returned long before."""
    begun = e.StorageStopBegun(NOW - 300.0, "nas1", "why")
    down = e.StorageDown(NOW - ago, "nas1", "its supply has been cut")
    s = situation(NOW, named(seen_of(with_nas())), with_nas(), begun, down)
    assert (e.StorageBack(NOW, "nas1") in news(s)) is back


def test_hosts_of_a_pool_that_has_not_answered_since_our_start_may_use_it() -> None:
    """Its coordinator is down and its members are up: a controller that has just started sees no host and no VM."""
    the_site = with_nas(replace(NAS, used_by=("h1", "h2")))
    seen = seen_of(the_site, "ups9")
    seen = replace(seen, vms={}, pools={"pool1": replace(seen.pools["pool1"], answered_at=None)})
    seen = replace(seen, hosts={h: replace(x, storage=frozenset()) for h, x in seen.hosts.items()})
    seen = quiet(seen, "h1", "h2")
    due, coordinator, member = (
        lost("ups9", NOW - 400.0, off_at=NOW + 140.0),
        gone("h1", NOW - 9.0),
        gone("h2", NOW - 9.0),
    )
    assert not [a for a in started(situation(NOW, seen, the_site, due, *coordinator)) if isinstance(a, StopStorage)]
    both = situation(NOW, seen, the_site, due, *coordinator, *member)
    assert [a for a in started(both) if isinstance(a, StopStorage)]
    at_reserve = situation(NOW, seen, the_site, lost("ups9", NOW - 400.0, off_at=NOW + 125.0))
    assert [a for a in started(at_reserve) if isinstance(a, StopStorage)]


def test_a_host_whose_power_settles_is_waited_for() -> None:
    """It may be on its way down, or fail again; one that has its power keeps no NAS up."""
    the_site = with_nas(hosts=1)
    seen = replace(named(seen_of(the_site, "ups9")), vms={})
    due = lost("ups9", NOW - 400.0, off_at=NOW + 145.0)
    settling = (lost("ups1", NOW - 50.0), e.UtilitySeen(NOW - 1.0, "ups1", NOW - 1.0, 10.0))
    s = situation(NOW, seen, the_site, due, *settling)
    assert not [a for a in started(s) if isinstance(a, StopStorage)]
    back = situation(NOW, seen, the_site, due, *settling, e.UtilityBack(NOW, "ups1", 50.0))
    assert [a for a in started(back) if isinstance(a, StopStorage)]


def test_a_late_clean_stop_has_until_its_nas_must_be_told() -> None:
    """Of hosts that stay up nothing need be proven down before: that time is the VMs'."""
    the_site = with_nas()
    seen = named(seen_of(the_site, "ups9"))
    s = situation(NOW, seen, the_site, recorded(seen), lost("ups9", NOW - 400.0, off_at=NOW + 187.0))
    assert serves_for(s, "nas1") == 27.0
    assert stays_for(s, "nas1") == 57.0
    assert [a.deadline for a in started(s) if isinstance(a, StopVm)] == [47.0, 47.0]


def test_what_is_stopped_hard_is_not_asked_to_stop_as_well() -> None:
    the_site = with_nas()
    seen = named(seen_of(the_site, "ups9"))
    hard = e.ActionStarted(NOW - 1.0, ForceStopVm("vm1", "vm1", "pool1", "h1", "why"))
    s = situation(NOW, seen, the_site, recorded(seen), lost("ups9", NOW - 400.0, off_at=NOW + 187.0), hard)
    assert [a.name for a in started(s) if isinstance(a, StopVm)] == ["vm2"]


def test_a_pool_is_let_go_while_its_nas_is_off_and_what_is_on_it_runs() -> None:
    """Utility power is back, nobody has switched the NAS on, and somebody has started a VM all the same."""
    the_site = with_nas()
    seen = named(seen_of(the_site, serves=None))
    down = (e.StorageStopBegun(NOW - 90.0, "nas1", "why"), e.StorageDown(NOW - 60.0, "nas1", "silent"))
    s = situation(NOW, seen, the_site, *down)
    assert not [x for x in decide(s.now, s.seen, s.memory, s.site).events if isinstance(x, e.PoolRecorded)]


def test_a_vm_without_its_nas_is_given_up_after_a_while_however_its_disk_is_known() -> None:
    """Its owner has named the hosts that use it, not the repositories: the VM is known by where it ran."""
    the_site = with_nas(replace(NAS, repositories=(), used_by=("h1",)))
    seen = seen_of(the_site, serves=None)
    record = recorded(seen)
    off = replace(seen.vms["vm1"], power=Power.HALTED, resident_on=None)
    seen = replace(seen, vms={**seen.vms, "vm1": off})
    stopped = e.ActionStarted(NOW - 2000.0, StopVm("vm1", "vm1", "pool1", "h1", "why", 60.0))
    done = e.ActionFinished(NOW - 1990.0, 5, stopped.action, None)

    def closes(told: float) -> bool:
        alert = e.Alerted(told, "nas1", NOT_SERVING, "nas1 has power and does not serve")
        s = situation(NOW, seen, the_site, e.Armed(0.0, "owner"), record, stopped, done, alert)
        s = replace(s, memory=replace(s.memory, pending={}))
        return any(
            isinstance(x, e.PoolRestored) or isinstance(getattr(x, "action", None), ReleasePool)
            for x in decide(s.now, s.seen, s.memory, s.site).events
        )

    assert not closes(NOW - 10.0)
    assert closes(NOW - 1000.0)


def test_one_that_does_not_ask_for_its_ups_is_an_alert_while_it_serves() -> None:
    the_site = with_nas()

    def alerts(seen: Snapshot, *events: e.Event) -> list[str]:
        shown = replace(seen.storages["nas1"], logged_in=False)
        s = situation(NOW, replace(named(seen), storages={"nas1": shown}), the_site, *events)
        found = decide(NOW, s.seen, s.memory, the_site).events
        return [event.key for event in found if isinstance(event, e.Alerted)]

    assert alerts(seen_of(the_site)) == ["not logged in"]
    assert alerts(seen_of(the_site, "ups9"), lost("ups9", NOW - 5.0)) == []
    assert alerts(seen_of(the_site, serves=NOW - 60.0), e.StorageDown(NOW - 60.0, "nas1", "silent")) == []


# --- islands


def test_pools_that_share_storage_share_a_loop() -> None:
    base = site(2)
    pools = {**base.pools, "pool2": replace(base.pools["pool1"], id="pool2")}
    hosts = {**base.hosts, "h2": replace(base.hosts["h2"], pool="pool2")}
    apart = replace(base, pools=pools, hosts=hosts)
    assert [sorted(part.pools) for part in islands(apart)] == [["pool1"], ["pool2"]]
    shared = replace(apart, upses={**apart.upses, "ups9": Ups("ups9")})
    one = replace(shared, storages={"nas1": replace(NAS, used_by=("h1",))})
    assert [(sorted(part.pools), sorted(part.storages)) for part in islands(one)] == [
        (["pool1"], ["nas1"]),
        (["pool2"], []),
    ]
    both = replace(shared, storages={"nas1": replace(NAS, used_by=("h1", "h2"))})
    assert [(sorted(part.pools), sorted(part.storages)) for part in islands(both)] == [(["pool1", "pool2"], ["nas1"])]
    unsaid = replace(shared, storages={"nas1": NAS})
    assert [sorted(part.pools) for part in islands(unsaid)] == [["pool1", "pool2"]]


def test_a_host_that_fell_silent_by_itself_may_run_on_it() -> None:
    """Its network may be gone; once its own supply has been cut it is down for certain."""
    the_site = with_nas(hosts=1)
    seen = quiet(replace(named(seen_of(the_site, "ups1", "ups9")), vms={}), "h1")
    silent, box = e.HostDown(NOW - 9.0, "h1", "silent", 1.0), lost("ups9", NOW - 400.0, off_at=NOW + 145.0)

    def orders(ups1: e.UtilityLost) -> list[object]:
        return [a for a in started(situation(NOW, seen, the_site, ups1, box, silent)) if isinstance(a, StopStorage)]

    assert orders(lost("ups1", NOW - 400.0)) == []
    assert orders(lost("ups1", NOW - 400.0, off_at=NOW - 60.0)) != []


def test_nor_does_a_blind_controller_take_its_silence_for_the_end() -> None:
    """Its pool has not answered since this controller started: nobody knows what uses the NAS, nor what runs."""
    the_site = with_nas(hosts=1)
    seen = quiet(replace(seen_of(the_site, "ups1", "ups9"), vms={}, pools={}), "h1")
    silent, box = e.HostDown(NOW - 9.0, "h1", "silent", 1.0), lost("ups9", NOW - 400.0, off_at=NOW + 145.0)

    def orders(ups1: e.UtilityLost, *h1: e.Event, there: bool = True) -> list[object]:
        snapshot = seen if there else replace(seen, hosts={})
        return [a for a in started(situation(NOW, snapshot, the_site, ups1, box, *h1)) if isinstance(a, StopStorage)]

    for there in (True, False):
        assert orders(lost("ups1", NOW - 400.0), silent, there=there) == []
        assert orders(lost("ups1", NOW - 400.0, off_at=NOW - 60.0), silent, there=there) != []
        assert orders(lost("ups1", NOW - 400.0), *gone("h1", NOW - 9.0), there=there) != []
