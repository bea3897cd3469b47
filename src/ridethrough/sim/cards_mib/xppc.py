"""A simulated XPPC card (935.1): seconds of runtime, the shutoff delay, no warning period, no countdown."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.sim.cards_mib import rfc1628
from ridethrough.sim.cards_mib.ancestor import TEST_RESULTS, commands, rounded_up, start_test, within
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import BadValue, Leaf, Write
from ridethrough.sim.families import NOMINAL_VOLTS

P = "1.3.6.1.4.1.935.1.1.1"
OBJECT_ID = P
SOURCES = {Source.UTILITY: 2, Source.BATTERY: 3, Source.BOOST: 4, Source.OFF: 5, Source.BYPASS: 6, Source.TRIM: 9}
LOW_RUNTIMES = (120, 300, 420, 600)
RETURN_DELAYS = (0, 60, 180, 300)


def leaves(s: Shown, control: Control) -> dict[str, Leaf]:
    """The objects of XPPC-MIB that say something of a single-phase UPS, and the card's RFC 1628."""
    failed = 4 if not s.utility else 1
    return rfc1628.leaves(s, control) | {
        f"{P}.1.1.1.0": Leaf("string", control.card.model),
        f"{P}.1.1.2.0": Leaf("string", control.ups.id),
        f"{P}.1.2.3.0": Leaf("string", control.serial),
        f"{P}.2.1.1.0": Leaf("integer", 3 if s.low else 2),
        f"{P}.2.1.2.0": Leaf("integer", int(s.on_battery_for)),
        f"{P}.2.2.1.0": Leaf("integer", s.charge),
        f"{P}.2.2.3.0": Leaf("integer", 250),
        f"{P}.2.2.4.0": Leaf("integer", int(s.runtime)),
        f"{P}.2.2.5.0": Leaf("integer", 0),
        f"{P}.3.2.1.0": Leaf("integer", 10 * s.input_volts),
        f"{P}.3.2.4.0": Leaf("integer", 500 if s.utility else 0),
        f"{P}.3.2.5.0": Leaf("integer", failed),
        f"{P}.4.1.1.0": Leaf("integer", SOURCES[s.source]),
        f"{P}.4.2.1.0": Leaf("integer", 10 * s.output_volts),
        f"{P}.4.2.2.0": Leaf("integer", 500 if s.output_volts else 0),
        f"{P}.4.2.3.0": Leaf("integer", s.load),
        f"{P}.5.2.1.0": Leaf("integer", 10 * NOMINAL_VOLTS),
        f"{P}.5.2.2.0": Leaf("integer", 0),
        f"{P}.5.2.3.0": Leaf("integer", 0),
        f"{P}.5.2.8.0": Leaf("integer", int(control.ups.low_runtime), _low_runtime(control)),
        f"{P}.5.2.9.0": Leaf(
            "integer", int(control.ups.return_delay), rounded_up(RETURN_DELAYS, control.set_return_delay)
        ),
        f"{P}.5.2.10.0": Leaf("integer", int(control.card.shutdown_delay), _shutoff_delay(control)),
        f"{P}.5.2.11.0": Leaf("integer", int(control.sleep_time // 60), _sleep_minutes(control)),
        **commands(P, s, control),
        f"{P}.7.2.2.0": Leaf("integer", 1, start_test(control)),
        f"{P}.7.2.3.0": Leaf("integer", 4 if s.testing else TEST_RESULTS[s.last_test]),
        f"{P}.7.2.7.0": Leaf("integer", 0),
    }


def _sleep_minutes(control: Control) -> Write:
    return within(1, 9999, lambda minutes: control.set_sleep_time(60 * minutes))


def _low_runtime(control: Control) -> Write:
    def write(seconds: int) -> None:
        if seconds not in LOW_RUNTIMES:
            raise BadValue
        control.set_low_runtime(seconds)

    return write


def _shutoff_delay(control: Control) -> Write:
    def write(seconds: int) -> None:
        """12 to 60 in steps of 6, then to 600 in steps of 60; other values round up."""
        if not 0 < seconds <= 600:
            raise BadValue
        step = 6 if seconds <= 60 else 60
        control.set_shutdown_delay(max(-(-seconds // step) * step, 12))

    return write
