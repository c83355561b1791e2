"""Jellyfin and Plex as services that can be found and signed in at, and nothing more, for tests of that."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import (
    Delivery,
    MediaServerConfig,
    Service,
    TestStep,
)
from metarr_desktop.services.jellyfin_finder import find_jellyfin
from metarr_desktop.services.jellyfin_sign_in import QUICK_CONNECT
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.plex_finder import find_plex
from metarr_desktop.services.plex_sign_in import PLEX_SIGN_IN


class JellyfinConfig(MediaServerConfig):
    url: Annotated[str, Field(title="Address", min_length=8)]
    api_key: Annotated[SecretStr, Field(title="API key", min_length=1)]


class PlexConfig(MediaServerConfig):
    url: Annotated[str, Field(title="Address", min_length=8)]
    token: Annotated[SecretStr, Field(title="Token", min_length=1)]


class _Nothing(Notifier[MediaServerConfig]):
    async def send(self, _config: MediaServerConfig, _notification: object) -> Delivery:
        return Delivery(detail=Text("Accepted."))

    async def test(self, _config: MediaServerConfig) -> list[TestStep]:
        return [TestStep(name=Text("Settings"), ok=True, detail=Text("Fine."))]


JELLYFIN = Service(
    key="jellyfin",
    title="Jellyfin",
    config=JellyfinConfig,
    notifier=_Nothing,
    docs="docs/services/jellyfin.md",
    waits_for_scan=True,
    finder=find_jellyfin,
    sign_in=QUICK_CONNECT,
)
PLEX = Service(
    key="plex",
    title="Plex",
    config=PlexConfig,
    notifier=_Nothing,
    docs="docs/services/plex.md",
    waits_for_scan=True,
    finder=find_plex,
    sign_in=PLEX_SIGN_IN,
)
