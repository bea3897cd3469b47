"""The agent's sentences. Those of the log are the manual's (5.2), the form of the broadcast is too (4.2)."""

from datetime import datetime
from typing import Optional

NO_POWER = "Utility power is not available"
GOES_DOWN = "System is being shut down"
LOW = "The battery is low"
RETURNED = "Power has returned to UPS. Canceling shutdown."
WARNING, SHUTDOWN, CLEARED = "Event Warning", "Event Shutdown", "Event Cleared"


def power_loss(after: Optional[float]) -> str:
    """When utility power is gone."""
    when = "when the battery is low" if after is None else "after " + duration(after)
    return "Power loss detected on UPS. System will be shut down " + when


def duration(seconds: float) -> str:
    """5 minutes, 1 minute, 90 seconds."""
    whole = round(seconds)
    number, unit = (whole // 60, "minute") if whole >= 60 and whole % 60 == 0 else (whole, "second")
    return "{} {}{}".format(number, unit, "" if number == 1 else "s")


def broadcast(topic: str, when: datetime, who: str, what: str) -> str:
    """What is shown on the consoles."""
    at = when.strftime("%Y-%m-%d %H:%M:%S")
    return "Ridethrough Agent Message:\nTopic: {}\nWhen: {}\nWho: {}\nWhat: {}\n".format(topic, at, who, what)
