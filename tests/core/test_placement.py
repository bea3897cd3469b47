"""Which powered host takes which VM (behaviour.md §4, "Never" 2)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core import events as e
from ridethrough.core.actions import MoveVm
from ridethrough.core.observation import Cpu, HostSeen, Restart, Snapshot, Source, UpsSeen, VmSeen
from ridethrough.core.placement import place
from ridethrough.core.policy import Policy, VmPolicy, Wish
from ridethrough.core.situation import Situation

from .build import GIB, TIMERS, host_seen, lost, site, situation, snapshot, ups_seen, vm_seen

EMPTYING = e.EvacuationBegun(65.0, "h1", "ups1 on battery")
OUTAGE = lost("ups1", 1.0)


def seen_with(now: float = 70.0, hosts: int = 3, vms: tuple[VmSeen, ...] = (), **changes: HostSeen) -> Snapshot:
    seen = snapshot(now, site(hosts), vms, {"ups1": Source.BATTERY})
    return replace(seen, hosts={**seen.hosts, **changes})


def situated(seen: Snapshot, *events: e.Event, hosts: int = 3, policy: Policy | None = None) -> Situation:
    return situation(70.0, seen, site(hosts, policy=policy), OUTAGE, EMPTYING, *events)


def test_a_vm_goes_to_the_roomiest_powered_host() -> None:
    seen = seen_with(vms=(vm_seen("web", "h1"),), h3=host_seen("h3", 70.0, memory_free=40 * GIB))
    assert place(situated(seen), ["h1"]).moves["web"][0] == "h3"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"enabled": False}, "in maintenance mode"),
        ({"live": False}, "not live"),
        ({"toolstack_at": 40.0}, "does not answer"),
        ({"toolstack_at": None}, "does not answer"),
    ],
)
def test_a_host_that_is_not_enabled_live_and_answering_is_no_target(changes: dict[str, object], reason: str) -> None:
    seen = seen_with(hosts=2, vms=(vm_seen("web", "h1"),), h2=host_seen("h2", 70.0, **changes))
    plan = place(situated(seen, hosts=2), ["h1"])
    assert not plan.moves
    assert reason in plan.unplaced["web"]


def test_a_host_on_battery_is_no_target() -> None:
    seen = seen_with(hosts=2, vms=(vm_seen("web", "h1"),))
    plan = place(situated(seen, lost("ups2", 65.0), hosts=2), ["h1"])
    assert not plan.moves
    assert "supply on battery" in plan.unplaced["web"]


def test_a_suspect_host_is_no_target() -> None:
    seen = seen_with(hosts=2, vms=(vm_seen("web", "h1"),))
    doubt = e.UtilityDoubted(69.0, "ups2", 69.0, 67.0)
    assert not place(situated(seen, doubt, hosts=2), ["h1"]).moves


def test_a_target_is_proven_by_a_poll_after_the_evacuation_began() -> None:
    seen = seen_with(hosts=2, vms=(vm_seen("web", "h1"),))
    old = replace(seen, upses={**seen.upses, "ups2": ups_seen(62.0)})
    plan = place(situated(old, hosts=2), ["h1"])
    assert "not been asked again" in plan.unplaced["web"]
    fresh = replace(seen, upses={**seen.upses, "ups2": ups_seen(66.0)})
    assert place(situated(fresh, hosts=2), ["h1"]).moves


def test_an_unknown_card_is_no_target() -> None:
    seen = seen_with(hosts=2, vms=(vm_seen("web", "h1"),))
    unknown = replace(seen, upses={**seen.upses, "ups2": UpsSeen()})
    assert not place(situated(unknown, hosts=2), ["h1"]).moves


def test_storage_must_be_attached_on_the_target() -> None:
    seen = seen_with(vms=(vm_seen("web", "h1", storage=frozenset({"san"})),))
    plan = place(situated(seen), ["h1"])
    assert plan.unplaced["web"] == "no other host reaches its storage"
    reach = replace(seen, hosts={**seen.hosts, "h3": host_seen("h3", 70.0, storage=frozenset({"san", "nfs"}))})
    assert place(situated(reach), ["h1"]).moves["web"][0] == "h3"


def test_a_target_has_a_port_on_each_network_of_the_vm() -> None:
    vm = vm_seen("web", "h1", networks=frozenset({"lan-uuid", "dmz-uuid"}))
    lan = frozenset({"lan-uuid"})
    seen = seen_with(vms=(vm,), h2=host_seen("h2", 70.0, networks=lan), h3=host_seen("h3", 70.0, networks=lan))
    pool = replace(seen.pools["pool1"], network_names={"dmz-uuid": "DMZ"})
    plan = place(situated(replace(seen, pools={"pool1": pool})), ["h1"])
    assert plan.unplaced["web"] == 'no other host has its network "DMZ"'
    both = replace(seen, hosts={**seen.hosts, "h3": host_seen("h3", 70.0, networks=vm.networks)})
    assert place(situated(both), ["h1"]).moves["web"][0] == "h3"


def test_a_target_has_every_feature_that_the_vm_was_started_with() -> None:
    vm = vm_seen("web", "h1", cpu=Cpu("GenuineIntel", 0b111))
    old, other = Cpu("GenuineIntel", 0b011), Cpu("AuthenticAMD", 0b111)
    seen = seen_with(vms=(vm,), h2=host_seen("h2", 70.0, cpu=old), h3=host_seen("h3", 70.0, cpu=other))
    plan = place(situated(seen), ["h1"])
    assert plan.unplaced["web"] == "no other host's processor has all that it was started with"
    newer = replace(seen, hosts={**seen.hosts, "h3": host_seen("h3", 70.0, cpu=Cpu("GenuineIntel", 0b1111))})
    assert place(situated(newer), ["h1"]).moves["web"][0] == "h3"


@pytest.mark.parametrize(
    ("changes", "has", "target"),
    [
        ({"vcpus": 12}, (8, 16), "h3"),
        ({"vcpus": 16}, (8, 16), "h3"),
        ({"vcpus": 8}, (8, 4), "h2"),
        ({"vcpus": 12}, (0, 8), "h2"),  # a host that does not tell is no worse than before
        ({}, (1, 0), "h2"),  # nor is a VM
        ({"vcpus": 17, "vcpus_unrestricted": True}, (16, 8), "h2"),
        ({"vcpus": 17}, (8, 16), None),
    ],
)
def test_a_target_has_as_many_cpus_as_the_vm_has_vcpus(
    changes: dict[str, object], has: tuple[int, int], target: str | None
) -> None:
    """XenServer starts or takes no VM elsewhere (HOST_NOT_ENOUGH_PCPUS), unless its owner lets it exceed them."""
    h2 = host_seen("h2", 70.0, cpus=has[0], memory_free=40 * GIB)
    seen = seen_with(vms=(vm_seen("web", "h1", 2.0, **changes),), h2=h2, h3=host_seen("h3", 70.0, cpus=has[1]))
    plan = place(situated(seen), ["h1"])
    assert plan.moves.get("web", (None, ""))[0] == target
    if target is None:
        assert plan.unplaced["web"] == "it has 17 vCPUs, and no other host as many CPUs"


def test_of_hosts_that_are_alike_the_one_with_fewer_vcpus_for_each_cpu_is_taken() -> None:
    """What runs there and what is on its way there counts. Up to as many vCPUs as CPUs nobody waits: room counts."""

    def target(there: int, coming: int) -> str:
        on_its_way = vm_seen("coming", "h1", 0.0, vcpus=coming, moving_to="h3", busy=frozenset({"pool_migrate"}))
        vms = (vm_seen("web", "h1", vcpus=4), vm_seen("there", "h3", vcpus=there), on_its_way)
        h2, h3 = host_seen("h2", 70.0, cpus=16), host_seen("h3", 70.0, cpus=16, memory_free=60 * GIB)
        return place(situated(seen_with(vms=vms, h2=h2, h3=h3)), ["h1"]).moves["web"][0]

    assert target(there=12, coming=0) == "h3"
    assert target(there=13, coming=0) == "h2"
    assert target(there=8, coming=8) == "h2"


def test_the_host_that_the_owner_would_rather_have_it_on_is_taken_unless_wlb_says_otherwise() -> None:
    seen = seen_with(vms=(vm_seen("web", "h1", affinity="h2"),), h3=host_seen("h3", 70.0, memory_free=40 * GIB))
    assert place(situated(seen), ["h1"]).moves["web"][0] == "h2"
    advised = replace(seen, pools={"pool1": replace(seen.pools["pool1"], advice={"web": "h3"})})
    assert place(situated(advised), ["h1"]).moves["web"][0] == "h3"


def test_members_of_an_anti_affinity_group_are_kept_apart() -> None:
    group = frozenset({"web"})
    vms = (vm_seen("web1", "h1", groups=group), vm_seen("web2", "h3", groups=group))
    seen = seen_with(vms=vms, h3=host_seen("h3", 70.0, memory_free=60 * GIB))
    assert place(situated(seen), ["h1"]).moves["web1"][0] == "h2"


def test_what_the_battery_does_not_carry_comes_last() -> None:
    """140 s are left to the cut of the card, 60 of them for the host's own stop and 60 for the reserve."""
    vms = (vm_seen("big", "h1", 16.0), vm_seen("small", "h1", 1.0))
    outage = lost("ups1", 1.0, off_at=210.0)
    plan = place(situation(70.0, seen_with(vms=vms), site(3), outage, EMPTYING), ["h1"])
    assert list(plan.moves) == ["small", "big"]
    assert plan.late == {"big": "no time is left to move it"}


def test_a_reduced_host_is_a_late_choice() -> None:
    the_site = site(3, feeds=2)
    seen = snapshot(70.0, the_site, (vm_seen("web", "h1"),), {"ups2b": Source.BATTERY})
    seen = replace(seen, hosts={**seen.hosts, "h2": host_seen("h2", 70.0, memory_free=60 * GIB)})
    s = situation(70.0, seen, the_site, OUTAGE, lost("ups1b", 1.0), lost("ups2b", 1.0), EMPTYING)
    assert place(s, ["h1"]).moves["web"][0] == "h3"


def test_a_host_without_a_ups_is_ranked_last() -> None:
    the_site = site(2)
    seen = seen_with(hosts=2, vms=(vm_seen("web", "h1"),), stranger=host_seen("stranger", 70.0, memory_free=60 * GIB))
    s = situation(70.0, seen, the_site, OUTAGE, EMPTYING)
    assert place(s, ["h1"]).moves["web"][0] == "h2"


def test_moves_in_flight_count_on_the_target() -> None:
    coming = vm_seen("coming", "h3", 20.0, moving_to="h2")
    asked = MoveVm("asked", "asked", "pool1", "h3", "h2", "", 60.0)
    seen = seen_with(hosts=3, vms=(vm_seen("web", "h1", 4.0), coming, vm_seen("asked", "h3", 9.0)))
    seen = replace(seen, hosts={**seen.hosts, "h3": host_seen("h3", 70.0, enabled=False)})
    plan = place(situated(seen, e.ActionStarted(69.0, asked)), ["h1"])
    assert plan.unplaced["web"].startswith("not enough memory")


def test_tier_then_size_when_memory_is_short() -> None:
    policy = Policy(hosts={"h1": TIMERS}, vms={"db": VmPolicy(tier=0), "big": VmPolicy(tier=7)}, controller="me")
    vms = (vm_seen("big", "h1", 16.0), vm_seen("db", "h1", 8.0), vm_seen("web", "h1", 8.0))
    seen = seen_with(hosts=2, vms=vms, h2=host_seen("h2", 70.0, memory_free=20 * GIB))
    plan = place(situated(seen, hosts=2, policy=policy), ["h1"])
    assert set(plan.moves) == {"db", "web"}
    assert set(plan.unplaced) == {"big"}


def test_what_ha_is_to_restart_moves_first() -> None:
    """Of one tier; and before the larger ones, which would begin first otherwise."""
    restart = {"kept": Restart.ALWAYS, "tried": Restart.BEST_EFFORT}
    sizes = {"big": 8.0, "db": 1.0, "kept": 1.0, "tried": 2.0}
    vms = tuple(vm_seen(name, "h1", gib, restart=restart.get(name, Restart.NEVER)) for name, gib in sizes.items())
    policy = Policy(vms={"db": VmPolicy(tier=0)}, controller="me")
    assert list(place(situated(seen_with(vms=vms), policy=policy), ["h1"]).moves) == ["db", "kept", "tried", "big"]


def test_infrastructure_is_placed_before_everything_else() -> None:
    policy = Policy(vms={"db": VmPolicy(tier=0), "wlb": VmPolicy(tier=9, infrastructure=True)}, controller="me")
    vms = (vm_seen("db", "h1", 8.0), vm_seen("wlb", "h1", 4.0))
    seen = seen_with(hosts=2, vms=vms, h2=host_seen("h2", 70.0, memory_free=10 * GIB))
    assert list(place(situated(seen, hosts=2, policy=policy), ["h1"]).moves) == ["wlb"]


@pytest.mark.parametrize("wish", [Wish.SHUT_DOWN, Wish.LEAVE])
def test_a_vm_whose_wish_is_not_to_migrate_stays(wish: Wish) -> None:
    policy = Policy(vms={"web": VmPolicy(wish)}, controller="me")
    plan = place(situated(seen_with(vms=(vm_seen("web", "h1"),)), policy=policy), ["h1"])
    assert wish in plan.unplaced["web"]


def test_a_failed_move_is_planned_elsewhere_and_given_up_after_three() -> None:
    def failed(target: str) -> e.ActionFinished:
        return e.ActionFinished(65.0, 0, MoveVm("web", "web", "pool1", "h1", target, "", 60.0), "VM_MIGRATE_FAILED")

    seen = seen_with(vms=(vm_seen("web", "h1"),))
    assert place(situated(seen, failed("h3")), ["h1"]).moves["web"][0] == "h2"
    assert "failed on every host" in place(situated(seen, failed("h3"), failed("h2")), ["h1"]).unplaced["web"]


def test_wlb_advice_is_taken_only_when_it_names_a_powered_host() -> None:
    seen = seen_with(vms=(vm_seen("web", "h1"),), h3=host_seen("h3", 70.0, memory_free=40 * GIB))
    advised = replace(seen, pools={"pool1": replace(seen.pools["pool1"], wlb_enabled=True, advice={"web": "h2"})})
    assert place(situated(advised), ["h1"]).moves["web"][0] == "h2"
    assert place(situated(advised, lost("ups2", 65.0)), ["h1"]).moves["web"][0] == "h3"


def test_tags_tell_tier_and_wish() -> None:
    vms = (vm_seen("web", "h1", tags=frozenset({"ridethrough:wish=shut-down", "ridethrough:tier=2", "other"})),)
    s = situated(seen_with(vms=vms))
    assert s.vm_policy(vms[0]) == VmPolicy(Wish.SHUT_DOWN, 2)


sizes = st.lists(st.integers(1, 24), max_size=12)


@given(sizes=sizes, free2=st.integers(0, 64), free3=st.integers(0, 64), tiers=st.lists(st.integers(0, 9), max_size=12))
def test_no_host_is_ever_overfilled(sizes: list[int], free2: int, free3: int, tiers: list[int]) -> None:
    """Property: what is placed on a host fits its free memory; every VM gets a target or a reason."""
    vms = tuple(vm_seen(f"vm{n}", "h1", gib) for n, gib in enumerate(sizes))
    policy = Policy(vms={f"vm{n}": VmPolicy(tier=t) for n, t in enumerate(tiers)}, controller="me")
    free = {"h2": free2 * GIB, "h3": free3 * GIB}
    seen = seen_with(
        vms=vms, h2=host_seen("h2", 70.0, memory_free=free["h2"]), h3=host_seen("h3", 70.0, memory_free=free["h3"])
    )
    plan = place(situated(seen, policy=policy), ["h1"])
    assert set(plan.moves) | set(plan.unplaced) == {v.id for v in vms}
    for host, limit in free.items():
        assert sum(v.memory for v in vms if plan.moves.get(v.id, ("",))[0] == host) <= limit


@given(sizes=sizes, free=st.integers(0, 64))
def test_no_vm_is_left_behind_that_would_fit(sizes: list[int], free: int) -> None:
    """Property: a VM is called unplaced for memory only if it does not fit what is left."""
    vms = tuple(vm_seen(f"vm{n}", "h1", gib) for n, gib in enumerate(sizes))
    seen = seen_with(hosts=2, vms=vms, h2=host_seen("h2", 70.0, memory_free=free * GIB))
    plan = place(situated(seen, hosts=2), ["h1"])
    left = free * GIB - sum(v.memory for v in vms if v.id in plan.moves)
    assert all(v.memory > left for v in vms if v.id in plan.unplaced)


cpus = st.integers(0, 16)


@given(
    vms=st.lists(st.tuples(st.integers(1, 24), st.integers(0, 20), st.booleans()), max_size=8),
    free=st.tuples(st.integers(0, 64), st.integers(0, 64)),
    has=st.tuples(cpus, cpus),
)
def test_no_vm_goes_where_it_has_more_vcpus_than_there_are_cpus(
    vms: list[tuple[int, int, bool]], free: tuple[int, int], has: tuple[int, int]
) -> None:
    """Property: and who fits nowhere is told so by a reason that is true."""
    those = tuple(
        vm_seen(f"vm{n}", "h1", gib, vcpus=count, vcpus_unrestricted=any_number)
        for n, (gib, count, any_number) in enumerate(vms)
    )
    pairs = zip(("h2", "h3"), free, has, strict=True)
    hosts = {h: host_seen(h, 70.0, memory_free=gib * GIB, cpus=count) for h, gib, count in pairs}
    seen = seen_with(vms=those)
    plan = place(situated(replace(seen, hosts={**seen.hosts, **hosts})), ["h1"])
    for vm in those:
        able = [h for h, host in hosts.items() if not host.cpus or vm.vcpus_unrestricted or vm.vcpus <= host.cpus]
        assert vm.id in plan.unplaced or plan.moves[vm.id][0] in able
        assert ("no other host as many CPUs" in plan.unplaced.get(vm.id, "")) == (not able)
