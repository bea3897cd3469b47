"""A simulated APC card (PowerNet 318): times in TimeTicks, a string of 64 flags, and no RFC 1628 beside it."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.sim.cards_mib.ancestor import (
    TEST_RESULTS,
    commands,
    fail_cause,
    in_ticks,
    rounded_up,
    start_test,
    ticks,
)
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import Leaf, gauges, integers, strings
from ridethrough.sim.families import NOMINAL_VOLTS

A = "1.3.6.1.4.1.318.1.1.1"
OBJECT_ID = "1.3.6.1.4.1.318.1.3.2.17"
SOURCES = {Source.UTILITY: 2, Source.BATTERY: 3, Source.BOOST: 4, Source.BYPASS: 9, Source.TRIM: 12}
OFF, SLEEPING_UNTIL_POWER_RETURN, ON_BATTERY_TEST = 7, 11, 15
SELF_TEST = 9  # upsAdvInputLineFailCause
LOW_RUNTIMES = (120, 300, 420, 600)
RETURN_DELAYS = (0, 60, 180, 300)
SHUTOFF_DELAYS = (20, 60, 120, 180, 300, 600)
SLEEP_STEP, LONGEST_SLEEP = 360, 359 * 360  # tenths of an hour


def leaves(s: Shown, control: Control) -> dict[str, Leaf]:
    """The objects of PowerNet-MIB that say something of a single-phase Smart-UPS."""
    return {
        **strings(
            A, {"1.1.1.0": control.card.model, "1.1.2.0": control.ups.id, "1.2.1.0": "1.0", "1.2.3.0": control.serial}
        ),
        **_battery(s),
        **_lines(s),
        **_config(control),
        **commands(A, s, control),
        f"{A}.7.2.2.0": Leaf("integer", 1, start_test(control)),
        **integers(A, {"7.2.3.0": 4 if s.testing else TEST_RESULTS[s.last_test], "7.2.6.0": 1}),
        f"{A}.8.1.0": Leaf("integer", 2 if s.link_lost else 1),
        f"{A}.11.1.1.0": Leaf("string", _flags(s)),
    }


def _battery(s: Shown) -> dict[str, Leaf]:
    return {
        f"{A}.2.1.1.0": Leaf("integer", 3 if s.low else 2),
        f"{A}.2.1.2.0": ticks(s.on_battery_for),
        f"{A}.2.2.3.0": ticks(s.runtime),
        **gauges(A, {"2.2.1.0": s.charge, "2.2.2.0": 25, "2.3.1.0": 10 * s.charge, "2.3.2.0": 250}),
        **integers(A, {"2.2.4.0": 1, "2.3.4.0": 540}),
    }


def _lines(s: Shown) -> dict[str, Leaf]:
    hertz_in, hertz_out = 50 if s.utility else 0, 50 if s.output_volts else 0
    tenths_of_amps = 10 * s.watts // NOMINAL_VOLTS
    return {
        f"{A}.4.1.1.0": Leaf("integer", _status(s)),
        f"{A}.3.2.5.0": Leaf("integer", fail_cause(s, SELF_TEST)),
        **gauges(A, {"3.2.1.0": s.input_volts, "3.2.4.0": hertz_in}),
        **gauges(A, {"3.3.1.0": 10 * s.input_volts, "3.3.4.0": 10 * hertz_in}),
        **gauges(A, {"4.2.1.0": s.output_volts, "4.2.2.0": hertz_out, "4.2.3.0": s.load}),
        **gauges(A, {"4.3.1.0": 10 * s.output_volts, "4.3.2.0": 10 * hertz_out, "4.3.3.0": 10 * s.load}),
        **gauges(A, {"4.2.4.0": tenths_of_amps // 10, "4.3.4.0": tenths_of_amps}),
    }


def _status(s: Shown) -> int:
    if s.source is Source.OFF:
        return OFF if s.utility else SLEEPING_UNTIL_POWER_RETURN
    return ON_BATTERY_TEST if s.testing else SOURCES[s.source]


def _config(control: Control) -> dict[str, Leaf]:
    ups, card = control.ups, control.card
    low = rounded_up(LOW_RUNTIMES, control.set_low_runtime)
    back = rounded_up(RETURN_DELAYS, control.set_return_delay)
    shutoff = rounded_up(SHUTOFF_DELAYS, control.set_shutdown_delay)
    sleep = rounded_up(range(SLEEP_STEP, LONGEST_SLEEP + 1, SLEEP_STEP), control.set_sleep_time)
    return {
        **integers(A, {"5.2.1.0": NOMINAL_VOLTS, "5.2.2.0": 253, "5.2.3.0": 208}),
        f"{A}.5.2.8.0": ticks(ups.low_runtime, in_ticks(low)),
        f"{A}.5.2.9.0": ticks(ups.return_delay, in_ticks(back)),
        f"{A}.5.2.10.0": ticks(card.shutdown_delay, in_ticks(shutoff)),
        f"{A}.5.2.11.0": ticks(control.sleep_time, in_ticks(sleep)),
    }


def _flags(s: Shown) -> str:
    """upsBasicStateOutputState, counted from 1."""
    off, counting = s.source is Source.OFF, s.countdown is not None
    up = {
        2: s.on_battery,
        3: s.low,
        4: s.source is Source.UTILITY,
        6: not s.link_lost,
        18: off and not s.utility,  # sleeping until utility power returns
        19: not off,
        22: counting,  # a graceful shutdown has begun
        29: s.testing,
        39: counting,
        58: off,
    }
    return "".join("1" if up.get(place) else "0" for place in range(1, 65))
