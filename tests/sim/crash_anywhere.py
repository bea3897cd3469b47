"""Every death of every scenario: right after each journal entry and at each tick, away for 1 s, 30 s and 120 s.

    ./test --crash-anywhere                                   all of it, on two processors; takes two hours
    ./test --crash-anywhere case_one case_two                 these scenarios
    ./test --crash-anywhere --of 50                           every fiftieth place only
    ./test --crash-anywhere case_one --entry 8 --away 120     one death, with the story that comes of it
    ./test --crash-anywhere case_one --tick 210 --away 30

What was gone through with the same sources is kept in .crash-anywhere/ and not gone through again, so the sweep may be
stopped at any time; a changed exception only judges anew. It ends with 1 when a death bends an outage, and when an
exception, or a part of one, was never needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from ridethrough.sim.scenario import load

from .deaths import Death, Judgement, Need, Place, everywhere, judge, unneeded
from .forked import sweep

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".crash-anywhere"
PLAYED = ("core", "config", "runtime", "sim", "ports.py", "assemble.py", "controller.py")
WATCHED = ("sim/chaos", "sim/deaths.py", "sim/ending.py", "sim/forked.py", "core/walk.py")
SOURCES = (
    *(ROOT / "src" / "ridethrough" / part for part in PLAYED),
    ROOT / "scenarios" / "sites",
    *(ROOT / "tests" / part for part in WATCHED),
)
PARTS = 10  # of each scenario: what is lost when the sweep is stopped
PROCESSES = 2


def main() -> int:
    asked = _arguments()
    known = sorted(path.stem for path in (ROOT / "scenarios").glob("*.toml"))
    if unknown := sorted(set(asked.scenarios) - set(known)):
        print(f"no scenario is named {', '.join(unknown)}")
        return 2
    names = asked.scenarios or known
    if asked.entry or asked.tick:
        return _tell_one(names[0], asked.entry or asked.tick, bool(asked.entry), asked.away)
    parts = asked.of or PARTS
    bad = _go_through([_Part(name, part, parts) for part in range(1 if asked.of else parts) for name in names])
    return 1 if bad or (not asked.of and _unneeded(names)) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./test --crash-anywhere", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenarios", nargs="*", help="by name; all of them unless named")
    parser.add_argument("--of", type=int, metavar="N", help="only every N-th place; exceptions are not checked")
    parser.add_argument("--entry", type=int, metavar="N", help="die after this journal entry only, and tell the story")
    parser.add_argument("--tick", type=int, metavar="N", help="die at this tick only, and tell the story")
    parser.add_argument("--away", type=float, default=30.0, metavar="SECONDS", help="for --entry and --tick")
    return parser.parse_args()


# --- parts of the sweep ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """Every `parts`-th place of a scenario, from number `part` on."""

    name: str
    part: int
    parts: int

    @property
    def kept(self) -> Path:
        return KEPT / f"{self.name}.{self.part}-of-{self.parts}.json"


@dataclass(frozen=True, slots=True)
class _Found:
    """The deaths of a part: how many there were, and those that have bent something, excused or not."""

    part: _Part
    deaths: int
    bent: tuple[Death, ...]

    def judgement(self) -> Judgement:
        return judge(load(ROOT / "scenarios" / f"{self.part.name}.toml").crash_exceptions, self.bent)


def _go_through(parts: list[_Part]) -> int:
    """How many things are wrong. A line for each part as it ends."""
    KEPT.mkdir(exist_ok=True)
    bad = 0
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for n, found in enumerate(pool.map(_one, parts), start=1):
            wrong = found.judgement().wrong
            bad += len(wrong)
            place = f"{found.part.name}, part {found.part.part + 1} of {found.part.parts}"
            print(f"[{n}/{len(parts)}] {place}: {found.deaths} deaths", flush=True)
            for words in wrong:
                print(f"    {words}", flush=True)
    print(f"{bad} wrong" if bad else "every run has ended in the same world")
    return bad


def _one(part: _Part) -> _Found:
    kept = _read(part)
    if kept is not None:
        return kept
    deaths = sweep(ROOT / "scenarios" / f"{part.name}.toml", everywhere(part.part, part.parts)).deaths
    found = _Found(part, len(deaths), tuple(death for death in deaths if death.differs))
    _write(found)
    return found


def _read(part: _Part) -> _Found | None:
    try:
        kept = json.loads(part.kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if kept["sources"] != _sources(part.name):
        return None
    bent = (Death(Place(*place), away, differs) for place, away, differs in kept["bent"])
    return _Found(part, kept["deaths"], tuple(bent))


def _write(found: _Found) -> None:
    kept = {
        "sources": _sources(found.part.name),
        "deaths": found.deaths,
        "bent": [((d.place.at, d.place.number, d.place.entry), d.away, d.differs) for d in found.bent],
    }
    found.part.kept.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def _sources(name: str) -> str:
    """What the end of a scenario's runs depends on: not on what is excused in it."""
    digest = hashlib.sha256()
    for path in sorted(path for below in SOURCES for path in _below(below)):
        digest.update(path.read_bytes())
    story = tomllib.loads((ROOT / "scenarios" / f"{name}.toml").read_text(encoding="utf-8"))
    story.pop("crash_exception", None)
    digest.update(repr(story).encode())
    return digest.hexdigest()


def _below(place: Path) -> Iterator[Path]:
    found = [place] if place.is_file() else place.rglob("*.*")
    return (path for path in found if path.suffix in (".py", ".toml"))


def _unneeded(names: Iterable[str]) -> int:
    """Tell which exceptions no death has needed, although all of them were gone through."""
    found = list(_never_needed(names))
    for words in found:
        print(words)
    return len(found)


def _never_needed(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        needed: set[Need] = set()
        for part in range(PARTS):
            found = _read(_Part(name, part, PARTS))
            needed |= found.judgement().needed if found else set()
        exceptions = load(ROOT / "scenarios" / f"{name}.toml").crash_exceptions
        yield from (f"{name}.toml: {words}" for words in unneeded(exceptions, needed))


# --- one death ---------------------------------------------------------------------------------------------------


def _tell_one(name: str, number: int, is_entry: bool, away: float) -> int:
    path = ROOT / "scenarios" / f"{name}.toml"

    def choose(place: Place) -> tuple[float, ...]:
        return (away,) if place.number == number and bool(place.entry) == is_entry else ()

    deaths = sweep(path, choose, told=True).deaths
    for death in deaths:
        print(death.story)
    wrong = judge(load(path).crash_exceptions, deaths).wrong if deaths else ("there is no such place",)
    print("\n".join(wrong) or "it has ended in the same world, as far as it must")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
