"""What site.toml says of switching hosts on past their pool."""

from __future__ import annotations

import pytest

from ridethrough.config import ConfigError, Secrets, parse
from ridethrough.core.model import PowerWay

SECRETS = Secrets(environment={"RIDETHROUGH_SECRET_BMC1": "s3cret", "RIDETHROUGH_SECRET_POOL1": "x"})
SITE = """[site]
name = "x"
[pool.p]
addresses = ["192.0.2.1"]
username = "root"
password = "secret:pool1"
[host.h1]
pool = "p"
"""
BMC = 'bmc = { address = "192.0.2.31", username = "ops", password = "secret:bmc1" }\n'
WAKE = 'wake_on_lan = { mac = "52-54-00-AB-34-56", broadcast = "192.0.2.255:7" }\n'


def test_the_ways_and_what_they_need() -> None:
    found = parse(SITE + 'power_on = ["xapi", "wake-on-lan", "ipmi"]\n' + BMC + WAKE, SECRETS)
    assert found.site.hosts["h1"].power_on == (PowerWay.XAPI, PowerWay.WAKE_ON_LAN, PowerWay.IPMI)
    it = found.power_on["h1"]
    assert (it.mac, str(it.broadcast)) == ("52:54:00:ab:34:56", "192.0.2.255:7")
    assert it.bmc is not None
    assert (it.bmc.at.host, it.bmc.at.port, it.bmc.password.value) == ("192.0.2.31", 0, "s3cret")
    assert "s3cret" not in repr(found)


def test_an_agent_stands_on_it_where_the_owner_says_so() -> None:
    assert parse(SITE + "agent = true\n", SECRETS).site.hosts["h1"].agent


def test_without_a_word_it_is_xenservers_own_way() -> None:
    found = parse(SITE, SECRETS)
    assert not found.site.hosts["h1"].agent
    assert found.site.hosts["h1"].power_on == (PowerWay.XAPI,)
    assert found.power_on == {}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('power_on = ["wake-on-lan"]\n', "no wake_on_lan"),
        ('power_on = ["redfish"]\n', "no bmc"),
        (BMC, "no way in power_on uses"),
        (WAKE, "no way in power_on uses"),
        ('power_on = ["wake-on-lan"]\nwake_on_lan = { mac = "52:54:00" }\n', "no MAC address"),
        ('power_on = ["wake-on-lan"]\nwake_on_lan = { mac = "525400123456", broadcast = "lan" }\n', "no broadcast"),
        ('power_on = ["ipmi"]\nbmc = { address = "x", username = "o", password = "open" }\n', "must not stand in this"),
        ("power_on = []\n", "power_on"),
        ('power_on = ["ipmi", "ipmi"]\n' + BMC, "more than once"),
    ],
)
def test_what_does_not_fit_is_told_with_its_remedy(written: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse(SITE + written, SECRETS)
