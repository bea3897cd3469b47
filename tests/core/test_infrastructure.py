"""VMs that others depend on: recognised, named, denied; and the VM that the controller itself runs in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import ShutDownHost, StopVm
from ridethrough.core.model import Controller
from ridethrough.core.observation import Snapshot, Source, VmSeen
from ridethrough.core.policy import VmPolicy
from ridethrough.core.shutdown import shut_down, stop_guests
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

from .build import lost, site, situation, snapshot, vm_seen

WLB = "192.0.2.9"
IN_IT = "this controller runs in it"
ANSWERS = "the WLB of pool1 answers at its address 192.0.2.9"


def known_by(vm: VmSeen, named: VmPolicy | None = None, wlb: bool = True, own: str = "") -> tuple[str, bool]:
    the_site = replace(site(2), controller=Controller(vm=own))
    policy = replace(the_site.policy, vms={vm.name: named} if named is not None else {})
    the_site = replace(the_site, policy=policy)
    seen = snapshot(0.0, the_site, (vm,))
    pool = replace(seen.pools["pool1"], wlb_enabled=wlb, wlb_address=WLB)
    s = situation(0.0, replace(seen, pools={"pool1": pool}), the_site)
    return s.infrastructure_by(vm), bool(s.vm_policy(vm).infrastructure)


def test_how_it_is_recognised() -> None:
    plain = vm_seen("vm", "h1")
    assert known_by(plain) == ("", False)
    assert known_by(replace(plain, addresses=frozenset({WLB, "fe80::1"}))) == (ANSWERS, True)
    assert known_by(replace(plain, addresses=frozenset({WLB})), wlb=False) == ("", False)
    assert known_by(plain, own="vm") == (IN_IT, True)
    assert known_by(vm_seen("WLB appliance", "h1")) == ("", False)  # a name proves nothing


def test_what_the_owner_says_wins() -> None:
    there = replace(vm_seen("vm", "h1"), addresses=frozenset({WLB}))
    assert known_by(there, VmPolicy(infrastructure=False)) == ("", False)
    assert known_by(there, VmPolicy(tier=3)) == (ANSWERS, True)  # nothing is said of it
    assert known_by(vm_seen("vm", "h1"), VmPolicy(infrastructure=True)) == ("site.toml says so", True)
    tagged = replace(there, tags=frozenset({"ridethrough:infrastructure=no"}))
    assert known_by(tagged) == ("", False)
    yes = replace(vm_seen("vm", "h1"), tags=frozenset({"ridethrough:infrastructure"}))
    assert known_by(yes) == ("its tag says so", True)


def on_their_way_down(*down: str, own_on: str = "h2", others: tuple[VmSeen, ...] = ()) -> Situation:
    """h1 is the coordinator; all hosts have lost power, are to go down and are disabled; those of `down` are."""
    the_site: Site = replace(site(3), controller=Controller(vm="me"))
    seen: Snapshot = snapshot(
        100.0, the_site, (vm_seen("me", own_on), *others), sources=dict.fromkeys(the_site.upses, Source.BATTERY)
    )
    silent = {"network_at": 50.0, "toolstack_at": 50.0}
    changes: dict[str, dict[str, object]] = {h: {"enabled": False, **(silent if h in down else {})} for h in seen.hosts}
    seen = replace(seen, hosts={h: replace(it, **changes[h]) for h, it in seen.hosts.items()})  # type: ignore[arg-type]
    events: list[e.Event] = [lost(ups, 10.0, off_at=1000.0) for ups in the_site.upses]
    members = tuple((h, 1.0) for h in the_site.hosts)
    events.append(e.PoolRecorded(20.0, "pool1", "h1", members, (), (("me", own_on),), False))
    for host in the_site.hosts:
        events += [e.EvacuationBegun(20.0, host, "why"), e.ShutdownBegun(20.0, host, "why", early=False)]
    events += [e.HostDown(90.0, host, "proof", 1.0) for host in down]
    return situation(100.0, seen, the_site, *events)


def ordered(s: Situation) -> list[tuple[str, str]]:
    actions = [event.action for event in shut_down(s) if isinstance(event, e.ActionStarted)]
    return [(a.host, a.aboard) for a in actions if isinstance(a, ShutDownHost)]


def test_its_host_goes_last_with_it_aboard() -> None:
    assert ordered(on_their_way_down()) == [("h3", "")]
    assert ordered(on_their_way_down("h3")) == [("h2", "me")]
    assert ordered(on_their_way_down(own_on="h1")) == [("h2", ""), ("h3", "")]
    assert ordered(on_their_way_down("h2", "h3", own_on="h1")) == [("h1", "me")]


@pytest.mark.parametrize("wanted", [True, False])
def test_where_a_person_wants_the_pool_off_its_host_waits_for_no_proof_that_nobody_can_give(wanted: bool) -> None:
    """h2 was told to go down and is silent for long, and nothing behind its switch could be a witness."""
    s = on_their_way_down("h3", own_on="h1")
    told = e.ActionStarted(30.0, ShutDownHost("h2", "pool1", "why"))
    ask = e.Requested(5.0, e.Ask.SHUT_DOWN_POOL, "pool1", "a person")
    asked: list[e.Event] = [ask, e.RequestDone(5.0, ask.ask, "pool1")] if wanted else []
    done = e.ActionFinished(31.0, s.memory.position + 1 + len(asked), told.action)
    h2 = replace(s.seen.hosts["h2"], toolstack_at=39.0, network_at=39.0)
    later = s.after([*asked, told, done])
    silent = replace(later, seen=replace(s.seen, hosts={**s.seen.hosts, "h2": h2}), worked_out={})
    assert ordered(silent) == ([("h1", "me")] if wanted else [])


@pytest.mark.parametrize("since", [3.0, 7.0])
def test_the_coordinator_follows_the_host_that_carries_it(since: float) -> None:
    s = on_their_way_down("h3")
    (order,) = shut_down(s)
    assert isinstance(order, e.ActionStarted)
    after = replace(s.after([order, e.ActionFinished(100.5, s.memory.position + 1, order.action)]), now=100.0 + since)
    assert ordered(after) == ([("h1", "")] if since >= 7.0 else [])


def test_it_waits_for_a_coordinator_that_is_not_empty() -> None:
    assert ordered(on_their_way_down("h3", others=(vm_seen("web", "h1"),))) == []


def test_it_never_stops_itself() -> None:
    s = on_their_way_down(others=(vm_seen("web", "h2"),))
    stopped = [event.action for event in stop_guests(s) if isinstance(event, e.ActionStarted)]
    assert [a.name for a in stopped if isinstance(a, StopVm)] == ["web"]
