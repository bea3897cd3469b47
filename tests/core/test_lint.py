"""What shows only where the whole site is seen; and the score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ridethrough.core.advice import Advice, Level
from ridethrough.core.lint import lint, score
from ridethrough.core.model import CardAction, CardTimers, Controller, PowerWay, Switch, Ups
from ridethrough.core.observation import Cpu, PoolSeen, Snapshot, VmSeen
from ridethrough.core.policy import Policy, VmPolicy, Wish
from ridethrough.core.site import Site
from ridethrough.runtime.own_vm import own_vm

from .build import GIB, TIMERS, reading, site, snapshot, vm_seen

SLOW = CardTimers(900.0, 120.0, CardAction.CLIENT_AND_UPS)


def built(hosts: int = 3, **vms: VmPolicy) -> Site:
    """A site of which there is nothing to say: cards that leave time for everything."""
    names = [f"h{n}" for n in range(1, hosts + 1)]
    found = site(hosts, policy=Policy(hosts=dict.fromkeys(names, TIMERS), vms=vms, controller="me"))
    own = Controller(("ups1",), shuts_down=True)
    return replace(found, upses={u: Ups(u, SLOW) for u in found.upses}, controller=own)


def seen_of(the_site: Site, *vms: VmSeen, free: float = 32.0) -> Snapshot:
    found = snapshot(0.0, the_site, vms)
    return replace(found, hosts={h: replace(it, memory_free=int(free * GIB)) for h, it in found.hosts.items()})


def said(the_site: Site, seen: Snapshot, about: str) -> list[Advice]:
    return [a for a in lint(the_site, seen) if a.about == about]


def test_nothing_is_said_of_a_good_site() -> None:
    the_site = built()
    assert lint(the_site, seen_of(the_site, vm_seen("web", "h1", 8.0)), armed=True) == []


# --- N-1 memory


def test_memory_that_is_missing_when_a_host_goes() -> None:
    the_site = built()
    seen = seen_of(the_site, *(vm_seen(f"vm{n}", "h1", 8.0) for n in range(3)), free=10.0)
    (only,) = said(the_site, seen, "pool.pool1")
    assert only.level is Level.WARNING
    assert "when ups1 fails, the hosts that are left lack 4.0 GiB of memory for the VMs of h1" in only.sentence
    assert only.remedy.startswith("Free memory on the hosts")


def test_one_vm_that_is_larger_than_any_hole() -> None:
    the_site = built()
    (only,) = said(the_site, seen_of(the_site, vm_seen("big", "h1", 12.0), free=10.0), "pool.pool1")
    assert "lack 2.0 GiB" in only.sentence


def test_what_is_stopped_anyhow_needs_no_memory_elsewhere() -> None:
    the_site = built(big=VmPolicy(Wish.SHUT_DOWN))
    assert said(the_site, seen_of(the_site, vm_seen("big", "h1", 12.0), free=10.0), "pool.pool1") == []


def test_a_host_in_maintenance_mode_takes_nothing() -> None:
    the_site = built()
    seen = seen_of(the_site, vm_seen("a", "h1", 12.0), vm_seen("b", "h1", 12.0), free=16.0)
    assert said(the_site, seen, "pool.pool1") == []
    away = replace(seen, hosts={**seen.hosts, "h3": replace(seen.hosts["h3"], enabled=False)})
    (only,) = said(the_site, away, "pool.pool1")
    assert "lack 8.0 GiB" in only.sentence


# --- the coordinator


@pytest.mark.parametrize(("its", "told"), [(600.0, True), (1500.0, False), (1400.0, False)])
def test_the_coordinator_on_the_weakest_ups(its: float, told: bool) -> None:
    the_site = built()
    the_site = replace(the_site, upses={u: Ups(u, CardTimers(900.0, 3600.0, SLOW.action)) for u in the_site.upses})
    seen = seen_of(the_site)
    weak = replace(seen.upses["ups1"], reading=reading(0.0, runtime=its))
    found = said(the_site, replace(seen, upses={**seen.upses, "ups1": weak}), "host.h1")
    assert [a.level for a in found] == ([Level.WARNING] if told else [])
    if told:
        assert "is the coordinator of pool1 and hangs on ups1 alone, the weakest UPS of the pool" in found[0].sentence
        assert "Make a host on ups3 (25 min) the coordinator" in found[0].remedy


# --- the card


@pytest.mark.parametrize(("cut", "level"), [(100.0, Level.DANGER), (900.0, None)])
def test_a_card_that_cuts_before_anything_could_be_down(cut: float, level: Level | None) -> None:
    the_site = built()
    quick = Ups("ups2", CardTimers(cut / 2, cut / 2, CardAction.CLIENT_AND_UPS))
    the_site = replace(the_site, upses={**the_site.upses, "ups2": quick})
    found = [a for a in said(the_site, seen_of(the_site, vm_seen("web", "h2")), "host.h2") if "however early" in a.text]
    assert [a.level for a in found] == ([level] if level else [])
    if found:
        assert "10 s until it is confirmed + 40 s to stop its VMs + 60 s to shut the host down = 110 s" in found[0].text


def test_another_feed_outlasts_a_card_that_cuts() -> None:
    two = site(2, 2)
    quick = CardTimers(50.0, 50.0, CardAction.CLIENT_AND_UPS)
    upses = {**two.upses, "ups1": Ups("ups1", quick), "ups1b": Ups("ups1b", CardTimers(action=CardAction.CLIENT))}
    assert not [a for a in lint(replace(two, upses=upses), snapshot(0.0, two)) if "however early" in a.text]


@pytest.mark.parametrize(("ways", "told"), [((PowerWay.XAPI,), 1), ((PowerWay.XAPI, PowerWay.WAKE_ON_LAN), 0)])
def test_a_host_that_nothing_switches_on(ways: tuple[PowerWay, ...], told: int) -> None:
    the_site = built()
    host = replace(the_site.hosts["h2"], power_on=ways)
    keeps = Ups("ups2", CardTimers(900.0, 120.0, CardAction.CLIENT))
    the_site = replace(the_site, hosts={**the_site.hosts, "h2": host}, upses={**the_site.upses, "ups2": keeps})
    seen = seen_of(the_site)
    seen = replace(seen, hosts={**seen.hosts, "h2": replace(seen.hosts["h2"], power_on_mode="")})
    found = [a for a in said(the_site, seen, "host.h2") if "it may stay off" in a.sentence]
    assert len(found) == told


# --- VMs


def test_vms_that_can_never_move_are_told_with_the_reason() -> None:
    the_site = built(meant=VmPolicy(Wish.LEAVE))
    vms = (
        vm_seen("passed", "h1", immovable="it has a PCI device"),
        vm_seen("meant", "h1", immovable="it has a USB device"),
        vm_seen("local", "h1", storage=frozenset({"its own disk"})),
    )
    found = {a.sentence: a.level for a in said(the_site, seen_of(the_site, *vms), "pool.pool1")}
    assert found == {
        "local can never be moved, and is stopped with its host: no other host reaches its storage": Level.WARNING,
        "passed can never be moved, and is stopped with its host: it has a PCI device": Level.WARNING,
        "meant can never be moved, and is stopped with its host: it has a USB device": Level.NOTE,
    }


def test_a_vm_that_no_other_host_suits_can_never_move() -> None:
    """Its network, its processor, its number of vCPUs: whether another host has power or room does not matter here."""
    the_site = built(hosts=2)
    vms = (
        vm_seen("wide", "h1", vcpus=24),
        vm_seen("exempt", "h1", vcpus=24, vcpus_unrestricted=True),
        vm_seen("front", "h1", networks=frozenset({"dmz-uuid"})),
        vm_seen("new", "h1", cpu=Cpu("GenuineIntel", 0b11)),
    )
    seen = seen_of(the_site, *vms)
    h2 = replace(seen.hosts["h2"], cpus=16, cpu=Cpu("GenuineIntel", 0b01))
    pool = replace(seen.pools["pool1"], network_names={"dmz-uuid": "DMZ"})
    seen = replace(seen, hosts={**seen.hosts, "h2": h2}, pools={"pool1": pool})
    found = [a.sentence.partition(" can never be moved, and is stopped with its host: ") for a in lint(the_site, seen)]
    assert {name: why for name, _, why in found if why} == {
        "wide": "it has 24 vCPUs, and no other host as many CPUs",
        "front": 'no other host has its network "DMZ"',
        "new": "no other host's processor has all that it was started with",
    }


def test_many_vms_of_one_reason_are_one_finding() -> None:
    the_site = built()
    vms = [vm_seen(f"vm{n}", "h1", 0.1, immovable="it has no tools") for n in range(6)]
    (only,) = said(the_site, seen_of(the_site, *vms), "pool.pool1")
    assert only.sentence.startswith("vm0, vm1, vm2 and 3 more can never be moved, and are stopped with their host")


# --- storage, dry run


def test_shared_disks_on_a_machine_that_nobody_names() -> None:
    the_site = built()
    seen = seen_of(the_site)
    pool = PoolSeen(
        "pool1", "h1", 0.0, -1000.0, storage_names={"nfs": "disks"}, storage_addresses={"nfs": frozenset({"192.0.2.9"})}
    )
    (only,) = said(the_site, replace(seen, pools={"pool1": pool}), "pool.pool1")
    assert only.sentence.startswith("the disks of disks lie on 192.0.2.9, which no [storage.NAME] names")


@pytest.mark.parametrize(("armed", "told"), [(False, 1), (True, 0), (None, 0)])
def test_dry_run_is_told(armed: bool | None, told: int) -> None:
    the_site = built()
    assert [a.about for a in lint(the_site, seen_of(the_site), armed)] == ["controller"] * told


# --- batteries, and where the controller is


def test_a_battery_that_is_to_be_replaced() -> None:
    the_site = built()
    seen = seen_of(the_site)
    old = replace(seen.upses["ups2"], reading=reading(0.0, replace_battery=True))
    (only,) = said(the_site, replace(seen, upses={**seen.upses, "ups2": old}), "ups.ups2")
    assert (only.level, only.remedy) == (Level.WARNING, "Replace it, and let the UPS test itself")


@pytest.mark.parametrize(("own", "told"), [("controller-vm", 1), ("elsewhere", 0), ("", 0)])
def test_a_controller_inside_of_the_pool_that_it_protects(own: str, told: int) -> None:
    the_site = built()
    seen = seen_of(the_site, vm_seen("controller-vm", "h1", 1.0, starts_itself=True))
    seen = replace(seen, pools={"pool1": replace(seen.pools["pool1"], auto_poweron=True)})
    assert len(lint(the_site, seen, armed=True, own_vm=own)) == told


def test_a_controller_whose_own_vm_nobody_starts() -> None:
    the_site = replace(built(), controller=Controller(("ups1",), shuts_down=True, vm="controller-vm"))
    first, second = said(the_site, seen_of(the_site, vm_seen("controller-vm", "h1", 1.0)), "controller")
    assert (first.level, second.level) == (Level.DANGER, Level.WARNING)
    assert "nobody starts controller-vm" in first.sentence


@pytest.mark.parametrize(
    ("text", "uuid"),
    [
        ("0A1B2C3D-0000-4000-8000-000000000001\n", "0a1b2c3d-0000-4000-8000-000000000001"),
        ("00000000-0000-0000-0000-000000000000\n", ""),
        (None, ""),
    ],
)
def test_the_machine_knows_which_vm_it_is(tmp_path: Path, text: str | None, uuid: str) -> None:
    file = tmp_path / "uuid"
    if text is not None:
        file.write_text(text)
    assert own_vm(file) == uuid


# --- the score


@pytest.mark.parametrize(
    ("dangers", "warnings", "points"),
    [(0, 0, 100), (0, 1, 96), (0, 2, 95), (0, 99, 80), (1, 0, 80), (2, 1, 71), (13, 0, 20), (99, 99, 0)],
)
def test_the_score(dangers: int, warnings: int, points: int) -> None:
    assert score(dangers, warnings) == points


# --- switches and the controller's own machine


def test_c18_a_switch_on_no_ups() -> None:
    the_site = replace(built(), switches={"sw1": Switch("sw1", hosts=("h1", "h2"), upses=("ups1",))})
    (only,) = said(the_site, seen_of(the_site), "switch.sw1")
    assert only.level is Level.DANGER
    assert "is on no UPS: 2 hosts (h1 and h2) and ups1's card become unreachable at t=0" in only.sentence


def test_c18_another_switch_on_a_ups_leads_there_too() -> None:
    fed = Switch("sw2", ("ups1",), pools=("pool1",), upses=("ups1",))
    the_site = replace(built(), switches={"sw1": Switch("sw1", hosts=("h1",), upses=("ups1",)), "sw2": fed})
    assert said(the_site, seen_of(the_site), "switch.sw1") == []


def test_c18_a_switch_that_stops_sooner_than_its_hosts() -> None:
    the_site = replace(built(), switches={"sw1": Switch("sw1", ("ups3",), pools=("pool1",))})
    short = CardTimers(180.0, 120.0, CardAction.CLIENT_AND_UPS)
    the_site = replace(the_site, upses={**the_site.upses, "ups3": Ups("ups3", short)})
    (only,) = said(the_site, Snapshot(), "switch.sw1")
    assert only.level is Level.WARNING
    assert only.sentence.startswith("stops 5 min after a failure, sooner than h1 and h2 would have to")
    assert (
        said(replace(built(), switches={"sw1": Switch("sw1", ("ups3",), pools=("pool1",))}), Snapshot(), "switch.sw1")
        == []
    )


def test_a_controller_whose_machine_names_no_ups() -> None:
    the_site = replace(built(), controller=Controller())
    (only,) = said(the_site, Snapshot(), "controller")
    assert only.level is Level.NOTE
    assert "names no UPS" in only.sentence


def test_a_controller_that_ends_sooner_or_is_cut() -> None:
    short = CardTimers(180.0, 120.0, CardAction.CLIENT_AND_UPS)
    the_site = built()
    the_site = replace(the_site, upses={**the_site.upses, "ups1": Ups("ups1", short)}, controller=Controller(("ups1",)))
    sooner, cut = said(the_site, Snapshot(), "controller")
    assert sooner.level is Level.WARNING
    assert "sooner than h2 and h3 would have to" in sooner.sentence
    assert cut.level is Level.NOTE
    assert cut.remedy == "Write shutdown = true in [controller]"


def test_a_ups_that_feeds_only_a_switch_feeds_something() -> None:
    the_site = built()
    the_site = replace(the_site, upses={**the_site.upses, "ups9": Ups("ups9", SLOW)})
    assert said(the_site, Snapshot(), "ups.ups9")
    the_site = replace(the_site, switches={"sw1": Switch("sw1", ("ups9",), pools=("pool1",))})
    assert not [a for a in said(the_site, Snapshot(), "ups.ups9") if "feeds no" in a.sentence]
