"""What one answer of a UPS says, object by object, for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ridethrough.core.wording import duration
from ridethrough.ups import clean
from ridethrough.ups.meaning import Field, Meaning, Value, text
from ridethrough.ups.told import Told

# In the order in which people want them; a field that is not here is of no use to them.
WORDS: Mapping[Field, str] = {
    "source": "output source",
    "on_battery": "says it is on battery",
    "discharging": "battery discharges",
    "input_bad": "input is not taken",
    "testing": "test runs",
    "moved_for_test": "last went to battery for a test",
    "battery_fine": "battery is normal",
    "low": "battery is low",
    "replace_battery": "battery is to be replaced",
    "link_lost": "card has lost its UPS",
    "output_off": "output is off",
    "shutting_down": "shuts down",
    "countdown": "countdown",
    "off_delay": "countdown",
    "on_battery_for": "on battery for",
    "runtime": "runtime",
    "charge": "charge",
    "load": "load",
    "watts": "output power",
    "input_volts": "input",
    "input_hertz": "input",
    "output_volts": "output",
    "temperature": "temperature",
    "warning_period": "warning period",
    "shutdown_delay": "shutdown delay",
    "action": "action of the card",
    "low_runtime": "low at a runtime of",
    "low_charge": "low at a charge of",
    "nominal_volts": "nominal",
    "low_transfer": "input taken from",
    "high_transfer": "input taken up to",
    "line_bads": "disturbances of the input",
    "alarms_present": "alarms",
    "maker": "maker",
    "model": "model",
    "serial": "serial number",
    "firmware": "firmware",
    "card_firmware": "firmware of the card",
}
_TIMES = {"on_battery_for", "runtime", "warning_period", "shutdown_delay", "low_runtime"}
_UNITS: Mapping[str, str] = {
    "charge": " %",
    "load": " %",
    "low_charge": " %",
    "watts": " W",
    "input_volts": " V",
    "output_volts": " V",
    "nominal_volts": " V",
    "low_transfer": " V",
    "high_transfer": " V",
    "input_hertz": " Hz",
    "temperature": " degrees Celsius",
    "countdown": " s",
    "off_delay": " s",
}
# A reading doubts runtime, charge and the like, and shows what it believes. These are in no reading: told only here.
_CLEAN: Mapping[str, Callable[[float], float | None]] = {
    "temperature": clean.temperature,
    "low_runtime": clean.low_runtime,
    "low_charge": clean.low_charge,
}
LONGEST = 60  # characters of a raw value


@dataclass(frozen=True, slots=True)
class Evidence:
    """One object: what it is about, what it says, and where that stands on the wire."""

    what: str  # "runtime"
    says: str  # "24 min", as the object says it, before anything is doubted
    name: str  # of the object: an OID, a NUT variable
    raw: str  # its value as it came


def evidence(told: Told, values: Mapping[str, Value]) -> tuple[Evidence, ...]:
    """All that `told` holds of `values`, in the order of `WORDS`, without what no reading holds and cannot be true."""
    return tuple(
        Evidence(what, _says(field, meaning), name, _raw(values.get(name)))
        for field, what in WORDS.items()
        for name, meaning in told.found.get(field, ())
        if not _is_impossible(field, meaning)
    )


def _is_impossible(field: Field, meaning: Meaning) -> bool:
    if isinstance(meaning, str):
        return field in ("maker", "model") and not clean.name(meaning)
    cleaned = _CLEAN.get(field)
    return cleaned is not None and isinstance(meaning, float) and cleaned(meaning) is None


def _says(field: Field, meaning: Meaning) -> str:
    match meaning:
        case bool():
            return "yes" if meaning else "no"
        case float() if field in _TIMES and meaning >= 0:
            return duration(meaning)
        case float():
            return f"{meaning:g}{_UNITS.get(field, '')}"
        case frozenset():
            return ", ".join(str(number) for number in sorted(meaning))
        case _:
            return str(meaning)


def _raw(value: Value) -> str:
    if isinstance(value, bytes | str):
        return (text(value) or "")[:LONGEST]
    return "" if value is None else str(value)
