"""A simulated EPPC card (935.10): the shutdown event table, and a countdown that can be read."""

from __future__ import annotations

from functools import partial

from ridethrough.core.observation import Source
from ridethrough.sim.cards import SelfTest
from ridethrough.sim.cards_mib import rfc1628
from ridethrough.sim.cards_mib.ancestor import within
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import ACTION_NUMBERS, Shown
from ridethrough.sim.cards_mib.tree import BadValue, Leaf, Write

E = "1.3.6.1.4.1.935.10.1.1"
OBJECT_ID = "1.3.6.1.4.1.935.10.1"
EVENTS = range(1, 13)  # 1 acFail, 2 batteryLow, 3 overload, ...
SOURCES = {Source.OFF: 2, Source.BYPASS: 3, Source.UTILITY: 4, Source.BATTERY: 5, Source.BOOST: 11, Source.TRIM: 12}

RESULTS = {SelfTest.NONE: 1, SelfTest.PASSED: 3, SelfTest.ABORTED: 6}  # idle, ok, cancelled; 2: a test runs


def leaves(s: Shown, control: Control) -> dict[str, Leaf]:
    """The objects of EPPC-MIB that say something of a single-phase UPS, and the card's RFC 1628."""
    battery = 4 if s.spent else 3 if s.low else 5 if s.on_battery else 2
    counting = -1 if s.counting is None else s.counting
    return rfc1628.leaves(s, control) | {
        f"{E}.1.1.0": Leaf("string", "Ridethrough"),
        f"{E}.1.2.0": Leaf("string", control.card.model),
        f"{E}.1.4.0": Leaf("string", control.serial),
        f"{E}.1.6.0": Leaf("string", "simulated"),
        f"{E}.2.1.0": Leaf("integer", 6 if s.testing else SOURCES[s.source]),
        f"{E}.2.14.0": Leaf("counter", s.line_bads),
        f"{E}.2.16.1.3.1": Leaf("integer", 10 * s.input_volts),
        f"{E}.2.18.1.3.1": Leaf("integer", 10 * s.output_volts),
        f"{E}.2.18.1.5.1": Leaf("integer", s.watts),
        f"{E}.2.18.1.7.1": Leaf("integer", s.load),
        f"{E}.3.1.0": Leaf("integer", battery),
        f"{E}.3.2.0": Leaf("integer", int(s.on_battery_for)),
        f"{E}.3.3.0": Leaf("integer", int(s.runtime / 60)),
        f"{E}.3.4.0": Leaf("integer", s.charge),
        f"{E}.7.3.0": Leaf("integer", 2 if s.testing else RESULTS[s.last_test]),
        # The MIB: setting the output-off delay turns the output off after that time.
        f"{E}.8.1.0": Leaf("integer", int(control.card.shutdown_delay), partial(_off_after, control)),
        f"{E}.8.3.0": Leaf("integer", 4, partial(_command, control)),
        f"{E}.8.7.0": Leaf("integer", counting),
        f"{E}.8.2.0": Leaf("integer", 0, _on_after(control)),
        f"{E}.8.8.0": Leaf("integer", -1 if control.starts_in is None else control.starts_in),
        f"{E}.9.2.0": Leaf("string", _open_events(s)),
        **_event_table(control),
    }


def _event_table(control: Control) -> dict[str, Leaf]:
    card = control.card
    rows: dict[str, Leaf] = {}
    for event in EVENTS:
        columns = [Leaf("integer", 1), Leaf("integer", 0), Leaf("integer", 60)]
        if event == 1:
            columns[0] = Leaf("integer", ACTION_NUMBERS[card.action], control.set_action)
            columns[1] = Leaf("integer", int(card.warning_period), control.set_warning_period)
        elif event == 2:
            columns[0] = Leaf("integer", ACTION_NUMBERS[card.low_action], control.set_low_action)
        rows |= {f"{E}.8.4.1.{column}.{event}": leaf for column, leaf in enumerate(columns, 2)}
    return rows


def _open_events(s: Shown) -> str:
    """Traps sent and not yet taken back: "1,7" during an outage."""
    numbers = {1: not s.utility, 3: s.low, 7: s.on_battery, 13: s.link_lost, 15: s.countdown is not None}
    return ",".join(str(number) for number, there in numbers.items() if there)


def _off_after(control: Control, seconds: int) -> None:
    control.set_shutdown_delay(seconds)
    control.count_down(seconds, stays_off=True)


def _on_after(control: Control) -> Write:
    """Turns the output on after that time; 0 is no command."""
    return within(0, 9999 * 60, lambda seconds: control.start_after(seconds) if seconds else None)


def _command(control: Control, number: int) -> None:
    """1 off after the delay, 2 cancel, 3 sleep: off, and on with utility power; 4 nothing."""
    match number:
        case 1 | 3:
            control.count_down(int(control.card.shutdown_delay), stays_off=number == 1)
        case 2:
            control.count_down(-1)
        case 4:
            return
        case _:
            raise BadValue
