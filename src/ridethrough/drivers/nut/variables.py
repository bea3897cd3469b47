"""NUT's variables and what they mean (NUT docs/nut-names.txt, docs/new-drivers.txt "Status data")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Source, UpsReading
from ridethrough.drivers.nut.server import NutConfig, Silent
from ridethrough.ups.meaning import Convert, Field, Meaning, Value, decimal, text
from ridethrough.ups.reader import Reader
from ridethrough.ups.told import Told

# What OL stands for beside these words of ups.status. An unknown word means nothing.
KINDS = {"BYPASS": Source.BYPASS, "BOOST": Source.BOOST, "TRIM": Source.TRIM, "ECO": Source.ECO, "HE": Source.ECO}


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a UPS."""

    name: str
    convert: Convert
    field: Field


def words(value: Value) -> frozenset[str]:
    """The words of ups.status."""
    return frozenset((text(value) or "").upper().split())


def is_forced(value: Value) -> bool:
    """FSD before all other words: upsd itself puts it there once a client has ordered a forced shutdown, until it is
    restarted. The UPS is about to be switched off, even where power returns meanwhile. Behind others it is a word of
    the driver, and some old ones say it all the time: recordings blazer_usb.
    """
    return (text(value) or "").upper().split()[:1] == ["FSD"]


def battery(value: Value) -> Meaning | None:
    """OB; or a forced shutdown, which counts as OB LB, as it does for upsmon."""
    return Source.BATTERY if "OB" in words(value) or is_forced(value) else None


def carried(value: Value) -> Meaning | None:
    """OL, and how: OL and OB speak of the input line only. Some drivers leave OL out beside BYPASS, TRIM or BOOST."""
    told = words(value)
    if is_forced(value):
        return None
    kinds = [source for word, source in KINDS.items() if word in told]
    return kinds[0] if kinds else Source.UTILITY if "OL" in told else None


def off(value: Value) -> Meaning | None:
    return Source.OFF if "OFF" in words(value) else None


def has(*wanted: str) -> Convert:
    """Whether ups.status holds any of these words; None when it says nothing at all."""

    def convert(value: Value) -> Meaning | None:
        told = words(value)
        return not told.isdisjoint(wanted) if told else None

    return convert


def in_progress(value: Value) -> Meaning | None:
    told = text(value)
    return None if told is None else told.casefold() == "in progress"


def told_by(variables: Mapping[str, str]) -> Told:
    return Told.of(VARIABLES, variables)


def reading(config: NutConfig, variables: Mapping[str, str], reader: Reader, at: Seconds) -> UpsReading:
    """What a UPS's variables say. Raises Silent when its status says nothing of its power."""
    told = told_by(variables)
    if not told.sources():
        said = variables.get("ups.status")
        what = "it tells no ups.status" if said is None else f'its ups.status says nothing of its power: "{said[:60]}"'
        raise Silent(f"{config.server.address}: {config.name}: {what}")
    return reader.read(told, at)


VARIABLES = (
    Variable("ups.status", off, "source"),
    Variable("ups.status", battery, "source"),
    Variable("ups.status", carried, "source"),
    Variable("ups.status", has("LB", "FSD"), "low"),
    Variable("ups.status", has("RB"), "replace_battery"),
    Variable("ups.status", has("CAL", "TEST"), "testing"),
    # DISCHRG is no sign of an outage: drivers say it of a calibration, and HP's R12000 of every day.
    Variable("ups.test.result", in_progress, "testing"),
    Variable("ups.timer.shutdown", decimal, "countdown"),
    Variable("battery.runtime", decimal, "runtime"),
    Variable("battery.charge", decimal, "charge"),
    Variable("ups.load", decimal, "load"),
    Variable("input.voltage", decimal, "input_volts"),
    *(Variable(f"input.L{n}-N.voltage", decimal, "input_volts") for n in (1, 2, 3)),
    Variable("input.frequency", decimal, "input_hertz"),
    Variable("output.voltage", decimal, "output_volts"),
    *(Variable(f"output.L{n}-N.voltage", decimal, "output_volts") for n in (1, 2, 3)),
    Variable("input.voltage.nominal", decimal, "nominal_volts"),
    Variable("input.transfer.low", decimal, "low_transfer"),
    Variable("input.transfer.high", decimal, "high_transfer"),
    Variable("battery.runtime.low", decimal, "low_runtime"),
    Variable("battery.charge.low", decimal, "low_charge"),
    Variable("ups.realpower", decimal, "watts"),
    Variable("ups.temperature", decimal, "temperature"),
    Variable("battery.temperature", decimal, "temperature"),
    Variable("device.mfr", text, "maker"),
    Variable("ups.mfr", text, "maker"),
    Variable("device.model", text, "model"),
    Variable("ups.model", text, "model"),
    Variable("device.serial", text, "serial"),
    Variable("ups.serial", text, "serial"),
    Variable("ups.firmware", text, "firmware"),
)
