"""Which storage repositories hosts attach again, and who waits for them."""

from __future__ import annotations

from dataclasses import replace

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.attachments import NOT_ATTACHED, attach, awaited, is_given_up
from ridethrough.core.closing import differences
from ridethrough.core.model import Storage
from ridethrough.core.observation import HostSeen, Snapshot, StorageSeen
from ridethrough.core.recovery import start_guests
from ridethrough.core.situation import Situation

from .build import host_seen, remember, site, snapshot, vm_seen

NOW = 5000.0
RECORD = e.PoolRecorded(
    100.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (("web", "h2"),), False,
    attached=(("h1", ("nfs",)), ("h2", ("iso", "nfs"))),
)  # fmt: skip
STOPPED = e.ActionStarted(150.0, a.StopVm("web", "web", "pool1", "h2", "why", 60.0))


def after_the_outage(*events: e.Event, serves: bool = True, h2: HostSeen | None = None) -> Situation:
    """h2 has started anew, without its storage; web, which ran there, is halted."""
    the_site = replace(site(), storages={"nas": Storage("nas", repositories=("nfs",))})
    halted = replace(vm_seen("web", "h2"), resident_on=None, power=vm_seen("x", "h2").power.HALTED)
    base = snapshot(NOW, the_site, (halted,))
    late = h2 or host_seen("h2", NOW, storage=frozenset(), detached=frozenset({"nfs", "other"}))
    nas = StorageSeen("nas", serves_at=NOW if serves else None, serves_since=100.0 if serves else None)
    pools = {"pool1": replace(base.pools["pool1"], storage_names={"nfs": "the nas"})}
    seen: Snapshot = replace(base, pools=pools, hosts={**base.hosts, "h2": late}, storages={"nas": nas})
    known = [e.UpsKnown(0.0, u) for u in the_site.upses]
    stopped = e.ActionFinished(170.0, len(known) + 3, STOPPED.action)
    return Situation(NOW, seen, remember(e.Armed(0.0, "owner"), *known, RECORD, STOPPED, stopped, *events), the_site)


def wanted(s: Situation) -> list[a.AttachRepository]:
    return [
        event.action
        for event in attach(s)
        if isinstance(event, e.ActionStarted) and isinstance(event.action, a.AttachRepository)
    ]


def fails(at: float, times: int) -> list[e.Event]:
    action = wanted(after_the_outage())[0]
    return [e.ActionFinished(at, 0, action, "SR_BACKEND_FAILURE_108", refused=True)] * times


def test_what_was_attached_is_attached_again_once_its_storage_serves() -> None:
    assert [(w.host, w.repository) for w in wanted(after_the_outage())] == [("h2", "nfs")]  # `other` was not
    assert wanted(after_the_outage(serves=False)) == []


def test_a_host_that_is_down_or_does_not_answer_attaches_nothing() -> None:
    assert wanted(after_the_outage(e.HostDown(200.0, "h2", "proof"))) == []
    detached = frozenset({"nfs"})
    assert wanted(after_the_outage(h2=host_seen("h2", NOW, detached=detached, toolstack_at=None))) == []
    assert wanted(after_the_outage(h2=host_seen("h2", NOW, detached=detached, live=False))) == []


def test_it_is_tried_again_and_later_each_time() -> None:
    assert wanted(after_the_outage(*fails(NOW - 10, 1))) == []
    assert wanted(after_the_outage(*fails(NOW - 20, 1)))
    assert wanted(after_the_outage(*fails(NOW - 20, 3))) == []
    assert wanted(after_the_outage(*fails(NOW - 60, 3)))


def test_a_vm_waits_for_the_hosts_of_its_storage_until_they_are_given_up() -> None:
    s = after_the_outage()
    web = s.seen.vms["web"]
    assert [(h.id, r) for h, r in awaited(s, web)] == [("h2", "nfs")]
    assert start_guests(s) == []  # though h1 has it
    told = e.Alerted(NOW - s.policy.starts_itself, "h2", NOT_ATTACHED, "text")
    s = after_the_outage(*fails(NOW - 10, 2), told)
    assert is_given_up(s, s.seen.hosts["h2"], "nfs")
    assert [type(event) for event in start_guests(s)] == [e.ActionStarted]
    assert any(text.startswith("the nas is not attached to h2") for text in differences(s, "pool1"))


def test_an_old_journal_knows_nothing_of_attached_storage_and_nobody_waits() -> None:
    s = after_the_outage(replace(RECORD, attached=()))
    assert wanted(s) == []
    assert awaited(s, s.seen.vms["web"]) == []


def test_what_is_not_as_it_was_is_told_with_its_reason() -> None:
    told = differences(after_the_outage(*fails(NOW - 10, 2)), "pool1")
    assert "the nas is not attached to h2 (it cannot attach the nas (SR_BACKEND_FAILURE_108))" in told
    silent = after_the_outage(e.Alerted(NOW - 100.0, "nas", "not serving", "text"), serves=False)
    assert "web is halted (nas does not serve)" in differences(silent, "pool1")
    person = after_the_outage(e.VmLeftOff(NOW - 100.0, "web", "web"))
    assert "web is halted (shut down, and not by our doing)" in differences(person, "pool1")
