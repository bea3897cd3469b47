"""What people and bad luck do to a site."""

from __future__ import annotations

from . import boot, nas, power
from .machines import Guest, SimHost, SimPool, SimVm
from .pool_door import CLAIM
from .world import World
from .xapi import Xapi

OTHER_CONTROLLER = "another controller"


def find_vm(world: World, name: str) -> SimVm:
    """A guest by its name or uuid. Raises KeyError."""
    for vm in world.vms.values():
        if name in (vm.name, vm.id):
            return vm
    raise KeyError(name)


# --- UPSs and cards


def silence_card(world: World, ups: str) -> None:
    """The card answers nobody any more; its timers run on."""
    world.tell(f"{ups}'s card falls silent")
    world.upses[ups].card.silent = True


def answer_card(world: World, ups: str) -> None:
    """The card answers again."""
    world.tell(f"{ups}'s card answers again")
    world.upses[ups].card.silent = False


def refuse_cut(world: World, ups: str) -> None:
    """From now on the card does not let its output be switched off."""
    world.upses[ups].card.refuses = True


def lose_link(world: World, ups: str) -> None:
    """The card loses its UPS: it answers, knows nothing, and starts no countdown. One that runs goes on."""
    card = world.upses[ups].card
    world.tell(f"{ups}'s card loses its UPS")
    card.last_known = world.upses[ups].reading(world.now)
    card.link_lost = True
    card.outage_since = None
    if card.warning_ends:
        card.warning_ends.cancel()


def restore_link(world: World, ups: str) -> None:
    """The card sees its UPS again. On battery, its warning period begins now."""
    it = world.upses[ups]
    world.tell(f"{ups}'s card finds its UPS again")
    it.card.link_lost = False
    if it.output and not it.input_good:
        power.card_sees_outage(world, it)


def start_test(world: World, ups: str, seconds: float = 10.0) -> None:
    """A self-test of `seconds`."""
    power.start_test(world, world.upses[ups], seconds)


def stop_test(world: World, ups: str) -> None:
    power.end_test(world, world.upses[ups])


# --- hosts


def pull_power(world: World, host: str) -> None:
    """Somebody pulls the power cords of a host."""
    it = world.hosts[host]
    it.unplugged = True
    if not it.power:
        world.tell(f"{host}'s power cords are pulled")
    power.rebalance(world)


def plug_in(world: World, host: str) -> None:
    """The cords are back; the BIOS may start the host."""
    world.hosts[host].unplugged = False
    world.tell(f"{host} is plugged in again")
    power.rebalance(world)


def switch_on(world: World, host: str) -> None:
    """Somebody presses the power button."""
    world.power_up(host)


def restart_toolstack(world: World, host: str) -> None:
    """xe-toolstack-restart on a host."""
    boot.restart_toolstack(world, world.hosts[host])


def lose_network(world: World, host: str) -> None:
    """A host's management network is gone; it runs on, and after ten minutes nobody believes so."""
    it = world.hosts[host]
    world.tell(f"{host}'s network is gone")
    it.network, it.cut_off = False, True
    boot.watch_heartbeat(world, it)


def restore_network(world: World, host: str) -> None:
    """The network is back, and with it the heartbeat."""
    it = world.hosts[host]
    it.cut_off = False
    if it.power and not it.unwired:
        world.tell(f"{host}'s network is back")
        it.network = True
        boot.heard_again(world, it)


def refuse_hello(world: World, host: str, *error: str) -> None:
    """When the host's toolstack starts next, its coordinator does not take it: it stays in emergency mode and answers
    everybody this error, such as HOST_UNKNOWN_TO_MASTER with its own reference."""
    world.hosts[host].hello_refused = error


def accept_hello(world: World, host: str) -> None:
    """Its coordinator takes it, when it asks next."""
    world.hosts[host].hello_refused = ()


def jam_ha(world: World, pool: str) -> None:
    """HA's daemons fail: it can neither be switched off nor on."""
    world.pools[pool].ha_sticks = True
    world.tell(f"HA of {pool} is stuck: it can neither be switched off nor on")


def free_ha(world: World, pool: str) -> None:
    """And they work again."""
    world.pools[pool].ha_sticks = False
    world.tell(f"HA of {pool} works again")


def lose_statefile(world: World, host: str) -> None:
    """The host's path to the storage of HA's statefile is gone; its guests' disks are not looked at here."""
    it = world.hosts[host]
    world.tell(f"{host} loses HA's statefile")
    it.statefile_lost = True
    world.heartbeat_lost(it)


def restore_statefile(world: World, host: str) -> None:
    """The path is back."""
    world.tell(f"{host} reaches HA's statefile again")
    world.hosts[host].statefile_lost = False


def ignore_shutdown(world: World, host: str) -> None:
    """host.shutdown will succeed, and nothing will follow."""
    world.hosts[host].refuses_shutdown = True


def ignore_wake(world: World, host: str) -> None:
    """Wake-on-LAN packets will do nothing."""
    world.hosts[host].ignores_wake = True


# --- storage


def nas_refuses(world: World, box: str) -> None:
    """It will acknowledge an order to go down, and stay up."""
    world.nases[box].refuses = True


def nas_is_mute(world: World, box: str) -> None:
    """No order reaches it any more."""
    world.nases[box].mute = True


def switch_on_nas(world: World, box: str) -> None:
    """Somebody presses its power button."""
    nas.switch_on(world, world.nases[box])


def nas_hangs(world: World, box: str) -> None:
    """Its service hangs: it answers, and serves nothing. Guests wait for their disks, and live."""
    world.tell(f"{box}'s service hangs")
    world.nases[box].hangs = True


def nas_serves_again(world: World, box: str) -> None:
    """Its service works again."""
    world.tell(f"{box}'s service works again")
    world.nases[box].hangs = False


# --- guests


def refuse_move(world: World, vm: str, code: str = "VM_MIGRATE_FAILED") -> None:
    """Every migration of the guest ends with this error."""
    it = find_vm(world, vm)
    it.refuses_move = (code, it.ref)


def allow_move(world: World, vm: str) -> None:
    it = find_vm(world, vm)
    it.refuses_move, it.stalls_move = (), False


def stall_move(world: World, vm: str) -> None:
    """The guest's next migration begins and never gets on."""
    find_vm(world, vm).stalls_move = True


def hang_shutdown(world: World, vm: str) -> None:
    """The guest will acknowledge a clean shutdown and never stop."""
    find_vm(world, vm).guest = Guest.HANGS


def lose_tools(world: World, vm: str) -> None:
    """The guest's tools no longer answer: no clean shutdown, no migration."""
    it = find_vm(world, vm)
    it.guest = Guest.NO_TOOLS
    world.changed("vm", it.ref)


# --- people with XenCenter, and other controllers; without a coordinator they get no answer


def person_enables(world: World, host: str) -> None:
    """Exit maintenance mode by hand, as XenCenter does it: the mark goes, the host is enabled."""
    it = world.hosts[host]
    if calls := _calls(world, it, f"a person enables {host}"):
        it.other_config.pop("MAINTENANCE_MODE", None)
        calls.host_enable(it.ref)


def person_disables(world: World, host: str) -> None:
    """Enter maintenance mode by hand: disabled and marked."""
    it = world.hosts[host]
    if calls := _calls(world, it, f"a person disables {host}"):
        it.other_config["MAINTENANCE_MODE"] = "true"
        calls.host_disable(it.ref)


def person_shuts_down(world: World, vm: str) -> None:
    """A person shuts a guest down."""
    it = find_vm(world, vm)
    if calls := _calls(world, it, f"a person shuts {it.name} down"):
        calls.vm_clean_shutdown(it.ref)


def person_starts(world: World, vm: str) -> None:
    """A person starts a guest."""
    it = find_vm(world, vm)
    if calls := _calls(world, it, f"a person starts {it.name}"):
        calls.vm_start(it.ref)


def other_claims(world: World, pool: str) -> None:
    """Another controller takes charge of a pool that nobody has claimed."""
    it = world.pools[pool]
    if not it.other_config.get(CLAIM) and (calls := _calls(world, it, f"{OTHER_CONTROLLER} claims {pool}")):
        calls.pool_add_to_other_config(CLAIM, OTHER_CONTROLLER)


def other_releases(world: World, pool: str) -> None:
    """The other controller takes its claim back."""
    it = world.pools[pool]
    mine = it.other_config.get(CLAIM) == OTHER_CONTROLLER
    if mine and (calls := _calls(world, it, f"{OTHER_CONTROLLER} releases {pool}")):
        calls.pool_remove_from_other_config(CLAIM)


def _calls(world: World, thing: SimHost | SimVm | SimPool, what: str) -> Xapi | None:
    pool = thing.id if isinstance(thing, SimPool) else thing.pool
    if world.coordinator(pool) is None:
        world.tell(f"{what}: nobody answers")
        return None
    world.tell(what)
    return Xapi(world, pool)
