"""A site: what was built, and what its owner wants of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .model import (
    CONTROLLER,
    Controller,
    Host,
    HostId,
    Pool,
    PoolId,
    Storage,
    StorageId,
    Switch,
    SwitchId,
    Ups,
    UpsId,
)
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
    switches: Mapping[SwitchId, Switch] = field(default_factory=dict)
    controller: Controller = field(default_factory=Controller)

    def fed(self, machine: HostId | StorageId | SwitchId) -> Host | Storage | Switch | Controller | None:
        """The host, storage or switch of this name, or the controller's own machine; None where there is none."""
        found = self.hosts.get(machine) or self.storages.get(machine) or self.switches.get(machine)
        return self.controller if found is None and machine == CONTROLLER else found
