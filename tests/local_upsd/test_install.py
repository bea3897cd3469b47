"""The steps from the files to the first answer, with programs that do as they are told, or do not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ridethrough.local_upsd.install import Installed, InstallError, install
from ridethrough.local_upsd.plan import Plan, Wish, planned
from ridethrough.local_upsd.programs import MachinePrograms, Ran
from ridethrough.local_upsd.service import Service
from ridethrough.local_upsd.store import Folder
from ridethrough.ports import Refused, Unreachable

WISH = Wish("ups1", "nutdrv_qx", (("port", "/dev/ttyS0"),), password="p4ss")
TOLD = {"ups.status": "OL", "battery.charge": "100"}


@dataclass(slots=True)
class Fake:
    """Implements Programs: each command ends as `ends` says of its beginning, else well."""

    has_systemd: bool = False
    ends: dict[str, Ran] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return True

    def run(self, name: str, *arguments: str, seconds: float = 60.0) -> Ran:
        line = " ".join([name, *arguments])
        self.ran.append(line)
        return next((ran for begin, ran in self.ends.items() if line == begin or line.startswith(f"{begin} ")), Ran(0))


NO_UPSD = {"upsd -c reload": Ran(1), "upsd -c stop": Ran(1)}


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "nut"
    folder.mkdir()
    (folder / "nut.conf").write_text("MODE=none\n")
    return folder


async def do(
    etc: Path, fake: Fake, *answers: Mapping[str, str] | BaseException, then: Exception | None = None
) -> Installed:
    store = Folder(etc, "before-ups1")
    plan: Plan = planned(WISH, store.texts())
    left = list(answers or (TOLD,))

    async def ask(host: str, port: int, name: str) -> Mapping[str, str]:
        assert (host, port, name) == ("127.0.0.1", 3493, "ups1")
        said = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(said, BaseException):
            raise said
        return said

    def last() -> None:
        if then is not None:
            raise then

    return await install(plan, store, Service(plan, fake), ask, last, patience=0.3, pause=0.01)


async def test_without_systemd(etc: Path) -> None:
    fake = Fake(ends=dict(NO_UPSD))
    done = await do(etc, fake, Unreachable("not yet"), {"ups.status": "WAIT"}, TOLD)
    assert done.variables == TOLD
    assert fake.ran == ["upsd -c reload", "upsdrvctl start ups1", "upsd"]
    assert "see to it that they start with it" in done.started
    assert done.kept == {"nut.conf": etc / "nut.conf.before-ups1"}


async def test_a_upsd_that_runs_takes_up_the_new_files(etc: Path) -> None:
    (etc / "upsd.conf").write_text("LISTEN 127.0.0.1\n")
    fake = Fake()
    await do(etc, fake)
    assert fake.ran == ["upsd -c reload", "upsdrvctl start ups1"]


async def test_a_upsd_that_runs_is_started_anew_for_a_new_address(etc: Path) -> None:
    (etc / "upsd.conf").write_text("LISTEN 127.0.0.2\n")
    fake = Fake()
    await do(etc, fake)
    assert fake.ran == ["upsd -c reload", "upsdrvctl start ups1", "upsd -c stop", "upsd"]


async def test_as_the_user_that_ups_conf_names(etc: Path) -> None:
    (etc / "ups.conf").write_text("user = ups\n")
    fake = Fake(ends={"upsd -u ups -c": Ran(1)})
    await do(etc, fake)
    assert fake.ran == ["upsd -u ups -c reload", "upsdrvctl -u ups start ups1", "upsd -u ups"]


async def test_with_systemd(etc: Path) -> None:
    fake = Fake(has_systemd=True, ends={"systemctl is-active": Ran(3)})
    done = await do(etc, fake)
    assert fake.ran == [
        "systemctl is-active --quiet nut-server.service",
        "systemctl cat nut-driver-enumerator.service",
        "systemctl restart nut-driver-enumerator.service",
        "systemctl enable nut-driver@ups1.service",
        "systemctl restart nut-driver@ups1.service",
        "systemctl enable nut-server.service",
        "systemctl restart nut-server.service",
    ]
    assert (
        done.started == "started by systemd, now and with the machine: nut-driver@ups1.service and nut-server.service"
    )


async def test_with_systemd_and_an_older_nut_that_runs(etc: Path) -> None:
    (etc / "upsd.conf").write_text("LISTEN 127.0.0.1\n")
    fake = Fake(has_systemd=True, ends={"systemctl cat": Ran(1)})
    await do(etc, fake)
    assert fake.ran[2:] == [
        "systemctl restart nut-driver.service",
        "systemctl enable nut-server.service",
        "systemctl reload nut-server.service",
    ]


def state(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(
    ("ends", "answers", "then", "why"),
    [
        (
            {**NO_UPSD, "upsdrvctl start": Ran(1, "Network UPS Tools\nDevice not supported!\nDriver failed to start")},
            (),
            None,
            r"the driver did not start: Device not supported\. It does not answer as this driver expects",
        ),
        ({**NO_UPSD, "upsd": Ran(1, "not listening on 127.0.0.1 port 3493")}, (), None, "upsd did not start: not list"),
        (
            NO_UPSD,
            (Unreachable("127.0.0.1:3493: nothing listens"),),
            None,
            r"did not answer within 0 s: .*nothing list",
        ),
        (NO_UPSD, (Refused("UNKNOWN-UPS", "no such UPS"),), None, "did not answer within 0 s: no such UPS"),
        (NO_UPSD, ({"ups.status": "WAIT"},), None, "its driver has not read it yet"),
        (NO_UPSD, (), InstallError("site.toml cannot be written"), "site.toml cannot be written"),
    ],
)
async def test_what_fails_is_undone(
    etc: Path, ends: dict[str, Ran], answers: tuple[Mapping[str, str] | Exception, ...], then: Exception, why: str
) -> None:
    before, fake = state(etc), Fake(ends=dict(ends))
    with pytest.raises(InstallError, match=rf"{why}.*; NUT's files are as they were"):
        await do(etc, fake, *answers, then=then)
    assert state(etc) == before
    assert fake.ran[-2:] == ["upsdrvctl stop ups1", "upsd -c stop"]


async def test_a_upsd_that_ran_before_goes_on(etc: Path) -> None:
    """It serves others."""
    (etc / "upsd.conf").write_text("LISTEN 127.0.0.1\n")
    fake = Fake(ends={"upsdrvctl start": Ran(1, "Device not supported!")})
    with pytest.raises(InstallError):
        await do(etc, fake)
    assert fake.ran[-2:] == ["upsdrvctl stop ups1", "upsd -c reload"]


async def test_systemds_failure_is_undone_too(etc: Path) -> None:
    before = state(etc)
    fake = Fake(has_systemd=True, ends={"systemctl restart nut-driver@ups1.service": Ran(1, "Job failed.")})
    with pytest.raises(
        InstallError, match=r"systemctl restart nut-driver@ups1\.service failed: Job failed; journalctl"
    ):
        await do(etc, fake)
    assert state(etc) == before
    assert fake.ran[-3:] == [
        "systemctl disable --now nut-driver@ups1.service",
        "systemctl restart nut-driver-enumerator.service",
        "systemctl restart nut-server.service",
    ]


async def test_who_interrupts_it_finds_everything_as_it_was(etc: Path) -> None:
    before, fake = state(etc), Fake(ends=dict(NO_UPSD))
    with pytest.raises(asyncio.CancelledError):
        await do(etc, fake, asyncio.CancelledError())
    assert state(etc) == before
    assert fake.ran[-2:] == ["upsdrvctl stop ups1", "upsd -c stop"]


async def test_one_that_was_written_before_is_not_taken_away(etc: Path) -> None:
    await do(etc, Fake(ends=dict(NO_UPSD)))
    before, fake = state(etc), Fake(ends={"upsdrvctl start": Ran(1, "Device not supported!")})
    with pytest.raises(InstallError, match="it was written before, and stays so"):
        await do(etc, fake)
    assert state(etc) == before
    assert not any("stop" in line for line in fake.ran)


async def test_a_runtime_that_is_worked_out_is_waited_for_and_missed_at_last(etc: Path) -> None:
    calibrated = {**TOLD, "driver.parameter.runtimecal": "240,100,720,50"}
    done = await do(etc, Fake(ends=dict(NO_UPSD)), calibrated, {**calibrated, "battery.runtime": "500"})
    assert done.variables["battery.runtime"] == "500"
    done = await do(etc, Fake(), calibrated)
    assert "battery.runtime" not in done.variables


# --- real programs


def test_a_program_is_run_to_its_end_and_never_raises(tmp_path: Path) -> None:
    programs = MachinePrograms(tmp_path, {"PATH": "/usr/bin:/bin"})
    assert programs.run("sh", "-c", "echo one; echo two >&2; exit 3") == Ran(3, "one\ntwo")
    assert programs.run("sh", "-c", 'echo "$NUT_CONFPATH"').output == str(tmp_path)
    assert programs.run("no-such-program") == Ran(127, "no-such-program is not installed")
    late = programs.run("sleep", "60", seconds=0.1)
    assert (late.code, late.output) == (124, "sleep took longer than 0 s")
    assert (programs.has("sh"), programs.has("no-such-program"), programs.has_systemd) == (True, False, False)
    assert MachinePrograms(Path("/etc/nut"), {}).run("sh", "-c", 'echo "[$NUT_CONFPATH]"').output == "[]"
