from __future__ import annotations

import pytest

from metarr_desktop.domain.events import Action, MediaKind
from metarr_desktop.webhooks.fanout import needs_scan
from metarr_desktop.webhooks.sources.readarr import SOURCE
from tests.unit.webhooks.sources.bodies import body, event, ignored


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("Grab", Action.GRABBED),
        ("AuthorAdded", Action.ADDED),
        ("Rename", Action.RENAMED),
        ("AuthorDelete", Action.DELETED),
        ("BookDelete", Action.DELETED),
        ("BookFileDelete", Action.DELETED),
        ("Download", Action.IMPORTED),
    ],
)
def test_a_book_is_told_and_never_scanned(name: str, action: Action) -> None:
    found = event("readarr/download", eventType=name)
    assert (found.kind, found.action, found.display_title) == (
        MediaKind.BOOK,
        action,
        "Brandon Sanderson - The Way of Kings (2010)",
    )
    assert not needs_scan(found)
    assert not SOURCE.scans


def test_a_book_has_its_file_its_quality_and_its_number() -> None:
    found = event("readarr/download", isUpgrade=True)
    assert (found.action, found.quality, found.sender_ids) == (Action.UPGRADED, "EPUB", (51,))
    assert found.folder == "/books/Brandon Sanderson"


def test_a_book_whose_files_stay_says_so() -> None:
    assert event("readarr/download", eventType="BookDelete", deletedFiles=False).files_kept
    assert not event("readarr/download", eventType="BookDelete", deletedFiles=True).files_kept


def test_new_tags_in_files_lead_to_nothing() -> None:
    said = ignored("readarr/rename", eventType="Retag")
    assert said == ("Readarr wrote new tags into files: nothing to do.", "Brandon Sanderson")


def test_a_grab_lists_its_books() -> None:
    found = event("readarr/test", eventType="Grab", author=body("readarr/download")["author"])
    assert found.display_title == "Brandon Sanderson - Test title"
