"""XenAPI's calls on hosts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import TypeAlias

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Power

from . import boot, database_copy, failover_plan, tasks
from .agenda import Signal, Steps
from .allowed import host_operations
from .errors import XapiError
from .guest_calls import GuestCalls
from .machines import Reach, SimHost, SimTask, SimVm, Wlb
from .operations import set_key
from .vm_calls import ACKNOWLEDGE_LIMIT

SHUTDOWN_DELAY: Seconds = 10.0  # between host.shutdown's success and /sbin/shutdown (lab 06)
POWER_ON_EVERY: Seconds = 5.0  # wake-on-lan: a packet every 5 s for 5 min
POWER_ON_PACKETS = 60
POWER_ON_WAIT: Seconds = 600.0
BATCH = 10
CHILDREN_KEPT: Seconds = 0.07  # an evacuation destroys its migrations' tasks this long after the last (lab 13)
WLB_TAKES: Seconds = 0.3  # a guess: no WLB was in the lab
WLB_QUESTION = "host.retrieve_wlb_evacuate_recommendations"
WLB_LATE: Seconds = 20.0
WLB_TIMEOUT: Seconds = 30.0  # default_wlb_timeout, xapi_globs.ml; read from source

Plan: TypeAlias = tuple[dict[str, SimHost], dict[str, XapiError]]  # by VM reference: where to, and why not


class HostCalls(GuestCalls):
    """host.*: every call that takes time returns a SimTask, and its refusal is that task's failure."""

    # --- maintenance

    def host_disable(self, ref: str, auto_enable: bool = True) -> SimTask:
        """host.disable. `auto_enable` is passed over when the host is disabled already (pitfall 8)."""
        host = self.host(ref)

        def steps(task: SimTask) -> Steps:
            failover_plan.assert_kept(self.world, self.pool_id, without=[host.id])
            yield from self.forward(host)
            if host.enabled:
                host.enabled = False
                host.user_disabled = True
                host.auto_enable = auto_enable or not self.pool.profile.knows_auto_enable
                self.world.tell(f"{host.id} is disabled")
                self.world.changed("host", host.ref)

        return self.start("Async.host.disable", steps, on=host.id)

    def host_enable(self, ref: str) -> SimTask:
        """host.enable: the marker MAINTENANCE_MODE in other_config stays (pitfall 23)."""
        host = self.host(ref)

        def steps(task: SimTask) -> Steps:
            yield from self.forward(host)
            if host.still_booting:
                raise XapiError("HOST_STILL_BOOTING")
            host.user_disabled, host.auto_enable = False, True
            if not host.enabled:
                host.enabled = True
                self.world.tell(f"{host.id} is enabled")
                self.world.changed("host", host.ref)

        return self.start("Async.host.enable", steps, on=host.id)

    # --- evacuation

    def evacuation_plan(self, host: SimHost) -> Plan:
        """Where host.evacuate would put each guest, and the errors of those that it cannot, by VM ref.

        As in xapi, every VM must be able to run on every enabled host, not on some; power plays no part.
        """
        targets = [h for h in self.world.members(self.pool_id) if h.enabled and h is not host]
        room = {h.id: self.world.memory_available(h.id) for h in targets}
        plan: dict[str, SimHost] = {}
        errors: dict[str, XapiError] = {}
        for vm in sorted(self.world.guests(host.id), key=lambda v: (-v.memory, v.name, v.id)):
            try:
                self._may_evacuate(vm, targets)
                best = max(targets, key=lambda h: room[h.id])
                if vm.memory > room[best.id]:
                    raise XapiError("HOST_NOT_ENOUGH_FREE_MEMORY", vm.ref)
            except XapiError as error:
                errors[vm.ref] = error
            else:
                plan[vm.ref] = best
                room[best.id] -= vm.memory
        return plan, errors

    def _may_evacuate(self, vm: SimVm, targets: Sequence[SimHost]) -> None:
        self.not_blocked(vm, "pool_migrate")
        self.in_state(vm, Power.RUNNING)
        for holder in vm.current_operations:
            raise self.busy(vm, holder)
        if not vm.has_tools:
            raise XapiError("VM_LACKS_FEATURE", vm.ref)
        if not targets:
            raise XapiError("NO_HOSTS_AVAILABLE", vm.ref)
        if self.pool.ha_enabled and not failover_plan.is_protected(vm):
            raise XapiError(self.pool.profile.unprotected_error, vm.ref)
        for target in targets:
            if not target.live:
                raise XapiError("HOST_NOT_LIVE")
            self.storage_reaches(vm, target)
            self.has_enough_cpus(vm, target)

    def host_get_vms_which_prevent_evacuation(self, ref: str) -> dict[str, list[str]]:
        """VM ref -> [code, param...]; empty when host.evacuate would be planned now."""
        _, errors = self.evacuation_plan(self.host(ref))
        return {vm: error.description for vm, error in errors.items()}

    def host_assert_can_evacuate(self, ref: str) -> None:
        """Raises CANNOT_EVACUATE_HOST with one parameter: "CODE,param|CODE,param"."""
        _, errors = self.evacuation_plan(self.host(ref))
        if errors:
            raise XapiError("CANNOT_EVACUATE_HOST", "|".join(",".join(e.description) for e in errors.values()))

    def host_retrieve_wlb_evacuate_recommendations(self, ref: str) -> SimTask:
        """VM ref -> ["WLB", host uuid], or [code, param...]. The coordinator asks WLB for one host at a time.

        As read in the source (xapi_host.ml compute_evacuation_plan_wlb, workload_balancing.ml, remote_requests.ml):
        xapi's own errors win, those of memory excepted; a VM without a recommendation counts as one without room.
        """
        host = self.host(ref)

        def steps(task: SimTask) -> Steps:
            if not self.pool.wlb_enabled:
                raise XapiError("WLB_NOT_INITIALIZED")
            yield from self._turn_at_wlb(task)
            match self.pool.wlb:
                case Wlb.DEAD:
                    yield WLB_TIMEOUT
                    raise XapiError("WLB_TIMEOUT", f"{WLB_TIMEOUT:.0f}.")
                case Wlb.LATE:
                    yield WLB_LATE
                case Wlb.ANSWERS:
                    yield WLB_TAKES
            task.answer = self._recommendations(host)

        return self.start(f"Async.{WLB_QUESTION}", steps)

    def _turn_at_wlb(self, task: SimTask) -> Steps:
        """remote_requests.ml: one thread carries all questions."""
        earlier = self.world.at_work[: self.world.at_work.index(task)]
        for other in [t for t in earlier if t.name.endswith(WLB_QUESTION) and t.pool == task.pool]:
            if other.pending:
                yield other.done

    def _recommendations(self, host: SimHost) -> dict[str, list[str]]:
        _, errors = self.evacuation_plan(host)
        found: dict[str, list[str]] = {}
        for vm in self.world.guests(host.id):
            error, target = errors.get(vm.ref), self.pool.wlb_advice.get(vm.id)
            if error and error.code != "HOST_NOT_ENOUGH_FREE_MEMORY":
                found[vm.ref] = error.description
            elif target and target != host.id:
                found[vm.ref] = ["WLB", self.world.hosts[target].uuid]
            else:
                found[vm.ref] = ["HOST_NOT_ENOUGH_FREE_MEMORY", vm.ref]
        return found

    def _planned(self, host: SimHost) -> Generator[float | Signal, None, Plan]:
        """The plan of host.evacuate: WLB's where the pool uses it, for what xapi finds no fault with; else xapi's own.

        Read from source (xapi_host.ml compute_evacuation_plan; facts: xenapi.md 4.8): a WLB that fails is told of, and
        passed over. It knows nothing of power.
        """
        if not self.pool.wlb_enabled or self.pool.other_config.get("wlb_choose_host_disable") == "true":
            return self.evacuation_plan(host)
        question = self.host_retrieve_wlb_evacuate_recommendations(host.ref)
        tasks.destroy(self.world, question)  # no task of its own: it is part of the evacuation
        yield question.done
        if question.status != "success" or not isinstance(question.answer, dict):
            self.world.tell(f"WLB fails ({', '.join(question.error_info)}): {host.id} is emptied without it")
            return self.evacuation_plan(host)
        by_uuid = {h.uuid: h for h in self.world.members(self.pool_id)}
        advised = {vm: by_uuid[words[1]] for vm, words in question.answer.items() if words[0] == "WLB"}
        errors = {vm: XapiError(*words) for vm, words in question.answer.items() if words[0] != "WLB"}
        return advised, errors

    def host_evacuate(self, ref: str, network: str = "", batch: int = 0) -> SimTask:
        """host.evacuate: all or nothing to plan; once begun, no rollback. task.cancel does not stop it."""
        host = self.host(ref)
        size = (batch or BATCH) if self.pool.profile.parallel_evacuation else 1

        def steps(task: SimTask) -> Steps:
            yield from self.turn(host, task, "evacuate")
            failover_plan.assert_kept(self.world, self.pool_id, without=[host.id])
            self.hold(host, task, "evacuate")
            task.advertises_cancel = True
            try:
                yield from self._evacuate(host, task, size)
            finally:
                self.release(host, task)

        return self.start("Async.host.evacuate", steps)

    def _evacuate(self, host: SimHost, task: SimTask, size: int) -> Steps:
        yield 0.05
        plan, errors = yield from self._planned(host)
        if errors:
            raise next(iter(errors.values()))
        waiting = list(plan.items())
        moving: list[SimTask] = []
        children: list[SimTask] = []
        failure: XapiError | None = None
        done = 0
        while (waiting and not failure and not task.lost) or moving:
            while waiting and not failure and not task.lost and len(moving) < size:
                vm_ref, target = waiting.pop(0)
                moving.append(self.vm_pool_migrate(vm_ref, target.ref, {"live": "true"}, parent=task))
                children.append(moving[-1])
            yield moving[0].done
            for child in [m for m in moving if not m.pending]:
                moving.remove(child)
                done += 1
                failure = failure or _child_failure(child, parallel=self.pool.profile.parallel_evacuation)
            if done % size == 0:
                task.progress = done / len(plan)
                self.world.changed("task", task.ref)
        yield CHILDREN_KEPT
        for child in children:
            tasks.destroy(self.world, child)  # lab 06, 07
        if failure:
            raise failure
        if left := self.world.guests(host.id):
            raise XapiError("INTERNAL_ERROR", f"evacuate: {len(left)} VMs are still resident on {host.ref}")

    # --- down and up

    def host_shutdown(self, ref: str) -> SimTask:
        """host.shutdown: success at once; ten seconds later it begins, whatever runs there. See `power_off`."""
        return self._goes_down(self.host(ref), "shutdown")

    def host_reboot(self, ref: str) -> SimTask:
        """host.reboot: as host.shutdown, and then it starts again."""
        return self._goes_down(self.host(ref), "reboot")

    def _goes_down(self, host: SimHost, operation: str) -> SimTask:
        def steps(task: SimTask) -> Steps:
            if host.enabled:
                raise XapiError("HOST_NOT_DISABLED")
            if self.pool.ha_enabled and host.statefile_lost:
                raise XapiError("HA_LOST_STATEFILE")
            yield from self.forward(host)
            self.hold(host, task, operation)  # stays there after the task has ended (lab 06)
            self.world.tell(f"{host.id} accepts its {operation}")
            begins = partial(self._shutdown_begins, host, host.life, operation == "reboot")
            self.world.agenda.after(SHUTDOWN_DELAY, begins)

        return self.start(f"Async.host.{operation}", steps, on=host.id)

    def _shutdown_begins(self, host: SimHost, life: int, again: bool) -> None:
        if host.life == life and not host.refuses_shutdown and not host.powering_off:
            host.powering_off = True
            self.world.agenda.run(self.power_off(host, again))

    def power_off(self, host: SimHost, again: bool = False) -> Steps:
        """What /sbin/shutdown does: prepare_for_poweroff, then the toolstack, then the machine.

        Guests that cannot be moved are shut down (60 s) or killed, among them those in the middle of a migration;
        the others go to any enabled host, powered or not (lab 07).
        """
        self.world.tell(f"{host.id} shuts down")
        if self.world.coordinator(self.pool_id):
            _, errors = self.evacuation_plan(host)
            yield from self._stop_guests(host, [self.vm(ref) for ref in errors])
            if host.powering_off and self.world.guests(host.id):
                yield self.host_evacuate(host.ref).done
            yield from self._stop_guests(host, self.world.guests(host.id))
            if host.powering_off:
                boot.unplug_all(self.world, host)
        if host.powering_off:
            boot.toolstack_stops(self.world, host)
            yield host.stop_seconds
            if host.powering_off:  # else its power went first
                boot.switch_off(self.world, host)
                if again:
                    boot.power_up(self.world, host, "starts again")

    def _stop_guests(self, host: SimHost, vms: Sequence[SimVm]) -> Steps:
        """Cleanly where allowed, with 60 s; then hard. Those with an operation under way are killed at once.

        Nothing more when the host's power goes first.
        """
        stopping: list[SimTask] = []
        for vm in vms if host.powering_off else ():
            if "clean_shutdown" in self.vm_allowed_operations(vm.ref):
                stopping.append(self.vm_clean_shutdown(vm.ref))
            elif vm.power_state is not Power.HALTED:
                stopping.append(self.vm_hard_shutdown(vm.ref))
        limit = self.world.now + ACKNOWLEDGE_LIMIT
        while self.world.now < limit and host.powering_off and any(t.pending for t in stopping):
            yield 0.5
        for vm in vms if host.powering_off else ():
            if vm.power_state in (Power.RUNNING, Power.PAUSED):
                yield self.vm_hard_shutdown(vm.ref).done

    def host_power_on(self, ref: str) -> SimTask:
        """host.power_on by wake-on-lan: packets for five minutes, then waiting for the host to be live."""
        host = self.host(ref)

        def steps(task: SimTask) -> Steps:
            yield 0.05
            if host.live:
                raise XapiError("HOST_IS_LIVE", host.ref)
            if not host.power_on_mode:
                raise XapiError("HOST_POWER_ON_MODE_DISABLED")
            limit = self.world.now + POWER_ON_WAIT
            packets = POWER_ON_PACKETS
            while not host.live and self.world.now < limit and not task.lost:
                if packets > 0 and not host.ignores_wake:
                    boot.power_up(self.world, host, "is woken over the network")
                packets -= 1
                yield POWER_ON_EVERY
            if not host.live:
                raise XapiError("INTERNAL_ERROR", "The host failed to power on.")

        return self.start("Async.host.power_on", steps)

    def host_declare_dead(self, ref: str) -> SimTask:
        """host.declare_dead: its guests become Halted, wherever they are. Raises HOST_IS_LIVE if it answers."""
        host = self.host(ref)

        def steps(task: SimTask) -> Steps:
            yield 0.05
            if self.world.reach(host.id) is not Reach.NOTHING:
                raise XapiError("HOST_IS_LIVE", host.ref)
            host.live = host.enabled = False
            for vm in self.world.guests(host.id):
                boot.halt(self.world, vm)
            self.world.changed("host", host.ref)
            self.world.changed("host_metrics", host.metrics_ref)

        return self.start("Async.host.declare_dead", steps)

    def host_restart_agent(self, ref: str) -> SimTask:
        """host.restart_agent: the toolstack restarts a moment later."""
        host = self.host(ref)

        def steps(task: SimTask) -> Steps:
            yield from self.forward(host)
            self.world.agenda.after(0.5, partial(boot.restart_toolstack, self.world, host))

        return self.start("Async.host.restart_agent", steps, on=host.id)

    def host_set_power_on_mode(self, ref: str, mode: str, config: dict[str, str] | None = None) -> None:
        """host.set_power_on_mode."""
        host = self.host(ref)
        host.power_on_mode = mode
        self.world.changed("host", host.ref)

    # --- maps

    def host_add_to_other_config(self, ref: str, key: str, value: str) -> None:
        """Raises MAP_DUPLICATE_KEY."""
        host = self.host(ref)
        database_copy.remember(self.world, self.pool_id, host, "other_config")
        set_key(host.other_config, "host", "other_config", host.uuid, key, value)
        self.world.changed("host", host.ref)

    def host_remove_from_other_config(self, ref: str, key: str) -> None:
        """A missing key is no error."""
        host = self.host(ref)
        database_copy.remember(self.world, self.pool_id, host, "other_config")
        host.other_config.pop(key, None)
        self.world.changed("host", host.ref)

    def host_allowed_operations(self, ref: str) -> list[str]:
        """A poor guide: see `allowed`."""
        return host_operations(self.host(ref))


def _child_failure(child: SimTask, parallel: bool) -> XapiError | None:
    """A migration that failed is told as it is; a cancelled one as an internal error (lab 04).

    Where VMs move one at a time, the evacuation calls pool_migrate itself and hears its TASK_CANCELLED (read from
    source).
    """
    match child.status:
        case "failure" if child.error_info[0] != "VM_BAD_POWER_STATE":
            return XapiError(*child.error_info)
        case "cancelled" if not parallel:
            return XapiError("TASK_CANCELLED", child.ref)
        case "cancelled":
            return XapiError("INTERNAL_ERROR", f"{child.ref}, unexpected status of migration task")
        case _:
            return None
