from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel

from metarr_desktop.app.snapshots import Problem, ProblemKind
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.banner import BannerArea, actions_of
from metarr_desktop.ui.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


def problem(kind: ProblemKind, **changes: Any) -> Problem:
    return Problem(kind=kind, text=Text("Something is wrong."), subject="Radarr", **changes)


@pytest.mark.parametrize("kind", ProblemKind)
def test_something_can_be_done_about_every_problem(kind: ProblemKind) -> None:
    labels = [label for _, label in actions_of(problem(kind))]
    assert labels
    assert all(labels)


def test_problems_of_a_sender_offer_what_helps() -> None:
    assert actions_of(problem(ProblemKind.ADDRESS_CHANGED)) == [
        ("connect", "Update Radarr"),
        ("copy", "Copy new address"),
    ]
    assert actions_of(problem(ProblemKind.SOURCE_STOPPED)) == [("resume", "Resume"), ("source", "Settings")]
    assert actions_of(problem(ProblemKind.MISSED)) == [("catch-up", "Catch up"), ("dismiss", "Dismiss")]


def test_a_free_port_is_offered_where_one_is_known() -> None:
    taken = problem(ProblemKind.PORT_IN_USE, values={"free": 3001})
    assert actions_of(taken)[0] == ("use 3001", "Use port 3001")
    assert actions_of(problem(ProblemKind.PORT_IN_USE))[0] == ("port", "Change port")


def test_a_banner_follows_a_theme_that_changes_while_it_is_shown(qapp: QApplication, qtbot: Any) -> None:
    theme = Theme(qapp)
    theme.apply("dark")
    area = BannerArea()
    qtbot.addWidget(area)
    area.show_problems([problem(ProblemKind.MISSED)])
    area.show()
    (banner,) = area._banners.values()
    words = next(each for each in banner.findChildren(QLabel) if each.text())
    theme.apply("light")
    qapp.processEvents()
    colours = words.palette()
    assert colours.color(QPalette.ColorRole.WindowText).lightness() < 128
    assert colours.color(QPalette.ColorRole.Window).lightness() > 128
    theme.apply("system")
