"""The controller's word about this machine: GET /api/v1/agents/NAME, over TLS with a pinned certificate."""

import http.client
import json
import socket
import ssl
from typing import Any, Dict, NamedTuple, Optional, Tuple, Union
from urllib.parse import quote

from .model import Notice, Order
from .pinned import wrapped
from .sources import SourceError

PATIENCE = 8.0  # seconds for one question
MOST = 64 * 1024  # bytes of an answer
LONGEST_LEASE = 3600.0
NOT_ADMITTED = {
    401: "the token is wrong, revoked or has ended",
    403: "the token's role does not suffice: it needs view",
}


class Address(NamedTuple):
    """Where the manager listens; `pin` None: without TLS, on this machine only."""

    host: str
    port: int
    pin: Optional[str]
    name: str  # of this machine in site.toml
    token: str

    def __repr__(self) -> str:
        return "Address({}:{}, {})".format(self.host, self.port, self.name)


class Controller:
    """Keeps one connection open."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection: Optional[Connection] = None

    def ask(self, at: float) -> Notice:
        """Raises SourceError. A connection that was dropped meanwhile is opened once more."""
        kept = self._connection is not None
        try:
            return self._ask(at)
        except (OSError, ValueError, ssl.SSLError, http.client.HTTPException) as error:
            self.close()
            if not kept:
                raise SourceError("the controller: {}".format(error or type(error).__name__))
        return self.ask(at)

    def close(self) -> None:
        """The next question connects anew."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _ask(self, at: float) -> Notice:
        a = self._address
        if self._connection is None:
            self._connection = Connection(a)
        path = "/api/v1/agents/" + quote(a.name, safe="")
        self._connection.request("GET", path, headers={"Authorization": "Bearer " + a.token})
        answer = self._connection.getresponse()
        body = answer.read(MOST + 1)
        if len(body) > MOST:
            raise ValueError("it says too much")
        if answer.status != 200:
            self.close()
            raise SourceError("the controller: " + _refused(answer.status, body))
        return notice(json.loads(body.decode("utf-8")), at)


class Connection(http.client.HTTPConnection):
    """Nothing is sent before the certificate has been compared."""

    def __init__(self, address: Address) -> None:
        http.client.HTTPConnection.__init__(self, address.host, address.port, timeout=PATIENCE)
        self._pin = address.pin

    def connect(self) -> None:
        """As http.client calls it."""
        plain = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        self.sock: Union[socket.socket, ssl.SSLSocket] = plain if self._pin is None else wrapped(plain, self._pin)


def notice(told: Dict[str, Any], at: float) -> Notice:
    """What the answer says. Raises ValueError where it is none."""
    try:
        lease = float(told["lease"])
        order = told.get("shutdown")
        warnings: Tuple[Tuple[str, str], ...] = tuple((str(w["who"]), str(w["what"])) for w in told["warnings"])
        within = None if order is None or order.get("within") is None else float(order["within"])
        return Notice(
            at,
            handled=told["handled"] is True,
            why=str(told["why"]),
            lease=min(max(lease, 0.0), LONGEST_LEASE),
            withdrawn=told["withdrawn"] is True,
            warnings=warnings,
            order=None if order is None else Order(str(order["why"]), within),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("its answer cannot be read: {!r}".format(error))


def _refused(status: int, body: bytes) -> str:
    if status in NOT_ADMITTED:
        return NOT_ADMITTED[status]
    try:
        return str(json.loads(body.decode("utf-8"))["detail"])[:300]
    except (ValueError, KeyError, TypeError):
        return "it answers with HTTP status {}".format(status)
