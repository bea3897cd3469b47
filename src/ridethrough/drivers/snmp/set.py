"""Setting objects of a card: sent once, and never believed before it is read back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ridethrough.drivers.snmp.session import CardConfig, split_address
from ridethrough.drivers.snmp.usm import V3User
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.snmpv3 import Auth, Privacy

if TYPE_CHECKING:
    from pysnmp.hlapi.v3arch.asyncio import SnmpEngine  # type: ignore[import-untyped]

Kind: TypeAlias = Literal["integer", "gauge", "ticks", "string", "oid"]

LONGER = 1.0  # seconds that the library gets to tell by itself that no answer came

# Names of pysnmp's protocols. Its plain AES of 192 and 256 bits makes keys longer in Cisco's way.
SIGNED: dict[Auth, str] = {
    "md5": "usmHMACMD5AuthProtocol",
    "sha1": "usmHMACSHAAuthProtocol",
    "sha224": "usmHMAC128SHA224AuthProtocol",
    "sha256": "usmHMAC192SHA256AuthProtocol",
    "sha384": "usmHMAC256SHA384AuthProtocol",
    "sha512": "usmHMAC384SHA512AuthProtocol",
}
KEPT: dict[Privacy, str] = {
    "des": "usmDESPrivProtocol",
    "aes128": "usmAesCfb128Protocol",
    "aes192": "usmAesBlumenthalCfb192Protocol",
    "aes256": "usmAesBlumenthalCfb256Protocol",
    "aes192-cisco": "usmAesCfb192Protocol",
    "aes256-cisco": "usmAesCfb256Protocol",
}


@dataclass(frozen=True, slots=True)
class Put:
    """One object, and the value that it is to get: an int, text, or an OID's text, as `kind` says."""

    oid: str
    value: int | str
    kind: Kind = "integer"


async def put(config: CardConfig, objects: Sequence[Put]) -> None:
    """Set these objects in one request. Returns when the card has said yes, which is no proof: read them back.

    It is sent once, for a SET must not be repeated blindly. Raises Unreachable when no answer came: it may have been
    carried out, so look. Raises Refused when the card said no, with its error-status as the code: nothing was set.
    Imports pysnmp, which takes a third of a second, at the first call.
    """
    from pysnmp.hlapi.v3arch.asyncio import SnmpEngine

    if config.user is None and not config.write_community:
        raise Refused("NO_WRITE_COMMUNITY", "site.toml gives no write_community for this card, so nothing can be set")
    engine = SnmpEngine()
    try:
        async with asyncio.timeout(config.timeout + LONGER):
            indication, status, index, _ = await _ask(engine, config, objects)
    except TimeoutError:
        raise Unreachable(_silence(config)) from None
    except OSError as error:
        raise Unreachable(f"{config.address}: {error.strerror or error}") from None
    finally:
        engine.close_dispatcher()
    if indication:
        raise _failed(config, indication)
    if status:
        raise _refused(config, int(status), objects[int(index) - 1] if 0 < int(index) <= len(objects) else None)


async def _ask(engine: SnmpEngine, config: CardConfig, objects: Sequence[Put]) -> tuple[Any, Any, Any, Any]:
    from pysnmp.hlapi.v3arch import asyncio as snmp  # type: ignore[import-untyped]
    from pysnmp.proto import rfc1902  # type: ignore[import-untyped]

    made: dict[Kind, Callable[[Any], Any]] = {
        "integer": rfc1902.Integer32,
        "gauge": rfc1902.Gauge32,
        "ticks": rfc1902.TimeTicks,
        "string": lambda text: rfc1902.OctetString(text.encode()),
        "oid": rfc1902.ObjectIdentifier,
    }
    host, port = split_address(config.address)
    transport = snmp.Udp6TransportTarget if ":" in host else snmp.UdpTransportTarget
    target = await transport.create((host, port), timeout=config.timeout, retries=0)
    pairs = [snmp.ObjectType(snmp.ObjectIdentity(o.oid), made[o.kind](o.value)) for o in objects]
    answer: tuple[Any, Any, Any, Any] = await snmp.set_cmd(
        engine, _who(config), target, snmp.ContextData(), *pairs, lookupMib=False
    )
    return answer


def _who(config: CardConfig) -> Any:
    """The community or the user that asks, as pysnmp takes it."""
    from pysnmp.hlapi.v3arch import asyncio as snmp

    if config.user is None:
        return snmp.CommunityData(config.write_community, mpModel=0 if config.version == "1" else 1)
    return as_pysnmp(config.user)


def as_pysnmp(user: V3User) -> Any:
    """The user as pysnmp takes it. Imports pysnmp."""
    from pysnmp.hlapi.v3arch import asyncio as snmp

    keys: dict[str, Any] = {}
    if user.auth is not None:
        keys |= {"authKey": user.auth_password, "authProtocol": getattr(snmp, SIGNED[user.auth])}
    if user.privacy is not None:
        keys |= {"privKey": user.privacy_password, "privProtocol": getattr(snmp, KEPT[user.privacy])}
    return snmp.UsmUserData(user.name, **keys)


def _silence(config: CardConfig) -> str:
    who = "write_community" if config.user is None else "user"
    return (
        f"{config.address}: no answer, so it may or may not have been carried out: check its address, its {who} and "
        "whom it allows to write"
    )


def _failed(config: CardConfig, indication: Any) -> Exception:
    """What pysnmp says where no answer to the request itself came."""
    from pysnmp.proto import errind

    match indication:
        case errind.RequestTimedOut():
            return Unreachable(_silence(config))
        case errind.UnknownUserName() | errind.UnknownSecurityName():
            return Refused("unknownUserName", "the card does not know this user")
        case errind.WrongDigest() | errind.AuthenticationFailure() | errind.AuthenticationError():
            return Refused("wrongDigest", "the card knows this user, but not with this password and way to sign")
        case errind.DecryptionError() | errind.UnsupportedSecurityLevel():
            return Refused(type(indication).__name__, "the card does not keep secret for this user in this way")
        case _:
            return Unreachable(f"{config.address}: no usable answer, so it may or may not have been done: {indication}")


def _refused(config: CardConfig, status: int, about: Put | None) -> Refused:
    from pysnmp.proto import rfc1905

    code = str(rfc1905.errorStatus.clone(status).prettyPrint())
    who = "community" if config.user is None else "user"
    words = _REMEDIES.get(code, "the card failed to set it").format(who=who)
    return Refused(code, f"{about.oid}: {words}" if about is not None else words)


_MAY_NOT = "this {who} may not write it"
_NOT_TAKEN = "the card does not take this value now"
_REMEDIES = {
    "noSuchName": "the card has no such object, or this {who} may not write it",
    "readOnly": _MAY_NOT,
    "noAccess": _MAY_NOT,
    "authorizationError": _MAY_NOT,
    "notWritable": "the card lets nobody write it, or not this {who}",
    "noCreation": "the card has no such object",
    "inconsistentName": "the card has no such object now",
    **dict.fromkeys(
        ("badValue", "wrongType", "wrongLength", "wrongEncoding", "wrongValue", "inconsistentValue"), _NOT_TAKEN
    ),
}
