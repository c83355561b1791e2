"""House rules that no linter knows (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "metarr_desktop"
MODULES = sorted(PACKAGE.rglob("*.py"))
LOCKS = ("requirements.lock", "requirements-dev.lock")
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_module_is_longer_than_400_lines(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_every_module_is_named_after_a_thing(module: Path) -> None:
    assert module.stem not in {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


@pytest.mark.parametrize("module", sorted((PACKAGE / "domain").rglob("*.py")), ids=name_of)
def test_the_domain_needs_nothing_but_the_standard_library(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported.add(str(node.module))
    foreign = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert all(name.startswith("metarr_desktop.domain") for name in foreign), foreign


@pytest.mark.parametrize("module", sorted((ROOT / "tests" / "unit").rglob("test_*.py")), ids=name_of)
def test_unit_tests_mirror_the_package(module: Path) -> None:
    folder = module.parent.relative_to(ROOT / "tests" / "unit")
    assert (PACKAGE / folder).is_dir()


@pytest.mark.parametrize("module", TESTS, ids=name_of)
def test_names_of_tests_are_sentences(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    short = [name for name in names if name.startswith("test_") and name.count("_") < 3]
    assert not short, f"say in a sentence what holds: {short}"


@pytest.mark.parametrize(
    ("contract", "exempt"),
    [("Only ui knows Qt", "ui"), ("Only storage knows the database and the keyring", "storage")],
)
def test_the_forbidding_contracts_leave_no_part_out(contract: str, exempt: str) -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (sources,) = [one["source_modules"] for one in linter["contracts"] if one["name"] == contract]
    parts = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(sources) == {f"metarr_desktop.{part}" for part in parts - {"__init__", exempt}}


def test_packaging_is_no_python_package() -> None:
    # It would hide the library of the same name from everything that runs in the checkout.
    assert not list((ROOT / "packaging").rglob("*.py"))


def test_everything_the_project_declares_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = [
        *project["project"]["dependencies"],
        *chain(*project["project"]["optional-dependencies"].values()),
        *project["dependency-groups"]["dev"],
    ]
    names = {re.split(r"[^A-Za-z0-9-]", requirement)[0].lower() for requirement in declared}
    locks = "".join((ROOT / "packaging" / name).read_text(encoding="utf-8") for name in LOCKS)
    assert "pyside6-essentials" in names
    assert not {name for name in names if f"\n{name}==" not in locks}


def test_the_tests_have_every_extra_and_the_program_alone_has_none() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = set(chain(*project["project"]["optional-dependencies"].values()))
    assert extras <= set(project["dependency-groups"]["dev"])
    program = (ROOT / "packaging" / LOCKS[0]).read_text(encoding="utf-8")
    assert not {extra for extra in extras if f"\n{re.split(r'[^A-Za-z0-9-]', extra)[0]}==" in program}


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_server(name: str) -> None:
    assert "://" not in (ROOT / "packaging" / name).read_text(encoding="utf-8")
