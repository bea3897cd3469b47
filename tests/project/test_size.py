"""What has to stay readable in one sitting."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_decide_reads_like_a_table_of_contents(root: Path) -> None:
    decide = root / "src/ridethrough/core/decide.py"
    if not decide.exists():
        pytest.skip("core/decide.py does not exist yet")
    assert len(decide.read_text(encoding="utf-8").splitlines()) < 250
