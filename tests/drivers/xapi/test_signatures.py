"""Every message that the driver calls exists, with those parameters, in each release that we simulate."""

from __future__ import annotations

import ast
import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ridethrough.drivers.xapi
from ridethrough.core.actions import (
    Action,
    AttachRepository,
    CancelMove,
    ClaimPool,
    DesignateCoordinator,
    DisableHost,
    EnableHost,
    ForceStopVm,
    LowerHa,
    MoveVm,
    PowerOnHost,
    ReleasePool,
    RestoreAutoPoweron,
    RestoreHa,
    ShutDownHost,
    StartVm,
    StopVm,
    SuspendAutoPoweron,
    SuspendHa,
)
from ridethrough.core.observation import Power
from ridethrough.drivers.xapi import survey
from ridethrough.ports import Refused, Unreachable
from ridethrough.sim import boot
from ridethrough.sim.machines import GIB, RELEASES
from ridethrough.sim.xapi_wire.access import Access
from ridethrough.sim.xapi_wire.catalogue import catalogue

from .test_simulated_pool import Site, serving

SIGNATURES = Path(__file__).parents[4] / "shared" / "facts" / "xenapi-signatures.json"
SOURCE = Path(ridethrough.drivers.xapi.__file__).parent
SESSIONLESS = {"session.login_with_password"}
WRITTEN = re.compile(r"(?:Async\.)?([A-Za-z_]+\.\w+)")
ON_VMS = "Async.VM.{wanted.operation}"  # the one name in the source that is put together
OPERATIONS = {f"VM.{o}" for o in ("pool_migrate", "clean_shutdown", "hard_shutdown", "start", "start_on")} | {
    "VM.resume",
    "VM.resume_on",
}


def written() -> set[str]:
    """Every message that the driver's source names; permissions are in lower case and look alike."""
    found: set[str] = set()
    for node in (n for file in sorted(SOURCE.glob("*.py")) for n in ast.walk(ast.parse(file.read_text()))):
        match node:
            case ast.Constant(value=str(text)) if match := WRITTEN.fullmatch(text):
                known = catalogue().find(match[1])
                assert (
                    known
                    or not re.match(r"(vm|task|host|pool|session|event)\.", match[1], re.IGNORECASE)
                    or (match[1].startswith("vm."))
                ), f"{text} is no message"
                found |= {known.full_name} if known else set()
            case ast.JoinedStr() if re.match(r"f'[\w.]*\b(Async|VM|host|pool)\.", ast.unparse(node)):
                assert ast.unparse(node) == f"f'{ON_VMS}'"
    return found | OPERATIONS


KINDS: dict[str, Callable[[object], bool]] = {
    "text": lambda given: isinstance(given, str),
    "bool": lambda given: isinstance(given, bool),
    "int": lambda given: isinstance(given, int) and not isinstance(given, bool),
    "float": lambda given: isinstance(given, float),
    "set": lambda given: isinstance(given, list) and all(isinstance(each, str) for each in given),
    "map": lambda given: isinstance(given, dict) and all(isinstance(v, str) for v in given.values()),
}


def kind(described: str) -> str:
    """The datamodel's words for a type as one of KINDS."""
    outer = {"set": "set", "map": "map", "bool": "bool", "int": "int", "float": "float"}
    return outer.get(described.rsplit(" ", 1)[-1], "text")


def published() -> dict[str, list[str]] | None:
    """Message -> the kinds of its parameters, as the datamodel's own description has them; None without that."""
    if not SIGNATURES.exists():
        return None
    return {
        f"{c['class']}.{name}": [kind(p[1]) for p in message["params"] if p[0] != "session_id"]
        for c in json.loads(SIGNATURES.read_text())
        for name, message in c["messages"].items()
    }


def everything(site: Site) -> Iterator[Action | Callable[[], None]]:
    """Each of the actions, so that each of the driver's calls is made; and what must happen in between."""
    world, pool, why = site.world, "pool-a", "why"
    vms = {vm.name: vm for vm in world.vms.values()}

    def stalls() -> None:
        vms["web"].stalls_move = True

    def flows() -> None:
        vms["web"].stalls_move = False

    def suspended() -> None:
        vms["db"].power_state, vms["db"].resident_on = Power.SUSPENDED, None
        world.changed("vm", vms["db"].ref)

    def stopped() -> None:
        boot.switch_off(world, world.hosts["xcp2"])
        world.hosts["xcp2"].live = False

    def unplugged() -> None:
        world.hosts["xcp3"].storage.discard("nas")
        world.hosts["xcp3"].detached.add("nas")
        world.changed("sr", world.storages["nas"].ref)

    def ha_on() -> None:
        world.pools[pool].ha_enabled = True

    world.pools[pool].other_config["auto_poweron"] = "true"
    yield from (ClaimPool(pool, "north", why), SuspendAutoPoweron(pool, why), RestoreAutoPoweron(pool, why))
    yield LowerHa(pool, 1, why)
    yield ha_on
    yield SuspendHa(pool, 1, (world.pools[pool].ha_statefile or "",), (), why)
    yield RestoreHa(pool, True, 1, tuple(sr.id for sr in world.storages.values() if sr.shared)[:1], (), why)
    yield SuspendHa(pool, 1, (), (), why)
    yield DesignateCoordinator("xcp1", pool, why)  # it is
    yield stalls
    yield MoveVm("uuid-web", "web", pool, "xcp2", "xcp1", why, 1.5)
    yield CancelMove("uuid-web", "web", pool, "xcp2", why)
    yield flows
    yield StopVm("uuid-app", "app", pool, "xcp1", why, 20.0)
    yield StartVm("uuid-app", "app", pool, "xcp1", why)
    yield StopVm("uuid-db", "db", pool, "xcp2", why, 20.0)
    yield suspended
    yield StartVm("uuid-db", "db", pool, "xcp3", why)
    yield ForceStopVm("uuid-bare", "bare", pool, "xcp2", why)
    yield DisableHost("xcp2", pool, why)
    yield StartVm("uuid-bare", "bare", pool, "xcp2", why)  # not there: it is disabled
    yield ForceStopVm("uuid-db", "db", pool, "xcp3", why)
    yield suspended
    yield StartVm("uuid-db", "db", pool, "xcp2", why)
    yield MoveVm("uuid-web", "web", pool, "xcp2", "xcp1", why, 20.0)
    yield ShutDownHost("xcp2", pool, why)
    yield stopped
    yield PowerOnHost("xcp2", pool, why, 60.0)
    yield unplugged
    yield AttachRepository("xcp3", pool, "nas", "NAS", why)
    yield from (EnableHost("xcp1", pool, why), ReleasePool(pool, "north", why))
    yield DesignateCoordinator("xcp3", pool, why)


async def calls(release: str) -> list[Access]:
    """What the driver asked a pool of the release for, in the course of everything that it can do."""
    site = Site(build=RELEASES[release].build, roles={"svc": "pool-operator"})
    site.world.pools["pool-a"].wlb_enabled = True
    failed: list[str] = []
    for vm in site.world.vms.values():
        vm.memory, vm.stop_seconds = GIB // 8, 1.0
    host = site.world.hosts["xcp2"]
    host.stop_seconds = host.boot_seconds = host.toolstack_seconds = 1.0
    async with serving(site):
        pins = [fingerprint for _, _, fingerprint in site.server.endpoints.values()]
        address, port, _ = site.server.endpoints["xcp1"]
        for user in ("root", "svc"):
            assert not (await survey([f"{address}:{port}"], user, "ridethrough", pins, site.clock)).missing_rights
        await site.until_seen(lambda _: bool(site.server.log.of("host.retrieve_wlb_evacuate_recommendations")))
        for step in everything(site):
            if callable(step):
                step()
            else:
                try:
                    await site.pool.perform(step)
                except (Refused, Unreachable) as error:
                    failed.append(f"{type(step).__name__}: {error}")
        await asyncio.sleep(0.2)  # cleaning up behind an action
    assert [text.partition(":")[0] for text in failed] == ["MoveVm"], failed  # the one that stalls
    return list(site.server.log)


def unlike(access: Access, kinds: list[str]) -> str:
    """What is wrong with the parameters of a call; empty when they are as described."""
    given = access.arguments
    if access.method == "host.disable" and len(given) == 2:  # the one exception: auto_enable, xapi 25.31
        kinds = [*kinds[:1], "bool"]
    if len(given) != len(kinds):
        return f"{access.method}{given}: takes {kinds}"
    wrong = [f"{each!r} is no {wanted}" for each, wanted in zip(given, kinds, strict=True) if not KINDS[wanted](each)]
    return f"{access.method}: {', '.join(wrong)}" if wrong else ""


@pytest.mark.parametrize("release", RELEASES)
async def test_every_call_of_the_driver_exists_with_its_parameters(release: str) -> None:
    """The datamodel's description when it is at hand, and the simulator's own table in any case."""
    made = await calls(release)
    assert {c.method.removeprefix("Async.") for c in made} == written()
    ours = {m: [p.kind.split("-")[0] for p in catalogue().find(m).parameters] for m in written()}  # type: ignore[union-attr]
    for described in (ours, published()):
        if described is not None:
            asked = [(c, described[c.method.removeprefix("Async.")]) for c in made]
            assert [text for call, kinds in asked if (text := unlike(call, kinds))] == []
    assert [c for c in made if c.outcome.startswith("MESSAGE_")] == []
    given = {len(c.arguments) for c in made if c.method == "host.disable"}
    assert given == ({2} if RELEASES[release].knows_auto_enable else {1})


def test_what_the_server_knows_is_what_the_datamodel_describes() -> None:
    """Each parameter of each message by its kind; the records of events and creations are not of our concern."""
    described = published()
    if described is None:
        pytest.skip("the datamodel's signatures (../shared) are not here")
    ours = catalogue()
    for name, kinds in described.items():
        message = ours.find(name)
        assert message is not None, name
        if message.form.name != "GONE":
            known = [p.kind.split("-")[0] for p in message.parameters]
            assert [{"time": "text", "record": "text"}.get(k, k) for k in known] == kinds, name
