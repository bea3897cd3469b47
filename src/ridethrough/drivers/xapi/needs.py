"""Which networks, which processor and how many CPUs a VM needs of a host, and what each host has of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ridethrough.core.model import NetworkId
from ridethrough.core.observation import Cpu, Restart

from .records import Host, Network, Vm
from .store import Records

ANTI_AFFINITY = "anti_affinity"
MOST_CPUS = 2**20  # told as more is as good as that
LONGEST = 1000  # letters of a feature set; there are some two hundred in 2026
_RESTARTS = {restart.value: restart for restart in Restart}
SHARED_ANYWAY = "assume_network_is_shared"  # network other_config
HARDWARE_VIRTUALISED = ("hvm", "pvh", "pv_in_pvh", "unspecified")


@dataclass(frozen=True, slots=True)
class Cabling:
    """The pool's networks: which each host has a port on, and which of them tie a VM to such a host (by reference).

    As xapi reckons (xapi_network_attach_helpers.ml): a network with ports is where its ports are; one without any is
    one host's alone, unless xapi does not manage it or is told that it is shared.
    """

    ports: Mapping[str, frozenset[NetworkId]] = field(default_factory=dict)  # by the host's reference
    tying: Mapping[str, NetworkId] = field(default_factory=dict)
    hardware: frozenset[str] = frozenset()  # networks of ports that a guest has of its host's card (SR-IOV)


def cabling(records: Records) -> Cabling:
    ports: dict[str, set[NetworkId]] = {}
    wired: set[str] = set()
    hardware: set[str] = set()
    for pif in records.pifs.values():
        network = records.networks.get(pif.network)
        if network is None or not network.uuid:
            continue
        wired.add(pif.network)
        ports.setdefault(pif.host, set()).add(network.uuid)
        if pif.sriov_logical_pif_of:
            hardware.add(pif.network)
    tying = {ref: n.uuid for ref, n in records.networks.items() if n.uuid and (ref in wired or _is_private(n))}
    return Cabling({host: frozenset(found) for host, found in ports.items()}, tying, frozenset(hardware))


def _is_private(network: Network) -> bool:
    return network.managed and network.other_config.get(SHARED_ANYWAY, "") != "true"


def networks_of(vm: Vm, records: Records) -> set[str]:
    """The references of the networks that the VM's network cards are on."""
    return {vif.network for ref in vm.vifs if (vif := records.vifs.get(ref)) is not None}


def groups_of(vm: Vm, records: Records) -> frozenset[str]:
    """The anti-affinity groups that the VM is a member of; xapi itself takes them for a wish, not a rule."""
    found = (records.vm_groups.get(ref) for ref in vm.groups)
    return frozenset(g.uuid for g in found if g is not None and g.uuid and g.placement == ANTI_AFFINITY)


def cpu_of_host(host: Host) -> Cpu | None:
    """What its processors offer guests with hardware virtualisation; None when it is not told."""
    told = host.cpu_info.get("features_hvm") or host.cpu_info.get("features", "")
    features = _features(told)
    return None if features is None else Cpu(host.cpu_info.get("vendor", ""), features)


def cpu_of_vm(vm: Vm) -> Cpu | None:
    """What a VM has been started with; None when it is not told, or is paravirtual: then other features count."""
    if vm.domain_type not in HARDWARE_VIRTUALISED:
        return None
    features = _features(vm.last_boot_cpu_flags.get("features", ""))
    return None if features is None else Cpu(vm.last_boot_cpu_flags.get("vendor", ""), features)


def cpus_of(host: Host) -> int:
    """How many CPUs its Xen counts, threads; 0 when it is not told.

    xapi compares them with VM.VCPUs_max when a VM starts, resumes or comes (assert_enough_pcpus in xapi_vm_helpers.ml).
    """
    told = host.cpu_info.get("cpu_count", "")
    return min(int(told), MOST_CPUS) if told.isascii() and told.isdecimal() and len(told) < LONGEST else 0


def vcpus_unrestricted(vm: Vm) -> bool:
    """Whether its owner lets a VM have more vCPUs than its host has CPUs: as xapi reads it."""
    return vm.platform.get("vcpu-unrestricted", "").lower() in ("true", "1")


def restart_of(vm: Vm) -> Restart:
    """A priority that is not known is none."""
    return _RESTARTS.get(vm.ha_restart_priority, Restart.NEVER)


@lru_cache(maxsize=256)
def _features(told: str) -> int | None:
    """A feature set, as words of 32 bits in hexadecimal with dashes between them; missing words are empty."""
    if len(told) > LONGEST:
        return None
    try:
        return sum(int(word, 16) << 32 * n for n, word in enumerate(told.split("-"))) if told else None
    except ValueError:
        return None
