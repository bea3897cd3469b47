"""How hosts and toolstacks start, stop and crash, as the lab saw them."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from ridethrough.core.model import HostId, Seconds
from ridethrough.core.observation import Power

from . import tasks
from .agenda import Steps
from .fates import Fate
from .machines import EPOCH, Reach, SimHost, SimVm, as_ocaml

if TYPE_CHECKING:
    from .world import World

RESTART_SECONDS: Seconds = 8.0  # a mere restart of a member's toolstack, from down to its hello
COORDINATOR_RESTARTS: Seconds = 2.3  # a coordinator answers as such as soon as it listens (lab 10, 11, 19b)
HELLO_TAKES: Seconds = 0.3  # meanwhile a member says HOST_STILL_BOOTING (lab 10, 11, 18)
HELLO_RETRY: Seconds = 5.0  # a starting member asks for its coordinator this often
TAKES_HELLOS_AFTER: Seconds = 5.0  # a started coordinator; so members follow 5 to 9 s behind it (lab 10, 13)
ENABLES_ITSELF: Seconds = 0.7  # from a member's hello to enabled (lab 14: 0.5 to 0.8 s)
COORDINATOR_SETTLES_COLD: Seconds = 0.5  # lab 13
COORDINATOR_SETTLES: Seconds = 6.0  # after a restart: hosts called disabled and dead for 6 to 10 s (lab 10, 11, 13)
MEMBER_RETURNS: Seconds = 5.0  # a member that ran on is known again this long after its coordinator's start (lab 19b)
APART: Seconds = 0.2  # one after the other
OLD_COORDINATOR_SPEAKS: Seconds = 0.5  # before it steps down (lab 11)
BOOT_SCRIPT_AFTER: Seconds = 2.0  # xapi-autostart-vms, after the host has enabled itself


def power_up(world: World, host: SimHost, how: str) -> None:
    """Switch a host on. Without supply, or when it is on already, nothing happens."""
    if host.power or not host.supplied or host.unplugged:
        return
    host.life += 1
    host.power = True
    world.tell(f"{host.id} {how}")
    world.rebalance()
    world.agenda.run(_boot(world, host, host.life))


def _boot(world: World, host: SimHost, life: int) -> Steps:
    yield host.boot_seconds
    if host.life == life:
        host.network = not (host.cut_off or host.unwired)
        host.boot_time = EPOCH + world.now
        start_toolstack(world, host, host.toolstack_seconds, cold=True)


def crash(world: World, host: SimHost, text: str) -> None:
    """Power goes while the host runs. Its guests die; the database goes on believing in both for ten minutes."""
    dead = [v for v in world.guests(host.id) if v.alive]
    names = ", ".join(v.name for v in dead)
    world.tell(text + (f"; its guests die with it: {names}" if dead else ""))
    world.crashed.append(host.id)
    for vm in dead:
        vm.alive = False
        world.turn(vm, Fate.CRASHES)
    _go_dark(world, host)
    world.rebalance()


def switch_off(world: World, host: SimHost) -> None:
    """The end of an orderly shutdown. A guest that still runs is cut."""
    for vm in [v for v in world.guests(host.id) if v.alive]:
        vm.alive = False
        world.turn(vm, Fate.CRASHES)
        world.tell(f"{vm.name} is cut off: {host.id} powers off under it")
    world.tell(f"{host.id} is off")
    _go_dark(world, host)
    world.rebalance()


def _go_dark(world: World, host: SimHost) -> None:
    host.life += 1
    host.power = host.network = host.powering_off = False
    _toolstack_goes(world, host)
    for migration in [m for m in world.links.moving if host.id in (m.source, m.target)]:
        world.links.drop(migration, "CANNOT_CONTACT_HOST", host.ref)
    tasks.strand(world, host.id)
    watch_heartbeat(world, host)


def watch_heartbeat(world: World, host: SimHost) -> None:
    """The host went silent: in ten minutes its pool will believe it. The coordinator never counts itself dead.

    With HA on the others do not wait so long (see `high_availability`).
    """
    if host.live:
        world.heartbeat_lost(host)
    if host.live and host.id != world.pools[host.pool].coordinator:
        dead_after = world.pools[host.pool].dead_after
        world.agenda.after(dead_after, partial(_heartbeat_missed, world, host, host.life))


def _heartbeat_missed(world: World, host: SimHost, life: int) -> None:
    if host.life == life and host.live and not host.network:
        host.live = False
        world.changed("host_metrics", host.metrics_ref)


def heard_again(world: World, host: SimHost) -> None:
    """The heartbeat of a host that ran on is back."""
    if host.toolstack == "up" and not host.live:
        host.live = True
        world.changed("host_metrics", host.metrics_ref)


def _toolstack_goes(world: World, host: SimHost) -> None:
    was_coordinator = host.toolstack == "up" and host.follows == host.id
    host.toolstack = "down"
    host.toolstack_since = world.now
    if was_coordinator:
        world.pools[host.pool].session_epoch += 1
        tasks.lose_all(world, host.pool)


def toolstack_stops(world: World, host: SimHost, orderly: bool = True) -> None:
    """The toolstack ends. In an orderly stop a last heartbeat tells the pool: live and enabled are false at once."""
    host.life += 1
    _toolstack_goes(world, host)
    if orderly:
        host.live = host.enabled = False
        world.changed("host", host.ref)
        world.changed("host_metrics", host.metrics_ref)


def restart_toolstack(world: World, host: SimHost) -> None:
    """xe-toolstack-restart: guests run on; a disabled host comes back enabled."""
    if host.power and host.network and world.pools[host.pool].ha_enabled:
        world.fence(host, "its toolstack stops while HA is on")  # xcp-ng's documentation of HA
    elif host.power and host.network:
        host.life += 1
        world.tell(f"{host.id}'s toolstack restarts")
        leads = host.follows == host.id
        start_toolstack(world, host, COORDINATOR_RESTARTS if leads else RESTART_SECONDS, cold=False)


def start_toolstack(world: World, host: SimHost, seconds: Seconds, cold: bool) -> None:
    """Start the toolstack, whatever it is doing now; it is up after `seconds` at the earliest."""
    _toolstack_goes(world, host)
    host.toolstack = "starting"
    host.user_disabled, host.agreed = False, None
    world.agenda.run(_start(world, host, seconds, cold, host.life))


def _start(world: World, host: SimHost, seconds: Seconds, cold: bool, life: int) -> Steps:
    host.says_hello_at = world.now + seconds - HELLO_TAKES
    yield seconds
    while host.life == life and not _may_say_hello(world, host):
        host.says_hello_at = world.now + HELLO_RETRY - HELLO_TAKES
        yield HELLO_RETRY
    if host.life != life:
        return
    began = host.toolstack_since
    host.toolstack = "up"
    host.toolstack_since = world.now
    _write_times(world, host)
    host.current_operations.clear()
    host.still_booting = True
    _plug(world, host, cold)
    if host.follows == host.id:
        _coordinate(world, host, cold)
    else:
        _hello(world, host, cold, began)


def _write_times(world: World, host: SimHost) -> None:
    """As each start of a toolstack writes them into the database, both at once (dbsync_slave.ml).

    boot_time is a whole second's clock less the uptime, cut to a second: it differs by one from start to start
    (recordings 07 to 09).
    """
    clock = EPOCH + world.now
    uptime = clock - host.boot_time
    host.agent_start_time = clock
    host.other_config["agent_start_time"] = as_ocaml(clock)
    host.other_config["boot_time"] = as_ocaml(math.floor(clock) - uptime)


def _plug(world: World, host: SimHost, cold: bool) -> None:
    """A starting toolstack attaches every storage once, and never tries again what does not serve (create_storage.ml
    plug_unplugged_pbds; xcp-ng's issue 450). What a running system has attached stays so.
    """
    kept = set() if cold else set(host.storage)
    wanted = host.storage | host.detached
    found = kept | {storage for storage in wanted if world.serving(storage)}
    host.storage, host.detached = found, wanted - found
    for storage in sorted(host.detached, key=lambda each: world.storages[each].name):
        world.tell(f"{host.id} cannot attach {world.storages[storage].name}: it is not served")
    if wanted:
        world.changed("sr", world.storages[min(wanted)].ref)


def unplug_all(world: World, host: SimHost) -> None:
    """A host that is shut down detaches everything first (xapi_pbd.ml unplug_all_pbds; read from source)."""
    host.detached |= host.storage
    host.storage = set()


def _may_say_hello(world: World, host: SimHost) -> bool:
    """It is the coordinator itself, or the one that it follows is ready for members."""
    if host.follows == host.id:
        return True
    if host.hello_refused:
        return False
    coordinator = world.hosts[host.follows]
    ready = world.now - coordinator.toolstack_since >= TAKES_HELLOS_AFTER
    return ready and world.reach(coordinator.id) is Reach.COORDINATOR


def _coordinate(world: World, host: SimHost, cold: bool) -> None:
    """A starting coordinator first calls every host disabled and every member dead."""
    pool = world.pools[host.pool]
    others = [h for h in world.members(host.pool) if h is not host and world.reach(h.id) is Reach.COORDINATOR]
    if others:
        world.tell(f"{host.id} speaks as coordinator with an old database")
        step_down = partial(_step_down, world, host, host.life, others[0].id)
        world.agenda.after(OLD_COORDINATOR_SPEAKS, step_down)
        return
    if pool.coordinator != host.id:  # nobody there to step down for (xapi.ml check_no_other_masters; source)
        world.tell(f"{host.id} finds no other coordinator and stays what it was")
        pool.coordinator = host.id
        world.changed("pool", pool.ref)
    world.tell(f"{host.id}'s toolstack is up: it is the coordinator")
    for member in world.members(host.pool):
        member.enabled = False
        member.live = member is host
        world.changed("host", member.ref)
        world.changed("host_metrics", member.metrics_ref)
    resync_guests(world, host)
    settle = COORDINATOR_SETTLES_COLD if cold else COORDINATOR_SETTLES
    world.agenda.after(settle, partial(_enable_itself, world, host, host.life, cold))
    known = [m for m in world.members(host.pool) if m is not host and m.follows == host.id]
    for position, member in enumerate(known):
        world.agenda.after(MEMBER_RETURNS + APART * position, partial(_known_again, world, member, member.life))


def _known_again(world: World, member: SimHost, life: int) -> None:
    """A member that ran on meanwhile is heard again; whether it was disabled is still in its memory."""
    if member.life == life and member.toolstack == "up" and not member.live:
        member.live = True
        world.changed("host_metrics", member.metrics_ref)
        resync_guests(world, member)
        world.agenda.after(ENABLES_ITSELF, partial(_enable_itself, world, member, life, False))


def _step_down(world: World, host: SimHost, life: int, to: HostId) -> None:
    if host.life == life:
        host.follows = to
        world.pools[host.pool].coordinator = to
        world.tell(f"{host.id} steps down: {host.follows} is the coordinator")
        start_toolstack(world, host, RESTART_SECONDS, cold=False)


def _hello(world: World, host: SimHost, cold: bool, began: Seconds) -> None:
    tasks.orphan(world, host.id, began)
    host.enabled = False
    host.live = True
    world.tell(f"{host.id}'s toolstack is up")
    resync_guests(world, host)
    world.changed("host", host.ref)
    world.changed("host_metrics", host.metrics_ref)
    world.agenda.after(ENABLES_ITSELF, partial(_enable_itself, world, host, host.life, cold))


def _enable_itself(world: World, host: SimHost, life: int, cold: bool) -> None:
    if host.life != life or host.toolstack != "up":
        return
    host.still_booting = False
    unplugged = world.pools[host.pool].ha_enabled and host.detached  # HA wants every PBD plugged (xenapi.md 5.3)
    if host.auto_enable and not host.user_disabled and not host.enabled and not unplugged:
        host.enabled = True
        world.tell(f"{host.id} enables itself")
        world.changed("host", host.ref)
    if cold:
        world.agenda.after(BOOT_SCRIPT_AFTER, partial(_boot_script, world, host, life))


def _boot_script(world: World, host: SimHost, life: int) -> None:
    if host.life == life:
        world.run_boot_script(host)


def resync_guests(world: World, host: SimHost) -> None:
    """The host's toolstack compares the database with what runs: guests that died become Halted only now."""
    for vm in world.guests(host.id):
        if not vm.alive:
            halt(world, vm)


def halt(world: World, vm: SimVm) -> None:
    """A guest is off, and the database knows."""
    vm.alive = False
    vm.life += 1
    vm.power_state = Power.HALTED
    vm.suspended_to = None  # VM.hard_shutdown of a suspended guest throws its memory away
    vm.resident_on = vm.scheduled_to_be_resident_on = None
    world.draws_otherwise(vm)
    world.links.drop_vm(vm.id, "VM_BAD_POWER_STATE", vm.ref, "running", "halted")
    world.changed("vm", vm.ref)
