"""What `check` says of a site, before and after its equipment was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.config import Secrets, parse
from ridethrough.core.advice import Advice, Level, advice, outcome
from ridethrough.core.model import CardAction, CardTimers
from ridethrough.core.observation import HostSeen, PoolSeen, Snapshot, Source, UpsReading, UpsSeen, VmSeen
from ridethrough.core.policy import HostPolicy, Timer
from ridethrough.core.site import Site

GIB = 2**30
ON = Timer(True, 60)


CARD = 'warning_period = 900\nshutdown_delay = 120\naction = "client and ups"'
BOTH = "maintenance = { enabled = true, after = 60 }\nshutdown = { enabled = true, after = 120 }"


def site(options: str = "", ups: str = "", site: str = "", more: str = "") -> Site:
    """Two UPSs, one pool, host h1 on `a` with the options given, host h2 on `b` with good ones."""
    text = f"""
[site]
name = "Lab"
{site}
[ups.a]
source = "snmp://192.0.2.11"
{ups or CARD}
[ups.b]
source = "snmp://192.0.2.12"
{CARD}
[pool.p]
addresses = ["192.0.2.101"]
username = "root"
password = "secret:p"
[host.h1]
pool = "p"
powered_by = ["a"]
{options or BOTH}
[host.h2]
pool = "p"
powered_by = ["b"]
{BOTH}
{more}
"""
    return parse(text, Secrets(environment={"RIDETHROUGH_SECRET_P": "x"})).site


def said(found: list[Advice]) -> str:
    return "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("options", "vms", "host", "crash"),
    [
        (HostPolicy(ON, ON), "migrate to another available host", "shuts down", False),
        (HostPolicy(Timer(), ON), "migrate to another available host", "shuts down", False),
        (
            HostPolicy(ON, Timer()),
            "migrate to another available host",
            "keeps running until its UPS stops: crash",
            True,
        ),
        (HostPolicy(), "crash", "crash", True),
    ],
)
def test_four_rows_of_the_action_table(options: HostPolicy, vms: str, host: str, crash: bool) -> None:
    row = outcome(options)
    assert (row.vms, row.host, row.crash) == (vms, host, crash)


def test_good_site_needs_no_advice() -> None:
    assert said(advice(site())) == ""


def test_crash_rows_are_dangers_with_the_remedy() -> None:
    (nothing,) = advice(site(options="needs = 1"))
    assert nothing.level is Level.DANGER
    assert nothing.about == "host.h1"
    assert nothing.text == (
        "its VMs and the host crash when a stops. It is spared while it is its pool's coordinator. "
        "Write shutdown = { enabled = true, after = ... }"
    )
    (only,) = advice(site(options="maintenance = { enabled = true, after = 60 }", site="protect_coordinator = false"))
    assert only.text == (
        "its VMs move away, but the host crashes when a stops. Write shutdown = { enabled = true, after = ... }"
    )


def test_a_coordinator_without_timers_is_no_danger_while_it_leads_and_is_protected() -> None:
    leads = Snapshot(
        pools={"p": PoolSeen("p", "h1", answered_at=1.0)}, hosts={h: HostSeen(h, "p", h) for h in ("h1", "h2")}
    )
    (note,) = [a for a in advice(site(options="needs = 1"), leads) if a.about == "host.h1" and "crash" in a.text]
    assert (note.level, note.text) == (
        Level.NOTE,
        "as its pool's coordinator it needs no timers: it is shut down last, in time. Should another host take that "
        "role, its VMs and the host crash when a stops. For that case write shutdown = { enabled = true, after = ... }",
    )
    member = replace(leads, pools={"p": PoolSeen("p", "h2", answered_at=1.0)})
    half = "maintenance = { enabled = true, after = 60 }"  # what it says holds, and leaves its shutdown out
    for options, policy, seen in (
        ("needs = 1", "", member),
        ("needs = 1", "protect_coordinator = false", leads),
        (half, "", leads),
    ):
        dangers = [a for a in advice(site(options=options, site=policy), seen) if a.level is Level.DANGER]
        assert [a.about for a in dangers if "crashes when a" in a.text or "crash when a" in a.text] == ["host.h1"]


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (780, ""),
        (
            800,
            "shutdown ends after the warning period of a's card (900 s): 800 s + 60 s to shut the host down + "
            "60 s reserve = 920 s, and the card cuts the output at 1020 s. Write shutdown.after = 780 or less",
        ),
        (
            900,
            "shutdown.after is not shorter than the warning period of a's card (900 s): 900 s + 60 s to shut the host "
            "down + 60 s reserve = 1020 s, and the card cuts the output at 1020 s. Write shutdown.after = 780 or less",
        ),
        (
            950,
            "shutdown.after is not shorter than the warning period of a's card (900 s): 950 s + 60 s to shut the host "
            "down + 60 s reserve = 1070 s, and the card cuts the output at 1020 s; it will begin earlier than its "
            "timer says. Write shutdown.after = 780 or less",
        ),
    ],
)
def test_shutdown_against_the_warning_period(after: int, told: str) -> None:
    found = advice(site(options=f"shutdown = {{ enabled = true, after = {after} }}"))
    assert [a.text for a in found] == ([told] if told else [])


def test_maintenance_counts_the_vms_that_are_to_be_moved() -> None:
    vms = {n: VmSeen(n, n, "p", resident_on="h1", memory=10 * GIB) for n in ("v1", "v2", "v3", "v4")}
    late = site(options="maintenance = { enabled = true, after = 500 }\nshutdown = { enabled = true, after = 501 }")
    texts = [a.text for a in advice(late, Snapshot(vms=vms)) if a.about == "host.h1"]
    assert texts[0] == (
        "maintenance ends after the warning period of a's card (900 s): 500 s + 436 s to move 4 VMs = 936 s, "
        "and the card cuts the output at 1020 s. Write maintenance.after = 464 or less"
    )
    assert len(texts) == 2


@pytest.mark.parametrize(
    ("maintenance", "shutdown", "told"),
    [
        (300, 740, ""),  # maintenance has moved the VMs away by then
        (
            300,
            781,
            "shutdown ends after the warning period of a's card (900 s): 781 s + 60 s to shut the host down + 60 s "
            "reserve = 901 s, and the card cuts the output at 1020 s. Write shutdown.after = 780 or less",
        ),
        (
            400,
            420,
            "shutdown ends after the warning period of a's card (900 s): 420 s + 416 s more to move 4 VMs + 60 s to "
            "shut the host down + 60 s reserve = 956 s, and the card cuts the output at 1020 s. "
            "Write shutdown.after = 344 or less",
        ),
        (400, 344, ""),  # its own timer moves them first
    ],
)
def test_shutdown_counts_only_the_moves_that_maintenance_has_left(maintenance: int, shutdown: int, told: str) -> None:
    vms = {n: VmSeen(n, n, "p", resident_on="h1", memory=10 * GIB) for n in ("v1", "v2", "v3", "v4")}
    options = f"maintenance = {{ enabled = true, after = {maintenance} }}"
    the_site = site(options=f"{options}\nshutdown = {{ enabled = true, after = {shutdown} }}")
    texts = [a.text for a in advice(the_site, Snapshot(vms=vms)) if a.about == "host.h1"]
    assert [text for text in texts if "never has a step" not in text] == ([told] if told else [])


def test_what_the_card_tells_wins() -> None:
    told = CardTimers(100.0, 60.0, CardAction.CLIENT_AND_UPS)
    seen = Snapshot(upses={"a": UpsSeen(UpsReading(0.0, Source.UTILITY, timers=told))})
    (found,) = advice(site(), seen)
    assert found.text.startswith("shutdown.after is not shorter than the warning period of a's card (100 s)")
    assert found.text.endswith("Give a's card a longer warning period")


def test_unknown_warning_period() -> None:
    (before,) = advice(site(ups="version = '2c'"))
    assert (before.level, before.about) == (Level.NOTE, "ups.a")
    seen = Snapshot(upses={"a": UpsSeen(UpsReading(0.0, Source.UTILITY))})
    (after,) = advice(site(ups="version = '2c'"), seen)
    assert after.level is Level.WARNING
    assert "Write warning_period, shutdown_delay and action" in after.text


def test_a_ups_whose_card_does_nothing_or_that_has_none_needs_no_warning_period() -> None:
    assert advice(site(ups='action = "disabled"')) == []


def test_shutdown_before_maintenance() -> None:
    options = "maintenance = { enabled = true, after = 60 }\nshutdown = { enabled = true, after = 30 }"
    (found,) = advice(site(options=options))
    assert found.level is Level.WARNING
    assert found.text.startswith("shutdown.after (30 s) is shorter than maintenance.after (60 s)")


def test_host_without_ups_and_ups_without_host() -> None:
    found = advice(site(more='[ups.c]\nsource = "snmp://192.0.2.13"\n[host.h3]\npool = "p"\n'))
    assert [(a.level, a.about) for a in found] == [(Level.WARNING, "host.h3"), (Level.NOTE, "ups.c")]
    assert "assumed powered" in found[0].text


def test_host_that_may_stay_off() -> None:
    there = Snapshot(hosts={h: HostSeen(h, "p") for h in ("h1", "h2")})
    client = site(ups='warning_period = 900\nshutdown_delay = 120\naction = "client"')
    (found,) = advice(client, there)
    assert (found.level, found.about) == (Level.DANGER, "host.h1")
    assert found.text.startswith("once shut down it may stay off: a may keep its output on until power returns")
    cut = 'write_community = "secret:p"\ncut_output = true\n'
    (note,) = advice(site(ups=f'{cut}warning_period = 900\nshutdown_delay = 120\naction = "client"'), there)
    assert (note.level, note.about) == (Level.NOTE, "host.h1")
    assert "is started by nothing but the cut of a" in note.text
    with_method = Snapshot(hosts={h: HostSeen(h, "p", power_on_mode="wake-on-lan") for h in ("h1", "h2")})
    assert advice(client, with_method) == []


def test_names_are_compared_with_what_is_there() -> None:
    seen = Snapshot(
        pools={"p": PoolSeen("p", coordinator="h1", answered_at=1.0)},
        hosts={h: HostSeen(h, "p") for h in ("h1", "h9")},
        vms={"u1": VmSeen("u1", "web", "p")},
    )
    found = said(advice(site(more="[vm.web]\ntier = 1\n[vm.u1]\ntier = 1\n[vm.gone]\ntier = 1\n"), seen))
    assert "danger: pool.p: host h9 is not named, so it crashes with its UPS: write a [host.NAME]" in found
    assert "danger: host.h2: is no host of p: use its name label, uuid or address. There: h1, h9" in found
    assert "warning: vm.gone: no VM has this name or uuid" in found
    assert "vm.web" not in found
    assert "vm.u1" not in found


def test_device_that_never_answered_is_a_danger() -> None:
    seen = Snapshot(
        upses={"a": UpsSeen(trouble="no answer in 3 s")}, pools={"p": PoolSeen("p", trouble="wrong password")}
    )
    found = said(advice(site(), seen))
    assert "danger: ups.a: has never answered (no answer in 3 s): check source, version and community" in found
    assert "danger: pool.p: has never answered (wrong password): check addresses, username and password" in found


def test_all_hosts_on_one_ups() -> None:
    one = site().hosts["h1"]
    built = site()
    both = Site(built.name, built.upses, built.pools, {"h1": one, "h2": type(one)("h2", "p", ("a",))}, built.policy)
    assert "note: pool.p: all its hosts hang on a: when it fails no host can take VMs" in said(advice(both))


def test_pool_without_named_hosts() -> None:
    more = '[pool.q]\naddresses = ["192.0.2.201"]\nusername = "root"\npassword = "secret:p"\n'
    (found,) = advice(site(more=more))
    assert found.text == 'none of its hosts is named: write a [host.NAME] with pool = "q" for each'


def test_dangers_come_first() -> None:
    found = advice(site(options="needs = 1", more='[ups.c]\nsource = "snmp://192.0.2.13"\n[host.h3]\npool = "p"\n'))
    assert [a.level for a in found] == [Level.DANGER, Level.WARNING, Level.NOTE]


def fed(feeders: dict[str, str], needs: int = 1) -> Site:
    """A host h3 on these UPSs, each on its feeder; empty: nobody says which."""
    upses = "".join(
        f'[ups.{ups}]\nsource = "snmp://192.0.2.{at}"\n{CARD}\nfeeder = "{feeder}"\n'
        for at, (ups, feeder) in enumerate(feeders.items(), start=31)
    )
    names = ", ".join(f'"{ups}"' for ups in feeders)
    return site(more=f'{upses}[host.h3]\npool = "p"\npowered_by = [{names}]\nneeds = {needs}\n{BOTH}')


@pytest.mark.parametrize(
    ("feeders", "needs", "told"),
    [
        ({"x": "A", "y": "A"}, 1, "x and y hang on feeder A: when it fails, h3 loses both. Hang one of them on"),
        ({"x": "A", "y": "A"}, 2, "x and y hang on feeder A: when it fails, h3 loses both."),
        ({"x": "A", "y": "A", "z": "A"}, 1, "x, y and z hang on feeder A: when it fails, h3 loses them all. Hang"),
        ({"x": "A", "y": "A", "z": "B"}, 2, "x and y hang on feeder A: when it fails, h3 loses 2 of its 3 feeds, and"),
        (dict.fromkeys("uvxyz", "A"), 1, "all its 5 UPSs hang on feeder A: when it fails, h3 loses them all. Hang"),
        (dict.fromkeys("vxyz", "A") | {"u": "B"}, 2, "4 of its UPSs hang on feeder A: when it fails, h3 loses 4 of"),
    ],
)
def test_feeds_that_one_failure_takes_together(feeders: dict[str, str], needs: int, told: str) -> None:
    (found,) = advice(fed(feeders, needs))
    assert str(found).startswith(f"warning: host.h3: {told}")


@pytest.mark.parametrize(
    ("feeders", "needs"),
    [
        ({"x": "A", "y": "B"}, 1),
        ({"x": "", "y": ""}, 1),
        ({"x": "A"}, 1),
        ({"x": "A", "y": "A", "z": "B"}, 1),
        ({"x": "A", "y": "A", "z": "B"}, 3),  # it misses each one anyway
    ],
)
def test_feeds_that_no_single_failure_takes(feeders: dict[str, str], needs: int) -> None:
    assert said(advice(fed(feeders, needs))) == ""
