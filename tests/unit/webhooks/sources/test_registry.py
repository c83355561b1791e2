from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.webhooks.sources.registry import SOURCES, find_source

if TYPE_CHECKING:
    from metarr_desktop.webhooks.sources.declaration import Source

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_every_source_has_its_page_and_its_samples(source: Source) -> None:
    page = (ROOT / source.docs).read_text(encoding="utf-8")
    assert source.title in page
    if not source.routed:
        return
    samples = ROOT / "resources" / "samples" / source.key
    assert {"download.json", "test.json"} <= {path.name for path in samples.iterdir()}


def test_sources_are_found_by_their_key() -> None:
    assert [find_source(source.key) for source in SOURCES] == list(SOURCES)
    assert find_source("jabber") is None
