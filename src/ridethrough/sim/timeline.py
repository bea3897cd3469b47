"""What can happen in a scenario, by the word that its file uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ridethrough.core.events import Ask
from ridethrough.core.model import Seconds

from . import faults, own_machine
from .reading import ScenarioError, Table
from .world import World

Arguments: TypeAlias = Mapping[str, str]
Does: TypeAlias = Callable[[World, Arguments], None]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline: at `at` the world, a person, or the controller's machine does something."""

    at: Seconds
    do: str
    arguments: Arguments
    lasts: Seconds = 0.0  # of a self-test, a hold, the controller's death or standstill; how far its wall clock is set

    def happen(self, world: World) -> None:
        """Carry out what happens to the world; requests and the controller's machine are the runner's business."""
        if self.do == "start test":
            faults.start_test(world, self.arguments["ups"], self.lasts)
        elif self.do == SWITCH_ON:
            own_machine.switch_on(world)
        else:
            TO_THE_WORLD[self.do].does(world, self.arguments)


@dataclass(frozen=True, slots=True)
class _Kind:
    subject: str  # the key that names what it happens to
    does: Does


def _on(subject: str, call: Callable[[World, str], None]) -> _Kind:
    return _Kind(subject, lambda world, arguments: call(world, arguments[subject]))


def _refuse_move(world: World, arguments: Arguments) -> None:
    faults.refuse_move(world, arguments["vm"], arguments.get("code", "VM_MIGRATE_FAILED"))


def _refuse_hello(world: World, host: str) -> None:
    faults.refuse_hello(world, host, "HOST_UNKNOWN_TO_MASTER", world.hosts[host].ref)


TO_THE_WORLD: dict[str, _Kind] = {
    "fail": _on("feeder", lambda world, feeder: world.set_feeder(feeder, False)),
    "restore": _on("feeder", lambda world, feeder: world.set_feeder(feeder, True)),
    "silence card": _on("ups", faults.silence_card),
    "answer card": _on("ups", faults.answer_card),
    "refuse cut": _on("ups", faults.refuse_cut),
    "lose link": _on("ups", faults.lose_link),
    "restore link": _on("ups", faults.restore_link),
    "start test": _on("ups", lambda world, ups: faults.start_test(world, ups)),
    "stop test": _on("ups", faults.stop_test),
    "pull power": _on("host", faults.pull_power),
    "plug in": _on("host", faults.plug_in),
    "switch on": _on("host", faults.switch_on),
    "restart toolstack": _on("host", faults.restart_toolstack),
    "lose network": _on("host", faults.lose_network),
    "restore network": _on("host", faults.restore_network),
    "lose statefile": _on("host", faults.lose_statefile),
    "restore statefile": _on("host", faults.restore_statefile),
    "jam HA": _on("pool", faults.jam_ha),
    "free HA": _on("pool", faults.free_ha),
    "refuse hello": _on("host", _refuse_hello),
    "accept hello": _on("host", faults.accept_hello),
    "ignore shutdown": _on("host", faults.ignore_shutdown),
    "ignore wake": _on("host", faults.ignore_wake),
    "refuse storage stop": _on("storage", faults.nas_refuses),
    "cut storage off": _on("storage", faults.nas_is_mute),
    "hang storage": _on("storage", faults.nas_hangs),
    "mend storage": _on("storage", faults.nas_serves_again),
    "switch storage on": _on("storage", faults.switch_on_nas),
    "person enables": _on("host", faults.person_enables),
    "person disables": _on("host", faults.person_disables),
    "person shuts down": _on("vm", faults.person_shuts_down),
    "person starts": _on("vm", faults.person_starts),
    "other claims": _on("pool", faults.other_claims),
    "other releases": _on("pool", faults.other_releases),
    "refuse move": _Kind("vm", _refuse_move),
    "allow move": _on("vm", faults.allow_move),
    "stall move": _on("vm", faults.stall_move),
    "hang shutdown": _on("vm", faults.hang_shutdown),
    "lose tools": _on("vm", faults.lose_tools),
}

ASKS: dict[str, tuple[Ask, str]] = {
    "arm": (Ask.ARM, ""),
    "disarm": (Ask.DISARM, ""),
    "hold": (Ask.HOLD, "host"),
    "release": (Ask.RELEASE, "host"),
    "enter maintenance": (Ask.ENTER_MAINTENANCE, "host"),
    "exit maintenance": (Ask.EXIT_MAINTENANCE, "host"),
    "evacuate": (Ask.EVACUATE, "host"),
    "shut down pool": (Ask.SHUT_DOWN_POOL, "pool"),
    "hold pool": (Ask.HOLD, "pool"),
    "hold all": (Ask.HOLD, ""),
    "release pool": (Ask.RELEASE, "pool"),
    "release all": (Ask.RELEASE, ""),
    "skip": (Ask.SKIP_VM, "vm"),
    "bring back": (Ask.BRING_BACK, "pool"),
    "bring all back": (Ask.BRING_BACK, ""),
}
HOLDS = ("hold", "hold pool", "hold all")

CRASH = "crash controller"
FREEZE = "freeze controller"
SET_AHEAD = "set clock ahead"
SET_BACK = "set clock back"
BREAK_JOURNAL = "break journal"
MEND_JOURNAL = "mend journal"
SWITCH_ON = "switch controller on"  # somebody presses the button of its machine
FORGE_TRAP = "forge trap"  # "on battery", in the name of a card


SUBJECTS: dict[str, str] = {  # what each word happens to; empty: to the site or the controller's machine as a whole
    **{do: kind.subject for do, kind in TO_THE_WORLD.items()},
    **{do: subject for do, (_, subject) in ASKS.items()},
    FORGE_TRAP: "ups",
    **dict.fromkeys((CRASH, FREEZE, SET_AHEAD, SET_BACK, BREAK_JOURNAL, MEND_JOURNAL, SWITCH_ON), ""),
}
LASTS: dict[str, tuple[str, Seconds]] = {  # the key of a time that a word takes besides, and its default
    CRASH: ("for", 30.0),
    FREEZE: ("for", 3600.0),
    SET_AHEAD: ("by", 3600.0),
    SET_BACK: ("by", 3600.0),
    "start test": ("for", 10.0),
    **dict.fromkeys(HOLDS, ("for", 0.0)),  # 0: until it is released
}
SAYS: dict[str, tuple[str, str]] = {"refuse move": ("code", "VM_MIGRATE_FAILED")}  # the same of a text


@dataclass(frozen=True, slots=True)
class Word:
    """Something that can happen, and what it takes. `actor`: what does it: world, person or machine."""

    do: str
    actor: str
    subject: str  # the key that names what it happens to: feeder, ups, host, vm, pool, storage; empty: none
    takes: Mapping[str, Seconds | str]  # further keys with their defaults


def words() -> list[Word]:
    """Everything that can happen, by name."""
    return [_word(do) for do in sorted(SUBJECTS)]


def _word(do: str) -> Word:
    actor = "world" if do in TO_THE_WORLD else "person" if do in ASKS else "machine"
    takes: dict[str, Seconds | str] = {}
    if do in LASTS:
        takes[LASTS[do][0]] = LASTS[do][1]
    if do in SAYS:
        takes[SAYS[do][0]] = SAYS[do][1]
    return Word(do, actor, SUBJECTS[do], takes)


def read_happening(t: Table, world: World) -> Happening:
    """One table of `timeline`. Raises ScenarioError."""
    at, do = t.time("at"), t.take("do", str)
    if do not in SUBJECTS:
        raise t.wrong("do", f'is "{do}"; known are {", ".join(sorted(SUBJECTS))}')
    arguments: dict[str, str] = {}
    if subject := SUBJECTS[do]:
        arguments[subject] = t.one_of(subject, t.take(subject, str), subjects(subject, world))
    if do in SAYS:
        arguments[SAYS[do][0]] = t.take(SAYS[do][0], str, SAYS[do][1])
    lasts = t.time(*LASTS[do]) if do in LASTS else 0.0
    t.end()
    return Happening(at, do, arguments, lasts)


def as_table(happening: Happening) -> dict[str, Any]:
    """The table of `timeline` that this was read from."""
    found: dict[str, Any] = {"at": happening.at, "do": happening.do, **happening.arguments}
    if happening.do in LASTS:
        found[LASTS[happening.do][0]] = happening.lasts
    return found


def subjects(subject: str, world: World) -> list[str]:
    """The names that a key of the timeline may name in a world."""
    match subject:
        case "feeder":
            return list(world.feeders)
        case "ups":
            return list(world.upses)
        case "host":
            return list(world.hosts)
        case "pool":
            return list(world.pools)
        case "storage":
            return list(world.nases)
        case "vm":
            return [v.name for v in world.vms.values()]
    raise ScenarioError(f"nothing is called {subject}")
