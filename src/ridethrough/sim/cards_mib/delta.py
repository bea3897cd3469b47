"""A simulated Delta card (DeltaUPS 2254.2.4): its numbers begin with 0, much is NULL, RFC 1628 is there in part."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.sim.cards import CLIENTS, MAKER
from ridethrough.sim.cards_mib import rfc1628
from ridethrough.sim.cards_mib.ancestor import within
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import BadValue, Leaf, integers, strings
from ridethrough.sim.families import NOMINAL_VOLTS

D = "1.3.6.1.4.1.2254.2.4"
OBJECT_ID = D
SOURCES = {Source.UTILITY: 0, Source.BATTERY: 1, Source.BYPASS: 2, Source.TRIM: 3, Source.BOOST: 4, Source.OFF: 7}
NEVER = -1  # dupsConfigShutdownOSDelay
LONGEST = 9999


def leaves(s: Shown, control: Control) -> dict[str, Leaf]:
    """What the recorded Mini-SNMP and deltaups cards answer."""
    rfc = rfc1628.identity(control) | rfc1628.battery(s, control) | rfc1628.lines(s)
    rfc[f"{rfc1628.UPS}.1.1"] = rfc.pop(f"{rfc1628.UPS}.1.1.0")  # so it stands in lnms-deltaups
    rfc |= {f"{rfc1628.UPS}.{end}": Leaf("null", None) for end in ("2.6.0", "5.1.0")}
    return rfc | {
        **strings(D, {"1.1.0": MAKER, "1.2.0": control.card.model, "1.3.0": "1.0", "1.4.0": "simulated"}),
        **integers(D, {"1.8.0": NOMINAL_VOLTS, "1.9.0": 50, "1.10.0": NOMINAL_VOLTS, "1.11.0": 50}),
        **_control(s, control),
        **integers(D, {"4.1.0": 1, "4.2.0": 500 if s.utility else 0, "4.3.0": 10 * s.input_volts}),
        **integers(D, {"5.1.0": SOURCES[s.source], "5.2.0": 500 if s.output_volts else 0, "5.3.0": 1}),
        **integers(D, {"5.4.0": 10 * s.output_volts, "5.5.0": 10 * s.watts // NOMINAL_VOLTS, "5.7.0": s.load}),
        **{f"{D}.{end}.0": Leaf("null", None) for end in ("4.4", "4.6", "4.9", "5.6", "5.8", "5.11", "5.12", "5.15")},
        **integers(D, {"7.1.0": 0, "7.2.0": 2 if s.spent else 1 if s.low else 0, "7.3.0": 2 if s.on_battery else 1}),
        **integers(D, {"7.4.0": int(s.on_battery_for), "7.5.0": int(s.runtime / 60), "7.8.0": s.charge}),
        **integers(D, {"9.1.0": s.link_lost, "9.2.0": not s.utility, "9.3.0": s.low}),
    }


def _control(s: Shown, control: Control) -> dict[str, Leaf]:
    """Seconds to the output's end, and the minutes after which it is switched on again: 0 is never."""
    restart = int(control.settings.get(f"{D}.2.4.0", 0))
    asked = int(control.card.warning_period) if control.card.action in CLIENTS else NEVER

    def off(seconds: int) -> None:
        if seconds == 0:
            control.count_down(-1)
        elif restart:
            control.off_and_on(seconds, 60 * restart)
        else:
            control.count_down(seconds, stays_off=True)

    def restart_after(minutes: int) -> None:
        if not 0 <= minutes <= LONGEST:
            raise BadValue
        control.set_inert(f"{D}.2.4.0", minutes)

    return {
        f"{D}.2.1.0": Leaf("null", None),
        f"{D}.2.2.0": Leaf("null", None),
        f"{D}.2.3.0": Leaf("integer", s.counting or 0, within(0, LONGEST, off)),
        f"{D}.2.4.0": Leaf("integer", restart, restart_after),
        f"{D}.3.6.0": Leaf("integer", asked),
    }
