"""A simulated CyberPower card (CPS 3808): times in TimeTicks, the state of the input, and RFC 1628 beside it."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.sim.cards_mib import rfc1628
from ridethrough.sim.cards_mib.ancestor import (
    TEST_RESULTS,
    commands,
    fail_cause,
    in_ticks,
    rounded_up,
    start_test,
    ticks,
    within,
)
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import Leaf, gauges, integers, strings
from ridethrough.sim.families import NOMINAL_VOLTS

C = "1.3.6.1.4.1.3808.1.1.1"
OBJECT_ID = "1.3.6.1.4.1.3808.1.1.1"
SOURCES = {
    Source.UTILITY: 2,
    Source.BATTERY: 3,
    Source.BOOST: 4,
    Source.OFF: 6,
    Source.BYPASS: 9,
    Source.TRIM: 10,
}
SELF_TEST = 4  # upsAdvanceInputLineFailCause
NORMAL, BLACKOUT = 1, 5  # upsAdvanceInputStatus
LOW_RUNTIMES = (120, 300, 420, 600)


def leaves(s: Shown, control: Control) -> dict[str, Leaf]:
    """The objects of CPS-MIB that say something of a single-phase UPS, and the card's RFC 1628."""
    return rfc1628.leaves(s, control) | {
        **strings(
            C, {"1.1.1.0": control.card.model, "1.1.2.0": control.ups.id, "1.2.1.0": "1.0", "1.2.3.0": control.serial}
        ),
        f"{C}.2.1.1.0": Leaf("integer", 3 if s.low else 2),
        f"{C}.2.1.2.0": ticks(s.on_battery_for),
        f"{C}.2.2.4.0": ticks(s.runtime),
        **gauges(C, {"2.2.1.0": s.charge, "3.2.1.0": 10 * s.input_volts, "3.2.4.0": 500 if s.utility else 0}),
        **integers(C, {"2.2.2.0": 240, "2.2.3.0": 25, "2.2.5.0": 1}),
        **integers(C, {"3.2.5.0": _fail_cause(s), "3.2.6.0": NORMAL if s.utility else BLACKOUT}),
        f"{C}.4.1.1.0": Leaf("integer", SOURCES[s.source]),
        **gauges(C, {"4.2.1.0": 10 * s.output_volts, "4.2.2.0": 500 if s.output_volts else 0, "4.2.3.0": s.load}),
        f"{C}.4.2.4.0": Leaf("gauge", 10 * s.watts // NOMINAL_VOLTS),
        **_config(control),
        **commands(C, s, control),
        f"{C}.6.2.7.0": Leaf("integer", -1, within(-1, 600, control.count_down)),  # sleep in so many seconds
        f"{C}.7.2.2.0": Leaf("integer", 1, start_test(control)),
        **integers(C, {"7.2.3.0": 4 if s.testing else TEST_RESULTS[s.last_test], "7.2.7.0": 1}),
    }


def _fail_cause(s: Shown) -> int:
    """1 none, 2 over voltage, 3 blackout or under voltage, 4 self test."""
    return {1: 1, 4: 3, 0: SELF_TEST}[fail_cause(s, self_test=0)]


def _config(control: Control) -> dict[str, Leaf]:
    ups, card = control.ups, control.card
    return {
        f"{C}.5.2.8.0": ticks(ups.low_runtime, in_ticks(rounded_up(LOW_RUNTIMES, control.set_low_runtime))),
        f"{C}.5.2.9.0": ticks(ups.return_delay, in_ticks(within(0, 600, control.set_return_delay))),
        f"{C}.5.2.10.0": ticks(card.shutdown_delay, in_ticks(within(60, 5940, control.set_shutdown_delay))),
        f"{C}.5.2.11.0": ticks(control.sleep_time, in_ticks(within(60, 5940, control.set_sleep_time))),
        f"{C}.5.2.17.0": Leaf("integer", 1),  # it does not sleep when its clients have shut down
    }
