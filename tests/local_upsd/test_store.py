"""NUT's folder: whole files, old ones kept, modes as they were, and everything put back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ridethrough.local_upsd.plan import Change
from ridethrough.local_upsd.store import Folder, StoreError


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "nut"
    folder.mkdir()
    for name, mode in (("ups.conf", 0o644), ("upsd.users", 0o600)):
        (folder / name).write_text(f"# {name}\n")
        (folder / name).chmod(mode)
    return folder


def state(folder: Path) -> dict[str, tuple[str, int]]:
    return {path.name: (path.read_text(), path.stat().st_mode & 0o777) for path in sorted(folder.iterdir())}


CHANGES = (Change("ups.conf", "new\n", ""), Change("upsd.users", "secret\n", ""), Change("nut.conf", "MODE=x\n", ""))


def test_written_kept_and_put_back(etc: Path) -> None:
    before = state(etc)
    store = Folder(etc, "before-ups1")
    assert store.texts() == {
        "ups.conf": "# ups.conf\n",
        "upsd.conf": None,
        "upsd.users": "# upsd.users\n",
        "nut.conf": None,
    }
    store.write(CHANGES)
    assert state(etc) == {
        "nut.conf": ("MODE=x\n", 0o640),
        "ups.conf": ("new\n", 0o644),
        "ups.conf.before-ups1": before["ups.conf"],
        "upsd.users": ("secret\n", 0o600),
        "upsd.users.before-ups1": before["upsd.users"],
    }
    assert store.kept["ups.conf"] == etc / "ups.conf.before-ups1"
    assert store.put_back() == []
    assert state(etc) == before


def test_an_older_one_that_was_kept_stays(etc: Path) -> None:
    (etc / "ups.conf.before-ups1").write_text("older\n")
    store = Folder(etc, "before-ups1")
    store.texts()
    store.write(CHANGES[:1])
    assert store.kept["ups.conf"].name == "ups.conf.before-ups1-2"
    assert (etc / "ups.conf.before-ups1").read_text() == "older\n"


def test_when_one_cannot_be_written_none_is(etc: Path) -> None:
    before = state(etc)
    store = Folder(etc, "before-ups1")
    store.texts()
    (etc / "nut.conf").write_text("somebody else's\n")
    with pytest.raises(StoreError, match=r"nothing was written: .*somebody else"):
        store.write(CHANGES)
    assert state(etc) == before | {"nut.conf": ("somebody else's\n", (etc / "nut.conf").stat().st_mode & 0o777)}


def test_an_owner_that_cannot_be_kept_writes_nothing(etc: Path) -> None:
    def refuses(handle: int, owner: int, group: int) -> None:
        raise PermissionError(1, "not allowed")

    before = state(etc)
    store = Folder(etc, "before-ups1", chown=refuses)
    store.texts()
    with pytest.raises(StoreError, match="Run this as root"):
        store.write(CHANGES)
    assert {name: value for name, value in state(etc).items() if not name.endswith("-ups1")} == before


def test_what_somebody_has_changed_meanwhile_is_not_undone(etc: Path) -> None:
    store = Folder(etc, "before-ups1")
    store.texts()
    store.write(CHANGES[:1])
    (etc / "ups.conf").write_text("somebody's\n")
    (trouble,) = store.put_back()
    assert "somebody has changed it meanwhile" in trouble
    assert trouble.endswith("as it was it is " + str(etc / "ups.conf.before-ups1"))
    assert (etc / "ups.conf").read_text() == "somebody's\n"


def test_passwords_that_everyone_may_read_are_refused(etc: Path) -> None:
    (etc / "upsd.users").chmod(0o644)
    with pytest.raises(StoreError, match=r"upsd\.users: everyone may read it, .*chmod 640, chgrp nut"):
        Folder(etc, "x").texts()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="install NUT first, or name its folder with --nut-dir"):
        Folder(tmp_path / "none", "x").texts()


def test_a_file_that_is_no_text(etc: Path) -> None:
    (etc / "ups.conf").write_bytes(b"\xff")
    with pytest.raises(StoreError, match="no text in UTF-8"):
        Folder(etc, "x").texts()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(etc: Path) -> None:
    etc.chmod(0o500)
    with pytest.raises(StoreError, match="run this as root"):
        Folder(etc, "x").must_be_writable()
