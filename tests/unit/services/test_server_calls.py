"""Certificates: whom to trust is a person's choice, and the words tell what there is to choose."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.services.http import LAN
from metarr_desktop.services.jellyfin import JellyfinConfig, JellyfinNotifier
from metarr_desktop.services.plex import PlexConfig, PlexNotifier
from tests.certificates import CERTIFICATE, fingerprint, self_signed
from tests.fake_media_servers import JELLYFIN_KEY, PLEX_TOKEN, FakeJellyfin, FakePlex
from tests.fakes import FakeClock, tools

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.services.http import Http
    from tests.fakes_http import FakeServer


async def test_a_certificate_nobody_vouches_for_is_refused_and_its_fingerprint_shown(
    http: Http, tmp_path: Path
) -> None:
    jellyfin = FakeJellyfin()
    jellyfin.tls = self_signed(tmp_path)
    async with jellyfin:
        notifier = JellyfinNotifier(tools(http, FakeClock()))
        config = JellyfinConfig(url=jellyfin.url, api_key=SecretStr(JELLYFIN_KEY))
        (step,) = await notifier.test(config)
        assert not step.ok
        assert str(step.detail) == (
            "Certificate not trusted: self-signed certificate. If the server is your own, enter the"
            f" fingerprint of its certificate. Its fingerprint is {fingerprint(tmp_path)}"
        )
        with pytest.raises(Permanent, match="Certificate not trusted"):
            await notifier.locations(config)
        assert not jellyfin.requests


async def test_the_pinned_certificate_is_trusted_and_no_other(http: Http, tmp_path: Path) -> None:
    jellyfin = FakeJellyfin()
    jellyfin.tls = self_signed(tmp_path, name="somewhere.example")
    async with jellyfin:
        notifier = JellyfinNotifier(tools(http, FakeClock()))
        pinned = JellyfinConfig(
            url=jellyfin.url, api_key=SecretStr(JELLYFIN_KEY), fingerprint=fingerprint(tmp_path).upper()
        )
        assert await notifier.locations(pinned) == ("/movies", "/tv", "/music")
        other = pinned.model_copy(update={"fingerprint": "ab" * 32})
        before = len(jellyfin.requests)
        (step,) = await notifier.test(other)
        assert str(step.detail).endswith(
            "is not the one you trust. If it was renewed, enter its new one."
            f" Its fingerprint is {fingerprint(tmp_path)}"
        )
        assert len(jellyfin.requests) == before
        # What was trusted for one call is so for no other.
        with pytest.raises(Permanent, match="Certificate not trusted"):
            await notifier.locations(pinned.model_copy(update={"fingerprint": ""}))


async def test_a_certificate_for_another_name_is_explained_by_plex(
    http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plex = FakePlex()
    plex.tls = self_signed(tmp_path, name="127-0-0-1.0123abcd.plex.direct")
    trusting = ssl.create_default_context(cafile=str(tmp_path / CERTIFICATE))
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    async with plex:
        notifier = PlexNotifier(tools(http, FakeClock()))
        config = PlexConfig(url=plex.url, token=SecretStr(PLEX_TOKEN))
        (step,) = await notifier.test(config)
    assert "IP address mismatch" in str(step.detail)
    assert "Plex has certificates for its plex.direct names only: enter that name" in str(step.detail)
    assert str(step.detail).endswith(f"Its fingerprint is {fingerprint(tmp_path)}")
    assert not plex.requests


async def test_where_no_certificate_is_shown_there_is_no_fingerprint(http: Http, server: FakeServer) -> None:
    assert await http.fingerprint(server.url, reach=LAN) == ""
    assert await http.fingerprint("https://127.0.0.1:1", reach=LAN) == ""
    assert await http.fingerprint("no address", reach=LAN) == ""
    assert not server.requests
