"""The settings of Kodi: those of each player, and those of the whole household."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import MediaServerConfig
from metarr_desktop.services.wake_config import WakeConfig

_PORT_IN_HOST = re.compile(r"\[[^\]]*\]:\d+|[^:\[\]]+:\d+")


class KodiPlayer(WakeConfig):
    """One Kodi of the household. An empty password fits a Kodi whose log-in is switched off."""

    host: Annotated[
        str,
        Field(
            title="Host",
            description="Name or address of the computer Kodi runs on.",
            max_length=253,
            json_schema_extra={"placeholder": "192.168.1.40"},
        ),
    ]
    port: Annotated[
        int,
        Field(
            title="Port",
            description="In Kodi: Settings > Services > Control > Allow remote control via HTTP.",
            ge=1,
            le=65535,
        ),
    ] = 8080
    username: Annotated[str, Field(title="User name", max_length=200)] = "kodi"
    password: Annotated[SecretStr, Field(title="Password", description="As set in Kodi beside the port.")] = (
        SecretStr("")
    )
    ws_port: Annotated[
        int,
        Field(
            title="Web socket port",
            description="Tells at once when a scan or a video has ended. 0 means never to use it.",
            ge=0,
            le=65535,
            json_schema_extra={"advanced": True},
        ),
    ] = 9090

    @field_validator("host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        """Take what people paste from the browser, as long as it says nothing else than the host."""
        scheme, found, rest = value.partition("://")
        host = (rest if found else value).partition("/")[0].strip()
        if found and scheme.lower() != "http":
            raise ValueError(Text("Only http is possible here. Switch off SSL in Kodi's web server."))
        if _PORT_IN_HOST.fullmatch(host):
            raise ValueError(Text("Enter the port in its own field."))
        host = host.removeprefix("[").removesuffix("]")
        if not host or re.search(r"[\s@/?#\\\[\]\x00-\x1f]", host):
            raise ValueError(Text("Enter the name or the address of the computer Kodi runs on."))
        return host


class KodiConfig(KodiPlayer, MediaServerConfig):
    """One Kodi, with what holds for all of them."""

    show_message: Annotated[
        bool,
        Field(
            title="Show a message on the screen",
            description="On every player that is on, when something new is in the library.",
        ),
    ] = False
    skip_playing: Annotated[
        bool,
        Field(
            title="Do not scan while a video plays",
            description="Waits until the video has ended, for at most 6 hours.",
            json_schema_extra={"advanced": True},
        ),
    ] = True
