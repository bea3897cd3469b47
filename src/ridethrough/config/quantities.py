"""Durations, speeds and addresses as people write them."""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(s|sec|seconds?|m|min|minutes?|h|hours?)", re.ASCII)
SPEED = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(k|M|G)?(bit|B)/s", re.ASCII)
HOST_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?", re.ASCII
)

SECONDS_IN = {"s": 1.0, "m": 60.0, "h": 3600.0}
TIMES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
SNMP_PORT, UPSD_PORT = 161, 3493
UPS_NAME = re.compile(r"[^/\s\"#=\\\[\]]{1,200}")  # a section of ups.conf


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address or a name, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Upsd:
    """A UPS behind an upsd, and its name there."""

    server: Endpoint
    name: str

    def __str__(self) -> str:
        return f"{self.server}/{self.name}"


def seconds(value: object) -> float:
    """A duration: a number of seconds, or text with a unit. Raises ValueError with the remedy."""
    if isinstance(value, str) and (found := DURATION.fullmatch(value.strip())):
        return float(found[1]) * SECONDS_IN[found[2][0]]
    if isinstance(value, str):
        raise ValueError(f'{quoted(value)} is no duration; write seconds, for example 90, or "90 s", "15 min", "1 h"')
    return _number(value, 'a duration: seconds, for example 90, or "90 s", "15 min", "1 h"')


def bytes_per_second(value: object) -> float:
    """A speed: bytes per second, or text with a unit. Raises ValueError with the remedy."""
    if isinstance(value, str) and (found := SPEED.fullmatch(value.strip())):
        return float(found[1]) * TIMES[found[2] or ""] / (8 if found[3] == "bit" else 1)
    if isinstance(value, str):
        raise ValueError(f'{quoted(value)} is no speed; write for example "1 Gbit/s" or "100 MB/s"')
    return _number(value, 'a speed, for example "1 Gbit/s" or "100 MB/s"')


def _number(value: object, wanted: str) -> float:
    """An ordinary number; TOML also has booleans, inf, nan and integers of any length."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be {wanted}")
    if not (math.isfinite(value) if isinstance(value, float) else abs(value) < 10**15):
        raise ValueError(f"is too large; it must be {wanted}")
    return float(value)


def ups(source: str) -> Endpoint | Upsd:
    """Where a card answers SNMP, or which UPS of which upsd it is. Raises ValueError with the remedy.

    IP addresses only: name services die in outages too.
    """
    if source.lower().startswith("nut://"):
        wrong = f'{quoted(source)} is no UPS of an upsd: write "nut://192.0.2.5/NAME", with :PORT if it is not 3493'
        server, _, name = source[len("nut://") :].partition("/")
        if not UPS_NAME.fullmatch(name) or not name.isprintable():
            raise ValueError(wrong)
        return Upsd(_ip(endpoint(server, UPSD_PORT, wrong), wrong), name)
    wrong = (
        f'{quoted(source)} is no UPS: write "snmp://192.0.2.11" for a network card (with :PORT if it is not 161), or '
        '"nut://192.0.2.5/NAME" for a UPS behind an upsd'
    )
    if not source.lower().startswith("snmp://"):
        raise ValueError(wrong)
    return _ip(endpoint(source[len("snmp://") :].removesuffix("/"), SNMP_PORT, wrong), wrong)


def listener(text: str, port: int = 1162) -> Endpoint:
    """A port of this machine; `port` stands in the remedy's example. Raises ValueError with the remedy."""
    wrong = f'{quoted(text)} is no address to listen on: write "0.0.0.0:{port}", or "[::]:{port}" for IPv6 too'
    found = _ip(endpoint(text, 0, wrong), wrong)
    if not found.port:
        raise ValueError(wrong)
    return found


def web_listener(text: str) -> Endpoint:
    """A TCP port of this machine for the pages. Raises ValueError with the remedy."""
    return listener(text, 8443)


def web_name(text: str) -> str:
    """A name or address that people type to reach the pages, without a port. Raises ValueError with the remedy."""
    if not (_is_ip(text) or HOST_NAME.fullmatch(text)):
        raise ValueError(
            f'{quoted(text)} is no name or address: write "ups.example.com" or "192.0.2.5", without a port'
        )
    return text


def is_loopback(found: Endpoint) -> bool:
    """Whether only this machine reaches it."""
    return ipaddress.ip_address(found.host).is_loopback


def feeder(text: str) -> str:
    """What people call a feeder. Raises ValueError with the remedy."""
    if text.startswith("of "):
        raise ValueError(
            f'{quoted(text)} begins with "of ", as the simulator calls a feeder that has no name: write '
            f"{quoted(text.removeprefix('of ').strip() or 'A')}"
        )
    return text


def upsd(text: str) -> Endpoint:
    """Where an upsd answers. Raises ValueError with the remedy."""
    wrong = f'{quoted(text)} is no address of an upsd: write "192.0.2.5", with :PORT if it is not 3493'
    return _ip(endpoint(text, UPSD_PORT, wrong), wrong)


def _ip(found: Endpoint, wrong: str) -> Endpoint:
    if not _is_ip(found.host):
        raise ValueError(f"{wrong}. A name is not accepted: name services die in outages too")
    return Endpoint(str(ipaddress.ip_address(found.host)), found.port)


def toolstack(address: str) -> Endpoint:
    """Where a host's toolstack answers: an address or a URL. Raises ValueError with the remedy."""
    wrong = f'{quoted(address)} is no address: write "192.0.2.101", "xen1.example.com" or "192.0.2.101:443"'
    scheme, found, rest = address.partition("://")
    if found and scheme not in ("https", "http"):
        raise ValueError(wrong)
    port = 80 if found and scheme == "http" else 443
    return endpoint(rest.removesuffix("/") if found else address, port, wrong)


def witness(text: str) -> Endpoint:
    """A TCP port that answers while the hosts' switch works. Raises ValueError with the remedy."""
    wrong = f'{quoted(text)} is no witness: write an address with a TCP port that answers, for example "192.0.2.1:22"'
    found = endpoint(text, 0, wrong)
    if not found.port:
        raise ValueError(wrong)
    return found


@dataclass(frozen=True, slots=True)
class Service:
    """What a NAS or SAN serves. An "nfs" is asked whether it is there; of a "tcp" port it is enough that it opens."""

    kind: str  # "nfs" or "tcp"
    at: Endpoint

    def __str__(self) -> str:
        return f"{self.kind}://{self.at}"


NFS_PORT = 2049


def service(text: str) -> Service:
    """What a NAS or SAN serves, and where. Raises ValueError with the remedy."""
    wrong = (
        f'{quoted(text)} is nothing that storage serves: write "nfs://192.0.2.20", or "tcp://192.0.2.20:3260" for any '
        "other port"
    )
    kind, _, rest = text.partition("://")
    if kind not in ("nfs", "tcp"):
        raise ValueError(wrong)
    found = _ip(endpoint(rest, NFS_PORT if kind == "nfs" else 0, wrong), wrong)
    if not found.port:
        raise ValueError(wrong)
    return Service(kind, found)


def ip_address(text: str) -> str:
    """An IP address, as it is commonly written. Raises ValueError with the remedy."""
    wrong = f'{quoted(text)} is no IP address: write "192.0.2.20"'
    return _ip(endpoint(text, 0, wrong), wrong).host


def network(text: str) -> str:
    """An IP address, or a network of them. Raises ValueError with the remedy."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError(f'{quoted(text)} is no address and no network: write "192.0.2.20" or "192.0.2.0/28"') from None


def ssh_server(text: str) -> Endpoint:
    """Where an SSH server answers. Raises ValueError with the remedy."""
    wrong = f'{quoted(text)} is no SSH server: write "192.0.2.20", with :PORT if it is not 22'
    return _ip(endpoint(text, 22, wrong), wrong)


def mac(text: str) -> str:
    """A MAC address, as 52:54:00:12:34:56. Raises ValueError with the remedy."""
    digits = re.sub("[:.-]", "", text).lower()
    if not re.fullmatch("[0-9a-f]{12}", digits):
        raise ValueError(f'{quoted(text)} is no MAC address; write for example "52:54:00:12:34:56"')
    return ":".join(digits[n : n + 2] for n in range(0, 12, 2))


def wake_target(text: str) -> Endpoint:
    """Where magic packets are sent to. Raises ValueError with the remedy."""
    wrong = f'{quoted(text)} is no broadcast address; write for example "192.0.2.255"'
    return _ip(endpoint(text, 9, wrong), wrong)


def bmc(text: str) -> Endpoint:
    """A BMC's address or name; port 0: the usual one. Raises ValueError with the remedy."""
    return endpoint(text, 0, f'{quoted(text)} is no address; write for example "192.0.2.131"')


def ups_listener(text: str) -> Endpoint:
    """A TCP port of this machine on which NAS boxes ask for their UPS. Raises ValueError with the remedy."""
    return listener(text, UPSD_PORT)


def endpoint(text: str, port: int, wrong: str) -> Endpoint:
    """`host`, `host:port`, `[ipv6]:port` or a bare IPv6 address; without a port, `port`. Else ValueError."""
    if _is_ip(text):
        return Endpoint(text, port)
    try:
        parts = urlsplit(f"//{text}")
        host, written = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(wrong) from None
    exactly = {f"{host}:{written}", f"[{host}]:{written}"} if written is not None else {host, f"[{host}]"}
    if text.lower() not in exactly or written == 0 or not (_is_ip(host) or HOST_NAME.fullmatch(host)):
        raise ValueError(wrong)
    return Endpoint(host, port if written is None else written)


def quoted(text: str) -> str:
    """Text in quotes, shortened, with nothing in it that could upset a terminal."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:60])
    return f'"{shown}{"..." if len(text) > 60 else ""}"'


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text
