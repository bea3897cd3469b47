"""Where secrets are found, and which are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ridethrough.config import Secret, Secrets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def keep(folder: Path, name: str, text: str, mode: int = 0o600) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(mode)


def test_first_place_wins(folder: Path) -> None:
    credentials = folder / "credentials"
    credentials.mkdir()
    environment = {"CREDENTIALS_DIRECTORY": str(credentials), "RIDETHROUGH_SECRET_MY_POOL_1": "from the environment"}
    secrets = Secrets.of_process(folder, environment)
    assert secrets.find("my-pool.1") == Secret("my-pool.1", "from the environment")
    keep(credentials, "my-pool.1", "from systemd\n", 0o644)  # systemd guards the folder, not the file
    assert secrets.find("my-pool.1").value == "from systemd"
    keep(folder, "my-pool.1", "from the folder\n")
    assert secrets.find("my-pool.1").value == "from the folder"


def test_missing_names_every_place(folder: Path) -> None:
    with pytest.raises(ValueError, match="was not found") as caught:
        Secrets(folder, Path("/run/credentials/ridethrough")).find("pool1")
    told = str(caught.value)
    assert str(folder / "pool1") in told
    assert "/run/credentials/ridethrough/pool1" in told
    assert "RIDETHROUGH_SECRET_POOL1" in told


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
def test_file_for_everyone_is_refused(folder: Path, mode: int) -> None:
    keep(folder, "pool1", "swordfish", mode)
    with pytest.raises(ValueError, match=r"run chmod 600 .*pool1"):
        Secrets(folder).find("pool1")


def test_folder_that_everyone_may_write_is_refused(folder: Path) -> None:
    keep(folder, "pool1", "swordfish")
    folder.chmod(0o707)
    with pytest.raises(ValueError, match="run chmod 700"):
        Secrets(folder).find("pool1")


def test_only_the_last_line_end_goes(folder: Path) -> None:
    keep(folder, "pool1", " two lines\nwith spaces \r\n")
    assert Secrets(folder).find("pool1").value == " two lines\nwith spaces "


def test_a_pipe_does_not_hold_the_start(folder: Path) -> None:
    os.mkfifo(folder / "pool1", 0o600)
    with pytest.raises(ValueError, match="no ordinary file"):
        Secrets(folder).find("pool1")


@pytest.mark.parametrize("text", ["", "\n"])
def test_empty_is_refused(folder: Path, text: str) -> None:
    keep(folder, "pool1", text)
    with pytest.raises(ValueError, match="is empty"):
        Secrets(folder).find("pool1")


@pytest.mark.parametrize("name", ["", "..", "../x", "/etc/shadow", "a/b", "a b", "-x", "a\0b", "x" * 101])
def test_name_that_leaves_the_folder_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="the name after secret:"):
        Secrets(folder).find(name)


def test_secret_is_not_shown() -> None:
    secret = Secret("pool1", "swordfish")
    assert f"{secret} {secret!r} {[secret]} {secret!s:>30}".count("swordfish") == 0
