"""A simulated card's RFC 1628 objects. The vendors' cards answer them too, each with the flaws of real ones."""

from __future__ import annotations

from functools import partial

from ridethrough.core.observation import Source
from ridethrough.sim.cards import Family, SelfTest
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import BadValue, Leaf
from ridethrough.sim.families import NOMINAL_VOLTS

UPS = "1.3.6.1.2.1.33.1"
LONGEST_REBOOT = 300  # upsRebootWithDuration
IMMINENT = 5.0  # seconds before the cut at which upsAlarmShutdownImminent appears
SOURCES = {  # upsOutputSource
    Source.OFF: 2,
    Source.UTILITY: 3,
    Source.BYPASS: 4,
    Source.BATTERY: 5,
    Source.BOOST: 6,
    Source.TRIM: 7,
}

RESULTS = {SelfTest.PASSED: 1, SelfTest.ABORTED: 4, SelfTest.NONE: 6}  # upsTestResultsSummary; 5: a test runs


def leaves(s: Shown, control: Control) -> dict[str, Leaf]:
    """Every object of the groups identity, battery, input, output, alarm, test, control and config."""
    return {
        **identity(control),
        **battery(s, control),
        **lines(s),
        **alarm_table(s, control),
        **test(s, control),
        **_control(s, control),
        **_config(control),
    }


def identity(control: Control) -> dict[str, Leaf]:
    return {
        f"{UPS}.1.1.0": Leaf("string", "Ridethrough"),
        f"{UPS}.1.2.0": Leaf("string", control.card.model),
        f"{UPS}.1.3.0": Leaf("string", "1.0"),
        f"{UPS}.1.4.0": Leaf("string", "simulated"),
        f"{UPS}.1.5.0": _inert(control, f"{UPS}.1.5.0", control.ups.id.encode()),
        f"{UPS}.1.6.0": _inert(control, f"{UPS}.1.6.0", b""),
    }


def battery(s: Shown, control: Control) -> dict[str, Leaf]:
    status = 4 if s.spent else 3 if s.low else 2
    return {
        f"{UPS}.2.1.0": Leaf("integer", status),
        f"{UPS}.2.2.0": Leaf("integer", int(s.on_battery_for)),
        f"{UPS}.2.3.0": _minutes(s, control),
        f"{UPS}.2.4.0": Leaf("integer", s.charge),
        f"{UPS}.2.5.0": Leaf("integer", 480 + int(0.6 * s.charge)),
        f"{UPS}.2.6.0": Leaf("integer", s.watts // 5 if s.on_battery else 0),
        f"{UPS}.2.7.0": Leaf("integer", 25),
    }


def _minutes(s: Shown, control: Control) -> Leaf:
    """upsEstimatedMinutesRemaining: 0 for ever on the XPPC card recorded, TimeTicks on the WebPower one."""
    match control.card.tells:
        case Family.XPPC:
            return Leaf("integer", 0)
        case Family.USHA:
            return Leaf("ticks", int(s.runtime / 60))
        case Family.HUAWEI:  # recording lnms-huaweiups_ups2000: all bits, on utility power
            return Leaf("gauge", int(s.runtime / 60) if s.on_battery else 2**32 - 1)
        case _:
            return Leaf("integer", int(s.runtime / 60))


def lines(s: Shown) -> dict[str, Leaf]:
    hertz = 500 if s.utility else 0
    return {
        f"{UPS}.3.1.0": Leaf("counter", s.line_bads),
        f"{UPS}.3.2.0": Leaf("integer", 1),
        f"{UPS}.3.3.1.2.1": Leaf("integer", hertz),
        f"{UPS}.3.3.1.3.1": Leaf("integer", s.input_volts),
        f"{UPS}.4.1.0": Leaf("integer", SOURCES[s.source]),
        f"{UPS}.4.2.0": Leaf("integer", 500 if s.output_volts else 0),
        f"{UPS}.4.3.0": Leaf("integer", 1),
        f"{UPS}.4.4.1.2.1": Leaf("integer", s.output_volts),
        f"{UPS}.4.4.1.3.1": Leaf("integer", 10 * s.watts // NOMINAL_VOLTS),
        f"{UPS}.4.4.1.4.1": Leaf("integer", s.watts),
        f"{UPS}.4.4.1.5.1": Leaf("integer", s.load),
        f"{UPS}.5.1.0": Leaf("integer", hertz),
        f"{UPS}.5.2.0": Leaf("integer", 0),
    }


def alarms(s: Shown, control: Control) -> list[int]:
    """The well-known alarms that are present. XPPC and USHA cards do not tell of their countdown (facts §2.12)."""
    counting = s.countdown if control.card.tells_countdown else None
    present = {
        2: s.on_battery,
        3: s.low,
        4: s.on_battery and s.charge <= 0,
        6: not s.utility,
        14: s.source is Source.OFF,
        20: s.link_lost,
        21: s.source is Source.OFF and not s.utility,
        22: counting is not None,
        23: counting is not None and counting < IMMINENT,
        24: s.testing,
    }
    return [number for number, there in present.items() if there]


def alarm_table(s: Shown, control: Control) -> dict[str, Leaf]:
    present = alarms(s, control)
    rows = {f"{UPS}.6.1.0": Leaf("gauge", len(present))}
    for row, number in enumerate(present, 1):
        rows[f"{UPS}.6.2.1.1.{row}"] = Leaf("integer", row)
        rows[f"{UPS}.6.2.1.2.{row}"] = Leaf("oid", f"{UPS}.6.3.{number}")
        rows[f"{UPS}.6.2.1.3.{row}"] = Leaf("ticks", max(int(100 * (s.up_for - s.on_battery_for)), 0))
    return rows


def test(s: Shown, control: Control) -> dict[str, Leaf]:
    no_test, abort, quick = (f"{UPS}.7.7.{n}" for n in (1, 2, 4))

    def start(test: str) -> None:
        if test == abort:
            control.end_test()
        elif test in (quick, f"{UPS}.7.7.3"):
            control.start_test()
        elif test != no_test:
            raise BadValue

    return {
        f"{UPS}.7.1.0": Leaf("oid", quick if s.testing else no_test, start),
        f"{UPS}.7.2.0": _inert(control, f"{UPS}.7.2.0", 1),
        f"{UPS}.7.3.0": Leaf("integer", 5 if s.testing else RESULTS[s.last_test]),
        f"{UPS}.7.4.0": Leaf("string", ""),
    }


def _control(s: Shown, control: Control) -> dict[str, Leaf]:
    delays: dict[str, Leaf]
    if control.card.tells is Family.USHA:  # recording simdata-ingrasys-power-switch: TimeTicks 0, always
        delays = {f"{UPS}.8.{number}.0": Leaf("ticks", 0) for number in (2, 3, 4)}
    else:
        counting = s.counting if control.card.tells_countdown else None
        starting = control.starts_in if control.card.tells_countdown else None
        delays = {
            f"{UPS}.8.2.0": Leaf(
                "integer", -1 if counting is None else counting, partial(control.count_down, in_outage=True)
            ),
            f"{UPS}.8.3.0": Leaf("integer", -1 if starting is None else starting, control.start_after),
            f"{UPS}.8.4.0": Leaf("integer", -1, partial(_reboot, control)),
        }
    restarts = Leaf("integer", 1 if control.ups.auto_restart else 2, partial(_auto_restart, control))
    return {f"{UPS}.8.1.0": _inert(control, f"{UPS}.8.1.0", 1), **delays, f"{UPS}.8.5.0": restarts}


def _reboot(control: Control, seconds: int) -> None:
    """Off at once, and on again after so many seconds; -1 is none."""
    if not -1 <= seconds <= LONGEST_REBOOT:
        raise BadValue
    if seconds >= 0:
        control.off_and_on(0, seconds)


def _auto_restart(control: Control, number: int) -> None:
    if number not in (1, 2):
        raise BadValue
    control.set_auto_restart(number == 1)


def _config(control: Control) -> dict[str, Leaf]:
    rated = int(control.ups.rated_watts)
    fixed = {1: NOMINAL_VOLTS, 2: 500, 3: NOMINAL_VOLTS, 4: 500, 5: rated, 6: rated, 9: 176, 10: 276}
    low = Leaf("integer", int(control.ups.low_runtime // 60), lambda m: control.set_low_runtime(60 * m))
    return {
        **{f"{UPS}.9.{number}.0": Leaf("integer", value) for number, value in fixed.items()},
        f"{UPS}.9.7.0": low,
        f"{UPS}.9.8.0": _inert(control, f"{UPS}.9.8.0", 2),
    }


def _inert(control: Control, oid: str, usual: int | bytes) -> Leaf:
    value = control.settings.get(oid, usual)
    return Leaf("string" if isinstance(value, bytes) else "integer", value, partial(control.set_inert, oid))
