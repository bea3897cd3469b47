"""SET on the World's cards: what a real card takes, and what it does then; checked with the tree alone."""

from __future__ import annotations

import pytest
from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pysnmp.proto import api  # type: ignore[import-untyped]

from ridethrough.core.model import CardAction
from ridethrough.sim.cards import Family
from ridethrough.sim.cards_mib.tree import BAD_VALUE, NO_CREATION, NO_SUCH_NAME, NOT_WRITABLE, WRONG_VALUE, answer
from ridethrough.sim.snmp_agent import WireCard
from ridethrough.sim.world import World

from .site import DELAY, world_of

RFC = "1.3.6.1.2.1.33.1"
P = "1.3.6.1.4.1.935.1.1.1"
E = "1.3.6.1.4.1.935.10.1.1"
U = "1.3.6.1.4.1.2468.1.2.1.1"


def put(card: WireCard, oid: str, value: int | str, version: int = 1) -> int:
    """error-status of a SET. A str is an OID."""
    proto = api.PROTOCOL_MODULES[version]
    pdu = proto.SetRequestPDU()
    proto.apiPDU.set_defaults(pdu)
    wire = proto.Integer(value) if isinstance(value, int) else proto.ObjectIdentifier(value)
    proto.apiPDU.set_varbinds(pdu, [(oid, wire)])
    message = proto.Message()
    proto.apiMessage.set_defaults(message)
    proto.apiMessage.set_community(message, "private")
    proto.apiMessage.set_pdu(message, pdu)
    response = answer(encoder.encode(message), b"public", card.tree, b"private")
    assert response is not None
    decoded, _ = decoder.decode(response, asn1Spec=proto.Message())
    return int(proto.apiPDU.get_error_status(proto.apiMessage.get_pdu(decoded)))


def get(card: WireCard, oid: str) -> object:
    return card.tree().leaves[tuple(int(part) for part in oid.split("."))].value


def card_of(family: Family) -> tuple[World, WireCard]:
    world = world_of([family])
    return world, WireCard(world, family.value)


def test_rfc_1628_shutdown_after_delay_counts_down_cuts_and_comes_back() -> None:
    world, card = card_of(Family.RFC1628)
    world.set_feeder("a", False)
    assert put(card, f"{RFC}.8.2.0", 60) == 0
    world.advance(10)
    assert get(card, f"{RFC}.8.2.0") == 50
    assert f"{RFC}.6.3.22" in [leaf.value for leaf in card.tree().leaves.values()]
    world.advance(61)
    assert not world.upses["rfc1628"].output
    world.set_feeder("a", True)
    world.advance(80)
    assert world.upses["rfc1628"].output


def test_rfc_1628_what_is_cut_on_utility_power_stays_off() -> None:
    """upsAutoRestart: it restarts after a shutdown that occurred during a power loss."""
    world, card = card_of(Family.RFC1628)
    put(card, f"{RFC}.8.2.0", 60)
    world.advance(200)
    assert not world.upses["rfc1628"].output


def test_rfc_1628_shutdown_after_delay_is_aborted_by_minus_1() -> None:
    world, card = card_of(Family.RFC1628)
    put(card, f"{RFC}.8.2.0", 60)
    world.advance(10)
    assert put(card, f"{RFC}.8.2.0", -1) == 0
    assert get(card, f"{RFC}.8.2.0") == -1
    world.advance(100)
    assert world.upses["rfc1628"].output


def test_rfc_1628_shutdown_at_once() -> None:
    world, card = card_of(Family.RFC1628)
    put(card, f"{RFC}.8.2.0", 0)
    world.advance(0.1)
    assert not world.upses["rfc1628"].output


def test_rfc_1628_starts_and_aborts_a_test() -> None:
    world, card = card_of(Family.RFC1628)
    assert put(card, f"{RFC}.7.1.0", f"{RFC}.7.7.4") == 0
    assert world.upses["rfc1628"].card.testing
    assert get(card, f"{RFC}.7.3.0") == 5
    assert put(card, f"{RFC}.7.1.0", f"{RFC}.7.7.2") == 0
    assert not world.upses["rfc1628"].card.testing


@pytest.mark.parametrize(
    ("family", "result", "never", "running", "passed", "aborted"),
    [
        pytest.param(Family.RFC1628, f"{RFC}.7.3.0", 6, 5, 1, 4, id="rfc1628"),
        pytest.param(Family.XPPC, f"{P}.7.2.3.0", 1, 4, 1, 3, id="xppc: knows no word for never"),
        pytest.param(Family.EPPC, f"{E}.7.3.0", 1, 2, 3, 6, id="eppc"),
        pytest.param(Family.USHA, f"{U}.6.3.0", 6, 5, 1, 4, id="usha"),
    ],
)
def test_the_result_of_the_last_test_stays(
    family: Family, result: str, never: int, running: int, passed: int, aborted: int
) -> None:
    """RFC 1628 upsTestResultsSummary: of the current or last test; noTestsInitiated only before the first."""
    world, card = card_of(family)
    assert get(card, result) == never
    assert put(card, f"{RFC}.7.1.0", f"{RFC}.7.7.4") == 0
    assert get(card, result) == running
    world.advance(60)
    assert get(card, result) == passed
    put(card, f"{RFC}.7.1.0", f"{RFC}.7.7.4")
    world.set_feeder("a", on=False)
    assert get(card, result) == aborted


@pytest.mark.parametrize(
    ("family", "action", "period", "value", "seconds"),
    [
        (Family.EPPC, f"{E}.8.4.1.2.1", f"{E}.8.4.1.3.1", 300, 300),
        (Family.USHA, f"{U}.7.4.1.2.1", f"{U}.7.4.1.3.1", 5, 300),
    ],
)
def test_the_event_table_sets_action_and_warning_period(
    family: Family, action: str, period: str, value: int, seconds: float
) -> None:
    world, card = card_of(family)
    sim = world.upses[family.value].card
    assert put(card, action, 3) == 0
    assert sim.action is CardAction.CLIENT
    assert put(card, period, value) == 0
    assert sim.warning_period == seconds
    assert get(card, period) == value
    assert put(card, action, 9) == WRONG_VALUE
    assert put(card, action, 9, version=0) == BAD_VALUE
    assert put(card, period, -1) == WRONG_VALUE


def test_usha_and_xppc_set_their_shutdown_delay() -> None:
    world, card = card_of(Family.USHA)
    assert put(card, f"{U}.7.1.0", 90) == 0
    assert world.upses["usha"].card.shutdown_delay == 90
    world, card = card_of(Family.XPPC)
    for asked, kept in ((120, 120), (121, 180), (13, 18), (5, 12)):
        assert put(card, f"{P}.5.2.10.0", asked) == 0
        assert world.upses["xppc"].card.shutdown_delay == kept
    assert put(card, f"{P}.5.2.10.0", 601) == WRONG_VALUE


def test_setting_eppcs_output_off_delay_turns_the_output_off_as_its_mib_warns() -> None:
    world, card = card_of(Family.EPPC)
    assert put(card, f"{E}.8.1.0", 30) == 0
    world.advance(10)
    assert get(card, f"{E}.8.7.0") == 20
    assert put(card, f"{E}.8.3.0", 2) == 0
    assert get(card, f"{E}.8.7.0") == -1


def test_xppc_sleeps_on_battery_only() -> None:
    world, card = card_of(Family.XPPC)
    assert put(card, f"{P}.6.1.1.0", 3) == WRONG_VALUE
    world.set_feeder("a", on=False)
    world.advance(1)
    assert put(card, f"{P}.6.1.1.0", 3) == 0
    world.advance(DELAY + 2)
    assert not world.upses["xppc"].output


@pytest.mark.parametrize(
    ("version", "readonly", "missing"), [(0, NO_SUCH_NAME, NO_SUCH_NAME), (1, NOT_WRITABLE, NO_CREATION)]
)
def test_what_cannot_be_set_is_refused(version: int, readonly: int, missing: int) -> None:
    _, card = card_of(Family.EPPC)
    assert put(card, f"{RFC}.4.1.0", 3, version) == readonly
    assert put(card, "1.3.6.1.4.1.99.1.0", 3, version) == missing


A, C = "1.3.6.1.4.1.318.1.1.1", "1.3.6.1.4.1.3808.1.1.1"
X, H = "1.3.6.1.4.1.534.1", "1.3.6.1.4.1.232.165.3"
D, M = "1.3.6.1.4.1.2254.2.4", "1.3.6.1.4.1.705.1"

RETURNS = [
    pytest.param(Family.RFC1628, {f"{RFC}.8.2.0": 30}, id="rfc1628"),
    pytest.param(Family.XPPC, {f"{P}.5.2.10.0": 30, f"{P}.6.1.1.0": 3}, id="xppc"),
    pytest.param(Family.EPPC, {f"{E}.8.3.0": 3}, id="eppc"),
    pytest.param(Family.USHA, {f"{U}.7.1.0": 30, f"{U}.7.2.0": 1, f"{U}.7.3.0": 2}, id="usha"),
    pytest.param(Family.APC, {f"{A}.5.2.10.0": 2000, f"{A}.6.1.1.0": 3}, id="apc"),
    pytest.param(Family.CYBERPOWER, {f"{C}.6.2.7.0": 30}, id="cyberpower"),
    pytest.param(Family.XUPS, {f"{X}.9.6.0": 30}, id="xups"),
    pytest.param(Family.PXGX, {f"{X}.9.6.0": 30}, id="pxgx"),
    pytest.param(Family.MGE, {f"{RFC}.8.2.0": 30}, id="mge"),
    pytest.param(Family.HP, {f"{RFC}.8.2.0": 30}, id="hp"),
    pytest.param(Family.DELL, {f"{RFC}.8.2.0": 30}, id="dell"),
    pytest.param(Family.DELTA, {f"{D}.2.4.0": 1, f"{D}.2.3.0": 30}, id="delta"),
    pytest.param(Family.RIELLO, {"1.3.6.1.4.1.5491.10.1.8.2.0": 30}, id="riello"),
]
STAYS_OFF = [
    pytest.param(Family.XPPC, {f"{P}.6.2.1.0": 2}, {f"{P}.6.2.6.0": 2}, id="xppc"),
    pytest.param(Family.EPPC, {f"{E}.8.3.0": 1}, {f"{E}.8.2.0": 1}, id="eppc"),
    pytest.param(Family.USHA, {f"{U}.7.3.0": 1}, {f"{U}.7.3.0": 3}, id="usha"),
    pytest.param(Family.APC, {f"{A}.6.2.1.0": 2}, {f"{A}.6.2.6.0": 2}, id="apc"),
    pytest.param(Family.CYBERPOWER, {f"{C}.6.2.1.0": 3}, {f"{C}.6.2.6.0": 2}, id="cyberpower"),
    pytest.param(Family.XUPS, {f"{X}.9.1.0": 30}, {f"{X}.9.2.0": 1}, id="xups"),
    pytest.param(Family.HP, {f"{H}.8.1.0": 30}, {f"{H}.8.2.0": 1}, id="hp"),
    pytest.param(Family.DELTA, {f"{D}.2.3.0": 30}, {}, id="delta: has no command for it"),
    pytest.param(Family.RFC1628, {f"{RFC}.8.5.0": 2, f"{RFC}.8.2.0": 30}, {f"{RFC}.8.3.0": 1}, id="rfc1628"),
    pytest.param(Family.MGE, {f"{M}.4.9.0": 2, f"{RFC}.8.2.0": 30}, {f"{RFC}.8.3.0": 1}, id="mge"),
]


@pytest.mark.parametrize(("family", "sets"), RETURNS)
def test_a_cut_with_restart_ends_with_utility_power(family: Family, sets: dict[str, int]) -> None:
    world, card = card_of(family)
    ups = world.upses[family.value]
    world.set_feeder("a", on=False)
    world.advance(10)
    for oid, value in sets.items():
        assert put(card, oid, value) == 0
    world.advance(170)
    assert not ups.output
    assert ups.card.cut_at is None
    world.set_feeder("a", on=True)
    world.advance(300)
    assert ups.output


@pytest.mark.parametrize(("family", "sets", "on"), STAYS_OFF)
def test_an_output_that_was_switched_off_stays_off_until_it_is_switched_on(
    family: Family, sets: dict[str, int], on: dict[str, int]
) -> None:
    world, card = card_of(family)
    ups = world.upses[family.value]
    world.set_feeder("a", on=False)
    world.advance(10)
    for oid, value in sets.items():
        assert put(card, oid, value) == 0
    world.advance(170)
    assert not ups.output
    world.set_feeder("a", on=True)
    world.advance(1000)
    assert not ups.output
    for oid, value in on.items():
        assert put(card, oid, value) == 0
        world.advance(1010)
        assert ups.output


@pytest.mark.parametrize(("family", "root"), [(Family.XPPC, P), (Family.APC, A), (Family.CYBERPOWER, C)])
def test_sleep_until_power_returns_is_refused_on_utility_power(family: Family, root: str) -> None:
    world, card = card_of(family)
    for value in (2, 3):
        assert put(card, f"{root}.6.1.1.0", value) == WRONG_VALUE
        assert put(card, f"{root}.6.1.1.0", value, version=0) == BAD_VALUE
    world.advance(DELAY + 2)
    assert world.upses[family.value].output


def test_apcs_times_are_rounded_up_to_what_it_has() -> None:
    world, card = card_of(Family.APC)
    for asked, kept in ((2000, 20), (2001, 60), (18001, 300), (60000, 600)):
        assert put(card, f"{A}.5.2.10.0", asked) == 0
        assert world.upses["apc"].card.shutdown_delay == kept
    assert put(card, f"{A}.5.2.10.0", 60001) == WRONG_VALUE


def test_rfc_1628_reboot_and_start_count_down() -> None:
    world, card = card_of(Family.RFC1628)
    ups = world.upses["rfc1628"]
    assert put(card, f"{RFC}.8.4.0", 301) == WRONG_VALUE
    assert put(card, f"{RFC}.8.4.0", 60) == 0
    world.advance(1)
    assert not ups.output
    assert get(card, f"{RFC}.8.3.0") == 59
    world.advance(61)
    assert ups.output


def test_an_output_that_is_to_start_waits_for_utility_power() -> None:
    world, card = card_of(Family.RFC1628)
    ups = world.upses["rfc1628"]
    world.set_feeder("a", on=False)
    put(card, f"{RFC}.8.2.0", 0)
    put(card, f"{RFC}.8.3.0", 20)
    world.advance(100)
    assert not ups.output
    assert get(card, f"{RFC}.8.3.0") == -1
    world.set_feeder("a", on=True)
    world.advance(110)
    assert ups.output


def test_delta_restarts_after_minutes() -> None:
    world, card = card_of(Family.DELTA)
    put(card, f"{D}.2.4.0", 2)
    put(card, f"{D}.2.3.0", 30)
    world.advance(31)
    assert not world.upses["delta"].output
    world.advance(149)
    assert not world.upses["delta"].output
    world.advance(151)
    assert world.upses["delta"].output
