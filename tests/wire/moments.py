"""The moments at which the controller's process is killed, in the order in which an outage comes to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ridethrough.core.model import HostId
from ridethrough.sim.machines import SimVm

from .outage import Outage

Seen = Callable[[Outage], bool]


@dataclass(frozen=True, slots=True)
class Moment:
    """Dies when `sentence` is on the disk and before anything acts on it, or once the world shows what `seen` tests.

    `call`: the XenAPI call that the death prevented: the pool has not heard of it then (`on`: about this host or VM).
    """

    phase: str
    when: str
    sentence: str = ""
    seen: Seen | None = None
    call: str = ""
    on: str = ""
    before: bool = False  # it dies before the outage, which begins while nobody watches


def written(phase: str, sentence: str, call: str = "", on: str = "") -> Moment:
    """Between the commit of a fact and whatever follows from it."""
    return Moment(phase, f'written: "{sentence}"' + (f", not called: {call}" if call else ""), sentence, None, call, on)


def seen(phase: str, when: str, is_so: Seen) -> Moment:
    return Moment(phase, when, seen=is_so)


# --- what the world shows


def later(seconds: float) -> Seen:
    """So many seconds after the power failed."""
    return lambda run: run.world.now >= run.failed_at + seconds


def operation(name: str) -> Seen:
    """Some VM is in the middle of it."""
    return lambda run: any(name in v.current_operations.values() for v in run.world.vms.values())


def some_have_moved(run: Outage) -> bool:
    return bool(run.world.moves) and any(v.busy for v in run.world.vms.values())


def accepted(host: HostId, seconds: float = 0.0) -> Seen:
    """The host has accepted its shutdown so long ago, and nothing of it is to be seen yet: it begins after 10 s."""

    def is_so(run: Outage) -> bool:
        it = run.world.hosts[host]
        answers = [c.at + c.took for c in run.wire.server.log.of("host.shutdown", "") if c.outcome == "ok"]
        mine = "shutdown" in it.current_operations.values() and bool(answers)
        return mine and run.world.now >= max(answers) + seconds and not it.powering_off and it.power

    return is_so


def powering_off(host: HostId) -> Seen:
    return lambda run: run.world.hosts[host].powering_off


def off(*hosts: HostId) -> Seen:
    return lambda run: not any(run.world.hosts[h].power for h in hosts)


def disabled(host: HostId) -> Seen:
    return lambda run: not run.world.hosts[host].enabled


def counting(run: Outage) -> bool:
    return run.world.upses["ups1"].card.cut_at is not None


def cut(run: Outage) -> bool:
    return not run.world.upses["ups1"].output


def booting(host: HostId) -> Seen:
    return lambda run: run.restored and run.world.hosts[host].power and run.world.hosts[host].toolstack != "up"


def claimed(run: Outage) -> bool:
    return any("ridethrough:claim" in p.other_config for p in run.world.pools.values())


def boot_script_held(run: Outage) -> bool:
    return any(p.other_config.get("auto_poweron") == "false" for p in run.world.pools.values())


def unmarked(host: HostId) -> Seen:
    """It is out of maintenance mode, and the pool is still claimed."""
    return lambda run: (
        run.restored
        and run.world.hosts[host].enabled
        and "MAINTENANCE_MODE" not in run.world.hosts[host].other_config
        and claimed(run)
    )


def has_started_one(run: Outage) -> bool:
    """A guest runs again, others do not yet."""
    states = {_runs(v) for v in run.world.vms.values()}
    return run.restored and states == {True, False}


def _runs(vm: SimVm) -> bool:
    return vm.power_state.value == "running"


# --- one host of two is emptied, shut down and comes back

ONE_HOST = (
    Moment("watching", "dead before the power fails, started after it", before=True),
    written("watching", "ups1 is on battery"),
    seen("riding through", "10 s on battery", later(10)),
    seen("riding through", "25 s on battery", later(25)),
    written("taking charge", "-> claim pool1", "pool.add_to_other_config"),
    seen("taking charge", "the pool is claimed, which nobody wrote down", claimed),
    written("disabling", "-> disable xenserver1", "host.disable"),
    seen("disabling", "xenserver1 is disabled", disabled("xenserver1")),
    written("moving", "-> move db1", "VM.pool_migrate", on="db1"),
    seen("moving", "the first migrations run", operation("pool_migrate")),
    seen("moving", "one has moved, others move", some_have_moved),
    written("moving", "done: files1 runs on xenserver2"),
    written("moving", "xenserver1 is empty"),
    written("shutting down", "-> shut xenserver1 down", "host.shutdown"),
    seen("shutting down", "the shutdown was accepted just now", accepted("xenserver1")),
    seen("shutting down", "the shutdown was accepted 6 s ago", accepted("xenserver1", 6.0)),
    written("shutting down", "done: xenserver1 accepted its shutdown"),
    seen("shutting down", "xenserver1's system goes down", powering_off("xenserver1")),
    seen("down", "xenserver1 is off, not yet proven down", off("xenserver1")),
    written("down", "xenserver1 is down: "),
    seen("counting down", "the card counts down", counting),
    written("counting down", "ups1's card counts down"),
    seen("cut", "the output is cut", cut),
    written("cut", "the time at which ups1's card cuts its output has passed"),
    written("settling", "ups1 sees utility power again"),
    written("settling", "ups1 has utility power again"),
    seen("starting", "xenserver1 boots", booting("xenserver1")),
    written("starting", "xenserver1 has started again"),
    written("leaving maintenance mode", "-> let xenserver1 exit maintenance mode", "host.enable"),
    seen("leaving maintenance mode", "xenserver1 is out of it, the pool still claimed", unmarked("xenserver1")),
    written("closing", "-> release pool1"),
    written("closing", "pool1 is restored"),
)

# --- three hosts, all of a pool, are on battery: guests stop, members go down, the coordinator last

WHOLE_POOL = (
    written("stopping guests", "-> shut db2 down on xenserver2", "VM.clean_shutdown", on="db2"),
    seen("stopping guests", "the first guests stop", operation("clean_shutdown")),
    written("stopping guests", "done: web2 has shut down"),
    written("holding the boot script", "-> suspend auto_poweron"),
    seen("holding the boot script", "auto_poweron is suspended, which nobody wrote down", boot_script_held),
    written("members down", "-> shut xenserver2 down", "host.shutdown", "xenserver2"),
    seen("members down", "xenserver2 accepted its shutdown just now", accepted("xenserver2")),
    written("members down", "xenserver2 is down: "),
    written("coordinator down", "-> shut xenserver1 down", "host.shutdown", "xenserver1"),
    seen("coordinator down", "xenserver1 accepted its shutdown just now", accepted("xenserver1")),
    seen("coordinator down", "every host is off", off("xenserver1", "xenserver2", "xenserver3")),
    written("starting guests", "-> start db2", "VM.start", on="db2"),
    seen("starting guests", "some run again, some do not", has_started_one),
    written("starting guests", "done: db3 runs again"),
    written("freeing the boot script", "-> restore auto_poweron"),
    written("freeing the boot script", "done: auto_poweron of pool1 is restored"),
)
