"""Records into the core's snapshot: names, memory, storage, movability."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ridethrough.core.observation import Power
from ridethrough.drivers.xapi.identity import ambiguous, host_ids
from ridethrough.drivers.xapi.movability import immovable, storage_refs
from ridethrough.drivers.xapi.picture import Evidence, Memo, Picture, claimed_by, picture
from ridethrough.drivers.xapi.records import NULL, GuestMetrics, Host, HostMetrics, Pbd, Pool, Sr, Vbd, Vdi, Vm
from ridethrough.drivers.xapi.store import Change, Records

GIB = 2**30


def site() -> Records:
    """Two hosts; a guest on shared storage, and a control domain."""
    records = Records()
    records.pools["P"] = Pool(uuid="p", master="H1", other_config={"auto_poweron": "true"})
    for n in (1, 2):
        records.hosts[f"H{n}"] = Host(
            uuid=f"uuid-{n}-of-a-host",
            name_label=f"xcp{n}",
            address=f"10.0.0.{n}",
            metrics=f"M{n}",
            memory_overhead=GIB,
            other_config={"agent_start_time": "1795404050."},
        )
        records.metrics[f"M{n}"] = HostMetrics(uuid="m", live=True, memory_total=64 * GIB)
        records.pbds[f"shared-{n}"] = Pbd(uuid="b", host=f"H{n}", sr="S", currently_attached=True)
        records.pbds[f"local-{n}"] = Pbd(uuid="b", host=f"H{n}", sr=f"L{n}", currently_attached=True)
        records.srs[f"L{n}"] = Sr(uuid=f"local-{n}", name_label=f"Local {n}")
    records.srs["S"] = Sr(uuid="shared", name_label="NAS", shared=True)
    records.vdis["D"] = Vdi(uuid="d", sr="S")
    records.vdis["CD"] = Vdi(uuid="cd", sr="L1")
    records.vbds["B"] = Vbd(uuid="b", vdi="D", currently_attached=True)
    records.vbds["E"] = Vbd(uuid="e", vdi="CD", empty=True, currently_attached=True)
    records.guest_metrics["G"] = GuestMetrics(uuid="g", pv_drivers_version={"major": "8"})
    records.vms["dom0"] = Vm(
        uuid="dom0", power_state="Running", is_control_domain=True, resident_on="H1", memory_dynamic_min=2 * GIB
    )
    records.vms["V"] = Vm(
        uuid="web",
        name_label="web",
        power_state="Running",
        resident_on="H1",
        memory_dynamic_min=4 * GIB,
        memory_static_max=8 * GIB,
        memory_overhead=GIB // 8,
        vbds=("B", "E"),
        guest_metrics="G",
        tags=("ridethrough:tier=2",),
    )
    return records


def seen(records: Records) -> Picture:
    return picture("pool-a", records, {})


def test_hosts_and_guests() -> None:
    records = site()
    drawn = seen(records)
    assert drawn.coordinator == "xcp1"
    assert sorted(drawn.hosts) == ["xcp1", "xcp2"]
    assert list(drawn.vms) == ["web"]
    host = drawn.hosts["xcp1"]
    assert host.memory_free == 64 * GIB - GIB - 2 * GIB - 4 * GIB - GIB // 8
    assert host.storage == {"shared", "local-1"}
    assert host.agent_started == 1795404050.0
    vm = drawn.vms["web"]
    assert (vm.power, vm.resident_on, vm.moving_to) == (Power.RUNNING, "xcp1", None)
    assert (vm.memory, vm.immovable) == (4 * GIB + GIB // 8, "")
    assert vm.storage == {"shared"}
    assert vm.tags == {"ridethrough:tier=2"}
    assert drawn.pool.auto_poweron


def test_a_migration_shows_its_target_only_while_it_runs() -> None:
    records = site()
    records.vms["V"] = replace(records.vms["V"], scheduled_to_be_resident_on="H2")
    assert seen(records).vms["web"].moving_to is None
    records.vms["V"] = replace(records.vms["V"], current_operations={"OpaqueRef:task": "pool_migrate"})
    assert seen(records).vms["web"].moving_to == "xcp2"
    assert seen(records).vms["web"].busy == {"pool_migrate"}
    free = seen(records).hosts["xcp2"].memory_free
    assert free == 63 * GIB  # VMs on their way in are not counted


def test_a_start_shows_its_host_only_while_it_runs() -> None:
    records = site()
    halted = replace(records.vms["V"], power_state="Halted", resident_on=NULL, scheduled_to_be_resident_on="H2")
    records.vms["V"] = halted
    assert seen(records).vms["web"].starting_on is None
    for operation in ("start", "start_on", "resume", "resume_on"):
        records.vms["V"] = replace(halted, current_operations={"OpaqueRef:task": operation})
        drawn = seen(records).vms["web"]
        assert (drawn.starting_on, drawn.moving_to) == ("xcp2", None)


def test_templates_snapshots_and_unread_records_are_no_guests() -> None:
    records = site()
    records.vms["T"] = Vm(uuid="t", is_a_template=True)
    records.vms["S"] = Vm(uuid="s", is_a_snapshot=True)
    records.vms["X"] = Vm()
    records.hosts["X"] = Host()
    assert list(seen(records).vms) == ["web"]
    assert sorted(seen(records).hosts) == ["xcp1", "xcp2"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, ""),
        ({"blocked_operations": {"pool_migrate": "x"}}, "blocked its migration"),
        ({"power_state": "Paused"}, "paused"),
        ({"power_state": "Halted", "attached_pcis": ("P",)}, ""),
        ({"platform": {"nomigrate": "true"}}, "not movable"),
        ({"platform": {"nested-virt": "true"}}, "nested"),
        ({"platform": {"nested-virt": "false", "acpi": "1"}}, ""),
        ({"attached_pcis": ("P",)}, "PCI device"),
        ({"vgpus": ("G",)}, "virtual GPU"),
        ({"vusbs": ("U",)}, "USB device"),
        ({"vbds": ("B", "L")}, 'local storage "Local 1"'),
        ({"vbds": ("B", "unplugged")}, ""),
        ({"guest_metrics": NULL}, "VM_LACKS_FEATURE"),
        ({"guest_metrics": NULL, "allowed_operations": ("pool_migrate",)}, ""),
        ({"guest_metrics": NULL, "domain_type": "pv"}, ""),
        ({"guest_metrics": "G7"}, ""),
        ({"guest_metrics": "GF"}, ""),
        ({"guest_metrics": "GN"}, "VM_LACKS_FEATURE"),
        ({"guest_metrics": "GC"}, "it has a reason"),
    ],
)
def test_why_a_vm_cannot_move(change: dict[str, object], says: str) -> None:
    records = site()
    records.vdis["LD"] = Vdi(uuid="l", sr="L1")
    records.vbds["L"] = Vbd(uuid="l", vdi="LD", currently_attached=True)
    records.vbds["unplugged"] = Vbd(uuid="u", vdi="LD")
    records.guest_metrics["G7"] = GuestMetrics(uuid="g", pv_drivers_detected=True)
    records.guest_metrics["GF"] = GuestMetrics(uuid="g", other={"feature-suspend": "1"})
    records.guest_metrics["GN"] = GuestMetrics(uuid="g", pv_drivers_version={"major": "-1"})
    records.guest_metrics["GC"] = GuestMetrics(
        uuid="g", pv_drivers_detected=True, other={"data-cant-suspend-reason": "it has a reason"}
    )
    vm = replace(records.vms["V"], **change)
    told = immovable(vm, storage_refs(vm, records), records)
    assert says in told if says else told == ""


def test_a_future_power_state_counts_as_running() -> None:
    records = site()
    records.vms["V"] = replace(records.vms["V"], power_state="Dreaming")
    assert seen(records).vms["web"].power is Power.RUNNING


def test_evidence_is_put_to_the_host_it_belongs_to() -> None:
    drawn = seen(site())
    snapshot = drawn.at(drawn.pool, {"uuid-1-of-a-host": Evidence(5.0, 6.0)})
    assert (snapshot.hosts["xcp1"].toolstack_at, snapshot.hosts["xcp1"].network_at) == (5.0, 6.0)
    assert snapshot.hosts["xcp2"].toolstack_at is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({}, ("xcp1", "xcp2")),
        ({"xcp1": "h1"}, ("h1", "xcp2")),
        ({"uuid-1-of-a-host": "h1", "10.0.0.2": "h2"}, ("h1", "h2")),
        ({"uuid-1-of-a-host": "xcp2"}, ("xcp2", "xcp2-uuid-2-o")),  # the key is taken: the label must give way
        ({"10.0.0.1": "h1", "10.0.0.2": "h1"}, ("xcp1", "xcp2")),  # one key for two hosts names neither
    ],
)
def test_host_ids(names: dict[str, str], expected: tuple[str, str]) -> None:
    assert tuple(host_ids(site().hosts, names).values()) == expected


def test_a_shared_label_names_neither_host() -> None:
    hosts = {ref: replace(host, name_label="xcp") for ref, host in site().hosts.items()}
    assert tuple(host_ids(hosts, {"xcp": "h1"}).values()) == ("xcp-uuid-1-o", "xcp-uuid-2-o")
    assert ambiguous(hosts.values(), {"xcp": "h1"}) == 'site.toml: 2 hosts are called "xcp"; name each by its uuid'
    assert ambiguous(hosts.values(), {"10.0.0.1": "h1"}) == ""
    assert tuple(host_ids(hosts, {"10.0.0.1": "h1"}).values()) == ("h1", "xcp-uuid-2-o")


def test_claims() -> None:
    assert claimed_by("") == ""
    assert claimed_by("north") == "north"
    assert claimed_by("north 20261123T03:41:17Z") == "north"
    assert claimed_by("north room") == "north room"
    assert claimed_by("north room 20261123T03:41:17Z") == "north room"


@pytest.mark.parametrize(
    "change",
    [
        Change("vm", "V", Vm(uuid="web", name_label="other", power_state="Running", resident_on="H2")),
        Change("vm", "V", None),
        Change("vm", "W", Vm(uuid="new", power_state="Running", resident_on="H2")),
        Change("vm_guest_metrics", "G", GuestMetrics(uuid="g")),
        Change("vm_guest_metrics", "G", None),
        Change("vbd", "B", Vbd(uuid="b", vdi="CD", currently_attached=True)),
        Change("vdi", "D", Vdi(uuid="d", sr="L1")),
        Change("sr", "S", Sr(uuid="renamed", shared=True)),
        Change("host", "H1", Host(uuid="uuid-1-of-a-host", name_label="renamed")),
        Change("pbd", "shared-1", None),
    ],
)
def test_a_picture_drawn_from_memory_is_the_same(change: Change) -> None:
    records, memo = site(), Memo()
    assert picture("pool-a", records, {}, memo) == seen(records)
    records.apply([change])
    assert picture("pool-a", records, {}, memo) == seen(records)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("192.0.2.9:8012", "192.0.2.9"),
        ("https://192.0.2.9:8012", "192.0.2.9"),
        ("https://[2001:db8::9]:8012/", "2001:db8::9"),
        ("wlb.example.com:8012", "wlb.example.com"),
        ("", ""),
    ],
)
def test_where_wlb_answers_and_which_addresses_a_guest_tells(url: str, address: str) -> None:
    records = site()
    records.pools["P"] = replace(records.pools["P"], wlb_enabled=True, wlb_url=url)
    told = {"0/ip": "192.0.2.9", "0/ipv6/0": "fe80::1"}
    records.guest_metrics["G"] = replace(records.guest_metrics["G"], networks=told)
    records.vms["V"] = replace(records.vms["V"], other_config={"auto_poweron": "true"})
    drawn = seen(records)
    assert drawn.pool.wlb_address == address
    assert drawn.vms["web"].addresses == {"192.0.2.9", "fe80::1"}
    assert drawn.vms["web"].starts_itself
