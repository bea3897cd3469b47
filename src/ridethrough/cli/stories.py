"""Where the scenarios and the simulated sites are."""

from __future__ import annotations

import sys
from pathlib import Path


def folder() -> Path:
    """scenarios/ of this checkout, else those that were installed with the package."""
    checkout = Path(__file__).resolve().parents[3] / "scenarios"
    return checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "ridethrough" / "scenarios"


def scenario_files() -> list[Path]:
    """Every scenario, by name."""
    return sorted(folder().glob("*.toml"))


def scenario_file(name: str) -> Path:
    """A scenario by name or path. Raises FileNotFoundError naming those that exist."""
    return _find("scenario", name, folder())


def site_file(name: str) -> Path:
    """A simulated site by name or path. Raises FileNotFoundError naming those that exist."""
    return _find("site", name, folder() / "sites")


def _find(kind: str, name: str, where: Path) -> Path:
    for path in (Path(name), where / f"{name}.toml"):
        if path.is_file():
            return path
    known = ", ".join(sorted(p.stem for p in where.glob("*.toml"))) or f"none in {where}"
    raise FileNotFoundError(f'there is no {kind} "{name}"; known are {known}')
