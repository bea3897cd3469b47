"""Redfish over HTTPS, with sushy, which waits: each call has a thread of its own."""

from __future__ import annotations

from typing import Any

from ridethrough.core.model import Seconds
from ridethrough.ports import Refused, Unreachable

from .bmc import in_thread

CODE = "REDFISH"
ANSWERS_WITHIN, CONNECTED_WITHIN = 20, 5  # seconds for each of its requests


class Redfish:
    """A BMC that speaks Redfish. `fingerprints`: SHA-256 of its certificate, 64 hexadecimal digits."""

    def __init__(self, url: str, username: str, password: str, fingerprints: tuple[str, ...] = ()) -> None:
        self._url, self._username, self._password, self._fingerprints = url, username, password, fingerprints

    async def is_on(self, within: Seconds) -> bool:
        return await in_thread(f"Redfish {self._url}", self._is_on, within)

    async def switch_on(self, within: Seconds) -> None:
        await in_thread(f"Redfish {self._url}", self._switch_on, within)

    def _is_on(self) -> bool:
        import sushy

        return bool(self._system().power_state == sushy.PowerState.ON)

    def _switch_on(self) -> None:
        import sushy
        from sushy.exceptions import SushyError

        system = self._system()
        if system.power_state == sushy.PowerState.ON:
            return  # some refuse to switch on what is on
        try:
            system.reset_system(sushy.ResetType.ON)
        except SushyError as error:
            raise Refused(CODE, _words(error)) from None

    def _system(self) -> Any:
        """The only system of the BMC: a host's own."""
        import sushy
        from sushy.exceptions import AccessError, ConnectionError, SushyError

        connector = sushy.connector.Connector(
            self._url, verify=True, default_request_timeout=ANSWERS_WITHIN, connect_timeout=CONNECTED_WITHIN
        )
        if self._fingerprints:
            _pin(connector, self._fingerprints)
        auth = sushy.auth.SessionOrBasicAuth(self._username, self._password)
        try:
            root = sushy.Sushy(self._url, auth=auth, connector=connector)
            systems = root.get_system_collection().get_members()
        except AccessError:
            raise Refused(CODE, "the BMC refuses the user or the password") from None
        except ConnectionError as error:
            raise Unreachable(f"{self._url}: {_words(error)}") from None
        except SushyError as error:
            raise Refused(CODE, _words(error)) from None
        if len(systems) != 1:
            raise Refused(CODE, f"the BMC has {len(systems)} systems: which of them is the host cannot be told")
        return systems[0]


def _pin(connector: Any, fingerprints: tuple[str, ...]) -> None:
    """Its certificate is known by its fingerprint alone: that of a BMC is mostly of its own making."""
    from requests.adapters import HTTPAdapter

    class Pinned(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, assert_fingerprint=fingerprints[0], assert_hostname=False, **options)

        def cert_verify(self, conn: Any, url: str, verify: object, cert: object) -> None:
            conn.cert_reqs = "CERT_NONE"

    connector._session.mount("https://", Pinned())


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
