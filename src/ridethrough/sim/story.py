"""A story that somebody makes up: played on a copy of the live site or on a simulated one, and kept for scrubbing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

from ridethrough.core.events import Event
from ridethrough.core.fold import fold
from ridethrough.core.memory import Memory
from ridethrough.core.model import HostId, Seconds
from ridethrough.core.policy import HostPolicy
from ridethrough.views.site import step

from . import ends, outlook_rows
from .film import COLUMNS, Film
from .live_site import LiveSite, assumptions, copy, outage_lasts
from .machines import SimHost
from .nas import SimNas
from .outlook import summary
from .own_machine import SimMachine
from .quantity import seconds
from .reading import ScenarioError, merged, read_toml
from .scenario import Scenario, play, read, told
from .switches import SimSwitch
from .timeline import SUBJECTS, as_table, subjects
from .world import World

LONGEST: Seconds = 4 * 3600.0  # of a story
HAPPENINGS = 200  # in a story
AFTERWARDS: Seconds = 1200.0  # told after the last happening unless said otherwise
FILE = "story.toml"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be played: on exactly one of `live`, `site` and `scenario`, the names being those in `folder`.

    `timeline` and `until` are as in a scenario's file; None: the scenario's own. `settings` are laid over the file of a
    simulated site; over that of the live one they are laid before.
    """

    folder: str
    live: LiveSite | None = None
    site: str = ""
    scenario: str = ""
    timeline: tuple[dict[str, Any], ...] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    until: float | str | None = None
    armed: bool | None = None
    title: str = ""


def played(asked: Asked) -> dict[str, Any]:
    """The story as it went: its lines, its end, every state on the way, and its file. Raises ScenarioError."""
    content = _content(asked)
    scenario = _read(asked, content)
    _bounded(scenario)
    film = Film(scenario.lead_in)
    run = play(scenario, watched=film.of)
    lines = told(scenario.lead_in, run.world, run.journal.entries)
    report = {
        "hosts": list(outlook_rows.hosts(run, film)),
        "vms": ends.vms(run, film),
        "crashed": list(run.world.crashed),
        "lost": list(run.world.lost),
    }
    outcome = {**report, "summary": summary(report), "moves": dict(sorted(run.world.moves.items()))}
    return {
        "until": scenario.until,
        "timeline": [as_table(happening) for happening in scenario.timeline],
        "things": _things(scenario, run.world),
        "assumed": assumptions(asked.live.site, asked.live.seen, asked.live.learned) if asked.live else [],
        "lines": [{"t": round(line.at, 1), "who": line.who, "text": line.text} for line in lines],
        "outcome": outcome,
        "columns": _columns(),
        "frames": _frames(film, run.journal.entries),
        "scenario": _file(content, scenario, outcome),
    }


def things(asked: Asked) -> dict[str, Any]:
    """What a timeline may name on this site, and how the site is before anything happens. Raises ScenarioError."""
    content = _content(asked)
    scenario = _read(asked, content)
    world = scenario.site.build()
    film = Film(0.0)
    film.of(world)
    return {
        **_things(scenario, world),
        "columns": _columns(),
        "start": next(film.frames()),
        "timeline": [as_table(happening) for happening in scenario.timeline],
        "until": scenario.until,
        "armed": scenario.armed,
        "story": " ".join(content["story"].split()),
    }


def _read(asked: Asked, content: Mapping[str, Any]) -> Scenario:
    try:
        return read(content, Path(asked.folder) / FILE)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # a table where a value belongs, or the reverse
        raise ScenarioError(f"settings: they have not the form of site.toml ({error})") from error


def _things(scenario: Scenario, world: World) -> dict[str, Any]:
    names = {key: sorted(subjects(key, world)) for key in sorted(set(SUBJECTS.values()) - {""})}
    return {
        **names,
        "fed_by": {ups.id: ups.feeder for _, ups in sorted(world.upses.items())},
        "hosts": {h.id: _host(h, scenario.site.site.policy.of(h.id)) for _, h in sorted(world.hosts.items())},
        "names": {vm.id: vm.name for _, vm in sorted(world.vms.items())},
        "nas": {nas.id: _nas(nas, world) for _, nas in sorted(world.nases.items())},
        "switches": {switch.id: _switch(switch) for _, switch in sorted(world.switches.items())},
        "machine": _machine(world.machine) if world.machine is not None else None,
    }


def _host(host: SimHost, policy: HostPolicy) -> dict[str, Any]:
    return {
        "pool": host.pool,
        "fed_by": list(host.fed_by),
        "needs": host.needs,
        "options": {
            "maintenance": {"enabled": policy.maintenance.enabled, "after": policy.maintenance.after},
            "shutdown": {"enabled": policy.shutdown.enabled, "after": policy.shutdown.after},
        },
    }


def _nas(nas: SimNas, world: World) -> dict[str, Any]:
    """Used by the hosts to which its repositories are attached."""
    return {
        "fed_by": list(nas.fed_by),
        "needs": nas.needs,
        "repositories": {sr: world.storages[sr].name for sr in sorted(nas.repositories)},
        "hosts": sorted(h.id for h in world.hosts.values() if nas.repositories & h.storage),
        "vms": sum(bool(nas.repositories & vm.storage) for vm in world.vms.values()),
    }


def _switch(switch: SimSwitch) -> dict[str, Any]:
    connects = {"hosts": sorted(switch.hosts), "nas": sorted(switch.storages), "cards": sorted(switch.upses)}
    return {"fed_by": list(switch.fed_by), "needs": switch.needs, **connects}


def _machine(machine: SimMachine) -> dict[str, Any]:
    return {"fed_by": list(machine.fed_by), "needs": machine.needs, "vm": machine.vm}


def _columns() -> dict[str, list[str]]:
    return {table: list(names) for table, names in COLUMNS.items()}


def _content(asked: Asked) -> dict[str, Any]:
    """The story as a scenario's file has it."""
    content: dict[str, Any]
    if asked.live is not None:
        content = {"copied": copy(asked.live)}
    elif asked.scenario:
        content = read_toml(_named(Path(asked.folder), "scenario", asked.scenario))
        content = {key: value for key, value in content.items() if key not in ("expect", "crash_exception")}
        content["override"] = merged(content.get("override", {}), asked.settings)
    else:
        _named(Path(asked.folder) / "sites", "site", asked.site)
        content = {"site": asked.site, "override": asked.settings}
    if not content.get("override"):
        content.pop("override", None)
    if asked.timeline is not None or "timeline" not in content:
        content["timeline"] = list(asked.timeline or ())
        content.pop("until", None)
    if asked.until is not None:
        content["until"] = asked.until
    content.setdefault("until", _until(asked, content["timeline"]))
    if asked.armed is not None:
        content["armed"] = asked.armed
    if asked.title or "story" not in content:
        content["story"] = f"{' '.join(asked.title.split()) or 'A story'}.\nMade up in the simulator.\n"
    return content


def _named(folder: Path, kind: str, name: str) -> Path:
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if name not in known:
        raise ScenarioError(f'there is no {kind} "{name}"; known are {", ".join(known) or "none"}')
    return known[name]


def _until(asked: Asked, timeline: Iterable[Mapping[str, Any]]) -> Seconds:
    last = 0.0
    for entry in timeline:
        try:
            last = max(last, seconds(entry.get("at")) if isinstance(entry, Mapping) else 0.0)
        except ValueError:
            continue  # told when the timeline is read
    if asked.live is None:
        return last + AFTERWARDS
    holds = max((outage_lasts(asked.live.site, asked.live.seen, u) for u in asked.live.site.upses), default=0.0)
    return min(last + max(holds + 300.0, AFTERWARDS), max(LONGEST, last))


def _bounded(scenario: Scenario) -> None:
    if scenario.until > LONGEST or scenario.lead_in > LONGEST:
        raise ScenarioError(f"until is {scenario.until:.0f} s; a story lasts {LONGEST:.0f} s at most")
    if len(scenario.timeline) > HAPPENINGS:
        raise ScenarioError(f"timeline has {len(scenario.timeline)} entries; {HAPPENINGS} are the most")


def _frames(film: Film, journal: Iterable[Event]) -> list[dict[str, Any]]:
    """The film's frames, with what the controller was doing to each host (`steps`)."""
    by_time: dict[Seconds, dict[str, Any]] = {frame["t"]: frame for frame in film.frames()}
    for at, host, what in _steps(film, journal):
        frame = by_time.setdefault(at, {"t": at})
        frame.setdefault("steps", {})[host] = what
    return [by_time[at] for at in sorted(by_time)]


def _steps(film: Film, journal: Iterable[Event]) -> Iterable[tuple[Seconds, HostId, str]]:
    memory, shown = Memory(), dict.fromkeys(film.taken["hosts"], "")
    for position, event in enumerate(journal, start=1):
        memory = fold(memory, position, event)
        for host, before in shown.items():
            if (now := step(memory.host(host))) != before:
                shown[host] = now
                yield max(round(event.at - film.lead_in, 1), 0.0), host, now


def _file(content: Mapping[str, Any], scenario: Scenario, outcome: Mapping[str, Any]) -> str:
    """The story as a file that `ridethrough simulate` plays, with the end that it had."""
    document = tomlkit.document()
    document["story"] = tomlkit.string(content["story"], multiline=True)
    for key in ("site", "copied", "until", "armed", "lead_in"):
        if key in content:
            document[key] = content[key]
    lines = tomlkit.array().multiline(True)
    for happening in scenario.timeline:
        line = tomlkit.inline_table()
        line.update(as_table(happening))
        lines.append(line)
    document["timeline"] = lines
    if "override" in content:
        document["override"] = content["override"]
    document["expect"] = {"crashed": sorted(outcome["crashed"]), "lost": sorted(outcome["lost"])}
    return tomlkit.dumps(document)


__all__ = ["Asked", "played", "things"]
