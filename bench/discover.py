"""How long a search of a /24 takes, with cards on some addresses and nobody answering on the others.

    python bench/discover.py [--charts FOLDER] [CARDS ...]

Each address is one of 127.2.0.0/24: a simulated card, or a socket that swallows what it gets, as a silent address does.
The command is `ridethrough ups discover` with its own time-outs, as another process. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

from chart import save

from ridethrough.sim.cards_mib.tree import Leaf, Tree, answer

ADDRESSES = 254
SIZES = (1, 20, 100)
RFC = "1.3.6.1.2.1.33.1"
ROWS = {
    "1.3.6.1.2.1.1.1.0": Leaf("string", "bench"),
    "1.3.6.1.2.1.1.2.0": Leaf("oid", "1.3.6.1.2.1.33"),
    **{f"{RFC}.{end}": Leaf("integer", n) for end, n in (("4.1.0", 3), ("2.1.0", 2), ("2.3.0", 20), ("2.4.0", 100))},
}


class _Address(asyncio.DatagramProtocol):
    def __init__(self, is_card: bool) -> None:
        self._is_card = is_card

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = answer(data, b"public", lambda: Tree(ROWS)) if self._is_card else None
        if said is not None:
            self._transport.sendto(said, addr)


async def measure(cards: int) -> tuple[float, int]:
    """Seconds of the wall for the whole command, and how many cards it found."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.2.0.1", 0))
        port = free.getsockname()[1]
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        for number in range(1, ADDRESSES + 1):
            is_card = number * cards // ADDRESSES > (number - 1) * cards // ADDRESSES  # spread evenly
            transport, _ = await loop.create_datagram_endpoint(
                lambda is_card=is_card: _Address(is_card),  # type: ignore[misc]
                local_addr=(f"127.2.0.{number}", port),
            )
            stack.callback(transport.close)
        began = time.perf_counter()
        command = ("-m", "ridethrough.cli", "ups", "discover", "127.2.0.0/24", "--port", str(port), "--json")
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, "--site", "/nowhere/site.toml", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        took = time.perf_counter() - began
    return took, len(json.loads(out)["found"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--charts", type=Path)
    asked = parser.parse_args()
    print("cards of 254   found   seconds")
    points = []
    for cards in asked.sizes:
        took, found = asyncio.run(measure(cards))
        print(f"{cards:12}   {found:5}   {took:7.1f}")
        points.append((cards, took))
    save(asked.charts, "discover", "Search of a /24", "cards", "seconds", {"whole command": points})


if __name__ == "__main__":
    main()
