"""The recordings and the state that each begins in, with what was done by hand meanwhile."""

from __future__ import annotations

from ridethrough.sim import boot
from ridethrough.sim.agenda import Steps
from ridethrough.sim.machines import Guest
from ridethrough.sim.world import World
from ridethrough.sim.xapi import Xapi

from .laboratory import GUEST, Doing, Is, Story, guest, placed

WEBS = {"web1": Is("xcp1"), "web2": Is("xcp2"), "db1": Is("xcp2"), "app1": Is("xcp3")}
WEB2_FIRST = {"web2": Is("xcp2", GUEST + 1)}  # a plan places the largest first; among equals theirs is by chance
FIRST = Is("xcp3", GUEST + 1)
SLOW = Is("xcp2", moves_for=8.0)
HOSTS_OF_03 = {"3e74": "host xcp1", "23ed": "host xcp2", "ce84": "host xcp3"}
METRICS_OF_14 = {"4ceb": "the metrics of xcp3"}
POOL_OF_19 = {"29e4": "the pool", "3b35": "the metrics of xcp2", "d93f": "the metrics of xcp3"}
HOSTS_OF_12 = {"274f": "host xcp1", "428d": "host xcp2", "cc63": "host xcp3", "d6b6": "the metrics of xcp3"}


def crashes(host: str) -> Doing:
    return lambda world: boot.crash(world, world.hosts[host], f"{host} loses its power")


def powers_up(host: str) -> Doing:
    return lambda world: world.power_up(host)


def restarts(host: str) -> Doing:
    return lambda world: boot.restart_toolstack(world, world.hosts[host])


def blocks(world: World) -> None:
    vm = next(v for v in world.vms.values() if v.name == "db1")
    vm.blocked_operations = {"pool_migrate": "no touching", "clean_shutdown": "no touching"}
    world.changed("vm", vm.ref)


def appears(name: str) -> Doing:
    def do(world: World) -> None:
        vm = world.add_vm(guest(name, Is()))
        world.changed("vm", vm.ref)

    return do


def vanishes(name: str) -> Doing:
    def do(world: World) -> None:
        vm = next(v for v in world.vms.values() if v.name == name)
        del world.vms[vm.id]
        world.changed("vm", vm.ref)

    return do


def can_be_woken(host: str) -> Doing:
    def do(world: World) -> None:
        world.hosts[host].power_on_mode = "wake-on-lan"

    return do


def long_dead(host: str) -> Doing:
    """It lost its power nine minutes before the recording begins."""

    def do(world: World) -> None:
        crashes(host)(world)
        world.advance(540.0)

    return do


def brings_back(*names: str) -> Doing:
    """Moves guests to xcp2, one after the other, by calls that the recording left out."""

    def do(world: World) -> None:
        calls = Xapi(world, "lab")

        def steps() -> Steps:
            for name in names:
                vm = next(v for v in world.vms.values() if v.name == name)
                task = calls.vm_pool_migrate(vm.ref, world.hosts["xcp2"].ref, {"live": "true"})
                task.name = "VM.pool_migrate"
                yield task.done
                calls.task_destroy(task.ref)

        world.agenda.run(steps())

    return do


STORIES = (
    Story("01-login-and-records", WEBS | {"web2": Is("xcp3")}),
    Story(
        "02-disable-evacuate-enable",
        WEBS | WEB2_FIRST | {"tmp": Is()},
        names={"e244": "VM tmp"},
    ),
    Story(
        "03-evacuate-failures-and-vm-shutdown",
        {
            **WEBS,
            "notools": Is("xcp2", guest=Guest.NO_TOOLS),
            "dbg1": Is("xcp3"),
            "slow": Is(),
            "big": Is(memory=54110715904),
            "big1": Is(memory=43289411584),
            "big3": Is(memory=43289411584),
            "too big": Is(memory=32468107264),
        },
        names={
            **HOSTS_OF_03,
            "b980": "VM notools",
            "ce76": "VM big",
            "9746": "VM big1",
            "c0ea": "VM big3",
            "7d8c": "VM too big",
            "03f8": "VM db1",
        },
        doings={30: blocks},
    ),
    Story(
        "04-evacuate-concurrency-cancel-failure",
        {
            **WEBS,
            "slow": SLOW,
            "newcomer": Is(),
            "failing": Is(fails=("INTERNAL_ERROR", "xenopsd internal error: simulated save failure")),
        },
        names={**HOSTS_OF_03, "3819": "VM slow", "c263": "VM newcomer", "c43d": "VM web1", "ffea": "VM failing"},
        moving={47: ("4b15", "slow")},
        doings={
            27: placed(web1="xcp1", web2="xcp2", db1="xcp2", slow="xcp2"),
            38: placed(web2="xcp2", db1="xcp2", slow="xcp2"),
            53: placed(failing="xcp2"),
        },
    ),
    Story(
        "05-vm-shutdown",
        {"hangs": Is("xcp2", guest=Guest.HANGS), "web1": Is("xcp1"), "web2": Is("xcp2")},
        names={"9502": "VM hangs", "025d": "VM web1", "908c": "VM web2", "89ba": "host xcp2", "ae79": "host xcp1"}
        | {"d754": "host xcp3"},
    ),
    Story("10-designate-new-master", WEBS | {"slow": Is()}),
    Story(
        "12-dead-enabled-host-blocks-other-evacuations",
        {"db1": Is("xcp1"), "web2": Is("xcp1"), "web1": Is("xcp1"), "app1": Is("xcp2"), "slow": Is()},
        master="xcp3",
        names={**HOSTS_OF_12, "e11a": "VM web2", "e392": "VM db1", "d067": "VM web1", "02e0": "VM slow"},
        dead_after=40.0,
        doings={2: crashes("xcp2"), 26: powers_up("xcp2")},
    ),
    Story(
        "06-host-shutdown-and-return",
        WEBS | WEB2_FIRST | {"notools": Is("xcp2", guest=Guest.NO_TOOLS)},
        names={"9502": "the metrics of xcp2"},
        doings={162: powers_up("xcp2")},
    ),
    Story(
        "07-clean-path-toolstack-restart",
        WEBS | {"slow": Is("xcp2", moves_for=14.0)},
        names={"9502": "the metrics of xcp2"},
        doings={44: restarts("xcp2"), 144: powers_up("xcp2")},
        also=can_be_woken("xcp2"),
    ),
    Story(
        "08-slave-power-lost-600s",
        {"p2vm2": Is("xcp4"), "p2vm": Is("xcp5")},
        master="xcp4",
        host="xcp5",
        hosts=("xcp4", "xcp5"),
        names={"c666": "the metrics of xcp5"},
        doings={12: crashes("xcp5"), 91: powers_up("xcp5")},
    ),
    Story(
        "09-events-jsonrpc",
        {"web1": Is("xcp1"), "web2": Is("xcp1"), "db1": Is("xcp1"), "app1": Is("xcp3"), "slow": Is()},
        names={"a07a": "VM evvm"},
        doings={20: appears("evvm"), 21: vanishes("evvm")},
        also=can_be_woken("xcp2"),
    ),
    Story(
        "11-master-lost-emergency-transition",
        WEBS | {"slow": Is()},
        master="xcp2",
        also=long_dead("xcp2"),
        doings={23: powers_up("xcp2")},
    ),
    Story(
        "13-master-clean-shutdown-and-return",
        {"slow": FIRST, "web1": FIRST, "db1": Is("xcp3"), "web2": Is("xcp3"), "app1": Is()},
        master="xcp3",
        names=HOSTS_OF_12,
        doings={121: powers_up("xcp3")},
    ),
    Story("14-case1-one-member-evacuate-off-return", WEBS, names=METRICS_OF_14),
    Story(
        "15-case2-power-returns-during-migration",
        WEBS | {"slowA": Is("xcp2", moves_for=7.8), "slowB": Is("xcp2", moves_for=7.8)},
        names=METRICS_OF_14,
        doings={133: brings_back("slowA", "slowB"), 239: brings_back("slowA", "slowB")},
    ),
    Story("18-master-ups-fails-hand-over", WEBS, names=METRICS_OF_14),
    Story("19a-npm-xen-api-4.7.6-json-rpc-default-poll-delay", WEBS, names=POOL_OF_19, doings={86: restarts("xcp1")}),
    Story(
        "19b-pypi-client-toolstack-restart",
        WEBS | WEB2_FIRST,
        names=POOL_OF_19,
        doings={34: restarts("xcp1"), 53: brings_back("web2", "db1")},
    ),
    Story("19b-pypi-wire", WEBS | WEB2_FIRST, names=POOL_OF_19, doings={12: restarts("xcp1")}),
    Story("19c-npm-xen-api-4.7.6-xml-rpc", WEBS, names=POOL_OF_19, doings={85: restarts("xcp1")}),
)

NOT_PLAYED = {
    "19d-npm-xen-api-https": "holds what a client saw in its own object cache; no call of it was written down",
    "20-measurements": "medians and percentiles of the laboratory's own speed, and the events of 100 clones",
    "21-logout-while-event-from-blocks": "played by a test of its own: its calls were not written down as calls",
}
