"""The agents of the survival benchmark: what they read, when they act, and that no round is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bench.survival.agent_cards import feed, reading
from bench.survival.agents import Agents, config
from bench.survival.fiber import Fiber
from bench.survival.policies import ours
from bench.survival.run import scenario_of

from ridethrough.core.model import CardAction, Seconds
from ridethrough.sim.agenda import Agenda
from ridethrough.sim.cards import Family, SimUps
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.families import CARDS
from ridethrough.sim.cards_mib.shown import shown
from ridethrough.sim.fates import Fate
from ridethrough.sim.scenario import Scenario, read
from ridethrough.sim.world import World
from ridethrough_agent import config as files
from ridethrough_agent import snmp
from ridethrough_agent.model import Reading

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FAMILIES = [Family.EPPC, Family.RFC1628, Family.XPPC, Family.USHA]  # that bench/survival draws
SHORT = {"card": {"warning_period": 120, "shutdown_delay": 120, "action": "client and ups"}}


def by_snmp(world: World, ups: SimUps) -> Reading:
    """What the agent makes of the card's objects, as snmpget prints them."""
    leaves = CARDS[ups.card.tells].leaves(shown(world, ups), Control(world, ups))
    wanted = {name: oid for family in (snmp.RFC, *snmp.FAMILIES) for name, oid in family.items()}
    found = {name: leaves[oid.removeprefix(".")] for name, oid in wanted.items() if oid.removeprefix(".") in leaves}
    ticks = {"ticks": "0:0:00:{}"}
    return snmp.reading(
        {name: ticks.get(leaf.kind, "{}").format(leaf.value) for name, leaf in found.items()}, world.now
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("action", [CardAction.CLIENT, CardAction.CLIENT_AND_UPS])
def test_what_it_reads_is_what_its_snmp_reader_makes_of_the_card(family: Family, action: CardAction) -> None:
    world = scenario_of(3).site.build()
    ups = next(iter(world.upses.values()))
    ups.card.tells, ups.card.action = family, action
    seen = set()
    for second in range(0, 4000, 40):
        if second == 80:
            world.set_feeder(ups.feeder, False)
        world.advance(float(second))
        told = reading(ups, world.now)
        assert told is not None
        assert told == by_snmp(world, ups)._replace(model="")
        seen.add((told.power, told.low, bool(told.countdown), told.runtime is None))
    assert len(seen) >= 3
    ups.card.silent = True
    assert reading(ups, world.now) is None


def test_its_file_is_the_one_that_comes_but_for_the_time(tmp_path: Path) -> None:
    world = scenario_of(3).site.build()
    host = next(iter(world.hosts.values()))
    (tmp_path / "inventory").write_text(f"INSTALLATION_UUID='{host.uuid}'\n")
    sections = [
        f"[agent]\narmed = yes\nafter = never\nneeds = {host.needs}\n[xenserver]\ninventory = {tmp_path}/inventory"
    ]
    for ups in host.fed_by:
        off_after = feed(world.upses[ups]).off_after
        times = f"warning_period = {off_after - 120:.0f}\nshutdown_delay = 120" if off_after is not None else ""
        sections.append(f"[ups {ups}]\nsnmp = {ups}\n{times}")
    (tmp_path / "ini").write_text("\n".join(sections))
    read_, made = files.read(str(tmp_path / "ini")), config(host, world)
    assert (read_.rules, read_.feeds, read_.xenserver) == (made.rules, made.feeds, made.xenserver)
    assert (read_.every, read_.stop_host, read_.shutdown) == (made.every, made.stop_host, made.shutdown)


def outage(*more: dict[str, Any], lasts: Seconds = 3000, feeders: str = "ab", **override: Any) -> Scenario:
    """Of both UPSs of the manual's test bed, or of one."""
    timeline = [{"at": 0, "do": "fail", "feeder": feeder} for feeder in feeders]
    timeline += [*more, *({"at": lasts, "do": "restore", "feeder": feeder} for feeder in feeders)]
    content = {"story": "one\ntwo", "site": "two_hosts", "timeline": timeline, "until": lasts + 1800}
    return read({**content, "override": override}, SCENARIOS / "agents.toml")


DEAD = {"at": 20, "do": "crash controller", "for": "30m"}


def said(world: World, host: str, text: str) -> list[Seconds]:
    """When the agent on a host said something with these words, in seconds since the outage began."""
    return [
        line.at - 60 for line in world.story if line.text.startswith(f"the agent on {host}: ") and text in line.text
    ]


def test_without_a_controller_the_agents_stop_everything_in_time() -> None:
    scenario = outage(DEAD)
    alone, world = ours.play_alone(scenario), ours.play(scenario)
    assert alone.lost
    assert (world.lost, world.crashed) == ([], [])
    assert {turn.fate for turn in world.turns} <= {Fate.STOPS, Fate.STOPPED_HARD, Fate.STARTS}


def test_behind_a_controller_that_answers_they_do_nothing_by_themselves() -> None:
    """Though the UPSs last for less than the agents would take."""
    scenario = outage(world={"ups": {"ups1": SHORT, "ups2": SHORT}})
    world = ours.play(scenario)
    assert (world.lost, world.crashed) == ([], [])
    for host in world.hosts:
        assert said(world, host, "The controller says that it handles this machine")
        assert not said(world, host, "is counted on for")


def test_while_its_coordinator_hands_over_an_agent_waits() -> None:
    """Nobody answers for some seconds, and the battery is short: the agent would have to begin now."""
    world = ours.play(scenario_of(300207))
    assert any("becomes the coordinator in place of host01" in line.text for line in world.story)
    assert not said(world, "host01", "is counted on for")
    assert {turn.fate for turn in world.turns} == set()
    assert (world.crashed, world.lost) == ([], [])


def test_where_the_coordinator_is_gone_a_member_stops_its_guests_by_the_hypervisor() -> None:
    gone = {"at": 30, "do": "lose network", "host": "xenserver2"}
    scenario = outage(DEAD, gone, world={"pool": {"pool1": {"coordinator": "xenserver2"}}})
    world = ours.play(scenario)
    assert said(world, "xenserver1", "by xl")
    assert [vm for vm in world.lost if vm in ("db1", "web1", "files1")] == []
    assert "xenserver1" not in world.crashed


@pytest.mark.parametrize("seed", [2001, 7943])
def test_a_controller_that_returns_brings_back_what_the_agents_have_stopped(seed: int) -> None:
    """In the midst of their stopping; and long after it and the return of power. No UPS has cut its output."""
    world = ours.play(scenario_of(seed))
    assert said(world, "host01", "System is being shut down")
    assert not any("cuts its output" in line.text for line in world.story)
    assert all(host.power and host.enabled for host in world.hosts.values())
    assert all(vm.alive for vm in world.vms.values())
    assert (world.crashed, world.lost) == ([], [])


def test_what_an_agent_stops_while_the_controller_returns_is_nobodys_wish() -> None:
    """Power is back before its guests have stopped; one of them takes long. Then their host goes down all the same."""
    small = {"capacity_wh": 37.5, "card": {"action": "client"}}
    hosts, vms = {"xenserver2": {"memory_gib": 12}}, {"web1": {"guest": "ignores"}}
    away = {"at": 20, "do": "crash controller", "for": "2m"}
    world = ours.play(outage(away, lasts=105, feeders="a", world={"ups": {"ups1": small}, "host": hosts, "vm": vms}))
    assert said(world, "xenserver1", "System is being shut down")[0] < 105
    assert said(world, "xenserver1", "3 VMs stopped")[0] > 160
    assert all(host.power and host.enabled for host in world.hosts.values())
    assert all(vm.alive for vm in world.vms.values())
    assert (world.crashed, world.lost) == ([], [])


@pytest.mark.parametrize("seed", [580, 8360])
def test_the_rounds_that_are_left_out_would_change_nothing(seed: int) -> None:
    """Two outages in which the controller dies."""
    scenario, turns = scenario_of(seed), []
    for every in (False, True):
        world = scenario.site.build()
        agents = Agents(scenario, world, every)
        ours.go(scenario, world, agents)
        turns.append(world.turns)
    assert turns[0] == turns[1]


def test_a_fiber_waits_asks_and_ends() -> None:
    agenda = Agenda()
    told: list[object] = []

    def work(fiber: Fiber) -> None:
        told.append(agenda.now)
        fiber.wait(5.0)
        told.append(fiber.ask(lambda: agenda.now + 100))
        with pytest.raises(ZeroDivisionError):
            fiber.ask(lambda: 1 // 0)
        fiber.wait(5.0)
        told.append("never")

    fiber = Fiber(agenda, work)
    agenda.advance(7.0)
    fiber.end()
    agenda.advance(20.0)
    assert told == [0.0, 105.0]


def test_what_goes_wrong_in_a_fiber_is_raised_outside() -> None:
    with pytest.raises(KeyError):
        Fiber(Agenda(), lambda fiber: dict[str, None]()["none"])
