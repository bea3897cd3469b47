"""What a new site.toml means for loops that run: a new value for them, or loops that begin anew."""

from __future__ import annotations

from dataclasses import dataclass

from ridethrough.core.model import HostId, PoolId, PowerWay, UpsId, Way
from ridethrough.core.site import Site
from ridethrough.core.topology import islands

from .settings import Configuration, PoolConnection, PowerOn, StorageConnection, UpsConnection


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the observers and actors of an island are made from. While it is the same, they stay as they are."""

    upses: tuple[UpsConnection, ...]
    pools: tuple[PoolConnection, ...]
    hosts: tuple[tuple[HostId, PoolId], ...]
    storages: tuple[tuple[StorageConnection, Way], ...]
    power_on: tuple[tuple[HostId, tuple[PowerWay, ...], PowerOn | None], ...]
    poll: float
    controller: str

    @classmethod
    def of(cls, configuration: Configuration, part: Site) -> Wiring:
        """That of one island of a site."""
        return cls(
            tuple(configuration.upses[ups] for ups in sorted(part.upses)),
            tuple(configuration.pools[pool] for pool in sorted(part.pools)),
            tuple(sorted((host.id, host.pool) for host in part.hosts.values())),
            tuple((configuration.storages[t], part.storages[t].way) for t in sorted(part.storages)),
            tuple((h.id, h.power_on, configuration.power_on.get(h.id)) for _, h in sorted(part.hosts.items())),
            part.policy.poll,
            configuration.controller.name,
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """UPSs and pools whose loop ends or begins with a change; both empty: every loop just gets new values."""

    upses: tuple[UpsId, ...] = ()
    pools: tuple[PoolId, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.upses or self.pools)


def begun_anew(old: Configuration, new: Configuration) -> Begun:
    """Which UPSs and pools are watched anew, or no longer, when `new` takes the place of `old`."""
    before = [(part, Wiring.of(old, part)) for part in islands(old.site)]
    after = [(part, Wiring.of(new, part)) for part in islands(new.site)]
    stays = [wiring for _, wiring in before if any(wiring == other for _, other in after)]
    other = [part for part, wiring in (*before, *after) if wiring not in stays]
    upses = {ups for part in other for ups in part.upses}
    pools = {pool for part in other for pool in part.pools}
    return Begun(tuple(sorted(upses)), tuple(sorted(pools)))
