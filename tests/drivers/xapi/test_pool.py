"""A pool as the loop sees it: records, probes, and what happens when the other end misbehaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest_asyncio

from ridethrough.core.observation import Snapshot
from ridethrough.drivers.xapi import XapiPool
from ridethrough.drivers.xapi import observe as observing

from .toolstack import COORDINATOR, MEMBER, No, Toolstack, WallClock, half_open, until


class Site:
    """A coordinator with a member behind `http`, and the driver that watches them."""

    def __init__(self) -> None:
        self.coordinator = Toolstack()
        self.member = Toolstack()
        self.clock = WallClock()
        self.wakes = 0
        self.pool: XapiPool = None  # type: ignore[assignment]

    async def start(self) -> None:
        await self.coordinator.start("127.0.1.1")
        await self.member.start("127.0.2.1", self.coordinator.port)
        self.member.coordinator = "127.0.1.1"
        host = self.coordinator
        host.answers["host.get_servertime"] = lambda *_: time.strftime("%Y%m%dT%H:%M:%SZ", time.gmtime())
        await host.put("pool", "P", uuid="p", master=COORDINATOR, other_config={"ridethrough:claim": "north"})
        for n, ref in ((1, COORDINATOR), (2, MEMBER)):
            started = str(time.time() - 1000)
            other = {"agent_start_time": started}
            await host.put("host_metrics", f"M{n}", uuid=f"m{n}", live=True, memory_total=64 * 2**30)
            await host.put(
                "host", ref, uuid=f"u{n}", name_label=f"xcp{n}", address=f"127.0.{n}.1", enabled=True,
                metrics=f"M{n}", other_config=other, memory_overhead=0,
            )  # fmt: skip
        await host.put("vm", "V", uuid="v", name_label="web", power_state="Running", resident_on=MEMBER)
        self.pool = self.driver()
        await self.pool.start(self.wake)

    def driver(self, witness: str = "") -> XapiPool:
        return XapiPool(
            "pool-a",
            [self.coordinator.address],
            "root",
            "secret",
            [],
            {},
            self.clock,
            controller="north",
            witnesses=[witness] if witness else [],
        )

    def wake(self) -> None:
        self.wakes += 1

    async def stop(self) -> None:
        await self.pool.stop()
        await self.coordinator.stop()
        await self.member.stop()

    async def seen(self, urgent: bool = False) -> Snapshot:
        return self.pool.observe(urgent)

    async def until_seen(
        self, condition: Callable[[Snapshot], bool], within: float = 5.0, urgent: bool = False
    ) -> Snapshot:
        """The first snapshot for which `condition` holds."""
        async with asyncio.timeout(within):
            while True:
                snapshot = await self.seen(urgent)
                if condition(snapshot):
                    return snapshot
                await asyncio.sleep(0.01)

    async def until_connected(self) -> None:
        await self.until_seen(lambda seen: seen.pools["pool-a"].coordinator is not None)


def _answered_since(before: Snapshot, now: Snapshot) -> bool:
    return before.pools["pool-a"].answered_at != now.pools["pool-a"].answered_at


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.start()
    yield made
    await made.stop()


async def test_a_pool_is_seen(site: Site) -> None:
    before = (await site.seen()).pools["pool-a"]
    assert (before.coordinator, before.answered_at, before.trouble) == (None, None, "not asked yet")
    await site.until_connected()
    snapshot = await site.seen()
    pool = snapshot.pools["pool-a"]
    now = site.clock.now()
    assert (pool.coordinator, pool.claim, pool.trouble) == ("xcp1", "north", "")
    assert pool.answered_at is not None
    assert now - pool.answered_at < 2
    assert pool.coordinator_since is not None
    assert 995 < now - pool.coordinator_since < 1010
    assert snapshot.vms["v"].resident_on == "xcp2"
    assert site.wakes >= 1


async def test_changes_arrive_and_wake_the_loop(site: Site) -> None:
    await site.until_connected()
    await until(lambda: not site.pool._prober._hurry.is_set())
    await asyncio.sleep(0.3)
    wakes = site.wakes
    await site.coordinator.put("host", MEMBER, enabled=False)
    await until(lambda: site.wakes > wakes, within=1)
    assert not (await site.seen()).hosts["xcp2"].enabled
    wakes = site.wakes
    await site.coordinator.put("host", MEMBER, edition="nothing that we read")
    await site.coordinator.put("vm", "V", memory_dynamic_min=2**30, allowed_operations=["pool_migrate"])
    await asyncio.sleep(0.2)
    assert site.wakes <= wakes + 1  # the VM's memory matters, the edition does not
    await site.coordinator.drop("vm", "V")
    await until(lambda: site.wakes > wakes + 1 or not site.pool._draw().vms, within=1)
    assert (await site.seen()).vms == {}


async def test_records_stay_current_without_changes(site: Site) -> None:
    await site.until_connected()
    await site.seen(urgent=True)
    for _ in range(2):
        before = await site.seen(urgent=True)
        await site.until_seen(partial(_answered_since, before), observing.CALM + 1, urgent=True)
    assert all(float(call[2]) in (0.0, 2.0, 5.0) for call in site.coordinator.called("event.from"))


async def test_a_lost_delete_is_found(site: Site) -> None:
    await site.until_connected()
    site.clock.ahead += observing.RESYNC + 1
    await site.coordinator.drop("vm", "V", tell=False)
    for n in range(4):
        await site.coordinator.put("host", MEMBER, edition=str(n))
        await asyncio.sleep(0.05)
    await until(lambda: not site.pool._draw().vms, within=2)


async def test_every_record_is_read_again_after_a_restart_of_the_toolstack(site: Site) -> None:
    """A token from the future would be accepted and tell nothing; the records are not what they were."""
    await site.until_connected()
    host = site.coordinator
    await host.stop()
    host.sessions.clear()
    host.revision, host.log = 1, []  # the new database counts from the beginning
    host.records["host"][MEMBER]["enabled"] = False
    host.records["vm"].pop("V")
    lost = await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator is None)
    trouble = lost.pools["pool-a"].trouble
    assert "no coordinator answers" in trouble or "127.0.1.1" in trouble
    assert (await site.seen()).vms  # the last known records are kept, with their age
    restarted = site.clock.now()
    await host.start("127.0.1.1", site.member.port)
    await site.until_connected()
    snapshot = await site.seen()
    assert snapshot.vms == {}
    assert not snapshot.hosts["xcp2"].enabled
    since = snapshot.pools["pool-a"].coordinator_since
    assert since is not None
    assert since >= restarted - 1  # young, although the database still shows the start before
    tokens = [call[1] for call in host.called("event.from")]
    assert tokens.count("") == 2


async def test_a_coordinator_that_freezes_is_noticed(site: Site) -> None:
    await site.until_connected()
    await site.seen(urgent=True)
    await site.coordinator.stop()
    async with half_open("127.0.1.1", site.member.port):
        await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator is None, within=9, urgent=True)


async def test_hosts_are_probed(site: Site) -> None:
    await site.until_connected()
    await until(lambda: len(site.pool._prober.evidence) == 2)
    snapshot = await site.seen()
    now = site.clock.now()
    for host in snapshot.hosts.values():
        assert host.toolstack_at is not None
        assert now - host.toolstack_at < 2
        assert host.answers_since is not None
    assert len(site.coordinator.called("session.login_with_password")) == 1  # the coordinator is asked by session


async def test_a_stopped_toolstack_and_a_silent_host_are_told_apart(site: Site) -> None:
    await site.until_connected()
    await until(lambda: len(site.pool._prober.evidence) == 2)
    await site.member.stop()  # the port is refused: the network answers, the toolstack does not
    stopped = site.clock.now()
    wakes = site.wakes
    await site.seen(urgent=True)  # probes at once
    await until(lambda: site.wakes > wakes, within=1)
    host = (await site.seen(urgent=True)).hosts["xcp2"]
    assert host.toolstack_at is not None
    assert host.network_at is not None
    assert host.toolstack_at < stopped < host.network_at
    assert host.answers_since is None


async def test_an_accepting_but_mute_host_answers_on_the_network_only(site: Site) -> None:
    await site.until_connected()
    await until(lambda: len(site.pool._prober.evidence) == 2)
    await site.member.stop()
    stopped = site.clock.now()
    async with half_open("127.0.2.1", site.coordinator.port):
        await site.seen(urgent=True)
        seen = await site.until_seen(lambda seen: (seen.hosts["xcp2"].network_at or 0) > stopped, urgent=True)
        assert (seen.hosts["xcp2"].toolstack_at or 0) < stopped


async def test_a_member_in_emergency_counts_as_answering(site: Site) -> None:
    def booting(*_: str) -> str:
        raise No("HOST_STILL_BOOTING")

    site.member.answers["session.login_with_password"] = booting
    await site.until_connected()
    await until(lambda: len(site.pool._prober.evidence) == 2)
    assert (await site.seen()).hosts["xcp2"].toolstack_at is not None


async def test_witness(site: Site) -> None:
    pool = site.driver(witness=f"127.0.2.1:{site.coordinator.port}")
    await pool.start(site.wake)
    await until(lambda: pool._prober.witness_at is not None)
    assert pool.observe(urgent=False).pools["pool-a"].witness_at is not None
    await pool.stop()


async def test_a_wrong_password_is_told(site: Site) -> None:
    pool = XapiPool("pool-a", [site.coordinator.address], "root", "wrong", [], {}, site.clock)
    await pool.start(site.wake)
    await until(lambda: "wrong user or password" in pool._watch.trouble)
    assert "wrong user or password" in pool.observe(urgent=False).pools["pool-a"].trouble
    await asyncio.sleep(0.1)
    assert len([c for c in site.coordinator.calls if c[1][:2] == ("root", "wrong")]) == 1
    await pool.stop()


async def test_the_watch_moves_to_a_coordinator_that_members_name(site: Site) -> None:
    """The old coordinator still answers us, but the members have moved on (two coordinators)."""
    await site.until_connected()
    await until(lambda: len(site.pool._prober.evidence) == 2)
    new, third = site.member, Toolstack()
    await third.start("127.0.3.1", site.coordinator.port)
    third.coordinator = "127.0.2.1"
    await site.coordinator.put(
        "host", "OpaqueRef:host-3", uuid="u3", name_label="xcp3", address="127.0.3.1", metrics="M3", other_config={}
    )
    new.coordinator = ""
    new.records = {cls: dict(table) for cls, table in site.coordinator.records.items()}
    new.records["pool"]["P"] = {**new.records["pool"]["P"], "master": MEMBER}
    moved_at = site.clock.now()
    moved = await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator == "xcp2", within=10, urgent=True)
    since = moved.pools["pool-a"].coordinator_since
    assert since is not None
    assert since >= moved_at
    await third.stop()


async def test_records_of_a_young_coordinator_are_never_shown_with_an_old_age(site: Site) -> None:
    """Not even while its age is being asked for: a round in between would act on what it says of its members."""
    await site.until_connected()
    host = site.coordinator
    await host.stop()
    host.sessions.clear()
    host.records["host"][MEMBER]["enabled"] = False
    host.records["host"][COORDINATOR]["other_config"] = {"agent_start_time": str(time.time())}
    asked = asyncio.Event()

    async def slowly(*_: str) -> str:
        asked.set()
        await asyncio.sleep(0.3)
        return time.strftime("%Y%m%dT%H:%M:%SZ", time.gmtime())

    host.answers["host.get_servertime"] = slowly
    restarted = site.clock.now()
    await host.start("127.0.1.1", site.member.port)
    seen = await site.until_seen(lambda seen: not seen.hosts["xcp2"].enabled)
    assert asked.is_set()
    assert (seen.pools["pool-a"].coordinator_since or 0) >= restarted - 1


async def test_a_bug_of_ours_is_told_and_the_watcher_looks_again(site: Site) -> None:
    await site.until_connected()
    looks: list[str] = []
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))

    async def watcher() -> None:
        looks.append("look")
        if len(looks) == 1:
            raise ZeroDivisionError
        await asyncio.Event().wait()

    kept = asyncio.create_task(site.pool._kept_up(watcher, site.pool._watch.failed))
    lost = await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator is None)
    assert "Ridethrough itself failed" in lost.pools["pool-a"].trouble
    await until(lambda: len(looks) == 2)
    assert told == ["a watcher of pool pool-a failed"]
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)
    await site.coordinator.put("host", MEMBER, enabled=False)
    await site.until_connected()  # the records go on coming: the other watcher never stopped


async def test_stop_logs_out(site: Site) -> None:
    await site.until_connected()
    await until(lambda: len(site.pool._prober.evidence) == 2)
    await site.pool.stop()
    assert site.coordinator.sessions == set()


async def test_stop_is_quick_when_nobody_answers(site: Site) -> None:
    await site.until_connected()
    await site.coordinator.stop()
    async with asyncio.timeout(3):
        await site.pool.stop()
