"""The table of messages against the datamodel's own description, where that is at hand."""

from __future__ import annotations

import json

import pytest

from ridethrough.sim.xapi_wire.catalogue import Form, catalogue
from ridethrough.sim.xapi_wire.marshal import BadArgument, argument, as_xml

from .site import RECORDINGS

SIGNATURES = RECORDINGS.parents[1] / "facts" / "xenapi-signatures.json"


def test_every_message_of_the_datamodel_is_known_with_its_parameters_and_fields() -> None:
    if not SIGNATURES.exists():
        pytest.skip("the datamodel's signatures (../shared) are not here")
    ours = catalogue()
    for described in json.loads(SIGNATURES.read_text()):
        xapi_class = described["class"]
        for name, signature in described["messages"].items():
            message = ours.find(f"{xapi_class}.{name}")
            assert message is not None, f"{xapi_class}.{name}"
            if message.form is not Form.GONE:
                taken = [p for p in signature["params"] if p[0] != "session_id"]
                assert len(message.parameters) == len(taken), message.full_name
        if xapi_class != "event":
            assert set(ours.fields[xapi_class]) == set(described["fields"])


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("VM.pool_migrate", True),
        ("host.get_vms_which_prevent_evacuation", True),
        ("host.get_enabled", False),
        ("host.add_to_other_config", False),
        ("event.from", False),
        ("task.cancel", False),
        ("session.logout", False),
    ],
)
def test_which_messages_have_an_async_form(name: str, may: bool) -> None:
    message = catalogue().find(name)
    assert message is not None
    assert message.may_be_async is may
    assert catalogue().find(name.replace(".", "_", 1)) is message


def test_arguments_are_read_by_kind() -> None:
    assert argument("int", "5") == 5
    assert argument("float", "1.5") == 1.5
    assert argument("bool", "true") is True
    assert argument("set-text", ["a"]) == ["a"]
    assert argument("map-text", {"a": "b"}) == {"a": "b"}
    for kind, given in (("text", None), ("int", "x"), ("set-text", "a"), ("map-text", []), ("bool", "maybe")):
        with pytest.raises(BadArgument):
            argument(kind, given)


def test_values_on_xml_rpc() -> None:
    def kinds(xapi_class: str, field: str) -> str:
        return {"n": "int", "at": "time"}[field]

    assert as_xml("int", 5, kinds) == "5"
    assert as_xml("float", 0.0, kinds) == "<double>0</double>"
    assert as_xml("bool", True, kinds) == "<boolean>1</boolean>"
    assert as_xml("text", "a<b&c", kinds) == "a&lt;b&amp;c"
    assert as_xml("void", None, kinds) == ""
    assert as_xml("set-int", [1], kinds) == "<array><data><value>1</value></data></array>"
    inside = as_xml("record-host", {"n": 1, "at": "20260101T00:00:00Z"}, kinds)
    assert "<name>at</name><value><dateTime.iso8601>20260101T00:00:00Z</dateTime.iso8601></value>" in inside
