"""A simulated site on the wire in a thread of its own, and the command line beside it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from typer.testing import CliRunner, Result

from ridethrough.cli.app import app
from ridethrough.cli.wire import Daemon, WireSite, is_ready
from ridethrough.sim.faults import find_vm
from ridethrough.sim.site_file import load_site

T = TypeVar("T")
SPEED = 10.0
PATIENCE = 40.0  # seconds of the wall


def ridethrough(*arguments: str, columns: int | None = None, typed: str | None = None, **env: str) -> Result:
    """One command, in this process; nothing of the tester's own environment reaches it."""
    names = ("RIDETHROUGH_SITE", "RIDETHROUGH_STATE", "RIDETHROUGH_SECRETS", "CREDENTIALS_DIRECTORY")
    clean: dict[str, str | None] = dict.fromkeys(names)
    clean |= {"COLUMNS": str(columns) if columns else None, **env}
    return CliRunner(env=clean).invoke(app, list(arguments), input=typed)


class Live:
    """The site's files in `folder`; `daemon` is started by `protect`. `speed`: its seconds per second of the wall."""

    def __init__(self, folder: Path, site: Path, speed: float = SPEED) -> None:
        self.folder = folder
        self.site, self.secrets, self.state = folder / "site.toml", folder / "secrets", folder / "state"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated site", daemon=True)
        self._thread.start()
        self.wire = WireSite(load_site(site), folder, speed)
        self.daemon = Daemon(folder, speed)
        self.run(self.wire.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the site's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE + 10.0)

    def protect(self) -> None:
        """Start the controller and wait until it sees everything."""
        self.run(self.daemon.start())
        self.until(is_ready)

    def until(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the controller's status is as wanted."""
        return self.run(self.daemon.until(is_so, PATIENCE))

    def until_world(self, is_so: Callable[[], bool]) -> None:
        """Wait until the simulated site is as wanted."""
        self.run(self._until_world(is_so))

    async def _until_world(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                await asyncio.sleep(0.05)
                self.wire.pace.step()

    def set_feeder(self, feeder: str, on: bool) -> None:
        """Fail or restore utility power."""
        self.run(self._set_feeder(feeder, on))

    async def _set_feeder(self, feeder: str, on: bool) -> None:
        self.wire.pace.step()
        self.wire.world.set_feeder(feeder, on)

    def on(self, vm: str) -> str | None:
        """Where a VM runs."""
        return find_vm(self.wire.world, vm).resident_on

    def close(self) -> None:
        self.run(self.daemon.stop())
        self.run(self.wire.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    # --- commands

    def look(self, *arguments: str, site: Path | None = None, secrets: Path | None = None, **more: Any) -> Result:
        """A command that reads site.toml: check or plan."""
        where = ("--site", str(site or self.site), "--secrets", str(secrets or self.secrets))
        return ridethrough(*arguments, *where, **more)

    def ask(self, *arguments: str, **more: Any) -> Result:
        """A command that speaks to the controller's state directory."""
        return ridethrough(*arguments, "--state", str(self.state), **more)

    def changed(self, name: str, changes: Mapping[str, str]) -> Path:
        """A copy of site.toml with some text replaced."""
        text = self.site.read_text(encoding="utf-8")
        for before, after in changes.items():
            assert before in text, before
            text = text.replace(before, after)
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def as_json(result: Result) -> Any:
    """What a command printed with --json."""
    return json.loads(result.stdout)
