"""Whatever stands in the file, reading it gives a configuration or a ConfigError."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ridethrough.config import ConfigError, Secrets, load, parse
from ridethrough.config.read import LARGEST

from .example import SECRETS, WHOLE

WORDS = """
    site controller ups pool host vm name settle source version community warning_period action addresses username
    password fingerprints witness powered_by needs maintenance shutdown enabled after wish tier a b
"""
VALUES = """
    snmp://192.0.2.11 snmp://[::1]:1 secret:pool1 public 2c root 192.0.2.1:22 https://[fe80::1%1] client migrate 90s a b
"""


def written(value: object) -> str:
    """A value in TOML."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(k)} = {written(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case float():
            return repr(value) if "e" not in repr(value) else f"{value:.20f}"
        case str() | bool():
            return json.dumps(value)
        case _:
            return str(value)


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(VALUES.split())
scalar = st.none().map(lambda _: "x") | st.booleans() | st.integers() | st.floats() | text


def tables(inner: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(st.sampled_from(WORDS.split()) | text, inner, max_size=6)


value = st.recursive(scalar, lambda inner: st.lists(inner, max_size=4) | tables(inner), max_leaves=8)


def survives(toml: str) -> None:
    with suppress(ConfigError):
        parse(toml, SECRETS)


@given(st.text(max_size=200))
def test_text(toml: str) -> None:
    survives(toml)


@given(tables(tables(tables(value) | value) | value))
def test_tables(table: dict[str, object]) -> None:
    survives("\n".join(f"{json.dumps(name)} = {written(inner)}" for name, inner in table.items()))


@given(st.integers(0, len(WHOLE.splitlines()) - 1), value)
def test_one_line_wrong(number: int, wrong: object) -> None:
    lines = WHOLE.splitlines()
    lines[number] = f"{lines[number].partition('=')[0]} = {written(wrong)}"
    survives("\n".join(lines))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_bytes(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(raw)
    with suppress(ConfigError):
        load(path, SECRETS)


def test_depth() -> None:
    for opening in ("[", "{a=", "a."):
        survives("x = " + opening * 50_000)
        survives(opening * 50_000 + " = 1")
    survives("x = " + "9" * 5000)


@settings(max_examples=150)
@given(st.data())
def test_a_valid_file_with_a_few_wrong_letters(data: st.DataObject) -> None:
    """Cut, doubled, replaced: what still reads is a configuration, and what does not names file, key and remedy."""
    toml = list(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(toml) - 1))
        piece = data.draw(
            st.sampled_from(["", "\n", '"', "[", "]", "=", "\0", "\u202e", "e999", "-", "nan", "ü", "é"]) | text
        )
        toml[at : at + data.draw(st.integers(0, 3))] = piece
    try:
        parse("".join(toml), SECRETS)
    except ConfigError as error:
        told = error.problems
    else:
        return
    assert told
    assert all(problem.startswith("site.toml: ") and len(problem) < 2000 for problem in told)
    assert "swordfish" not in str(told)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("settle = nan", "site.settle"),
        ("settle = inf", "site.settle"),
        ("settle = -1", "site.settle"),
        ("settle = 1e308", "site.settle"),
        ('reserve = "1e999 s"', "site.reserve"),
        ("link_speed = inf", "site.link_speed"),
        ("parallel = 99999999999999999999999", "site.parallel"),
        ("parallel = 1.5", "site.parallel"),
        ("parallel = true", "site.parallel"),
        ("protect_coordinator = 1", "site.protect_coordinator"),
        ('name = "two\\nlines"', "is not TOML"),  # a second name
        ("1979-05-27 = 1", "is not known"),
    ],
)
def test_an_extreme_value_is_named_with_its_key(line: str, told: str) -> None:
    toml = WHOLE.replace("[site]\n", f"[site]\n{line}\n", 1)
    for key in ("settle", "reserve", "link_speed", "parallel", "protect_coordinator"):
        if line.startswith(f"{key} "):
            toml = "\n".join(row for row in toml.splitlines() if row == line or not row.startswith(f"{key} "))
    with pytest.raises(ConfigError, match=re.escape(told)):
        parse(toml, SECRETS)


def test_what_windows_makes_of_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert load(path, SECRETS) == parse(WHOLE, SECRETS)


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path)


def nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    path.write_bytes(b"#" * (LARGEST + 1))


def huge_and_binary(path: Path) -> None:
    path.write_bytes(b"\xff" * (LARGEST + 1))


def utf_16(path: Path) -> None:
    path.write_bytes(WHOLE.encode("utf-16"))


@pytest.mark.parametrize("make", [folder, loop, nowhere, fifo, device, huge, huge_and_binary, utf_16])
def test_what_is_no_file_of_a_site_is_said_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "site.toml"
    make(path)
    with pytest.raises(ConfigError, match=r"^site\.toml: (cannot be read|is larger|is not UTF-8).*: "):
        load(path, SECRETS)


@pytest.mark.parametrize("make", [folder, loop, fifo, device, huge, huge_and_binary, utf_16])
def test_what_is_no_file_of_a_secret_is_said_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    tmp_path.chmod(0o700)
    make(tmp_path / "pool1")
    if not (tmp_path / "pool1").is_symlink():
        (tmp_path / "pool1").chmod(0o600)
    secrets = Secrets(tmp_path, environment={"RIDETHROUGH_SECRET_UPS_COMMUNITY": "shhh"})
    with pytest.raises(ConfigError, match=r"pool\.pool1\.password .*pool1"):
        parse(WHOLE, secrets)
