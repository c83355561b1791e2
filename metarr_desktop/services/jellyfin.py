"""Jellyfin: told which folder changed, at which it looks a minute later. https://api.jellyfin.org."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.services.declaration import REFRESHES, Service
from metarr_desktop.services.emby_calls import Flavour
from metarr_desktop.services.emby_family import (
    MERGE_WINDOW,
    SEEN_WITHIN,
    EmbyFamilyConfig,
    EmbyFamilyNotifier,
    remedies,
)
from metarr_desktop.services.jellyfin_finder import find_jellyfin
from metarr_desktop.services.jellyfin_sign_in import QUICK_CONNECT


class JellyfinConfig(EmbyFamilyConfig):
    """One Jellyfin."""

    api_key: Annotated[
        SecretStr, Field(title="API key", description="In Jellyfin: Dashboard > API Keys > New API Key.")
    ]


class JellyfinNotifier(EmbyFamilyNotifier[JellyfinConfig]):
    """The key goes in the ``MediaBrowser`` scheme: Jellyfin 12 takes none of the older headers."""

    flavour = Flavour(key="jellyfin", title="Jellyfin", is_jellyfin=True, link="{base}/web/#/details?id={id}")
    remedies = remedies("jellyfin", "Jellyfin", where="Dashboard > API Keys")


SERVICE = Service(
    key="jellyfin",
    title="Jellyfin",
    config=JellyfinConfig,
    notifier=JellyfinNotifier,
    finder=find_jellyfin,
    sign_in=QUICK_CONNECT,
    docs="docs/services/jellyfin.md",
    retry=RetryPolicy(patient=True),
    waits_for_scan=True,
    merge_window=MERGE_WINDOW,
    seen_within=SEEN_WITHIN,
    events=REFRESHES,
)
