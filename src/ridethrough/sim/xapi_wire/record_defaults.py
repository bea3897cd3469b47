"""What the records hold that the simulated World has no opinion on, as a pool of version 8.3 showed it (recordings/xapi
01): one table a class, over the empty values of the class's fields."""

from __future__ import annotations

from typing import Any

RESTRICTIONS = """
vlan qos pool_attached_storage netapp equalogic pooling marathon email_alerting historical_performance wlb rbac dmc
checkpoint cpu_masking connection vmpr vmss intellicache gpu dr vif_locking storage_xen_motion vgpu
integrated_gpu_passthrough vss guest_agent_auto_update pci_device_for_auto_update xen_motion guest_ip_setting ad
nested_virt live_patching set_vcpus_number_live pvs_proxy igmp_snooping rpu pool_size cbt usb_passthrough network_sriov
corosync zstd_export pool_secret_rotation certificate_verification updates internal_repo_access vtpm vm_groups
"""
LICENSE = {
    **{f"restrict_{name}": "false" for name in RESTRICTIONS.split()},
    "enable_xha": "true",
    "platform_filter": "true",
    "regular_nag_dialog": "false",
}

NULL = "OpaqueRef:NULL"

POOL: dict[str, Any] = {
    "default_SR": NULL,
    "suspend_image_SR": NULL,
    "crash_dump_SR": NULL,
    "redo_log_vdi": NULL,
    "repository_proxy_password": NULL,
    "telemetry_uuid": NULL,
    "restrictions": LICENSE,
    "ha_cluster_stack": "xhad",
    "coordinator_bias": True,
    "local_auth_max_threads": 8,
    "ext_auth_max_threads": 1,
    "telemetry_frequency": "weekly",
    "update_sync_frequency": "weekly",
    "allowed_operations": [
        *("cluster_create", "sync_updates", "tls_verification_enable", "designate_new_master"),
        *("exchange_ca_certificates_on_join", "configure_repositories", "apply_updates", "get_updates", "ha_enable"),
        *("cert_refresh", "eject", "copy_primary_host_certs", "exchange_certificates_on_join"),
    ],
}

HOST: dict[str, Any] = {
    "name_description": "Default install",
    "memory_overhead": 536870912,
    "API_version_major": 2,
    "API_version_minor": 21,
    "API_version_vendor": "XenSource",
    "capabilities": ["xen-3.0-x86_64", "hvm-3.0-x86_32", "hvm-3.0-x86_32p", "hvm-3.0-x86_64"],
    "sched_policy": "credit",
    "supported_bootloaders": ["pygrub", "eliloader"],
    "suspend_image_sr": NULL,
    "crash_dump_sr": NULL,
    "local_cache_sr": NULL,
    "license_params": LICENSE,
    "license_server": {"address": "localhost", "port": "27000"},
    "chipset_info": {"iommu": "true"},
    "display": "enabled",
    "virtual_hardware_platform_versions": [0, 1, 2],
    "latest_synced_updates_applied": "unknown",
    "numa_affinity_policy": "default_policy",
    "cpu_info": {
        "socket_count": "1",
        "threads_per_core": "1",
        "vendor": "GenuineIntel",
        "speed": "2400.000",
        "modelname": "Simulated CPU",
        "family": "6",
        "model": "85",
        "stepping": "4",
        "flags": "",
        "features_pv": "",
        "features_hvm": "",
        "features_hvm_host": "",
        "features_pv_host": "",
    },
}

HOST_SOFTWARE = {
    "platform_name": "XCP",
    "platform_version": "3.4.0",
    "build_number": "cloud",
    "hostname": "localhost",
    "xen": "4.17.4",
    "xencenter_min": "2.21",
    "xencenter_max": "2.21",
    "network_backend": "openvswitch",
    "db_schema": "5.779",
}

VM: dict[str, Any] = {
    "user_version": 1,
    "suspend_VDI": NULL,
    "suspend_SR": NULL,
    "VCPUs_max": 2,
    "VCPUs_at_startup": 2,
    "actions_after_softreboot": "soft_reboot",
    "actions_after_shutdown": "destroy",
    "actions_after_reboot": "restart",
    "actions_after_crash": "restart",
    "HVM_boot_policy": "BIOS order",
    "HVM_boot_params": {"order": "cd"},
    "HVM_shadow_multiplier": 1.0,
    "platform": {"device-model": "qemu-upstream-compat", "acpi": "1", "apic": "true", "pae": "true"},
    "snapshot_of": NULL,
    "parent": NULL,
    "protection_policy": NULL,
    "snapshot_schedule": NULL,
    "appliance": NULL,
    "domain_type": "hvm",
}

CONTROL_DOMAIN: dict[str, Any] = {
    **VM,
    "name_description": "The domain which manages physical devices and manages other domains",
    "actions_after_reboot": "destroy",
    "actions_after_crash": "destroy",
    "HVM_boot_policy": "",
    "HVM_boot_params": {},
    "platform": {},
    "is_control_domain": True,
    "domarch": "x64",
    "domain_type": "pv",
    "guest_metrics": NULL,
    "memory_overhead": 4194304,
    "allowed_operations": ["metadata_export", "changing_static_range", "changing_dynamic_range"],
}

VM_RUNNING = [
    *("metadata_export", "changing_VCPUs_live", "changing_dynamic_range", "migrate_send", "pool_migrate", "suspend"),
    *("hard_reboot", "hard_shutdown", "clean_reboot", "clean_shutdown", "pause", "checkpoint", "snapshot"),
]
VM_RUNNING_WITHOUT_TOOLS = [
    *("metadata_export", "changing_dynamic_range", "hard_reboot", "hard_shutdown", "pause", "snapshot"),
]
VM_BUSY = ["hard_reboot", "hard_shutdown"]
VM_PAUSED = ["metadata_export", "hard_reboot", "hard_shutdown", "unpause", "snapshot"]
VM_SUSPENDED = ["metadata_export", "export", "resume_on", "resume", "hard_shutdown", "snapshot"]
VM_HALTED = [
    *("create_vtpm", "destroy", "metadata_export", "export", "make_into_template", "changing_NVRAM"),
    *("changing_shadow_memory", "changing_static_range", "changing_dynamic_range", "migrate_send"),
    *("start_on", "start", "copy", "clone", "snapshot"),
]

GUEST_METRICS: dict[str, Any] = {
    "os_version": {"name": "Simulated Linux"},
    "PV_drivers_version": {"major": "8", "minor": "4", "micro": "0", "build": "1"},
    "PV_drivers_up_to_date": True,
    "PV_drivers_detected": True,
    "live": True,
    "can_use_hotplug_vbd": "unspecified",
    "can_use_hotplug_vif": "unspecified",
    "other": {"feature-suspend": "1", "feature-poweroff": "1", "feature-reboot": "1", "feature-shutdown": "1"},
}

VIF: dict[str, Any] = {
    "MTU": 1500,
    "locking_mode": "network_default",
    "ipv4_configuration_mode": "None",
    "ipv6_configuration_mode": "None",
    "allowed_operations": ["attach", "unplug"],
}

PIF: dict[str, Any] = {
    "MTU": 1500,
    "VLAN": -1,
    "physical": True,
    "currently_attached": True,
    "ip_configuration_mode": "Static",
    "netmask": "255.255.255.0",
    "bond_slave_of": NULL,
    "VLAN_master_of": NULL,
    "metrics": NULL,
    "PCI": NULL,
    "ipv6_configuration_mode": "None",
    "primary_address_type": "IPv4",
    "managed": True,
    "properties": {"gro": "on"},
    "igmp_snooping_status": "disabled",
}

NETWORK: dict[str, Any] = {
    "bridge": "xenbr0",
    "MTU": 1500,
    "managed": True,
    "default_locking_mode": "unlocked",
}

SR: dict[str, Any] = {
    "content_type": "user",
    "introduced_by": NULL,
    "allowed_operations": ["vdi_create", "vdi_introduce", "vdi_destroy", "scan", "update", "pbd_create", "plug"],
}

VDI: dict[str, Any] = {
    "type": "user",
    "on_boot": "persist",
    "managed": True,
    "snapshot_of": NULL,
    "parent": NULL,
    "metadata_of_pool": "",
    "virtual_size": 17179869184,
    "physical_utilisation": 17179869184,
    "allowed_operations": ["snapshot", "clone", "copy"],
}

VBD: dict[str, Any] = {
    "device": "xvda",
    "userdevice": "0",
    "mode": "RW",
    "type": "Disk",
    "bootable": True,
    "unpluggable": True,
    "storage_lock": False,
    "metrics": NULL,
    "allowed_operations": ["attach", "unplug"],
}

TASK: dict[str, Any] = {"type": "<none/>", "backtrace": "()", "subtask_of": NULL}
SESSION: dict[str, Any] = {
    "this_user": NULL,
    "subject": NULL,
    "parent": NULL,
    "is_local_superuser": True,
}

COUNTED_TOO = """
auth data_source diagnostics event lvhd observer probe_result session sr_stat vdi_nbd_server_info vif_metrics
vbd_metrics vmpp
"""  # further classes that valid_ref_counts lists (recordings/xapi 09)
