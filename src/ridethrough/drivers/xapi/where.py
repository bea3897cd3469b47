"""Where storage repositories lie: the addresses of the NAS or SAN behind each."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address

from ridethrough.core.model import RepositoryId

from .store import Records

WHERE = ("server", "target", "location")  # of NFS and SMB, of iSCSI, of ISO libraries (xapi-project/sm, its drivers)


def addresses(records: Records) -> dict[RepositoryId, frozenset[str]]:
    """The IP addresses of each repository that its PBDs' device_config names. Host names are not looked up."""
    found: dict[RepositoryId, frozenset[str]] = {}
    for pbd in records.pbds.values():
        sr = records.srs.get(pbd.sr)
        named = frozenset().union(*(ips(pbd.device_config[key]) for key in WHERE if key in pbd.device_config))
        if sr is not None and named:
            found[sr.uuid] = found.get(sr.uuid, frozenset()) | named
    return found


@lru_cache(maxsize=4096)
def ips(text: str) -> frozenset[str]:
    """The IP addresses in "192.0.2.20", "192.0.2.20:/export", "192.0.2.22,192.0.2.23", "//[2001:db8::1]/share"."""
    found = set()
    for part in re.split(r"[,;\s\\/\[\]]+", text):
        for candidate in (part, part.rstrip(":"), part.partition(":")[0]):
            with suppress(ValueError):
                found.add(str(ip_address(candidate)))
                break
    return frozenset(found)
