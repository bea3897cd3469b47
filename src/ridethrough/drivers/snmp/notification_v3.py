"""Traps and informs of SNMPv3 (RFC 3412, RFC 3414): pysnmp's engine does the security, and no socket is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyasn1.codec.ber import decoder  # type: ignore[import-untyped]
from pysnmp.carrier.asyncio.dgram import udp  # type: ignore[import-untyped]
from pysnmp.carrier.base import AbstractTransportDispatcher  # type: ignore[import-untyped]
from pysnmp.entity import config  # type: ignore[import-untyped]
from pysnmp.entity.engine import SnmpEngine  # type: ignore[import-untyped]
from pysnmp.entity.rfc3413 import ntfrcv  # type: ignore[import-untyped]
from pysnmp.proto.mpmod.rfc3412 import SNMPv3Message  # type: ignore[import-untyped]
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters  # type: ignore[import-untyped]

from ridethrough.core.model import Seconds
from ridethrough.drivers.snmp.allowance import Allowance
from ridethrough.drivers.snmp.notice import Discovery, NoNotification, Notification
from ridethrough.drivers.snmp.notification import UNREADABLE, of_variables
from ridethrough.drivers.snmp.set import as_pysnmp
from ridethrough.drivers.snmp.usm import V3User

_LEVEL = 3  # the bits auth and priv of msgFlags
MOST_ENGINES = 64  # of one user, that are remembered: whoever forges new ones pushes out those that never proved true


@dataclass(slots=True)
class _Engine:
    user: V3User
    proven: bool = False  # something has come from it that was signed right


@dataclass(slots=True)
class V3Receiver:
    """Reads notifications of version 3. The sender of a trap is its own authority: its keys hang on its engine id,
    which is learned from the trap. Of an inform this receiver is the authority, and tells its engine id when asked.
    """

    send: Callable[[bytes, Any], None]  # an answer or a report, and to whom
    _engine: Any = None
    _known: dict[tuple[str, bytes], _Engine] = field(default_factory=dict)
    _local: dict[str, V3User] = field(default_factory=dict)  # who may sign an inform, by name
    _masters: dict[V3User, tuple[Any, Any]] = field(default_factory=dict)  # keys, not yet bound to an engine id
    _new: Allowance = field(default_factory=lambda: Allowance(20, 3))  # engine ids that are made known
    _out: list[bytes] = field(default_factory=list)  # what pysnmp answers to the datagram at hand
    _heard: Notification | None = None

    def prepare(self, users: Iterable[V3User]) -> None:
        """Do beforehand what takes long."""
        self._opened()
        for user in users:
            self._master_keys(user)

    def read(self, datagram: bytes, sender: Any, users: Iterable[V3User], now: Seconds) -> tuple[Notification, V3User]:
        """The notification in a datagram, and who has signed and kept it secret as he must. `users`: who may have.

        Answers an inform by itself. Raises Discovery when it was asked for its engine id, and has told it;
        NoNotification for what none of these users has signed, and for whatever is no notification.
        """
        try:
            engine_id, name, level = _header(datagram)
            if engine_id == b"" or name == "":
                self._receive(datagram, sender, now)
                raise Discovery("it asks for our engine id")
            return self._read(datagram, sender, self._fitting(users, engine_id, name, level), engine_id, now)
        except NoNotification:
            raise
        except Exception as error:  # pysnmp and pyasn1 let many kinds out on garbage
            raise NoNotification(UNREADABLE) from error
        finally:
            self._send_out(sender)

    def _read(
        self, datagram: bytes, sender: Any, users: Sequence[V3User], engine_id: bytes, now: Seconds
    ) -> tuple[Notification, V3User]:
        for user in users:
            self._out.clear()  # the report to one that was tried in vain: the next may be the right one
            self._know(user, engine_id, now)
            heard = self._receive(datagram, sender, now)
            if heard is not None:
                if (known := self._known.get((user.name, engine_id))) is not None:
                    known.proven = True
                return heard, user
        raise NoNotification("no user of this card has signed it, or it is no trap")

    def _fitting(self, users: Iterable[V3User], engine_id: bytes, name: str, level: int) -> list[V3User]:
        """Who may have signed it: users of one name may have several passwords. Who was right last is first."""
        named = [user for user in dict.fromkeys(users) if user.name == name]
        if not named:
            raise NoNotification("its user is none of this card")
        fitting = [user for user in named if _level(user) == level]
        if not fitting:
            raise NoNotification("it is not signed and kept secret as its user must")
        known = self._known.get((name, engine_id))
        return sorted(fitting, key=lambda user: known is None or user != known.user)

    def _receive(self, datagram: bytes, sender: Any, now: Seconds) -> Notification | None:
        engine = self._opened()
        self._heard = None
        engine.transport_dispatcher.handle_timer_tick(now)
        engine.message_dispatcher.receive_message(engine, udp.DOMAIN_NAME, sender, datagram)
        return self._heard

    def _send_out(self, sender: Any) -> None:
        for answer in self._out:
            self.send(answer, sender)
        self._out.clear()

    def _know(self, user: V3User, engine_id: bytes, now: Seconds) -> None:
        """Let pysnmp know the user under this engine id. Refused while many new ones come: each costs much."""
        if engine_id == bytes(self._opened().snmpEngineID):
            if self._local.get(user.name) != user:
                self._add(user, None)
                self._local[user.name] = user
            return
        known = self._known.get((user.name, engine_id))
        if known is not None and known.user == user:
            return
        if not self._new.take(now):
            raise NoNotification("too many new engine ids come at once")
        self._forget_one(user.name)
        self._add(user, engine_id)
        self._known[user.name, engine_id] = _Engine(user)

    def _forget_one(self, name: str) -> None:
        """Where too many engines claim one user, drop one: never one that has proved true, if another is left."""
        mine = [key for key in self._known if key[0] == name]
        if len(mine) < MOST_ENGINES:
            return
        gone = next((key for key in mine if not self._known[key].proven), mine[0])
        del self._known[gone]
        config.delete_v3_user(self._opened(), name, gone[1])

    def _add(self, user: V3User, engine_id: bytes | None) -> None:
        found, (auth_key, privacy_key) = as_pysnmp(user), self._master_keys(user)
        config.add_v3_user(
            self._opened(),
            found.userName,
            found.authentication_protocol,
            auth_key,
            found.privacy_protocol,
            privacy_key,
            securityEngineId=engine_id,
            authKeyType=config.USM_KEY_TYPE_MASTER,
            privKeyType=config.USM_KEY_TYPE_MASTER,
        )

    def _master_keys(self, user: V3User) -> tuple[Any, Any]:
        """Made of the passwords once, which takes long: a forged engine id must not cost that each time."""
        if user not in self._masters:
            found = as_pysnmp(user)
            signs, keeps = found.authentication_protocol, found.privacy_protocol
            auth_key = config.AUTH_SERVICES[signs].hash_passphrase(user.auth_password.encode()) if user.auth else None
            keeper = config.PRIV_SERVICES[keeps]
            kept = keeper.hash_passphrase(signs, user.privacy_password.encode()) if user.privacy else None
            self._masters[user] = auth_key, kept
        return self._masters[user]

    def _opened(self) -> Any:
        if self._engine is None:
            self._engine = SnmpEngine()
            self._engine.register_transport_dispatcher(_Out(self._out))
            ntfrcv.NotificationReceiver(self._engine, self._hear)
        return self._engine

    def _hear(self, engine: Any, state: Any, context_engine: Any, context: Any, pairs: Any, ours: Any) -> None:
        self._heard = of_variables(pairs)


def _level(user: V3User) -> int:
    return (user.auth is not None) + 2 * (user.privacy is not None)


def _header(datagram: bytes) -> tuple[bytes, str, int]:
    """The authoritative engine id, the user's name, and the bits auth and priv of msgFlags."""
    message, _ = decoder.decode(datagram, asn1Spec=SNMPv3Message())
    security, _ = decoder.decode(bytes(message.getComponentByPosition(2)), asn1Spec=UsmSecurityParameters())
    flags = bytes(message.getComponentByPosition(1).getComponentByPosition(2))
    return bytes(security.getComponentByPosition(0)), str(security.getComponentByPosition(3)), flags[0] & _LEVEL


class _Out(AbstractTransportDispatcher):  # type: ignore[misc]
    """What the engine sends goes through the one socket that everything comes in by."""

    def __init__(self, out: list[bytes]) -> None:
        super().__init__()
        self._out = out

    def send_message(self, outgoingMessage: Any, transportDomain: Any, transportAddress: Any) -> None:  # noqa: N803
        self._out.append(bytes(outgoingMessage))
