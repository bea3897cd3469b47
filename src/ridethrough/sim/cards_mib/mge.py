"""A simulated MGE or Eaton Network-MS card (MG-SNMP-UPS 705.1): yes is 1, no is 2; XUPS and RFC 1628 beside it.

The recorded Network-MS cards have no shutdown timer (4.10) and no shutdown duration (4.11), which the MIB has.
"""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.sim.cards import CLIENTS, MAKER
from ridethrough.sim.cards_mib import rfc1628
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.powerware import eaton_objects
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import BadValue, Leaf, integers, strings

M = "1.3.6.1.4.1.705.1"
OBJECT_ID = M
NO_FAILURE, UTILITY_OFF = 1, 4  # upsmgInputLineFailCause
TALKS, LOST = 1, 2  # upsmgAgentCommUps: odd while the card talks to its UPS


def leaves(s: Shown, control: Control) -> dict[str, Leaf]:
    """The objects of MG-SNMP-UPS-MIB that say something of a single-phase UPS, and what the card answers beside it."""
    return (
        rfc1628.leaves(s, control)
        | eaton_objects(s, control)
        | {
            **strings(M, {"1.1.0": MAKER, "1.2.0": control.card.model, "1.4.0": "01.00", "1.7.0": control.serial}),
            **_config(control),
            **integers(M, {"5.1.0": int(s.runtime), "5.2.0": s.charge, "5.5.0": 540, "5.6.0": 0}),
            **integers(M, {"5.9.0": 2, "5.11.0": 2, "5.14.0": _yes(s.low), "5.15.0": 2, "5.16.0": _yes(s.low)}),
            **_lines(s),
            **integers(M, {"12.5.0": 5, "12.11.0": 170, "12.13.0": LOST if s.link_lost else TALKS}),
            f"{M}.12.12.0": Leaf("string", "simulated"),
        }
    )


def _yes(is_so: bool) -> int:
    return 1 if is_so else 2


def _config(control: Control) -> dict[str, Leaf]:
    card, ups = control.card, control.ups
    after = int(card.warning_period) if card.action in CLIENTS else 0

    def restart(number: int) -> None:
        if number not in (1, 2, 3):
            raise BadValue
        control.set_auto_restart(number != 2)

    return {
        **integers(M, {"4.7.0": int(ups.low_runtime), "4.8.0": 20}),
        f"{M}.4.9.0": Leaf("integer", 1 if ups.auto_restart else 2, restart),
        f"{M}.4.10.0": Leaf("integer", after, control.set_warning_period),
        f"{M}.4.11.0": Leaf("integer", int(card.shutdown_delay), control.set_shutdown_delay),
    }


def _lines(s: Shown) -> dict[str, Leaf]:
    """The rows of the input's table end in .0, those of the output's do not, and one phase fills all three."""
    volts, hertz = 10 * s.output_volts, 500 if s.output_volts else 0
    output: dict[str, Leaf] = {}
    for phase in (1, 2, 3):
        output |= integers(f"{M}.7.2.1", {f"1.{phase}": phase, f"2.{phase}": volts, f"3.{phase}": hertz})
        output[f"{M}.7.2.1.4.{phase}"] = Leaf("integer", s.load)
    return {
        **integers(M, {"6.1.0": 1, "6.2.1.2.1.0": 10 * s.input_volts, "6.2.1.3.1.0": 500 if s.utility else 0}),
        **integers(M, {"6.3.0": _yes(not s.utility), "6.4.0": NO_FAILURE if s.utility else UTILITY_OFF}),
        f"{M}.7.1.0": Leaf("integer", 1),
        **output,
        **integers(M, {"7.3.0": _yes(s.on_battery), "7.4.0": _yes(s.source is Source.BYPASS)}),
        **integers(M, {"7.7.0": _yes(s.source is Source.OFF), "7.9.0": 2, "7.10.0": 2, "7.11.0": 2}),
    }
