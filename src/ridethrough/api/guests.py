"""Each VM that an outage concerns: what is done with it now, and how far that is. Reads rows that people see."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from .explain import FAILING, GONE

Row = Mapping[str, Any]
UNDER_WAY = {"MoveVm": "moving", "StopVm": "stopping", "ForceStopVm": "stopping", "StartVm": "starting"}
# As people want them: what needs an eye first, what is done last.
PHASES = ("stopping", "moving", "starting", "waiting", "stays", "dry", "lost", "skipped", "stopped", "moved", "started")


def guests(outage: Row, vms: Iterable[Row], hosts: Iterable[Row], armed: bool = True) -> list[dict[str, Any]]:
    """The VMs of an outage that goes on: `vm`, `name`, `host`, `to`, `phase` (one of PHASES), `why` it stays.

    "dry": nothing is done with it, as long as nobody arms the site. "lost": it went down with its host's supply.

    `begun_at`: when what is under way was begun; `deadline_at`: when it is given up; `expected`: seconds that a move
    takes, an estimate. Each is null where it is not known.
    """
    parts = {part["id"]: part for part in outage["vms"]}
    rows = {row["id"]: row for row in vms}
    losing = {row["id"]: row for row in hosts if _loses_its_guests(row)}
    doing = {done["vm"]: done for done in outage["done"] if _is_under_way(done)}
    here = {id for id, row in rows.items() if row["host"] in losing}
    found = [_guest(id, rows.get(id, {}), parts.get(id, {}), doing.get(id), losing) for id in {*parts, *doing, *here}]
    gone = {(one["host"], name) for one in outage.get("lost", ()) for name in one["vms"] or ()}
    for guest in found:
        if guest["phase"] not in ("waiting", "stays", "skipped"):
            continue
        if (guest["host"], guest["name"]) in gone:
            guest |= {"phase": "lost", "why": ""}
        elif not armed:
            guest |= {"phase": "dry", "why": parts.get(guest["vm"], {}).get("told", "")}
    _expect(found, rows)
    return sorted(found, key=lambda guest: (PHASES.index(guest["phase"]), guest["name"], guest["vm"]))


def _loses_its_guests(row: Row) -> bool:
    failing = row.get("supply") in FAILING and row.get("step") not in GONE
    return failing or row.get("step") in ("being emptied", "guests stop")


def _is_under_way(done: Row) -> bool:
    return done["kind"] in UNDER_WAY and done["done_at"] is None and not done["told"]


def _guest(id: str, row: Row, part: Row, doing: Row | None, losing: Mapping[str, Row]) -> dict[str, Any]:
    host = row.get("host") or part.get("host") or part.get("home")
    guest: dict[str, Any] = {
        "vm": id,
        "name": row.get("name") or part.get("name", ""),
        "host": host,
        "to": None,
        "begun_at": None,
        "deadline_at": None,
        "expected": None,
        "why": "",
    }
    if doing is not None:
        to = doing["host"] if doing["kind"] == "MoveVm" else None
        guest |= {"phase": UNDER_WAY[doing["kind"]], "to": to, "begun_at": doing["at"]}
        guest["deadline_at"] = round(doing["at"] + doing["deadline"], 1)
        guest["host"] = (part.get("host") or host) if to else host
    elif row.get("host") in losing and row.get("power") != "halted":
        why = _stays(row, part, losing[row["host"]])
        guest |= {"phase": "skipped" if row.get("skipped") else "stays" if why else "waiting", "why": why}
    else:
        guest |= _came_of_it(part)
    return guest


def _stays(row: Row, part: Row, host: Row) -> str:
    """Why it is not going to be moved; empty when it is."""
    if row.get("skipped"):
        return "a person skipped it: it is stopped cleanly when its host must go down"
    if part.get("stays"):
        return str(part["stays"])
    if row.get("wish") != "migrate":
        return f'its wish is "{row.get("wish")}"'
    if row.get("immovable"):
        return str(row["immovable"])
    if host.get("step") == "guests stop":
        return "it is too late to move it"
    options = host["options"]
    if not options["maintenance"]["enabled"] and not options["shutdown"]["enabled"] and not host["row"].get("spared"):
        return f"{host['id']} has neither option enabled"
    return ""


def _came_of_it(part: Row) -> dict[str, Any]:
    if part.get("started_at") is not None:
        return {"phase": "started", "to": part["host"]}
    if part.get("stopped_at") is not None:
        return {"phase": "stopped", "host": part["home"], "why": "stopped hard" if part["forced"] else ""}
    if part.get("moves"):
        return {"phase": "moved", "host": part["home"], "to": part["host"]}
    return {"phase": "stays", "why": str(part.get("stays", ""))}


def _expect(found: list[dict[str, Any]], rows: Mapping[str, Row]) -> None:
    """How long each move takes: those off one host at one time share its link."""
    moves = [guest for guest in found if guest["phase"] == "moving"]
    for guest in moves:
        alone = rows.get(guest["vm"], {}).get("move_takes")
        others = [rows.get(g["vm"], {}).get("move_takes") or 0.0 for g in moves if g["host"] == guest["host"]]
        if alone is not None:
            guest["expected"] = round(min(sum(others), alone * len(others)), 1)


def ahead(hosts: Iterable[Row], listed: Iterable[Row], off: Container[str] = (), armed: bool = True) -> dict[str, Any]:
    """What is still to come if utility power stays away: hosts that go down and that crash, VMs by what awaits them.

    `off`: the pools that a person wants off. In dry run nothing is done: what loses its power crashes.
    """
    up = [row for row in hosts if row.get("step") != "down"]
    failing = [row for row in up if row.get("supply") in FAILING]
    going = {row["id"] for row in [*failing, *(row for row in up if row.get("pool") in off)]}
    lost = (row for row in failing if row.get("pool") not in off)
    crash = {row["id"] for row in lost if not armed or (row["row"]["crash"] and not row["row"].get("spared"))}
    phases = [guest["phase"] for guest in listed]
    return {
        "hosts_to_go_down": sorted(going - crash),
        "hosts_to_crash": sorted(crash),
        "vms_moved": phases.count("moved"),
        "vms_to_move": phases.count("moving") + phases.count("waiting"),
        "vms_to_stop": phases.count("stopping") + phases.count("stays") + phases.count("skipped"),
        "vms_to_crash": phases.count("dry"),
        "vms_stopped": phases.count("stopped"),
    }
