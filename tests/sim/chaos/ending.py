"""What must hold when a story is over: everything that can be back is back, and all is written down."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator

from ridethrough.core import events as e
from ridethrough.core.memory import StorageMemory
from ridethrough.core.model import HostId, PoolId, Seconds, StorageId
from ridethrough.core.observation import Power
from ridethrough.sim.faults import OTHER_CONTROLLER
from ridethrough.sim.machines import Guest, Reach, SimHost, SimVm
from ridethrough.sim.pool_door import CLAIM, MAINTENANCE
from ridethrough.sim.timeline import BREAK_JOURNAL, CRASH

from .last_of_all import the_controller_is_not_cut
from .losses import losses
from .rules import FRESH, ROUND_AT_LEAST
from .watch import OWED_FOR, Broken, Watch, has_room

# Alerts that may stay: what they tell of does not mend itself.
MAY_STAY = frozenset(
    {
        "stays off",
        "still up",
        "missing",
        "degraded",
        "off",
        "overload",
        "no coordinator",
        "profile unknown",
        "claimed",
        "ha",
        "ha not restored",
    }
)


def the_end(watch: Watch) -> list[Broken]:
    """What is broken at the end of a story that has been played."""
    found = [Broken(rule.__name__, watch.world.now, text) for rule in ALWAYS for text in rule(watch)]
    if _is_quiet(watch):
        pools = [p for p in sorted(watch.world.pools) if _is_ours_to_restore(watch, p) and not _still_asks(watch, p)]
        found += [
            Broken(rule.__name__, watch.world.now, text)
            for pool in pools
            for rule in RESTORED
            for text in rule(watch, pool)
        ]
        found += [
            Broken(storage_is_let_go.__name__, watch.world.now, text)
            for box in sorted(watch.world.nases)
            for text in storage_is_let_go(watch, box)
        ]
    return found


def never_12_loses_a_fact(watch: Watch) -> Iterator[str]:
    """Every decided event is in the journal, in order. What a dead disk had not taken dies with its controller."""
    done = {it.do for it in watch.truth.happened}
    died = CRASH in done or watch.truth.without_machine()
    if (BREAK_JOURNAL in done and died) or watch.journal.fails:
        return
    kept = iter(watch.journal.entries)
    last = watch.decided[-1] if watch.decided else ()
    for events in watch.decided:
        for event in events:
            if not any(entry is event for entry in kept):
                if events is not last:  # a kill may fall between a decision and its writing down
                    yield f"decided and not in the journal: {event}"
                return


def no_bug(watch: Watch) -> Iterator[str]:
    """No round and no action failed by a mistake of ours."""
    for event in watch.journal.entries:
        if isinstance(event, e.RoundFailed):
            yield event.text
        elif isinstance(event, e.ActionFinished) and event.error in ("BUG", "NO_ACTOR"):
            yield f"{event.action}: {event.detail}"


def never_8_stops_going_round(watch: Watch) -> Iterator[str]:
    last = watch.rounds[-1] if watch.rounds else 0.0
    starts = [event.at for event in watch.journal.entries if isinstance(event, e.ControllerStarted)]
    away = any(
        it.do == CRASH and watch.world.now - it.at - watch.scenario.lead_in <= it.lasts + 1.0
        for it in watch.truth.happened
    )
    lives = watch.world.machine is None or watch.world.machine.runs
    if lives and watch.world.now - max([last, *starts]) > ROUND_AT_LEAST and not away:
        yield f"the last round was {watch.world.now - last:.0f} s before the end"


def no_avoidable_loss(watch: Watch) -> Iterator[str]:
    yield from losses(watch)


def no_storm(watch: Watch) -> Iterator[str]:
    """A journal that people can read: so many entries for so much that happened, and no alert over and over."""
    world = watch.world
    things = len(world.hosts) + len(world.vms) + len(world.upses) + len(world.nases)
    causes = 1 + len(watch.truth.happened)
    if len(watch.journal.entries) > 40 + 6 * things * causes:
        yield f"{len(watch.journal.entries)} journal entries for {causes} happenings and {things} things"
    told = Counter((event.subject, event.key) for event in watch.journal.entries if isinstance(event, e.Alerted))
    for (subject, key), times in sorted(told.items()):
        if times > 3 + 2 * causes:
            yield f'"{key}" of {subject} was told {times} times'


def hosts_are_back(watch: Watch, pool: PoolId) -> Iterator[str]:
    """Up, unless nothing but a hand could switch them on; and enabled, unless it was not we who disabled them."""
    for host in watch.world.members(pool):
        if not host.power:
            if not _needs_a_hand(watch, host):
                yield f"{host.id} is off"
        elif watch.world.reach(host.id) not in (Reach.MEMBER, Reach.COORDINATOR):
            continue
        elif not host.enabled and host.id in watch.ours.disabled and not _wanted_in_maintenance(watch, host.id):
            yield f"{host.id} is still disabled"
        elif _wanted_in_maintenance(watch, host.id):
            continue  # somebody else's mark, which a boot does not take off
        elif host.enabled and MAINTENANCE in host.other_config and host.id in watch.ours.disabled:
            yield f"{host.id} is enabled and still marked as in maintenance mode"


def guests_are_back(watch: Watch, pool: PoolId) -> Iterator[str]:
    """What we stopped runs again, where there is room for it.

    A guest that obeys later than the owner's longest clean stop counts as one that runs on, and is then missed.
    """
    longest = watch.scenario.site.site.policy.guest_stop
    ran = watch.ours.ran.get(pool, {})
    for vm in sorted(watch.world.vms.values(), key=lambda v: v.name):
        if vm.id not in ran or vm.id not in watch.ours.stopped or vm.power_state is Power.RUNNING:
            continue
        if vm.name in watch.truth.died() and "pull power" in {it.do for it in watch.truth.happened}:
            continue  # it had not stopped, and died with a host whose cord was pulled
        if _was_without_disks(watch, vm):
            continue
        if vm.stop_seconds <= longest and not _a_person_took(watch, vm) and has_room(watch.world, vm.id):
            yield f"{vm.name}, which we stopped, is {vm.power_state}"


def the_fallen_are_back(watch: Watch, pool: PoolId) -> Iterator[str]:
    """What ran when the outage began and fell with a host in it, wherever that was, runs again.

    Not with a host that was given up, of which a person was told, and that is not back; nor what fell once more, with
    no record open; nor with a host that fell as the record was closed, before anybody could know.
    """
    recorded = watch.ours.recorded.get(pool)
    if recorded is None or any(it.do == "disarm" for it in watch.truth.happened):
        return  # what fell in a dry run is nobody's to start
    restored = watch.ours.restored.get(pool, 0.0)
    over = restored if restored >= recorded else math.inf
    over -= FRESH
    fell = watch.truth.died(recorded, over) - watch.truth.died(over) - watch.truth.died_with(_still_away(watch))
    for vm in (watch.world.vms[v] for v in sorted(watch.ours.ran[pool])):
        missed = vm.name in fell and vm.power_state is Power.HALTED and not _was_without_disks(watch, vm)
        if missed and not _a_person_took(watch, vm) and has_room(watch.world, vm.id):
            yield f"{vm.name}, which fell with its host, is {vm.power_state}"


def _still_away(watch: Watch) -> set[HostId]:
    """Of the hosts that were given up, those that have not been back for long, and in service."""
    hosts, since = [watch.world.hosts[h] for h in watch.ours.given_up], watch.truth.reached_since
    long_ago = watch.world.now - OWED_FOR - FRESH
    up = {h.id for h in hosts if h.enabled and h.live and (since[h.id] or math.inf) <= long_ago}
    return watch.ours.given_up - up


def the_pool_is_let_go(watch: Watch, pool: PoolId) -> Iterator[str]:
    """The record is closed, the claim released, auto_poweron as it was."""
    it, memory = watch.world.pools[pool], watch.memory
    if any(_asked_of_us(watch, h.id) for h in watch.world.members(pool)):
        return  # a maintenance mode that somebody wants of us goes on
    if memory.pool(pool).record is not None:
        yield f"the record of {pool} is still open"
    elif it.other_config.get(CLAIM):
        yield f"{pool} is still claimed"
    before = watch.scenario.site.build().pools[pool].other_config.get("auto_poweron")
    if it.other_config.get("auto_poweron", "false") != (before or "false"):
        yield f"auto_poweron of {pool} was {before} and is {it.other_config.get('auto_poweron')}"


def nothing_is_left_open(watch: Watch, pool: PoolId) -> Iterator[str]:
    for action in watch.memory.pending.values():
        if action.pool == pool:
            yield f"{action} is still under way"
    for (subject, key), alert in sorted(watch.memory.alerts.items()):
        mine = subject == pool or (subject in watch.world.hosts and watch.world.hosts[subject].pool == pool)
        if mine and key not in MAY_STAY:
            yield f"still alerted: {alert.text}"


def storage_is_let_go(watch: Watch, box: StorageId) -> Iterator[str]:
    """What serves on utility power is neither on its way down nor missed."""
    since = watch.truth.serves_since[box]
    if since is None or watch.world.now - since < FRESH:
        return
    known = watch.memory.storage(box)
    if known.told_at is not None and watch.world.now - known.told_at < watch.scenario.site.site.storages[box].stop_time:
        return  # it may still obey
    if known != StorageMemory():
        yield f"{box} serves, and is remembered as {known}"
    yield from (f"still alerted: {it.text}" for (of, _), it in sorted(watch.memory.alerts.items()) if of == box)


def _was_without_disks(watch: Watch, vm: SimVm) -> bool:
    """A box of its disks did not serve when it was given up: for as long as its owner would have waited."""
    truth, policy = watch.truth, watch.scenario.site.site.policy
    given_up: Seconds = watch.ours.restored.get(vm.pool, watch.world.now)
    for box in truth.believed_on(vm, watch.ours.ran.get(vm.pool, {}).get(vm.id, "")):
        since = truth.serves_since[box]
        back = max(watch.truth.feeds[u].bad_ended for u in watch.world.nases[box].fed_by)
        if (since is None or since > given_up - FRESH) and given_up - back >= policy.start_timeout:
            return True
    return False


def ha_is_as_it_was(watch: Watch, pool: PoolId) -> Iterator[str]:
    """On, and to tolerate as many failures; or a person has been told that it is not."""
    before, now = watch.scenario.site.build().pools[pool], watch.world.pools[pool]
    if watch.memory.pool(pool).record is not None:
        return  # the_pool_is_let_go says so
    same = (before.ha_enabled, before.ha_failures) == (now.ha_enabled, now.ha_failures)
    if not same and (pool, "ha not restored") not in watch.memory.alerts:
        yield f"HA of {pool} is {now.ha_enabled}, {now.ha_failures}; it was {before.ha_enabled}, {before.ha_failures}"


ALWAYS: tuple[Callable[[Watch], Iterator[str]], ...] = (
    never_12_loses_a_fact,
    no_bug,
    never_8_stops_going_round,
    no_avoidable_loss,
    the_controller_is_not_cut,
    no_storm,
)
RESTORED: tuple[Callable[[Watch, PoolId], Iterator[str]], ...] = (
    hosts_are_back,
    guests_are_back,
    the_fallen_are_back,
    the_pool_is_let_go,
    nothing_is_left_open,
    ha_is_as_it_was,
)


def _is_quiet(watch: Watch) -> bool:
    """Power is back, every card is heard, the disk works, and there was time to bring all back."""
    world = watch.world
    last = max((it.at for it in watch.truth.happened), default=0.0) + watch.scenario.lead_in
    last = max([last, *(back for _, back in watch.truth.without_machine())])
    return (
        all(world.feeders.values())
        and (world.machine is None or world.machine.runs)
        and all(w.works for w in world.switches.values())
        and all(u.output and not u.card.silent and not u.card.link_lost for u in world.upses.values())
        and not any(h.unplugged for h in world.hosts.values())
        and not watch.journal.fails
        and watch.memory.armed
        and not (world.at_work and _somebody_else_asked(watch))  # a person's call that hangs has its own time
        and not watch.facts_died
        and (watch.is_over() or world.now - last >= 2 * watch.longest_wait)
    )


def _somebody_else_asked(watch: Watch) -> bool:
    return any(it.do in ("person shuts down", "person starts") for it in watch.truth.happened)


def _is_ours_to_restore(watch: Watch, pool: PoolId) -> bool:
    """Its coordinator answers: everything works through it. Without it only a person can go on (IPMI is not built yet).
    And it is not another controller's."""
    mine = watch.world.pools[pool].other_config.get(CLAIM) != OTHER_CONTROLLER
    return mine and watch.world.coordinator(pool) is not None


def _still_asks(watch: Watch, pool: PoolId) -> bool:
    """A person wants the pool off, and a host of it never goes: it is asked again and again, until it does.

    Or a guest does not, which its owner would never have stopped hard.
    """
    happened = watch.truth.happened
    wanted = any(it.do == "shut down pool" and it.arguments["pool"] == pool for it in happened)
    deaf = {it.arguments["host"] for it in happened if it.do == "ignore shutdown"}
    members = [h for h in watch.world.members(pool) if h.power]
    hard = watch.scenario.site.site.policy.force_stop
    guests = [] if hard else [v for h in members for v in watch.world.guests(h.id) if v.guest is not Guest.ACKNOWLEDGES]
    return wanted and (bool(guests) or any(h.id in deaf for h in members))


def _needs_a_hand(watch: Watch, host: SimHost) -> bool:
    """Nothing starts it by itself, and XenServer cannot; or it is not known to us that it is off."""
    does = {it.do for it in watch.truth.happened if it.arguments.get("host") == host.id}
    pools = {it.arguments.get("pool") for it in watch.truth.happened if it.do == "shut down pool"}
    known = host.id in watch.ours.shut_down
    return (
        host.pool in pools  # a person wanted it off
        or not host.power_on_mode
        or host.ignores_wake
        or "pull power" in does
        or not known
        or _is_called_live_for_too_long(watch, host)
    )


def _is_called_live_for_too_long(watch: Watch, host: SimHost) -> bool:
    """Its pool believes a host that crashed to be live, and refuses to switch it on, for as long as its owner waits."""
    crashed = any(it == host.id for _, it in watch.truth.crashes())
    return crashed and watch.world.pools[host.pool].dead_after >= watch.scenario.site.site.policy.start_timeout


def _wanted_in_maintenance(watch: Watch, host: HostId) -> bool:
    """Somebody wants it so: in XenCenter, or of us; or it was so before."""
    wanted = host in watch.ours.not_ours
    for it in watch.truth.happened:
        if it.arguments.get("host") == host:
            if it.do in ("person disables", "enter maintenance", "evacuate"):
                wanted = True
            elif it.do in ("exit maintenance",) and host not in watch.ours.not_ours:
                wanted = any(h.do == "person disables" and h.arguments["host"] == host for h in watch.truth.happened)
    return wanted


def _asked_of_us(watch: Watch, host: HostId) -> bool:
    asked = [it.do for it in watch.truth.happened if it.arguments.get("host") == host]
    asked = [do for do in asked if do in ("enter maintenance", "evacuate", "exit maintenance")]
    return bool(asked) and asked[-1] != "exit maintenance"


def _a_person_took(watch: Watch, vm: SimVm) -> bool:
    return any(it.do == "person shuts down" and it.arguments["vm"] == vm.name for it in watch.truth.happened)
