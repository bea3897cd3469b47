"""A simulated USHA card (2468): the event table with its client delay in minutes, and no countdown."""

from __future__ import annotations

from functools import partial

from ridethrough.sim.cards_mib import rfc1628
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.rfc1628 import RESULTS, SOURCES
from ridethrough.sim.cards_mib.shown import ACTION_NUMBERS, Shown
from ridethrough.sim.cards_mib.tree import BadValue, Leaf

U = "1.3.6.1.4.1.2468.1.2.1.1"
OBJECT_ID = "1.3.6.1.4.1.2468.1.2.1"
EVENTS = range(1, 10)


def leaves(s: Shown, control: Control) -> dict[str, Leaf]:
    """The objects of USHA-MIB that say something of a single-phase UPS, and the card's RFC 1628."""
    battery = 4 if s.spent else 3 if s.low else 5 if s.on_battery else 2
    return rfc1628.leaves(s, control) | {
        f"{U}.2.1.0": Leaf("integer", battery),
        f"{U}.2.2.0": Leaf("integer", int(s.on_battery_for)),
        f"{U}.2.3.0": Leaf("integer", int(s.runtime / 60)),
        f"{U}.2.4.0": Leaf("integer", s.charge),
        f"{U}.2.6.0": Leaf("null", None),
        f"{U}.3.1.0": Leaf("integer", s.line_bads),
        f"{U}.3.3.1.1.1": Leaf("integer", 1),
        f"{U}.3.3.1.3.1": Leaf("integer", 10 * s.input_volts),
        f"{U}.4.1.0": Leaf("integer", SOURCES[s.source]),
        f"{U}.4.4.1.1.1": Leaf("integer", 1),
        f"{U}.4.4.1.2.1": Leaf("integer", 10 * s.output_volts),
        f"{U}.4.4.1.5.1": Leaf("integer", s.load),
        f"{U}.6.3.0": Leaf("integer", 5 if s.testing else RESULTS[s.last_test]),
        f"{U}.7.1.0": Leaf("integer", int(control.card.shutdown_delay), control.set_shutdown_delay),
        f"{U}.7.2.0": Leaf("integer", int(control.sleep_time // 60), lambda m: control.set_sleep_time(60 * m)),
        f"{U}.7.3.0": Leaf("integer", 4, partial(_command, control)),
        **_event_table(control),
        f"{U}.9.1.0": Leaf("integer", 0),
    }


def _event_table(control: Control) -> dict[str, Leaf]:
    card = control.card
    rows: dict[str, Leaf] = {}
    for event in EVENTS:
        columns = [Leaf("integer", 1), Leaf("integer", 0), Leaf("integer", 30), Leaf("integer", 60)]
        if event == 1:
            minutes = round(card.warning_period / 60)
            columns[0] = Leaf("integer", ACTION_NUMBERS[card.action], control.set_action)
            columns[1] = Leaf("integer", minutes, lambda m: control.set_warning_period(60 * m))
        elif event == 2:
            columns[0] = Leaf("integer", ACTION_NUMBERS[card.low_action], control.set_low_action)
        rows |= {f"{U}.7.4.1.{column}.{event}": leaf for column, leaf in enumerate(columns, 2)}
    return rows


def _command(control: Control, number: int) -> None:
    """1 off after the delay, 2 sleep: off, and on again after the sleep time; 3 on or cancel; 4 nothing."""
    delay = int(control.card.shutdown_delay)
    match number:
        case 1:
            control.count_down(delay, stays_off=True)
        case 2:
            control.off_and_on(delay, control.sleep_time)
        case 3:
            control.count_down(-1)
            control.start_after(0)
        case 4:
            return
        case _:
            raise BadValue
