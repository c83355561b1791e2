"""The wheel, installed where no checkout is in reach, has everything the program needs beside its code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MIGRATIONS = ROOT / "metarr_desktop" / "storage" / "migrations"
SCRIPTS = ROOT / "metarr_desktop" / "storage" / "redis"
# -I keeps out the checkout and the environment of the test run; the libraries are the ones the tests use.
PROBE = """
import json, os, sys
from pathlib import Path

sys.path[:0] = [sys.argv[1]]
os.environ["QT_QPA_PLATFORM"] = "offscreen"
import metarr_desktop
from metarr_desktop.app.paths import resource_path
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

application = QApplication([])
package = Path(metarr_desktop.__file__).parent
icon = resource_path("icons/metarr.svg")
print(json.dumps({
    "package": str(package),
    "icon": str(icon),
    "icon_is_drawn": QSvgRenderer(str(icon)).isValid(),
    "version": metarr_desktop.__version__,
    "migrations": sorted(path.name for path in (package / "storage" / "migrations").glob("[0-9]*.py")),
    "scripts": sorted(path.name for path in (package / "storage" / "redis").glob("*.lua")),
    "resources": sorted(
        path.relative_to(package / "resources").as_posix()
        for path in (package / "resources").rglob("*") if path.is_file()
    ),
}))
"""


def run(*command: str | Path) -> str:
    """Run a program that must succeed and return what it printed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it into a folder of its own, both without a network."""
    wheels, target = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "--quiet")
    run(*pip, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, ROOT)
    (wheel,) = wheels.glob("metarr_desktop-*.whl")
    run(*pip, "install", "--no-index", "--no-deps", "--no-compile", "--target", target, wheel)
    return target


def test_the_installed_program_finds_its_icons_migrations_and_scripts(installed: Path) -> None:
    found = json.loads(run(sys.executable, "-I", "-c", PROBE, installed))
    assert found["package"] == str(installed / "metarr_desktop")
    assert Path(found["icon"]).is_relative_to(installed)
    assert found["icon_is_drawn"]
    assert found["migrations"] == sorted(path.name for path in MIGRATIONS.glob("[0-9]*.py"))
    assert found["migrations"]
    assert found["scripts"] == sorted(path.name for path in SCRIPTS.glob("*.lua"))
    assert found["scripts"]
    resources = ROOT / "resources"
    files = (path for path in resources.rglob("*") if path.is_file())
    assert found["resources"] == sorted(path.relative_to(resources).as_posix() for path in files)


def test_the_version_is_written_in_one_place(installed: Path) -> None:
    (metadata,) = installed.glob("metarr_desktop-*.dist-info/METADATA")
    found = re.search(r"^Version: (.+)$", metadata.read_text(encoding="utf-8"), re.MULTILINE)
    source = (ROOT / "metarr_desktop" / "__init__.py").read_text(encoding="utf-8")
    assert found is not None
    assert f'__version__ = "{found[1]}"' in source


def test_the_wheel_brings_the_command_and_nothing_of_the_workshop(installed: Path) -> None:
    (entry_points,) = installed.glob("metarr_desktop-*.dist-info/entry_points.txt")
    assert "metarr-desktop = metarr_desktop.__main__:main" in entry_points.read_text(encoding="utf-8")
    assert not {"tests", "packaging", "benchmarks"} & {path.name for path in installed.iterdir()}
