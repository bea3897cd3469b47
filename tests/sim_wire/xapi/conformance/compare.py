"""Two answers beside each other: what must be equal, what must only be of one kind, and what differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

UNKNOWN = "a reference"  # the name of what nobody has a name for
Naming = Callable[[str], str]  # a reference -> what it stands for; "a reference" when nobody knows

_STRICT = """
enabled live power_state resident_on scheduled_to_be_resident_on current_operations allowed_operations name_label status
error_info result is_control_domain master subtask_of power_on_mode blocked_operations guest_metrics resident_VMs
progress possible_hosts free_memory is_in_emergency_mode vms_which_prevent_evacuation this_host auth_user_name
is_local_superuser other_config metrics affinity hostname memory_total memory_dynamic_min memory_static_max
memory_overhead memory_target
"""
STRICT = frozenset(_STRICT.split())
AS_SETS = ("allowed_operations", "resident_VMs", "possible_hosts")
_ENVIRONMENT = """
agent_start_time boot_time no_local_storage memory-ratio-hvm memory-ratio-pv debug_info:cancel_points_seen mac_seed
import_task
"""  # keys of other_config that xapi writes for itself
ENVIRONMENT = frozenset(_ENVIRONMENT.split())
REFERENCE = re.compile(r"(Opaque)?Ref:.*")  # the control domain's snapshot_of is "Ref:1"
MOMENT = re.compile(r"\d{8}T\d\d:\d\d:\d\dZ?")
NUMBER = re.compile(r"-?\d+(\.\d*)?(e[+-]?\d+)?")


@dataclass(frozen=True)
class Difference:
    """`key`: which recording's what; both sides in words."""

    key: str
    theirs: str
    ours: str

    def __str__(self) -> str:
        return f"{self.key}: theirs {self.theirs}; ours {self.ours}"


def named(value: Any, naming: Naming) -> Any:
    """The same value with names in place of references, also inside of texts."""
    if isinstance(value, str):
        return re.sub(r"OpaqueRef:[0-9a-f]{8}-[0-9a-f-]{27}", lambda m: naming(m.group()), value)
    if isinstance(value, dict):
        return {named(k, naming): named(v, naming) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [named(each, naming) for each in value]
    return value


def kind(value: Any) -> str:
    """What sort of thing a value is."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return type(value).__name__
        case dict():
            return "map"
        case list() | tuple():
            return "list"
        case None:
            return "nothing"
    if value == "OpaqueRef:NULL" or value.startswith(("a reference", "the ", "host ", "VM ", "task ", "OpaqueRef:")):
        return "reference"
    if REFERENCE.fullmatch(value):
        return "reference"
    return "moment" if MOMENT.fullmatch(value) else "number" if NUMBER.fullmatch(value) else "text"


def differing(key: str, field: str, theirs: Any, ours: Any) -> Iterator[Difference]:
    """Where two named values differ; `field` says what they are."""
    if field in STRICT:
        mine, yours = _plain(field, ours), _plain(field, theirs)
        if mine != yours:
            yield Difference(key, str(yours), str(mine))
    elif isinstance(theirs, dict) and "uuid" in theirs and isinstance(ours, dict):
        yield from _records(key, theirs, ours)
    elif isinstance(theirs, dict) and isinstance(ours, dict) and _holds_records(theirs, ours):
        for ref in sorted({*theirs, *ours}):
            if ref not in theirs:
                yield Difference(f"{key} {ref}", "not there", "there")
            elif ref in ours and ref == UNKNOWN:  # any one of them
                yield from _records(f"{key} {ref}", theirs[ref], ours[ref], strict=False)
            elif ref in ours:
                yield from differing(f"{key} {ref}", "", theirs[ref], ours[ref])
            else:
                yield Difference(f"{key} {ref}", "there", "not there")
    elif isinstance(theirs, list) and isinstance(ours, list) and _names(theirs) != _names(ours):
        yield Difference(key, f"list {_names(theirs)!r:.90}", f"list {_names(ours)!r:.90}")
    elif isinstance(theirs, bool) and isinstance(ours, bool) and theirs is not ours and UNKNOWN not in key:
        yield Difference(key, str(theirs), str(ours))
    elif kind(theirs) != kind(ours):
        yield Difference(key, f"{kind(theirs)} {theirs!r:.60}", f"{kind(ours)} {ours!r:.60}")


def _holds_records(theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    return any(isinstance(v, dict) for side in (theirs, ours) for v in side.values())


def _names(refs: list[Any]) -> list[str]:
    """The objects that a list of references names, in any order; what has no name of ours counts for nothing."""
    return sorted({x for x in refs if isinstance(x, str) and x.startswith(("the ", "host ", "VM ", "task "))})


def _records(key: str, theirs: dict[str, Any], ours: dict[str, Any], strict: bool = True) -> Iterator[Difference]:
    for field in sorted({*theirs, *ours}):
        if field not in ours or field not in theirs:
            yield Difference(f"{key}.{field}", *("there" if field in side else "not there" for side in (theirs, ours)))
        elif (field in STRICT and strict) or not _both_text(theirs[field], ours[field]):
            yield from differing(f"{key}.{field}", field if strict else "", theirs[field], ours[field])


def _both_text(theirs: Any, ours: Any) -> bool:
    """An empty text may stand for any other, a reference apart."""
    return isinstance(theirs, str) and isinstance(ours, str) and "" in (theirs, ours)


def _plain(field: str, value: Any) -> Any:
    """The part of a value that must agree."""
    match field, value:
        case _, list() if field in AS_SETS:
            return sorted(value)
        case "current_operations", dict():
            return sorted(value.values())
        case "other_config", dict():
            return {k: v for k, v in sorted(value.items()) if k not in ENVIRONMENT}
        case "progress", float() | int():
            return "none" if value == 0 else "all" if value == 1 else "some"
        case "error_info", list():
            return list(value)
        case "guest_metrics", str():
            return kind(value) if value != "OpaqueRef:NULL" else value
        case _:
            return value


def field_of(method: str) -> str:
    """What a getter answers, by the name of the field."""
    name = method.partition(".")[2]
    for prefix in ("get_", "compute_"):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return {"is_in_emergency_mode": "is_in_emergency_mode"}.get(name, "")


def deduplicated(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not found or found[-1] != value:
            found.append(value)
    return found
