"""Members before the coordinator, high tiers before low ones; islands."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core import events as e
from ridethrough.core.model import Host, Pool, Ups
from ridethrough.core.ordering import first_to_stop, members_still_up, start_order, whole_pool_failing
from ridethrough.core.policy import Policy, VmPolicy
from ridethrough.core.site import Site
from ridethrough.core.topology import fed_by, islands

from .build import TIMERS, lost, site, situation, snapshot, vm_seen


def test_a_member_counts_as_up_until_it_is_proven_down() -> None:
    the_site = site(3)
    seen = snapshot(100.0, the_site)
    coordinator, silent = seen.hosts["h1"], replace(seen.hosts["h2"], toolstack_at=50.0, network_at=50.0)
    assert members_still_up(situation(100.0, seen, the_site), coordinator) == ["h2", "h3"]
    down = e.HostDown(90.0, "h2", "silent")
    starting = replace(seen, hosts={**seen.hosts, "h2": replace(silent, network_at=99.0)})
    assert members_still_up(situation(100.0, starting, the_site, down), coordinator) == ["h2", "h3"]
    seen = replace(seen, hosts={**seen.hosts, "h2": silent})
    assert members_still_up(situation(100.0, seen, the_site, down), coordinator) == ["h3"]
    heard = e.HostHeard(95.0, "h2")  # whether it has started anew is not known yet
    assert members_still_up(situation(100.0, seen, the_site, down, heard), coordinator) == ["h2", "h3"]


def test_a_pool_fails_as_a_whole_when_no_host_has_power_to_stay_up() -> None:
    the_site = site(2)
    seen = snapshot(100.0, the_site)
    assert not whole_pool_failing(situation(100.0, seen, the_site, lost("ups1", 10.0)), "pool1")
    assert whole_pool_failing(situation(100.0, seen, the_site, lost("ups1", 10.0), lost("ups2", 10.0)), "pool1")


@given(tiers=st.lists(st.integers(0, 9), min_size=1, max_size=9))
def test_tiers_stop_from_the_highest_and_start_from_the_lowest(tiers: list[int]) -> None:
    """Property: each wave holds the highest tier left; starting goes the other way."""
    vms = [vm_seen(f"vm{n}", "h1") for n in range(len(tiers))]
    policy = Policy(vms={f"vm{n}": VmPolicy(tier=t) for n, t in enumerate(tiers)}, hosts={"h1": TIMERS})
    s = situation(100.0, snapshot(100.0, site(1), tuple(vms)), site(1, policy=policy))
    waves, rest = [], list(vms)
    while rest:
        wave = first_to_stop(s, rest)
        waves.append({s.vm_policy(v).tier for v in wave})
        rest = [v for v in rest if v not in wave]
    assert all(len(wave) == 1 for wave in waves)
    order = [next(iter(wave)) for wave in waves]
    assert order == sorted(set(tiers), reverse=True)
    assert [s.vm_policy(v).tier for v in start_order(s, vms)] == sorted(tiers)


def test_infrastructure_stops_last_and_starts_first() -> None:
    policy = Policy(vms={"wlb": VmPolicy(tier=9, infrastructure=True), "db": VmPolicy(tier=0)})
    vms = [vm_seen("db", "h1"), vm_seen("wlb", "h1")]
    s = situation(100.0, snapshot(100.0, site(1), tuple(vms)), site(1, policy=policy))
    assert [v.name for v in first_to_stop(s, vms)] == ["db"]
    assert [v.name for v in start_order(s, vms)] == ["wlb", "db"]


def test_a_site_falls_into_islands_that_share_nothing() -> None:
    upses = {u: Ups(u) for u in ("a", "b", "spare")}
    hosts = {
        "h1": Host("h1", "p1", ("a",)),
        "h2": Host("h2", "p2", ("a",)),
        "h3": Host("h3", "p3", ("b",)),
    }
    whole = Site("s", upses, {p: Pool(p) for p in ("p1", "p2", "p3")}, hosts)
    parts = islands(whole)
    assert [(sorted(p.pools), sorted(p.upses), sorted(p.hosts)) for p in parts] == [
        (["p1", "p2"], ["a"], ["h1", "h2"]),
        (["p3"], ["b"], ["h3"]),
        ([], ["spare"], []),
    ]
    assert fed_by(whole, "a") == ["h1", "h2"]
    assert replace(whole, hosts={}).hosts == {}
