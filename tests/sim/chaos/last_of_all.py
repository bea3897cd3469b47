"""The rules of the controller's own machine, of the VM that it is, and of what is behind a switch that is off."""

from __future__ import annotations

from collections.abc import Iterator

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.ends import holds, promised
from ridethrough.core.model import CONTROLLER, UpsId, VmId
from ridethrough.sim.machines import SimVm
from ridethrough.sim.timeline import CRASH, FREEZE

from .losses import excuse, own_time_left, policy_of, time_wanted, untold
from .watch import Tick, Watch

CUT_WORDS = "the controller's machine loses power while it runs: crash"
EARLIER = 15.0  # seconds before its last safe moment at which the controller may go down: rounds, and load that changes


def the_controller_goes_last(watch: Watch, t: Tick) -> Iterator[str]:
    """At its last safe moment, on battery, where its owner wants it; afterwards nothing is begun."""
    if t.started and any(isinstance(action, a.ShutDownController) for action in t.before.pending.values()):
        yield f"{type(t.started[0]).__name__} while the controller's own machine goes down"
    if not any(isinstance(action, a.ShutDownController) for action in t.started):
        return
    built, reserve = t.s.site.controller, t.s.policy.reserve
    if not built.shuts_down or not t.truth.may_be_failing(CONTROLLER):
        yield "the controller's own machine is told to go down, and has its utility power"
    feeds = t.truth.machine(CONTROLLER).fed_by
    honest = not any(untold(watch, ups) or _holds_less(t, ups) for ups in feeds)
    honest = honest and all(t.s.memory.ups(ups).low_since is None for ups in feeds)
    known = honest and not t.truth.is_unheard(CONTROLLER) and not any(t.world.upses[u].input_good for u in feeds)
    seconds = own_time_left(watch, CONTROLLER)
    if known and seconds > built.stop_time + reserve + EARLIER:
        yield f"the controller's own machine is told to go down {seconds:.0f} s before its cut"
    yield from _left_behind(watch, t)


def _holds_less(t: Tick, ups: UpsId) -> bool:
    """Its discharge has shown that its battery holds less than its card promises."""
    told, shown = promised(t.s, ups), holds(t.s, ups)
    return told is not None and shown is not None and shown < told


def _left_behind(watch: Watch, t: Tick) -> Iterator[str]:
    """Hosts on battery that run on, although there was the time to stop them: nobody can any more."""
    for host in sorted(t.world.hosts.values(), key=lambda h: h.id):
        since = max([t.truth.failing_since(host.id, t.now), *t.truth.switched_on(host.id), *t.truth.came_up[host.id]])
        runs = host.power and not host.powering_off and host.id not in t.ours.on_the_way_down
        if not runs or not t.truth.is_surely_failing(host.id) or not policy_of(watch, host.id).shutdown.enabled:
            continue
        until = t.truth.reached_until([host.id, t.world.pools[host.pool].coordinator], since, t.now)
        if until - since > time_wanted(watch, host.id) and not excuse(watch, host.id, since, t.now):
            yield f"the controller's own machine is told to go down while {host.id} is up"


def the_own_vm_is_never_stopped(watch: Watch, t: Tick) -> Iterator[str]:
    """It moves before the others of its host, and goes down with that at last."""
    own = _own_vm(t)
    if own is None:
        return
    for action in t.started:
        if isinstance(action, a.StopVm | a.ForceStopVm) and action.vm == own.id:
            yield f"{own.name}, in which the controller runs, is stopped"
        if isinstance(action, a.ShutDownHost) and action.host == own.resident_on and action.aboard != own.id:
            yield f"{action.host} is shut down, and nobody knows that the controller runs on it"
    moved = [action for action in t.started if isinstance(action, a.MoveVm) and action.source == own.resident_on]
    if not moved or any(action.vm == own.id for action in moved) or _was_tried(watch, own.id):
        return
    if any(isinstance(action, a.MoveVm) and action.vm == own.id for action in t.before.pending.values()):
        return
    if own.id in t.s.seen.vms and t.s.seen.vms[own.id].immovable:
        return
    targets = [
        t.world.hosts[action.host] for action in moved if not t.s.vm_policy(t.s.seen.vms[action.vm]).infrastructure
    ]
    able = [h for h in targets if own.storage <= h.storage and t.world.memory_available(h.id) >= own.memory]
    if able and not t.s.memory.vm(own.id).skipped and t.truth.may_be_failing(own.resident_on or ""):
        yield f"{moved[0].name} moves to {able[0].id} before {own.name}, in which the controller runs"


def _own_vm(t: Tick) -> SimVm | None:
    machine = t.world.machine
    return t.world.vms.get(machine.vm) if machine is not None and machine.vm else None


def _was_tried(watch: Watch, vm: VmId) -> bool:
    return any(isinstance(action, a.MoveVm) and action.vm == vm for _, action in watch.ours.begun)


def nothing_is_proven_behind_a_dark_switch(watch: Watch, t: Tick) -> Iterator[str]:
    """That a host is silent there says nothing of it."""
    for event in t.events:
        if not isinstance(event, e.HostDown) or "silent" not in event.proof:
            continue
        host = t.world.hosts[event.host]
        dark = t.now - max((began for began, _ in t.truth.unwired[host.id]), default=t.now)
        if host.power and host.unwired and dark >= t.s.policy.down_silence:
            yield f"{host.id} is called down ({event.proof}), and runs behind a switch that is off"


LAST_OF_ALL = (the_controller_goes_last, the_own_vm_is_never_stopped, nothing_is_proven_behind_a_dark_switch)


def the_controller_is_not_cut(watch: Watch) -> Iterator[str]:
    """Its own machine goes down in order, where its owner wants that and there was the time."""
    built, truth = watch.scenario.site.site.controller, watch.truth
    for line in watch.world.story:
        if line.text != CUT_WORDS or not built.shuts_down:
            continue
        lived = [back for _, back in truth.absences if back <= line.at]
        since = max([truth.failing_since(CONTROLLER, line.at), *lived])
        wanted = built.stop_time + watch.scenario.site.site.policy.reserve + EARLIER
        if line.at - since <= wanted or _is_excused(watch, line.at):
            continue
        yield f"{line.text}, {line.at - since:.0f} s after its supply failed; {wanted:.0f} s would have been enough"


def _is_excused(watch: Watch, until: float) -> bool:
    """It was dead or disarmed, or the cards of its UPSs were silent or do not tell the truth."""
    feeds = watch.truth.machine(CONTROLLER).fed_by
    happened = [it for it in watch.truth.happened if it.at + watch.scenario.lead_in <= until]
    troubled = any(it.do in (FREEZE, CRASH) or {*it.arguments.values()} & {*feeds} for it in happened)
    unheard = any(not feed.audible or feed.silences for feed in (watch.truth.feeds[u] for u in feeds))
    dry = not watch.scenario.armed or any(it.do == "disarm" for it in happened)
    return unheard or troubled or dry or any(untold(watch, ups) for ups in feeds)
