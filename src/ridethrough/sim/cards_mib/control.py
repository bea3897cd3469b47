"""What SETs make one simulated card do."""

from __future__ import annotations

from functools import partial
from zlib import crc32

from ridethrough.core.model import CardAction, Seconds
from ridethrough.sim import power
from ridethrough.sim.agenda import Appointment
from ridethrough.sim.cards import SimUps
from ridethrough.sim.cards_mib.shown import ACTIONS
from ridethrough.sim.cards_mib.tree import BadValue
from ridethrough.sim.world import World


class Control:
    """One card and its UPS, as its commands reach them."""

    def __init__(self, world: World, ups: SimUps) -> None:
        self.world, self.ups, self.card = world, ups, ups.card
        self.settings: dict[str, int | bytes] = {}  # objects that people may write and that nothing depends on
        self.sleep_time: Seconds = 300.0
        self.test_traps = 0  # asked for so far
        self._starts: Appointment | None = None
        self.serial = f"SIM{crc32(ups.id.encode()):08X}"

    def count_down(self, seconds: int, stays_off: bool = False, in_outage: bool = False) -> None:
        """Output off in `seconds`; 0 is now, -1 cancels what runs. `stays_off`: until it is switched on; `in_outage`:
        unless it is cut in an outage, too.
        """
        if seconds < -1:
            raise BadValue
        if self.card.cut_at is not None:
            self.card.cut_at = None
            if self.card.countdown_ends:
                self.card.countdown_ends.cancel()
            self.world.tell(f"{self.ups.id}'s card is told to cancel its countdown")
        self._forget_start()
        if seconds >= 0 and self.ups.output:
            self.world.tell(f"{self.ups.id}'s card is told to count down: output off in {seconds} s")
            power.count_down(self.world, self.ups, seconds, stays_off, True, in_outage)

    def off_and_on(self, seconds: int, off_for: Seconds) -> None:
        """Output off in `seconds`, and on again `off_for` later, as soon as there is utility power."""
        if seconds < 0 or off_for < 0:
            raise BadValue
        self.count_down(seconds, stays_off=True)
        self._start_at(self.world.now + seconds + off_for)

    def start_after(self, seconds: int) -> None:
        """Output on in `seconds`, or as soon after it as there is utility power; -1 cancels."""
        if seconds < -1:
            raise BadValue
        self._forget_start()
        if seconds >= 0:
            if not self.ups.output or self.card.cut_at is not None:
                self.world.tell(f"{self.ups.id}'s card is told to switch its output on in {seconds} s")
            self._start_at(self.world.now + seconds)

    @property
    def starts_in(self) -> int | None:
        """Whole seconds until the output is switched on as it was told; None when it was not."""
        due = self._starts is not None and not self._starts.cancelled and self._starts.at >= self.world.now
        return int(self._starts.at - self.world.now) if due and self._starts is not None else None

    def _start_at(self, at: Seconds) -> None:
        self._starts = self.world.agenda.at(at, partial(power.switch_on, self.world, self.ups))

    def _forget_start(self) -> None:
        if self._starts:
            self._starts.cancel()
        self._starts = None

    def set_auto_restart(self, on: bool) -> None:
        self.ups.auto_restart = on

    def set_return_delay(self, seconds: Seconds) -> None:
        """From the next return of utility power on."""
        self.ups.return_delay = seconds

    def set_sleep_time(self, seconds: Seconds) -> None:
        self.sleep_time = seconds

    def send_test_trap(self) -> None:
        self.test_traps += 1

    def set_action(self, number: int) -> None:
        self.card.action = _action(number)

    def set_low_action(self, number: int) -> None:
        self.card.low_action = _action(number)

    def set_warning_period(self, seconds: int) -> None:
        """From the next outage on."""
        if not 0 <= seconds <= 7 * 24 * 3600:
            raise BadValue
        self.card.warning_period = float(seconds)

    def set_shutdown_delay(self, seconds: int) -> None:
        """From the next countdown on."""
        if not 0 < seconds <= 24 * 3600:
            raise BadValue
        self.card.shutdown_delay = float(seconds)

    def set_low_runtime(self, seconds: int) -> None:
        if not 0 <= seconds <= 3600:
            raise BadValue
        self.ups.low_runtime = float(seconds)
        power.rebalance(self.world)

    def start_test(self) -> None:
        power.start_test(self.world, self.ups)

    def end_test(self) -> None:
        power.end_test(self.world, self.ups)

    def set_inert(self, oid: str, value: int | bytes) -> None:
        """Keep a value that reads back and does nothing."""
        self.settings[oid] = value


def _action(number: int) -> CardAction:
    if number not in ACTIONS:
        raise BadValue
    return ACTIONS[number]
