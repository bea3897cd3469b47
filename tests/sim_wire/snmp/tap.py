"""What stands between a card and who asks it: it counts, and loses, what goes through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Self

from pyasn1.codec.ber import decoder  # type: ignore[import-untyped]
from pysnmp.proto import api  # type: ignore[import-untyped]


def never(_: bytes) -> bool:
    return False


class Tap(asyncio.DatagramProtocol):
    """Requests that it `swallows` do not reach the card; answers to those that it `loses` do not come back."""

    def __init__(self, card: tuple[str, int], loses: Callable[[bytes], bool]) -> None:
        self.requests: list[bytes] = []
        self.loses = loses
        self.swallows: Callable[[bytes], bool] = never
        self._card = card
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def before(cls, card: tuple[str, int], loses: Callable[[bytes], bool] = never) -> Self:
        loop = asyncio.get_running_loop()
        _, tap = await loop.create_datagram_endpoint(lambda: cls(card, loses), local_addr=("127.0.0.1", 0))
        return tap

    @property
    def port(self) -> int:
        assert self._transport is not None
        number: int = self._transport.get_extra_info("sockname")[1]
        return number

    @property
    def sets(self) -> list[bytes]:
        return [request for request in self.requests if self.is_set(request)]

    @staticmethod
    def is_set(request: bytes) -> bool:
        proto, pdu = _decoded(request)
        return bool(pdu.isSameTypeWith(proto.SetRequestPDU()))

    @staticmethod
    def names(request: bytes, oid: str) -> bool:
        proto, pdu = _decoded(request)
        return oid in [str(name) for name, _ in proto.apiPDU.get_varbinds(pdu)]

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, datagram: bytes, sender: tuple[str, int]) -> None:
        self.requests.append(datagram)
        if not self.swallows(datagram):
            task = asyncio.get_running_loop().create_task(self._ask(datagram, sender))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, request: bytes, sender: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Once(answer), remote_addr=self._card)
        try:
            transport.sendto(request)
            datagram = await answer
        finally:
            transport.close()
        if not self.loses(request) and self._transport is not None:
            self._transport.sendto(datagram, sender)


class _Once(asyncio.DatagramProtocol):
    def __init__(self, answer: asyncio.Future[bytes]) -> None:
        self._answer = answer

    def datagram_received(self, datagram: bytes, sender: tuple[str, int]) -> None:
        if not self._answer.done():
            self._answer.set_result(datagram)


def _decoded(request: bytes) -> tuple[Any, Any]:
    proto: Any = api.PROTOCOL_MODULES[int(api.decodeMessageVersion(request))]
    message, _ = decoder.decode(request, asn1Spec=proto.Message())
    return proto, proto.apiMessage.get_pdu(message)
