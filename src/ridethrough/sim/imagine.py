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

from ridethrough.core.model import UpsId
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.runtime.worker import serve

from .outlook import burdened, each_alone, outlook
from .reading import ScenarioError
from .scenario import load
from .story import Asked, played, things
from .timeline import words

CASES = ("case_one", "case_two", "case_three")  # the manual's, 3.2.1 to 3.2.3


@dataclass(frozen=True, slots=True)
class Now:
    """The live site; `lose`: the UPSs that lose utility power, all of them when None."""

    site: Site
    seen: Snapshot
    lose: tuple[UpsId, ...] | None = None
    seconds: float = 60.0  # of the processor's time, for each UPS alone


def _outlook(asked: Now) -> dict[str, Any]:
    lost = sorted(asked.site.upses) if asked.lose is None else sorted(set(asked.lose))
    if unknown := sorted(set(lost) - set(asked.site.upses)):
        known = ", ".join(sorted(asked.site.upses)) or "none"
        raise ScenarioError(f"lose names {', '.join(unknown)}; known UPSs are {known}")
    return outlook(asked.site, asked.seen, lost)


def _alone(asked: Now) -> dict[str, Any]:
    """Each UPS alone, as many as there is time for, the one that does most harm first."""
    ends = time.monotonic() + asked.seconds
    found = list(each_alone(asked.site, asked.seen, lambda: time.monotonic() < ends))
    found.sort(key=lambda one: (tuple(-part for part in one.harm), one.ups))
    return {"looked_at": len(found), "of": len(burdened(asked.site)), "rows": [asdict(one) for one in found]}


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
    "simulate": _job(Asked, played),
    "things": _job(Asked, things),
    "words": _job(Any, _words),
    "cases": _job(str, _cases),
}


if __name__ == "__main__":
    serve(WORK, (ScenarioError,))
