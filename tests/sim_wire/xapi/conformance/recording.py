"""What was recorded of the laboratory pool, as steps to be played again."""

from __future__ import annotations

import json
import re
import xmlrpc.client
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

REF = re.compile(r"OpaqueRef:[0-9a-f]{8}-[0-9a-f-]{27}")
LOGINS = ("session.login_with_password", "session.slave_local_login_with_password")
WITHOUT_SESSION = (*LOGINS, "system.listMethods")


@dataclass(frozen=True)
class Answered:
    """How a call ended: `error` is a failure's description; `value` is None when the recording cut it off."""

    error: tuple[str, ...] = ()
    value: Any = None
    cut: bool = False


@dataclass(frozen=True)
class Call:
    """One recorded call. `params` without the session, unless `raw`; `dialect`: xml, json or json 1."""

    index: int
    at: float
    ended: float
    address: str
    method: str
    params: tuple[Any, ...]
    answered: Answered
    dialect: str = "xml"
    path: str = "/RPC2"
    raw: bool = False
    body: str = ""  # sent as it is, when it is no request


@dataclass(frozen=True)
class Other:
    """Anything else that was written down: notes, states, probes, events, polls."""

    index: int
    at: float
    entry: dict[str, Any]


Step = Call | Other


@cache
def entries(file: Path) -> tuple[dict[str, Any], ...]:
    told = json.loads(file.read_text())
    return tuple(told if isinstance(told, list) else told.get("wire", []))


def steps(file: Path) -> list[Step]:
    """Every entry, in the order in which it began; moments that nobody wrote down are those of the entry before."""
    found: list[Step] = []
    last = 0.0
    for index, entry in enumerate(entries(file)):
        if entry.get("t") is not None and "ms" not in entry:
            last = entry["t"]
        found.append(_step(index, entry, last))
        if entry.get("ms") is not None and entry.get("t") is not None:
            last = max(last, entry["t"] + entry["ms"] / 1000)
    return sorted(found, key=lambda step: step.at)


def _step(index: int, entry: dict[str, Any], last: float) -> Step:
    at = last if entry.get("t") is None else entry["t"]
    if "req" in entry:
        return _wire_call(index, at, entry)
    if "jsonrpc" in entry:
        return _json_call(index, at, entry)
    if "raw" in entry:
        failed = entry["result"].get("ErrorDescription", ())
        answered = Answered(tuple(failed), entry["result"].get("Value"))
        return Call(index, at, at, "", entry["raw"], tuple(entry["args"]), answered, raw=True)
    if "method" in entry and "exception" not in entry:
        ended = at + entry.get("ms", 0.0) / 1000
        answered = Answered(tuple(entry.get("failure") or ()), entry.get("result"))
        address = re.sub(r"^https?://", "", entry.get("url", ""))
        raw = entry["method"] in LOGINS
        return Call(index, at, ended, address, entry["method"], tuple(entry["args"]), answered, raw=raw)
    return Other(index, at, entry)


def _json_call(index: int, at: float, entry: dict[str, Any]) -> Step:
    asked = entry["request"]
    if entry["status"] != 200:
        body = asked if isinstance(asked, str) else json.dumps(asked)
        answered = Answered(("HTTP", str(entry["status"])))
        return Call(index, at, at, "", "?", (), answered, "json", entry["jsonrpc"], raw=True, body=body)
    told = json.loads(entry["response"])
    dialect = "json" if asked.get("jsonrpc") == "2.0" else "json 1"
    answered = _json_answer(told)
    return Call(index, at, at, "", asked["method"], tuple(asked["params"]), answered, dialect, "/jsonrpc", raw=True)


def _json_answer(told: dict[str, Any]) -> Answered:
    error = told.get("error")
    if isinstance(error, dict):
        return Answered((error["message"], *error["data"]))
    return Answered(tuple(error)) if error else Answered((), told["result"])


def _wire_call(index: int, at: float, entry: dict[str, Any]) -> Step:
    """As a client's proxy saw it: long bodies are cut off."""
    ended = at + entry.get("ms", 0.0) / 1000
    json_rpc = entry["path"] == "/jsonrpc"
    try:
        params = json.loads(entry["req"])["params"] if json_rpc else xmlrpc.client.loads(entry["req"])[0]
    except (ValueError, ExpatError):
        return Other(index, at, entry)  # a request cut off in the middle
    answered = _wire_answer(entry, json_rpc)
    dialect = "json" if json_rpc else "xml"
    return Call(index, at, ended, "", entry["method"], tuple(params), answered, dialect, entry["path"], raw=True)


def _wire_answer(entry: dict[str, Any], json_rpc: bool) -> Answered:
    text = entry.get("resp")
    if text is None:
        return Answered(("NO ANSWER",))
    try:
        if json_rpc:
            return _json_answer(json.loads(text))
        told: Any = xmlrpc.client.loads(text)[0][0]
    except (ValueError, ExpatError):  # cut off: whether it succeeded stands at its beginning
        return Answered(cut=True) if "<value>Failure" not in text[:200] else Answered(("?",), cut=True)
    return Answered(tuple(told.get("ErrorDescription", ())), told.get("Value"))


def records_in(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every reference with its record, wherever it stands in what was told."""
    if isinstance(value, dict):
        if "ref" in value and isinstance(value.get("class"), str):
            told = value.get("snapshot") or value.get("changes") or {}
            name = value.get("name") or told.get("name_label")
            if isinstance(name, str) and name:
                yield value["ref"], {**told, "name_label": name, "class": value["class"]}
        for key, each in value.items():
            if isinstance(key, str) and key.startswith("OpaqueRef:") and isinstance(each, dict):
                yield key, each
            yield from records_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from records_in(each)
