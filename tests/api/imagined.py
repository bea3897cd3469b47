"""A state directory and a site.toml as a controller of a simulated site would have them; a worker in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from ridethrough.api import Context
from ridethrough.api.drills import Drills
from ridethrough.api.findings import Findings
from ridethrough.api.foresight import Plans, Present, Simulations, WeakPoints
from ridethrough.config import Configuration, UpsConnection
from ridethrough.core.observation import Snapshot, UpsSeen
from ridethrough.runtime.seen_file import FILE, Seen
from ridethrough.runtime.worker import Cancel, JobCancelled, JobRefused
from ridethrough.sim.doors import Doors
from ridethrough.sim.imagine import WORK
from ridethrough.sim.memory_journal import MemoryJournal
from ridethrough.sim.reading import ScenarioError
from ridethrough.sim.site_file import SimSite, load_site, owners_file
from ridethrough.views.findings import Asking, report

from .fakes import Mailbox, OpenGate, context

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


@dataclass
class InProcess:
    """Does the worker's jobs here and now; `asked` tells which."""

    work: Mapping[str, Callable[[bytes], Any]] = field(default_factory=lambda: WORK)
    asked: list[str] = field(default_factory=list)
    closed: bool = False

    def run(self, name: str, arguments: object, seconds: float, cancel: Cancel | None = None) -> bytes:
        self.asked.append(name)
        try:
            return msgspec.json.encode(self.work[name](msgspec.json.encode(arguments)))
        except ScenarioError as error:
            raise JobRefused(str(error)) from error

    def close(self) -> None:
        self.closed = True


@dataclass
class Endless(InProcess):
    """Never done with a simulation; `cancelled` is set when somebody gives it up."""

    cancelled: threading.Event = field(default_factory=threading.Event)

    def run(self, name: str, arguments: object, seconds: float, cancel: Cancel | None = None) -> bytes:
        if name != "simulate" or cancel is None:
            return super().run(name, arguments, seconds, cancel)
        self.asked.append(name)
        with cancel.ends(self.cancelled.set):
            self.cancelled.wait(seconds)
        raise JobCancelled("it was cancelled")


class Equipment:
    """Cards and pools as the test wants them; `troubles` by id."""

    def __init__(self, seen: Snapshot) -> None:
        self.seen = seen
        self.troubles: dict[str, str] = {}
        self.looked: list[Configuration] = []

    async def __call__(self, found: Configuration, told: Callable[[str], None]) -> Mapping[str, Any]:
        return await report(found, Asking(self.ups, self.pool, self.look, self.storage, self.power_on), told)

    async def ups(self, ups: UpsConnection) -> dict[str, Any]:
        return {"id": ups.id, "troubles": self._troubles(ups.id)}

    async def pool(self, found: Configuration, pool: str) -> dict[str, Any]:
        troubles = self._troubles(pool)
        return {"id": pool, "members": [] if troubles else [{"name": "xenserver1"}], "troubles": troubles}

    async def storage(self, found: Configuration, storage: str) -> dict[str, Any]:
        return {"id": storage, "troubles": self._troubles(storage)}

    async def power_on(self, found: Configuration, host: str) -> dict[str, Any]:
        return {"id": host, "troubles": self._troubles(host)}

    async def look(self, found: Configuration) -> Snapshot:
        self.looked.append(found)
        return self.seen

    def _troubles(self, id: str) -> list[str]:
        return [self.troubles[id]] if id in self.troubles else []


def snapshot(site: SimSite) -> Snapshot:
    """What a controller sees of a simulated site in good order."""
    world = site.build()
    seen = Snapshot({id: UpsSeen(ups.reading(0.0)) for id, ups in world.upses.items()})
    for pool in Doors(world, MemoryJournal()).pools.values():
        seen = seen.joined(pool.observe(urgent=False))
    return seen


def site_of(root: Path, name: str = "two_hosts", changes: Mapping[str, Any] | None = None) -> SimSite:
    """A simulated site of the scenarios."""
    return load_site(root / "scenarios" / "sites" / f"{name}.toml", changes)


def write_site(tmp_path: Path, site: SimSite) -> None:
    """Its site.toml, with addresses at which nobody answers."""
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    (secrets / "simulated").write_text("simulated")
    (secrets / "simulated").chmod(0o600)
    cards = {ups: f"snmp://192.0.2.{number}:161" for number, ups in enumerate(site.site.upses, start=11)}
    text = owners_file(site, cards, {pool: {} for pool in site.site.pools}, "127.0.0.1:1162")
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")


def write_seen(state: Path, seen: Snapshot, at: float = 10.0) -> None:
    """The controller's last snapshot."""
    (state / FILE).write_bytes(msgspec.json.encode(Seen(at, seen)))


def planning(
    tmp_path: Path,
    site: SimSite,
    worker: InProcess,
    gate: OpenGate | None = None,
    mailbox: Mailbox | None = None,
    equipment: Equipment | None = None,
) -> Context:
    """A context that plans with this worker over what is seen of this site, and asks this equipment."""
    found = context(tmp_path, gate, mailbox)
    write_site(tmp_path, site)
    write_seen(found.state_dir, snapshot(site))
    present = Present(found.site_file, found.secrets, found.state_dir)
    plans = Plans(present, worker, worker, found.live, rest=0.0)
    weak_points = WeakPoints(present, worker, found.live, found.jobs)
    asks = equipment or Equipment(snapshot(site))
    simulations = Simulations(present, worker, SCENARIOS, found.state_dir, found.live, found.jobs)
    findings = Findings(present, asks, found.live, found.jobs)
    post = (mailbox or Mailbox()).post
    note = found.accounts.audit.note
    drills = Drills(found.state_dir / "drills", found.live, found.jobs, post, findings, simulations, note, 0.01, 0.1)
    return replace(
        found,
        plans=plans,
        weak_points=weak_points,
        findings=findings,
        simulations=simulations,
        drills=drills,
        services=(drills,),
    )
