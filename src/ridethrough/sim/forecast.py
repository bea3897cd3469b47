"""A copy of the live site, played forward."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ridethrough.core.learned import NOTHING_LEARNED, Learned
from ridethrough.core.model import Seconds, UpsId
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site

from .film import Film
from .live_site import LiveSite, assumptions, feeder_of, outage_lasts
from .scenario import Expectation, Run, Scenario, play
from .timeline import Happening

LONGEST: Seconds = 7200.0
AFTERWARDS: Seconds = 300.0  # told after the last cut


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would happen, and what had to be assumed because nobody tells it. `film` has the world at every moment."""

    run: Run
    film: Film
    assumed: tuple[str, ...]
    site: Site
    seen: Snapshot


def forecast(site: Site, seen: Snapshot, lost: Collection[UpsId], learned: Learned = NOTHING_LEARNED) -> Forecast:
    """Let these UPSs lose utility power now, in a copy of the live site, and never get it back; and with them whatever
    else hangs on their feeders.
    """
    until = min(max([outage_lasts(site, seen, u) for u in lost], default=0.0) + AFTERWARDS, LONGEST)
    failing = sorted({feeder_of(site, ups) for ups in lost})
    timeline = tuple(Happening(0.0, "fail", {"feeder": feeder}) for feeder in failing)
    scenario = Scenario("plan", "", LiveSite(site, seen, learned), timeline, until, Expectation())
    film = Film(scenario.lead_in)
    run = play(scenario, watched=film.of)
    return Forecast(run, film, tuple(assumptions(site, seen, learned)), site, seen)
