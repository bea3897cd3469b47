"""What hangs on what; and islands: parts of a site that share nothing, each with a loop of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .model import Controller, HostId, Pool, PoolId, Storage, StorageId, Switch, UpsId
from .site import Site


def islands(site: Site) -> list[Site]:
    """The site cut into its connected parts: pools, UPSs and storages that are joined by feeds, by use and by switches.

    A controller that names its own UPSs is needed by everything: then all but such UPSs as feed nothing is one part.
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
    for switch in site.switches.values():
        _join_all(group, [*(f"ups {u}" for u in switch.powered_by), *_behind(site, switch)])
    if site.controller.powered_by:
        _join_all(
            group,
            [
                *(f"ups {u}" for u in _used(site)),
                *(f"pool {p}" for p in site.pools),
                *(f"storage {t}" for t in site.storages),
            ],
        )
    return [_part(site, members) for members in group.all()]


def _used(site: Site) -> list[UpsId]:
    """The UPSs that feed anything."""
    fed = [h.powered_by for h in site.hosts.values()] + [t.powered_by for t in site.storages.values()]
    fed += [w.powered_by for w in site.switches.values()] + [site.controller.powered_by]
    return [ups for named in fed for ups in named]


def _join_all(group: _Groups, names: list[str]) -> None:
    for name in names:
        group.join(names[0], name)


def _behind(site: Site, switch: Switch) -> list[str]:
    """What cannot be reached without it, for the parts of the site: a host counts as its pool."""
    pools = {*switch.pools, *(site.hosts[h].pool for h in switch.hosts)}
    return [*(f"pool {p}" for p in sorted(pools)), *(f"storage {t}" for t in switch.storages)]


def switches_before(site: Site, machine: HostId | StorageId, pool: PoolId = "") -> list[Switch]:
    """The switches that lead to a machine, in the order of their ids: it can be reached while one of them has power.

    `pool`: that of a host.
    """
    return [
        switch
        for _, switch in sorted(site.switches.items())
        if machine in switch.hosts or machine in switch.storages or (pool and pool in switch.pools)
    ]


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
    ours = any(f"ups {u}" in members for u in site.controller.powered_by)
    return replace(
        site,
        pools=pools,
        upses={u: site.upses[u] for u in sorted(site.upses) if f"ups {u}" in members},
        hosts={h: site.hosts[h] for h in sorted(site.hosts) if site.hosts[h].pool in pools},
        storages={t: site.storages[t] for t in sorted(site.storages) if f"storage {t}" in members},
        switches={n: w for n, w in sorted(site.switches.items()) if _is_in(site, w, members)},
        controller=site.controller if ours else Controller(vm=site.controller.vm),
    )


def _is_in(site: Site, switch: Switch, members: frozenset[str]) -> bool:
    return not members.isdisjoint([*(f"ups {u}" for u in switch.powered_by), *_behind(site, switch)])


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
