"""WLB's advice, asked through a simulated pool: taken when it comes in time, told when not, never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ridethrough.core.actions import DisableHost
from ridethrough.core.observation import PoolSeen
from ridethrough.drivers.xapi.advice import EVERY, QUESTION, Advisor
from ridethrough.sim.machines import Wlb

from .test_simulated_pool import Site, serving
from .toolstack import until

PATIENCE = 0.6  # wall seconds for one host's answer: six seconds of the world


@asynccontextmanager
async def using_wlb(behaviour: Wlb, advice: dict[str, str] | None = None, **other_config: str) -> AsyncIterator[Site]:
    """The pool uses WLB; guests are told by name."""
    made = Site()
    pool = made.world.pools["pool-a"]
    pool.wlb_enabled, pool.wlb = True, behaviour
    pool.other_config.update(other_config)
    pool.wlb_advice = {f"uuid-{vm}": host for vm, host in (advice or {}).items()}
    async with serving(made):
        yield made


def impatient(site: Site) -> Advisor:
    """An advisor of the pool with less patience, in wall seconds."""
    return Advisor(site.pool._session, site.clock, lambda: site.pool._watch.records, PATIENCE)


async def seen(site: Site, urgent: bool = True) -> PoolSeen:
    return site.pool.observe(urgent).pools["pool-a"]


async def test_advice_names_vms_and_hosts_as_the_core_does() -> None:
    async with using_wlb(Wlb.ANSWERS, {"web": "xcp3", "bare": "xcp3", "app": "xcp2"}) as site:
        await site.until_seen(lambda s: len(s.pools["pool-a"].advice) == 2)
        pool = await seen(site)
        # db got no recommendation, bare cannot be moved: xapi answers an error for each instead.
        assert pool.advice == {"uuid-web": "xcp3", "uuid-app": "xcp2"}
        assert pool.wlb_trouble == ""


async def test_nothing_is_asked_when_the_pool_itself_ignores_wlb() -> None:
    async with using_wlb(Wlb.ANSWERS, {"web": "xcp3"}, wlb_choose_host_disable="TRUE") as site:
        await seen(site)
        await site.clock.sleep(3)
        pool = await seen(site)
        assert (pool.advice, pool.wlb_trouble, site.calls(QUESTION)) == ({}, "", 0)


async def test_nothing_is_asked_without_an_outage() -> None:
    async with using_wlb(Wlb.ANSWERS, {"web": "xcp3"}) as site:
        calm = site.driver("xcp1")
        await calm.start(site.wake)
        before = site.calls(QUESTION)
        await site.until_seen(lambda s: bool(s.pools["pool-a"].advice))
        calm.observe(urgent=False)
        assert calm.observe(urgent=False).pools["pool-a"].advice == {}
        assert site.calls(QUESTION) - before <= 2  # those of the other one
        await calm.stop()


async def test_a_round_is_asked_only_now_and_then_and_forgotten_after_the_outage() -> None:
    async with using_wlb(Wlb.ANSWERS, {"web": "xcp3"}) as site:
        await site.until_seen(lambda s: bool(s.pools["pool-a"].advice))
        asked = site.calls(QUESTION)
        assert asked == 2  # xcp3 has no guests
        await site.clock.sleep(EVERY / 2)
        await seen(site)
        assert site.calls(QUESTION) == asked
        assert (await seen(site, urgent=False)).advice == {}


async def test_late_advice_is_no_advice() -> None:
    async with using_wlb(Wlb.LATE, {"web": "xcp3"}) as site:
        advisor = impatient(site)
        advisor.be_urgent(True)
        began = asyncio.get_running_loop().time()
        await advisor.round()
        assert asyncio.get_running_loop().time() - began < 2 * PATIENCE  # one question: the others would wait in line
        assert advisor.advice({h.uuid: h.id for h in site.world.hosts.values()}) == {}
        assert advisor.trouble.startswith("no answer within")
        site.world.pools["pool-a"].wlb = Wlb.ANSWERS
        await site.clock.sleep(25)  # the late ones are through the toolstack's single thread
        await advisor.round()
        assert advisor.trouble == ""
        assert advisor.advice({h.uuid: h.id for h in site.world.hosts.values()}) == {"uuid-web": "xcp3"}


async def test_a_dead_wlb_is_told_and_delays_nothing() -> None:
    async with using_wlb(Wlb.DEAD) as site:
        await seen(site)
        await until(lambda: site.calls(QUESTION) == 1)
        began = site.clock.now()
        await site.pool.perform(DisableHost("xcp2", "pool-a", "why"))
        await site.pool.perform(site.move("web", "xcp2", "xcp3", deadline=40))
        assert site.clock.now() - began < 29
        assert (await seen(site)).wlb_trouble == ""  # nothing is known yet: no alert before its time
        await site.until_seen(lambda s: s.pools["pool-a"].wlb_trouble != "")
        assert (await seen(site)).wlb_trouble == "WLB did not answer within 30. s"
        assert site.calls(QUESTION) == 1


async def test_questions_stand_in_line() -> None:
    """remote_requests.ml: one thread for all; a second question waits until WLB has answered the first."""
    async with using_wlb(Wlb.ANSWERS) as site:
        ends: list[float] = []

        async def ask(host: str) -> None:
            await site.pool._session.call(object, QUESTION, site.world.hosts[host].ref, deadline=10)
            ends.append(site.clock.now())

        began = site.clock.now()
        await asyncio.gather(ask("xcp1"), ask("xcp2"))
        assert ends[1] - began >= 2 * 0.25  # from the beginning: a busy machine may hear of the first answer late
