"""The storage repositories that hosts attach again: XenServer tries each but once, when a host starts."""

from __future__ import annotations

from . import events as e
from .actions import AttachRepository
from .memory import kind_and_target
from .model import HostId, PoolId, RepositoryId
from .observation import HostSeen, VmSeen
from .power import supply
from .situation import Situation, once
from .start import may_act, start
from .storage import NOT_SERVING, is_serving
from .storage_use import attached_before, storages_with

NOT_ATTACHED = "not attached"  # the alert about a host that cannot attach what it had attached
TOLD_AFTER = 2  # failed attempts


def attach(s: Situation) -> list[e.Event]:
    """PBD.plug of what was attached when the outage began, once its storage serves; tried again where it fails."""
    found: list[e.Event] = []
    for host in s.hosts:
        if s.memory.pool(host.pool).record is None or not may_act(s, host.pool) or not supply(s, host.id).powered:
            continue
        for repository in missing(s, host):
            if all(is_serving(s, storage) for storage in storages_with(s, repository)):
                found += start(s, _action(s, host, repository))
    return found


def _action(s: Situation, host: HostSeen, repository: RepositoryId) -> AttachRepository:
    why = "it was attached when the outage began"
    return AttachRepository(host.id, host.pool, repository, name_of(s, host.pool, repository), why)


def name_of(s: Situation, pool: PoolId, repository: RepositoryId) -> str:
    """The repository's name, as its pool tells it."""
    return s.seen.pools[pool].storage_names.get(repository) or repository


def missing(s: Situation, host: HostSeen) -> list[RepositoryId]:
    """What a host that is up had attached when the outage began and has not attached now, in the order of the names."""
    return _missing(s, host.id)


@once
def _missing(s: Situation, host_id: HostId) -> list[RepositoryId]:
    host, m = s.seen.hosts[host_id], s.memory.host(host_id)
    if m.shut_down_at is not None or m.down_at is not None or not host.live or not s.answers(host):
        return []
    gone = attached_before(s, host) & host.detached
    return sorted(gone, key=lambda repository: (name_of(s, host.pool, repository), repository))


def is_given_up(s: Situation, host: HostSeen, repository: RepositoryId) -> bool:
    """It could not be attached for long, or its storage does not serve, and a person has been told."""
    silent = [s.memory.alerts.get((storage, NOT_SERVING)) for storage in storages_with(s, repository)]
    if any(alert is not None and s.now - alert.at >= s.policy.start_timeout for alert in silent):
        return True
    told = s.memory.alerts.get((host.id, NOT_ATTACHED))
    return told is not None and s.now - told.at >= s.policy.starts_itself and _fails(s, host, repository)


def _fails(s: Situation, host: HostSeen, repository: RepositoryId) -> bool:
    failure = s.memory.failures.get(kind_and_target(_action(s, host, repository)))
    return failure is not None and failure.count >= TOLD_AFTER


def trouble(s: Situation, host: HostSeen) -> str:
    """What it cannot attach, by name and with the error; empty when there is no such."""
    found = []
    for repository in missing(s, host):
        if _fails(s, host, repository):
            failure = s.memory.failures[kind_and_target(_action(s, host, repository))]
            found.append(f"{name_of(s, host.pool, repository)} ({failure.error})")
    return ", ".join(found)


def awaited(s: Situation, vm: VmSeen) -> list[tuple[HostSeen, RepositoryId]]:
    """The hosts that have not attached again what this VM needs, and are not given up."""
    found = [(h, r) for h in s.members(vm.pool) for r in missing(s, h) if r in vm.storage]
    return [(h, r) for h, r in found if not is_given_up(s, h, r)]
