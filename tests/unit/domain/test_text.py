from __future__ import annotations

import pytest

from metarr_desktop.domain.text import Text, text, text_from_json


def test_values_fill_their_places_and_braces_in_values_stay() -> None:
    assert str(text("{service} said {detail}.", service="Kodi", detail="{no} such {service}")) == (
        "Kodi said {no} such {service}."
    )


@pytest.mark.parametrize("template", ["{", "}", "{}", "{unknown}", "{ {x}", "a {x} {"])
def test_broken_templates_never_raise(template: str) -> None:
    filled = str(Text(template, {"x": "1"}))
    assert filled == template.replace("{x}", "1")


def test_a_text_survives_being_stored() -> None:
    original = text("{n} jobs wait for {service}.", n=3, service="Ködi")
    assert text_from_json(original.to_json()) == original


@pytest.mark.parametrize("stored", [None, "", "x", "[]", "{}", '{"template": 1, "values": {}}'])
def test_anything_else_reads_as_nothing(stored: str | None) -> None:
    assert text_from_json(stored) is None
