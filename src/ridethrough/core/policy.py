"""What the owner wants: timers, thresholds and each VM's wish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .model import HostId, Seconds


class Wish(StrEnum):
    """What may happen to a VM when its host must be emptied."""

    MIGRATE = "migrate"
    SHUT_DOWN = "shut down"
    SUSPEND = "suspend"  # its memory is kept on shared storage, if the time is there; else as SHUT_DOWN
    LEAVE = "leave"  # never moved; stopped cleanly just before its host shuts down


class MakeRoom(StrEnum):
    """What may be done to less important VMs on powered hosts, so that a VM finds room there."""

    OFF = "off"
    MOVE = "move"
    STOP = "stop"  # and stopped cleanly, where moving is not enough


@dataclass(frozen=True, slots=True)
class Timer:
    """One option of a host: whether it is enabled, and after how many seconds on battery (manual 2.2.3)."""

    enabled: bool = False
    after: Seconds = 0.0


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """The two options of a host. Both off is the manual's default: nothing is done, the host crashes."""

    maintenance: Timer = Timer()
    shutdown: Timer = Timer()


@dataclass(frozen=True, slots=True)
class VmPolicy:
    """A VM's wish and its tier, 0 to 9: tier 0 lives longest."""

    wish: Wish = Wish.MIGRATE
    tier: int = 5
    infrastructure: bool | None = None  # moves first, stops last, starts first; None: nobody says, so as recognised


def weight(policy: VmPolicy) -> int:
    """What a VM is worth: twice as much as one of the next tier; infrastructure as much as two of tier 0."""
    return int(2 ** (10 if policy.infrastructure else max(9 - policy.tier, 0)))


@dataclass(frozen=True, slots=True)
class Policy:
    """Every threshold that `decide` uses, with its default. Seconds unless said otherwise."""

    hosts: Mapping[HostId, HostPolicy] = field(default_factory=dict)
    vms: Mapping[str, VmPolicy] = field(default_factory=dict)  # by uuid or name label

    shed: Mapping[int, Seconds] = field(default_factory=dict)  # by tier: after so long on battery, to gain runtime

    settle: Seconds = 10.0  # utility power must hold this long to count as back
    settle_max: Seconds = 300.0  # flapping doubles `settle` up to this
    flap_window: Seconds = 60.0  # a return shorter than this accumulates time on battery
    poll: Seconds = 5.0  # how often a card is asked on utility power; every 2 s while a UPS is on battery
    silent_after: Seconds = 15.0  # a card without an answer for this long is silent: three polls
    feed_silent_after: Seconds = 30.0  # a silent feed stops counting once another feed is on battery
    silent_is_low: Seconds = 60.0  # silent on battery for this long with no runtime ever told: low battery
    test_expires: Seconds = 300.0  # a test label older than this is no longer believed

    trust: float = 0.8  # share of a told runtime that is counted on
    low_battery_left: Seconds = 120.0  # what is left when a UPS says low battery
    reserve: Seconds = 60.0  # kept free before every cut

    host_stop: Seconds = 60.0  # an empty host's own shutdown: ten seconds of delay, then its system; until known
    guest_stop: Seconds = 120.0  # longest clean stop of a guest when nothing presses
    guest_stop_estimate: Seconds = 40.0  # expected clean stop, until its own are known
    guest_start: Seconds = 30.0  # expected start of a guest, until its own are known
    host_start: Seconds = 300.0  # the same of a host: from its supply until its pool has it back
    suspend_speed: float = 50e6  # bytes per second at which a guest's memory is written to its storage
    link_speed: float = 100e6  # bytes per second of a migration network, until measured
    move_overhead: Seconds = 3.0  # added to each migration
    parallel: int = 3  # migrations at once per source and per target

    disable_wait: Seconds = 5.0  # moves wait this long for the other disables
    target_fresh: Seconds = 10.0  # a target's card and probe must have answered within this time
    coordinator_grace: Seconds = 15.0  # a restarted coordinator's records are not acted on before
    retry_after: Seconds = 20.0  # a failed action is not repeated sooner
    move_attempts: int = 3  # failed moves of a VM before it is given up
    down_silence: Seconds = 30.0  # toolstack and network silent for this long, with a witness: down
    starts_itself: Seconds = 300.0  # time a host gets to start by itself when its UPS's output was cut and is back
    start_timeout: Seconds = 900.0  # a host that is not back after this long is reported
    battery_wait: Seconds = 7200.0  # longest wait for a battery before what was stopped is started again
    stagger: Seconds = 30.0  # between two hosts that are switched on behind the same UPS: their inrush

    protect_coordinator: bool = True
    hand_over_coordinator: bool = True
    force_stop: bool = True
    make_room: MakeRoom = MakeRoom.OFF
    return_home: bool = False  # VMs go back to the hosts on which they ran
    controller: str = ""  # this controller's name in a pool's claim

    def of(self, host: HostId) -> HostPolicy:
        """The options of a host; a host that site.toml does not name has both off."""
        return self.hosts.get(host, HostPolicy())
