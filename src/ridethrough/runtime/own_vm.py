"""Which VM this machine is, if it is one of Xen's."""

from __future__ import annotations

from pathlib import Path

from ridethrough.core.model import VmId

UUID = Path("/sys/hypervisor/uuid")  # Linux, as a guest of Xen; of dom0 it is all noughts


def own_vm(file: Path = UUID) -> VmId:
    """The uuid by which XenServer knows this machine; empty where it is no VM of Xen's."""
    try:
        found = file.read_text(encoding="ascii").strip().lower()
    except (OSError, UnicodeDecodeError):
        return ""
    return found if found.strip("0-") else ""
