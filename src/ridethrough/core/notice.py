"""Which events people are notified of: the class, the severity and the subject of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from . import events as e
from .memory import STOOD_STILL


class EventClass(StrEnum):
    """What a notification is about."""

    UTILITY = "utility power"  # lost, back, low battery, countdowns
    OUTAGE = "outage"  # maintenance mode, shutdowns, VMs without a place
    RESULTS = "results"  # how each action on a host or VM ended, hosts down and back
    ALERTS = "alerts"
    SILENCE = "silence"  # of UPSs
    REQUESTS = "requests"  # of people: hold, maintenance mode, arm
    SETTINGS = "settings"  # what people change beside: accounts, site.toml
    CONTROLLER = "controller"  # starts, standstills, bugs


class Severity(StrEnum):
    """How bad it is; the worst last."""

    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"

    def reaches(self, least: Severity) -> bool:
        """Whether it is as bad as `least`, or worse."""
        order = list(Severity)
        return order.index(self) >= order.index(least)


@dataclass(frozen=True, slots=True)
class Notice:
    """What an event is about, how bad it is, and whom it concerns; an empty subject: the whole site."""

    about: EventClass
    severity: Severity
    subject: str = ""


C, INFO, WARNING, DANGER = EventClass, Severity.INFO, Severity.WARNING, Severity.DANGER


def notice(event: e.Event) -> Notice | None:
    """What people are told of this event; None: nothing, it says little without the events around it."""
    match event:
        case e.ControllerStarted():
            return Notice(C.CONTROLLER, WARNING if event.alive_until is not None else INFO)
        case e.ControllerResumed():
            return Notice(C.CONTROLLER, WARNING)
        case e.RoundFailed() | e.JournalCutBack():
            return Notice(C.CONTROLLER, DANGER)
        case e.Armed():
            return Notice(C.REQUESTS, INFO)
        case e.Disarmed():
            return Notice(C.REQUESTS, WARNING)
        case e.Requested() | e.RequestRefused() | e.RequestDone():
            return _asked(event)
        case e.SettingsTaken():
            return Notice(C.SETTINGS, INFO)
        case e.Alerted():
            return Notice(C.ALERTS, INFO if event.key == "test" else WARNING, event.subject)
        case e.AlertCleared():
            return Notice(C.ALERTS, INFO, event.subject)
        case e.ActionFinished() | e.ActionTold():
            return _acted(event)
        case e.HostDown() | e.HostHeard() | e.HostReturned():
            return Notice(C.RESULTS, INFO, event.host)
        case e.VmFound() | e.VmRunsAgain():
            return Notice(C.RESULTS, INFO, event.name)
        case e.VmLeftOff():
            return Notice(C.RESULTS, WARNING, event.name)
        case e.HandOverBegun() | e.HandOverEnded():
            return Notice(C.OUTAGE, WARNING, event.pool)
        case e.PoolRestored():
            return Notice(C.OUTAGE, WARNING if event.differences else INFO, event.pool)
        case e.PoolRecorded():
            return Notice(C.OUTAGE, INFO, event.pool)
        case e.EvacuationBegun() | e.ShutdownBegun() | e.HostYielded() | e.HoldOverridden() | e.ShutdownLost():
            return Notice(C.OUTAGE, DANGER if isinstance(event, e.ShutdownBegun) else WARNING, event.host)
        case e.ShutdownDropped() | e.EvacuationEnded():
            return Notice(C.OUTAGE, INFO, event.host)
        case e.HoldEnded():
            return Notice(C.REQUESTS, WARNING, event.host)
        case e.SkipEnded():
            return Notice(C.REQUESTS, INFO, event.name)
        case e.HostEmptied():
            return Notice(C.OUTAGE, WARNING if event.left else INFO, event.host)
        case e.VmUnplaced():
            return Notice(C.OUTAGE, WARNING, event.name)
        case e.StorageStopBegun():
            return Notice(C.OUTAGE, DANGER, event.storage)
        case e.StorageStopDropped():
            return Notice(C.OUTAGE, INFO, event.storage)
        case e.StorageDown() | e.StorageBack():
            return Notice(C.RESULTS, INFO, event.storage)
        case e.ActionStarted():
            return None
        case _:
            return _of_ups(event)


def _of_ups(event: e.UpsEvent) -> Notice | None:
    match event:
        case e.UtilityLost() | e.UtilityLostAgain():
            return Notice(C.UTILITY, WARNING, event.ups)
        case e.UtilityBack():
            # As bad as the loss, for who is told of nothing below: one wants to hear of the end, too.
            return Notice(C.UTILITY, WARNING, event.ups)
        case e.UtilitySeen() | e.CountdownOver():
            return Notice(C.UTILITY, INFO, event.ups)
        case e.LowBattery() | e.CountdownSeen() | e.OutputOff():
            return Notice(C.UTILITY, DANGER, event.ups)
        case e.UpsSilent():
            return Notice(C.SILENCE, DANGER if event.on_battery else WARNING, event.ups)
        case e.UpsAnswers():
            return Notice(C.SILENCE, INFO, event.ups)
        case e.BatteryMeasured():
            return Notice(C.UTILITY, WARNING if event.held < 1.0 else INFO, event.ups)
        case e.UpsKnown() | e.UtilityDoubted() | e.DoubtCleared() | e.RuntimeTold() | e.TrapHeard():
            return None
        case _:
            assert_never(event)


def _asked(event: e.Requested | e.RequestRefused | e.RequestDone) -> Notice | None:
    if event.ask is e.Ask.NOTE:
        return Notice(C.SETTINGS, INFO, event.subject) if isinstance(event, e.Requested) else None
    if isinstance(event, e.RequestDone):
        return None  # the steps that follow tell it
    return Notice(C.REQUESTS, WARNING if isinstance(event, e.RequestRefused) else INFO, event.subject)


def _acted(event: e.ActionFinished | e.ActionTold) -> Notice:
    action = event.action
    named = next((found for key in ("name", "host", "storage") if (found := getattr(action, key, ""))), "")
    subject: str = named or action.pool
    failed = isinstance(event, e.ActionFinished) and event.error not in (None, STOOD_STILL)
    return Notice(C.RESULTS, WARNING if failed else INFO, subject)
