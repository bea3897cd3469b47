"""Every error names file, key and remedy; all of a file's errors are told at once; no error tells a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ridethrough.config import ConfigError, Endpoint, Secrets, load, parse

SECRETS = Secrets(environment={"RIDETHROUGH_SECRET_POOL1": "swordfish"})

GOOD = """
[site]
name = "Lab"
[ups.a]
source = "snmp://192.0.2.11"
[ups.b]
source = "snmp://192.0.2.12"
[pool.p]
addresses = ["192.0.2.101"]
username = "root"
password = "secret:pool1"
[host.h1]
pool = "p"
powered_by = ["a", "b"]
needs = 1
maintenance = { enabled = true, after = 60 }
shutdown = { enabled = true, after = 120 }
[vm.web]
wish = "migrate"
"""


def test_where_traps_are_heard_is_an_address_and_a_port() -> None:
    for wrong in ("0.0.0.0", "here:1162", "0.0.0.0:0", "1162"):
        (told,) = problems(f'{GOOD}[traps]\nlisten = "{wrong}"')
        assert told.startswith("site.toml: traps.listen"), told
        assert "0.0.0.0:1162" in told
    assert parse(f'{GOOD}[traps]\nlisten = "[::]:1162"', SECRETS).traps == Endpoint("::", 1162)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("", 'manager.listen is missing: write listen = "0.0.0.0:8443"'),
        ('listen = "here:8443"', 'manager.listen "here:8443" is no address to listen on: write "0.0.0.0:8443"'),
        ('listen = "0.0.0.0"', 'manager.listen "0.0.0.0" is no address to listen on'),
        ('listen = "0.0.0.0:1"\nkey = "/k"', "manager has only one of certificate and key: give both, or neither"),
        (
            'listen = "0.0.0.0:80"\nhttp = true',
            "manager has http = true, but others than this machine reach 0.0.0.0:80",
        ),
        (
            'listen = "127.0.0.1:80"\nhttp = true\nkey = "/k"\ncertificate = "/c"',
            "manager has http = true and a certificate: take one of them out",
        ),
        ('listen = "0.0.0.0:1"\nidle = 5', "manager.idle is 5; it must be at least 60"),
        ('listen = "0.0.0.0:1"\nnames = ["a b"]', 'manager.names (entry 1) "a b" is no name or address'),
        ('listen = "0.0.0.0:1"\nnames = ["a:8443"]', 'manager.names (entry 1) "a:8443" is no name or address'),
    ],
)
def test_the_pages_are_served_safely_or_not_at_all(section: str, told: str) -> None:
    (found,) = problems(f"{GOOD}[manager]\n{section}\n")
    assert found.startswith(f"site.toml: {told}"), found


STORED = """
powered_by = ["a"]
address = "192.0.2.20"
serves = ["nfs://192.0.2.20"]
"""


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("", "storage.nas1.way is missing"),
        (
            'way = "by itself"',
            'storage.nas1 has way = "by itself" and no after: write the minutes that are entered on it',
        ),
        ('way = "phone"', "storage.nas1.way"),
        (
            'way = "agent"\ncommand = "poweroff"',
            'storage.nas1 has command, which way = "agent" does not use: take it out',
        ),
        ('way = "ssh"', 'storage.nas1 has way = "ssh" and no username, no command, no key_file or password'),
        ('way = "network ups"\nusername = "me"', "storage.nas1 has only one of username and password: give both"),
        (
            'way = "network ups"\nasks_from = ["nas"]',
            'storage.nas1.asks_from (entry 1) "nas" is no address and no network',
        ),
        (
            'way = "ssh"\nusername = "me"\nkey_file = "k"\ncommand = "c"\nhost_key = "MD5:1"',
            'storage.nas1.host_key "MD5:1" is no fingerprint of an SSH host key',
        ),
        ('way = "agent"\nneeds = 2', "storage.nas1.needs is 2, but powered_by names 1 UPS"),
        ('way = "agent"\nused_by = ["h7"]', 'storage.nas1.used_by names "h7"; known hosts are "h1"'),
        (
            'way = "network ups"',
            "network_ups is missing, and nas1 is to ask there for its UPS: write a section [network_ups]",
        ),
    ],
)
def test_storage_is_described_so_that_it_can_be_stopped(section: str, told: str) -> None:
    (found,) = problems(f"{GOOD}[storage.nas1]{STORED}{section}\n")
    assert told in found, found


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ('address = "nas"', 'storage.nas1.address "nas" is no IP address: write "192.0.2.20"'),
        ('serves = ["smb://192.0.2.20"]', 'is nothing that storage serves: write "nfs://192.0.2.20", or "tcp://'),
        ('serves = ["tcp://192.0.2.20"]', "is nothing that storage serves"),
        ("serves = []", "storage.nas1.serves"),
        ("powered_by = []", "storage.nas1.powered_by"),
    ],
)
def test_where_storage_is_and_what_it_serves(key: str, told: str) -> None:
    name = key.partition(" ")[0]
    others = "".join(f"{line}\n" for line in STORED.strip().splitlines() if not line.startswith(name))
    (found,) = problems(f'{GOOD}[storage.nas1]\nway = "agent"\n{others}{key}\n')
    assert told in found, found


def test_storage_and_hosts_have_names_of_their_own() -> None:
    (found,) = problems(f'{GOOD}[storage.h1]\nway = "agent"{STORED}')
    assert "storage has the name h1, and so has a host: give one of them another" in found


@pytest.mark.parametrize(
    ("feeder", "told"),
    [
        ('" A"', '" A" is no name: write one line of text, without spaces around it'),
        ('"of ups1"', '"of ups1" begins with "of ", as the simulator calls a feeder that has no name: write "ups1"'),
        ("3", "is 3; it must be text"),
    ],
)
def test_a_feeder_has_a_name_of_its_own(feeder: str, told: str) -> None:
    (found,) = problems(GOOD.replace("[ups.b]", f"feeder = {feeder}\n[ups.b]"))
    assert found.startswith(f"site.toml: ups.a.feeder {told}"), found


@pytest.mark.parametrize("listen", ["127.0.0.1:8080", "[::1]:8080"])
def test_this_machine_itself_may_go_without_tls(listen: str) -> None:
    pages = parse(f'{GOOD}[manager]\nlisten = "{listen}"\nhttp = true\n', SECRETS).manager
    assert pages is not None
    assert pages.http


def problems(text: str, secrets: Secrets = SECRETS) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, secrets)
    return caught.value.problems


def test_the_ground_is_good() -> None:
    parse(GOOD, SECRETS)


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ('["a", "b"]', '["a", "c"]', 'host.h1.powered_by names "c"; known UPSs are "a", "b"'),
        ('["a", "b"]', '["a", "a"]', 'host.h1.powered_by names "a" more than once: write each once'),
        ('["a", "b"]', '"a"', 'host.h1.powered_by is "a"; it must be a list, for example powered_by = ["ups1"]'),
        ('["a", "b"]', '["a", 2]', "host.h1.powered_by (entry 2) is 2; it must be text in quotes"),
        ("needs = 1", "needs = 3", "host.h1.needs is 3, but powered_by names 2 UPSs: write 2, or name more feeds"),
        ("needs = 1", "needs = 0", "host.h1.needs is 0; it must be at least 1"),
        ("needs = 1", 'needs = "one"', 'host.h1.needs is "one"; it must be a whole number, for example needs = 1'),
        ("needs = 1", "need = 1", "host.h1.need is not known: did you mean needs?"),
        ("needs = 1", "zzz = 1", "host.h1.zzz is not known: the keys here are agent, bmc, maintenance, needs, pool, "),
        ('pool = "p"', 'pool = "q"', 'host.h1.pool names "q"; known pools are "p"'),
        ('pool = "p"\n', "", 'host.h1.pool is missing: write pool = "pool1"'),
        ("after = 60", "after = -1", "host.h1.maintenance.after is -1; it must be at least 0"),
        ("after = 60", 'after = "soon"', 'host.h1.maintenance.after "soon" is no duration; write seconds, for example'),
        ("after = 60", "after = true", "host.h1.maintenance.after must be a duration: seconds, for example 90"),
        ("after = 60", "after = inf", "host.h1.maintenance.after is too large; it must be a duration"),
        ("after = 60", f"after = 0x{'f' * 5000}", "host.h1.maintenance.after is too large; it must be a duration"),
        ("after = 60", 'after = "200 h"', "host.h1.maintenance.after is 720000; it must be at most 604800"),
        (", after = 60", "", "host.h1.maintenance has no time: write { enabled = true, after = 60 }"),
        ("enabled = true, after = 60", "after = 60", "host.h1.maintenance.enabled is missing: write enabled = true"),
        (
            "{ enabled = true, after = 60 }",
            "60",
            "host.h1.maintenance is 60; it must be a table, for example maintenance",
        ),
        ("snmp://192.0.2.11", "usb://a", 'ups.a.source "usb://a" is no UPS: write "snmp://192.0.2.11" for a network'),
        ("snmp://192.0.2.11", "nut://192.0.2.5", 'ups.a.source "nut://192.0.2.5" is no UPS of an upsd: write "nut://'),
        ("snmp://192.0.2.11", "nut://192.0.2.5/a b", 'ups.a.source "nut://192.0.2.5/a b" is no UPS of an upsd'),
        ("snmp://192.0.2.11", "nut://upsd.example/ups", "name services die in outages too"),
        (
            '"snmp://192.0.2.11"',
            '"nut://192.0.2.5/ups"\ncommunity = "public"',
            "ups.a has community, which a source nut:// does not use: take it out",
        ),
        (
            '"snmp://192.0.2.11"',
            '"snmp://192.0.2.11"\nusername = "monuser"',
            "ups.a has username, which SNMP version 2c does not use: take it out",
        ),
        (
            '"snmp://192.0.2.11"',
            '"nut://192.0.2.5/ups"\nusername = "monuser"',
            "ups.a has only one of username and password: give both, or neither",
        ),
        (
            '"snmp://192.0.2.11"',
            '"snmp://192.0.2.11"\nversion = "3"',
            "ups.a has no username, which SNMP version 3 needs",
        ),
        (
            '"snmp://192.0.2.11"',
            '"snmp://192.0.2.11"\nversion = "3"\nusername = "u"\ncommunity = "public"',
            "ups.a has community, which SNMP version 3 does not use: take it out",
        ),
        (
            '"snmp://192.0.2.11"',
            '"snmp://192.0.2.11"\nversion = "3"\nusername = "u"\nauth = "sha256"',
            "ups.a has only one of auth and auth_password: give both, or neither",
        ),
        (
            '"snmp://192.0.2.11"',
            '"snmp://192.0.2.11"\nversion = "3"\nusername = "u"\nprivacy = "aes128"\nprivacy_password = "secret:pool1"',
            "ups.a has privacy without auth: a card keeps secret only what is signed",
        ),
        ("snmp://192.0.2.11", "snmp://card.example", "name services die in outages too"),
        ("snmp://192.0.2.11", "snmp://192.0.2.11:99999", 'ups.a.source "snmp://192.0.2.11:99999" is no UPS'),
        (
            "snmp://192.0.2.12",
            "snmp://192.0.2.11:161",
            "ups.b.source names the card 192.0.2.11:161, and so does ups.a.source: each card belongs to one ups",
        ),
        (
            '["192.0.2.101"]',
            '["192.0.2.101"]\nfingerprints = ["sha256:abc"]',
            'pool.p.fingerprints (entry 1) "sha256:abc" is no SHA-256 fingerprint: write sha256:',
        ),
        ('["192.0.2.101"]', "[]", 'pool.p.addresses is empty: write addresses = ["192.0.2.101"]'),
        ('["192.0.2.101"]', '["ftp://x"]', 'pool.p.addresses (entry 1) "ftp://x" is no address: write "192.0.2.101"'),
        ('["192.0.2.101"]', '["192.0.2.101", "192.0.2.101"]', 'names "192.0.2.101" more than once'),
        ('username = "root"\n', "", 'pool.p.username is missing: write username = "root"'),
        ("secret:pool1", "swordfish", 'pool.p.password must not stand in this file: write "secret:NAME"'),
        ("secret:pool1", "secret:other", "pool.p.password secret:other was not found; looked for no file"),
        ("secret:pool1", "secret:../../x", "pool.p.password the name after secret: may hold letters"),
        (
            'wish = "migrate"',
            'wish = "fly"',
            "vm.web.wish is \"fly\"; it must be 'migrate', 'shut down', 'suspend' or 'leave'",
        ),
        ('wish = "migrate"', "tier = 10", "vm.web.tier is 10; it must be at most 9"),
        ("[vm.web]", "[vms.web]", "vms is not known: did you mean vm?"),
        ('name = "Lab"', "", 'site.name is missing: write name = "Head office"'),
        ('[site]\nname = "Lab"', "", 'site is missing: write a section [site] with name = "Head office"'),
        (
            'name = "Lab"',
            'name = "Lab"\nsettle = 400',
            "site has settle_max = 300 below settle = 400: raise settle_max",
        ),
        ('name = "Lab"', 'name = "Lab"\npoll = 0.5', "site.poll is 0.5; it must be at least 1"),
        ('name = "Lab"', 'name = "Lab"\nsettle_max = "2 h"', "site.settle_max is 7200; it must be at most 3600"),
        ('name = "Lab"', 'name = "Lab"\nhost_stop = 0', "site.host_stop is 0; it must be at least 10"),
        ('name = "Lab"', 'name = "Lab"\npoll = 10', "site has silent_after = 15 below two polls: write 30 or more"),
        ('name = "Lab"', 'name = "Lab"\nlink_speed = "fast"', 'site.link_speed "fast" is no speed; write for example'),
        ('name = "Lab"', 'name = "Lab"\ntrust = 0', "site.trust is 0; it must be more than 0"),
        ("[vm.web]", '[vm." "]', 'vm " " is no name: write one line of text, without spaces around it'),
        ("[ups.b]", "[ups.a]", "is not TOML: Cannot declare ('ups', 'a') twice (at line"),
        ("needs = 1", "needs = one", "is not TOML: Invalid value (at line"),
    ],
)
def test_error_names_key_and_remedy(written: str, instead: str, told: str) -> None:
    assert written in GOOD
    found = problems(GOOD.replace(written, instead, 1))
    assert any(problem.startswith("site.toml: ") and told in problem for problem in found), "\n".join(found)
    assert len(found) == 1, "\n".join(found)
    assert "swordfish" not in found[0]


def test_every_error_of_a_file_is_told_at_once() -> None:
    text = GOOD.replace('"b"]', '"c"]').replace("after = 60", 'after = "x"').replace("needs = 1", "need = 1")
    found = problems(text.replace("secret:pool1", "secret:gone").replace('wish = "migrate"', "tier = 10"))
    assert len(found) == 5, "\n".join(found)
    assert [re.match(r"site\.toml: ([\w.]+)", problem)[1] for problem in found] == [  # type: ignore[index]
        "pool.p.password",
        "host.h1.powered_by",
        "host.h1.maintenance.after",
        "host.h1.need",
        "vm.web.tier",
    ]


def test_two_pools_do_not_share_a_host() -> None:
    second = '[pool.q]\naddresses = ["https://192.0.2.101:443"]\nusername = "root"\npassword = "secret:pool1"\n'
    (found,) = problems(GOOD + second)
    assert "pool.q.addresses names the host 192.0.2.101:443, and so does pool.p.addresses" in found


def test_dots_in_a_name_need_quotes() -> None:
    found = problems(GOOD.replace("[host.h1]", "[host.192.0.2.1]"))
    assert (
        'site.toml: host.192.0 is not known: if it is part of a name with dots, quote the name: [host."NAME"]' in found
    )


def test_names_are_quoted_as_in_the_file() -> None:
    (found,) = problems(GOOD + '[host."xen 2"]\npool = "q"\n')
    assert found.startswith('site.toml: host."xen 2".pool names "q"')


def test_no_error_holds_the_files_values_in_its_chain() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(GOOD.replace("secret:pool1", "hunter2"), SECRETS)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff", "is not UTF-8 text"),
        (b"[" * 9999, "is not TOML"),
    ],
)
def test_unreadable_file(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "lab.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(told)) as caught:
        load(path, SECRETS)
    assert str(caught.value).startswith("lab.toml: ")
