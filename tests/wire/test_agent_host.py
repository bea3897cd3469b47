"""The agent on a host of a simulated pool, as a process: over the toolstack's socket, by `xe`, and without either.

A story is played with this Python and with a real 3.6 where there is one; tests/agent/test_source.py says so when not.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ridethrough.core.observation import Power
from ridethrough.sim.machines import GIB, Guest, SimVm, uuid_of
from ridethrough.sim.world import World
from ridethrough.sim.xapi_socket import own_socket
from tests.agent.machine import OUT, Machine, fed_by, on_utility, running, script
from tests.agent.pythons import with_each
from tests.agent.together import begun, module_loop, together
from tests.drivers.nut.fake import FakeUpsd
from tests.sim_wire.xapi.site import NFS, Caller, served, small_world, vm

pytestmark = module_loop
__all__ = ["begun"]  # the fixture of those that are played together

STOPS = ("VM.clean_shutdown", "VM.hard_shutdown", "VM.shutdown", "VM.pool_migrate", "host.disable", "host.shutdown")


def busy_world() -> World:
    """Each host has guests: one on the coordinator h1, two on h2, one without tools on h3."""
    world = small_world()
    world.add_vm(SimVm(uuid_of("vm", "mail"), "mail", "p", resident_on="h1", storage=frozenset({NFS})))
    return world


@dataclass
class Host:
    """A host of a served pool, with an agent that a upsd of the test's feeds."""

    caller: Caller
    upsd: FakeUpsd
    machine: Machine
    name: str

    @property
    def world(self) -> World:
        return self.caller.server.world

    def touched(self) -> set[str]:
        """Every VM and host that any call was about that stops something."""
        named = {v.ref: v.name for v in self.world.vms.values()} | {h.ref: h.id for h in self.world.hosts.values()}
        calls = [c for method in STOPS for c in self.caller.server.log.of(method)]
        return {named[str(call.arguments[0])] for call in calls}

    def running(self) -> set[str]:
        return {v.name for v in self.world.vms.values() if v.power_state is Power.RUNNING and v.alive}

    async def is_off(self) -> None:
        await self.machine.until(lambda: not self.world.hosts[self.name].power, f"{self.name} is off")


@asynccontextmanager
async def host(
    folder: Path, name: str, python: str, world: World | None = None, speed: float = 40.0, **xenserver: str
) -> AsyncIterator[Host]:
    """The agent runs and has seen utility power."""
    async with served(world or busy_world(), speed) as caller, FakeUpsd({}) as upsd:
        inventory = folder / "inventory"
        uuid = caller.server.world.hosts[name].uuid
        inventory.write_text(f"PRODUCT_BRAND='XCP-ng'\nINSTALLATION_UUID='{uuid}'\n")
        usual = {"socket": str(folder / "xapi"), "xe": "", "xl": "", "inventory": str(inventory), "stop_guests": "30"}
        machine = Machine(folder / "m", python, ups_a=fed_by(upsd), xenserver={**usual, **xenserver})
        async with own_socket(caller.server, name, folder / "xapi"), on_utility(machine, upsd):
            yield Host(caller, upsd, machine, name)


@together
async def test_it_stops_its_own_guests_and_its_own_host(tmp_path: Path) -> None:
    """4.1, on the coordinator and on a member: never a VM of another host, whatever else runs in the pool."""
    for name in ("h1", "h2"):
        (tmp_path / name).mkdir()
    await asyncio.gather(*(with_each(tmp_path / name, partial(_stops_its_own, name)) for name in ("h1", "h2")))


async def _stops_its_own(name: str, folder: Path, python: str) -> None:
    async with host(folder, name, python) as it:
        own = {"h1": {"mail"}, "h2": {"web", "db"}}[name]
        others = it.running() - own
        it.upsd.upses["ups"] = OUT
        await it.is_off()
        assert it.running() == others
        assert it.touched() == own | {name}
        assert it.world.crashed == []
        assert {h.id for h in it.world.hosts.values() if not h.enabled} == {name}
        log = it.caller.server.log
        clean = {c.at for c in log.of("VM.clean_shutdown")}
        assert max(clean) - min(clean) < 15.0, "they stop in parallel: one alone takes 20 s"
        assert log.of("VM.hard_shutdown") == []
    assert not it.machine.down.exists(), "the host's own way down was enough"
    assert any(
        "Power loss detected on UPS. System will be shut down after 1 second" in line for line in it.machine.lines
    )
    shown = it.machine.broadcasts
    assert "Topic: Event Warning When: 20" in shown[0]
    assert shown[0].endswith(f"Who: ups@127.0.0.1:{it.upsd.port} What: Utility power is not available")
    assert any("Topic: Event Shutdown" in one for one in shown)


@together
async def test_power_that_returns_in_time_touches_nothing(tmp_path: Path) -> None:
    await with_each(tmp_path, _returns_in_time)


async def _returns_in_time(folder: Path, python: str) -> None:
    async with host(folder, "h1", python) as it:
        it.machine.write(agent={"after": "30"}, ups_a=fed_by(it.upsd), xenserver={"enabled": "no"})
        await it.machine.end()
        await it.machine.start()
        it.upsd.upses["ups"] = OUT
        await it.machine.says("Power loss detected on UPS. System will be shut down after 30 seconds")
        it.upsd.upses["ups"] = {**OUT, "ups.status": "OL CHRG", "input.voltage": "230"}
        await it.machine.says("Power has returned to UPS. Canceling shutdown.")
        await it.machine.until(lambda: "Event Cleared" in it.machine.broadcasts[-1], "the consoles are told")
        assert it.touched() == set()


@together
async def test_past_the_point_of_no_return_it_goes_through(tmp_path: Path) -> None:
    await with_each(tmp_path, _goes_through)


async def _goes_through(folder: Path, python: str) -> None:
    async with host(folder, "h2", python) as it:
        it.upsd.upses["ups"] = OUT
        await it.machine.says("is stopped cleanly")
        it.upsd.upses["ups"] = {**OUT, "ups.status": "OL", "input.voltage": "230"}
        await it.is_off()
        assert it.running() == {"mail", "dumb"}


@together
async def test_what_does_not_stop_is_stopped_hard_at_the_deadline(tmp_path: Path) -> None:
    world = busy_world()
    vm(world, "web").guest = Guest.HANGS
    world.add_vm(SimVm(uuid_of("vm", "plain"), "plain", "p", guest=Guest.NO_TOOLS, memory=GIB, resident_on="h2"))
    async with host(tmp_path, "h2", sys.executable, world, stop_guests="2") as it:
        it.upsd.upses["ups"] = OUT
        await it.is_off()
        hard = it.caller.server.log.of("VM.hard_shutdown")
        assert {str(c.arguments[0]) for c in hard} == {vm(world, "web").ref, vm(world, "plain").ref}
        assert it.touched() == {"web", "db", "plain", "h2"}
    assert any("plain: VM_LACKS_FEATURE" in line for line in it.machine.lines)


@together
async def test_a_vm_that_moves_away_is_not_its_own_any_more(tmp_path: Path) -> None:
    """web is on its way to h3 when the agent begins: it is left alone, and runs on there."""
    async with host(tmp_path, "h2", sys.executable, speed=10.0) as it:
        world = it.world
        session = await it.caller.login()
        move = (vm(world, "web").ref, world.hosts["h3"].ref, {"live": "true"})
        await it.caller.call("h1", "Async.VM.pool_migrate", session, *move)
        it.upsd.upses["ups"] = OUT
        await it.is_off()
        assert vm(world, "web").resident_on == "h3"
        assert it.running() == {"mail", "dumb", "web"}
        stopped = {str(c.arguments[0]) for c in it.caller.server.log.of("VM.clean_shutdown")}
        assert stopped == {vm(world, "db").ref}


XE = Path(__file__).parents[1] / "agent" / "xe.py"


@together
async def test_without_the_socket_it_goes_by_xe(tmp_path: Path) -> None:
    await with_each(tmp_path, _goes_by_xe)


async def _goes_by_xe(folder: Path, python: str) -> None:
    async with host(folder, "h2", python, socket=str(folder / "gone"), xe=f"{folder}/xe") as it:
        script(folder / "xe", f'exec "{sys.executable}" "{XE}" "{folder}/xapi" "$@"')
        it.upsd.upses["ups"] = OUT
        await it.is_off()
        assert it.running() == {"mail", "dumb"}
        assert it.touched() == {"web", "db", "h2"}
    assert any(line.startswith("By the toolstack's socket: ") for line in it.machine.lines)


@together
async def test_without_a_coordinator_it_asks_the_hypervisor_and_shuts_down_by_itself(tmp_path: Path) -> None:
    """The calls of a member hang: the guests are asked by `xl`, and only then `shutdown -h now` is run."""
    domains, asked = tmp_path / "domains", tmp_path / "asked"
    domains.write_text("Domain-0 0\nweb 4\nmy vm 7\n")
    rows = 'while read -r line; do echo "${line% *} ${line##* } 1024 2 r----- 11.0"; done'
    xl = script(
        tmp_path / "xl",
        f'if [ "$1" = list ]; then echo "Name ID Mem VCPUs State Time(s)"; {rows} <"{domains}"; exit; fi\n'
        f'echo "$*" >>"{asked}"; sed -i "/ $3\\$/d" "{domains}"',
    )
    async with host(tmp_path, "h2", sys.executable, call_time="1", xl=str(xl)) as it:
        it.world.hosts["h1"].network = False
        await it.caller.server.settled()
        it.upsd.upses["ups"] = OUT
        await it.machine.until(it.machine.down.exists, "its own shutdown")
        assert asked.read_text().splitlines() == ["shutdown -F 4", "shutdown -F 7"]
        assert domains.read_text() == "Domain-0 0\n"
        assert it.machine.down.read_text() == "-h now\n"
        assert it.touched() == set()


@together
async def test_dry_run_only_says_what_it_would_do(tmp_path: Path) -> None:
    async with host(tmp_path, "h2", sys.executable) as it:
        await it.machine.end()
        it.machine.write(agent={"armed": "no"}, ups_a=fed_by(it.upsd), xenserver=_xenserver(tmp_path))
        async with running(it.machine):
            it.upsd.upses["ups"] = OUT
            await it.machine.says("DRY RUN: by the toolstack's socket: would stop 2 VMs cleanly: db, web")
            await it.machine.says("DRY RUN: would run, should that fail: ")
            it.upsd.upses["ups"] = {**OUT, "ups.status": "OL", "input.voltage": "230"}
            await it.machine.says("Power has returned to UPS.")
            assert it.touched() == set()
            assert it.machine.broadcasts == []
            # Armed by the command, while it runs: the next outage is real.
            assert it.machine.ask("arm").returncode == 0
            it.upsd.upses["ups"] = OUT
            await it.is_off()


def _xenserver(folder: Path) -> dict[str, str]:
    inventory, socket = str(folder / "inventory"), str(folder / "xapi")
    return {"socket": socket, "xe": "", "xl": "", "inventory": inventory, "stop_guests": "30"}
