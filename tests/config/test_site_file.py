"""A good site.toml becomes exactly the values that were written."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from ridethrough.config import (
    CardConnection,
    Configuration,
    Endpoint,
    ManagerSettings,
    NutConnection,
    PoolConnection,
    Secret,
    Secrets,
    load,
    parse,
)
from ridethrough.config.form_site import SiteSection
from ridethrough.config.quantities import Upsd
from ridethrough.config.settings import SnmpUser
from ridethrough.core.model import CardAction, CardTimers, Host, Pool, Ups
from ridethrough.core.policy import HostPolicy, Policy, Timer, VmPolicy, Wish
from ridethrough.fingerprints import fingerprint, normalised

from .example import PIN, SECRETS, WHOLE


@pytest.fixture(scope="module")
def whole() -> Configuration:
    return parse(WHOLE, SECRETS)


def test_topology(whole: Configuration) -> None:
    site = whole.site
    assert site.name == "Head office"
    timers = CardTimers(180, 120, CardAction.CLIENT_AND_UPS)
    assert site.upses == {
        "ups1": Ups("ups1", timers),
        "ups2": Ups("ups2", feeder="B"),
        "ups3": Ups("ups3"),
        "ups4": Ups("ups4"),
    }
    assert site.pools == {"pool1": Pool("pool1")}
    assert site.hosts == {
        "xen server 1": Host("xen server 1", "pool1", ("ups1", "ups2"), 2, "sw1"),
        "xenserver2": Host("xenserver2", "pool1", switch="sw2"),
    }


def test_policy(whole: Configuration) -> None:
    policy = whole.site.policy
    assert policy.hosts["xen server 1"] == HostPolicy(Timer(True, 60), Timer(True, 120))
    assert policy.hosts["xenserver2"] == HostPolicy()
    assert policy.vms == {"web": VmPolicy(Wish.SHUT_DOWN, 7, True)}
    assert (policy.reserve, policy.link_speed, policy.parallel) == (90, 1.25e9, 2)
    assert (policy.protect_coordinator, policy.force_stop) == (False, True)
    assert policy.controller == "watch-1"


def test_connections(whole: Configuration) -> None:
    assert whole.upses["ups1"] == CardConnection(
        "ups1", Endpoint("192.0.2.11", 161), "1", Secret("ups-community", "shhh")
    )
    assert whole.upses["ups2"] == CardConnection("ups2", Endpoint("2001:db8::12", 1161), "2c", Secret("", "public"))
    assert str(whole.upses["ups2"].at) == "[2001:db8::12]:1161"
    assert whole.upses["ups3"] == NutConnection(
        "ups3",
        Upsd(Endpoint("192.0.2.5", 3493), "cellar"),
        "monuser",
        Secret("upsd", "hush"),
        (PIN,),
        "/etc/ridethrough/ca.pem",
    )
    signed, kept = Secret("ups-auth", "signed it"), Secret("ups-privacy", "kept secret")
    assert whole.upses["ups4"] == CardConnection(
        "ups4",
        Endpoint("192.0.2.14", 161),
        "3",
        Secret("", "public"),
        SnmpUser("reader", "sha256", signed, "aes128", kept),
    )
    assert whole.traps == Endpoint("0.0.0.0", 1162)
    assert whole.manager == ManagerSettings(
        Endpoint("0.0.0.0", 8443),
        "/etc/ridethrough/manager.pem",
        "/etc/ridethrough/manager.key",
        idle=600,
        names=("ups.example.com", "192.0.2.5"),
    )
    assert whole.pools["pool1"] == PoolConnection(
        id="pool1",
        addresses=("192.0.2.101", "xen2.example.com:8443"),
        username="root",
        password=Secret("pool1", "swordfish"),
        fingerprints=(PIN,),
        witnesses=(Endpoint("192.0.2.1", 22),),
    )


def test_least_file_has_every_default() -> None:
    least = parse('[site]\nname = "Lab"', Secrets())
    assert least.site.policy == Policy()
    assert (least.site.upses, least.site.pools, least.site.hosts) == ({}, {}, {})
    assert (least.traps, least.manager) == (None, None)


def test_no_secret_is_shown(whole: Configuration) -> None:
    shown = f"{whole!r} {whole} {whole.pools['pool1'].password} {whole.upses!r}"
    assert "swordfish" not in shown
    assert "shhh" not in shown
    assert "hush" not in shown
    assert "signed it" not in shown
    assert "kept secret" not in shown
    assert "secret:pool1" in shown


def test_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(WHOLE)
    assert load(path, SECRETS) == parse(WHOLE, SECRETS)


def test_each_threshold_is_the_owners_or_ours() -> None:
    """A new threshold in Policy has to be offered in site.toml, or be named here as none of the owner's business."""
    ours = {
        "coordinator_grace",
        "disable_wait",
        "flap_window",
        "guest_start",
        "host_start",
        "move_overhead",
        "silent_is_low",
        "target_fresh",
        "test_expires",
    }
    sections = {"hosts", "vms", "controller"}
    owners = set(SiteSection.model_fields) - {"name"}
    assert owners | ours | sections == {field.name for field in fields(Policy)}
    assert not owners & ours


@pytest.mark.parametrize(
    "text", ["ab" * 32, PIN, "SHA-256:" + ":".join(["AB"] * 32), " " + ":".join(["ab"] * 32) + "\n"]
)
def test_fingerprints_are_read_as_people_paste_them(text: str) -> None:
    assert normalised(text) == PIN
    pasted = WHOLE.replace(f'fingerprints = ["{PIN}"]', f"fingerprints = [{json.dumps(text)}]")
    ups3 = parse(pasted, SECRETS).upses["ups3"]
    assert isinstance(ups3, NutConnection)
    assert ups3.fingerprints == (PIN,)


def test_a_fingerprint_is_that_of_sha256() -> None:
    assert fingerprint(b"abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
