"""Three ways to reach this host's guests: the toolstack's socket, `xe`, and the hypervisor itself."""

import subprocess
import time
from typing import Any, Dict, NamedTuple, Optional, Sequence, Tuple

from . import programs
from .config import XenServer
from .xapi import Gone, Refused, Xapi

NO_REF = "OpaqueRef:NULL"
CANNOT = ("VM_LACKS_FEATURE", "VM_MISSING_PV_DRIVERS")  # it never stops cleanly


class RouteFailed(Exception):  # noqa: N818
    """This way leads nowhere now; the text says why."""


class Guest(NamedTuple):
    """A VM that runs on this host now. `moving`: it is on its way to another. `cannot`: it does not stop cleanly."""

    id: str
    name: str
    moving: bool = False
    cannot: str = ""


class Route:
    """Every call has a deadline, and raises RouteFailed where the way itself fails."""

    name = ""

    def open(self) -> None:
        """Called first."""
        raise NotImplementedError

    def guests(self) -> Dict[str, Guest]:
        """The guests that are on this host now, by id."""
        raise NotImplementedError

    def clean(self, guest: Guest) -> None:
        """Begin to stop it cleanly, if it is still here. Asked again while it runs, it changes nothing."""
        raise NotImplementedError

    def hard(self, guest: Guest) -> None:
        """Stop it at once, if it is still here."""
        raise NotImplementedError

    def disable(self) -> None:
        """Let no VM come to this host any more."""
        raise NotImplementedError

    def shut_down(self) -> None:
        """Ask that this host shuts down."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what runs."""


class SocketRoute(Route):
    """The toolstack's own socket."""

    name = "the toolstack's socket"

    def __init__(self, xapi: Xapi, uuid: str, seconds: float) -> None:
        self._xapi, self._uuid, self._host, self._seconds = xapi, uuid, "", seconds
        self._tasks: Dict[str, str] = {}
        self._cannot: Dict[str, str] = {}

    def open(self) -> None:
        """Logs in, and finds this host."""
        try:
            self._xapi.login(self._seconds)
        except (Gone, Refused) as error:
            raise RouteFailed(str(error))
        self._host = str(self._call("host.get_by_uuid", self._uuid))

    def guests(self) -> Dict[str, Guest]:
        """By reference."""
        found: Dict[str, Guest] = {}
        for ref in self._call("host.get_resident_VMs", self._host):
            try:
                record = self._call("VM.get_record", ref)
            except Refused:
                continue  # gone meanwhile
            if self._is_ours(record):
                moving = any("migrate" in str(one) for one in record["current_operations"].values())
                found[ref] = Guest(ref, str(record["name_label"]), moving, self._failure(ref))
        return found

    def clean(self, guest: Guest) -> None:
        """An Async call: its task is looked at with the guests."""
        if guest.id in self._tasks or not self._is_here(guest.id):
            return
        try:
            self._tasks[guest.id] = str(self._call("Async.VM.clean_shutdown", guest.id))
        except Refused as error:
            self._cannot[guest.id] = error.code

    def hard(self, guest: Guest) -> None:
        """A hard shutdown cancels what is left of the clean one."""
        if self._is_here(guest.id):
            try:
                self._call("Async.VM.hard_shutdown", guest.id)
            except Refused:
                pass  # it is looked at again

    def disable(self) -> None:
        """host.disable."""
        self._asked("host.disable")

    def shut_down(self) -> None:
        """host.shutdown."""
        self._asked("host.shutdown")

    def _asked(self, method: str) -> None:
        try:
            self._call(method, self._host)
        except Refused as error:
            raise RouteFailed("{}: {}".format(method, error))

    def _call(self, method: str, *params: Any) -> Any:
        try:
            return self._xapi.call(method, *params, seconds=self._seconds)
        except Gone as error:
            raise RouteFailed(str(error))
        except Refused as error:
            if error.code in ("SESSION_INVALID", "HOST_IS_SLAVE", "UUID_INVALID", "HOST_STILL_BOOTING"):
                raise RouteFailed(str(error))
            raise

    def _is_ours(self, record: Dict[str, Any]) -> bool:
        kind = record["is_control_domain"] or record["is_a_template"] or record["is_a_snapshot"]
        return not kind and record["resident_on"] == self._host and record["power_state"] in ("Running", "Paused")

    def _is_here(self, ref: str) -> bool:
        """Asked again before each step: a VM that has moved away is not ours any more."""
        try:
            return self._is_ours(self._call("VM.get_record", ref))
        except Refused:
            return False

    def _failure(self, ref: str) -> str:
        """Why its clean shutdown has failed; "" while it goes on, or was not begun."""
        task = self._tasks.get(ref)
        if task is not None:
            try:
                record = self._call("task.get_record", task)
            except Refused:
                return ""  # lost with a restart of the toolstack: the VM itself tells
            if record["status"] in ("failure", "cancelled"):
                del self._tasks[ref]
                error = record["error_info"]
                self._cannot[ref] = str(error[0]) if error else str(record["status"])
        return self._cannot.get(ref, "")


class XeRoute(Route):
    """`xe`, which logs in by itself in dom0."""

    name = "xe"

    def __init__(self, program: Sequence[str], uuid: str, seconds: float) -> None:
        self._program, self._uuid, self._seconds = tuple(program), uuid, seconds
        self._running: Dict[str, "subprocess.Popen[bytes]"] = {}
        self._cannot: Dict[str, str] = {}

    def open(self) -> None:
        """Whether it answers at all."""
        self._xe("host-param-get", "uuid=" + self._uuid, "param-name=enabled")

    def guests(self) -> Dict[str, Guest]:
        """By uuid."""
        for uuid, process in list(self._running.items()):
            if process.poll() is not None:
                del self._running[uuid]
                if process.returncode:
                    self._cannot[uuid] = "xe vm-shutdown ended with {}".format(process.returncode)
        found: Dict[str, Guest] = {}
        for state in ("running", "paused"):
            here = self._xe(
                *("vm-list", "resident-on=" + self._uuid, "is-control-domain=false", "power-state=" + state),
                *("params=uuid", "--minimal"),
            )
            for uuid in [one for one in here.strip().split(",") if one]:
                found[uuid] = Guest(uuid, uuid, cannot=self._cannot.get(uuid, ""))
        return found

    def clean(self, guest: Guest) -> None:
        """In a process of its own."""
        if guest.id not in self._running and guest.id not in self._cannot and self._is_here(guest.id):
            self._begin(guest.id, "vm-shutdown", "uuid=" + guest.id)

    def hard(self, guest: Guest) -> None:
        """--force."""
        if self._is_here(guest.id):
            clean = self._running.pop(guest.id, None)
            if clean is not None:
                programs.kill(clean)
            self._begin(guest.id, "vm-shutdown", "uuid=" + guest.id, "--force")

    def disable(self) -> None:
        """xe host-disable."""
        self._xe("host-disable", "uuid=" + self._uuid)

    def shut_down(self) -> None:
        """xe host-shutdown."""
        self._xe("host-shutdown", "uuid=" + self._uuid)

    def close(self) -> None:
        """What still waits for a guest is ended; the guest goes on stopping."""
        for process in self._running.values():
            programs.kill(process)
        self._running.clear()

    def _is_here(self, uuid: str) -> bool:
        ran = programs.run(self._program + ("vm-param-get", "uuid=" + uuid, "param-name=resident-on"), self._seconds)
        return ran.good and ran.out.strip() == self._uuid

    def _begin(self, uuid: str, *words: str) -> None:
        try:
            self._running[uuid] = subprocess.Popen(
                self._program + words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise RouteFailed("{} cannot be run: {}".format(self._program[0], error))

    def _xe(self, *words: str) -> str:
        ran = programs.run(self._program + words, self._seconds)
        if not ran.good:
            raise RouteFailed(ran.text)
        return ran.out


class XlRoute(Route):
    """The hypervisor's own tool, for when no coordinator answers: it asks each guest of this host to shut down."""

    name = "xl"

    def __init__(self, program: Sequence[str], seconds: float) -> None:
        self._program, self._seconds = tuple(program), seconds
        self._asked: Dict[str, float] = {}

    def open(self) -> None:
        """Whether it answers at all."""
        self.guests()

    def guests(self) -> Dict[str, Guest]:
        """By domain id. Domain 0 is this host itself."""
        ran = programs.run(self._program + ("list",), self._seconds)
        if not ran.good:
            raise RouteFailed(ran.text)
        rows = (line.rsplit(None, 5) for line in ran.out.splitlines()[1:])
        known = [row for row in rows if len(row) == 6 and row[1].isdigit() and row[1] != "0"]
        return {row[1]: Guest(row[1], row[0]) for row in known}

    def clean(self, guest: Guest) -> None:
        """Asked once; -F: by ACPI where it has no drivers of its own."""
        if guest.id not in self._asked:
            self._asked[guest.id] = time.monotonic()
            programs.run(self._program + ("shutdown", "-F", guest.id), self._seconds)

    def hard(self, guest: Guest) -> None:
        """Its domain is destroyed: the host's own shutdown, which knows of no guests without a coordinator, would be
        no kinder, and later."""
        programs.run(self._program + ("destroy", guest.id), self._seconds)

    def disable(self) -> None:
        """There is nothing to ask."""

    def shut_down(self) -> None:
        """The hypervisor does not shut its host down."""
        raise RouteFailed("xl does not shut hosts down")


def of(xen: XenServer) -> Tuple[Route, ...]:
    """In the order in which they are tried."""
    found: Tuple[Optional[Route], ...] = (
        SocketRoute(Xapi(xen.socket), xen.uuid, xen.call_time) if xen.socket else None,
        XeRoute(xen.xe, xen.uuid, xen.call_time) if xen.xe else None,
        XlRoute(xen.xl, xen.call_time) if xen.xl else None,
    )
    return tuple(route for route in found if route is not None)
