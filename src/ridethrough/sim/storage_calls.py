"""XenAPI's calls on storage. Read from source, not seen running (xapi_pbd.ml; facts: xenapi.md 2)."""

from __future__ import annotations

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Power

from . import failover_plan
from .agenda import Steps
from .errors import XapiError
from .host_calls import HostCalls
from .machines import SimHost, SimSr, SimTask, SimVm, disk_uuid, pbd_uuid, ref_of

PLUGGING: Seconds = 1.0  # a guess: no real storage was in the laboratory
NOT_FOUND: Seconds = 5.0  # a guess, as well: until the storage's driver gives a NAS up that does not serve
NO_SERVICE = ("SR_BACKEND_FAILURE_108", "", "Unable to detect an NFS service on this target.", "")


class StorageCalls(HostCalls):
    """PBD.plug, PBD.unplug and what the pool asks of a storage repository."""

    def storage(self, ref: str) -> SimSr:
        """Raises HANDLE_INVALID."""
        found = self.world.storages.get(ref.removeprefix("OpaqueRef:"))
        if found is None:
            raise XapiError("HANDLE_INVALID", "SR", ref)
        return found

    def pbd(self, ref: str) -> tuple[SimHost, SimSr]:
        """The host and the storage that a PBD joins. Raises HANDLE_INVALID."""
        for host in self.world.members(self.pool_id):
            for storage in self.world.storages.values():
                if ref == ref_of(pbd_uuid(host.uuid, storage.id)) and host.has_pbd(storage):
                    return host, storage
        raise XapiError("HANDLE_INVALID", "PBD", ref)

    def pbd_plug(self, ref: str) -> SimTask:
        """PBD.plug: the host reaches the storage. Plugged already is no error.

        The task fails with SR_BACKEND_FAILURE_108 where its NAS does not serve (sm: NFSSR.py attach, NFSTarget).
        """
        host, storage = self.pbd(ref)

        def steps(task: SimTask) -> Steps:
            yield from self.forward(host)
            if storage.id not in host.storage:
                if self.world.serving(storage.id):
                    yield PLUGGING
                if not self.world.serving(storage.id):
                    yield NOT_FOUND
                    raise XapiError(*NO_SERVICE)
                host.storage.add(storage.id)
                host.detached.discard(storage.id)
                self.world.tell(f"{host.id} attaches {storage.name}")
                self.world.changed("sr", storage.ref)

        return self.start("Async.PBD.plug", steps, on=host.id)

    def pbd_unplug(self, ref: str) -> SimTask:
        """PBD.unplug: refused under a running guest, and where it would undo HA. Unplugged already is no error.

        The task fails with VDI_IN_USE, one parameter a disk; with HA on with HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN
        when a protected guest has a disk there and the host is enabled, and HA_IS_ENABLED for the statefile's storage.
        """
        host, storage = self.pbd(ref)

        def steps(task: SimTask) -> Steps:
            yield from self.forward(host)
            if storage.id not in host.storage:
                return
            self._may_unplug(host, storage)
            yield PLUGGING
            host.storage.discard(storage.id)
            host.detached.add(storage.id)
            self.world.tell(f"{host.id} detaches {storage.name}")
            self.world.changed("sr", storage.ref)

        return self.start("Async.PBD.unplug", steps, on=host.id)

    def _may_unplug(self, host: SimHost, storage: SimSr) -> None:
        on_it = [v for v in self.world.vms.values() if v.pool == self.pool_id and storage.id in v.storage]
        guarded = self.pool.ha_enabled and not self.pool.ha_allow_overcommit and host.enabled
        if guarded and any(failover_plan.is_protected(v) for v in on_it):
            raise XapiError(failover_plan.BROKEN)
        if self.pool.ha_enabled and self.pool.ha_statefile == storage.id:
            raise XapiError("HA_IS_ENABLED")
        if active := [v for v in on_it if v.resident_on == host.id and v.power_state in (Power.RUNNING, Power.PAUSED)]:
            raise XapiError("VDI_IN_USE", *(ref_of(disk_uuid(v.id, storage.id)) for v in sorted(active, key=_by_name)))

    def sr_assert_can_host_ha_statefile(self, ref: str) -> None:
        """Raises HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED unless every host of the pool has the storage attached."""
        storage = self.storage(ref)
        if not storage.shared or any(storage.id not in h.storage for h in self.world.members(self.pool_id)):
            raise XapiError("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", storage.ref)

    def sr_scan(self, ref: str) -> None:
        """SR.scan: nothing here changes behind the toolstack's back. Raises SR_NO_PBDS where no host reaches it."""
        storage = self.storage(ref)
        if not any(storage.id in h.storage for h in self.world.members(self.pool_id)):
            raise XapiError("SR_NO_PBDS", storage.ref)


def _by_name(vm: SimVm) -> str:
    return vm.name
