"""Of which events people are notified, and how bad each is."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.notice import EventClass, Notice, Severity, notice

C, INFO, WARNING, DANGER = EventClass, Severity.INFO, Severity.WARNING, Severity.DANGER
MOVE = a.MoveVm("v1", "web1", "pool1", "h1", "h2", "", 60.0)
SILENT_ON_PURPOSE = {
    e.ActionStarted,  # its end tells more
    e.RequestDone,  # the steps that follow tell it
    e.UpsKnown,
    e.UtilityDoubted,
    e.DoubtCleared,
    e.RuntimeTold,
    e.TrapHeard,
}


@pytest.mark.parametrize("kind", get_args(e.Event), ids=lambda kind: kind.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_every_event_has_a_class_or_is_left_out_on_purpose(kind: type, data: st.DataObject) -> None:
    told = notice(data.draw(st.from_type(kind)))
    if kind in SILENT_ON_PURPOSE:
        assert told is None
    elif kind is not e.Requested and kind is not e.RequestRefused:
        assert told is not None


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (e.UtilityLost(1, "ups1", 0, 0, None, None, None, None, 10, ""), Notice(C.UTILITY, WARNING, "ups1")),
        (e.UtilityBack(1, "ups1", 60), Notice(C.UTILITY, WARNING, "ups1")),
        (e.LowBattery(1, "ups1", ""), Notice(C.UTILITY, DANGER, "ups1")),
        (e.UpsSilent(1, "ups1", 0, on_battery=True), Notice(C.SILENCE, DANGER, "ups1")),
        (e.UpsSilent(1, "ups1", 0, on_battery=False), Notice(C.SILENCE, WARNING, "ups1")),
        (e.PoolRestored(1, "pool1", ()), Notice(C.OUTAGE, INFO, "pool1")),
        (e.PoolRestored(1, "pool1", ("web1 is halted",)), Notice(C.OUTAGE, WARNING, "pool1")),
        (e.ShutdownBegun(1, "h1", ""), Notice(C.OUTAGE, DANGER, "h1")),
        (e.EvacuationBegun(1, "h1", ""), Notice(C.OUTAGE, WARNING, "h1")),
        (e.HostEmptied(1, "h1"), Notice(C.OUTAGE, INFO, "h1")),
        (e.HostEmptied(1, "h1", ("web1",)), Notice(C.OUTAGE, WARNING, "h1")),
        (e.ActionFinished(1, 1, MOVE), Notice(C.RESULTS, INFO, "web1")),
        (e.ActionFinished(1, 1, MOVE, "VM_REQUIRES_SR"), Notice(C.RESULTS, WARNING, "web1")),
        (e.ActionFinished(1, 1, MOVE, "STOOD_STILL"), Notice(C.RESULTS, INFO, "web1")),
        (e.ActionFinished(1, 1, a.ReleasePool("pool1", "c", "")), Notice(C.RESULTS, INFO, "pool1")),
        (e.Alerted(1, "ups1", "off", ""), Notice(C.ALERTS, WARNING, "ups1")),
        (e.Alerted(1, "ups1", "test", ""), Notice(C.ALERTS, INFO, "ups1")),
        (e.Requested(1, e.Ask.HOLD, "h1", "anna"), Notice(C.REQUESTS, INFO, "h1")),
        (e.Requested(1, e.Ask.NOTE, "accounts", "anna", "x"), Notice(C.SETTINGS, INFO, "accounts")),
        (e.RequestRefused(1, e.Ask.HOLD, "h1", ""), Notice(C.REQUESTS, WARNING, "h1")),
        (e.Disarmed(1, "anna"), Notice(C.REQUESTS, WARNING)),
        (e.ControllerStarted(1, "1", None), Notice(C.CONTROLLER, INFO)),
        (e.ControllerStarted(1, "1", 0.5), Notice(C.CONTROLLER, WARNING)),
        (e.RoundFailed(1, ""), Notice(C.CONTROLLER, DANGER)),
    ],
)
def test_what_is_told_of_it(event: e.Event, told: Notice) -> None:
    assert notice(event) == told


def test_severity_reaches_what_is_no_worse() -> None:
    assert [s.reaches(WARNING) for s in Severity] == [False, True, True]
