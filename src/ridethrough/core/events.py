"""The facts that the journal keeps. Each happened; none is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from .actions import Action
from .model import HostId, Percent, PoolId, Seconds, StorageId, UpsId, VmId


@dataclass(frozen=True, slots=True)
class ControllerStarted:
    """The controller started. Every action still open was lost with the one before; its end is unknown.

    `alive_until`: the last time at which the one before is known to have lived; None: there was none.
    `part`: what is watched anew, where this controller ran before; empty: it has started as a whole.
    """

    at: Seconds
    version: str
    alive_until: Seconds | None = None
    part: str = ""


@dataclass(frozen=True, slots=True)
class ControllerResumed:
    """The controller stood still for `seconds` (frozen, suspended, paused). What it had seen before is old.

    `by_wall`: only the wall clock says so, which also a hand on it can do.
    """

    at: Seconds
    seconds: Seconds
    by_wall: bool = False


@dataclass(frozen=True, slots=True)
class Armed:
    """The owner armed the site: from now on Ridethrough acts."""

    at: Seconds
    by: str


@dataclass(frozen=True, slots=True)
class Disarmed:
    """The owner disarmed the site: dry run."""

    at: Seconds
    by: str


@dataclass(frozen=True, slots=True)
class SettingsTaken:
    """site.toml was read again: from now on its settings hold. `says`: what was changed, and why."""

    at: Seconds
    by: str
    says: str = ""


class Ask(StrEnum):
    """What a person can ask for."""

    ARM = "arm"
    DISARM = "disarm"
    HOLD = "hold"
    RELEASE = "release"
    ENTER_MAINTENANCE = "enter maintenance"
    EXIT_MAINTENANCE = "exit maintenance"
    EVACUATE = "evacuate"
    SHUT_DOWN_POOL = "shut down pool"
    SKIP_VM = "skip VM"
    BRING_BACK = "bring back"
    SWITCH_OFF_UPS = "switch off UPS"  # the command itself tells the UPS, once this is accepted
    CANCEL_UPS_OFF = "cancel switching off UPS"
    WRITE_DOWN = "write down of UPS"  # what came of such a command
    TAKE_SETTINGS = "take settings"  # read site.toml again; no loop is asked, and none journals it as a request
    NOTE = "note"  # what a person has done beside the controller; the subject names the area, "accounts"


@dataclass(frozen=True, slots=True)
class Requested:
    """A person asked for something. `subject` is a host's, a pool's or a UPS's id, a VM's uuid or name; empty for arm
    and disarm, and where the whole site is meant.

    Of a note it is the area, such as "accounts". `says`: how, "in 120 s"; or what is to be written down. `seconds`:
    for how long; None: without an end.
    """

    at: Seconds
    ask: Ask
    subject: str
    by: str
    says: str = ""
    seconds: Seconds | None = None


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """A request that cannot be obeyed, and why."""

    at: Seconds
    ask: Ask
    subject: str
    why: str


@dataclass(frozen=True, slots=True)
class RequestDone:
    """A request that has been carried out to its end. `says`: what comes of it.

    `of`: the hosts, pools or VMs that are meant, by their ids; empty: it is the subject.
    """

    at: Seconds
    ask: Ask
    subject: str
    says: str = ""
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpsKnown:
    """A UPS was seen on utility power for the first time: from now on its "battery" is believed."""

    at: Seconds
    ups: UpsId


@dataclass(frozen=True, slots=True)
class UtilityDoubted:
    """One poll says battery; a second one has to confirm it. `last_utility` is the last poll that said utility."""

    at: Seconds
    ups: UpsId
    since: Seconds
    last_utility: Seconds


@dataclass(frozen=True, slots=True)
class DoubtCleared:
    """The second poll said utility power: it was nothing."""

    at: Seconds
    ups: UpsId


@dataclass(frozen=True, slots=True)
class UtilityLost:
    """A UPS is on battery, confirmed.

    `since` is the first poll that showed it: host timers count from there. `last_utility` is the last poll that
    showed utility power: the card's own timers count from there at the earliest. `counts_at` is when the card begins
    its countdown, `off_at` when it cuts its output; None when it does not cut. `runtime` and `charge` as the card
    told them at `at`. `settle` is how long utility power must hold to count as back.
    """

    at: Seconds
    ups: UpsId
    since: Seconds
    last_utility: Seconds
    counts_at: Seconds | None
    off_at: Seconds | None
    runtime: Seconds | None
    charge: Percent | None
    settle: Seconds
    proof: str


@dataclass(frozen=True, slots=True)
class UtilitySeen:
    """Utility power was seen again at `since`; it counts as back after it has held for `settle` seconds."""

    at: Seconds
    ups: UpsId
    since: Seconds
    settle: Seconds


@dataclass(frozen=True, slots=True)
class UtilityLostAgain:
    """Utility power went away again before it had settled. `since` keeps the time on battery so far."""

    at: Seconds
    ups: UpsId
    since: Seconds
    last_utility: Seconds
    counts_at: Seconds | None
    off_at: Seconds | None
    settle: Seconds


@dataclass(frozen=True, slots=True)
class OutputOff:
    """Utility power had been seen again, but the card has cut its output all the same: it must hold anew afterwards."""

    at: Seconds
    ups: UpsId


@dataclass(frozen=True, slots=True)
class UtilityBack:
    """Utility power has settled: the outage of this UPS is over. `lasted` is the time on battery, seconds."""

    at: Seconds
    ups: UpsId
    lasted: Seconds


@dataclass(frozen=True, slots=True)
class RuntimeTold:
    """A reading worth keeping should the card fall silent or the controller restart."""

    at: Seconds
    ups: UpsId
    runtime: Seconds | None
    charge: Percent | None


@dataclass(frozen=True, slots=True)
class LowBattery:
    """A UPS on battery is low, confirmed; or silent for so long that it must be taken for low."""

    at: Seconds
    ups: UpsId
    proof: str
    by_silence: bool = False


@dataclass(frozen=True, slots=True)
class CountdownSeen:
    """The card counts down to cutting its output, at `cut_at`."""

    at: Seconds
    ups: UpsId
    cut_at: Seconds


@dataclass(frozen=True, slots=True)
class CountdownOver:
    """The card cancelled its countdown, or the cut time has passed."""

    at: Seconds
    ups: UpsId
    cancelled: bool


@dataclass(frozen=True, slots=True)
class UpsSilent:
    """A card stopped answering. `on_battery`: it was on battery when last heard."""

    at: Seconds
    ups: UpsId
    since: Seconds
    on_battery: bool


@dataclass(frozen=True, slots=True)
class UpsAnswers:
    """A silent card answers again."""

    at: Seconds
    ups: UpsId


@dataclass(frozen=True, slots=True)
class TrapHeard:
    """A UPS's card sent a trap or an inform, or somebody in its name: no evidence, it only caused a poll.

    `trap` is the notification's OID (RFC 3584 for v1), `says` the same in words. `untold`: more of this UPS that came
    since the last that was written down, and were not.
    """

    at: Seconds
    ups: UpsId
    trap: str
    says: str
    untold: int = 0


@dataclass(frozen=True, slots=True)
class PoolRecorded:
    """The pool as it was before the first action of an outage; what is undone later is measured against this."""

    at: Seconds
    pool: PoolId
    coordinator: HostId
    members: tuple[tuple[HostId, float], ...]  # every host, and when its toolstack had started
    disabled: tuple[HostId, ...]
    running: tuple[tuple[VmId, HostId], ...]
    auto_poweron: bool
    booted: tuple[tuple[HostId, float], ...] = ()  # when each host had booted, as far as that is told


@dataclass(frozen=True, slots=True)
class PoolRestored:
    """Everything of this outage has been undone; the record is closed. `differences` from before, in words."""

    at: Seconds
    pool: PoolId
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionStarted:
    """Written before the action is carried out. Its journal position is the action's id."""

    at: Seconds
    action: Action
    agent_started: float = 0.0  # of the action's host, when known: tells a reboot from a person's hand


@dataclass(frozen=True, slots=True)
class ActionTold:
    """Dry run: what would have been done. Told once, never done, never counted as done."""

    at: Seconds
    action: Action


@dataclass(frozen=True, slots=True)
class ActionFinished:
    """How an action ended. `error` is None for success, else the error's code; `detail` says it in words."""

    at: Seconds
    started: int  # the journal position of its ActionStarted
    action: Action
    error: str | None = None
    detail: str = ""
    refused: bool = False  # asking again will not help


@dataclass(frozen=True, slots=True)
class HostDown:
    """A host is proven down, or proven to have been down. `agent_started`: of its last toolstack that was known."""

    at: Seconds
    host: HostId
    proof: str
    agent_started: float = 0.0


@dataclass(frozen=True, slots=True)
class HostHeard:
    """A host that was down answers, and its pool knows of no new start: its network was gone, or it starts just now."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class HostReturned:
    """A host that was down has started again; `agent_started` is its new toolstack's start, `booted` its boot.

    `pool` is empty while a person's shutdown of the whole pool is still being carried out; else that is over now.
    """

    at: Seconds
    host: HostId
    agent_started: float
    booted: float = 0.0
    pool: PoolId = ""


@dataclass(frozen=True, slots=True)
class HostYielded:
    """A person enabled a host that we had disabled: our hands are off until its last safe start."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class HoldOverridden:
    """A hold ended at the last safe start."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """The time for which a person had asked for a hold is over."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class SkipEnded:
    """The outage in which a person had let a VM be skipped is over: from now on it may be moved again."""

    at: Seconds
    vm: VmId
    name: str


@dataclass(frozen=True, slots=True)
class VmUnplaced:
    """A VM finds no place for now; it runs on where it is."""

    at: Seconds
    vm: VmId
    name: str
    host: HostId
    why: str


@dataclass(frozen=True, slots=True)
class VmRunsAgain:
    """A VM that we had stopped, or tried to, runs on `host` without our doing: it is no longer ours to start."""

    at: Seconds
    vm: VmId
    name: str
    host: HostId = ""


@dataclass(frozen=True, slots=True)
class VmFound:
    """A VM runs elsewhere than we knew: its move was lost or failed, XenServer chose, or a person has moved it."""

    at: Seconds
    vm: VmId
    name: str
    host: HostId


@dataclass(frozen=True, slots=True)
class VmLeftOff:
    """A VM that ran when the outage began is halted, and neither did we stop it nor did its host fall: it stays off."""

    at: Seconds
    vm: VmId
    name: str


@dataclass(frozen=True, slots=True)
class EvacuationBegun:
    """A host is being emptied, and why."""

    at: Seconds
    host: HostId
    why: str
    early: bool = False


@dataclass(frozen=True, slots=True)
class ShutdownBegun:
    """A host is on its way down: what still runs on it is stopped, and why."""

    at: Seconds
    host: HostId
    why: str
    early: bool = False


@dataclass(frozen=True, slots=True)
class ShutdownDropped:
    """Utility power is back before the commit point: the host is not shut down after all."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class ShutdownLost:
    """A host that was told to go down and never was has been opened again meanwhile: it is emptied and told anew."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class EvacuationEnded:
    """Nothing more is moved off this host; it stays as disabled as it was before we came."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class HostEmptied:
    """A host that we empty has no running VM left, or none that can move. `left` names those that stay."""

    at: Seconds
    host: HostId
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StorageStopBegun:
    """A NAS or SAN is on its way down: what still runs with a disk on it is stopped, and why."""

    at: Seconds
    storage: StorageId
    why: str


@dataclass(frozen=True, slots=True)
class StorageStopDropped:
    """Utility power is back before it was told to go down: it stays up after all."""

    at: Seconds
    storage: StorageId


@dataclass(frozen=True, slots=True)
class StorageDown:
    """A NAS or SAN is down, as far as that can be known."""

    at: Seconds
    storage: StorageId
    proof: str


@dataclass(frozen=True, slots=True)
class StorageBack:
    """A NAS or SAN that went down, or was told to, serves on utility power."""

    at: Seconds
    storage: StorageId


@dataclass(frozen=True, slots=True)
class Alerted:
    """Something that a person must know. `subject` and `key` together are told once until cleared."""

    at: Seconds
    subject: str
    key: str
    text: str


OFF = "off"  # the key of the alert that a UPS says off


@dataclass(frozen=True, slots=True)
class AlertCleared:
    """An alert's cause is gone."""

    at: Seconds
    subject: str
    key: str


@dataclass(frozen=True, slots=True)
class RoundFailed:
    """A round ended in a bug of ours; the loop looks again."""

    at: Seconds
    text: str


@dataclass(frozen=True, slots=True)
class JournalCutBack:
    """The journal's end was damaged: what was behind entry `after` is lost to us, and kept in the files `kept`."""

    at: Seconds  # of the last good entry
    after: int
    kept: str


# What a UPS's card showed.
UpsEvent: TypeAlias = (
    UpsKnown
    | UtilityDoubted
    | DoubtCleared
    | UtilityLost
    | UtilitySeen
    | UtilityLostAgain
    | OutputOff
    | UtilityBack
    | RuntimeTold
    | LowBattery
    | CountdownSeen
    | CountdownOver
    | UpsSilent
    | UpsAnswers
    | TrapHeard
)

StorageEvent: TypeAlias = StorageStopBegun | StorageStopDropped | StorageDown | StorageBack

Event: TypeAlias = (
    ControllerStarted
    | ControllerResumed
    | Armed
    | Disarmed
    | SettingsTaken
    | Requested
    | RequestRefused
    | RequestDone
    | UpsEvent
    | PoolRecorded
    | PoolRestored
    | ActionStarted
    | ActionTold
    | ActionFinished
    | HostDown
    | HostHeard
    | HostReturned
    | HostYielded
    | HoldOverridden
    | HoldEnded
    | SkipEnded
    | VmUnplaced
    | VmRunsAgain
    | VmFound
    | VmLeftOff
    | EvacuationBegun
    | ShutdownBegun
    | ShutdownDropped
    | ShutdownLost
    | EvacuationEnded
    | HostEmptied
    | StorageEvent
    | Alerted
    | AlertCleared
    | RoundFailed
    | JournalCutBack
)
