"""Fuzzes one target with atheris for some seconds: python tests/fuzz/run.py TARGET SECONDS FOLDER.

FOLDER keeps what was found: TARGET/ the inputs that reached something new, crash-* those that broke something.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["ridethrough", "tomllib", "xmlrpc"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Does not return: libFuzzer ends the process, with 0 when nothing broke."""
    name, seconds, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    kept = folder / name
    kept.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        "-max_len=8192",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    seeds = Path(__file__).parent / "corpus" / name
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={folder}/{name}-", str(kept), str(seeds)], TARGETS[name])
    atheris.Fuzz()


main()
