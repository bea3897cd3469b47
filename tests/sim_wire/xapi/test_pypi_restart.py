"""A toolstack restart under the official XenAPI module, step by step as recording 19b had it with a real pool.

A thread follows the pool by event_from while another gives orders. Both are the unchanged module.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import pytest
import XenAPI  # type: ignore[import-untyped]

from ridethrough.sim import boot

from .site import PASSWORD, Caller, recording, served, small_world, until
from .test_pypi_client import official

# What each host was in turn: the coordinator, the member that is emptied before and after, the other member.
ENABLED = {
    "coordinator": [True, False, True],
    "emptied": [True, False, True, False, True, False, True],
    "other": [True, False, True],
}
LIVE = {"coordinator": [True], "emptied": [True, False, True], "other": [True, False, True]}
AT_FIRST = {"pool": 1, "vm": 7, "host": 3, "host_metrics": 3}
CLASSES = list(AT_FIRST)
LOST = (ConnectionError, http.client.RemoteDisconnected)
# Reset between connect and handshake, Python's own ssl module drops the socket that it was making without closing it.
DROPPED = "Exception ignored in. <ssl.SSLSocket [^>]*laddr=[^>r]*>"


def in_turn(states: Iterable[bool]) -> list[bool]:
    return [state for state, _ in groupby(states)]


class Follower:
    """What event_from tells, from the beginning again after each lost connection, as the recording's client did it."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.ended = False
        self.enabled: dict[str, list[bool]] = {}
        self.live: dict[str, list[bool]] = {}
        self.first_batches: list[dict[str, int]] = []
        self.lost: list[BaseException] = []

    def run(self) -> None:
        while not self.ended:
            with official(self.caller) as session:
                try:
                    session.xenapi.login_with_password("root", PASSWORD, "1.0", "follower")
                    for events in self._batches(session.xenapi):
                        self._take(events)
                except LOST as error:
                    self.lost.append(error)
                except XenAPI.Failure as failure:
                    _only_while_it_starts(failure)

    def _batches(self, x: Any) -> Iterator[list[Any]]:
        token = ""
        while not self.ended:
            batch = x.event_from(CLASSES, token, 10.0)
            if token == "":
                assert {e["operation"] for e in batch["events"]} == {"add"}
                counts = [e["class"] for e in batch["events"]]
                self.first_batches.append({c: counts.count(c) for c in CLASSES})
            token = batch["token"]
            yield batch["events"]

    def _take(self, events: list[Any]) -> None:
        for event in events:
            match event["class"]:
                case "host":
                    self.enabled.setdefault(event["ref"], []).append(event["snapshot"]["enabled"])
                case "host_metrics":
                    self.live.setdefault(event["ref"], []).append(event["snapshot"]["live"])


async def maintenance(caller: Caller, follower: Follower, session: Any, host: str) -> None:
    """Synchronous calls, as in the recording. The follower sees each turn: an event shows the last state only."""
    turns = len(in_turn(follower.enabled[host]))
    await asyncio.to_thread(session.xenapi.host.disable, host)
    await until(caller, lambda: len(in_turn(follower.enabled[host])) == turns + 1)
    await asyncio.to_thread(session.xenapi.host.evacuate, host)
    await asyncio.to_thread(session.xenapi.host.enable, host)
    await until(caller, lambda: len(in_turn(follower.enabled[host])) == turns + 2)


def after_the_restart(session: Any) -> list[bool]:
    """The first answer after it: an idle connection is closed without an answer, then nobody listens for a while."""
    while True:
        try:
            return [session.xenapi.host.get_enabled(ref) for ref in session.xenapi.host.get_all()]
        except LOST:
            pass
        except XenAPI.Failure as failure:
            _only_while_it_starts(failure)


def _only_while_it_starts(failure: XenAPI.Failure) -> None:
    if failure.details != ["HOST_STILL_BOOTING"]:
        raise failure


@pytest.mark.filterwarnings(f"ignore:{DROPPED}:pytest.PytestUnraisableExceptionWarning")
async def test_a_toolstack_restart_looks_as_it_did_on_a_real_pool() -> None:
    pool = small_world()
    pool.pools["p"].templates = ()  # the laboratory's pool had none
    async with served(pool, speed=3.0) as caller:
        world, follower = caller.server.world, Follower(caller)
        hosts = {"coordinator": world.hosts["h1"], "emptied": world.hosts["h2"], "other": world.hosts["h3"]}
        following = asyncio.create_task(asyncio.to_thread(follower.run))
        try:
            with official(caller) as session:
                await asyncio.to_thread(session.xenapi.login_with_password, "root", PASSWORD, "1.0", "pypi")
                await until(caller, lambda: len(follower.enabled) == len(hosts))
                await maintenance(caller, follower, session, hosts["emptied"].ref)
                handle = session.handle
                boot.restart_toolstack(world, hosts["coordinator"])
                await caller.server.settled()
                assert await asyncio.to_thread(after_the_restart, session) == [False, False, False]
                assert session.handle != handle  # the same object, logged in anew by itself
                await until(caller, lambda: all(follower.enabled[h.ref][-1] and h.enabled for h in hosts.values()))
                await maintenance(caller, follower, session, hosts["emptied"].ref)
        finally:
            follower.ended = True
            await following
        assert {name: in_turn(follower.enabled[h.ref]) for name, h in hosts.items()} == ENABLED
        assert {name: in_turn(follower.live[h.metrics_ref]) for name, h in hosts.items()} == LIVE
        assert follower.first_batches == [AT_FIRST, AT_FIRST]
        # Its wait for events was broken off; the module asks once more by itself, and finds nobody listening.
        assert isinstance(follower.lost[0], ConnectionRefusedError)


def test_the_recording_shows_the_same_turns() -> None:
    """Recording 19b, polled each second: xcp1 is the coordinator, xcp2 the one that was emptied."""
    notes = recording("19b-pypi-client-toolstack-restart")
    names = {"coordinator": "xcp1", "emptied": "xcp2", "other": "xcp3"}
    states = [e["state"]["hosts"] for e in notes if "hosts" in e.get("state", {})]
    assert {n: in_turn(s[x][0] == "E" for s in states) for n, x in names.items()} == ENABLED
    assert {n: in_turn(s[x][1] == "L" for s in states) for n, x in names.items()} == LIVE
    firsts = [e["events"] for e in notes if e.get("event_from", {}).get("first")]
    assert [{c: sum(x["class"] == c for x in f) for c in CLASSES} for f in firsts] == [AT_FIRST, AT_FIRST]
    assert any("handle changed: True" in e.get("note", "") for e in notes)


async def test_the_module_refuses_a_certificate_that_it_does_not_know() -> None:
    async with served() as caller:

        def work() -> None:
            session = XenAPI.Session(caller.url("h1", ""))
            try:
                with pytest.raises(ssl.SSLCertVerificationError):
                    session.xenapi.login_with_password("root", PASSWORD)
            finally:
                session("close")()

        await asyncio.to_thread(work)
