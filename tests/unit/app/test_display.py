from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.display import has_display, window_problem

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="displays are named by variables on Linux only"
)


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_each_of_three_variables_names_a_display(name: str) -> None:
    assert has_display({name: "something"})
    assert not has_display({name: ""})
    assert not has_display({})


def test_a_missing_system_library_is_told_with_what_to_do(tmp_path: Path) -> None:
    plugin = tmp_path / "libqxcb.so"
    plugin.write_bytes(b"not a library")
    problem = window_problem({"DISPLAY": ":0"}, plugin=plugin)
    assert problem is not None
    assert "libqxcb.so" in problem
    assert "Install the system libraries" in problem


def test_a_screen_that_does_not_answer_is_told_as_that() -> None:
    problem = window_problem({"DISPLAY": ":9753"})
    if problem is not None and "Install" in problem:
        pytest.skip("Qt's own libraries are missing here")
    assert problem is not None
    assert ":9753" in problem


def test_nothing_is_asked_where_qt_would_not_use_x11(tmp_path: Path) -> None:
    missing = tmp_path / "missing.so"
    assert window_problem({"DISPLAY": ":9753", "WAYLAND_DISPLAY": "wayland-0"}, plugin=missing) is None
    assert window_problem({"QT_QPA_PLATFORM": "offscreen"}, plugin=missing) is None
