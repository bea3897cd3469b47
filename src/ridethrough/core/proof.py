"""Which hosts are proven down, and which have come back."""

from __future__ import annotations

from . import events as e
from .ends import own_left
from .model import HostId, PoolId, Seconds, Switch
from .observation import HostSeen
from .ordering import is_down, starts
from .power import Supply, supply
from .situation import Situation, once
from .topology import switches_before
from .wording import duration

NOTICE: Seconds = 10.0  # host.shutdown returns so long before it begins: a host that falls silent sooner has not obeyed
STARTS_WITHIN: Seconds = 60.0  # from the first answer of a toolstack to its word to the pool that it has started


def news(s: Situation) -> list[e.Event]:
    """Hosts proven down, or to have been down, in this round; and hosts that were down and answer again."""
    found: list[e.Event] = []
    for host in s.hosts:
        m = s.memory.host(host.id)
        if m.down_at is not None and m.heard_at is None and not _has_returned(s, host):
            found += [e.HostHeard(s.now, host.id)] if _is_heard(s, host, m.down_at) else []
        elif (m.down_at is None or m.heard_at is not None) and (proof := _proof_of_down(s, host)):
            found.append(e.HostDown(s.now, host.id, proof, host.agent_started, _stop_took(s, host)))
        elif m.down_at is None and (proof := _proof_of_a_fall(s, host)):
            found += [e.HostDown(s.now, host.id, proof, host.agent_started), _returned(s, host)]
        elif _has_returned(s, host):
            found.append(_returned(s, host))
    return found


def _returned(s: Situation, host: HostSeen) -> e.HostReturned:
    pool = "" if _goes_down(s, host) else host.pool
    return e.HostReturned(s.now, host.id, host.agent_started, host.booted, pool, _start_took(s, host))


def _stop_took(s: Situation, host: HostSeen) -> Seconds:
    """From our last order until nothing of it was heard any more, where all that while this controller listened."""
    asked, heard = s.memory.host(host.id).shutdown_last_asked, (host.toolstack_at, host.network_at)
    last = max((t for t in heard if t is not None), default=None)
    if s.memory.host(host.id).shut_down_at is None or asked is None or last is None or asked < s.memory.started_at:
        return 0.0
    return last - asked if last - asked >= NOTICE else 0.0


def _start_took(s: Situation, host: HostSeen) -> Seconds:
    """Since it was switched on, or the outputs that were off are on again; 0: nobody knows, or nobody watched."""
    m, built = s.memory.host(host.id), s.site.hosts.get(host.id)
    if m.down_at is None:
        return 0.0
    cut = [u for u in (s.memory.ups(ups) for ups in (built.powered_by if built else ())) if u.was_cut]
    supplied = [u.utility_since if u.utility_since is not None else u.returned_at for u in cut]
    times = [t for t in (m.powered_on_at, *supplied) if t is not None and t > max(m.down_at, s.memory.started_at)]
    return s.now - max(times) if times else 0.0


def _goes_down(s: Situation, host: HostSeen) -> bool:
    """A person wants its whole pool off, and another host of it has run on since: that goes on."""
    asked = s.memory.pool(host.pool).shutdown_asked
    return asked is not None and any(_has_run_on(s, h, asked.at) for h in s.members(host.pool) if h.id != host.id)


def _has_run_on(s: Situation, host: HostSeen, since: Seconds) -> bool:
    if not s.answers(host) or s.memory.host(host.id).down_at is not None:
        return False
    anew = _has_booted_anew(s, host)
    return not anew if anew is not None else host.answers_since is not None and host.answers_since <= since


def _proof_of_down(s: Situation, host: HostSeen) -> str:
    """Out-of-band power says off; or toolstack and network both silent for long, while a witness behind the same switch
    answers.

    Silence alone proves nothing, nor does a success reply: host.shutdown returns ten seconds before it begins.
    """
    m = s.memory.host(host.id)
    silent, off = s.now - silent_since(s, host), off_by_its_bmc(s, host)
    if silent < s.policy.down_silence and not off:
        return ""
    if m.shut_down_at is None and m.heard_at is None and not _is_ours_to_judge(s, host):
        return ""
    if off:
        return "its BMC says that its power is off"
    witness = _witness(s, host)
    return f"toolstack and network silent for {duration(silent)} while {witness} answers" if witness else ""


def off_by_its_bmc(s: Situation, host: HostSeen) -> bool:
    """Its BMC has said just now that it is off, and later than anything was heard of it or asked of it."""
    seen = s.seen.bmcs.get(host.id)
    if seen is None or seen.off_at is None or s.now - seen.off_at > s.policy.silent_after:
        return False
    heard = (host.toolstack_at, host.network_at, s.memory.host(host.id).shut_down_at)
    return all(at is None or at < seen.off_at for at in heard)


def is_surely_down(s: Situation, host_id: HostId) -> bool:
    """Proven down, and not by silence alone that began without our order: its network may be gone, and it may run.

    Nor does one that begins to be heard again stay down.
    """
    host = s.seen.hosts.get(host_id)
    if not is_down(s, host_id) or (host is not None and starts(s, host)):
        return False
    ordered = s.memory.host(host_id).shut_down_at is not None
    return ordered or supply(s, host_id).state is Supply.LOST or (host is not None and off_by_its_bmc(s, host))


def silent_since(s: Situation, host: HostSeen) -> Seconds:
    """Since when its silence counts as proof of down.

    A controller that started after the shutdown was asked for may never hear the host: it counts from its own start.
    """
    heard = (host.toolstack_at, host.network_at, s.memory.host(host.id).shut_down_at, s.memory.started_at)
    return max(t for t in heard if t is not None)


def _proof_of_a_fall(s: Situation, host: HostSeen) -> str:
    """It has booted anew, and not by our doing: nobody saw it fall, but what ran on it was lost.

    It has told its pool so itself: that it answers us as well need not be waited for.
    """
    if s.memory.host(host.id).shut_down_at is not None or _has_booted_anew(s, host) is not True:
        return ""
    ours = s.memory.pool(host.pool).record is not None and s.is_trusted(host.pool)
    return "it fell unseen and has booted anew" if ours and host.live else ""


def _has_booted_anew(s: Situation, host: HostSeen) -> bool | None:
    """Since the record, or since it last returned; None: its boot_time is not told."""
    return s.memory.host(host.id).has_booted_anew(host.booted)


def _is_ours_to_judge(s: Situation, host: HostSeen) -> bool:
    """It went silent in this outage. A host that was never heard, or was off long before, is somebody else's.

    One that this controller never heard was up in this outage when it carried out the disable of an earlier one.
    """
    m, state = s.memory.host(host.id), supply(s, host.id)
    if not (state.failing or m.evacuation is not None or m.disabled_at is not None):
        return False
    heard = [t for t in (host.toolstack_at, host.network_at) if t is not None]
    if not heard:
        return m.disabled_done is not None
    return state.since is None or max(heard) >= state.since - s.policy.down_silence


def had_guests(s: Situation, host: HostSeen) -> bool:
    """Guests that ran when the outage began may have been there at last: should it have fallen, it took them along."""
    return host.id in _hosts_with_guests(s, host.pool)


@once
def _hosts_with_guests(s: Situation, pool: PoolId) -> frozenset[HostId]:
    record = s.memory.pool(pool).record
    if record is None:
        return frozenset()
    return frozenset(h for vm, home in record.running for h in s.memory.vm(vm).may_be_on(home, record))


def may_have_fallen(s: Situation, host: HostSeen) -> bool:
    """It had guests, and is silent; or was, and has not had the time to tell its pool that it has started anew."""
    record = s.memory.pool(host.pool).record
    return record is not None and not _is_known_up(s, host, record.at) and had_guests(s, host)


def _is_known_up(s: Situation, host: HostSeen, recorded_at: Seconds) -> bool:
    """It has answered since the record, or has told its pool since it answers that it has started, or could have."""
    since, told = host.answers_since, s.memory.host(host.id).new_since
    if since is None or not s.answers(host):
        return False
    return since <= recorded_at or (told is not None and told >= since) or s.now - since >= STARTS_WITHIN


def _witness(s: Situation, host: HostSeen) -> HostId:
    """A machine behind the same switch that answers now: another host of the pool, a storage, or the pool's
    witness address.
    """
    pool = s.seen.pools.get(host.pool)
    for other in s.members(host.pool):
        if other.id != host.id and _switch(s, other.id) == _switch(s, host.id) and _just_now(s, other.network_at):
            return other.id
    for storage in sorted(s.site.storages.values(), key=lambda t: t.id):
        there = s.seen.storages.get(storage.id)
        if there is not None and storage.switch == _switch(s, host.id) and _just_now(s, there.network_at):
            return storage.id
    if pool is None or not _just_now(s, pool.witness_at) or not _may_be_reached(s, host):
        return ""
    return "the witness"


def _may_be_reached(s: Situation, host: HostSeen) -> bool:
    """A switch that leads to it has power, as far as that is known: behind one that has none, all are silent."""
    switches = switches_before(s.site, host.id, host.pool)
    return not switches or any(_works(s, switch) for switch in switches)


def _works(s: Situation, switch: Switch) -> bool:
    """One that no UPS feeds went dark with the first UPS that lost utility power."""
    if not switch.powered_by:
        return all(s.memory.ups(ups).on_battery_since is None for ups in s.site.upses)
    seconds = own_left(s, switch.id)
    return seconds is None or seconds > s.policy.reserve


def _switch(s: Situation, host: HostId) -> str:
    built = s.site.hosts.get(host)
    return built.switch if built else ""


def _just_now(s: Situation, at: Seconds | None) -> bool:
    return at is not None and s.now - at <= s.policy.target_fresh


def _has_returned(s: Situation, host: HostSeen) -> bool:
    """It answers again, with a new toolstack. One that answers with its old one is on its way down, or has not told
    its pool yet that it starts anew: until then the pool believes in guests that are gone.

    One that was proven down and answers for long with its old toolstack never went down: its network was gone. And one
    that was asked to shut down, and whose toolstack alone has started anew, is still on its way.
    """
    m = s.memory.host(host.id)
    gone_at = m.down_at if m.down_at is not None else m.shut_down_at
    if gone_at is None or not _is_heard(s, host, gone_at):
        return False
    if host.agent_started != m.agent_before:
        return m.down_at is not None or _has_booted_anew(s, host) is not False
    return m.heard_at is not None and s.now - m.heard_at >= STARTS_WITHIN


def _is_heard(s: Situation, host: HostSeen, gone_at: Seconds) -> bool:
    """It has answered since then, and its pool, which is heard itself, does not call it dead."""
    later = host.toolstack_at is not None and host.toolstack_at > gone_at
    return later and host.live and s.is_trusted(host.pool) and s.answers(host)
