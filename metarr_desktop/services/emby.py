"""Emby: told which folder changed. https://dev.emby.media."""

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
from metarr_desktop.services.jellyfin_finder import find_emby


class EmbyConfig(EmbyFamilyConfig):
    """One Emby."""

    api_key: Annotated[
        SecretStr,
        Field(title="API key", description="In Emby: Settings > Advanced > API Keys > New API Key."),
    ]


class EmbyNotifier(EmbyFamilyNotifier[EmbyConfig]):
    """The key goes in the header ``X-Emby-Token``."""

    flavour = Flavour(
        key="emby",
        title="Emby",
        is_jellyfin=False,
        link="{base}/web/index.html#!/item?id={id}&serverId={server}",
    )
    remedies = remedies("emby", "Emby", where="Settings > Advanced > API Keys")


SERVICE = Service(
    key="emby",
    title="Emby",
    config=EmbyConfig,
    notifier=EmbyNotifier,
    finder=find_emby,
    docs="docs/services/emby.md",
    retry=RetryPolicy(patient=True),
    waits_for_scan=True,
    merge_window=MERGE_WINDOW,
    seen_within=SEEN_WITHIN,
    events=REFRESHES,
)
