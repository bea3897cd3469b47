"""From site.toml to values; everything that is wrong in it is told at once."""

from __future__ import annotations

import hashlib
import os
import stat
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ridethrough.core.model import CardTimers, Controller, Host, Pool, Storage, Switch, Ups, Way
from ridethrough.core.policy import HostPolicy, Policy, Timer, VmPolicy
from ridethrough.core.site import Site

from . import quantities
from .form import SiteFile
from .form_machines import ControllerSection, SwitchSection
from .form_manager import ManagerSection
from .form_pool import HostSection, TimerSection
from .form_site import SiteSection
from .form_storage import NetworkUpsSection, StorageSection
from .form_ups import UpsSection
from .secrets import Secrets
from .settings import (
    Bmc,
    CardConnection,
    Configuration,
    ControllerSettings,
    ManagerSettings,
    NetworkUpsSettings,
    NotifyTarget,
    NutConnection,
    PoolConnection,
    PowerOn,
    SnmpUser,
    StorageConnection,
    UpsConnection,
)
from .wording import key, sentence

LARGEST = 4 * 1024 * 1024  # bytes: some ten thousand hosts


class ConfigError(Exception):
    """What is wrong in a site.toml: `problems`, each naming the file, the key and the remedy. Holds no secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def load(path: Path, secrets: Secrets) -> Configuration:
    """Read a site's file. Raises ConfigError with everything that is wrong in it, and nothing else."""
    raw = read(path)
    return replace(parse(decoded(raw, path.name), secrets, path.name), version=version(raw))


def version(raw: bytes) -> str:
    """What tells one version of the file from another."""
    return hashlib.sha256(raw).hexdigest()


def read(path: Path) -> bytes:
    """The file's bytes, and no more than one above LARGEST. Raises ConfigError and nothing else."""
    try:
        # Not blocking: a pipe of that name would hold the start for ever.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(0, "it is no ordinary file")
            return file.read(LARGEST + 1)
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error}): give the path of the site's file"
    except ValueError:  # a path with a NUL in it
        problem = "cannot be read: this is no path"
    raise ConfigError([f"{path.name}: {problem}"])


def decoded(raw: bytes, name: str) -> str:
    """The bytes' text, without a byte order mark. Raises ConfigError and nothing else."""
    problem = "is larger than 4 MiB: this is no site's file"
    if len(raw) <= LARGEST:
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            problem = f"is not UTF-8 text: look at byte {error.start + 1}"
    raise ConfigError([f"{name}: {problem}"])


def parse(text: str, secrets: Secrets, name: str = "site.toml") -> Configuration:
    """Read a site's text; `name` stands before every problem. Raises ConfigError and nothing else."""
    found, problems = form_of(text, secrets, name)
    if found is None or problems:
        raise ConfigError([f"{name}: {problem}" for problem in problems])
    return _configuration(found)


def _table(text: str, name: str) -> dict[str, Any]:
    problem = ""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = f"is not TOML: {error}"
    except (ValueError, RecursionError):
        problem = "is not TOML: a number is too long, or lists are nested too deep"
    raise ConfigError([f"{name}: {problem}"])


def form_of(text: str, secrets: Secrets, name: str) -> tuple[SiteFile | None, list[str]]:
    """The form, filled in, and every problem. Raises ConfigError where the text is no TOML.

    pydantic's own error holds the file's values: it stops here.
    """
    table = _table(text, name)
    names = {section: set(_entries(table, section)) for section in ("ups", "pool", "host", "storage")}
    twice = list(_used_twice(table))
    try:
        return SiteFile.model_validate(table, context={**names, "secrets": secrets}), twice
    except ValidationError as error:
        problems = [sentence(detail) for detail in error.errors(include_url=False)]
    return None, problems + twice


def _entries(table: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    found = table.get(section)
    return found if isinstance(found, dict) else {}


def _used_twice(table: Mapping[str, Any]) -> Iterator[str]:
    """One card is one UPS and one address one pool: a copied line would make one feed look like two."""
    users: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ups, entry in _entries(table, "ups").items():
        source = entry.get("source") if isinstance(entry, dict) else None
        with suppress(ValueError):
            users["ups", str(quantities.ups(str(source)))].append(key(["ups", ups, "source"]))
    for pool, entry in _entries(table, "pool").items():
        addresses = entry.get("addresses") if isinstance(entry, dict) else None
        for address in {str(a) for a in addresses} if isinstance(addresses, list) else ():
            with suppress(ValueError):
                users["pool", str(quantities.toolstack(address))].append(key(["pool", pool, "addresses"]))
    for (section, address), keys in users.items():
        first, *others = sorted(set(keys))
        kind = "host" if section == "pool" else "UPS" if "/" in address else "card"
        for other in others:
            yield f"{other} names the {kind} {address}, and so does {first}: each {kind} belongs to one {section}"


def _configuration(form: SiteFile) -> Configuration:
    return Configuration(
        site=Site(
            name=form.site.name,
            upses={id_: Ups(id_, _timers(ups), ups.feeder, ups.cut_output) for id_, ups in form.ups.items()},
            pools={id_: Pool(id_) for id_ in form.pool},
            hosts={id_: _host(id_, host, _switch_of(form, id_)) for id_, host in form.host.items()},
            policy=_policy(form),
            storages={id_: _storage(id_, storage, _switch_of(form, id_)) for id_, storage in form.storage.items()},
            switches={id_: _switch(id_, switch, form) for id_, switch in form.switch.items()},
            controller=_controller(form.controller),
        ),
        upses={id_: _ups(id_, ups) for id_, ups in form.ups.items()},
        pools={
            id_: PoolConnection(
                id=id_,
                addresses=tuple(pool.addresses),
                username=pool.username,
                password=pool.password,
                fingerprints=tuple(dict.fromkeys(pool.fingerprints)),
                witnesses=tuple(quantities.witness(text) for text in pool.witness),
            )
            for id_, pool in form.pool.items()
        },
        controller=ControllerSettings(form.controller.name, tuple(form.controller.shutdown_command)),
        traps=quantities.listener(form.traps.listen) if form.traps is not None else None,
        manager=_manager(form.manager) if form.manager is not None else None,
        notify={
            name: NotifyTarget(name, target.url, frozenset(target.classes), target.severity)
            for name, target in form.notify.items()
        },
        storages={id_: _reached(id_, storage) for id_, storage in form.storage.items()},
        power_on={
            id_: _power_on(id_, host)
            for id_, host in form.host.items()
            if host.wake_on_lan is not None or host.bmc is not None
        },
        network_ups=_network_ups(form.network_ups) if form.network_ups is not None else None,
    )


def _controller(machine: ControllerSection) -> Controller:
    return Controller(
        tuple(machine.powered_by),
        machine.needs,
        machine.switch,
        machine.shutdown,
        machine.stop_time,
        machine.vm,
    )


def _switch(id_: str, switch: SwitchSection, form: SiteFile) -> Switch:
    """What names it as its own switch is connected by it too."""
    named = set(switch.connects)
    return Switch(
        id_,
        tuple(switch.powered_by),
        switch.needs,
        tuple(h for h, host in form.host.items() if h in named or host.switch == id_),
        tuple(t for t, storage in form.storage.items() if t in named or storage.switch == id_),
        tuple(u for u in form.ups if u in named),
        tuple(p for p in form.pool if p in named),
    )


def _switch_of(form: SiteFile, machine: str) -> str:
    """The one switch that connects a machine which names none itself: what is behind it witnesses each other."""
    found = [id_ for id_, switch in form.switch.items() if machine in switch.connects]
    found = found or [
        id_ for id_, w in form.switch.items() if machine in form.host and form.host[machine].pool in w.connects
    ]
    return found[0] if len(found) == 1 else ""


def _storage(id_: str, storage: StorageSection, switch: str) -> Storage:
    return Storage(
        id_,
        tuple(storage.powered_by),
        storage.needs,
        tuple(storage.used_by),
        tuple(storage.repositories),
        quantities.ip_address(storage.address),
        storage.way,
        storage.after or 0.0,
        storage.stop_time,
        storage.switch or switch,
        storage.wake_on_lan is not None,
    )


def _reached(id_: str, storage: StorageSection) -> StorageConnection:
    address, wakes = quantities.ip_address(storage.address), storage.wake_on_lan
    return StorageConnection(
        id_,
        address,
        tuple(quantities.service(text) for text in storage.serves),
        tuple(dict.fromkeys((address, *map(quantities.network, storage.asks_from)))),
        storage.ups_name,
        storage.username,
        storage.password,
        quantities.ssh_server(storage.at or address) if storage.way is Way.SSH else None,
        storage.host_key,
        storage.key_file,
        storage.command,
        quantities.mac(wakes.mac) if wakes is not None else "",
        quantities.wake_target(wakes.broadcast) if wakes is not None else None,
    )


def _network_ups(served: NetworkUpsSection) -> NetworkUpsSettings:
    return NetworkUpsSettings(quantities.ups_listener(served.listen), served.certificate, served.key)


def _manager(pages: ManagerSection) -> ManagerSettings:
    at = quantities.web_listener(pages.listen)
    return ManagerSettings(at, pages.certificate, pages.key, pages.http, pages.idle, tuple(pages.names))


def _ups(id_: str, ups: UpsSection) -> UpsConnection:
    at = quantities.ups(ups.source)
    if isinstance(at, quantities.Upsd):
        return NutConnection(id_, at, ups.username, ups.password, tuple(dict.fromkeys(ups.fingerprints)), ups.ca)
    user = None
    if ups.version == "3":
        user = SnmpUser(ups.username, ups.auth, ups.auth_password, ups.privacy, ups.privacy_password)
    return CardConnection(id_, at, ups.version, ups.community, user, ups.write_community)


def _timers(ups: UpsSection) -> CardTimers:
    return CardTimers(ups.warning_period, ups.shutdown_delay, ups.action)


def _host(id_: str, host: HostSection, switch: str) -> Host:
    ways = tuple(host.power_on)
    return Host(id_, host.pool, tuple(host.powered_by), host.needs, host.switch or switch, ways, host.agent)


def _power_on(id_: str, host: HostSection) -> PowerOn:
    found = PowerOn(id_)
    if host.wake_on_lan is not None:
        mac, broadcast = quantities.mac(host.wake_on_lan.mac), quantities.wake_target(host.wake_on_lan.broadcast)
        found = replace(found, mac=mac, broadcast=broadcast)
    if host.bmc is not None:
        at, bmc = quantities.bmc(host.bmc.address), host.bmc
        found = replace(found, bmc=Bmc(at, bmc.username, bmc.password, tuple(dict.fromkeys(bmc.fingerprints))))
    return found


def _policy(form: SiteFile) -> Policy:
    thresholds = {name: getattr(form.site, name) for name in SiteSection.model_fields if name not in ("name", "shed")}
    return Policy(
        shed={int(tier): after for tier, after in form.site.shed.items()},
        hosts={id_: HostPolicy(_timer(host.maintenance), _timer(host.shutdown)) for id_, host in form.host.items()},
        vms={name: VmPolicy(vm.wish, vm.tier, vm.infrastructure) for name, vm in form.vm.items()},
        controller=form.controller.name,
        **thresholds,
    )


def _timer(timer: TimerSection) -> Timer:
    return Timer(timer.enabled, timer.after or 0.0)
