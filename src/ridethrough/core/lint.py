"""Everything that is worth mending before the power fails, and how safe the site is, as a number.

To what `advice` finds of each place in site.toml this adds what shows only where the whole is seen: room for the VMs of
a host that goes, who leads a pool on which UPS, what can never move, what would be cut while it stops.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from .advice import NOTHING_SEEN, Advice, Level, advice, is_protected, outcome
from .learned import GIB, NOTHING_LEARNED, Learned
from .memory import Memory
from .model import HostId, PoolId, Seconds, UpsId, VmId, earlier
from .movable import suitable
from .observation import HostSeen, Snapshot, VmSeen
from .placement import stays
from .policy import Wish
from .site import Site
from .situation import Situation
from .timetable import timers
from .topology import fed_by
from .wiring import wiring
from .wording import duration, listed

NAMED = 4  # VMs of one reason
WEAKER = 0.8  # a runtime below this share of the others' is the weakest
WHOLE = 100
DANGERS, WARNINGS = (20, 5, 80), (4, 1, 20)  # the first takes so much, each further one so much, all together at most


def lint(
    site: Site,
    seen: Snapshot = NOTHING_SEEN,
    armed: bool | None = None,
    own_vm: VmId = "",
    learned: Learned = NOTHING_LEARNED,
) -> list[Advice]:
    """All findings, dangers first. `armed`: whether the controller may act; None: nobody knows. `own_vm`: the VM that
    this runs in, if it is one.
    """
    s = Situation(0.0, seen, Memory(learned=learned), site)
    found = [
        *advice(site, seen, learned),
        *(a for host in sorted(site.hosts) for a in _cut_while_it_stops(s, host)),
        *(a for ups in sorted(site.upses) for a in _old_battery(s, ups)),
        *(a for pool in sorted(site.pools) for a in _of_pool(s, pool)),
        *wiring(site, seen, own_vm),
        *_inside(s, own_vm),
        *_dry_run(armed),
    ]
    return sorted(found, key=lambda a: list(Level).index(a.level))


def score(dangers: int, warnings: int) -> int:
    """How safe the site is, 0 to 100; notes take nothing.

    Dangers take 20 for the first and 5 for each further one, 80 at most; warnings 4 for the first and 1 for each
    further one, 20 at most. So a site with a danger has 80 at most, and one without has 80 at least.
    """
    return WHOLE - _taken(dangers, DANGERS) - _taken(warnings, WARNINGS)


def _taken(number: int, weights: tuple[int, int, int]) -> int:
    first, further, most = weights
    return min(first + further * (number - 1), most) if number else 0


# --- hosts -------------------------------------------------------------------------------------------------------


def _cut_while_it_stops(s: Situation, host_id: HostId) -> Iterator[Advice]:
    """A card that cuts its output sooner than guests and host can stop, however early that begins."""
    host, policy = s.site.hosts[host_id], s.policy
    acts = not outcome(policy.of(host_id)).crash or is_protected(host, s.site, s.seen)
    cuts = {ups: timers(ups, s.site, s.seen).off_after for ups in host.powered_by}
    known = {ups: cut for ups, cut in cuts.items() if cut is not None}
    if not acts or not known or len(known) - 1 >= host.needs:
        return
    ups, cut = min(known.items(), key=lambda entry: (entry[1], entry[0]))
    parts = {
        "until it is confirmed": 2 * policy.poll,
        "to stop its VMs": policy.guest_stop_estimate if s.guests(host_id) or host_id not in s.seen.hosts else 0.0,
        "to shut the host down": policy.host_stop,
    }
    if (needed := sum(parts.values())) > cut:
        sum_ = " + ".join(f"{seconds:g} s {what}" for what, seconds in parts.items() if seconds)
        yield Advice(
            Level.DANGER,
            f"host.{host_id}",
            f"{ups}'s card cuts its output {cut:g} s after a failure, and the host cannot be down by then, however "
            f"early that begins: {sum_} = {needed:g} s",
            f"Give {ups}'s card a longer warning period",
        )


def _old_battery(s: Situation, ups: UpsId) -> Iterator[Advice]:
    """A UPS that wants its battery replaced promises a runtime that it will not hold."""
    there = s.seen.upses.get(ups)
    if there is not None and there.reading is not None and there.reading.replace_battery:
        yield Advice(
            Level.WARNING,
            f"ups.{ups}",
            "says that its battery is to be replaced: it may hold for less than it promises",
            "Replace it, and let the UPS test itself",
        )


# --- pools -------------------------------------------------------------------------------------------------------


def _of_pool(s: Situation, pool: PoolId) -> Iterator[Advice]:
    there = s.seen.pools.get(pool)
    if there is None or there.answered_at is None:
        return
    yield from _no_room(s, pool)
    yield from _weakest_leads(s, pool)
    yield from _never_move(s, pool)
    yield from _unnamed_storage(s, pool)


def _no_room(s: Situation, pool: PoolId) -> Iterator[Advice]:
    """N-1: the hosts that are left have not the memory for the VMs of those that lose their supply."""
    short = [(missing, ups, gone) for ups in sorted(s.site.upses) for missing, gone in _missing(s, pool, ups)]
    if not short:
        return
    missing, ups, gone = max(short, key=lambda entry: (entry[0], entry[1]))
    others = f"; the same goes for {len(short) - 1} other UPSs" if len(short) > 2 else ""
    others = f"; the same goes for {short[0][1] if short[1][1] == ups else short[1][1]}" if len(short) == 2 else others
    yield Advice(
        Level.WARNING,
        f"pool.{pool}",
        f"when {ups} fails, the hosts that are left lack {missing / GIB:.1f} GiB of memory for the VMs of "
        f"{listed(sorted(gone))}, so that some are stopped{others}",
        'Free memory on the hosts, or say which VMs may stop: wish = "shut down", or a higher tier',
    )


def _missing(s: Situation, pool: PoolId, ups: UpsId) -> Iterator[tuple[int, list[HostId]]]:
    """Bytes that are missing when this UPS fails, and the hosts that lose their supply; nothing where all fit.

    By sums, and by the largest VM: what fits by these may still find no place, for its storage or by its size.
    """
    members = s.members(pool)
    gone = [h.id for h in members if _loses_supply(s, h.id, ups)]
    left = [h for h in members if h.id not in gone and h.enabled]
    moving = [vm for host in gone for vm in s.guests(host) if not stays(s, vm)]
    if not moving or not left:  # alone in its pool, or all on one UPS: told elsewhere
        return
    free = [h.memory_free for h in left]
    missing = max(sum(vm.memory for vm in moving) - sum(free), max(vm.memory for vm in moving) - max(free))
    if missing > 0:
        yield missing, gone


def _loses_supply(s: Situation, host: HostId, ups: UpsId) -> bool:
    built = s.site.hosts.get(host)
    return built is not None and ups in built.powered_by and len(built.powered_by) - 1 < built.needs


def _weakest_leads(s: Situation, pool: PoolId) -> Iterator[Advice]:
    """Everything works through the coordinator; where its only UPS is the first to end, it ends the rest's time too."""
    leads = s.seen.pools[pool].coordinator
    built = s.site.hosts.get(leads or "")
    if built is None or len(built.powered_by) != 1:
        return
    (its,) = built.powered_by
    told = {ups: runtime for ups in s.site.upses if _feeds(s, ups, pool) and (runtime := _runtime(s, ups)) is not None}
    others = {ups: runtime for ups, runtime in told.items() if ups != its}
    if its not in told or not others or told[its] >= WEAKER * min(others.values()):
        return
    best, longest = max(others.items(), key=lambda entry: (entry[1], entry[0]))
    yield Advice(
        Level.WARNING,
        f"host.{built.id}",
        f"is the coordinator of {pool} and hangs on {its} alone, the weakest UPS of the pool "
        f"({duration(told[its])} of runtime): every member must be down before it",
        f"Make a host on {best} ({duration(longest)}) the coordinator, or give it a second feed",
    )


def _runtime(s: Situation, ups: UpsId) -> Seconds | None:
    """How long a UPS holds by what it tells: its runtime, or until its card cuts."""
    there = s.seen.upses.get(ups)
    runtime = there.reading.runtime if there and there.reading else None
    cut = timers(ups, s.site, s.seen).off_after
    return earlier(runtime, cut) if runtime is not None else None


def _feeds(s: Situation, ups: UpsId, pool: PoolId) -> bool:
    return any(s.site.hosts[host].pool == pool for host in fed_by(s.site, ups))


def _never_move(s: Situation, pool: PoolId) -> Iterator[Advice]:
    """VMs that can never be moved: they are stopped with their host. Expected where their owner has said so."""
    reasons: dict[str, list[VmSeen]] = {}
    members = s.members(pool)
    for host in members:
        for vm in s.guests(host.id):
            if why := _immovable(s, vm, host, members):
                reasons.setdefault(why, []).append(vm)
    for why, vms in sorted(reasons.items()):
        surprised = [vm for vm in vms if s.vm_policy(vm).wish is Wish.MIGRATE]
        names = sorted(vm.name for vm in surprised or vms)
        shown = names if len(names) <= NAMED else [*names[: NAMED - 1], f"{len(names) - NAMED + 1} more"]
        yield Advice(
            Level.WARNING if surprised else Level.NOTE,
            f"pool.{pool}",
            f"{listed(shown)} can never be moved, and {'is' if len(names) == 1 else 'are'} stopped with "
            f"{'its' if len(names) == 1 else 'their'} host: {why}",
            'Mend that, or write wish = "shut down" or "leave" for them, so that nobody counts on a move'
            if surprised
            else "",
        )


def _immovable(s: Situation, vm: VmSeen, host: HostSeen, members: Collection[HostSeen]) -> str:
    others = [h for h in members if h.id != host.id]
    if vm.immovable or not others:
        return vm.immovable
    names = s.seen.pools[vm.pool].network_names
    return suitable(others, vm.storage, vm.networks, vm.cpu, vm.cpus_needed, names)[1]


def _unnamed_storage(s: Situation, pool: PoolId) -> Iterator[Advice]:
    """Shared disks on a machine that site.toml does not name: it hangs on some UPS, and nobody stops it in time."""
    there = s.seen.pools[pool]
    known = {storage.address for storage in s.site.storages.values()}
    named = {text for storage in s.site.storages.values() for text in storage.repositories}
    used = {repository for host in s.members(pool) for repository in host.storage}
    for repository, addresses in sorted(there.storage_addresses.items()):
        name = there.storage_names.get(repository, repository)
        if repository in used and addresses and known.isdisjoint(addresses) and named.isdisjoint({repository, name}):
            yield Advice(
                Level.WARNING,
                f"pool.{pool}",
                f"the disks of {name} lie on {listed(sorted(addresses))}, which no [storage.NAME] names: what feeds it "
                "is not known, and nobody shuts it down in time",
                "Write a [storage.NAME] with its address and powered_by",
            )


# --- the controller ----------------------------------------------------------------------------------------------


def _inside(s: Situation, own_vm: VmId) -> Iterator[Advice]:
    """A controller in the pool that it protects moves with it, and goes down with its host."""
    vm = s.own_vm or s.seen.vms.get(own_vm)
    if vm is not None:
        pool = s.seen.pools.get(vm.pool)
        if pool is not None and not (pool.auto_poweron and vm.starts_itself):
            yield Advice(
                Level.DANGER,
                "controller",
                f"nobody starts {vm.name}, in which it runs, after an outage: it goes down with its host, and is to "
                "start the others",
                f"Set auto_poweron=true in the other_config of {vm.pool} and of {vm.name}",
            )
        yield Advice(
            Level.WARNING,
            "controller",
            f"this machine is {vm.name}, a VM of {vm.pool}: a controller inside of the pool that it protects moves "
            "first and goes down last, with its host, and nobody goes on with the work until it runs again",
            "Run it on a machine of its own, on a UPS of its own",
        )


def _dry_run(armed: bool | None) -> Iterator[Advice]:
    if armed is False:
        yield Advice(
            Level.WARNING,
            "controller",
            "the site is in dry run: in an outage it is only said what would be done",
            "When you are content with what it says, arm it: ridethrough arm",
        )
