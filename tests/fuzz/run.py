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
from tests.fuzz.mutate import changed

JSON = ("xapi_json", "journal_row", "mailbox_row")


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
    dictionary = Path(__file__).parent / "words" / f"{name}.dict"
    options += [f"-dict={dictionary}"] if dictionary.exists() else []
    words = [line.strip('"\\') for line in dictionary.read_text().split()] if dictionary.exists() else []

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        fresh = changed(data, seed, words) if seed % 5 else None
        return (atheris.Mutate(data, len(data)) if fresh is None else fresh)[:most]

    arguments = [sys.argv[0], *options, f"-artifact_prefix={folder}/{name}-", str(kept), str(seeds)]
    atheris.Setup(arguments, TARGETS[name], **({"custom_mutator": mutate} if name in JSON else {}))
    atheris.Fuzz()


main()
