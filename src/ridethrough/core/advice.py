"""What an owner should know about a site before the power fails, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .learned import NOTHING_LEARNED, Learned
from .model import CardAction, Host, HostId, PowerWay, Storage, UpsId, Way
from .observation import Snapshot
from .policy import HostPolicy, Timer
from .site import Site
from .timetable import MAINTENANCE, SHUTDOWN, shortest, step, timers
from .topology import feeders
from .wording import listed


class Level(StrEnum):
    """How much it matters. A danger loses VMs or hosts in the next outage."""

    DANGER = "danger"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence, with its remedy. `about` is the place in site.toml: "host.h1"."""

    level: Level
    about: str
    sentence: str
    remedy: str = ""

    @property
    def text(self) -> str:
        """Both, as people read them. A remedy that begins with a small letter continues the sentence."""
        if not self.remedy:
            return self.sentence
        joint = ": " if self.remedy[0].islower() else " " if self.sentence.endswith(".") else ". "
        return f"{self.sentence}{joint}{self.remedy}"

    def __str__(self) -> str:
        return f"{self.level}: {self.about}: {self.text}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row of the action table (manual 2.2.3): what an outage does to a host and its VMs."""

    vms: str
    host: str
    crash: bool


def outcome(options: HostPolicy) -> Outcome:
    """The row of the action table that a host's two options put it in."""
    match (options.maintenance.enabled, options.shutdown.enabled):
        case (_, True):
            return Outcome("migrate to another available host", "shuts down", crash=False)
        case (True, _):
            return Outcome("migrate to another available host", "keeps running until its UPS stops: crash", crash=True)
        case _:
            return Outcome("crash", "crash", crash=True)


def is_protected(host: Host, site: Site, seen: Snapshot) -> bool:
    """A pool's coordinator without timers: it stays up to the last, and is shut down before its UPS stops."""
    pool = seen.pools.get(host.pool)
    options = site.policy.of(host.id)
    bare = not options.maintenance.enabled and not options.shutdown.enabled
    return bare and site.policy.protect_coordinator and pool is not None and pool.coordinator == host.id


NOTHING_SEEN = Snapshot()


def advice(site: Site, seen: Snapshot = NOTHING_SEEN, learned: Learned = NOTHING_LEARNED) -> list[Advice]:
    """Everything worth saying, dangers first, then by place in site.toml.

    With a snapshot it also counts the VMs that are to be moved, uses the timers that cards tell, and compares the hosts
    and VMs of site.toml with those that are there. Times are seconds.
    """
    found = [
        *(a for _, host in sorted(site.hosts.items()) for a in of_host(host, site, seen, learned)),
        *(a for ups in sorted(site.upses) for a in _ups(ups, site, seen, learned)),
        *(a for pool in sorted(site.pools) for a in _pool(pool, site, seen)),
        *(a for _, storage in sorted(site.storages.items()) for a in _storage(storage, site, seen, learned)),
        *_vms(site, seen),
    ]
    return sorted(found, key=lambda a: list(Level).index(a.level))


def of_host(host: Host, site: Site, seen: Snapshot, learned: Learned = NOTHING_LEARNED) -> Iterator[Advice]:
    """What is worth saying about one host's feeds and options."""
    about = f"host.{host.id}"
    options = site.policy.of(host.id)
    result = outcome(options)
    if not host.powered_by:
        yield Advice(
            Level.WARNING,
            about,
            "names no UPS, so it is assumed powered: nothing is done for it, and other hosts' VMs may be moved to it",
            "Name its UPSs in powered_by",
        )
        return
    if result.crash:
        yield _role(host) if is_protected(host, site, seen) else _crash(host, options, site)
    maintenance, shutdown = options.maintenance, options.shutdown
    if maintenance.enabled and shutdown.enabled and shutdown.after < maintenance.after:
        yield Advice(
            Level.WARNING,
            about,
            f"shutdown.after ({shutdown.after:g} s) is shorter than maintenance.after ({maintenance.after:g} s), so "
            "maintenance never has a step of its own",
            "Write a longer shutdown.after",
        )
    yield from _late(host, MAINTENANCE, maintenance, site, seen, learned)
    yield from _late(host, SHUTDOWN, shutdown, site, seen, learned)
    if shutdown.enabled:
        yield from _stays_off(host, site, seen)
    yield from _overload(host, seen)
    yield from _one_feeder(host, site)


def _one_feeder(host: Host, site: Site) -> Iterator[Advice]:
    """Several UPSs help a host little where one failure takes them all, or more of them than it can spare."""
    for feeder, on_it in feeders(site).items():
        gone = [ups for ups in host.powered_by if ups in on_it]
        feeds = len(host.powered_by)
        spares_one = feeds - 1 >= host.needs
        if len(gone) < 2 or not (len(gone) == feeds or (spares_one and feeds - len(gone) < host.needs)):
            continue
        names, loses = listed(gone), f"{len(gone)} of its {feeds} feeds, and needs {host.needs}"
        if len(gone) > 3:
            names = f"{len(gone)} of its UPSs" if len(gone) < feeds else f"all its {feeds} UPSs"
        if len(gone) == feeds:
            loses = "both" if feeds == 2 else "them all"
        yield Advice(
            Level.WARNING,
            f"host.{host.id}",
            f"{names} hang on feeder {feeder}: when it fails, {host.id} loses {loses}",
            "Hang one of them on another feeder, or write the right feeder in its [ups.NAME]",
        )


def _overload(host: Host, seen: Snapshot) -> Iterator[Advice]:
    """With one feed of several gone, the others inherit its load."""
    loads = [s.reading.load for u in host.powered_by if (s := seen.upses.get(u)) and s.reading and s.reading.load]
    survivors = len(host.powered_by) - 1
    if survivors < 1 or len(loads) != len(host.powered_by):
        return
    worst = sum(loads) / survivors
    if worst > 100.0:
        yield Advice(
            Level.WARNING,
            f"host.{host.id}",
            f"its UPSs together carry {sum(loads):.0f} %: when one of them stops, each of the others would carry "
            f"{worst:.0f} % and may switch off",
            "Take load off them",
        )


def _crash(host: Host, options: HostPolicy, site: Site) -> Advice:
    """A crash row. `protect_coordinator` is no remedy to count on: any host may be a member when the power fails."""
    feeds = " and ".join(host.powered_by)
    lost = "its VMs move away, but the host crashes" if options.maintenance.enabled else "its VMs and the host crash"
    saved = " It is spared while it is its pool's coordinator." if site.policy.protect_coordinator else ""
    return Advice(
        Level.DANGER,
        f"host.{host.id}",
        f"{lost} when {feeds} stop{'s' if len(host.powered_by) == 1 else ''}.{saved}",
        "Write shutdown = { enabled = true, after = ... }",
    )


def _role(host: Host) -> Advice:
    """Well as it is, until another host leads."""
    feeds = " and ".join(host.powered_by)
    return Advice(
        Level.NOTE,
        f"host.{host.id}",
        "as its pool's coordinator it needs no timers: it is shut down last, in time. Should another host take that "
        f"role, its VMs and the host crash when {feeds} stop{'s' if len(host.powered_by) == 1 else ''}",
        "For that case write shutdown = { enabled = true, after = ... }",
    )


def _late(host: Host, option: str, timer: Timer, site: Site, seen: Snapshot, learned: Learned) -> Iterator[Advice]:
    """The manual's rule (2.3.2): a step has to be done within the card's warning period, its own work included."""
    card_of = shortest(host, site, seen)
    if not timer.enabled or card_of is None:
        return
    ups, card, period = card_of
    own = step(host.id, option, timer, site, seen, learned)
    end = own.ends
    if end <= period and timer.after < period:
        return
    parts = [f"{math.ceil(value)} s {name}" for name, value in own.parts.items()]
    sum_ = " + ".join([f"{timer.after:g} s", *parts])
    late = f"{option}.after is not shorter than" if timer.after >= period else f"{option} ends after"
    text = f"{late} the warning period of {ups}'s card ({period:g} s): {sum_} = {math.ceil(end)} s"
    if card.off_after is not None:
        text += f", and the card cuts the output at {card.off_after:g} s"
        if end > card.off_after:
            text += "; it will begin earlier than its timer says"
    latest = own.latest(period)
    longer = f"Give {ups}'s card a longer warning period"
    remedy = f"Write {option}.after = {latest} or less" if latest is not None else longer
    yield Advice(Level.WARNING, f"host.{host.id}", text, remedy)


def _stays_off(host: Host, site: Site, seen: Snapshot) -> Iterator[Advice]:
    """Firmware starts a host when its supply comes; when utility power returns before the cut, it never went."""
    there = seen.hosts.get(host.id)
    if there is None or there.power_on_mode or any(way is not PowerWay.XAPI for way in host.power_on):
        return
    cuts = [_is_cut(ups, site, seen) for ups in host.powered_by]
    ours = [ups for ups in host.powered_by if ups in site.upses and site.upses[ups].cut_output]
    if all(cuts) and ours:
        yield Advice(
            Level.NOTE,
            f"host.{host.id}",
            f"is started by nothing but the cut of {listed(ours)}: if power returns after it has gone down and before "
            "that cut, it stays off",
            "Set its power-on mode in XenCenter, or enter a way to switch it on in power_on",
        )
    if all(cuts):
        return
    keeps = sorted(ups for ups, cut in zip(host.powered_by, cuts, strict=True) if not cut)
    yield Advice(
        Level.DANGER,
        f"host.{host.id}",
        f"once shut down it may stay off: {' and '.join(keeps)} may keep its output on until power returns, "
        "and nothing can power the host on",
        "Set its power-on mode in XenCenter, or enter a way to switch it on in power_on, or set cut_output of the UPS, "
        "or its card's action to client and ups",
    )


def _is_cut(ups: UpsId, site: Site, seen: Snapshot) -> bool:
    """Its output is cut in an outage, by its card or by us."""
    built = site.upses.get(ups)
    return timers(ups, site, seen).action is CardAction.CLIENT_AND_UPS or (built is not None and built.cut_output)


WEAK = 0.8  # of what a card promises; a battery that holds no more than that is worth a word


def weak_text(ups: UpsId, held: float) -> str:
    """That it has shown in an outage what it holds, and what is done about it."""
    return (
        f"{ups}'s battery held {held * 100:.0f} % of what its card promised when it was last needed: that share of its "
        "promise is counted on. Have the battery replaced"
    )


def _ups(ups: UpsId, site: Site, seen: Snapshot, learned: Learned) -> Iterator[Advice]:
    about = f"ups.{ups}"
    if (held := learned.held.get(ups, 1.0)) <= WEAK:
        yield Advice(Level.WARNING, about, weak_text(ups, held))
    fed = [host for host in site.hosts.values() if ups in host.powered_by]
    stores = [storage for storage in site.storages.values() if ups in storage.powered_by]
    others = [w for w in site.switches.values() if ups in w.powered_by] or ups in site.controller.powered_by
    if not fed and not stores and not others:
        yield Advice(
            Level.NOTE, about, "feeds no host and no storage", f"name it in powered_by of one, or remove [{about}]"
        )
        return
    there = seen.upses.get(ups)
    if there is not None and there.reading is None:
        trouble = f" ({there.trouble})" if there.trouble else ""
        yield Advice(Level.DANGER, about, f"has never answered{trouble}", "check source, version and community")
    card = timers(ups, site, seen)
    acts = bool(stores) or bool(others) or any(site.policy.of(host.id) != HostPolicy() for host in fed)
    if acts and card.warning_period is None and card.action is not CardAction.DISABLED:
        yield Advice(
            Level.WARNING if there is not None and there.reading is not None else Level.NOTE,
            about,
            "its card's warning period is not known, so no sum can be made of the time it leaves",
            'Write warning_period, shutdown_delay and action as its card has them; action = "disabled" if it has none',
        )
    elif card.action is CardAction.CLIENT_AND_UPS and card.shutdown_delay is None:
        yield Advice(
            Level.WARNING,
            about,
            "cuts its output, but after what delay is not known",
            "Write shutdown_delay as its card has it",
        )


def _pool(pool: str, site: Site, seen: Snapshot) -> Iterator[Advice]:
    about = f"pool.{pool}"
    named = {host.id: host for host in site.hosts.values() if host.pool == pool}
    if not named:
        yield Advice(
            Level.WARNING, about, "none of its hosts is named", f'write a [host.NAME] with pool = "{pool}" for each'
        )
    there = seen.pools.get(pool)
    if there is not None and there.answered_at is None:
        trouble = f" ({there.trouble})" if there.trouble else ""
        yield Advice(Level.DANGER, about, f"has never answered{trouble}", "check addresses, username and password")
    if there is not None and there.answered_at is not None:
        members = {host.id for host in seen.members(pool)}
        for host in sorted(members - set(named) if named else []):
            yield Advice(
                Level.DANGER, about, f"host {host} is not named, so it crashes with its UPS", "write a [host.NAME]"
            )
        for host in sorted(set(named) - members):
            yield Advice(
                Level.DANGER,
                f"host.{host}",
                f"is no host of {pool}",
                f"use its name label, uuid or address. There: {_list(members)}",
            )
    feeds = {host.powered_by for host in named.values()}
    if len(named) > 1 and len(set().union(*feeds)) == 1 and all(feeds):
        (ups,) = set().union(*feeds)
        yield Advice(
            Level.NOTE,
            about,
            f"all its hosts hang on {ups}: when it fails no host can take VMs, and they are stopped cleanly",
        )


def _vms(site: Site, seen: Snapshot) -> Iterator[Advice]:
    """Wishes for VMs that no pool has; not said while a pool has yet to answer."""
    answered = [there for there in seen.pools.values() if there.answered_at is not None]
    if not site.pools or len(answered) < len(site.pools):
        return
    there = {name for vm in seen.vms.values() for name in (vm.id, vm.name)}
    for name in sorted(set(site.policy.vms) - there):
        yield Advice(Level.WARNING, f"vm.{name}", "no VM has this name or uuid", "correct it, or remove the section")


def _storage(storage: Storage, site: Site, seen: Snapshot, learned: Learned) -> Iterator[Advice]:
    """Storage that goes before its hosts do, or is cut while it stops."""
    about, there = f"storage.{storage.id}", seen.storages.get(storage.id)
    if there is not None and there.serves_at is None:
        trouble = f" ({there.trouble})" if there.trouble else ""
        yield Advice(Level.DANGER, about, f"does not serve{trouble}", "check serves, and the storage itself")
    if there is not None and there.logged_in is False:
        text = "does not ask for the state of its UPS here"
        yield Advice(Level.DANGER, about, text, "enter this machine's address on it as its UPS server")
    if _is_used_by_nobody(storage, seen):
        text = (
            "is used by no host that is known, so it is told to go down only with the last host, or at the end of its "
        )
        yield Advice(Level.WARNING, about, f"{text}UPS", "Name its hosts in used_by, or its repositories")
    for ups in storage.powered_by:
        cut = timers(ups, site, seen).off_after
        if cut is not None and cut < storage.stop_time + site.policy.reserve:
            text = f"{ups}'s card cuts its output at {cut:g} s, and it takes {storage.stop_time:g} s to stop"
            yield Advice(Level.DANGER, about, text, f"Give {ups}'s card a longer warning period")
    keeps = sorted(ups for ups in storage.powered_by if not _is_cut(ups, site, seen))
    if keeps and not storage.wakes:
        text = f"once shut down it may stay off: {listed(keeps)} may keep its output on until power returns"
        remedy = "Enter wake_on_lan, or set cut_output of the UPS, or its card's action to client and ups"
        yield Advice(Level.WARNING, about, f"{text}, and nothing wakes it", remedy)
    if len(site.pools) > 1 and not storage.used_by:
        text = "may be used by any pool, so all pools are watched in one round"
        yield Advice(Level.NOTE, about, text, "Name its hosts in used_by")
    for host in storage.used_by if storage.way is Way.BY_ITSELF else ():
        yield from _outlives(site.hosts[host], storage, site, seen, learned)


def _is_used_by_nobody(storage: Storage, seen: Snapshot) -> bool:
    """Every pool has answered, and none has a repository there."""
    pools = [pool for pool in seen.pools.values() if pool.answered_at is not None]
    if storage.used_by or not pools or len(pools) < len(seen.pools):
        return False
    names = {text for pool in pools for pair in pool.storage_names.items() for text in pair}
    addresses = {address for pool in pools for told in pool.storage_addresses.values() for address in told}
    return storage.address not in addresses and names.isdisjoint(storage.repositories)


def _outlives(host: Host, storage: Storage, site: Site, seen: Snapshot, learned: Learned) -> Iterator[Advice]:
    """A host whose own timers would end after the minutes of storage that goes down by itself."""
    options = site.policy.of(host.id)
    option, timer = (SHUTDOWN, options.shutdown) if options.shutdown.enabled else (MAINTENANCE, options.maintenance)
    if not timer.enabled or not set(host.powered_by) & set(storage.powered_by):
        return
    end = step(host.id, option, timer, site, seen, learned).ends
    if end > storage.after:
        yield Advice(
            Level.WARNING,
            f"storage.{storage.id}",
            f"goes down by itself after {storage.after:g} s on battery, and {host.id} is down only at {math.ceil(end)} "
            f"s by its timers: it will begin earlier",
            f'Enter {math.ceil(end / 60)} minutes or more on the storage, and after = "{math.ceil(end / 60)} min" here',
        )


def _list(names: set[HostId]) -> str:
    return ", ".join(sorted(names)) or "none"
