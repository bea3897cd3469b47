"""Why a running VM cannot be migrated live within its pool, in words; empty when it can."""

from __future__ import annotations

from collections.abc import Container, Iterable

from .records import NULL, GuestMetrics, Vm
from .store import Records

MIGRATE = "pool_migrate"
SUSPEND = "suspend"


def immovable(vm: Vm, storages: Iterable[str], records: Records, has_port: bool = False) -> str:
    """The first reason that XenServer itself would refuse with (facts: XenAPI 5.7, 9); only what is certain.

    `storages`: see `storage_refs`. `has_port`: a network card of the VM is one of its host's (SR-IOV).
    `allowed_operations` is advisory and late: that it offers the migration is believed, that it does not proves
    nothing.
    """
    if vm.power_state not in ("Running", "Paused"):
        return ""
    return (
        _forbidden(vm)
        or _bound_to_hardware(vm, has_port)
        or _on_local_disk(storages, records)
        or _without_tools(vm, records)
    )


def _forbidden(vm: Vm) -> str:
    if MIGRATE in vm.blocked_operations:
        return "its owner has blocked its migration (blocked_operations pool_migrate)"
    if vm.power_state == "Paused":
        return "it is paused"
    if _is_true(vm.platform.get("nomigrate", "")):
        return "it is marked as not movable (platform nomigrate)"
    if _is_true(vm.platform.get("nested-virt", "")):
        return "it uses nested virtualisation"
    return ""


def _bound_to_hardware(vm: Vm, has_port: bool) -> str:
    if vm.attached_pcis:
        return "a PCI device of its host is passed through to it"
    if vm.vgpus:
        return "it uses a virtual GPU"
    if vm.vusbs:
        return "a USB device of its host is passed through to it"
    return "it uses a port of its host's network card (SR-IOV)" if has_port else ""


def _on_local_disk(storages: Iterable[str], records: Records) -> str:
    for sr_ref in sorted(storages):
        sr = records.srs.get(sr_ref)
        if sr is not None and sr.uuid and not sr.shared:
            return f'it has a disk on the local storage "{sr.name_label}" of its host'
    return ""


def _without_tools(vm: Vm, records: Records, operation: str = MIGRATE) -> str:
    """VM_LACKS_FEATURE: a guest with its own kernel needs tools that let it pause; a paravirtual one does not."""
    if operation in vm.allowed_operations or vm.domain_type == "pv":
        return ""
    told = records.guest_metrics.get(vm.guest_metrics, GuestMetrics())
    if reason := told.other.get("data-cant-suspend-reason", ""):
        return f"the guest says that it cannot be moved: {reason}"
    if told.pv_drivers_detected or told.other.get("feature-suspend") == "1" or _has_version(told):
        return ""
    return "the guest has no tools that allow it (VM_LACKS_FEATURE)"


def unsuspendable(vm: Vm, records: Records, attached: Container[str], has_port: bool = False) -> str:
    """Why the memory of a running VM cannot be kept on shared storage; empty when it can (facts: XenAPI 5.8).

    `attached`: the uuids of the storage repositories that its host has attached.
    """
    if vm.power_state != "Running":
        return "it does not run"
    if SUSPEND in vm.blocked_operations:
        return "its owner has blocked its suspension (blocked_operations suspend)"
    if _is_true(vm.platform.get("nested-virt", "")):
        return "it uses nested virtualisation"
    bound = _bound_to_hardware(vm, has_port)
    return bound or _without_tools(vm, records, SUSPEND) or _without_storage(vm, records, attached)


def _without_storage(vm: Vm, records: Records, attached: Container[str]) -> str:
    """The VM's own storage for its memory, else its pool's, else its host's: the first that its host has attached."""
    pool, host = records.pool, records.hosts.get(vm.resident_on)
    choices = (vm.suspend_sr, pool[1].suspend_image_sr if pool else NULL, host.suspend_image_sr if host else NULL)
    known = (records.srs[ref] for ref in choices if ref in records.srs)
    chosen = next((sr for sr in known if sr.uuid in attached), None)
    if chosen is None:
        return "XenServer has no storage to keep its memory on"
    return "" if chosen.shared else f'its memory would go to the local storage "{chosen.name_label}" of its host'


def _has_version(told: GuestMetrics) -> bool:
    return told.pv_drivers_version.get("major", "-1") not in ("", "-1")


def _is_true(text: str) -> bool:
    return text.lower() in ("true", "1", "yes")


def storage_refs(vm: Vm, records: Records) -> set[str]:
    """The storage repositories of the VM's disks and inserted CDs; of a running VM only what is plugged in."""
    runs = vm.power_state in ("Running", "Paused")
    found: set[str] = set()
    if vm.power_state == "Suspended" and (image := records.vdis.get(vm.suspend_vdi)) is not None:
        found.add(image.sr)
    for vbd_ref in vm.vbds:
        vbd = records.vbds.get(vbd_ref)
        if vbd is None or vbd.empty or vbd.vdi == NULL or (runs and not vbd.currently_attached):
            continue
        vdi = records.vdis.get(vbd.vdi)
        if vdi is not None and vdi.sr != NULL:
            found.add(vdi.sr)
    return found
