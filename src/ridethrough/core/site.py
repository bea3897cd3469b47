"""A site: what was built, and what its owner wants of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .model import Host, HostId, Pool, PoolId, Ups, UpsId
from .policy import Policy


@dataclass(frozen=True, slots=True)
class Site:
    """Topology and policy. Changes only when site.toml does."""

    name: str
    upses: Mapping[UpsId, Ups]
    pools: Mapping[PoolId, Pool]
    hosts: Mapping[HostId, Host]
    policy: Policy = field(default_factory=Policy)
