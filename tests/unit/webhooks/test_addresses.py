from __future__ import annotations

import pytest

from metarr_desktop.domain.errors import Refused
from metarr_desktop.webhooks.addresses import (
    WebhookAddress,
    normal_base_path,
    path_within,
    webhook_address,
)

SOURCES = {"radarr", "sonarr"}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("prefix", ["/webhooks", "/api/webhooks"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/radarr", ""),
        ("/r%61darr", ""),
        ("/radarr/4K", "4K"),
        ("/radarr/Radarr%204K", "Radarr 4K"),
        ("/radarr/B%C3%A4r", "Bär"),
        ("/radarr/a%2Fb", "a/b"),
        ("/radarr/..", ".."),
        ("/radarr/" + "x" * 64, "x" * 64),
        ("/radarr/" + "%C3%A4" * 64, "ä" * 64),
    ],
)
def test_an_address_names_a_source_and_maybe_an_instance(
    prefix: str, path: str, slash: str, name: str
) -> None:
    address = webhook_address(f"{prefix}{path}{slash}", sources=SOURCES)
    assert address == WebhookAddress(source="radarr", name=name)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/webhooks",
        "/webhooks/",
        "/webhooks//",
        "/webhooks/lidarr",
        "/webhooks/Radarr",
        "/webhooks/radarr//",
        "/webhooks//radarr",
        "/webhooks/radarr/a/b",
        "/webhooks/radarr/" + "x" * 65,
        "/webhooks/radarr/%20%20",
        "/webhooks/radarr/a%00b",
        "/webhooks/radarr/a%0D%0Ab",
        "/webhooks/radarr/a%C2%85b",
        "/webhooks/radarr/a%E2%80%A8b",
        "/webhooks/radarr/%FF",
        "/webhooks/%FF",
        "/hooks/radarr",
        "/webhooksradarr",
    ],
)
def test_everything_else_is_no_address_of_a_webhook(path: str) -> None:
    assert webhook_address(path, sources=SOURCES) is None


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        ("/webhooks/radarr", "", "/webhooks/radarr"),
        ("/metarr/webhooks/radarr", "/metarr", "/webhooks/radarr"),
        ("/metarr", "/metarr", "/"),
        ("/metarr/", "/metarr", "/"),
        ("/metarr/metarr", "/metarr", "/metarr"),
        ("/metarr2/webhooks/radarr", "/metarr", None),
        ("/Metarr/health", "/metarr", None),
        ("/webhooks/radarr", "/metarr", None),
        ("/", "/metarr", None),
    ],
)
def test_only_what_lies_below_the_base_path_is_ours(path: str, base: str, expected: str | None) -> None:
    assert path_within(path, base_path=base) == expected


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        ("  ", ""),
        ("/", ""),
        ("metarr", "/metarr"),
        ("/metarr/", "/metarr"),
        (" //apps//metarr_1.0~x- ", "/apps/metarr_1.0~x-"),
    ],
)
def test_a_base_path_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert normal_base_path(typed) == stored


@pytest.mark.parametrize(
    "typed", ["http://nas/metarr", "/a b", "/..", "/a/./b", "/a?b", "/a#b", "/ä", "/a%20b", "/" + "x" * 100]
)
def test_what_no_proxy_can_be_given_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="cannot be a base path"):
        normal_base_path(typed)
