"""Why a host is as it is."""

from __future__ import annotations

from ridethrough.core import events as e
from ridethrough.core.budget import in_words, need
from ridethrough.core.custody import belongs_to_administrator
from ridethrough.core.ends import left
from ridethrough.core.evacuation import is_emptying, is_held, is_protected, last_start_in, on_battery_text
from ridethrough.core.gates import awaited_batteries, may_start, why_it_waits
from ridethrough.core.memory import HostMemory
from ridethrough.core.model import HostId, UpsId
from ridethrough.core.observation import HostSeen
from ridethrough.core.ordering import members_still_up
from ridethrough.core.placement import is_moving
from ridethrough.core.power import Feed, HostSupply, Supply, feed, is_counting, supply
from ridethrough.core.power_on import trouble
from ridethrough.core.situation import Situation
from ridethrough.core.timetable import MAINTENANCE
from ridethrough.core.timetable import steps as steps_of
from ridethrough.core.wording import duration, listed


def of_host(s: Situation, host: HostSeen) -> tuple[str, str]:
    """How it is and why; and what would change that."""
    m, state = s.memory.host(host.id), supply(s, host.id)
    if m.down_at is not None:
        return f"{host.id} is down, and that is proven.", _comes_back(s, host, state)
    if m.shut_down_at is not None:
        asked = (
            f"{host.id} was told to shut down {duration(s.now - m.shut_down_at)} ago; that it is down is not proven."
        )
        silence = duration(s.policy.down_silence)
        return asked, f"It counts as down when it has been silent for {silence} while another host answers."
    if state.state is Supply.LOST:
        return f"The power of {host.id} has been cut: the off-time of {_feeds(s, host.id)} has passed.", ""
    if is_held(s, host):
        return _held(s, host, m), _until_held(s, host, m)
    if s.dry_run and state.failing:
        return f"{host.id}: {_power(s, host, state)}. Dry run: nothing is done.", "Once armed, Ridethrough would act."
    if m.shutdown is not None:
        return _stopping(s, host, m.shutdown, state), _before_the_commit(s, host, state)
    if is_emptying(s, host):
        return _emptied(s, host, m, state), _next_of_emptied(s, host, m, state)
    if m.evacuation is not None and state.state is Supply.SETTLING:
        return f"{host.id} was to be emptied; {_settles(s, host)}.", "Nothing is begun and nothing undone meanwhile."
    if m.evacuation is not None or m.disabled_at is not None:
        return _comes_out(s, host)
    if not host.enabled and (state.powered or state.state is Supply.UNKNOWN):
        return (
            f"{host.id} is in maintenance mode, and not by Ridethrough: {_power(s, host, state)}.",
            "It takes no VMs in an outage. It stays so until a person enables it.",
        )
    if state.failing:
        return f"{host.id} rides through: {_power(s, host, state)}.", _due(s, host, state)
    if state.powered:
        return f"Nothing threatens {host.id}: {_power(s, host, state)}.", if_it_failed(s, host)
    return f"{host.id}: {_power(s, host, state)}.", "Nothing is begun and nothing undone on that alone."


# --- power -------------------------------------------------------------------------------------------------------


def _power(s: Situation, host: HostSeen, state: HostSupply) -> str:
    """What feeds it now, in words."""
    feeds = _feeds(s, host.id)
    match state.state:
        case Supply.FULL:
            return f"{feeds} {_has(s, host.id)} utility power"
        case Supply.REDUCED:
            good = [u for u in s.site.hosts[host.id].powered_by if feed(s, u) is Feed.GOOD]
            return f"one of its feeds is gone, and {listed(good)} is enough" if good else "one of its feeds is gone"
        case Supply.ASSUMED:
            return "site.toml names no UPS for it, so it is taken to have power"
        case Supply.SETTLING:
            return _settles(s, host)
        case Supply.ON_BATTERY | Supply.LOST:
            clock = s.now - state.since if state.since is not None else 0.0
            said = on_battery_text(s, host.id, clock)
            seconds = left(s, host)
            return f"{said}, {in_words(seconds, need(s, host).from_evacuation)}" if seconds is not None else said
        case Supply.UNKNOWN:
            return f"nobody knows what {feeds} {'gives' if _is_one(s, host.id) else 'give'}"


def _settles(s: Situation, host: HostSeen) -> str:
    settling = [u for u in s.site.hosts[host.id].powered_by if feed(s, u) is Feed.SETTLING]
    waits = [m.utility_since + m.settle - s.now for u in settling if (m := s.memory.ups(u)).utility_since is not None]
    longer = f" for another {duration(max(waits))}" if waits and max(waits) > 0 else ""
    return f"utility power is back at {listed(settling)} and must hold{longer}"


def _feeds(s: Situation, host: HostId) -> str:
    built = s.site.hosts.get(host)
    return listed(built.powered_by) if built is not None else ""


def _is_one(s: Situation, host: HostId) -> bool:
    return len(s.site.hosts[host].powered_by) == 1


def _has(s: Situation, host: HostId) -> str:
    return "has" if _is_one(s, host) else "have"


def spared_until(s: Situation, host: HostId) -> list[UpsId]:
    """The UPSs that would have to fail, by their names in order, before the host is on battery."""
    built = s.site.hosts[host]
    good = [u for u in built.powered_by if feed(s, u) is Feed.GOOD]
    return good[: max(len(good) - built.needs + 1, 1)]


# --- what comes next ---------------------------------------------------------------------------------------------


def if_it_failed(s: Situation, host: HostSeen) -> str:
    """What would come of a failure, of a host that has its power."""
    built = s.site.hosts.get(host.id)
    if built is None or not built.powered_by:
        return "Should its power fail all the same, nobody would know: name its UPSs in powered_by."
    when = f"If {listed(spared_until(s, host.id))} failed"
    if s.dry_run:
        return f"{when}, nothing would be done: the site is in dry run."
    steps = steps_of(host.id, s.site, s.seen)
    if not steps and is_protected(s, host):
        return f"{when}, it would go down last, as the coordinator, in time before its power ends."
    if not steps:
        return f"{when}, nothing would be done, for both of its options are off: it would crash when its power ends."
    said = [
        f"its VMs would begin to move {_after(step.begins)}"
        if step.option == MAINTENANCE
        else f"what is still on it would be stopped and it would shut down {_after(step.begins)}"
        for step in steps
    ]
    crash = "" if any(step.option != MAINTENANCE for step in steps) else ", but it would crash when its power ends"
    return f"{when}, {' and '.join(said)}{crash}; earlier if its power would not last so long."


def _after(seconds: float) -> str:
    return f"after {duration(seconds)}" if seconds else "at once"


def _due(s: Situation, host: HostSeen, state: HostSupply) -> str:
    """What is due for a host that rides through."""
    policy = s.host_policy(host.id)
    clock = s.now - state.since if state.since is not None else 0.0
    timers = [t.after for t in (policy.maintenance, policy.shutdown) if t.enabled]
    if stopped := _cannot_act(s, host):
        return f"{stopped}: nothing can be done now."
    if not timers and not is_protected(s, host):
        return "Both of its options are off: nothing is done, and it crashes when its power ends."
    ends = [min(timers) - clock] if timers else []
    if (last := last_start_in(s, host)) is not None:
        ends.append(last)
    if not ends:
        up = listed(members_still_up(s, host))
        return f"It is the coordinator and goes down last, before its power ends{f'; {up} still up' if up else ''}."
    soon = max(min(ends), 0.0)
    return f"It is emptied {'now' if soon < 1 else f'in {duration(soon)}'}, unless utility power returns before."


def _cannot_act(s: Situation, host: HostSeen) -> str:
    """Why nothing can be done in its pool now; empty: something can."""
    if not s.is_trusted(host.pool):
        return f"Nobody answers as coordinator of {host.pool}, or it has just started"
    claim = s.seen.pools[host.pool].claim
    return f"{claim} is in charge of {host.pool}" if claim not in ("", s.policy.controller) else ""


def _held(s: Situation, host: HostSeen, m: HostMemory) -> str:
    if m.held:
        asked = m.hold_asked
        by = f" by {asked.by}" if asked is not None else ""
        because = f": {asked.says}" if asked is not None and asked.says else ""
        return f"{host.id} is held{by}{because}."
    return f"A person enabled {host.id} after Ridethrough had disabled it: hands off."


def _until_held(s: Situation, host: HostSeen, m: HostMemory) -> str:
    last = last_start_in(s, host)
    if m.held_until is not None and (last is None or m.held_until - s.now <= last):
        return f"That ends in {duration(max(m.held_until - s.now, 0.0))}, or when somebody releases it."
    if last is not None:
        return f"That ends at its last safe start, in {duration(last)}, or when somebody releases it."
    return "That ends when somebody releases it, or at its last safe start in an outage."


def _stopping(s: Situation, host: HostSeen, begun: e.ShutdownBegun, state: HostSupply) -> str:
    guests = len(s.guests(host.id))
    doing = f"{_vms(guests)} on it must go first" if guests else "it is empty and shut down next"
    if s.is_wanted_off(host.pool):
        return f"{host.id} is on its way down, for a person wants {host.pool} off: {doing}."
    if state.failing:
        return f"{host.id} is on its way down since {_because(begun)}; {_power(s, host, state)}: {doing}."
    return f"{host.id} was on its way down; {_power(s, host, state)}."


def _because(begun: e.EvacuationBegun | e.ShutdownBegun) -> str:
    """Why it was begun, as it was then: a time left is told as one of then."""
    return f"little time was left ({begun.why})" if begun.early else f"its time was over ({begun.why})"


def _before_the_commit(s: Situation, host: HostSeen, state: HostSupply) -> str:
    if s.is_wanted_off(host.pool):
        return "Nothing but a new start brings it back."
    if not state.failing:
        return "It is not shut down after all once utility power has held."
    others = members_still_up(s, host) if s.is_coordinator(host) else []
    waits = f" As the coordinator it waits for {listed(others)}." if others else ""
    return f"It would stay up if utility power came back for {_settle(s, host)} before it is told.{waits}"


def _settle(s: Situation, host: HostSeen) -> str:
    built = s.site.hosts.get(host.id)
    settles = [s.memory.ups(u).settle for u in (built.powered_by if built is not None else ())]
    return duration(max([s.policy.settle, *settles]))


def _emptied(s: Situation, host: HostSeen, m: HostMemory, state: HostSupply) -> str:
    guests = s.guests(host.id)
    moving = len([vm for vm in guests if is_moving(s, vm)])
    count = f"{_vms(len(guests))} on it, {moving} moving" if guests else "no VM is left on it"
    if m.wanted or s.is_wanted_off(host.pool):
        return f"{host.id} is being emptied, for a person wants it so: {count}."
    if m.evacuation is not None and state.failing:
        return f"{host.id} is being emptied since {_because(m.evacuation)}; {_power(s, host, state)}: {count}."
    return f"{host.id} is still being emptied, for its moves have begun; {_power(s, host, state)}: {count}."


def _next_of_emptied(s: Situation, host: HostSeen, m: HostMemory, state: HostSupply) -> str:
    if m.wanted or s.is_wanted_off(host.pool):
        return "It ends when a person says so." if m.wanted else "Then it is shut down."
    if not state.failing:
        return "It leaves maintenance mode when the last of them has moved, and utility power holds."
    moves = "moves that have begun would end, then it would leave maintenance mode" if m.moved_from else "it would end"
    back = f"If utility power came back for {_settle(s, host)}, {moves}."
    policy, needs = s.host_policy(host.id), need(s, host)
    ends = [state.since + policy.shutdown.after - s.now] if policy.shutdown.enabled and state.since is not None else []
    seconds = left(s, host)
    if seconds is not None and (policy.shutdown.enabled or is_protected(s, host)):
        ends.append(seconds - needs.from_stops)
    return f"{back} What is left on it is stopped in {duration(max(min(ends), 0.0))}." if ends else back


def _comes_out(s: Situation, host: HostSeen) -> tuple[str, str]:
    """It was emptied by us and is no longer: it leaves maintenance mode."""
    state = supply(s, host.id)
    if belongs_to_administrator(s, host):
        return (
            f"{host.id} is in maintenance mode, in which a person had put it before; {_power(s, host, state)}.",
            "It stays in it until a person enables it.",
        )
    mode = "is enabled again" if host.enabled else "is in maintenance mode, and not yet out of it"
    if stopped := _cannot_act(s, host):
        return f"{host.id} {mode}; {_power(s, host, state)}.", f"{stopped}: nothing can be done now."
    if not s.answers(host):
        return f"{host.id} {mode}; {_power(s, host, state)}.", "It leaves maintenance mode when it answers."
    return f"{host.id} {mode}; {_power(s, host, state)}.", "It leaves maintenance mode next."


def _comes_back(s: Situation, host: HostSeen, state: HostSupply) -> str:
    if s.memory.pool(host.pool).off_by_person:
        return "A person had the pool shut down: nobody but a person switches it on again."
    if state.failing:
        return f"It comes back when {_feeds(s, host.id)} {_has(s, host.id)} utility power again, and that has held."
    if state.state is Supply.SETTLING:
        return f"It may come back: {_settles(s, host)}."
    counting = [u for u in _named(s, host.id) if is_counting(s, u)]
    if counting:
        return f"{listed(counting)} may still cut its output: it comes back after that."
    if not may_start(s, host.id, host.pool):
        return f"It waits: {'; '.join(why_it_waits(s, ups) for ups in awaited_batteries(s, host.id))}."
    if reason := trouble(s, host):
        return f"It stays off ({reason}): a person must switch it on."
    return "Its supply is back: it starts by itself, or is switched on."


def _named(s: Situation, host: HostId) -> tuple[UpsId, ...]:
    built = s.site.hosts.get(host)
    return built.powered_by if built is not None else ()


def _vms(number: int) -> str:
    return f"{number} VM{'' if number == 1 else 's'}"
