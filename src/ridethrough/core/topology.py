"""What hangs on what; and islands: parts of a site that share nothing, each with a loop of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .model import HostId, Pool, PoolId, Storage, UpsId
from .site import Site


def islands(site: Site) -> list[Site]:
    """The site cut into its connected parts: pools, UPSs and storages that are joined by feeds and by use.

    Policy is shared. A UPS that feeds nothing is an island of its own, so that it is still watched.
    """
    group = _Groups()
    for pool in site.pools:
        group.join(f"pool {pool}", f"pool {pool}")
    for ups in site.upses:
        group.join(f"ups {ups}", f"ups {ups}")
    for host in site.hosts.values():
        for ups in host.powered_by:
            group.join(f"pool {host.pool}", f"ups {ups}")
    for storage in site.storages.values():
        name = f"storage {storage.id}"
        group.join(name, name)
        for other in [*(f"ups {u}" for u in storage.powered_by), *(f"pool {p}" for p in _pools_on(site, storage))]:
            group.join(name, other)
    return [_part(site, members) for members in group.all()]


def _pools_on(site: Site, storage: Storage) -> list[PoolId]:
    """The pools of the hosts that use it; where its owner names none, it may be any."""
    if not storage.used_by:
        return list(site.pools)
    return [site.hosts[h].pool for h in storage.used_by if h in site.hosts]


def fed_by(site: Site, ups: UpsId) -> list[HostId]:
    """The hosts that a UPS feeds, in the order of their ids."""
    return sorted(h.id for h in site.hosts.values() if ups in h.powered_by)


def feeders(site: Site) -> dict[str, list[UpsId]]:
    """The feeders that the owner has named, each with the UPSs on it, in the order of their names."""
    found: dict[str, list[UpsId]] = {}
    for ups in sorted(site.upses):
        if name := site.upses[ups].feeder:
            found.setdefault(name, []).append(ups)
    return dict(sorted(found.items()))


def losing(site: Site, names: Iterable[str]) -> set[UpsId]:
    """The UPSs that lose utility power when these fail: UPSs, or feeders with all UPSs on them.

    Raises ValueError with the names that are known.
    """
    wanted, on = set(names), feeders(site)
    if unknown := sorted(wanted - site.upses.keys() - on.keys()):
        known = f"known UPSs are {', '.join(sorted(site.upses)) or 'none'}"
        named = f"; known feeders are {', '.join(on)}" if on else ""
        raise ValueError(f"names {', '.join(unknown)}; {known}{named}")
    return {ups for name in wanted for ups in ([name] if name in site.upses else on[name])}


def without_others(site: Site, lost: set[UpsId]) -> set[UpsId]:
    """Of these UPSs, those that leave others on their feeder behind: they can fail so only by a plug of their own."""
    return {ups for on_it in feeders(site).values() if not lost.issuperset(on_it) for ups in lost.intersection(on_it)}


def _part(site: Site, members: frozenset[str]) -> Site:
    pools: dict[PoolId, Pool] = {p: site.pools[p] for p in sorted(site.pools) if f"pool {p}" in members}
    return replace(
        site,
        pools=pools,
        upses={u: site.upses[u] for u in sorted(site.upses) if f"ups {u}" in members},
        hosts={h: site.hosts[h] for h in sorted(site.hosts) if site.hosts[h].pool in pools},
        storages={t: site.storages[t] for t in sorted(site.storages) if f"storage {t}" in members},
    )


class _Groups:
    """Disjoint sets of names."""

    def __init__(self) -> None:
        self._of: dict[str, frozenset[str]] = {}

    def join(self, one: str, other: str) -> None:
        both = self._of.get(one, frozenset({one})) | self._of.get(other, frozenset({other}))
        for name in both:
            self._of[name] = both

    def all(self) -> list[frozenset[str]]:
        return sorted(set(self._of.values()), key=min)
