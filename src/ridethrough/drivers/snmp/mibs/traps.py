"""What a notification says, in words, by its OID: for people only, a decision never depends on it (facts/ups.md §4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ridethrough.drivers.snmp.mibs.recognise import ENTERPRISE
from ridethrough.drivers.snmp.mibs.rfc1628 import WELL_KNOWN_ALARMS

GENERIC = "1.3.6.1.6.3.1.1.5"  # snmpTraps (RFC 3418): v1's generic traps 0 to 5 are 1 to 6 here
STANDARD = {
    1: "the card starts",  # coldStart
    2: "the card starts, its settings are as they were",  # warmStart
    3: "a network link is down",  # linkDown
    4: "a network link is up",  # linkUp
    5: "somebody asks it with a wrong community or password",  # authenticationFailure
}

ON_BATTERY, POWER_BACK = "on battery", "utility power is back"
LOW, NOT_LOW = "battery low", "battery no longer low"
LINK_LOST, LINK_BACK = "the card has lost its UPS", "the card has found its UPS again"
TEST_DONE = "a battery test has ended"

# upsTrap... of RFC 1628 and of what copies it; 3 and 4 name an alarm beside.
RFC1628_TRAPS = {1: ON_BATTERY, 2: TEST_DONE, 3: "alarm", 4: "alarm over"}
ALARMS = {
    1: "battery bad",
    2: ON_BATTERY,
    3: LOW,
    4: "battery depleted",
    5: "temperature out of bounds",
    6: "input bad",
    7: "output bad",
    8: "output overloaded",
    9: "on bypass",
    10: "bypass bad",
    11: "output off as asked",
    12: "UPS off as asked",
    13: "charger failed",
    14: "output off",
    15: "UPS off",
    16: "fan failure",
    17: "fuse failure",
    18: "general fault",
    19: "diagnostic test failed",
    20: LINK_LOST,
    21: "awaits utility power",
    22: "shutdown pending",
    23: "shutdown imminent",
    24: "a test runs",
}

# 935, 318 and 3808 have one ancestor and share the numbers to 15; but 4 of 3808 is a runtime calibration.
SHARED = {
    1: LINK_LOST,
    3: "self test failed",
    5: ON_BATTERY,
    7: LOW,
    8: LINK_BACK,
    9: POWER_BACK,
    10: "self test passed",
    11: NOT_LOW,
    12: "UPS off",
    13: "UPS sleeps",
    14: "UPS wakes",
    15: "UPS restarts its output",
}
DISCHARGED = "battery discharged"


@dataclass(frozen=True, slots=True)
class Traps:
    """A family's traps: those whose OIDs begin with `root`, by their last number."""

    family: str  # the Mib's name
    root: str
    says: Mapping[int, str]


TRAPS = (
    Traps("", GENERIC, STANDARD),
    Traps("RFC 1628", "1.3.6.1.2.1.33.2", RFC1628_TRAPS),
    Traps("RIELLOUPS", f"{ENTERPRISE}.5491.10.2", RFC1628_TRAPS),
    Traps(
        "XPPC",
        f"{ENTERPRISE}.935",
        {
            **SHARED,
            4: DISCHARGED,
            32: "on bypass",
            51: "a battery test runs",
            52: "a shutdown is scheduled",
            53: "no longer on bypass",  # upsBypassReturn
            67: "shutdown by low battery",
        },
    ),
    Traps(
        "EPPC",
        f"{ENTERPRISE}.935.10.1.2",
        {
            1: "utility power failed",
            2: POWER_BACK,
            3: LOW,
            4: NOT_LOW,
            7: ON_BATTERY,
            8: "no longer on battery",
            9: "a battery test runs",
            10: TEST_DONE,
            11: "on bypass",
            12: "no longer on bypass",
            13: LINK_LOST,
            14: LINK_BACK,
            15: "the UPS is going to shut down",
            16: "the shutdown is cancelled",
            21: "the UPS sleeps",
            22: "the UPS wakes",
            123: "charge below its limit",
            125: "runtime below its limit",
        },
    ),
    Traps(
        "USHA",
        f"{ENTERPRISE}.2468.1.2.1.2",
        {
            1: POWER_BACK,
            2: "utility power failed",
            3: NOT_LOW,
            4: LOW,
            7: "no longer on battery",
            8: ON_BATTERY,
            9: TEST_DONE,
            10: "a battery test runs",
            13: LINK_LOST,
            14: LINK_BACK,
            15: "the UPS is told to shut down",
            16: "UPS off",
            20: "the shutdown is cancelled",
        },
    ),
    Traps(
        "PowerNet",
        f"{ENTERPRISE}.318",
        {**SHARED, 4: DISCHARGED},
    ),
    Traps(
        "CPS",
        f"{ENTERPRISE}.3808",
        {
            **SHARED,
            22: "a sleep sequence has begun",  # upsEnterSleep
            25: "a turn-off sequence has begun",  # upsTurnoffStarted
            29: "clients are told to shut down",
            33: "the shutdown is cancelled",
            58: ON_BATTERY,  # 58 to 60 repeat RFC 1628's traps 1 to 3; the alarm is not named
            59: TEST_DONE,
            60: "alarm",
        },
    ),
    Traps(
        "MG-SNMP-UPS",
        f"{ENTERPRISE}.705.1.11",
        {
            5: LOW,
            6: NOT_LOW,
            9: "battery condition low",
            10: "battery condition no longer low",
            11: ON_BATTERY,
            12: "no longer on battery",
            17: "utility power failed",
            18: POWER_BACK,
            29: "the output is going to go off",  # upsmgOffToStart
            30: "the output stays on, its switching off was ended",  # upsmgOffAbort
            31: "the output is going off",  # upsmgOffInProgress
            32: "the output is off",  # upsmgOffComplete
            37: LINK_LOST,
            38: LINK_BACK,
            39: "input bad",
            40: "input good",
        },
    ),
    Traps(
        "XUPS",
        f"{ENTERPRISE}.534.1.11.4.1",
        {
            3: ON_BATTERY,
            4: LOW,
            5: POWER_BACK,
            6: NOT_LOW,
            14: "input failed",
            16: "shutdown imminent",
            24: "output off as asked",
            26: LINK_LOST,
            27: "shutdown pending",
            49: LINK_BACK,
            100: "a test trap",  # xupstdTestTrap
        },
    ),
    Traps(
        "DeltaUPS",
        f"{ENTERPRISE}.2254.2.4.20",
        {
            1: LINK_LOST,
            2: LINK_BACK,
            3: ON_BATTERY,
            4: POWER_BACK,
            5: LOW,
            6: NOT_LOW,
            17: "a battery test runs",
        },
    ),
    Traps(
        "DELL-UPS",
        f"{ENTERPRISE}.674",
        {
            41: "shutdown imminent",
            42: "the shutdown is cancelled",
            43: LOW,
            44: NOT_LOW,
            47: "no utility power",
            48: POWER_BACK,
            57: ON_BATTERY,
            58: "no longer on battery",
        },
    ),
)
_WITH_ALARM = (3, 4)


def in_words(trap: str, values: Iterable[object] = ()) -> str:
    """What the notification of this OID says. `values` are those of its variables; RFC 1628's name the alarm there.

    With and without the ".0." before the last number: v2c has it where the trap was made for v1 (RFC 3584, 3.1).
    """
    head, _, last = trap.rpartition(".")
    of = max((t for t in TRAPS if f"{head}.".startswith(f"{t.root}.")), key=lambda t: len(t.root), default=None)
    number = _short(last)
    says = of.says.get(number) if of is not None else None
    if of is None or says is None:
        return f"trap {trap}"
    if of.says is RFC1628_TRAPS and number in _WITH_ALARM:
        return f"{says}: {_alarm(values)}"
    return says


def _alarm(values: Iterable[object]) -> str:
    for value in values:
        head, _, last = str(value).rpartition(".")
        if head == WELL_KNOWN_ALARMS and _short(last) in ALARMS:
            return ALARMS[_short(last)]
    return "one of its maker's own"


def _short(digits: str) -> int:
    """The number, -1 for what is none, or longer than any trap's: a stranger's may have thousands of digits."""
    return int(digits) if digits.isdecimal() and len(digits) <= 9 else -1
