"""What references stand for, on their side and on ours."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from ridethrough.sim.machines import ref_of, uuid_of
from ridethrough.sim.world import World

from .recording import REF, entries, records_in

DOM0 = "Control domain on host: "


class Names:
    """References of the laboratory by what they stand for, and the simulator's for the same; tasks as they come."""

    def __init__(self, theirs: dict[str, str], ours: dict[str, str]) -> None:
        self.theirs, self.ours = theirs, ours
        self._ref = {name: ref for ref, name in ours.items()}
        self.tokens: dict[str, str] = {}  # of event.from: theirs -> ours

    def learn(self, name: str, theirs: str, ours: str) -> None:
        """Both sides gave the same thing a reference of their own."""
        self.theirs[theirs], self.ours[ours], self._ref[name] = name, name, ours

    def look_again(self, world: World) -> None:
        """Guests came or went by hand."""
        self.ours |= ours_of(world)
        self._ref |= {name: ref for ref, name in self.ours.items()}

    def learn_moving(self, text: str, prefix: str, guest: str, world: World) -> None:
        """The task that moves a guest now, whose reference only a note told."""
        at = text.index(f"OpaqueRef:{prefix}")
        vm = next(v for v in world.vms.values() if v.name == guest)
        self.learn(f"the task that moves {guest}", text[at : at + 46], next(iter(vm.current_operations)))

    def of_theirs(self, ref: str) -> str:
        return ref if ref == "OpaqueRef:NULL" or not REF.fullmatch(ref) else self.theirs.get(ref, "a reference")

    def of_ours(self, ref: str) -> str:
        return ref if ref == "OpaqueRef:NULL" or not REF.fullmatch(ref) else self.ours.get(ref, "a reference")

    def ref_here(self, theirs: str) -> str:
        """Our reference for theirs; theirs when it is none of ours, as a call with a bad one has it."""
        return self._ref.get(self.theirs.get(theirs, ""), theirs)

    def translated(self, value: Any) -> Any:
        """An argument with our references in place of theirs."""
        if isinstance(value, str):
            if value in self.tokens:
                return self.tokens[value]
            return re.sub(r"OpaqueRef:[0-9a-f-]{36}", lambda m: self.ref_here(m.group()), value)
        if isinstance(value, dict):
            return {k: self.translated(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.translated(each) for each in value]
        return value


@cache
def known_in(folder: Path) -> dict[str, str]:
    """Every reference of which any recording shows a record: pools, hosts, guests, control domains, metrics."""
    found: dict[str, str] = {}
    metrics: dict[str, str] = {}
    for file in sorted(folder.glob("*.json")):
        for entry in entries(file):
            for ref, record in records_in(entry):
                _learn(found, metrics, ref, record)
            if entry.get("method") == "host.get_record" and "result" in entry:
                _learn(found, metrics, entry["args"][0], entry["result"])
    return {**metrics, **found}


def _learn(found: dict[str, str], metrics: dict[str, str], ref: str, record: dict[str, Any]) -> None:
    label, xapi_class = str(record.get("name_label")), record.get("class", "")
    if "software_version" in record or xapi_class == "host":
        found[ref] = f"host {label}"
        if record.get("metrics"):
            metrics[record["metrics"]] = f"the metrics of {label}"
    elif "power_state" in record or xapi_class == "vm":
        found[ref] = f"the dom0 of {label[len(DOM0) :]}" if label.startswith(DOM0) else f"VM {label}"
    elif "master" in record or xapi_class == "pool":
        found[ref] = "the pool"


def ours_of(world: World) -> dict[str, str]:
    """The same for a World."""
    found = {pool.ref: "the pool" for pool in world.pools.values()}
    for host in world.hosts.values():
        found[host.ref] = f"host {host.id}"
        found[host.metrics_ref] = f"the metrics of {host.id}"
        found[ref_of(uuid_of("control domain", host.uuid))] = f"the dom0 of {host.id}"
    found |= {vm.ref: f"VM {vm.name}" for vm in world.vms.values()}
    return found
