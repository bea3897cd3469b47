"""Which name a host goes by: its key in site.toml, else its name label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ridethrough.core.model import HostId

from .records import Host

LONGEST_NAME = 200  # letters; site.toml takes no longer ones


def host_ids(hosts: Mapping[str, Host], names: Mapping[str, HostId]) -> dict[str, HostId]:
    """Each host reference's id, unique within the pool.

    `names` maps what a host may be called (uuid, address, host name or name label) to its key in site.toml. A name
    label that two hosts share names neither of them: both are then called by label and uuid.
    """
    labels = Counter(host.name_label for host in hosts.values())
    known = {ref: _known(host, names, labels[host.name_label] == 1) for ref, host in hosts.items()}
    taken = Counter(key for key in known.values() if key)
    return {
        ref: key
        if key and taken[key] == 1
        else _own_name(host, labels[host.name_label] == 1 and not taken[host.name_label])
        for (ref, key), host in zip(known.items(), hosts.values(), strict=True)
    }


def _known(host: Host, names: Mapping[str, HostId], label_is_unique: bool) -> HostId:
    called = [host.uuid, host.address, *([host.name_label, host.hostname] if label_is_unique else [])]
    return next((names[name] for name in called if name in names), "")


def _own_name(host: Host, is_unique: bool) -> HostId:
    name = one_line(host.name_label)
    return name if name and is_unique else f"{name}-{one_line(host.uuid[:8])}"


def one_line(name: str) -> str:
    """A name that may stand in a line of the journal: a VM's owner may write anything into it."""
    name = name[:LONGEST_NAME]
    return name if name.isprintable() else "".join(letter if letter.isprintable() else " " for letter in name)


def ambiguous(hosts: Iterable[Host], names: Mapping[str, HostId]) -> str:
    """What site.toml names without saying which host it means, in words; empty when all is clear."""
    labels = Counter(host.name_label for host in hosts)
    doubles = sorted(label for label, n in labels.items() if n > 1 and label in names)
    if not doubles:
        return ""
    return "; ".join(f'site.toml: {labels[d]} hosts are called "{d}"; name each by its uuid' for d in doubles)
