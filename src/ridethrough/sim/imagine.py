"""What a worker process imagines for the manager: outages on copies of the site, and on the simulated sites.

Run by itself (`python -m ridethrough.sim.imagine`) it does the jobs of a `runtime.worker.Worker`. The manager hands the
worker in, so that what serves people holds neither the simulated equipment nor its faults.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from ridethrough.core.learned import NOTHING_LEARNED, Learned
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.core.topology import losing
from ridethrough.runtime.worker import serve

from .outlook import each_alone, outlook, single_failures
from .reading import ScenarioError
from .scenario import load
from .story import Asked, played, things
from .sweep import sweep
from .timeline import words

CASES = ("case_one", "case_two", "case_three")  # the manual's, 3.2.1 to 3.2.3


@dataclass(frozen=True, slots=True)
class Now:
    """The live site; `lose`: the UPSs and feeders that lose utility power, all UPSs when None."""

    site: Site
    seen: Snapshot
    lose: tuple[str, ...] | None = None
    learned: Learned = NOTHING_LEARNED
    seconds: float = 60.0  # that playing one failure after the other may take


def _outlook(asked: Now) -> dict[str, Any]:
    try:
        lost = losing(asked.site, asked.site.upses if asked.lose is None else asked.lose)
    except ValueError as error:
        raise ScenarioError(f"lose {error}") from error
    return outlook(asked.site, asked.seen, lost, asked.learned)


def _alone(asked: Now) -> dict[str, Any]:
    """Each UPS alone and each feeder, as many as there is time for, the failure that does most harm first."""
    ends = time.monotonic() + asked.seconds
    found = list(each_alone(asked.site, asked.seen, lambda: time.monotonic() < ends, asked.learned))
    found.sort(key=lambda one: (tuple(-part for part in one.harm), one.ups or "", one.feeder or ""))
    return {"looked_at": len(found), "of": len(single_failures(asked.site)), "rows": [asdict(one) for one in found]}


def _sweep(asked: Now) -> dict[str, Any]:
    """Each failure and each pair, also with a host in maintenance mode, as many as there is time for."""
    return sweep(asked.site, asked.seen, asked.seconds, workers=1, learned=asked.learned)


def _words(_: Any) -> list[dict[str, Any]]:
    return [asdict(word) for word in words()]


def _cases(folder: str) -> list[dict[str, Any]]:
    found = []
    for name in CASES:
        case = load(Path(folder) / f"{name}.toml")
        found.append({"scenario": name, "story": " ".join(case.story.split()), "until": case.until})
    return found


def _job(kind: Any, do: Callable[[Any], Any]) -> Callable[[bytes], Any]:
    return lambda raw: do(msgspec.json.decode(raw, type=kind))


WORK: Mapping[str, Callable[[bytes], Any]] = {
    "outlook": _job(Now, _outlook),
    "alone": _job(Now, _alone),
    "sweep": _job(Now, _sweep),
    "simulate": _job(Asked, played),
    "things": _job(Asked, things),
    "words": _job(Any, _words),
    "cases": _job(str, _cases),
}


if __name__ == "__main__":
    serve(WORK, (ScenarioError,))
