"""What would happen if utility power failed now: the report that people get, and its essence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from ridethrough.core.advice import is_protected, outcome
from ridethrough.core.gains import assumed, tier_gains
from ridethrough.core.learned import NOTHING_LEARNED, Learned
from ridethrough.core.memory import Memory
from ridethrough.core.model import HostId, PoolId, UpsId
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.core.topology import fed_by, feeders, islands

from . import ends
from . import outlook_rows as rows
from .forecast import Forecast, forecast
from .live_site import assumptions, parted
from .scenario import told

MOST_NAMED = 4  # UPSs of a feeder
HARM = ("crashed", "lost", "stopped", "hosts_off", "moved")  # worst first


def outlook(site: Site, seen: Snapshot, lost: Collection[UpsId], learned: Learned = NOTHING_LEARNED) -> dict[str, Any]:
    """These UPSs lose utility power now and do not get it back: what becomes of each host and each VM.

    Each island of the site is played by itself, as it is protected by itself. Times are seconds from now.
    """
    parts = _parts(parted(site, set(lost)), seen)
    ahead = [part.ahead(lost, learned) for part in parts if part.concerns(lost)]
    quiet = [part for part in parts if not part.concerns(lost)]
    lines = [line for one in ahead for line in told(one.film.lead_in, one.run.world, one.run.journal.entries)]
    hosts = [row for one in ahead for row in rows.hosts(one.run, one.film)]
    vms = [row for one in ahead for row in rows.vms(one)]
    tiers = gained(site, seen, lost)
    silent = [p for p in sorted(site.pools) if not seen.members(p)]
    report = {
        "site": site.name,
        "lose": sorted(lost),
        "narrative": [str(line) for line in sorted(lines, key=lambda line: line.at)],
        "hosts": sorted([*hosts, *(row for part in quiet for row in part.hosts())], key=lambda row: row["id"]),
        "vms": sorted([*vms, *(row for part in quiet for row in part.vms())], key=lambda row: (row["name"], row["id"])),
        "crashed": sorted(host for one in ahead for host in one.run.world.crashed),
        "lost": sorted(vm for one in ahead for vm in one.run.world.lost),
        "assumed": [
            *(_left_out(pool) for pool in silent),
            *assumptions(site, seen, learned),
            *(assumed() if tiers else ()),
        ],
        "tiers": tiers,
    }
    return report | {
        "summary": summary(report),
        "first_loss": rows.first_loss(report["hosts"], report["vms"]),
        "crash_rows": _crash_rows(site, seen),
        "weakest_ups": _weakest(site, seen),
    }


def gained(site: Site, seen: Snapshot, lost: Collection[UpsId]) -> list[dict[str, Any]]:
    """The time that stopping each tier would gain at each of these UPSs, the tier that goes first standing first."""
    found = tier_gains(Situation(0.0, seen, Memory(), site), lost)
    return [
        {
            "tier": one.tier,
            "vms": [seen.vms[vm].name for vm in one.vms],
            "gains": [asdict(gain) for gain in one.gains],
        }
        for one in found
    ]


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """The essence of a report: counts, when the last host is off, and the smallest margin of a host."""
    went = [(row["off"][-1][0], row["id"]) for row in report["hosts"] if row["off"]]
    spare = [(row["margin"], row["id"]) for row in report["hosts"] if row["margin"] is not None]
    last = max(went, default=None)
    margin, host = min(spare, default=(None, None))
    return {
        "moved": _ending(report, "moves"),
        "stopped": _ending(report, "shut down"),
        "lost": len(report["lost"]),
        "stay": _ending(report, "stays"),
        "crashed": len(report["crashed"]),
        "hosts_off": len([row for row in report["hosts"] if row["off"] and row["end"] != "crashed"]),
        "hosts_up": len([row for row in report["hosts"] if row["end"] == "up"]),
        "last_off": {"host": last[1], "after": last[0]} if last else None,
        "margin": margin,
        "margin_host": host,
    }


@dataclass(frozen=True, slots=True)
class Alone:
    """What a single failure of utility power would do: at one UPS, or on a feeder with all on it; `why` in words."""

    ups: UpsId | None
    feeder: str | None
    upses: tuple[UpsId, ...]
    crashed: int
    lost: int
    stopped: int
    hosts_off: int
    moved: int
    margin: float | None
    why: str

    @property
    def harm(self) -> tuple[float, ...]:
        """Greater is worse."""
        return (*(float(getattr(self, what)) for what in HARM), -(self.margin if self.margin is not None else 1e9))


def each_alone(
    site: Site,
    seen: Snapshot,
    may_go_on: Callable[[], bool] = lambda: True,
    learned: Learned = NOTHING_LEARNED,
) -> Iterator[Alone]:
    """Each single failure: those first that leave most VMs without another feed.

    Ends early when `may_go_on` says no.
    """
    each = [(failure, unfed(site, seen, failure.upses)) for failure in single_failures(site)]
    for failure, hosts in sorted(each, key=lambda entry: (-_weight(seen, entry[1]), entry[0])):
        if not may_go_on():
            return
        yield _alone(site, seen, failure, hosts, learned)


@dataclass(frozen=True, slots=True, order=True)
class Failure:
    """Utility power fails at these UPSs, all that feed a host on `feeder`; without one, at one UPS alone."""

    feeder: str
    upses: tuple[UpsId, ...]

    def __str__(self) -> str:
        names = ", ".join(self.upses) if len(self.upses) <= MOST_NAMED else f"{len(self.upses)} UPSs"
        return f"if feeder {self.feeder} fails ({names})" if self.feeder else f"{names} alone"


def single_failures(site: Site) -> list[Failure]:
    """Each UPS that feeds a host, and each named feeder with several of them."""
    burdened = [ups for ups in sorted(site.upses) if fed_by(site, ups)]
    on = {feeder: tuple(u for u in upses if u in burdened) for feeder, upses in feeders(site).items()}
    together = [Failure(feeder, upses) for feeder, upses in on.items() if len(upses) > 1]
    return [*(Failure("", (ups,)) for ups in burdened), *together]


def _alone(site: Site, seen: Snapshot, failure: Failure, hosts: list[HostId], learned: Learned) -> Alone:
    told = partial(Alone, None if failure.feeder else failure.upses[0], failure.feeder or None, failure.upses)
    if not hosts:
        on = "them" if len(failure.upses) > 1 else "it"
        return told(0, 0, 0, 0, 0, None, f"{failure}: every host on {on} has another feed")
    counts, margin = harm_of(site, seen, failure.upses, learned)
    return told(**counts, margin=margin, why=f"{failure}: {harm_in_words(counts)}")


def harm_of(
    site: Site, seen: Snapshot, lost: Collection[UpsId], learned: Learned = NOTHING_LEARNED
) -> tuple[dict[str, int], float | None]:
    """What the loss of these UPSs does, in counts (`HARM`), and the smallest margin of a host."""
    parts = [part for part in _parts(parted(site, set(lost)), seen) if part.concerns(lost)]
    ahead = [part.ahead(lost, learned) for part in parts]
    found = summary(
        {
            "hosts": [row for one in ahead for row in ends.hosts(one.run, one.film)],
            "vms": [row for one in ahead for row in ends.vms(one.run, one.film)],
            "crashed": [host for one in ahead for host in one.run.world.crashed],
            "lost": [vm for one in ahead for vm in one.run.world.lost],
        }
    )
    return {name: found[name] for name in HARM}, found["margin"]


def harm_in_words(counts: Mapping[str, int]) -> str:
    """Counts of `HARM` in words, the worst first."""
    hosts, vms = ("host", "hosts"), ("VM", "VMs")
    said = {
        "crashed": (hosts, ("crashes", "crash")),
        "lost": (vms, ("crashes", "crash")),
        "stopped": (vms, ("is stopped", "are stopped")),
        "hosts_off": (hosts, ("shuts down", "shut down")),
        "moved": (vms, ("moves", "move")),
    }
    words = []
    for what in HARM:
        if number := counts[what]:
            noun, verb = said[what]
            words.append(f"{number} {noun[number > 1]} {verb[number > 1]}")
    return ", ".join(words) or "nothing stops and nothing moves"


def unfed(site: Site, seen: Snapshot, upses: Collection[UpsId]) -> list[HostId]:
    """The hosts that have too few feeds without these UPSs, and had one of them."""
    left = {host.id: [ups for ups in host.powered_by if ups not in upses] for host in site.hosts.values()}
    hosts = [host for host in site.hosts.values() if len(left[host.id]) < min(len(host.powered_by), host.needs)]
    return [host.id for host in hosts if host.id in seen.hosts]


def _weight(seen: Snapshot, hosts: Collection[HostId]) -> int:
    return sum(1 + len(seen.guests(host)) for host in hosts)


@dataclass(frozen=True, slots=True)
class _Part:
    """An island of the site as it is now."""

    site: Site
    seen: Snapshot

    def concerns(self, lost: Collection[UpsId]) -> bool:
        return bool(self.seen.hosts) and any(ups in self.site.upses for ups in lost)

    def ahead(self, lost: Collection[UpsId], learned: Learned = NOTHING_LEARNED) -> Forecast:
        return forecast(self.site, self.seen, [ups for ups in lost if ups in self.site.upses], learned)

    def hosts(self) -> Iterator[dict[str, Any]]:
        """Rows of hosts to which nothing happens."""
        for host in self.seen.hosts:
            yield {"id": host, "end": "up", "at": None, "off": [], "supply_ends_at": None, "margin": None, **rows.QUIET}

    def vms(self) -> Iterator[dict[str, Any]]:
        """Rows of VMs to which nothing happens."""
        for vm in self.seen.vms.values():
            if (host := vm.resident_on) in self.seen.hosts:
                row = {"id": vm.id, "name": vm.name, "from": host, "end": "stays", "host": host, "at": None}
                yield row | {"tier": rows.tier(self.site, self.seen, vm), "why": ""}


def _parts(site: Site, seen: Snapshot) -> list[_Part]:
    return [_Part(part, _seen_of(part, seen)) for part in islands(site)]


def _seen_of(site: Site, seen: Snapshot) -> Snapshot:
    """What was seen of an island."""
    return replace(
        seen,
        upses={u: there for u, there in seen.upses.items() if u in site.upses},
        pools={p: there for p, there in seen.pools.items() if p in site.pools},
        hosts={h: there for h, there in seen.hosts.items() if there.pool in site.pools},
        vms={v: there for v, there in seen.vms.items() if there.pool in site.pools},
    )


def _ending(report: Mapping[str, Any], end: str) -> int:
    return len([row for row in report["vms"] if row["end"] == end])


def _left_out(pool: PoolId) -> str:
    return f"{pool} does not answer: none of its hosts and VMs is in this plan"


def _crash_rows(site: Site, seen: Snapshot) -> list[dict[str, Any]]:
    """The hosts whose options make them crash when their UPS stops (the manual's action table).

    Not those that name no UPS, and not a coordinator that is protected all the same.
    """
    found = []
    for host in sorted({*site.hosts, *seen.hosts}):
        row, known = outcome(site.policy.of(host)), site.hosts.get(host)
        if row.crash and (known is None or (known.powered_by and not is_protected(known, site, seen))):
            found.append({"id": host, "vms": row.vms, "host": row.host})
    return found


def _weakest(site: Site, seen: Snapshot) -> dict[str, Any] | None:
    """The UPS with the shortest told runtime among those that feed a host."""
    told = [
        (there.reading.runtime, ups)
        for ups, there in seen.upses.items()
        if there.reading and there.reading.runtime is not None and fed_by(site, ups)
    ]
    runtime, ups = min(told, default=(None, None))
    return {"ups": ups, "runtime": runtime} if ups is not None else None
