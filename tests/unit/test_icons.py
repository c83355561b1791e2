from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from PySide6 import QtCore, QtGui, QtSvg

ICONS = Path(__file__).parents[2] / "resources" / "icons"
STATES = ("ready", "working", "paused", "attention", "offline")
TRAY_SIZE = 22
ONE_COLOUR = sorted([*ICONS.glob("status-*.svg"), *ICONS.glob("page-*.svg")])

pytestmark = pytest.mark.usefixtures("qapp")


def silhouette(name: str) -> list[bool]:
    """Which pixels an icon covers at the size of a tray, whatever their colour."""
    image = QtGui.QImage(TRAY_SIZE, TRAY_SIZE, QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QtGui.QPainter(image)
    QtSvg.QSvgRenderer(str(ICONS / name)).render(painter, QtCore.QRectF(0, 0, TRAY_SIZE, TRAY_SIZE))
    painter.end()
    return [image.pixelColor(x, y).alpha() > 127 for y in range(TRAY_SIZE) for x in range(TRAY_SIZE)]


@pytest.mark.parametrize("icon", sorted(ICONS.iterdir()), ids=lambda icon: icon.name)
def test_every_icon_is_a_drawing_qt_can_show(icon: Path) -> None:
    assert icon.suffix == ".svg"
    assert any(silhouette(icon.name))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tray_states_differ_in_shape_and_not_in_colour_alone(theme: str) -> None:
    shapes = {state: silhouette(f"tray-{state}-{theme}.svg") for state in STATES}
    for one, other in itertools.combinations(STATES, 2):
        different = sum(a != b for a, b in zip(shapes[one], shapes[other], strict=True))
        assert different >= 20, f"{one} and {other} differ in {different} pixels only"


@pytest.mark.parametrize("state", STATES)
def test_both_themes_of_the_tray_have_the_same_shape(state: str) -> None:
    assert silhouette(f"tray-{state}-light.svg") == silhouette(f"tray-{state}-dark.svg")


@pytest.mark.parametrize("icon", ONE_COLOUR, ids=lambda icon: icon.name)
def test_status_and_page_icons_have_the_one_colour_the_theme_replaces(icon: Path) -> None:
    assert set(re.findall(r"#[0-9A-Fa-f]{3,8}", icon.read_text(encoding="utf-8"))) == {"#000000"}
