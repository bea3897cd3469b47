"""What the datamodel of 24.19 has and that of 8.2 (1.249) has not: fields and messages that came in between.

Source: the releases that the datamodel names for each; a field without one was prototyped in a later release.
"""

from __future__ import annotations

LATER_FIELDS = """
session.client_certificate pool.client_certificate_auth_enabled pool.client_certificate_auth_name pool.coordinator_bias
pool.custom_uefi_certificates pool.ext_auth_max_threads pool.last_update_sync pool.local_auth_max_threads
pool.migration_compression pool.recommendations pool.repositories pool.repository_proxy_password
pool.repository_proxy_url pool.repository_proxy_username pool.telemetry_frequency pool.telemetry_next_collection
pool.telemetry_uuid pool.tls_verification_enabled pool.update_sync_day pool.update_sync_enabled
pool.update_sync_frequency VM.actions_after_softreboot VM.groups VM.pending_guidances VM.pending_guidances_full
VM.pending_guidances_recommended host.https_only host.last_software_update host.last_update_hash
host.latest_synced_updates_applied host.numa_affinity_policy host.pending_guidances host.pending_guidances_full
host.pending_guidances_recommended host.tls_verification_enabled
"""

LATER_MESSAGES = """
task.set_error_info task.set_result pool.add_repository pool.check_update_readiness pool.configure_repository_proxy
pool.configure_update_sync pool.disable_client_certificate_auth pool.disable_repository_proxy
pool.enable_client_certificate_auth pool.enable_tls_verification
pool.get_guest_secureboot_readiness pool.install_ca_certificate pool.remove_repository pool.reset_telemetry_uuid
pool.set_custom_uefi_certificates pool.set_ext_auth_max_threads pool.set_https_only
pool.set_local_auth_max_threads pool.set_repositories pool.set_telemetry_next_collection pool.set_uefi_certificates
pool.set_update_sync_enabled pool.sync_updates pool.uninstall_ca_certificate VM.get_secureboot_readiness
VM.restart_device_models VM.set_groups VM.set_uefi_mode host.apply_recommended_guidances host.apply_updates
host.emergency_clear_mandatory_guidance host.emergency_disable_tls_verification
host.emergency_reenable_tls_verification host.get_sched_gran host.refresh_server_certificate
host.reset_server_certificate host.set_https_only host.set_numa_affinity_policy host.set_sched_gran
PCI.disable_dom0_access PCI.enable_dom0_access PCI.get_dom0_access_status
"""
