from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from PySide6.QtCore import QUrl

from metarr_desktop.app.scan_requests import IN_NO_LIBRARY, NO_LIBRARIES, OUTSIDE, ScanRequest
from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.scanning import MOST_DROPPED, failure_text, local_paths, scan_news, scan_paths

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands


class Scans:
    """Takes every folder but those that are called no."""

    def __init__(self, *, refusal: Text | None = None) -> None:
        self.asked: list[str] = []
        self.refusal = refusal

    async def scan_path(self, path: str, *, origin: str) -> ScanRequest:
        assert origin == "window"
        self.asked.append(path)
        if path.endswith("no"):
            raise Refused(self.refusal or f"{path} is in no library folder.")
        return ScanRequest(event_id=1, job_id=1, folder=path, title=f"Film\n{path}")


def commands(scans: Scans) -> Commands:
    return cast("Commands", scans)


def urls(*addresses: str) -> list[QUrl]:
    return [QUrl(address) for address in addresses]


def test_only_paths_of_this_computer_are_taken_each_once() -> None:
    dropped = urls("file:///a%20b", "https://example.invalid/a", "file:///a%20b", "file:///c/")
    assert local_paths(dropped) == (["/a b", "/c/"], 1)
    assert local_paths([]) == ([], 0)


async def test_what_is_taken_and_what_is_refused_are_told_apart() -> None:
    scans = Scans()
    titles, failures = await scan_paths(commands(scans), ["/a", "/no", "/b"])
    assert titles == ["Film /a", "Film /b"]
    assert failures == ["/no is in no library folder."]


@pytest.mark.parametrize("refusal", [NO_LIBRARIES, IN_NO_LIBRARY, OUTSIDE])
async def test_a_refusal_leads_to_where_it_is_settled_in_the_window(refusal: Text) -> None:
    scans = Scans(refusal=Text(refusal.template, {"path": "/no"}))
    _, (failure,) = await scan_paths(commands(scans), ["/no"])
    assert "Settings > Library" in failure
    assert "{" not in failure


async def test_very_many_at_once_are_not_all_taken() -> None:
    scans = Scans()
    titles, failures = await scan_paths(commands(scans), [f"/{n}" for n in range(MOST_DROPPED + 5)])
    assert len(scans.asked) == len(titles) == MOST_DROPPED
    assert failures == ["Only the first 50 of 55 were taken. Drop the others afterwards."]


def test_what_waits_is_told_by_title_or_by_number() -> None:
    assert scan_news(["Up (2009)"]) == "Up (2009) waits to be scanned."
    assert scan_news(["a", "b"]) == "2 folders wait to be scanned."


def test_reasons_are_told_once_and_not_endlessly() -> None:
    many: list[Any] = [f"Reason {n}." for n in range(7)]
    told = failure_text([*many, "Reason 0."], foreign=1).splitlines()
    assert told == [*many[:5], "And 3 more."]
    assert failure_text([], foreign=2) == "Only files and folders of this computer can be scanned."
