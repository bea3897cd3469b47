"""Switching off a UPS behind an upsd: a upsd whose driver does as it is told, or does not; and NUT's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ridethrough.core.actions import CutOutput, KeepOutput
from ridethrough.drivers.nut import NutConfig, NutSwitch, ServerConfig
from ridethrough.drivers.nut.server import Server
from ridethrough.drivers.switching import Commanded
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.clock import Stopwatch
from ridethrough.ups.switching import Abilities

from .fake import OL, FakeUpsd
from .real import DUMMY_UPS, UPSD, RealUpsd

NAME = "cellar"
OB = {"ups.status": "OB DISCHRG", "ups.delay.shutdown": "20", "ups.timer.shutdown": "-1"}


class Obedient:
    """A upsd with a login, and a driver that does what INSTCMD and SET VAR say; every part can be taken away."""

    def __init__(self, upsd: FakeUpsd) -> None:
        self.upsd = upsd
        self.variables = upsd.upses[NAME]
        self.commands = ["shutdown.return", "shutdown.stop"]
        self.writable = ["ups.delay.shutdown"]
        self.tracks = True
        self.loses: set[str] = set()  # beginnings of requests that are carried out and not answered
        self.ignores: set[str] = set()  # of those that are answered and not carried out
        self.fails = False  # the driver, as TRACKING tells
        self.stopped: dict[str, str | None] = {"ups.timer.shutdown": "-1"}  # what shutdown.stop leaves; None: nothing
        upsd.answer = self.answer

    @property
    def told(self) -> list[str]:
        return [line for line in self.upsd.asked if line.startswith(("INSTCMD", "SET VAR"))]

    def answer(self, request: str) -> bytes | None:
        match request.split():
            case ["USERNAME" | "PASSWORD", _]:
                return b"OK\n"
            case ["LIST", "VAR", _]:
                return self._list("VAR", [f'{name} "{value}"' for name, value in self.variables.items()])
            case ["LIST", "CMD", _]:
                return self._list("CMD", self.commands)
            case ["LIST", "RW", _]:
                return self._list("RW", [f'{name} "{self.variables[name]}"' for name in self.writable])
            case ["SET", "TRACKING", "ON"]:
                return b"OK\n" if self.tracks else b"ERR FEATURE-NOT-CONFIGURED\n"
            case ["GET", "TRACKING", _]:
                return b"ERR FAILED\n" if self.fails else b"SUCCESS\n"
            case ["SET", "VAR", _, name, value]:
                return self._does(request, name, value.strip('"'))
            case ["INSTCMD", _, "shutdown.return"]:
                return self._does(request, "ups.timer.shutdown", self.variables["ups.delay.shutdown"])
            case ["INSTCMD", _, "shutdown.stop"]:
                answer = self._does(request, "ups.timer.shutdown", "-1")
                for name, left in self.stopped.items():
                    if left is None:
                        self.variables.pop(name)
                    else:
                        self.variables[name] = left
                return answer
            case _:
                return b"ERR UNKNOWN-COMMAND\n"

    def _does(self, request: str, name: str, value: str) -> bytes | None:
        if not any(request.startswith(begin) for begin in self.ignores) and not self.fails:
            self.variables[name] = value
        if any(request.startswith(begin) for begin in self.loses):
            return None
        return b"OK TRACKING 1234\n" if self.tracks else b"OK\n"

    def _list(self, what: str, rows: list[str]) -> bytes:
        lines = "".join(f"{what} {NAME} {row}\n" for row in rows)
        return f"BEGIN LIST {what} {NAME}\n{lines}END LIST {what} {NAME}\n".encode()


@pytest.fixture
async def ups() -> AsyncIterator[Obedient]:
    async with FakeUpsd({NAME: OL | OB}) as upsd:
        yield Obedient(upsd)


def switch(ups: Obedient) -> NutSwitch:
    return NutSwitch(
        NutConfig("ups1", ups.upsd.config(username="admin", password="x"), NAME), lambda: 100.0, pause=0.05
    )


@pytest.mark.parametrize("tracks", [True, False])
async def test_off_and_cancel(ups: Obedient, tracks: bool) -> None:
    ups.tracks = tracks
    output = switch(ups)
    assert await output.abilities() == Abilities("NUT", off=True, cancel=True)
    assert ups.told == []
    done = await output.off_and_restart(90)
    assert done.countdown == 90
    assert done.steps == ("ups.delay.shutdown was 20, and is now 90", "shutdown.return: upsd said yes")
    assert ups.told == [f"SET VAR {NAME} ups.delay.shutdown 90", f"INSTCMD {NAME} shutdown.return"]
    assert await output.countdown() == 90
    assert "its countdown is gone" in (await output.cancel()).steps
    assert await output.countdown() is None
    output.close()


async def test_the_plan_cuts_and_keeps_by_the_same_commands(ups: Obedient) -> None:
    plan = Commanded(lambda: switch(ups), Stopwatch())
    await plan.perform(CutOutput("ups1", 30.0, "why"))
    assert ups.told == [f"SET VAR {NAME} ups.delay.shutdown 30", f"INSTCMD {NAME} shutdown.return"]
    with pytest.raises(Refused, match="counts down already"):
        await plan.perform(CutOutput("ups1", 30.0, "why"))
    await plan.perform(KeepOutput("ups1", "why"))
    assert ups.told[-1] == f"INSTCMD {NAME} shutdown.stop"
    assert ups.variables["ups.timer.shutdown"] == "-1"


async def test_the_plan_never_cuts_on_utility_power(ups: Obedient) -> None:
    ups.variables["ups.status"] = "OL"
    with pytest.raises(Refused, match="not on battery"):
        await Commanded(lambda: switch(ups), Stopwatch()).perform(CutOutput("ups1", 30.0, "why"))
    assert ups.told == []


async def test_a_delay_that_cannot_be_set_must_be_what_is_asked_for(ups: Obedient) -> None:
    ups.writable = []
    output = switch(ups)
    assert (await output.abilities()).note == "only after 20 s: its driver does not let that be set"
    with pytest.raises(Refused, match="its driver switches off after 20 s"):
        await output.off_and_restart(90)
    assert ups.told == []
    assert (await output.off_and_restart(20)).steps[0] == "ups.delay.shutdown is 20"
    output.close()


async def test_a_delay_that_is_not_kept_ends_it(ups: Obedient) -> None:
    ups.ignores = {"SET VAR"}
    output = switch(ups)
    with pytest.raises(Refused, match="cannot be set: upsd said yes, and it is 20"):
        await output.off_and_restart(90)
    assert len(ups.told) == 1
    output.close()


async def test_a_lost_answer_is_resolved_by_reading(ups: Obedient) -> None:
    ups.loses = {"INSTCMD"}
    output = switch(ups)
    done = await output.off_and_restart(90)
    assert done.countdown == 90
    assert "its answer was lost" in done.steps[-1]
    assert ups.told.count(f"INSTCMD {NAME} shutdown.return") == 1
    output.close()


async def test_a_driver_that_shows_no_countdown_is_not_believed(ups: Obedient) -> None:
    ups.ignores = {"INSTCMD"}
    output = switch(ups)
    with pytest.raises(Unreachable, match=r"upsd said yes, and it shows no countdown: whether it cuts"):
        await output.off_and_restart(90)
    output.close()


async def test_a_driver_that_fails_says_so_through_tracking(ups: Obedient) -> None:
    ups.variables["ups.delay.shutdown"], ups.fails = "90", True
    output = switch(ups)
    with pytest.raises(Refused, match=r"shutdown\.return: its driver could not carry it out"):
        await output.off_and_restart(90)
    output.close()


async def test_not_on_utility_power_and_not_twice(ups: Obedient) -> None:
    output = switch(ups)
    ups.variables["ups.status"] = "OL"
    with pytest.raises(Refused, match="it is not on battery"):
        await output.off_and_restart(90)
    ups.variables |= {"ups.status": "OB", "ups.timer.shutdown": "45"}
    with pytest.raises(Refused, match="counts down already, and cuts its output in 45 s"):
        await output.off_and_restart(90)
    assert ups.told == []
    output.close()


@pytest.mark.parametrize("idle", ["-1", "-60", "0", "65535"])
async def test_four_spellings_of_no_countdown(ups: Obedient, idle: str) -> None:
    ups.variables["ups.timer.shutdown"] = idle
    output = switch(ups)
    assert await output.countdown() is None
    output.close()


@pytest.mark.parametrize("left", ["0", None, "soon", "100000"])
async def test_a_cancel_after_which_the_timer_says_neither_is_not_known(ups: Obedient, left: str | None) -> None:
    ups.variables["ups.timer.shutdown"], ups.stopped = "3", {"ups.timer.shutdown": left}
    output = switch(ups)
    with pytest.raises(Unreachable, match="It has been told, and whether its output stays on is not known"):
        await output.cancel()
    output.close()


@pytest.mark.parametrize("left", ["0", "-1"])
async def test_a_cancel_that_came_too_late_says_that_the_output_is_off(ups: Obedient, left: str) -> None:
    ups.variables["ups.timer.shutdown"] = "3"
    ups.stopped = {"ups.timer.shutdown": left, "ups.status": "OFF", "ups.load": "0", "output.voltage": "0"}
    output = switch(ups)
    with pytest.raises(Refused, match="says that its output is off"):
        await output.cancel()
    output.close()


async def test_a_countdown_of_seven_hours_is_one(ups: Obedient) -> None:
    ups.variables["ups.timer.shutdown"] = str(7 * 3600)
    output = switch(ups)
    with pytest.raises(Refused, match="counts down already"):
        await output.off_and_restart(90)
    assert "its countdown is gone" in (await output.cancel()).steps
    output.close()


async def test_without_a_timer_it_is_not_switched_off(ups: Obedient) -> None:
    """Whether it counts down already, and whether it then does, could not be seen."""
    del ups.variables["ups.timer.shutdown"]
    output = switch(ups)
    with pytest.raises(Refused, match=r"its driver has no ups\.timer\.shutdown"):
        await output.off_and_restart(20)
    assert ups.told == []
    output.close()


async def test_a_driver_without_the_command(ups: Obedient) -> None:
    ups.commands = []
    output = switch(ups)
    found = await output.abilities()
    assert (found.off, found.cancel, found.why) == (
        False,
        False,
        "its driver has no shutdown.return and no shutdown.stop",
    )
    with pytest.raises(Refused, match=r"no shutdown\.return"):
        await output.off_and_restart(90)
    with pytest.raises(Refused, match=r"no shutdown\.stop"):
        await output.cancel()
    assert ups.told == []
    output.close()


# --- NUT's own upsd and dummy-ups, which sets variables and knows no command to switch off


@pytest.mark.skipif(UPSD is None or DUMMY_UPS is None, reason="NUT's upsd and dummy-ups are not here")
async def test_nuts_own_upsd_sets_a_variable_for_who_may_and_refuses_the_rest(tmp_path: Path) -> None:
    home, dump = tmp_path / "nut", tmp_path / "cellar.dev"
    home.mkdir()
    dump.write_text("ups.status: OB\nups.delay.shutdown: 20\nbattery.charge: 90\n")
    async with RealUpsd(home, {NAME: dump}, users="[admin]\npassword = x\nactions = SET\ninstcmds = ALL\n") as upsd:
        found = ServerConfig("127.0.0.1", upsd.port, "admin", "x")
        output = NutSwitch(NutConfig("ups1", found, NAME), lambda: 100.0)
        abilities = await output.abilities()
        assert (abilities.off, abilities.cancel) == (False, False)
        assert "its driver has no shutdown.return" in abilities.why
        output.close()
        admin = Server(found)
        await admin.tell("SET", "VAR", NAME, "ups.status", "OL")
        with pytest.raises(Refused):
            await admin.tell("INSTCMD", NAME, "shutdown.return")
        admin.close()
        nobody = Server(ServerConfig("127.0.0.1", upsd.port))
        with pytest.raises(Refused, match="USERNAME-REQUIRED"):
            await nobody.tell("INSTCMD", NAME, "shutdown.return")
        nobody.close()
