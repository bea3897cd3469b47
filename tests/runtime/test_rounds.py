"""What the rounds of an outage saw is kept, and every decision is derived from it again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ridethrough.core import events as e
from ridethrough.core.decide import Decision, decide
from ridethrough.core.memory import Memory
from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.core.policy import Timer
from ridethrough.core.site import Site
from ridethrough.runtime import rounds
from ridethrough.runtime.rederive import Rederived, rederive
from ridethrough.runtime.rounds import FOLDER, Recorder, Round, Rounds, RoundsUnreadable, read_rounds
from ridethrough.sim.scenario import Run, load, play
from tests.core.build import known, remember, site, snapshot, ups_seen, vm_seen

STORIES = (
    "case_two",
    "whole_pool_on_battery",
    "migration_refused",
    "controller_killed_in_mid_evacuation",
    "frozen_in_mid_evacuation_power_back",
    "nas_told_when_power_returns",
    "tier_shed_for_runtime",
)
ALL = 10**9
WITHIN = 60.0  # seconds of the wall, for a thread that writes some kilobytes


@dataclass
class Kept:
    run: Run
    folder: Path

    @property
    def journal(self) -> list[tuple[int, e.Event]]:
        return list(enumerate(self.run.journal.entries, start=1))

    def rounds(self) -> list[list[Round]]:
        return list(read_rounds(self.folder, 0, ALL))


def kept(root: Path, folder: Path, name: str) -> Kept:
    recording = Rounds(folder)
    run = play(load(root / "scenarios" / f"{name}.toml"), decide=recording.recorder("all"))
    recording.stop(WITHIN)
    return Kept(run, folder)


@pytest.mark.parametrize("name", STORIES)
def test_every_decision_is_derived_again(root: Path, tmp_path: Path, name: str) -> None:
    there = kept(root, tmp_path, name)
    derived = [rederive(part, there.journal) for part in there.rounds()]
    assert [one.differences for one in derived] == [[]] * len(derived)
    started = [event for event in there.run.journal.entries if isinstance(event, e.ActionStarted)]
    assert sum(one.actions for one in derived) == len(started) > 0


def test_another_configuration_decides_otherwise(root: Path, tmp_path: Path) -> None:
    there = kept(root, tmp_path, "case_two")
    (part,) = there.rounds()

    def later(now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        hosts = {h: replace(p, maintenance=Timer(True, 90.0)) for h, p in site.policy.hosts.items()}
        return decide(now, seen, memory, replace(site, policy=replace(site.policy, hosts=hosts)))

    found: Rederived = rederive(part, there.journal, later)
    assert not found.identical
    assert any("and not decided again: xenserver1 enters maintenance mode" in text for text in found.differences)


def test_a_forged_journal_is_found_out(root: Path, tmp_path: Path) -> None:
    there = kept(root, tmp_path, "case_two")
    (part,) = there.rounds()
    moved = next(p for p, f in there.journal if isinstance(f, e.ActionStarted) and type(f.action).__name__ == "MoveVm")
    forged = [(p, f) for p, f in there.journal if p != moved]
    assert any("decided again, and not in the journal: -> move" in text for text in rederive(part, forged).differences)


def test_what_is_read_is_what_was_seen(tmp_path: Path) -> None:
    """Every kind of change: something comes, changes within a part of a part, and goes."""
    the_site = site(2)
    first = snapshot(0.0, the_site, (vm_seen("a", "h1"), vm_seen("b", "h2")))
    second = replace(first, upses={**first.upses, "ups1": ups_seen(2.0, charge=99.0)}, vms={"a": first.vms["a"]})
    third = replace(second, vms={**second.vms, "c": vm_seen("c", "h1", tags=frozenset({"x"}))}, upses={})
    memory = remember(*known(the_site), e.UtilityDoubted(0.0, "ups1", 0.0, 0.0))
    recording = Rounds(tmp_path)
    recorder = recording.recorder("x")
    for now, seen in enumerate((first, second, third, first)):
        recorder(float(now), seen, memory, the_site)
    recording.stop(WITHIN)
    (found,) = read_rounds(tmp_path, 0, ALL)
    assert [one.seen for one in found] == [first, second, third, first]
    assert all(one.site == the_site for one in found)


def test_nothing_is_recorded_in_peace_and_some_rounds_before_an_outage_are(tmp_path: Path) -> None:
    the_site, told = site(1), list[Round | None]()
    recorder = Recorder(told.append)
    quiet = remember(*known(the_site))
    for now in range(10):
        recorder(float(now), snapshot(float(now), the_site), quiet, the_site)
    assert told == []
    recorder(
        10.0, snapshot(10.0, the_site), remember(*known(the_site), e.UtilityDoubted(9.0, "ups1", 9.0, 8.0)), the_site
    )
    assert [one.now for one in told if one is not None] == [7.0, 8.0, 9.0, 10.0]
    recorder(10.0 + rounds.AFTER + 1, snapshot(71.0, the_site), quiet, the_site)
    assert told[-1] is None
    recorder(200.0, snapshot(200.0, the_site), quiet, the_site)
    assert told[-1] is None


def test_a_line_that_a_killed_controller_left_half_is_no_round(root: Path, tmp_path: Path) -> None:
    there = kept(root, tmp_path, "short_dip")
    (file,) = (tmp_path / FOLDER).iterdir()
    whole = file.read_bytes()
    (before,) = there.rounds()
    file.write_bytes(whole[:-20])
    (after,) = there.rounds()
    assert after == before[:-1]
    file.write_bytes(whole.replace(b'"seen"', b'"nees"'))
    with pytest.raises(RoundsUnreadable, match=file.name):
        there.rounds()


def test_old_files_make_room(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    for n in range(rounds.MOST_FILES + 5):
        (folder / f"{n:012d}-000.jsonl").write_text("{}\n")
    memory = remember(*known(site(1)), e.UtilityDoubted(0.0, "ups1", 0.0, 0.0))
    recording = Rounds(tmp_path)
    recording.recorder("x")(0.0, replace(snapshot(0.0, site(1)), upses={"ups1": ups_seen(0.0)}), memory, site(1))
    recording.stop(WITHIN)
    assert len(list(folder.iterdir())) == rounds.MOST_FILES
    assert not (folder / f"{0:012d}-000.jsonl").exists()


def test_a_disk_that_fails_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("no folder")
    memory = remember(*known(site(1)), e.UtilityDoubted(0.0, "ups1", 0.0, 0.0))
    recording = Rounds(tmp_path)
    recorder = recording.recorder("x")
    for now in range(rounds.WAITING + 10):
        recorder(float(now), snapshot(float(now), site(1)), memory, site(1))
    recording.stop(WITHIN)
    assert list(read_rounds(tmp_path, 0, ALL)) == []
