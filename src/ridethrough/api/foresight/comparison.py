"""Two simulations side by side: what ends otherwise, in figures and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

FIGURES = ("moved", "stopped", "lost", "stay", "crashed", "hosts_off", "hosts_up", "margin")


def compared(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """`figures`: those that differ; `differences`: each host and VM that ends otherwise, or at another time."""
    one, other = a["outcome"], b["outcome"]
    return {
        "figures": [
            {"name": name, "a": one["summary"][name], "b": other["summary"][name]}
            for name in FIGURES
            if one["summary"][name] != other["summary"][name]
        ],
        "differences": [*_hosts(one, other), *_vms(one, other)],
    }


def _hosts(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _differing("host", {r["id"]: _host(r) for r in a["hosts"]}, {r["id"]: _host(r) for r in b["hosts"]})


def _vms(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _differing("vm", {r["name"]: _vm(r) for r in a["vms"]}, {r["name"]: _vm(r) for r in b["vms"]})


def _differing(kind: str, a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name in sorted(a.keys() | b.keys()):
        one, other = a.get(name, "is not there"), b.get(name, "is not there")
        if one != other:
            yield {"kind": kind, "name": name, "a": one, "b": other, "text": f"{name} {one}; in the other it {other}"}


def _host(row: Mapping[str, Any]) -> str:
    if row["end"] == "crashed":
        return f"crashes{_at(row['off'][-1][0] if row['off'] else None)}"
    if not row["off"]:
        return "stays up" if row["end"] == "up" else "stays off"
    times = [f"{_clock(begun)}{f' to {_clock(ended)}' if ended is not None else ''}" for begun, ended in row["off"]]
    return f"is shut down, off from {', and from '.join(times)}"


def _vm(row: Mapping[str, Any]) -> str:
    match row["end"]:
        case "moves":
            return f"moves to {row['host']}{_at(row['at'])}"
        case "shut down":
            return f"is shut down{_at(row['at'])}"
        case "lost":
            return f"crashes{_at(row['at'])}"
    return "stays"


def _at(at: float | None) -> str:
    return f" at {_clock(at)}" if at is not None else ""


def _clock(at: float) -> str:
    """m:ss, as the narrative has it."""
    return f"{int(at) // 60}:{int(at) % 60:02d}"
