"""NUT's lines: cut into words and put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.drivers.nut_line import join, split


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('VAR su700 ups.mfr "APC"', ["VAR", "su700", "ups.mfr", "APC"]),
        ('UPS su700 "Development box"', ["UPS", "su700", "Development box"]),
        ('VAR x ups.model "15\\" \\\\ tower"', ["VAR", "x", "ups.model", '15" \\ tower']),
        ('VAR x ups.mfr ""', ["VAR", "x", "ups.mfr", ""]),
        ('VAR x ups.model "Źródło 3000"', ["VAR", "x", "ups.model", "Źródło 3000"]),
        ("  OK   Goodbye ", ["OK", "Goodbye"]),
        ("", []),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert split(line) == words


@pytest.mark.parametrize("line", ['VAR x y "open', 'VAR x "a\\'])
def test_a_quote_that_is_not_closed(line: str) -> None:
    with pytest.raises(ValueError, match="not closed"):
        split(line)


@given(
    st.lists(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=' "\\'), max_size=20), max_size=5)
)
def test_what_is_put_together_is_cut_again(words: list[str]) -> None:
    assert split(join(words)) == words


@given(st.text())
def test_any_line_is_words_or_none(line: str) -> None:
    try:
        assert all(isinstance(word, str) for word in split(line))
    except ValueError:
        assert '"' in line or "\\" in line


@pytest.mark.parametrize("word", ["a\nFSD ups", "a\rb", "\0"])
def test_a_word_is_no_second_command(word: str) -> None:
    with pytest.raises(ValueError, match="control"):
        join(["LIST", "VAR", word])
