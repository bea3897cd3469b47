"""Every action, against a scripted toolstack: what is sent, in which order, and what each refusal becomes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from ridethrough.core.actions import (
    Action,
    AttachRepository,
    CancelMove,
    ClaimPool,
    DisableHost,
    EnableHost,
    ForceStopVm,
    MoveVm,
    PowerOnHost,
    ReleasePool,
    RestoreAutoPoweron,
    ShutDownHost,
    StartVm,
    StopVm,
    SuspendAutoPoweron,
)
from ridethrough.drivers.xapi import XapiPool, act
from ridethrough.ports import NotBegun, Refused, StoodStill, Unreachable

from .toolstack import COORDINATOR, MEMBER, No, Toolstack, WallClock, until

POOL, VM = "OpaqueRef:pool", "OpaqueRef:vm"
MARKS = ["MAINTENANCE_MODE", *act.EVACUATED]


class Site:
    """Two hosts and one guest on xcp2; tasks and maps of the toolstack work, everything else is scripted."""

    def __init__(self) -> None:
        self.host = Toolstack()
        self.clock = WallClock()
        self.tasks: dict[str, dict[str, Any]] = {}
        self.pool_config: dict[str, str] = {"auto_poweron": "true"}
        self.vm: dict[str, Any] = {
            "uuid": "v", "name_label": "web", "power_state": "Running", "resident_on": MEMBER, "current_operations": {},
        }  # fmt: skip
        self.member: dict[str, Any] = {
            "uuid": "u2", "name_label": "xcp2", "address": "", "enabled": True, "metrics": "M2",
            "current_operations": {}, "software_version": {"xapi_build": "24.19.2"},
        }  # fmt: skip
        self.live = True
        self.residents = ["OpaqueRef:dom0", VM]
        self.pool: XapiPool = None  # type: ignore[assignment]

    async def start(self) -> None:
        answers = self.host.answers
        answers["task.get_record"] = lambda _, task: self._task(task)
        answers["task.cancel"] = lambda _, task: self._task(task).update(status="cancelled")
        answers["task.destroy"] = lambda _, task: self.tasks.pop(task) and ""
        answers["VM.get_by_uuid"] = lambda *_: VM
        answers["VM.get_record"] = lambda _, ref: self.vm if ref == VM else {"uuid": "d", "is_control_domain": True}
        answers["VM.get_current_operations"] = lambda *_: self.vm["current_operations"]
        answers["host.get_record"] = lambda *_: self.member
        answers["host.get_resident_VMs"] = lambda *_: self.residents
        answers["host_metrics.get_record"] = lambda *_: {"live": self.live}
        answers["host.get_servertime"] = lambda *_: "20261123T03:41:17Z"
        answers["pool.get_all"] = lambda *_: [POOL]
        answers["pool.get_master"] = lambda *_: COORDINATOR
        answers["pool.get_other_config"] = lambda *_: self.pool_config
        answers["pool.remove_from_other_config"] = lambda _, ref, key: self.pool_config.pop(key, "")
        answers["pool.add_to_other_config"] = self.add
        for method in ("disable", "enable", "shutdown", "add_to_other_config", "remove_from_other_config"):
            answers[f"host.{method}"] = lambda *_: ""
        await self.host.start("127.0.1.1")
        await self.host.put("pool", POOL, uuid="p", master=COORDINATOR)
        await self.host.put("host", COORDINATOR, **{**self.member, "uuid": "u1", "name_label": "xcp1"})
        await self.host.put("host", MEMBER, **self.member)
        self.pool = XapiPool("pool-a", [self.host.address], "root", "secret", [], {}, self.clock, controller="north")
        await self.pool.start(lambda: None)
        await until(lambda: self.pool._watch.connected)

    def add(self, _: str, ref: str, key: str, value: str) -> None:
        if key in self.pool_config:
            raise No("MAP_DUPLICATE_KEY", "pool", "other_config", ref, key)
        self.pool_config[key] = value

    def _task(self, task: str) -> dict[str, Any]:
        if task not in self.tasks:
            raise No("HANDLE_INVALID", "task", task)
        return self.tasks[task]

    def starts(self, operation: str, then: Callable[[], None] | None = None, **end: Any) -> None:
        """Async.VM.<operation> makes a task that ends as told; without an end it stays pending."""

        def begin(*_: Any) -> str:
            task = f"OpaqueRef:task-{len(self.tasks)}"
            self.tasks[task] = {"status": "pending"}
            self.vm["current_operations"] = {task: operation}
            if end or then:
                asyncio.get_running_loop().call_later(0.2, finish, task)
            return task

        def finish(task: str) -> None:
            self.vm["current_operations"] = {}
            if then:
                then()
            self.tasks[task].update(end or {"status": "success"})

        self.host.answers[f"Async.VM.{operation}"] = begin

    async def perform(self, action: Action) -> None:
        await self.pool.perform(action)

    async def stop(self) -> None:
        await self.pool.stop()
        await self.host.stop()

    def sent(self, *prefixes: str) -> list[str]:
        return [method for method, _ in self.host.calls if method.startswith(prefixes)]


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.start()
    yield made
    await made.stop()


def move(deadline: float = 5.0) -> MoveVm:
    return MoveVm("v", "web", "pool-a", "xcp2", "xcp1", "ups-a on battery", deadline)


def stop(deadline: float = 5.0) -> StopVm:
    return StopVm("v", "web", "pool-a", "xcp2", "ups-a on battery", deadline)


def fails(*words: str) -> Callable[..., Any]:
    def answer(*_: Any) -> Any:
        raise No(*words)

    return answer


# Hosts


async def test_disable_then_mark(site: Site) -> None:
    await site.perform(DisableHost("xcp2", "pool-a", "why"))
    assert site.sent("host.dis", "host.add", "host.rem") == [
        "host.disable",
        "host.remove_from_other_config",
        "host.add_to_other_config",
    ]
    assert site.host.called("host.disable") == [(MEMBER,)]
    assert site.host.called("host.add_to_other_config") == [(MEMBER, "MAINTENANCE_MODE", "true")]


async def test_disable_keeps_it_disabled_where_the_server_knows_how(site: Site) -> None:
    await site.host.put("host", COORDINATOR, software_version={"xapi_build": "26.1.4"})
    await until(lambda: site.pool._build() == (26, 1, 4))
    await site.perform(DisableHost("xcp2", "pool-a", "why"))
    assert site.host.called("host.disable") == [(MEMBER, False)]


async def test_disable_steps_down_when_the_version_is_unknown(site: Site) -> None:
    def disable(_: str, host: str, *auto_enable: bool) -> str:
        if auto_enable:
            raise No("MESSAGE_PARAMETER_COUNT_MISMATCH", "host.disable", "1", "2")
        return ""

    site.host.answers["host.disable"] = disable
    await site.host.put("host", COORDINATOR, software_version={})
    await until(lambda: site.pool._build() == ())
    await site.perform(DisableHost("xcp2", "pool-a", "why"))
    assert site.host.called("host.disable") == [(MEMBER, False), (MEMBER,)]


async def test_a_host_that_refuses_is_not_marked(site: Site) -> None:
    site.host.answers["host.disable"] = fails("HOST_OFFLINE", MEMBER)
    with pytest.raises(Refused, match="xcp2 is offline") as refused:
        await site.perform(DisableHost("xcp2", "pool-a", "why"))
    assert refused.value.code == "HOST_OFFLINE"
    assert site.host.called("host.add_to_other_config") == []


async def test_a_call_to_a_dead_member_ends_at_our_deadline(site: Site) -> None:
    site.host.hangs.add("host.disable")
    with pytest.raises(Unreachable, match="within"):
        await site.perform(DisableHost("xcp2", "pool-a", "why", deadline=0.3))


async def test_enable_takes_the_marks_off_first(site: Site) -> None:
    answers = ["HOST_STILL_BOOTING"]

    def enable(*_: str) -> str:
        if answers:
            raise No(answers.pop())
        return ""

    site.host.answers["host.enable"] = enable
    await site.perform(EnableHost("xcp2", "pool-a", "why"))
    assert [key for _, key in site.host.called("host.remove_from_other_config")] == MARKS
    assert site.sent("host.rem", "host.en")[-3:] == ["host.remove_from_other_config", "host.enable", "host.enable"]


async def test_an_unknown_host_is_asked_for_later(site: Site) -> None:
    with pytest.raises(Unreachable, match="not told of a host xcp9"):
        await site.perform(DisableHost("xcp9", "pool-a", "why"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"enabled": True}, "HOST_NOT_DISABLED"),
        ({"enabled": False}, "HOST_NOT_EMPTY"),
        ({"enabled": False, "current_operations": {"t": "vm_migrate"}}, "HOST_NOT_EMPTY"),
    ],
)
async def test_a_host_with_guests_is_never_shut_down(site: Site, change: dict[str, Any], code: str) -> None:
    site.member.update(change)
    with pytest.raises(Refused) as refused:
        await site.perform(ShutDownHost("xcp2", "pool-a", "why"))
    assert refused.value.code == code
    assert site.host.called("host.shutdown") == []


async def test_a_host_with_a_guest_whose_record_cannot_be_read_is_never_shut_down(site: Site) -> None:
    """No record, no proof that it is empty."""
    site.member["enabled"] = False
    site.host.answers["VM.get_record"] = lambda *_: {"is_control_domain": "perhaps"}
    with pytest.raises((Refused, Unreachable)):
        await site.perform(ShutDownHost("xcp2", "pool-a", "why"))
    assert site.host.called("host.shutdown") == []


@pytest.mark.parametrize(("aboard", "sent"), [("own", 1), ("another", 0)])
async def test_a_host_goes_down_with_the_vm_that_the_controller_runs_in(site: Site, aboard: str, sent: int) -> None:
    site.member["enabled"] = False
    site.host.answers["VM.get_record"] = lambda _, ref: {"uuid": "own", "is_control_domain": "dom0" in str(ref)}
    with contextlib.suppress(Refused):
        await site.perform(ShutDownHost("xcp2", "pool-a", "why", aboard=aboard))
    assert len(site.host.called("host.shutdown")) == sent


async def test_an_empty_disabled_host_is_shut_down(site: Site) -> None:
    site.member["enabled"] = False
    site.residents = ["OpaqueRef:dom0"]
    await site.perform(ShutDownHost("xcp2", "pool-a", "why"))
    assert site.host.called("host.shutdown") == [(MEMBER,)]
    site.member["current_operations"] = {"t": "shutdown"}
    await site.perform(ShutDownHost("xcp2", "pool-a", "why"))
    assert len(site.host.called("host.shutdown")) == 1


async def test_a_shutdown_whose_answer_is_lost_is_not_sent_again(site: Site) -> None:
    site.member["enabled"] = False
    site.residents = ["OpaqueRef:dom0"]
    site.host.drops.add("host.shutdown")
    with pytest.raises(Unreachable):
        await site.perform(ShutDownHost("xcp2", "pool-a", "why"))
    assert len(site.host.called("host.shutdown")) == 1


@pytest.mark.parametrize("live", [True, False])
async def test_an_offline_host_counts_as_shut_down_only_after_a_clean_stop(site: Site, live: bool) -> None:
    site.member["enabled"] = False
    site.residents, site.live = ["OpaqueRef:dom0"], live
    site.host.answers["host.shutdown"] = fails("HOST_OFFLINE", MEMBER)
    if live:
        with pytest.raises(Refused, match="offline"):
            await site.perform(ShutDownHost("xcp2", "pool-a", "why"))
    else:
        await site.perform(ShutDownHost("xcp2", "pool-a", "why"))


async def test_power_on(site: Site) -> None:
    site.host.answers["Async.host.power_on"] = fails("HOST_IS_LIVE", MEMBER)
    await site.perform(PowerOnHost("xcp2", "pool-a", "why"))
    site.host.answers["Async.host.power_on"] = fails("HOST_POWER_ON_MODE_DISABLED")
    with pytest.raises(Refused, match="no power-on mode"):
        await site.perform(PowerOnHost("xcp2", "pool-a", "why"))
    site.live = False
    site.tasks["OpaqueRef:t"] = {"status": "pending"}
    site.host.answers["Async.host.power_on"] = lambda *_: "OpaqueRef:t"
    asyncio.get_running_loop().call_later(0.2, lambda: setattr(site, "live", True))
    await site.perform(PowerOnHost("xcp2", "pool-a", "why"))


async def test_a_repository_is_attached_by_the_hosts_own_pbd(site: Site) -> None:
    pbds = {
        "OpaqueRef:pbd1": {"host": COORDINATOR, "SR": "OpaqueRef:sr", "currently_attached": True},
        "OpaqueRef:pbd2": {"host": MEMBER, "SR": "OpaqueRef:sr", "currently_attached": False},
    }
    answers = site.host.answers
    answers["SR.get_by_uuid"] = lambda *_: "OpaqueRef:sr"
    answers["SR.get_PBDs"] = lambda *_: list(pbds)
    answers["PBD.get_record"] = lambda _, ref: pbds[ref]
    site.tasks["OpaqueRef:t"] = {"status": "failure", "error_info": ["SR_BACKEND_FAILURE_108", "", "No service", ""]}
    answers["Async.PBD.plug"] = lambda *_: "OpaqueRef:t"
    attach = AttachRepository("xcp2", "pool-a", "sr-uuid", "nas", "why")
    with pytest.raises(Refused, match=r"^SR_BACKEND_FAILURE_108: No service$"):
        await site.perform(attach)
    site.tasks["OpaqueRef:t"] = {"status": "pending"}
    asyncio.get_running_loop().call_later(0.2, lambda: pbds["OpaqueRef:pbd2"].update(currently_attached=True))
    await site.perform(attach)
    assert site.host.called("Async.PBD.plug") == [("OpaqueRef:pbd2",)] * 2
    await site.perform(attach)  # it is attached
    assert len(site.host.called("Async.PBD.plug")) == 2
    del pbds["OpaqueRef:pbd2"]
    with pytest.raises(Refused, match="no link"):
        await site.perform(attach)


# VMs


async def test_move(site: Site) -> None:
    site.starts("pool_migrate", then=lambda: site.vm.update(resident_on=COORDINATOR))
    await site.perform(move())
    assert site.host.called("Async.VM.pool_migrate") == [(VM, COORDINATOR, {"live": "true"})]
    await until(lambda: not site.tasks)  # no task is left behind
    assert site.host.called("task.cancel") == []
    await site.perform(move())  # already there
    assert len(site.host.called("Async.VM.pool_migrate")) == 1


async def test_a_refused_move(site: Site) -> None:
    site.starts("pool_migrate", status="failure", error_info=["HOST_NOT_ENOUGH_FREE_MEMORY", "1", "2"])
    with pytest.raises(Refused) as refused:
        await site.perform(move())
    assert refused.value.code == "HOST_NOT_ENOUGH_FREE_MEMORY"
    await until(lambda: not site.tasks)


async def test_a_move_that_somebody_began_is_adopted(site: Site) -> None:
    site.tasks["OpaqueRef:theirs"] = {"status": "pending"}
    site.vm["current_operations"] = {"OpaqueRef:theirs": "pool_migrate"}
    site.vm["scheduled_to_be_resident_on"] = COORDINATOR

    def end() -> None:
        site.vm.update(resident_on=COORDINATOR, current_operations={})
        site.tasks["OpaqueRef:theirs"]["status"] = "success"

    asyncio.get_running_loop().call_later(0.2, end)
    await site.perform(move())
    assert site.host.called("Async.VM.pool_migrate") == []


async def test_a_move_to_somewhere_else_is_waited_for(site: Site) -> None:
    site.vm["current_operations"] = {"OpaqueRef:theirs": "pool_migrate"}
    site.vm["scheduled_to_be_resident_on"] = "OpaqueRef:host-3"
    with pytest.raises(Unreachable, match="OTHER_OPERATION_IN_PROGRESS"):
        await site.perform(move())


async def test_a_vm_that_left_its_source_is_not_moved_again(site: Site) -> None:
    site.vm["resident_on"] = "OpaqueRef:host-3"
    with pytest.raises(Refused) as refused:
        await site.perform(move())
    assert refused.value.code == "VM_NOT_ON_SOURCE"


async def test_a_halted_vm_is_not_moved(site: Site) -> None:
    site.vm["power_state"] = "Halted"
    with pytest.raises(Refused, match="the VM is halted, not running"):
        await site.perform(move())


async def test_a_late_move_is_cancelled(site: Site) -> None:
    site.starts("pool_migrate")
    with pytest.raises(Unreachable, match="not finished within"):
        await site.perform(move(deadline=0.5))
    await until(lambda: len(site.host.called("task.cancel")) == 1)
    await until(lambda: not site.tasks)


async def test_a_move_that_the_executor_cancels(site: Site) -> None:
    site.starts("pool_migrate")
    performing = asyncio.create_task(site.perform(move(deadline=60)))
    await until(lambda: site.tasks)
    performing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await performing
    await until(lambda: len(site.host.called("task.cancel")) == 1)


async def test_a_move_cancelled_before_its_task_is_known(site: Site) -> None:
    site.starts("pool_migrate")
    began = site.host.answers["Async.VM.pool_migrate"]

    async def slowly(*params: Any) -> str:
        task: str = began(*params)
        await asyncio.sleep(30)
        return task

    site.host.answers["Async.VM.pool_migrate"] = slowly
    with pytest.raises(Unreachable):
        await site.perform(move(deadline=0.3))
    await until(lambda: len(site.host.called("task.cancel")) == 1)


async def test_a_move_whose_answer_was_lost_is_found_again(site: Site) -> None:
    site.starts("pool_migrate")
    began = site.host.answers["Async.VM.pool_migrate"]

    def then_ends(*params: Any) -> str:
        task: str = began(*params)

        def end() -> None:
            site.vm.update(resident_on=COORDINATOR, current_operations={})
            site.tasks[task]["status"] = "success"

        asyncio.get_running_loop().call_later(1.2, end)
        return task

    site.host.answers["Async.VM.pool_migrate"] = then_ends
    site.host.drops.add("Async.VM.pool_migrate")
    await site.perform(move())
    assert len(site.host.called("Async.VM.pool_migrate")) == 1


async def test_a_move_survives_the_loss_of_its_task(site: Site) -> None:
    """The coordinator's toolstack restarts: tasks are gone, the migration goes on."""
    site.starts("pool_migrate")
    performing = asyncio.create_task(site.perform(move()))
    await until(lambda: site.tasks)
    site.host.sessions.clear()
    site.tasks.clear()
    await asyncio.sleep(0.7)
    assert not performing.done()
    site.vm.update(resident_on=COORDINATOR, current_operations={})
    await performing


async def test_cancel_move_goes_to_the_vms_own_tasks(site: Site) -> None:
    await site.perform(CancelMove("v", "web", "pool-a", "xcp2", "why"))  # nothing runs: fine
    site.tasks["OpaqueRef:theirs"] = {"status": "pending"}
    site.vm["current_operations"] = {"OpaqueRef:theirs": "pool_migrate", "OpaqueRef:other": "snapshot"}

    def cancel(_: str, task: str) -> str:
        site.vm["current_operations"] = {"OpaqueRef:other": "snapshot"}
        return ""

    site.host.answers["task.cancel"] = cancel
    await site.perform(CancelMove("v", "web", "pool-a", "xcp2", "why"))
    assert site.host.called("task.cancel") == [("OpaqueRef:theirs",)]


async def test_clean_stop(site: Site) -> None:
    site.starts("clean_shutdown", then=lambda: site.vm.update(power_state="Halted"))
    await site.perform(stop())
    await site.perform(stop())  # already down
    assert len(site.host.called("Async.VM.clean_shutdown")) == 1


async def test_a_hung_guest_is_given_up_at_the_deadline(site: Site) -> None:
    site.starts("clean_shutdown")
    with pytest.raises(Unreachable, match="not finished within"):
        await site.perform(stop(deadline=0.5))
    await until(lambda: len(site.host.called("task.cancel")) == 1)


async def test_a_guest_without_tools(site: Site) -> None:
    site.host.answers["Async.VM.clean_shutdown"] = fails("VM_LACKS_FEATURE", VM)
    with pytest.raises(Refused) as refused:
        await site.perform(stop())
    assert refused.value.code == "VM_LACKS_FEATURE"


async def test_a_guest_that_went_down_by_itself(site: Site) -> None:
    site.starts(
        "clean_shutdown",
        then=lambda: site.vm.update(power_state="Halted"),
        status="failure",
        error_info=["VM_BAD_POWER_STATE", VM, "running", "halted"],
    )
    await site.perform(stop())


async def test_force_stop(site: Site) -> None:
    site.starts("hard_shutdown", then=lambda: site.vm.update(power_state="Halted"))
    await site.perform(ForceStopVm("v", "web", "pool-a", "xcp2", "why"))
    assert site.host.called("Async.VM.hard_shutdown") == [(VM,)]


def start(host: str = "") -> StartVm:
    return StartVm("v", "web", "pool-a", host, "why")


async def test_start(site: Site) -> None:
    await site.perform(start())  # runs already
    site.vm["power_state"] = "Halted"
    site.starts("start", then=lambda: site.vm.update(power_state="Running"))
    await site.perform(start())
    assert site.host.called("Async.VM.start") == [(VM, False, False)]


async def test_start_at_home_or_else_anywhere(site: Site) -> None:
    site.vm["power_state"] = "Halted"
    site.starts("start_on", then=lambda: site.vm.update(power_state="Running"))
    site.starts("start", then=lambda: site.vm.update(power_state="Running"))
    await site.perform(start("xcp2"))
    assert site.host.called("Async.VM.start_on") == [(VM, MEMBER, False, False)]
    site.vm["power_state"] = "Halted"
    site.starts("start_on", status="failure", error_info=["HOST_NOT_ENOUGH_FREE_MEMORY", "1", "2"])
    await site.perform(start("xcp2"))
    site.vm["power_state"] = "Halted"
    await site.perform(start("a host that is gone"))
    assert len(site.host.called("Async.VM.start")) == 2


# The pool


async def test_claim_and_release(site: Site) -> None:
    await site.perform(ClaimPool("pool-a", "north", "why"))
    assert site.pool_config["ridethrough:claim"] == "north 20261123T03:41:17Z"
    await site.perform(ClaimPool("pool-a", "north", "why"))
    with pytest.raises(Refused, match="north") as refused:
        await site.perform(ClaimPool("pool-a", "south", "why"))
    assert refused.value.code == "CLAIMED_BY_OTHER"
    await site.perform(ReleasePool("pool-a", "south", "why"))
    assert "ridethrough:claim" in site.pool_config
    await site.perform(ReleasePool("pool-a", "north", "why"))
    assert "ridethrough:claim" not in site.pool_config


async def test_a_claim_of_yesterday_holds_nobody_off(site: Site) -> None:
    site.pool_config["ridethrough:claim"] = "south 20261121T03:41:17Z"
    await site.perform(ClaimPool("pool-a", "north", "why"))
    site.pool_config["ridethrough:claim"] = "south"  # without a time: by hand, and meant
    with pytest.raises(Refused):
        await site.perform(ClaimPool("pool-a", "north", "why"))


async def test_two_controllers_claim_at_once(site: Site) -> None:
    def steal(_: str, ref: str, key: str, value: str) -> None:
        site.pool_config[key] = "south 20261123T03:41:16Z"
        raise No("MAP_DUPLICATE_KEY", "pool", "other_config", ref, key)

    site.host.answers["pool.add_to_other_config"] = steal
    with pytest.raises(Refused, match="south"):
        await site.perform(ClaimPool("pool-a", "north", "why"))


async def test_auto_poweron_is_put_back_as_it_was(site: Site) -> None:
    await site.perform(SuspendAutoPoweron("pool-a", "why"))
    await site.perform(SuspendAutoPoweron("pool-a", "why"))
    assert site.pool_config == {"auto_poweron": "false", "ridethrough:auto_poweron": "true"}
    await site.perform(RestoreAutoPoweron("pool-a", "why"))
    assert site.pool_config == {"auto_poweron": "true"}
    await site.perform(RestoreAutoPoweron("pool-a", "why"))
    assert site.pool_config == {"auto_poweron": "true"}


async def test_no_session_in_time(site: Site) -> None:
    await site.host.stop()
    with pytest.raises(Unreachable):
        await site.perform(EnableHost("xcp2", "pool-a", "why", deadline=0.4))


async def test_nothing_is_sent_that_was_decided_before_a_standstill(site: Site) -> None:
    """Frozen between the look at the host and its shutdown: an hour later the host may be in use again."""
    clock, answers = site.clock, site.host.answers
    site.member["enabled"], site.residents = False, ["OpaqueRef:dom0"]
    answers["host.shutdown"] = lambda *_: ""
    look = answers["host.get_record"]

    def freeze(*given: Any) -> Any:
        clock.stood_still = StoodStill(clock.now() + 0.001, 3600.0)
        return look(*given)

    answers["host.get_record"] = freeze
    with pytest.raises(NotBegun):
        await site.pool.perform(ShutDownHost("xcp2", "pool-a", "why"))
    assert site.host.called("host.shutdown") == []
    answers["host.get_record"], clock.ahead = look, 10.0
    await site.pool.perform(ShutDownHost("xcp2", "pool-a", "why"))  # decided afterwards
    assert len(site.host.called("host.shutdown")) == 1
