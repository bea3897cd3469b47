"""A site: what was built, and what its owner wants of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .model import Host, HostId, Pool, PoolId, Storage, StorageId, Ups, UpsId
from .policy import Policy


@dataclass(frozen=True, slots=True)
class Site:
    """Topology and policy. Changes only when site.toml does."""

    name: str
    upses: Mapping[UpsId, Ups]
    pools: Mapping[PoolId, Pool]
    hosts: Mapping[HostId, Host]
    policy: Policy = field(default_factory=Policy)
    storages: Mapping[StorageId, Storage] = field(default_factory=dict)

    def fed(self, machine: HostId | StorageId) -> Host | Storage | None:
        """The host or the storage of this name; None where site.toml names neither."""
        return self.hosts.get(machine) or self.storages.get(machine)
