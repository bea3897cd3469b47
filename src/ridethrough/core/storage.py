"""When a NAS or SAN goes down, and how: what uses it first; and when it serves again."""

from __future__ import annotations

from enum import StrEnum

from . import events as e
from .actions import CancelMove, ForceStopVm, ShutDownHost, StopStorage, StopVm
from .budget import asks_cleanly, clearing, longest_of, used_for
from .durations import longest_stop, stop_time
from .ends import LAST_SECONDS, can_be_cleared_for, can_be_told_for, own_left, serves_for, stays_for
from .model import HostId, PoolId, Seconds, Storage, StorageId, Way, earlier
from .observation import HostSeen, StorageSeen, VmSeen
from .ordering import first_to_stop, is_down
from .placement import is_moving
from .power import Supply, backs_of, supply
from .proof import is_surely_down
from .situation import Situation
from .start import may_act, start
from .storage_use import guests_on, hosts_on, storages_of, storages_under
from .wording import duration

NOT_SERVING = "not serving"  # the alert about storage that has power and does not answer


def news(s: Situation) -> list[e.Event]:
    """Storage that is down, and storage that serves again."""
    found: list[e.Event] = []
    for built in _all(s):
        m = s.memory.storage(built.id)
        if m.down_at is None and (m.told_at is not None or m.stop is not None) and (proof := _proof_of_down(s, built)):
            found.append(e.StorageDown(s.now, built.id, proof))
        elif _is_back(s, built):
            found.append(e.StorageBack(s.now, built.id))
    return found


def begin(s: Situation) -> list[e.Event]:
    """Storage whose way down begins in this round; and storage that is spared because utility power is back."""
    found: list[e.Event] = []
    for built in _all(s):
        m = s.memory.storage(built.id)
        if m.told_at is not None or m.down_at is not None:
            continue
        if m.stop is not None:
            if supply(s, built.id).powered:
                found.append(e.StorageStopDropped(s.now, built.id))
        elif why := _due(s, built):
            found.append(e.StorageStopBegun(s.now, built.id, why))
    return found


def _due(s: Situation, built: Storage) -> str:
    """Why it is to go down now; empty when it is not.

    Its minutes are the earliest moment: it serves whoever runs, until the time that is left is needed.
    """
    state = supply(s, built.id)
    if not state.failing or state.since is None:
        return ""
    clock, seconds = s.now - state.since, used_for(s, built.id)
    wanted = clearing(s, built.id)
    if seconds is not None and seconds <= wanted:
        if built.way is Way.BY_ITSELF:
            return f"it goes down by itself in {duration(seconds)}"
        before = " before the coordinator goes" if seconds != serves_for(s, built.id) else ""
        return f"{duration(seconds)} left for what runs on it{before}, {duration(wanted)} needed"
    if built.way is not Way.BY_ITSELF and clock >= built.after and _is_left(s, built.id):
        return f"its UPS is on battery for {duration(clock)}, and nothing that uses it is up"
    return ""


def _is_left(s: Situation, storage: StorageId) -> bool:
    """Every host that uses it, or may use it, is proven down."""
    return all(_is_gone(s, host) for host in hosts_on(s, storage)) and not _unseen_users(s, storage)


def _unseen_users(s: Situation, storage: StorageId) -> list[HostId]:
    """Hosts that may use it, as far as is known, and are not surely down: their pool has not answered since this
    controller started, and nobody knows which repositories they have attached, nor what runs on them.

    Of storage that nothing is known to use it may be any host: a repository may lie there under a name.
    """
    if not hosts_on(s, storage):
        hosts = sorted({*s.site.hosts, *s.seen.hosts})
        return [h for h in hosts if not is_surely_down(s, h)]
    unseen = [h.id for h in s.site.hosts.values() if not _is_told(s, h.pool) and not is_surely_down(s, h.id)]
    built = s.site.storages[storage]
    named_only = bool(built.used_by) and not built.repositories
    return sorted(h for h in unseen if h in built.used_by or not named_only)


def _is_told(s: Situation, pool: PoolId) -> bool:
    """Its pool has answered."""
    return pool in s.seen.pools and s.seen.pools[pool].answered_at is not None


def _is_gone(s: Situation, host: HostSeen) -> bool:
    if s.dry_run:
        return any(isinstance(a, ShutDownHost) and a.host == host.id for a in s.memory.told)
    return is_surely_down(s, host.id)


# --- what runs on it ---------------------------------------------------------------------------------------------


def stop_guests(s: Situation) -> list[e.Event]:
    """Clean stops of the VMs with disks on storage that must go down, wherever they run; hard ones where those fail.

    A host that goes down itself stops its VMs too, by its own clock.
    """
    found: list[e.Event] = []
    for built in _all(s):
        m = s.memory.storage(built.id)
        if m.stop is None or m.down_at is not None or not supply(s, built.id).failing:
            continue
        guests = [v for v in guests_on(s, built.id) if _may_be_stopped(s, v)]
        seconds = used_for(s, built.id)
        pressed = seconds is not None and seconds <= longest_of(s, guests) + s.policy.reserve
        until = earlier(stays_for(s, built.id), can_be_cleared_for(s, built.id))
        for vm in guests if pressed else first_to_stop(s, guests):
            found += _stop(s, vm, built.id, until)
    return found


def _may_be_stopped(s: Situation, vm: VmSeen) -> bool:
    host = s.seen.hosts.get(vm.resident_on or "")
    if s.is_own(vm):
        return False  # it goes down with its host
    if host is None or s.memory.is_pending(f"end {vm.id}"):
        return False  # its hard stop, at its host's own last moment, is under way
    return may_act(s, vm.pool) and (s.answers(host) or s.dry_run)


def _stop(s: Situation, vm: VmSeen, storage: StorageId, seconds: Seconds | None) -> list[e.Event]:
    why, host = f"{storage}, which holds its disk, must go down", vm.resident_on or ""
    hurry = seconds is not None and seconds <= stop_time(s, vm)
    if is_moving(s, vm):
        return start(s, CancelMove(vm.id, vm.name, vm.pool, host, why)) if hurry else []
    within = longest_stop(s, vm) if seconds is None else min(longest_stop(s, vm), seconds - LAST_SECONDS)
    if asks_cleanly(s, vm, within):
        return start(s, StopVm(vm.id, vm.name, vm.pool, host, why, max(within, 5.0)))
    return start(s, ForceStopVm(vm.id, vm.name, vm.pool, host, why)) if s.policy.force_stop else []


# --- itself ------------------------------------------------------------------------------------------------------


def shut_down(s: Situation) -> list[e.Event]:
    """Storage that nothing runs on any more, or whose reserve is reached (behaviour.md "Never" 4)."""
    found: list[e.Event] = []
    for built in _all(s):
        m = s.memory.storage(built.id)
        if m.stop is None or m.down_at is not None or built.way is Way.BY_ITSELF:
            continue
        if not supply(s, built.id).failing or is_in_other_hands(s, built.id):
            continue
        if _must_be_told_again(s, built) if m.told_at is not None else _is_ready(s, built):
            found += start(s, StopStorage(built.id, m.stop.why))
    return found


def _is_ready(s: Situation, built: Storage) -> bool:
    own, told = own_left(s, built.id), can_be_told_for(s, built.id)
    if s.dry_run or (own is not None and own <= built.stop_time + LAST_SECONDS):
        return True
    if told is not None and told <= LAST_SECONDS:
        return not any(s.is_own(vm) for vm in guests_on(s, built.id))  # it would take our own disk with it
    if guests_on(s, built.id) or _unseen_users(s, built.id):
        return False
    # What has power and fell silent by itself may have guests on it, of which nobody knows.
    rests = (is_surely_down(s, h.id) or (_stays_up(s, h.id) and not is_down(s, h.id)) for h in hosts_on(s, built.id))
    return all(rests)


def _stays_up(s: Situation, machine: HostId | StorageId) -> bool:
    """It has power; while that settles it may be on its way down, or fail again."""
    state = supply(s, machine)
    return not state.failing and state.state is not Supply.SETTLING


def _must_be_told_again(s: Situation, built: Storage) -> bool:
    """Nobody knows whether it was told; or it serves on long after."""
    m, seen = s.memory.storage(built.id), _seen(s, built.id)
    if m.told_last is None:
        failure = s.memory.failures.get(f"StopStorage storage {built.id}")
        return failure is None or s.now - failure.at >= s.policy.retry_after * min(failure.count, 6)
    return s.now - m.told_last >= built.stop_time and _just_now(s, seen.serves_at)


def is_in_other_hands(s: Situation, storage: StorageId) -> bool:
    """Another controller is in charge of a pool that uses it."""
    pools = {h.pool for h in hosts_on(s, storage)}
    claims = {s.seen.pools[p].claim for p in pools if p in s.seen.pools}
    return bool(claims - {"", s.policy.controller})


def _proof_of_down(s: Situation, built: Storage) -> str:
    m, seen, state = s.memory.storage(built.id), _seen(s, built.id), supply(s, built.id)
    if state.state is Supply.LOST:
        return "its supply has been cut"
    begun = m.told_at if m.told_at is not None else m.stop.at if m.stop is not None else 0.0
    if m.told_at is None and built.way is not Way.BY_ITSELF:
        return ""
    heard = (seen.serves_at, seen.network_at, begun, s.memory.started_at)
    silent = s.now - max(t for t in heard if t is not None)
    return f"silent for {duration(silent)}" if silent >= s.policy.down_silence else ""


def _is_back(s: Situation, built: Storage) -> bool:
    """It serves on utility power: it has come back, or was told to go down and never did.

    One that was down and serves again is up, whatever its supply: on battery it must be told once more.
    """
    m, seen = s.memory.storage(built.id), _seen(s, built.id)
    if (m.told_at is None and m.down_at is None) or seen.serves_since is None or not _just_now(s, seen.serves_at):
        return False
    if m.down_at is not None and seen.serves_since > m.down_at:
        return True
    if not supply(s, built.id).powered:
        return False
    if m.down_at is not None:
        # Its supply may have been thought to be cut, while its card was silent, and it served all the time.
        return (seen.serves_at or 0.0) - m.down_at >= s.policy.down_silence
    return s.now - (m.told_last or m.told_at or 0.0) >= built.stop_time


# --- who waits for it --------------------------------------------------------------------------------------------


def is_serving(s: Situation, storage: StorageId) -> bool:
    """It is not on its way down, has power to stay up with, and has answered just now."""
    m = s.memory.storage(storage)
    if m.stop is not None or m.told_at is not None or m.down_at is not None:
        return False
    return _stays_up(s, storage) and _just_now(s, _seen(s, storage).serves_at)


def is_quiet(s: Situation, storage: StorageId) -> bool:
    """It has power, is wanted up, and has not answered for long: it never came back, or is ill."""
    seen = _seen(s, storage)
    if not _stays_up(s, storage) or (s.memory.storage(storage).stop and not supply(s, storage).powered):
        return False
    since = max(seen.serves_at or 0.0, s.memory.started_at, *backs_of(s, storage))
    return s.now - since >= s.policy.starts_itself


def is_still_up(s: Situation, storage: StorageId) -> bool:
    """It was told to go down long ago, and serves on."""
    m, built = s.memory.storage(storage), s.site.storages[storage]
    late = m.told_at is not None and m.down_at is None and s.now - m.told_at >= built.stop_time
    return late and _just_now(s, _seen(s, storage).serves_at)


def waits_for(s: Situation, host: HostSeen) -> list[StorageId]:
    """The storages that a host needs and that do not serve."""
    return [storage for storage in storages_under(s, host.id) if not is_serving(s, storage)]


def disks_served(s: Situation, vm: VmSeen, host: str) -> bool:
    """Whether all storages that a VM has disks on serve; `host`: where it ran or is to start."""
    return all(is_serving(s, storage) for storage in storages_of(s, vm, host))


def _just_now(s: Situation, at: Seconds | None) -> bool:
    return at is not None and s.now - at <= s.policy.silent_after


def _seen(s: Situation, storage: StorageId) -> StorageSeen:
    return s.seen.storages.get(storage) or StorageSeen(storage)


def _all(s: Situation) -> list[Storage]:
    return [built for _, built in sorted(s.site.storages.items())]


class Word(StrEnum):
    """What a NAS that asks us for the state of its UPS is told."""

    ONLINE = "online"
    ON_BATTERY = "on battery"
    SHUT_DOWN = "shut down"


def word(s: Situation, storage: StorageId) -> Word | None:
    """What it is told now: the truth, and to shut down only when the plan wants that. None: nobody knows.

    While utility power settles it is on battery still: a NAS that was told otherwise would stop counting its minutes.
    """
    state = supply(s, storage)
    if state.failing:
        return Word.SHUT_DOWN if s.memory.storage(storage).told_at is not None else Word.ON_BATTERY
    if state.state is Supply.SETTLING:
        upses = s.site.storages[storage].powered_by
        return Word.ON_BATTERY if any(s.memory.ups(u).on_battery_since is not None for u in upses) else None
    return Word.ONLINE if state.powered else None
