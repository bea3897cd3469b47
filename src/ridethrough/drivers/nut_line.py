"""NUT's line protocol: how a line is cut into words, and put together (NUT docs/net-protocol.txt)."""

from __future__ import annotations

LONGEST_LINE = 64 * 1024  # bytes; upsd's own lines are below 512


def split(line: str) -> list[str]:
    """The words of a line. A word in double quotes may hold blanks; a backslash takes the next character as it is.

    Raises ValueError for a quote that is not closed.
    """
    found: list[str] = []
    word: str | None = None
    quoted = escaped = False
    for character in line:
        if escaped:
            word, escaped = (word or "") + character, False
        elif character == "\\":
            escaped = True
        elif character == '"':
            word, quoted = word or "", not quoted
        elif character.isspace() and not quoted:
            if word is not None:
                found.append(word)
            word = None
        else:
            word = (word or "") + character
    if quoted or escaped:
        raise ValueError("a quote is not closed")
    return [*found, word] if word is not None else found


def join(words: list[str]) -> str:
    """A line of these words; each that needs it is quoted.

    Raises ValueError for a word with a control character: it would be a second command.
    """
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    if any(not c.isprintable() for c in word):
        raise ValueError("a word for upsd may not hold control characters")
    return word if word and not any(c in ' "\\#=' for c in word) else in_quotes(word)


def in_quotes(text: str) -> str:
    """Text in double quotes, as upsd answers every value and description."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
