"""XenAPI over the toolstack's own socket in dom0, where root needs no password. A member hands each call on to its
coordinator, which may be gone: every call has a deadline."""

import http.client
import socket
import time
import xmlrpc.client
from typing import Any, Dict, List

MOST = 64 * 1024 * 1024  # bytes of one answer


class Refused(Exception):  # noqa: N818
    """The toolstack's own error: a code and its parameters."""

    def __init__(self, error: List[str]) -> None:
        Exception.__init__(self, " ".join(error))
        self.code = error[0] if error else ""


class Gone(Exception):  # noqa: N818
    """No answer in time, or none at all."""


class Xapi:
    """Logged in, once `login` has returned."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._session = ""

    def login(self, seconds: float) -> None:
        """Raises Gone, Refused."""
        self._session = self._answer("session.login_with_password", ("root", "", "1.0", "ridethrough-agent"), seconds)

    def call(self, method: str, *params: Any, seconds: float = 20.0) -> Any:
        """Raises Gone, Refused."""
        return self._answer(method, (self._session,) + params, seconds)

    def _answer(self, method: str, params: Any, seconds: float) -> Any:
        until = time.monotonic() + seconds
        connection = _Local(self._path, seconds)
        try:
            body = xmlrpc.client.dumps(params, method).encode("utf-8")
            connection.request("POST", "/", body, {"Content-Type": "text/xml", "Connection": "close"})
            plain = connection.sock  # http.client forgets it with the head of an answer that is the last
            answer = connection.getresponse()
            text = b""
            while True:
                if plain.fileno() >= 0:  # else all of it is here
                    plain.settimeout(max(0.01, until - time.monotonic()))
                part = answer.read(65536)
                text += part
                if not part:
                    break
                if len(text) > MOST or time.monotonic() > until:
                    raise Gone("{}: no whole answer in {:.0f} s".format(method, seconds))
            if answer.status != 200:
                raise Gone("{}: HTTP status {}".format(method, answer.status))
            told: Dict[str, Any] = xmlrpc.client.loads(text.decode("utf-8"))[0][0]  # type: ignore[assignment]
        except (OSError, ValueError, http.client.HTTPException, xmlrpc.client.Error, LookupError) as error:
            raise Gone("{}: {}".format(method, error or type(error).__name__))
        finally:
            connection.close()
        if not isinstance(told, dict) or told.get("Status") not in ("Success", "Failure"):
            raise Gone("{}: its answer cannot be read".format(method))
        if told["Status"] == "Failure":
            raise Refused([str(word) for word in told.get("ErrorDescription", [])])
        return told.get("Value")


class _Local(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: str, seconds: float) -> None:
        http.client.HTTPConnection.__init__(self, "localhost", timeout=seconds)
        self._path, self._seconds = path, seconds

    def connect(self) -> None:
        """As http.client calls it."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(max(0.01, self._seconds))
        self.sock.connect(self._path)
