"""Which facts of the journal concern one island: a site's islands share one journal, and each has its own memory."""

from __future__ import annotations

from collections.abc import Sequence

from ridethrough.core import events as e
from ridethrough.core.actions import CutOutput, KeepOutput, ShutDownController, StopStorage, WakeStorage
from ridethrough.core.model import HostId, PoolId
from ridethrough.core.site import Site


def concerning(site: Site, facts: Sequence[tuple[int, e.Event]]) -> list[tuple[int, e.Event]]:
    """The facts about this island and those about nothing in particular, in order.

    What another island did must not stay open in this one's memory, which never hears how it ended; nor an outage of
    a UPS that has left site.toml. A host or subject that nothing in the journal places elsewhere counts as ours.
    """
    places = _Places(site, [event for _, event in facts])
    return [(position, event) for position, event in facts if places.hold(event)]


class _Places:
    """Where the names in a journal belong. Names of different kinds may be equal, so each is asked for by its kind."""

    def __init__(self, site: Site, events: Sequence[e.Event]) -> None:
        self._site = site
        self._homes: dict[HostId, set[PoolId]] = {}
        for host in site.hosts.values():
            self._homes.setdefault(host.id, set()).add(host.pool)
        self._known: set[str] = set()  # UPSs, pools and storages of the whole site, as far as the journal names them
        for event in events:
            self._learn(event)

    def hold(self, event: e.Event) -> bool:
        """Whether a fact concerns this island."""
        match event:
            case e.ActionStarted() | e.ActionTold() | e.ActionFinished():
                if isinstance(event.action, StopStorage | WakeStorage):
                    return event.action.storage in self._site.storages
                if isinstance(event.action, CutOutput | KeepOutput):
                    return event.action.ups in self._site.upses
                if isinstance(event.action, ShutDownController):
                    return bool(self._site.controller.powered_by)
                return event.action.pool in self._site.pools
            case e.PoolRecorded() | e.PoolRestored() | e.HandOverBegun() | e.HandOverEnded():
                return event.pool in self._site.pools
            case e.StorageStopBegun() | e.StorageStopDropped() | e.StorageDown() | e.StorageBack():
                return event.storage in self._site.storages
            case e.Requested() | e.RequestRefused() | e.RequestDone() | e.Alerted() | e.AlertCleared():
                return self._holds_subject(event.subject)
        if hasattr(event, "ups"):
            return event.ups in self._site.upses
        return not hasattr(event, "host") or self._holds_host(event.host)

    def _learn(self, event: e.Event) -> None:
        match event:
            case e.StorageStopBegun():
                self._known.add(event.storage)
            case e.ActionStarted() | e.ActionTold() | e.ActionFinished() if event.action.pool:
                self._known.add(event.action.pool)
                for role in ("host", "source"):
                    if hasattr(event.action, role):
                        self._homes.setdefault(getattr(event.action, role), set()).add(event.action.pool)
            case e.PoolRecorded():
                self._known.add(event.pool)
                for host, _ in event.members:
                    self._homes.setdefault(host, set()).add(event.pool)
            case _ if hasattr(event, "ups"):
                self._known.add(event.ups)

    def _holds_host(self, host: HostId) -> bool:
        homes = self._homes.get(host)
        return homes is None or not homes.isdisjoint(self._site.pools)

    def _holds_subject(self, subject: str) -> bool:
        if subject in self._site.upses or subject in self._site.pools or subject in self._site.storages:
            return True
        return self._holds_host(subject) if subject in self._homes else subject not in self._known
