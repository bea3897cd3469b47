"""`ridethrough ups show`: everything that a UPS says, with its evidence."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ridethrough.sim.cards_mib.tree import Leaf
from tests.drivers.nut.fake import OL, FakeUpsd
from tests.drivers.snmp.own_cards import FAMILIES
from tests.drivers.snmp.replay import EPPC, RFC, ReplayCard, Rows, integers, on_battery

from .live import Live, as_json, ridethrough


def site_of(folder: Path, source: str) -> tuple[str, ...]:
    path = folder / "site.toml"
    path.write_text(f'[site]\nname = "Cellar"\n[ups.ups1]\nsource = "{source}"\n')
    return "--site", str(path), "--state", str(folder / "none")


async def show(folder: Path, rows: Rows, *options: str, columns: int | None = None):  # type: ignore[no-untyped-def]
    async with ReplayCard(rows) as card:
        site = site_of(folder, f"snmp://{card.address}")
        return await asyncio.to_thread(ridethrough, "ups", "show", "ups1", *site, *options, columns=columns)


async def test_a_card_and_its_evidence(tmp_path: Path) -> None:
    document = as_json(await show(tmp_path, on_battery(FAMILIES["EPPC"]), "--json"))
    assert (document["family"], document["source"], document["controller"]) == ("EPPC + RFC 1628", "battery", None)
    assert "935.10.1 by sysObjectID" in document["why"]
    rows = {(row["what"], row["name"]): (row["says"], row["raw"]) for row in document["evidence"]}
    assert rows["output source", f"{EPPC}.2.1.0"] == ("battery", "5")
    assert rows["says it is on battery", f"{EPPC}.9.2.0"] == ("yes", "1,7")
    assert rows["runtime", f"{EPPC}.3.3.0"] == ("20 min", "20")
    assert not document["contradicts_itself"]


async def test_in_words(tmp_path: Path) -> None:
    result = await show(tmp_path, FAMILIES["EPPC"], columns=100)
    assert result.exit_code == 0
    first, second, *_ = result.stdout.splitlines()
    assert first == "UPS ups1"
    assert second.endswith("(EPPC + RFC 1628)")
    assert "  utility power, charge" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 100


async def test_a_contradiction_is_shown(tmp_path: Path) -> None:
    rows = FAMILIES["EPPC"] | integers({f"{RFC}.4.1.0": 5})
    result = await show(tmp_path, rows)
    assert "two of its objects say different things" in result.stdout
    assert as_json(await show(tmp_path, rows, "--json"))["contradicts_itself"] == ["what feeds its output"]


async def test_what_is_no_ups_is_told(tmp_path: Path) -> None:
    pdu = {"1.3.6.1.2.1.1.2.0": Leaf("oid", "1.3.6.1.4.1.318.1.3.4.5")}
    result = await show(tmp_path, pdu)
    assert result.exit_code == 1
    assert "an APC power distribution unit, not a UPS" in result.stdout


async def test_a_ups_behind_upsd(tmp_path: Path) -> None:
    async with FakeUpsd({"cellar": OL | {"ups.status": "OL OB"}}) as upsd:
        site = site_of(tmp_path, f"nut://127.0.0.1:{upsd.port}/cellar")
        document = as_json(await asyncio.to_thread(ridethrough, "ups", "show", "ups1", *site, "--json"))
    assert (document["family"], document["source"], document["contradicts_itself"]) == (
        "NUT",
        "utility",
        ["what feeds its output"],
    )
    assert {"what": "input", "says": "230 V", "name": "input.voltage", "raw": "230.0"} in document["evidence"]


def test_a_ups_that_is_not_in_the_file(tmp_path: Path) -> None:
    result = ridethrough("ups", "show", "ups9", *site_of(tmp_path, "snmp://127.0.0.1:9"))
    assert result.exit_code == 2
    assert "there is no [ups.ups9]; known UPSs are ups1" in result.stderr


def test_what_the_controller_makes_of_it(protected: Live) -> None:
    result = protected.look("ups", "show", "ups1", "--state", str(protected.state))
    assert "the controller has it as: utility power, heard" in result.stdout
