"""Finding the coordinator, staying with it, and not making things worse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ridethrough.drivers.xapi.address import Address
from ridethrough.drivers.xapi.session import Account, PoolSession
from ridethrough.drivers.xapi.wire import Wire
from ridethrough.ports import Refused, Unreachable

from .toolstack import No, Toolstack, WallClock, half_open

ACCOUNT = Account("root", "secret", "ridethrough/test")


class Pool:
    """Three toolstacks on 127.0.x.1 with one common port; the first is the coordinator."""

    def __init__(self) -> None:
        self.hosts = [Toolstack(), Toolstack(), Toolstack()]
        self.clock = WallClock()
        self.wire = Wire()

    async def start(self) -> None:
        await self.hosts[0].start("127.0.1.1")
        for n, host in enumerate(self.hosts[1:], 2):
            await host.start(f"127.0.{n}.1", self.hosts[0].port)
            host.coordinator = "127.0.1.1"

    async def stop(self) -> None:
        await self.wire.close()
        for host in self.hosts:
            await host.stop()

    def address(self, n: int) -> Address:
        return Address(f"127.0.{n}.1", self.hosts[0].port, "http")

    def session(self, *members: int) -> PoolSession:
        return PoolSession(self.wire, [self.address(n) for n in members], ACCOUNT, self.clock)

    def hand_over(self, to: int) -> None:
        """Another host becomes the coordinator; every session is gone."""
        for n, host in enumerate(self.hosts, 1):
            host.sessions.clear()
            host.coordinator = "" if n == to else f"127.0.{to}.1"


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool()
    await made.start()
    yield made
    await made.stop()


async def enabled(session: PoolSession) -> bool:
    return await session.call(bool, "host.get_enabled", "OpaqueRef:1", deadline=5)


@pytest.mark.parametrize("member", [1, 2, 3])
async def test_the_coordinator_is_found_from_any_member(pool: Pool, member: int) -> None:
    session = pool.session(member)
    held = await session.connect()
    assert held.address == pool.address(1)
    assert pool.hosts[0].calls[-1][1][3] == "ridethrough/test"
    await session.close()
    assert pool.hosts[0].sessions == set()


async def test_redirects_in_a_circle_end(pool: Pool) -> None:
    for n, host in enumerate(pool.hosts):
        host.coordinator = f"127.0.{(n + 1) % 3 + 1}.1"
    session = pool.session(1)
    with pytest.raises(Unreachable, match=r"members name 127.0.1.1:\d+, 127.0.2.1:\d+, 127.0.3.1:\d+ as coordinator"):
        await session.connect()
    await session.close()


async def test_dead_and_slow_addresses_do_not_hold_the_search_up(pool: Pool) -> None:
    await pool.hosts[2].stop()
    async with half_open("127.0.9.1", pool.hosts[0].port):
        session = pool.session(9, 3, 2)
        async with asyncio.timeout(2.5):
            assert (await session.connect()).address == pool.address(1)
        await session.close()


async def test_a_starting_member_is_asked_again(pool: Pool) -> None:
    answers = ["HOST_HAS_NO_MANAGEMENT_IP", "HOST_STILL_BOOTING"]

    def login(*params: str) -> str:
        if answers:
            raise No(answers.pop(0))
        return pool.hosts[0].login(*params)

    pool.hosts[0].answers["session.login_with_password"] = login
    pool.hosts[0].answers["host.get_enabled"] = lambda *_: True
    session = pool.session(1)
    with pytest.raises(Unreachable, match="no management address yet"):
        await session.connect()
    assert await enabled(session)  # a call is patient within its deadline
    await session.close()


async def test_a_wrong_password_is_not_tried_in_a_loop(pool: Pool) -> None:
    pool.hosts[0].password = "changed"
    session = pool.session(1, 2)
    for _ in range(5):
        with pytest.raises(Refused, match="wrong user or password") as refused:
            await session.connect()
    assert "secret" not in str(refused.value)
    assert refused.value.code == "SESSION_AUTHENTICATION_FAILED"
    assert "tried again in 60 s" in session.trouble
    assert len(pool.hosts[0].called("session.login_with_password")) == 1
    pool.clock.ahead += 61
    with pytest.raises(Refused, match="tried again in 120 s"):
        await session.connect()
    pool.hosts[0].password = "secret"
    pool.clock.ahead += 121
    assert await session.connect()
    assert session.trouble == ""
    await session.close()


async def test_a_toolstack_restart_is_survived(pool: Pool) -> None:
    pool.hosts[0].answers["host.get_enabled"] = lambda *_: True
    session = pool.session(1)
    assert await enabled(session)
    assert session.renewed_at is None
    await pool.hosts[0].stop()
    call = asyncio.create_task(enabled(session))
    await asyncio.sleep(0.2)
    pool.hosts[0].sessions.clear()
    await pool.hosts[0].start("127.0.1.1", pool.address(1).port)
    assert await call
    assert session.renewed_at is not None
    assert len(pool.hosts[0].called("host.get_enabled")) == 2  # found out before the call was sent a second time
    await session.close()


async def test_a_broken_connection_does_not_cost_the_session(pool: Pool) -> None:
    pool.hosts[0].answers["host.get_enabled"] = lambda *_: True
    session = pool.session(1)
    await session.connect()
    session.doubt()
    assert session.held is None
    assert await enabled(session)
    assert session.renewed_at is None
    assert len(pool.hosts[0].called("session.login_with_password")) == 1
    await session.close()


async def test_the_session_follows_a_new_coordinator(pool: Pool) -> None:
    pool.hosts[1].answers["host.get_enabled"] = lambda *_: True
    session = pool.session(1)
    await session.connect()
    pool.hand_over(to=2)
    assert await enabled(session)
    assert session.held is not None
    assert session.held.address == pool.address(2)
    assert session.renewed_at is not None
    await session.close()


async def test_a_lost_coordinator_is_found_through_a_learned_member(pool: Pool) -> None:
    pool.hosts[2].answers["host.get_enabled"] = lambda *_: True
    session = pool.session(1)
    await session.connect()
    session.learn(["127.0.1.1", "127.0.2.1", "127.0.3.1"])
    await pool.hosts[0].stop()
    pool.hand_over(to=3)
    assert await enabled(session)
    await session.close()


async def test_of_two_coordinators_the_one_that_members_name(pool: Pool) -> None:
    """A returning old coordinator speaks as one for half a second, with an old database."""
    pool.hosts[1].coordinator = ""
    pool.hosts[2].coordinator = "127.0.2.1"
    session = pool.session(1, 2, 3)
    assert (await session.connect()).address == pool.address(2)
    await session.close()
    assert pool.hosts[0].sessions == set()  # logged out where we were given one in vain


async def test_a_command_is_not_repeated_when_its_answer_was_lost(pool: Pool) -> None:
    pool.hosts[0].answers["host.shutdown"] = lambda *_: ""
    pool.hosts[0].drops.add("host.shutdown")
    session = pool.session(1)
    with pytest.raises(Unreachable):
        await session.call(object, "host.shutdown", "OpaqueRef:1", deadline=3)
    assert len(pool.hosts[0].called("host.shutdown")) == 1
    await session.close()


async def test_a_caller_that_gives_up_leaves_the_search_to_the_others(pool: Pool) -> None:
    pool.hosts[0].hangs.add("session.login_with_password")
    session = pool.session(1)
    search = asyncio.create_task(session.connect())
    with pytest.raises(Unreachable):
        await session.call(bool, "host.get_enabled", "OpaqueRef:1", deadline=0.2)
    assert not search.done()
    await session.close()
    with pytest.raises(asyncio.CancelledError):
        await search
