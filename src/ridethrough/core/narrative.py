"""One event -> one plain English line."""

from __future__ import annotations

from typing import assert_never

from . import actions as a
from . import events as e
from .memory import STOOD_STILL
from .model import Percent, PowerWay, Seconds
from .wording import duration


def tell(event: e.Event) -> str:
    """The sentence of an event: the log, the command line, the web timeline and the golden files all use it."""
    match event:
        case e.ControllerStarted():
            return f"{event.part} is watched anew" if event.part else f"Ridethrough {event.version} starts"
        case e.SettingsTaken():
            return f"new settings by {event.by}{': ' + event.says if event.says else ''}"
        case e.ControllerResumed():
            return _resumed(event)
        case e.Armed():
            return f"armed by {event.by}: from now on it acts"
        case e.Disarmed():
            return f"disarmed by {event.by}: dry run, it only says what it would do"
        case e.Requested():
            if event.ask is e.Ask.WRITE_DOWN:
                return f"{event.by} has told {event.subject}: {event.says}"
            if event.ask is e.Ask.NOTE:
                return f"{event.subject}: {event.says}, by {event.by}"
            return _asks(event)
        case e.RequestRefused():
            return f"refused: {event.ask}{' ' + event.subject if event.subject else ''}: {event.why}"
        case e.RequestDone():
            says = f": {event.says}" if event.says else ""
            return f"accepted: {event.ask}{' ' + event.subject if event.subject else ''}{says}"
        case e.RoundFailed():
            return f"a round failed and is tried again: {event.text}"
        case e.JournalCutBack():
            return (
                f"the journal's end was damaged: what was behind entry {event.after} is cut off, kept in {event.kept}"
            )
        case e.Alerted():
            return event.text if event.key == "test" else f"ALERT {event.text}"
        case e.AlertCleared():
            if event.key == "test":
                return f"{event.subject} no longer tests its battery"
            return f"no longer: {event.key} ({event.subject})"
        case e.PoolRecorded():
            return _recorded(event)
        case e.PoolRestored():
            rest = "; differences: " + ", ".join(event.differences) if event.differences else ", as it was before"
            return f"{event.pool} is restored{rest}"
        case e.HandOverBegun():
            return f"{event.host} is to become the coordinator of {event.pool}: {event.why}"
        case e.HandOverEnded():
            return _handed_over(event)
        case e.ActionStarted():
            return _doing(event.action)
        case e.ActionTold():
            return f"dry run: would {_would(event.action)}"
        case e.ActionFinished():
            return _finished(event)
        case (
            e.UpsKnown()
            | e.UtilityDoubted()
            | e.DoubtCleared()
            | e.UtilityLost()
            | e.UtilitySeen()
            | e.UtilityLostAgain()
            | e.OutputOff()
            | e.UtilityBack()
            | e.RuntimeTold()
            | e.BatteryMeasured()
            | e.LowBattery()
            | e.CountdownSeen()
            | e.CountdownOver()
            | e.UpsSilent()
            | e.UpsAnswers()
            | e.TrapHeard()
        ):
            return _of_ups(event)
        case e.StorageStopBegun() | e.StorageStopDropped() | e.StorageDown() | e.StorageBack():
            return _of_storage(event)
        case _:
            return _of_host(event)


def _asks(event: e.Requested) -> str:
    """`says` is how, for a UPS that is switched off; else why."""
    long = f"for {duration(event.seconds)}" if event.seconds is not None else ""
    how, why = (event.says, "") if event.ask is e.Ask.SWITCH_OFF_UPS else ("", event.says)
    words = " ".join(word for word in (str(event.ask), event.subject, long, how) if word)
    return f"{event.by} asks: {words}{': ' + why if why else ''}"


HostEvent = (
    e.HostDown
    | e.HostHeard
    | e.HostReturned
    | e.HostYielded
    | e.HoldOverridden
    | e.HoldEnded
    | e.SkipEnded
    | e.VmUnplaced
    | e.VmRunsAgain
    | e.VmFound
    | e.VmLeftOff
    | e.EvacuationBegun
    | e.ShutdownBegun
    | e.ShutdownDropped
    | e.ShutdownLost
    | e.EvacuationEnded
    | e.HostEmptied
)


def _of_ups(event: e.UpsEvent) -> str:
    match event:
        case e.UpsKnown():
            return f"{event.ups} answers, on utility power"
        case e.UtilityDoubted():
            return f"{event.ups} says battery; a second poll must confirm it"
        case e.DoubtCleared():
            return f"{event.ups} says utility power after all"
        case e.UtilityLost():
            told = _charge(event.runtime, event.charge)
            off = (
                f"; its card cuts the output in {duration(event.off_at - event.at)}" if event.off_at is not None else ""
            )
            return f"{event.ups} is on battery ({event.proof}){', ' + told if told else ''}{off}"
        case e.UtilitySeen():
            return f"{event.ups} sees utility power again; it must hold for {duration(event.settle)}"
        case e.UtilityLostAgain():
            return (
                f"{event.ups} is on battery again, {duration(event.at - event.since)} in all; "
                f"utility power must now hold for {duration(event.settle)}"
            )
        case e.OutputOff():
            return f"{event.ups}'s output is off: utility power must hold anew when it is on again"
        case e.UtilityBack():
            return f"{event.ups} has utility power again, after {duration(event.lasted)} on battery"
        case e.RuntimeTold():
            return f"{event.ups}: {_charge(event.runtime, event.charge) or 'no runtime told'}"
        case e.BatteryMeasured():
            return f"{event.ups}'s battery holds {event.held:.0%} of what its card promises".replace("%", " %")
        case e.LowBattery():
            return f"{event.ups} is low ({event.proof})"
        case e.CountdownSeen():
            return f"{event.ups}'s card counts down: output off in {duration(event.cut_at - event.at)}"
        case e.CountdownOver():
            if event.cancelled:
                return f"{event.ups}'s card has cancelled its countdown"
            return f"the time at which {event.ups}'s card cuts its output has passed"
        case e.UpsSilent():
            if event.on_battery:
                return f"{event.ups} is silent since it was on battery: its clock goes on"
            return f"ALERT {event.ups} is silent: nothing is known of it"
        case e.UpsAnswers():
            return f"{event.ups} answers again"
        case e.TrapHeard():
            more = f", and {event.untold} more since the last" if event.untold else ""
            return f"a trap of {event.ups} says: {event.says}{more}; its card is asked at once"
        case _:
            assert_never(event)


def _charge(runtime: Seconds | None, charge: Percent | None) -> str:
    parts = [f"{duration(runtime)} of runtime"] if runtime is not None else []
    parts += [f"charge {charge:.0f} %"] if charge is not None else []
    return ", ".join(parts)


def _of_host(event: HostEvent) -> str:
    match event:
        case e.HostDown():
            return f"{event.host} is down: {event.proof}"
        case e.HostHeard():
            return f"{event.host} answers; whether it has started anew is not known yet"
        case e.HostReturned():
            return f"{event.host} has started again"
        case e.HostYielded():
            return f"ALERT a person enabled {event.host}: hands off until its last safe start (hold keeps them off)"
        case e.HoldOverridden():
            return f"ALERT the hold on {event.host} ends: this is its last safe start"
        case e.HoldEnded():
            return f"the hold on {event.host} ends: its time is over"
        case e.SkipEnded():
            return f"{event.name} is not skipped any more: the outage is over"
        case e.VmUnplaced():
            return f"{event.name} stays on {event.host} for now: {event.why}"
        case e.VmRunsAgain():
            return f"{event.name} runs after all"
        case e.VmFound():
            return f"{event.name} is on {event.host}"
        case e.VmLeftOff():
            return f"{event.name} was shut down, and not by our doing: it stays off"
        case e.EvacuationBegun():
            return f"{event.host} enters maintenance mode{_early(event.early)}: {event.why}"
        case e.ShutdownBegun():
            return f"{event.host} must go down{_early(event.early)}: {event.why}"
        case e.ShutdownLost():
            return f"{event.host} was never told to go down, and is open again: its shutdown is begun anew"
        case e.ShutdownDropped():
            return f"{event.host} is not shut down: utility power is back"
        case e.EvacuationEnded():
            return f"nothing more is moved off {event.host}; it stays as it was"
        case e.HostEmptied():
            return f"{event.host} is empty" if not event.left else f"on {event.host} remain {', '.join(event.left)}"
        case _:
            assert_never(event)


def _of_storage(event: e.StorageEvent) -> str:
    match event:
        case e.StorageStopBegun():
            return f"{event.storage} must go down: {event.why}"
        case e.StorageStopDropped():
            return f"{event.storage} stays up: utility power is back"
        case e.StorageDown():
            return f"{event.storage} is down: {event.proof}"
        case e.StorageBack():
            return f"{event.storage} serves"
        case _:
            assert_never(event)


def _early(early: bool) -> str:
    return " early" if early else ""


def _recorded(event: e.PoolRecorded) -> str:
    disabled = f"; already in maintenance mode: {', '.join(event.disabled)}" if event.disabled else ""
    runs, owed = len(event.running) - len(event.owed), len(event.owed)
    vms = "1 VM runs" if runs == 1 else f"{runs} VMs run"
    left = f", {owed} {'is' if owed == 1 else 'are'} still to start since an earlier outage" if owed else ""
    return f"{event.pool} recorded as it is: coordinator {event.coordinator}, {vms}{left}{disabled}"


def _handed_over(event: e.HandOverEnded) -> str:
    if event.done:
        return f"{event.coordinator} is the coordinator of {event.pool} now"
    return f"{event.pool} is not handed over, {event.coordinator} stays its coordinator: {event.why}"


def _would(action: a.Action) -> str:
    match action:
        case a.ClaimPool():
            return f"claim {action.pool} for controller {action.controller}"
        case a.ReleasePool():
            return f"release {action.pool}"
        case a.SuspendAutoPoweron():
            return f"suspend auto_poweron of {action.pool}"
        case a.RestoreAutoPoweron():
            return f"restore auto_poweron of {action.pool}"
        case a.LowerHa():
            return f"let HA of {action.pool} tolerate no host failure: {action.why}"
        case a.SuspendHa():
            return f"switch HA of {action.pool} off: {action.why}"
        case a.RestoreHa():
            return f"restore HA of {action.pool}: {action.why}"
        case a.DesignateCoordinator():
            return f"make {action.host} the coordinator of {action.pool}: {action.why}"
        case a.DisableHost():
            return f"disable {action.host}"
        case a.EnableHost():
            return f"let {action.host} exit maintenance mode: {action.why}"
        case a.MoveVm():
            return f"move {action.name} from {action.source} to {action.host}: {action.why}"
        case a.CancelMove():
            return f"cancel the move of {action.name}: {action.why}"
        case a.StopVm(suspend=True):
            return f"suspend {action.name} on {action.host}, at most {duration(action.deadline)}: {action.why}"
        case a.StopVm():
            return f"shut {action.name} down on {action.host}, at most {duration(action.deadline)}: {action.why}"
        case a.ForceStopVm():
            return f"stop {action.name} hard on {action.host}: {action.why}"
        case a.StartVm():
            return f"start {action.name}{f' on {action.host}' if action.host else ''}: {action.why}"
        case a.ShutDownHost():
            return f"shut {action.host} down: {action.why}"
        case a.PowerOnHost():
            by = f" by {action.way}" if action.way is not PowerWay.XAPI else ""
            return f"switch {action.host} on{by}: {action.why}"
        case a.AttachRepository():
            return f"attach {action.name} to {action.host}: {action.why}"
        case a.StopStorage():
            return f"tell {action.storage} to go down: {action.why}"
        case a.WakeStorage():
            return f"wake {action.storage} over the network: {action.why}"
        case a.CutOutput():
            return f"let {action.ups} cut its output in {duration(action.after)}, until utility power: {action.why}"
        case a.KeepOutput():
            return f"let {action.ups} keep its output: {action.why}"
        case a.ShutDownController():
            return f"shut the controller's own machine down: {action.why}"
        case _:
            assert_never(action)


def _doing(action: a.Action) -> str:
    return f"-> {_would(action)}"


def _resumed(event: e.ControllerResumed) -> str:
    if event.by_wall:
        return (
            f"the machine's clock has jumped ahead by {duration(event.seconds)}: "
            "it may have been paused, so everything is looked at afresh"
        )
    return f"Ridethrough stood still for {duration(event.seconds)}: everything is looked at afresh"


def _finished(event: e.ActionFinished) -> str:
    action = event.action
    if event.error == STOOD_STILL:
        return f"   not done: {_would(action).split(':')[0]}: Ridethrough has stood still since, and decides anew"
    if event.error is not None:
        detail = f" ({event.detail})" if event.detail and event.detail != event.error else ""
        return f"   failed: {_would(action).split(':')[0]}: {event.error}{detail}"
    return f"   done: {_done(action)}"


def _done(action: a.Action) -> str:
    match action:
        case a.ClaimPool():
            return f"{action.pool} is claimed"
        case a.ReleasePool():
            return f"{action.pool} is released"
        case a.SuspendAutoPoweron():
            return f"auto_poweron of {action.pool} is suspended"
        case a.RestoreAutoPoweron():
            return f"auto_poweron of {action.pool} is restored"
        case a.LowerHa():
            return f"HA of {action.pool} tolerates no host failure (before: {action.failures})"
        case a.SuspendHa():
            return f"HA of {action.pool} is off"
        case a.RestoreHa():
            return f"HA of {action.pool} is as it was"
        case a.DesignateCoordinator():
            return f"{action.host} speaks as the coordinator of {action.pool}"
        case a.DisableHost():
            return f"{action.host} is disabled"
        case a.EnableHost():
            return f"{action.host} has left maintenance mode"
        case a.MoveVm():
            return f"{action.name} runs on {action.host}"
        case a.CancelMove():
            return f"{action.name} stays on {action.host}"
        case a.StopVm(suspend=True):
            return f"{action.name} is suspended"
        case a.StopVm():
            return f"{action.name} has shut down"
        case a.ForceStopVm():
            return f"{action.name} is stopped"
        case a.StartVm():
            return f"{action.name} runs again"
        case a.ShutDownHost():
            return f"{action.host} accepted its shutdown"
        case a.PowerOnHost():
            told = "is switched on" if action.way is PowerWay.XAPI else f"was told to start by {action.way}"
            return f"{action.host} {told}"
        case a.AttachRepository():
            return f"{action.host} has {action.name} attached"
        case a.StopStorage():
            return f"{action.storage} was told to go down"
        case a.WakeStorage():
            return f"{action.storage} was told to start"
        case a.CutOutput():
            return f"{action.ups} counts down to cutting its output, which comes back with utility power"
        case a.KeepOutput():
            return f"{action.ups} no longer counts down"
        case a.ShutDownController():
            return "the controller's own machine goes down"
        case _:
            assert_never(action)
