"""What each family's traps say: facts about cards, copied from their documents and not from the program."""

from __future__ import annotations

import pytest

from ridethrough.drivers.snmp.mibs.traps import TRAPS, in_words
from ridethrough.sim.cards import Family
from ridethrough.sim.cards_mib.traps import ALARMS, Change
from ridethrough.sim.cards_mib.traps import TRAPS as SENT

E = "1.3.6.1.4.1"
SAYS: dict[str, tuple[str, dict[int, str]]] = {
    "": (
        "1.3.6.1.6.3.1.1.5",
        {
            1: "the card starts",
            2: "the card starts, its settings are as they were",
            3: "a network link is down",
            4: "a network link is up",
            5: "somebody asks it with a wrong community or password",
        },
    ),
    "RFC 1628": (
        "1.3.6.1.2.1.33.2",
        {
            1: "on battery",
            2: "a battery test has ended",
            3: "alarm: one of its maker's own",
            4: "alarm over: one of its maker's own",
        },
    ),
    "RIELLOUPS": (
        f"{E}.5491.10.2",
        {
            1: "on battery",
            2: "a battery test has ended",
            3: "alarm: one of its maker's own",
            4: "alarm over: one of its maker's own",
        },
    ),
    "XPPC": (
        f"{E}.935",
        {
            1: "the card has lost its UPS",  # communicationLost
            3: "self test failed",  # upsDiagnosticsFailed
            4: "battery discharged",  # upsDischarged
            5: "on battery",  # upsOnBattery
            7: "battery low",  # lowBattery
            8: "the card has found its UPS again",  # communicationEstablished
            9: "utility power is back",  # powerRestored
            10: "self test passed",  # upsDiagnosticsPassed
            11: "battery no longer low",  # returnFromLowBattery
            12: "UPS off",  # upsTurnedOff
            13: "UPS sleeps",  # upsSleeping
            14: "UPS wakes",  # upsWokeUp
            15: "UPS restarts its output",  # upsRebootStarted
            32: "on bypass",  # upsBypass
            51: "a battery test runs",  # upsTest
            52: "a shutdown is scheduled",  # upsScheduleShutdown
            53: "no longer on bypass",  # upsBypassReturn
            67: "shutdown by low battery",  # upsLowBatteryShutdown
        },
    ),
    "EPPC": (
        f"{E}.935.10.1.2",
        {
            1: "utility power failed",  # upsEPowerFail
            2: "utility power is back",  # upsEPowerRestored
            3: "battery low",  # upsELowBattery
            4: "battery no longer low",  # upsEReturnFromLowBattery
            7: "on battery",  # upsEOnBattery
            8: "no longer on battery",  # upsENotOnBattery
            9: "a battery test runs",  # upsETestInProgress
            10: "a battery test has ended",  # upsETestOver
            11: "on bypass",  # upsEBypassOn
            12: "no longer on bypass",  # upsEOnline
            13: "the card has lost its UPS",  # upsECommunicationLost
            14: "the card has found its UPS again",  # upsECommunicationEstablished
            15: "the UPS is going to shut down",  # upsEGoingShutdown
            16: "the shutdown is cancelled",  # upsEShutdownCancelled
            21: "the UPS sleeps",  # upsESleeping
            22: "the UPS wakes",  # upsEWokeUp
            123: "charge below its limit",  # upsEBelowCapacityLimit
            125: "runtime below its limit",  # upsEBelowRemainTimeLimit
        },
    ),
    "USHA": (  # of two that belong together the calming one comes first, but for 13 to 16: the reverse of EPPC
        f"{E}.2468.1.2.1.2",
        {
            1: "utility power is back",
            2: "utility power failed",
            3: "battery no longer low",
            4: "battery low",
            7: "no longer on battery",
            8: "on battery",
            9: "a battery test has ended",
            10: "a battery test runs",
            13: "the card has lost its UPS",
            14: "the card has found its UPS again",
            15: "the UPS is told to shut down",
            16: "UPS off",
            20: "the shutdown is cancelled",
        },
    ),
    "PowerNet": (
        f"{E}.318",
        {
            1: "the card has lost its UPS",
            3: "self test failed",
            4: "battery discharged",
            5: "on battery",
            7: "battery low",
            8: "the card has found its UPS again",
            9: "utility power is back",
            10: "self test passed",
            11: "battery no longer low",
            12: "UPS off",
            13: "UPS sleeps",
            14: "UPS wakes",
            15: "UPS restarts its output",
        },
    ),
    "CPS": (
        f"{E}.3808",
        {
            1: "the card has lost its UPS",  # communicationLost
            3: "self test failed",  # upsDiagnosticsFailed
            5: "on battery",  # upsOnBattery
            7: "battery low",  # lowBattery
            8: "the card has found its UPS again",  # communicationEstablished
            9: "utility power is back",  # powerRestored
            10: "self test passed",  # upsDiagnosticsPassed
            11: "battery no longer low",  # returnFromLowBattery
            12: "UPS off",  # upsTurnedOff
            13: "UPS sleeps",  # upsSleeping
            14: "UPS wakes",  # upsWokeUp
            15: "UPS restarts its output",  # upsRebootStarted
            22: "a sleep sequence has begun",  # upsEnterSleep
            25: "a turn-off sequence has begun",  # upsTurnoffStarted
            29: "clients are told to shut down",  # upsSignalClientShutdown
            33: "the shutdown is cancelled",  # upsCommandCancel
            58: "on battery",  # upsRFC1628TrapOnBattery
            59: "a battery test has ended",  # upsRFC1628TrapTestCompleted
            60: "alarm",  # upsRFC1628TrapAlarmEntryAdded
        },
    ),
    "MG-SNMP-UPS": (
        f"{E}.705.1.11",
        {
            5: "battery low",
            6: "battery no longer low",
            9: "battery condition low",
            10: "battery condition no longer low",
            11: "on battery",  # upsmgOnBattery
            12: "no longer on battery",  # upsmgReturnFromBattery
            17: "utility power failed",  # upsmgUtilityFailure
            18: "utility power is back",  # upsmgUtilityRestored
            29: "the output is going to go off",  # upsmgOffToStart
            30: "the output stays on, its switching off was ended",  # upsmgOffAbort
            31: "the output is going off",  # upsmgOffInProgress
            32: "the output is off",  # upsmgOffComplete
            37: "the card has lost its UPS",
            38: "the card has found its UPS again",
            39: "input bad",
            40: "input good",
        },
    ),
    "XUPS": (
        f"{E}.534.1.11.4.1",
        {
            3: "on battery",  # xupstdOnBattery
            4: "battery low",  # xupstdLowBattery
            5: "utility power is back",  # xupstdUtilityPowerRestored
            6: "battery no longer low",  # xupstdReturnFromLowBattery
            14: "input failed",  # xupstdInputFailure
            16: "shutdown imminent",  # xupstdShutdownImminent
            24: "output off as asked",  # xupstdOutputOffAsRequested
            26: "the card has lost its UPS",  # xupstdCommunicationsLost
            27: "shutdown pending",  # xupstdUpsShutdownPending
            49: "the card has found its UPS again",
            100: "a test trap",
        },
    ),
    "DeltaUPS": (
        f"{E}.2254.2.4.20",
        {
            1: "the card has lost its UPS",
            2: "the card has found its UPS again",
            3: "on battery",
            4: "utility power is back",
            5: "battery low",
            6: "battery no longer low",
            17: "a battery test runs",
        },
    ),
    "DELL-UPS": (
        f"{E}.674.10902.2.1",
        {
            41: "shutdown imminent",
            42: "the shutdown is cancelled",
            43: "battery low",
            44: "battery no longer low",
            47: "no utility power",
            48: "utility power is back",
            57: "on battery",
            58: "no longer on battery",
        },
    ),
}
EACH = [(family, f"{root}{{}}.{n}", says) for family, (root, row) in SAYS.items() for n, says in row.items()]


@pytest.mark.parametrize(("family", "trap", "says"), EACH, ids=[f"{f or 'generic'} {t.format('')}" for f, t, _ in EACH])
def test_each_familys_traps_in_words(family: str, trap: str, says: str) -> None:
    assert in_words(trap.format("")) == says
    assert in_words(trap.format(".0")) == says  # v2c's form of a trap that was made for v1 has it


def test_no_number_has_words_that_are_not_checked_here() -> None:
    assert {traps.family: sorted(traps.says) for traps in TRAPS} == {
        family: sorted(row) for family, (_, row) in SAYS.items()
    }


TOLD = {
    Change.ON_BATTERY: {"on battery", "utility power failed", "no utility power"},
    Change.POWER_BACK: {"utility power is back", "no longer on battery", "alarm over: on battery"},
    Change.LOW: {"battery low", "alarm: battery low"},
    Change.LOW_OVER: {"battery no longer low", "alarm over: battery low"},
    Change.LINK_LOST: {"the card has lost its UPS", "alarm: the card has lost its UPS"},
    Change.LINK_BACK: {"the card has found its UPS again", "alarm over: the card has lost its UPS"},
    Change.COUNTING_OVER: {"the shutdown is cancelled", "alarm over: shutdown pending"},
    Change.TEST: {"a test trap"},
}


@pytest.mark.parametrize("family", SENT, ids=str)
def test_simulated_cards_send_what_these_documents_say(family: Family) -> None:
    """The simulator has a table of its own."""
    numbers = SENT[family]
    alarms = {change: f"1.3.6.1.2.1.33.1.6.3.{alarm}" for change, (_, alarm) in ALARMS.items()}
    for change in numbers.by_change.keys() & TOLD:
        said = {in_words(numbers.oid(n), [alarms.get(change, "")]) for n in numbers.by_change[change]}
        assert said <= TOLD[change], change


@pytest.mark.parametrize("root", ["1.3.6.1.2.1.33.2", "1.3.6.1.2.1.33.2.0", "1.3.6.1.4.1.5491.10.2"])
def test_rfc_1628_names_the_alarm_in_its_variables(root: str) -> None:
    assert in_words(f"{root}.1") == "on battery"
    assert in_words(f"{root}.4", ["17", "1.3.6.1.2.1.33.1.6.3.2"]) == "alarm over: on battery"
    assert in_words(f"{root}.3", ["1.3.6.1.2.1.33.1.6.3.3"]) == "alarm: battery low"
    assert in_words(f"{root}.3", ["1.3.6.1.2.1.33.1.6.3.20"]) == "alarm: the card has lost its UPS"
    assert in_words(f"{root}.3", ["1.3.6.1.4.1.9999.1"]) == "alarm: one of its maker's own"


def test_a_trap_that_no_table_knows_is_told_by_its_oid() -> None:
    assert in_words("1.3.6.1.4.1.318.0.999") == "trap 1.3.6.1.4.1.318.0.999"
    assert in_words("1.3.6.1.4.1.9.0.1") == "trap 1.3.6.1.4.1.9.0.1"
