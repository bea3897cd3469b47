"""Where a storage repository lies, as its PBDs tell (device_config as XenServer's storage drivers write it)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.drivers.xapi.where import ips


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("192.0.2.20", {"192.0.2.20"}, id="NFS: server"),
        pytest.param("2001:db8::20", {"2001:db8::20"}, id="NFS: server, IPv6"),
        pytest.param("192.0.2.22,192.0.2.23", {"192.0.2.22", "192.0.2.23"}, id="iSCSI: several portals"),
        pytest.param("192.0.2.22:3260", {"192.0.2.22"}, id="iSCSI: with a port"),
        pytest.param("192.0.2.20:/export/iso", {"192.0.2.20"}, id="ISO library on NFS: location"),
        pytest.param("[2001:db8::20]:/export/iso", {"2001:db8::20"}, id="the same, IPv6"),
        pytest.param("//192.0.2.20/iso", {"192.0.2.20"}, id="ISO library on SMB"),
        pytest.param("\\\\192.0.2.20\\vms", {"192.0.2.20"}, id="SMB: server"),
        pytest.param("nas.example.com", set(), id="a name is not looked up"),
        pytest.param("/dev/sdb", set(), id="a local disk"),
        pytest.param("", set(), id="nothing"),
    ],
)
def test_the_addresses_in_a_device_config(text: str, found: set[str]) -> None:
    assert ips(text) == found


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    ips(text)
