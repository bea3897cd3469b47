"""What XenAPI 24.19 knows of each class: its fields and its messages, as a table in a small notation of our own.

Source: the XenAPI datamodel (a 2024 build). `catalogue` reads it; nothing else should.

FIELDS: one line a kind, then the names; `!` marks a field that clients may set. Getters, setters, add and remove
follow from the fields and are not listed again. Kinds: text (also references and enumerations), int, float, bool,
time, set-KIND, map-KIND. MESSAGES: one line a message; a parameter without a kind is text, `=` gives its default,
a message without `->` answers nothing, an indented line goes on.
"""

from __future__ import annotations

FIELDS: dict[str, str] = {
    "session": """
        text: auth_user_name auth_user_sid originator parent subject this_host this_user uuid
        bool: client_certificate is_local_superuser pool
        time: last_active validation_time
        map-text: other_config!
        set-text: rbac_permissions tasks
    """,
    "task": """
        text: backtrace name_description name_label resident_on result status subtask_of type uuid
        float: progress
        time: created finished
        map-text: current_operations other_config!
        set-text: allowed_operations error_info subtasks
    """,
    "pool": """
        text: client_certificate_auth_name crash_dump_SR! custom_uefi_certificates default_SR! ha_cluster_stack master
        text: name_description! name_label! redo_log_vdi repository_proxy_password repository_proxy_url
        text: repository_proxy_username suspend_image_SR! telemetry_frequency telemetry_uuid uefi_certificates
        text: update_sync_frequency uuid vswitch_controller wlb_url wlb_username
        int: ext_auth_max_threads ha_host_failures_to_tolerate ha_plan_exists_for local_auth_max_threads
        int: update_sync_day
        bool: client_certificate_auth_enabled coordinator_bias! ha_allow_overcommit! ha_enabled ha_overcommitted
        bool: igmp_snooping_enabled is_psr_pending! live_patching_disabled! migration_compression!
        bool: policy_no_vendor_device! redo_log_enabled tls_verification_enabled update_sync_enabled wlb_enabled!
        bool: wlb_verify_cert!
        time: last_update_sync telemetry_next_collection
        map-text: blobs cpu_info current_operations guest_agent_config gui_config! ha_configuration
        map-text: health_check_config! other_config! recommendations restrictions
        set-text: allowed_operations ha_statefiles metadata_VDIs repositories tags!
    """,
    "VM": """
        text: HVM_boot_policy PCI_bus! PV_args! PV_bootloader! PV_bootloader_args! PV_kernel! PV_legacy_args!
        text: PV_ramdisk! actions_after_crash actions_after_reboot! actions_after_shutdown! actions_after_softreboot!
        text: affinity! appliance domain_type domarch generation_id guest_metrics ha_restart_priority
        text: last_booted_record metrics name_description! name_label! parent power_state protection_policy
        text: recommendations! reference_label resident_on scheduled_to_be_resident_on snapshot_metadata snapshot_of
        text: snapshot_schedule suspend_SR! suspend_VDI transportable_snapshot_id uuid
        int: VCPUs_at_startup VCPUs_max domid hardware_platform_version! memory_dynamic_max memory_dynamic_min
        int: memory_overhead memory_static_max memory_static_min memory_target order shutdown_delay start_delay
        int: user_version! version
        float: HVM_shadow_multiplier
        bool: ha_always_run has_vendor_device is_a_snapshot is_a_template! is_control_domain is_default_template
        bool: is_snapshot_from_vmpp is_vmss_snapshot requires_reboot
        time: snapshot_time
        map-text: HVM_boot_params! NVRAM VCPUs_params! bios_strings blobs blocked_operations! current_operations
        map-text: last_boot_CPU_flags other_config! platform! snapshot_info xenstore_data!
        set-text: VBDs VGPUs VIFs VTPMs VUSBs allowed_operations attached_PCIs children consoles crash_dumps groups
        set-text: pending_guidances pending_guidances_full pending_guidances_recommended snapshots tags!
    """,
    "VM_metrics": """
        text: current_domain_type uuid
        int: VCPUs_number memory_actual
        bool: hvm nested_virt nomigrate
        time: install_time last_updated start_time
        map-float: VCPUs_utilisation
        map-int: VCPUs_CPU
        map-set-text: VCPUs_flags
        map-text: VCPUs_params other_config!
        set-text: state
    """,
    "VM_guest_metrics": """
        text: can_use_hotplug_vbd can_use_hotplug_vif uuid
        bool: PV_drivers_detected PV_drivers_up_to_date live
        time: last_updated
        map-text: PV_drivers_version disks memory networks os_version other other_config!
    """,
    "host": """
        text: API_version_vendor address! control_domain crash_dump_sr! display! edition external_auth_service_name
        text: external_auth_type hostname! iscsi_iqn last_update_hash latest_synced_updates_applied local_cache_sr
        text: metrics name_description! name_label! numa_affinity_policy power_on_mode sched_policy suspend_image_sr!
        text: uefi_certificates uuid
        int: API_version_major API_version_minor memory_overhead
        bool: enabled https_only multipathing ssl_legacy tls_verification_enabled
        time: last_software_update
        map-text: API_version_vendor_implementation bios_strings blobs chipset_info cpu_configuration cpu_info
        map-text: current_operations external_auth_configuration guest_VCPUs_params! license_params license_server!
        map-text: logging! other_config! power_on_config software_version
        set-int: virtual_hardware_platform_versions
        set-text: PBDs PCIs PGPUs PIFs PUSBs allowed_operations capabilities certificates crashdumps editions features
        set-text: ha_network_peers ha_statefiles host_CPUs patches pending_guidances pending_guidances_full
        set-text: pending_guidances_recommended resident_VMs supported_bootloaders tags! updates
        set-text: updates_requiring_reboot
    """,
    "host_metrics": """
        text: uuid
        int: memory_free memory_total
        bool: live
        time: last_updated
        map-text: other_config!
    """,
    "network": """
        text: bridge default_locking_mode name_description! name_label! uuid
        int: MTU!
        bool: managed
        map-text: assigned_ips blobs current_operations other_config!
        set-text: PIFs VIFs allowed_operations purpose tags!
    """,
    "VIF": """
        text: MAC VM device ipv4_configuration_mode ipv4_gateway ipv6_configuration_mode ipv6_gateway locking_mode
        text: metrics network qos_algorithm_type! status_detail uuid
        int: MTU status_code
        bool: MAC_autogenerated currently_attached
        map-text: current_operations other_config! qos_algorithm_params! runtime_properties
        set-text: allowed_operations ipv4_addresses ipv4_allowed ipv6_addresses ipv6_allowed qos_supported_algorithms
    """,
    "VM_group": """
        text: name_description! name_label! placement uuid
        set-text: VMs
    """,
    "PIF": """
        text: DNS IP MAC PCI VLAN_master_of bond_slave_of device gateway host igmp_snooping_status
        text: ip_configuration_mode ipv6_configuration_mode ipv6_gateway metrics netmask network primary_address_type
        text: uuid
        int: MTU VLAN
        bool: currently_attached disallow_unplug managed management physical
        map-text: other_config! properties
        set-text: IPv6 VLAN_slave_of bond_master_of capabilities sriov_logical_PIF_of sriov_physical_PIF_of
        set-text: tunnel_access_PIF_of tunnel_transport_PIF_of
    """,
    "SR": """
        text: content_type introduced_by name_description name_label type uuid
        int: physical_size physical_utilisation virtual_allocation
        bool: clustered is_tools_sr local_cache_enabled shared
        map-text: blobs current_operations other_config! sm_config!
        set-text: PBDs VDIs allowed_operations tags!
    """,
    "VDI": """
        text: SR location metadata_of_pool name_description name_label on_boot parent snapshot_of type uuid
        int: physical_utilisation virtual_size
        bool: allow_caching cbt_enabled is_a_snapshot is_tools_iso managed metadata_latest missing read_only sharable
        bool: storage_lock
        time: snapshot_time
        map-text: current_operations other_config! sm_config! xenstore_data!
        set-text: VBDs allowed_operations crash_dumps snapshots tags!
    """,
    "VBD": """
        text: VDI VM device metrics mode qos_algorithm_type! status_detail type! userdevice! uuid
        int: status_code
        bool: bootable! currently_attached empty storage_lock unpluggable!
        map-text: current_operations other_config! qos_algorithm_params! runtime_properties
        set-text: allowed_operations qos_supported_algorithms
    """,
    "PBD": """
        text: SR host uuid
        bool: currently_attached
        map-text: device_config other_config!
    """,
    "PCI": """
        text: class_name device_name driver_name host pci_id subsystem_device_name subsystem_vendor_name uuid
        text: vendor_name
        map-text: other_config!
        set-text: dependencies
    """,
    "VGPU": """
        text: GPU_group PCI VM device extra_args! resident_on scheduled_to_be_resident_on type uuid
        bool: currently_attached
        map-text: compatibility_metadata other_config!
    """,
    "VUSB": """
        text: USB_group VM uuid
        bool: currently_attached
        map-text: current_operations other_config!
        set-text: allowed_operations
    """,
}

MESSAGES = """
session.change_password(old_pwd, new_pwd)
session.create_from_db_file(filename) -> text
session.get_all_subject_identifiers() -> set-text
session.local_logout()
session.login_with_password(uname, pwd, version=1.1, originator=) -> text
session.logout()
session.logout_subject_identifier(subject_identifier)
session.slave_local_login_with_password(uname, pwd) -> text
task.cancel(task)
task.create(label, description) -> text
task.destroy(self)
task.set_error_info(self, value:set-text)
task.set_progress(self, value:float)
task.set_result(self, value)
task.set_status(self, value)
event.from(classes:set-text, token, timeout:float) -> batch
event.get_current_id() -> int
event.inject(class, ref) -> text
event.next() -> set-record
event.register(classes:set-text)
event.unregister(classes:set-text)
pool.add_repository(self, value)
pool.add_to_guest_agent_config(self, key, value)
pool.apply_edition(self, edition)
pool.certificate_install(name, cert)
pool.certificate_list() -> set-text
pool.certificate_sync()
pool.certificate_uninstall(name)
pool.check_update_readiness(self, requires_reboot:bool) -> set-set-text
pool.configure_repository_proxy(self, url, username, password)
pool.configure_update_sync(self, update_sync_frequency, update_sync_day:int)
pool.create_VLAN(device, network, VLAN:int) -> set-text
pool.create_VLAN_from_PIF(pif, network, VLAN:int) -> set-text
pool.create_new_blob(pool, name, mime_type, public:bool) -> text
pool.crl_install(name, cert)
pool.crl_list() -> set-text
pool.crl_uninstall(name)
pool.deconfigure_wlb()
pool.designate_new_master(host)
pool.detect_nonhomogeneous_external_auth(pool)
pool.disable_client_certificate_auth(self)
pool.disable_external_auth(pool, config:map-text=)
pool.disable_ha()
pool.disable_local_storage_caching(self)
pool.disable_redo_log()
pool.disable_repository_proxy(self)
pool.disable_ssl_legacy(self)
pool.eject(host)
pool.emergency_reset_master(master_address)
pool.emergency_transition_to_master()
pool.enable_client_certificate_auth(self, name)
pool.enable_external_auth(pool, config:map-text, service_name, auth_type)
pool.enable_ha(heartbeat_srs:set-text, configuration:map-text)
pool.enable_local_storage_caching(self)
pool.enable_redo_log(sr)
pool.enable_ssl_legacy(self)
pool.enable_tls_verification()
pool.get_guest_secureboot_readiness(self) -> text
pool.get_license_state(self) -> map-text
pool.ha_compute_hypothetical_max_host_failures_to_tolerate(configuration:map-text) -> int
pool.ha_compute_max_host_failures_to_tolerate() -> int
pool.ha_compute_vm_failover_plan(failed_hosts:set-text, failed_vms:set-text) -> map-text
pool.ha_failover_plan_exists(n:int) -> bool
pool.ha_prevent_restarts_for(seconds:int)
pool.has_extension(self, name) -> bool
pool.initialize_wlb(wlb_url, wlb_username, wlb_password, xenserver_username, xenserver_password)
pool.install_ca_certificate(name, cert)
pool.is_slave(host) -> bool
pool.join(master_address, master_username, master_password)
pool.join_force(master_address, master_username, master_password)
pool.management_reconfigure(network)
pool.recover_slaves() -> set-text
pool.remove_from_guest_agent_config(self, key)
pool.remove_repository(self, value)
pool.reset_telemetry_uuid(self)
pool.retrieve_wlb_configuration() -> map-text
pool.retrieve_wlb_recommendations() -> map-set-text
pool.rotate_secret()
pool.send_test_post(host, port:int, body) -> text
pool.send_wlb_configuration(config:map-text)
pool.set_custom_uefi_certificates(self, value)
pool.set_ext_auth_max_threads(self, value:int)
pool.set_ha_host_failures_to_tolerate(self, value:int)
pool.set_https_only(self, value:bool)
pool.set_igmp_snooping_enabled(self, value:bool)
pool.set_local_auth_max_threads(self, value:int)
pool.set_repositories(self, value:set-text)
pool.set_telemetry_next_collection(self, value:time)
pool.set_uefi_certificates(self, value)
pool.set_update_sync_enabled(self, value:bool)
pool.set_vswitch_controller(address)
pool.sync_database()
pool.sync_updates(self, force:bool, token, token_id) -> text
pool.test_archive_target(self, config:map-text) -> text
pool.uninstall_ca_certificate(name)
VM.add_to_NVRAM(self, key, value)
VM.add_to_VCPUs_params_live(self, key, value)
VM.assert_agile(self)
VM.assert_can_be_recovered(self, session_to)
VM.assert_can_boot_here(self, host)
VM.assert_can_migrate(vm, dest:map-text, live:bool, vdi_map:map-text, vif_map:map-text, options:map-text,
  vgpu_map:map-text=)
VM.assert_operation_valid(self, op)
VM.call_plugin(vm, plugin, fn, args:map-text) -> text
VM.checkpoint(vm, new_name) -> text
VM.clean_reboot(vm)
VM.clean_shutdown(vm)
VM.clone(vm, new_name) -> text
VM.compute_memory_overhead(vm) -> int
VM.copy(vm, new_name, sr) -> text
VM.copy_bios_strings(vm, host)
VM.create(args:record) -> text
VM.create_new_blob(vm, name, mime_type, public:bool) -> text
VM.destroy(self)
VM.forget_data_source_archives(self, data_source)
VM.get_SRs_required_for_recovery(self, session_to) -> set-text
VM.get_allowed_VBD_devices(vm) -> set-text
VM.get_allowed_VIF_devices(vm) -> set-text
VM.get_boot_record(self) -> record
VM.get_cooperative(self) -> bool
VM.get_data_sources(self) -> set-record
VM.get_possible_hosts(vm) -> set-text
VM.get_secureboot_readiness(self) -> text
VM.hard_reboot(vm)
VM.hard_shutdown(vm)
VM.import(url, sr, full_restore:bool, force:bool) -> set-text
VM.import_convert(type, username, password, sr, remote_config:map-text)
VM.maximise_memory(self, total:int, approximate:bool) -> int
VM.migrate_send(vm, dest:map-text, live:bool, vdi_map:map-text, vif_map:map-text, options:map-text, vgpu_map:map-
  text=) -> text
VM.pause(vm)
VM.pool_migrate(vm, host, options:map-text)
VM.power_state_reset(vm)
VM.provision(vm)
VM.query_data_source(self, data_source) -> float
VM.query_services(self) -> map-text
VM.record_data_source(self, data_source)
VM.recover(self, session_to, force:bool)
VM.remove_from_NVRAM(self, key)
VM.restart_device_models(self)
VM.resume(vm, start_paused:bool, force:bool)
VM.resume_on(vm, host, start_paused:bool, force:bool)
VM.retrieve_wlb_recommendations(vm) -> map-set-text
VM.revert(snapshot)
VM.send_sysrq(vm, key)
VM.send_trigger(vm, trigger)
VM.set_HVM_boot_policy(self, value)
VM.set_HVM_shadow_multiplier(self, value:float)
VM.set_NVRAM(self, value:map-text)
VM.set_VCPUs_at_startup(self, value:int)
VM.set_VCPUs_max(self, value:int)
VM.set_VCPUs_number_live(self, nvcpu:int)
VM.set_actions_after_crash(self, value)
VM.set_appliance(self, value)
VM.set_bios_strings(self, value:map-text)
VM.set_domain_type(self, value)
VM.set_groups(self, value:set-text)
VM.set_ha_always_run(self, value:bool)
VM.set_ha_restart_priority(self, value)
VM.set_has_vendor_device(self, value:bool)
VM.set_memory(self, value:int)
VM.set_memory_dynamic_max(self, value:int)
VM.set_memory_dynamic_min(self, value:int)
VM.set_memory_dynamic_range(self, min:int, max:int)
VM.set_memory_limits(self, static_min:int, static_max:int, dynamic_min:int, dynamic_max:int)
VM.set_memory_static_max(self, value:int)
VM.set_memory_static_min(self, value:int)
VM.set_memory_static_range(self, min:int, max:int)
VM.set_memory_target_live(self, target:int)
VM.set_order(self, value:int)
VM.set_protection_policy(self, value)
VM.set_shadow_multiplier_live(self, multiplier:float)
VM.set_shutdown_delay(self, value:int)
VM.set_snapshot_schedule(self, value)
VM.set_start_delay(self, value:int)
VM.set_suspend_VDI(self, value)
VM.set_uefi_mode(self, mode) -> text
VM.shutdown(vm)
VM.snapshot(vm, new_name, ignore_vdis:set-text=) -> text
VM.snapshot_with_quiesce(vm, new_name) -> text
VM.start(vm, start_paused:bool, force:bool)
VM.start_on(vm, host, start_paused:bool, force:bool)
VM.suspend(vm)
VM.unpause(vm)
VM.update_allowed_operations(self)
VM.wait_memory_target_live(self)
host.apply_edition(host, edition, force:bool)
host.apply_recommended_guidances(self)
host.apply_updates(self, hash) -> set-set-text
host.assert_can_evacuate(host)
host.backup_rrds(host, delay:float)
host.bugreport_upload(host, url, options:map-text)
host.call_extension(host, call) -> text
host.call_plugin(host, plugin, fn, args:map-text) -> text
host.compute_free_memory(host) -> int
host.compute_memory_overhead(host) -> int
host.create_new_blob(host, name, mime_type, public:bool) -> text
host.declare_dead(host)
host.destroy(self)
host.disable(host)
host.disable_display(host) -> text
host.disable_external_auth(host, config:map-text=)
host.disable_local_storage_caching(host)
host.dmesg(host) -> text
host.dmesg_clear(host) -> text
host.emergency_clear_mandatory_guidance()
host.emergency_disable_tls_verification()
host.emergency_ha_disable(soft:bool)
host.emergency_reenable_tls_verification()
host.emergency_reset_server_certificate()
host.enable(host)
host.enable_display(host) -> text
host.enable_external_auth(host, config:map-text, service_name, auth_type)
host.enable_local_storage_caching(host, sr)
host.evacuate(host, network=OpaqueRef:NULL, evacuate_batch_size:int=0)
host.forget_data_source_archives(host, data_source)
host.get_data_sources(host) -> set-record
host.get_log(host) -> text
host.get_management_interface(host) -> text
host.get_sched_gran(self) -> text
host.get_server_certificate(host) -> text
host.get_server_localtime(host) -> time
host.get_servertime(host) -> time
host.get_system_status_capabilities(host) -> text
host.get_uncooperative_resident_VMs(self) -> set-text
host.get_vms_which_prevent_evacuation(self) -> map-set-text
host.has_extension(host, name) -> bool
host.install_server_certificate(host, certificate, private_key, certificate_chain)
host.license_add(host, contents)
host.license_apply(host, contents)
host.license_remove(host)
host.is_in_emergency_mode() -> bool
host.list_methods() -> set-text
host.local_management_reconfigure(interface)
host.management_disable()
host.management_reconfigure(pif)
host.migrate_receive(host, network, options:map-text) -> map-text
host.power_on(host)
host.query_data_source(host, data_source) -> float
host.reboot(host)
host.record_data_source(host, data_source)
host.refresh_pack_info(host)
host.refresh_server_certificate(host)
host.reset_cpu_features(host)
host.reset_server_certificate(host)
host.restart_agent(host)
host.retrieve_wlb_evacuate_recommendations(self) -> map-set-text
host.send_debug_keys(host, keys)
host.set_cpu_features(host, features)
host.set_hostname_live(host, hostname)
host.set_https_only(self, value:bool)
host.set_iscsi_iqn(host, value)
host.set_multipathing(host, value:bool)
host.set_numa_affinity_policy(self, value)
host.set_power_on_mode(self, power_on_mode, power_on_config:map-text)
host.set_sched_gran(self, value)
host.set_ssl_legacy(self, value:bool)
host.set_uefi_certificates(host, value)
host.shutdown(host)
host.shutdown_agent()
host.sync_data(host)
host.syslog_reconfigure(host)
network.add_purpose(self, value)
network.create(args:record) -> text
network.create_new_blob(network, name, mime_type, public:bool) -> text
network.destroy(self)
network.remove_purpose(self, value)
network.set_default_locking_mode(network, value)
VIF.add_ipv4_allowed(self, value)
VIF.add_ipv6_allowed(self, value)
VIF.configure_ipv4(self, mode, address, gateway)
VIF.configure_ipv6(self, mode, address, gateway)
VIF.create(args:record) -> text
VIF.destroy(self)
VIF.move(self, network)
VIF.plug(self)
VIF.remove_ipv4_allowed(self, value)
VIF.remove_ipv6_allowed(self, value)
VIF.set_ipv4_allowed(self, value:set-text)
VIF.set_ipv6_allowed(self, value:set-text)
VIF.set_locking_mode(self, value)
VIF.unplug(self)
VIF.unplug_force(self)
PIF.create_VLAN(device, network, host, VLAN:int) -> text
PIF.db_forget(self)
PIF.db_introduce(device, network, host, MAC, MTU:int, VLAN:int, physical:bool, ip_configuration_mode, IP, netmask,
  gateway, DNS, bond_slave_of, VLAN_master_of, management:bool, other_config:map-text, disallow_unplug:bool,
  ipv6_configuration_mode, IPv6:set-text, ipv6_gateway, primary_address_type, managed:bool, properties:map-text) ->
  text
PIF.destroy(self)
PIF.forget(self)
PIF.introduce(host, MAC, device, managed:bool) -> text
PIF.plug(self)
PIF.reconfigure_ip(self, mode, IP, netmask, gateway, DNS)
PIF.reconfigure_ipv6(self, mode, IPv6, gateway, DNS)
PIF.scan(host)
PIF.set_disallow_unplug(self, value:bool)
PIF.set_primary_address_type(self, primary_address_type)
PIF.set_property(self, name, value)
PIF.unplug(self)
SR.assert_can_host_ha_statefile(sr)
SR.assert_supports_database_replication(sr)
SR.create(host, device_config:map-text, physical_size:int, name_label, name_description, type, content_type,
  shared:bool, sm_config:map-text=) -> text
SR.create_new_blob(sr, name, mime_type, public:bool) -> text
SR.destroy(sr)
SR.disable_database_replication(sr)
SR.enable_database_replication(sr)
SR.forget(sr)
SR.forget_data_source_archives(sr, data_source)
SR.get_data_sources(sr) -> set-record
SR.get_supported_types() -> set-text
SR.introduce(uuid, name_label, name_description, type, content_type, shared:bool, sm_config:map-text=) -> text
SR.make(host, device_config:map-text, physical_size:int, name_label, name_description, type, content_type,
  sm_config:map-text=) -> text
SR.probe(host, device_config:map-text, type, sm_config:map-text=) -> text
SR.probe_ext(host, device_config:map-text, type, sm_config:map-text=) -> set-record
SR.query_data_source(sr, data_source) -> float
SR.record_data_source(sr, data_source)
SR.scan(sr)
SR.set_name_description(sr, value)
SR.set_name_label(sr, value)
SR.set_physical_size(self, value:int)
SR.set_shared(sr, value:bool)
SR.update(sr)
VDI.clone(vdi, driver_params:map-text=) -> text
VDI.copy(vdi, sr, base_vdi=OpaqueRef:NULL, into_vdi=OpaqueRef:NULL) -> text
VDI.create(args:record) -> text
VDI.data_destroy(self)
VDI.destroy(self)
VDI.disable_cbt(self)
VDI.enable_cbt(self)
VDI.forget(vdi)
VDI.get_nbd_info(self) -> set-record
VDI.introduce(uuid, name_label, name_description, SR, type, sharable:bool, read_only:bool, other_config:map-text,
  location, xenstore_data:map-text, sm_config:map-text, managed:bool, virtual_size:int, physical_utilisation:int,
  metadata_of_pool, is_a_snapshot:bool, snapshot_time:time, snapshot_of) -> text
VDI.list_changed_blocks(vdi_from, vdi_to) -> text
VDI.open_database(self) -> text
VDI.pool_migrate(vdi, sr, options:map-text) -> text
VDI.read_database_pool_uuid(self) -> text
VDI.resize(vdi, size:int)
VDI.resize_online(vdi, size:int)
VDI.set_allow_caching(self, value:bool)
VDI.set_name_description(self, value)
VDI.set_name_label(self, value)
VDI.set_on_boot(self, value)
VDI.set_read_only(self, value:bool)
VDI.set_sharable(self, value:bool)
VDI.snapshot(vdi, driver_params:map-text=) -> text
VDI.update(vdi)
VBD.assert_attachable(self)
VBD.create(args:record) -> text
VBD.destroy(self)
VBD.eject(vbd)
VBD.insert(vbd, vdi)
VBD.plug(self)
VBD.set_mode(self, value)
VBD.unplug(self)
VBD.unplug_force(self)
PBD.create(args:record) -> text
PBD.destroy(self)
PBD.plug(self)
PBD.set_device_config(self, value:map-text)
PBD.unplug(self)
PCI.disable_dom0_access(self) -> text
PCI.enable_dom0_access(self) -> text
PCI.get_dom0_access_status(self) -> text
VGPU.create(VM, GPU_group, device, other_config:map-text, type) -> text
VGPU.destroy(self)
VUSB.create(VM, USB_group, other_config:map-text) -> text
VUSB.destroy(self)
VUSB.unplug(self)
"""

REMOVED = """
pool.enable_ssl_legacy VM.get_is_snapshot_from_vmpp VM.set_protection_policy VM.snapshot_with_quiesce
VM_metrics.get_VCPUs_utilisation VM_guest_metrics.get_disks VM_guest_metrics.get_memory
host.apply_recommended_guidances host.license_apply host.reset_cpu_features host.set_cpu_features
host_metrics.get_memory_free VIF.get_metrics VDI.resize_online VBD.get_metrics
"""  # the datamodel keeps their names; calling one is MESSAGE_REMOVED

WITHOUT_SESSION = """
session.login_with_password session.slave_local_login_with_password session.create_from_db_file
"""

EMPTY_CLASSES = """
Bond Certificate Cluster Cluster_host DR_task Feature GPU_group Observer PGPU PIF_metrics PUSB PVS_cache_storage
PVS_proxy PVS_server PVS_site Repository SDN_controller SM USB_group VGPU_type VLAN VMSS VM_appliance VTPM
blob console crashdump host_cpu host_crashdump host_patch message network_sriov pool_patch pool_update role secret
subject tunnel user
"""  # known to clients, of no concern here: every list of them is empty

REMOVED_CLASSES = "VIF_metrics VBD_metrics VMPP"  # recordings/xapi 19a: MESSAGE_REMOVED
