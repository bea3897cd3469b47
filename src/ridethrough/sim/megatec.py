"""A UPS that speaks Megatec's Q1 protocol, as most of those on a USB or RS232 port do: commands in, answers out.

What is answered, and what the characters of the status mean, is as NUT's nutdrv_qx reads it from real ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ridethrough.core.model import CardAction, Seconds

from . import power
from .agenda import Appointment
from .cards import MAKER, SimUps
from .families import INPUT_VOLTS, NOMINAL_VOLTS
from .world import World

NOMINAL_BATTERY = 24.0  # volts
EMPTY, FULL = 20.8, 26.0  # volts of that battery while it gives; what NUT takes where it is told nothing else
CHARGER = 1.3  # volts more while it is being charged
HERTZ, CELSIUS = 50.0, 25.0
SHORT_TEST: Seconds = 10.0
UNTIL_LOW: Seconds = 24 * 3600.0  # a test that ends when the battery is low
SHUTDOWN = re.compile(r"S(\.[2-9]|\d\d)(?:R(\d{4}))?")  # off in n minutes, on after m: .2 to .9, 00 to 10
TEST = re.compile(r"T(\d\d)")
LONGEST_SHUTDOWN = 10  # minutes


@dataclass(frozen=True, slots=True)
class Quirks:
    """What some UPSs do otherwise."""

    no_rating: bool = False  # F is not answered
    no_vendor: bool = False  # I is not answered
    shutdown_bit_stuck: bool = False  # says always that a shutdown is under way
    online: bool = False  # its type: double conversion instead of line-interactive


class Megatec:
    """One UPS, as its port shows it. It has no card: nothing counts down unless it is told to."""

    def __init__(self, world: World, ups: SimUps, quirks: Quirks | None = None) -> None:
        self._world, self._ups, self._quirks = world, ups, quirks or Quirks()
        self._beeps = True
        self._starts: Appointment | None = None
        self._fault_volts = float(INPUT_VOLTS)  # of the input, when it last went to its battery
        ups.has_card = False
        ups.card.action = ups.card.low_action = CardAction.DISABLED
        ups.card.cancels_on_return = False  # a shutdown that was begun goes on, and the output comes back after it

    def answer(self, command: str) -> str | None:
        """The answer to one command, both without the CR at their end. None: it says nothing."""
        if not (self._ups.output or self._ups.input_good):
            return None  # it has switched itself off, and sleeps until utility power returns
        match command:
            case "Q1":
                return self.status()
            case "F":
                return None if self._quirks.no_rating else self.rating()
            case "I":
                return None if self._quirks.no_vendor else self.vendor()
        done = self._obeys(command)
        if done is None:
            return command
        done()
        return None

    def status(self) -> str:
        """What Q1 answers: volts of input, fault and output; load, hertz, volts of the battery, degrees; 8 signs."""
        ups = self._ups
        volts = float(INPUT_VOLTS) if ups.input_good else 0.0
        if not ups.input_good:
            self._fault_volts = 0.0
        out = 0.0 if not ups.output else float(NOMINAL_VOLTS) if ups.on_battery else volts
        load = min(round(ups.load_percent), 999)
        numbers = f"{volts:05.1f} {self._fault_volts:05.1f} {out:05.1f} {load:03d} {HERTZ:04.1f}"
        return f"({numbers} {self.battery_volts:04.1f} {CELSIUS:04.1f} {self._signs()}"

    def rating(self) -> str:
        """What F answers: nominal volts and amperes, volts of the battery, hertz."""
        amperes = round(self._ups.rated_watts / NOMINAL_VOLTS)
        return f"#{NOMINAL_VOLTS:05.1f} {amperes:03d} {NOMINAL_BATTERY:05.1f} {HERTZ:04.1f}"

    def vendor(self) -> str:
        """What I answers: maker, model, version."""
        return f"#{MAKER:<15.15} {'Megatec':<10.10} {'SIM1.0':<10.10}"

    @property
    def battery_volts(self) -> float:
        """They follow the charge; a battery that is being charged shows more."""
        volts = EMPTY + (FULL - EMPTY) * self._ups.charge / 100.0
        return volts if self._ups.on_battery or not self._ups.input_good else volts + CHARGER

    def _signs(self) -> str:
        ups, stuck = self._ups, self._quirks.shutdown_bit_stuck
        signs = (
            not ups.input_good,
            ups.low_battery,
            False,  # bypass, boost or buck
            False,  # failed
            not self._quirks.online,
            ups.card.testing,
            stuck or ups.card.cut_at is not None or not ups.output,
            self._beeps,
        )
        return "".join("1" if sign else "0" for sign in signs)

    # --- commands

    def _obeys(self, command: str) -> Callable[[], None] | None:
        """What a command does; None for one that is not known."""
        match command:
            case "C":
                return self._cancel
            case "Q":
                return self._toggle_beeper
            case "T":
                return partial(power.start_test, self._world, self._ups, SHORT_TEST)
            case "TL":
                return partial(power.start_test, self._world, self._ups, UNTIL_LOW)
            case "CT":
                return partial(power.end_test, self._world, self._ups)
        if found := TEST.fullmatch(command):
            return partial(power.start_test, self._world, self._ups, 60.0 * int(found[1]))
        found = SHUTDOWN.fullmatch(command)
        if found and float(found[1]) <= LONGEST_SHUTDOWN:
            after = None if found[2] is None else int(found[2])
            return partial(self._shut_down, 60.0 * float(found[1]), after)
        return None

    def _toggle_beeper(self) -> None:
        self._beeps = not self._beeps

    def _shut_down(self, seconds: Seconds, on_after: int | None) -> None:
        """Output off in `seconds`. `on_after` minutes it comes back, or later with utility power; 0: it stays off."""
        ups, world = self._ups, self._world
        self._forget()
        if not ups.output:
            return
        world.tell(f"{ups.id} is told to shut down: output off in {seconds:.0f} s")
        power.count_down(world, ups, seconds, stays_off=on_after is not None)
        if on_after:
            due = world.now + seconds + 60.0 * on_after
            self._starts = world.agenda.at(due, partial(power.switch_on, world, ups))

    def _cancel(self) -> None:
        """No shutdown; an output that is off comes on, where there is utility power."""
        if self._ups.card.cut_at is not None:
            self._world.tell(f"{self._ups.id} is told to cancel its shutdown")
        self._forget()
        if not self._ups.output:
            power.switch_on(self._world, self._ups)

    def _forget(self) -> None:
        power.forget_countdown(self._ups)
        if self._starts:
            self._starts.cancel()
        self._starts = None
