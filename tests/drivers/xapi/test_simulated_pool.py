"""The driver against a simulated pool behind real XenAPI and TLS: the surprises that the lab pool held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import pytest
import pytest_asyncio

from ridethrough.core.actions import (
    CancelMove,
    ClaimPool,
    DesignateCoordinator,
    DisableHost,
    EnableHost,
    ForceStopVm,
    LowerHa,
    MoveVm,
    RestoreHa,
    ShutDownHost,
    StopVm,
    SuspendHa,
)
from ridethrough.core.observation import Snapshot
from ridethrough.drivers.xapi import XapiPool, survey
from ridethrough.ports import Refused, Unreachable
from ridethrough.sim import faults
from ridethrough.sim.machines import GIB, RELEASES, Guest, Profile, SimHost, SimPool, SimSr, SimVm
from ridethrough.sim.world import World
from ridethrough.sim.xapi import Xapi
from ridethrough.sim.xapi_server import XapiServer
from ridethrough.sim.xapi_wire.pace import Pace

from .toolstack import until

SPEED = 10.0  # world seconds per wall second


class PacedClock:
    """ports.Clock in world seconds."""

    stood_still = None

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def now(self) -> float:
        return self._pace.now()

    async def sleep(self, seconds: float) -> None:
        await self._pace.sleep(seconds)


class Site:
    """Three hosts on one NAS; xcp1 is the coordinator; guests on xcp1 and xcp2."""

    def __init__(self, build: str = "24.19.2", roles: Mapping[str, str] | None = None) -> None:
        """`roles`: further accounts of the pool and their roles, with the password of root."""
        self.world = World()
        self.world.add_storage(SimSr("nas", "NAS"))
        self.world.add_pool(SimPool("pool-a", "xcp1", profile=Profile(build=build)))
        for n in (1, 2, 3):
            self.world.add_host(SimHost(f"xcp{n}", "pool-a", storage={"nas"}))
        for name, host, guest in (
            ("app", "xcp1", Guest.ACKNOWLEDGES),
            ("web", "xcp2", Guest.ACKNOWLEDGES),
            ("db", "xcp2", Guest.ACKNOWLEDGES),
            ("bare", "xcp2", Guest.NO_TOOLS),
        ):
            self.world.add_vm(
                SimVm(f"uuid-{name}", name, "pool-a", 2 * GIB, guest, resident_on=host, storage=frozenset({"nas"}))
            )
        self.pace = Pace(self.world, SPEED)
        self.user = "root"  # the driver's account
        users = dict.fromkeys(("root", *(roles or {})), "ridethrough")
        self.server = XapiServer(self.world, self.pace, users=users, roles=roles)
        self.clock = PacedClock(self.pace)
        self.wakes = 0
        self.pool: XapiPool = None  # type: ignore[assignment]

    async def start(self) -> None:
        self.pace.start()
        await self.server.start()
        self.pool = self.driver("xcp3")
        await self.pool.start(self.wake)
        await self.until_seen(lambda seen: seen.pools["pool-a"].coordinator is not None)

    async def stop(self) -> None:
        await self.pool.stop()
        await self.server.stop()
        await self.pace.stop()

    def driver(self, *members: str, controller: str = "north", user: str = "") -> XapiPool:
        ends = self.server.endpoints
        addresses = [f"{ends[m][0]}:{ends[m][1]}" for m in members]
        pins = [fingerprint for _, _, fingerprint in ends.values()]
        account = user or self.user
        return XapiPool("pool-a", addresses, account, "ridethrough", pins, {}, self.clock, controller=controller)

    def wake(self) -> None:
        self.wakes += 1

    async def seen(self) -> Snapshot:
        return self.pool.observe(urgent=True)

    async def until_seen(self, condition: Callable[[Snapshot], bool], within: float = 20.0) -> Snapshot:
        """The first snapshot for which `condition` holds; `within` wall seconds."""
        async with asyncio.timeout(within):
            while True:
                snapshot = await self.seen()
                if condition(snapshot):
                    return snapshot
                await asyncio.sleep(0.01)

    def move(self, vm: str, source: str, target: str, deadline: float = 10.0) -> MoveVm:
        return MoveVm(f"uuid-{vm}", vm, "pool-a", source, target, "ups-a on battery", deadline)

    def calls(self, method: str) -> int:
        """How often it was called, as a task or not."""
        return sum(access.method.removeprefix("Async.") == method for access in self.server.log)


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[Site]:
    await site.start()
    try:
        yield site
    finally:
        await site.stop()


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    async with serving(Site()) as made:
        yield made


async def test_a_pool_is_seen_from_any_member_over_tls(site: Site) -> None:
    snapshot = await site.until_seen(lambda seen: all(h.toolstack_at is not None for h in seen.hosts.values()))
    assert sorted(snapshot.hosts) == ["xcp1", "xcp2", "xcp3"]
    assert snapshot.pools["pool-a"].coordinator == "xcp1"
    since = snapshot.pools["pool-a"].coordinator_since
    assert since is not None
    assert since < -80_000  # the world began a day after the hosts
    vms = {vm.name: vm for vm in snapshot.vms.values()}
    assert {name: vm.resident_on for name, vm in vms.items()} == {
        "app": "xcp1", "web": "xcp2", "db": "xcp2", "bare": "xcp2",
    }  # fmt: skip
    assert vms["web"].immovable == ""
    assert "VM_LACKS_FEATURE" in vms["bare"].immovable
    assert vms["web"].storage == {"nas"}
    assert all(vm.storage <= host.storage for vm in vms.values() for host in snapshot.hosts.values())
    for host in snapshot.hosts.values():
        assert host.memory_free == pytest.approx(site.world.memory_free(host.id), rel=0.05)


async def test_a_host_is_emptied_and_shut_down(site: Site) -> None:
    await site.pool.perform(ClaimPool("pool-a", "north", "why"))
    await site.pool.perform(DisableHost("xcp2", "pool-a", "why"))
    with pytest.raises(Refused) as refused:
        await site.pool.perform(ShutDownHost("xcp2", "pool-a", "why"))
    assert refused.value.code == "HOST_NOT_EMPTY"
    await asyncio.gather(
        site.pool.perform(site.move("web", "xcp2", "xcp1")), site.pool.perform(site.move("db", "xcp2", "xcp3"))
    )
    with pytest.raises(Refused) as refused:
        await site.pool.perform(site.move("bare", "xcp2", "xcp3"))
    assert refused.value.code == "VM_LACKS_FEATURE"
    with pytest.raises(Refused):
        await site.pool.perform(StopVm("uuid-bare", "bare", "pool-a", "xcp2", "why", 10))
    await site.pool.perform(ForceStopVm("uuid-bare", "bare", "pool-a", "xcp2", "why"))
    await site.pool.perform(ShutDownHost("xcp2", "pool-a", "why"))
    seen = await site.until_seen(lambda seen: not seen.hosts["xcp2"].live)
    assert seen.pools["pool-a"].claim == "north"
    assert seen.hosts["xcp2"].maintenance_mode
    assert not seen.guests("xcp2")
    await until(lambda: not site.world.hosts["xcp2"].power, within=10)
    silent_since = site.clock.now()
    await site.until_seen(lambda _: site.clock.now() > silent_since + 30)
    host = (await site.seen()).hosts["xcp2"]
    # An endpoint follows its host within one nap of the simulated site: 50 ms of the wall, half a second of the site.
    assert (host.toolstack_at or 0) <= silent_since + 0.5
    assert (host.network_at or 0) <= silent_since + 0.5
    assert not site.world.lost
    assert not [task for task in site.world.tasks.values() if task.pending]


async def test_a_disable_is_forgotten_when_the_toolstack_restarts(site: Site) -> None:
    await site.pool.perform(DisableHost("xcp2", "pool-a", "why"))
    before = (await site.until_seen(lambda seen: not seen.hosts["xcp2"].enabled)).hosts["xcp2"].agent_started
    faults.restart_toolstack(site.world, "xcp2")
    seen = await site.until_seen(lambda seen: seen.hosts["xcp2"].enabled)
    assert seen.hosts["xcp2"].agent_started != before  # so it was no person
    assert seen.hosts["xcp2"].maintenance_mode
    assert seen.pools["pool-a"].coordinator == "xcp1"
    await site.pool.perform(EnableHost("xcp2", "pool-a", "why"))
    await site.until_seen(lambda seen: not seen.hosts["xcp2"].maintenance_mode)


async def test_a_disable_is_kept_where_the_server_knows_how() -> None:
    async with serving(Site(build="26.1.4")) as site:
        await site.pool.perform(DisableHost("xcp2", "pool-a", "why"))
        before = (await site.until_seen(lambda seen: not seen.hosts["xcp2"].enabled)).hosts["xcp2"].agent_started
        faults.restart_toolstack(site.world, "xcp2")
        await site.until_seen(lambda seen: seen.hosts["xcp2"].agent_started != before)
        began = site.clock.now()
        await site.until_seen(lambda _: site.clock.now() > began + 10)
        assert not (await site.seen()).hosts["xcp2"].enabled
        await site.pool.perform(EnableHost("xcp2", "pool-a", "why"))
        await site.until_seen(lambda seen: seen.hosts["xcp2"].enabled)


async def test_a_disable_is_forgotten_at_boot(site: Site) -> None:
    site.world.hosts["xcp3"].boot_seconds = 20.0
    await site.pool.perform(DisableHost("xcp3", "pool-a", "why"))
    await site.pool.perform(ShutDownHost("xcp3", "pool-a", "why"))
    await until(lambda: not site.world.hosts["xcp3"].power, within=10)
    faults.switch_on(site.world, "xcp3")
    seen = await site.until_seen(lambda seen: seen.hosts["xcp3"].live and seen.hosts["xcp3"].enabled, within=12)
    assert seen.hosts["xcp3"].maintenance_mode  # XenCenter's mark survives the boot
    assert seen.hosts["xcp3"].toolstack_at is not None


async def test_a_restarted_coordinator_that_calls_everybody_disabled_and_dead(site: Site) -> None:
    """Its records are told as they are; that they are young is told too, and the core waits."""
    faults.restart_toolstack(site.world, "xcp1")
    restarted = site.clock.now()
    await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator is None)
    wrong = await site.until_seen(
        lambda seen: seen.pools["pool-a"].coordinator == "xcp1" and not seen.hosts["xcp2"].live, within=5
    )
    assert not wrong.hosts["xcp2"].enabled
    since = wrong.pools["pool-a"].coordinator_since
    assert since is not None
    assert since >= restarted - 1
    assert wrong.hosts["xcp2"].toolstack_at is not None  # our own evidence says otherwise
    right = await site.until_seen(lambda seen: all(h.live and h.enabled for h in seen.hosts.values()))
    assert right.pools["pool-a"].trouble == ""


async def test_a_change_of_coordinator_is_followed_and_forgets_disables(site: Site) -> None:
    await site.pool.perform(DisableHost("xcp2", "pool-a", "why"))
    session = site.pool._session
    new = site.world.hosts["xcp3"].ref
    await session.call(object, "pool.designate_new_master", new, deadline=10)
    seen = await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator == "xcp3", within=10)
    assert seen.pools["pool-a"].coordinator_since is not None
    assert site.clock.now() - seen.pools["pool-a"].coordinator_since < 40
    await site.until_seen(lambda seen: seen.hosts["xcp2"].enabled and seen.hosts["xcp2"].live, within=10)
    await site.pool.perform(DisableHost("xcp2", "pool-a", "why"))
    assert not site.world.hosts["xcp2"].enabled


async def test_another_host_is_made_coordinator(site: Site) -> None:
    """Sessions end and hosts enable themselves again; the new one is found, and asking again changes nothing."""
    await site.pool.perform(DisableHost("xcp2", "pool-a", "why"))
    await site.pool.perform(DesignateCoordinator("xcp3", "pool-a", "why"))
    assert site.world.coordinator("pool-a") is site.world.hosts["xcp3"]
    seen = await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator == "xcp3", within=10)
    assert seen.pools["pool-a"].coordinator_since is not None
    await site.until_seen(lambda seen: seen.hosts["xcp2"].enabled and seen.hosts["xcp2"].live, within=10)
    calls = len(site.server.log.of("pool.designate_new_master"))
    await site.pool.perform(DesignateCoordinator("xcp3", "pool-a", "why"))
    assert len(site.server.log.of("pool.designate_new_master")) == calls == 1


async def test_no_host_is_made_coordinator_while_one_is_silent_or_ha_is_on(site: Site) -> None:
    faults.lose_network(site.world, "xcp2")
    with pytest.raises((Refused, Unreachable)):
        await site.pool.perform(DesignateCoordinator("xcp3", "pool-a", "why", deadline=3.0))
    faults.restore_network(site.world, "xcp2")
    site.world.pools["pool-a"].ha_enabled = True
    with pytest.raises(Refused, match="HA"):
        await site.pool.perform(DesignateCoordinator("xcp3", "pool-a", "why"))
    assert site.world.coordinator("pool-a") is site.world.hosts["xcp1"]


async def test_ha_is_switched_off_and_on_as_it_was(site: Site) -> None:
    pool = site.world.pools["pool-a"]
    pool.ha_enabled, pool.ha_failures, pool.ha_statefile = True, 1, "nas"
    site.world.changed("pool", pool.ref)
    seen = (await site.until_seen(lambda seen: seen.pools["pool-a"].ha_enabled)).pools["pool-a"]
    nas = site.world.storages["nas"].id
    assert (seen.ha_failures, seen.ha_storages) == (1, (nas,))
    suspend = SuspendHa("pool-a", seen.ha_failures, seen.ha_storages, seen.ha_configuration, "why")
    await site.pool.perform(suspend)
    await site.pool.perform(suspend)
    assert not pool.ha_enabled
    await site.until_seen(lambda seen: not seen.pools["pool-a"].ha_enabled)
    restore = RestoreHa("pool-a", True, suspend.failures, suspend.storages, suspend.configuration, "why")
    await site.pool.perform(restore)
    await site.pool.perform(restore)
    assert (pool.ha_enabled, pool.ha_failures, pool.ha_statefile) == (True, 1, "nas")
    await site.pool.perform(LowerHa("pool-a", 1, "why"))
    assert pool.ha_failures == 0
    await site.pool.perform(RestoreHa("pool-a", False, 1, (), (), "why"))
    assert pool.ha_failures == 1


async def test_a_call_to_a_dead_member_does_not_hold_anybody_up(site: Site) -> None:
    """xapi calls it alive for ten minutes, and a call to it blocks for two."""
    await site.until_seen(lambda seen: seen.hosts["xcp2"].toolstack_at is not None)
    faults.pull_power(site.world, "xcp2")
    died = site.clock.now()
    dead = asyncio.create_task(site.pool.perform(DisableHost("xcp2", "pool-a", "why", deadline=1.0)))
    await site.pool.perform(DisableHost("xcp3", "pool-a", "why", deadline=1.0))
    assert not site.world.hosts["xcp3"].enabled
    with pytest.raises(Unreachable, match="within 1 s"):
        await dead
    await site.until_seen(lambda _: site.clock.now() > died + 40)
    host = (await site.seen()).hosts["xcp2"]
    assert host.live
    assert host.enabled
    assert (host.toolstack_at or 0) <= died + 1
    assert (host.network_at or 0) <= died + 1


async def test_a_cancelled_evacuation_goes_on_but_a_cancelled_move_does_not(site: Site) -> None:
    site.world.hosts["xcp2"].link_speed = site.world.links.speeds["xcp2"] = 50e6  # 43 s a guest
    session = site.pool._session
    site.world.vms["uuid-bare"].guest = Guest.ACKNOWLEDGES
    task = await session.call(str, "Async.host.evacuate", site.world.hosts["xcp2"].ref, deadline=10)
    await site.until_seen(lambda seen: all(seen.vms[f"uuid-{n}"].moving_to for n in ("web", "db")))
    await session.call(object, "task.cancel", task, deadline=10)
    await asyncio.sleep(0.3)
    assert (await site.seen()).vms["uuid-web"].moving_to is not None
    await site.pool.perform(CancelMove("uuid-web", "web", "pool-a", "xcp2", "why"))
    seen = await site.until_seen(lambda seen: seen.vms["uuid-web"].moving_to is None)
    assert seen.vms["uuid-web"].resident_on == "xcp2"
    assert seen.vms["uuid-db"].moving_to is not None


async def test_a_late_move_is_cancelled_and_the_guest_stays(site: Site) -> None:
    site.world.hosts["xcp2"].link_speed = site.world.links.speeds["xcp2"] = 10e6
    with pytest.raises(Unreachable, match="not finished within"):
        await site.pool.perform(site.move("web", "xcp2", "xcp1", deadline=1.0))
    seen = await site.until_seen(lambda seen: not seen.vms["uuid-web"].busy)
    assert seen.vms["uuid-web"].resident_on == "xcp2"
    assert [vm.name for vm in seen.guests("xcp2")] == ["bare", "db", "web"]


async def test_a_move_is_seen_through_a_restart_of_the_coordinators_toolstack(site: Site) -> None:
    site.world.hosts["xcp2"].link_speed = site.world.links.speeds["xcp2"] = 100e6  # 21 s
    moving = asyncio.create_task(site.pool.perform(site.move("web", "xcp2", "xcp3", deadline=12.0)))
    await site.until_seen(lambda seen: seen.vms["uuid-web"].moving_to == "xcp3")
    faults.restart_toolstack(site.world, "xcp1")
    with suppress(Unreachable):  # the migration may have died with the toolstack: then that is what is said
        await moving
    seen = await site.until_seen(lambda seen: not seen.vms["uuid-web"].busy and seen.pools["pool-a"].trouble == "")
    assert seen.vms["uuid-web"].resident_on in ("xcp2", "xcp3")


@pytest.mark.parametrize("method", ["VM.pool_migrate", "host.shutdown", "host.disable"])
async def test_an_answer_lost_after_execution_never_repeats_the_command(site: Site, method: str) -> None:
    if method == "host.shutdown":
        await site.pool.perform(DisableHost("xcp3", "pool-a", "why"))
    site.server.faults.lose_answer(method)
    match method:
        case "VM.pool_migrate":
            await site.pool.perform(site.move("web", "xcp2", "xcp3"))  # found again among the VM's operations
            assert site.world.moves["web"] == 1
            assert site.calls(method) == 1
        case "host.shutdown":
            with pytest.raises(Unreachable):
                await site.pool.perform(ShutDownHost("xcp3", "pool-a", "why"))
            await until(lambda: not site.world.hosts["xcp3"].power, within=10)
            assert site.calls(method) == 1
        case _:
            with pytest.raises(Unreachable):
                await site.pool.perform(DisableHost("xcp3", "pool-a", "why"))
            assert not site.world.hosts["xcp3"].enabled
            assert site.calls(method) == 1
            await site.pool.perform(DisableHost("xcp3", "pool-a", "why"))  # safe to repeat


async def test_a_token_from_the_future_is_never_used(site: Site) -> None:
    """After the restart the coordinator's events count from the beginning; an old token would tell nothing."""
    for n in range(5):
        await site.pool.perform(DisableHost("xcp3", "pool-a", f"{n}"))
        await site.pool.perform(EnableHost("xcp3", "pool-a", f"{n}"))
    faults.restart_toolstack(site.world, "xcp1")
    await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator is None)
    await site.until_seen(
        # Enabled too: a member that says hello enables itself after that, and would undo a disable that came first.
        lambda seen: (
            seen.pools["pool-a"].coordinator == "xcp1" and all(h.live and h.enabled for h in seen.hosts.values())
        )
    )
    await site.pool.perform(DisableHost("xcp3", "pool-a", "again"))
    await site.until_seen(lambda seen: not seen.hosts["xcp3"].enabled, within=4)


async def test_a_lost_coordinator(site: Site) -> None:
    """Members point at the dead one for ever; nobody answers as coordinator, and that is said."""
    await site.until_seen(lambda seen: all(h.toolstack_at is not None for h in seen.hosts.values()))
    faults.pull_power(site.world, "xcp1")
    died = site.clock.now()
    lost = await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator is None, within=12)
    assert lost.vms  # the last known records, with their age
    assert (lost.pools["pool-a"].answered_at or 0) <= died + 1
    seen = await site.until_seen(lambda seen: (seen.hosts["xcp2"].toolstack_at or 0) > died + 30, within=15)
    assert (seen.hosts["xcp1"].network_at or 0) <= died + 1


async def test_a_returning_coordinator_with_an_old_database_is_not_believed(site: Site) -> None:
    """It speaks as coordinator for half a second, until it learns that another one took over."""
    site.world.hosts["xcp1"].boot_seconds = 20.0
    site.world.hosts["xcp1"].bios_power_on = True
    faults.pull_power(site.world, "xcp1")
    await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator is None, within=12)
    xapi = Xapi(site.world, "pool-a")
    xapi.pool_emergency_transition_to_master(site.world.hosts["xcp3"].ref)
    await site.until_seen(lambda seen: seen.pools["pool-a"].coordinator == "xcp3", within=12)
    xapi.pool_recover_slaves()
    await site.until_seen(lambda seen: seen.hosts["xcp2"].live, within=8)
    faults.plug_in(site.world, "xcp1")
    faults.switch_on(site.world, "xcp1")
    told: set[str | None] = set()
    async with asyncio.timeout(12):
        while not (host := (await site.seen()).hosts["xcp1"]).live or not host.enabled:
            told.add((await site.seen()).pools["pool-a"].coordinator)
            await asyncio.sleep(0.01)
    assert told == {"xcp3"}


async def test_two_controllers(site: Site) -> None:
    other = site.driver("xcp1", controller="south")
    await other.start(lambda: None)
    await other.perform(ClaimPool("pool-a", "south", "why"))
    with pytest.raises(Refused, match="south") as refused:
        await site.pool.perform(ClaimPool("pool-a", "north", "why"))
    assert refused.value.code == "CLAIMED_BY_OTHER"
    await site.until_seen(lambda seen: seen.pools["pool-a"].claim == "south")
    await other.stop()


async def test_nothing_is_told_to_a_host_with_another_certificate(site: Site) -> None:
    address, port, _ = site.server.endpoints["xcp1"]
    pool = XapiPool("pool-a", [f"{address}:{port}"], "root", "ridethrough", ["sha256:" + "0" * 64], {}, site.clock)
    await pool.start(lambda: None)
    await until(lambda: "not pinned" in pool._watch.trouble)
    assert site.server.endpoints["xcp1"][2] in pool._watch.trouble
    await pool.stop()
    assert [call for call in site.server.log if "ridethrough/controller" in call.arguments] == []


async def test_survey_of_a_healthy_pool(site: Site) -> None:
    address, port, _ = site.server.endpoints["xcp2"]
    pins = {name: fingerprint for name, (_, _, fingerprint) in site.server.endpoints.items()}
    found = await survey([f"{address}:{port}"], "root", "ridethrough", pins.values(), site.clock)
    assert found.troubles == ()
    assert [(m.name, m.is_coordinator) for m in found.members] == [("xcp1", True), ("xcp2", False), ("xcp3", False)]
    assert {m.name: m.fingerprint for m in found.members} == pins
    assert found.fingerprints == tuple(sorted(pins.values()))
    assert (found.guests, found.missing_rights, found.claim) == (4, (), "")
    assert all("xapi 24.19.2" in member.version for member in found.members)


@pytest.mark.parametrize(("release", "takes"), [("8.2", False), ("8.3", True), ("8.3-26.1", True)])
async def test_survey_tells_whose_dom0_takes_an_agent(release: str, takes: bool) -> None:
    old = Site(build=RELEASES[release].build)
    async with serving(old):
        address, port, _ = old.server.endpoints["xcp1"]
        found = await survey([f"{address}:{port}"], "root", "ridethrough", [], old.clock, trust=lambda *_: True)
    assert [member.takes_agent for member in found.members] == [takes] * 3


async def test_survey_asks_before_it_trusts(site: Site) -> None:
    address, port, shown = site.server.endpoints["xcp1"]
    asked: dict[str, str] = {}

    def nobody(where: str, fingerprint: str) -> bool:
        asked[where] = fingerprint
        return False

    found = await survey([f"{address}:{port}"], "root", "ridethrough", [], site.clock, trust=nobody)
    assert asked == {f"{address}:{port}": shown}
    assert "not pinned" in found.troubles[0]
    found = await survey([f"{address}:{port}"], "root", "ridethrough", [], site.clock, trust=lambda *_: True)
    assert found.troubles == ()
    assert len(found.fingerprints) == 3


async def test_survey_tells_what_is_wrong(site: Site) -> None:
    address, port, _ = site.server.endpoints["xcp1"]
    pins = [fingerprint for _, _, fingerprint in site.server.endpoints.values()]
    found = await survey([f"{address}:{port}"], "root", "guess", pins, site.clock)
    assert "wrong user or password" in found.troubles[0]
    faults.person_disables(site.world, "xcp3")
    faults.lose_network(site.world, "xcp2")
    await site.server.settled()
    found = await survey([f"{address}:{port}"], "root", "ridethrough", pins, site.clock)
    assert any(told.startswith("xcp2 does not answer us") for told in found.troubles)
    assert any("xcp3 is in maintenance mode" in told for told in found.troubles)
