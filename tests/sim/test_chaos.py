"""The random outage machine: its stories are scenarios, its rules can fail, and what they find is made small.

The outages themselves are played by `./test --chaos N`, and a number of them by `./test`.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.decide import Decision, decide
from ridethrough.core.memory import Memory
from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.core.power import supply
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.runtime.loop import Decide
from ridethrough.sim.scenario import load, play
from ridethrough.sim.timeline import (
    ASKS,
    BREAK_JOURNAL,
    CRASH,
    FORGE_TRAP,
    FREEZE,
    MEND_JOURNAL,
    SET_AHEAD,
    SET_BACK,
    SWITCH_ON,
    TO_THE_WORLD,
)

from .chaos.__main__ import Played, breaks, played, tell
from .chaos.outages import story
from .chaos.shrink import Shrinker
from .chaos.sites import Content
from .chaos.watch import Broken, Watch
from .chaos.written import written

SOME = range(1, 7)


def test_the_same_seed_always_tells_the_same_story() -> None:
    assert story(7) == story(7)
    assert story(7) != story(8)


@pytest.mark.parametrize("seed", range(1, 41))
def test_a_story_written_down_is_read_again(seed: int) -> None:
    assert tomllib.loads(written(story(seed))) == story(seed)


def test_a_story_played_from_its_file_is_the_same(root: Path, tmp_path: Path) -> None:
    (tmp_path / "sites").symlink_to(root / "scenarios" / "sites")
    for seed in (1, 2, 3):
        watch = Watch(story(seed))
        watch.play()
        path = tmp_path / f"seed{seed}.toml"
        path.write_text(written(story(seed)), encoding="utf-8")
        scenario = load(path)
        until = watch.world.now - scenario.lead_in
        again = play(replace(scenario, until=until))
        assert again.world.story == watch.world.story
        assert again.journal.entries == watch.journal.entries


def test_every_happening_of_a_timeline_is_drawn() -> None:
    known = {*TO_THE_WORLD, *ASKS, CRASH, FREEZE, SET_AHEAD, SET_BACK, BREAK_JOURNAL, MEND_JOURNAL, FORGE_TRAP}
    known |= {SWITCH_ON}
    drawn: set[str] = set()
    for seed in range(1, 1001):
        drawn |= {entry["do"] for entry in story(seed)["timeline"]}
    assert drawn == known


@pytest.mark.parametrize("seed", SOME)
def test_no_rule_is_broken(seed: int) -> None:
    assert played(Watch(story(seed))) == []


# --- each rule can fail: a controller that breaks it is caught -----------------------------------------------------

# Two hosts on two UPSs; side A fails for a minute. h3 is in somebody's maintenance mode.
BASE: Content = tomllib.loads(
    """
story = "One side fails.\\nIt comes back."
site = "empty"
until = 720
lead_in = 20
timeline = [{ at = 0, do = "fail", feeder = "a" }, { at = 60, do = "restore", feeder = "a" }]
[override.site]
host_stop = 25
reserve = 15
guest_stop_estimate = 15
start_timeout = 90
starts_itself = 20
battery_wait = 20
[override.ups.ups1]
[override.ups.ups2]
[override.pool.pool1]
[override.host.h1]
pool = "pool1"
powered_by = ["ups1"]
switch = "sw1"
maintenance = { enabled = true, after = 10 }
shutdown = { enabled = true, after = 30 }
[override.host.h2]
pool = "pool1"
powered_by = ["ups2"]
switch = "sw1"
[override.host.h3]
pool = "pool1"
powered_by = ["ups2"]
switch = "sw1"
[override.world.ups.ups1]
feeder = "a"
capacity_wh = 50.0
[override.world.ups.ups1.card]
warning_period = 200
shutdown_delay = 100
[override.world.ups.ups2]
feeder = "b"
capacity_wh = 50.0
[override.world.pool.pool1]
coordinator = "h2"
[override.world.storage.nas]
[override.world.host.h1]
boot_time = 10
[override.world.host.h2]
[override.world.host.h3]
enabled = false
[override.world.vm.vm1]
host = "h1"
memory_gib = 1
stop_time = 5
[override.world.vm.vm2]
host = "h2"
memory_gib = 1
[override.world.vm.vm3]
host = "h2"
memory_gib = 1
halted = true
"""
)

Plant = Callable[[Situation, Decision], Decision]


def planted(plant: Plant, begins: Seconds = 25.0) -> Decide:
    """`decide`, with what it answers spoilt from a moment on."""

    def spoilt(now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        decision = decide(now, seen, memory, site)
        return decision if now < begins else plant(Situation(now, seen, memory, site), decision)

    return spoilt


def does(action: Callable[[Situation], a.Action]) -> Plant:
    """Besides all else, an action that nobody wanted, again and again until it is under way."""

    def plant(s: Situation, decision: Decision) -> Decision:
        it = action(s)
        if s.memory.is_pending(a.target(it)):
            return decision
        return replace(decision, events=(*decision.events, e.ActionStarted(s.now, it)))

    return plant


def vm(s: Situation, name: str) -> str:
    return next(v.id for v in s.seen.vms.values() if v.name == name)


def without(*kinds: type) -> Plant:
    """No event or action of these kinds."""

    def plant(s: Situation, decision: Decision) -> Decision:
        left = [x for x in decision.events if not isinstance(getattr(x, "action", x), kinds)]
        return replace(decision, events=tuple(left))

    return plant


def twice(s: Situation, decision: Decision) -> Decision:
    return replace(
        decision, events=decision.events + tuple(x for x in decision.events if isinstance(x, e.ActionStarted))
    )


def endless(s: Situation, decision: Decision) -> Decision:
    """Stops that wait for ever."""
    events = [
        replace(x, action=replace(x.action, deadline=1e6)) if isinstance(x, e.ActionStarted) else x
        for x in decision.events
    ]
    return replace(decision, events=tuple(events))


def raises(s: Situation, decision: Decision) -> Decision:
    raise RuntimeError("planted")


def logs(s: Situation, decision: Decision) -> Decision:
    logging.getLogger("ridethrough.planted").error("planted")
    return decision


def storms(s: Situation, decision: Decision) -> Decision:
    return replace(decision, events=(*decision.events, e.Alerted(s.now, "pool1", "planted", "again")))


def forgets_hold(s: Situation, decision: Decision) -> Decision:
    gone = (e.HoldOverridden, e.EvacuationBegun, e.ShutdownBegun)
    return replace(decision, events=tuple(x for x in decision.events if not isinstance(x, gone)))


def unpowered(s: Situation, decision: Decision) -> Decision:
    """An enable while the supply fails."""
    if not supply(s, "h1").failing or s.memory.host("h1").disabled_at is None:
        return decision
    return does(lambda s: a.EnableHost("h1", "pool1", "planted"))(s, decision)


def with_box(written: Content, true: Content | None = None, **changes: object) -> Content:
    """A NAS with the disks of all VMs, on a UPS of its own on feeder c, that fails alone for six minutes."""
    override = deepcopy(BASE["override"])
    override["ups"]["ups3"] = {}
    override["world"]["ups"]["ups3"] = {"feeder": "c", "capacity_wh": 20.0, "card": {"warning_period": 200}}
    override["world"]["ups"]["ups3"]["card"]["shutdown_delay"] = 100
    box = {"powered_by": ["ups3"], "address": "192.0.2.90", "serves": ["nfs://192.0.2.90"], "way": "agent"}
    override["storage"] = {"box1": {**box, "repositories": ["nas"], "stop_time": 20, **written}}
    override["world"]["nas"] = {"box1": {"boot_time": 20, "stop_time": 10, **(true or {})}}
    timeline = [{"at": 0, "do": "fail", "feeder": "c"}, {"at": 360, "do": "restore", "feeder": "c"}]
    return BASE | {"timeline": timeline, "override": override, **changes}


def orders(after: Seconds, unless_failing: bool = False) -> Plant:
    """Tells the NAS to go down, so long after its supply failed."""

    def plant(s: Situation, decision: Decision) -> Decision:
        state, m = supply(s, "box1"), s.memory.storage("box1")
        due = not state.failing if unless_failing else state.since is not None and s.now - state.since >= after
        return does(lambda _: a.StopStorage("box1", "planted"))(s, decision) if due and not m.told_at else decision

    return plant


def starts_at_once(s: Situation, decision: Decision) -> Decision:
    """Whatever its disks are on."""
    box, stopped = s.seen.storages["box1"], s.memory.vm(vm(s, "vm1")).stopped
    if not stopped or box.serves_since is not None or supply(s, "box1").failing:
        return decision
    return does(lambda s: a.StartVm(vm(s, "vm1"), "vm1", "pool1", "h1", "planted"))(s, decision)


LATE = {"timeline": [{"at": 0, "do": "fail", "feeder": "a"}, {"at": 400, "do": "restore", "feeder": "a"}]}
HELD = {"timeline": [{"at": 0, "do": "hold", "host": "h1"}, *LATE["timeline"]]}
CLAIMED = {"timeline": [{"at": 0, "do": "other claims", "pool": "pool1"}, *BASE["timeline"]]}

PLANTS: dict[str, tuple[str, Plant, Content]] = {
    "disables what has power": (
        "never_1_touches_a_host_without_cause",
        does(lambda s: a.DisableHost("h2", "pool1", "planted")),
        {},
    ),
    "moves to what is disabled": (
        "never_2_moves_to_a_host_that_cannot_take_it",
        does(lambda s: a.MoveVm(vm(s, "vm1"), "vm1", "pool1", "h1", "h3", "planted", 60.0)),
        {},
    ),
    "moves to what is on battery": (
        "never_2_moves_to_a_host_that_cannot_take_it",
        does(lambda s: a.MoveVm(vm(s, "vm2"), "vm2", "pool1", "h2", "h1", "planted", 60.0)),
        LATE,
    ),
    "ends somebody's maintenance": (
        "never_3_enables_or_starts_what_is_not_ours",
        does(lambda s: a.EnableHost("h3", "pool1", "planted")),
        {},
    ),
    "starts what did not run": (
        "never_3_enables_or_starts_what_is_not_ours",
        does(lambda s: a.StartVm(vm(s, "vm3"), "vm3", "pool1", "", "planted")),
        {},
    ),
    "shuts a NAS down under its VMs": (
        "never_4_shuts_storage_down_under_what_runs_on_it",
        orders(10.0),
        with_box({}),
    ),
    "shuts a NAS down under its host": (
        "never_4_shuts_storage_down_under_what_runs_on_it",
        orders(20.0),
        with_box(
            {"repositories": [], "used_by": ["h1"]},
            timeline=[{"at": 0, "do": "fail", "feeder": "c"}, {"at": 0, "do": "fail", "feeder": "a"}],
        ),
    ),
    "shuts a NAS down that has power": (
        "never_1_touches_a_host_without_cause",
        orders(0.0, unless_failing=True),
        with_box({}),
    ),
    "starts what has no disk": ("never_6_acts_on_old_evidence", starts_at_once, with_box({})),
    "lets a NAS be cut under its VMs": (
        "no_avoidable_loss",
        without(e.StorageStopBegun, a.StopVm, a.ForceStopVm),
        with_box({}),
    ),
    "never sees a NAS again": ("storage_is_let_go", without(e.StorageBack), with_box({})),
    "forgets what it stopped for a NAS": ("guests_are_back", without(a.StartVm), with_box({})),
    "shuts the coordinator down first": (
        "never_5_shuts_the_coordinator_down_before_its_members",
        does(lambda s: a.ShutDownHost("h2", "pool1", "planted")),
        {},
    ),
    "cuts under a host": (
        "an_output_is_cut_on_battery_and_under_nothing_that_runs",
        does(lambda s: a.CutOutput("ups1", 30.0, "planted")),
        {},
    ),
    "cuts on utility power": (
        "an_output_is_cut_on_battery_and_under_nothing_that_runs",
        does(lambda s: a.CutOutput("ups2", 30.0, "planted")),
        {},
    ),
    "enables on battery": ("never_6_acts_on_old_evidence", unpowered, LATE),
    "begins all twice": ("never_7_acts_twice", twice, {}),
    "waits for ever": (
        "never_8_waits_for_what_hangs",
        endless,
        {"timeline": [{"at": 0, "do": "hang shutdown", "vm": "vm1"}, *LATE["timeline"]], "until": 3000}
        | {"override": {**BASE["override"], "vm": {"vm1": {"wish": "shut down"}}}},
    ),
    "acts in dry run": (
        "never_10_acts_when_not_armed",
        does(lambda s: a.ClaimPool("pool1", "controller", "planted")),
        {"armed": False},
    ),
    "shuts down under a guest": (
        "never_11_shuts_a_host_down_under_its_guests",
        does(lambda s: a.ShutDownHost("h1", "pool1", "planted")),
        {},
    ),
    "lets a hold go on": ("never_13_lets_a_hold_outlast_the_last_safe_start", forgets_hold, HELD),
    "fights another controller": (
        "never_14_fights_another_controller",
        does(lambda s: a.DisableHost("h1", "pool1", "planted")),
        CLAIMED,
    ),
    "moves what is skipped": (
        "nothing_is_done_that_a_person_forbade",
        does(lambda s: a.MoveVm(vm(s, "vm1"), "vm1", "pool1", "h1", "h2", "planted", 60.0)),
        {"timeline": [LATE["timeline"][0], {"at": 4, "do": "skip", "vm": "vm1"}, LATE["timeline"][1]]},
    ),
    "stops a guest under a hold": (
        "nothing_is_done_that_a_person_forbade",
        does(lambda s: a.StopVm(vm(s, "vm1"), "vm1", "pool1", "h1", "planted", 60.0)),
        {"timeline": [LATE["timeline"][0], {"at": 5, "do": "hold all", "for": 60}, LATE["timeline"][1]]},
    ),
    "brings back at once by itself": (
        "never_6_acts_on_old_evidence",
        does(lambda s: a.EnableHost("h1", "pool1", "planted")),
        {"timeline": [*LATE["timeline"], {"at": 395, "do": "bring all back"}]},
    ),
    "has a bug": ("no_bug", raises, {}),
    "tells an alert in every round": ("no_storm", storms, {}),
    "never shuts down": ("no_avoidable_loss", without(e.ShutdownBegun, a.ShutDownHost), LATE),
    "stops hard at once": (
        "no_avoidable_loss",
        does(lambda s: a.ForceStopVm(vm(s, "vm1"), "vm1", "pool1", "h1", "planted")),
        LATE,
    ),
    "never enables": ("hosts_are_back", without(a.EnableHost), {}),
    "never starts guests": (
        "guests_are_back",
        without(a.StartVm),
        {"override": {**BASE["override"], "vm": {"vm1": {"wish": "shut down"}}}},
    ),
    "never starts the fallen": (
        "the_fallen_are_back",
        without(a.StartVm),
        {
            "timeline": [
                BASE["timeline"][0],
                {"at": 12, "do": "pull power", "host": "h1"},
                {"at": 20, "do": "plug in", "host": "h1"},
                BASE["timeline"][1],
            ]
        },
    ),
    "logs an error": ("no_error_is_logged", logs, {}),
    "never lets the pool go": ("the_pool_is_let_go", without(a.ReleasePool, e.PoolRestored), {}),
    "never clears an alert": (
        "nothing_is_left_open",
        without(e.AlertCleared),
        {
            "timeline": [
                {"at": 0, "do": "hold", "host": "h1"},
                *BASE["timeline"],
                {"at": 70, "do": "release", "host": "h1"},
            ]
        },
    ),
}


def test_the_plain_story_breaks_nothing() -> None:
    assert played(Watch(BASE)) == []
    assert played(Watch(BASE | LATE)) == []
    assert played(Watch(with_box({}))) == []


@pytest.mark.parametrize("name", PLANTS)
def test_a_controller_that_breaks_a_rule_is_caught(name: str) -> None:
    rule, plant, changes = PLANTS[name]
    broken = {b.rule for b in played(Watch(BASE | changes, planted(plant), looks_for=rule))}
    assert rule in broken


def test_a_shutdown_call_that_nobody_wrote_down_is_caught() -> None:
    """Something calls XenAPI without the journal: never 7."""
    watch = Watch(BASE, looks_for="never_7_acts_twice")

    def calls_by_itself(s: Situation, decision: Decision) -> Decision:
        from ridethrough.sim.xapi import Xapi

        calls = Xapi(watch.world, "pool1")
        if not watch.world.vms[vm(s, "vm2")].busy:
            calls.vm_clean_shutdown(watch.world.vms[vm(s, "vm2")].ref)
        return decision

    watch.decide = planted(calls_by_itself)
    assert "never_7_acts_twice" in {b.rule for b in played(watch)}


def test_a_forbidden_call_is_caught() -> None:
    """Never 9, by whatever way."""
    watch = Watch(BASE, looks_for="never_9_resets_declares_or_forces")

    def declares(s: Situation, decision: Decision) -> Decision:
        from ridethrough.sim.xapi import Xapi

        Xapi(watch.world, "pool1").host_declare_dead(watch.world.hosts["h3"].ref)
        return decision

    watch.decide = planted(declares)
    assert "never_9_resets_declares_or_forces" in {b.rule for b in played(watch)}


def test_a_lost_fact_is_caught() -> None:
    """Never 12: a journal that swallows an entry."""
    watch = Watch(BASE)

    def swallows(position: int) -> None:
        if position == 8:
            watch.journal.entries.pop()

    watch.journal.after_entry = swallows
    assert "never_12_loses_a_fact" in {b.rule for b in played(watch)}


def test_a_controller_that_stops_going_round_is_caught() -> None:
    """Its last round is long past at the end: never 8."""
    watch = Watch(BASE)
    assert played(watch) == []
    watch.rounds = [watch.world.now - 60.0]
    from .chaos.ending import never_8_stops_going_round

    assert list(never_8_stops_going_round(watch))


def test_what_is_found_is_made_small() -> None:
    """From a random story with much in it, the planted fault's own few parts are left."""
    spoilt = planted(without(a.EnableHost))
    wide = BASE | {"timeline": [*BASE["timeline"], {"at": 1.5, "do": "start test", "ups": "ups2", "for": 10}]}
    rule = "hosts_are_back"

    def still(content: Content) -> bool:
        return any(b.rule == rule for b in played(Watch(content, spoilt, looks_for=rule)))

    small = Shrinker(still, runs=60).shrink(wide)
    assert still(small)
    assert [entry["do"] for entry in small["timeline"]] == ["fail", "restore"]
    assert list(small["override"]["world"]["vm"]) == []
    assert "h3" not in small["override"]["host"]


def test_what_is_found_is_told_with_a_file_that_shows_it_again() -> None:
    spoilt = planted(raises)
    finding = Played(7, 0.0, (Broken("no_bug", 0.0, "planted"),))
    told = list(tell(finding, spoilt))
    assert told[0] == "seed 7 breaks: no_bug"
    assert "a round failed" in told[2]
    content = tomllib.loads(told[-1])
    assert breaks("no_bug", content, spoilt)
    assert len(content["timeline"]) < len(story(7)["timeline"])


def test_a_story_that_breaks_nothing_is_not_broken() -> None:
    assert not breaks("no_bug", BASE)


def test_a_dead_controller_is_not_held_to_what_it_could_not_write_down(root: Path) -> None:
    """It had disabled a host while its disk was gone, and takes that for a person's maintenance mode later."""
    content = tomllib.loads((root / "scenarios" / "journal_disk_fails.toml").read_text(encoding="utf-8"))
    content["timeline"].insert(2, {"at": 61.8, "do": CRASH, "for": 120})
    watch = Watch(content)
    assert watch.play() == []
    begun = [event.action for event in watch.journal.entries if isinstance(event, e.ActionStarted)]
    assert a.DisableHost in map(type, begun)  # when the host is back: as it was found
