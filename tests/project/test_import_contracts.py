"""The import contracts catch what they are there to catch."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

# What architecture.md keeps out of core.
IMPURE = """
    asyncio datetime io logging os pathlib random secrets socket sqlite3 subprocess threading time uuid
"""


@pytest.fixture(scope="module")
def contracts(root: Path) -> dict[str, dict[str, Any]]:
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {contract["id"]: contract for contract in settings["contracts"]}


def modules_of(contract: dict[str, Any]) -> list[str]:
    """Every module that the layers of a contract name."""
    return [re.sub(r"[() ]", "", name) for layer in contract["layers"] for name in re.split(r"[|:]", layer)]


def lint(root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = (
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"
    )
    return subprocess.run(
        [sys.executable, "-c", command, str(root / "pyproject.toml")],
        env={**os.environ, "PYTHONPATH": str(site), "COLUMNS": "500"},
        cwd=site,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def hollow(tmp_path: Path, contracts: dict[str, dict[str, Any]]) -> Path:
    """A package that has every module the contracts name, all empty."""
    package = tmp_path / "ridethrough"
    names = [name.replace(".", "/") for name in modules_of(contracts["directions"])]
    names += [f"{inner}/{name}" for inner in ("core", "drivers") for name in modules_of(contracts[inner])]
    names += ["sim/xapi_server", "sim/snmp_agent", "sim/faults", "sim/forecast"]
    packages = ("core", "drivers", "sim", "cli", "runtime")
    for name in sorted(set(names) | set(packages)):
        place = package / name / "__init__.py" if name in packages else package / f"{name}.py"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    (package / "__init__.py").touch()
    return tmp_path


def test_core_is_kept_pure_of_everything_that_architecture_names(contracts: dict[str, dict[str, Any]]) -> None:
    assert contracts["pure"]["forbidden_modules"] == IMPURE.split()


def test_every_module_has_its_place(contracts: dict[str, dict[str, Any]]) -> None:
    assert all(contracts[name]["exhaustive"] for name in ("directions", "core", "drivers"))


def test_hollow_package_keeps_every_contract(root: Path, hollow: Path) -> None:
    result = lint(root, hollow)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("core/model.py", "from . import site"),
        ("core/power.py", "from . import decide"),
        ("core/memory.py", "from . import power"),
        ("core/decide.py", "import time"),
        ("core/policy.py", "import ridethrough.ports"),
        ("ports.py", "import ridethrough.config"),
        ("runtime/loop.py", "import ridethrough.drivers.snmp"),
        ("drivers/snmp.py", "import ridethrough.drivers.xapi"),
        ("drivers/snmp.py", "import ridethrough.runtime"),
        ("views.py", "import ridethrough.sim"),
        ("assemble.py", "import ridethrough.sim.xapi_server"),
        ("api.py", "import ridethrough.sim.faults"),
        ("controller.py", "import ridethrough.sim.faults"),
        ("assemble.py", "import ridethrough.controller"),
        ("assemble.py", "import ridethrough_agent"),
        ("sim/forecast.py", "import ridethrough.assemble"),
        ("surprise.py", ""),
        ("core/surprise.py", ""),
    ],
)
def test_contract_is_broken_by(root: Path, hollow: Path, module: str, line: str) -> None:
    (hollow / "ridethrough" / module).write_text(line + "\n")
    result = lint(root, hollow)
    assert result.returncode == 1, result.stdout + result.stderr
    assert re.search(r"[1-9]\d* broken", result.stdout)


def test_cycle_inside_a_package_is_found(root: Path, hollow: Path) -> None:
    (hollow / "ridethrough/sim/faults.py").write_text("import ridethrough.sim.forecast\n")
    (hollow / "ridethrough/sim/forecast.py").write_text("import ridethrough.sim.faults\n")
    assert "No cycles are allowed in ridethrough.sim" in lint(root, hollow).stdout


@pytest.mark.parametrize("module", ["assemble", "cli/main"])
def test_allowed(root: Path, hollow: Path, module: str) -> None:
    """The daemon may imagine an outage; only the command line may serve one."""
    allowed = "import ridethrough.sim.forecast\nimport ridethrough.drivers.snmp\nimport ridethrough.runtime\n"
    if module.startswith("cli"):
        allowed += "import ridethrough.sim.xapi_server\nimport ridethrough.assemble\n"
    (hollow / f"ridethrough/{module}.py").write_text(allowed)
    result = lint(root, hollow)
    assert result.returncode == 0, result.stdout
