"""Nothing is patched and nothing sleeps: a fake is handed in, virtual time is moved, a condition is awaited."""

from __future__ import annotations

import re
from pathlib import Path

# In brackets, so that this file does not find itself.
FORBIDDEN = re.compile(r"mock[.]patch|monkeypatch[.]setattr|Magic[M]ock|time[.]sleep[(]")


def test_nothing_is_patched_and_nothing_sleeps(root: Path) -> None:
    found = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for folder in ("src", "tests", "bench")
        for path in sorted((root / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert not found, "\n".join(found)
