"""Scenarios and sites are read strictly; what is wrong is told with its file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough.sim.quantity import clock, seconds
from ridethrough.sim.reading import ScenarioError
from ridethrough.sim.scenario import Scenario, load, play

GOOD = '''
story = """
Utility power fails on feeder a,
and returns before anybody minds.
"""
site = "two_hosts"
until = "2m"
timeline = [
  { at = 0, do = "fail", feeder = "a" },
  { at = "20 s", do = "restore", feeder = "a" },
]
[expect]
up = ["xenserver1", "xenserver2"]
'''


def read(tmp_path: Path, root: Path, text: str) -> Scenario:
    (tmp_path / "sites").symlink_to(root / "scenarios" / "sites")
    path = tmp_path / "blip.toml"
    path.write_text(text)
    return load(path)


def test_a_scenario_runs_and_tells(tmp_path: Path, root: Path) -> None:
    run = play(read(tmp_path, root, GOOD))
    assert run.failures == ()
    assert run.narrative.splitlines()[0] == "  0:00  site         utility power fails on feeder a"
    assert "  0:20  site         utility power returns on feeder a" in run.narrative.splitlines()


def test_a_scenario_ends_the_same_each_time(tmp_path: Path, root: Path) -> None:
    scenario = read(tmp_path, root, GOOD)
    assert play(scenario).narrative == play(scenario).narrative


def test_missed_expectations_are_told(tmp_path: Path, root: Path) -> None:
    text = GOOD + 'down = ["xenserver1"]\nrunning = { web1 = "xenserver2" }\nmoves = { web1 = 1 }\nlost = ["db1"]\n'
    run = play(read(tmp_path, root, text.replace('up = ["xenserver1", "xenserver2"]', "")))
    assert run.failures == (
        "xenserver1 is on",
        "web1 is xenserver1, not on xenserver2",
        "web1 has moved 0 times, not 1",
        "guests lost: [], expected ['db1']",
    )


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('until = "2m"', 'until = "soon"', "blip.toml: until 'soon' is no time"),
        ('until = "2m"', 'until = "2m"\nuntill = 3', "blip.toml: untill is unknown; known are "),
        ('until = "2m"', "until = 10", 'blip.toml: timeline: "restore" happens after the end'),
        ('feeder = "a"', 'feeder = "z"', 'blip.toml: timeline[0].feeder names "z"; known are a, b'),
        ('feeder = "a"', 'feader = "a"', "blip.toml: timeline[0].feeder is missing"),
        ('do = "fail"', 'do = "explode"', 'blip.toml: timeline[0].do is "explode"; known are '),
        ("and returns before anybody minds.\n", "", "blip.toml: story must tell"),
        ('"two_hosts"', '"no_hosts"', "no_hosts.toml: cannot be read"),
        ('"xenserver2"]', '"xenserver9"]', 'blip.toml: expect.up names "xenserver9"'),
        ("[expect]", "[expect]\nlive = []", "blip.toml: expect.live is unknown"),
        ("[expect]", "[override.ups.ups1]\nvolts = 1\n[expect]", "two_hosts.toml: ups.ups1.volts"),
        ("[expect]", "[override.world.vm.web1]\nram = 1\n[expect]", "two_hosts.toml: world.vm.web1.ram is unknown"),
        ("[expect]", '[override.world.vm.web1]\nguest = "x"\n[expect]', "two_hosts.toml: world.vm.web1.guest names"),
        ("[expect]", "[expect", "blip.toml: is not TOML"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, root: Path, before: str, after: str, complaint: str) -> None:
    assert before in GOOD
    with pytest.raises(ScenarioError) as error:
        read(tmp_path, root, GOOD.replace(before, after, 1))
    assert str(error.value).startswith(complaint)


EXCEPTION = """
[[crash_exception]]
between = ["10 s", "1:30"]
away = [30, 120]
after = ["ActionStarted"]
differs = ["residence", "web1"]
why = "power is back first"
"""


def test_what_a_death_may_change_is_read(tmp_path: Path, root: Path) -> None:
    (found,) = read(tmp_path, root, GOOD + EXCEPTION).crash_exceptions
    assert found.differs == frozenset({"residence", "web1"})
    assert found.why == "power is back first"
    assert found.holds(10, 30, "ActionStarted")
    assert not found.holds(9.9, 30, "ActionStarted")
    assert not found.holds(10, 1, "ActionStarted")
    assert not found.holds(10, 30, "")
    assert not found.holds(10, 30, "HostDown")


def test_an_exception_without_limits_holds_anywhere(tmp_path: Path, root: Path) -> None:
    text = '[[crash_exception]]\ndiffers = ["lost"]\nwhy = "so it is"\n'
    (found,) = read(tmp_path, root, GOOD + text).crash_exceptions
    assert found.holds(-60, 1, "")
    assert found.holds(500, 120, "HostDown")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('["10 s", "1:30"]', '["1:30", "10 s"]', "between must be two times, the earlier first"),
        ('["10 s", "1:30"]', "[-10]", "between must be two times"),
        ('["10 s", "1:30"]', '["soon", 30]', "between 'soon' is no time"),
        ("[30, 120]", "30", "away must be a list"),
        ('"ActionStarted"', '"ActionBegun"', 'after names "ActionBegun"; known are '),
        ('"web1"', '"web9"', 'differs names "web9"; known are '),
        ('["residence", "web1"]', "[]", "differs must name what may end otherwise"),
        ('"power is back first"', '" "', "why must say why nothing better can be done"),
        ('why = "power is back first"', "", "why is missing"),
        ("away", "absence", "absence is unknown; known are "),
    ],
)
def test_what_is_wrong_with_an_exception_is_told(
    tmp_path: Path, root: Path, before: str, after: str, complaint: str
) -> None:
    assert before in EXCEPTION
    with pytest.raises(ScenarioError) as error:
        read(tmp_path, root, GOOD + EXCEPTION.replace(before, after, 1))
    assert str(error.value).startswith(f"blip.toml: crash_exception[0].{complaint}")


def test_a_person_asks_again_when_the_controller_was_dead(tmp_path: Path, root: Path) -> None:
    dead = '{ at = 1, do = "crash controller", for = 30 },\n{ at = 5, do = "evacuate", host = "xenserver1" },'
    run = play(read(tmp_path, root, GOOD.replace("timeline = [", f"timeline = [{dead}")))
    asked = [line for line in run.narrative.splitlines() if "evacuate" in line]
    assert [line.split()[0] for line in asked[:1]] == ["0:31"]
    assert run.world.moves == {"web1": 1, "files1": 1, "db1": 1}


@pytest.mark.parametrize(
    ("text", "value"), [(90, 90.0), ("90 s", 90.0), ("5m", 300.0), ("1:30", 90.0), ("20 min", 1200.0), ("1 h", 3600.0)]
)
def test_times(text: object, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", [-1, "", "soon", "1:3", True, None, "1 d"])
def test_no_times(text: object) -> None:
    with pytest.raises(ValueError, match="is no time"):
        seconds(text)


def test_the_clock_column() -> None:
    assert [clock(0), clock(59.9), clock(61), clock(3600)] == ["0:00", "0:59", "1:01", "60:00"]


SITE_WITH_HA = (
    GOOD
    + """
[override.world.storage.local1]
shared = false
hosts = ["xenserver1"]
[override.world.pool.pool1]
ha_enabled = true
ha_failures = 1
suspend_storage = "nas"
[override.world.vm.web1]
ha = "restart"
storage = ["local1"]
"""
)


def test_a_site_tells_of_ha_of_local_disks_and_of_the_suspend_storage(tmp_path: Path, root: Path) -> None:
    world = read(tmp_path, root, SITE_WITH_HA).site.build()
    nas, local = (next(s.id for s in world.storages.values() if s.name == name) for name in ("nas", "local1"))
    pool, vms = world.pools["pool1"], {v.name: v for v in world.vms.values()}
    assert (pool.ha_enabled, pool.ha_failures, pool.ha_statefile, pool.suspend_sr) == (True, 1, nas, nas)
    assert (vms["web1"].ha_restart_priority, vms["web1"].ha_always_run) == ("restart", True)
    assert vms["web1"].storage == {local}
    assert vms["db1"].storage == {nas}  # a VM's disks are on what is shared, unless told otherwise
    assert [h.id for h in world.hosts.values() if local in h.storage] == ["xenserver1"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (SITE_WITH_HA.replace('"restart"', '"always"'), "world.vm.web1.ha"),
        (SITE_WITH_HA.replace('suspend_storage = "nas"', 'suspend_storage = "attic"'), "suspend_storage"),
    ],
)
def test_unknown_words_of_ha_and_storage_are_refused(tmp_path: Path, root: Path, text: str, wrong: str) -> None:
    with pytest.raises(ScenarioError, match=wrong):
        read(tmp_path, root, text)
