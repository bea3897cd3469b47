"""XenAPI's calls on VMs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial, reduce
from operator import and_

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Power

from . import boot, database_copy, failover_plan
from .agenda import Signal, Steps
from .errors import XapiError
from .fates import Fate
from .machines import BOUND_BY, Guest, Reach, SimHost, SimSr, SimTask, SimVm, network_uuid, ref_of
from .operations import Operations, set_key

ACKNOWLEDGE_LIMIT: Seconds = 60.0  # xenopsd domain_shutdown_ack_timeout
ASKED = 0.125  # progress of a clean shutdown while the guest is at it (lab 05)
SHUTDOWN_LIMIT: Seconds = 1200.0  # xapi domain_shutdown_total_timeout
MIGRATE_BEFORE: Seconds = 0.3  # of 0.6 s overhead (lab 20): before the memory flows
MIGRATE_AFTER: Seconds = 0.3  # resident_on changes 0.2 to 0.5 s before the task says success
DARK_TARGET_BLOCKS: Seconds = 64.0  # a move onto a host that died unnoticed (lab 12)
HARD_SECONDS: Seconds = 0.3
SUSPEND_ACKNOWLEDGE_LIMIT: Seconds = 30.0
SUSPEND_SPEED = 200e6  # bytes per second to the suspend SR


class VmCalls(Operations):
    """VM.*: every call that takes time returns a SimTask, and its refusal is that task's failure."""

    # --- moving

    def vm_pool_migrate(
        self,
        ref: str,
        host_ref: str,
        options: Mapping[str, str] | None = None,
        parent: SimTask | None = None,
    ) -> SimTask:
        """VM.pool_migrate. Queued behind any other operation on the VM."""
        vm, target = self.vm(ref), self.host(host_ref)
        force = (options or {}).get("force") == "true"

        def steps(task: SimTask) -> Steps:
            self._may_move(vm, force)
            yield from self.turn(vm, task)
            for earlier in [m for m in self.world.links.moving if m.vm == vm.id]:
                yield earlier.done  # its task was lost with a toolstack; its memory still flows
            yield from self.turn(target, task, "evacuate")
            self._may_move(vm, force)
            self.may_receive(vm, target)
            source = self._resident(vm)
            task.resident_on = source.id
            self.hold(vm, task, "pool_migrate")
            self.hold(target, task, "vm_migrate")
            task.cancellable = True
            try:
                yield from self._move(vm, source, target, task)
            finally:
                vm.scheduled_to_be_resident_on = None
                self.release(vm, task)
                self.release(target, task)

        return self.start("Async.VM.pool_migrate", steps, parent=parent, cancellable=True)

    def _may_move(self, vm: SimVm, force: bool) -> None:
        self.not_blocked(vm, "pool_migrate")
        self.in_state(vm, Power.RUNNING)
        self._not_bound(vm)
        if not vm.has_tools and not force:
            raise XapiError("VM_LACKS_FEATURE", vm.ref)

    def _not_bound(self, vm: SimVm) -> None:
        """Read from source (xapi_vm_lifecycle.ml): before the tools are looked at."""
        if vm.device:
            raise XapiError(BOUND_BY[vm.device][0], vm.ref)

    def may_receive(self, vm: SimVm, host: SimHost) -> None:
        """What xapi checks of the one target that it was given; two parameters on memory (pitfall 12)."""
        if not host.live:
            raise XapiError("HOST_NOT_LIVE")
        if "evacuate" in host.current_operations.values():  # told first, also of a disabled one (lab 04)
            raise XapiError("HOST_EVACUATE_IN_PROGRESS", host.ref)
        if not host.enabled:
            raise XapiError("HOST_DISABLED", host.ref)
        self._runs_there(vm, host)
        self.storage_reaches(vm, host)
        self._is_connected(vm, host)
        available = self.world.memory_available(host.id)
        if vm.resident_on != host.id and vm.memory > available:
            raise XapiError("HOST_NOT_ENOUGH_FREE_MEMORY", str(vm.memory), str(available))
        self.has_enough_cpus(vm, host)
        if vm.resident_on != host.id:
            failover_plan.assert_placement_kept(self.world, vm, host)  # read from source

    def _runs_there(self, vm: SimVm, host: SimHost) -> None:
        """A running guest, or a suspended one, goes on with the features of the processor that it was started on."""
        started = vm.power_state is not Power.HALTED
        if started and vm.cpu_features & ~host.cpu_features:
            reason = "VM last booted on a CPU with features this host's CPU does not have."
            raise XapiError("VM_INCOMPATIBLE_WITH_THIS_HOST", vm.ref, host.ref, reason)

    def has_enough_cpus(self, vm: SimVm, host: SimHost) -> None:
        """Read from source (assert_enough_pcpus, xapi_vm_helpers.ml): it may have no more vCPUs than the host CPUs."""
        if not host.has_cpus(vm):
            raise XapiError("HOST_NOT_ENOUGH_PCPUS", str(vm.vcpus), str(host.cpus))

    def _is_connected(self, vm: SimVm, host: SimHost) -> None:
        """A network without any port is one host's alone: that on which its guests run."""
        wired = {name for h in self.world.members(vm.pool) for name in h.ports}
        for name in vm.cards:
            if name not in (host.ports if name in wired else self._private(name, vm, host)):
                raise XapiError("VM_REQUIRES_NETWORK", vm.ref, ref_of(network_uuid(vm.pool, name)))

    def _private(self, name: str, vm: SimVm, host: SimHost) -> list[str]:
        users = [v for v in self.world.vms.values() if v.pool == vm.pool and name in v.networks and v.resident_on]
        return [name] if all(v.resident_on == host.id for v in users) else []

    def storage_reaches(self, vm: SimVm, host: SimHost) -> None:
        """Its disks, and while it is suspended its memory. Raises VM_REQUIRES_SR for the first that is not reached."""
        image = {vm.suspended_to} if vm.suspended_to else set()
        for storage in sorted((vm.storage | image) - host.storage):
            raise XapiError("VM_REQUIRES_SR", vm.ref, self.world.storages[storage].ref)

    def _move(self, vm: SimVm, source: SimHost, target: SimHost, task: SimTask) -> Steps:
        yield from self.forward(source)
        self.in_state(vm, Power.RUNNING)  # it may have died before its host took the call
        if vm.refuses_move:
            raise XapiError(*vm.refuses_move)
        vm.scheduled_to_be_resident_on = target.id
        self.world.changed("vm", vm.ref)
        if self.world.reach(target.id) is Reach.NOTHING:
            yield DARK_TARGET_BLOCKS
            raise XapiError("CANNOT_CONTACT_HOST", target.ref)
        yield MIGRATE_BEFORE
        if source is not target:
            yield from self._send(vm, source, target, task)
        task.cancellable = False
        vm.resident_on, vm.scheduled_to_be_resident_on = target.id, None
        if source is not target:
            self.world.moves[vm.name] += 1
            self.world.turn(vm, Fate.MOVES)
            self.world.tell(f"{vm.name} has moved from {source.id} to {target.id}")
            self.world.draws_otherwise(vm)
        self.world.changed("vm", vm.ref)
        yield MIGRATE_AFTER

    def _send(self, vm: SimVm, source: SimHost, target: SimHost, task: SimTask) -> Steps:
        size = vm.memory * vm.dirtying
        migration = self.world.links.send(vm.id, source.id, target.id, size, vm.stalls_move)
        try:
            yield migration.done
        finally:
            self.world.links.drop(migration, "TASK_CANCELLED", task.ref)
        if migration.error:
            if migration.error[0] == "CANNOT_CONTACT_HOST":
                yield DARK_TARGET_BLOCKS
            raise XapiError(*migration.error)

    # --- stopping

    def vm_clean_shutdown(self, ref: str, parent: SimTask | None = None) -> SimTask:
        """VM.clean_shutdown: no acknowledgement in 60 s, or not off in 20 minutes, is a failure."""
        vm = self.vm(ref)

        def steps(task: SimTask) -> Steps:
            self._may_shut_down(vm)
            yield from self.turn(vm, task)
            self._may_shut_down(vm)
            host = self._resident(vm)
            task.resident_on = host.id
            task.progress = ASKED
            self.hold(vm, task, "clean_shutdown")
            try:
                yield from self.forward(host)
                self.in_state(vm, Power.RUNNING)  # as in a migration
                self._unprotect(vm)
                yield from self._guest_answers(vm)
            finally:
                self.release(vm, task)

        return self.start("Async.VM.clean_shutdown", steps, parent=parent, cancellable=True)

    def _may_shut_down(self, vm: SimVm) -> None:
        self.not_blocked(vm, "clean_shutdown")
        self.in_state(vm, Power.RUNNING)
        if not vm.has_tools:
            raise XapiError("VM_LACKS_FEATURE", vm.ref)

    def _guest_answers(self, vm: SimVm) -> Steps:
        match vm.guest:
            case Guest.IGNORES:
                yield ACKNOWLEDGE_LIMIT
                raise XapiError("VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT", vm.ref)
            case Guest.HANGS:
                yield SHUTDOWN_LIMIT
                raise XapiError("VM_SHUTDOWN_TIMEOUT", vm.ref, "1200.")
            case _:
                yield self.at_latest(self._guest_stops(vm), self.world.now + SHUTDOWN_LIMIT)
                if vm.power_state is not Power.HALTED:  # and goes down later all the same
                    raise XapiError("VM_SHUTDOWN_TIMEOUT", vm.ref, "1200.")

    def _guest_stops(self, vm: SimVm) -> Signal:
        """Once told, a guest goes down by itself, whatever becomes of the call that told it."""
        stopped, life = Signal(), vm.life

        def off() -> None:
            if vm.life == life and vm.alive:
                self._halted(vm, Fate.STOPS)
            stopped.fire()

        self.world.agenda.after(vm.stop_seconds, off)
        return stopped

    def vm_hard_shutdown(self, ref: str, parent: SimTask | None = None) -> SimTask:
        """VM.hard_shutdown: ends whatever else runs on the VM, then the VM."""
        vm = self.vm(ref)

        def steps(task: SimTask) -> Steps:
            self.not_blocked(vm, "hard_shutdown")
            self.in_state(vm, Power.PAUSED, Power.SUSPENDED, Power.RUNNING)
            for holder in [self.world.tasks.get(held) for held in vm.current_operations]:
                if holder:
                    self._cancelled(holder)
            if vm.resident_on:
                task.resident_on = vm.resident_on
            self.hold(vm, task, "hard_shutdown")
            try:
                if vm.resident_on:
                    yield from self.forward(self._resident(vm))
                self._unprotect(vm)
                yield HARD_SECONDS
                if vm.power_state is not Power.HALTED:
                    self._halted(vm, Fate.STOPPED_HARD)
            finally:
                self.release(vm, task)

        return self.start("Async.VM.hard_shutdown", steps, parent=parent)

    def _halted(self, vm: SimVm, how: Fate) -> None:
        self.world.tell(f"{vm.name} is {'shut down' if how is Fate.STOPS else how}")
        if vm.alive:
            self.world.turn(vm, how)
        boot.halt(self.world, vm)

    def _unprotect(self, vm: SimVm) -> None:
        """xapi_vm.ml: HA restarts no guest that was stopped on purpose; nor one that was asked to stop, and runs on."""
        if vm.ha_always_run:
            vm.ha_always_run = False
            self.world.changed("vm", vm.ref)

    # --- starting

    def vm_start(self, ref: str, start_paused: bool = False, force: bool = False) -> SimTask:
        """VM.start, where xapi finds room among the enabled hosts; else NO_HOSTS_AVAILABLE, no parameters."""
        vm = self.vm(ref)
        return self._start("Async.VM.start", vm, Power.HALTED, None, start_paused)

    def vm_start_on(self, ref: str, host_ref: str, start_paused: bool = False, force: bool = False) -> SimTask:
        """VM.start_on."""
        vm, host = self.vm(ref), self.host(host_ref)
        return self._start("Async.VM.start_on", vm, Power.HALTED, host, start_paused)

    def vm_resume(self, ref: str, start_paused: bool = False, force: bool = False) -> SimTask:
        """VM.resume."""
        vm = self.vm(ref)
        return self._start("Async.VM.resume", vm, Power.SUSPENDED, None, start_paused)

    def vm_resume_on(self, ref: str, host_ref: str, start_paused: bool = False, force: bool = False) -> SimTask:
        """VM.resume_on."""
        vm, host = self.vm(ref), self.host(host_ref)
        return self._start("Async.VM.resume_on", vm, Power.SUSPENDED, host, start_paused)

    def _start(self, name: str, vm: SimVm, state: Power, where: SimHost | None, paused: bool) -> SimTask:
        operation = name.removeprefix("Async.VM.")

        def steps(task: SimTask) -> Steps:
            self.not_blocked(vm, operation)
            self.in_state(vm, state)
            yield from self.turn(vm, task)
            self.in_state(vm, state)
            if where:
                self.may_receive(vm, where)
            host = where or self._roomiest(vm)
            task.resident_on = host.id
            vm.scheduled_to_be_resident_on = host.id
            self.hold(vm, task, operation)
            self.hold(host, task, "vm_start" if state is Power.HALTED else "vm_resume")
            try:
                yield from self.forward(host)
                yield vm.start_seconds if state is Power.HALTED else vm.memory / SUSPEND_SPEED
                self._runs(vm, host, paused, booted=state is Power.HALTED)
            finally:
                vm.scheduled_to_be_resident_on = None
                self.release(vm, task)
                self.release(host, task)

        return self.start(name, steps)

    def _roomiest(self, vm: SimVm) -> SimHost:
        def possible(host: SimHost) -> bool:
            try:
                self.may_receive(vm, host)
            except XapiError:
                return False
            return True

        hosts = [h for h in self.world.members(self.pool_id) if possible(h)]
        if not hosts:
            raise XapiError("NO_HOSTS_AVAILABLE")
        return max(hosts, key=lambda h: self.world.memory_available(h.id))

    def _runs(self, vm: SimVm, host: SimHost, paused: bool, booted: bool) -> None:
        vm.power_state = Power.PAUSED if paused else Power.RUNNING
        vm.resident_on, vm.alive, vm.suspended_to = host.id, True, None
        vm.ha_always_run = vm.ha_restart_priority == "restart"
        vm.life += 1
        if booted:  # with what every host of the pool has (pool.cpu_info)
            features = [h.cpu_features for h in self.world.members(vm.pool)]
            vm.cpu_features = reduce(and_, features)
        if booted and vm.tools_seconds:
            vm.tools_heard = False
            self.world.agenda.after(vm.tools_seconds, partial(self._tools_heard, vm, vm.life))
        self.world.turn(vm, Fate.STARTS)
        self.world.tell(f"{vm.name} starts on {host.id}")
        self.world.draws_otherwise(vm)
        self.world.changed("vm", vm.ref)

    def _tools_heard(self, vm: SimVm, life: int) -> None:
        if vm.life == life:
            vm.tools_heard = True
            self.world.changed("vm", vm.ref)

    def vm_suspend(self, ref: str) -> SimTask:
        """VM.suspend: memory goes to the suspend SR. Cannot be cancelled.

        Read from source (helpers.ml choose_suspend_sr, xenops_server.ml; facts: xenapi.md 5.8), but for the lab's
        VM_NO_SUSPEND_SR. An image on a local storage ties the guest to its host.
        """
        vm = self.vm(ref)

        def steps(task: SimTask) -> Steps:
            self.not_blocked(vm, "suspend")
            self.in_state(vm, Power.RUNNING)
            self._not_bound(vm)
            if not vm.has_tools:
                raise XapiError("VM_LACKS_FEATURE", vm.ref)
            self._suspend_sr(vm)
            yield from self.turn(vm, task)
            self.in_state(vm, Power.RUNNING)
            host = self._resident(vm)
            task.resident_on = host.id
            self.hold(vm, task, "suspend")
            try:
                yield from self.forward(host)
                self._unprotect(vm)
                storage = self._suspend_sr(vm)
                yield from self._guest_suspends(vm)
                yield vm.memory / SUSPEND_SPEED
                self._suspended(vm, storage)
            finally:
                self.release(vm, task)

        return self.start("Async.VM.suspend", steps)

    def _suspend_sr(self, vm: SimVm) -> SimSr:
        """The guest's own, else the pool's, else its host's, where the host has it attached and there is room."""
        host = self._resident(vm)
        choices = [s for s in (vm.suspend_sr, self.pool.suspend_sr, host.suspend_sr) if s in host.storage]
        if not choices:
            raise XapiError("VM_NO_SUSPEND_SR", vm.ref)
        storage = self.world.storages[choices[0] or ""]
        used = sum(v.memory for v in self.world.vms.values() if v.suspended_to == storage.id)
        if storage.suspend_room is not None and used + vm.memory > storage.suspend_room:
            raise XapiError("SR_SUSPEND_SPACE_INSUFFICIENT", storage.ref)
        return storage

    def _guest_suspends(self, vm: SimVm) -> Steps:
        match vm.guest:
            case Guest.IGNORES:
                yield SUSPEND_ACKNOWLEDGE_LIMIT
                raise XapiError("VM_FAILED_SUSPEND_ACKNOWLEDGMENT", vm.ref)
            case Guest.HANGS:
                yield SHUTDOWN_LIMIT
                raise XapiError("VM_SUSPEND_TIMEOUT", vm.ref, "1200.")

    def _suspended(self, vm: SimVm, storage: SimSr) -> None:
        self.world.turn(vm, Fate.SUSPENDED)
        self.world.tell(f"{vm.name} is suspended")
        vm.alive = False
        vm.life += 1
        vm.power_state, vm.suspended_to = Power.SUSPENDED, storage.id
        vm.resident_on = vm.scheduled_to_be_resident_on = None
        self.world.draws_otherwise(vm)
        self.world.changed("vm", vm.ref)

    def vm_power_state_reset(self, ref: str) -> None:
        """VM.power_state_reset. Raises HOST_IS_LIVE while the VM's host is."""
        vm = self.vm(ref)
        if vm.resident_on and self.world.hosts[vm.resident_on].live:
            raise XapiError("HOST_IS_LIVE", self._resident(vm).ref)
        boot.halt(self.world, vm)

    # --- maps

    def vm_add_to_other_config(self, ref: str, key: str, value: str) -> None:
        """Raises MAP_DUPLICATE_KEY."""
        vm = self.vm(ref)
        database_copy.remember(self.world, self.pool_id, vm, "other_config")
        set_key(vm.other_config, "VM", "other_config", vm.id, key, value)
        self.world.changed("vm", vm.ref)

    def vm_remove_from_other_config(self, ref: str, key: str) -> None:
        """A missing key is no error."""
        vm = self.vm(ref)
        database_copy.remember(self.world, self.pool_id, vm, "other_config")
        vm.other_config.pop(key, None)
        self.world.changed("vm", vm.ref)

    def vm_add_to_blocked_operations(self, ref: str, key: str, value: str) -> None:
        """Raises MAP_DUPLICATE_KEY."""
        vm = self.vm(ref)
        database_copy.remember(self.world, self.pool_id, vm, "blocked_operations")
        set_key(vm.blocked_operations, "VM", "blocked_operations", vm.id, key, value)
        self.world.changed("vm", vm.ref)

    def vm_remove_from_blocked_operations(self, ref: str, key: str) -> None:
        """A missing key is no error."""
        vm = self.vm(ref)
        database_copy.remember(self.world, self.pool_id, vm, "blocked_operations")
        vm.blocked_operations.pop(key, None)
        self.world.changed("vm", vm.ref)

    # --- checks

    def vm_allowed_operations(self, ref: str) -> list[str]:
        """What xapi would list; advisory, as there."""
        vm = self.vm(ref)
        if vm.busy:
            return ["hard_shutdown"] if vm.power_state is Power.RUNNING else []
        match vm.power_state:
            case Power.RUNNING:
                moves = [] if vm.device else ["suspend", "pool_migrate"]
                able = ["clean_shutdown", "clean_reboot", *moves] if vm.has_tools else []
                allowed = [*able, "hard_shutdown", "hard_reboot", "pause"]
            case Power.PAUSED:
                allowed = ["unpause", "hard_shutdown", "hard_reboot"]
            case Power.SUSPENDED:
                allowed = ["resume", "resume_on", "hard_shutdown"]
            case Power.HALTED:
                allowed = ["start", "start_on", "destroy"]
        return [operation for operation in allowed if operation not in vm.blocked_operations]

    def not_blocked(self, vm: SimVm, operation: str) -> None:
        if operation in vm.blocked_operations:
            raise XapiError("OPERATION_BLOCKED", vm.ref, vm.blocked_operations[operation])

    def in_state(self, vm: SimVm, *expected: Power) -> None:
        if vm.power_state not in expected:
            raise XapiError("VM_BAD_POWER_STATE", vm.ref, ", ".join(expected), str(vm.power_state))

    def _resident(self, vm: SimVm) -> SimHost:
        assert vm.resident_on is not None, f"{vm.name} runs nowhere"
        return self.world.hosts[vm.resident_on]
