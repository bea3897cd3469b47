"""What WLB advises for hosts that may have to be emptied, asked beside everything else: nobody ever waits for it.

xapi puts every question to WLB through one single thread, the newest first, and gives each 30 s (ocaml/xapi
remote_requests.ml and workload_balancing.ml; read from source, the lab had no WLB). So one question at a time, with a
short deadline of our own, and after one that was not answered no other for half a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ridethrough.core.model import HostId, Seconds, VmId
from ridethrough.ports import Clock, Refused, Unreachable

from .errors import sentence
from .session import PoolSession
from .store import Records
from .wire import Gibberish, XapiFailure

QUESTION = "host.retrieve_wlb_evacuate_recommendations"
IGNORES_WLB = "wlb_choose_host_disable"  # pool other_config: "true" tells xapi itself not to ask WLB
DEADLINE = 5.0  # seconds for one host's answer
EVERY = 30.0  # seconds at least between two rounds of questions
KEPT = 75.0  # seconds for which an answer counts: two rounds and what they take
ABOUT_ONE_HOST = {"WLB_MALFORMED_RESPONSE", "HANDLE_INVALID"}  # the next host's answer may be good


@dataclass(frozen=True, slots=True)
class Answer:
    """What WLB advised for one host: VM uuid -> host uuid, and when."""

    at: Seconds
    moves: Mapping[VmId, str]


class Advisor:
    """WLB's recommendations for one pool, while there is an outage; nothing is asked at any other time."""

    def __init__(
        self, session: PoolSession, clock: Clock, records: Callable[[], Records | None], deadline: Seconds = DEADLINE
    ) -> None:
        """`records`: the pool's records while they are current, else None. `deadline` is for one host's answer."""
        self._session = session
        self._clock = clock
        self._records = records
        self._deadline = deadline
        self._wanted = asyncio.Event()
        self._answers: dict[str, Answer] = {}  # by host uuid
        self._trouble = ""

    def be_urgent(self, urgent: bool) -> None:
        """Ask from now on, if the pool uses WLB, or no longer; to be called once a round."""
        if urgent and self._may_be_asked():
            self._wanted.set()
        else:
            self._wanted.clear()

    @property
    def trouble(self) -> str:
        """Why there is no advice although WLB is asked; empty while all is well or nothing is asked."""
        return self._trouble if self._wanted.is_set() else ""

    def advice(self, ids: Mapping[str, HostId]) -> dict[VmId, HostId]:
        """The target that WLB advises for each VM. `ids`: host uuid -> id; advice for unknown hosts is left out."""
        if not self._wanted.is_set():
            return {}
        now = self._clock.now()
        fresh = [answer.moves for answer in self._answers.values() if now - answer.at <= KEPT]
        return {vm: ids[host] for moves in fresh for vm, host in moves.items() if host in ids}

    def failed(self, trouble: str) -> None:
        """Asking ended by a bug of ours: what was advised no longer counts."""
        self._answers, self._trouble = {}, trouble

    async def run(self, changed: Callable[[], None]) -> None:
        """Ask for ever, while it is urgent; `changed` is called after each round."""
        while True:
            await self._wanted.wait()
            await self.round()
            changed()
            await self._clock.sleep(EVERY)

    async def round(self) -> None:
        """Ask once for every host with guests, one after the other, up to the first that is not answered."""
        trouble = ""
        for ref in self._hosts():
            try:
                await self._ask(ref)
            except XapiFailure as failure:
                trouble = sentence(failure) or failure.code
                if failure.code not in ABOUT_ONE_HOST:
                    break
            except Gibberish:
                trouble = "an answer that cannot be read"
            except (Unreachable, Refused):
                trouble = f"no answer within {self._deadline:.0f} s"
                break
        self._trouble = trouble

    async def _ask(self, ref: str) -> None:
        answer = await self._session.call(dict[str, list[str]], QUESTION, ref, deadline=self._deadline)
        records = self._records()
        if records is not None and ref in records.hosts:
            self._answers[records.hosts[ref].uuid] = Answer(self._clock.now(), advised(answer, records))

    def _may_be_asked(self) -> bool:
        records = self._records()
        found = records.pool if records is not None else None
        if found is None or not found[1].wlb_enabled:
            return False
        return found[1].other_config.get(IGNORES_WLB, "").lower() != "true"

    def _hosts(self) -> list[str]:
        """The hosts with guests, those in maintenance mode first: they are being emptied."""
        records = self._records()
        if records is None:
            return []
        homes = {vm.resident_on for vm in records.vms.values() if vm.is_guest}
        order = {ref: (host.enabled, host.name_label, ref) for ref, host in records.hosts.items() if ref in homes}
        return sorted(order, key=order.__getitem__)


def advised(answer: Mapping[str, list[str]], records: Records) -> dict[VmId, str]:
    """VM uuid -> host uuid of what the call answered: for each VM ["WLB", host uuid, ...], or an error and why.

    A recommendation for a control domain means "power that host on first"; it is left out: that is our own business.
    """
    found: dict[VmId, str] = {}
    for ref, words in answer.items():
        vm = records.vms.get(ref)
        if vm is not None and vm.is_guest and len(words) > 1 and words[0] == "WLB":
            found[vm.uuid] = words[1]
    return found
