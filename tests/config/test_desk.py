"""site.toml as people edit it: shown first, written whole, never over somebody else's edit, and never wrong."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from ridethrough.config import ConfigError, Secret, Secrets, load
from ridethrough.config.desk import BOM, ConflictError, Desk, Written
from ridethrough.config.edit import EditError, Operation, Remove, Set
from ridethrough.config.enter import EnterError, enter, fresh_name
from ridethrough.config.read import version
from ridethrough.config.shown import shown
from ridethrough.config.versions import KEPT, Versions
from ridethrough.config.whole_file import NotWrittenError

FILE = b"""# Our cellar.
[site]
name = "Cellar"  # do not rename

[ups.ups1]
source = "snmp://192.0.2.11"

[pool.pool1]
addresses = ["192.0.2.101"]
username = "root"
password = "secret:pool1"

[host.h1]
pool = "pool1"
powered_by = ["ups1"]
"""
ON = Set(("host", "h1", "shutdown"), {"enabled": True, "after": 120})


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_bytes(FILE)
    path.chmod(0o640)
    return path


@pytest.fixture
def desk(site: Path, tmp_path: Path) -> Desk:
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    enter(Secret("pool1", "swordfish"), secrets)
    return Desk(site, Secrets.of_process(secrets, {}), secrets, tmp_path / "state")


def write(
    desk: Desk, operations: Sequence[Operation], seen: str | None = None, secrets: Sequence[Secret] = ()
) -> Written:
    proposal = desk.propose(operations, secrets)
    seen = proposal.version if seen is None else seen
    return desk.apply(proposal, seen, 1000.0, "anna", "new UPS", "host.h1.shutdown")


def test_a_change_is_shown_and_then_written(desk: Desk, site: Path) -> None:
    proposal = desk.propose([ON])
    assert [line for line in proposal.diff.splitlines() if line[0] in "+-"][2:] == [
        "+shutdown = { enabled = true, after = 120 }"
    ]
    assert site.read_bytes() == FILE
    assert proposal.configuration is not None
    assert proposal.configuration.site.policy.of("h1").shutdown.after == 120
    written = desk.apply(proposal, version(FILE), 1000.0, "anna", "why not", "host.h1.shutdown")
    assert site.read_bytes() == FILE + b"shutdown = { enabled = true, after = 120 }\n"
    assert written.version == version(site.read_bytes())
    (kept,) = desk.versions.all()
    assert (kept.version, kept.at, kept.by, kept.why, kept.what) == (
        version(FILE),
        1000.0,
        "anna",
        "why not",
        "host.h1.shutdown",
    )
    assert desk.versions.raw(kept.id) == FILE


def test_the_mode_and_a_byte_order_mark_and_line_ends_stay(desk: Desk, site: Path) -> None:
    site.write_bytes(BOM + FILE.replace(b"\n", b"\r\n"))
    write(desk, [ON])
    after = b"shutdown = { enabled = true, after = 120 }\r\n"
    assert site.read_bytes() == BOM + FILE.replace(b"\n", b"\r\n") + after
    assert stat.S_IMODE(site.stat().st_mode) == 0o640


def test_a_wrong_file_never_replaces_a_good_one(desk: Desk, site: Path) -> None:
    proposal = desk.propose([Set(("host", "h1", "powered_by"), ["ups2"])])
    assert proposal.problems == ('site.toml: host.h1.powered_by names "ups2"; known UPSs are "ups1"',)
    with pytest.raises(NotWrittenError, match="known UPSs"):
        desk.apply(proposal, proposal.version, 1.0, "anna", "", "")
    assert site.read_bytes() == FILE
    assert desk.versions.all() == []


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("ups", "ups1"), "site.toml: ups.ups1 cannot be removed: host.h1 still names it"),
        (("pool", "pool1"), "site.toml: pool.pool1 cannot be removed: host.h1 still names it"),
    ],
)
def test_what_is_still_named_is_not_removed(desk: Desk, path: tuple[str, str], told: str) -> None:
    assert told in desk.propose([Remove(path)]).problems
    assert desk.propose([Remove(path), Remove(("host", "h1"))]).problems == ()


def test_an_edit_by_hand_is_never_overwritten(desk: Desk, site: Path) -> None:
    desk.show(FILE)
    seen = desk.propose([ON])
    site.write_bytes(FILE.replace(b"Cellar", b"Attic"))
    with pytest.raises(ConflictError, match="changed meanwhile") as caught:
        desk.apply(seen, seen.version, 1.0, "anna", "", "")
    assert '-name = "Cellar"  # do not rename\n+name = "Attic"  # do not rename\n' in caught.value.diff
    with pytest.raises(ConflictError):
        write(desk, [ON], seen=version(FILE))
    assert b"Attic" in site.read_bytes()
    site.unlink()
    with pytest.raises(ConflictError, match="gone"):
        desk.apply(seen, seen.version, 1.0, "anna", "", "")


def test_a_new_site_is_written_where_there_is_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "site.toml", Secrets(), None, tmp_path / "state")
    assert desk.read() is None
    first = [Set(("site", "name"), "Cellar"), Set(("manager", "listen"), "0.0.0.0:8443")]
    write(desk, first)
    assert load(desk.path, Secrets()).site.name == "Cellar"
    assert desk.path.read_text() == '[site]\nname = "Cellar"\n\n[manager]\nlisten = "0.0.0.0:8443"\n'
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o640
    proposal = desk.propose([Set(("site", "name"), "x")])
    with pytest.raises(ConflictError):
        desk.apply(proposal, "", 1.0, "anna", "", "")


def test_a_refused_change_is_taken_back_with_its_secrets(desk: Desk, site: Path, tmp_path: Path) -> None:
    password = Secret("pool-pool1", "hush")
    written = write(desk, [Set(("pool", "pool1", "password"), str(password))], secrets=[password])
    assert load(site, Secrets(tmp_path / "secrets")).pools["pool1"].password == password
    assert desk.put_back(written)
    assert site.read_bytes() == FILE
    assert os.listdir(tmp_path / "secrets") == ["pool1"]
    again = write(desk, [ON])
    site.write_bytes(FILE)
    assert not desk.put_back(again)  # somebody else was quicker


def test_a_new_file_that_is_refused_is_gone_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "site.toml", Secrets(), None, tmp_path / "state")
    assert desk.put_back(write(desk, [Set(("site", "name"), "Cellar")]))
    assert not desk.path.exists()


def test_a_whole_text_gets_the_files_line_ends(desk: Desk, site: Path) -> None:
    site.write_bytes(BOM + FILE.replace(b"\n", b"\r\n"))
    text = FILE.decode().replace("Cellar", "Attic")
    proposal = desk.propose_text(text)
    assert proposal.raw == BOM + text.replace("\n", "\r\n").encode()
    assert desk.propose_text("[site\n").problems[0].startswith("site.toml: is not TOML")
    with pytest.raises(EditError, match="half a character"):
        desk.propose_text("\ud800")


def test_what_is_no_text_is_no_ground_for_an_edit(desk: Desk, site: Path) -> None:
    site.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        desk.propose([ON])
    assert desk.propose_text(FILE.decode()).problems == ()  # the way out


# --- secrets


def test_a_secret_goes_in_and_never_comes_out(desk: Desk, tmp_path: Path) -> None:
    secret = Secret("pool-pool1", "hush hush")
    change = [Set(("pool", "pool1", "password"), str(secret))]
    proposal = desk.propose(change, [secret])
    assert proposal.problems == ()
    assert not (tmp_path / "secrets" / "pool-pool1").exists()
    assert "hush" not in f"{proposal!r} {proposal.diff}"
    written = write(desk, change, secrets=[secret])
    found = tmp_path / "secrets" / "pool-pool1"
    assert (found.read_text(), stat.S_IMODE(found.stat().st_mode)) == ("hush hush", 0o600)
    assert "hush" not in f"{written!r} {desk.path.read_text()} {desk.versions.all()}"


def test_a_name_is_never_taken_twice(tmp_path: Path) -> None:
    assert fresh_name("pool-my pool/1", tmp_path) == "pool-my-pool-1"
    enter(Secret("pool-a", "x"), tmp_path)
    assert fresh_name("pool-a", tmp_path) == "pool-a-2"
    assert fresh_name("pool-a", tmp_path, {"pool-a-2"}) == "pool-a-3"
    assert fresh_name("..", tmp_path) == "secret"
    with pytest.raises(EnterError, match="File exists"):
        enter(Secret("pool-a", "y"), tmp_path)
    assert (tmp_path / "pool-a").read_text() == "x"


@pytest.mark.parametrize("value", ["", "x\n", "x\r", "a\0b", "\ud800", "x" * 70000])
def test_what_no_file_gives_back_is_refused(desk: Desk, value: str) -> None:
    with pytest.raises(EditError, match="the secret"):
        desk.propose([ON], [Secret("s", value)])


def test_without_a_place_for_secrets_the_remedy_is_told(site: Path, tmp_path: Path) -> None:
    secret = Secret("s", "x")
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    for directory, told in (
        (None, "start `ridethrough run` with --secrets DIR"),
        (tmp_path / "gone", "is no directory: make it"),
        (open_to_all, "everyone may write in"),
    ):
        with pytest.raises(EditError, match=told):
            Desk(site, Secrets(), directory, tmp_path / "state").propose([], [secret])


def test_a_secret_in_the_file_itself_is_covered() -> None:
    text = (
        '[pool.p]\npassword = "swordfish"  # not "hunter2"\nuser.password = "x1"\n# password = "old one"\n'
        '[ups.a]\ncommunity = "public"\nwrite_community = "secret:w"\n'
        'auth_password = ["x2",\n"x3"]\n#community = "public"\n'
        '[ups.b]\npassword = { value = "x4" }\n'
    )
    covered = shown(text)
    assert covered is not None
    for secret in ("swordfish", "old one", "x1", "x2", "x3", "x4"):
        assert secret not in covered
    assert 'community = "public"\nwrite_community = "secret:w"' in covered
    assert '#community = "public"' in covered
    assert 'password = "***"  # not "hunter2"' in covered
    assert shown('[pool.p]\npassword = "swordfish') is None


# --- earlier versions


def test_the_last_fifty_are_kept(tmp_path: Path) -> None:
    versions = Versions(tmp_path / "settings")
    assert versions.all() == []
    for number in range(KEPT + 3):
        versions.keep(b"%d" % number, str(number), float(number), "anna", "", "")
    kept = versions.all()
    assert [note.version for note in kept] == [str(n) for n in range(KEPT + 2, 2, -1)]
    assert len(os.listdir(tmp_path / "settings")) == 2 * KEPT
    assert versions.raw(kept[0].id) == b"52"
    assert stat.S_IMODE((tmp_path / "settings" / f"{kept[0].id}.toml").stat().st_mode) == 0o600


@pytest.mark.parametrize("id", ["000009", "..", "../site", "", "1", "000001\n"])
def test_what_is_no_version_is_none(tmp_path: Path, id: str) -> None:
    versions = Versions(tmp_path)
    versions.keep(b"x", "v", 1.0, "anna", "", "")
    assert (versions.find(id), versions.raw(id)) == (None, None)


def test_a_note_that_a_crash_cut_short_is_left_out(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    for name in ("a", "b"):
        versions.keep(b"x", name, 1.0, "anna", "", "")
    (tmp_path / "000002.json").write_bytes(b'{"id": "0000')
    assert [kept.version for kept in versions.all()] == ["a"]


@pytest.mark.parametrize(
    ("before", "operation", "allowed"),
    [
        ("", Set(("controller", "shutdown_command"), ["sh", "-c", "anything"]), False),
        ('[controller]\nshutdown_command = ["poweroff"]\n', Set(("controller", "shutdown_command"), ["sh"]), False),
        ('[controller]\nshutdown_command = ["poweroff"]\n', Set(("controller", "stop_time"), 30), True),
        ('[controller]\nshutdown_command = ["poweroff"]\n', Remove(("controller", "shutdown_command")), True),
    ],
)
def test_nobody_chooses_a_program_of_this_machine_on_the_pages(
    desk: Desk, site: Path, before: str, operation: Operation, allowed: bool
) -> None:
    site.write_bytes(FILE + before.encode())
    problems = desk.propose([operation]).problems
    assert [problem for problem in problems if "write it into the file itself" in problem] == list(problems)
    assert (not problems) is allowed
