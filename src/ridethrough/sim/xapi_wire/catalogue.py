"""Which messages XenAPI has, what they take and what they answer, read from the table in `tables`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache

from ridethrough.sim.machines import Profile

from .releases import LATER_FIELDS, LATER_MESSAGES
from .tables import EMPTY_CLASSES, FIELDS, MESSAGES, REMOVED, REMOVED_CLASSES, WITHOUT_SESSION

SEEN = Profile()  # the release of the table


class Form(Enum):
    """How a message is answered: from the records alone, or by doing something of its own."""

    OWN = "own"
    GET = "get_"
    SET = "set_"
    ADD_TO = "add_to_"
    REMOVE_FROM = "remove_from_"
    ADD = "add_"
    REMOVE = "remove_"
    GET_ALL = "get_all"
    GET_RECORD = "get_record"
    GET_ALL_RECORDS = "get_all_records"
    GET_BY_UUID = "get_by_uuid"
    GET_BY_NAME_LABEL = "get_by_name_label"
    GONE = "gone"  # its name is kept, calling it is MESSAGE_REMOVED


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `default` is its text in the table, None when it must be given."""

    name: str
    kind: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `result` is a kind of the table, or `record-CLASS`, `map-record-CLASS`, `batch`."""

    xapi_class: str
    name: str
    form: Form
    parameters: tuple[Parameter, ...] = ()
    result: str = "void"
    field: str = ""
    needs_session: bool = True

    @property
    def full_name(self) -> str:
        return f"{self.xapi_class}.{self.name}"

    @property
    def may_be_async(self) -> bool:
        """Getters, setters and the classes session, event and task have no Async form (ocaml gen_server)."""
        return self.form is Form.OWN and self.xapi_class not in ("session", "event", "task")


SELF = Parameter("self", "text")


class Catalogue:
    """All messages by name; both `class.message` and `class_message` find one."""

    def __init__(self, profile: Profile) -> None:
        """The table is that of 24.19. `profile` takes away what came after an older release, and knows the parameters
        of host.disable and host.evacuate, which grew."""
        later = {*LATER_FIELDS.split()} if profile.is_long_term else set()
        self.fields = {
            name: {f: kind for f, kind in _fields(text) if f"{name}.{f}" not in later} for name, text in FIELDS.items()
        }
        later = {*LATER_MESSAGES.split()} if profile.is_long_term else set()
        self._by_name: dict[str, Message] = {}
        for message in _messages(self.fields):
            match message.full_name:
                case name if name in later:
                    continue
                case "host.disable" if profile.knows_auto_enable:
                    taken = (*message.parameters, Parameter("auto_enable", "bool", "true"))
                    message = replace(message, parameters=taken)
                case "host.evacuate":
                    message = replace(message, parameters=message.parameters[: profile.evacuate_parameters])
            self._by_name[message.full_name] = message
        aliases = {f"{m.xapi_class}_{m.name}": m for m in self._by_name.values()}
        self.names = tuple(self._by_name)
        self._by_name = {**aliases, **self._by_name}
        self.classes = {m.xapi_class.lower(): m.xapi_class for m in self._by_name.values()}

    def find(self, name: str) -> Message | None:
        """The message of that name, without its `Async.` prefix; None when XenAPI has none."""
        return self._by_name.get(name)

    def kind(self, xapi_class: str, field: str) -> str:
        """The kind of a field; the class in any case. Text for what the table does not describe."""
        known = self.fields.get(self.classes.get(xapi_class.lower(), ""), {})
        return known.get(field, ("text", False))[0]


@cache
def catalogue(profile: Profile = SEEN) -> Catalogue:
    """The one catalogue of this release, read once."""
    return Catalogue(profile)


def _fields(text: str) -> Iterator[tuple[str, tuple[str, bool]]]:
    for line in text.strip().splitlines():
        kind, names = line.strip().split(": ")
        for name in names.split():
            yield name.rstrip("!"), (kind, name.endswith("!"))


def _messages(fields: dict[str, dict[str, tuple[str, bool]]]) -> Iterator[Message]:
    for xapi_class, known in fields.items():
        yield from _about_objects(xapi_class, by_name="name_label" in known, listed=xapi_class != "session")
        for name, (kind, writable) in known.items():
            yield from _about_field(xapi_class, name, kind, writable)
    for xapi_class in EMPTY_CLASSES.split():
        yield from _about_objects(xapi_class, by_name=False, listed=True)
    without_session = WITHOUT_SESSION.split()
    for line in re.sub(r"\n  ", " ", MESSAGES.strip()).splitlines():
        yield _own(line, without_session)
    for full_name in (*REMOVED.split(), *(f"{c}.get_all_records" for c in REMOVED_CLASSES.split())):
        xapi_class, _, name = full_name.partition(".")
        yield Message(xapi_class, name, Form.GONE)


def _about_objects(xapi_class: str, by_name: bool, listed: bool) -> Iterator[Message]:
    yield Message(xapi_class, "get_record", Form.GET_RECORD, (SELF,), f"record-{xapi_class}")
    yield Message(xapi_class, "get_by_uuid", Form.GET_BY_UUID, (Parameter("uuid", "text"),), "text")
    if listed:
        yield Message(xapi_class, "get_all", Form.GET_ALL, (), "set-text")
        yield Message(xapi_class, "get_all_records", Form.GET_ALL_RECORDS, (), f"map-record-{xapi_class}")
    if by_name:
        yield Message(
            xapi_class, "get_by_name_label", Form.GET_BY_NAME_LABEL, (Parameter("label", "text"),), "set-text"
        )


def _about_field(xapi_class: str, field: str, kind: str, writable: bool) -> Iterator[Message]:
    yield Message(xapi_class, f"get_{field}", Form.GET, (SELF,), kind, field)
    if not writable:
        return
    value = Parameter("value", kind)
    yield Message(xapi_class, f"set_{field}", Form.SET, (SELF, value), field=field)
    key, text = Parameter("key", "text"), Parameter("value", "text")
    if kind.startswith("map-"):
        yield Message(xapi_class, f"add_to_{field}", Form.ADD_TO, (SELF, key, text), field=field)
        yield Message(xapi_class, f"remove_from_{field}", Form.REMOVE_FROM, (SELF, key), field=field)
    if kind.startswith("set-"):
        yield Message(xapi_class, f"add_{field}", Form.ADD, (SELF, text), field=field)
        yield Message(xapi_class, f"remove_{field}", Form.REMOVE, (SELF, text), field=field)


def _own(line: str, without_session: list[str]) -> Message:
    match = re.fullmatch(r"(\w+)\.(\w+)\((.*)\)(?: -> (\S+))?", line)
    assert match is not None, line
    xapi_class, name, parameters, result = match.groups()
    taken = tuple(_parameter(p) for p in parameters.split(", ") if p)
    needs_session = f"{xapi_class}.{name}" not in without_session
    return Message(xapi_class, name, Form.OWN, taken, result or "void", needs_session=needs_session)


def _parameter(text: str) -> Parameter:
    declared, equals, default = text.partition("=")
    name, _, kind = declared.partition(":")
    return Parameter(name, kind or "text", default if equals else None)
