"""Liebert and Vertiv cards: LIEBERT-GP-POWER-MIB 476, its newer tables of labels and values, and ITA2 13400."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs import rfc1628
from ridethrough.drivers.snmp.mibs.table import Mib, Oid
from ridethrough.ups.meaning import Meaning, is_in, minutes, number, one_of, tenths, text, word

L = "1.3.6.1.4.1.476.1.42.3"
G = f"{L}.9.20.1.20.1.2"  # lgpFlexibleValue: text, by data id
I = "1.3.6.1.4.1.13400.2.54"  # noqa: E741 - as the family is called

LIEBERT = Mib(
    name="LIEBERT-GP",
    rows=(
        Oid(f"{L}.5.3.55.0", one_of(rfc1628.SOURCES), "source", needed=True),  # as upsOutputSource
        Oid(f"{L}.5.1.26.0", rfc1628.BATTERY_FINE, "battery_fine"),  # as upsBatteryStatus
        Oid(f"{L}.5.1.26.0", is_in(3, 4), "low"),
        Oid(f"{L}.5.1.14.0", is_in(4), "discharging"),  # lgpPwrBatteryChargeMode discharging
        Oid(f"{L}.5.1.18.0", minutes, "runtime"),  # lgpPwrBatteryTimeRemaining
        Oid(f"{L}.5.1.19.0", number, "charge"),  # lgpPwrBatteryCapacity
    ),
)

_WORDS: dict[str, Meaning] = {
    "normal": Source.UTILITY,
    "battery": Source.BATTERY,
    "bypass": Source.BYPASS,
    "booster": Source.BOOST,
    "reducer": Source.TRIM,
    "none": Source.UNKNOWN,  # as in RFC 1628, on which this text is built
    "other": Source.UNKNOWN,
}
_EVENT: dict[str, Meaning] = {"active event": True, "inactive event": False}

VERTIV = Mib(
    name="LIEBERT-FLEXIBLE",
    walked=True,
    rows=(
        Oid(f"{G}.1.4872", word(_WORDS), "source", needed=True),  # UPS Output Source
        Oid(f"{G}.100.4168", word(_EVENT), "discharging"),  # Battery Discharging
        Oid(f"{G}.100.4162", word(_EVENT), "low"),  # Battery Low
        Oid(f"{G}.1.4150", minutes, "runtime"),  # Battery Time Remaining, minutes
        Oid(f"{G}.1.4153", number, "charge"),  # Battery Percentage Charge
        *(Oid(f"{G}.1.{n}", number, "input_volts") for n in (4096, 4098, 4100)),  # System Input RMS A-N, B-N, C-N
        *(Oid(f"{G}.1.{n}", number, "output_volts") for n in (4385, 4386, 4387)),  # System Output Voltage RMS A-N ..
        *(Oid(f"{G}.1.{n}", number, "load") for n in (4223, 4224, 4225)),  # System Output Pct Power Phase A ..
        Oid(f"{G}.1.4240", text, "model", slow=True),  # System Model Number
    ),
)

ITA2 = Mib(
    name="VERTIV-ITA2",
    walked=True,
    rows=(
        Oid(
            f"{I}.2.1.2.0",  # upsOutputSource
            one_of(
                {
                    0: Source.OFF,
                    1: Source.UTILITY,
                    2: Source.BATTERY,
                    3: Source.BYPASS,
                    4: Source.UTILITY,  # utility power and battery
                }
            ),
            "source",
            needed=True,
        ),
        Oid(f"{I}.2.5.7.0", minutes, "runtime"),  # batteryRemainsTime
        Oid(f"{I}.2.5.10.0", number, "charge"),  # batteryCapacity
        *(Oid(f"{I}.2.2.{n}.0", tenths, "input_volts") for n in (1, 2, 3)),  # inputPhaseVoltageA to C
        *(Oid(f"{I}.2.3.{n}.0", tenths, "output_volts") for n in (1, 2, 3)),  # outputPhaseVoltageA to C
        *(Oid(f"{I}.2.3.{n}.0", tenths, "load") for n in (14, 15, 16)),  # outputLoadA to C
        Oid(f"{I}.1.2.0", text, "model", slow=True),  # identModel
        Oid(f"{I}.1.3.0", text, "serial", slow=True),  # identIndex
    ),
)
