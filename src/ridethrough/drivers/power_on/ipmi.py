"""IPMI over the LAN (RMCP+), with pyghmi, which waits: each call has a thread of its own."""

from __future__ import annotations

from typing import Any

from ridethrough.core.model import Seconds
from ridethrough.ports import Refused, Unreachable

from .bmc import in_thread

PORT = 623
CODE = "IPMI"


class Ipmi:
    """A BMC that speaks IPMI 2.0."""

    def __init__(self, host: str, port: int, username: str, password: str) -> None:
        self._host, self._port, self._username, self._password = host, port or PORT, username, password

    async def is_on(self, within: Seconds) -> bool:
        return await in_thread(f"IPMI {self._host}", self._is_on, within)

    async def switch_on(self, within: Seconds) -> None:
        await in_thread(f"IPMI {self._host}", self._switch_on, within)

    def _is_on(self) -> bool:
        return self._asked({}) == "on"

    def _switch_on(self) -> None:
        self._asked({"powerstate": "on"})

    def _asked(self, wanted: dict[str, str]) -> str:
        from pyghmi.exceptions import IpmiException  # a third of a second: not before it is needed
        from pyghmi.ipmi.command import Command

        session: Any = None
        try:
            # Both as bytes: as text, pyghmi finds its own sessions again under other keys, and hands out dead ones.
            user, password = self._username.encode(), self._password.encode()
            session = Command(bmc=self._host, userid=user, password=password, port=self._port, keepalive=False)
            told = session.set_power("on") if wanted else session.get_power()
        except IpmiException as error:
            raise _translated(self._host, str(error)) from None
        except OSError as error:
            raise Unreachable(f"{self._host}: {error.strerror or error}") from None
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            # pyghmi fails so where a BMC speaks IPMI 1.5 alone, or answers with something else.
            raise Refused(CODE, f"the BMC does not speak IPMI 2.0 as it should: {error}") from None
        finally:
            if session is not None:
                session.ipmi_session.logout()
        if "error" in told:
            raise Refused(CODE, str(told["error"]))
        return str(told.get("powerstate") or ("on" if wanted else ""))


def _translated(host: str, text: str) -> Refused | Unreachable:
    """pyghmi tells everything by one exception and its words."""
    if text in ("", "None") or any(word in text.lower() for word in ("timeout", "timed out", "unreachable")):
        return Unreachable(f"{host} does not answer over IPMI")
    return Refused(CODE, text)
