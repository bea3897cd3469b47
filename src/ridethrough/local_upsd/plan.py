"""What is written for one more UPS on this machine's upsd, and what forbids it. Decides only: nothing is touched."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .files import (
    NUT_CONF,
    PORT,
    UPS_CONF,
    UPSD_CONF,
    UPSD_USERS,
    Section,
    as_mapping,
    behind,
    listens,
    mode,
    section,
    sections,
    with_mode,
)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")  # safe in NUT's files, in the names of units, and in site.toml
USER = "ridethrough"  # of upsd: switches this machine's UPSs off and cancels that, when a person says so
COMMANDS = ("shutdown.return", "shutdown.stop")
HIDDEN = "********"
SERVING = ("standalone", "netserver")


class ConflictError(Exception):
    """Why nothing may be written: which file, which section, and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One UPS, as upsd is to serve it."""

    name: str
    driver: str
    options: tuple[tuple[str, str], ...]  # port and what else its driver takes; an empty value is a flag
    listen: str = "127.0.0.1"  # the address by which the controller reaches this machine
    port: int | None = None  # of upsd; None: the one that it has, or NUT's
    aliases: tuple[str, ...] = ()  # other paths of the same serial device
    password: str = field(default="", repr=False)  # of USER, should it be new


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it will be, and the lines of it that are new, for people."""

    file: str
    text: str = field(repr=False)
    new: str
    instead: str = ""  # the line that they take the place of


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is written. Without changes it was written before."""

    name: str
    changes: tuple[Change, ...]
    host: str
    port: int
    user: str = ""  # under which drivers and upsd run, where ups.conf says so
    password: str = field(default="", repr=False)

    @property
    def source(self) -> str:
        """As site.toml has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"nut://{host}/{self.name}" if self.port == PORT else f"nut://{host}:{self.port}/{self.name}"

    @property
    def listens_anew(self) -> bool:
        """upsd takes up a new address only when it is started anew."""
        return any(change.file == UPSD_CONF for change in self.changes)


def planned(wish: Wish, texts: Mapping[str, str | None]) -> Plan:
    """What must change in NUT's files, by their texts now. Raises ConflictError."""
    now = as_mapping(texts)
    if not NAME.fullmatch(wish.name):
        raise ConflictError(f'"{wish.name}" is no name for a UPS: letters, digits, _ and - only, no more than 40')
    found = sections(now[UPS_CONF])
    changes = [_ups(wish, now[UPS_CONF], found)]
    listen, port = _listen(wish, now[UPSD_CONF])
    user, password = _user(wish, now[UPSD_USERS])
    changes += [listen, user, _mode(wish, now[NUT_CONF])]
    kept = tuple(change for change in changes if change is not None)
    return Plan(wish.name, kept, wish.listen, port, found[0].get("user") or "", password)


def _ups(wish: Wish, text: str, found: list[Section]) -> Change | None:
    pairs = (("driver", wish.driver), *wish.options)
    for other in found[1:]:
        where = f"{UPS_CONF}, line {other.line}: [{other.name}]"
        if other.name == wish.name:
            if sorted(other.pairs) == sorted(pairs):
                return None
            raise ConflictError(
                f"{where} is there already, and was written otherwise. Take the section out, or choose another name"
            )
        if _reads_the_same(wish, other):
            raise ConflictError(
                f"{where} reads this device already, or may: two drivers cannot share one. Use that name, give that "
                "section a vendorid, productid and serial of its own, or take it out"
            )
    new = section(wish.name, pairs)
    return Change(UPS_CONF, behind(text, new), new)


def _reads_the_same(wish: Wish, other: Section) -> bool:
    wanted = dict(wish.options)
    port = other.get("port")
    if port != "auto" or wanted["port"] != "auto":
        return port in (wanted["port"], *wish.aliases)
    # One that does not say which device it means may take any.
    keys = ("vendorid", "productid", "serial")
    return all(
        (there := other.get(key)) is None or key not in wanted or there.lower() == wanted[key].lower() for key in keys
    )


def _listen(wish: Wish, text: str) -> tuple[Change | None, int]:
    there = listens(text)
    ports = [port for address, port in there if _covers(address, wish.listen) and wish.port in (None, port)]
    if ports:
        return None, ports[0]
    port = wish.port or PORT
    lines = [(wish.listen, port)]
    if not there and not _is_loopback(wish.listen):
        lines.insert(0, ("127.0.0.1", port))  # where clients on this machine found it until now
    new = "".join(f"LISTEN {address} {port}\n" for address, port in lines)
    return Change(UPSD_CONF, behind(text, new), new), port


def _user(wish: Wish, text: str) -> tuple[Change | None, str]:
    there = next((one for one in sections(text)[1:] if one.name == USER), None)
    if there is None:
        pairs = [("password", wish.password), ("actions", "SET"), *(("instcmds", command) for command in COMMANDS)]
        new = section(USER, pairs)
        hidden = section(USER, [("password", HIDDEN), *pairs[1:]])
        return Change(UPSD_USERS, behind(text, new), hidden), wish.password
    if not (password := there.get("password")):
        raise ConflictError(
            f"{UPSD_USERS}, line {there.line}: [{USER}] has no password. Give it one, or take the section out"
        )
    return None, password


def _mode(wish: Wish, text: str) -> Change | None:
    there = mode(text)
    if there in SERVING:
        return None
    if there not in ("", "none"):
        raise ConflictError(
            f"{NUT_CONF}: MODE={there}: this machine watches a UPS of another upsd, and does not serve its own. "
            "Write MODE=netserver there, which does both"
        )
    to = "standalone" if _is_loopback(wish.listen) else "netserver"
    return Change(NUT_CONF, with_mode(text, to), f"MODE={to}\n", f"MODE={there}" if there else "")


def _covers(listening: str, wanted: str) -> bool:
    if listening in (wanted, "*"):
        return True
    if listening == "localhost":
        return _is_loopback(wanted)
    return listening == ("::" if ":" in wanted else "0.0.0.0")


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback
