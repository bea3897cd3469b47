"""A site of two hosts and two UPSs, as the controller's files tell it, for the pages that set it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ridethrough.api import Context, Doors
from ridethrough.core.observation import HostSeen, PoolSeen, Snapshot, VmSeen
from ridethrough.runtime.seen_file import FILE, Seen
from tests.api.fakes import NOBODY, Mailbox, OpenGate, context, write_status

GIB = 2**30
CARD = 'warning_period = 900\nshutdown_delay = 120\naction = "client and ups"\n'
SITE = f"""# Our site
[site]
name = "Head office"

[ups.ups1]
source = "snmp://127.0.0.2"
{CARD}
[ups.ups2]
source = "snmp://127.0.0.3"
{CARD}
[pool.pool1]
addresses = ["127.0.0.9"]
username = "root"
password = "secret:pool1"

[host.h1]
pool = "pool1"
powered_by = ["ups1"]

[host.h2]  # in the second rack
pool = "pool1"
powered_by = ["ups2"]
maintenance = {{ enabled = true, after = 60 }}
shutdown = {{ enabled = true, after = 120 }}
"""
OFF = {"enabled": False, "after": 0.0}
SEEN = Snapshot(
    pools={"pool1": PoolSeen("pool1", "h1", answered_at=1.0)},
    hosts={h: HostSeen(h, "pool1", f"127.0.0.{n}") for h, n in (("h1", 9), ("h2", 10))},
    vms={"v1": VmSeen("v1", "web1", "pool1", resident_on="h2", memory=4 * GIB)},
)


def option(after: float | None) -> dict[str, Any]:
    """An option of a host, as the status tells it."""
    return OFF if after is None else {"enabled": True, "after": after}


def ups(id: str) -> dict[str, Any]:
    return {
        "id": id,
        "model": "Pro 1500",
        "condition": "good",
        "silent": False,
        "source": "utility",
        "charge": 100.0,
        "runtime": 1500.0,
        "load": 30.0,
        "low": False,
        "testing": False,
        "answered_at": 9.0,
    }


def host(id: str, feed: str, coordinator: bool, maintenance: float | None, shutdown: float | None) -> dict[str, Any]:
    crash = shutdown is None
    return {
        "id": id,
        "pool": "pool1",
        "address": "127.0.0.9" if coordinator else "127.0.0.10",
        "coordinator": coordinator,
        "connected": True,
        "enabled": True,
        "supply": "full",
        "powered_by": [feed],
        "needs": 1,
        "options": {"maintenance": option(maintenance), "shutdown": option(shutdown)},
        "row": {"vms": "crash" if crash else "migrate to another available host", "host": "crash", "crash": crash},
        "vms": [] if coordinator else ["web1"],
        "power_until": None,
        "seconds_needed": None,
        "step": "",
        "held": False,
    }


HOSTS = [host("h1", "ups1", True, None, None), host("h2", "ups2", False, 60.0, 120.0)]


def site(
    folder: Path,
    mailbox: Mailbox | None = None,
    gate: OpenGate | None = None,
    doors: Doors = NOBODY,
    text: str = SITE,
    status: Mapping[str, Any] | None = None,
) -> Context:
    """The context of that site; `text` is its site.toml."""
    found = context(folder, gate, mailbox, doors)
    (folder / "secrets").chmod(0o700)
    secret = folder / "secrets" / "pool1"
    secret.write_text("hush-1")
    secret.chmod(0o600)
    found.site_file.write_text(text)
    write_status(found.state_dir, **{"upses": [ups("ups1"), ups("ups2")], "hosts": HOSTS, **(status or {})})
    (found.state_dir / FILE).write_bytes(msgspec.json.encode(Seen(1.0, SEEN)))
    return found
