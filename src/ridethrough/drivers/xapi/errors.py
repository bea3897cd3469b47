"""What each error code of XenAPI means for us: one table from code to what it asks for, with a sentence for people."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from ridethrough.ports import Refused, Unreachable

from .wire import XapiFailure


class Asks(Enum):
    """What an error asks of whoever called."""

    RETRY = "R"  # later, the same again
    PLAN = "P"  # another target, or stop the VM
    ALERT = "A"  # a person
    FATAL = "F"  # a person must change the configuration
    DONE = "D"  # the end state is already there


R, P, A, F, D = Asks.RETRY, Asks.PLAN, Asks.ALERT, Asks.FATAL, Asks.DONE

# facts: XenAPI 9. `{0}` is the first parameter, a reference in its name's stead.
CODES: dict[str, tuple[Asks, str]] = {
    "HOST_IS_SLAVE": (R, "this host is not the coordinator; {0} is"),
    "SESSION_INVALID": (R, "the session ended: the toolstack restarted, or somebody closed it"),
    "SESSION_AUTHENTICATION_FAILED": (F, "wrong user or password: check username and the password file in site.toml"),
    "SESSION_AUTHORIZATION_FAILED": (F, "this account has no role in the pool: give it the role pool-operator"),
    "RBAC_PERMISSION_DENIED": (F, "the account may not do this ({0}): give it the role pool-operator"),
    "HOST_STILL_BOOTING": (R, "the host is still starting"),
    "HOST_HAS_NO_MANAGEMENT_IP": (R, "the host has no management address yet"),
    "HOST_MASTER_CANNOT_TALK_BACK": (R, "the coordinator cannot reach this member at {0}"),
    "HOST_UNKNOWN_TO_MASTER": (A, "the coordinator does not know this member: was it ejected from the pool?"),
    "HOST_BROKEN": (A, "the member is broken and must be repaired by hand"),
    "HOST_OFFLINE": (A, "{0} is offline"),
    "CANNOT_CONTACT_HOST": (R, "the coordinator cannot reach {0}"),
    "HOST_NOT_LIVE": (P, "the target is not alive"),
    "HOST_IS_LIVE": (D, "{0} is up already"),
    "HOST_NOT_DISABLED": (R, "the host is still enabled: it must be disabled before its shutdown"),
    "HOST_NOT_EMPTY": (R, "{0}"),
    "HOST_HAS_RESIDENT_VMS": (R, "VMs still run on {0}"),
    "HOST_DISABLED": (P, "{0} is in maintenance mode"),
    "HOST_DISABLED_UNTIL_REBOOT": (R, "the host has begun its shutdown and can be enabled after its next start"),
    "HOST_DISABLED_INDEFINITELY": (R, "the host stays disabled until it is enabled by a call"),
    "HOST_EVACUATE_IN_PROGRESS": (R, "{0} is being evacuated by somebody else"),
    "HOST_PENDING_MANDATORY_GUIDANCE_NOT_EMPTY": (A, "{0} must be rebooted or its toolstack restarted after an update"),
    "HOST_POWER_ON_MODE_DISABLED": (A, "no power-on mode is set for this host in XenServer"),
    "XENAPI_MISSING_PLUGIN": (A, "XenServer lacks the plugin {0}"),
    "XENAPI_PLUGIN_FAILURE": (A, "the power-on plugin failed"),
    "NO_HOSTS_AVAILABLE": (P, "no enabled host can take it"),
    "HOST_NOT_ENOUGH_FREE_MEMORY": (P, "not enough free memory on the target"),
    "HOST_NOT_ENOUGH_PCPUS": (P, "the VM has {0} vCPUs, and the target {1} CPUs"),
    "HOST_EVACUATE_VM_NOT_HA_PROTECTED": (P, "high availability does not protect this VM, so it cannot be moved"),
    "CANNOT_EVACUATE_HOST": (P, "the host cannot be evacuated: {0}"),
    "VM_REQUIRES_SR": (P, "storage {1} is not attached to the target"),
    "VM_REQUIRES_NETWORK": (P, "network {1} does not reach the target"),
    "VM_REQUIRES_GPU": (P, "the target lacks the GPU that the VM needs"),
    "VM_REQUIRES_VUSB": (P, "the VM needs a USB device of its host"),
    "VM_LACKS_FEATURE": (P, "the guest has no tools that allow it"),
    "VM_LACKS_FEATURE_SUSPEND": (P, "the guest has no tools that allow it"),
    "VM_LACKS_FEATURE_SHUTDOWN": (P, "the guest has no tools that allow a clean shutdown"),
    "VM_MISSING_PV_DRIVERS": (P, "the guest has no tools"),
    "VM_OLD_PV_DRIVERS": (P, "the guest's tools are too old"),
    "VM_NON_SUSPENDABLE": (P, "the guest cannot be suspended or moved: {1}"),
    "VM_IS_IMMOBILE": (P, "the VM is marked as not movable"),
    "VM_IS_USING_NESTED_VIRT": (P, "the VM uses nested virtualisation"),
    "VM_HAS_PCI_ATTACHED": (P, "a PCI device of the host is passed through to the VM"),
    "VM_HAS_VGPU": (P, "the VM uses a virtual GPU"),
    "VM_HAS_VUSBS": (P, "a USB device of the host is passed through to the VM"),
    "VM_HAS_SRIOV_VIF": (P, "the VM uses an SR-IOV network interface"),
    "VM_INCOMPATIBLE_WITH_THIS_HOST": (P, "the VM does not run on {1}: {2}"),
    "VM_HOST_INCOMPATIBLE_VERSION": (P, "the target runs an older version than the VM's host"),
    "NOT_SUPPORTED_DURING_UPGRADE": (P, "the pool is in the middle of an upgrade"),
    "VM_BAD_POWER_STATE": (P, "the VM is {2}, not {1}"),
    "VM_NOT_ON_SOURCE": (P, "{0}"),
    "VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT": (P, "the guest did not react to the request to shut down"),
    "VM_SHUTDOWN_TIMEOUT": (P, "the guest did not finish its shutdown within {1} s"),
    "VM_FAILED_SUSPEND_ACKNOWLEDGMENT": (P, "the guest did not react to the request to pause for the move"),
    "VM_SUSPEND_TIMEOUT": (P, "the guest did not pause for the move within {1} s"),
    "SR_SUSPEND_SPACE_INSUFFICIENT": (P, "no room for the suspended VM on {0}"),
    "VM_NO_SUSPEND_SR": (P, "no storage for suspended VMs is set"),
    "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION": (P, "a disk of the VM is reset at each boot"),
    "BALLOONING_TIMEOUT_BEFORE_MIGRATION": (P, "the guest did not give memory back in time"),
    "VM_MIGRATE_CONTACT_REMOTE_SERVICE_FAILED": (P, "the migration could not contact the target"),
    "VM_MIGRATE_FAILED": (P, "the migration failed"),
    "OPERATION_BLOCKED": (P, "its owner has blocked this operation for the VM (blocked_operations: {1})"),
    "OPERATION_NOT_ALLOWED": (P, "XenServer does not allow it: {0}"),
    "OTHER_OPERATION_IN_PROGRESS": (R, "another operation is in progress: {2}"),
    "HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN": (A, "high availability would lose its failover plan"),
    "HA_IS_ENABLED": (A, "high availability is on"),
    "HA_NOT_ENABLED": (D, "high availability is off already"),
    "HA_LOST_STATEFILE": (A, "high availability has lost its state file"),
    "HA_HOST_CANNOT_ACCESS_STATEFILE": (A, "the host cannot reach the state file of high availability"),
    "HA_ABORT_NEW_MASTER": (R, "a member refused the new coordinator: {0}"),
    "CLUSTERED_SR_DEGRADED": (A, "clustered storage {0} is degraded; shut down one host at a time"),
    "LICENSE_RESTRICTION": (F, "the XenServer licence does not allow it: {0}"),
    "FEATURE_RESTRICTED": (F, "the XenServer licence does not allow it"),
    "MESSAGE_PARAMETER_COUNT_MISMATCH": (F, "this XenServer version knows the call {0} in another form"),
    "MESSAGE_METHOD_UNKNOWN": (F, "this XenServer version does not know the call {0}"),
    "MAP_DUPLICATE_KEY": (R, "somebody else wrote the key {3} at the same moment"),
    "HANDLE_INVALID": (R, "the {0} no longer exists"),
    "UUID_INVALID": (P, "no {0} has this uuid"),
    "TASK_CANCELLED": (R, "it was cancelled"),
    "TOO_MANY_PENDING_TASKS": (R, "the toolstack is overloaded"),
    "XEN_INCOMPATIBLE": (A, "the host's Xen does not fit its toolstack"),
    "INTERNAL_ERROR": (R, "the toolstack failed: {0}"),
    "WLB_TIMEOUT": (R, "WLB did not answer within {0} s"),
    "WLB_CONNECTION_REFUSED": (R, "WLB's machine refuses the connection"),
    "WLB_CONNECTION_RESET": (R, "WLB broke the connection"),
    "WLB_UNKNOWN_HOST": (R, "WLB's machine cannot be reached"),
    "WLB_AUTHENTICATION_FAILED": (A, "WLB refuses the pool's user name or password"),
    "WLB_NOT_INITIALIZED": (A, "no WLB is set up for this pool"),
    "WLB_DISABLED": (A, "WLB is switched off for this pool"),
    "WLB_INTERNAL_ERROR": (R, "WLB failed: {1}"),
    "WLB_MALFORMED_RESPONSE": (R, "WLB gave an answer that the toolstack cannot use: {0}"),
    "CLAIMED_BY_OTHER": (A, "controller {0} is in charge of this pool"),
}


def asks(failure: XapiFailure) -> Asks:
    """What the error asks for; an unknown code asks for another plan."""
    return CODES.get(failure.code, (P, ""))[0]


def sentence(failure: XapiFailure, name: Callable[[str], str] = str) -> str:
    """The error in words; `name` turns an object reference into the name that people know."""
    words = [name(param) for param in failure.params]
    template = CODES.get(failure.code, (P, ""))[1]
    if not template:
        return ": ".join(word for word in words if word)  # SR_BACKEND_FAILURE_nn has empty ones around its sentence
    padded = words + ["?"] * 4
    return template.format(*padded)


def translated(failure: XapiFailure, name: Callable[[str], str] = str) -> Refused | Unreachable:
    """The error as the one of the two kinds that cross a port."""
    words = sentence(failure, name)
    if asks(failure) is R:
        return Unreachable(f"{failure.code}: {words}")
    return Refused(failure.code, words)
