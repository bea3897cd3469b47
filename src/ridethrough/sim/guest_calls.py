"""XenAPI's calls on VMs that Ridethrough itself never makes; people and other clients do."""

from __future__ import annotations

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Power

from .agenda import Steps
from .errors import XapiError
from .machines import SimTask, SimVm
from .vm_calls import VmCalls

PAUSE_SECONDS: Seconds = 0.05  # lab 05
RECORD_SECONDS: Seconds = 0.01  # to take a record away, lab 20


class GuestCalls(VmCalls):
    """VM.*, the rest of it as far as the recordings of the lab go."""

    def vm_shutdown(self, ref: str) -> SimTask:
        """VM.shutdown: cleanly if that works, else hard."""
        vm = self.vm(ref)

        def steps(task: SimTask) -> Steps:
            self.in_state(vm, Power.PAUSED, Power.SUSPENDED, Power.RUNNING)
            clean = self.vm_clean_shutdown(ref, parent=task)
            yield clean.done
            if clean.status == "success":
                return
            hard = self.vm_hard_shutdown(ref, parent=task)
            yield hard.done
            if hard.status == "failure":
                raise XapiError(*hard.error_info)

        return self.start("Async.VM.shutdown", steps)

    def vm_pause(self, ref: str) -> SimTask:
        """VM.pause."""
        return self._switch(self.vm(ref), "pause", Power.RUNNING, Power.PAUSED)

    def vm_unpause(self, ref: str) -> SimTask:
        """VM.unpause."""
        return self._switch(self.vm(ref), "unpause", Power.PAUSED, Power.RUNNING)

    def _switch(self, vm: SimVm, operation: str, before: Power, after: Power) -> SimTask:
        def steps(task: SimTask) -> Steps:
            self.not_blocked(vm, operation)
            self.in_state(vm, before)
            self.hold(vm, task, operation)
            try:
                yield from self.forward(self._resident(vm))
                yield PAUSE_SECONDS
                vm.power_state = after
            finally:
                self.release(vm, task)

        return self.start(f"Async.VM.{operation}", steps)

    def vm_clean_reboot(self, ref: str) -> SimTask:
        """VM.clean_reboot: the guest restarts where it is; the database calls it Running throughout."""
        vm = self.vm(ref)

        def steps(task: SimTask) -> Steps:
            self.not_blocked(vm, "clean_reboot")
            self.in_state(vm, Power.RUNNING)
            if not vm.has_tools:
                raise XapiError("VM_LACKS_FEATURE", vm.ref)
            self.hold(vm, task, "clean_reboot")
            try:
                yield from self.forward(self._resident(vm))
                yield vm.stop_seconds + vm.start_seconds
                self.world.tell(f"{vm.name} has restarted")
            finally:
                self.release(vm, task)

        return self.start("Async.VM.clean_reboot", steps)

    def vm_destroy(self, ref: str) -> SimTask:
        """VM.destroy: only of a halted one."""
        vm = self.vm(ref)

        def steps(task: SimTask) -> Steps:
            self.not_blocked(vm, "destroy")
            self.in_state(vm, Power.HALTED)
            yield RECORD_SECONDS
            if self.world.vms.pop(vm.id, None):
                self.world.tell(f"{vm.name} is destroyed")
                self.world.changed("vm", vm.ref)

        return self.start("Async.VM.destroy", steps)
