"""Xen Orchestra's client watches an outage and a change of coordinator: what it holds is what is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from ridethrough.core.observation import Power
from ridethrough.sim import faults
from ridethrough.sim.machines import SimVm
from ridethrough.sim.world import World
from tests.sim_wire.xapi.site import PASSWORD, Caller, Refusal, served, small_world, vm

from .xen_orchestra import PATIENCE, Failed, XenOrchestra, xen_orchestra

SPEED = 25.0
BOOT, TOOLSTACK = 20.0, 5.0  # seconds: hosts that boot fast make the story short, and change nothing else
DEAD_AFTER = 30.0
DATE = re.compile(r"(\d{4})(\d\d)(\d\d)T([\d:]+)Z")
DIALECTS = ["json-rpc", "xml-rpc"]


def world() -> World:
    it = small_world()
    it.pools["p"].dead_after = DEAD_AFTER
    for host in it.hosts.values():
        host.boot_seconds, host.toolstack_seconds = BOOT, TOOLSTACK
    return it


def power_of(guest: SimVm) -> Power:
    return guest.power_state


class Watched:
    """A served pool, and the client that watches it."""

    def __init__(self, caller: Caller, client: XenOrchestra, dialect: str) -> None:
        self.caller, self.client, self.dialect = caller, client, dialect
        self.world = caller.server.world

    async def until(self, is_so: Callable[[], bool], within: float = 600.0) -> None:
        """Let world time pass until it is so, at most `within` world seconds."""
        pace = self.caller.server.pace
        limit = pace.now() + within
        while not is_so():
            assert pace.now() < limit, "it never came to be"
            await pace.sleep(1.0)
            pace.step()
        await self.caller.server.settled()

    async def in_step(self) -> None:
        """Wait until the client holds what the pool is, every field of every object, and neither more nor less."""
        differences = ["never looked"]
        try:
            async with asyncio.timeout(PATIENCE):
                while differences:
                    await self.caller.server.pace.sleep(2.0)  # the client waits 0.2 s of the wall between two batches
                    self.caller.server.pace.step()
                    held = await self.client.cache()
                    differences = self._with_the_world(held) or self._with_the_records(held, await self._records())
        except TimeoutError:
            raise AssertionError("\n".join(differences[:20])) from None

    async def _records(self) -> dict[str, dict[str, Any]]:
        """All that the pool shows over the wire to somebody else, by class."""
        coordinator = self.world.coordinator("p")
        assert coordinator is not None
        found: dict[str, dict[str, Any]] = {}
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as http:
            other = Caller(self.caller.server, http)
            session = await other.login(coordinator.id)
            for name in await other.call(coordinator.id, "system.listMethods"):
                if name.endswith(".get_all_records"):
                    with suppress(Refusal):  # MESSAGE_REMOVED, for three classes that are no more
                        if records := await other.call(coordinator.id, name, session):
                            found[name.removesuffix(".get_all_records")] = records
            await other.call(coordinator.id, "session.logout", session)
        return found

    def _with_the_records(self, held: dict[str, Any], shown: dict[str, Any]) -> list[str]:
        differences = []
        for name in sorted({*held, *shown}):
            has, ought = held.get(name, {}), shown.get(name, {})
            for ref in sorted({*has, *ought}):
                if ref not in has or ref not in ought:
                    differences.append(f"{name} {ref}: {'gone, but held' if ref in has else 'not held'}")
                    continue
                for field in sorted({*has[ref], *ought[ref]}):
                    is_held, is_shown = has[ref].get(field, "-"), self._as_read(ought[ref].get(field, "-"))
                    if is_held != is_shown:
                        differences.append(f"{name} {ref} {field}: held {is_held!r}, shown {is_shown!r}")
        return differences

    def _as_read(self, value: Any) -> Any:
        """A value of JSON-RPC as the client has it in its dialect: from XML-RPC an int is text, and a date a date."""
        match value:
            case _ if self.dialect == "json-rpc":
                return value
            case bool():
                return value
            case int():
                return str(value)
            case str() if DATE.fullmatch(value):
                return DATE.sub(r"\1-\2-\3T\4.000Z", value)
            case list():
                return [self._as_read(each) for each in value]
            case dict():
                return {key: self._as_read(each) for key, each in value.items()}
            case _:
                return value

    def _with_the_world(self, held: dict[str, Any]) -> list[str]:
        """Compared with the truth itself, not with what the server makes of it."""
        hosts = {h.ref: h for h in self.world.hosts.values()}
        differences = []
        for it in self.world.vms.values():
            ours = held["VM"].get(it.ref, {})
            state = (
                ours.get("power_state"),
                hosts[ours["resident_on"]].id if ours.get("resident_on") in hosts else None,
            )
            if state != (it.power_state.value.capitalize(), it.resident_on):
                differences.append(f"{it.name}: held {state}, is {it.power_state}, {it.resident_on}")
        for host in hosts.values():
            believed = held["host"][host.ref]["enabled"], held["host_metrics"][host.metrics_ref]["live"]
            if believed != (host.enabled, host.live):
                differences.append(f"{host.id}: held {believed}, is {(host.enabled, host.live)}")
        [pool] = held["pool"].values()
        if pool["master"] != self.world.hosts[self.world.pools["p"].coordinator].ref:
            differences.append(f"coordinator: held {hosts[pool['master']].id}")
        return differences


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_it_holds_what_is_through_an_outage_and_a_change_of_coordinator(dialect: str) -> None:
    async with (
        served(world(), speed=SPEED) as caller,
        xen_orchestra(caller.url("h1", ""), dialect, PASSWORD) as client,
    ):
        watched = Watched(caller, client, dialect)
        await watched.in_step()
        await _a_host_is_emptied_and_goes(watched)
        await _it_returns(watched)
        await _another_crashes_and_returns(watched)
        await _the_coordinator_changes(watched)
        await client.ask("quit")


async def _a_host_is_emptied_and_goes(watched: Watched) -> None:
    """What Xen Orchestra does for maintenance: disable, evacuate by a task that it watches, shut down."""
    client, host = watched.client, watched.world.hosts["h2"]
    await client.ask("set", type="host", ref=host.ref, field="other_config", entry="MAINTENANCE_MODE", value="true")
    await client.call("host.disable", host.ref)
    assert await client.by_task("host.evacuate", host.ref) == ""
    assert not watched.world.guests("h2")
    await watched.in_step()
    await client.by_task("host.shutdown", host.ref)
    await watched.until(lambda: not host.power)
    assert not host.live
    await watched.in_step()


async def _it_returns(watched: Watched) -> None:
    host = watched.world.hosts["h2"]
    faults.pull_power(watched.world, "h2")
    faults.plug_in(watched.world, "h2")
    await watched.until(lambda: host.live and host.enabled)
    await watched.in_step()


async def _another_crashes_and_returns(watched: Watched) -> None:
    """Its guest counts as running until somebody declares the host dead; only then does the cache let it go."""
    client, host, guest = watched.client, watched.world.hosts["h3"], vm(watched.world, "dumb")
    faults.pull_power(watched.world, "h3")
    assert (guest.alive, guest.power_state) == (False, Power.RUNNING)
    await watched.in_step()
    await watched.until(lambda: not host.live)
    await watched.in_step()
    await client.by_task("host.declare_dead", host.ref)
    assert power_of(guest) is Power.HALTED
    await watched.in_step()
    faults.plug_in(watched.world, "h3")
    await watched.until(lambda: host.live and host.enabled)
    await client.by_task("VM.start", guest.ref, False, False)
    await watched.in_step()


async def _the_coordinator_changes(watched: Watched) -> None:
    """Every toolstack restarts; the client is refused, told who is the coordinator now, and goes on where it was."""
    client, world, hosts = watched.client, watched.world, watched.world.hosts
    await client.call("host.disable", hosts["h3"].ref)
    await client.call("pool.designate_new_master", hosts["h2"].ref)
    await watched.until(lambda: world.pools["p"].coordinator == "h2")
    await watched.until(lambda: all(h.live and h.enabled and h.toolstack == "up" for h in hosts.values()))
    await watched.in_step()
    assert ("event error", "HOST_IS_SLAVE") in client.told
    await client.ask("set", type="VM", ref=vm(world, "web").ref, field="other_config", entry="seen", value="by h2")
    assert vm(world, "web").other_config["seen"] == "by h2"
    await watched.in_step()
    assert await client.ask("barrier") is None
    with pytest.raises(Failed) as unknown:
        await client.call("host.nonsense", hosts["h2"].ref)
    assert unknown.value.error == ["MESSAGE_METHOD_UNKNOWN", "host.nonsense"]


async def test_it_asks_of_the_pool_what_the_recording_shows() -> None:
    """Recording 19a: login with two parameters, the pool, the methods without a session, a token, then every class."""
    async with (
        served(world(), speed=SPEED) as caller,
        xen_orchestra(caller.url("h1", ""), "json-rpc", PASSWORD) as client,
    ):
        await client.ask("quit")
        calls = [call for call in caller.server.log if call.outcome == "ok"]
    first = [c.method for c in calls]
    assert first[:4] == ["session.login_with_password", "pool.get_all_records", "system.listMethods", "event.inject"]
    assert calls[0].arguments == ("root", "***")
    assert {m for m in first[4:] if m not in ("event.from", "session.logout")} == {
        c.method for c in calls if c.method.endswith(".get_all_records")
    }
    assert "VM.get_all_records" in first[4:]
    polls = [c for c in caller.server.log if c.method == "event.from"]
    assert all(c.arguments[2] == 60.1 for c in polls)
