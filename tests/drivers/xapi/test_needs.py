"""Which networks, which processor and how many CPUs a VM needs, from its records; what binds it to its host's card."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ridethrough.core.observation import Cpu, Restart
from ridethrough.drivers.xapi.needs import cpu_of_host, cpu_of_vm, cpus_of
from ridethrough.drivers.xapi.picture import Memo, picture
from ridethrough.drivers.xapi.records import Host, Network, Pif, Vif, Vm, VmGroup
from ridethrough.drivers.xapi.store import Change, Records

from .test_picture import site


def cabled() -> Records:
    """A network on both hosts, one on the first alone, and a card of the guest on each of what `on` names."""
    records = site()
    records.networks["LAN"] = Network(uuid="lan", name_label="LAN")
    records.networks["DMZ"] = Network(uuid="dmz", name_label="DMZ")
    records.networks["PRIVATE"] = Network(uuid="private")
    records.networks["ELSEWHERE"] = Network(uuid="elsewhere", managed=False)
    records.networks["SHARED"] = Network(uuid="shared", other_config={"assume_network_is_shared": "true"})
    for host in ("H1", "H2"):
        records.pifs[f"LAN {host}"] = Pif(uuid="p", host=host, network="LAN")
    records.pifs["DMZ H1"] = Pif(uuid="p", host="H1", network="DMZ")
    return records


def connect(records: Records, *networks: str) -> None:
    for network in networks:
        records.vifs[f"VIF {network}"] = Vif(uuid="v", vm="V", network=network)
    records.vms["V"] = replace(records.vms["V"], vifs=tuple(f"VIF {n}" for n in networks))


def test_a_network_is_where_its_ports_are() -> None:
    records = cabled()
    connect(records, "LAN", "DMZ")
    found = picture("pool-a", records, {})
    assert found.vms["web"].networks == {"lan", "dmz"}
    assert found.hosts["xcp1"].networks == {"lan", "dmz"}
    assert found.hosts["xcp2"].networks == {"lan"}
    assert found.pool.network_names["dmz"] == "DMZ"


@pytest.mark.parametrize(
    ("network", "needed"), [("PRIVATE", {"private"}), ("ELSEWHERE", set()), ("SHARED", set()), ("UNKNOWN", set())]
)
def test_a_network_without_any_port_is_its_hosts_alone_unless_somebody_says_otherwise(
    network: str, needed: set[str]
) -> None:
    records = cabled()
    connect(records, network)
    assert picture("pool-a", records, {}).vms["web"].networks == needed


def test_a_card_that_is_a_port_of_its_host_binds_the_vm() -> None:
    records = cabled()
    connect(records, "LAN")
    assert picture("pool-a", records, {}).vms["web"].immovable == ""
    records.pifs["DMZ H1"] = Pif(uuid="p", host="H1", network="LAN", sriov_logical_pif_of=("S",))
    assert "SR-IOV" in picture("pool-a", records, {}).vms["web"].immovable


def test_a_card_that_comes_later_is_drawn_with_its_vm() -> None:
    records, memo = cabled(), Memo()
    connect(records, "LAN")
    picture("pool-a", records, {}, memo)
    records.apply([Change("vif", "VIF LAN", Vif(uuid="v", vm="V", network="DMZ"))])
    assert picture("pool-a", records, {}, memo).vms["web"].networks == {"dmz"}


@pytest.mark.parametrize(
    ("priority", "always", "restart", "protected"),
    [
        ("restart", True, Restart.ALWAYS, True),
        ("restart", False, Restart.ALWAYS, False),
        ("best-effort", True, Restart.BEST_EFFORT, False),
        ("", False, Restart.NEVER, False),
        ("of a later version", True, Restart.NEVER, False),
    ],
)
def test_what_ha_starts_again(priority: str, always: bool, restart: Restart, protected: bool) -> None:
    records = site()
    records.vms["V"] = replace(records.vms["V"], ha_restart_priority=priority, ha_always_run=always)
    web = picture("pool-a", records, {}).vms["web"]
    assert (web.restart, web.ha_protected) == (restart, protected)


def test_anti_affinity_groups_and_the_owners_host() -> None:
    records = cabled()
    records.vm_groups["A"] = VmGroup(uuid="a", placement="anti_affinity")
    records.vm_groups["B"] = VmGroup(uuid="b", placement="normal")
    records.vms["V"] = replace(records.vms["V"], groups=("A", "B", "gone"), affinity="H2")
    web = picture("pool-a", records, {}).vms["web"]
    assert (web.groups, web.affinity) == (frozenset({"a"}), "xcp2")


def test_a_processor_is_told_in_words_of_32_bits() -> None:
    told = {"vendor": "GenuineIntel", "features_hvm": "00000003-00000001", "features_pv": "0"}
    assert cpu_of_host(Host(cpu_info=told)) == Cpu("GenuineIntel", 3 + (1 << 32))
    flags = {"vendor": "GenuineIntel", "features": "00000001"}
    assert cpu_of_vm(Vm(last_boot_cpu_flags=flags)) == Cpu("GenuineIntel", 1)
    assert cpu_of_vm(Vm(last_boot_cpu_flags=flags, domain_type="pv")) is None


@pytest.mark.parametrize("told", ["", "no number", "f" * 5000])
def test_a_processor_that_is_not_told_is_unknown(told: str) -> None:
    assert cpu_of_host(Host(cpu_info={"vendor": "GenuineIntel", "features_hvm": told})) is None


@pytest.mark.parametrize(
    ("told", "cpus"),
    [("16", 16), ("", 0), ("0", 0), ("-4", 0), ("many", 0), ("\u0664", 0), ("9" * 30, 2**20), ("9" * 5000, 0)],
)
def test_how_many_cpus_a_host_has(told: str, cpus: int) -> None:
    assert cpus_of(Host(cpu_info={"cpu_count": told})) == cpus
    assert cpus_of(Host()) == 0


@pytest.mark.parametrize(
    ("most", "platform", "vcpus", "needed"),
    [
        (12, {}, 12, 12),
        (0, {}, 0, 0),
        (-1, {}, 0, 0),
        (12, {"vcpu-unrestricted": "true"}, 12, 0),
        (12, {"vcpu-unrestricted": "1"}, 12, 0),
        (12, {"vcpu-unrestricted": "false"}, 12, 12),
        (2**62, {}, 2**20, 2**20),
    ],
)
def test_how_many_cpus_a_vm_needs(most: int, platform: dict[str, str], vcpus: int, needed: int) -> None:
    records = site()
    records.vms["V"] = replace(records.vms["V"], vcpus_max=most, platform=platform)
    web = picture("pool-a", records, {}).vms["web"]
    assert (web.vcpus, web.cpus_needed) == (vcpus, needed)


def test_where_the_memory_of_a_suspended_vm_would_go() -> None:
    records = cabled()
    assert "no storage to keep its memory" in picture("pool-a", records, {}).vms["web"].unsuspendable
    local = Change("host", "H1", replace(records.hosts["H1"], suspend_image_sr="L1"))
    memo = Memo()
    picture("pool-a", records, {}, memo)
    records.apply([local])
    assert 'local storage "Local 1"' in picture("pool-a", records, {}, memo).vms["web"].unsuspendable
    records.apply([Change("pool", "P", replace(records.pools["P"], suspend_image_sr="S"))])
    assert picture("pool-a", records, {}, memo).vms["web"].unsuspendable == ""


def test_a_suspended_vm_needs_the_storage_of_its_memory() -> None:
    records = cabled()
    records.vdis["IMAGE"] = replace(records.vdis["D"], uuid="i", sr="L1")
    records.vms["V"] = replace(records.vms["V"], power_state="Suspended", suspend_vdi="IMAGE")
    assert picture("pool-a", records, {}).vms["web"].storage == {"shared", "local-1"}
