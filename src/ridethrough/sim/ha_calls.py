"""XenAPI's calls about high availability. Read from source, not seen running (facts: xenapi.md 4.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Power

from . import failover_plan
from .agenda import Steps
from .errors import XapiError
from .machines import SimSr, SimTask
from .storage_calls import StorageCalls

ENABLING: Seconds = 10.0  # a guess: no HA was in the laboratory
PRIORITIES = ("", "best-effort", "restart")


class HaCalls(StorageCalls):
    """pool.*ha*, VM.set_ha_*: what they change is judged by `failover_plan` and `high_availability`."""

    # --- on and off

    def pool_enable_ha(self, heartbeat_srs: Sequence[str], configuration: Mapping[str, str] | None = None) -> SimTask:
        """pool.enable_ha (xapi_ha.ml): every host must answer, and the statefile's storage reach all of them.

        The task fails with HA_IS_ENABLED, HOST_OFFLINE, CANNOT_CONTACT_HOST, HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED.
        """
        storages = [self.storage(ref) for ref in heartbeat_srs]

        def steps(task: SimTask) -> Steps:
            if self.pool.ha_enabled:
                raise XapiError("HA_IS_ENABLED")
            for host in self.world.members(self.pool_id):
                yield from self.forward(host)
            statefile = self._statefile(storages)
            yield ENABLING
            if self.pool.ha_sticks:
                raise XapiError("INTERNAL_ERROR", "Xha_errno.Mtc_exit_can_not_access_statefile")
            self.pool.ha_enabled, self.pool.ha_statefile = True, statefile.id
            self.world.tell(f"HA of {self.pool_id} is on")
            self._tell_of_ha()

        return self.start("Async.pool.enable_ha", steps)

    def _statefile(self, storages: Sequence[SimSr]) -> SimSr:
        """The first storage given; any that all hosts share when none was."""
        candidates = storages or [self.world.storages[s] for s in sorted(self.world.storages)]
        for storage in candidates:
            try:
                self.sr_assert_can_host_ha_statefile(storage.ref)
            except XapiError:
                if storages:
                    raise
            else:
                return storage
        raise XapiError("CANNOT_FIND_STATE_PARTITION")

    def pool_disable_ha(self) -> None:
        """pool.disable_ha. Raises HA_NOT_ENABLED."""
        if not self.pool.ha_enabled:
            raise XapiError("HA_NOT_ENABLED")
        if self.pool.ha_sticks:
            raise XapiError("INTERNAL_ERROR", "Xha_errno.Mtc_exit_daemon_is_not_present")
        self.pool.ha_enabled, self.pool.ha_statefile = False, None
        self.world.tell(f"HA of {self.pool_id} is off")
        self._tell_of_ha()

    def _tell_of_ha(self) -> None:
        self.world.changed("pool", self.pool.ref)
        for host in self.world.members(self.pool_id):
            self.world.changed("host", host.ref)

    # --- the plan

    def pool_set_ha_host_failures_to_tolerate(self, ref: str, value: int) -> None:
        """Raises HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN, and INVALID_VALUE for a negative one."""
        if value < 0:
            raise XapiError("INVALID_VALUE", "ha_host_failures_to_tolerate", str(value))
        failover_plan.assert_kept(self.world, self.pool_id, failures=value)
        self.pool.ha_failures = value
        self.world.changed("pool", self.pool.ref)

    def pool_ha_compute_max_host_failures_to_tolerate(self) -> int:
        """How many failures there is a plan for, with the guests that are protected now."""
        return failover_plan.most_failures(self.world, self.pool_id)

    def pool_ha_compute_hypothetical_max_host_failures_to_tolerate(self, configuration: Mapping[str, str]) -> int:
        """The same, if the guests had these priorities (VM reference -> priority)."""
        protected = {self.vm(ref).id for ref, priority in configuration.items() if priority == "restart"}
        return failover_plan.most_failures(self.world, self.pool_id, lambda vm: vm.id in protected)

    def pool_ha_failover_plan_exists(self, failures: int) -> bool:
        return failover_plan.exists(self.world, self.pool_id, failures)

    def pool_ha_prevent_restarts_for(self, seconds: int) -> None:
        """No protected guest is restarted for so long; 0 ends it. Raises HA_NOT_ENABLED."""
        if not self.pool.ha_enabled:
            raise XapiError("HA_NOT_ENABLED")
        self.pool.ha_no_restarts_until = self.world.now + seconds

    # --- guests

    def vm_set_ha_restart_priority(self, ref: str, value: str) -> None:
        """A running guest that is to be restarted is protected from now on (xapi_vm.ml).

        Raises INVALID_VALUE; while HA is on also HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED for a guest that is tied to a
        host, and HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN.
        """
        vm = self.vm(ref)
        if value not in PRIORITIES:
            raise XapiError("INVALID_VALUE", "ha_restart_priority", value)
        if value == "restart" and self.pool.ha_enabled and vm.power_state is Power.RUNNING:
            if tie := failover_plan.ties(self.world, vm):
                raise XapiError("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", tie.ref)
            protects = lambda other: other is vm or failover_plan.is_protected(other)  # noqa: E731
            failover_plan.assert_kept(self.world, self.pool_id, protects=protects)
        if value != vm.ha_restart_priority:  # the same one again protects nobody
            vm.ha_restart_priority = value
            vm.ha_always_run = value == "restart" and vm.power_state is Power.RUNNING
            self._protection_changed(ref)

    def vm_set_ha_always_run(self, ref: str, value: bool) -> None:
        """Deprecated, and still there: it sets the priority."""
        self.vm_set_ha_restart_priority(ref, "restart" if value else "")

    def vm_assert_agile(self, ref: str) -> None:
        """Raises HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED when the guest cannot run on every enabled host (agility.ml)."""
        if tie := failover_plan.ties(self.world, self.vm(ref)):
            raise XapiError("HA_CONSTRAINT_VIOLATION_SR_NOT_SHARED", tie.ref)

    def _protection_changed(self, ref: str) -> None:
        self.world.changed("vm", ref)
        self.world.changed("pool", self.pool.ref)
