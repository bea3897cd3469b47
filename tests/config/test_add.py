"""UPSs that are added to a site.toml: what stood there stands there, for the same people as before."""

from __future__ import annotations

import errno
import os
import stat
import struct
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.config import Secrets, load
from ridethrough.config.add import AddError, add_upses, free_names, with_upses

from .example import SECRETS, WHOLE

BOM = b"\xef\xbb\xbf"
FILE = b'# Our cellar.\n[site]\nname = "Cellar"  # do not rename\n\n[ups.ups1]\nsource = "snmp://192.0.2.99"\n'
NEW = [{"source": "snmp://192.0.2.7"}, {"source": "snmp://192.0.2.8", "version": "1"}]
ADDED = '\n[ups.ups2]\nsource = "snmp://192.0.2.7"\n\n[ups.ups3]\nsource = "snmp://192.0.2.8"\nversion = "1"\n'
ACCESS_LIST = "system.posix_acl_access"
NOBODY = 65534


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_bytes(FILE)
    path.chmod(0o640)
    return path


def crlf(raw: bytes) -> bytes:
    return raw.replace(b"\n", b"\r\n")


def is_untouched(site: Path, raw: bytes = FILE) -> None:
    """The file is as it was, and nothing new lies beside it."""
    assert site.read_bytes() == raw
    assert [entry.name for entry in site.resolve().parent.iterdir() if entry.name.endswith(".new")] == []


@pytest.mark.parametrize(
    ("before", "between", "added"),
    [
        (FILE, b"", ADDED.encode()),
        (FILE + b"\n", b"", ADDED[1:].encode()),
        (FILE[:-1], b"\n", ADDED.encode()),
        (FILE + b"# the end", b"\n", ADDED.encode()),
        (BOM + FILE, b"", ADDED.encode()),
        (crlf(FILE), b"", crlf(ADDED.encode())),
        (BOM + crlf(FILE)[:-2], b"\r\n", crlf(ADDED.encode())),
        (crlf(FILE) + b"\r\n", b"", crlf(ADDED[1:].encode())),
        (crlf(FILE) + b"# one of them\n", b"", crlf(ADDED.encode())),
        (FILE + b"# one of them\r\n", b"", ADDED.encode()),
    ],
)
def test_what_stands_there_stays_and_what_is_new_has_its_line_ends(
    before: bytes, between: bytes, added: bytes, site: Path
) -> None:
    site.write_bytes(before)
    assert add_upses(site, NEW, Secrets()) == ["ups2", "ups3"]
    assert site.read_bytes() == before + between + added
    assert {name: str(ups.at) for name, ups in load(site, Secrets()).upses.items()} == {
        "ups1": "192.0.2.99:161",
        "ups2": "192.0.2.7:161",
        "ups3": "192.0.2.8:161",
    }


def test_every_kind_of_key_stays(site: Path) -> None:
    site.write_text(WHOLE)
    before = load(site, SECRETS)
    assert add_upses(site, NEW, SECRETS) == ["ups5", "ups6"]
    after = load(site, SECRETS)
    assert {name: after.upses[name] for name in before.upses} == before.upses
    assert (after.pools, after.site.hosts, after.site.policy) == (before.pools, before.site.hosts, before.site.policy)


def test_of_nothing_new_nothing_is_written(site: Path) -> None:
    before = site.stat()
    assert add_upses(site, [], Secrets()) == []
    assert site.stat() == before


def test_the_mode_stays(site: Path) -> None:
    site.chmod(0o604)
    add_upses(site, NEW, Secrets())
    assert stat.S_IMODE(site.stat().st_mode) == 0o604


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_the_owner_and_group_stay(site: Path) -> None:
    os.chown(site, NOBODY, NOBODY - 1)
    site.chmod(0o600)
    add_upses(site, NEW, Secrets())
    found = site.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (NOBODY, NOBODY - 1, 0o600)
    assert site.read_bytes().startswith(FILE)


def test_where_the_owner_cannot_be_kept_the_file_stays(site: Path) -> None:
    asked: list[tuple[int, int]] = []

    def chown(_file: int, owner: int, group: int) -> None:
        asked.append((owner, group))
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with pytest.raises(AddError, match=r"nothing was added: .*would not keep its owner, group.* Run this as root"):
        add_upses(site, NEW, Secrets(), chown)
    assert asked == [(site.stat().st_uid, site.stat().st_gid)]
    is_untouched(site)


def test_the_access_list_stays(site: Path) -> None:
    may = [(1, 6, -1), (2, 4, NOBODY), (4, 0, -1), (16, 4, -1), (32, 0, -1)]  # owner, nobody, group, mask, others
    listed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, may, who & 0xFFFFFFFF) for tag, may, who in may)
    try:
        os.setxattr(site, ACCESS_LIST, listed)
    except OSError as error:
        pytest.skip(f"the file system of the tests keeps no access lists: {error.strerror}")
    mode = site.stat().st_mode
    add_upses(site, NEW, Secrets())
    assert site.read_bytes().startswith(FILE)
    assert os.getxattr(site, ACCESS_LIST) == listed
    assert site.stat().st_mode == mode


def test_no_access_list_is_taken_over_from_the_folder(site: Path) -> None:
    may = [(1, 7, -1), (2, 7, NOBODY), (4, 7, -1), (16, 7, -1), (32, 7, -1)]
    listed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, may, who & 0xFFFFFFFF) for tag, may, who in may)
    try:
        os.setxattr(site.parent, "system.posix_acl_default", listed)
    except OSError as error:
        pytest.skip(f"the file system of the tests keeps no access lists: {error.strerror}")
    add_upses(site, NEW, Secrets())
    assert ACCESS_LIST not in os.listxattr(site)
    assert stat.S_IMODE(site.stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every file")
def test_a_file_that_may_not_be_written_stays(site: Path) -> None:
    site.chmod(0o440)
    with pytest.raises(AddError, match="nothing was added: you may not write"):
        add_upses(site, NEW, Secrets())
    is_untouched(site)


def test_behind_a_symbolic_link_the_target_is_written(site: Path, tmp_path: Path) -> None:
    away = tmp_path / "etc"
    away.mkdir()
    (away / "first.toml").symlink_to("../site.toml")
    link = away / "site.toml"
    link.symlink_to("first.toml")
    add_upses(link, NEW, Secrets())
    assert (os.readlink(link), os.readlink(away / "first.toml")) == ("first.toml", "../site.toml")
    assert not site.is_symlink()
    assert site.read_bytes() == FILE + ADDED.encode()
    assert sorted(entry.name for entry in away.iterdir()) == ["first.toml", "site.toml"]


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    link = tmp_path / "site.toml"
    link.symlink_to(link)
    with pytest.raises(AddError, match="nothing was added: Too many levels of symbolic links"):
        add_upses(link, NEW, Secrets())


def test_what_a_killed_run_left_is_in_nobodys_way(site: Path) -> None:
    left = site.with_name(".site.toml.new")
    left.write_text("half")
    add_upses(site, NEW, Secrets())
    assert site.read_bytes() == FILE + ADDED.encode()
    assert sorted(entry.name for entry in site.parent.iterdir()) == [left.name, site.name]


def appends(site: Path) -> None:
    with site.open("ab") as file:
        file.write(b"# me too\n")


def saves_as_editors_do(site: Path) -> None:
    other = site.with_name("other")
    other.write_bytes(FILE.replace(b"Cellar", b"Attic!"))
    other.chmod(0o640)
    other.replace(site)


def closes_it(site: Path) -> None:
    site.chmod(0o600)


@pytest.mark.parametrize("edit", [appends, saves_as_editors_do, closes_it])
def test_an_edit_in_between_is_not_undone(edit: Callable[[Path], None], site: Path) -> None:
    edited: list[bytes] = []

    def meanwhile(_file: int, _owner: int, _group: int) -> None:
        edit(site)
        edited.append(site.read_bytes())

    with pytest.raises(AddError, match="nothing was added: the file was changed by somebody else just now: try again"):
        add_upses(site, NEW, Secrets(), meanwhile)
    is_untouched(site, edited[0])
    if edit is closes_it:
        assert stat.S_IMODE(site.stat().st_mode) == 0o600


def test_a_file_that_is_taken_away_in_between_does_not_come_back(site: Path) -> None:
    with pytest.raises(AddError, match="nothing was added: No such file or directory"):
        add_upses(site, NEW, Secrets(), lambda _file, _owner, _group: site.unlink())
    assert list(site.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("raw", "new", "told"),
    [
        (FILE, {"source": "snmp://192.0.2.99"}, "ups.ups2.source names the card 192.0.2.99:161, and so does ups.ups1"),
        (FILE, {"source": "nut://192.0.2.5/a\nb"}, 'ups.ups2.source "nut://192.0.2.5/a?b" is no UPS of an upsd'),
        (FILE, {"source": "snmp://192.0.2.7", "community": "secret:gone"}, "secret:gone was not found"),
        (b'ups = { a = { source = "snmp://192.0.2.1" } }\nsite.name = "x"\n', NEW[0], "write each as a section"),
        (FILE + b"# \xff\n", NEW[0], "site.toml: is not UTF-8 text"),
        (FILE + b"# a comment\r", NEW[0], "site.toml: is not TOML"),
        (FILE + b"#" * (4 * 2**20 - len(FILE)), NEW[0], "site.toml: is larger than 4 MiB"),
    ],
)
def test_what_would_be_wrong_then_is_not_written(raw: bytes, new: dict[str, str], told: str, site: Path) -> None:
    site.write_bytes(raw)
    with pytest.raises(AddError) as caught:
        add_upses(site, [new], Secrets())
    assert str(caught.value).startswith("nothing was added: ")
    assert told in str(caught.value)
    is_untouched(site, raw)


def test_names_are_free() -> None:
    assert free_names(["ups2", "cellar"], 3) == ["ups1", "ups3", "ups4"]


# Any file of TOML: its lines, each with a line end of its own.
visible = st.characters(exclude_categories=["Cs", "Cc"])
comment = st.text(visible | st.just("\t"), max_size=12).map(lambda text: f"# {text}")
blank = st.text(" \t", max_size=3)
value = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.text(visible, max_size=8).map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'),
    st.sampled_from(["'C:\\x'", '"""', "'''"]).map(lambda text: text if len(text) > 3 else f"{text}\n a # b\n\n{text}"),
    st.sampled_from(["[\n  1, # one\n  2,\n]", "{ a = 1, b.c = [] }", "1979-05-27T07:32:00Z", "inf", "true"]),
)
pairs = st.lists(value | comment | blank, max_size=4)
ups = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
tables = st.lists(st.sampled_from(["[t{}]", "[[list]]", "[ups.old{}]", '[ups."old {}".deeper]']), max_size=4)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    heads = ["", *(head.format(number) for number, head in enumerate(draw(tables)))]
    if draw(st.booleans()):
        heads.append("[ups]")
    lines = [draw(st.sampled_from(["", 'ups.dotted.source = "x"']))]
    for head in heads:
        lines.append(head)
        for number, item in enumerate(draw(pairs)):
            lines += (item if not item.strip() or item.startswith("#") else f"k{number} = {item}").split("\n")
    if "[ups]" in heads and lines[0]:
        lines[0] = ""  # TOML lets a table be described in one way only
    ends = [draw(st.sampled_from(["\n", "\r\n"])) for _ in lines]
    if draw(st.booleans()):
        ends[-1] = ""
    whole = "".join(line + end for line, end in zip(lines, ends, strict=True))
    return draw(st.sampled_from([b"", BOM])) + whole.encode()


def table(raw: bytes) -> dict[str, object]:
    return tomllib.loads(raw.decode("utf-8-sig"))


@given(files(), st.dictionaries(ups, st.dictionaries(ups, ups, max_size=3), max_size=3))
def test_any_file_keeps_its_bytes_and_gets_the_new_upses(raw: bytes, new: dict[str, dict[str, str]]) -> None:
    before = table(raw)
    known = before.get("ups", {})
    assert isinstance(known, dict)
    new = {name: keys for name, keys in new.items() if name not in known}
    after = with_upses(raw, new)
    assert after.startswith(raw)
    assert table(after) == before | ({"ups": known | new} if known or new or "ups" in before else {})
    added = after[len(raw) :]
    if raw.count(b"\r\n") == raw.count(b"\n") > 0:
        assert added.count(b"\r\n") == added.count(b"\n")
    elif b"\r" not in raw:
        assert b"\r" not in added
