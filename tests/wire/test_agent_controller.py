"""The agent and the controller: its lease, its warnings and its shutdown notice, over TLS with a pinned certificate."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from ridethrough.api.access import Person, Role
from ridethrough.api.accounts import Accounts
from ridethrough.sim.xapi_socket import own_socket
from ridethrough.sim.xapi_wire import certificates
from tests.agent.machine import OUT, Machine, fed_by, on_utility, running
from tests.agent.pythons import with_each
from tests.agent.together import begun, module_loop, together
from tests.drivers.nut.fake import FakeUpsd

from .outage import nothing_twice, outage, scenario

pytestmark = module_loop
__all__ = ["begun"]  # the fixture of those that are played together

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-of-the-role-view"
HANDLED: dict[str, Any] = {
    "handled": True,
    "why": "the controller shuts it down in time",
    "withdrawn": False,
    "lease": 3.0,
    "warnings": [],
    "shutdown": None,
}
NO_POWER = {"who": "172.18.139.102 (ups1)", "what": "Utility power is not available"}


@dataclass
class Controller:
    """Answers as the test says, to who shows the token."""

    pin: str
    says: dict[str, Any] = field(default_factory=lambda: dict(HANDLED))
    asked: int = 0
    port: int = 0

    async def told(self, request: web.Request) -> web.Response:
        self.asked += 1
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"detail": "log in first"}, status=401)
        return web.json_response(self.says)

    def section(self, folder: Path, **changes: str) -> dict[str, str]:
        """[controller] of an agent's file."""
        token = folder / "token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        url = f"https://127.0.0.1:{self.port}"
        return {"url": url, "name": "xenserver1", "token_file": str(token), "fingerprint": self.pin, **changes}


@asynccontextmanager
async def controller() -> AsyncIterator[tuple[Controller, web.AppRunner]]:
    """Served until the runner is cleaned up, which is how the controller is killed."""
    certificate = certificates.make("manager", "127.0.0.1")
    it, app = Controller(certificate.fingerprint), web.Application()
    app.router.add_get("/api/v1/agents/xenserver1", it.told)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate.context())
    await site.start()
    it.port = runner.addresses[0][1]
    try:
        yield it, runner
    finally:
        await runner.cleanup()


@together
async def test_the_controller_is_killed_while_the_agent_waits(tmp_path: Path) -> None:
    await with_each(tmp_path, _killed_while_it_waits)


async def _killed_while_it_waits(folder: Path, python: str) -> None:
    async with controller() as (it, runner), FakeUpsd({}) as upsd:
        machine = Machine(folder / "m", python, ups_a=fed_by(upsd), controller=it.section(folder))
        async with on_utility(machine, upsd):
            await machine.says("The controller handles this machine")
            upsd.upses["ups"] = OUT
            await machine.says("the agent lets it go first")
            before = it.asked
            await machine.until(lambda: it.asked >= before + 6, "it waits beyond its own second")
            assert not machine.down.exists()
            await runner.cleanup()
            await machine.says("controller is silent: the controller: ")
            await machine.until(machine.down.exists, "the lease is over, and it is on battery by its own word")
    assert any("utility power has been gone for 1 second" in line for line in machine.lines)


@together
async def test_a_lease_that_ends_is_no_outage(tmp_path: Path) -> None:
    """The controller dies, the UPS has utility power; and then the UPS falls silent, too."""
    async with controller() as (it, runner), FakeUpsd({}) as upsd:
        section = it.section(tmp_path)
        it.says["lease"] = 0.5
        machine = Machine(tmp_path / "m", ups_a=fed_by(upsd), controller=section)
        async with on_utility(machine, upsd):
            await runner.cleanup()
            await machine.says("controller is silent")
            upsd.errors["ups"] = "DATA-STALE"
            await machine.says("a is silent")
            before = len(upsd.asked)
            await machine.until(lambda: len(upsd.asked) >= before + 6, "it goes on asking")
    assert not machine.down.exists()
    assert not any("Power loss" in line for line in machine.lines)


@together
async def test_4_2_warnings_and_then_the_shutdown_notice(tmp_path: Path) -> None:
    await with_each(tmp_path, _warned_and_told)


async def _warned_and_told(folder: Path, python: str) -> None:
    """A machine that reads no UPS itself: what the controller warns of is shown at the interval, its notice obeyed."""
    async with controller() as (it, _):
        machine = Machine(folder / "m", python, controller=it.section(folder), stop={"command": f"touch {folder}/done"})
        async with running(machine):
            it.says = {**HANDLED, "warnings": [NO_POWER]}
            await machine.until(lambda: len(machine.broadcasts) >= 3, "it is shown again and again")
            assert not machine.down.exists()
            it.says = {**it.says, "shutdown": {"why": "its guests stop, then it shuts down", "within": 300.0}}
            await machine.until(machine.down.exists, "it goes down")
            assert (folder / "done").exists(), "the command comes first"
    assert "Topic: Event Warning" in machine.broadcasts[0]
    assert machine.broadcasts[0].endswith("Who: 172.18.139.102 (ups1) What: Utility power is not available")
    assert any("the controller's shutdown notice: its guests stop" in line for line in machine.lines)
    assert machine.down.read_text() == "-h now\n"


@together
async def test_another_certificate_gets_no_token_and_a_wrong_token_is_told(tmp_path: Path) -> None:
    await with_each(tmp_path, _wrong_ones)


async def _wrong_ones(folder: Path, python: str) -> None:
    async with controller() as (it, _):
        other = Machine(folder / "a", python, controller=it.section(folder, fingerprint="sha256:" + 64 * "0"))
        code, told = await other.once("--once")
        assert (code, it.asked) == (1, 0), told
        assert f"the controller: it shows a certificate that is not pinned: {it.pin}" in told
        wrong = Machine(folder / "b", python, controller=it.section(folder))
        (folder / "token").write_text("another\n")
        code, told = await wrong.once("--once")
        assert (code, "the token is wrong, revoked or has ended" in told) == (1, True), told
        assert "another" not in told.replace("another certificate", "")
        good = Machine(folder / "c", python, controller=it.section(folder))
        code, told = await good.once("--once", "--explain")
        assert (code, "controller: handles this machine for 3 s from now: the controller shuts" in told) == (0, True), (
            told
        )


@together
async def test_the_real_manager_and_controller(tmp_path: Path) -> None:
    """The manual's case one, with an agent on the host that loses its UPS: it reads the card, leaves all to the
    controller, and follows its notice when the host is empty. Nobody is in anybody's way."""
    async with outage(scenario(ROOT, "case_one", "two_hosts"), tmp_path, pages=True) as run:
        accounts = Accounts(run.daemon.state)
        accounts.add("anna", Role.ADMINISTER, "correct horse battery", "the test")
        token = accounts.tokens.make(Person("anna", Role.ADMINISTER), "agent", Role.VIEW, 86400.0).value
        (tmp_path / "token").write_text(token)
        (tmp_path / "token").chmod(0o600)
        host = run.world.hosts["xenserver1"]
        (tmp_path / "inventory").write_text(f"INSTALLATION_UUID='{host.uuid}'\n")
        xen = {"socket": f"{tmp_path}/xapi", "xe": "", "xl": "", "inventory": f"{tmp_path}/inventory"}
        url = {"url": f"http://{run.wire.pages}", "name": "xenserver1", "token_file": f"{tmp_path}/token"}
        card = {"snmp": "{}:{}".format(*run.wire.agent.address("ups1"))}
        machine = Machine(tmp_path / "m")
        machine.write(xenserver=xen, controller=url, ups_card=card, stop={"stop_host": "5"})
        async with own_socket(run.wire.server, "xenserver1", tmp_path / "xapi"), running(machine):
            await machine.says("The controller handles this machine: the controller shuts it down in time")
            run.fail("a")
            await machine.says("The controller says that it handles this machine")
            await machine.says("the controller's shutdown notice: ")
            await run.until(lambda: not host.power, "xenserver1 is off", 120)
            await machine.end(signal.SIGTERM)
    assert {v.resident_on for v in run.world.vms.values()} == {"xenserver2"}
    assert [c for c in run.wire.server.log.of("VM.clean_shutdown") if c.address == "local"] == []
    assert (run.world.crashed, run.world.lost) == ([], [])
    nothing_twice(run)
