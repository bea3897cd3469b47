"""Every error code that the facts name is told in words and sorted."""

from __future__ import annotations

import re

import pytest

from ridethrough.drivers.xapi.errors import CODES, Asks, asks, sentence, translated
from ridethrough.drivers.xapi.wire import XapiFailure
from ridethrough.ports import Refused, Unreachable


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_sentence_whatever_its_parameters(code: str) -> None:
    for params in ((), ("one",), ("one", "two", "three", "four", "five")):
        words = sentence(XapiFailure(code, *params))
        assert words
        assert "{" not in words
        assert not re.search(r"\b(master|slave)\b", words)


@pytest.mark.parametrize(
    ("failure", "kind", "says"),
    [
        (XapiFailure("HOST_STILL_BOOTING"), Unreachable, "HOST_STILL_BOOTING: the host is still starting"),
        (XapiFailure("CANNOT_CONTACT_HOST", "ref"), Unreachable, "the coordinator cannot reach xcp2"),
        (XapiFailure("HOST_OFFLINE", "ref"), Refused, "xcp2 is offline"),
        (XapiFailure("VM_BAD_POWER_STATE", "ref", "running", "halted"), Refused, "the VM is halted, not running"),
        (XapiFailure("VM_SHUTDOWN_TIMEOUT", "ref", "1200."), Refused, "within 1200. s"),
        (XapiFailure("HOST_NOT_ENOUGH_FREE_MEMORY", "1", "2"), Refused, "not enough free memory"),
        (XapiFailure("HOST_NOT_ENOUGH_PCPUS", "12", "8"), Refused, "the VM has 12 vCPUs, and the target 8 CPUs"),
        (XapiFailure("SOMETHING_NEW", "ref", "why"), Refused, "SOMETHING_NEW: xcp2: why"),
        (XapiFailure("SOMETHING_NEW"), Refused, "SOMETHING_NEW"),
    ],
)
def test_translation(failure: XapiFailure, kind: type[Exception], says: str) -> None:
    error = translated(failure, lambda ref: "xcp2" if ref == "ref" else ref)
    assert type(error) is kind
    assert says in str(error)


def test_an_unknown_code_asks_for_another_plan() -> None:
    assert asks(XapiFailure("SOMETHING_NEW")) is Asks.PLAN
    assert asks(XapiFailure("HOST_IS_LIVE", "ref")) is Asks.DONE
