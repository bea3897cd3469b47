"""`ridethrough ups discover`: cards in a range, UPSs of an upsd, and site.toml with what was found."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from typer.testing import Result

from ridethrough.config import Secrets, load
from ridethrough.drivers.snmp import CardConfig, sweep
from ridethrough.sim.cards_mib.tree import Leaf
from tests.drivers.nut.fake import OL, FakeUpsd
from tests.drivers.snmp.own_cards import FAMILIES, SYSTEM
from tests.drivers.snmp.replay import ReplayCard

from .live import as_json, ridethrough
from .test_pages import documented, shape

PDU = {f"{SYSTEM}.2.0": Leaf("oid", "1.3.6.1.4.1.318.1.3.4.5")}
FILE = """# Our cellar.
[site]
name = "Cellar"  # do not rename

[ups.ups1]
source = "snmp://192.0.2.99"
"""


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A UDP port at which 127.0.77.2 is an EPPC card, .3 an RFC 1628 card with a community, .4 a PDU, .5 silent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.77.2", 0))
        number: int = free.getsockname()[1]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(ReplayCard(FAMILIES["EPPC"], at=("127.0.77.2", number)))
        await stack.enter_async_context(ReplayCard(FAMILIES["RFC 1628"], "swordfish", at=("127.0.77.3", number)))
        await stack.enter_async_context(ReplayCard(PDU, at=("127.0.77.4", number)))
        silent = await stack.enter_async_context(ReplayCard({}, at=("127.0.77.5", number)))
        silent.silent = True
        yield number


async def search(port: int, site: Path, *options: str) -> Result:
    at = ("127.0.77.1-127.0.77.6", "--port", str(port), "--site", str(site))
    run = partial(ridethrough, "ups", "discover", *at, *options, RIDETHROUGH_SECRET_CARD="swordfish")
    return await asyncio.to_thread(run)


async def test_a_range(port: int, tmp_path: Path) -> None:
    found = as_json(await search(port, tmp_path / "none", "--json"))["found"]
    assert [row["address"] for row in found] == [f"127.0.77.2:{port}", f"127.0.77.4:{port}"]
    card, pdu = found
    assert card["vendor"] == "Maker"
    assert (card["family"], card["condition"], card["in_site"]) == ("EPPC + RFC 1628", "utility power", None)
    assert pdu["condition"] is None
    assert "an APC power distribution unit, not a UPS" in pdu["trouble"]


async def test_what_a_person_sees(port: int, tmp_path: Path) -> None:
    result = await search(port, tmp_path / "none", "--community", "public", "--community", "secret:card")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split()[:3] == ["Address", "Vendor", "Model"]
    assert lines[1].startswith(f"127.0.77.2:{port}")
    assert lines[2].startswith(f"127.0.77.3:{port}")
    assert lines[-1] == "Found 2 UPSs."


async def test_what_is_found_is_added_and_comments_stay(port: int, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(FILE)
    site.chmod(0o640)
    both = ("--community", "public", "--community", "secret:card")
    result = await search(port, site, *both, "--add", "all")
    assert result.exit_code == 0, result.stderr
    assert site.read_text().startswith(FILE)
    assert site.stat().st_mode & 0o777 == 0o640
    loaded = load(site, Secrets(environment={"RIDETHROUGH_SECRET_CARD": "swordfish"}))
    assert {name: str(ups.at) for name, ups in loaded.upses.items()} == {
        "ups1": "192.0.2.99:161",
        "ups2": f"127.0.77.2:{port}",
        "ups3": f"127.0.77.3:{port}",
    }
    assert "swordfish" not in site.read_text()
    found = as_json(await search(port, site, *both, "--json"))["found"]
    assert [row["in_site"] for row in found] == ["ups2", "ups3", None]
    # A second time nothing is new, and the file stays as it is.
    before = site.read_text()
    assert "nothing is new" in (await search(port, site, *both, "--add", "all")).stderr
    assert site.read_text() == before
    # The way of a UPS that is in the file.
    found = as_json(await search(port, site, "--like", "ups3", "--json"))["found"]
    assert [row["address"] for row in found] == [f"127.0.77.3:{port}"]


async def test_one_address_is_added(port: int, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(FILE)
    result = await search(port, site, "--add", "127.0.77.9")
    assert result.exit_code == 1
    assert "nothing was found at 127.0.77.9; nothing was added" in result.stderr
    assert site.read_text() == FILE
    await search(port, site, "--add", "127.0.77.2")
    assert set(load(site, Secrets()).upses) == {"ups1", "ups2"}


async def test_upses_of_an_upsd(root: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(FILE)
    async with FakeUpsd({"cellar": OL | {"ups.mfr": "Maker"}, "attic": OL | {"ups.status": "OB"}}) as upsd:
        options = ("--nut", f"127.0.0.1:{upsd.port}", "--site", str(site))
        document = as_json(await asyncio.to_thread(ridethrough, "ups", "discover", *options, "--json"))
        await asyncio.to_thread(ridethrough, "ups", "discover", *options, "--add", f"127.0.0.1:{upsd.port}/attic")
    assert shape(document | {"troubles": []}) == documented(root, "ups discover")
    attic, cellar = document["found"]
    assert (attic["source"], attic["condition"]) == (f"nut://127.0.0.1:{upsd.port}/attic", "on battery")
    assert (cellar["condition"], cellar["vendor"]) == ("utility power", "Maker")
    assert str(load(site, Secrets()).upses["ups2"].at) == f"127.0.0.1:{upsd.port}/attic"


async def test_why_nothing_was_added_is_told(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    text = 'site = { name = "Cellar" }\nups = { ups1 = { source = "snmp://192.0.2.99" } }\n'
    site.write_text(text)
    async with FakeUpsd({"cellar": OL}) as upsd:
        options = ("--nut", f"127.0.0.1:{upsd.port}", "--site", str(site), "--add", "all")
        result = await asyncio.to_thread(ridethrough, "ups", "discover", *options)
    assert result.exit_code == 1
    assert f"{site}: nothing was added: " in result.stderr
    assert "write each as a section [ups.NAME]" in result.stderr
    assert site.read_text() == text


async def test_a_search_that_is_cancelled_tells_what_it_has_found(port: int) -> None:
    seen = asyncio.Event()

    def told(done: int, found: int) -> None:
        if found:
            seen.set()

    def ways(address: str) -> list[CardConfig]:
        return [CardConfig("", f"{address}:{port}")]

    searching = asyncio.create_task(sweep(["127.0.77.2", "127.0.77.5"], ways, lambda: 0.0, told))
    await seen.wait()
    searching.cancel()
    assert [found.config.address for found in await searching] == [f"127.0.77.2:{port}"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "name addresses to ask, or an upsd with --nut"),
        (("192.0.2.9-192.0.2.1",), "does not go up from its first address"),
        (("192.0.2.1", "--community", "swordfish"), 'a community is written as "secret:NAME"'),
        (("192.0.2.1", "--version", "3"), "users of version 3 are given with"),
        (("--nut", "upsd.example"), "name services die in outages too"),
    ],
)
def test_what_cannot_be_searched(options: tuple[str, ...], told: str, tmp_path: Path) -> None:
    result = ridethrough("ups", "discover", *options, "--site", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
