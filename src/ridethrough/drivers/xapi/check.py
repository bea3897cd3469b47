"""What `ridethrough check` wants to know of a pool: it logs in, looks, and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ridethrough.core.model import Seconds
from ridethrough.ports import Clock, Refused, Unreachable

from .address import Address
from .errors import sentence
from .picture import CLAIM, claimed_by
from .pins import Trust, WrongCertificate
from .records import Host, HostMetrics, Pool, Sr, Vm
from .session import Account, PoolSession
from .wire import Wire, XapiFailure

LOOK = 15.0  # seconds for each question
FAST = 1.0  # seconds within which a healthy toolstack answers a question about nothing

# Every permission that the driver's calls need (facts: XenAPI 8); pool-operator has them all.
NEEDED = (
    "host.disable",
    "host.enable",
    "host.shutdown",
    "host.power_on",
    "host.add_to_other_config",
    "host.remove_from_other_config",
    "pool.add_to_other_config",
    "pool.designate_new_master",
    "pool.remove_from_other_config",
    "pool.set_ha_host_failures_to_tolerate",
    "pool.disable_ha",
    "pool.enable_ha",
    "vm.pool_migrate",
    "vm.clean_shutdown",
    "vm.hard_shutdown",
    "vm.start",
    "vm.start_on",
    "vm.resume",
    "vm.resume_on",
    "pbd.plug",
    "task.destroy/any",  # which cancels a migration that somebody else began, too
    "event.from",
)


WITH_PYTHON_3 = (1, 250)  # xapi_build of 8.2, and behind it; dom0 of 8.2 and older has no Python 3 that can be used


@dataclass(frozen=True, slots=True)
class Member:
    """A host of the pool, as the coordinator tells it and as we reach it ourselves."""

    uuid: str
    name: str
    address: str
    is_coordinator: bool
    enabled: bool
    live: bool
    version: str  # such as "XCP-ng 8.3.0 (xapi 24.19.2)"
    power_on_mode: str
    fingerprint: str  # of the certificate that it showed us; empty: not reached over TLS
    trouble: str  # why we do not reach it; empty: we do
    took: Seconds | None = None  # its toolstack's answer to our own connection
    takes_agent: bool = True  # its dom0 has a Python that ridethrough-agent runs on


@dataclass(frozen=True, slots=True)
class Survey:
    """A pool as found. `troubles` in words, each with its remedy; empty when everything is as it should be."""

    name: str = ""
    members: tuple[Member, ...] = ()
    guests: int = 0
    missing_rights: tuple[str, ...] = ()
    ha_enabled: bool = False
    wlb_enabled: bool = False
    claim: str = ""
    local_storage: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """What belongs under `fingerprints` of this pool in site.toml."""
        return tuple(sorted({member.fingerprint for member in self.members if member.fingerprint}))


async def survey(
    addresses: Iterable[str],
    username: str,
    password: str,
    fingerprints: Iterable[str],
    clock: Clock,
    *,
    controller: str = "check",
    trust: Trust | None = None,
) -> Survey:
    """Log in, ask every member, and tell what was found. Never raises for a pool in trouble.

    `trust(address, fingerprint)` decides about a certificate that is not pinned, before anything is sent to that
    host: `ridethrough check --trust` asks a person.
    """
    wire = Wire(fingerprints, trust)
    account = Account(username, password, f"ridethrough/{controller}")
    session = PoolSession(wire, [Address.parse(address) for address in addresses], account, clock)
    try:
        return await _survey(session, wire)
    except (Unreachable, Refused) as error:
        return Survey(troubles=(str(error),))
    except XapiFailure as failure:
        return Survey(troubles=(f"{failure.code}: {sentence(failure)}",))
    finally:
        await session.close()
        await wire.close()


async def _survey(session: PoolSession, wire: Wire) -> Survey:
    held = await session.connect()
    pools = await session.call(dict[str, Pool], "pool.get_all_records", deadline=LOOK)
    pool = next(iter(pools.values()), Pool())
    hosts = await session.call(dict[str, Host], "host.get_all_records", deadline=LOOK)
    metrics = await session.call(dict[str, HostMetrics], "host_metrics.get_all_records", deadline=LOOK)
    vms = await session.call(dict[str, Vm], "VM.get_all_records", deadline=60.0)
    srs = await session.call(dict[str, Sr], "SR.get_all_records", deadline=LOOK)
    missing = await _missing_rights(session, held.ref)
    members = await asyncio.gather(
        *(
            _member(wire, held.address, host, ref == pool.master, metrics.get(host.metrics))
            for ref, host in hosts.items()
        )
    )
    found = Survey(
        name=pool.name_label,
        members=tuple(sorted(members, key=lambda member: (not member.is_coordinator, member.name))),
        guests=sum(vm.is_guest and vm.power_state in ("Running", "Paused") for vm in vms.values()),
        missing_rights=missing,
        ha_enabled=pool.ha_enabled,
        wlb_enabled=pool.wlb_enabled,
        claim=claimed_by(pool.other_config.get(CLAIM, "")),
        local_storage=tuple(sorted(sr.name_label for sr in srs.values() if not sr.shared)),
    )
    return _with_troubles(found)


async def _missing_rights(session: PoolSession, ref: str) -> tuple[str, ...]:
    """What the account may not do; a local superuser may do everything and has an empty list of permissions."""
    if await session.call(bool, "session.get_is_local_superuser", ref, deadline=LOOK):
        return ()
    granted = {
        p.lower() for p in await session.call(tuple[str, ...], "session.get_rbac_permissions", ref, deadline=LOOK)
    }
    return tuple(right for right in NEEDED if right not in granted)


async def _member(wire: Wire, near: Address, host: Host, is_coordinator: bool, metrics: HostMetrics | None) -> Member:
    """Ask the member on a connection of its own, without a session: any answer of its toolstack will do."""
    began = asyncio.get_running_loop().time()
    address = near.beside(host.address)
    trouble, fingerprint = "", ""
    try:
        if address is None:
            raise Unreachable("its record names no address")
        await wire.call(address, "session.get_this_host", ("", ""), deadline=5.0)
    except XapiFailure:
        pass  # SESSION_INVALID or HOST_IS_SLAVE: it answers
    except WrongCertificate as error:
        trouble, fingerprint = str(error), error.seen
    except Unreachable as error:
        trouble = str(error)
    took = asyncio.get_running_loop().time() - began
    shown = wire.pins.seen.get(f"{address.host}:{address.port}", "") if address else ""
    return Member(
        uuid=host.uuid,
        name=host.name_label,
        address=str(address or ""),
        is_coordinator=is_coordinator,
        enabled=host.enabled,
        live=metrics.live if metrics else False,
        version=_version(host),
        power_on_mode=host.power_on_mode,
        fingerprint=fingerprint or shown,
        trouble=trouble,
        took=None if trouble else took,
        takes_agent=not host.build or host.build >= WITH_PYTHON_3,
    )


def _version(host: Host) -> str:
    told = host.software_version
    brand = told.get("product_brand", "XenServer")
    return f"{brand} {told.get('product_version', '?')} (xapi {told.get('xapi_build', '?')})"


def _with_troubles(found: Survey) -> Survey:
    troubles: list[str] = []
    for member in found.members:
        if member.trouble:
            troubles.append(f"{member.name} does not answer us: {member.trouble}")
        elif member.took is not None and member.took > FAST:
            troubles.append(f"{member.name} took {member.took:.1f} s to answer: its toolstack or the network is slow")
        if not member.live:
            troubles.append(f"{member.name} is not alive for its coordinator")
        elif not member.enabled:
            troubles.append(f"{member.name} is in maintenance mode; Ridethrough will leave it there")
    if found.missing_rights:
        rights = ", ".join(found.missing_rights)
        troubles.append(f"the account may not do all that protection needs ({rights}): the role pool-operator suffices")
    if len({member.version for member in found.members}) > 1:
        troubles.append("the hosts run different versions: VMs can be moved to newer hosts only")
    return replace(found, troubles=tuple(troubles))
