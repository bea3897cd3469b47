"""A site.toml that uses every kind of key."""

from __future__ import annotations

from ridethrough.config import Secrets

SECRETS = Secrets(
    environment={
        "RIDETHROUGH_SECRET_POOL1": "swordfish",
        "RIDETHROUGH_SECRET_UPS_COMMUNITY": "shhh",
        "RIDETHROUGH_SECRET_UPSD": "hush",
        "RIDETHROUGH_SECRET_NAS1": "told",
        "RIDETHROUGH_SECRET_UPS_AUTH": "signed it",
        "RIDETHROUGH_SECRET_UPS_PRIVACY": "kept secret",
    }
)
PIN = "sha256:" + "ab" * 32

WHOLE = f"""
[site]
name = "Head office"
settle = 10
reserve = "1.5 min"
link_speed = "10 Gbit/s"
parallel = 2
protect_coordinator = false
hand_over_coordinator = false

[controller]
name = "watch-1"
powered_by = ["ups1", "ups2"]
needs = 1
switch = "sw2"
shutdown = true
stop_time = "45 s"
shutdown_command = ["sudo", "-n", "poweroff"]
vm = "watch"

[traps]
listen = "0.0.0.0:1162"

[manager]
listen = "0.0.0.0:8443"
certificate = "/etc/ridethrough/manager.pem"
key = "/etc/ridethrough/manager.key"
idle = "10 min"
names = ["ups.example.com", "192.0.2.5"]

[ups.ups1]
source = "snmp://192.0.2.11"
community = "secret:ups-community"
version = "1"
warning_period = 180
shutdown_delay = "2 min"
action = "client and ups"

[ups.ups2]
source = "snmp://[2001:db8::12]:1161"
feeder = "B"

[ups.ups3]
source = "nut://192.0.2.5/cellar"
username = "monuser"
password = "secret:upsd"
fingerprints = ["{PIN}"]
ca = "/etc/ridethrough/ca.pem"

[ups.ups4]
source = "snmp://192.0.2.14"
version = "3"
username = "reader"
auth = "sha256"
auth_password = "secret:ups-auth"
privacy = "aes128"
privacy_password = "secret:ups-privacy"

[pool.pool1]
addresses = ["192.0.2.101", "xen2.example.com:8443"]
username = "root"
password = "secret:pool1"
fingerprints = ["{PIN.upper().replace("SHA256", "sha256")}"]
witness = ["192.0.2.1:22"]

[host."xen server 1"]
pool = "pool1"
powered_by = ["ups1", "ups2"]
needs = 2
switch = "sw1"
maintenance = {{ enabled = true, after = 60 }}
shutdown = {{ enabled = true, after = "2m" }}

[host.xenserver2]
pool = "pool1"

[storage.nas1]
powered_by = ["ups1"]
used_by = ["xen server 1"]
repositories = ["NFS store"]
address = "192.0.2.20"
serves = ["nfs://192.0.2.20", "tcp://[2001:db8::20]:3260"]
way = "network ups"
after = "5 min"
stop_time = "2 min"
switch = "sw1"
asks_from = ["192.0.2.21", "192.0.2.32/28"]
ups_name = "cellar"
username = "monitor"
password = "secret:nas1"

[storage.san1]
powered_by = ["ups1", "ups2"]
needs = 2
address = "192.0.2.22"
serves = ["tcp://192.0.2.22:3260"]
way = "ssh"
username = "stopper"
key_file = "/etc/ridethrough/san1"
at = "192.0.2.23:2222"
host_key = "SHA256:{"A" * 43}"
command = "sudo -n poweroff"

[network_ups]
listen = "192.0.2.5:3493"
certificate = "/etc/ridethrough/ups.pem"
key = "/etc/ridethrough/ups.key"

[switch.sw2]
powered_by = ["ups2"]
needs = 1
connects = ["xenserver2", "san1", "ups1", "pool1"]

[vm.web]
wish = "shut down"
tier = 7
infrastructure = true
"""
