"""Which cards can be told to switch their output off, and what they are told; cards that answer from a list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ridethrough.core.wording import duration
from ridethrough.drivers.snmp import CardConfig, V3User
from ridethrough.drivers.snmp.control import CardSwitch
from ridethrough.ports import Refused, Unreachable
from ridethrough.sim.cards_mib.tree import Leaf
from ridethrough.ups.switching import Abilities

from . import own_cards
from .agent import SNMPD, Snmpd
from .replay import APC, EPPC, RFC, XUPS, ReplayCard, Rows, integers, on_battery, recorded
from .test_v3 import KEPT, SIGNED

HP = "1.3.6.1.4.1.232.165.3"
RECORDED = {
    "simdata-eastpower-istars-swv053": "RFC 1628",
    "simdata-phoenixtec-power": "RFC 1628",
    "lnms-eaton-mgeups_9pxle": "XUPS",
}


def now() -> float:
    return 100.0


def switch(card: ReplayCard) -> CardSwitch:
    return CardSwitch(replace(card.config(), write_community="public"), now, pause=0.05)


def standard(**changed: int) -> Rows:
    """RFC 1628 on battery with its control group, idle; `changed` by the object's number in that group."""
    group = {"n1": 1, "n2": -1, "n5": 1} | changed
    return on_battery(own_cards.FAMILIES["RFC 1628"]) | integers(
        {f"{RFC}.8.{name[1:]}.0": value for name, value in group.items()}
    )


def counts_from(card: ReplayCard, told: str, shown: str, shift: int = 0) -> None:
    """From now on the card takes the delay at `told`, and shows it, changed by `shift`, as its countdown at `shown`."""

    def take(seconds: int) -> None:
        card.rows[shown] = replace(card.rows[shown], value=seconds + shift)

    card.rows[told] = replace(card.rows[told], write=take)


@pytest.mark.parametrize(
    ("family", "root", "off", "countdown"),
    [("XUPS", XUPS, f"{XUPS}.9.6.0", f"{XUPS}.9.1.0"), ("CPQPOWER", HP, f"{HP}.8.6.0", f"{HP}.8.1.0")],
)
async def test_load_shed_with_restart_works_on_utility_power_and_cannot_be_cancelled(
    family: str, root: str, off: str, countdown: str
) -> None:
    status = {f"{root}.4.5.0": 3, f"{root}.2.5.0": 3, f"{root}.2.1.0": 900}
    async with ReplayCard(integers({**status, off: 0, countdown: 0})) as card:
        counts_from(card, off, countdown)
        output = switch(card)
        found = await output.abilities()
        assert (found.by, found.off, found.cancel, found.on_utility) == (family, True, False, True)
        assert found.in_words() == f"off with restart ({family})"
        done = await output.off_and_restart(90)
        assert (done.steps, done.countdown) == ((f"{off} was set to 90: it said yes",), 90)
        with pytest.raises(Refused, match="once given it cannot be cancelled"):
            await output.cancel()
        output.close()


async def test_rfc_1628_where_the_family_itself_cannot() -> None:
    status = integers({f"{APC}.4.1.1.0": 2, f"{APC}.2.1.1.0": 2})
    group = integers({f"{RFC}.8.1.0": 2, f"{RFC}.8.2.0": -1, f"{RFC}.8.5.0": 1})
    async with ReplayCard(status | group) as card:
        output = switch(card)
        found = await output.abilities()
        assert (found.by, found.off, found.cancel, found.on_utility) == ("RFC 1628", True, True, False)
        assert found.in_words() == "off with restart (on battery only), cancel (RFC 1628)"
        output.close()


@pytest.mark.parametrize("family", sorted(own_cards.FAMILIES))
async def test_a_card_without_such_objects_can_nothing_and_says_so(family: str) -> None:
    rows = {oid: leaf for oid, leaf in own_cards.FAMILIES[family].items() if not oid.startswith(f"{RFC}.8.")}
    async with ReplayCard(rows) as card:
        output = switch(card)
        found = await output.abilities()
        assert (found.off, found.cancel) == (False, family == "EPPC")
        assert "RFC 1628's are not answered" in found.why
        output.close()


async def test_a_webpower_card_that_reads_0_where_minus_1_is_meant_is_told_nothing(recordings: Path) -> None:
    async with ReplayCard(recorded(recordings, "simdata-ingrasys-power-switch")) as card:
        output = switch(card)
        found = await output.abilities()
        assert not found.off
        assert found.why.endswith("upsShutdownAfterDelay reads what RFC 1628 does not allow")
        output.close()


async def test_recordings_that_have_the_control_group_can(recordings: Path) -> None:
    for name, by in RECORDED.items():
        async with ReplayCard(recorded(recordings, name)) as card:
            output = switch(card)
            found = await output.abilities()
            final = by == "XUPS"
            assert found == Abilities(by, off=True, cancel=not final, on_utility=final, note=found.note), name
            assert await output.countdown() is None
            output.close()


@pytest.mark.parametrize("shift", [30, -40])
async def test_a_countdown_that_is_not_what_was_asked_is_told(shift: int) -> None:
    async with ReplayCard(standard()) as card:
        counts_from(card, f"{RFC}.8.2.0", f"{RFC}.8.2.0", shift)
        output = switch(card)
        with pytest.raises(Unreachable, match=f"it was told 90 s, and counts down from {duration(90 + shift)}"):
            await output.off_and_restart(90)
        output.close()


@pytest.mark.parametrize(("changed", "told"), [({"n5": 2}, "upsAutoRestart"), ({"n1": -1}, "upsShutdownType")])
async def test_what_must_be_set_first_and_cannot_be_ends_it(changed: dict[str, int], told: str) -> None:
    """The card says yes to each, and keeps what it had."""
    async with ReplayCard(standard(**changed)) as card:
        asked: list[int] = []
        for number in (1, 2, 5):
            oid = f"{RFC}.8.{number}.0"
            card.rows[oid] = replace(card.rows[oid], write=asked.append if number == 2 else lambda _: None)
        output = switch(card)
        with pytest.raises(Refused, match=f"{told} cannot be set to 1: it said yes, and reads as before"):
            await output.off_and_restart(90)
        assert asked == []
        output.close()


async def test_a_community_that_may_not_write(recordings: Path) -> None:
    async with ReplayCard(standard()) as card:
        output = switch(card)
        with pytest.raises(Refused) as refused:
            await output.off_and_restart(90)
        assert refused.value.code == "notWritable"
        assert card.address in refused.value.detail
        output.close()


async def test_a_cancel_that_the_card_does_not_obey() -> None:
    async with ReplayCard(standard(n2=50)) as card:
        card.rows[f"{RFC}.8.2.0"] = Leaf("integer", 50, lambda _: None)
        output = switch(card)
        with pytest.raises(Refused, match="it still counts down, and cuts its output in 50 s"):
            await output.cancel()
        output.close()


# --- what is not known is not told as done


@pytest.mark.parametrize("now_reads", [Leaf("integer", 0), Leaf("integer", 65535), Leaf("null", None), None])
async def test_a_cancel_after_which_the_card_shows_neither_is_not_known(now_reads: Leaf | None) -> None:
    """0 is what is left of a countdown that has ended in the cut; an object that is gone or empty tells nothing."""
    async with ReplayCard(standard(n2=3)) as card:
        oid = f"{RFC}.8.2.0"

        def take(_: int) -> None:
            if now_reads is None:
                del card.rows[oid]
            else:
                card.rows[oid] = now_reads

        card.rows[oid] = replace(card.rows[oid], write=take)
        output = switch(card)
        with pytest.raises(Unreachable, match="It has been told, and whether its output stays on is not known"):
            await output.cancel()
        output.close()


@pytest.mark.parametrize("now_reads", [-1, 0])
async def test_a_cancel_that_came_too_late_says_that_the_output_is_off(now_reads: int) -> None:
    async with ReplayCard(standard(n2=3)) as card:
        oid = f"{RFC}.8.2.0"

        def take(_: int) -> None:
            card.rows |= integers({oid: now_reads, f"{RFC}.4.1.0": 2, f"{RFC}.4.4.1.5.1": 0, f"{RFC}.4.4.1.2.1": 0})

        card.rows[oid] = replace(card.rows[oid], write=take)
        output = switch(card)
        with pytest.raises(Refused, match="says that its output is off"):
            await output.cancel()
        output.close()


async def test_a_countdown_that_is_no_longer_answered_keeps_off_from_being_sent() -> None:
    async with ReplayCard(standard()) as card:
        asked: list[int] = []
        oid = f"{RFC}.8.2.0"
        card.rows[oid] = replace(card.rows[oid], write=asked.append)
        known = bytes([0x2B, 6, 1, 2, 1, 33, 1, 8, 2, 0])  # the same, as it stands in a request

        def forgets(request: bytes, response: bytes) -> list[bytes]:
            if known in request and len(request) < 50:  # for it alone: not the poll
                card.rows.pop(oid, None)
            return [response]

        card.mangle = forgets
        output = switch(card)
        with pytest.raises(Unreachable, match=f"lacks {oid}"):
            await output.off_and_restart(90)
        assert asked == []
        output.close()


async def test_a_countdown_of_seven_hours_is_one() -> None:
    async with ReplayCard(standard(n2=7 * 3600)) as card:
        counts_from(card, f"{RFC}.8.2.0", f"{RFC}.8.2.0")
        output = switch(card)
        with pytest.raises(Refused, match="counts down already"):
            await output.off_and_restart(90)
        assert "its countdown is gone" in (await output.cancel()).steps
        output.close()


LOAD_SHED, OFF_DELAY = f"{XUPS}.9.6.0", f"{XUPS}.9.1.0"
EATON = integers({f"{XUPS}.4.5.0": 5, f"{XUPS}.2.5.0": 2, f"{XUPS}.2.1.0": 900, LOAD_SHED: 0, OFF_DELAY: 0})


async def test_a_countdown_that_runs_in_the_object_it_was_set_by_is_seen_there() -> None:
    async with ReplayCard(EATON) as card:
        counts_from(card, LOAD_SHED, LOAD_SHED, -1)
        output = switch(card)
        assert (await output.off_and_restart(90)).countdown == 89
        with pytest.raises(Refused, match="counts down already"):
            await output.off_and_restart(60)
        output.close()


async def test_an_object_that_only_keeps_what_it_was_set_to_is_no_proof_and_is_not_set_again() -> None:
    async with ReplayCard(EATON) as card:
        counts_from(card, LOAD_SHED, LOAD_SHED)
        output = switch(card)
        with pytest.raises(Unreachable, match="said yes, and it shows no countdown"):
            await output.off_and_restart(90)
        with pytest.raises(Refused, match="counts down already"):
            await output.off_and_restart(60)
        output.close()


async def test_what_the_standard_counts_down_can_be_cancelled_though_the_familys_own_command_could_not() -> None:
    group = integers({f"{RFC}.4.1.0": 5, f"{RFC}.8.1.0": 2, f"{RFC}.8.2.0": 50, f"{RFC}.8.5.0": 1})
    async with ReplayCard(EATON | group) as card:
        counts_from(card, f"{RFC}.8.2.0", f"{RFC}.8.2.0")
        output = switch(card)
        assert (await output.abilities()).in_words() == "off with restart, cancel (XUPS + RFC 1628)"
        assert "its countdown is gone" in (await output.cancel()).steps
        assert not (await output.abilities()).cancel
        output.close()


async def test_where_nothing_shows_a_countdown_the_object_that_off_uses_is_told() -> None:
    """An EPPC card's own object cancels what its own commands began; `off` uses RFC 1628's."""
    group = integers({f"{EPPC}.8.7.0": -1, f"{EPPC}.8.3.0": 0})
    async with ReplayCard(own_cards.FAMILIES["EPPC"] | standard() | group) as card:
        told: list[tuple[str, int]] = []
        own, standards = f"{EPPC}.8.3.0", f"{RFC}.8.2.0"
        card.rows[own] = replace(card.rows[own], write=lambda value: told.append((own, value)))
        card.rows[standards] = replace(card.rows[standards], write=lambda value: told.append((standards, value)))
        output = switch(card)
        assert "it showed no countdown, and shows none" in (await output.cancel()).steps
        assert told == [(standards, -1)]
        output.close()


@pytest.mark.skipif(SNMPD is None, reason="net-snmp's agent is not here (Debian package snmpd)")
async def test_version_3_needs_no_community_and_net_snmps_agent_takes_it(tmp_path: Path) -> None:
    group = {f"{RFC}.8.1.0": 2, f"{RFC}.8.2.0": -1, f"{RFC}.8.5.0": 2}
    status = {f"{RFC}.4.1.0": 5, f"{RFC}.2.1.0": 2, f"{RFC}.2.3.0": 20, f"{RFC}.3.3.1.3.1": 0}
    users = {f'aes256 SHA-256 "{SIGNED}" AES-256 "{KEPT}"': "priv"}
    async with Snmpd(tmp_path, users, status | group) as agent:
        user = V3User("aes256", "sha256", SIGNED, "aes256", KEPT)
        output = CardSwitch(CardConfig("ups1", agent.address, "3", user=user, timeout=1.0), now)
        done = await output.off_and_restart(90)
        assert done.countdown == 90
        assert done.steps[:2] == ("upsAutoRestart was 2, and is now 1", "upsShutdownType is 2")
        assert "its countdown is gone" in (await output.cancel()).steps
        output.close()
