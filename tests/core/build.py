"""Small sites and snapshots for tables and properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ridethrough.core import events as e
from ridethrough.core.actions import ShutDownHost
from ridethrough.core.fold import fold_all
from ridethrough.core.memory import Memory
from ridethrough.core.model import CardAction, CardTimers, Host, Pool, Ups
from ridethrough.core.observation import HostSeen, PoolSeen, Snapshot, Source, UpsReading, UpsSeen, VmSeen
from ridethrough.core.policy import HostPolicy, Policy, Timer
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

GIB = 2**30
CARD = CardTimers(180.0, 120.0, CardAction.CLIENT_AND_UPS)
TIMERS = HostPolicy(Timer(True, 60.0), Timer(True, 120.0))
ARMED: tuple[e.Event, ...] = (e.Armed(0.0, "owner"),)


def site(hosts: int = 2, feeds: int = 1, needs: int = 1, policy: Policy | None = None) -> Site:
    """Host hN fed by upsN (and by upsNb with two feeds), all in pool1; the manual's timers."""
    upses: dict[str, Ups] = {}
    built: dict[str, Host] = {}
    for n in range(1, hosts + 1):
        names = tuple(f"ups{n}{suffix}" for suffix in ("", "b")[:feeds])
        upses |= {u: Ups(u, CARD) for u in names}
        built[f"h{n}"] = Host(f"h{n}", "pool1", names, needs)
    policy = policy or Policy(hosts=dict.fromkeys(built, TIMERS), controller="me")
    return Site("test", upses, {"pool1": Pool("pool1")}, built, policy)


def reading(at: float, source: Source = Source.UTILITY, **changes: object) -> UpsReading:
    base = UpsReading(at, source, charge=100.0, runtime=1500.0, load=30.0, tells_countdown=True)
    return replace(base, **changes)  # type: ignore[arg-type]


def ups_seen(at: float, source: Source = Source.UTILITY, before: Source | None = None, **changes: object) -> UpsSeen:
    """A card that said `source` at `at` and `before` two seconds earlier."""
    return UpsSeen(reading(at, source, **changes), reading(at - 2.0, before or source, **changes))


def host_seen(host_id: str, now: float, **changes: object) -> HostSeen:
    base = HostSeen(
        host_id,
        "pool1",
        uuid=f"uuid-{host_id}",
        name=host_id,
        toolstack_at=now,
        network_at=now,
        answers_since=0.0,
        agent_started=1.0,
        memory_total=64 * GIB,
        memory_free=32 * GIB,
        storage=frozenset({"nfs"}),
        power_on_mode="wake-on-lan",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def vm_seen(name: str, on: str, gib: float = 2.0, **changes: object) -> VmSeen:
    base = VmSeen(name, name, "pool1", resident_on=on, memory=int(gib * GIB), storage=frozenset({"nfs"}))
    return replace(base, **changes)  # type: ignore[arg-type]


def snapshot(
    now: float, the_site: Site, vms: tuple[VmSeen, ...] = (), sources: Mapping[str, Source] | None = None
) -> Snapshot:
    """Everything healthy: every UPS on utility power but for `sources`, the first host coordinator."""
    upses = {u: ups_seen(now, (sources or {}).get(u, Source.UTILITY)) for u in the_site.upses}
    hosts = {h: host_seen(h, now) for h in the_site.hosts}
    pool = PoolSeen("pool1", min(hosts), now, now - 1000.0, claim="me")
    return Snapshot(upses, {"pool1": pool}, hosts, {v.id: v for v in vms})


def known(the_site: Site) -> tuple[e.Event, ...]:
    return tuple(e.UpsKnown(0.0, u) for u in the_site.upses)


def lost(ups: str, since: float, off_at: float | None = None, runtime: float | None = 1500.0) -> e.UtilityLost:
    counts_at = None if off_at is None else off_at - 120.0
    return e.UtilityLost(since, ups, since, since - 2.0, counts_at, off_at, runtime, 100.0, 10.0, "two polls")


def gone(host: str, at: float = 900.0) -> tuple[e.Event, ...]:
    """Shut down by us, and proven down."""
    begun = e.ShutdownBegun(at - 60.0, host, "why", early=False)
    return begun, e.ActionStarted(at - 50.0, ShutDownHost(host, "pool1", "why")), e.HostDown(at, host, "proof", 1.0)


def remember(*events: e.Event) -> Memory:
    return fold_all(Memory(), enumerate(events, start=1))


def situation(now: float, seen: Snapshot, the_site: Site, *events: e.Event) -> Situation:
    return Situation(now, seen, remember(*ARMED, *known(the_site), *events), the_site)
