from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.path_desk import PathReport
from metarr_desktop.domain.path_proposals import Proposal
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.mapping_proposals import news, why

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


def test_what_speaks_for_a_mapping_is_told_in_a_few_words(qapp: QApplication) -> None:
    films = Proposal(scope="jellyfin", from_path="/movies", to_path="/media", agree=1047, total=1050)
    assert why(films).replace(",", "") == "1047 of 1050 films agree"
    instead = Proposal(scope="kodi", from_path="/movies", to_path="/media", instead="/old")
    assert why(instead) == "The folders are called alike, instead of /old"


def test_nothing_is_called_right_that_nobody_answered_for(qapp: QApplication) -> None:
    complaint = Text("Kodi could not be asked.")
    assert news(PathReport(asked=1, unasked=(complaint,)))[1] == "Kodi could not be asked."
    assert "As far as the others tell" in news(PathReport(asked=2, unasked=(complaint,)))[1]
    assert news(PathReport(asked=2))[1] == "No mapping is missing or wrong."
