"""Ten thousand cards that answer what they always answer: one process, one socket, loopback only.

Started by bench/snmp.py. Every address 127.1.x.y is a card; its last octet decides its family. An answer is encoded
once by the simulated card, and from then on copied with the request's id. There are `MOODS` answers to each request,
with other volts, load and runtime, which take turns: no card says twice in a row what it said before, as real ones do
not. A line "on" or "off" on standard input switches utility power, "silent N" silences the first N cards; the end of
standard input ends the process.
"""

from __future__ import annotations

import selectors
import socket
import struct
import sys
from dataclasses import replace

from ridethrough.sim.battery import Battery
from ridethrough.sim.cards import Family, SimCard, SimUps
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import answer
from ridethrough.sim.snmp_agent import WireCard
from ridethrough.sim.world import World

IP_PKTINFO = 8  # Linux; the socket module names it from Python 3.14 on
BUFFER = 8 * 1024 * 1024
LONGEST = 900  # seconds until it ends by itself
FAMILIES = list(Family)
MOODS = 8
FIRST = 127 << 24 | 1 << 16  # the address of the first card, 127.1.0.0


class MoodyCard(WireCard):
    """A card whose volts, load and runtime are a little different in each mood."""

    mood = 0

    def _now(self) -> Shown:
        s, mood = super()._now(), self.mood
        volts = s.input_volts + mood % 5 if s.utility else 0
        return replace(s, input_volts=volts, load=s.load + mood % 7, runtime=s.runtime - 60 * mood)


class Canned:
    """Answers from memory. Keyed by everything in a request but its id, and by the card's family."""

    def __init__(self) -> None:
        self.asked = 0
        self.silent = 0
        self._world = World()
        for family in FAMILIES:
            card = SimCard(tells=family, model="Array 3000")
            self._world.add_ups(SimUps(family.value, "a", Battery.full(1000), card, base_load_watts=400))
        self._cards = [MoodyCard(self._world, family.value) for family in FAMILIES]
        self._known: dict[tuple[int, int, bytes, bytes], tuple[bytes, bytes]] = {}

    def switch(self, on: bool) -> None:
        """Utility power of all cards."""
        self._world.set_feeder("a", on=on)
        self._world.advance(self._world.now + 30)
        self._known.clear()

    def answer(self, request: bytes, family: int) -> bytes | None:
        head, request_id, rest = split(request)
        mood = self.asked % MOODS
        known = self._known.get((mood, family, head, rest))
        if known is None:
            self._cards[family].mood = mood
            whole = answer(request, b"public", self._cards[family].tree)
            if whole is None:
                return None
            answered_head, _, answered_rest = split(whole)
            known = self._known[mood, family, head, rest] = answered_head, answered_rest
        return joined(known[0], request_id, known[1])


def split(message: bytes) -> tuple[bytes, bytes, bytes]:
    """Version, community and the PDU's tag; the request id as it is encoded; what follows it. Lengths left out."""
    at = _after_length(message, 1)
    pdu = at + 2 + message[at + 1]  # after the version
    pdu += 2 + message[pdu + 1]  # after the community
    number = _after_length(message, pdu + 1)
    following = number + 2 + message[number + 1]
    return message[at : pdu + 1], message[number:following], message[following:]


def joined(head: bytes, request_id: bytes, rest: bytes) -> bytes:
    body = head + _length(len(request_id) + len(rest)) + request_id + rest
    return b"\x30" + _length(len(body)) + body


def _after_length(message: bytes, at: int) -> int:
    first = message[at]
    return at + 1 + (first & 0x7F if first & 0x80 else 0)


def _length(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    digits = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(digits),)) + digits


def open_socket() -> socket.socket:
    """One socket for all of 127.0.0.0/8: bound to the loopback device, it hears nothing from outside."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    opened.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    opened.bind(("0.0.0.0", 0))
    opened.setblocking(False)
    return opened


def serve(opened: socket.socket, canned: Canned) -> None:
    """Answer what waits. The answer comes from the address that was asked."""
    space = socket.CMSG_SPACE(12)
    while True:
        try:
            request, found, _, sender = opened.recvmsg(4096, space)
        except BlockingIOError:
            return
        asked = found[0][2][8:12]  # in_pktinfo: the interface, the local address, the header's destination
        canned.asked += 1
        if canned.silent and int.from_bytes(asked, "big") - FIRST < canned.silent:
            continue
        response = canned.answer(request, asked[3] % len(FAMILIES))
        if response is not None:
            source = [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=i4s4s", 0, asked, asked))]
            opened.sendmsg([response], source, 0, sender)


def main() -> None:
    opened, canned = open_socket(), Canned()
    print(opened.getsockname()[1], flush=True)
    waiting = selectors.DefaultSelector()
    waiting.register(opened, selectors.EVENT_READ)
    waiting.register(sys.stdin, selectors.EVENT_READ)
    while ready := waiting.select(LONGEST):
        for key, _ in ready:
            if key.fileobj is opened:
                serve(opened, canned)
                continue
            order = sys.stdin.readline().strip()
            if not order:
                return
            match order.split():
                case ["silent", number]:
                    canned.silent = 256 * (int(number) // 250) + int(number) % 250  # as addresses are given
                case ["on" | "off"]:
                    canned.switch(order == "on")
            print(canned.asked, flush=True)


if __name__ == "__main__":
    main()
