"""The package, built, holds what it needs at run time."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

DATA = {".json", ".html", ".css", ".js", ".svg", ".typed", ".toml", ".log", ".py"}


def test_wheel_holds_every_file_of_the_package(root: Path, tmp_path: Path) -> None:
    """A file under src/ that the wheel lacks works for us and fails for those who install it."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    shutil.copytree(root / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=source, check=True, capture_output=True, timeout=120
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    package = source / "src"
    wanted = {str(p.relative_to(package)) for p in package.rglob("*") if p.is_file() and p.suffix in DATA}
    assert not wanted - packed, "add them to [tool.setuptools.package-data] in pyproject.toml"
    assert "ridethrough/site.schema.json" in packed
