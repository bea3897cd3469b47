"""Which of many addresses have a card: each is asked who it is, and those that answer are read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ridethrough.core.model import Seconds
from ridethrough.drivers.snmp.check import read_card
from ridethrough.drivers.snmp.discovery import SYS_DESCR, SYS_OBJECT_ID
from ridethrough.drivers.snmp.session import CardConfig, Session
from ridethrough.ports import Unreachable
from ridethrough.ups.report import UpsReport

KNOCK: Seconds = 1.5  # for each of the three attempts: who is silent for longer is asked in vain
AT_ONCE = 400  # sockets: far below the 1,024 files that a process may usually open
PER_SECOND = 400  # first questions, of each address one in each way: no burst that a small switch would drop


@dataclass(frozen=True, slots=True)
class Found:
    """Something that answers SNMP, how it was asked, and what it is. No UPS: why not is in `report.seen.trouble`."""

    config: CardConfig
    report: UpsReport


async def sweep(
    addresses: Sequence[str],
    ways: Callable[[str], Sequence[CardConfig]],
    now: Callable[[], Seconds],
    told: Callable[[int, int], None],
    at_once: int = AT_ONCE,
    per_second: float = PER_SECOND,
) -> list[Found]:
    """Everything that answers, in the order of `addresses`. `ways`: how an address may be asked, the best first.

    `told` hears, after each address, how many are done and how many of them were found. When this is cancelled, what
    was found is returned: whoever asked has seen enough.
    """
    found: dict[int, Found] = {}
    done = 0
    each = max((len(ways(address)) for address in addresses[:1]), default=1)
    room = asyncio.Semaphore(max(at_once // max(each, 1), 1))

    async def one(number: int, address: str) -> None:
        nonlocal done
        try:
            answer = await _first_that_answers(ways(address))
            if answer is not None:
                found[number] = Found(answer, await read_card(answer, now))
        finally:
            room.release()
        done += 1
        told(done, len(found))

    tasks: list[asyncio.Task[None]] = []
    try:
        for number, address in enumerate(addresses):
            await room.acquire()
            tasks.append(asyncio.create_task(one(number, address)))
            await asyncio.sleep(each / per_second)
        await asyncio.gather(*tasks)
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [found[number] for number in sorted(found)]


async def _first_that_answers(ways: Sequence[CardConfig]) -> CardConfig | None:
    answers = await asyncio.gather(*(_answers(config) for config in ways))
    return next((config for config, answered in zip(ways, answers, strict=True) if answered), None)


async def _answers(config: CardConfig) -> bool:
    session = Session(replace(config, timeout=min(config.timeout, KNOCK)))
    try:
        await session.get([SYS_OBJECT_ID, SYS_DESCR])
    except Unreachable:
        return False
    finally:
        session.close()
    return True
