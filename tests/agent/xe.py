"""`xe` as far as the agent uses it, over the socket of a simulated host: xe.py SOCKET COMMAND key=value ... [--flag]"""

from __future__ import annotations

import http.client
import socket
import sys
import xmlrpc.client
from typing import Any


class Refused(Exception):  # noqa: N818
    """The toolstack's error."""


class Toolstack:
    """XML-RPC over the socket."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.session = self("session.login_with_password", "root", "", "1.0", "xe")

    def __call__(self, method: str, *params: Any) -> Any:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self._path)
        given = params if method.startswith("session.") else (self.session, *params)
        connection.request("POST", "/", xmlrpc.client.dumps(given, method))
        told: Any = xmlrpc.client.loads(connection.getresponse().read())[0][0]
        if told["Status"] != "Success":
            raise Refused(": ".join(told["ErrorDescription"]))
        return told["Value"]


def run(path: str, command: str, words: list[str]) -> str:
    """What it prints."""
    given = dict(word.partition("=")[::2] for word in words if not word.startswith("--"))
    call = Toolstack(path)
    match command:
        case "vm-list":
            # As xe: templates and snapshots are not listed, and every VM of the pool is where nothing says which.
            assert "--minimal" in words
            assert given["params"] == "uuid"
            records = [
                r for r in call("VM.get_all_records").values() if not r["is_a_template"] and not r["is_a_snapshot"]
            ]
            hosts = {ref: r["uuid"] for ref, r in call("host.get_all_records").items()}
            wanted = [r for r in records if _fits(r, hosts, given)]
            return ",".join(sorted(r["uuid"] for r in wanted))
        case "vm-param-get":
            assert given["param-name"] == "resident-on"
            vm = call("VM.get_by_uuid", given["uuid"])
            on = call("VM.get_resident_on", vm)
            return str(call("host.get_uuid", on)) if on != "OpaqueRef:NULL" else "<not in database>"
        case "host-param-get":
            return str(call("host.get_enabled", call("host.get_by_uuid", given["uuid"]))).lower()
        case "vm-shutdown":
            method = "VM.hard_shutdown" if "--force" in words else "VM.clean_shutdown"
            call(method, call("VM.get_by_uuid", given["uuid"]))
        case "host-disable" | "host-shutdown":
            call(command.replace("-", "."), call("host.get_by_uuid", given["uuid"]))
        case _:
            raise SystemExit(f"Unknown command: {command}")
    return ""


def _fits(record: dict[str, Any], hosts: dict[str, str], given: dict[str, str]) -> bool:
    shown = {
        "resident-on": hosts.get(record["resident_on"], "<not in database>"),
        "is-control-domain": str(record["is_control_domain"]).lower(),
        "power-state": record["power_state"].lower(),
    }
    return all(shown[key] == value for key, value in given.items() if key != "params")


if __name__ == "__main__":
    try:
        print(run(sys.argv[1], sys.argv[2], sys.argv[3:]))
    except Refused as error:
        print(error, file=sys.stderr)
        sys.exit(1)
