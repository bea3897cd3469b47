"""Site seconds never go back: not by a restart, a reboot, or a hand on the wall clock."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from ridethrough.runtime.clock import FILE, SiteClock, Sources
from ridethrough.runtime.pace import fast_sources

from .fakes import until


@dataclass
class Machine:
    """A machine's clocks, moved by hand."""

    name: str = "first boot"
    ticks: float = 500.0
    wall: float = 1_000_000.0

    def sources(self) -> Sources:
        return Sources(lambda: self.name, lambda: self.ticks, lambda: self.wall)

    def clock(self, state_dir: Path, floor: float | None = None, *, keep: bool = True) -> SiteClock:
        return SiteClock(state_dir, floor, keep=keep, sources=self.sources())

    def run(self, seconds: float) -> None:
        self.ticks += seconds
        self.wall += seconds

    def reboot(self, off: float) -> None:
        self.name += " again"
        self.ticks = 20.0
        self.wall += off


def test_a_new_site_begins_at_zero(tmp_path: Path) -> None:
    machine = Machine()
    clock = machine.clock(tmp_path / "new")
    assert clock.now() == 0.0
    machine.run(12.5)
    assert clock.now() == 12.5


@pytest.mark.parametrize("jump", [-3.0e8, 3.0e8])
def test_a_hand_on_the_wall_clock_moves_nothing(tmp_path: Path, jump: float) -> None:
    machine = Machine()
    clock = machine.clock(tmp_path)
    machine.run(10)
    machine.wall += jump
    assert clock.now() == 10.0
    machine.run(5)
    assert machine.clock(tmp_path).now() == 15.0


def test_time_goes_on_while_the_controller_is_down(tmp_path: Path) -> None:
    machine = Machine()
    machine.clock(tmp_path)
    machine.run(100)
    assert machine.clock(tmp_path, floor=40.0).now() == 100.0


def test_a_reboot_is_bridged_by_the_wall_clock(tmp_path: Path) -> None:
    machine = Machine()
    machine.clock(tmp_path)
    machine.run(100)
    machine.reboot(off=300)
    assert machine.clock(tmp_path, floor=100.0).now() == 400.0


@pytest.mark.parametrize("boot", ["", "second"])
def test_after_a_reboot_into_the_past_time_goes_on_from_the_last_fact(tmp_path: Path, boot: str) -> None:
    machine = Machine(name=boot)
    machine.clock(tmp_path)
    machine.run(100)
    machine.reboot(off=-5_000)
    machine.name = boot and "third"
    clock = machine.clock(tmp_path, floor=97.0)
    assert clock.now() == 97.0
    machine.run(1)
    assert clock.now() == 98.0


def test_a_machine_reverted_to_a_snapshot_does_not_take_time_back(tmp_path: Path) -> None:
    machine = Machine()
    clock = machine.clock(tmp_path)
    machine.run(100)
    clock.mark()
    machine.ticks -= 50
    assert clock.now() == 100.0
    assert machine.clock(tmp_path, floor=95.0).now() == 100.0


def test_without_a_boot_id_the_wall_clock_bridges_a_restart(tmp_path: Path) -> None:
    machine = Machine(name="")
    machine.clock(tmp_path)
    machine.run(30)
    machine.ticks = 3.0
    assert machine.clock(tmp_path, floor=10.0).now() == 30.0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot": "x"}', '{"boot": "x", "ticks": "a", "wall": 1, "site": 1}'])
def test_a_damaged_anchor_is_no_anchor(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert Machine().clock(tmp_path, floor=55.0).now() == 55.0


def test_a_command_reads_the_clock_and_writes_nothing(tmp_path: Path) -> None:
    machine = Machine()
    machine.clock(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    machine.run(7)
    assert machine.clock(tmp_path, keep=False).now() == 7.0
    assert (tmp_path / FILE).read_bytes() == before


def test_people_read_the_wall_clock(tmp_path: Path) -> None:
    machine = Machine()
    clock = machine.clock(tmp_path)
    machine.run(100)
    assert clock.wall(40.0).timestamp() == machine.wall - 60
    assert clock.wall_text(40.0) == clock.wall(40.0).strftime("%Y-%m-%d %H:%M:%S")


async def test_the_anchor_is_kept_fresh(tmp_path: Path) -> None:
    machine = Machine(wall=0.0)  # boots in 1970, and NTP puts it right
    clock = machine.clock(tmp_path)
    machine.run(10)
    machine.wall = 2.0e9
    keeping = asyncio.create_task(clock.keep_marked(every=0.001))
    await until(lambda: '"wall": 2000000000.0' in (tmp_path / FILE).read_text())
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    await asyncio.get_running_loop().shutdown_default_executor()  # a write may be under way
    machine.reboot(off=60)
    assert machine.clock(tmp_path).now() == 70.0


def test_a_reader_that_was_there_first_takes_up_the_controllers_time(tmp_path: Path) -> None:
    machine = Machine()
    reader = machine.clock(tmp_path, keep=False)
    machine.run(3600)
    reader.follow()
    assert reader.now() == 3600.0  # there is no other time yet
    controller = machine.clock(tmp_path)
    machine.run(5)
    reader.follow()
    assert reader.now() == controller.now() == 5.0
    machine.run(5)
    controller.mark()
    reader.follow()
    assert reader.now() == controller.now() == 10.0


def test_a_reader_follows_a_state_that_was_begun_anew(tmp_path: Path) -> None:
    machine = Machine()
    machine.clock(tmp_path)
    machine.run(500)
    reader = machine.clock(tmp_path, keep=False)
    assert reader.now() == 500.0
    (tmp_path / FILE).unlink()
    machine.clock(tmp_path)
    reader.follow()
    assert reader.now() == 0.0


async def test_the_machines_own_clocks_will_do(tmp_path: Path) -> None:
    clock = SiteClock(tmp_path)
    before = clock.now()
    await clock.sleep(0.01)
    assert 0.009 < clock.now() - before < 5.0
    assert SiteClock(tmp_path).now() >= clock.now() - 0.001


def test_on_a_fast_site_what_happened_stays_at_its_moment(tmp_path: Path) -> None:
    clock = SiteClock(tmp_path, sources=fast_sources(100.0))
    begun = clock.now()
    first = clock.wall(begun).timestamp()
    while clock.now() < begun + 20.0:
        pass
    assert clock.wall(begun).timestamp() == pytest.approx(first, abs=1.0)
