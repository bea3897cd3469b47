"""What was lost although it need not have been.

A host that crashes, or a guest that dies with one or is stopped hard, is broken faith when all of this holds: the
controller lived, was armed and in charge; the cards could be heard and told the truth; nobody and nothing interfered
with the pool; an option asked for the host's shutdown; and from the failure of its supply to the cut there was more
time than the plan's own budget asks for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ridethrough.core import actions as a
from ridethrough.core.model import CONTROLLER, CardAction, HostId, Seconds, StorageId, SwitchId, UpsId, Way
from ridethrough.core.policy import HostPolicy
from ridethrough.sim.cards import SimUps
from ridethrough.sim.machines import Guest, SimVm
from ridethrough.sim.timeline import CRASH, FREEZE, Happening

from .lifeline import OWN_VM
from .truth import CUT_OFF_WORDS, DISK_WORDS, ROUND
from .watch import Watch

DETECTED: Seconds = 12.0  # two polls, the record and the claim
OVERHEAD: Seconds = 15.0  # disables, fresh proof of targets, answers
HARMLESS = frozenset({"fail", "restore", "person shuts down", "person starts", "arm", "switch on", "answer card"})
OF_GUESTS = frozenset({"refuse move", "stall move", "allow move", "hang shutdown", "lose tools"})
JOURNAL = frozenset({"break journal", "mend journal"})


def losses(watch: Watch) -> Iterator[str]:
    """In words, what was lost without need; what is cut off by an orderly shutdown never need be."""
    for line in watch.world.story:
        name = line.text.partition(CUT_OFF_WORDS)[0]
        if CUT_OFF_WORDS in line.text and name != OWN_VM and not _came_too_late(watch, name):
            yield line.text  # the VM that the controller runs in goes down with its host
    for at, host in watch.truth.crashes():
        ups = (*watch.truth.came_up[host], *watch.truth.switched_on(host))
        came_up = [up for up in ups if up <= at]  # it may have started on battery
        since = max([watch.truth.failing_since(host, at), *came_up])
        wanted, until = time_wanted(watch, host), _within_reach(watch, host, since, at)
        if until - since <= wanted or excuse(watch, host, since, at):
            continue
        text = next(li.text for li in watch.world.story if li.at == at and li.text.startswith(f"{host} loses power"))
        if not watch.scenario.site.site.policy.force_stop and _has_deaf_guest(watch, host):
            continue  # its owner would rather lose it
        if policy_of(watch, host).shutdown.enabled:
            yield f"{text}, {until - since:.0f} s after its supply failed; {wanted:.0f} s would have been enough"
        elif policy_of(watch, host).maintenance.enabled and "its guests die" in text:
            yield f"{text}, {at - since:.0f} s after its supply failed: they could have been stopped"
    yield from disks_lost(watch)
    yield from hard_stops(watch)


def disks_lost(watch: Watch) -> Iterator[str]:
    """VMs that lost their disk because a NAS stopped or was cut under them, although they could have been stopped."""
    for line in watch.world.story:
        name, words, box = line.text.partition(DISK_WORDS)
        if not words or _came_too_late(watch, name):
            continue
        vm = next(v for v in watch.world.vms.values() if v.name == name)
        since = watch.truth.failing_since(box, line.at)
        wanted, until = _wanted_before_its_disks_go(watch, box), line.at
        for machine in (box, *([vm.resident_on] if vm.resident_on else [])):
            until = _within_reach(watch, machine, since, until)
        if until - since > wanted and not _excuse_of_disk(watch, vm, box, since, line.at):
            yield f"{line.text}, {line.at - since:.0f} s after its supply failed; {wanted:.0f} s would have been enough"


def _within_reach(watch: Watch, machine: HostId | StorageId, since: Seconds, until: Seconds) -> Seconds:
    """How long, between these moments, the controller could do anything to it: it lived, and switches led there."""
    host = watch.world.hosts.get(machine)
    through = [watch.world.pools[host.pool].coordinator] if host is not None else []
    return watch.truth.reached_until([machine, *through], since, until)


def _wanted_before_its_disks_go(watch: Watch, box: StorageId) -> Seconds:
    """Clean stops of all that runs on it, and its own stop before its power goes."""
    policy, built = watch.scenario.site.site.policy, watch.scenario.site.site.storages[box]
    guests = [v for v in watch.world.vms.values() if box in watch.truth.believed_on(v)]
    waves = len({(v.tags, policy.vms.get(v.name)) for v in guests})  # at most: those of a kind stop together
    down = policy.down_silence + built.stop_time if built.way is not Way.BY_ITSELF else 0.0
    stopping = (waves + 1) * policy.guest_stop_estimate
    return DETECTED + 2 * OVERHEAD + stopping + down + 2 * policy.host_stop + policy.reserve


def _excuse_of_disk(watch: Watch, vm: SimVm, box: StorageId, since: Seconds, until: Seconds) -> str:
    """Why nobody could have stopped a VM in time; empty when it is ours."""
    truth, it, built = watch.truth, watch.world.nases[box], watch.scenario.site.site.storages[box]
    if box not in truth.believed_on(vm):
        return "nobody has told that it has a disk there"
    if it.goes_after is not None and it.goes_after < built.after:
        return "it goes down sooner than its owner has entered"
    if not watch.scenario.site.site.policy.force_stop and vm.guest is not Guest.ACKNOWLEDGES:
        return "it does not obey, and may not be stopped hard"
    for happening in truth.happened:
        before = happening.at + watch.scenario.lead_in <= until
        if before and ({*happening.arguments.values()} & {box, *it.fed_by, vm.name}):
            return happening.do
    if why := next((why for u in it.fed_by if (why := untold(watch, u))), ""):
        return why
    return excuse(watch, vm.resident_on, since, until) if vm.resident_on else "it runs nowhere"


def _came_too_late(watch: Watch, name: str) -> bool:
    """A person started it when its host was about to go down, or going already."""
    return any(it.do == "person starts" and it.arguments["vm"] == name for it in watch.truth.happened)


def _has_deaf_guest(watch: Watch, host: HostId) -> bool:
    """One that was asked to stop, and does not obey."""
    asked = {action.vm for _, action in watch.ours.begun if isinstance(action, a.StopVm) and action.host == host}
    return any(v.id in asked and v.guest is not Guest.ACKNOWLEDGES for v in watch.world.vms.values())


def policy_of(watch: Watch, host: HostId) -> HostPolicy:
    return watch.scenario.site.site.policy.of(host)


def time_wanted(watch: Watch, host: HostId) -> Seconds:
    """The budget of the whole pool's way down, generously: it may all hang on one coordinator."""
    policy = watch.scenario.site.site.policy
    pool = watch.world.hosts[host].pool
    guests = [v for v in watch.world.vms.values() if v.pool == pool]
    moving = sum(v.memory * v.dirtying for v in guests) / policy.link_speed + len(guests) * policy.move_overhead
    stopping = 2 * policy.guest_stop_estimate
    down = 2 * policy.host_stop + policy.down_silence
    return DETECTED + OVERHEAD + moving + stopping + down + policy.reserve


def excuse(watch: Watch, host: HostId, since: Seconds, until: Seconds) -> str:
    """Why the loss of a host between these moments may be nobody's fault; empty when it is ours."""
    truth, it = watch.truth, watch.world.hosts[host]
    for happening in truth.happened:
        if happening.at + watch.scenario.lead_in <= until and _interferes(watch, happening, host):
            return happening.do
    if not watch.scenario.armed:
        return "dry run"
    if it.unplugged or not it.fed_by:
        return "its cords were pulled"
    if any(since - 30.0 <= gone <= since + time_wanted(watch, host) for gone in truth.coordinator_gone[it.pool]):
        return "its coordinator was gone"
    feeds = {u for h in watch.world.members(it.pool) for u in h.fed_by} | lifeline(watch)
    return next((why for u in sorted(feeds) if (why := untold(watch, u))), "")


def lifeline(watch: Watch) -> set[UpsId]:
    """The UPSs that feed switches and the controller's own machine: while they last, all that they carry is reached."""
    machine = watch.world.machine
    own = set(machine.fed_by) if machine is not None else set()
    return own | {u for switch in watch.world.switches.values() for u in switch.fed_by}


def _interferes(watch: Watch, it: Happening, host: HostId) -> bool:
    """Anything of this pool or its cards; guests that make trouble are no excuse for their host."""
    if it.do in (CRASH, FREEZE, "disarm"):
        return True
    if it.do in HARMLESS or it.do in OF_GUESTS or it.do in JOURNAL:
        return False
    pool = watch.world.hosts[host].pool
    members = {h.id for h in watch.world.members(pool)}
    feeds = {u for h in watch.world.members(pool) for u in h.fed_by} | lifeline(watch)
    return bool({*it.arguments.values()} & ({pool} | members | feeds))


def untold(watch: Watch, ups: UpsId) -> str:
    """What the card does not tell, or tells wrongly, so that no time could be known."""
    it, policy = watch.world.upses[ups], watch.scenario.site.site.policy
    if not it.card.tells_runtime or it.promise * policy.trust > 1.0:
        return f"{ups} tells no true runtime"
    if it.card.low_action is CardAction.CLIENT_AND_UPS:
        return f"{ups} cuts when its battery is low"
    return "" if _timers_are_known(watch, it) else f"the timers of {ups} are not known"


def _timers_are_known(watch: Watch, it: SimUps) -> bool:
    told = it.card.told_timers().or_else(watch.scenario.site.site.upses[it.id].timers)
    if it.card.action is not CardAction.CLIENT_AND_UPS:
        return True
    return told.off_after == it.card.warning_period + it.card.shutdown_delay


def hard_stops(watch: Watch, unseen: tuple[Seconds, Seconds] | None = None) -> Iterator[str]:
    """A guest that obeys within the estimate is never stopped hard while there is time for more than its clean stop.

    `unseen`: nobody saw what began between these moments, so nobody can know how long it will last.
    """
    policy = watch.scenario.site.site.policy
    enough = policy.guest_stop_estimate + policy.host_stop + policy.reserve + OVERHEAD
    for at, action, left in watch.hard_stops:
        vm = watch.world.vms[action.vm]
        since = min(watch.truth.failing_since(m, at) for m in (action.host, *watch.truth.believed_on(vm)))
        if unseen is not None and unseen[0] <= since <= unseen[1]:
            continue
        obeys = vm.guest is Guest.ACKNOWLEDGES and vm.stop_seconds <= policy.guest_stop_estimate
        if left > enough and obeys and not _is_troubled(watch, vm) and not excuse(watch, action.host, since, at):
            yield f"{vm.name} is stopped hard {left:.0f} s before the cut, and would have stopped by itself"


def time_left(watch: Watch, host: HostId) -> Seconds:
    """Until the host is cut, or its storage goes, or its coordinator is cut, through which all of it is done."""
    leader = watch.world.pools[watch.world.hosts[host].pool].coordinator
    through = min(_with_storage(watch, leader), _led_to(watch, leader)) - watch.scenario.site.site.policy.host_stop
    return min(_with_storage(watch, host), _led_to(watch, host), math.inf if leader == host else through)


def _led_to(watch: Watch, machine: HostId | StorageId) -> Seconds:
    """Until a switch that leads there ends, or the controller itself, or the host that it runs on."""
    world, ends = watch.world, [math.inf]
    ends += [own_time_left(watch, w.id) for w in world.switches.values() if machine in w.hosts | w.storages]
    if world.machine is not None and not world.machine.vm:
        ends.append(own_time_left(watch, CONTROLLER) - watch.scenario.site.site.controller.stop_time)
    carrier = world.vms[world.machine.vm].resident_on if world.machine is not None and world.machine.vm else None
    if carrier is not None and carrier != machine:
        ends.append(own_time_left(watch, carrier) - 2 * watch.scenario.site.site.policy.host_stop)
    return min(ends)


def _with_storage(watch: Watch, host: HostId) -> Seconds:
    """A host must be proven down, and a VM off, before any box that they use stops, and that before its cut."""
    policy, site = watch.scenario.site.site.policy, watch.scenario.site.site
    ends = [own_time_left(watch, host)]
    for box in site.storages.values():
        ends.append(own_time_left(watch, box.id) - box.stop_time - policy.down_silence)
        if box.way is not Way.BY_ITSELF:  # it must be told, after all that uses it
            ends.append(_led_to(watch, box.id) - policy.reserve - policy.down_silence)
        if box.way is Way.BY_ITSELF and any(not watch.world.upses[u].input_good for u in box.powered_by):
            ends.append(watch.truth.failing_since(box.id, watch.world.now) + box.after - watch.world.now)
    return min(ends)


def own_time_left(watch: Watch, machine: HostId | StorageId | SwitchId) -> Seconds:
    """Until the first of the machine's failing feeds is cut or, as its card promises, empty."""
    policy, now = watch.scenario.site.site.policy, watch.world.now
    ends = [math.inf]
    for it in (watch.world.upses[u] for u in watch.truth.machine(machine).fed_by):
        told = it.reading(now)
        if it.input_good and now - watch.truth.feeds[it.id].bad_ended <= ROUND:
            return 0.0  # what this round sees is older: nobody can know yet that there is an end to it
        if it.input_good or told is None:
            continue
        if told.runtime is not None:
            ends.append(told.runtime * policy.trust)
        if it.card.action is CardAction.CLIENT_AND_UPS and it.card.outage_since is not None:
            ends.append(it.card.outage_since + it.card.warning_period + it.card.shutdown_delay - now)
        if it.card.cut_at is not None:
            ends.append(it.card.cut_at - now)  # of a countdown that outlived an outage
    return min(ends)


def _is_troubled(watch: Watch, vm: SimVm) -> bool:
    return any(it.arguments.get("vm") == vm.name for it in watch.truth.happened)
