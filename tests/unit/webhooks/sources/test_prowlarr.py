from __future__ import annotations

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import NoticeKind
from metarr_desktop.webhooks.sources import prowlarr
from tests.unit.webhooks.sources.bodies import body, ignored, notice, parse


def test_a_grab_of_another_program_is_told_by_that_program() -> None:
    said = ignored("prowlarr/grab", eventType="grab")
    assert said == ("The program that asked for it tells of it itself: nothing to do.", "Ubuntu.24.04.ISO")
    assert ignored("prowlarr/grab", release=[])[1] == ""


@pytest.mark.parametrize("name", ["Download", "Rename", "IndexerSold"])
def test_what_it_never_sends_leads_to_nothing(name: str) -> None:
    assert ignored("prowlarr/grab", eventType=name)[0] == f"Metarr Desktop does nothing for {name}."


def test_its_health_is_told() -> None:
    assert notice("prowlarr/health").kind is NoticeKind.HEALTH
    assert notice("prowlarr/health", eventType="HealthRestored").kind is NoticeKind.RESTORED
    assert notice("prowlarr/application-update").message == "2.3.0.5236 -> 2.3.5.5327"


def test_a_test_says_connected() -> None:
    assert ignored("prowlarr/test") == ("Connected: a test from Prowlarr arrived.", "")


def test_it_has_no_media() -> None:
    assert not prowlarr.SOURCE.scans
    assert ignored("prowlarr/grab", **body("radarr/download"))[0].startswith("Metarr Desktop does nothing")
    with pytest.raises(Permanent, match="Prowlarr did not say what is wrong"):
        parse("prowlarr/test", eventType="Health")
