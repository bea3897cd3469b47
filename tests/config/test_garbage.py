"""Whatever stands in the file, reading it gives a configuration or a ConfigError."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ridethrough.config import ConfigError, load, parse

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
