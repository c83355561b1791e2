from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.cli.parser import SOURCES as NAMES
from metarr_desktop.services.forms import check_field
from metarr_desktop.webhooks.sources import radarr
from metarr_desktop.webhooks.sources.registry import SOURCES as ALL
from metarr_desktop.webhooks.sources.registry import find_source

if TYPE_CHECKING:
    from metarr_desktop.webhooks.sources.declaration import Source

SOURCES = [source for source in ALL if source.routed]
ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_every_source_has_its_page_and_its_samples(source: Source) -> None:
    page = (ROOT / source.docs).read_text(encoding="utf-8")
    assert source.title in page
    if not source.routed:
        return
    assert "What each event does" in page
    assert any((ROOT / "resources" / "samples" / source.key).glob("*.json"))


def test_sources_are_found_by_their_key() -> None:
    assert [find_source(source.key) for source in ALL] == list(ALL)
    assert find_source("jabber") is None


def test_only_films_of_radarr_are_looked_up_on_this_computer() -> None:
    assert [source.key for source in SOURCES if source.scans] == ["radarr"]


def test_the_command_line_knows_every_source() -> None:
    assert [source.key for source in SOURCES] == list(NAMES)


def test_a_missing_key_is_asked_for_as_it_is_called() -> None:
    assert str(check_field(radarr.SOURCE, "api_key", "")) == "Enter the API key."
    assert str(check_field(radarr.SOURCE, "url", "")) == "Enter the address."
