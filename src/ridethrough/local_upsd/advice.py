"""What a UPS behind this machine's upsd says, what it does not, and how NUT can be told to work that out."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Dialects of nutdrv_qx whose UPSs tell a charge of their own; the others tell volts.
OWN_CHARGE = re.compile(r"Voltronic \d|Q6|BestUPS|Masterguard")


def is_up(variables: Mapping[str, str]) -> bool:
    """Whether the driver has looked long enough to tell everything that it will tell."""
    if variables.get("ups.status") in (None, "", "WAIT"):
        return False
    # A runtime is worked out from the second look on.
    return "driver.parameter.runtimecal" not in variables or "battery.runtime" in variables


def model(variables: Mapping[str, str]) -> str:
    """Maker and model, as far as they are told."""
    told = [variables.get(f"device.{what}") or variables.get(f"ups.{what}") or "" for what in ("mfr", "model")]
    return " ".join(text.strip() for text in told if text.strip())


def untold(variables: Mapping[str, str]) -> list[str]:
    """What it does not tell, and what is guessed: each with what to write into its section of ups.conf."""
    found = []
    qx = variables.get("driver.name") == "nutdrv_qx"
    own = bool(OWN_CHARGE.match(variables.get("driver.version.data", "")))
    if not model(variables):
        found.append("It tells no maker and no model.")
    if "battery.charge" not in variables:
        text = "It tells no charge."
        if qx:
            text += (
                " NUT works one out from the volts of the battery, once ups.conf says at which it is empty and full, "
                "for two blocks of 12 V, say: default.battery.voltage.low = 20.8, default.battery.voltage.high = 26.0."
            )
        found.append(text)
    elif qx and not own and "driver.parameter.runtimecal" not in variables:
        low, high = (variables.get(f"battery.voltage.{end}") for end in ("low", "high"))
        found.append(
            f"Its charge is worked out from the volts of its battery, empty at {low} and full at {high}. While it is "
            "charged the volts are high, so it says 100 % too soon. Where these two are wrong, write "
            "default.battery.voltage.low and default.battery.voltage.high."
        )
    if "battery.runtime" not in variables:
        text = "It tells no runtime."
        if qx:
            text += (
                " NUT works one out once ups.conf has two runtimes of it, from its maker's table or measured: "
                "runtimecal = 240,100,720,50 means 240 s at 100 % of load, 720 s at 50 %."
            )
        found.append(f"{text} Without one, Ridethrough goes by its low battery and by the hosts' own times.")
    status = variables.get("ups.status", "").split()
    if "FSD" in status and "OB" not in status:
        found.append(
            "It says that a shutdown is under way, though it has utility power. Some UPSs say so always: then write "
            "ignoresab, or it counts as low battery."
        )
    return found
