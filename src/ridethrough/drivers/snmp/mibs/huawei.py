"""HUAWEI-UPS-MIB 2011.6.174.1: UPS2000 and UPS5000. Volts and load in tenths; the index need not be 1."""

from __future__ import annotations

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Mib, column
from ridethrough.ups.meaning import is_in, number, one_of, tenths, text

V = "1.3.6.1.4.1.2011.6.174.1"

SOURCES = {
    1: Source.OFF,  # no supply
    2: Source.BYPASS,
    3: Source.UTILITY,
    4: Source.BATTERY,
    5: Source.UTILITY,  # joint: utility power and battery
    6: Source.ECO,
    7: Source.BATTERY,  # battery, in eco mode
}

HUAWEI = Mib(
    name="HUAWEI-UPS",
    rows=(
        column(f"{V}.2.101.1.1", one_of(SOURCES), "source", needed=True),  # hwUpsCtrlPowerSupplyMethod
        # battery state: 1 not connected, 2 idle, 3 hibernating, 4 float, 5 equalized charging, 6 discharging
        column(f"{V}.2.101.1.3", one_of({1: False, 2: True, 3: True, 4: True, 5: True}), "battery_fine"),
        column(f"{V}.2.101.1.3", is_in(6), "discharging"),
        column(f"{V}.6.100.1.3", number, "charge"),
        column(f"{V}.6.100.1.4", number, "runtime"),  # seconds
        *(column(f"{V}.3.100.1.{phase}", tenths, "input_volts") for phase in (1, 2, 3)),
        *(column(f"{V}.4.100.1.{phase}", tenths, "output_volts") for phase in (1, 2, 3)),
        *(column(f"{V}.4.100.1.{phase}", tenths, "load") for phase in (14, 15, 16)),
        column(f"{V}.2.100.1.2", text, "model", slow=True),
        column(f"{V}.2.100.1.3", text, "firmware", slow=True),
        column(f"{V}.2.100.1.5", text, "serial", slow=True),
    ),
)
