"""Which changes of site.toml just give the loops new values, and which let them begin anew."""

from __future__ import annotations

import pytest

from ridethrough.config import Secrets, parse
from ridethrough.config.changes import Begun, begun_anew

SECRETS = Secrets(environment={"RIDETHROUGH_SECRET_P": "x", "RIDETHROUGH_SECRET_Q": "y"})
FILE = """
[site]
name = "Lab"
[ups.a]
source = "snmp://192.0.2.11"
[ups.b]
source = "snmp://192.0.2.12"
[ups.c]
source = "snmp://192.0.2.13"
[pool.p]
addresses = ["192.0.2.101"]
username = "root"
password = "secret:p"
[pool.q]
addresses = ["192.0.2.102"]
username = "root"
password = "secret:p"
[host.h1]
pool = "p"
powered_by = ["a", "b"]
[host.h2]
pool = "q"
powered_by = ["c"]
"""


@pytest.mark.parametrize(
    ("before", "after", "anew"),
    [
        ("", "", Begun()),
        ('name = "Lab"', 'name = "Office"\nreserve = 90\nsettle = 5', Begun()),
        ('["a", "b"]', '["a", "b"]\nshutdown = { enabled = true, after = 120 }\nswitch = "sw1"', Begun()),
        ('["a", "b"]', '["b", "a"]\nneeds = 2', Begun()),
        ("[ups.b]", "warning_period = 60\n[ups.b]", Begun()),
        ("[site]", '[manager]\nlisten = "0.0.0.0:8443"\n[vm.web]\ntier = 3\n[site]', Begun()),
        ("[site]", '[traps]\nlisten = "0.0.0.0:1162"\n[site]', Begun()),
        ('name = "Lab"', 'name = "Lab"\npoll = 4', Begun(("a", "b", "c"), ("p", "q"))),
        ("[site]", '[controller]\nname = "c2"\n[site]', Begun(("a", "b", "c"), ("p", "q"))),
        ("192.0.2.13", "192.0.2.14", Begun(("c",), ("q",))),
        ('["192.0.2.102"]', '["192.0.2.102", "192.0.2.103"]', Begun(("c",), ("q",))),
        ("[host.h2]", "[host.h3]", Begun(("c",), ("q",))),
        ('["a", "b"]', '["a"]', Begun(("a", "b"), ("p",))),
        ('["a", "b"]', '["a", "b", "c"]', Begun(("a", "b", "c"), ("p", "q"))),
        ("[pool.p]", '[ups.d]\nsource = "snmp://192.0.2.15"\n[pool.p]', Begun(("d",), ())),
    ],
)  # fmt: skip
def test_what_is_watched_anew(before: str, after: str, anew: Begun) -> None:
    assert FILE.count(before) == 1 or not before
    old, new = parse(FILE, SECRETS), parse(FILE.replace(before, after), SECRETS)
    assert begun_anew(old, new) == anew
    assert bool(begun_anew(old, new)) == bool(anew.upses)
