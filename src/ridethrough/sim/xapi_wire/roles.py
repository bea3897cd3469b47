"""Which role may call what (RBAC).

Read from source, never seen running: the roles of each message as the datamodel of 24.19 has them, the refusal as
ocaml/xapi/rbac.ml words it, the tasks of others as taskHelper.ml guards them. Roles exist for users of an external
directory alone; a local user is a superuser and asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from .catalogue import Catalogue, Form, Message
from .envelope import Failure
from .marshal import Value

ROLES = ("read-only", "vm-operator", "vm-admin", "vm-power-admin", "pool-operator", "pool-admin")  # each can do more
READS = {Form.GET, Form.GET_ALL, Form.GET_RECORD, Form.GET_ALL_RECORDS, Form.GET_BY_UUID, Form.GET_BY_NAME_LABEL}
OF_CLASS = {  # what changes an object of the class needs at least, unless LEAST says otherwise; others: pool-operator
    **dict.fromkeys(("VBD", "VDI", "VIF", "VM", "VM_guest_metrics", "VM_metrics"), "vm-admin"),
    **dict.fromkeys(("VUSB", "session"), "pool-admin"),
    "event": "read-only",
}
ANY_TASK = "task.destroy/any"  # the tasks of others: the same permission for cancelling and destroying them
FREE_KEYS = ("folder", "XenCenter.CustomFields.*")  # of other_config: vm-operator is enough
LEAST: dict[str, str] = {
    "read-only": """
        session.get_all_subject_identifiers session.login_with_password
        session.logout task.cancel task.create task.destroy task.set_error_info task.set_progress
        task.set_result task.set_status pool.get_license_state
        pool.ha_compute_hypothetical_max_host_failures_to_tolerate pool.retrieve_wlb_configuration
        pool.retrieve_wlb_recommendations VM.assert_agile VM.assert_can_be_recovered VM.assert_can_boot_here
        VM.assert_operation_valid VM.compute_memory_overhead VM.get_SRs_required_for_recovery
        VM.get_allowed_VBD_devices VM.get_allowed_VIF_devices VM.get_boot_record VM.get_cooperative
        VM.get_data_sources VM.get_possible_hosts VM.maximise_memory VM.query_data_source VM.recover
        VM.retrieve_wlb_recommendations VM.wait_memory_target_live host.compute_free_memory
        host.compute_memory_overhead host.get_data_sources host.get_log host.get_server_certificate
        host.get_server_localtime host.get_servertime host.get_system_status_capabilities
        host.get_uncooperative_resident_VMs host.get_vms_which_prevent_evacuation host.list_methods
        host.query_data_source host.retrieve_wlb_evacuate_recommendations SR.get_data_sources SR.get_supported_types
        SR.query_data_source VDI.read_database_pool_uuid
    """,
    "vm-operator": """
        pool.add_tags pool.add_to_gui_config pool.remove_from_gui_config pool.remove_tags pool.set_gui_config
        pool.set_tags VM.add_tags VM.call_plugin VM.clean_reboot VM.clean_shutdown VM.hard_reboot VM.hard_shutdown
        VM.pause VM.remove_tags VM.resume VM.set_tags VM.shutdown VM.start VM.suspend VM.unpause host.add_tags
        host.remove_tags host.set_tags network.add_tags network.remove_tags network.set_tags VIF.configure_ipv4
        VIF.configure_ipv6 SR.add_tags SR.remove_tags SR.set_tags VDI.add_tags VDI.list_changed_blocks VDI.remove_tags
        VDI.set_tags VBD.eject VBD.insert
    """,
    "vm-admin": "network.create network.destroy network.set_MTU",
    "vm-power-admin": """
        VM.assert_can_migrate VM.checkpoint VM.create_new_blob VM.migrate_send VM.pool_migrate
        VM.restart_device_models VM.resume_on VM.revert VM.set_HVM_shadow_multiplier VM.set_affinity VM.set_memory
        VM.set_memory_dynamic_max VM.set_memory_dynamic_min VM.set_memory_dynamic_range VM.set_memory_limits
        VM.set_memory_static_max VM.set_memory_static_min VM.set_memory_static_range VM.set_memory_target_live
        VM.set_shadow_multiplier_live VM.snapshot VM.start_on host.migrate_receive SR.scan VDI.pool_migrate
    """,
    "pool-operator": """
        session.logout_subject_identifier VM.import VM.power_state_reset VM.set_appliance VM.set_ha_always_run
        VM.set_ha_restart_priority VM.set_order VM.set_shutdown_delay VM.set_snapshot_schedule VM.set_start_delay
        VM.set_suspend_VDI VIF.add_ipv4_allowed VIF.add_ipv6_allowed VIF.remove_ipv4_allowed VIF.remove_ipv6_allowed
        VIF.set_ipv4_allowed VIF.set_ipv6_allowed VIF.set_locking_mode VDI.open_database
    """,
    "pool-admin": """
        session.change_password session.create_from_db_file pool.add_to_guest_agent_config pool.disable_external_auth
        pool.enable_external_auth pool.enable_tls_verification pool.has_extension pool.remove_from_guest_agent_config
        pool.reset_telemetry_uuid pool.rotate_secret pool.send_test_post pool.set_custom_uefi_certificates
        pool.set_telemetry_next_collection pool.set_uefi_certificates VM.get_secureboot_readiness VM.query_services
        VM.send_sysrq VM.send_trigger VM.set_uefi_mode VM.update_allowed_operations host.backup_rrds
        host.call_extension host.call_plugin host.disable_external_auth host.emergency_clear_mandatory_guidance
        host.emergency_disable_tls_verification host.emergency_reenable_tls_verification
        host.emergency_reset_server_certificate host.enable_external_auth host.get_sched_gran host.has_extension
        host.install_server_certificate host.refresh_server_certificate host.reset_server_certificate
        host.send_debug_keys host.set_numa_affinity_policy host.set_sched_gran host.set_uefi_certificates
        host.sync_data network.add_purpose network.remove_purpose
    """,
}
_LEAST = {name: role for role, names in LEAST.items() for name in names.split()}


def least(message: Message) -> str:
    """The least role that may call the message."""
    if message.full_name in _LEAST:
        return _LEAST[message.full_name]
    return "read-only" if message.form in READS else OF_CLASS.get(message.xapi_class, "pool-operator")


def suffices(role: str, needed: str) -> bool:
    return ROLES.index(role) >= ROLES.index(needed)


@cache
def permissions(role: str, catalogue: Catalogue) -> tuple[str, ...]:
    """session.rbac_permissions of a user with the role: in lower case, without Async."""
    return tuple(sorted(_permissions(role, catalogue)))


def _permissions(role: str, catalogue: Catalogue) -> Iterator[str]:
    if suffices(role, "pool-operator"):
        yield ANY_TASK
    for name in catalogue.names:
        message = catalogue.find(name)
        assert message is not None
        if suffices(role, least(message)):
            yield name.lower()
        if _has_free_keys(message) and suffices(role, "vm-operator"):
            yield from (f"{name.lower()}/key:{key.lower()}" for key in FREE_KEYS)


def check(role: str, message: Message, args: Sequence[Value]) -> None:
    """Raises RBAC_PERMISSION_DENIED with the permission and the roles that have it."""
    permission, needed = message.full_name.lower(), least(message)
    if _has_free_keys(message) and (key := _free(str(args[1]))):
        permission, needed = f"{permission}/key:{key.lower()}", "vm-operator"
    if not suffices(role, needed):
        raise denied(permission, needed)


def denied(permission: str, needed: str) -> Failure:
    roles = ", ".join(r for r in reversed(ROLES) if suffices(r, needed))
    message = f"No permission in user session. (Roles with this permission: {roles})"
    return Failure("RBAC_PERMISSION_DENIED", permission, message)


def _has_free_keys(message: Message) -> bool:
    return message.form in (Form.ADD_TO, Form.REMOVE_FROM) and message.field == "other_config"


def _free(key: str) -> str:
    matches = (free for free in FREE_KEYS if key == free or (free[-1] == "*" and key.startswith(free[:-1])))
    return next(matches, "")
