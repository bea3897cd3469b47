"""Stories that people make up: played in the worker's process, and the last ones kept on the disk for scrubbing."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import tomlkit

from ridethrough.api.jobs import Job, Jobs, State
from ridethrough.api.live import Live
from ridethrough.config import ConfigError, parse
from ridethrough.core.site import Site
from ridethrough.core.topology import losing, without_others
from ridethrough.runtime.worker import Cancel, JobRefused

from .present import Present, with_controller
from .worker import Imagines, played

T = TypeVar("T")
KIND = "simulation"
KEPT = 20
WITHIN = 60.0  # seconds of the wall for one story
ASKED_WITHIN = 20.0  # for what is only looked up


@dataclass(frozen=True, slots=True)
class Story:
    """What is to be played, on one of three: the live site, a simulated `site`, or a `scenario`, by name.

    `settings` are tables of site.toml laid over the site's own; `timeline` and `until` as in a scenario's file, None:
    the scenario's own.
    """

    live: bool = False
    site: str = ""
    scenario: str = ""
    title: str = ""
    timeline: tuple[dict[str, Any], ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    until: float | str | None = None
    armed: bool | None = None

    @property
    def source(self) -> str | dict[str, str]:
        """As it is asked for."""
        return "live" if self.live else {"site": self.site} if self.site else {"scenario": self.scenario}


class Simulations:
    """Plays stories, and keeps the last ones. Used from any thread."""

    def __init__(
        self, present: Present, worker: Imagines, folder: Path, state_dir: Path, live: Live, jobs: Jobs
    ) -> None:
        """`folder` holds the scenarios, and under sites/ the simulated sites."""
        self._present, self._worker, self._live, self._jobs = present, worker, live, jobs
        self._folder, self._kept = folder, state_dir / "simulations"
        self._lock = threading.Lock()

    def begin(self, story: Story, by: str) -> Job:
        """Play a story; the job's id is the simulation's. Raises TooMany."""
        return self._jobs.begin(KIND, by, lambda job: self._play(job, story))

    def things(self, story: Story) -> dict[str, Any]:
        """What a timeline may name there. Blocks; raises NothingSeen, JobRefused, JobTooLong, JobFailed."""
        return self._decoded("things", self._asked(story), dict[str, Any])

    def outcome(self, story: Story) -> dict[str, Any]:
        """How a story ends, for who wants to know only that; nothing is kept. Blocks; raises as `things`."""
        raw = self._worker.run("simulate", self._asked(story), WITHIN)
        parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        return msgspec.json.decode(parts["outcome"], type=dict[str, Any])

    def outage(self, lose: Collection[str], title: str) -> Story:
        """The story in which these UPSs and feeders of the live site, or all, lose utility power. Blocks; raises as
        `things`.
        """
        site = self._present.site()
        try:
            lost = losing(site, lose or site.upses)
        except ValueError as error:
            raise JobRefused(f"lose {error}") from error
        apart = {ups: {"feeder": ""} for ups in sorted(without_others(site, lost))}
        story = Story(live=True, timeline=(), settings={"ups": apart} if apart else {}, title=title)
        fed_by = self.things(story)["fed_by"]
        failing = sorted({fed_by[ups] for ups in lost})
        return replace(story, timeline=tuple({"at": 0, "do": "fail", "feeder": feeder} for feeder in failing))

    def words(self) -> list[dict[str, Any]]:
        """What a timeline can say. Blocks; raises JobTooLong, JobFailed."""
        return self._decoded("words", None, list[dict[str, Any]])

    def cases(self) -> list[dict[str, Any]]:
        """The manual's three cases. Blocks; raises JobTooLong, JobFailed."""
        return self._decoded("cases", str(self._folder), list[dict[str, Any]])

    def sources(self) -> dict[str, list[str]]:
        """The simulated sites and the scenarios, by name."""
        return {
            "sites": sorted(path.stem for path in (self._folder / "sites").glob("*.toml")),
            "scenarios": sorted(path.stem for path in self._folder.glob("*.toml")),
        }

    def kept(self) -> list[dict[str, Any]]:
        """Those that are kept, the last one first, each without its lines and its states. Blocks for the disk."""
        with self._lock:
            found = [record for id in self._ids() if (record := self._read(id)) is not None]
        return [{key: row[key] for key in HEAD} | {"summary": row["outcome"]["summary"]} for row in found]

    def find(self, id: str) -> dict[str, Any] | None:
        """A simulation with its lines and its end; None when it is not kept. Blocks for the disk."""
        with self._lock:
            return self._read(id)

    def file(self, id: str, ending: str) -> bytes | None:
        """Its states ("frames.json") or its scenario ("toml"). Blocks for the disk."""
        with self._lock:
            try:
                return (self._kept / f"{id}.{ending}").read_bytes() if id in self._ids() else None
            except OSError:
                return None

    async def cancel(self, id: str) -> bool:
        """End a simulation that is being played, and its process; nothing of it is kept. False when it is not."""
        job = self._jobs.find(id)
        if job is None or job.kind != KIND or job.state is not State.RUNNING:
            return False
        return await self._jobs.cancel(job) is State.CANCELLED

    def drop(self, id: str) -> bool:
        """Forget a simulation. Blocks for the disk."""
        with self._lock:
            if id not in self._ids():
                return False
            self._remove(id)
            return True

    async def _play(self, job: Job, story: Story) -> dict[str, Any]:
        self._jobs.tell(job, title=story.title, source=story.source)
        return await played(partial(self._played, job, story))

    def _played(self, job: Job, story: Story, cancel: Cancel) -> dict[str, Any]:
        raw = self._worker.run("simulate", self._asked(story), WITHIN, cancel)
        parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        frames, scenario = parts.pop("frames"), msgspec.json.decode(parts.pop("scenario"), type=str)
        head = {"id": job.id, "by": job.by, "at": round(self._live.now(), 1), "title": story.title}
        record = {**head, "source": story.source, "settings": story.settings, **parts}
        with self._lock:
            if not cancel.given_up:
                self._keep(job.id, msgspec.json.encode(record), bytes(frames), scenario)
        outcome: dict[str, Any] = msgspec.json.decode(parts["outcome"])
        return {"summary": outcome["summary"]}

    def _asked(self, story: Story) -> dict[str, Any]:
        asked: dict[str, Any] = {"folder": str(self._folder), "title": story.title}
        if story.live:
            site, seen = self._present.look()
            asked["live"] = {
                "site": self._changed(site, story.settings),
                "seen": seen.snapshot,
                "learned": seen.learned,
            }
        else:
            asked |= {"site": story.site, "scenario": story.scenario, "settings": dict(story.settings)}
        return asked | {"timeline": story.timeline, "until": story.until, "armed": story.armed}

    def _changed(self, site: Site, settings: Mapping[str, Any]) -> Site:
        """The live site with other settings; its pools and UPSs are those that are there. Raises JobRefused."""
        if not settings:
            return site
        try:
            table = tomllib.loads(self._present.text())
            changed = parse(tomlkit.dumps(_laid_over(table, settings)), self._present.secrets, "settings")
        except ConfigError as error:
            raise JobRefused("; ".join(error.problems)) from error
        except ValueError as error:
            raise JobRefused(f"settings: {error}") from error
        if (missing := sorted({*site.upses} - {*changed.site.upses})) or {*site.pools} != {*changed.site.pools}:
            raise JobRefused(f"settings: the UPSs and pools are those of the site {', '.join(missing)}".strip())
        return with_controller(changed)

    def _decoded(self, job: str, arguments: object, kind: type[T]) -> T:
        return msgspec.json.decode(self._worker.run(job, arguments, ASKED_WITHIN), type=kind)

    # --- the disk

    def _ids(self) -> list[str]:
        """Of those kept, the last one first."""
        found = [(path.stat().st_mtime_ns, path.stem) for path in self._kept.glob("*.toml")]
        return [id for _, id in sorted(found, reverse=True)]

    def _read(self, id: str) -> dict[str, Any] | None:
        if id not in self._ids():
            return None
        try:
            found: dict[str, Any] = msgspec.json.decode((self._kept / f"{id}.json").read_bytes())
        except (OSError, msgspec.DecodeError):
            return None
        return found

    def _keep(self, id: str, record: bytes, frames: bytes, scenario: str) -> None:
        self._kept.mkdir(parents=True, exist_ok=True)
        (self._kept / f"{id}.json").write_bytes(record)
        (self._kept / f"{id}.frames.json").write_bytes(frames)
        (self._kept / f"{id}.toml").write_text(scenario, encoding="utf-8")  # last: what has it is whole
        for old in self._ids()[KEPT:]:
            self._remove(old)

    def _remove(self, id: str) -> None:
        for ending in ("toml", "frames.json", "json"):
            (self._kept / f"{id}.{ending}").unlink(missing_ok=True)


HEAD = ("id", "by", "at", "title", "source", "settings", "until")


def _laid_over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(base)
    for key, value in changes.items():
        below = found.get(key)
        found[key] = _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return found
