"""Every input under `corpus/`, the seeds of the fuzzer and what it once broke something with, through its target."""

from __future__ import annotations

from pathlib import Path

import pytest

from .targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", TARGETS)
def test_replay(name: str) -> None:
    inputs = sorted((CORPUS / name).iterdir())
    assert inputs
    for path in inputs:
        TARGETS[name](path.read_bytes())


def test_every_corpus_has_its_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)


def test_the_targets_can_fail() -> None:
    """They do not swallow what is wrong."""
    with pytest.raises(AssertionError):
        TARGETS["card_reading"](BrokenBytes())
    with pytest.raises(AttributeError):
        TARGETS["site_toml"](None)  # type: ignore[arg-type]


class BrokenBytes(bytes):
    def __getitem__(self, key: object) -> bytes:  # type: ignore[override]
        raise AssertionError("looked at")

    def __bool__(self) -> bool:
        return True
