"""The settings of Pushover."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import MessageConfig

_KEY = re.compile(r"[A-Za-z0-9]{30}")
_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,25}")
SHORTEST_RETRY_S, LONGEST_EXPIRE_S, LONGEST_TTL_S = 30, 10_800, 31_536_000
DEFAULT_SOUND = "Pushover (default)"
EVERY_DEVICE = "Every device"
PRIORITIES = {
    "-2": "Lowest (no notification)",
    "-1": "Low (quiet)",
    "0": "Normal",
    "1": "High (also in quiet hours)",
    "2": "Emergency",
}
SOUNDS = (
    "pushover bike bugle cashregister classical cosmic falling gamelan incoming intermission magic mechanical"
    " pianobar siren spacealarm tugboat alien climb persistent echo updown vibrate none"
)


def _checked_key(value: SecretStr, *, name: str) -> SecretStr:
    key = value.get_secret_value().strip()
    if len(key) != 30:  # noqa: PLR2004 - the length of every key
        raise ValueError(text("{name} has 30 letters and digits. This has {n}.", name=name, n=len(key)))
    if not _KEY.fullmatch(key):
        raise ValueError(text("{name} has letters and digits only.", name=name))
    return SecretStr(key)


class PushoverConfig(MessageConfig):
    """Settings of one Pushover application and its user or group."""

    token: Annotated[
        SecretStr,
        Field(
            title="Application token", description="Make an application at pushover.net and copy its token."
        ),
    ]
    user_key: Annotated[
        SecretStr, Field(title="User key", description="Your user or group key, at the top of pushover.net.")
    ]
    device: Annotated[
        str,
        Field(
            title="Device",
            description="Names with commas between them.",
            json_schema_extra={"labels": {"": EVERY_DEVICE}, "open": True},
        ),
    ] = ""
    priority: Annotated[
        Literal[-2, -1, 0, 1, 2],
        Field(
            title="Priority",
            description="An emergency is repeated until somebody confirms it.",
            json_schema_extra={"labels": {**PRIORITIES}},
        ),
    ] = 0
    sound: Annotated[
        str,
        Field(
            title="Sound",
            description="The default is the one set in the Pushover app.",
            json_schema_extra={
                "labels": {"": DEFAULT_SOUND, **{sound: sound.capitalize() for sound in SOUNDS.split()}}
            },
        ),
    ] = ""
    problem_priority: Annotated[
        Literal["same", -2, -1, 0, 1, 2],
        Field(
            title="Priority of problems",
            description="For what fails, or waits for you.",
            json_schema_extra={"advanced": True, "labels": {"same": "As any other message", **PRIORITIES}},
        ),
    ] = "same"
    poster: Annotated[
        bool,
        Field(
            title="Send the poster",
            description="It is fetched from TMDB, TheTVDB and the like.",
            json_schema_extra={"advanced": True},
        ),
    ] = True
    retry: Annotated[
        int,
        Field(
            title="Repeat an emergency after",
            ge=SHORTEST_RETRY_S,
            le=LONGEST_EXPIRE_S,
            description="In seconds, at least 30.",
            json_schema_extra={"advanced": True},
        ),
    ] = 60
    expire: Annotated[
        int,
        Field(
            title="Give an emergency up after",
            ge=SHORTEST_RETRY_S,
            le=LONGEST_EXPIRE_S,
            description="In seconds, at most 10800, which is three hours.",
            json_schema_extra={"advanced": True},
        ),
    ] = 3600
    ttl: Annotated[
        int,
        Field(
            title="Remove messages after",
            ge=0,
            le=LONGEST_TTL_S,
            description="In seconds. 0 keeps them. An emergency is never removed.",
            json_schema_extra={"advanced": True},
        ),
    ] = 0

    @field_validator("token")
    @classmethod
    def _is_token(cls, value: SecretStr) -> SecretStr:
        return _checked_key(value, name="An application token")

    @field_validator("user_key")
    @classmethod
    def _is_user_key(cls, value: SecretStr) -> SecretStr:
        return _checked_key(value, name="A user key")

    @field_validator("device")
    @classmethod
    def _names_devices(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",") if name.strip()]
        for name in names:
            if not _DEVICE.fullmatch(name):
                raise ValueError(
                    Text("A device name has at most 25 letters, digits, hyphens and underscores.")
                )
        return ",".join(names)

    @field_validator("sound")
    @classmethod
    def _names_a_sound(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", value):
            raise ValueError(text("A sound is one word. Pushover's own are: {sounds}.", sounds=SOUNDS))
        return value
