"""What would happen if utility power failed now, worked out anew whenever the site has changed."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ridethrough.api.live import Live
from ridethrough.core.observation import UpsSeen
from ridethrough.core.site import Site
from ridethrough.runtime.seen_file import Seen
from ridethrough.runtime.worker import JobFailed, JobRefused, JobTooLong

from .present import NothingSeen, Present
from .worker import WAITS, Imagines

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds between two looks at what has changed
AT_LEAST_EVERY = 60.0  # what has not changed is worked out anew after this long
REST = 4.0  # and no sooner than so many times what it took: a large site does not keep a processor busy
OUTLOOK_WITHIN = 120.0  # seconds for the loss of all UPSs at once
ALONE_FOR = 30.0  # seconds for the UPSs one by one; those left over are told as such
ALONE_WITHIN = ALONE_FOR + 60.0


@dataclass(frozen=True, slots=True)
class Latest:
    """The last outlook. `key` is what it was made of; `alone`: each UPS by itself, None while that is worked out."""

    computed_at: float  # seconds since 1970, by the site's clock
    took: float
    key: bytes
    report: dict[str, Any]
    alone: dict[str, Any] | None


class Plans:
    """Keeps the outlook fresh, in the worker's process. Its `run` is one of the application's services."""

    def __init__(self, present: Present, worker: Imagines, asked: Imagines, live: Live, rest: float = REST) -> None:
        """`worker` keeps the outlook fresh; `asked` answers people, who do not wait for that."""
        self._rest = rest
        self._present, self._worker, self._asked, self._live = present, worker, asked, live
        self._latest: Latest | None = None
        self._key = b""  # of what is there now
        self._tried = -math.inf
        self.computing = False
        self.trouble = ""

    async def run(self) -> None:
        """Work until cancelled; then the workers are ended."""
        try:
            while True:
                await self.once()
                await asyncio.sleep(LOOK_EVERY)
        except asyncio.CancelledError:
            for worker in (self._worker, self._asked):
                await WAITS(worker.close)
            raise

    def latest(self) -> tuple[Latest | None, bool]:
        """The last outlook, and whether the site has changed since."""
        return self._latest, self._latest is not None and self._latest.key != self._key

    def outlook(self, lose: Sequence[str] | None) -> dict[str, Any]:
        """The whole report of these UPSs' loss, now; of all of them when None. Blocks.

        Raises NothingSeen, JobRefused, JobTooLong, JobFailed.
        """
        site, seen = self._present.look()
        return _ask(self._asked, "outlook", site, seen, OUTLOOK_WITHIN, lose=lose)

    def shown(self) -> dict[str, Any]:
        """What people get: see PlanNow."""
        latest, stale = self.latest()
        told: dict[str, Any] = {"computing": self.computing, "trouble": self.trouble, "stale": stale}
        if latest is None:
            return told | {"computed_at": None, "took": None, "plan": None}
        alone = latest.alone
        plan = {
            **latest.report["summary"],
            "lose": latest.report["lose"],
            "weakest_ups": latest.report["weakest_ups"],
            "weakest_failure": alone["rows"][0] if alone and alone["rows"] else None,
            "alone": alone,
            "crash_rows": latest.report["crash_rows"],
            "crashed_hosts": latest.report["crashed"],
            "lost_vms": latest.report["lost"],
            "assumed": latest.report["assumed"],
        }
        return told | {"computed_at": latest.computed_at, "took": round(latest.took, 2), "plan": plan}

    async def once(self) -> None:
        """Look at the site, and work out what is due."""
        try:
            site, seen = await asyncio.to_thread(self._present.look)
        except NothingSeen as error:
            self._say(str(error))
            return
        self._key = await asyncio.to_thread(_key, site, seen)
        if self._is_due():
            self.computing = True
            try:
                await self._compute(site, seen, self._key)
                self.trouble = ""
            except (JobRefused, JobTooLong, JobFailed) as error:
                log.warning("the outlook cannot be worked out: %s", error)
                self.trouble = str(error)
            finally:
                self.computing, self._tried = False, time.monotonic()
            self._live.publish("plan", self.shown())

    def _is_due(self) -> bool:
        latest, changed = self.latest()
        rest = self._rest * (latest.took if latest else LOOK_EVERY)
        since = time.monotonic() - self._tried
        return since >= (rest if latest is None or changed else max(AT_LEAST_EVERY, rest))

    async def _compute(self, site: Site, seen: Seen, key: bytes) -> None:
        """First all UPSs at once, told as soon as that is known; then one by one."""
        began = time.monotonic()
        report = await WAITS(_ask, self._worker, "outlook", site, seen, OUTLOOK_WITHIN)
        before = self._latest.alone if self._latest and self._latest.key == key else None
        self._latest = Latest(round(self._live.now(), 1), time.monotonic() - began, key, report, before)
        self.trouble = ""
        self._live.publish("plan", self.shown())
        alone = await WAITS(_ask, self._worker, "alone", site, seen, ALONE_WITHIN, seconds=ALONE_FOR)
        self._latest = Latest(self._latest.computed_at, time.monotonic() - began, key, report, alone)

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self._live.publish("plan", self.shown())


def _ask(worker: Imagines, job: str, site: Site, seen: Seen, within: float, **more: Any) -> dict[str, Any]:
    raw = worker.run(job, {"site": site, "seen": seen.snapshot, "learned": seen.learned, **more}, within)
    found: dict[str, Any] = msgspec.json.decode(raw)
    return found


def _key(site: Site, known: Seen) -> bytes:
    """What an outlook hangs on; the same as long as it need not be worked out anew."""
    seen = known.snapshot
    return msgspec.json.encode(
        [
            site,
            known.learned,
            {u: _of_ups(there) for u, there in sorted(seen.upses.items())},
            {p: (there.coordinator, there.auto_poweron) for p, there in sorted(seen.pools.items())},
            {h: (there.enabled, there.live, there.memory_total) for h, there in sorted(seen.hosts.items())},
            {v: (there.power, there.resident_on, there.memory) for v, there in sorted(seen.vms.items())},
        ],
        order="sorted",
    )


def _of_ups(seen: UpsSeen) -> object:
    """A UPS's part: its runtime in steps of about a tenth, its charge in steps of ten per cent."""
    reading = seen.reading
    if reading is None:
        return None
    runtime = round(math.log(max(reading.runtime, 1.0)) * 10) if reading.runtime is not None else None
    charge = round(reading.charge / 10) if reading.charge is not None else None
    return (reading.source, reading.timers, reading.tells_countdown, runtime, charge)
