"""The driver against NUT's own nutdrv_qx and upsd, which read a simulated UPS on a pseudo-terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ridethrough.core.observation import Source, UpsReading, UpsSeen
from ridethrough.drivers.nut import NutConfig, NutSwitch, ServerConfig, Upsds
from ridethrough.drivers.nut.server import Server
from ridethrough.ports import Refused
from ridethrough.sim.battery import Battery
from ridethrough.sim.cards import SimCard, SimUps
from ridethrough.sim.megatec import Megatec, Quirks
from ridethrough.sim.serial_port import SerialPort
from ridethrough.sim.world import World
from tests.cli.live import ridethrough
from tests.drivers.nut.real import NUTDRV_QX, UPSD, RealUpsd

pytestmark = pytest.mark.skipif(
    UPSD is None or NUTDRV_QX is None, reason="NUT's upsd and nutdrv_qx are not here (Debian package nut-server)"
)

PATIENCE = 60.0
USERS = "[ridethrough]\npassword = x\nactions = SET\ninstcmds = ALL\n"
# 300 W of 2000 for ten minutes.
CALIBRATED = "runtimecal = 300,30,600,15"


@dataclass(slots=True)
class OnPort:
    """A simulated UPS as upsd tells it. Its time moves only when a test lets it."""

    world: World
    ups: SimUps
    observer: Upsds
    config: ServerConfig

    def let(self, seconds: float) -> None:
        self.world.advance(self.world.now + seconds)

    async def until(self, is_so: Callable[[UpsSeen], bool]) -> UpsReading:
        async with asyncio.timeout(PATIENCE):
            while not is_so(seen := self.observer.observe(urgent=False).upses["ups1"]):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert seen.reading is not None
        return seen.reading

    async def until_says(
        self, source: Source, *, low: bool = False, testing: bool = False, charge: float | None = None
    ) -> UpsReading:
        def is_so(seen: UpsSeen) -> bool:
            found = seen.reading
            if found is None or seen.trouble or (charge is not None and found.charge != charge):
                return False
            return (found.source, found.low_battery, found.testing) == (source, low, testing)

        return await self.until(is_so)

    async def variables(self) -> dict[str, str]:
        server = Server(self.config)
        try:
            return await server.variables("ups1")
        finally:
            server.close()

    async def status(self, *, has: str = "", lacks: str = "") -> str:
        async with asyncio.timeout(PATIENCE):
            while True:
                words = (await self.variables())["ups.status"]
                if (not has or has in words.split()) and lacks not in words.split():
                    return words
                await asyncio.sleep(0.05)

    async def tell(self, *words: str) -> None:
        server = Server(self.config)
        try:
            await server.tell(*words)
        finally:
            server.close()

    def switch(self) -> NutSwitch:
        return NutSwitch(NutConfig("ups1", self.config, "ups1"), lambda: self.world.now)


@asynccontextmanager
async def on_port(folder: Path, options: str = "", quirks: Quirks | None = None) -> AsyncIterator[OnPort]:
    world = World()
    ups = world.add_ups(SimUps("ups1", "a", Battery.full(50.0), SimCard(), base_load_watts=300.0))
    port = SerialPort(Megatec(world, ups, quirks).answer, folder / "ups1.tty")
    home = folder / "nut"
    home.mkdir()
    port.start()
    try:
        section = f"port = {folder / 'ups1.tty'}\npollfreq = 1\n{options}"
        async with RealUpsd(home, {}, USERS, sections={"ups1": section}) as upsd:
            config = replace(upsd.config(), username="ridethrough", password="x")
            observer = Upsds([NutConfig("ups1", config, "ups1")], lambda: world.now, pace=0.2)
            await observer.start(lambda: None)
            try:
                yield OnPort(world, ups, observer, config)
            finally:
                await observer.stop()
    finally:
        port.stop()


async def test_an_outage_until_the_battery_is_low_and_power_again(tmp_path: Path) -> None:
    async with on_port(tmp_path, CALIBRATED) as run:
        # The driver works out a runtime from its second look on.
        good = await run.until(lambda seen: seen.reading is not None and seen.reading.runtime is not None)
        assert (good.source, good.charge, good.load, good.input_volts) == (Source.UTILITY, 100, 15, 231)
        assert good.model == "Ridethrough Megatec"
        assert good.runtime == pytest.approx(600, rel=0.05)
        run.world.set_feeder("a", False)
        await run.until_says(Source.BATTERY)
        await run.until(lambda seen: seen.reading is not None and seen.reading.input_dead)  # its volts come later
        run.let(421)
        low = await run.until_says(Source.BATTERY, low=True)
        assert low.countdown is None
        run.world.set_feeder("a", True)
        await run.until_says(Source.UTILITY)


async def test_without_a_calibration_the_charge_follows_the_volts_and_no_runtime_is_told(tmp_path: Path) -> None:
    async with on_port(tmp_path) as run:
        assert (await run.until_says(Source.UTILITY, charge=100)).runtime is None
        run.world.set_feeder("a", False)
        run.let(300)
        half = await run.until_says(Source.BATTERY, charge=50)
        assert half.runtime is None


async def test_a_battery_test_is_no_outage(tmp_path: Path) -> None:
    async with on_port(tmp_path) as run:
        await run.until_says(Source.UTILITY)
        await run.tell("INSTCMD", "ups1", "test.battery.start.quick")
        await run.until_says(Source.UTILITY, testing=True)
        run.let(11)
        await run.until_says(Source.UTILITY)
        await run.tell("INSTCMD", "ups1", "test.battery.start", "120")
        await run.until_says(Source.UTILITY, testing=True)
        await run.tell("INSTCMD", "ups1", "test.battery.stop")
        await run.until_says(Source.UTILITY)
        assert [line.text for line in run.world.story] == ["ups1 begins a self-test", "ups1 ends its self-test"] * 2


async def test_its_output_is_cut_and_comes_back(tmp_path: Path) -> None:
    async with on_port(tmp_path) as run:
        output = run.switch()
        await run.until_says(Source.UTILITY)
        with pytest.raises(Refused, match="it is not on battery"):
            await output.off_and_restart(60)
        run.world.set_feeder("a", False)
        await run.until_says(Source.BATTERY)
        done = await output.off_and_restart(60)
        assert done.countdown == 60
        assert done.steps == ("ups.delay.shutdown was 30, and is now 60", "shutdown.return: upsd said yes")
        # Behind OB the word is the driver's, of sign 44: on battery and as good as empty.
        assert await run.status(has="FSD") == "ALARM OB FSD"
        assert (await run.until_says(Source.BATTERY, low=True)).countdown is None
        with pytest.raises(Refused, match="a shutdown is under way"):
            await output.off_and_restart(60)
        run.let(59)
        assert run.ups.output
        run.let(2)
        assert not run.ups.output
        await run.until(lambda seen: "says nothing of this UPS now" in seen.trouble)
        run.world.set_feeder("a", True)
        run.let(100)
        assert not run.ups.output  # ups.delay.start is 180 s
        run.let(80)
        assert run.ups.output
        await run.until_says(Source.UTILITY)
        assert "FSD" not in await run.status(has="OL", lacks="FSD")
        output.close()


async def test_a_shutdown_is_cancelled(tmp_path: Path) -> None:
    async with on_port(tmp_path) as run:
        output = run.switch()
        run.world.set_feeder("a", False)
        await run.until_says(Source.BATTERY)
        await output.off_and_restart(60)
        assert "its countdown is gone" in (await output.cancel()).steps
        run.let(300)
        assert run.ups.output
        assert [line.text for line in run.world.story] == [
            "utility power fails on feeder a",
            "ups1 is told to shut down: output off in 60 s",
            "ups1 is told to cancel its shutdown",
        ]
        output.close()


async def test_a_sign_that_is_stuck_is_low_battery_until_it_is_ignored(tmp_path: Path) -> None:
    async with on_port(tmp_path, quirks=Quirks(shutdown_bit_stuck=True)) as run:
        await run.until_says(Source.UTILITY, low=True)
        run.world.set_feeder("a", False)
        await run.until_says(Source.BATTERY, low=True)
        output = run.switch()
        with pytest.raises(Refused, match="write ignoresab into its section"):
            await output.off_and_restart(60)
        output.close()
        assert not run.ups.card.has_counted


@pytest.mark.parametrize("quirk", ["no_rating", "no_vendor"])
async def test_a_ups_that_answers_less_is_read_with_the_driver_s_options(tmp_path: Path, quirk: str) -> None:
    options = f"protocol = megatec\n{quirk.replace('_', '')}\nignoresab"
    found = Quirks(no_rating=quirk == "no_rating", no_vendor=quirk == "no_vendor", shutdown_bit_stuck=True)
    async with on_port(tmp_path, options, found) as run:
        await run.until_says(Source.UTILITY)
        output = run.switch()
        assert "no ups.timer.shutdown" in (await output.abilities()).why  # a shutdown could not be seen
        output.close()


async def test_what_ups_show_says_of_it(tmp_path: Path) -> None:
    async with on_port(tmp_path) as run:
        await run.until_says(Source.UTILITY)
        site = tmp_path / "site.toml"
        source = f"nut://{run.config.address}/ups1"
        site.write_text(f'[site]\nname = "S"\n[ups.ups1]\nsource = "{source}"\n')
        run.world.set_feeder("a", False)
        await run.until_says(Source.BATTERY)
        await run.tell("INSTCMD", "ups1", "shutdown.return")
        await run.status(has="FSD")
        shown = await asyncio.to_thread(ridethrough, "ups", "show", "ups1", "--site", str(site))
        assert shown.exit_code == 0
        for text in (
            "Ridethrough Megatec",
            "upsd reads it with nutdrv_qx 2.",
            "it does not tell: ",
            "commands: off with restart (on battery only), cancel (NUT)",
            "on battery",
            "ALARM OB FSD",
        ):
            assert text in shown.stdout, shown.stdout
