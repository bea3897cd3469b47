"""host.allowed_operations: a poor guide, as in the lab. It names `enable` always and `disable` never."""

from __future__ import annotations

from .machines import SimHost


def host_operations(host: SimHost) -> list[str]:
    """What xapi lists for a host, in its order (recordings/xapi 02, 04, 06, 13)."""
    under_way = set(host.current_operations.values())
    going_down = bool(under_way & {"shutdown", "reboot"})
    emptied = "evacuate" in under_way or going_down
    disabled = not host.enabled
    listed = {
        "vm_migrate": not emptied,
        "provision": not emptied,
        "vm_resume": not emptied,
        "apply_updates": disabled and not going_down,
        "enable": True,
        "reboot": disabled and not going_down,
        "evacuate": "vm_migrate" not in under_way or disabled,
        "vm_start": True,
        "shutdown": disabled,
    }
    return [operation for operation, is_listed in listed.items() if is_listed]
